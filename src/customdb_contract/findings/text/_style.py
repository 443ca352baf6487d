"""How a report is told as text: how wide, with colours or without, how much of it."""

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from customdb_contract.transcript import brief, printable

__all__ = ["PLAIN", "Style", "counted", "shown"]

_MOST_OF_A_TEXT: Final = 1_000
_MARKER: Final = re.compile("«[^«»]*»")
_KEPT_BLANK: Final = "\xa0"


@frozen(kw_only=True)
class Style:
    """How a report is told.

    Args:
        color: Whether it goes to a terminal that shows colours.
        width: Characters of a line; words are not broken.
        verbose: Whether every finding is told, with every call as a whole.
        advise: Whether it says what to give so that more can be judged; nothing can be given to a stored transcript.
    """

    color: bool = False
    width: int = 100
    verbose: bool = False
    advise: bool = True

    def paint(self, text: str, code: str) -> str:
        """Return a text in a colour, where there are any.

        Args:
            text: The text.
            code: The parameter of the escape sequence that begins the colour.
        """
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def wrapped(self, text: str, indent: str = "  ", further: str | None = None) -> Iterator[str]:
        """Yield the lines of a text; the marker of a secret stands in one of them.

        Args:
            text: The text, of one line.
            indent: What each line begins with.
            further: What each line but the first begins with; None stands for the same.
        """
        # What is printable has no such blank.
        kept = _MARKER.sub(lambda marker: marker[0].replace(" ", _KEPT_BLANK), printable(text))
        lines = textwrap.wrap(
            kept,
            self.width,
            initial_indent=indent,
            subsequent_indent=indent if further is None else further,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield from (line.replace(_KEPT_BLANK, " ") for line in lines)


PLAIN: Final = Style()


def counted(number: int, noun: str) -> str:
    """Return a number and what it counts.

    Args:
        number: How many there are.
        noun: What one of them is called, such as `rule`.
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shown(text: str) -> str:
    """Return a text as a report shows it: one printable line of limited length.

    Args:
        text: What a script, a team or an error said.
    """
    return brief(text, _MOST_OF_A_TEXT)
