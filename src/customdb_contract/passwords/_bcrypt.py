"""bcrypt, as OpenBSD, PHP, Node and Python store it, and what others wrap around it."""

import hashlib
import re
from typing import Final, Literal

from attrs import field, frozen
from attrs.validators import ge, instance_of, le

from customdb_contract.errors import UnusablePasswordError
from customdb_contract.passwords._libraries import needing
from customdb_contract.passwords._stored import Check, Stored, within

__all__ = ["Bcrypt", "DjangoBcrypt", "read_bcrypt"]

# The last characters of salt and digest have unused bits, which are zero:
# https://passlib.readthedocs.io/en/stable/lib/passlib.hash.bcrypt.html#security-issues
_TEXT: Final = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]")
_LEAST_COST: Final = 4
_MOST_COST: Final = 16
"""Each step doubles the work; at 16, a log-in already takes several seconds."""
_LONGEST: Final = 72
"""Bytes of a password that bcrypt reads: https://man.openbsd.org/crypt.3"""


def _matches(secret: bytes, text: str) -> bool:
    with needing("bcrypt"):
        import bcrypt  # noqa: PLC0415 - an extra
    return bcrypt.checkpw(secret, text.encode())


def read_bcrypt(text: str, *, longer: Literal["refused", "cut"] = "refused") -> Check | None:
    """Parse a bcrypt text, including those that others wrap around it.

    Args:
        text: from `$2b$` on
        longer: what happens to a password of more than 72 bytes

    Raises:
        TooCostlyError: its cost is too high
    """
    parts = _TEXT.fullmatch(text)
    if parts is None or (cost := int(parts[1])) < _LEAST_COST:
        return None
    within("as the cost of bcrypt", cost, _MOST_COST)

    def check(password: str) -> bool:
        secret = password.encode()
        # Hashed in any case, so that the time reveals nothing.
        matches = _matches(secret[:_LONGEST], text)
        # In C, a NUL ends the password; in Rust, it doesn't: the only right answer is no.
        return matches and b"\0" not in secret and (longer == "cut" or len(secret) <= _LONGEST)

    return check


@frozen
class Bcrypt:
    """bcrypt: `$2a$`, `$2b$` and `$2y$`; new passwords become `$2b$`.

    bcrypt reads the first 72 bytes of a password (https://man.openbsd.org/crypt.3). Longer passwords are rejected by
    default, because otherwise anyone who knows these bytes could log in. PHP's `password_hash`
    (https://www.php.net/manual/en/function.password-hash.php) and bcrypt for Node
    (https://github.com/kelektiv/node.bcrypt.js#security-issues-and-concerns) silently truncate them.
    A password with a NUL never matches. `$2x$`, which marks hashes of a broken implementation, is not read.

    Args:
        cost: of new passwords: the binary logarithm of the rounds, 4 to 16
        longer: `cut` accepts longer passwords that a legacy system has truncated; new passwords are never truncated
    """

    cost: int = field(default=12, validator=[instance_of(int), ge(_LEAST_COST), le(_MOST_COST)])
    longer: Literal["refused", "cut"] = field(default="refused", kw_only=True)

    @property
    def name(self) -> str:
        return "bcrypt"

    @property
    def sample(self) -> Stored:
        return Stored(f"$2b${self.cost:02}${'.' * 53}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        return read_bcrypt(text, longer=self.longer)

    def hash(self, password: str) -> str:
        """Hash a new password.

        Args:
            password: the user's choice

        Raises:
            UnusablePasswordError: it is longer than 72 bytes in UTF-8, or has a NUL
        """
        secret = password.encode()
        if len(secret) > _LONGEST:
            message = f"the new password is longer than the {_LONGEST} bytes that bcrypt reads: choose a shorter one"
            raise UnusablePasswordError(message)
        if b"\0" in secret:
            message = "the new password has a NUL character, which bcrypt has no agreed meaning for: choose another one"
            raise UnusablePasswordError(message)
        with needing("bcrypt"):
            import bcrypt  # noqa: PLC0415 - an extra
        return bcrypt.hashpw(secret, bcrypt.gensalt(self.cost)).decode()


@frozen
class DjangoBcrypt:
    """Django's `bcrypt_sha256$$2b$…`, bcrypt of the SHA-256 in hexadecimal digits, and `bcrypt$$2b$…`.

    https://docs.djangoproject.com/en/stable/topics/auth/passwords/#using-bcrypt-with-django
    """

    @property
    def name(self) -> str:
        return "Django's bcrypt"

    @property
    def sample(self) -> Stored:
        return Stored(f"bcrypt_sha256$$2b$12${'.' * 53}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        wrapper, _, wrapped = text.partition("$")
        match wrapper:
            case "bcrypt":
                return read_bcrypt(wrapped)
            case "bcrypt_sha256":
                check = read_bcrypt(wrapped)
                return check and (lambda password: check(hashlib.sha256(password.encode()).hexdigest()))
            case _:
                return None
