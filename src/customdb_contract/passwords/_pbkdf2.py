"""PBKDF2, as Django, passlib and Werkzeug store it."""

import re
from typing import Final

from attrs import frozen

from customdb_contract.passwords._derived import DIGEST_SIZES, pbkdf2_check
from customdb_contract.passwords._encodings import from_base64, from_hex, hex_of, to_base64
from customdb_contract.passwords._stored import Check, Stored

__all__ = ["DjangoPbkdf2", "PasslibPbkdf2", "WerkzeugPbkdf2"]

_DJANGO: Final = re.compile(r"pbkdf2_(sha256|sha1)\$([1-9][0-9]{0,9})\$([^$]+)\$([A-Za-z0-9+/]+=*)")
_PASSLIB: Final = re.compile(r"\$pbkdf2(?:-(sha256|sha512))?\$([1-9][0-9]{0,9})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)")
_WERKZEUG: Final = re.compile(r"pbkdf2:(sha1|sha224|sha256|sha384|sha512):([1-9][0-9]{0,9})\$([^$]+)\$([0-9a-f]+)")


@frozen
class DjangoPbkdf2:
    """Django's default: `pbkdf2_sha256$iterations$salt$key` and `pbkdf2_sha1$…`.

    https://docs.djangoproject.com/en/stable/topics/auth/passwords/#how-django-stores-passwords
    """

    @property
    def name(self) -> str:
        return "Django's PBKDF2"

    @property
    def sample(self) -> Stored:
        return Stored(f"pbkdf2_sha256$600000$salt${to_base64(bytes(32))}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _DJANGO.fullmatch(text)
        if parts is None:
            return None
        algorithm, iterations, salt, digits = parts.groups()
        key = from_base64(digits)
        if key is None or len(key) != DIGEST_SIZES[algorithm]:
            return None
        return pbkdf2_check(algorithm, int(iterations), salt.encode(), key)


@frozen
class PasslibPbkdf2:
    """passlib's `$pbkdf2-sha256$iterations$salt$key`, `$pbkdf2-sha512$…`, and `$pbkdf2$…` with SHA-1.

    https://passlib.readthedocs.io/en/stable/lib/passlib.hash.pbkdf2_digest.html#format-algorithm
    """

    @property
    def name(self) -> str:
        return "passlib's PBKDF2"

    @property
    def sample(self) -> Stored:
        salt, key = (to_base64(bytes(size), padded=False, adapted=True) for size in (16, 32))
        return Stored(f"$pbkdf2-sha256$29000${salt}${key}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _PASSLIB.fullmatch(text)
        if parts is None:
            return None
        algorithm = parts[1] or "sha1"
        salt, key = (from_base64(part, padded=False, adapted=True) for part in (parts[3], parts[4]))
        if salt is None or key is None or len(key) != DIGEST_SIZES[algorithm]:
            return None
        return pbkdf2_check(algorithm, int(parts[2]), salt, key)


@frozen
class WerkzeugPbkdf2:
    """Werkzeug's format, used with Flask: `pbkdf2:sha256:iterations$salt$key`.

    https://werkzeug.palletsprojects.com/en/stable/utils/#werkzeug.security.generate_password_hash

    A text without iterations is not read, because the number depends on Werkzeug's version.
    """

    @property
    def name(self) -> str:
        return "Werkzeug's PBKDF2"

    @property
    def sample(self) -> Stored:
        return Stored(f"pbkdf2:sha256:600000$salt${hex_of(32)}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _WERKZEUG.fullmatch(text)
        if parts is None:
            return None
        algorithm, iterations, salt, digits = parts.groups()
        key = from_hex(digits, DIGEST_SIZES[algorithm])
        return None if key is None else pbkdf2_check(algorithm, int(iterations), salt.encode(), key)
