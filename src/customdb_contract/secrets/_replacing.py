"""Replaces secrets by their markers: a quick search for candidates, and a thorough search only for these."""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from customdb_contract.secrets._folding import is_escaped
from customdb_contract.secrets._forms import escaped
from customdb_contract.secrets._known import KnownSecrets
from customdb_contract.secrets._reference import NUMBERED, SecretKind, SecretRef
from customdb_contract.secrets._searching import Search
from customdb_contract.secrets._unknown import hide_unknown

__all__ = ["Replacement"]

_LONGEST_REMEMBERED: Final = 200
_MOST_REMEMBERED: Final = 4_096
_MOST_SEARCHES: Final = 64
_MOST_LASTING: Final = 256
"""The names in what scripts return are looked up again and again, while passwords come and go."""
_BEARING: Final = frozenset("%\\«»")
"""Characters that a secret can follow, or a marker enclose, in a short text."""
_GUILLEMETS: Final = re.compile("«([^«»]*)»|[«»]")


class Replacement:
    """Replaces secrets. The cost does not depend on their number.

    Args:
        marker_of_unknown: Returns the marker of an undeclared secret.

    Attributes:
        remembered: The results for short texts since the secrets last changed. Any thread can look a text up in it; it
            is never emptied, but replaced by another one.
    """

    def __init__(self, marker_of_unknown: Callable[[SecretKind, str], str]) -> None:
        self._marker_of_unknown = marker_of_unknown
        self._known = KnownSecrets()
        self._labels = Counter[str]()
        self._public: dict[str, None] = {}
        self._search = lru_cache(_MOST_SEARCHES)(self._compiled)
        self._kept = lru_cache(_MOST_SEARCHES)(self._compiled_kept)
        self.remembered: dict[str, str] = {}
        self._lasting: dict[str, str] = {}
        self._longer_than_lasting = self._known.shortest

    def add(self, value: str, ref: SecretRef, *, anywhere: bool) -> None:
        """Accept the marker of a secret as genuine from now on.

        Args:
            value: The secret.
            ref: Which one it is.
            anywhere: Whether the secret is also replaced, in all its forms.
        """
        self._labels[ref.label] += 1
        if anywhere:
            self._known.add(value, ref)
        self._change()

    def forget(self, value: str, ref: SecretRef) -> None:
        """Stop replacing a secret that was added, and treat its marker as forged from now on.

        Args:
            value: The secret.
            ref: Which one it is.
        """
        self._labels[ref.label] -= 1
        if not self._labels[ref.label]:
            del self._labels[ref.label]
        self._known.remove(value)
        self._change()

    def keep(self, public: str) -> None:
        """Keep a text readable even if it is a secret, or contains one.

        Args:
            public: An identifier.
        """
        self._public[public] = None
        self._known.remove(public)
        self._change()

    def _change(self) -> None:
        self._search.cache_clear()
        self._kept.cache_clear()
        if self._known.shortest < self._longer_than_lasting:
            self._longer_than_lasting = self._known.shortest
            self._lasting = {}
        self.remembered = self._lasting.copy()

    def __call__(self, text: str) -> str:
        """Return a text with every secret in it replaced by its marker.

        Args:
            text: Any text.
        """
        replaced = self._replaced(text)
        if len(text) <= _LONGEST_REMEMBERED:
            if len(self.remembered) == _MOST_REMEMBERED:
                self.remembered = {}
            self.remembered[text] = replaced
            if len(text) < self._longer_than_lasting and _BEARING.isdisjoint(text):
                if len(self._lasting) == _MOST_LASTING:
                    self._lasting = {}
                self._lasting[text] = replaced
        return replaced

    def _replaced(self, text: str) -> str:
        possible = self._known.possible_in(text)
        if possible:
            text = self._without_known(text, tuple(sorted(possible, key=lambda number: self._known[number].rank)))
        text = hide_unknown(text, self._marker_of_unknown)
        return _GUILLEMETS.sub(self._own_marker, text) if "«" in text or "»" in text else text

    def _own_marker(self, match: re.Match[str]) -> str:
        """Return a genuine marker as it is, and other guillemets as single ones, which adjacent texts cannot forge."""
        label = match[1]
        if label is None:
            return "\u2039" if match[0] == "«" else "\u203a"
        if label in self._labels or label in self._known.labels:
            return match[0]
        ref = SecretRef.parse(label)
        is_ours = ref.kind in NUMBERED and ref.owner.isdecimal()
        return match[0] if is_ours else f"\u2039{label}\u203a"

    def _without_known(self, text: str, possible: tuple[int, ...]) -> str:
        search, kept = self._search(possible), self._kept(possible)
        spans = [(0, 0), *(match.span() for match in (kept.finditer(text) if kept else ()))]
        parts: list[str] = []
        done = position = 0
        with_escapes = is_escaped(text)
        while found := search.next_in(text, position, with_escapes=with_escapes):
            start, end, form = found
            _, kept_until = spans[bisect(spans, (start, len(text))) - 1]
            if end <= kept_until:
                position = start + 1
                continue
            parts += (text[done:start], form.secret.marker)
            done = position = end
        return "".join((*parts, text[done:]))

    def _compiled(self, possible: tuple[int, ...]) -> Search:
        return Search([self._known[number].form for number in possible])

    def _compiled_kept(self, possible: tuple[int, ...]) -> re.Pattern[str] | None:
        """Return a pattern for the texts that stay as they are even if they contain a secret; None without any."""
        lowered = {self._known[number].value.lower() for number in possible}

        def is_readable(text: str) -> bool:
            folded = text.lower()
            return any(value in folded for value in lowered)

        # A pattern costs more than checking whether it is needed, and it almost never is.
        texts = dict.fromkeys((*(f"«{label}»" for label in (*self._labels, *self._known.labels)), *self._public))
        readable = {text: escaped(text) for text in texts if is_readable(text)}
        for beginning in (f"«{kind.prefix}" for kind in NUMBERED):
            if is_readable(beginning):
                readable[beginning] = rf"{escaped(beginning)}\d+»"
        longest_first = sorted(readable, key=len, reverse=True)
        return re.compile("|".join(readable[text] for text in longest_first), re.IGNORECASE) if readable else None
