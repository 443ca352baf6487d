"""The flow of a log-in's Actions: they run one after the other on one event, and their writes are stored at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlencode

from attrs import field, frozen

from customdb_contract.actions import Effects, SeenCall, effects_of
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.transcript import ApiCall, Ending, Handler, Outcome, Value, as_data

__all__ = ["FLOW_SECONDS", "Flow", "FlowEnding", "FlowRun", "OnRedirect", "resumed_event", "run_actions"]

FLOW_SECONDS: Final = 20.0
"""Seconds that Auth0 allows all Actions of a log-in together; after a redirect, the time starts again.

Source: <https://auth0.com/docs/customize/actions/limitations>.
"""

OnRedirect: TypeAlias = Callable[[str], Mapping[str, str] | None]
"""Called with the URL that an Action redirects a user to, or the id of a form.

It returns the query parameters with which the user comes back, or None if the user does not.
"""


_STATE: Final = "state-of-the-log-in"


class FlowEnding(StrEnum):
    """How a flow ended."""

    COMPLETED = "completed"
    DENIED = "denied"
    """An Action denied the log-in; earlier writes are stored."""
    LEFT = "left"
    """An Action redirected the user, who did not come back; earlier writes are stored."""
    FAILED = "failed"
    """An Action raised, took too long, or ended its process; as far as is known, only what was written before a
    redirect is kept."""


@frozen
class FlowRun:
    """One run of an Action in a flow.

    Args:
        action: The name of the Action.
        handler: The function that ran.
        event: The event that it received, without secrets.
        performed: What it did.
    """

    action: str
    handler: Handler
    event: Mapping[str, object]
    performed: Performed


@frozen
class Flow:
    """The result of the Actions of a log-in.

    Args:
        ending: How the flow ended.
        runs: The Actions that ran, in order.
        effects: The effects of their calls; for a failed flow, only those before a redirect.
        problem: Why it failed; empty otherwise.
    """

    ending: FlowEnding
    runs: tuple[FlowRun, ...] = ()
    effects: Effects = field(factory=Effects)
    problem: str = ""


def run_actions(
    actions: Sequence[ActionBridge],
    event: Mapping[str, object],
    *,
    seconds: float = FLOW_SECONDS,
    on_redirect: OnRedirect | None = None,
) -> Flow:
    """Run Actions on a log-in. `event.user` is the same for all of them, whatever they write, until a redirect.

    Factors that an Action asks for count as completed immediately. After a redirect, or a form, the log-in is resumed
    with the second function of the same Action, if it has one, and with the Actions after it.

    Args:
        actions: The Actions, in order.
        event: The event as Auth0 sends it, as plain JSON data and without `secrets`.
        seconds: How long they may take together; after a redirect, the time starts again.
        on_redirect: Decides what happens to a user that an Action redirects; None if there is no browser.

    Raises:
        DatabaseOpeningError: When an earlier run ended its process, and the Action could not be loaded again.
    """
    flow = _Running(event, seconds, on_redirect)
    for action in actions:
        ending = flow.run(action)
        if ending is not None:
            return flow.ended(ending)
    return flow.ended(FlowEnding.COMPLETED)


class _Running:
    """A running flow."""

    def __init__(self, event: Mapping[str, object], seconds: float, on_redirect: OnRedirect | None) -> None:
        self._event = event
        self._seconds = seconds
        self._on_redirect = on_redirect
        self._until = time.perf_counter() + seconds
        self._runs: list[FlowRun] = []
        self._shared = _shared(event)
        self._effects = self._kept = effects_of([], self._shared)

    def run(self, action: ActionBridge) -> FlowEnding | None:
        """Run an Action, and after a redirect its second function; return how that ended the flow, or None."""
        ending = self._perform(action, Handler.EXECUTE)
        if ending is FlowEnding.LEFT and self._comes_back():
            return self._perform(action, Handler.CONTINUE) if Handler.CONTINUE in action.info.handlers else None
        return ending

    def ended(self, ending: FlowEnding) -> Flow:
        """Return the result."""
        if ending is FlowEnding.FAILED:
            return Flow(
                ending, tuple(self._runs), self._kept, _problem(self._runs[-1].performed.outcome, self._seconds)
            )
        return Flow(ending, tuple(self._runs), self._effects)

    def _perform(self, action: ActionBridge, handler: Handler) -> FlowEnding | None:
        given = _with_shared(self._event, self._effects.shared)
        performed = action.perform(handler, given, seconds=max(0.0, self._until - time.perf_counter()))
        self._runs.append(FlowRun(action.info.name, handler, given, performed))
        if performed.outcome.ending is not Ending.DONE:
            return FlowEnding.FAILED
        self._effects = effects_of([run.performed.calls for run in self._runs], self._shared)
        if self._effects.denial is not None:
            return FlowEnding.DENIED
        return None if _leaving(performed) is None else FlowEnding.LEFT

    def _comes_back(self) -> bool:
        call = _leaving(self._runs[-1].performed)
        query = None if call is None or self._on_redirect is None else self._on_redirect(_address(call))
        if query is None:
            return False
        self._kept = self._effects
        self._event = resumed_event(self._event, self._effects, query)
        self._until = time.perf_counter() + self._seconds
        return True


def resumed_event(event: Mapping[str, object], effects: Effects, query: Mapping[str, str]) -> Mapping[str, object]:
    """Return the event of a log-in that is resumed after a redirect.

    It is inferred that the event has what was written before the redirect.

    Args:
        event: The event of the log-in.
        effects: The effects of the Actions so far.
        query: The query parameters with which the user comes back.
    """
    user = cast("Mapping[str, Any]", event.get("user") or {})
    written = {"user_metadata": effects.user_metadata, "app_metadata": effects.app_metadata}
    request = cast("Mapping[str, object]", event.get("request") or {})
    return {
        **event,
        "request": {**request, "method": "GET", "query": {"state": _STATE, **query}, "body": {}},
        "user": {**user, **{kind: _patched(user.get(kind), keys) for kind, keys in written.items() if keys}},
    }


def _patched(metadata: Mapping[str, object] | None, keys: Mapping[str, Value]) -> Mapping[str, object]:
    merged = {**(metadata or {}), **{name: as_data(value) for name, value in keys.items()}}
    return {name: value for name, value in merged.items() if value is not None}


def _leaving(performed: Performed) -> SeenCall | ApiCall | None:
    return effects_of([performed.calls]).leaves_for


def _address(call: SeenCall | ApiCall) -> str:
    """Return where a call redirects the user, with the query that it adds."""
    address, options = (*call.arguments, "", None)[:2]
    query = options.get("query") if isinstance(options, Mapping) else None
    if not isinstance(query, Mapping) or not query:
        return str(address)
    return (
        f"{address}{'&' if '?' in str(address) else '?'}{urlencode({name: str(text) for name, text in query.items()})}"
    )


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
