"""The thread that a database runs on: it runs one piece of work after another, and its event loop in between."""

import asyncio
import ctypes
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar, cast

from customdb_contract._runner._tasks import Report, ScriptTasks, Settled, close_loop, enter
from customdb_contract.bridges.python._output import CAPTURE, OutputCapture
from customdb_contract.interrupts import Interrupts

__all__ = ["Interruption", "Worker"]

_Result = TypeVar("_Result")
_Work: TypeAlias = Callable[[], object]

_CANCELLING_SECONDS: Final = 0.1
"""Seconds that an async script has to end after it was cancelled, before its loop is abandoned."""

_MOST_LOOKS: Final = 20
_LOOK_SECONDS: Final = 0.05
"""How often and how long a thread is given to take an exception; one that uses no time meanwhile is blocked."""

_MOST_STEPS: Final = 100_000


class Interruption(BaseException):
    """Raised inside a timed-out script, so that it doesn't go on for the rest of the check."""


class _Ending:
    """The end of one piece of work, for the one thread that waits for it.

    An Event takes several times as long to create, to set and to wait for: any number of threads can wait for it.
    """

    def __init__(self) -> None:
        self._is_awaited = threading.Lock()
        self._is_awaited.acquire()

    def set(self) -> None:
        """Wake the thread that waits; to be called once."""
        self._is_awaited.release()

    def is_set(self) -> bool:
        """Return whether the work has ended."""
        return not self._is_awaited.locked()

    def wait(self, timeout: float, /) -> bool:
        """Wait, and return whether the work has ended in time.

        Args:
            timeout: Seconds.
        """
        has_ended = self._is_awaited.acquire(timeout=timeout)
        if has_ended:
            self._is_awaited.release()
        return has_ended


class Worker:
    """One thread with one event loop. When work times out, the thread is abandoned and replaced.

    The loop is created when it is needed. After that, it runs while nothing else does, so tasks that outlive their call
    go on. It is stopped while a function that is not async is called, which can therefore use `asyncio.run`.

    Args:
        interrupts: What ends waiting for the thread.
        report_of: Returns the function that receives an exception in a task that is being created.
        report: Called with an exception that belongs to no such task.
    """

    def __init__(self, interrupts: Interrupts, report_of: Callable[[], Report | None], report: Report) -> None:
        self.on_end = ExitStack()
        self._interrupts = interrupts
        self._tasks = ScriptTasks(report_of, report, ignored=(Interruption,))
        self._work: SimpleQueue[_Work] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = _Ending()
        self._last_moment = threading.Lock()
        self._is_idle = False
        self._is_ending = False
        self._is_abandoned = False
        self._clock: int | None = None
        self._awaiting: asyncio.Task[object] | None = None
        self._thread = threading.Thread(target=self._main, name="customdb-contract scripts", daemon=True)
        self._thread.start()

    # From outside

    def run(self, work: _Work, seconds: float) -> bool:
        """Run a piece of work on the thread, and wait for it.

        Args:
            work: A function that handles its own exceptions.
            seconds: How long to wait.

        Returns:
            Whether it ended in time. If not, it is still running: see `cancel` and `abandon`.

        Raises:
            KeyboardInterrupt: When the check is interrupted meanwhile. Then it is still running as well.
        """
        self._ended = ended = _Ending()
        self._work.put(partial(self._do, work, ended))
        if self._loop is not None:
            self._stop_idling_on(self._loop)
        return self._interrupts.wait(ended, seconds)

    def cancel(self) -> bool:
        """Cancel the work that timed out.

        Returns:
            Whether the worker can still be used: the work was only awaiting something, and obeyed.
        """
        task = self._awaiting
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)
        return self._ended.wait(0.0 if task is None else _CANCELLING_SECONDS)

    def abandon(self) -> None:
        """Have the thread end as soon as it can, even from an endless loop, without waiting for it."""
        self._is_ending = self._is_abandoned = True
        self._wake()
        if not self._ended.is_set():
            # While an exception is pending, Python 3.11 stops every thread that is traced, so this one is not traced.
            trace = sys.gettrace()
            sys.settrace(None)
            try:  # pragma: no cover - nothing is traced here
                self._interrupt()
            finally:  # pragma: no cover - see above
                sys.settrace(trace)

    def _interrupt(self) -> None:
        """Raise an exception in the thread, and withdraw it if the thread is blocked and doesn't take it."""
        self._raise_in_thread(Interruption)
        for _ in range(_MOST_LOOKS):
            used = self._used()
            if self._ended.wait(_LOOK_SECONDS) or self._used() == used:
                break
        self._raise_in_thread(None)
        _take_interruption()

    def _raise_in_thread(self, kind: type[BaseException] | None) -> None:
        # Only work is interrupted: a later interruption would hit the thread while it closes its loop.
        with self._last_moment:
            _raise_in(cast("int", self._thread.ident), None if self._ended.is_set() else kind)

    def _used(self) -> float | None:
        """Return the processor time that the thread has used, or None if the system doesn't provide it."""
        try:
            return None if self._clock is None else time.clock_gettime(self._clock)
        except OSError:
            return None

    def end(self, seconds: float) -> bool:
        """Have the thread end after its work, and wait for it.

        Args:
            seconds: How long to wait before it is abandoned.

        Returns:
            Whether it has ended in time.
        """
        self._is_ending = True
        self._wake()
        if self._interrupts.join(self._thread, seconds):
            return True
        if self._ended.is_set():
            # Not work hangs but what closes the database, and that is interrupted as well.
            self._ended = _Ending()
        self.abandon()
        return False

    def _wake(self) -> None:
        self._work.put(_do_nothing)
        if self._loop is not None:
            self._stop_idling_on(self._loop)

    def _stop_idling_on(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # the loop is closed: the thread has ended
            loop.call_soon_threadsafe(self._stop_idling)

    # On the thread

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop. With it, waiting for work takes several times as long, so it is created when needed."""
        if self._loop is None:
            self._loop = self._tasks.new_loop()
            # A caller that abandoned this thread a moment ago saw no loop to stop.
            if self._is_abandoned:
                raise Interruption
        return self._loop

    def complete(self, awaitable: Awaitable[_Result]) -> _Result:
        """Run the loop until something awaitable is done, and return its result.

        Args:
            awaitable: For example the return value of an async script.
        """
        settled = Settled(awaitable)
        self._awaiting = task = self.loop.create_task(settled.wait())
        try:
            while not task.done():
                self._run(partial(self.loop.run_until_complete, task))
        finally:
            self._awaiting = None
        return cast("_Result", settled.result())

    def hold(self, manager: Any) -> tuple[object, Callable[[], object]]:
        """Enter an async context manager.

        Args:
            manager: The context manager.

        Returns:
            Its value, and a function that leaves it.
        """
        return enter(manager, self.loop, self.complete)

    def event(self) -> asyncio.Event:
        """Return an event that coroutines on the loop can wait for."""
        return asyncio.Event()

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function on the loop; any thread can request that.

        Args:
            function: A function of this package, for example `set` of an event.
        """
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for an event, with a time limit.

        Args:
            event: The event.
            seconds: How long.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def tick(self) -> None:
        """Let everything on the loop that is ready have its turn."""
        await asyncio.sleep(0)

    @property
    def pending_tasks(self) -> "frozenset[asyncio.Future[Any]]":
        """The tasks that calls have started and that are not done."""
        return self._tasks.pending

    def pause(self, seconds: float) -> None:
        """Let everything on the loop go on for a while.

        Args:
            seconds: How long.
        """
        self.complete(asyncio.sleep(seconds))

    def _main(self) -> None:
        self._clock = _processor_clock()
        CAPTURE.set(OutputCapture())
        with suppress(BaseException):
            self._serve()
        with suppress(BaseException):
            self.on_end.close()
        with suppress(BaseException):
            self._close_loop()

    def _serve(self) -> None:
        while not self._is_ending:
            if self._loop is not None and self._work.empty():
                self._is_idle = True
                self._run(self._loop.run_forever)
                self._is_idle = False
            else:
                self._work.get()()

    def _do(self, work: _Work, ended: _Ending) -> None:
        # Only the cancellation or the interruption of work ends up here, when nothing waits for it.
        with suppress(BaseException):
            work()
        with self._last_moment:
            ended.set()

    def _stop_idling(self) -> None:
        if self._is_idle or self._is_abandoned:
            self.loop.stop()

    def _run(self, run: _Work) -> None:
        """Run the loop; a script's task that ends with SystemExit or the like ends neither it nor the thread."""
        try:
            run()
        except BaseException as error:
            if isinstance(error, Interruption) or self._is_abandoned or self.loop.is_closed():
                raise

    def _close_loop(self) -> None:
        if self._loop is not None:
            close_loop(self._loop)


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:  # pragma: no cover - see `Worker.abandon`
    exception = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)


def _take_interruption() -> None:  # pragma: no cover - see `Worker.abandon`
    """Make this thread take an exception, because Python 3.11 keeps one pending until any thread has taken one."""
    this = threading.get_ident()
    try:
        _raise_in(this, Interruption)
        for _ in range(_MOST_STEPS):
            pass
        _raise_in(this, None)
    except Interruption:
        return


def _do_nothing() -> None:
    """Work that ends waiting for work."""


def _processor_clock() -> int | None:
    """Return the clock of the time that this thread has used; Windows and macOS have none."""
    clock_of: Callable[[int], int] | None = getattr(time, "pthread_getcpuclockid", None)
    return None if clock_of is None else clock_of(threading.get_ident())
