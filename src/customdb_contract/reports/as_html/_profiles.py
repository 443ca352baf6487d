"""Two profiles side by side, with the differences marked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from customdb_contract.findings import Finding
from customdb_contract.profiles import differences
from customdb_contract.reports.as_html._markup import Content, Markup, element
from customdb_contract.transcript import Exchange, Value, cut_masked, json_text

__all__ = ["side_by_side"]

_MOST_ROWS: Final = 40
_MOST_OF_A_VALUE: Final = 160
_DEEPEST: Final = 7
"""Levels of a profile that have rows of their own."""

_Profile: TypeAlias = Mapping[str, Value]
_Values: TypeAlias = Mapping[str, tuple[Value, bool]]

_NAMES: Final = re.compile(r"\.|, ")
"""Separators between the names in the path of a finding."""

_DEEPER: Final = re.compile(r"[.\[]")
"""How the path of a part continues."""


def side_by_side(finding: Finding, calls: Sequence[Exchange]) -> Iterator[Markup]:
    """Yield a table of the two profiles that a finding compares; nothing if it does not compare profiles.

    Args:
        finding: The finding.
        calls: The calls that prove it.
    """
    found = [(call, call.profile) for call in calls if call.profile is not None]
    names = [] if finding.path is None else _NAMES.split(finding.path)
    if len(found) > 1 and any(name in profile for name in names for _, profile in found):
        (first, one), *_, (second, other) = found
        yield _table(finding, (_head(first), _head(second)), (one, other))


def _head(call: Exchange) -> str:
    return f"{call.number}  {call.script}"


def _table(finding: Finding, heads: Sequence[str], profiles: tuple[_Profile, _Profile]) -> Markup:
    one, other = (dict(_values("", profile, 0)) for profile in profiles)
    differing = {difference.path for difference in differences(*profiles)}
    holding = {parent for path in differing for parent in _with_parents(path)}
    paths = list(dict.fromkeys(path for values in (one, other) for path, (_, whole) in values.items() if whole))
    marked = {path for path in paths if path in holding or not differing.isdisjoint(_with_parents(path))}
    # If there are too many attributes, those that differ are shown first.
    shown = set(sorted(paths, key=lambda path: path not in marked)[:_MOST_ROWS])
    rows = [_row(path, one, other, differs=path in marked, finding=finding) for path in paths if path in shown]
    left_out = len(paths) - len(shown)
    columns = [element("th", head, scope="col") for head in ("attribute", *heads, "compared")]
    more: Sequence[Content] = [element("p", f"… and {left_out:,} more attributes")] if left_out else []
    table = element(
        "table",
        element("caption", "The two profiles"),
        element("thead", element("tr", *columns)),
        element("tbody", *rows),
    )
    return element("div", table, *more, class_="profiles")


def _values(path: str, value: Value, depth: int) -> Iterator[tuple[str, tuple[Value, bool]]]:
    """Yield the paths of a profile, each with its value and whether the value has no rows for its parts."""
    is_whole = not isinstance(value, Mapping) or not value or depth == _DEEPEST
    if depth:
        yield path, (value, is_whole)
    if not is_whole and isinstance(value, Mapping):
        for name, item in value.items():
            yield from _values(f"{path}.{name}" if depth else name, item, depth + 1)


def _with_parents(path: str) -> Iterator[str]:
    """Yield a path and the paths of its parents."""
    yield path
    yield from (path[: match.start()] for match in _DEEPER.finditer(path))


def _row(path: str, one: _Values, other: _Values, *, differs: bool, finding: Finding) -> Markup:
    cells = [element("td", element("code", _value(path, values))) for values in (one, other)]
    at_issue = finding.path or ""
    is_breach = at_issue in _with_parents(path) or path in _with_parents(at_issue) or at_issue.endswith(f".{path}")
    remarks = ", ".join([*(["differs"] if differs else []), *(["the breach"] if is_breach else [])])
    name = element("th", element("code", _cut(path)), scope="row")
    return element("tr", name, *cells, element("td", remarks), class_="differs" if differs else False)


def _value(path: str, values: _Values) -> str:
    return _cut(json_text(values[path][0])) if path in values else "nothing"


def _cut(text: str) -> str:
    kept = cut_masked(text, _MOST_OF_A_VALUE)
    return kept if len(kept) == len(text) else f"{kept}…"
