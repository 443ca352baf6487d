"""`check_action`: run a post-login Action in every situation, judge what it did, and report it."""

import time
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from attrs import evolve

from customdb_contract.bridges.opening import opened_action
from customdb_contract.checking import interruptible_check
from customdb_contract.connection import Connection
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.faults import LegacyAnswers, LegacyResponse, LegacySystem, LegacyUser
from customdb_contract.findings import Report
from customdb_contract.probes import DEFAULT_MAX_TIME, Probing
from customdb_contract.probes.acting import EMAIL, LEGACY_ID, ActionStage, Equipment, play_scenes
from customdb_contract.probes.driver import StoppedEarly
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Header, Person, Recorder, StopKind, StopReason, Transcript

__all__ = ["check_action", "observe_action"]

_PERSON: Final = "ada"
_DEFAULT_ANSWERS: Final = LegacyAnswers(
    found=LegacyResponse(200, {"id": "{user_id}", "email": "{email}", "sub": {"plan": "full"}})
)
_KINDS: Final = ("app_metadata.", "user_metadata.")


def check_action(
    action: object,
    *,
    connection: Connection | None = None,
    legacy: LegacyAnswers | None = None,
    metadata_required: bool = False,
    restores: Sequence[str] = (),
    max_time: float = DEFAULT_MAX_TIME,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Report:
    """Check a post-login Action that restores legacy metadata: run it in every situation, and judge what it did.

    Args:
        action: A function `(event, api)`, sync or async, a `PythonAction`, or a `NodeAction`. In its secrets
            `{legacy_url}` stands for the address of the stand-in for the legacy system.
        connection: The settings of the connection of the legacy users; None stands for Auth0's defaults.
        legacy: How the legacy system answers; None stands for
            `{"id": "{user_id}", "email": "{email}", "sub": {"plan": "full"}}`.
        metadata_required: Whether denying a log-in without metadata is wanted.
        restores: Paths that must be there after a repair, such as `app_metadata.plan`; they may go below the first
            level.
        max_time: Seconds that the whole check may take. What was not reached by then makes the report incomplete.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule. What the Action does, whatever it is, is a verdict and raises nothing.

    Raises:
        ConfigurationError: When an argument cannot be used.
        CheckInterrupted: After ctrl-C or SIGTERM; a `KeyboardInterrupt` that carries the transcript so far.
    """
    from customdb_contract.rules import judge_selected, select_rules  # noqa: PLC0415 - see `check`

    selection = select_rules(select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on)
    transcript = observe_action(
        action,
        connection or Connection(),
        legacy or _DEFAULT_ANSWERS,
        metadata_required=metadata_required,
        restores=tuple(restores),
        max_time=max_time,
    )
    return judge_selected(transcript, selection)


def observe_action(
    action: object,
    connection: Connection,
    legacy: LegacyAnswers,
    *,
    metadata_required: bool,
    restores: Sequence[str],
    max_time: float,
) -> Transcript:
    """Run an Action in every situation, and return what it did, unjudged.

    Args:
        action: The Action, in any of the forms that `check_action` takes.
        connection: The settings of the connection of the legacy users.
        legacy: How the legacy system answers.
        metadata_required: Whether denying a log-in without metadata is wanted.
        restores: Paths that must be there after a repair.
        max_time: Seconds that the whole check may take.

    Raises:
        ConfigurationError: When an argument cannot be used.
        CheckInterrupted: After ctrl-C or SIGTERM.
    """
    _check(restores)
    until = time.monotonic() + Probing(max_time=max_time).max_time
    registry = SecretRegistry()
    for public in (EMAIL, LEGACY_ID):
        registry.add_public(public)
    person = Person(label=_PERSON, email=EMAIL, profile={"user_id": LEGACY_ID})
    recorder = Recorder(Header(people=(person,), connection=connection), registry)

    @contextmanager
    def open_equipment() -> Generator[Equipment]:
        with (
            LegacySystem(legacy, [LegacyUser(LEGACY_ID, EMAIL)]) as system,
            opened_action(action, mask=registry, legacy=system.address) as bridge,
        ):
            yield Equipment(bridge, system)

    with interruptible_check(recorder):
        try:
            with ExitStack() as stack:
                equipment = stack.enter_context(open_equipment())
                info = evolve(equipment.bridge.info, metadata_required=metadata_required, restores=tuple(restores))
                recorder.know_action(info)
                if info.problem is None:
                    stage = ActionStage(
                        equipment=equipment,
                        another=stack.enter_context(open_equipment()),
                        recorder=recorder,
                        connection=connection.name,
                        person=_PERSON,
                        until=until,
                    )
                    play_scenes(stage, restores, names_the_user=legacy.names_the_user)
                else:
                    recorder.stop(StopReason(StopKind.SET_UP, info.problem))
        except StoppedEarly as stopped:
            recorder.stop(stopped.reason)
        except DatabaseOpeningError as error:
            recorder.stop(StopReason(StopKind.SET_UP, str(error)))
    return recorder.transcript()


def _check(restores: Sequence[str]) -> None:
    for path in restores:
        if not path.startswith(_KINDS) or not all(path.split(".")):
            message = (
                f"restores names {path!r}, which is no path of metadata: write app_metadata.plan, or a path below that"
            )
            raise ConfigurationError(message)
