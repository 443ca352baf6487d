"""Known secrets and their markers; masking happens here and only here."""

import base64
import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import Final, final

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


_ESCAPE: Final = r"\\{1,4}"
"""A pattern: one backslash, or more where a text was quoted again; no more, so that matching stays quick."""

_SHORT_ESCAPES: Final = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", '"': '"', "'": "'", "/": "/"}
_URL_ALPHABET: Final = str.maketrans("+/", "-_")


@final
@frozen
class _Form:
    """One way to write a secret.

    Args:
        length: Characters that the form has at least.
        first: The characters that it can begin with.
        pattern: A pattern that matches it.
        label: The label of the secret.
    """

    length: int
    first: str
    pattern: str
    label: str


def _percent_encoded(text: str) -> str:
    return "".join(f"%(?:25){{0,3}}(?i:{byte:02x})" for byte in text.encode("utf-8", "surrogatepass"))


def _escaped_run(run: str) -> str:
    """Return a pattern for one character, or for some backslashes, as is or escaped for a URL, by JSON or by Python."""
    if run.startswith("\\"):
        times = len(run)
        escaped = rf"{_ESCAPE}(?i:x5c|u005c)"
        return rf"(?:(?:{escaped}){{{times}}}|(?:{_percent_encoded(run[0])}){{{times}}}|\\{{{times},{8 * times}}})"
    code = ord(run)
    units = run.encode("utf-16-be", "surrogatepass")
    in_json = "".join(rf"{_ESCAPE}(?i:u{units[at : at + 2].hex()})" for at in range(0, len(units), 2))
    in_bytes = "".join(rf"{_ESCAPE}(?i:x{byte:02x})" for byte in run.encode("utf-8", "surrogatepass"))
    in_python = rf"{_ESCAPE}(?i:x{code:02x}|u{code:08x}|u\{{0*{code:x}\}})"
    ways = [re.escape(run), _percent_encoded(run), in_json, in_bytes, in_python]
    if run in _SHORT_ESCAPES:
        ways.append(_ESCAPE + re.escape(_SHORT_ESCAPES[run]))
    if run == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"


def _escaped(text: str) -> str:
    """Return a pattern for a text in which any character may be escaped: encoders differ in which ones they escape."""
    return "".join(_escaped_run(run) for run in re.findall(r"\\+|[^\\]", text))


def _base64_texts(value: str) -> Iterator[str]:
    """Yield the secret in base64, alone and as a part of something longer: `user:password` in a header."""
    raw = value.encode("utf-8", "surrogatepass")
    yield base64.b64encode(raw).decode()
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        if before == 0:
            yield text
        # The characters at both ends also hold bits of what stands beside the secret.
        yield text[shared : len(text) - ((before + len(raw)) % 3 > 0)]


def _forms(value: str, label: str) -> Iterator[_Form]:
    yield _Form(len(value), value[0] + "%\\+", _escaped(value), label)
    for text in _base64_texts(value):
        for form in dict.fromkeys((text, text.translate(_URL_ALPHABET))):
            pattern = "".join(char if char.isalnum() else _escaped_run(char) for char in form)
            yield _Form(len(form), form[0] + "%\\", pattern, label)


class SecretRegistry:
    """The secrets that one check knows, and the markers that replace them.

    A secret of `SHORTEST_MASKED_ANYWHERE` characters or more is replaced wherever it occurs, also in its URL-encoded,
    base64 and JSON-escaped forms; only a public identifier that it is a part of stays as it is. A shorter one, or one
    that equals a public identifier, is replaced only where a whole argument equals it: replacing it anywhere would
    garble what has nothing to do with it.
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
        replace = self._replace
        if replace is None:
            replace = self._replace = self._compile()
        return replace(text)

    def _compile(self) -> Callable[[str], str]:
        masked = [value for value in self._labels if self.is_masked_anywhere(Secret(value))]
        if not masked:
            return str
        # The longest first: a password cut after 72 bytes is a part of the whole one.
        forms = sorted(
            (form for value in masked for form in _forms(value, self._labels[value])),
            key=lambda form: form.length,
            reverse=True,
        )
        first = "".join(sorted({re.escape(char) for form in forms for char in form.first}))
        secrets = re.compile(f"(?=[{first}])(?:{'|'.join(f'({form.pattern})' for form in forms)})")
        markers = [marker(form.label) for form in forms]
        readable = [
            text
            for text in (*map(marker, self._labels.values()), *self._public)
            if any(value.lower() in text.lower() for value in masked)
        ]
        kept = re.compile("|".join(map(_escaped, sorted(readable, key=len, reverse=True))), re.IGNORECASE)
        return lambda text: _replaced(text, secrets, markers, kept if readable else None)


def _replaced(text: str, secrets: re.Pattern[str], markers: Sequence[str], kept: re.Pattern[str] | None) -> str:
    spans = [(0, 0), *(match.span() for match in (kept.finditer(text) if kept else ()))]
    parts: list[str] = []
    done = position = 0
    while match := secrets.search(text, position):
        start, end = match.span()
        _, kept_until = spans[bisect(spans, (start, len(text))) - 1]
        if end <= kept_until:
            position = start + 1
            continue
        parts += (text[done:start], markers[(match.lastindex or 1) - 1])
        done = position = end
    return "".join((*parts, text[done:]))
