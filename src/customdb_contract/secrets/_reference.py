"""What a secret is and who it belongs to, and the marker that replaces it."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Final

from attrs import frozen

__all__ = [
    "MARKER",
    "NUMBERED",
    "PASSWORDS",
    "TOLD",
    "SecretForm",
    "SecretKind",
    "SecretRef",
    "is_marker",
    "secrets_in",
]


class SecretKind(StrEnum):
    """What a secret is."""

    PASSWORD = "password"  # noqa: S105 - a kind of secret
    """The password of a user; the owner is the user's label."""
    NEW_PASSWORD = "new password"  # noqa: S105 - a kind of secret
    """The password that `change_password` gives a user; the owner is the user's label."""
    CONFIGURATION = "configuration"
    """A value of the configuration; the owner is its name."""
    KEYWORD = "keyword"
    """A keyword that is inserted into JavaScript; the owner is its name."""
    OTHER = "other"
    """A secret that the team declared; the owner is the team's description."""
    PASSWORD_HASH = "password hash"  # noqa: S105 - a kind of secret
    """The hash of a password, recognized by its format; the owner is a number."""
    TOTP_SECRET = "TOTP secret"  # noqa: S105 - a kind of secret
    """The secret of one-time passwords; the owner is a number."""
    URL_CREDENTIALS = "credentials in a URL"
    """The user and the password in a URL; the owner is a number."""
    PRIVATE_KEY = "private key"
    """A private key in PEM format; the owner is a number."""
    NAMED = "secret value"
    """A value with the name of a secret; the owner is a number."""

    @property
    def prefix(self) -> str:
        """What labels of this kind begin with."""
        return _PREFIXES[self]


class SecretForm(StrEnum):
    """How a secret was changed."""

    AS_IS = ""
    """Not at all, or only encoded."""
    CASE_CHANGED = "case changed"
    """Upper case became lower case and vice versa."""
    PADDED = "padded with a blank"
    """With a space before and after it."""
    NUL_AND_MORE = "then NUL and more"
    """Followed by a NUL character and more."""
    CUT = "cut after 72 bytes"
    """Its first 72 bytes."""
    MD5 = "as MD5"
    """Its MD5 digest."""
    SHA1 = "as SHA-1"
    """Its SHA-1 digest."""
    SHA256 = "as SHA-256"
    """Its SHA-256 digest."""


_PREFIXES: Final = {
    SecretKind.NEW_PASSWORD: "new password of ",
    SecretKind.PASSWORD: "password of ",
    SecretKind.CONFIGURATION: "configuration ",
    SecretKind.KEYWORD: "keyword ",
    SecretKind.PASSWORD_HASH: "password hash ",
    SecretKind.TOTP_SECRET: "TOTP secret ",
    SecretKind.URL_CREDENTIALS: "credentials in a URL ",
    SecretKind.PRIVATE_KEY: "private key ",
    SecretKind.NAMED: "secret value ",
    # The last one: its prefix is empty, so every label begins with it.
    SecretKind.OTHER: "",
}

NUMBERED: Final = frozenset(
    {
        SecretKind.PASSWORD_HASH,
        SecretKind.TOTP_SECRET,
        SecretKind.URL_CREDENTIALS,
        SecretKind.PRIVATE_KEY,
        SecretKind.NAMED,
    }
)
"""The kinds of secrets that were not declared; a number distinguishes two of the same kind."""

PASSWORDS: Final = frozenset({SecretKind.PASSWORD, SecretKind.NEW_PASSWORD})
"""The kinds of secrets that users type."""

TOLD: Final = PASSWORDS | {SecretKind.CONFIGURATION, SecretKind.KEYWORD, SecretKind.OTHER}
"""The kinds of secrets that were declared to the check; showing one of them is a leak."""

MARKER: Final = re.compile("«([^«»]*)»")
"""A marker; its group is the label of the secret."""

_FORMS: Final = "|".join(re.escape(form) for form in SecretForm if form)
_FORM: Final = re.compile(f", ({_FORMS})$")
_AMBIGUOUS: Final = re.compile(rf"[\\«»]|,(?= (?:{_FORMS})$)")
_ESCAPED: Final = re.compile(r"\\u([0-9a-f]{4})")


@frozen
class SecretRef:
    """A reference to a secret, which reveals nothing of it.

    Args:
        kind: What the secret is.
        owner: Who it belongs to, or its name or number.
        form: How it was changed.
    """

    kind: SecretKind
    owner: str
    form: SecretForm = SecretForm.AS_IS

    @classmethod
    def parse(cls, label: str) -> "SecretRef":
        r"""Return what a label refers to; the inverse of `label`.

        Args:
            label: The text between the guillemets of a marker. Any text is valid: one without the prefix of a kind is
                `OTHER`. `\u002c` stands for a comma that belongs to the owner.
        """
        changed = _FORM.search(label)
        form = SecretForm(changed[1]) if changed else SecretForm.AS_IS
        rest = label[: changed.start()] if changed else label
        kind = next(kind for kind, prefix in _PREFIXES.items() if rest.startswith(prefix))
        return cls(kind, _ESCAPED.sub(_unescaped, rest.removeprefix(kind.prefix)), form)

    @cached_property
    def label(self) -> str:
        """What the secret is, in words that a reader and `parse` understand in the same way."""
        owner = _AMBIGUOUS.sub(_escaped, self.owner)
        if self.kind is SecretKind.OTHER and SecretRef.parse(owner).kind is not SecretKind.OTHER:
            owner = f"\\u{ord(owner[0]):04x}{owner[1:]}"
        return f"{self.kind.prefix}{owner}{', ' if self.form else ''}{self.form}"

    @cached_property
    def marker(self) -> str:
        """What a transcript has in place of the secret: `«password of ada»`."""
        return f"«{self.label}»"


def is_marker(text: str) -> bool:
    """Tell whether a text is a marker and nothing else.

    Args:
        text: A masked text.
    """
    return MARKER.fullmatch(text) is not None


def secrets_in(text: str) -> Iterator[SecretRef]:
    """Yield the secrets whose markers occur in a text, in order.

    Args:
        text: A masked text.
    """
    # Almost no text has any.
    return (SecretRef.parse(match[1]) for match in MARKER.finditer(text)) if "«" in text else iter(())


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))
