"""Replacing secrets by their markers: a quick search for what may be there, and a thorough one only for that."""

import re
from bisect import bisect, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from customdb_contract.secrets._folding import FOREIGN, core, first_character, fold, is_escaped
from customdb_contract.secrets._forms import Form, escaped, forms_of
from customdb_contract.secrets._reference import NUMBERED, SecretKind, SecretRef
from customdb_contract.secrets._unknown import hide_unknown

__all__ = ["Replacement"]

_LONGEST_REMEMBERED: Final = 200
_MOST_REMEMBERED: Final = 4_096
_MOST_SEARCHES: Final = 64
_ASCII: Final = 0x80
_GUILLEMETS: Final = re.compile("«([^«»]*)»|[«»]")


class Replacement:
    """Replaces secrets.

    Args:
        masked: The secrets that are replaced wherever they occur.
        known: All secrets whose markers may stand in a text.
        public: The identifiers that stay readable.
        marker_of_unknown: Returns the marker of a secret that nobody told of.
    """

    def __init__(
        self,
        masked: Mapping[str, SecretRef],
        known: Collection[SecretRef],
        public: Collection[str],
        marker_of_unknown: Callable[[SecretKind, str], str],
    ) -> None:
        self._marker_of_unknown = marker_of_unknown
        # The longest first: a password cut after 72 bytes is a part of the whole one.
        self._forms = sorted(
            (form for value, ref in masked.items() for form in forms_of(value, ref)),
            key=lambda form: (form.is_exact, len(form.text)),
            reverse=True,
        )
        self._plain = _Needles((fold(form.text), len(form.text)) for form in self._forms)
        self._escaped = _Needles((core(form.text), len(form.text)) for form in self._forms)
        self._labels = {ref.label for ref in (*known, *(form.secret for form in self._forms))}
        self._kept = _kept(masked, self._labels, public)
        self._search = lru_cache(_MOST_SEARCHES)(self._compiled)
        self._remembered = lru_cache(_MOST_REMEMBERED)(self._replaced)

    def __call__(self, text: str) -> str:
        """Return a text with every secret in it replaced by its marker.

        Args:
            text: Any text.
        """
        return self._remembered(text) if len(text) <= _LONGEST_REMEMBERED else self._replaced(text)

    def _replaced(self, text: str) -> str:
        needles = self._escaped if is_escaped(text) else self._plain
        possible = needles.found_in(text)
        if possible:
            text = self._without_known(text, possible)
        text = hide_unknown(text, self._marker_of_unknown)
        return _GUILLEMETS.sub(self._own_marker, text) if "«" in text or "»" in text else text

    def _own_marker(self, match: re.Match[str]) -> str:
        """Return a marker of ours as it is, and other guillemets single, so that no two texts side by side are one."""
        label = match[1]
        if label is None:
            return "\u2039" if match[0] == "«" else "\u203a"
        if label in self._labels:
            return match[0]
        ref = SecretRef.parse(label)
        is_ours = ref.kind in NUMBERED and ref.owner.isdecimal()
        return match[0] if is_ours else f"\u2039{label}\u203a"

    def _without_known(self, text: str, possible: tuple[int, ...]) -> str:
        search = self._search(possible)
        spans = [(0, 0), *(match.span() for match in (self._kept.finditer(text) if self._kept else ()))]
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

    def _compiled(self, possible: tuple[int, ...]) -> "_Search":
        return _Search([self._forms[index] for index in possible])


class _Search:
    """A thorough search for a few forms: at each place only for those that may begin there.

    Args:
        forms: The forms; where several match, the first one counts.
    """

    def __init__(self, forms: Sequence[Form]) -> None:
        # What looks like an escape folds to other characters when it is encoded itself: it may begin at any start.
        begins = {form.text: "" if form.text.startswith(("\\", "%")) else first_character(form.text) for form in forms}
        firsts = set(begins.values())
        self._beginning_with = {
            key: [form for form in forms if begins[form.text] in {key, ""}] for key in firsts | {""}
        }
        ascii_starts = "".join(re.escape(chr(code)) for code in range(_ASCII) if fold(chr(code)) in firsts)
        others = f"{chr(_ASCII)}-\U0010ffff" if FOREIGN in firsts else ""
        self._starts = re.compile(f"[{ascii_starts}{others}%\\\\\0]")

    def next_in(self, text: str, position: int, *, with_escapes: bool) -> tuple[int, int, Form] | None:
        """Return start, end and form of the next match.

        Args:
            text: Any text.
            position: Where the search begins.
            with_escapes: Whether the text may have escapes.
        """
        for place in self._starts.finditer(text, position):
            start = place.start()
            for form in self._beginning_with.get(first_character(text, start), self._beginning_with[""]):
                if match := form.match(text, start, with_escapes=with_escapes):
                    return start, match.end(), form
        return None


class _Needles:
    """What a folded text must contain, so that a form may be in it.

    Args:
        needles: For each form what it leaves when it is folded, and how long it is at least.
    """

    def __init__(self, needles: Iterator[tuple[str, int]]) -> None:
        places: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for index, (needle, length) in enumerate(needles):
            places[length, needle].append(index)
        self._needles: Sequence[tuple[str, Sequence[int]]] = [
            (needle, places[length, needle]) for length, needle in sorted(places)
        ]
        self._lengths = [length for length, _ in sorted(places)]

    def found_in(self, text: str) -> tuple[int, ...]:
        """Return which forms may be in a text, in order.

        Args:
            text: Any text.
        """
        fitting = bisect_right(self._lengths, len(text))
        if not fitting:
            return ()
        folded = fold(text)
        return tuple(
            sorted(index for needle, indices in self._needles[:fitting] if needle in folded for index in indices)
        )


def _kept(masked: Collection[str], labels: Collection[str], public: Collection[str]) -> re.Pattern[str] | None:
    """Return a pattern of the texts that stay as they are though a secret is a part of them; None without any."""
    lowered = [value.lower() for value in masked]

    def is_readable(text: str) -> bool:
        folded = text.lower()
        return any(value in folded for value in lowered)

    # A pattern costs more than the look whether it is needed, and almost none is.
    texts = dict.fromkeys((*(f"«{label}»" for label in labels), *public))
    readable = {text: escaped(text) for text in texts if is_readable(text)}
    for beginning in (f"«{kind.prefix}" for kind in NUMBERED):
        if is_readable(beginning):
            readable[beginning] = rf"{escaped(beginning)}\d+»"
    longest_first = sorted(readable, key=len, reverse=True)
    return re.compile("|".join(readable[text] for text in longest_first), re.IGNORECASE) if readable else None
