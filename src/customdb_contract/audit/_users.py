"""The users of any source as a table with known columns, and its rows as profiles."""

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
"""The suffix of a column that contains, as JSON, the values of another column that have the wrong type."""
FILE: Final = "row:file"
ROW: Final = "row:number"
"""The position of a row in a file, if it is known."""


class Kind(StrEnum):
    """The type as which the values of a column are read."""

    KEY = "key"
    TEXT = "text"
    BOOLEAN = "boolean"
    JSON = "json"
    VALUE = "value"


@frozen(kw_only=True)
class Field:
    """An attribute or a key of metadata, and its column.

    Args:
        name: The name of its column in the table of an audit, such as `email` or `app_metadata.plan`.
        column: The name of its column in the source.
        kind: The type as which its values are read.
        parent: `user_metadata` or `app_metadata` for a key of metadata; empty for an attribute at the root.
        key: The name of the attribute or the key.
    """

    name: str
    column: str
    kind: Kind
    parent: str = ""
    key: str

    @property
    def is_named(self) -> bool:
        """Whether you chose its name: it is a key of metadata, or in `others`."""
        return bool(self.parent) or self.name.startswith("others.")


@frozen(kw_only=True)
class Users:
    """The users of a store.

    Args:
        table: The users, a row for each, with a column named after each field.
        fields: The fields of the columns.
        engine: The engine that reads the users, such as `duckdb`.
        source: The source of the users, without credentials.
        raw: The original table, for `profile_of`.
        raw_row: Converts a row of the original table for `profile_of`.
        unreadable: Yields the position of each unreadable row, and why it could not be read.
        identity: A value that changes if the source does, such as the times and sizes of files.
        is_copied: Whether the rows were copied, so that they always come in the same order.
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
        """Whether the users are in a file, or in a folder of files."""
        return self.identity is not None

    def has(self, name: str) -> bool:
        """Return whether an attribute has a column.

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
    """Return the fields of a mapping.

    Args:
        columns: The mapping.

    Raises:
        ConfigurationError: If two columns are mapped to one attribute.
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
            message = f"others: {key} already has a column: remove it from others"
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
    """Check that a table has the columns of a mapping.

    Args:
        fields: The fields of the mapping.
        known: The columns of the table.
        source: The source of the users.

    Raises:
        ConfigurationError: If one is missing; the message suggests similar names.
    """
    missing = [one for one in fields if one.column not in known]
    if missing:
        message = f"{source}: {'; '.join(_missing(one, known) for one in missing)}"
        raise ConfigurationError(message)


def _missing(one: Field, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(one.column, known, n=3, cutoff=0.5)
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    shown = [printable(name) for name in near or known[:_MOST_NAMES]]
    hint = f"did you mean {' or '.join(shown)}?" if near else f"the columns are {', '.join(shown) or 'none'}{more}"
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
        columns: The columns that make up a profile.
        engine: The engine that reads the users.
        source: The source of the users, for messages.
        places: The columns with the position of a row, by `FILE` and `ROW`.
        unreadable: Yields the position of each unreadable row, and why it could not be read.

    Raises:
        ConfigurationError: If a column is missing, or its type does not fit its attribute.
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
    Kind.BOOLEAN: "true and false or 0 and 1, also as text",
    Kind.JSON: "JSON, as text or in a JSON column",
    Kind.VALUE: "values that JSON can represent",
}


def _read(column: Expression, one: Field, source: str, engine: str) -> Expression:
    """Return a column converted to the type as which it is read."""
    type_ = column.type()
    # Ibis 12 does not know the type that DuckDB gives to a column that contains only NULL.
    is_empty = type_.is_null() or (type_.is_unknown() and 'kind="NULL"' in str(type_))
    if is_empty or _is_written(one.kind, type_):
        return column.cast("string")
    if type_.is_string() or _is_value(one.kind, type_):
        return column
    if one.kind in {Kind.JSON, Kind.VALUE} and type_.is_nested():
        return _nested_as_json(column, engine)
    message = (
        f"{source}: the column {one.column!r} for {one.name} must contain {_EXPECTED[one.kind]}, got the type "
        f"{_shown(type_)}: convert it in a view, or write a function for profile_of"
    )
    raise ConfigurationError(message)


def _shown(type_: Any) -> str:
    """Return a type for a message, shortened: an object can have hundreds of fields."""
    text = " ".join(str(type_).split())
    return text if len(text) <= _LONGEST_TYPE else f"{text[:_LONGEST_TYPE]}…"


def _is_written(kind: Kind, type_: Any) -> bool:
    """Return whether values are read as text."""
    if kind is Kind.KEY:
        return bool(type_.is_integer() or type_.is_uuid() or (type_.is_decimal() and type_.scale == 0))
    if kind is Kind.TEXT:
        return bool(type_.is_uuid() or type_.is_inet() or type_.is_macaddr())
    return bool(kind in {Kind.JSON, Kind.VALUE} and (type_.is_json() or (type_.is_uuid() and kind is Kind.VALUE)))


def _is_value(kind: Kind, type_: Any) -> bool:
    """Return whether values are read unchanged."""
    if kind is Kind.BOOLEAN:
        return bool(type_.is_boolean() or type_.is_integer())
    return bool(kind is Kind.VALUE and (type_.is_boolean() or type_.is_numeric() or type_.is_temporal()))


def _settled(one: Field, type_: Any) -> Field:
    """Return a field that is read as JSON if its column contains JSON."""
    is_json = one.kind is Kind.VALUE and (type_.is_json() or type_.is_nested())
    return evolve(one, kind=Kind.JSON) if is_json else one


def _nested_as_json(column: Expression, engine: str) -> Expression:
    if engine != "pyspark":
        return column.cast("json").cast("string")

    def to_json(value: object) -> object:
        """Declare Spark's function of the same name."""
        return value  # pragma: no cover - only its name and signature are used

    signature = ((column.type(),), "string")
    return import_ibis().udf.scalar.builtin(to_json, signature=signature)(column)


def as_text(value: object) -> str | None:
    """Return a key as text, or None if there is none.

    Args:
        value: The value in the column of the key.
    """
    if value is None or isinstance(value, str):
        return value
    return str(value)


def profile_of_row(row: Row, fields: tuple[Field, ...]) -> dict[str, object]:
    """Return a row of the table of an audit as a profile.

    Args:
        row: The row, by name of the field.
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
"""Texts that are read as booleans."""


def _as_boolean(value: object) -> object:
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        return True if value in TRUE else False if value in FALSE else value
    return value


def _from_json(text: str) -> object:
    """Read JSON; text that is not JSON is returned unchanged."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _as_json(value: object) -> object:
    """Return a value of a column as JSON: a driver's types for dates and decimals are not errors of the user."""
    match value:
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        case _:
            return value
