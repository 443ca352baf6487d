"""The T-SQL that the double of SQL Server understands, run by SQLite.

It is a double: it shows that drivers and statements work together, not how SQL Server would execute them.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import sqlglot
from attrs import frozen
from sqlglot import exp
from sqlglot.errors import SqlglotError

from doubles.tds_wire import Column, Kind, Parameter, Value
from doubles.tsql_catalogue import open_catalogue, refresh_catalogue
from doubles.tsql_tables import COLLATIONS, create_table

__all__ = ["Result", "Session", "SqlServerError"]

VERSION: Final = "Microsoft SQL Server (a double in tests) - 16.0.4000.0 (X64)"
_WAIT: Final = 30.0
"""Seconds that a session waits for the lock of another."""
_LONGEST: Final = 4000
"""Characters of an `nvarchar` that is not `nvarchar(max)`."""
_CATALOGUES: Final = frozenset({"sys", "information_schema"})


class SqlServerError(Exception):
    """An error with SQL Server's number.

    Args:
        number: Its number.
        message: Its text.
    """

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@frozen
class Result:
    """The result of a statement.

    Args:
        columns: The columns, if it returned rows.
        rows: The rows.
        count: How many rows it returned or changed; None if the statement isn't about rows.
        transaction: 8 where it began a transaction, 9 where it committed one, 10 where it rolled one back.
    """

    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Value]] = ()
    count: int | None = None
    transaction: int | None = None


class Session:
    """A client's connection, with its own connection to SQLite.

    A transaction of SQLite begins with the first write: until then each statement sees what others have committed,
    as under READ COMMITTED.

    Args:
        path: The file of the database.
    """

    def __init__(self, path: Path) -> None:
        self._store = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        self._level = "READ COMMITTED"
        self._depth = 0
        self._aborts = False
        self._identity: int | None = None
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("PRAGMA synchronous = OFF")
        self._store.execute("PRAGMA foreign_keys = ON")
        open_catalogue(self._store)
        for name, key in COLLATIONS.items():
            self._store.create_collation(name, _comparing(key))
        functions: dict[str, Callable[..., Any]] = {
            "at_at_version": lambda: VERSION,
            "at_at_trancount": lambda: self._depth,
            "at_at_spid": lambda: 51,
            "scope_identity": lambda: self._identity,
            "getutcdate": lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "uuid": lambda: str(uuid4()).upper(),
            "lower": lambda text: None if text is None else str(text).lower(),
            "upper": lambda text: None if text is None else str(text).upper(),
        }
        for name, function in functions.items():
            arguments = function.__code__.co_argcount
            self._store.create_function(name, arguments, function, deterministic=name in {"lower", "upper"})

    def close(self) -> None:
        """Close the session; uncommitted changes are rolled back."""
        self._store.close()

    def begin(self, level: str | None = None) -> Result:
        """Begin a transaction.

        Args:
            level: Its isolation level, or None for that of the session.
        """
        self._level = level or self._level
        self._depth += 1
        return Result(transaction=8)

    def commit(self) -> Result:
        """Commit the transaction."""
        if not self._depth:
            message = "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."
            raise SqlServerError(3902, message)
        self._depth -= 1
        if not self._depth and self._store.in_transaction:
            self._store.execute("COMMIT")
        return Result(transaction=9)

    def rollback(self) -> Result:
        """Roll the transaction back."""
        if not self._depth:
            message = "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."
            raise SqlServerError(3903, message)
        self._depth = 0
        if self._store.in_transaction:
            self._store.execute("ROLLBACK")
        return Result(transaction=10)

    def run(self, text: str, parameters: Sequence[Parameter] = ()) -> Iterator[Result]:
        """Run statements one after the other.

        Args:
            text: The statements.
            parameters: The values of the names that begin with `@`.
        """
        for statement in _parsed(text):
            try:
                yield self._run(statement, parameters)
            except SqlServerError:
                if self._aborts and self._depth:
                    self.rollback()
                raise

    def _run(self, statement: exp.Expr, parameters: Sequence[Parameter]) -> Result:
        match statement:
            case exp.Transaction():
                return self.begin()
            case exp.Commit():
                return self.commit()
            case exp.Rollback():
                return self.rollback()
            case exp.Set() | exp.Command() | exp.Use():
                level = re.search("ISOLATION LEVEL (.*)", statement.sql("tsql"), re.IGNORECASE)
                self._level = level[1].upper() if level else self._level
                aborting = re.findall(r"XACT_ABORT\W+(ON|OFF)", statement.sql("tsql"), re.IGNORECASE)
                self._aborts = aborting[-1].upper() == "ON" if aborting else self._aborts
                return Result()
            case exp.Create(this=exp.Schema()):
                return self._execute(create_table(statement), statement, ())
            case exp.Query() | exp.Insert() | exp.Update() | exp.Delete() | exp.Create() | exp.Drop():
                return self._execute(_as_sqlite(statement), statement, parameters)
            case _:
                message = f"The double of SQL Server does not understand {type(statement).__name__}."
                raise SqlServerError(102, message)

    def _execute(self, sql: str, statement: exp.Expr, parameters: Sequence[Parameter]) -> Result:
        is_query = isinstance(statement, exp.Query)
        if any((table.db or "").lower() in _CATALOGUES for table in statement.find_all(exp.Table)):
            refresh_catalogue(self._store)
        elif self._depth and not self._store.in_transaction and (not is_query or self._level == "SERIALIZABLE"):
            self._store.execute("BEGIN IMMEDIATE")
        try:
            cursor = self._store.execute(sql, {each.name.removeprefix("@"): _stored(each.value) for each in parameters})
            found = cursor.fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise self._translated(error) from None
        if isinstance(statement, exp.Insert):
            self._identity = cursor.lastrowid
        if cursor.description is None:
            is_about_rows = isinstance(statement, exp.Insert | exp.Update | exp.Delete)
            return Result(count=cursor.rowcount if is_about_rows else None)
        kinds = _Kinds(self._store, {each.name.lower(): each.kind for each in parameters}).of(statement)
        columns = _columns([name for name, *_ in cursor.description], kinds, found)
        rows = [[_loaded(column.kind, value) for column, value in zip(columns, row, strict=True)] for row in found]
        return Result(columns, rows, len(rows))

    def _translated(self, error: Exception) -> SqlServerError:
        text = str(error)
        for pattern, number, message in _ERRORS:
            if found := re.match(pattern, text):
                return SqlServerError(number, message.format(*found.groups()))
        if text.startswith("UNIQUE constraint failed: "):
            return self._duplicate(text.removeprefix("UNIQUE constraint failed: "))
        return SqlServerError(50000, f"The double of SQL Server failed: {text}")

    def _duplicate(self, where: str) -> SqlServerError:
        """Return 2627 for a constraint and 2601 for an index, as the columns or the name of the index show."""
        columns = [name.split(".", 1) for name in where.split(", ")]
        if where.startswith("index "):
            return SqlServerError(2601, f"Cannot insert duplicate key row with unique {where}.")
        table, names = columns[0][0], [name for _, name in columns]
        for _, index, is_unique, origin, _ in self._store.execute(f'PRAGMA index_list("{table}")').fetchall():
            members = [name for _, _, name in self._store.execute(f'PRAGMA index_info("{index}")')]
            if is_unique and origin == "c" and members == names:
                message = f"Cannot insert duplicate key row in object 'dbo.{table}' with unique index '{index}'."
                return SqlServerError(2601, message)
        message = f"Violation of UNIQUE KEY constraint. Cannot insert duplicate key in object 'dbo.{table}'."
        return SqlServerError(2627, message)


_ERRORS: Final = (
    (r"no such table: (?:main\.)?(.*)", 208, "Invalid object name '{0}'."),
    (r"no such column: (?:.*\.)?(.*)", 207, "Invalid column name '{0}'."),
    (r"table .* has no column named (.*)", 207, "Invalid column name '{0}'."),
    (r"no such function: (.*)", 195, "'{0}' is not a recognized built-in function name."),
    (r"near \"(.*)\": syntax error", 102, "Incorrect syntax near '{0}'."),
    (r"table \"?(.*?)\"? already exists", 2714, "There is already an object named '{0}' in the database."),
    (r"NOT NULL constraint failed: (.*)\.(.*)", 515, "Cannot insert the value NULL into column '{1}', table '{0}'."),
    (r"FOREIGN KEY constraint failed()", 547, "The statement conflicted with a FOREIGN KEY constraint."),
    (r"CHECK constraint failed: (.*)", 2628, "String or binary data would be truncated: {0}."),
    (r"database is locked()", 1222, "Lock request time out period exceeded."),
    (r"(?:Python int|integer) .*()", 8115, "Arithmetic overflow error converting expression to data type bigint."),
)


def _comparing(key: Callable[[str], str]) -> Callable[[str, str], int]:
    def compare(one: str, other: str) -> int:
        first, second = key(one), key(other)
        return (first > second) - (first < second)

    return compare


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[exp.Expr, ...]:
    plain = re.sub(r"\b(?:NON)?CLUSTERED\b", "", text) if re.match(r"\s*(?:CREATE|ALTER)\b", text) else text
    try:
        return tuple(statement for statement in sqlglot.parse(plain, read="tsql") if statement is not None)
    except SqlglotError:
        message = "Incorrect syntax."
        raise SqlServerError(102, message) from None


def _as_sqlite(statement: exp.Expr) -> str:
    return statement.transform(_plain).sql("sqlite", unsupported_level=sqlglot.ErrorLevel.RAISE)


def _plain(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Table() if node.db.lower() == "dbo":
            node.set("db", None)
            node.set("hints", None)
        case exp.Column() if node.table.lower() in {"inserted", "deleted"} and node.find_ancestor(exp.Returning):
            node.set("table", None)
        case exp.Column() if node.db:
            node.set("db", None)
        case exp.National():
            return exp.Literal.string(node.this)
        case exp.Parameter(this=exp.Parameter()):
            return exp.Anonymous(this=f"at_at_{node.this.name.lower()}")
        case exp.Cast():
            return _cast(node)
        case exp.CurrentSchema():
            return exp.Literal.string("dbo")
        case exp.Add() if any(side.is_string or isinstance(side, exp.National) for side in (node.left, node.right)):
            return exp.DPipe(this=node.left.transform(_plain), expression=node.right.transform(_plain))
        case _:
            pass
    return node


def _cast(node: exp.Cast) -> exp.Expr:
    value = node.this.transform(_plain)
    if node.is_type(*exp.DataType.TEXT_TYPES):
        return exp.cast(value, "text")
    # SQLite would make numbers of the others, which are texts to it.
    return exp.cast(value, node.to) if node.is_type(*exp.DataType.NUMERIC_TYPES) else exp.paren(value)


def _stored(value: Value) -> Value:
    match value:
        case UUID():
            return str(value).upper()
        case datetime() | date():
            return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
        case bool():
            return int(value)
        case _:
            return value


def _loaded(kind: Kind, value: Value) -> Value:
    if value is None:
        return None
    match kind:
        case "bit":
            return bool(int(str(value)))
        case "uniqueidentifier":
            return UUID(str(value))
        case _:
            return value


def _columns(
    names: Sequence[str], kinds: Sequence[tuple[str | None, Kind | None]] | None, rows: Sequence[Sequence[Value]]
) -> list[Column]:
    known = kinds if kinds is not None and len(kinds) == len(names) else [(name, None) for name in names]
    return [
        Column(name or "", _fitting(kind, [row[place] for row in rows])) for place, (name, kind) in enumerate(known)
    ]


def _fitting(kind: Kind | None, values: Sequence[Value]) -> Kind:
    first = next((value for value in values if value is not None), None)
    match kind or _kind_of_value(first):
        case "nvarchar" if any(isinstance(value, str) and len(value) > _LONGEST for value in values):
            return "nvarchar(max)"
        case found:
            return found


def _kind_of_value(value: Value) -> Kind:
    match value:
        case int():
            return "int" if -(2**31) <= value < 2**31 else "bigint"
        case float():
            return "float"
        case bytes():
            return "varbinary"
        case str():
            return "nvarchar"
        case _:
            return "int"


@frozen
class _Kinds:
    """Finds the names and types of the columns that a statement returns.

    Args:
        store: The store with the tables.
        parameters: The types of the parameters.
    """

    store: sqlite3.Connection
    parameters: Mapping[str, Kind]

    def of(self, statement: exp.Expr) -> list[tuple[str | None, Kind | None]]:
        """Return the name and the type of each column; None for a type that only the values show."""
        if isinstance(statement, exp.SetOperation):
            return self.of(statement.this)
        tables = self._tables(statement)
        returning = statement.args.get("returning")
        found: list[exp.Expr] = (
            returning.expressions if returning is not None else statement.args.get("expressions") or []
        )
        columns: list[tuple[str | None, Kind | None]] = []
        for each in found:
            if isinstance(each, exp.Star):
                columns += [pair for table in tables.values() for pair in table.items()]
            else:
                columns.append((each.output_name, self._kind(each, tables)))
        return columns

    def _tables(self, statement: exp.Expr) -> "dict[str, dict[str, Kind | None]]":
        target = statement.this if isinstance(statement, exp.Insert | exp.Update | exp.Delete) else None
        clause = statement.args.get("from_")
        joins: list[exp.Join] = statement.args.get("joins") or []
        sources: list[exp.Expr | None] = [
            target.this if isinstance(target, exp.Schema) else target,
            clause.this if clause is not None else None,
            *(join.this for join in joins),
        ]
        return {source.alias_or_name.lower(): self._table(source) for source in sources if source is not None}

    def _table(self, source: exp.Expr) -> "dict[str, Kind | None]":
        if isinstance(source, exp.Subquery):
            return {(name or ""): kind for name, kind in self.of(source.this)}
        schema = source.args["db"].name if source.args.get("db") else "main"
        schema = "main" if schema.lower() == "dbo" else schema
        rows = self.store.execute(f'PRAGMA "{schema}".table_info("{source.name}")').fetchall()
        return {name: _declared(kind) for _, name, kind, *_ in rows}

    def _kind(self, node: exp.Expr, tables: "Mapping[str, Mapping[str, Kind | None]]") -> Kind | None:
        match node:
            case exp.Alias() | exp.Paren() | exp.Lower() | exp.Upper() | exp.Coalesce() | exp.Max() | exp.Min():
                return self._kind(node.this, tables)
            case exp.Cast():
                return _declared(node.to.sql("tsql"))
            case exp.Count():
                return "int"
            case exp.Parameter():
                return self.parameters.get(f"@{node.name}".lower())
            case exp.Uuid():
                return "uniqueidentifier"
            case exp.CurrentTimestamp():
                return "datetime"
            case exp.Column():
                return self._column(node, tables)
            case _:
                return None

    @staticmethod
    def _column(node: exp.Column, tables: "Mapping[str, Mapping[str, Kind | None]]") -> Kind | None:
        for name, columns in tables.items():
            if not node.table or node.table.lower() in {name, "inserted", "deleted"}:
                for column, kind in columns.items():
                    if column.lower() == node.name.lower():
                        return kind
        return None


def _declared(kind: str) -> Kind | None:
    plain = kind.lower().partition("(")[0].strip()
    match plain:
        case "integer":
            return "int"
        case "nvarchar" | "varchar" | "nchar" | "char" | "sysname" | "ntext" | "text":
            return "nvarchar(max)" if "max" in kind.lower() else "nvarchar"
        case "decimal" | "numeric" | "real" | "money":
            return "float"
        case "binary" | "image":
            return "varbinary"
        case "":
            return None
        case _:
            return plain
