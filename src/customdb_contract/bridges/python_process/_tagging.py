"""Profiles as JSON between two processes, including values that JSON does not have."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import frozen

from customdb_contract.bridges.containers import InvalidMessageError
from customdb_contract.profiles.problems import NotJson

__all__ = ["tagged", "untagged"]


@frozen
class _Told:
    kind: str
    text: str
    size: int | None


def tagged(value: object) -> object:
    """Return a value of a profile as JSON in which any value except a scalar is an array that begins with its kind.

    Args:
        value: The value, as `readable` returns it.
    """
    if isinstance(value, Mapping):
        return ["object", *([key, tagged(item)] for key, item in cast("Mapping[str, object]", value).items())]
    if isinstance(value, list | tuple):
        return ["array", *map(tagged, cast("Sequence[object]", value))]
    if value is None or isinstance(value, str | int | float):
        return value
    odd = cast("NotJson", value)
    return ["special", odd.kind, odd.text, odd.size]


def untagged(told: Any) -> object:
    """Return the value that was tagged.

    Args:
        told: The value from the other process.

    Raises:
        InvalidMessageError: If it is not a value that `tagged` returns.
    """
    match told:
        case ["object", *fields]:
            return dict(map(_field, fields))
        case ["array", *items]:
            return list(map(untagged, items))
        case ["special", str() as kind, str() as text, int() | None as size]:
            return _Told(kind, text, size)
        case str() | int() | float() | None:
            return told
        case _:
            raise InvalidMessageError


def _field(told: Any) -> tuple[str, object]:
    match told:
        case [str() as key, item]:
            return key, untagged(item)
        case _:
            raise InvalidMessageError
