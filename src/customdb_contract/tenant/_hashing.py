"""Passwords as Auth0 stores them: hashed, and never readable again."""

import hashlib
import hmac
import os
from typing import Final

from attrs import field, frozen

from customdb_contract.secrets import Secret

__all__ = ["PasswordHash"]

_MOST_BYTES: Final = 72
_SALT_BYTES: Final = 8
_DIGEST_BYTES: Final = 16


@frozen(repr=False)
class PasswordHash:
    """The hash of a password. Like bcrypt, which Auth0 uses, it only reads the first 72 bytes, but it is quick.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
    """

    _salt: bytes = field(alias="salt")
    _digest: bytes = field(alias="digest")

    @classmethod
    def of(cls, password: Secret) -> "PasswordHash":
        """Return the hash of a password.

        Args:
            password: The password.
        """
        salt = os.urandom(_SALT_BYTES)
        return cls(salt, _digest(password, salt))

    def matches(self, password: Secret) -> bool:
        """Tell whether a password matches the hash.

        Args:
            password: The password that a user typed.
        """
        return hmac.compare_digest(self._digest, _digest(password, self._salt))


def _digest(password: Secret, salt: bytes) -> bytes:
    raw = password.reveal().encode("utf-8", "surrogatepass")[:_MOST_BYTES]
    return hashlib.blake2b(raw, salt=salt, digest_size=_DIGEST_BYTES).digest()
