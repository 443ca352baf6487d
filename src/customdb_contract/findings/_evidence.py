"""Which part of a record shows a breach: that part stays where a long line is cut."""

import json
import re
from typing import Final

from customdb_contract.findings._found import Finding
from customdb_contract.transcript import brief, printable

__all__ = ["shown_around"]

_DECODER: Final = json.JSONDecoder()
_PARTS: Final = {"output": "; printed ", "error": "-> failed ", "duration": "; after "}
"""What the notation writes before a part of a call that is no attribute."""

_AFTERWARDS: Final = re.compile("; (?:called again|raised later) ")
"""Before what a call did after its answer; where nothing is compared, that may be the breach."""

_NOT_WORTH_CUTTING: Final = 30
"""Characters: what is said in place of so few is as long."""

_NAMES: Final = re.compile(r"\.|, ")
"""Between the names in a path. One may be that of a script, which is no key in a profile."""


def shown_around(line: str, finding: Finding, most: int) -> str:
    """Return a line of limited length, in which what a finding compares is not cut away.

    Args:
        line: A record in the one-line notation.
        finding: The finding that it proves.
        most: Characters of it that are shown, before they are escaped.

    Returns:
        A printable line. Where something is left out, `…` stands for it.
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
    """Return where in a line that stands which a finding compares, from its name to the end of its value."""
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
