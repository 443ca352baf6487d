"""A place in a line of the one-line notation, from which the next words are read."""

import json
import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Final, Never, TypeVar, cast

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._notation import NO_PLAIN_WORDS
from customdb_contract.transcript._values import Value, from_json, json_text

__all__ = ["WORD", "Cursor", "choose"]

_Choice = TypeVar("_Choice", bound=StrEnum)

WORD: Final = re.compile(r"[a-z_]+(?:-[a-z]+)*")
_BLANKS = re.compile(r"\s*")
# More than is ever printed plain, so that another Python version, with another Unicode version, can read it.
_PLAIN = re.compile(r"(?![-0-9])[^\s\"\\#;,:<>()\[\]{}«»]+|«[^«»\"\\]+»")
_KEY = re.compile(r"\w+(?==)")
_SHOWN = 40
_SHOWN_BEFORE = 60
_SHOWN_AFTER = 100


def choose(found: str, choices: Collection[str], what: str) -> str:
    """Return the choice that was found.

    Args:
        found: The text at this place.
        choices: The texts allowed here.
        what: What it is, for the message: `a script`.

    Raises:
        TranscriptError: When it is none of them; the message names similar choices, or all if there are none.
    """
    if found in choices:
        return found
    import difflib  # noqa: PLC0415 - only a wrong name needs it, and importing it takes a while

    near = difflib.get_close_matches(found[:_SHOWN], choices, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(choices) or 'none'}"
    message = f"expected {what}, found {json_text(found[:_SHOWN])}; {hint}"
    raise TranscriptError(message)


def _not_json(name: str) -> Never:
    message = f'{name} is not JSON; write it as {{"$special": "float", "text": "{name}", "size": null}}'
    raise TranscriptError(message)


class Cursor:
    """A place in one line.

    Args:
        line: The line.
    """

    _decoder = json.JSONDecoder(parse_constant=_not_json)

    def __init__(self, line: str) -> None:
        self._text = line.strip()
        self._at = 0

    def at_end(self) -> bool:
        """Skip spaces, and tell whether nothing but a comment follows."""
        self._at = cast("re.Match[str]", _BLANKS.match(self._text, self._at)).end()
        return self._at == len(self._text) or self._text[self._at] == "#"

    def sees(self, *literals: str) -> bool:
        """Tell whether one of the literals comes next.

        Args:
            literals: Pieces of text.
        """
        self.at_end()
        return self._text.startswith(literals, self._at)

    def take(self, literal: str) -> bool:
        """Skip a literal if it comes next, and tell whether it did.

        Args:
            literal: A piece of text.
        """
        found = self.sees(literal)
        self._at += len(literal) if found else 0
        return found

    def expect(self, literal: str) -> None:
        """Skip a literal, which must come next.

        Args:
            literal: A piece of text.
        """
        if not self.take(literal):
            self.fail(literal)

    def match(self, pattern: re.Pattern[str]) -> str:
        """Skip and return what matches a pattern here; an empty string if nothing does.

        Args:
            pattern: What can come next.
        """
        self.at_end()
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""

    def json(self) -> Value:
        """Skip and return a JSON value."""
        self.at_end()
        start = self._at
        try:
            document, self._at = self._decoder.raw_decode(self._text, start)
        except TranscriptError:
            raise
        except RecursionError:
            message = "a JSON value is nested too deeply"
            raise TranscriptError(message) from None
        except json.JSONDecodeError as error:
            self._at = error.pos
            reason = error.msg[:1].lower() + error.msg[1:]
            self.fail("a JSON value" if error.pos == start else f"JSON to go on ({reason})")
        except ValueError:
            message = "a number has too many digits"
            raise TranscriptError(message) from None
        return from_json(document)

    def token(self) -> Value:
        """Skip and return a plain word, or a JSON value."""
        word = self.match(_PLAIN)
        if word in NO_PLAIN_WORDS:
            return cast("Value", json.loads(word))
        return word or self.json()

    def text(self) -> str:
        """Skip and return a plain word, or a JSON string."""
        value = self.token()
        if not isinstance(value, str):
            message = f"expected a string, found {json_text(value)[:_SHOWN]}; put it in double quotes"
            raise TranscriptError(message)
        return value

    def word(self, choices: Collection[str], what: str, pattern: re.Pattern[str] = WORD) -> str:
        """Skip and return one of some words.

        Args:
            choices: The words allowed here.
            what: What it is, for the message: `a script`.
            pattern: What such words look like.
        """
        self.at_end()
        start = self._at
        found = self.match(pattern)
        if not found:
            self.fail(f"{what}: {', '.join(choices)}")
        if found not in choices:
            self._at = start
        return choose(found, choices, what)

    def member(self, choices: type[_Choice], what: str, pattern: re.Pattern[str] = WORD) -> _Choice:
        """Skip and return one word of an enumeration.

        Args:
            choices: The enumeration.
            what: What it is, for the message.
            pattern: What its words look like.
        """
        return choices(self.word([choice.value for choice in choices], what, pattern))

    def switch(self) -> bool:
        """Skip `on` or `off`, and tell whether it is on."""
        return self.word(("on", "off"), "a switch") == "on"

    def settings(self, known: Collection[str], *, repeatable: Collection[str] = ()) -> Iterator[str]:
        """Skip and yield each `key=` up to the end of the line; the caller reads the value.

        Args:
            known: The keys that exist.
            repeatable: Those of them that can occur more than once.
        """
        seen: set[str] = set()
        while not self.at_end():
            key = self.word(known, "a setting", _KEY)
            if key in seen and key not in repeatable:
                message = f"{key}= is given twice"
                raise TranscriptError(message)
            seen.add(key)
            self.expect("=")
            yield key

    def fail(self, expected: str) -> Never:
        """Raise an error about what comes next.

        Args:
            expected: What should have come, for the message.
        """
        self.at_end()
        found = self._text[self._at : self._at + _SHOWN]
        message = f"expected {expected}, found {json_text(found) if found else 'the end of the line'}"
        raise TranscriptError(message)

    def excerpt(self) -> str:
        """Return the text around this place, safe to show."""
        start, end = max(0, self._at - _SHOWN_BEFORE), self._at + _SHOWN_AFTER
        cut = self._text[start:end]
        shown = cut if cut.isprintable() else json_text(cut)
        return f"{'…' if start else ''}{shown}{'…' if end < len(self._text) else ''}"
