"""The bridge to a custom database in Python: an object with the scripts as methods."""

import copy
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from customdb_contract.bridges import Bridge, LateEvent
from customdb_contract.bridges.python._calling import CURRENT_CALL, Call
from customdb_contract.bridges.python._opening import is_factory, open_database
from customdb_contract.bridges.python._output import LoggingCapture
from customdb_contract.bridges.python._signatures import Handler, find_handlers
from customdb_contract.bridges.python._threads import ThreadWatch, borrow, give_back, renew
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Outcome, RecordedError, ScriptInfo, record_error

if TYPE_CHECKING:
    from customdb_contract.bridges.python._worker import Worker

__all__ = ["PythonDatabase", "is_factory"]

_LATE_SECONDS: Final = 0.05
_ABANDONED_SECONDS: Final = 0.05

_logger = logging.getLogger("customdb_contract")


class PythonDatabase(Bridge):
    """A custom database in Python, with its own thread and its own event loop.

    A function that makes the database, and a context manager that it returns, are called, entered and left on the
    thread where the scripts run. When a call runs out of time its thread is given up (the script is interrupted where
    Python can do that), and the function is called again on another one. What is not a function is used there as it is:
    a context manager object is entered once, and it is not left any more after such a call.

    Functions that are not async run while the loop does not, so they may use `asyncio.run`; only those that take a
    callback run inside the loop, so they may start tasks which call it later.

    Args:
        database: An object with the scripts as methods; or a function or class that makes one; or a (possibly async)
            context manager that gives one; or a function that makes such a context manager. Functions may be async.
        connection: The settings of the connection.
        mask: The known secrets, which are replaced in everything that is recorded.
        timeout: Seconds that a script may take.
        opening_timeout: Seconds that opening or closing the database may take.

    Raises:
        DatabaseOpeningError: When the function or context manager raises, or takes too long.
    """

    def __init__(
        self,
        database: object,
        *,
        connection: Connection,
        mask: SecretRegistry,
        timeout: float = 20.0,
        opening_timeout: float = 60.0,
    ) -> None:
        self._source = database
        self._is_made_here = is_factory(database)
        self._connection = connection
        self._mask = mask.mask
        self._timeout = timeout
        self._opening_timeout = opening_timeout
        self._late: deque[LateEvent] = deque()
        self._interrupts = current_interrupts()
        self._threads = ThreadWatch()
        self._logging = LoggingCapture()
        self._calls = 0
        self._last_call: Call | None = None
        self._may_be_late = False
        self._is_closed = False
        self._closing_problem: RecordedError | None = None
        self._worker: Worker | None = None
        self._abandoned: list[Worker] = []
        self._database: object = None
        self._handlers: Mapping[Script, Handler] = {}
        borrow(self, self._mask)
        try:
            self._open("the database", partial(open_database, database))
        except BaseException:
            self.close()
            raise

    @property
    def database(self) -> object:
        """The database itself, as it was given or made."""
        return self._database

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return {script: handler.info for script, handler in self._handlers.items()}

    @property
    @override
    def callback_can_throw(self) -> bool:
        return False

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        worker = self._worker or self._open_again()
        handler = self._handlers[script]
        call = Call(self._calls, script, handler, self._mask, self._late.append)
        self._calls += 1
        self._last_call = call
        self._may_be_late = self._may_be_late or handler.has_callback
        # A script may change what it is given, but not what the caller has.
        given = [argument if isinstance(argument, str) else copy.deepcopy(argument) for argument in arguments]
        work = partial(call.run, worker, given, copy.deepcopy(dict(context)) if context else {})
        renew()
        with self._logging, self._threads.during(call.raised_elsewhere):
            try:
                in_time = worker.run(work, self._timeout)
            except BaseException:
                call.close()
                self._give_up(worker)
                raise
            outcome = call.close()
            if not in_time and not worker.cancel():
                self._give_up(worker)
        return outcome

    @override
    def late_events(self) -> Sequence[LateEvent]:
        if self._may_be_late or self._threads.any_alive or (self._worker is not None and self._worker.has_tasks):
            time.sleep(_LATE_SECONDS)
        self._may_be_late = False
        return [self._late.popleft() for _ in range(len(self._late))]

    @override
    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._end_workers()
        finally:
            give_back(self)

    def _open_again(self) -> "Worker":
        if self._is_made_here:
            return self._open("after a call ran out of time the database", partial(open_database, self._source))
        return self._open("the database", self._keep_database)

    def _keep_database(self, _: "Worker") -> object:
        return self._database

    def _open(self, what: str, make: "Callable[[Worker], object]") -> "Worker":
        from customdb_contract.bridges.python._worker import Worker  # noqa: PLC0415 - only who opens one needs asyncio

        worker = self._worker = Worker(self._interrupts, _report_of_current_call, self._raised_somewhere)
        problems: list[RecordedError] = []

        def work() -> None:
            worker.on_end.push(partial(self._note_closing, worker))
            try:
                self._database = make(worker)
                self._handlers = find_handlers(self._database, script_context=self._connection.script_context)
            except BaseException as error:  # noqa: BLE001 - also SystemExit says that there is no database
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
        if not self._is_made_here:
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
            _logger.warning("the database did not close within %g s", self._opening_timeout)
        elif problem is not None:
            _logger.warning("the database could not be closed: %s: %s", problem.name, problem.message)

    def _note_closing(
        self, worker: "Worker", _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        # What an interrupted thread does while it ends is nobody's problem.
        if error is not None and worker is self._worker:
            self._closing_problem = record_error(error, self._mask)
        return True

    def _raised_somewhere(self, error: BaseException) -> None:
        """Note an exception whose call is not known."""
        if self._last_call is not None:
            self._last_call.raised_elsewhere(error)


def _report_of_current_call() -> Callable[[BaseException], None] | None:
    call = CURRENT_CALL.get()
    return None if call is None else call.raised_elsewhere
