"""Custom databases over SQL: synchronous, and for coroutines."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Self

from sqlalchemy import URL, Connection  # `URL` is quoted in signatures: pyright --verifytypes knows it only then

from customdb_contract.databases._store import Account, Change, NewAccount, StoreError
from customdb_contract.databases._styles import AsyncDatabase, SyncDatabase, finished
from customdb_contract.databases.sql._engines import async_engine, sync_engine
from customdb_contract.databases.sql._fitting import fit
from customdb_contract.databases.sql._mapping import SqlUsers
from customdb_contract.databases.sql._statements import Statements
from customdb_contract.databases.sql._transactions import (
    AsyncTransactions,
    SyncTransactions,
    TakenError,
    Transactions,
    UnfitValueError,
)
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import Passwords

__all__ = ["AsyncSqlDatabase", "SqlDatabase"]

_LOG: Final = logging.getLogger("customdb_contract.databases")
_TIMEOUT: Final = 5.0
_CONNECTIONS: Final = 10


class _SqlStore:
    """The users of a SQL database, for both kinds of engine."""

    def __init__(self, transactions: Transactions, users: SqlUsers) -> None:
        self._transactions = transactions
        self._users = users
        self._statements: Statements | None = None
        self.notes: tuple[str, ...] = ()

    async def prepare(self) -> Statements:
        """Bind the mapping to the tables, the first time the store is reached."""
        if self._statements is None:
            fitted = await self._transactions.read(lambda connection: fit(connection, self._users))
            # Several calls can inspect the tables at the same time; the notes are logged once.
            if not self.notes:
                for note in fitted.notes:
                    _LOG.warning("%s", note)
            self._statements, self.notes = Statements(fitted), fitted.notes
        return self._statements

    async def _prepared(self) -> Statements:
        try:
            return self._statements or await self.prepare()
        except ConfigurationError as error:
            _LOG.error("the mapping does not fit: %s", error)
            message = "The user store does not have the tables and columns it should have"
            raise StoreError(message) from None

    async def find(self, identifier: str) -> Account | None:
        statements = await self._prepared()
        try:
            row = await self._transactions.look_up(
                lambda connection: statements.find_by_cursor(connection, identifier),
                lambda connection: statements.find(connection, identifier),
            )
        except UnfitValueError:
            # A value that a column cannot hold is not in it.
            return None
        return None if row is None else statements.account(row)

    async def insert(self, user: NewAccount) -> bool:
        statements = await self._prepared()

        def add(connection: Connection) -> bool:
            if statements.is_taken(connection, user):
                return False
            statements.insert(connection, user)
            return True

        return await self._untaken(add)

    async def change(self, identifier: str, change: Change) -> bool:
        statements = await self._prepared()

        def apply(connection: Connection) -> bool:
            row = statements.find(connection, identifier)
            return row is not None and statements.change(connection, row, change)

        return await self._untaken(apply)

    async def _untaken(self, work: Callable[[Connection], bool]) -> bool:
        try:
            return await self._transactions.write(work)
        except TakenError:
            # Another call was faster, or the index treats more values as equal than a look-up does.
            return False

    async def delete(self, user_id: str) -> None:
        statements = await self._prepared()

        def remove(connection: Connection) -> None:
            key = statements.find_key(connection, user_id)
            if key is not None:
                statements.delete(connection, key)

        await self._transactions.write(remove)


class SqlDatabase(SyncDatabase):
    """A custom database over SQL: PostgreSQL, MySQL, MariaDB, SQL Server or SQLite, by SQLAlchemy's dialects.

    It can be called from several threads. `close` it, or use it as a context manager.

    Args:
        url: The address of the database, such as `postgresql+psycopg://user:password@host/name`.
        users: The tables and columns.
        passwords: The formats of the stored passwords, and the format of new passwords.
        timeout: Seconds that each of these can take: waiting for a free connection, connecting, and all statements of a
            script. Auth0 ends a script after 20 seconds
            (https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts).
        connections: The most connections that can be open at once.
        connect_args: Further arguments of the driver, for example for TLS.

    Attributes:
        notes: Remarks about the tables: collations that ignore case or accents, missing indexes. They are also logged
            as warnings.

    Raises:
        ConfigurationError: If the address can't be used, or the mapping doesn't fit the database. If the database
            is unreachable, the mapping is checked later, and the scripts fail until then.
    """

    def __init__(
        self,
        url: "str | URL",
        users: SqlUsers,
        passwords: Passwords | None = None,
        *,
        timeout: float = _TIMEOUT,
        connections: int = _CONNECTIONS,
        connect_args: Mapping[str, object] | None = None,
    ) -> None:
        self._engine = sync_engine(url, timeout=timeout, connections=connections, connect_args=connect_args or {})
        self._store = _SqlStore(SyncTransactions(self._engine, timeout), users)
        super().__init__(self._store, Passwords() if passwords is None else passwords)
        try:
            with suppress(StoreError):
                finished(self._store.prepare())
        except ConfigurationError:
            self.close()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks about the tables."""
        return self._store.notes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


class AsyncSqlDatabase(AsyncDatabase):
    """`SqlDatabase` for coroutines, by the drivers psycopg, asyncmy, aiomysql and aiosqlite, among others.

    It belongs to one event loop. The mapping is checked when you enter it as a context manager, or by the first call.
    A script ends after `timeout` seconds, not counting the work on the password.

    Args:
        url: The address of the database, such as `postgresql+psycopg://user:password@host/name`.
        users: As for `SqlDatabase`; the same applies to all other arguments.
        passwords: The formats of the stored passwords, and the format of new passwords.
        timeout: Seconds that the store can take for one script.
        connections: The most connections that can be open at once.
        connect_args: Further arguments of the driver.

    Attributes:
        notes: Remarks about the tables; empty until the mapping is checked.

    Raises:
        ConfigurationError: If the address can't be used; on entering it, if the mapping doesn't fit.
    """

    def __init__(
        self,
        url: "str | URL",
        users: SqlUsers,
        passwords: Passwords | None = None,
        *,
        timeout: float = _TIMEOUT,
        connections: int = _CONNECTIONS,
        connect_args: Mapping[str, object] | None = None,
    ) -> None:
        self._engine = async_engine(url, timeout=timeout, connections=connections, connect_args=connect_args or {})
        self._store = _SqlStore(AsyncTransactions(self._engine, timeout), users)
        super().__init__(self._store, Passwords() if passwords is None else passwords)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks about the tables."""
        return self._store.notes

    async def __aenter__(self) -> Self:
        try:
            with suppress(StoreError):
                await self._store.prepare()
        except ConfigurationError:
            await self.close()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
