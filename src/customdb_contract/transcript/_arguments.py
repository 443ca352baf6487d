"""Arguments that customdb-contract passes to a script or the tenant: plain for them, masked in a transcript."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from attrs import frozen

from customdb_contract._runner._limits import MAX_BITS, MAX_TEXT
from customdb_contract.secrets import Secret, SecretRegistry, names_secret
from customdb_contract.transcript._masking import are_same, hide_by_name, hide_named, mask_number, mask_value
from customdb_contract.transcript._recording import record
from customdb_contract.transcript._values import RecordedError, Special, Value

__all__ = ["Derived", "as_recorded", "fields_as_recorded", "revealed"]


@frozen
class Derived:
    """A text that customdb-contract derived from another one: fixed words, and a digest of the other text.

    If the other text contains no secret, this one doesn't either, so it isn't searched: it could contain an encoded
    secret, which takes long to find.

    Args:
        text: The text.
        origin: The text of the digest.
    """

    text: str
    origin: str


def as_recorded(arguments: Iterable[object], registry: SecretRegistry) -> tuple[Value, ...]:
    """Return arguments as a transcript has them: recorded, and with secrets masked.

    Args:
        arguments: The arguments; secrets are `Secret` objects, and texts with a digest are `Derived`. Recorded values
            stay what they are.
        registry: The known secrets.
    """
    return tuple([_as_recorded(argument, registry) for argument in arguments])


def _as_recorded(argument: object, registry: SecretRegistry) -> Value:
    # Almost everything is a text, and each case below is asked in turn.
    if type(argument) is str and len(argument) <= MAX_TEXT:
        return registry.mask(argument)
    match argument:
        case None | bool():
            return argument
        case int() if type(argument) is int and argument.bit_length() <= MAX_BITS:
            return mask_number(argument, registry.mask)
        case Secret():
            return registry.mask_argument(argument.reveal())
        case Derived(text, origin):
            return text if registry.mask(origin) == origin else registry.mask(text)
        # The types are checked one after the other, and an abstract class is slow to check.
        case dict() | Mapping():
            return fields_as_recorded(cast("Mapping[str, object]", argument), registry)
        case list() | tuple():
            return [_as_recorded(item, registry) for item in cast("Sequence[object]", argument)]
        case Special() | RecordedError():
            return hide_named(mask_value(argument, registry.mask), registry)
        case _:
            return hide_named(record(argument, registry.mask), registry)


def fields_as_recorded(attributes: Mapping[str, object], registry: SecretRegistry) -> Mapping[str, Value]:
    """Return values as a transcript has them, together with their names, which can mark them as secrets.

    Args:
        attributes: The values by name; as for `as_recorded`.
        registry: The known secrets.
    """
    recorded = (
        {name: hide_by_name(name, _as_recorded(value, registry), registry) for name, value in attributes.items()}
        if any(map(names_secret, attributes))
        else {name: _as_recorded(value, registry) for name, value in attributes.items()}
    )
    # A recorded value stays the same object, because a transcript of many users has it several times.
    kind = type(attributes)
    is_recorded = kind is dict and are_same(recorded.values(), cast("Mapping[str, Value]", attributes).values())
    return cast("Mapping[str, Value]", attributes) if is_recorded else recorded


def revealed(arguments: Iterable[object]) -> list[object]:
    """Return arguments as a script receives them, with secrets in plain text.

    Args:
        arguments: The arguments; secrets are `Secret` objects.
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
