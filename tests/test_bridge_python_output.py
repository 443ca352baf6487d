"""The output and log records of a script are kept with its call; other output passes through."""

import asyncio
import contextlib
import io
import logging
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract.bridges.python._output import MAX_OUTPUT, OutputCapture
from customdb_contract.contract import NotFound, Script
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry
from opened_database import PASSWORD, open_database, secrets


def _output(act: Callable[[], object]) -> str:
    def get_user(identifier: str) -> object:
        act()
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        return bridge.call(Script.GET_USER, ("ada@example.com",)).output


def test_prints_are_kept_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def act() -> None:
        print("to stdout")
        print("to stderr", file=sys.stderr, flush=True)
        sys.stdout.writelines(["one", "two"])
        sys.stdout.buffer.write(b" bytes \xff")
        sys.stdout.buffer.flush()

    assert _output(act) == "to stdout\nto stderr\nonetwo bytes \\xff"
    assert capsys.readouterr() == ("", "")


def test_output_of_tasks_and_helper_threads_of_an_async_script_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    async def get_user(identifier: str) -> object:
        await asyncio.gather(asyncio.to_thread(print, "thread"), asyncio.create_task(asyncio.to_thread(print, "task")))
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        output = bridge.call(Script.GET_USER, ("ada@example.com",)).output

    assert sorted(output.split()) == ["task", "thread"]
    assert capsys.readouterr() == ("", "")


def test_another_threads_output_passes_through(capsys: pytest.CaptureFixture[str]) -> None:
    def act() -> None:
        thread = threading.Thread(target=lambda: print("from elsewhere", flush=True))
        thread.start()
        thread.join()

    assert _output(act) == ""
    assert capsys.readouterr().out == "from elsewhere\n"


def test_each_call_has_its_own_output() -> None:
    def get_user(identifier: str) -> object:
        print(identifier)
        return NotFound()

    database = SimpleNamespace(get_user=get_user)
    with open_database(database) as first, open_database(database) as second:
        for bridge, name in ((first, "a"), (second, "b"), (first, "c")):
            assert bridge.call(Script.GET_USER, (name,)).output == f"{name}\n"


def test_output_printed_while_opening_belongs_to_no_call(capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> object:
        print("opening")
        return SimpleNamespace(get_user=str)

    with open_database(make) as bridge:
        assert bridge.call(Script.GET_USER, ("a",)).output == ""
    assert capsys.readouterr() == ("", "")


def test_the_streams_are_put_back() -> None:
    before = sys.stdout, sys.stderr, threading.excepthook, logging.getLogger().handlers[:]

    with open_database(SimpleNamespace()), open_database(SimpleNamespace()):
        assert sys.stdout is not before[0]
        assert sys.stdout.encoding == before[0].encoding
        assert sys.stdout.buffer is before[0].buffer
        print("passes")

    assert (sys.stdout, sys.stderr, threading.excepthook, logging.getLogger().handlers) == before


def test_temporarily_replaced_streams_are_captured_too() -> None:
    def get_user(identifier: str) -> object:
        print("script")
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        with contextlib.redirect_stdout(io.StringIO()) as redirected:
            assert bridge.call(Script.GET_USER, ("a",)).output == "script\n"
            print("ours")
        assert bridge.call(Script.GET_USER, ("a",)).output == "script\n"

    assert redirected.getvalue() == "ours\n"


def test_streams_replaced_by_others_are_left_alone() -> None:
    stream, hook, replaced = sys.stdout, threading.excepthook, io.StringIO()
    try:
        with open_database(SimpleNamespace()):
            sys.stdout, threading.excepthook = replaced, threading.__excepthook__
        assert (sys.stdout, threading.excepthook) == (replaced, threading.__excepthook__)
    finally:
        sys.stdout, threading.excepthook = stream, hook


def test_a_replaced_thread_start_is_left_alone() -> None:
    start = threading.Thread.__dict__["start"]

    def start_it(thread: threading.Thread) -> None: ...

    try:
        with open_database(SimpleNamespace()):
            threading.Thread.start = start_it  # type: ignore[method-assign, assignment]  # other code may do so
        assert threading.Thread.__dict__["start"] is start_it
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]  # as it was


def test_a_program_without_standard_output_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert _output(lambda: print("nobody hears it")) == ""
    assert sys.stdout is None


def test_logging_is_kept_at_the_levels_that_the_loggers_have() -> None:
    def act() -> None:
        logging.getLogger("shop").warning("slow: %s", PASSWORD)
        logging.getLogger("shop").debug("not shown")

    assert _output(act) == "WARNING shop: slow: «password of ada»\n"


def test_a_log_record_that_cannot_be_printed_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hostile:
        @override
        def __str__(self) -> str:
            raise ValueError

    # The handlers that pytest adds would raise.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    assert "Logging error" in _output(lambda: logging.getLogger("shop").warning("%s", Hostile()))


def test_log_records_of_other_code_are_not_kept() -> None:
    def act() -> None:
        thread = threading.Thread(target=logging.getLogger("shop").warning, args=("from elsewhere",))
        thread.start()
        thread.join()

    assert _output(act) == ""


def test_a_long_output_is_cut() -> None:
    output = _output(lambda: print("x" * 10_000_000, end=""))

    assert output == "x" * MAX_OUTPUT + f"… and {10_000_000 - MAX_OUTPUT} more characters"


@pytest.mark.parametrize("size", [MAX_OUTPUT, MAX_OUTPUT + 1, 70_000, 98_304])
def test_an_output_that_is_kept_whole_is_shown_up_to_the_limit(size: int) -> None:
    capture = OutputCapture()
    capture.write("x" * size)

    more = f"… and {size - MAX_OUTPUT} more characters" if size > MAX_OUTPUT else ""
    assert capture.text(str) == "x" * MAX_OUTPUT + more


def test_a_secret_cut_by_the_output_limit_is_not_shown() -> None:
    secret, registry, capture = "s3cr3t-" * 30, SecretRegistry(), OutputCapture()
    registry.add(Secret(secret), SecretRef.parse("password of ada"))
    # Their markers are so short that even the last of them would be shown.
    capture.write(secret * 1_000)

    shown = capture.text(registry.mask)

    assert "s3cr3t" not in shown
    assert shown.endswith(" more characters")


def test_a_secret_that_is_printed_in_pieces_is_masked() -> None:
    def act() -> None:
        for letter in PASSWORD:
            sys.stdout.write(letter)

    assert _output(act) == "«password of ada»"


def test_printing_a_value_that_is_not_text_fails_as_usual() -> None:
    def get_user(identifier: str) -> object:
        sys.stdout.write(7)  # type: ignore[arg-type]  # the mistake it is about
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        raised = bridge.call(Script.GET_USER, ("a",)).raised

    assert raised is not None
    assert raised.name == "TypeError"


@given(st.integers(min_value=MAX_OUTPUT - 100, max_value=MAX_OUTPUT + 5000))
def test_no_part_of_a_secret_is_shown_wherever_the_output_is_cut(before: int) -> None:
    capture = OutputCapture()
    for text in ("x" * before, PASSWORD, "y" * 10_000):
        capture.write(text)

    shown = capture.text(secrets().mask)

    kept, cut, number = shown.partition("… and ")
    assert ("«password of ada»" + "y" * 10_000).startswith(kept.lstrip("x"))
    assert cut
    assert len(kept) + int(number.removesuffix(" more characters")) == before + len(PASSWORD) + 10_000


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_short_output_is_kept_whole(texts: list[str]) -> None:
    capture = OutputCapture()
    for text in texts:
        capture.write(text)

    assert capture.text(str) == "".join(texts)
