"""Opening a database: calling the function that makes it, and entering its context manager."""

import inspect
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, cast

from customdb_contract.contract import Script

if TYPE_CHECKING:
    import asyncio

    from customdb_contract.bridges.python._worker import Worker

__all__ = ["is_factory", "open_database"]


def is_factory(database: object) -> bool:
    """Tell whether this is something that makes a database, and not one itself.

    Args:
        database: What the caller gave.

    Returns:
        True for a class, and for anything else that can be called, has none of the scripts and is no context manager.
    """
    if inspect.isclass(database):
        return True
    if not callable(database) or _is_context_manager(database):
        return False
    return not any(callable(getattr(database, script.value, None)) for script in Script)


def open_database(database: object, worker: "Worker") -> object:
    """Return the database, opened; it is closed when the worker ends. This runs on the worker's thread.

    Args:
        database: The database, or a function that makes it, or a context manager that gives it.
        worker: Where it lives.
    """
    opened = cast("Callable[[], object]", database)() if is_factory(database) else database
    if inspect.isawaitable(opened):
        opened = worker.complete(opened)
    if _has(opened, "__aenter__"):
        return _enter_async(cast("AbstractAsyncContextManager[object]", opened), worker)
    if _is_context_manager(opened):
        return worker.on_end.enter_context(cast("AbstractContextManager[object]", opened))
    return opened


def _is_context_manager(database: object) -> bool:
    return _has(database, "__enter__") or _has(database, "__aenter__")


def _has(database: object, name: str) -> bool:
    kind: type[object] = type(database)
    return hasattr(kind, name)


def _enter_async(manager: AbstractAsyncContextManager[object], worker: "Worker") -> object:
    """Enter an async context manager in a task that will also leave it, as task groups and cancel scopes demand."""
    opened: asyncio.Future[object] = worker.loop.create_future()
    closing = worker.event()
    keeper = worker.loop.create_task(_hold(manager, opened, closing))
    database = worker.complete(opened)

    def leave() -> None:
        closing.set()
        worker.complete(keeper)

    worker.on_end.callback(leave)
    return database


async def _hold(
    manager: AbstractAsyncContextManager[object], opened: "asyncio.Future[object]", closing: "asyncio.Event"
) -> None:
    try:
        async with manager as database:
            opened.set_result(database)
            await closing.wait()
    except BaseException as error:
        if opened.done():
            raise
        opened.set_exception(error)
