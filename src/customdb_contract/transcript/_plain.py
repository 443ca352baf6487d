"""Recorded values as JSON."""

from collections.abc import Mapping
from typing import Any

from customdb_contract.transcript._masking import are_same
from customdb_contract.transcript._values import RecordedError, Special, Value

__all__ = ["as_data", "plain"]


def plain(value: Value) -> Value:
    """Return a recorded value as JSON has it, or the value itself if it already is JSON; cut values stay cut.

    Args:
        value: The value.
    """
    # In the order in which they are frequent; they are asked in turn, and an abstract class answers slowly.
    match value:
        case str() | None | bool() | int() | float():
            return value
        case dict() | Mapping():
            fields = {name: plain(item) for name, item in value.items()}
            return value if are_same(fields.values(), value.values()) else fields
        case Special(kind, text):
            return value if value.is_cut else None if kind == "undefined" else text
        case RecordedError():
            return value.message
        case _:
            items = [plain(item) for item in value]
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
