"""The language of a script, according to its location."""

import re
from enum import StrEnum
from typing import Final

__all__ = ["Language", "language_of"]

_PLACE: Final = re.compile(r"\.(?:(?P<python>py)|[cm]?js)(?::\d+)*$")


class Language(StrEnum):
    """A language that scripts are written in."""

    PYTHON = "Python"
    JAVASCRIPT = "JavaScript"


def language_of(*locations: str | None) -> Language | None:
    """Return the language of a script, or None if no location shows it.

    Args:
        locations: File and line, such as `shop.py:6`; the first that shows a language counts.
    """
    found = next((found for location in locations if location and (found := _PLACE.search(location))), None)
    if found is None:
        return None
    return Language.JAVASCRIPT if found["python"] is None else Language.PYTHON
