"""Two profiles side by side, with what differs marked."""

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
_DEEPEST: Final = 6
"""Levels of a profile that have rows of their own."""

_Profile: TypeAlias = Mapping[str, Value]

_NAMES: Final = re.compile(r"\.|, ")
"""Between the names in the path of a finding."""


def side_by_side(finding: Finding, calls: Sequence[Exchange]) -> Iterator[Markup]:
    """Yield a table of the two profiles that a finding compares; nothing if it compares no profiles.

    Args:
        finding: The finding.
        calls: The calls that prove it.
    """
    found = [(call, call.profile) for call in calls if call.profile is not None]
    names = _NAMES.split(finding.path or "")
    if len(found) > 1 and any(name in profile for name in names for _, profile in found):
        (first, one), *_, (second, other) = found
        yield _table(finding, (_head(first), _head(second)), (one, other))


def _head(call: Exchange) -> str:
    return f"{call.number}  {call.script}"


def _table(finding: Finding, heads: Sequence[str], profiles: tuple[_Profile, _Profile]) -> Markup:
    one, other = (dict(_leaves("", profile, 0)) for profile in profiles)
    differing = [difference.path for difference in differences(*profiles)]
    paths = list(dict.fromkeys([*one, *other]))
    marked = {path for path in paths if any(_is_in(difference, path) for difference in differing)}
    # Of very many attributes those that differ are shown.
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


def _leaves(path: str, value: Value, depth: int) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        for name, item in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, item, depth + 1)
    else:
        yield path, value


def _is_in(difference: str, path: str) -> bool:
    """Tell whether a difference is at a path, below it, or above it, where one profile has nothing."""
    return (
        difference == path
        or difference.startswith((f"{path}.", f"{path}["))
        or path.startswith((f"{difference}.", f"{difference}["))
    )


def _row(path: str, one: _Profile, other: _Profile, *, differs: bool, finding: Finding) -> Markup:
    cells = [element("td", element("code", _value(path, profile))) for profile in (one, other)]
    at_issue = finding.path or ""
    is_breach = _is_in(at_issue, path) or at_issue.endswith(f".{path}")
    said = ", ".join([*(["differs"] if differs else []), *(["the breach"] if is_breach else [])])
    name = element("th", element("code", _cut(path)), scope="row")
    return element("tr", name, *cells, element("td", said), class_="differs" if differs else False)


def _value(path: str, profile: _Profile) -> str:
    return _cut(json_text(profile[path])) if path in profile else "nothing"


def _cut(text: str) -> str:
    kept = cut_masked(text, _MOST_OF_A_VALUE)
    return kept if len(kept) == len(text) else f"{kept}…"
