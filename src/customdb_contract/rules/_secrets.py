"""Secrets in the results, output and messages of scripts."""

from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract.secrets import PASSWORDS, SecretForm, SecretRef
from customdb_contract.transcript import RecordedError, Special, Value

__all__ = ["is_typed_password", "texts_in"]

_DIGESTS: Final = frozenset({SecretForm.MD5, SecretForm.SHA1, SecretForm.SHA256})


def is_typed_password(secret: SecretRef) -> bool:
    """Tell whether a secret is a password as a user types it, not a digest.

    Args:
        secret: The secret.
    """
    return secret.kind in PASSWORDS and secret.form not in _DIGESTS


def texts_in(value: Value) -> Iterator[str]:
    """Yield every text in a recorded value: including keys, class names and representations of buffers.

    Args:
        value: The value.
    """
    match value:
        case str():
            yield value
        case None | bool() | int() | float():
            return
        case Special(kind, text):
            yield from (kind, text)
        case RecordedError(name, message, arguments):
            yield from (name, message)
            yield from texts_in(arguments)
        case Mapping():
            for key, item in value.items():
                yield key
                yield from texts_in(item)
        case _:
            for item in value:
                yield from texts_in(item)
