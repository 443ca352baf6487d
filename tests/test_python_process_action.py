"""An Action in Python in a separate process: it affects only its own interpreter."""

import os
import sys
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from customdb_contract.bridges.containers import ContainerDiedError
from customdb_contract.bridges.python_process import PythonProcessAction, _action_bridge, _order
from customdb_contract.bridges.python_process._action_bridge import PythonProcessActionBridge
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.faults import LegacyAddress
from customdb_contract.probes.acting._events import LEGACY_ID, event_of
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import Ending, Escape, FactKind, Handler, Noticed, Observation, RunSituation
from descriptors import PRINTING_INHERITED

SECRET = "s3cr3t-of-the-shop"
MODULE = """
import os, re, sys, threading, urllib.request

loads = 0

def restore(event, api):
    api.user.set_app_metadata("plan", {"of": event.user.user_id, "pid": os.getpid()})
    api.user.set_user_metadata("text", chr(0xD800))

class Counting:
    def __init__(self):
        self.runs = 0

    def __call__(self, event, api):
        self.runs += 1
        api.user.set_app_metadata("runs", self.runs)
        api.user.set_app_metadata("cached", api.cache.get("key") is not None)
        api.cache.set("key", "value")

class Agreeing:
    def __call__(self, event, api):
        api.redirect.send_user_to("https://shop.example.com/terms")

    def on_continue_post_login(self, event, api):
        api.user.set_app_metadata("agreed", True)

def tells_secrets(event, api):
    print("token", event.secrets["TOKEN"])
    os.write(1, f"written {event.secrets['TOKEN']}\\n".encode())
    api.user.set_app_metadata("token", event.secrets["TOKEN"])
    api.user.set_app_metadata("url", event.secrets["URL"])
    raise ValueError(event.secrets["TOKEN"])

def environment(event, api):
    api.user.set_app_metadata("names", sorted(os.environ))

def holds_the_lock(event, api):
    print("now", flush=True)
    os.write(1, b"begun")
    re.fullmatch(r"(a|a)*b", "a" * 40)

def waits(event, api):
    threading.Event().wait(30)

def exits(event, api):
    os._exit(3)

def exits_later(event, api):
    threading.Timer(0.05, lambda: os._exit(4)).start()

def floods(event, api):
    for _ in range(200):
        os.write(1, b"x" * 50_000)
    for number in range(3000):
        api.user.set_app_metadata("n", number)
    print("y" * 3_000_000)

def patches(event, api):
    import builtins
    builtins.memoryview = None

def asks_in_the_clear(event, api):
    if event.user.user_id == "":
        urllib.request.urlopen("http://legacy.example.com/users")

def takes_one(event):
    return None

def starts_a_process(event, api):
    os.system(os.environ["COMMAND"])

def raises_while_it_is_made():
    raise RuntimeError("no such store")

not_callable = 7
"""
EVENT: Mapping[str, object] = event_of(RunSituation.FIRST_LOG_IN, {}, connection="legacy", logins=1)

Open = Callable[..., PythonProcessActionBridge]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "actions_of_process.py").write_text(dedent(MODULE))
    (tmp_path / "exits_at_once.py").write_text("import os; print('bye', flush=True); os._exit(3)")
    (tmp_path / "raises_at_once.py").write_text("raise SystemExit('not today')")
    return tmp_path


@pytest.fixture
def opened(folder: Path) -> Generator[Open]:
    bridges: list[PythonProcessActionBridge] = []

    def open_bridge(
        attribute: str, *, module: str = "actions_of_process", **settings: Any
    ) -> PythonProcessActionBridge:
        legacy = settings.pop("legacy", None)
        action = PythonProcessAction(f"{module}:{attribute}", folder=folder, **settings)
        bridge = action.open_action(mask=SecretRegistry(), legacy=legacy)
        assert isinstance(bridge, PythonProcessActionBridge)
        bridges.append(bridge)
        return bridges[-1]

    yield open_bridge
    for bridge in bridges:
        bridge.close()


def run(bridge: PythonProcessActionBridge, seconds: float = 20.0) -> Any:
    return bridge.perform(Handler.EXECUTE, EVENT, seconds=seconds)


def test_calls_of_the_api_return_from_another_process(opened: Open) -> None:
    bridge = opened("restore")

    performed = run(bridge)

    assert performed.outcome.ending is Ending.DONE
    first, second = performed.calls
    assert first.path == "user.setAppMetadata"
    assert first.arguments[1]["of"] == f"auth0|{LEGACY_ID}"
    assert first.arguments[1]["pid"] != os.getpid()
    assert second.arguments == ("text", "\ud800")
    assert "actions_of_process" not in sys.modules
    assert bridge.info.name == "restore"
    assert bridge.info.problem is None
    assert str(bridge.info.location).endswith("actions_of_process.py:6")
    assert bridge.info.source is None


def test_processes_that_it_starts_inherit_nothing_of_its_runner(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMAND", PRINTING_INHERITED)

    performed = run(opened("starts_a_process", environment=["COMMAND"]))

    assert (performed.outcome.ending, performed.outcome.output) == (Ending.DONE, "")


def test_a_class_is_made_anew_and_the_cache_is_emptied_for_a_new_container(opened: Open) -> None:
    bridge = opened("Counting")

    seen: list[list[object]] = []
    for renews in (False, False, True):
        if renews:
            bridge.renew()
        seen.append([call.arguments[1] for call in run(bridge).calls if call.path == "user.setAppMetadata"])

    assert seen == [[1, False], [2, True], [1, False]]


def test_an_action_may_go_on_after_a_redirect(opened: Open) -> None:
    bridge = opened("Agreeing")
    event = event_of(RunSituation.FIRST_LOG_IN, {}, connection="shop", logins=1)

    paths = [
        [call.path for call in bridge.perform(handler, event, seconds=20).calls] for handler in bridge.info.handlers
    ]

    assert paths == [["redirect.sendUserTo"], ["user.setAppMetadata"]]


def test_no_secret_is_shown_anywhere(opened: Open) -> None:
    secrets = {"TOKEN": Secret(SECRET), "URL": "{legacy_url}/users"}

    performed = run(opened("tells_secrets", secrets=secrets, legacy=LegacyAddress(4711, 4712)))

    outcome = performed.outcome
    assert SECRET not in repr(performed)
    assert (outcome.ending, outcome.escape) == (Ending.RAISED, Escape.THROWN)
    assert outcome.raised is not None
    assert outcome.raised.message == "«configuration TOKEN»"
    assert "token «configuration TOKEN»" in outcome.output
    assert "written «configuration TOKEN»" in outcome.output
    assert performed.calls[0].arguments == ("token", "«configuration TOKEN»")
    assert performed.calls[1].arguments == ("url", "http://127.0.0.1:4711/users")


def test_it_sees_only_the_environment_that_it_is_given(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_REGION", "eu")
    monkeypatch.setenv("SHOP_TOKEN", "of nobody's business")

    performed = run(opened("environment", environment=["SHOP_REGION"]))

    names = performed.calls[0].arguments[1]
    assert "SHOP_REGION" in names
    assert "PATH" in names
    assert "SHOP_TOKEN" not in names


@pytest.mark.parametrize("attribute", ["holds_the_lock", "waits"])
def test_a_hang_is_over_when_its_time_is_up_and_the_next_run_has_a_new_process(
    attribute: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_action_bridge, "_TELLING_SECONDS", 0.4)
    bridge = opened(attribute)

    first, second = (run(bridge, 0.2).outcome for _ in range(2))

    assert (first.ending, second.ending) == (Ending.TIMED_OUT, Ending.TIMED_OUT)
    assert ("begun" in first.output) is (attribute == "holds_the_lock")


def test_a_process_that_ends_is_an_ending_of_the_run(opened: Open) -> None:
    bridge = opened("exits")

    for _ in range(2):
        outcome = run(bridge).outcome
        assert outcome.ending is Ending.DIED
        assert outcome.observations == (Observation(Noticed.PROCESS_ENDED, "it exited with code 3"),)


def test_a_process_that_ends_between_two_runs_is_replaced(opened: Open) -> None:
    bridge = opened("exits_later")

    assert run(bridge).outcome.ending in {Ending.DONE, Ending.DIED}
    assert run(bridge).outcome.ending in {Ending.DONE, Ending.DIED}


def test_a_flood_is_cut(opened: Open) -> None:
    performed = run(opened("floods"))

    assert performed.outcome.ending is Ending.DONE
    assert len(performed.calls) == 1000
    assert len(performed.outcome.output) < 3_000_000


def test_an_action_that_breaks_its_interpreter_ends_its_process(opened: Open) -> None:
    bridge = opened("patches")

    outcome = run(bridge).outcome
    assert outcome.ending is Ending.DIED
    assert outcome.observations == (Observation(Noticed.PROCESS_ENDED, "it exited with code 70"),)


def test_facts_about_its_source_are_reported(opened: Open) -> None:
    facts = opened("asks_in_the_clear").info.facts(FactKind.PLAIN_HTTP)

    assert [fact.text for fact in facts] == ["legacy.example.com"]


def test_a_function_that_takes_something_else_is_a_problem(opened: Open) -> None:
    assert opened("takes_one").info.problem == "the Action takes (event) but is called as action(event, api)"


# Actions that cannot be opened


@pytest.mark.parametrize(
    ("reference", "kind", "message"),
    [
        ("actions_of_process:restores", ConfigurationError, "has no attribute 'restores'; did you mean restore?"),
        (
            "actions_of_process:not_callable",
            ConfigurationError,
            "an Action must be a function (event, api), or a function",
        ),
        ("raises_at_once:restore", ConfigurationError, "raises_at_once cannot be imported from "),
        ("no_such_module:restore", ConfigurationError, "no_such_module cannot be imported from "),
        ("actions_of_process:raises_while_it_is_made", DatabaseOpeningError, "RuntimeError: no such store"),
        ("exits_at_once:restore", DatabaseOpeningError, "ended while it opened the Action: it exited with code 3: bye"),
    ],
)
def test_a_failure_to_open_states_the_reason(reference: str, kind: type[Exception], message: str, folder: Path) -> None:
    action = PythonProcessAction(reference, folder=folder)
    assert repr(action) == f"PythonProcessAction({reference!r})"

    with pytest.raises(kind) as caught:
        action.open_action(mask=SecretRegistry())

    assert message in str(caught.value)


def test_python_that_does_not_start(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    with pytest.raises(DatabaseOpeningError, match=r"^Python .* could not be started: No such file or directory$"):
        PythonProcessAction("actions_of_process:restore", folder=folder).open_action(mask=SecretRegistry())


# Only messages of a genuine runner are accepted

Told = Mapping[str, Any] | BaseException | None
OPENED: Mapping[str, Any] = {
    "opened": {"action": {"name": "restore", "problem": None, "location": None, "source": [], "handlers": []}}
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


class Process:
    """Sends the prepared responses, one for each request."""

    token = "token"

    def __init__(self, *answers: Told) -> None:
        self.answers = list(answers)
        self.is_ended = False

    def tell(self, _: Mapping[str, object], __: float) -> None:
        if self.answers and isinstance(self.answers[0], ContainerDiedError) and not self.answers[0].has_read_all:
            raise self.answers.pop(0)  # type: ignore[misc]  # it is one, as was asked

    def answer(self, _: float) -> Mapping[str, Any] | None:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def take_output(self) -> str:
        return ""

    def end(self) -> None:
        self.is_ended = True


def start(monkeypatch: pytest.MonkeyPatch, *processes: Process) -> PythonProcessActionBridge:
    waiting = list(processes)
    monkeypatch.setattr(_order, "Container", lambda *_, **__: waiting.pop(0))
    bridge = PythonProcessAction("actions:restore").open_action(mask=SecretRegistry())
    assert isinstance(bridge, PythonProcessActionBridge)
    return bridge


@pytest.mark.parametrize(
    "opened",
    [
        {},
        {"action": 7},
        {"action": {**OPENED["opened"]["action"], "problem": 7}},
        {"action": {**OPENED["opened"]["action"], "location": 7}},
        {"action": {**OPENED["opened"]["action"], "handlers": 7}},
        {"action": {**OPENED["opened"]["action"], "source": 7}},
        {"action": {**OPENED["opened"]["action"], "source": [7]}},
        {"action": {**OPENED["opened"]["action"], "source": [["bytes", "7", "a.py:1:1"]]}},
        {"problem": "another"},
        {"refused": 7, "is_usage": True},
    ],
)
def test_an_object_that_the_runner_cannot_find_is_refused(opened: object, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process({"opened": opened})

    with pytest.raises(DatabaseOpeningError, match="could not open the Action: its runner sent something unexpected"):
        start(monkeypatch, process)

    assert process.is_ended


@pytest.mark.parametrize("reported", [{"id": 7, "run": ENDED}, {"id": 0}, {"id": 0, "run": {}}])
def test_an_invalid_message_about_a_run_ends_the_process(
    reported: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(OPENED, reported)

    outcome = run(start(monkeypatch, process)).outcome

    assert (outcome.ending, process.is_ended) == (Ending.DIED, True)


def test_a_run_that_never_reached_its_process_is_made_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ContainerDiedError("it exited with code 1", has_read_all=False)
    first = Process(OPENED, gone)
    second = Process(OPENED, {"id": 1, "run": ENDED})

    assert run(start(monkeypatch, first, second)).outcome.ending is Ending.DONE
    assert first.is_ended


def test_a_run_that_a_new_process_does_not_take_has_died(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ContainerDiedError("it exited with code 1", has_read_all=False)
    first, second = Process(OPENED, gone), Process(OPENED, gone)

    assert run(start(monkeypatch, first, second)).outcome.ending is Ending.DIED


def test_an_interrupt_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(OPENED, KeyboardInterrupt())
    bridge = start(monkeypatch, process)

    with pytest.raises(KeyboardInterrupt):
        run(bridge)

    assert process.is_ended


def test_a_dead_process_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(OPENED, ContainerDiedError("it exited with code 1"))
    bridge = start(monkeypatch, process)

    bridge.close()
    bridge.close()

    assert process.is_ended
