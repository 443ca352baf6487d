"""Compares metadata across all users: keys with several types, and objects with a key for each user.

The engine reduces each JSON text to a shape, in which all texts, numbers and booleans look the same, and counts the
shapes; Python reads only these, because there are few. Patterns cannot read a text with escapes, so its shape is not
valid JSON, and Python reads the text itself. The shape is computed by replacements only, which an engine performs once
for each distinct text if a file stores it once.
"""

import json
import re
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import islice
from typing import Final, cast

from attrs import define, field, frozen

from customdb_contract.audit._columns import Row
from customdb_contract.audit._confirming import named
from customdb_contract.audit._engines import Expression, Table, import_ibis, rows_of
from customdb_contract.audit._findings import UserFinding
from customdb_contract.audit._users import FILE, ROW, Field, Kind, Users, as_text
from customdb_contract.findings import Severity

__all__ = ["CrowdedObject", "MetadataReader"]

_ESCAPED: Final = "^[ -Z\\[\\]^-\U0010ffff]*[^ -Z\\[\\]^-\U0010ffff][^\U0010ffff]*"
"""A text with a backslash or a control character."""
_BROKEN: Final = "<<"
"""Stands in a shape for anything that cannot be read; it occurs in no key and in no JSON."""
_KEY: Final = r'"([^"{}\[\]:,<]*)" *:'
_STRING: Final = '"[^"]*"'
_NUMBER: Final = r"([:,\[] *)-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?"
_BOOLEAN: Final = r"([:,\[] *)(true|false)"
_ITEM: Final = r"([,\[] *)(true|null)"
_SCALARS: Final = r'\[[ ,"0]*\]'
"""Contains no repeated group, because Java matches these by recursion, and its stack overflows in a long array."""
_NO_JSON: Final = r'(""|0|true|null) *(""|0|true|null)|, *(\]|,|[}])|(\[|[{]) *,|[^"]"[^"]|"""'
"""Finds anything in a shape that is not JSON: around commas, and an unpaired quotation mark."""
_ODD_KEY: Final = '"" *:'
_UNSURE: Final = f"{_ODD_KEY}|{_BROKEN}"
"""Finds a shape that does not determine what the text is."""
_IS_UNSURE: Final = re.compile(_UNSURE)
_KEY_OF_SHAPE: Final = re.compile(r'<([^"{}\[\]:,<]*):')
_MOST_KEYS: Final = 100
"""The most different keys of an object across all users that still count as names of fields."""
_MOST_TRACKED: Final = 10_000
_DEPTH: Final = 20
_MOST_SHAPES: Final = 1_000
_TYPES: Final = ("text", "a number", "true or false", "an object", "an array")


def _shape(text: Expression, engine: str) -> Expression:
    """Return the shape of a JSON text."""
    first = "$1" if engine == "pyspark" else r"\1"
    shape = text.re_replace(_ESCAPED, _BROKEN).re_replace(_KEY, f"<{first}:").re_replace(_STRING, '""')
    shape = shape.re_replace(_NUMBER, f"{first}0").re_replace(_BOOLEAN, f"{first}true").re_replace(_ITEM, f"{first}0")
    return shape.re_replace(_NO_JSON, _BROKEN).re_replace(_SCALARS, "[]")


def _of_shape(shape: str) -> object:
    """Read a shape as the value that it stands for.

    Raises:
        ValueError: If it is not JSON.
    """
    return json.loads(_KEY_OF_SHAPE.sub(lambda match: f"{json.dumps(match[1])}:", shape))


def _type_of(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case dict():
            return "an object"
        case _:
            return "an array"


@frozen
class CrowdedObject:
    """An object in metadata with many different keys across all users.

    Args:
        path: The path of the object.
        keys: The number of different keys, as far as they were counted.
        users: The number of users who have the object.
    """

    path: str
    keys: int
    users: int


@define
class _Object:
    users: int = 0
    keys: set[str] = field(factory=set[str])


@define
class _Shapes:
    """The shapes that the engine counted in one column."""

    known: list[str] = field(factory=list[str])
    is_unsure: bool = False


@define
class MetadataReader:
    """Reads the metadata of all users.

    Args:
        users: The users.
    """

    users: Users
    _types: dict[str, Tally[str]] = field(factory=dict[str, Tally[str]], init=False)
    _objects: dict[str, _Object] = field(factory=dict[str, _Object], init=False)
    _shapes: dict[str, _Shapes] = field(factory=dict[str, _Shapes], init=False)

    @property
    def has_any(self) -> bool:
        """Whether there is a column of metadata."""
        return bool(self._fields())

    def read(self) -> None:
        """Count the types of all keys, and the keys of all objects."""
        for one in self._fields():
            seen = self._shapes[one.name] = _Shapes()
            for row in rows_of(self._counted(one)):
                shape = str(row["shape"])
                if _IS_UNSURE.search(shape):
                    seen.is_unsure = True
                    continue
                self._count_shape(one, shape, cast("int", row["users"]))
                if len(seen.known) <= _MOST_TRACKED:
                    seen.known.append(shape)
            if seen.is_unsure:
                table = self._table(one)
                for row in rows_of(table.filter(table.shape.re_search(_UNSURE)).drop("shape")):
                    self._count(one, _value_of(row["text"]), 1)

    def inconsistent(self) -> Iterator[UserFinding]:
        """Yield a finding for each user with a type of a metadata key that most users do not have."""
        expected = {path: _most(types) for path, types in self._types.items() if len(types) > 1}
        for one in self._fields():
            if any(path == one.name or path.startswith(f"{one.name}.") for path in expected):
                for row in self._rows(one, expected):
                    if (found := _inconsistent(one, row, expected)) is not None:
                        yield found

    def crowded(self) -> Iterator[CrowdedObject]:
        """Yield the objects that have about one key for each user."""
        for path, seen in self._objects.items():
            if len(seen.keys) > _MOST_KEYS:
                yield CrowdedObject(path, len(seen.keys), seen.users)

    def _fields(self) -> list[Field]:
        metadata = ("user_metadata", "app_metadata")
        return [one for one in self.users.fields if one.kind is Kind.JSON and (one.parent or one.name) in metadata]

    def _table(self, one: Field) -> Table:
        places = [name for name in (FILE, ROW) if name in self.users.table.columns]
        text = self.users.table[one.name]
        table = self.users.table.select("user_id", *places, text=text, shape=_shape(text, self.users.engine))
        return table.filter(table.text.notnull())

    def _counted(self, one: Field) -> Table:
        table = self._table(one)
        return table.group_by("shape").aggregate(users=table.count())

    def _count_shape(self, one: Field, shape: str, users: int) -> None:
        with suppress(ValueError, RecursionError):
            self._count(one, _of_shape(shape), users)

    def _count(self, one: Field, value: object, users: int) -> None:
        for path, type_ in _types(one, value):
            if path in self._types or len(self._types) < _MOST_TRACKED:
                self._types.setdefault(path, Tally())[type_] += users
        self._count_keys(one.name, value, users, _DEPTH)

    def _count_keys(self, path: str, value: object, users: int, depth: int) -> None:
        if isinstance(value, dict) and depth:
            fields = cast("Mapping[str, object]", value)
            if path in self._objects or len(self._objects) < _MOST_TRACKED:
                seen = self._objects.setdefault(path, _Object())
                seen.users += users
                if len(seen.keys) < _MOST_TRACKED:
                    seen.keys.update(fields)
            for key, item in fields.items():
                self._count_keys(f"{path}.{key}", item, users, depth - 1)

    def _rows(self, one: Field, expected: Mapping[str, str]) -> Iterator[Row]:
        """Yield the rows that may contain another type than expected."""
        table, bad = self._table(one), self._odd_shapes(one, expected)
        if len(bad) > _MOST_SHAPES:
            yield from rows_of(table.drop("shape"))
            return
        may_be = [table.shape.isin(bad)] if bad else []
        if self._shapes[one.name].is_unsure:
            may_be.append(table.shape.re_search(_UNSURE))
        yield from rows_of(table.filter(import_ibis().or_(*may_be)).drop("shape"))

    def _odd_shapes(self, one: Field, expected: Mapping[str, str]) -> list[str]:
        """Return the shapes with another type than expected, at most one more than the number searched for."""
        seen = self._shapes[one.name]
        if len(seen.known) <= _MOST_TRACKED:
            return [shape for shape in seen.known if _has_other_type(one, shape, expected)]
        with closing(rows_of(self._counted(one))) as rows:
            shapes = (str(row["shape"]) for row in rows)
            return list(islice((shape for shape in shapes if _has_other_type(one, shape, expected)), _MOST_SHAPES + 1))


def _has_other_type(one: Field, shape: str, expected: Mapping[str, str]) -> bool:
    """Return whether a shape contains another type than expected; one that is not JSON contains none."""
    with suppress(ValueError, RecursionError):
        return any(expected.get(path, type_) != type_ for path, type_ in _types(one, _of_shape(shape)))
    return False


def _value_of(text: object) -> object:
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return None


def _types(one: Field, value: object) -> Iterator[tuple[str, str]]:
    """Yield the paths and types of values that must have the same type for all users."""
    found: Iterable[tuple[str, object]]
    if one.is_named:
        found = [(one.name, value)]
    elif isinstance(value, dict):
        fields = cast("Mapping[str, object]", value)
        found = [(f"{one.name}.{key}", item) for key, item in fields.items()]
    else:
        return
    for path, item in found:
        type_ = _type_of(item)
        if type_ is not None:
            yield path, type_


def _most(types: Tally[str]) -> str:
    return max(_TYPES, key=lambda type_: types[type_])


def _inconsistent(one: Field, row: Row, expected: Mapping[str, str]) -> UserFinding | None:
    odd = [(path, type_) for path, type_ in _types(one, _value_of(row["text"])) if expected.get(path, type_) != type_]
    if not odd:
        return None
    user_id, place = named(as_text(row["user_id"]), row)
    path, type_ = odd[0]
    return UserFinding(
        rule="inconsistent-metadata-type",
        severity=Severity.WARNING,
        user_id=user_id,
        row=place,
        path=path,
        problem=f"is {type_}, but {expected[path]} for most users",
    )
