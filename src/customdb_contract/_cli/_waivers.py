"""A baseline: waivers for everything broken today, added to the configuration, each with a reason to fill in."""

import json
import re
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from customdb_contract._cli._output import read, write
from customdb_contract.errors import ConfigurationError

__all__ = ["waivable", "write_waivers"]

_PYPROJECT: Final = "pyproject.toml"
_TABLE: Final = ("check", "waived")


def waivable(path: Path | None) -> Path:
    """Return a configuration file that waivers can be added to.

    Args:
        path: The file, or None if there is none.

    Raises:
        ConfigurationError: When there is none, or its waivers are in an inline table.
    """
    if path is None:
        message = "--write-waivers needs a customdb.toml to write to; `customdb-contract init` writes one"
        raise ConfigurationError(message)
    text = read(path)
    if _has_waivers(path, text) and not _header(path).search(text):
        message = (
            f"{path}: --write-waivers adds lines to the table [{_name(path)}], but this file has its waivers in "
            f"one value; write them as that table, one per line"
        )
        raise ConfigurationError(message)
    return path


def write_waivers(path: Path, rules: Sequence[str], today: date) -> None:
    """Add waivers to a configuration file, and leave everything else in it as it is.

    Args:
        path: The file, as `waivable` returned it.
        rules: The rules that are broken.
        today: The date that the reasons name.

    Raises:
        ConfigurationError: When it cannot be read or written.
    """
    text = read(path)
    reason = json.dumps(f"accepted on {today.isoformat()}: fill in why, and until when")
    lines = "".join(f"{rule} = {reason}\n" for rule in rules)
    header = _header(path).search(text)
    if header is None:
        text = f"{text.rstrip()}\n\n[{_name(path)}]\n{lines}".lstrip()
    else:
        before, after = text[: header.end()].rstrip("\n"), text[header.end() :]
        text = f"{before}\n{lines}{after}"
    write(path, text)


def _keys(path: Path) -> Sequence[str]:
    return ("tool", "customdb-contract", *_TABLE) if path.name == _PYPROJECT else _TABLE


def _name(path: Path) -> str:
    return ".".join(_keys(path))


def _header(path: Path) -> re.Pattern[str]:
    keys = r"\s*\.\s*".join(rf"[\"']?{re.escape(key)}[\"']?" for key in _keys(path))
    return re.compile(rf"^[ \t]*\[\s*{keys}\s*\][ \t]*(?:#.*)?(?:\n|\Z)", re.MULTILINE)


def _has_waivers(path: Path, text: str) -> bool:
    table: Any = tomllib.loads(text)
    for key in _keys(path):
        table = table.get(key, {})
    return bool(table)
