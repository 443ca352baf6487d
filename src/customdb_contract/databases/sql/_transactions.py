"""Running statements on an engine: in time, all or none of them, and again where the connection was dead."""

import asyncio
import logging
import time
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Final, Generic, Literal, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from customdb_contract.databases._store import StoreError

__all__ = ["AsyncTransactions", "SyncTransactions", "TakenError", "Transactions", "UnfitValueError"]

_Seen = TypeVar("_Seen")
_Result = TypeVar("_Result")

_LOG: Final = logging.getLogger("customdb_contract.databases")
_UNIQUE_VIOLATIONS: Final = frozenset(
    {"23505", 1062, 2601, 2627, "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
)
"""By PostgreSQL's SQLSTATE, by the numbers of MySQL and SQL Server, by SQLite's names.

Sources: <https://www.postgresql.org/docs/current/errcodes-appendix.html>,
<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>,
<https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>,
<https://www.sqlite.org/rescode.html>.
"""
_GRACE: Final = 0.5
"""Seconds that a driver has to end by itself before it is cancelled."""


class TakenError(StoreError):
    """A unique index has the value already."""


class UnfitValueError(StoreError):
    """A column cannot hold a value."""


class Transactions(Protocol):
    """A way to run statements. What fails raises `StoreError`."""

    async def read(self, look: Callable[[Connection], _Result]) -> _Result:
        """Run statements that write nothing."""
        ...

    async def write(self, look: Callable[[Connection], _Seen], act: Callable[[Connection, _Seen], _Result]) -> _Result:
        """Run statements in one transaction.

        Args:
            look: Reads, and may be called again.
            act: Writes, and is called once.
        """
        ...


class SyncTransactions:
    """Statements on a plain engine; nothing of it waits for an event loop.

    Args:
        engine: The engine.
        timeout: Seconds that a call may take.
    """

    def __init__(self, engine: Engine, timeout: float) -> None:
        self._engine = engine
        self._writing = engine.execution_options(isolation_level=_isolation(engine))
        self._timeout = timeout

    async def read(self, look: Callable[[Connection], _Result]) -> _Result:
        """Run statements that write nothing."""
        return self._run(self._engine.connect, look, _seen)

    async def write(self, look: Callable[[Connection], _Seen], act: Callable[[Connection, _Seen], _Result]) -> _Result:
        """Run statements in one transaction."""
        return self._run(self._writing.begin, look, act)

    def _run(
        self,
        begin: Callable[[], AbstractContextManager[Connection]],
        look: Callable[[Connection], _Seen],
        act: Callable[[Connection, _Seen], _Result],
    ) -> _Result:
        with _translated():
            attempt = _Attempt(look, act, self._timeout)
            try:
                with begin() as connection:
                    return attempt(connection)
            except DBAPIError as error:
                if not attempt.may_be_repeated(error):
                    raise
            with begin() as connection:
                return attempt(connection)


class AsyncTransactions:
    """Statements on an engine for coroutines.

    Args:
        engine: The engine.
        timeout: Seconds that a call may take.
    """

    def __init__(self, engine: AsyncEngine, timeout: float) -> None:
        self._engine = engine
        self._writing = engine.execution_options(isolation_level=_isolation(engine.sync_engine))
        self._timeout = timeout

    async def read(self, look: Callable[[Connection], _Result]) -> _Result:
        """Run statements that write nothing."""
        return await self._run(self._engine.connect, look, _seen)

    async def write(self, look: Callable[[Connection], _Seen], act: Callable[[Connection, _Seen], _Result]) -> _Result:
        """Run statements in one transaction."""
        return await self._run(self._writing.begin, look, act)

    async def _run(
        self,
        begin: Callable[[], AbstractAsyncContextManager[AsyncConnection]],
        look: Callable[[Connection], _Seen],
        act: Callable[[Connection, _Seen], _Result],
    ) -> _Result:
        with _translated():
            async with asyncio.timeout(self._timeout + _GRACE):
                attempt = _Attempt(look, act, self._timeout)
                try:
                    async with begin() as connection:
                        return await connection.run_sync(attempt)
                except DBAPIError as error:
                    if not attempt.may_be_repeated(error):
                        raise
                async with begin() as connection:
                    return await connection.run_sync(attempt)


class _Attempt(Generic[_Seen, _Result]):
    """The statements of one call, which may be repeated as long as none was written."""

    def __init__(
        self, look: Callable[[Connection], _Seen], act: Callable[[Connection, _Seen], _Result], timeout: float
    ) -> None:
        self._look = look
        self._act = act
        self._acted = False
        # A server that took that long is not one that was restarted meanwhile.
        self._latest = time.monotonic() + timeout / 2

    def __call__(self, connection: Connection) -> _Result:
        seen = self._look(connection)
        self._acted = True
        return self._act(connection, seen)

    def may_be_repeated(self, error: DBAPIError) -> bool:
        """Tell whether the connection was dead before anything was written; the engine has let go of all of them."""
        return error.connection_invalidated and not self._acted and time.monotonic() < self._latest


def _seen(_connection: Connection, seen: _Seen) -> _Seen:
    return seen


def _isolation(engine: Engine) -> Literal["SERIALIZABLE", "READ COMMITTED"]:
    return "SERIALIZABLE" if engine.dialect.name == "sqlite" else "READ COMMITTED"


@contextmanager
def _translated() -> Generator[None]:
    """Turn every failure into one that shows nothing of the driver; the log has its class and code."""
    try:
        yield
    except IntegrityError as error:
        if _code(error) in _UNIQUE_VIOLATIONS:
            raise TakenError from None
        _note(error)
        message = "The user store does not accept this user"
        raise StoreError(message) from None
    except DataError as error:
        _note(error)
        message = "The user store cannot hold one of the values"
        raise UnfitValueError(message) from None
    except (SQLAlchemyError, OSError) as error:
        _note(error)
        raise StoreError from None


def _note(error: Exception) -> None:
    kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    _LOG.error("the user store failed: %s, code %s", kind, _code(error))


def _code(error: Exception) -> object:
    driver = error.orig if isinstance(error, DBAPIError) else None
    named = (getattr(driver, name, None) for name in ("sqlstate", "sqlite_errorname"))
    numbers = (argument for argument in getattr(driver, "args", ())[:1] if isinstance(argument, int))
    return next((code for code in (*named, *numbers) if code is not None), None)
