"""The runner of Python databases, run in this process: its response to each message."""

import asyncio
import json
import logging
import math
import os
import socket
import sys
import textwrap
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from customdb_contract._runner import _opening, _serving
from customdb_contract._runner._call import Call
from customdb_contract._runner._limits import MAX_LATE
from customdb_contract._runner._loop import ScriptLoop
from customdb_contract._runner._opening import NotThereError, find_attribute
from customdb_contract._runner._tasks import ScriptTasks
from customdb_contract.contract import Script

Serve = Callable[..., list[dict[str, Any]]]
TOKEN = "t0"
ADA = "ada@example.com"


@contextmanager
def standing_as_it_was() -> Generator[None]:
    """Undo the runner's changes to its process."""
    hook, path, last_resort = threading.excepthook, list(sys.path), logging.lastResort
    try:
        yield
    finally:
        threading.excepthook, sys.path[:], logging.lastResort = hook, path, last_resort
        sys.modules.pop("served_shop", None)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves messages about a module, one after another, and returns the answers; at the end the database is closed."""

    def answers_to(
        source: str, *messages: dict[str, Any], attribute: str = "Shop", closing: bool = True, **order: Any
    ) -> Any:
        (tmp_path / "served_shop.py").write_text(textwrap.dedent(source), "utf-8")
        opening: dict[str, Any] = {
            "token": TOKEN,
            "module": "served_shop",
            "attribute": attribute,
            "folders": [str(tmp_path), *sys.path],
            "arguments": [],
            "settings": {},
            "scripts": [script.value for script in Script],
        }
        first = [{name: opening | order | given} for name, given in messages[0].items()] if messages else []
        ready, readied = os.pipe()
        os.close(readied)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for message in (*first, *messages[1:], *([CLOSE] if closing else [])):
                ours.sendall(json.dumps(message).encode() + b"\n")
            ours.shutdown(socket.SHUT_WR)
            _serving.serve(theirs.fileno(), ready)
            theirs.shutdown(socket.SHUT_WR)
            lines = ours.makefile().read().splitlines()
        os.close(ready)
        assert all(line.startswith(f"{TOKEN} ") for line in lines)
        answers = [_answer(line.removeprefix(f"{TOKEN} ")) for line in lines]
        return answers[: len(answers) - closing]

    logging.lastResort = logging.StreamHandler()
    with standing_as_it_was():
        yield answers_to


def _answer(line: str) -> Any:
    """Read a response, or an immediate report of a callback."""
    return {"called": json.loads(line.removeprefix("called "))} if line.startswith("called ") else json.loads(line)


def call(number: int, *, script: str = "get_user", **changes: Any) -> dict[str, Any]:
    asked = {"id": number, "script": script, "arguments": [ADA], "context": None, "extras": [], "by_keyword": []}
    return {"call": asked | changes}


OPEN: dict[str, Any] = {"open": {}}
CLOSE: dict[str, Any] = {"close": True}
SHOP = """
    from customdb_contract import Found

    class Shop:
        def get_user(self, email):
            return Found({"user_id": email})
"""


def test_one_message_after_another_is_answered(serve: Serve) -> None:
    opened, called, late, closed = serve(SHOP, OPEN, call(0), {"late": True}, CLOSE, closing=False)

    parameters = [["email", 1, False]]
    described = {"parameters": parameters, "location": opened["opened"]["scripts"]["get_user"]["location"]}
    assert opened["opened"] == {"scripts": {"get_user": described}, "misnamed": [], "brings_bridge": False}
    assert called["id"] == 0
    assert (called["outcome"]["ended"], called["outcome"]["callbacks"]) == ("callback", [[None, {"user_id": ADA}]])
    assert late == {"late": [], "notes": []}
    assert closed == {"closed": None, "late": [], "notes": []}


def test_the_server_ends_with_the_other_side(serve: Serve) -> None:
    assert serve(SHOP, closing=False) == []
    assert len(serve(SHOP, OPEN, closing=False)) == 1


def test_the_other_side_may_be_gone_already(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    exits: list[int] = []
    monkeypatch.setattr(_serving, "_exit", exits.append)

    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(_serving, "_write", fail)

    assert serve(SHOP, OPEN, closing=False) == []
    assert exits == [70]


@pytest.mark.parametrize(
    ("source", "attribute", "settings", "expected"),
    [
        (SHOP, "Shops", {}, {"problem": "attribute", "names": ["Found", "Shop"]}),
        (SHOP, "Shop.x.y", {}, {"problem": "attribute"}),
        ("shop = 7", "shop", {"url": "x"}, {"problem": "not-callable"}),
        ("raise LookupError('no')", "Shop", {}, {"problem": "import"}),
        ("def make(): raise LookupError('no')", "make", {}, {"problem": "opening"}),
        ("def make(): raise SystemExit", "make", {}, {"problem": "opening"}),
    ],
)
def test_an_error_while_opening_a_database_is_reported(
    serve: Serve, source: str, attribute: str, settings: dict[str, str], expected: dict[str, Any]
) -> None:
    (reported,) = serve(source, OPEN, attribute=attribute, settings=settings)

    opened = reported["opened"]
    assert opened["problem"] == expected["problem"]
    assert set(expected.get("names", [])) <= set(opened.get("names", []))
    assert ("error" in opened) == (opened["problem"] in {"import", "opening"})


@pytest.mark.parametrize(
    ("source", "settings", "looked"),
    [
        ("class Shop:\n    def __init__(self, url): ...", {}, True),
        ("class Shop:\n    def __init__(self, url): ...", {"url": "x"}, False),
        ("class Shop:\n    def __init__(self, url='x'): ...", {}, False),
        ("class Base:\n    def get_user(self, email): ...\nShop = Base()", {}, False),
    ],
)
def test_a_required_argument_is_detected(serve: Serve, source: str, settings: dict[str, str], looked: bool) -> None:
    assert serve(source, {"look": {}}, settings=settings) == [{"looked": looked, "late": [], "notes": []}]


def test_a_failed_inspection_is_reported(serve: Serve) -> None:
    (reported,) = serve("1 / 0", {"look": {}})

    assert reported["opened"]["problem"] == "import"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("raise LookupError('no')", "LookupError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_an_error_while_closing_is_reported(serve: Serve, source: str, problem: str) -> None:
    shop = f"""
        class Shop:
            def __enter__(self): return self
            def __exit__(self, *_): {source}
    """

    closed = serve(shop, OPEN, CLOSE, closing=False)[-1]["closed"]

    assert closed["$error"] == problem


def test_an_exception_of_an_async_context_manager_keeps_it_from_being_opened(serve: Serve) -> None:
    shop = """
        class Shop:
            async def __aenter__(self): raise LookupError("no")
            async def __aexit__(self, *_): ...
    """

    (reported,) = serve(shop, OPEN)

    assert reported["opened"]["error"]["$error"] == "LookupError"


def test_an_exception_of_an_async_context_manager_is_raised_on_close(serve: Serve) -> None:
    shop = """
        class Shop:
            async def __aenter__(self): return self
            async def __aexit__(self, *_): raise LookupError("no")
    """

    assert serve(shop, OPEN, CLOSE, closing=False)[-1]["closed"]["$error"] == "LookupError"


def test_an_object_that_answers_to_every_name_has_no_parameters_that_can_be_seen(serve: Serve) -> None:
    shop = """
        class Proxy:
            def __getattr__(self, name): return Proxy()
            def __call__(self, *arguments): return 7
        class Shop:
            get_user = Proxy()
    """

    scripts = serve(shop, OPEN)[0]["opened"]["scripts"]

    assert scripts["get_user"]["parameters"] is None
    assert scripts["get_user"]["location"] is None


CALLING = """
    import asyncio, threading, time
    from customdb_contract import Failed, Found, ScriptError

    class Shop:
        def get_user(self, email, callback):
            getattr(self, email)(callback)

        def error(self, callback):
            raise ScriptError("down")

        def thread(self, callback):
            def fail():
                raise LookupError("in a thread")
            threading.Thread(target=fail).start()

        def leaves(self, callback):
            thread = threading.Thread(target=lambda: (_ for _ in ()).throw(SystemExit))
            thread.start()
            thread.join()
            callback(None, None)

        def future(self, callback):
            future = asyncio.get_running_loop().create_future()
            future.set_exception(LookupError("in nobody's task"))
            del future
            callback(None, None)

        def handler(self, callback):
            asyncio.get_running_loop().call_exception_handler({"message": "no exception"})
            callback(None, None)

        def login(self, email, password):
            return {"nothing": None, "found": Found(None), "failed": Failed(None)}[email]
"""


@pytest.mark.parametrize(
    ("case", "ended", "raised"),
    [
        ("error", "callback", None),
        ("thread", "raised", "LookupError"),
        ("leaves", "callback", None),
        ("future", "callback", "LookupError"),
        ("handler", "callback", None),
        ("unknown", "raised", "AttributeError"),
    ],
)
def test_a_script_with_a_callback_may_end_in_many_ways(serve: Serve, case: str, ended: str, raised: str | None) -> None:
    reported = serve(CALLING, OPEN, call(0, arguments=[case], extras=["callback"]), call(1, arguments=["leaves"]))

    outcome = next(message["outcome"] for message in reported if message.get("id") == 0)
    assert outcome["ended"] == ended
    assert (outcome["raised"] or {"$error": None})["$error"] == raised
    if ended == "callback":
        assert reported[1]["called"]["id"] == 0


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("nothing", "None: "),
        ("found", "Found(None)"),
        ("failed", "Failed(None)"),
    ],
)
def test_a_non_result_is_reported_as_such(serve: Serve, case: str, text: str) -> None:
    reported = serve(CALLING, OPEN, call(0, script="login", arguments=[case, "x"]))[1]

    (given,) = reported["outcome"]["callbacks"]
    assert given[0] is None
    assert given[1]["$special"] == "not-a-result"
    assert given[1]["text"].startswith(text)


def test_a_script_that_breaks_its_caller_has_raised(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_serving, "_answer", None)

    reported = serve(SHOP, OPEN, call(0))[1]

    assert (reported["outcome"]["ended"], reported["outcome"]["raised"]["$error"]) == ("raised", "TypeError")


def test_a_thread_without_a_call_belongs_to_no_call() -> None:
    with standing_as_it_was():
        runner = _serving._Runner(-1, -1)
        runner._raised_somewhere(LookupError())
        runner._on_thread_exception(type("Arguments", (), {"exc_value": LookupError(), "thread": None}))
        runner._on_thread_exception(type("Arguments", (), {"exc_value": None, "thread": None}))

    assert runner._late == []


def test_unending_work_is_waited_for_in_full_only_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(_serving, "_sleep", slept.append)
    monkeypatch.setattr(_serving, "_now", lambda: math.fsum(slept))
    source = """
        import threading

        STOP = threading.Event()
        WAITED = []

        class Shop:
            def get_user(self, email):
                threading.Thread(target=STOP.wait, daemon=True).start()

            def delete(self, email):
                STOP.set()
    """
    late = {"late": 500}
    reported: list[int] = []
    monkeypatch.setattr(_serving._Runner, "_tell", lambda *_: reported.append(len(slept)))

    serve(source, OPEN, call(0), late, late, call(1), late, call(2, script="delete"))

    opened, _, first, again, _, another, *_ = reported
    assert (opened, first, again - first, another - again) == (0, 50, 5, 50)


def test_late_events_are_counted() -> None:
    runner = _serving._Runner(-1, -1)
    for _ in range(MAX_LATE + 100):
        runner._report_late("{}")

    assert len(runner._late) == MAX_LATE


# The event loop


@pytest.fixture
def loop() -> Iterator[ScriptLoop]:
    made = ScriptLoop(ScriptTasks(lambda: None, lambda _: None))
    yield made
    made.close()


def test_a_task_that_a_script_cancels_before_it_begins_has_failed(loop: ScriptLoop) -> None:
    loop._loop.call_soon(lambda: [task.cancel() for task in asyncio.all_tasks(loop._loop)])

    with pytest.raises(RuntimeError, match=r"^the script cancelled the task that ran it$"):
        loop.complete(loop._loop.create_future())


def test_the_reader_is_removed_once_input_is_readable(loop: ScriptLoop) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"!")

    loop.idle_until_readable(reading)

    # The result is whether there was a reader.
    assert not loop._loop.remove_reader(reading)
    os.close(reading)
    os.close(writing)


def test_a_loop_that_is_closed_while_it_idles_ends_idling(loop: ScriptLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()

    def close() -> None:
        loop._loop.stop()
        monkeypatch.setattr(loop._loop, "_closed", True)

    loop._loop.call_soon(close)

    loop.idle_until_readable(reading)

    assert loop.is_closed
    monkeypatch.undo()
    loop._loop.remove_reader(reading)
    for descriptor in (reading, writing):
        os.close(descriptor)


# One call


def late_of(doing: Callable[[Call], object], *, has_returned: bool = True) -> list[Any]:
    late: list[str] = []
    made = Call(7, None, late.append)
    made.has_returned = has_returned
    made.close()
    doing(made)
    return [json.loads(event) for event in late]


def test_events_after_a_call_are_late() -> None:
    assert late_of(lambda made: made.callback(None, 1)) == [{"call": 7, "arguments": [None, 1]}]
    (raised,) = late_of(lambda made: made.raised_elsewhere(LookupError("x")))
    assert (raised["call"], raised["raised"]["$error"], raised["escape"]) == (7, "LookupError", "later")


def test_effects_of_an_interrupted_script_are_not_attributed_to_it() -> None:
    assert late_of(lambda made: made.callback(None, 1), has_returned=False) == []
    assert late_of(lambda made: made.raise_(LookupError("x"))) == []


def test_the_first_exception_elsewhere_stays() -> None:
    made = Call(0, None, print)
    stirred: list[int] = []
    made.stir = lambda: stirred.append(1)

    for text in ("first", "second"):
        made.raised_elsewhere(LookupError(text))
    made.give_up()

    reported = json.loads(made.close())
    assert (reported["ended"], reported["raised"]["message"], reported["escape"]) == ("raised", "first", "later")
    assert len(stirred) == 2


def test_a_missing_attribute_is_an_error_that_lists_the_others(tmp_path: Path) -> None:
    with standing_as_it_was(), pytest.raises(NotThereError) as caught:
        find_attribute("os", "path.joined", [str(tmp_path)], later=("later",))

    assert "join" in caught.value.names
    assert len(caught.value.names) <= 200


@pytest.mark.parametrize(("file", "imported"), [("inspect.py", ["later", "os"]), ("inspected.py", ["os"])])
def test_modules_for_the_first_answer_are_imported_before_a_file_can_hide_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, imported: list[str]
) -> None:
    (tmp_path / file).write_text("", "utf-8")
    asked: list[str] = []

    def import_it(name: str) -> object:
        assert (sys.path[0] == str(tmp_path)) is (name == "os")
        asked.append(name)
        return os

    monkeypatch.setattr(_opening, "import_module", import_it)
    with standing_as_it_was():
        find_attribute("os", "path.join", [str(tmp_path)], later=("later",))

    assert asked == imported


def test_an_unknown_message_ends_the_runner_of_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    runner = _serving._Runner(-1, -1)
    monkeypatch.setattr(runner, "_next", lambda: {"dance": 1})

    with pytest.raises(ValueError, match=r"^$"):
        runner.serve()
