"""The forms of a secret: every spelling that masking promises to recognize."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import evolve, frozen

from customdb_contract.secrets._reference import SecretForm, SecretRef

__all__ = [
    "Form",
    "encoded_forms",
    "encoded_texts",
    "escaped",
    "fewest_encoded",
    "labels_of",
    "may_hold_encoded",
    "written_forms",
]

_ESCAPE: Final = r"\\{1,4}"
"""A pattern: one backslash, or more if a text was quoted again, but limited, so that matching stays quick."""

_SHORT_ESCAPES: Final = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", '"': '"', "'": "'", "/": "/"}
_LAST_OF_ONE_UNIT: Final = 0xFFFF
_WIDTHS: Final = (("x", 2), ("u", 4), ("U", 8))
_URL_ALPHABET: Final = str.maketrans("+/", "-_")
_MOST_PATTERNS: Final = 2_000
_SHORTEST_DIGEST: Final = 22
"""Characters of an MD5 digest in Base64."""

_DIGESTS: Final = {
    SecretForm.MD5: hashlib.md5,
    SecretForm.SHA1: hashlib.sha1,
    SecretForm.SHA256: hashlib.sha256,
}


Writing: TypeAlias = Callable[[str, bool], str]
"""Returns a pattern for a text. Without escapes, the pattern suits texts that have none, and is quick to make."""


@frozen
class Form:
    """One way to write a secret.

    Args:
        text: The form, unescaped.
        secret: Which secret it is.
        writing: Returns a pattern that matches the text.
        is_exact: Whether upper and lower case differ.
    """

    text: str
    secret: SecretRef
    writing: Writing
    is_exact: bool = True

    def match(self, text: str, at: int, *, with_escapes: bool) -> re.Match[str] | None:
        """Return the match of this form at a place, or None.

        Args:
            text: The text to search.
            at: The place.
            with_escapes: Whether the text can have escapes.
        """
        return _compiled(self.writing, self.text, with_escapes).match(text, at)


@lru_cache(_MOST_PATTERNS)
def _compiled(writing: Writing, text: str, with_escapes: bool) -> re.Pattern[str]:  # noqa: FBT001 - it is a key
    return re.compile(writing(text, with_escapes))


def written_forms(value: str, secret: SecretRef) -> Iterator[Form]:
    """Yield the forms in which a secret is written as it is.

    Args:
        value: The secret.
        secret: Which one it is.
    """
    yield Form(value, secret, _as_text)
    if any(character.isdigit() for character in value):
        # In any text, a word can begin with a capital letter.
        yield Form(value, secret, _in_any_case, is_exact=False)


def encoded_forms(value: str, secret: SecretRef) -> Iterator[Form]:
    """Yield all other forms of a secret.

    Args:
        value: The secret.
        secret: Which one it is.
    """
    for text in dict.fromkeys(_as_utf_16(value)):
        yield Form(text, secret, _as_text)
    for text, writing, form in _encodings(value):
        yield Form(text, evolve(secret, form=form) if form else secret, writing)


def encoded_texts(value: str) -> Sequence[str]:
    """Return a secret in all encodings but UTF-16.

    Args:
        value: The secret.
    """
    return [text for text, _, _ in _encodings(value)]


def labels_of(secret: SecretRef) -> Sequence[str]:
    """Return the labels of all forms of a secret.

    Args:
        secret: Which one it is.
    """
    stem = evolve(secret, form=SecretForm.AS_IS).label if secret.form else secret.label
    return [secret.label, *(f"{stem}, {form}" for form in _DIGESTS)]


def fewest_encoded(value: str) -> int:
    """Return the smallest number of characters that a secret has in any encoding; see `may_hold_encoded`.

    Args:
        value: The secret, ASCII only.
    """
    return min(_SHORTEST_DIGEST, 4 * len(value) // 3 - 1)


def may_hold_encoded(text: str, fewest: int) -> bool:
    """Tell whether a text without escapes can contain an encoded form of an ASCII-only secret.

    Args:
        text: The text.
        fewest: What `fewest_encoded` returned for the secret, or less.
    """
    return _encoded_run(fewest).search(text) is not None


@lru_cache
def _encoded_run(fewest: int) -> re.Pattern[str]:
    base64_or_hex = rf"[A-Za-z0-9+/_-]{{{fewest}}}"
    spaced_hex = r"(?:[0-9A-Fa-f]{2}[ +]){5}"
    utf_16 = r"\0"
    return re.compile(f"{base64_or_hex}|{spaced_hex}|{utf_16}")


def _encodings(value: str) -> Iterator[tuple[str, Writing, SecretForm]]:
    raw = value.encode("utf-8", "surrogatepass")
    for text in dict.fromkeys(_in_base64(raw)):
        yield text, _as_base64, SecretForm.AS_IS
    yield raw.hex(), _in_any_case, SecretForm.AS_IS
    yield raw.hex(" "), _in_any_case, SecretForm.AS_IS
    for form, digest in _DIGESTS.items():
        digested = digest(raw, usedforsecurity=False).digest()
        yield digested.hex(), _in_any_case, form
        yield base64.b64encode(digested).decode().rstrip("="), _as_padded_base64, form


def escaped(text: str) -> str:
    """Return a pattern for a text in which any character can be escaped: encoders differ in which ones they escape.

    Args:
        text: The text.
    """
    return _as_text(text, with_escapes=True)


def _as_text(text: str, with_escapes: bool) -> str:  # noqa: FBT001 - see Writing
    write = _escaped_run if with_escapes else _unescaped
    return "".join(write(run) for run in re.findall(r"\\+|[^\\]", text))


def _unescaped(run: str) -> str:
    if run == " ":
        return "[ +]"
    raw = run.encode("utf-8", "surrogatepass")
    return re.escape(run) if len(raw) == len(run) else f"(?:{re.escape(run)}|{re.escape(raw.decode('latin-1'))})"


def _escaped_run(run: str) -> str:
    """Return a pattern for a character, or several backslashes, as is or escaped for a URL, by JSON or by Python."""
    if run.startswith("\\"):
        times = len(run)
        ways = (rf"{_ESCAPE}(?i:x5c|u005c)", _percent_encoded(run[:1].encode()))
        return f"(?:{'|'.join(f'(?:{way}){{{times}}}' for way in ways)}|\\\\{{{times},{8 * times}}})"
    return f"(?:{'|'.join(_ways(run))})"


def _ways(character: str) -> Iterator[str]:
    digits = f"{ord(character):02x}"
    raw = character.encode("utf-8", "surrogatepass")
    yield re.escape(character)
    yield _percent_encoded(raw)
    padded = "|".join(prefix + "0" * (width - len(digits)) for prefix, width in _WIDTHS if len(digits) <= width)
    yield rf"{_ESCAPE}(?:(?:{padded}){_in_hex(digits)}|u\{{0*{_in_hex(f'{ord(character):x}')}\}})"
    if len(raw) > 1:
        # Bytes as they are shown, and bytes that were mistaken for Latin-1.
        yield "".join(f"(?:{re.escape(chr(byte))}|{_ESCAPE}(?:x|u00){_in_hex(f'{byte:02x}')})" for byte in raw)
    units = character.encode("utf-16-be", "surrogatepass")
    if ord(character) > _LAST_OF_ONE_UNIT:
        yield "".join(f"{_ESCAPE}u{_in_hex(units[at : at + 2].hex())}" for at in range(0, len(units), 2))
    if character in _SHORT_ESCAPES:
        yield _ESCAPE + re.escape(_SHORT_ESCAPES[character])
    if character == " ":
        yield r"\+"


def _in_hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _percent_encoded(raw: bytes) -> str:
    return "".join(f"%(?:25){{0,3}}{_in_hex(f'{byte:02x}')}" for byte in raw)


def _as_utf_16(value: str) -> Iterator[str]:
    """Yield the secret as UTF-16, read as bytes; a single zero byte at the end carries no information."""
    yield value.encode("utf-16-le", "surrogatepass").decode("latin-1").removesuffix("\0")
    yield value.encode("utf-16-be", "surrogatepass").decode("latin-1").removeprefix("\0")


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield the secret in base64, alone and as a part of something longer, such as `user:password` in a header."""
    yield base64.b64encode(raw).decode()
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        if before == 0:
            yield text
        # The characters at both ends also have bits of the neighbouring text.
        yield text[shared : len(text) - ((before + len(raw)) % 3 > 0)]


def _in_any_case(text: str, with_escapes: bool) -> str:  # noqa: FBT001 - see Writing
    return f"(?i:{_as_text(text, with_escapes)})"


def _as_base64(text: str, with_escapes: bool) -> str:  # noqa: FBT001 - see Writing
    write = _escaped_run if with_escapes else re.escape
    signs = {sign: f"(?:{write(sign)}|{write(sign.translate(_URL_ALPHABET))})" for sign in "+/"} | {"=": write("=")}
    return "".join(signs.get(character, character) for character in text)


def _as_padded_base64(text: str, with_escapes: bool) -> str:  # noqa: FBT001 - see Writing
    return f"{_as_base64(text, with_escapes)}(?:{_as_base64('=', with_escapes)}){{0,2}}"
