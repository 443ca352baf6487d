"""How messages name what a script handed over, without showing it: values may be personal, and they differ per call."""

from collections.abc import Mapping
from typing import Final

from customdb_contract.transcript import RecordedError, Special, Value

__all__ = ["is_no_result", "kind_of"]

_SPECIAL: Final = {"float": "NaN or infinity", "long-text": "a very long text", "undefined": "undefined"}


def is_no_result(value: Value) -> bool:
    """Tell whether a script without a callback returned something else than one of the contract's results.

    Args:
        value: The result of an outcome.
    """
    return isinstance(value, Special) and value.kind == "not-a-result"


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
