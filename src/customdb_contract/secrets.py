"""Known secrets and their markers; masking happens here and only here."""

import base64
import json
import re
from collections.abc import Callable
from typing import Final, final
from urllib.parse import quote, quote_plus

from attrs import field, frozen
from typing_extensions import override

__all__ = ["SHORTEST_MASKED_ANYWHERE", "Secret", "SecretRegistry", "marker"]

SHORTEST_MASKED_ANYWHERE: Final = 6
"""Length in characters: a shorter secret is masked only where a whole argument equals it."""


@final
@frozen(repr=False, str=False)
class Secret:
    """A text that appears in no output: its repr and its str are masked.

    Args:
        value: The secret itself.
    """

    _value: str = field(alias="value")

    def reveal(self) -> str:
        """Return the secret itself, for the one call that needs it."""
        return self._value

    @override
    def __repr__(self) -> str:
        return "Secret('…')"

    @override
    def __str__(self) -> str:
        return "…"


def marker(label: str) -> str:
    """Return what stands in a transcript in a secret's place.

    Args:
        label: What the secret is, for example `password of ada`.

    Returns:
        The label between guillemets: `«password of ada»`.
    """
    return f"«{label}»"


def _forms(value: str) -> tuple[str, ...]:
    raw = value.encode("utf-8", "surrogatepass")
    plain_base64 = base64.b64encode(raw).decode()
    return (
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        repr(value)[1:-1],
        plain_base64,
        plain_base64.rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    )


class SecretRegistry:
    """The secrets that one check knows, and the markers that replace them.

    A secret of `SHORTEST_MASKED_ANYWHERE` characters or more is replaced wherever it occurs, also in its URL-encoded,
    base64 and JSON-escaped forms. A shorter one, or one that equals a public identifier, is replaced only where a whole
    argument equals it: replacing it anywhere would garble what has nothing to do with it.
    """

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._public: set[str] = set()
        self._embedded: dict[str, str] = {}
        self._replace: Callable[[str], str] | None = None

    def add_public(self, text: str) -> None:
        """Note an identifier, which stays readable even when somebody's password equals it.

        Args:
            text: An e-mail address, a username or another identifier.
        """
        self._public.add(text)
        self._replace = None

    def add(self, secret: Secret, label: str) -> None:
        """Note a secret. The first label of a secret stays.

        Args:
            secret: The secret.
            label: What it is, for its marker: `password of ada`.
        """
        value = secret.reveal()
        if value and value not in self._labels:
            self._labels[value] = label
            self._replace = None

    def is_masked_anywhere(self, secret: Secret) -> bool:
        """Tell whether the secret would be recognised inside other text.

        Args:
            secret: A secret that may or may not be known here.

        Returns:
            False for one that is too short or equals a public identifier, so that no rule can say whether it leaked.
        """
        value = secret.reveal()
        return len(value) >= SHORTEST_MASKED_ANYWHERE and value not in self._public

    def mask_argument(self, text: str) -> str:
        """Return an argument of a call with secrets replaced; one that equals a secret becomes its marker.

        Args:
            text: The argument.

        Returns:
            The marker, or the text with the secrets inside it replaced.
        """
        label = self._labels.get(text)
        return marker(label) if label is not None else self.mask(text)

    def mask(self, text: str) -> str:
        """Return a text with every known secret in it replaced by its marker.

        Args:
            text: What a script returned, raised or printed.

        Returns:
            The text without secrets.
        """
        if self._replace is None:
            self._replace = self._compile()
        return self._replace(text)

    def _compile(self) -> Callable[[str], str]:
        forms: dict[str, str] = {}
        for value, label in self._labels.items():
            if self.is_masked_anywhere(Secret(value)):
                for form in _forms(value):
                    forms.setdefault(form, marker(label))
        if not forms:
            return str
        # The longest first: a password cut after 72 bytes is a part of the whole one.
        pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
        return lambda text: pattern.sub(lambda match: forms[match[0]], text)
