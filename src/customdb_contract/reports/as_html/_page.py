"""The page as a whole, with the connections of a tenant one after the other."""

from collections.abc import Sequence
from typing import Final

from customdb_contract.findings import Report
from customdb_contract.findings.text import shown
from customdb_contract.reports.as_html._connection import connection
from customdb_contract.reports.as_html._document import document
from customdb_contract.reports.as_html._filters import filters
from customdb_contract.reports.as_html._markup import element
from customdb_contract.reports.as_html._room import Room

__all__ = ["page"]

_MOST_DRAWN: Final = 1_500_000
"""Characters of all diagrams of a page."""


def page(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of a tenant as one page.

    Args:
        reports: The reports.
    """
    is_ok = all(report.ok for report in reports)
    names = [shown(report.transcript.connection.name) for report in reports]
    title = f"{'ok' if is_ok else 'not ok'}: {', '.join(names)}"
    ids = [f"c{number}" for number in range(1, len(reports) + 1)]
    links = [
        element("li", element("a", f"{name}: {'ok' if report.ok else 'not ok'}", href=f"#{id_}"))
        for name, report, id_ in zip(names, reports, ids, strict=True)
    ]
    sections = [
        connection(report, Room(_MOST_DRAWN // len(reports)), id_=id_) for report, id_ in zip(reports, ids, strict=True)
    ]
    return document(
        title,
        element("header", element("h1", title), element("nav", element("ul", *links), aria_label="Connections")),
        element("main", filters(reports), *sections, id="report", tabindex=-1),
        remark="Markers «…» stand for secrets.",
    )
