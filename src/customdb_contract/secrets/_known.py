"""The forms of the known secrets, and which of them a text might contain.

A secret is searched for as it is written. For encodings, only their endings are kept, and only if a text contains such
an ending are all forms of the secret generated.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count
from typing import Final

from attrs import field, frozen

from customdb_contract.secrets._folding import core, fold, is_escaped
from customdb_contract.secrets._forms import (
    Form,
    encoded_forms,
    encoded_texts,
    fewest_encoded,
    labels_of,
    may_hold_encoded,
    written_forms,
)
from customdb_contract.secrets._needles import Needles
from customdb_contract.secrets._reference import SecretRef

__all__ = ["KnownForm", "KnownSecrets"]

_MOST_FORMS: Final = 100
"""Numbers reserved for the forms of one secret."""

_ENDING: Final = 6
"""Characters: fewer occur in too many texts, and more are certain only in long encodings."""

_LONG: Final = 1_000
"""Characters of a text that is too short to be worth searching for the ending of every encoding."""


@frozen(eq=False)
class KnownForm:
    """A form of a secret that is replaced.

    Args:
        form: The form.
        number: Its number.
        value: The secret.
        plain: What a folded text without escapes contains if it contains the form.
        escaped: What a folded text with escapes contains in that case.
    """

    form: Form
    number: int
    value: str
    plain: str
    escaped: str

    @property
    def rank(self) -> tuple[bool, int, int]:
        """If several match, the first one counts: a password cut after 72 bytes is a part of the whole one."""
        return not self.form.is_exact, -len(self.form.text), self.number


@frozen(eq=False)
class _Secret:
    """A secret, and the forms of it that were generated.

    Args:
        value: The secret.
        ref: Which one it is.
        numbers: The numbers of its forms, in their order.
        forms: The forms that were generated.
    """

    value: str
    ref: SecretRef
    numbers: Iterator[int]
    forms: list[KnownForm] = field(factory=list[KnownForm])

    def make(self, forms: Iterable[Form]) -> Sequence[KnownForm]:
        made = [
            KnownForm(form, number, self.value, fold(form.text), core(form.text))
            for form, number in zip(forms, self.numbers, strict=False)
        ]
        self.forms.extend(made)
        return made


class KnownSecrets:
    """The secrets that are replaced. The cost of searching for them does not depend on their number.

    Attributes:
        shortest: The minimum length of a text without escapes that can contain any of the secrets.
    """

    def __init__(self) -> None:
        self._numbers = count(step=_MOST_FORMS)
        self._secrets: dict[str, _Secret] = {}
        self._forms: dict[int, KnownForm] = {}
        self._plain, self._escaped = Needles(), Needles()
        self._labels = Counter[str]()
        self.shortest = self._fewest_encoded = sys.maxsize
        self._unread: dict[str, _Secret] = {}
        self._endings_of: dict[str, Sequence[str]] = {}
        self._ending: defaultdict[str, list[str]] = defaultdict(list)

    @property
    def labels(self) -> Collection[str]:
        """The labels of all forms."""
        return self._labels.keys()

    def __getitem__(self, number: int) -> KnownForm:
        return self._forms[number]

    def add(self, value: str, ref: SecretRef) -> None:
        """Search for a secret from now on.

        Args:
            value: The secret.
            ref: Which one it is.
        """
        first = next(self._numbers)
        self._secrets[value] = secret = _Secret(value, ref, iter(range(first, first + _MOST_FORMS)))
        self._labels.update(labels_of(ref))
        self._take(secret.make(written_forms(value, ref)))
        if value.isascii():
            self._unread[value] = secret
            self._fewest_encoded = min(self._fewest_encoded, fewest_encoded(value))
        else:
            self._take(secret.make(encoded_forms(value, ref)))

    def remove(self, value: str) -> None:
        """Stop searching for a secret, if it was searched for.

        Args:
            value: The secret.
        """
        secret = self._secrets.pop(value, None)
        if secret is None:
            return
        self._unread.pop(value, None)
        self._forget_endings(value)
        for known in secret.forms:
            del self._forms[known.number]
            self._plain.remove(known.number, known.plain)
            self._escaped.remove(known.number, known.escaped)
        for label in labels_of(secret.ref):
            self._labels[label] -= 1
            if not self._labels[label]:
                del self._labels[label]

    def possible_in(self, text: str) -> Sequence[int]:
        """Return the numbers of the forms that a text might contain.

        Args:
            text: Any text.
        """
        with_escapes = is_escaped(text)
        if not with_escapes and len(text) < self.shortest:
            # Folding makes nothing longer.
            return ()
        needles, folded = self._escaped if with_escapes else self._plain, fold(text)
        found = needles.found_in(folded)
        has_unmade = bool(self._unread or self._endings_of)
        if has_unmade and (with_escapes or may_hold_encoded(text, self._fewest_encoded)):
            known = len(self._forms)
            self._make_encoded(folded, found)
            if len(self._forms) > known:
                return needles.found_in(folded)
        return found

    def _make_encoded(self, folded: str, found: Sequence[int]) -> None:
        """Generate all forms of the secrets that a text might contain encoded."""
        for secret in self._unread.values():
            self._note_endings(secret)
        self._unread.clear()
        if len(folded) > _LONG:
            values = set(self._endings_of)
        else:
            # UTF-16 folds to the same text as the secret itself.
            values = {self._forms[number].value for number in found}
            pieces = {folded[at : at + _ENDING] for at in range(len(folded) - _ENDING + 1)} & self._ending.keys()
            values.update(*(self._ending[piece] for piece in pieces))
        for value in values:
            self._encode(value)

    def _note_endings(self, secret: _Secret) -> None:
        cores = [core(text) for text in encoded_texts(secret.value)]
        self._endings_of[secret.value] = endings = [core[-_ENDING:] for core in cores]
        for ending in endings:
            self._ending[ending].append(secret.value)
        if len(min(endings, key=len)) < _ENDING:
            self._encode(secret.value)

    def _encode(self, value: str) -> None:
        if value in self._endings_of:
            self._forget_endings(value)
            secret = self._secrets[value]
            self._take(secret.make(encoded_forms(value, secret.ref)))

    def _forget_endings(self, value: str) -> None:
        for ending in self._endings_of.pop(value, ()):
            self._ending[ending].remove(value)
            if not self._ending[ending]:
                del self._ending[ending]

    def _take(self, forms: Iterable[KnownForm]) -> None:
        for known in forms:
            self._forms[known.number] = known
            self._plain.add(known.number, known.plain)
            self._escaped.add(known.number, known.escaped)
            self.shortest = min(self.shortest, len(known.plain))
