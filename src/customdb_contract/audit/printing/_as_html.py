"""Prints the report of an audit as one HTML page, which loads nothing, works without JavaScript, and can be printed."""

from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.audit._findings import AuditReport, Fate, RuleResult
from customdb_contract.audit.printing._wording import (
    about,
    accepted_formats,
    broken,
    example,
    format_rows,
    next_steps,
    share,
    size_rows,
    state,
    verdict,
)
from customdb_contract.findings import Severity
from customdb_contract.findings.text import counted, shown
from customdb_contract.reports.as_html import Markup, choice, document, element, filter_form

__all__ = ["render"]

_MOST_EXAMPLES: Final = 100
_BROKEN: Final = "broken"
_PASSED: Final = "passed"
_NOT_AUDITED: Final = "not audited"
_SIGNS: Final = {_BROKEN: "✗", _PASSED: "✓", _NOT_AUDITED: "-"}


def render(report: AuditReport) -> str:
    """Return the report of an audit as an HTML page.

    Args:
        report: The report.
    """
    title = f"{state(report)}: audit of {shown(report.source)}"
    results = [*broken(report), *(result for result in report.results if not result.users)]
    return document(
        title,
        element("header", element("h1", title)),
        element(
            "main",
            _filters(results),
            *_summary(report),
            *_table(results, report),
            *_rules(results, report),
            *_numbers("Profiles, as JSON", size_rows(report), report, _largest(report)),
            *_numbers("Password hashes", format_rows(report), report, accepted_formats(report)),
            id="report",
            tabindex=-1,
        ),
        remark="Values are shown only on request; password hashes are never shown.",
    )


def _filters(results: Sequence[RuleResult]) -> Markup:
    return filter_form(
        "Find rules and users",
        choice("status", _SIGNS, {_status(result) for result in results}),
        choice("severity", [*reversed(Severity)], {result.severity for result in results}),
        choice("fate", Fate, {result.fate for result in results}, label="What happens"),
    )


def _status(result: RuleResult) -> str:
    if result.users:
        return _BROKEN
    return _NOT_AUDITED if result.not_audited else _PASSED


def _summary(report: AuditReport) -> Iterator[Markup]:
    kind = "ok" if report.ok else "not-ok"
    yield element("p", f"{state(report)}: {verdict(report)}", class_=f"verdict {kind}")
    yield from (element("p", sentence) for sentence in about(report))
    steps = [element("li", step) for step in next_steps(report)]
    if steps:
        yield element("h2", "What to do next")
        yield element("ul", *steps)


def _table(results: Sequence[RuleResult], report: AuditReport) -> Iterator[Markup]:
    if not results:
        return
    heads = ("status", "rule", "users", "share", "what happens to them")
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    rows = [
        element(
            "tr",
            element("td", _badge(result)),
            element("th", element("a", result.rule, href=f"#rule-{number}"), scope="row"),
            *_cells(result.users, report, is_known=_status(result) != _NOT_AUDITED),
            element("td", str(result.fate) if result.users else ""),
            class_="rule-row",
        )
        for number, result in enumerate(results, start=1)
    ]
    caption = element("caption", "Users who break each rule")
    yield element("h2", "Rules")
    yield element("table", caption, element("thead", head), element("tbody", *rows), class_="audited")


def _badge(result: RuleResult) -> Markup:
    status = _status(result)
    told = result.severity if status == _BROKEN else status
    return element("span", f"{_SIGNS[status]} {told}", class_=f"badge {told.replace(' ', '-')}")


def _rules(results: Sequence[RuleResult], report: AuditReport) -> Iterator[Markup]:
    if results:
        yield element("h2", "Users by rule")
    for number, result in enumerate(results, start=1):
        users = f"{counted(result.users, 'user')}: {result.fate}" if result.users else ""
        yield element(
            "details",
            element("summary", _badge(result), " ", element("h3", result.rule), " ", element("small", users)),
            element("div", *_explained(result, report)),
            id=f"rule-{number}",
            class_="rule",
            open=bool(result.users),
            data_status=_status(result),
            data_severity=result.severity,
            data_fate=result.fate,
        )


def _explained(result: RuleResult, report: AuditReport) -> Iterator[Markup]:
    yield element("p", shown(result.summary))
    if result.not_audited:
        yield element("p", element("strong", "Not audited: "), shown(result.not_audited))
    told = result.examples[:_MOST_EXAMPLES]
    if told:
        yield element("ul", *(element("li", example(finding)) for finding in told))
    if told and result.users > len(told):
        yield element("p", _more(result.users - len(told), report))


def _more(users: int, report: AuditReport) -> str:
    where = "" if report.findings_file is None else f"; all of them: {shown(report.findings_file)}"
    return f"… and {users:,} more{where}"


def _cells(users: int, report: AuditReport, *, is_known: bool = True) -> Sequence[Markup]:
    cells = (f"{users:,}", share(users, report)) if is_known else ("", "")
    return [element("td", cell, class_="number") for cell in cells]


def _largest(report: AuditReport) -> str:
    return "" if report.sizes is None else f"The largest has {report.sizes.largest:,} bytes."


def _numbers(title: str, rows: Sequence[tuple[str, int]], report: AuditReport, more: str = "") -> Iterator[Markup]:
    if not rows:
        return
    head = element("tr", *(element("th", name, scope="col") for name in ("", "users", "share")))
    body = [
        element(
            "tr",
            element("th", name, scope="row"),
            *_cells(users, report),
        )
        for name, users in rows
    ]
    yield element("h2", title)
    yield element(
        "table", *([element("caption", more)] if more else []), element("thead", head), element("tbody", *body)
    )
