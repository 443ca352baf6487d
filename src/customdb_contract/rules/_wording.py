"""How messages name what a script handed over, without showing it: values may be personal, and they differ per call."""

from customdb_contract.profiles import problems
from customdb_contract.transcript import RecordedError, Special, Value

__all__ = ["kind_of", "unfit_result"]


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
    return f"the error {value.name}" if isinstance(value, RecordedError) else problems.kind_of(value)
