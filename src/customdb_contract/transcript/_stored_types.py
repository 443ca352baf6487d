"""The stored form of each class: its attributes, under their own names, in a form that depends on their types."""

import types
from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from typing import Any, Final, Union, get_args, get_origin

import attrs

from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest
from customdb_contract.transcript._exchange import Exchange, Outcome
from customdb_contract.transcript._records import LogEntry, Operation, Record, StoreWrite
from customdb_contract.transcript._values import RecordedError

__all__ = ["KINDS", "StoredKind", "kind_of", "stored_types"]

KINDS: Final[Mapping[str, type[Record]]] = {
    "call": Exchange,
    "operation": Operation,
    "store": StoreWrite,
    "log": LogEntry,
    "run": ActionRun,
    "api": ApiCall,
    "request": LegacyRequest,
}
"""The classes of records, by the kind that a stored record names."""

_WITH_THE_RECORD: Final[Mapping[type, frozenset[str]]] = {Outcome: frozenset({"duration"})}
"""Attributes stored by the record that has the object."""


class StoredKind(StrEnum):
    """How a type is stored."""

    OPTIONAL = auto()
    """As null, or as another type is."""
    OBJECT = auto()
    """As an object with a key for each attribute."""
    ENUM = auto()
    """By its value."""
    ARRAY = auto()
    SET = auto()
    """As an array of the members' values, in order."""
    BY_ENUM = auto()
    """As an object whose keys are values of an enumeration."""
    MAPPING = auto()
    """As an object of recorded values."""
    ERROR = auto()
    """As a recorded error."""
    TEXT = auto()
    VALUE = auto()
    """As any recorded value."""
    PLAIN = auto()
    """As JSON has it."""


_BY_CLASS: Final[Mapping[type, StoredKind]] = {
    RecordedError: StoredKind.ERROR,
    Enum: StoredKind.ENUM,
    str: StoredKind.TEXT,
    int: StoredKind.PLAIN,
    float: StoredKind.PLAIN,
}
"""How classes are stored; all others are attrs classes."""


def stored_types(stored: type) -> Mapping[str, object]:
    """Return the type of each stored attribute of a class, in order.

    Args:
        stored: The class, an attrs class.
    """
    elsewhere = _WITH_THE_RECORD.get(stored, frozenset())
    return {field.name: field.type for field in attrs.fields(stored) if field.name not in elsewhere}


def kind_of(type_: Any) -> tuple[StoredKind, Any]:
    """Return how a type is stored, and the type of its contents.

    Args:
        type_: The type of an attribute. The type of recorded values is recursive, so it is given as a string.
    """
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in {Union, types.UnionType}:
        inner: Any = Union[tuple(one for one in arguments if one is not type(None))]  # noqa: UP007 - made of a tuple
        return StoredKind.OPTIONAL, inner
    if origin is tuple:
        return StoredKind.ARRAY, arguments[0]
    if origin is frozenset:
        return StoredKind.SET, arguments[0]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return (StoredKind.MAPPING, None) if arguments[0] is str else (StoredKind.BY_ENUM, arguments)
    if not isinstance(type_, type):
        return StoredKind.VALUE, None
    for base, kind in _BY_CLASS.items():
        if issubclass(type_, base):
            return kind, None
    return StoredKind.OBJECT, None
