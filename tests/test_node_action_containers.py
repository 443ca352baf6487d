"""Of the messages from an Action's process, only those that a genuine runner would send are believed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from actions_opened import PLAIN
from customdb_contract.bridges.containers import ContainerDiedError
from customdb_contract.bridges.node import NodeAction
from customdb_contract.bridges.node._action_bridge import NodeActionBridge
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Handler, Noticed, Observation, Outcome

pytestmark = pytest.mark.one_python

Told = Mapping[str, Any] | BaseException | None

OPENED: Mapping[str, object] = {
    "opened": {"handlers": ["onExecutePostLogin"], "exported": ["onExecutePostLogin"], "problem": None}
}
ENDED: Mapping[str, object] = {
    "ended": "done",
    "calls": [],
    "raised": None,
    "escape": "thrown",
    "output": "",
    "observations": [],
    "seconds": 0.1,
}
INVALID = (Observation(Noticed.PROCESS_ENDED, "its runner sent something unexpected"),)


def ran(number: int = 0, **changes: object) -> Mapping[str, Any]:
    return {"id": number, "run": {**ENDED, **changes}}


class Process:
    """Sends the prepared responses, one for each request."""

    token = "token"
    has_something = False

    def __init__(self, *answers: Told) -> None:
        self.answers = list(answers)
        self.is_ended = False

    def tell(self, _: Mapping[str, object], __: float) -> None:
        if self.answers and isinstance(self.answers[0], ContainerDiedError) and not self.answers[0].has_read_all:
            raise self.answers[0]

    def answer(self, _: float) -> Mapping[str, Any] | None:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def take_output(self) -> str:
        return ""

    def end(self) -> None:
        self.is_ended = True


Start = Callable[..., NodeActionBridge]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    def start_with(*processes: Process) -> NodeActionBridge:
        (tmp_path / "repair.js").write_text(PLAIN, encoding="utf-8")
        waiting = list(processes)
        monkeypatch.setattr("customdb_contract.bridges.node._action_bridge.Container", lambda *_, **__: waiting.pop(0))
        return NodeAction(tmp_path / "repair.js").open_action(mask=SecretRegistry())

    return start_with


def run(bridge: NodeActionBridge) -> Outcome:
    return bridge.perform(Handler.EXECUTE, {}, seconds=1.0).outcome


@pytest.mark.parametrize(
    "reported",
    [
        {},
        {"id": 0},
        ran(1),
        ran(ended="callback"),
        ran(calls=[{"path": "user.set; drop", "arguments": [], "late": False}]),
        ran(calls=[{"path": "user.setAppMetadata", "arguments": [{"$mapping": 7}], "late": False}]),
        {"id": 0, "outcome": {}},
    ],
)
def test_an_invalid_message_of_a_run_ends_its_process(start: Start, reported: Mapping[str, Any]) -> None:
    process = Process(OPENED, reported)

    outcome = run(start(process))

    assert (outcome.ending, outcome.observations) == (Ending.DIED, INVALID)
    assert process.is_ended


def test_an_action_that_the_runner_cannot_find_is_an_error(start: Start) -> None:
    first, second = Process({"opened": 7}), Process({"opened": {}})
    bridge = start(first)

    assert bridge.info.problem == (
        "repair.js ended its process while it was loaded: its runner sent something unexpected"
    ).replace("repair.js", bridge.info.location.removesuffix(":1") if bridge.info.location else "")
    assert first.is_ended
    problem = start(second).info.problem
    assert problem is not None
    assert problem.endswith("exports no function onExecutePostLogin; it exports nothing")


def test_a_run_that_never_reached_its_process_is_made_in_another(start: Start) -> None:
    gone = ContainerDiedError("it exited with code 1", has_read_all=False)
    first, second = Process(OPENED, ran(), gone), Process(OPENED, ran(2))
    bridge = start(first, second)

    assert run(bridge).ending is Ending.DONE
    assert run(bridge).ending is Ending.DONE
    assert first.is_ended


def test_after_an_unfit_process_the_next_one_is_kept_in_reserve(start: Start) -> None:
    first = Process(OPENED, ran(0), {"renewed": True}, ran(1), {"renewed": False})
    second = Process(OPENED, ran(2), ContainerDiedError("it exited with code 1"))
    third, fourth = Process(OPENED, ran(3)), Process()
    bridge = start(first, second, third, fourth)

    for _ in range(4):
        assert run(bridge).ending is Ending.DONE
        bridge.renew()
    bridge.close()

    assert all(process.is_ended for process in (first, second, third, fourth))


@pytest.mark.parametrize("answers", [(OPENED, ran()), (OPENED,), ()])
def test_an_interrupt_ends_the_process(start: Start, answers: tuple[Mapping[str, Any], ...]) -> None:
    process = Process(*answers, KeyboardInterrupt())

    def live() -> None:
        bridge = start(process)
        for _ in range(2):
            run(bridge)
            bridge.renew()

    with pytest.raises(KeyboardInterrupt):
        live()
    assert process.is_ended


def test_messages_between_runs_belong_to_no_run(start: Start) -> None:
    process = Process(OPENED, None, ran(0), None, ran(1))
    process.has_something = True
    bridge = start(process)

    assert [run(bridge).ending, run(bridge).ending] == [Ending.DONE, Ending.DONE]
    assert not process.is_ended
