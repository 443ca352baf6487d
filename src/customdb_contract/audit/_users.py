"""The users of a store as one table with known columns, whatever they were read from, and a row of it as a profile."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, cast

from attrs import evolve, field, frozen

from customdb_contract.audit._columns import Columns, Metadata, Row
from customdb_contract.audit._engines import Expression, Table, import_ibis
from customdb_contract.errors import ConfigurationError
from customdb_contract.transcript import printable

__all__ = [
    "FILE",
    "ODD",
    "ROW",
    "Field",
    "Kind",
    "Users",
    "as_text",
    "check_names",
    "fields_of",
    "profile_of_row",
    "users_of_table",
]

_MOST_NAMES: Final = 20
_LONGEST_TYPE: Final = 60
ODD: Final = ":json"
"""Ends the name of a column that has, as JSON, the values of the wrong type of another one."""
FILE: Final = "row:file"
ROW: Final = "row:number"
"""Where a row stands in a file, where that is known."""


class Kind(StrEnum):
    """What the values of a column are read as."""

    KEY = "key"
    TEXT = "text"
    BOOLEAN = "boolean"
    JSON = "json"
    VALUE = "value"


@frozen(kw_only=True)
class Field:
    """An attribute, or one key of metadata, and its column.

    Args:
        name: What its column is called in the table of an audit, such as `email` or `app_metadata.plan`.
        column: What it is called in the team's own.
        kind: What its values are read as.
        parent: `user_metadata` or `app_metadata` for a key of these, and empty for an attribute of the root.
        key: The name of the attribute, or the key.
    """

    name: str
    column: str
    kind: Kind
    parent: str = ""
    key: str

    @property
    def is_named(self) -> bool:
        """Whether the team chose its name: it is a key of metadata, or one of the other attributes."""
        return bool(self.parent) or self.name.startswith("others.")


@frozen(kw_only=True)
class Users:
    """The users of a store.

    Args:
        table: A row for each, with a column for each field by its name.
        fields: What its columns are.
        engine: What does the work, such as `duckdb`.
        source: What was read, without credentials.
        raw: The table as the team has it, for `profile_of`.
        raw_row: Makes a row for `profile_of` of a row of that table.
        unreadable: Yields where rows stand that could not be read at all, and why.
        identity: What changes when other users are read, such as the times and sizes of files.
        is_copied: Whether the rows were copied, so that they come in the same order again.
    """

    table: Table
    fields: tuple[Field, ...]
    engine: str
    source: str
    raw: Table
    raw_row: Callable[[Row], Row] = dict
    unreadable: Callable[[], Iterator[tuple[str, str]]] = field(default=lambda: iter(()))
    identity: object = None
    is_copied: bool = False

    @property
    def is_file(self) -> bool:
        """Whether they are in a file, or a folder of files."""
        return self.identity is not None

    def has(self, name: str) -> bool:
        """Tell whether there is a column for an attribute.

        Args:
            name: The attribute, or the name of a field.
        """
        return any(name in {field.name, field.parent} for field in self.fields)


_TEXTS: Final = (
    "email",
    "username",
    "phone_number",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
)
_BOOLEANS: Final = ("email_verified", "phone_verified", "blocked")
_METADATA: Final = ("user_metadata", "app_metadata")


def fields_of(columns: Columns) -> tuple[Field, ...]:
    """Return the fields that a mapping names.

    Args:
        columns: The mapping.

    Raises:
        ConfigurationError: When two columns make one attribute.
    """
    fields = [Field(name="user_id", column=columns.user_id, kind=Kind.KEY, key="user_id")]
    for names, kind in ((_TEXTS, Kind.TEXT), (_BOOLEANS, Kind.BOOLEAN), (("mfa_factors",), Kind.JSON)):
        for name in names:
            column = cast("str | None", getattr(columns, name))
            if column is not None:
                fields.append(Field(name=name, column=column, kind=kind, key=name))
    for name in _METADATA:
        fields += _metadata_fields(name, cast("Metadata | None", getattr(columns, name)))
    taken = {one.name for one in fields} | {one.parent for one in fields}
    for key, column in columns.others.items():
        if key in taken:
            message = f"others: {key} has a column already: leave it out of others"
            raise ConfigurationError(message)
        fields.append(Field(name=f"others.{key}", column=column, kind=Kind.VALUE, key=key))
    for name in ("password_hash", "password_salt"):
        column = cast("str | None", getattr(columns, name))
        if column is not None:
            fields.append(Field(name=name, column=column, kind=Kind.TEXT, parent="password", key=name))
    return tuple(fields)


def _metadata_fields(name: str, metadata: Metadata | None) -> list[Field]:
    if metadata is None:
        return []
    if isinstance(metadata, str):
        return [Field(name=name, column=metadata, kind=Kind.JSON, key=name)]
    return [
        Field(name=f"{name}.{key}", column=column, kind=Kind.VALUE, parent=name, key=key)
        for key, column in metadata.items()
    ]


def check_names(fields: tuple[Field, ...], known: tuple[str, ...], source: str) -> None:
    """Check that a table has the columns that a mapping names.

    Args:
        fields: The fields of the mapping.
        known: The columns that there are.
        source: What is read.

    Raises:
        ConfigurationError: When one is missing; the message has the nearest names.
    """
    missing = [one for one in fields if one.column not in known]
    if missing:
        message = f"{source}: {'; '.join(_missing(one, known) for one in missing)}"
        raise ConfigurationError(message)


def _missing(one: Field, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(one.column, known, n=3, cutoff=0.5)
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    shown = [printable(name) for name in near or known[:_MOST_NAMES]]
    hint = f"did you mean {' or '.join(shown)}?" if near else f"there are {', '.join(shown) or 'none'}{more}"
    return f"there is no column {one.column!r} for {one.name}; {hint}"


def users_of_table(
    raw: Table,
    columns: Columns,
    *,
    engine: str,
    source: str,
    places: Mapping[str, str] | None = None,
    unreadable: Callable[[], Iterator[tuple[str, str]]] = lambda: iter(()),
) -> Users:
    """Return the users in an Ibis table.

    Args:
        raw: The table.
        columns: The columns that make a profile.
        engine: What does the work.
        source: What is read, for messages.
        places: The columns that say where a row stands, by `FILE` and `ROW`.
        unreadable: Yields where rows stand that could not be read at all, and why.

    Raises:
        ConfigurationError: When a column is missing, or its type is none that its attribute can be read from.
    """
    places = places or {}
    fields = fields_of(columns)
    check_names(fields, tuple(name for name in raw.columns if name not in places.values()), source)
    wanted = {one.name: _read(raw[one.column], one, source, engine) for one in fields}
    fields = tuple([_settled(one, raw[one.column].type()) for one in fields])
    table = raw.select(**wanted, **{name: raw[column] for name, column in places.items()})
    return Users(table=table, fields=fields, engine=engine, source=source, raw=raw, raw_row=dict, unreadable=unreadable)


_EXPECTED: Final[Mapping[Kind, str]] = {
    Kind.KEY: "text, whole numbers or UUIDs",
    Kind.TEXT: "text",
    Kind.BOOLEAN: "true and false, 0 and 1, or these as text",
    Kind.JSON: "JSON, as text or a type of its own",
    Kind.VALUE: "values that JSON has",
}


def _read(column: Expression, one: Field, source: str, engine: str) -> Expression:
    """Return a column as what it is read as."""
    type_ = column.type()
    # DuckDB's type of a column that has nothing but NULL is unknown to Ibis 12.
    is_empty = type_.is_null() or (type_.is_unknown() and 'kind="NULL"' in str(type_))
    if is_empty or _is_written(one.kind, type_):
        return column.cast("string")
    if type_.is_string() or _is_value(one.kind, type_):
        return column
    if one.kind in {Kind.JSON, Kind.VALUE} and type_.is_nested():
        return _nested_as_json(column, engine)
    message = (
        f"{source}: the column {one.column!r} for {one.name} has the type {_shown(type_)}, and {_EXPECTED[one.kind]} "
        "is expected: convert it in a view, or write a function for profile_of"
    )
    raise ConfigurationError(message)


def _shown(type_: Any) -> str:
    """Return a type as a message names it: that of an object may have hundreds of fields."""
    text = " ".join(str(type_).split())
    return text if len(text) <= _LONGEST_TYPE else f"{text[:_LONGEST_TYPE]}…"


def _is_written(kind: Kind, type_: Any) -> bool:
    """Tell whether values are read as the texts that they are written as."""
    if kind is Kind.KEY:
        return bool(type_.is_integer() or type_.is_uuid() or (type_.is_decimal() and type_.scale == 0))
    if kind is Kind.TEXT:
        return bool(type_.is_uuid() or type_.is_inet() or type_.is_macaddr())
    return bool(kind in {Kind.JSON, Kind.VALUE} and (type_.is_json() or (type_.is_uuid() and kind is Kind.VALUE)))


def _is_value(kind: Kind, type_: Any) -> bool:
    """Tell whether values are read as they are."""
    if kind is Kind.BOOLEAN:
        return bool(type_.is_boolean() or type_.is_integer())
    return bool(kind is Kind.VALUE and (type_.is_boolean() or type_.is_numeric() or type_.is_temporal()))


def _settled(one: Field, type_: Any) -> Field:
    """Return a field as its column is: whatever is JSON there is read as JSON."""
    is_json = one.kind is Kind.VALUE and (type_.is_json() or type_.is_nested())
    return evolve(one, kind=Kind.JSON) if is_json else one


def _nested_as_json(column: Expression, engine: str) -> Expression:
    if engine != "pyspark":
        return column.cast("json").cast("string")

    def to_json(value: object) -> object:
        """Stand for what Spark calls so."""
        return value  # pragma: no cover - only its name and its signature are of use

    signature = ((column.type(),), "string")
    return import_ibis().udf.scalar.builtin(to_json, signature=signature)(column)


def as_text(value: object) -> str | None:
    """Return a key as text, or None where there is none.

    Args:
        value: What the column of the key has.
    """
    if value is None or isinstance(value, str):
        return value
    return str(value)


def profile_of_row(row: Row, fields: tuple[Field, ...]) -> dict[str, object]:
    """Return the profile that a row of the table of an audit makes.

    Args:
        row: The row, by the names of the fields.
        fields: The fields.
    """
    profile: dict[str, object] = {}
    for one in fields:
        value = _value(row, one)
        if value is None or one.parent == "password":
            continue
        if one.parent:
            cast("dict[str, object]", profile.setdefault(one.parent, {}))[one.key] = value
        else:
            profile[one.key] = value
    return profile


def _value(row: Row, one: Field) -> object:
    value, odd = row[one.name], row.get(f"{one.name}{ODD}")
    if odd is not None:
        return _from_json(cast("str", odd))
    match one.kind:
        case _ if value is None:
            return None
        case Kind.BOOLEAN:
            return _as_boolean(value)
        case Kind.JSON if isinstance(value, str):
            return _from_json(value)
        case Kind.VALUE:
            return _as_json(value)
        case _:
            return value


TRUE: Final = ("true", "TRUE", "True", "t", "1")
FALSE: Final = ("false", "FALSE", "False", "f", "0")
"""What a boolean is in a table that has none."""


def _as_boolean(value: object) -> object:
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        return True if value in TRUE else False if value in FALSE else value
    return value


def _from_json(text: str) -> object:
    """Read JSON; what is none stays the text that it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _as_json(value: object) -> object:
    """Return a value of a column as JSON has it: what a driver makes of dates, decimals and ids is no mistake."""
    match value:
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        case _:
            return value
