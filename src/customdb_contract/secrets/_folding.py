"""Folding: reduces a text to what all its encodings have in common, so that a quick search can rule secrets out.

A folded text contains the folded core of each secret that the text has in any form. The opposite isn't always true, so
a hit only means that a thorough search is needed.
"""

import re
from typing import Final

__all__ = ["FOREIGN", "core", "first_character", "fold", "is_escaped"]

_PERCENT: Final = r"%(?:25){0,3}([0-9A-Fa-f]{2})"
_CODE: Final = r"(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|U([0-9A-Fa-f]{8})|u\{0{0,8}([0-9A-Fa-f]{1,6})\})"
_ESCAPE: Final = re.compile(rf"{_PERCENT}|\\{{1,40}}{_CODE}")
_ESCAPES: Final = re.compile(rf"{_PERCENT}|(?<!\\)\\+{_CODE}")
"""Matches only at the first of several backslashes, so that a long run of them is read once."""

_SHORT_ESCAPE: Final = re.compile(r"\\{1,40}.", re.DOTALL)
_LAST_ASCII: Final = 0x7F
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
FOREIGN: Final = "\x80"
"""Stands for any run of non-ASCII characters: encodings differ in them, and in how many they are."""

_ALIKE: Final = bytes(range(256)).lower().translate(bytes.maketrans(b"\b\f\n\r\t+-_", b"bfnrt  /"))
"""Escapes are letters after a backslash; a space is a plus sign in a form; Base64 has two alphabets."""

_SWALLOWED: Final = re.compile(r"[0-9A-Fa-fUuXx{}]{1,10}")
"""What an escape that begins earlier could take for a part of itself."""

_SHORTEST_CORE: Final = 3


def is_escaped(text: str) -> bool:
    """Tell whether a text can have escapes.

    Args:
        text: Any text.
    """
    return "%" in text or "\\" in text


def fold(text: str) -> str:
    """Return a text without escapes, and without the characters in which encodings differ.

    Args:
        text: Any text.
    """
    if is_escaped(text):
        text = _ESCAPES.sub(_unescaped, text).replace("\\", "")
    if not text.isascii():
        text = _NOT_ASCII.sub(FOREIGN, text.replace("\0", ""))
    # Bytes are translated many times as fast as a text.
    return text.encode("latin-1").translate(_ALIKE, b"\0").decode("latin-1")


def first_character(text: str, at: int = 0) -> str:
    """Return what a place in a text begins with after folding; empty if nothing is left.

    Args:
        text: Any text.
        at: The place.
    """
    if text[at] not in "%\\":
        return fold(text[at])
    escape = _ESCAPE.match(text, at) or _SHORT_ESCAPE.match(text, at)
    return fold(escape[0]) if escape else fold(text[at])


def core(form: str) -> str:
    """Return a piece of a secret that every folded text with escapes has if it contains the secret.

    Args:
        form: The secret, in one of its forms.

    Returns:
        The piece; empty if nothing certainly remains.
    """
    pieces = re.split(r"[%\\]", form) if is_escaped(form) else (form,)
    longest = max(map(_certain, pieces), key=len)
    return longest if len(longest) >= _SHORTEST_CORE else ""


def _certain(piece: str) -> str:
    swallowed = _SWALLOWED.match(piece)
    return fold(piece[swallowed.end() :] if swallowed else piece)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[match.lastindex or 1], 16)
    return chr(code) if code <= _LAST_ASCII else FOREIGN
