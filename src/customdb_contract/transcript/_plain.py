"""Recorded values as JSON."""

from collections.abc import Mapping
from typing import Any

from customdb_contract.transcript._masking import are_same
from customdb_contract.transcript._values import RecordedError, Special, Value, plain_bytes

__all__ = ["as_data", "plain"]


def plain(value: Value) -> Value:
    """Return a recorded value as JSON has it, or the value itself if it already is JSON; cut values stay cut.

    Args:
        value: The value.
    """
    return value if plain_bytes(value) is not None else _plain(value)


def _plain(value: Value) -> Value:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Special(kind, text):
            return value if value.is_cut else None if kind == "undefined" else text
        case RecordedError():
            return value.message
        case Mapping():
            fields = {name: _plain(item) for name, item in value.items()}
            return value if are_same(fields.values(), value.values()) else fields
        case _:
            items = [_plain(item) for item in value]
            return value if are_same(items, value) else items


def as_data(value: Value) -> Any:
    """Return a recorded value in a form that `json.dumps` accepts; of cut values, the text that is left.

    Args:
        value: The value.
    """
    match value:
        case Special(_, text):
            return text if value.is_cut else as_data(plain(value))
        case Mapping():
            return {name: as_data(item) for name, item in value.items()}
        case list() | tuple():
            return [as_data(item) for item in value]
        case _:
            return plain(value)
