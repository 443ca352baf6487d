"""Checks whether a mapping fits a database, and reads the types, collations and indexes of that database."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from attrs import evolve, field, frozen
from sqlalchemy import (
    Column,
    ColumnClause,
    Connection,
    Dialect,
    FetchedValue,
    Inspector,
    Join,
    MetaData,
    Table,
    and_,
    false,
    func,
    inspect,
    literal_column,
    select,
    text,
    union_all,
)
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import NullType, TypeEngine

from customdb_contract.databases.sql._mapping import Lookup, SqlUsers
from customdb_contract.errors import ConfigurationError

__all__ = ["Fitted", "fit"]

_KEYS: Final = (int, str, UUID, Decimal)


@frozen
class Fitted:
    """A mapping, bound to the tables of one database.

    Args:
        users: The mapping, with all look-ups replaced by their values.
        dialect: The dialect of the database.
        tables: The main table, followed by the joined ones.
        owned: The tables whose rows are removed with a user.
        columns: The columns, by their names in the mapping.
        source: The joined tables.
        folding: The identifiers whose collation ignores case.
        notes: Remarks about the tables.
    """

    users: SqlUsers
    dialect: Dialect
    tables: Sequence[Table]
    owned: Sequence[Table]
    columns: "Mapping[str, Column[Any]]" = field(hash=False)
    source: "Table | Join"
    folding: frozenset[str]
    notes: tuple[str, ...]


def fit(connection: Connection, users: SqlUsers) -> Fitted:
    """Bind a mapping to the tables of a database.

    Raises:
        ConfigurationError: If a table or a column is missing, or the type of the key does not fit an id.
    """
    with warnings.catch_warnings():
        # Types that SQLAlchemy doesn't know are in columns that are never read.
        warnings.simplefilter("ignore", SAWarning)
        inspector = inspect(connection)
        main = _table(inspector, users.table, users)
        tables = [main, *(_table(inspector, join.table) for join in users.joins)]
        owned = [_table(inspector, join.table) for join in users.owned]
        for join, table in zip(users.owned, owned, strict=True):
            _linked(table, join.on, main)
        columns = {name: _column(users, tables, name) for name in (*users.read, *users.written)}
        _check_key(columns[users.user_id], users.user_id)
        users = evolve(
            users,
            scope=_looked_up(connection, inspector, users.scope),
            new_values=_looked_up(connection, inspector, users.new_values),
        )
        asked = {name: columns[_asked(users, name)] for name in users.identifiers}
        foldings = {name: _Folding.of(connection, column) for name, column in asked.items()}
        notes = [
            *(note for name, folding in foldings.items() for note in folding.notes(name)),
            *_index_notes(connection, inspector, users, key=columns[users.user_id], asked=asked, foldings=foldings),
        ]
    return Fitted(
        users=users,
        dialect=connection.dialect,
        tables=tables,
        owned=owned,
        columns=columns,
        source=_joined(users, tables),
        folding=frozenset(name for name, folding in foldings.items() if folding.case),
        notes=tuple(notes),
    )


def _asked(users: SqlUsers, identifier: str) -> str:
    """Return the column that look-ups by an identifier compare."""
    copy = users.folded_copy(identifier)
    return identifier if copy is None else copy.column


def _looked_up(connection: Connection, inspector: Inspector, values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _found(connection, inspector, value) if isinstance(value, Lookup) else value
        for name, value in values.items()
    }


def _found(connection: Connection, inspector: Inspector, lookup: Lookup) -> object:
    table = _table(inspector, lookup.table)
    conditions = [_column_in(table, name) == value for name, value in lookup.where.items()]
    found = connection.scalars(select(_column_in(table, lookup.column)).where(*conditions)).all()
    if len(found) != 1:
        where = " and ".join(f"{name} {value!r}" for name, value in lookup.where.items())
        message = f"the table {lookup.table} has {len(found) or 'no'} rows with {where}, expected one"
        raise ConfigurationError(message)
    return found[0]


def _table(inspector: Inspector, name: str, users: SqlUsers | None = None) -> Table:
    """Return a table as it is in the database.

    Args:
        inspector: The inspector of the database.
        name: The name of the table.
        users: The mapping, if this is its main table, whose key an INSERT returns.
    """
    schema, _, plain = name.rpartition(".")
    if not inspector.has_table(plain, schema or None):
        message = f"the database has no table {name}: compare `table`, `joins` and `owned` with its schema"
        raise ConfigurationError(message)
    found = inspector.get_columns(plain, schema or None)
    columns = [
        _key(column["name"], column["type"], is_given=column["name"] in users.new_values)
        if users is not None and column["name"] == users.user_id
        else Column(column["name"], column["type"], nullable=column["nullable"])
        for column in found
    ]
    return Table(plain, MetaData(), *columns, schema=schema or None)


def _key(name: str, kind: "TypeEngine[Any]", *, is_given: bool) -> "Column[Any]":
    is_number = not isinstance(kind, NullType) and kind.python_type is int
    made = None if is_given or is_number else FetchedValue()
    return Column(name, kind, primary_key=True, server_default=made)


def _column(users: SqlUsers, tables: Sequence[Table], name: str) -> "Column[Any]":
    place, _, plain = name.rpartition(".")
    names = [users.table, *(join.table for join in users.joins)]
    if place and place not in names:
        message = f"the column {name} is of the table {place}, which is neither `table` nor among the `joins`"
        raise ConfigurationError(message)
    return _column_in(tables[names.index(place) if place else 0], plain)


def _column_in(table: Table, name: str) -> "Column[Any]":
    if name not in table.columns:
        message = f"the table {table.fullname} has no column {name}; it has {', '.join(table.columns.keys())}"
        raise ConfigurationError(message)
    return table.columns[name]


def _check_key(key: "Column[Any]", name: str) -> None:
    if not isinstance(key.type, NullType) and key.type.python_type not in _KEYS:
        message = (
            f"the column {name} for user_id must contain whole numbers, texts or UUIDs, got the type {key.type}: "
            "add such a column, or name another one"
        )
        raise ConfigurationError(message)


def _linked(table: Table, on: Mapping[str, str], main: Table) -> "list[tuple[Column[Any], Column[Any]]]":
    """Return the columns of a table, each with the column of the main table that it equals."""
    return [(_column_in(table, theirs), _column_in(main, ours)) for theirs, ours in on.items()]


def _joined(users: SqlUsers, tables: Sequence[Table]) -> "Table | Join":
    main, *others = tables
    source: Table | Join = main
    for join, table in zip(users.joins, others, strict=True):
        pairs = [theirs == ours for theirs, ours in _linked(table, join.on, main)]
        source = source.join(table, and_(*pairs), isouter=not join.is_required)
    return source


@frozen
class _Folding:
    """The differences that the collation of a column ignores."""

    case: bool
    accents: bool
    blanks: bool

    @classmethod
    def of(cls, connection: Connection, column: "Column[Any]") -> "_Folding":
        # The engine is asked, because every engine names its collations differently.
        return cls(
            case=_are_equal(connection, column, "a", "A"),
            accents=_are_equal(connection, column, "e", "é"),
            blanks=_are_equal(connection, column, "a", "a "),
        )

    def notes(self, name: str) -> Iterator[str]:
        folded = {"upper and lower case": self.case, "accents": self.accents, "trailing blanks": self.blanks}
        differences = [difference for difference, is_folded in folded.items() if is_folded]
        if differences:
            yield (
                f"{name}: its collation ignores {', '.join(differences)}. The result of a look-up is compared again, "
                "and only upper and lower case can differ"
                + (
                    "; but two users whose names differ only in accents cannot both sign up: "
                    "the second one gets user_exists"
                    if self.accents
                    else ""
                )
            )


def _are_equal(connection: Connection, column: "Column[Any]", one: str, other: str) -> bool:
    first, second = (_literal(connection, value) for value in (one, other))
    # A union has the collation of the column, without reading a row of the table.
    values = union_all(select(column.label("v")).where(false()), select(first.label("v"))).subquery()
    return connection.scalar(select(func.count()).select_from(values).where(values.c.v == second)) == 1


def _literal(connection: Connection, value: str) -> "ColumnClause[Any]":
    prefix = "N" if connection.dialect.name == "mssql" else ""
    return literal_column(f"{prefix}'{value}'")


def _index_notes(
    connection: Connection,
    inspector: Inspector,
    users: SqlUsers,
    *,
    key: "Column[Any]",
    asked: "Mapping[str, Column[Any]]",
    foldings: Mapping[str, _Folding],
) -> Iterator[str]:
    if (_normal(key.name),) not in _unique(connection, inspector, key.table, users):
        yield f"{users.user_id}: neither primary key nor unique, so two users can have the same user_id"
    for name, folding in foldings.items():
        column = asked[name]
        is_plain = folding.case or users.lower_case or users.folded_copy(name) is not None
        expression = column.name if is_plain else f"lower({column.name})"
        if (_normal(expression),) not in _unique(connection, inspector, column.table, users):
            yield (
                f"{name}: no unique index on {expression}, so two users can have the same {name}, and a look-up can "
                f"read the whole table: CREATE UNIQUE INDEX … ON {column.table.fullname} ({expression})"
                + ("" if is_plain else ", or set lower_case=True if the store contains only lower case")
            )


def _unique(connection: Connection, inspector: Inspector, table: Table, users: SqlUsers) -> set[tuple[str, ...]]:
    """Return the unique columns and expressions of a table within the scope, as `_normal` writes them."""
    indexes = [
        tuple(index.get("expressions") or [str(name) for name in index["column_names"]])
        for index in inspector.get_indexes(table.name, table.schema)
        if index["unique"]
    ]
    if connection.dialect.name == "sqlite":
        indexes += _sqlite_indexes(connection, table)
    # The dialect of SQL Server lists them only among the indexes.
    known = [] if connection.dialect.name == "mssql" else inspector.get_unique_constraints(table.name, table.schema)
    constraints = [tuple(constraint["column_names"]) for constraint in known]
    found = [
        tuple(inspector.get_pk_constraint(table.name, table.schema)["constrained_columns"]),
        *constraints,
        *indexes,
    ]
    scope = {_normal(name) for name in users.scope}
    return {tuple(name for name in map(_normal, names) if name not in scope) for names in found}


def _sqlite_indexes(connection: Connection, table: Table) -> Iterator[tuple[str, ...]]:
    # SQLAlchemy omits indexes on expressions.
    statement = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL")
    for sql in connection.scalars(statement, {"name": table.name}):
        found = re.fullmatch(r"CREATE UNIQUE INDEX [^(]+\((.*)\)", sql, re.IGNORECASE | re.DOTALL)
        if found:
            yield tuple(found[1].split(","))


def _normal(expression: str) -> str:
    return re.sub(r"::[a-z ]+|[\s\"`()\[\]]", "", expression.lower())
