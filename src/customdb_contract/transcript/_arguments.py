"""What our own side gives to a script or to the tenant: in plain text for them, masked for a transcript."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript._masking import MAX_TEXT, hide_named, mask_value
from customdb_contract.transcript._recording import record
from customdb_contract.transcript._values import RecordedError, Special, Value

__all__ = ["as_recorded", "revealed"]


def as_recorded(arguments: Iterable[object], registry: SecretRegistry) -> tuple[Value, ...]:
    """Return arguments as a transcript has them: recorded, and with secrets masked.

    Args:
        arguments: The arguments; secrets as `Secret`. Values that are recorded already stay what they are.
        registry: The known secrets.
    """
    return tuple(hide_named(_as_recorded(argument, registry), registry) for argument in arguments)


def _as_recorded(argument: object, registry: SecretRegistry) -> Value:
    match argument:
        case None | bool():
            return argument
        case str() if type(argument) is str and len(argument) <= MAX_TEXT:
            return registry.mask(argument)
        case Secret():
            return registry.mask_argument(argument.reveal())
        case Special() | RecordedError():
            return mask_value(argument, registry.mask)
        case Mapping():
            attributes = cast("Mapping[str, object]", argument)
            return {name: _as_recorded(value, registry) for name, value in attributes.items()}
        case list() | tuple():
            return [_as_recorded(item, registry) for item in cast("Sequence[object]", argument)]
        case _:
            return record(argument, registry.mask)


def revealed(arguments: Iterable[object]) -> list[object]:
    """Return arguments as a script is given them, with secrets in plain text.

    Args:
        arguments: The arguments; secrets as `Secret`.
    """
    return [_revealed(argument) for argument in arguments]


def _revealed(argument: object) -> object:
    match argument:
        case Secret():
            return argument.reveal()
        case Mapping():
            attributes = cast("Mapping[str, object]", argument)
            return {name: _revealed(value) for name, value in attributes.items()}
        case _:
            return argument
