"""scrypt, as Django, passlib, Werkzeug and Node programs store it."""

import re
from typing import Final, Literal

from attrs import field, frozen
from attrs.validators import ge, in_, instance_of

from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords._derived import scrypt_check
from customdb_contract.passwords._encodings import from_base64, from_hex, hex_of, to_base64
from customdb_contract.passwords._stored import Check, Stored, TooCostlyError

__all__ = ["DjangoScrypt", "NodeScrypt", "PasslibScrypt", "WerkzeugScrypt"]

_NUMBER: Final = "[1-9][0-9]{0,9}"
_DJANGO: Final = re.compile(rf"scrypt\$({_NUMBER})\$([^$]+)\$({_NUMBER})\$({_NUMBER})\$([A-Za-z0-9+/]+=*)")
_PASSLIB: Final = re.compile(
    rf"\$scrypt\$ln=([1-9][0-9]?),r=({_NUMBER}),p=({_NUMBER})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)"
)
_WERKZEUG: Final = re.compile(rf"scrypt:({_NUMBER}):({_NUMBER}):({_NUMBER})\$([^$]+)\$([0-9a-f]+)")
_KEY_SIZE: Final = 64
"""Bytes, of Django and Werkzeug."""
_PASSLIB_KEY_SIZE: Final = 32


@frozen
class DjangoScrypt:
    """Django's `scrypt$N$salt$r$p$key`.

    https://docs.djangoproject.com/en/stable/topics/auth/passwords/#using-scrypt-with-django
    """

    @property
    def name(self) -> str:
        return "Django's scrypt"

    @property
    def sample(self) -> Stored:
        return Stored(f"scrypt$16384$salt$8$5${to_base64(bytes(_KEY_SIZE))}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _DJANGO.fullmatch(text)
        key = parts and from_base64(parts[5])
        if not parts or not key or len(key) != _KEY_SIZE:
            return None
        return scrypt_check(int(parts[1]), int(parts[3]), int(parts[4]), parts[2].encode(), key)


@frozen
class PasslibScrypt:
    """passlib's `$scrypt$ln=16,r=8,p=1$salt$key`.

    https://passlib.readthedocs.io/en/stable/lib/passlib.hash.scrypt.html#format-algorithm
    """

    @property
    def name(self) -> str:
        return "passlib's scrypt"

    @property
    def sample(self) -> Stored:
        salt, key = (to_base64(bytes(size), padded=False) for size in (16, _PASSLIB_KEY_SIZE))
        return Stored(f"$scrypt$ln=16,r=8,p=1${salt}${key}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _PASSLIB.fullmatch(text)
        if parts is None:
            return None
        salt, key = (from_base64(part, padded=False) for part in (parts[4], parts[5]))
        if salt is None or key is None or len(key) != _PASSLIB_KEY_SIZE:
            return None
        return scrypt_check(1 << int(parts[1]), int(parts[2]), int(parts[3]), salt, key)


@frozen
class WerkzeugScrypt:
    """Werkzeug's default since 2.3, used with Flask: `scrypt:N:r:p$salt$key`.

    https://werkzeug.palletsprojects.com/en/stable/utils/#werkzeug.security.generate_password_hash
    """

    @property
    def name(self) -> str:
        return "Werkzeug's scrypt"

    @property
    def sample(self) -> Stored:
        return Stored(f"scrypt:32768:8:1$salt${hex_of(_KEY_SIZE)}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _WERKZEUG.fullmatch(text)
        key = parts and from_hex(parts[5], _KEY_SIZE)
        if not parts or not key:
            return None
        return scrypt_check(int(parts[1]), int(parts[2]), int(parts[3]), parts[4].encode(), key)


@frozen(kw_only=True)
class NodeScrypt:
    """`salt:key` in hexadecimal digits, by Node's `crypto.scrypt`: the row does not have its settings.

    The defaults are Node's own: https://nodejs.org/api/crypto.html#cryptoscryptpassword-salt-keylen-options-callback

    Args:
        n: the cost, a power of two
        r: the size of a block, in 128 bytes
        p: how many times that is done
        key_size: in bytes
        salt: whether the program passed `crypto.scrypt` the digits of the salt as they are, `text`, or the bytes that
            they stand for, `bytes`
        first: what comes before the colon
    """

    n: int = field(default=16384, validator=instance_of(int))
    r: int = field(default=8, validator=instance_of(int))
    p: int = field(default=1, validator=instance_of(int))
    key_size: int = field(default=64, validator=[instance_of(int), ge(16)])
    salt: Literal["text", "bytes"] = field(default="text", validator=in_(("text", "bytes")))
    first: Literal["salt", "key"] = field(default="salt", validator=in_(("salt", "key")))

    def __attrs_post_init__(self) -> None:
        try:
            possible = scrypt_check(self.n, self.r, self.p, b"", b"") is not None
        except TooCostlyError as error:
            message = f"no password can be checked with these settings of scrypt: {error}"
            raise ConfigurationError(message) from None
        if not possible:
            message = f"there is no scrypt with n={self.n}, r={self.r}, p={self.p}: n must be a power of two above 1"
            raise ConfigurationError(message)

    @property
    def name(self) -> str:
        return "scrypt by Node"

    @property
    def sample(self) -> Stored:
        salt, key = hex_of(16), hex_of(self.key_size)
        return Stored(f"{salt}:{key}" if self.first == "salt" else f"{key}:{salt}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = text.split(":")
        if len(parts) != len(("salt", "key")):
            return None
        salt, digits = parts if self.first == "salt" else reversed(parts)
        key = from_hex(digits, self.key_size)
        salt_bytes = from_hex(salt, len(salt) // 2)
        if not key or not salt_bytes:
            return None
        return scrypt_check(self.n, self.r, self.p, salt.encode() if self.salt == "text" else salt_bytes, key)
