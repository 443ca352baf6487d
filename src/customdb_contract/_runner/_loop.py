"""The event loop of the scripts. It is made when something needs it, and lasts as long as the process."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["ScriptLoop"]

_Result = TypeVar("_Result")
_Report = Callable[[BaseException], object]


class ScriptLoop:
    """An event loop that runs while something awaitable is completed, and while the process waits for work.

    Args:
        report_of: Returns who is told of an exception in a task that is being created.
        report: Is told of an exception that belongs to no such task.
    """

    def __init__(self, report_of: Callable[[], _Report | None], report: _Report) -> None:
        self._report_of = report_of
        self._report = report
        self._reports: WeakKeyDictionary[object, _Report] = WeakKeyDictionary()
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(self._create_task)
        self._loop.set_exception_handler(self._on_exception)

    @property
    def is_closed(self) -> bool:
        """Whether a script has closed it, so that another one is needed."""
        return self._loop.is_closed()

    def complete(self, awaitable: Awaitable[_Result]) -> _Result:
        """Run the loop until something awaitable is done, and return its result.

        Args:
            awaitable: For example what an async script returned.
        """
        answers: list[_Result] = []
        errors: list[BaseException] = []
        task = self._loop.create_task(_wait(awaitable, answers, errors))
        while not task.done() and not self._loop.is_closed():
            self._run(lambda: self._loop.run_until_complete(task))
        for error in errors:
            raise error
        if not answers:
            message = "the script has cancelled the task that ran it"
            raise RuntimeError(message)
        return answers[0]

    async def wait_for_end(self, stirred: asyncio.Event, seconds: float | None) -> None:
        """Wait for an event.

        Args:
            stirred: The event.
            seconds: How long at the most; None stands for ever.
        """
        try:
            await asyncio.wait_for(stirred.wait(), seconds)
        except TimeoutError:
            return

    def event(self) -> tuple[asyncio.Event, Callable[[], object]]:
        """Return an event, and a function that sets it from any thread."""
        event, loop = asyncio.Event(), self._loop
        return event, lambda: _tell(loop, event.set)

    async def tick(self) -> None:
        """Let everything on the loop that is ready have its turn."""
        await asyncio.sleep(0)

    def idle_until_readable(self, descriptor: int) -> None:
        """Run until a descriptor can be read from: tasks that outlive their call go on.

        Args:
            descriptor: The descriptor.
        """
        self._loop.add_reader(descriptor, self._loop.stop)
        self._run(self._loop.run_forever)
        if not self._loop.is_closed():
            self._loop.remove_reader(descriptor)

    def hold(self, manager: Any) -> tuple[object, Callable[[], object]]:
        """Enter an async context manager, in a task that will also leave it, as task groups and cancel scopes demand.

        Args:
            manager: The context manager.

        Returns:
            What it gives, and a function that leaves it.
        """
        opened: asyncio.Future[object] = self._loop.create_future()
        closing = asyncio.Event()
        keeper = self._loop.create_task(_hold(manager, opened, closing))
        database = self.complete(opened)

        def leave() -> None:
            closing.set()
            self.complete(keeper)

        return database, leave

    def close(self) -> None:
        """Cancel what still runs on the loop, and close it."""
        runner = asyncio.Runner(loop_factory=lambda: self._loop)
        runner.get_loop()
        runner.close()

    def _run(self, run: Callable[[], object]) -> None:
        """Run the loop; a task of a script that ends with SystemExit or stops the loop doesn't end the process."""
        try:
            run()
        except BaseException:
            if self._loop.is_closed():
                raise

    def _create_task(
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
        if isinstance(error, BaseException):
            report = self._reports.get(source) if source is not None else None
            (report or self._report)(error)


def _tell(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        return  # It is closed.


async def _wait(awaitable: Awaitable[_Result], answers: list[_Result], errors: list[BaseException]) -> None:
    try:
        answers.append(await awaitable)
    except BaseException as error:  # noqa: BLE001 - a task that raises SystemExit would end its loop as well
        errors.append(error)


async def _hold(manager: Any, opened: asyncio.Future[object], closing: asyncio.Event) -> None:
    try:
        async with manager as database:
            opened.set_result(database)
            await closing.wait()
    except BaseException as error:
        if opened.done():
            raise
        opened.set_exception(error)
