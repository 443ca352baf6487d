"""The flow of several Actions: the input of each, when the flow ends, and what is written at the end."""

import copy
import itertools
import time
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, field

from customdb_contract.actions import Effects, SeenCall
from customdb_contract.bridges.acting import Performed
from customdb_contract.bridges.flow import Flow, FlowEnding, run_actions
from customdb_contract.transcript import ActionInfo, Ending, Handler, Outcome, RecordedError, Value
from events import minimal_event

DONE = Outcome(Ending.DONE)


@define
class Scripted:
    """An Action whose behaviour a test defines."""

    calls: tuple[SeenCall, ...] = ()
    outcome: Outcome = DONE
    resumes: tuple[SeenCall, ...] | None = None
    resumed_outcome: Outcome = DONE
    events: list[Mapping[str, object]] = field(factory=list[Mapping[str, object]])
    seconds: list[float] = field(factory=list[float])

    @property
    def info(self) -> ActionInfo:
        return ActionInfo(name="scripted", handlers=(Handler.EXECUTE,) if self.resumes is None else tuple(Handler))

    def perform(self, handler: Handler, event: Mapping[str, object], *, seconds: float) -> Performed:
        self.events.append(copy.deepcopy(event))
        self.seconds.append(seconds)
        if handler is Handler.CONTINUE:
            return Performed(self.resumed_outcome, self.resumes or ())
        return Performed(self.outcome, self.calls)

    def renew(self) -> None:
        """Nothing to renew."""

    def close(self) -> None:
        """Nothing to close."""


def app(key: str, value: Value) -> SeenCall:
    return SeenCall("user.setAppMetadata", (key, value))


def flow(*actions: Scripted, **parts: Any) -> Flow:
    return run_actions(actions, minimal_event(**parts))


def test_no_actions_do_nothing() -> None:
    assert flow() == Flow(FlowEnding.COMPLETED)


def test_all_writes_are_applied_together_and_no_action_sees_them() -> None:
    first, second = Scripted((app("a", 1), app("b", 1))), Scripted((app("a", 2), app("c", None)))
    result = flow(first, second, user={"user_id": "auth0|7", "app_metadata": {"old": 1}})

    assert result.ending is FlowEnding.COMPLETED
    assert result.effects.app_metadata == {"a": 2, "b": 1, "c": None}
    assert first.events == second.events
    assert [(run.action, run.performed.calls) for run in result.runs] == [
        ("scripted", first.calls),
        ("scripted", second.calls),
    ]
    assert result.runs[0].event == first.events[0]


@pytest.mark.parametrize(
    ("call", "ending"),
    [
        (SeenCall("access.deny", ("no",)), FlowEnding.DENIED),
        (SeenCall("redirect.sendUserTo", ("https://example.com",)), FlowEnding.LEFT),
        (SeenCall("prompt.render", ("form-1",)), FlowEnding.LEFT),
    ],
)
def test_a_flow_that_ends_early_keeps_what_was_written(call: SeenCall, ending: FlowEnding) -> None:
    last = Scripted()
    result = flow(Scripted((app("a", 1),)), Scripted((call, app("b", 1))), last)

    assert (result.ending, result.effects.app_metadata, len(result.runs)) == (ending, {"a": 1, "b": 1}, 2)
    assert last.events == []


def test_a_late_denial_denies_nothing() -> None:
    last = Scripted()
    result = flow(Scripted((SeenCall("access.deny", ("no",), late=True),)), last)

    assert (result.ending, len(last.events)) == (FlowEnding.COMPLETED, 1)


def test_factors_count_as_given() -> None:
    last = Scripted()

    assert flow(Scripted((SeenCall("multifactor.enable", ("any",)),)), last).ending is FlowEnding.COMPLETED
    assert len(last.events) == 1


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (Outcome(Ending.RAISED, raised=RecordedError("KeyError", "'plan'")), "'plan'"),
        (Outcome(Ending.RAISED, raised=RecordedError("KeyError")), "KeyError"),
        (Outcome(Ending.TIMED_OUT), "the Actions did not end within 20 s"),
        (Outcome(Ending.DIED), "the process of the Action ended"),
    ],
)
def test_a_flow_that_fails_writes_nothing(outcome: Outcome, problem: str) -> None:
    last = Scripted()
    result = flow(Scripted((app("a", 1),)), Scripted((app("b", 1),), outcome), last)

    assert (result.ending, result.problem, result.effects, len(result.runs)) == (
        FlowEnding.FAILED,
        problem,
        Effects(),
        2,
    )
    assert last.events == []


def test_all_actions_share_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 100.0, 115.0, 121.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    actions = [Scripted(), Scripted(), Scripted()]

    flow(*actions)

    assert [action.seconds for action in actions] == [[20.0], [5.0], [0.0]]


def transaction_of(event: Mapping[str, object]) -> object:
    return event.get("transaction")


STEP = SeenCall("transaction.setMetadata", ("step", 1))


@pytest.mark.parametrize(
    ("transaction", "seen"),
    [
        ({"protocol": "oidc-basic-profile"}, {"protocol": "oidc-basic-profile", "metadata": {"step": 1}}),
        ({"metadata": {"before": 1}}, {"metadata": {"before": 1, "step": 1}}),
        ({"metadata": {"step": 7}}, {"metadata": {"step": 1}}),
    ],
)
def test_actions_share_the_metadata_of_the_transaction(transaction: object, seen: object) -> None:
    second = Scripted()
    flow(Scripted((STEP,)), second, transaction=transaction)

    assert [transaction_of(event) for event in second.events] == [seen]


def test_without_a_transaction_they_share_nothing() -> None:
    second = Scripted()
    flow(Scripted((STEP,)), second)

    assert [transaction_of(event) for event in second.events] == [None]


# Redirects

AWAY = SeenCall("redirect.sendUserTo", ("https://shop.example.com/terms", {"query": {"session_token": "a b"}}))


def redirected(*actions: Scripted, back: Mapping[str, str] | None, sent: list[str] | None = None) -> Flow:
    def on_redirect(address: str) -> Mapping[str, str] | None:
        if sent is not None:
            sent.append(address)
        return back

    event = minimal_event(
        user={"user_id": "auth0|7", "app_metadata": {"old": 1, "gone": 1}},
        request={"method": "POST", "query": {"prompt": "login"}, "body": {"a": 1}, "ip": "192.0.2.1"},
    )
    return run_actions(actions, event, on_redirect=on_redirect)


def test_a_redirected_flow_continues_with_the_second_function_of_the_action() -> None:
    sent: list[str] = []
    first = Scripted((app("a", 1), app("gone", None), AWAY), resumes=(app("b", 2),))
    last = Scripted((app("c", 3),))
    result = redirected(first, last, back={"agreed": "yes"}, sent=sent)

    assert sent == ["https://shop.example.com/terms?session_token=a+b"]
    assert (result.ending, result.effects.app_metadata) == (
        FlowEnding.COMPLETED,
        {"a": 1, "gone": None, "b": 2, "c": 3},
    )
    assert [run.handler for run in result.runs] == [Handler.EXECUTE, Handler.CONTINUE, Handler.EXECUTE]
    assert first.events[1]["request"] == {
        "method": "GET",
        "query": {"state": "state-of-the-log-in", "agreed": "yes"},
        "body": {},
        "ip": "192.0.2.1",
    }
    for resumed in (first.events[1], *last.events):
        assert resumed["user"] == {"user_id": "auth0|7", "app_metadata": {"old": 1, "a": 1}}


def test_a_redirecting_action_without_a_second_function_is_not_resumed() -> None:
    last = Scripted((app("c", 3),))
    result = redirected(Scripted((AWAY,)), last, back={})

    assert (result.ending, len(result.runs), len(last.events)) == (FlowEnding.COMPLETED, 2, 1)


def test_a_user_who_does_not_return_is_not_logged_in() -> None:
    first = Scripted((app("a", 1), AWAY), resumes=())

    result = redirected(first, back=None)

    assert (result.ending, result.effects, len(result.runs)) == (
        FlowEnding.LEFT,
        Effects(app_metadata={"a": 1}, leaves_for=AWAY),
        1,
    )


def test_each_action_redirects_a_user_once() -> None:
    result = redirected(Scripted((AWAY,), resumes=(AWAY,)), back={})

    assert (result.ending, len(result.runs)) == (FlowEnding.LEFT, 2)


@pytest.mark.parametrize("address", ["https://shop.example.com/terms", "https://shop.example.com/terms?a=1"])
@pytest.mark.parametrize("options", [(), ({},), ({"query": {}},), ({"query": {"b": 2}},), ("text",)])
def test_the_address_of_a_redirect_has_its_query(address: str, options: tuple[Any, ...]) -> None:
    sent: list[str] = []
    redirected(Scripted((SeenCall("redirect.sendUserTo", (address, *options)),)), back={}, sent=sent)
    has_query = options == ({"query": {"b": 2}},)

    assert sent == [f"{address}{'&' if '?' in address else '?'}b=2" if has_query else address]


def test_writes_before_a_redirect_are_kept_if_the_flow_fails_after_it() -> None:
    first = Scripted((app("a", 1), AWAY), resumes=(app("b", 2),), resumed_outcome=Outcome(Ending.DIED))
    result = redirected(first, back={})

    assert (result.ending, result.effects.app_metadata) == (FlowEnding.FAILED, {"a": 1})


def test_a_denial_after_a_redirect_denies() -> None:
    result = redirected(Scripted((AWAY,), resumes=(SeenCall("access.deny", ("no",)),)), back={})

    assert result.ending is FlowEnding.DENIED


def test_the_time_of_a_flow_begins_again_after_a_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr("customdb_contract.bridges.flow.time.perf_counter", lambda: float(next(ticks)))
    first = Scripted((AWAY,), resumes=())
    run_actions([first], minimal_event(), seconds=5.0, on_redirect=lambda _: {})

    assert first.seconds == [4.0, 4.0]
