"""CREATE TABLE in the double of SQL Server: the T-SQL types are kept, and SQLite only stores the values."""

import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from sqlglot import exp

__all__ = ["COLLATIONS", "create_table"]


def _case(text: str) -> str:
    return text.rstrip(" ").lower()


def _case_and_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", _case(text)) if not unicodedata.combining(letter))


COLLATIONS: Final[dict[str, Callable[[str], str]]] = {
    "SQL_Latin1_General_CP1_CI_AS": _case,
    "Latin1_General_CI_AS": _case,
    "Latin1_General_100_CI_AS": _case,
    "Latin1_General_CI_AI": _case_and_accents,
    "Latin1_General_CS_AS": lambda text: text.rstrip(" "),
    "Latin1_General_BIN2": lambda text: text.rstrip(" "),
}
"""What a collation compares; all of SQL Server's ignore trailing blanks."""
_USUAL: Final = next(iter(COLLATIONS))
_TEXTS: Final = frozenset({"nvarchar", "varchar", "nchar", "char"})


def create_table(statement: exp.Create) -> str:
    """Return a CREATE TABLE for SQLite."""
    schema = statement.this
    identity = next((column.name for column in schema.find_all(exp.ColumnDef) if _is_identity(column)), None)
    parts = [part for each in schema.expressions for part in _part(each, identity)]
    return f"CREATE TABLE {_quoted(schema.this.name)} ({', '.join(parts)})"


def _is_identity(column: exp.ColumnDef) -> bool:
    return column.find(exp.GeneratedAsIdentityColumnConstraint) is not None


def _part(each: exp.Expr, identity: str | None) -> Iterator[str]:
    if isinstance(each, exp.ColumnDef):
        yield " ".join(_column(each))
        return
    key = each.find(exp.PrimaryKey)
    if key is not None and [column.name for column in key.expressions] == [identity]:
        return
    yield each.transform(_without_schema).sql("sqlite")


def _without_schema(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Table):
        node.set("db", None)
    return node.this if isinstance(node, exp.Ordered) else node


def _column(column: exp.ColumnDef) -> Iterator[str]:
    yield _quoted(column.name)
    if _is_identity(column):
        yield "INTEGER PRIMARY KEY AUTOINCREMENT"
        return
    assert isinstance(column.kind, exp.DataType)
    declared = column.kind.sql("tsql").lower()
    plain, _, length = declared.rstrip(")").partition("(")
    # In quotes, SQLite accepts any text as a type.
    yield _quoted(declared)
    kinds = [constraint.kind for constraint in column.constraints]
    collation = next((kind.this.name for kind in kinds if isinstance(kind, exp.CollateColumnConstraint)), _USUAL)
    if plain in _TEXTS:
        yield f"COLLATE {collation}"
    if plain == "uniqueidentifier":
        yield "COLLATE NOCASE"
    if plain in _TEXTS and length.isdecimal():
        yield f"CHECK (length({_quoted(column.name)}) <= {length})"
    for kind in kinds:
        if not isinstance(kind, exp.CollateColumnConstraint):
            yield kind.transform(_without_schema).sql("sqlite")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
