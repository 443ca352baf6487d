import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pytest

from customdb_contract import interrupts as module
from customdb_contract.interrupts import Interrupts, current_interrupts, interruptible
from signals import foreground_handlers

pytestmark = pytest.mark.usefixtures("in_foreground")

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def in_foreground() -> Iterator[None]:
    with foreground_handlers():
        yield


@contextmanager
def interrupted() -> Generator[Interrupts]:
    """Begin a check that must end as interrupted; failures inside it still fail the test."""
    failures: list[BaseException] = []
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupts, keeping(failures):
        yield interrupts
    for failure in failures:
        raise failure


@contextmanager
def keeping(failures: list[BaseException]) -> Generator[None]:
    try:
        yield
    except (AssertionError, pytest.fail.Exception) as error:
        failures.append(error)
        raise


def is_readable(interrupts: Interrupts) -> bool:
    return bool(select.select([interrupts], [], [], 0)[0])


# When an interrupt raises


@pytest.mark.parametrize("number", SIGNALS)
def test_a_deferred_interrupt_raises_at_the_next_safe_point(number: int) -> None:
    steps: list[str] = []
    with interrupted() as interrupts:
        interrupts.raise_if_pending()
        signal.raise_signal(number)
        steps.append("goes on")
        interrupts.raise_if_pending()
        steps.append("goes too far")

    assert steps == ["goes on"]


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_that_is_not_deferred_raises_where_it_comes(number: int) -> None:
    steps: list[str] = []
    with interrupted() as interrupts, interrupts.immediate():
        signal.raise_signal(number)
        steps.append("goes too far")

    assert not steps


def test_interrupts_can_be_deferred_again() -> None:
    steps: list[str] = []
    with interrupted() as interrupts, interrupts.immediate():
        with interrupts.deferred():
            signal.raise_signal(signal.SIGINT)
            steps.append("goes on")
        signal.raise_signal(signal.SIGINT)
        steps.append("goes too far")

    assert steps == ["goes on"]


def test_work_of_unlimited_duration_does_not_start_after_an_interrupt() -> None:
    steps: list[str] = []
    with interrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        with interrupts.immediate():
            interrupts.raise_if_pending()
            steps.append("begins")

    assert not steps


def test_an_interrupt_that_was_swallowed_raises_again() -> None:
    steps: list[str] = []
    with interrupted() as interrupts:
        with interrupts.immediate():
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                steps.append("swallowed")
        interrupts.raise_if_pending()
        steps.append("goes too far")

    assert steps == ["swallowed"]


def test_no_interrupt_is_lost() -> None:
    with interrupted():
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_that_comes_last_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    restore = module._Handler.restore

    def interrupted_restore(handler: module._Handler) -> None:
        signal.raise_signal(signal.SIGINT)
        restore(handler)

    monkeypatch.setattr(module._Handler, "restore", interrupted_restore)

    with interrupted():
        pass


def test_an_interrupt_comes_before_another_exception() -> None:
    with interrupted():
        signal.raise_signal(signal.SIGINT)
        raise LookupError


@pytest.mark.parametrize("error", [None, LookupError, KeyboardInterrupt])
def test_an_interrupted_check_chooses_its_own_ending(error: type[BaseException] | None) -> None:
    class Explained(KeyboardInterrupt):
        pass

    def check() -> None:
        with interruptible(Explained):
            signal.raise_signal(signal.SIGINT)
            if error is not None:
                raise error

    with pytest.raises(Explained):
        check()


def test_without_an_interrupt_another_exception_is_unchanged() -> None:
    with pytest.raises(LookupError), interruptible():
        raise LookupError


def test_without_an_interrupt_nothing_raises() -> None:
    with interruptible() as interrupts, interrupts.immediate():
        interrupts.raise_if_pending()

    assert not interrupts.happened


# More than one


@pytest.mark.parametrize("number", SIGNALS)
def test_the_clean_up_goes_on_after_one_interrupt_and_ends_with_the_second(number: int) -> None:
    with interrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        with interrupts.finishing(60):
            assert not interrupts.is_pending
            signal.raise_signal(number)
            assert interrupts.is_pending
        assert interrupts.is_pending


def test_the_clean_up_goes_on_after_an_interrupt_that_comes_during_it() -> None:
    with interrupted() as interrupts:
        with interrupts.finishing(60):
            with interrupts.immediate():
                signal.raise_signal(signal.SIGINT)
            assert interrupts.happened
            assert not interrupts.is_pending
            signal.raise_signal(signal.SIGINT)
            assert interrupts.is_pending
        assert interrupts.is_pending


def test_the_clean_up_after_an_interrupt_has_little_time() -> None:
    with interrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        with interrupts.finishing(0.01), pytest.raises(KeyboardInterrupt):
            interrupts.sleep(60)


def test_the_clean_up_without_an_interrupt_has_time() -> None:
    with interruptible() as interrupts:
        with interrupts.finishing(0.01):
            interrupts.sleep(0.1)
        assert not interrupts.happened


def test_interrupts_count_once_while_one_is_pending() -> None:
    # `timeout -s INT` sends two of them at once.
    with interrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with interrupts.finishing(60):
            assert not interrupts.is_pending


def test_a_second_interrupt_raises_if_the_first_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", -1.0)
    steps: list[str] = []
    with interrupted():
        signal.raise_signal(signal.SIGINT)
        steps.append("stuck")
        signal.raise_signal(signal.SIGINT)
        steps.append("still stuck")

    assert steps == ["stuck"]


# Waiting


def test_waiting_ends_with_an_interrupt() -> None:
    with interrupted() as interrupts:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        interrupts.sleep(60)


def test_waiting_on_another_thread_ends_with_an_interrupt() -> None:
    ended: list[type[BaseException]] = []

    def wait(interrupts: Interrupts) -> None:
        try:
            interrupts.sleep(60)
        except KeyboardInterrupt as error:
            ended.append(type(error))

    with interrupted():
        thread = threading.Thread(target=wait, args=(current_interrupts(),))
        thread.start()
        signal.raise_signal(signal.SIGINT)
        thread.join()

    assert ended == [KeyboardInterrupt]


def test_waiting_ends_with_the_event_or_in_time() -> None:
    interrupts, event = Interrupts(), threading.Event()
    assert not interrupts.wait(event, 0.0)
    started = time.monotonic()
    interrupts.sleep(0.12)
    assert time.monotonic() - started >= 0.12
    event.set()
    assert interrupts.wait(event, 60)


@pytest.mark.parametrize("moment", ["before", "meanwhile", None])
def test_closing_has_a_moment_once_there_was_an_interrupt(moment: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HURRIED_SECONDS", 0.1)
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, daemon=True)
    thread.start()
    with interrupted() as interrupts:
        if moment is None:
            assert not interrupts.join(thread, 0.1)
        if moment == "meanwhile":
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            signal.raise_signal(signal.SIGINT)
        started = time.monotonic()
        assert not interrupts.join(thread, 60)
        assert time.monotonic() - started >= 0.1
        ended.set()
        assert interrupts.join(thread, 60)


def test_an_interrupt_can_be_polled_for() -> None:
    with interrupted() as interrupts:
        assert not is_readable(interrupts)
        signal.raise_signal(signal.SIGINT)
        assert is_readable(interrupts)
        assert is_readable(interrupts)
        with interrupts.finishing(60):
            assert not is_readable(interrupts)
            signal.raise_signal(signal.SIGINT)
            assert is_readable(interrupts)
        assert is_readable(interrupts)


def test_a_finishing_step_is_woken_by_its_time_limit() -> None:
    with interrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        with interrupts.finishing(0.01):
            assert select.select([interrupts], [], [], 60)[0]


def test_an_interrupt_that_came_before_can_be_polled_for() -> None:
    with interrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert is_readable(interrupts)


def test_a_finishing_step_without_an_interrupt_is_not_woken() -> None:
    with interruptible() as interrupts:
        with interrupts.finishing(60):
            assert not is_readable(interrupts)
        assert not is_readable(interrupts)


# Nested checks and threads


def test_outside_a_check_no_interrupt_has_happened() -> None:
    assert not current_interrupts().happened
    with interruptible() as interrupts:
        assert current_interrupts() is interrupts
    assert current_interrupts() is not interrupts


def test_an_inner_check_has_its_own_interrupts() -> None:
    with interruptible() as outer:
        for number in SIGNALS:
            with interrupted():
                signal.raise_signal(number)
            assert not outer.happened


def test_on_another_thread_there_are_no_signals() -> None:
    handlers: list[object] = []

    def check() -> None:
        with interruptible():
            handlers.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=check)
    thread.start()
    thread.join()

    assert handlers == [signal.default_int_handler, signal.SIG_DFL]


# Handlers


def _their_handler(number: int, frame: object) -> None:
    raise AssertionError


@pytest.mark.parametrize(
    ("number", "handler", "is_replaced"),
    [
        (signal.SIGINT, signal.default_int_handler, True),
        (signal.SIGINT, signal.SIG_DFL, True),
        (signal.SIGINT, _their_handler, True),
        (signal.SIGINT, signal.SIG_IGN, False),
        (signal.SIGTERM, signal.SIG_DFL, True),
        (signal.SIGTERM, signal.SIG_IGN, False),
        (signal.SIGTERM, _their_handler, False),
    ],
)
def test_handlers_are_replaced_and_put_back(
    number: int, handler: Callable[[int, object], None] | signal.Handlers, is_replaced: bool
) -> None:
    signal.signal(number, handler)
    with interruptible():
        assert (signal.getsignal(number) is not handler) is is_replaced

    assert signal.getsignal(number) is handler


def test_handlers_that_a_script_replaced_are_put_back_as_they_were() -> None:
    with interruptible():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _their_handler)

    assert [signal.getsignal(number) for number in SIGNALS] == [signal.default_int_handler, signal.SIG_DFL]


def test_a_forked_process_ends_as_without_a_check() -> None:
    program = """
import os, signal, sys, time
from customdb_contract.interrupts import interruptible

signal.signal(signal.SIGINT, signal.default_int_handler)
with interruptible() as interrupts:
    for number in (signal.SIGTERM, signal.SIGINT):
        child = os.fork()
        if not child:
            try:
                os.kill(os.getpid(), number)
                time.sleep(60)
            except KeyboardInterrupt:
                sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(interrupts.happened)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.split() == [str(-signal.SIGTERM), "7", "False"]
