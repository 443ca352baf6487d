"""Makes text safe to show: escaping happens here and only here."""

import json
import re
from typing import Final

__all__ = ["brief", "printable"]

_COMMAND: Final = re.compile(r"(?<!\S):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))")
"""What a CI system reads as commands: GitHub's `::error` at the start of a line, `##[…]` anywhere, and the like."""


def printable(text: str) -> str:
    """Return a text that is safe to show in one line, on a terminal and in the log of a CI system.

    Args:
        text: A text from a script or a team.

    Returns:
        The text, with control, formatting and surrogate characters escaped as in JSON, and so is the first character of
        a possible workflow command. Wrapping it at spaces keeps it safe.
    """
    if not text.isprintable():
        text = "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)
    return _COMMAND.sub(_escaped, text) if "::" in text or "##" in text else text


def brief(text: str, most: int) -> str:
    """Return a printable text of limited length; if some of it is left out, its end says how much.

    Args:
        text: A text from a script or a team.
        most: Maximum characters, counted before escaping.
    """
    left_out = len(text) - most
    return printable(text) if left_out <= 0 else f"{printable(text[:most])}… (and {left_out:,} more characters)"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
