"""The queries and writes on a database, on a connection that the caller manages."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    PoolProxiedConnection,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.types import NullType

from customdb_contract.databases._identifiers import can_be_stored, lowered, raised, same_identifier
from customdb_contract.databases._store import Account, Change, NewAccount, StoreError
from customdb_contract.databases.sql._fitting import Fitted
from customdb_contract.databases.sql._looking_up import LookUp
from customdb_contract.databases.sql._mapping import Copy, Flag, Join, Value
from customdb_contract.databases.sql._rows import Accounts, key_text

__all__ = ["Row", "Statements"]

_MOST_CANDIDATES: Final = 50
"""The most rows that a collation can match for an identifier; a value that matches more is not an identifier."""
_NUMBER: Final = re.compile("0|-?[1-9][0-9]{0,17}")
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Row = Mapping[str, Any]
_Connection = TypeVar("_Connection")


class Statements:
    """The statements for one mapping on one database, which are built once.

    Args:
        fitted: The mapping and its tables.
    """

    def __init__(self, fitted: Fitted) -> None:
        self._fitted = fitted
        self._users = fitted.users
        self._accounts = Accounts(fitted.users)
        self._read = tuple(fitted.users.read)
        self._by_identifier = [
            (name, fitted.users.folded_copy(name), LookUp(self._select(self._matches(name)), fitted.dialect))
            for name in fitted.users.identifiers
        ]
        key = fitted.columns[fitted.users.user_id]
        # An id can be longer than the column's type allows, and some drivers reject that.
        is_number = not isinstance(key.type, NullType) and issubclass(key.type.python_type, int)
        self._by_key = self._select(key == bindparam("key", type_=BigInteger() if is_number else key.type))

    def _select(self, condition: ColumnElement[bool]) -> "Select[*tuple[Any, ...]]":
        columns = [self._fitted.columns[name].label(f"c{place}") for place, name in enumerate(self._read)]
        scope = [self._fitted.columns[name] == value for name, value in self._users.scope.items()]
        # A literal number is not a parameter, but the dialect of SQL Server accepts only parameters.
        most = _MOST_CANDIDATES + 1
        limit = most if self._fitted.dialect.name == "mssql" else literal_column(str(most), Integer)
        return select(*columns).select_from(self._fitted.source).where(condition, *scope).limit(limit)

    def _matches(self, name: str) -> ColumnElement[bool]:
        copy = self._users.folded_copy(name)
        column = self._fitted.columns[name if copy is None else copy.column]
        identifier = bindparam("identifier", type_=column.type)
        is_plain = name in self._fitted.folding or self._users.lower_case or copy is not None
        return column == identifier if is_plain else func.lower(column) == func.lower(identifier)

    def find(self, connection: Connection, identifier: str) -> Row | None:
        """Return the row of a user: by e-mail, or else by username, or else by phone number.

        Raises:
            StoreError: If there are several.
        """
        return self._found(LookUp.rows, connection, identifier)

    def find_by_cursor(self, connection: PoolProxiedConnection, identifier: str) -> Row | None:
        """Return the same row by the cursor of the driver; errors are those of the driver."""
        return self._found(LookUp.rows_by_cursor, connection, identifier)

    def _found(
        self,
        ask: Callable[[LookUp, _Connection, str], Sequence[Sequence[Any]]],
        connection: _Connection,
        identifier: str,
    ) -> Row | None:
        for name, copy, look_up in self._by_identifier:
            asked = self._written(identifier) if copy is None else _copied(copy, identifier)
            rows = self._rows(partial(ask, look_up, connection, asked))
            # A row that the engine considers equal is only a candidate.
            rows = [row for row in rows if isinstance(row[name], str) and same_identifier(row[name], identifier)]
            if len(rows) > 1:
                keys = ", ".join(sorted({key_text(row[self._users.user_id]) for row in rows}))
                message = f"The user store has several rows for one {name}, with the keys {keys}"
                raise StoreError(message)
            if rows:
                return rows[0]
        return None

    def account(self, row: Row) -> Account:
        """Return the user of a row."""
        return self._accounts.of(row)

    def is_taken(self, connection: Connection, user: NewAccount) -> bool:
        """Return whether another user has one of a new user's identifiers.

        Raises:
            StoreError: If the store has no column for one of them.
        """
        self._check_columns(user)
        return any(self.find(connection, identifier) is not None for identifier in user.identifiers)

    def _check_columns(self, user: NewAccount) -> None:
        kept = {"email": self._users.email, "username": self._users.username, "phone_number": self._users.phone_number}
        given = {"email": user.email, "username": user.username, "phone_number": user.phone_number}
        for name, column in kept.items():
            if column is None and given[name] is not None:
                message = f"The user store has no column for {name}"
                raise StoreError(message)
            if column is not None and given[name] is None and not self._fitted.columns[column].nullable:
                message = f"The user store requires {name}"
                raise StoreError(message)

    def insert(self, connection: Connection, user: NewAccount) -> None:
        """Write a new user: the main row, then the rows of the joined tables."""
        users = self._users
        values: dict[str, object] = {**users.scope}
        values |= {name: value() if callable(value) else value for name, value in users.new_values.items()}
        given = {users.email: user.email, users.username: user.username, users.phone_number: user.phone_number}
        for name, text in given.items():
            if name is not None and text is not None:
                values |= self._identifier(name, text)
        values |= self._password(user.password)
        if users.email_verified is not None:
            values |= _flag(users.email_verified, is_true=False)
        main, *others = self._fitted.tables
        result = connection.execute(insert(main).values(self._of(main, values)))
        key = result.inserted_primary_key[0] if result.inserted_primary_key else None
        row = {self._key.name: key, **self._of(main, values)}
        joined = [
            (join.on, table, further)
            for join, table in zip(users.joins, others, strict=True)
            if (further := self._of(table, values))
        ]
        referred = {ours for on, _, _ in joined for ours in on.values()}
        row |= self._linked(connection, key, referred - row.keys())
        for on, table, further in joined:
            link = {theirs: row[ours] for theirs, ours in on.items()}
            connection.execute(insert(table).values({**link, **further}))

    def change(self, connection: Connection, row: Row, change: Change) -> bool:
        """Change the user of a row; return False if the user was removed, or another user has the new e-mail.

        Raises:
            StoreError: If the store has no column for it.
        """
        users = self._users
        values: dict[str, object] = {}
        if change.email is not None:
            holder = self.find(connection, change.email)
            if holder is not None and holder[users.user_id] != row[users.user_id]:
                return False
            values |= self._identifier(users.email, change.email)
        if users.email_verified is not None:
            values |= (
                {} if change.email_verified is None else _flag(users.email_verified, is_true=change.email_verified)
            )
        elif change.email is None and change.email_verified is not None:
            message = "The user store has no column for email_verified"
            raise StoreError(message)
        if change.password is not None:
            values |= self._password(change.password)
        return self._update(connection, row[users.user_id], values)

    def _update(self, connection: Connection, key: object, values: Mapping[str, object]) -> bool:
        for table, rows in self._rows_of(connection, key):
            changed = self._of(table, values)
            if changed and connection.execute(update(table).where(*rows).values(changed)).rowcount == 0:
                return False
        return True

    def find_key(self, connection: Connection, user_id: str) -> Any:
        """Return the key of an id, as it is in the store, or None."""
        # NULL equals no key, but the query still runs: an unreachable store must fail, and not report a missing user.
        asked = self._key_of(user_id)
        rows = self._rows(lambda: connection.execute(self._by_key, {"key": asked}).all())
        keys = (row[self._users.user_id] for row in rows)
        return next((key for key in keys if self._users.user_id_prefix + key_text(key) == user_id), None)

    def delete(self, connection: Connection, key: object) -> None:
        """Remove the rows of a user."""
        owned = list(zip(self._users.owned, self._fitted.owned, strict=True))
        for table, rows in reversed(self._rows_of(connection, key, owned)):
            connection.execute(delete(table).where(*rows))

    @property
    def _key(self) -> "Column[Any]":
        return self._fitted.columns[self._users.user_id]

    def _rows_of(
        self, connection: Connection, key: object, owned: "Sequence[tuple[Join, Table]]" = ()
    ) -> "list[tuple[Table, list[ColumnElement[bool]]]]":
        """Return the tables with the conditions on a user's rows: the main table, then the joined ones, then others."""
        main, *others = self._fitted.tables
        further = [*zip(self._users.joins, others, strict=True), *owned]
        known = {self._key.name: key}
        referred = {ours for join, _ in further for ours in join.on.values()}
        known |= self._linked(connection, key, referred - known.keys())
        joined = [
            (table, [table.columns[theirs] == known[ours] for theirs, ours in join.on.items()])
            for join, table in further
        ]
        return [(main, [self._key == key]), *joined]

    def _linked(self, connection: Connection, key: object, names: Collection[str]) -> Mapping[str, Any]:
        """Return the values of a user's main row in the columns that other tables refer to."""
        if not names:
            return {}
        columns = self._fitted.tables[0].columns
        found = connection.execute(select(*(columns[name] for name in names)).where(self._key == key))
        return dict(found.mappings().one())

    def _key_of(self, user_id: str) -> object:
        """Return the key of an id, or None if it is not valid; engines would read `7 or so` as 7."""
        text = user_id.removeprefix(self._users.user_id_prefix)
        if self._users.user_id_prefix + text != user_id or not can_be_stored(text):
            return None
        kind = str if isinstance(self._key.type, NullType) else self._key.type.python_type
        if kind is str:
            return text
        if kind is UUID:
            return UUID(text) if _UUID.fullmatch(text) else None
        return kind(text) if _NUMBER.fullmatch(text) else None

    def _rows(self, ask: Callable[[], Sequence[Sequence[Any]]]) -> list[Row]:
        try:
            found = ask()
        except (ArithmeticError, TypeError, ValueError):
            # SQLite stores any value in any column.
            message = "A row of the user store has a value that is not of its column's type"
            raise StoreError(message) from None
        if len(found) > _MOST_CANDIDATES:
            message = "The user store has too many rows for one identifier"
            raise StoreError(message)
        return [dict(zip(self._read, row, strict=True)) for row in found]

    def _written(self, identifier: str) -> str:
        return lowered(identifier) if self._users.lower_case else identifier

    def _password(self, stored: str) -> dict[str, object]:
        column = self._fitted.columns[self._users.password]
        is_binary = not isinstance(column.type, NullType) and column.type.python_type is bytes
        password: dict[str, object] = {self._users.password: stored.encode() if is_binary else stored}
        if self._users.salt is None:
            return password
        return {**password, self._users.salt: None if self._fitted.columns[self._users.salt].nullable else ""}

    def _identifier(self, name: str, text: str) -> dict[str, object]:
        copies = {copy.column: _copied(copy, self._written(text)) for copy in self._users.copies if copy.of == name}
        return {name: self._written(text), **copies}

    def _of(self, table: Table, values: Mapping[str, object]) -> dict[str, object]:
        """Return the values of one table, by column name."""
        columns = {name: self._fitted.columns[name] for name in values}
        return {column.name: _held(column, values[name]) for name, column in columns.items() if column.table is table}


def _held(column: "Column[Any]", value: object) -> object:
    """Return a value in the form that a column accepts: not every engine has a type for UUIDs."""
    is_text = isinstance(value, UUID) and not isinstance(column.type, NullType) and column.type.python_type is str
    return str(value) if is_text else value


def _copied(copy: Copy, identifier: str) -> str:
    if copy.case == "kept":
        return identifier
    return raised(identifier) if copy.case == "upper" else lowered(identifier)


def _flag(value: Value, *, is_true: bool) -> dict[str, object]:
    flag = value if isinstance(value, Flag) else Flag(value)
    return {flag.column: flag.true if is_true else flag.false}
