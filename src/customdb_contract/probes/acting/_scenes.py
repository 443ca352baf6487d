"""The situations in which a check runs an Action, in order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.probes.acting._events import WITHOUT_BROWSER
from customdb_contract.probes.acting._stage import ActionStage
from customdb_contract.transcript import (
    Ending,
    LegacyState,
    MetadataKey,
    ObservedRun,
    RunSituation,
    Value,
    payload_of,
)

__all__ = ["play_scenes"]

_EDITED: Final = "edited in Auth0"
_FALSY: Final[Mapping[RunSituation, Value]] = {
    RunSituation.FALSE_METADATA: False,
    RunSituation.ZERO_METADATA: 0,
    RunSituation.EMPTY_METADATA: "",
}
_OTHER_PEOPLE: Final = (
    RunSituation.OTHER_DATABASE,
    RunSituation.OTHER_STRATEGY,
    RunSituation.LINKED_ACCOUNT,
    RunSituation.CHANGED_EMAIL,
    RunSituation.MINIMAL_EVENT,
)
_LATER_LOG_INS: Final = 3
"""The number of log-ins a user may have had before the metadata was lost, or the Action was deployed."""

_NO_ANSWER: Final = (LegacyState.SILENCE, LegacyState.STALL)


def play_scenes(stage: ActionStage, restores: Sequence[str], *, names_the_user: bool) -> None:
    """Run an Action in every situation; the slow ones come last.

    Args:
        stage: Where it runs.
        restores: Paths that a repair must restore; empty if none were given.
        names_the_user: Whether the legacy system names the user in its response.

    Raises:
        StoppedEarly: When the time for the whole check is up, or a run never ends even though the legacy system
            responds.
        DatabaseOpeningError: When the Action cannot be loaded again.
    """
    first = stage.run(RunSituation.FIRST_LOG_IN)
    # A value that differs this time, such as a timestamp or the number of log-ins, is compared with nothing.
    runs = [first, stage.run(RunSituation.FIRST_LOG_IN, logins=_LATER_LOG_INS)]
    stage.run(RunSituation.LATER_LOG_IN, metadata=first.metadata_after, follows=first)
    runs += [_run_twice(stage, state, state) for state in (LegacyState.NO_SUCH_USER, LegacyState.NO_METADATA)]
    payload = payload_of(runs)
    if payload:
        _play_present_metadata(stage, first, payload, restores)
    for situation in _OTHER_PEOPLE:
        stage.run(situation)
    stage.run(RunSituation.ODD_IDENTIFIERS, LegacyState.NO_SUCH_USER)
    for situation in WITHOUT_BROWSER:
        stage.run(situation)
        stage.run(situation, metadata=first.metadata_after, follows=first)
    stage.run_at_once(RunSituation.AT_ONCE, (LegacyState.SOUND, LegacyState.SOUND))
    for state in _states_of("invalid"):
        # A response that names no user cannot be distinguished from one about another user.
        if names_the_user or state is not LegacyState.SOMEBODY_ELSE:
            stage.run(RunSituation.FIRST_LOG_IN, state)
    _play_outages(stage)


def _states_of(family: str) -> Iterator[LegacyState]:
    return (state for state in LegacyState if state.family == family)


def _run_twice(stage: ActionStage, state: LegacyState, later_state: LegacyState) -> ObservedRun:
    """Run a first log-in, and then a later one; return the first."""
    run = stage.run(RunSituation.FIRST_LOG_IN, state)
    stage.run(RunSituation.LATER_LOG_IN, later_state, run.metadata_after, follows=run)
    return run


def _play_outages(stage: ActionStage) -> None:
    """Run a first log-in in every outage, and one after it, until an outage makes one hang for good."""
    for state in _states_of("outage"):
        if state not in _NO_ANSWER:
            run = _run_twice(stage, state, LegacyState.SOUND)
            if run.outcome.ending is Ending.TIMED_OUT:
                return
    # Each of these takes as long as the Action waits, so they run in parallel.
    for run in stage.run_at_once(RunSituation.FIRST_LOG_IN, _NO_ANSWER):
        stage.run(RunSituation.LATER_LOG_IN, LegacyState.SOUND, run.metadata_after, follows=run)


def _play_present_metadata(
    stage: ActionStage, first: ObservedRun, payload: Mapping[MetadataKey, Value], restores: Sequence[str]
) -> None:
    edited = {key: _another(first.metadata_after[key]) for key in payload}
    # Before the Action ever ran, and afterwards.
    stage.run(RunSituation.EDITED_METADATA, metadata=edited)
    stage.run(RunSituation.EDITED_METADATA, metadata={**first.metadata_after, **edited}, follows=first)
    for situation, value in _FALSY.items():
        run = stage.run(situation, metadata=dict.fromkeys(payload, value))
        stage.run(situation, metadata=run.metadata_after, follows=run)
    if len(restores) > 1:
        wanted = [tuple(path.split(".")[:2]) for path in restores]
        for left_out in wanted:
            # A marker is none of these, whatever else it looks like: if it is set, nothing has to be restored.
            kept = {key: value for key, value in first.metadata_after.items() if key in wanted and key != left_out}
            stage.run(RunSituation.PARTIAL_METADATA, metadata=kept)


def _another(value: Value) -> Value:
    """Return a value of the same JSON type, as if it had been edited."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return _EDITED
        case Mapping():
            return {"edited": True}
        case _:
            return [_EDITED]
