"""The report as a single HTML page: it loads nothing, works without JavaScript, and can be printed."""

from collections.abc import Sequence

from customdb_contract.findings import Report
from customdb_contract.reports.as_html._document import document
from customdb_contract.reports.as_html._filters import choice, filter_form
from customdb_contract.reports.as_html._markup import Content, Markup, element
from customdb_contract.reports.as_html._page import page

__all__ = ["Content", "Markup", "choice", "document", "element", "filter_form", "render", "render_all"]


def render(report: Report) -> str:
    """Return a report as an HTML page.

    Args:
        report: The report.
    """
    return page([report])


def render_all(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of one tenant as one HTML page.

    Args:
        reports: The reports.
    """
    return page(reports)
