"""The messages between the bridges and the five runners: exactly the documented ones, on both sides."""

import json
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from customdb_contract import Connection
from customdb_contract.bridges.containers import Container, ContainerDiedError, _messages
from customdb_contract.bridges.containers._messages import CalledMessage, Message
from customdb_contract.bridges.node import NodeAction, NodeDatabase
from customdb_contract.bridges.python_process import PythonProcess, PythonProcessAction, PythonProcessFunction
from customdb_contract.contract import Script
from customdb_contract.probes.acting._events import event_of
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Handler, RunSituation

pytestmark = pytest.mark.one_python

RUNNERS = ("scripts.cjs", "action.cjs", "_serving.py", "_serving_actions.py", "_serving_rows.py")
EVENT = event_of(RunSituation.FIRST_LOG_IN, {}, connection="legacy", logins=1)
NODE_SCRIPT = """
function getUser(email, callback) {
  if (email === 'never') setTimeout(() => callback(null), 1e6);
  else callback(null);
}
"""
NODE_ACTION = """
exports.onExecutePostLogin = async (event) => {
  if (event.waits) await new Promise((resolve) => setTimeout(resolve, 1e6));
};
"""
PYTHON = """
class Shop:
    def get_user(self, email, callback):
        callback(None)

def act(event, api):
    pass

def profile_of(row):
    return row
"""


def rows() -> list[tuple[str, str, str, set[str]]]:
    """Return the documented messages: name, runner, fields as text, and the fields of the response."""
    found = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| (.+) \| (.+) \|$", _messages.__doc__ or "", re.MULTILINE)
    return [(name, runner, fields, set(re.findall(r"`(\w+)`", answer))) for name, runner, fields, answer in found]


def fields_of(name: str, runner: str) -> set[str] | None:
    """Return the documented fields of a message, or None if its value has none."""
    [text] = [text for each, other, text, _ in rows() if (each, other) == (name, runner)]
    named = set(re.findall(r"`(\w+)`", text))
    if other := re.match(r"those for `([\w.]+)`", text):
        return named | (fields_of(name, other[1]) or set())
    if text == "those of `open`":
        return fields_of("open", runner)
    return named or None


def opened(database: NodeDatabase | PythonProcess) -> Any:
    return database.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=0.5)


Start = Callable[[str], Any]


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start]:
    """Opens the bridge to a runner."""
    (tmp_path / "get_user.js").write_text(NODE_SCRIPT)
    (tmp_path / "act.js").write_text(NODE_ACTION)
    (tmp_path / "messaged_shop.py").write_text(PYTHON)
    with ExitStack() as stack:

        def open_it(runner: str) -> Any:
            if runner == "scripts.cjs":
                (tmp_path / "act.js").unlink()
                bridge = opened(NodeDatabase(tmp_path))
            elif runner == "action.cjs":
                bridge = NodeAction(tmp_path / "act.js").open_action(mask=SecretRegistry())
            elif runner == "_serving.py":
                bridge = opened(PythonProcess("messaged_shop:Shop", folder=tmp_path))
            elif runner == "_serving_rows.py":
                bridge = PythonProcessFunction("messaged_shop:profile_of", folder=tmp_path).open_function(seconds=20.0)
            else:
                bridge = PythonProcessAction("messaged_shop:act", folder=tmp_path).open_action(mask=SecretRegistry())
            stack.callback(bridge.close)
            return bridge

        yield open_it


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, Any]]:
    """Return a growing list of the messages to containers, with their responses."""
    kept: list[tuple[str, Any, Any]] = []
    tell, answer = Container.tell, Container.answer

    def tell_and_keep(container: Container, message: Mapping[str, object], seconds: float) -> None:
        [(name, value)] = message.items()
        kept.append((name, value, None))
        tell(container, message, seconds)

    def keep_answer(container: Container, seconds: float) -> Any:
        reported = answer(container, seconds)
        if reported is not None:
            name, value, _ = kept[-1]
            kept[-1] = (name, value, reported)
        return reported

    monkeypatch.setattr(Container, "tell", tell_and_keep)
    monkeypatch.setattr(Container, "answer", keep_answer)
    return kept


def use(runner: str, bridge: Any, folder: Path) -> None:
    """Perform every operation that sends a message to a runner."""
    if runner == "_serving.py":
        assert PythonProcess("messaged_shop:Shop", folder=folder).fault_placeholders == frozenset()
    if runner in {"scripts.cjs", "_serving.py"}:
        bridge.call(Script.GET_USER, ["ada@example.com"])
        bridge.late_events()
        if runner == "scripts.cjs":
            bridge.call(Script.GET_USER, ["never"])
    elif runner == "_serving_rows.py":
        assert list(bridge.made_of([{"a": 1}, {"a": 2}])) == [{"a": 1}, {"a": 2}]
    else:
        bridge.perform(Handler.EXECUTE, EVENT, seconds=20.0)
        if runner == "action.cjs":
            bridge.renew()
            bridge.perform(Handler.EXECUTE, EVENT, seconds=20.0)
            bridge.perform(Handler.EXECUTE, {**EVENT, "waits": True}, seconds=0.5)
    bridge.close()


@pytest.mark.parametrize("runner", RUNNERS)
def test_messages_match_their_documentation(
    start: Start, said: list[tuple[str, Any, Any]], tmp_path: Path, runner: str
) -> None:
    use(runner, start(runner), tmp_path)

    documented = {name: answer for name, other, _, answer in rows() if other == runner}
    assert {name for name, _, _ in said} == documented.keys()
    beside = set[str]() if runner in {"_serving_actions.py", "_serving_rows.py"} else {"late", "notes"}
    for name, value, answer in said:
        assert (set(value) if isinstance(value, dict) else None) == fields_of(name, runner), name
        if answer is not None:
            assert answer.keys() - beside <= documented[name], name
            assert answer.keys() >= beside
    answered = {name: answer for name, _, answer in said if answer is not None}
    assert answered.keys() == documented.keys()


@pytest.mark.parametrize(
    ("runner", "message"),
    [
        (runner, message)
        for runner in RUNNERS
        for message in [*dict.fromkeys(name for name, *_ in rows()), "nonsense"]
        if (message, runner) not in {(name, other) for name, other, *_ in rows()}
    ],
)
def test_a_runner_ends_when_it_is_sent_anything_else(start: Start, runner: str, message: str) -> None:
    container: Container = start(runner)._container

    container.tell({message: True}, 20.0)

    with pytest.raises(ContainerDiedError) as ended:
        container.answer(20.0)
    assert ended.value.reason == ("it was ended by SIGKILL" if runner.endswith(".cjs") else "it exited with code 70")


def test_every_field_of_an_answer_is_documented() -> None:
    answers = set[str]().union(*(answer for *_, answer in rows()))

    assert Message.model_fields.keys() == answers | {"late", "notes"}
    assert {runner for _, runner, *_ in rows()} == set(RUNNERS)


def test_a_callback_is_reported_at_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes] = []
    line = Container._line

    def keep_line(container: Container, until: float) -> bytes | None:
        found = line(container, until)
        lines.append(found or b"")
        return found

    monkeypatch.setattr(Container, "_line", keep_line)
    for runner in ("scripts.cjs", "_serving.py"):
        start(runner).call(Script.GET_USER, ["ada@example.com"])
        [called] = [each for each in lines if each.startswith(b"called ")]
        assert json.loads(called.removeprefix(b"called ")).keys() == CalledMessage.model_fields.keys()
        lines.clear()
