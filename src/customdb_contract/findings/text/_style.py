"""The style of a report as text: width, colours, and length."""

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
    """The style of a report as text.

    Args:
        color: Whether to use the colours of a terminal.
        width: The number of characters of a line; words are not broken.
        verbose: Whether to print every finding with every call, uncut.
        advise: Whether to list what would let more rules be judged; False for a stored transcript.
    """

    color: bool = False
    width: int = 100
    verbose: bool = False
    advise: bool = True

    def paint(self, text: str, code: str) -> str:
        """Return a text in a colour if the style has colours.

        Args:
            text: The text.
            code: The parameter of the escape sequence that begins the colour.
        """
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def wrapped(self, text: str, indent: str = "  ", further: str | None = None) -> Iterator[str]:
        """Yield the lines of a text, without breaking the marker of a secret.

        Args:
            text: The text, as one line.
            indent: The beginning of each line.
            further: The beginning of each line but the first; None means the same.
        """
        # Printable text contains no such blank.
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
    """Return a number with its noun.

    Args:
        number: The number.
        noun: The noun in the singular, such as `rule`.
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shown(text: str) -> str:
    """Return a text as a report shows it: one printable line of limited length.

    Args:
        text: A text from a script, a team or an error.
    """
    return brief(text, _MOST_OF_A_TEXT)
