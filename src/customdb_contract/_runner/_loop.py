"""The event loop of the scripts. It is created when it is needed, and lasts as long as the process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._tasks import ScriptTasks, Settled, close_loop, enter

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["ScriptLoop"]

_Result = TypeVar("_Result")


class ScriptLoop:
    """An event loop that runs until an awaitable is done, and while the process waits for work.

    Args:
        tasks: Creates the loop.
    """

    def __init__(self, tasks: ScriptTasks) -> None:
        self._loop = tasks.new_loop()

    @property
    def is_closed(self) -> bool:
        """Whether a script has closed it, so that another one is needed."""
        return self._loop.is_closed()

    def complete(self, awaitable: Awaitable[_Result]) -> _Result:
        """Run the loop until something awaitable is done, and return its result.

        Args:
            awaitable: For example the return value of an async script.
        """
        settled = Settled(awaitable)
        task = self._loop.create_task(settled.wait())
        while not task.done() and not self._loop.is_closed():
            self._run(lambda: self._loop.run_until_complete(task))
        return cast("_Result", settled.result())

    async def wait_for_end(self, stirred: asyncio.Event, seconds: float | None) -> None:
        """Wait for an event.

        Args:
            stirred: The event.
            seconds: How long at most; None stands for no limit.
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
        """Run until a descriptor is readable: tasks that outlive their call go on.

        Args:
            descriptor: The descriptor.
        """
        self._loop.add_reader(descriptor, self._loop.stop)
        self._run(self._loop.run_forever)
        if not self._loop.is_closed():
            self._loop.remove_reader(descriptor)

    def idle(self, seconds: float) -> None:
        """Run for a while.

        Args:
            seconds: How long.
        """
        self._run(lambda: self._loop.run_until_complete(asyncio.sleep(seconds)))

    def hold(self, manager: Any) -> tuple[object, Callable[[], object]]:
        """Enter an async context manager.

        Args:
            manager: The context manager.

        Returns:
            Its value, and a function that leaves it.
        """
        return enter(manager, self._loop, self.complete)

    def close(self) -> None:
        """Cancel what still runs on the loop, and close it."""
        close_loop(self._loop)

    def _run(self, run: Callable[[], object]) -> None:
        """Run the loop; a script's task that ends with SystemExit or stops the loop doesn't end the process."""
        try:
            run()
        except BaseException:
            if self._loop.is_closed():
                raise


def _tell(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        return  # It is closed.
