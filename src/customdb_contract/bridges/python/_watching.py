"""What the team's code does during a call: everything is observed, on whatever thread it happens."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from customdb_contract.bridges.python._output import CAPTURE, OutputCapture
from customdb_contract.bridges.python._threads import STARTED_BY
from customdb_contract.transcript import Ending, Escape, Mask, Observation, Outcome, RecordedError, Value, record_error

__all__ = ["CURRENT", "Watched", "report_of_current"]


class Watched:
    """Something that is called once: a script, or a handler of an Action.

    Args:
        mask: Replaces the secrets in everything that is recorded.
    """

    def __init__(self, mask: Mask) -> None:
        self._mask: Final = mask
        self._output = OutputCapture()
        self._lock = threading.RLock()
        self._started = time.perf_counter()
        self._ended = self._started
        self._ending: Ending | None = None
        self._raised: RecordedError | None = None
        self._escape = Escape.THROWN
        self._is_closed = False

    @contextmanager
    def entered(self) -> Generator[None]:
        """Attribute everything in the meantime to this call, including the tasks and threads that are started."""
        current, capture = CURRENT.set(self), CAPTURE.set(self._output)
        started_by = STARTED_BY.set(self.raised_elsewhere)
        try:
            yield
        finally:
            STARTED_BY.reset(started_by)
            CAPTURE.reset(capture)
            CURRENT.reset(current)

    def raised_elsewhere(self, error: BaseException) -> None:
        """Record an exception that ended a task or a thread; any thread can call this.

        Args:
            error: The exception.
        """
        recorded = record_error(error, self._mask)
        with self._lock:
            if self._is_closed:
                self._raised_late(recorded)
            elif self._raised is None:
                self._raised, self._escape = recorded, Escape.LATER
                self._stir()

    def _outcome(
        self, callbacks: tuple[tuple[Value, ...], ...] = (), observations: tuple[Observation, ...] = ()
    ) -> Outcome:
        """Return what was observed so far; from now on, everything is late."""
        self._is_closed = True
        ended = time.perf_counter() if self._ending is None else self._ended
        return Outcome(
            ending=Ending.TIMED_OUT if self._ending is None else self._ending,
            callbacks=callbacks,
            raised=self._raised,
            escape=self._escape,
            output=self._output.text(self._mask),
            duration=ended - self._started,
            observations=observations,
        )

    def _raise(self, error: BaseException) -> None:
        recorded = record_error(error, self._mask)
        with self._lock:
            if not self._is_closed:
                self._raised, self._escape = recorded, Escape.THROWN
                self._end(Ending.RAISED)

    def _end(self, ending: Ending) -> None:
        """Keep the first ending."""
        with self._lock:
            if self._ending is None:
                self._ending, self._ended = ending, time.perf_counter()
                self._stir()

    def _stir(self) -> None:
        """Wake the thread that waits for something to happen."""

    def _raised_late(self, raised: RecordedError) -> None:
        """Report an exception that came too late for the outcome."""


CURRENT: ContextVar[Watched | None] = ContextVar("customdb_contract_current", default=None)
"""The call that the current thread or task belongs to."""


def report_of_current() -> Callable[[BaseException], None] | None:
    """Return the function that receives exceptions in a task that is being created, or None."""
    current = CURRENT.get()
    return None if current is None else current.raised_elsewhere
