"""How messages describe a script's values without showing them: values may be personal, and they differ per call."""

from customdb_contract.profiles import problems
from customdb_contract.transcript import RecordedError, Special, Value

__all__ = ["kind_of", "unfit_result"]


def unfit_result(value: Value) -> str | None:
    """Return the type that a script without a callback returned instead of a result of the contract: `None`, `dict`.

    Args:
        value: The result of an outcome.

    Returns:
        The type, or None if the value was passed to a callback, or was in a result.
    """
    if isinstance(value, Special) and value.kind == "not-a-result":
        return value.text.partition(":")[0]
    return None


def kind_of(value: Value) -> str:
    """Return the kind of a value in the words of a message: `a text`, `an array`, `true`.

    Args:
        value: A recorded value.
    """
    return f"the error {value.name}" if isinstance(value, RecordedError) else problems.kind_of(value)
