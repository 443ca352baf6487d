"""Shortens a record without cutting the part that shows a breach."""

import json
import re
from typing import Final

from customdb_contract.findings._found import Finding
from customdb_contract.transcript import brief, printable

__all__ = ["shown_around"]

_DECODER: Final = json.JSONDecoder()
_PARTS: Final = {"output": "; printed ", "error": "-> failed ", "duration": "; after "}
"""The notation before a part of a call that is not an attribute."""

_AFTERWARDS: Final = re.compile("; (?:called again|raised later) ")
"""The notation before what a call did after its result, which may be the breach if nothing is compared."""

_NOT_WORTH_CUTTING: Final = 30
"""Characters that are not worth cutting, because the text in their place is as long."""

_NAMES: Final = re.compile(r"\.|, ")
"""Separators between the names in a path, one of which may be a script rather than a key."""


def shown_around(line: str, finding: Finding, most: int) -> str:
    """Return a line of limited length that keeps the part that a finding compares.

    Args:
        line: A record in the one-line notation.
        finding: The finding that it proves.
        most: The maximum number of characters, before escaping.

    Returns:
        A printable line, with `…` for the parts that are left out.
    """
    if len(line) <= most + _NOT_WORTH_CUTTING:
        return printable(line)
    found = _span(line, finding)
    if found is None or found[1] <= most:
        return brief(line, most)
    start, end = found
    deciding = line[start : min(end, start + most // 2)]
    begun = most - len(deciding)
    beginning = line[:start] if begun >= start else f"{line[:begun].rstrip()} … "
    beyond = " …" if start + len(deciding) < len(line) else ""
    return printable(f"{beginning}{deciding}{beyond}")


def _span(line: str, finding: Finding) -> tuple[int, int] | None:
    """Return the position in a line of the part that a finding compares, from its name to the end of its value."""
    path = finding.path or ""
    if path in _PARTS:
        start = line.find(_PARTS[path])
        return None if start < 0 else (start, len(line))
    attribute = None
    position = 0
    for key in (path, *_NAMES.split(path)):
        match = re.compile(re.escape(json.dumps(key, ensure_ascii=False)) + ": ").search(line, position)
        if match is not None:
            attribute, position = match, match.end()
    if attribute is not None:
        return attribute.start(), _end_of_value(line, attribute.end())
    if finding.got and finding.got in line:
        start = line.index(finding.got)
        return start, start + len(finding.got)
    afterwards = _AFTERWARDS.search(line)
    return None if afterwards is None else (afterwards.start(), len(line))


def _end_of_value(line: str, start: int) -> int:
    try:
        return _DECODER.raw_decode(line, start)[1]
    except ValueError:
        return len(line)
