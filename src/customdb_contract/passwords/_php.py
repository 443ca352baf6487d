"""phpass and WordPress's variants of it."""

import hashlib
import hmac
import re
from base64 import b64encode
from typing import Final

from attrs import frozen

from customdb_contract.passwords._bcrypt import read_bcrypt
from customdb_contract.passwords._stored import Check, Stored, same, within

__all__ = ["PhpBb", "WordPress"]

_DIGITS: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TEXT: Final = re.compile(r"\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})")
_LEAST_ROUNDS: Final = 7
_MOST_ROUNDS: Final = 18
"""The binary logarithm; WordPress and phpBB use at most 13."""
_BLANKS: Final = " \t\n\r\0\x0b"
"""The characters that PHP's trim removes: https://www.php.net/manual/en/function.trim.php"""
_MD5_SIZE: Final = 16


def _from_digits(text: str) -> bytes | None:
    """Read phpass's own base64: the lowest bits first."""
    number = sum(_DIGITS.index(digit) << 6 * place for place, digit in enumerate(text))
    # 22 digits have four bits more than 16 bytes; they are zero.
    return number.to_bytes(_MD5_SIZE, "little") if number < 1 << 8 * _MD5_SIZE else None


def _read_phpass(text: str) -> Check | None:
    """Parse a portable hash of phpass: https://www.openwall.com/phpass/."""
    parts = _TEXT.fullmatch(text)
    if parts is None:
        return None
    rounds, digest = _DIGITS.index(parts[1]), _from_digits(parts[3])
    if rounds < _LEAST_ROUNDS or digest is None:
        return None
    within("as the cost of phpass", rounds, _MOST_ROUNDS)
    salt = parts[2].encode()

    def check(password: str) -> bool:
        secret = password.encode()
        found = salt
        for _ in range((1 << rounds) + 1):
            found = hashlib.md5(found + secret, usedforsecurity=False).digest()
        return same(found, digest)

    return check


@frozen
class PhpBb:
    """phpBB 3's `$H$`; it stores bcrypt and Argon2 in their usual forms too.

    https://github.com/phpbb/phpbb/blob/master/phpBB/phpbb/passwords/driver/salted_md5.php
    """

    @property
    def name(self) -> str:
        return "phpBB's phpass"

    @property
    def sample(self) -> Stored:
        return Stored(f"$H$9{'.' * 30}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        return _read_phpass(text) if text.startswith("$H$") else None


@frozen
class WordPress:
    """WordPress: `$P$` by phpass, and since 6.8 `$wp$2y$`: bcrypt of an HMAC-SHA384, which has no limit of 72 bytes.

    https://make.wordpress.org/core/2025/02/17/wordpress-6-8-will-use-bcrypt-for-password-hashing/

    It trims passwords before it hashes and before it checks them
    (https://developer.wordpress.org/reference/functions/wp_authenticate/), so this does too.
    """

    @property
    def name(self) -> str:
        return "WordPress's"

    @property
    def sample(self) -> Stored:
        return Stored(f"$P$B{'.' * 30}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        if text.startswith("$P$"):
            return _trimming(_read_phpass(text))
        check = read_bcrypt(text.removeprefix("$wp")) if text.startswith("$wp$2y$") else None
        return check and _trimming(lambda password: check(_folded(password)))


def _trimming(check: Check | None) -> Check | None:
    # A password of nothing but spaces must not match the hash of an empty password.
    return check and (lambda password: (trimmed := password.strip(_BLANKS)) != "" and check(trimmed))


def _folded(password: str) -> str:
    return b64encode(hmac.digest(b"wp-sha384", password.encode(), "sha384")).decode()
