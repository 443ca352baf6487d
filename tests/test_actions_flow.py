"""The flow of several Actions: what each is told, when it ends, and what is written at the end."""

import copy
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
    """An Action that does what a test says."""

    calls: tuple[SeenCall, ...] = ()
    outcome: Outcome = DONE
    events: list[Mapping[str, object]] = field(factory=list[Mapping[str, object]])
    seconds: list[float] = field(factory=list[float])

    @property
    def info(self) -> ActionInfo:
        return ActionInfo(name="scripted")

    def perform(self, handler: Handler, event: Mapping[str, object], *, seconds: float) -> Performed:
        assert handler is Handler.EXECUTE
        self.events.append(copy.deepcopy(event))
        self.seconds.append(seconds)
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


def test_all_writes_are_one_and_no_action_sees_them() -> None:
    first, second = Scripted((app("a", 1), app("b", 1))), Scripted((app("a", 2), app("c", None)))
    told = flow(first, second, user={"user_id": "auth0|7", "app_metadata": {"old": 1}})

    assert told.ending is FlowEnding.COMPLETED
    assert told.effects.app_metadata == {"a": 2, "b": 1, "c": None}
    assert first.events == second.events
    assert [(run.action, run.performed.calls) for run in told.runs] == [
        ("scripted", first.calls),
        ("scripted", second.calls),
    ]
    assert told.runs[0].event == first.events[0]


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
    told = flow(Scripted((app("a", 1),)), Scripted((call, app("b", 1))), last)

    assert (told.ending, told.effects.app_metadata, len(told.runs)) == (ending, {"a": 1, "b": 1}, 2)
    assert last.events == []


def test_a_late_denial_denies_nothing() -> None:
    last = Scripted()
    told = flow(Scripted((SeenCall("access.deny", ("no",), late=True),)), last)

    assert (told.ending, len(last.events)) == (FlowEnding.COMPLETED, 1)


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
    told = flow(Scripted((app("a", 1),)), Scripted((app("b", 1),), outcome), last)

    assert (told.ending, told.problem, told.effects, len(told.runs)) == (FlowEnding.FAILED, problem, Effects(), 2)
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
