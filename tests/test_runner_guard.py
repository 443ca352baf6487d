"""The guard of a container, without a container: what it waits for, and which processes it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from customdb_contract._runner import _guard

CHILD = 7


def exited(code: int) -> int:
    return code << 8


def waiting(monkeypatch: pytest.MonkeyPatch, *ended: tuple[int, int]) -> None:
    """Let these processes end, and no others."""
    found = iter(ended)

    def wait(process: int, options: int) -> tuple[int, int]:
        assert process == -1
        try:
            return next(found)
        except StopIteration:
            raise ChildProcessError from None

    monkeypatch.setattr(os, "waitpid", wait)


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ([(0, 0)], None),
        ([(8, exited(1)), (0, 0)], None),
        ([(8, exited(1))], None),
        ([(CHILD, exited(3)), (0, 0)], 3),
        ([(8, exited(1)), (CHILD, exited(0)), (9, exited(2))], 0),
        ([(CHILD, signal.SIGKILL), (0, 0)], 137),
    ],
)
def test_every_process_that_has_ended_is_noted_and_the_code_of_the_child_is_found(
    monkeypatch: pytest.MonkeyPatch, ended: list[tuple[int, int]], code: int | None
) -> None:
    waiting(monkeypatch, *ended)

    assert _guard._reap(CHILD) == code


@pytest.fixture
def pipe() -> Iterator[Callable[[bytes | None], int]]:
    """Makes descriptors from which some bytes, or only the end, can be read."""
    opened: list[int] = []

    def make(content: bytes | None) -> int:
        reading, writing = os.pipe()
        opened.append(reading)
        if content is None:
            opened.append(writing)
        else:
            os.write(writing, content)
            os.close(writing)
        return reading

    yield make
    for descriptor in opened:
        os.close(descriptor)


def test_the_guard_waits_for_the_child(monkeypatch: pytest.MonkeyPatch, pipe: Callable[[bytes | None], int]) -> None:
    waiting(monkeypatch, (8, exited(0)), (0, 0), (CHILD, exited(3)))
    waking = pipe(b"x" * 1000)

    assert _guard._wait(CHILD, pipe(None), waking) == 3


def test_the_guard_stops_waiting_when_its_owner_does(pipe: Callable[[bytes | None], int]) -> None:
    assert _guard._wait(CHILD, pipe(b""), pipe(None)) is None


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells the children of a process")
def test_children_are_found() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in _guard._children()

    assert child.pid not in _guard._children()


def test_without_proc_there_are_no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert _guard._children() == []


def test_one_generation_of_orphans_after_another_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    generations = iter([[CHILD], [8, 9], []])
    killed: list[int] = []

    def kill(process: int, number: int) -> None:
        assert number == signal.SIGKILL
        killed.append(process)
        if process == 9:
            raise ProcessLookupError

    monkeypatch.setattr(_guard, "_children", lambda: next(generations))
    monkeypatch.setattr(os, "kill", kill)
    waiting(monkeypatch, (CHILD, signal.SIGKILL), (8, signal.SIGKILL))

    _guard._kill_descendants(CHILD)

    assert killed[0] == CHILD
    assert set(killed) == {CHILD, 8, 9}


def test_orphans_are_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, ...]] = []

    class Library:
        def __init__(self, name: str | None) -> None:
            assert name is None

        def prctl(self, *arguments: int) -> None:
            asked.append(arguments)

    monkeypatch.setattr("ctypes.CDLL", Library)

    _guard._adopt_orphans()

    assert asked == [(36, 1, 0, 0, 0)]


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_the_guard_works_on_systems_that_adopt_no_orphans(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    tried: list[object] = []

    def refuse(name: object) -> Any:
        tried.append(name)
        raise error

    monkeypatch.setattr("ctypes.CDLL", refuse)

    _guard._adopt_orphans()

    assert tried == [None]


@pytest.mark.parametrize(("locale", "left"), [("C.UTF-8", None), ("de_DE.UTF-8", "de_DE.UTF-8"), (None, None)])
def test_a_command_gets_the_environment_that_was_given(
    monkeypatch: pytest.MonkeyPatch, locale: str | None, left: str | None
) -> None:
    ready, readied = os.pipe()
    os.close(readied)
    run: list[object] = []

    def watch_over(life: int, control: int) -> int:
        run.append((life, control))
        return ready

    monkeypatch.setattr(_guard, "watch_over", watch_over)
    monkeypatch.setattr(os, "execv", lambda *command: run.append(command))
    monkeypatch.delenv("LC_CTYPE", raising=False)
    if locale is not None:
        monkeypatch.setenv("LC_CTYPE", locale)

    _guard.main(["3", "4", "/bin/node", "main.cjs", "4"])

    assert run == [(3, 4), ("/bin/node", ["/bin/node", "main.cjs", "4"])]
    assert os.environ.get("LC_CTYPE") == left
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(ready)
