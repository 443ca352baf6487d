"""The form by which rules are searched and filtered; the script of the page makes it work."""

from collections.abc import Iterable, Sequence

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Report, Severity, Status
from customdb_contract.reports.as_html._markup import Markup, element
from customdb_contract.reports.as_html._rule import THE_ACTION, THE_CONNECTION, blamed

__all__ = ["filters"]


def filters(reports: Sequence[Report]) -> Markup:
    """Return the form, hidden until the script shows it.

    Args:
        reports: The reports of the page.
    """
    pairs = [(report, verdict) for report in reports for verdict in report.verdicts]
    names = {name for report, verdict in pairs for name in blamed(report, verdict)}
    search = element("label", "Search ", element("input", type="search", name="search", autocomplete="off"))
    return element(
        "form",
        element("h2", "Find rules"),
        search,
        _choice("status", Status, {verdict.status for _, verdict in pairs}),
        _choice("severity", [*reversed(Severity)], {verdict.severity for _, verdict in pairs}),
        _choice("script", [*Script, THE_ACTION, THE_CONNECTION], names),
        _choice("group", Group, {verdict.rule.group for _, verdict in pairs}),
        element("button", "Reset", type="button", id="reset-filters"),
        element("button", "Open all", type="button", id="open-all"),
        element("button", "Close all", type="button", id="close-all"),
        element("p", role="status", aria_live="polite", id="count"),
        id="filters",
        role="search",
        hidden=True,
    )


def _choice(name: str, ordered: Iterable[str], used: Iterable[str]) -> Markup:
    present = set(used)
    options = [element("option", value, value=value) for value in ordered if value in present]
    return element(
        "label", f"{name.capitalize()} ", element("select", element("option", "any", value=""), *options, name=name)
    )
