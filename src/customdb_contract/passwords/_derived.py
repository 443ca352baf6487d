"""Keys derived by the standard library, with the length that the format fixes."""

import hashlib
from typing import Final

from customdb_contract.passwords._stored import Check, same, within

__all__ = ["DIGEST_SIZES", "pbkdf2_check", "scrypt_check"]

DIGEST_SIZES: Final = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
"""The bytes of each digest."""

_MOST_ITERATIONS: Final = 10_000_000
"""Of PBKDF2; this takes several seconds, and is eight times Django 6's default."""
_MOST_BLOCKS: Final = 2**23
"""N times r of scrypt, in 128 bytes: 1 GiB of memory; together with p, several seconds."""


def pbkdf2_check(algorithm: str, iterations: int, salt: bytes, key: bytes) -> Check:
    """Compare by PBKDF2 (https://www.rfc-editor.org/rfc/rfc8018.html#section-5.2).

    Args:
        algorithm: of the HMAC, by its name in hashlib
        iterations: 1 or more
        salt: as bytes
        key: the stored key; the caller has checked its length

    Raises:
        TooCostlyError: there are too many iterations
    """
    within("iterations of PBKDF2", iterations, _MOST_ITERATIONS)
    return lambda password: same(hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, iterations, len(key)), key)


def scrypt_check(n: int, r: int, p: int, salt: bytes, key: bytes) -> Check | None:
    """Compare by scrypt (https://www.rfc-editor.org/rfc/rfc7914.html#section-2).

    Args:
        n: the cost, a power of two
        r: the size of a block, in 128 bytes
        p: how many times that is done
        salt: as bytes
        key: the stored key; the caller has checked its length

    Returns:
        None if there is no scrypt with these parameters.

    Raises:
        TooCostlyError: they need too much memory or work
    """
    if min(n - 1, r, p) < 1 or n & (n - 1):
        return None
    within("blocks of memory for scrypt", n * r, _MOST_BLOCKS)
    within("blocks that scrypt fills in all", n * r * p, _MOST_BLOCKS)
    # The memory that OpenSSL allocates; its own limit of 32 MiB is below what Werkzeug and Django need.
    memory = 128 * r * (n + p + 2)

    def check(password: str) -> bool:
        return same(hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=len(key)), key)

    return check
