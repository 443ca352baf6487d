"""Bytes stored as text, read strictly, so that no altered text has the same meaning."""

import base64
import binascii
import re
from typing import Final

__all__ = ["from_base64", "from_hex", "hex_of", "to_base64"]

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*|(?:[0-9A-F]{2})*")
# What passlib calls adapted base64: https://passlib.readthedocs.io/en/stable/lib/passlib.utils.binary.html
_ADAPTED: Final = str.maketrans(".", "+")


def from_hex(text: str, size: int) -> bytes | None:
    """Read hexadecimal digits, all in lower case or all in upper case.

    Args:
        text: the digits
        size: the required number of bytes

    Returns:
        None if it is anything else.
    """
    return bytes.fromhex(text) if len(text) == 2 * size and _HEX.fullmatch(text) else None


def hex_of(size: int) -> str:
    """Return a made-up digest in hexadecimal digits.

    Args:
        size: of the digest, in bytes
    """
    return bytes(range(size)).hex()


def from_base64(text: str, *, padded: bool = True, adapted: bool = False) -> bytes | None:
    """Read base64 in its canonical form.

    Args:
        text: the stored text
        padded: whether it ends in `=` if its length requires it; otherwise it must not
        adapted: whether it has `.` instead of `+`, as in passlib

    Returns:
        None if it is anything else, such as base64 in more than one line.
    """
    try:
        value = base64.b64decode(_in_full(text, padded=padded, adapted=adapted), validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if to_base64(value, padded=padded, adapted=adapted) == text else None


def _in_full(text: str, *, padded: bool, adapted: bool) -> str:
    plain = text.translate(_ADAPTED) if adapted else text
    return plain if padded else plain + "=" * (-len(plain) % 4)


def to_base64(value: bytes, *, padded: bool = True, adapted: bool = False) -> str:
    """Write what `from_base64` reads."""
    text = base64.b64encode(value, altchars=b"./" if adapted else None).decode()
    return text if padded else text.rstrip("=")
