"""The flow of a log-in's Actions: they run one after the other on one event, and what they write is written once."""

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, cast

from attrs import field, frozen

from customdb_contract.actions import Effects, effects_of
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.transcript import Ending, Handler, Outcome, Value

__all__ = ["FLOW_SECONDS", "Flow", "FlowEnding", "FlowRun", "run_actions"]

FLOW_SECONDS: Final = 20.0
"""Seconds that Auth0 gives all Actions of a log-in together.

Source: <https://auth0.com/docs/customize/actions/limitations>.
"""


class FlowEnding(StrEnum):
    """How a flow ended."""

    COMPLETED = "completed"
    DENIED = "denied"
    """An Action refused the log-in; what was written until then is written."""
    LEFT = "left"
    """An Action sent the user elsewhere; what was written until then is written."""
    FAILED = "failed"
    """An Action raised, took too long, or ended its process; nothing is written, as far as is known."""


@frozen
class FlowRun:
    """One run of an Action in a flow.

    Args:
        action: The name of the Action.
        event: What it was given, without secrets.
        performed: What it did.
    """

    action: str
    event: Mapping[str, object]
    performed: Performed


@frozen
class Flow:
    """What came of the Actions of a log-in.

    Args:
        ending: How the flow ended.
        runs: The Actions that ran, in order.
        effects: What they come to; of a flow that failed, nothing.
        problem: Why it failed; empty otherwise.
    """

    ending: FlowEnding
    runs: tuple[FlowRun, ...] = ()
    effects: Effects = field(factory=Effects)
    problem: str = ""


def run_actions(actions: Sequence[ActionBridge], event: Mapping[str, object], *, seconds: float = FLOW_SECONDS) -> Flow:
    """Run Actions on a log-in. `event.user` is the same for all of them, whatever they write.

    Factors that an Action asks for count as given at once.

    Args:
        actions: The Actions, in order.
        event: The event as Auth0 has it, as plain JSON data and without `secrets`.
        seconds: How long they may take together.

    Raises:
        DatabaseOpeningError: When a run took its process down before, and the Action could not be loaded again.
    """
    runs: list[FlowRun] = []
    shared = _shared(event)
    effects = effects_of([], shared)
    until = time.perf_counter() + seconds
    for action in actions:
        given = _with_shared(event, effects.shared)
        performed = action.perform(Handler.EXECUTE, given, seconds=max(0.0, until - time.perf_counter()))
        runs.append(FlowRun(action.info.name, given, performed))
        if performed.outcome.ending is not Ending.DONE:
            return Flow(FlowEnding.FAILED, tuple(runs), problem=_problem(performed.outcome, seconds))
        effects = effects_of([run.performed.calls for run in runs], shared)
        if effects.denial is not None:
            return Flow(FlowEnding.DENIED, tuple(runs), effects)
        if effects.leaves_for is not None:
            return Flow(FlowEnding.LEFT, tuple(runs), effects)
    return Flow(FlowEnding.COMPLETED, tuple(runs), effects)


def _shared(event: Mapping[str, object]) -> Mapping[str, Value]:
    transaction = event.get("transaction")
    metadata = cast("Mapping[str, object]", transaction).get("metadata") if isinstance(transaction, Mapping) else None
    return cast("Mapping[str, Value]", metadata) if isinstance(metadata, Mapping) else {}


def _with_shared(event: Mapping[str, object], shared: Mapping[str, Value]) -> Mapping[str, object]:
    transaction = event.get("transaction")
    if not isinstance(transaction, Mapping):
        return event
    return {**event, "transaction": {**cast("Mapping[str, object]", transaction), "metadata": dict(shared)}}


def _problem(outcome: Outcome, seconds: float) -> str:
    if outcome.ending is Ending.TIMED_OUT:
        return f"the Actions did not end within {seconds:g} s"
    if outcome.ending is Ending.DIED or outcome.raised is None:
        return "the process of the Action ended"
    return outcome.raised.message or outcome.raised.name
