"""Masks recorded values: secrets are replaced before a text is cut."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from attrs import evolve

from customdb_contract._runner._limits import MAX_TEXT
from customdb_contract.secrets import SecretKind, SecretRegistry, is_marker, kind_by_name, names_secret
from customdb_contract.transcript._values import RecordedError, Special, Value

__all__ = [
    "SHOWN_TEXT",
    "_SMALLEST_SECRET_NUMBER",
    "Mask",
    "cut_masked",
    "hide_by_name",
    "hide_named",
    "mask_number",
    "mask_text",
    "mask_value",
]

SHOWN_TEXT: Final = 200
"""Characters shown of a value that is not recorded as it is."""

_SMALLEST_SECRET_NUMBER: Final = 100_000
"""Shorter secrets are masked only if a whole argument equals them."""

_MARGIN: Final = MAX_TEXT // 2
_LONGEST_MARKER: Final = 500

Mask: TypeAlias = Callable[[str], str]
"""Replaces the secrets in a text by markers."""


def mask_text(text: str, mask: Mask, limit: int = MAX_TEXT) -> str:
    """Return the beginning of a text, with secrets masked before it is cut.

    Args:
        text: Any text. One of `MAX_TEXT` characters or more may already have been cut, in the middle of a secret.
        mask: Replaces the secrets.
        limit: Maximum characters, not counting the rest of a marker.
    """
    masked = mask(text[: limit + _MARGIN])
    if len(text) >= min(MAX_TEXT, limit + _MARGIN):
        # A secret that was cut in two is not recognized, so the text near the cut is not shown.
        masked = masked[: max(0, len(masked) - _MARGIN)]
    return cut_masked(masked, limit)


def cut_masked(masked: str, limit: int) -> str:
    """Return the beginning of a masked text; a marker that begins in it stays whole, so that rules find it.

    Args:
        masked: The text.
        limit: Maximum characters, not counting the rest of a marker.
    """
    if len(masked) <= limit:
        return masked
    opened = masked.rfind("«", max(0, limit - _LONGEST_MARKER), limit)
    closed = masked.find("»", opened, opened + _LONGEST_MARKER) if opened >= 0 else -1
    return masked[: max(limit, closed + 1)]


_CREDENTIAL_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "apikey", "x-auth-token"}
)


def mask_number(number: float, mask: Mask) -> Value:
    """Return a number as it is, or as a `Special` if its digits contain a secret.

    Args:
        number: A finite number.
        mask: Replaces the secrets.
    """
    if abs(number) < _SMALLEST_SECRET_NUMBER:
        return number
    text = repr(number)
    masked = mask(text)
    return number if masked == text else Special(type(number).__name__, masked)


def mask_value(value: Value, mask: Mask) -> Value:
    """Return a value that another process reported, with the secrets in all its texts masked.

    Args:
        value: The value, unmasked.
        mask: Replaces the secrets.
    """
    match value:
        case str():
            return mask_text(value, mask) if len(value) > MAX_TEXT else mask(value)
        case None | bool():
            return value
        case int() | float():
            return mask_number(value, mask)
        case Special(kind, text, size):
            return Special(mask_text(kind, mask, SHOWN_TEXT), mask_text(text, mask, SHOWN_TEXT), size)
        case RecordedError(name, message, arguments, location):
            return RecordedError(
                mask_text(name, mask, SHOWN_TEXT),
                mask_text(message, mask),
                tuple(mask_value(argument, mask) for argument in arguments),
                None if location is None else mask_text(location, mask),
            )
        case Mapping():
            return {mask_text(key, mask): mask_value(item, mask) for key, item in value.items()}
        case _:
            return [mask_value(item, mask) for item in value]


def hide_headers(headers: Mapping[str, str], registry: SecretRegistry) -> Mapping[str, Value]:
    """Return the headers of a request with known secrets replaced, and the values of headers for credentials.

    Args:
        headers: The headers, names in lower case.
        registry: The known secrets; it also numbers the others.
    """
    return {registry.mask(name): _hidden_header(name, value, registry) for name, value in headers.items()}


def _hidden_header(name: str, value: str, registry: SecretRegistry) -> Value:
    masked = mask_text(value, registry.mask)
    if name not in _CREDENTIAL_HEADERS or masked != value or not value:
        return masked
    scheme, blank, credential = value.rstrip().rpartition(" ")
    return f"{scheme}{blank}{registry.marker_of_unknown(SecretKind.NAMED, credential)}" if credential else masked


def hide_named(value: Value, registry: SecretRegistry) -> Value:
    """Return a value with everything replaced that has the name of a secret, such as `password_hash` or `salt`.

    Args:
        value: The value, with known secrets masked. If nothing is replaced, it is returned itself.
        registry: Numbers the secrets.
    """
    kind = type(value)
    match value:
        case None | bool() | int() | float() | str() | Special():
            return value
        case dict() | Mapping():
            fields = {name: hide_by_name(name, hide_named(item, registry), registry) for name, item in value.items()}
            return value if kind is dict and are_same(fields.values(), value.values()) else fields
        case RecordedError():
            return evolve(value, arguments=tuple(hide_named(argument, registry) for argument in value.arguments))
        case _:
            items = [hide_named(item, registry) for item in value]
            return value if kind is list and are_same(items, value) else items


def are_same(some: Iterable[Value], others: Iterable[Value]) -> bool:
    """Tell whether values are the same objects: then their container can stay one object, which a transcript has often.

    Args:
        some: The values.
        others: As many.
    """
    return all(map(operator.is_, some, others))


def hide_by_name(name: str, value: Value, registry: SecretRegistry) -> Value:
    """Return the value that has a name, or its replacement if the name is that of a secret.

    Args:
        name: The name.
        value: The value, with known secrets masked.
        registry: Numbers the secrets.
    """
    if not names_secret(name):
        return value
    match value:
        case str() if (kind := kind_by_name(name, value)) and not is_marker(value):
            return registry.marker_of_unknown(kind, value)
        case Special(_, text) if (kind := kind_by_name(name, text)) and not is_marker(text):
            return evolve(value, text=registry.marker_of_unknown(kind, text))
        case _:
            return value
