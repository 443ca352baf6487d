"""The part of a page on one connection: the verdict, the scripts, the rules by group, and the simulated lives."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.findings import Group, Report, Status, Verdict
from customdb_contract.findings.text import Style, about, advice, script_rows, shown, verdict_line
from customdb_contract.reports.as_html._finding import Proofs
from customdb_contract.reports.as_html._lives import lives
from customdb_contract.reports.as_html._markup import Markup, element
from customdb_contract.reports.as_html._room import Room
from customdb_contract.reports.as_html._rule import badge, blamed, rule

__all__ = ["connection"]

_STYLE: Final = Style(width=sys.maxsize)
"""Texts for paragraphs: a browser breaks lines."""

_ORDER: Final = (
    Status.CRASHED,
    Status.FAILED,
    Status.WAIVED,
    Status.PASSED,
    Status.NOT_APPLICABLE,
    Status.DESELECTED,
)
"""The statuses, most urgent first."""


def connection(report: Report, room: Room, *, id_: str) -> Markup:
    """Return the part of a page on one connection.

    Args:
        report: The report on it.
        room: The room that is left for diagrams.
        id_: The id of the element, and the prefix of the ids inside.
    """
    verdicts = sorted(report.verdicts, key=lambda verdict: (_ORDER.index(verdict.status), -verdict.severity.rank))
    return element(
        "section",
        element("h2", f"Connection {shown(report.transcript.connection.name)}", id=f"{id_}-title"),
        element("p", verdict_line(report, _STYLE), class_=f"verdict {'ok' if report.ok else 'not-ok'}"),
        *_summary(report, verdicts, id_),
        *_groups(report, verdicts, room, id_),
        *_lives(report, room, id_),
        id=id_,
        aria_labelledby=f"{id_}-title",
    )


def _summary(report: Report, verdicts: Sequence[Verdict], id_: str) -> Iterator[Markup]:
    yield element("h3", "Summary", id=f"{id_}-summary")
    yield from (element("p", line) for line in about(report, _STYLE).split("\n") if line)
    rows = script_rows(report)
    if rows:
        yield _table(rows)
    broken = [verdict for verdict in verdicts if verdict.status in {Status.FAILED, Status.CRASHED, Status.WAIVED}]
    if broken:
        items = [
            element(
                "li",
                badge(verdict),
                " ",
                element("a", verdict.rule.name, href=f"#{_rule_id(id_, verdict)}"),
                f" ({', '.join(blamed(report, verdict))})",
            )
            for verdict in broken
        ]
        yield element("h4", "Broken rules")
        yield element("ul", *items, class_="broken")
    unjudged, *needs = [*advice(report, _STYLE)] or [""]
    if unjudged:
        yield element("h4", "Not judged")
        yield element("p", unjudged)
    if needs:
        yield element("ul", *(element("li", need.strip()) for need in needs))


def _table(rows: Sequence[Sequence[str]]) -> Markup:
    (_, *columns), *scripts = rows
    head = element("tr", *(element("th", column, scope="col") for column in ("script", *columns)))
    body = [
        element("tr", element("th", name, scope="row"), *(element("td", cell) for cell in cells))
        for name, *cells in scripts
    ]
    caption = element("caption", "Calls and broken rules by script")
    return element("table", caption, element("thead", head), element("tbody", *body), class_="scripts")


def _groups(report: Report, verdicts: Sequence[Verdict], room: Room, id_: str) -> Iterator[Markup]:
    yield element("h3", "Verdicts", id=f"{id_}-verdicts")
    proofs = Proofs(report)
    # The most urgent verdicts get diagrams first if there is not room for all.
    drawn = [
        (verdict.rule.group, rule(report, verdict, room, proofs=proofs, id_=_rule_id(id_, verdict)))
        for verdict in verdicts
    ]
    for group in Group:
        rules = [markup for of, markup in drawn if of is group]
        if rules:
            title = element("h4", group, id=f"{id_}-group-{group}")
            yield element("section", title, *rules, class_="group", aria_labelledby=f"{id_}-group-{group}")


def _rule_id(id_: str, verdict: Verdict) -> str:
    return f"{id_}-rule-{verdict.rule.name}"


def _lives(report: Report, room: Room, id_: str) -> Iterator[Markup]:
    drawn = lives(report.transcript, room)
    if drawn:
        title = element("h3", "Simulated lives", id=f"{id_}-lives")
        yield element("section", title, *drawn, aria_labelledby=f"{id_}-lives")
