"""Runs statements on an engine within a time limit, in transactions, and again if the connection was dead."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeVar

from sqlalchemy import Connection, Engine, PoolProxiedConnection, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from customdb_contract.databases._store import StoreError

__all__ = ["AsyncTransactions", "SyncTransactions", "TakenError", "Transactions", "UnfitValueError"]

_Result = TypeVar("_Result")

_LOG: Final = logging.getLogger("customdb_contract.databases")
_UNIQUE_VIOLATIONS: Final = frozenset(
    {"23505", 1062, 2601, 2627, "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
)
"""Codes of errors: the SQLSTATE of PostgreSQL, the numbers of MySQL and SQL Server, the names of SQLite.

Sources: <https://www.postgresql.org/docs/current/errcodes-appendix.html>,
<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>,
<https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>,
<https://www.sqlite.org/rescode.html>.
"""
_BY_CURSOR: Final = frozenset({"postgresql", "mysql", "mariadb"})
"""Servers whose look-ups run on the connection of the driver, because SQLAlchemy's overhead takes longer.

Statements for SQL Server are complete only if SQLAlchemy runs them, and SQLite sends no messages.
"""
_OTHER_CHARACTERS: Final = 1267
"""The error of MySQL if a column is compared with letters that its character set does not have."""
_GRACE: Final = 0.5
"""Seconds that a driver has to end on its own before it is cancelled."""


class TakenError(StoreError):
    """A unique index already contains the value."""


class UnfitValueError(StoreError):
    """A column cannot hold a value."""


class Transactions(Protocol):
    """A way to run statements. Failures raise `StoreError`."""

    async def read(self, look: Callable[[Connection], _Result]) -> _Result:
        """Run statements that write nothing."""
        ...

    async def look_up(
        self, ask: Callable[[PoolProxiedConnection], _Result], look: Callable[[Connection], _Result]
    ) -> _Result:
        """Run statements that write nothing on the connection of the driver, or else as `read` does."""
        ...

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run statements in one transaction."""
        ...


class SyncTransactions:
    """Runs statements on a synchronous engine; it never waits for an event loop.

    Args:
        engine: The engine.
        timeout: Seconds that a call can take.
    """

    def __init__(self, engine: Engine, timeout: float) -> None:
        self._engine = engine
        self._writing = engine.execution_options(isolation_level=_isolation(engine))
        self._translated = _Translation(engine)
        self._looks_by_cursor = engine.dialect.name in _BY_CURSOR
        self._timeout = timeout

    async def read(self, look: Callable[[Connection], _Result]) -> _Result:
        """Run statements that write nothing."""
        return self._read(look, time.monotonic() + self._timeout / 2)

    async def look_up(
        self, ask: Callable[[PoolProxiedConnection], _Result], look: Callable[[Connection], _Result]
    ) -> _Result:
        """Run statements that write nothing on the connection of the driver, or else as `read` does."""
        latest = time.monotonic() + self._timeout / 2
        if self._looks_by_cursor:
            with self._translated:
                try:
                    connection = self._engine.raw_connection()
                    try:
                        return ask(connection)
                    finally:
                        connection.close()
                except self._engine.dialect.loaded_dbapi.Error:
                    # SQLAlchemy classifies the error, and drops all connections if one is dead.
                    if time.monotonic() >= latest:
                        raise
        return self._read(look, latest)

    def _read(self, look: Callable[[Connection], _Result], latest: float) -> _Result:
        with self._translated:
            try:
                with self._engine.connect() as connection:
                    return look(connection)
            except DBAPIError as error:
                if not _was_dead(error, latest):
                    raise
            with self._engine.connect() as connection:
                return look(connection)

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run statements in one transaction."""
        await self.read(_ping)
        with self._translated, self._writing.begin() as connection:
            return work(connection)


class AsyncTransactions:
    """Runs statements on an engine for coroutines.

    Args:
        engine: The engine.
        timeout: Seconds that a call can take.
    """

    def __init__(self, engine: AsyncEngine, timeout: float) -> None:
        self._engine = engine
        self._writing = engine.execution_options(isolation_level=_isolation(engine.sync_engine))
        self._translated = _Translation(engine.sync_engine)
        self._timeout = timeout

    async def read(self, look: Callable[[Connection], _Result]) -> _Result:
        """Run statements that write nothing."""
        latest = time.monotonic() + self._timeout / 2
        with self._translated:
            async with asyncio.timeout(self._timeout + _GRACE):
                try:
                    async with self._engine.connect() as connection:
                        return await connection.run_sync(look)
                except DBAPIError as error:
                    if not _was_dead(error, latest):
                        raise
                async with self._engine.connect() as connection:
                    return await connection.run_sync(look)

    async def look_up(
        self, ask: Callable[[PoolProxiedConnection], _Result], look: Callable[[Connection], _Result]
    ) -> _Result:
        """Run statements that write nothing on the connection of the driver, or else as `read` does."""
        dialect = self._engine.dialect

        def look_quickly(connection: Connection) -> _Result:
            try:
                return ask(connection.connection)
            except dialect.loaded_dbapi.Error:
                return look(connection)

        return await self.read(look_quickly if dialect.name in _BY_CURSOR else look)

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run statements in one transaction."""
        await self.read(_ping)
        with self._translated:
            async with asyncio.timeout(self._timeout + _GRACE), self._writing.begin() as connection:
                return await connection.run_sync(work)


def _ping(connection: Connection) -> None:
    """Check whether the connections of the pool are alive, before anything is written on one."""
    connection.execute(select(1))


def _was_dead(error: DBAPIError, latest: float) -> bool:
    """Return whether a connection was already dead, in which case the engine has dropped all of them.

    Args:
        error: The error of a statement.
        latest: The time by `time.monotonic` after which the cause is a server that does not answer.
    """
    return error.connection_invalidated and time.monotonic() < latest


def _isolation(engine: Engine) -> Literal["SERIALIZABLE", "READ COMMITTED"]:
    return "SERIALIZABLE" if engine.dialect.name == "sqlite" else "READ COMMITTED"


class _Translation:
    """Converts every failure to one without details of the driver; the log contains its class and codes.

    Args:
        engine: The engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        # SQLAlchemy does not translate errors while a driver starts a transaction.
        if not isinstance(error, SQLAlchemyError | OSError | self._engine.dialect.loaded_dbapi.Error):
            return
        driver = error.orig if isinstance(error, DBAPIError) else error
        codes = _codes(driver)
        if isinstance(error, IntegrityError) and _UNIQUE_VIOLATIONS.intersection(codes):
            raise TakenError from None
        _LOG.error("the user store failed: %s, codes %s", type(driver).__name__, codes)
        raise _kind_of(error, codes) from None


def _kind_of(error: Exception, codes: tuple[object, ...]) -> StoreError:
    if isinstance(error, DataError) or _OTHER_CHARACTERS in codes:
        message = "The user store cannot hold one of the values"
        return UnfitValueError(message)
    if isinstance(error, IntegrityError):
        message = "The user store does not accept this user"
        return StoreError(message)
    return StoreError()


def _codes(driver: BaseException | None) -> tuple[object, ...]:
    """Return the codes of an error: numbers and names, but no texts, because these can contain values."""
    named = (getattr(driver, name, None) for name in ("sqlstate", "sqlite_errorname"))
    numbers = (argument for argument in getattr(driver, "args", ())[:1] if isinstance(argument, int))
    return tuple(code for code in (*named, *numbers) if code is not None)
