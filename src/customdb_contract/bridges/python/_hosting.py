"""Where the team's code runs: on a thread of its own, which is abandoned when its time is up."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from customdb_contract.bridges.python._output import LoggingCapture
from customdb_contract.bridges.python._threads import ThreadWatch, borrow, give_back, renew
from customdb_contract.bridges.python._watching import Watched, report_of_current
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.transcript import Mask, RecordedError, record_error

if TYPE_CHECKING:
    from customdb_contract.bridges.python._worker import Worker

__all__ = ["Host"]

_ABANDONED_SECONDS: Final = 0.05
_LOOK_SECONDS: Final = 0.01
_SECONDS_AGAIN: Final = 0.05
"""Seconds to wait again for what was still running after a full wait: a driver's monitor never ends."""


_logger = logging.getLogger("customdb_contract")


class Host:
    """Keeps something open on a thread of its own, and runs work there.

    Args:
        what: What it is, for messages: `the database`.
        make: Creates or opens it; this runs on the thread, each time there is a new one.
        is_made_anew: Whether `make` creates another one on a new thread. If it does not, the object stays open.
        mask: Replaces the secrets.
        opening_timeout: Seconds that opening or closing it may take.

    Attributes:
        threads: Tracks the threads that were started.

    Raises:
        DatabaseOpeningError: When `make` raises, or takes too long.
    """

    def __init__(
        self, what: str, make: "Callable[[Worker], object]", *, is_made_anew: bool, mask: Mask, opening_timeout: float
    ) -> None:
        self._what = what
        self._make = make
        self._is_made_anew = is_made_anew
        self._mask = mask
        self._opening_timeout = opening_timeout
        self._interrupts = current_interrupts()
        self.threads: Final = ThreadWatch()
        self._lasting: WeakSet[object] = WeakSet()
        self._logging = LoggingCapture()
        self._last: Watched | None = None
        self._is_closed = False
        self._closing_problem: RecordedError | None = None
        self._worker: Worker | None = None
        self._abandoned: list[Worker] = []
        borrow(self, mask)
        try:
            self._open(what)
        except BaseException:
            self.close()
            raise

    @property
    def worker(self) -> "Worker":
        """The thread; a new one if the last was abandoned."""
        if self._worker is not None:
            return self._worker
        return self._open(f"after a call ran out of time {self._what}" if self._is_made_anew else self._what)

    def settle(self, seconds: float) -> None:
        """Wait until the threads and tasks that calls have started are done; after an interrupt, do not wait.

        Args:
            seconds: How long to wait at most; less if what still runs has been waited for this long before.
        """
        began = time.monotonic()
        while (busy := self._busy) and not self._interrupts.happened:
            most = _SECONDS_AGAIN if self._lasting.issuperset(busy) else seconds
            if time.monotonic() - began >= most:
                self._lasting.update(busy)
                break
            time.sleep(_LOOK_SECONDS)

    @property
    def _busy(self) -> frozenset[object]:
        tasks = frozenset[object]() if self._worker is None else self._worker.pending_tasks
        return self.threads.busy | tasks

    @contextmanager
    def watching(self, watched: Watched) -> Generator[None]:
        """Attribute what is printed, logged and started in the meantime to a call or run.

        Args:
            watched: The call or run.
        """
        self._last = watched
        renew()
        with self._logging, self.threads.during(watched.raised_elsewhere):
            yield

    def run(self, worker: "Worker", work: Callable[[], object], seconds: float) -> bool:
        """Run a piece of work on the thread.

        Args:
            worker: The thread.
            work: A function that handles its own exceptions.
            seconds: How long to wait.

        Returns:
            Whether it ended in time; if not, it is still running: see `stop`.
        """
        try:
            return worker.run(work, seconds)
        except BaseException:
            self._give_up(worker)
            raise

    def stop(self, worker: "Worker") -> None:
        """Stop work that timed out, and abandon the thread if that is impossible.

        Args:
            worker: The thread.
        """
        if not worker.cancel():
            self._give_up(worker)

    def renew(self) -> None:
        """Close what is open, and open it again on a new thread."""
        worker, self._worker = self._worker, None
        if worker is not None and not worker.end(self._opening_timeout):
            self._abandoned.append(worker)
        self._open(self._what)

    def close(self) -> None:
        """Close what is open, and end the thread; errors are logged."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._end_workers()
        finally:
            give_back(self)

    def _open(self, what: str) -> "Worker":
        from customdb_contract.bridges.python._worker import Worker  # noqa: PLC0415 - only who opens one needs asyncio

        worker = self._worker = Worker(self._interrupts, report_of_current, self._raised_somewhere)
        problems: list[RecordedError] = []

        def work() -> None:
            worker.on_end.push(partial(self._note_closing, worker))
            try:
                self._make(worker)
            except BaseException as error:  # noqa: BLE001 - also SystemExit says that there is nothing to call
                problems.append(record_error(error, self._mask))

        try:
            in_time = worker.run(work, self._opening_timeout)
        except KeyboardInterrupt:
            self._give_up(worker)
            raise
        if not in_time:
            self._give_up(worker)
            message = f"{what} did not open within {self._opening_timeout:g} s"
            raise DatabaseOpeningError(message)
        for problem in problems:
            where = "" if problem.location is None else f" ({problem.location})"
            message = f"{what} could not be opened: {problem.name}: {problem.message}{where}"
            raise DatabaseOpeningError(message)
        return worker

    def _give_up(self, worker: "Worker") -> None:
        if not self._is_made_anew:
            worker.on_end.pop_all()
        worker.abandon()
        self._abandoned.append(worker)
        self._worker = None

    def _end_workers(self) -> None:
        in_time = self._worker is None or self._worker.end(self._opening_timeout)
        for worker in self._abandoned:
            worker.end(_ABANDONED_SECONDS)
        problem = self._closing_problem
        if not in_time and not self._interrupts.happened:
            _logger.warning("%s did not close within %g s", self._what, self._opening_timeout)
        elif problem is not None:
            _logger.warning("%s could not be closed: %s: %s", self._what, problem.name, problem.message)

    def _note_closing(
        self, worker: "Worker", _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        # What an interrupted thread does while it ends is ignored.
        if error is not None and worker is self._worker:
            self._closing_problem = record_error(error, self._mask)
        return True

    def _raised_somewhere(self, error: BaseException) -> None:
        """Record an exception whose call is unknown."""
        if self._last is not None:
            self._last.raised_elsewhere(error)
