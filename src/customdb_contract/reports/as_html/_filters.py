"""The form to search and filter rules, which the script of the page operates."""

from collections.abc import Iterable, Sequence

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Report, Severity, Status
from customdb_contract.reports.as_html._markup import Markup, element
from customdb_contract.reports.as_html._rule import THE_ACTION, THE_CONNECTION, blamed

__all__ = ["choice", "filter_form", "filters"]


def filters(reports: Sequence[Report]) -> Markup:
    """Return the form, hidden until the script shows it.

    Args:
        reports: The reports of the page.
    """
    pairs = [(report, verdict) for report in reports for verdict in report.verdicts]
    names = {name for report, verdict in pairs for name in blamed(report, verdict)}
    return filter_form(
        "Find rules",
        choice("status", Status, {verdict.status for _, verdict in pairs}),
        choice("severity", [*reversed(Severity)], {verdict.severity for _, verdict in pairs}),
        choice("script", [*Script, THE_ACTION, THE_CONNECTION], names),
        choice("group", Group, {verdict.rule.group for _, verdict in pairs}),
    )


def filter_form(heading: str, *choices: Markup) -> Markup:
    """Return a form, hidden until the script shows it.

    Args:
        heading: The heading.
        choices: The choices beside the search field.
    """
    return element(
        "form",
        element("h2", heading),
        element("label", "Search ", element("input", type="search", name="search", autocomplete="off")),
        *choices,
        element("button", "Reset", type="button", id="reset-filters"),
        element("button", "Open all", type="button", id="open-all"),
        element("button", "Close all", type="button", id="close-all"),
        element("p", role="status", aria_live="polite", id="count"),
        id="filters",
        role="search",
        hidden=True,
    )


def choice(name: str, ordered: Iterable[str], used: Iterable[str], label: str = "") -> Markup:
    """Return a choice of values that the script compares with the attribute `data-NAME` of each rule.

    Args:
        name: The name of that attribute.
        ordered: All possible values, in the order of the options.
        used: The values that occur.
        label: The label; empty for the capitalised name.
    """
    present = set(used)
    options = [element("option", value, value=value) for value in ordered if value in present]
    chosen = element("select", element("option", "any", value=""), *options, name=name)
    return element("label", f"{label or name.capitalize()} ", chosen)
