"""How messages name what a script handed over, without showing it: values may be personal, and they differ per call."""

from collections.abc import Mapping
from typing import Final

from customdb_contract.transcript import RecordedError, Special, Value

__all__ = ["kind_of", "unfit_result"]

_SPECIAL: Final = {"float": "NaN or infinity", "long-text": "a very long text", "undefined": "undefined"}


def unfit_result(value: Value) -> str | None:
    """Return what a script without a callback returned instead of one of the contract's results: `None`, `dict`.

    Args:
        value: The result of an outcome.

    Returns:
        Its type, or None when the value was handed to a callback, or was in a result.
    """
    if isinstance(value, Special) and value.kind == "not-a-result":
        return value.text.partition(":")[0]
    return None


def kind_of(value: Value) -> str:
    """Return what kind of value a script handed over, as a message says it: `a text`, `an array`, `true`.

    Args:
        value: A recorded value.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "a text" if value else "an empty text"
        case RecordedError(name):
            return f"the error {name}"
        case Special(kind):
            return _SPECIAL.get(kind, f"a value of type {kind}")
        case Mapping():
            return "an object" if value else "an empty object"
        case _:
            return "an array" if value else "an empty array"
