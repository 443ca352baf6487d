"""Interrupts: ctrl-C and SIGTERM are recorded when they arrive, and end a check at its next safe point."""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import FrameType
from typing import Final, Protocol, TypeAlias

__all__ = ["EXIT_INTERRUPTED", "Interrupts", "current_interrupts", "interruptible"]

_Previous: TypeAlias = Callable[[int, FrameType | None], object] | int | signal.Handlers | None

EXIT_INTERRUPTED: Final = 130
"""The exit code of a command that an interrupt ended."""

_LOOK_SECONDS: Final = 0.05
"""How often a wait for another thread checks for an interrupt, as a signal handler may not touch an event's locks."""

_HURRIED_SECONDS: Final = 0.5
"""Seconds that closing something may take once a check was interrupted."""

_MOST_RUNG: Final = 16

_PATIENCE_SECONDS: Final = 1.0
"""Seconds that a recorded interrupt may go unnoticed; after that, the next one raises wherever the main thread is."""


class _Waitable(Protocol):
    """What another thread sets."""

    def wait(self, timeout: float, /) -> bool:
        """Wait for it, so many seconds, and return whether it was set."""
        ...


class Interrupts:
    """The interrupts of one check.

    Anything that waits must wake up for an interrupt: use `wait` or `sleep`, or poll `fileno()` together with your own
    descriptors and call `raise_if_pending` next.
    """

    def __init__(self) -> None:
        self._noted = 0
        self._tolerated = 0
        self._noted_at = 0.0
        self._is_immediate = False
        self._pipe: tuple[int, int] | None = None
        self._making_pipe = threading.Lock()

    @property
    def happened(self) -> bool:
        """Whether the check was interrupted at all."""
        return self._noted > 0

    @property
    def is_pending(self) -> bool:
        """Whether the check has to end: after an interrupt, or after the second one while the first is tolerated."""
        return self._noted > self._tolerated

    def raise_if_pending(self) -> None:
        """Raise if an interrupt is pending; this is a safe point.

        Raises:
            KeyboardInterrupt: When an interrupt is pending.
        """
        if self.is_pending:
            raise KeyboardInterrupt

    def fileno(self) -> int:
        """Return a descriptor that is readable while an interrupt is pending; any thread may poll it."""
        with self._making_pipe:
            if self._pipe is None:
                self._pipe = os.pipe()
                os.set_blocking(self._pipe[0], False)
                if self.is_pending:
                    self._ring()
            return self._pipe[0]

    def wait(self, event: "_Waitable", seconds: float) -> bool:
        """Wait for an event that another thread sets.

        Args:
            event: The event, or what is waited for in the same way.
            seconds: How long to wait.

        Returns:
            Whether it was set in time.

        Raises:
            KeyboardInterrupt: When an interrupt is pending or arrives during the wait.
        """
        until = time.monotonic() + seconds
        while True:
            self.raise_if_pending()
            left = until - time.monotonic()
            if event.wait(min(max(left, 0.0), _LOOK_SECONDS)):
                return True
            if left <= 0:
                return False

    def sleep(self, seconds: float) -> None:
        """Wait until the time is up or an interrupt arrives.

        Args:
            seconds: How long.

        Raises:
            KeyboardInterrupt: When an interrupt is pending or arrives during the wait.
        """
        self.wait(threading.Event(), seconds)

    def join(self, thread: threading.Thread, seconds: float) -> bool:
        """Wait for a thread that closes something; only briefly if the check was interrupted.

        Args:
            thread: The thread.
            seconds: How long to wait.

        Returns:
            Whether the thread has ended in time.
        """
        until = time.monotonic() + seconds
        is_hurried = False
        while thread.is_alive():
            if self.happened and not is_hurried:
                is_hurried, until = True, min(until, time.monotonic() + _HURRIED_SECONDS)
            left = until - time.monotonic()
            if left <= 0:
                return False
            thread.join(min(left, _LOOK_SECONDS))
        return True

    @contextmanager
    def finishing(self, seconds: float) -> Generator[None]:
        """Keep a first interrupt from ending the block; a second one ends it, or the end of its time.

        Args:
            seconds: How long the block may go on if the check was interrupted before.
        """
        self._tolerated = 1
        self._fall_silent()
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        if self.happened:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._tolerated = 0
            if self.is_pending:
                self._ring()

    @contextmanager
    def deferred(self) -> Generator[None]:
        """Only record interrupts again, inside `immediate`."""
        with self._raising(immediately=False):
            yield

    @contextmanager
    def immediate(self) -> Generator[None]:
        """Let an interrupt raise wherever it arrives: the block can take any time and has no safe points.

        An interrupt that is already pending does not raise by itself, so call `raise_if_pending` first if it should.
        """
        with self._raising(immediately=True):
            yield

    def note(self) -> None:
        """Record an interrupt; another one that arrives while one is pending changes nothing.

        Raises:
            KeyboardInterrupt: When interrupts are not deferred, or one has been pending for too long.
        """
        is_stuck = self.is_pending and time.monotonic() - self._noted_at > _PATIENCE_SECONDS
        if not self.is_pending:
            self._noted += 1
            self._noted_at = time.monotonic()
            if self.is_pending:
                self._ring()
        if is_stuck or (self._is_immediate and self.is_pending):
            # The next interrupt must not hit the code that handles this one.
            self._is_immediate = False
            raise KeyboardInterrupt

    def close(self) -> None:
        """Close the descriptors."""
        pipe, self._pipe = self._pipe or (), None
        for descriptor in pipe:
            os.close(descriptor)

    @contextmanager
    def _raising(self, *, immediately: bool) -> Generator[None]:
        before, self._is_immediate = self._is_immediate, immediately
        try:
            yield
        finally:
            self._is_immediate = before

    def _expire(self) -> None:
        self._noted = self._tolerated + 1
        self._ring()

    def _ring(self) -> None:
        if self._pipe is not None:
            os.write(self._pipe[1], b"!")

    def _fall_silent(self) -> None:
        if self._pipe is not None and not self.is_pending:
            with suppress(BlockingIOError):
                os.read(self._pipe[0], _MOST_RUNG)


_CURRENT: ContextVar[Interrupts | None] = ContextVar("customdb_contract_interrupts", default=None)
_NO_CHECK: Final = Interrupts()


def current_interrupts() -> Interrupts:
    """Return the interrupts of the running check; outside a check, there are none.

    Code that also waits on other threads should keep the object that it got on the check's thread.
    """
    return _CURRENT.get() or _NO_CHECK


@contextmanager
def interruptible(ending: Callable[[], KeyboardInterrupt] = KeyboardInterrupt) -> Generator[Interrupts]:
    """Record SIGINT and SIGTERM while a check runs on the main thread; other threads receive no signals.

    An ignored signal stays ignored, as for a command started by `nohup`. A SIGTERM that the program handles itself is
    left to it. The previous handlers are always restored.

    Args:
        ending: Creates what is raised at the end if there was an interrupt.

    Yields:
        The interrupts, which are only recorded: the block has safe points, or is short.

    Raises:
        KeyboardInterrupt: At the end, if there was an interrupt, in place of any other exception, so none is lost.
    """
    interrupts = Interrupts()
    handler = _Handler(interrupts)
    token = _CURRENT.set(interrupts)
    try:
        if threading.current_thread() is threading.main_thread():
            handler.install()
        yield interrupts
        interrupts.raise_if_pending()
    except BaseException as error:
        if interrupts.happened or isinstance(error, KeyboardInterrupt):
            raise ending() from None
        raise
    finally:
        handler.restore()
        _CURRENT.reset(token)
        interrupts.close()
    if interrupts.happened:
        raise ending()


class _Handler:
    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._process = os.getpid()
        self._previous: dict[int, _Previous] = {}

    def __call__(self, number: int, _: FrameType | None) -> None:
        if os.getpid() != self._process:
            # A process forked by a script ends as it would without a check.
            signal.signal(number, self._previous[number])
            signal.raise_signal(number)
        else:
            self._interrupts.note()

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if _is_replaced(number, handler):
                self._previous[number] = handler
                signal.signal(number, self)

    def restore(self) -> None:
        # SIGINT comes last: once its own handler is restored, it can raise here.
        for number in reversed(self._previous):
            signal.signal(number, self._previous[number])


def _is_replaced(number: signal.Signals, handler: _Previous) -> bool:
    if number is signal.SIGTERM:
        return handler is signal.SIG_DFL or isinstance(handler, _Handler)
    return handler is not signal.SIG_IGN and handler is not None
