"""Reads a file like the Auth0 Deploy CLI: with its keywords replaced.

Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement>.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from customdb_contract.errors import ConfigurationError

__all__ = ["MissingKeywordsError", "read_replaced"]

_KEYWORD: Final = re.compile(r"@@(?P<quoted>\w+)@@|##(?P<plain>\w+)##")


class MissingKeywordsError(ConfigurationError):
    """A file has keywords without a value.

    Args:
        path: The file.
        names: The keywords.
    """

    def __init__(self, path: Path, names: Collection[str]) -> None:
        self.names: Sequence[str] = sorted(names)
        super().__init__(
            f"{path} has keywords without a value: {', '.join(self.names)}; give them under [database] keywords"
        )


def read_replaced(path: Path, keywords: Mapping[str, object]) -> str:
    """Return the contents of a file, with keywords replaced.

    Args:
        path: The file.
        keywords: The values that replace `##KEY##` (as they are) and `@@KEY@@` (as JSON).

    Raises:
        ConfigurationError: When the file cannot be read.
        MissingKeywordsError: When keywords have no value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigurationError(message) from None
    missing = {name for match in _KEYWORD.finditer(text) if (name := _name(match)) not in keywords}
    if missing:
        raise MissingKeywordsError(path, missing)

    def value(match: re.Match[str]) -> str:
        given = keywords[_name(match)]
        if match["plain"]:
            return given if isinstance(given, str) else json.dumps(given)
        return json.dumps(given)

    # The Deploy CLI considers quotes around @@KEY@@ part of the keyword.
    return _KEYWORD.sub(value, re.sub(r"""(["'])(@@\w+@@)\1""", r"\2", text))


def _name(match: re.Match[str]) -> str:
    return match["quoted"] or match["plain"]
