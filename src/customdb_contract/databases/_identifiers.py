"""Decides when two spellings of an e-mail, username or phone number are the same identifier."""

import re
from typing import Final

__all__ = ["can_be_stored", "is_email", "lowered", "raised", "same_identifier"]

_LONGEST: Final = 320
"""Characters of the longest identifier that is looked up: an e-mail can have 64 before the `@` and 255 after it.

Source: <https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1>.
"""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


def same_identifier(one: str, other: str) -> bool:
    """Return whether two identifiers are the same, apart from the case of their letters.

    A letter beyond ASCII never equals an ASCII letter, although Unicode lower-cases the Kelvin sign to `k`: the two
    e-mails can have different owners.
    """
    return lowered(one) == lowered(other)


def lowered(text: str) -> str:
    """Return an identifier in lower case, as far as it stays the same for `same_identifier`."""
    return text.lower() if text.isascii() else "".join(map(_lowered, text))


def raised(text: str) -> str:
    """Return an identifier in upper case, letter by letter, so that ASCII letters and others stay distinct."""
    return text.upper() if text.isascii() else "".join(map(_raised, text))


def _raised(letter: str) -> str:
    upper = letter.upper()
    return upper if len(upper) == 1 and upper.isascii() == letter.isascii() else letter


def _lowered(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 and lower.isascii() == letter.isascii() else letter


def can_be_stored(text: object) -> bool:
    """Return whether a value can be an identifier: text that every store accepts, neither empty nor too long."""
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def is_email(text: str) -> bool:
    """Return whether a text can be an e-mail."""
    return can_be_stored(text) and _EMAIL.fullmatch(text) is not None
