"""Event loops for scripts, in whichever process they run, and what every task on them needs."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["Report", "ScriptTasks", "Settled", "close_loop", "enter"]

_Result = TypeVar("_Result")

Report = Callable[[BaseException], object]


class ScriptTasks:
    """Creates event loops, and reports each exception in one of their tasks to the right place.

    Args:
        report_of: Returns where exceptions of a task that is being created are reported.
        report: Takes an exception that belongs to no such task.
        ignored: Exceptions that are not reported.
    """

    def __init__(
        self, report_of: Callable[[], Report | None], report: Report, ignored: tuple[type[BaseException], ...] = ()
    ) -> None:
        self._report_of = report_of
        self._report = report
        self._ignored = ignored
        self._reports: WeakKeyDictionary[asyncio.Future[Any], Report] = WeakKeyDictionary()

    @property
    def pending(self) -> "frozenset[asyncio.Future[Any]]":
        """The tasks that calls have started and that are not done yet; any thread can read this."""
        tasks = (reference() for reference in self._reports.keyrefs())
        return frozenset(task for task in tasks if task is not None and not task.done())

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop whose tasks report their exceptions."""
        loop = asyncio.new_event_loop()
        loop.set_task_factory(self._create)
        loop.set_exception_handler(self._on_exception)
        return loop

    def _create(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, _Result] | Generator[Any, None, _Result],
        **keywords: Any,
    ) -> asyncio.Task[_Result]:
        task = asyncio.Task(coroutine, loop=loop, **keywords)
        report = self._report_of()
        if report is not None:
            self._reports[task] = report
        return task

    def _on_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        source = context.get("task") or context.get("future")
        if isinstance(error, BaseException) and not isinstance(error, self._ignored):
            report = self._reports.get(source) if source is not None else None
            (report or self._report)(error)


class Settled:
    """The end of a script's awaitable, awaited in a task that raises nothing: SystemExit would end its loop.

    Args:
        awaitable: For example the return value of an async script.
    """

    def __init__(self, awaitable: Awaitable[object]) -> None:
        self._awaitable = awaitable
        self._answers: list[Any] = []
        self._errors: list[BaseException] = []

    async def wait(self) -> None:
        """Await it; the task runs this."""
        try:
            self._answers.append(await self._awaitable)
        except BaseException as error:  # noqa: BLE001 - see above
            self._errors.append(error)

    def result(self) -> Any:
        """Return the result, or raise the exception.

        Raises:
            RuntimeError: When the task was cancelled before it began.
        """
        for error in self._errors:
            raise error
        if not self._answers:
            message = "the script cancelled the task that ran it"
            raise RuntimeError(message)
        return self._answers[0]


def enter(
    manager: Any, loop: asyncio.AbstractEventLoop, complete: Callable[[Awaitable[object]], object]
) -> tuple[object, Callable[[], object]]:
    """Enter an async context manager, in a task that also leaves it, as task groups and cancel scopes require.

    Args:
        manager: The context manager.
        loop: The loop.
        complete: Runs the loop until something is done, and returns its result.

    Returns:
        Its value, and a function that leaves it.
    """
    opened: asyncio.Future[object] = loop.create_future()
    closing = asyncio.Event()
    keeper = loop.create_task(_hold(manager, opened, closing))
    database = complete(opened)

    def leave() -> None:
        closing.set()
        complete(keeper)

    return database, leave


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what still runs on a loop, and close it.

    Args:
        loop: The loop.
    """
    runner = asyncio.Runner(loop_factory=lambda: loop)
    runner.get_loop()
    runner.close()


async def _hold(manager: Any, opened: asyncio.Future[object], closing: asyncio.Event) -> None:
    try:
        async with manager as database:
            opened.set_result(database)
            await closing.wait()
    except BaseException as error:
        if opened.done():
            raise
        opened.set_exception(error)
