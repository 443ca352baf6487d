"""The report as text: the verdict, the scripts, each breach with its users and evidence, and how to fix it."""

from collections.abc import Iterator, Sequence

from customdb_contract.findings._found import Status, Verdict
from customdb_contract.findings._report import Report
from customdb_contract.findings.text._about import about
from customdb_contract.findings.text._breaches import COLORS, described, described_in_a_line
from customdb_contract.findings.text._style import PLAIN, Style, counted, shown
from customdb_contract.findings.text._summary import advice, by_script, script_rows, state, verdict_line

__all__ = [
    "COLORS",
    "PLAIN",
    "Style",
    "about",
    "advice",
    "counted",
    "render",
    "render_all",
    "render_briefly",
    "render_verdict",
    "script_rows",
    "shown",
    "verdict_line",
]

_REPORTED = {Status.FAILED, Status.CRASHED, Status.WAIVED}


def render(report: Report, style: Style = PLAIN) -> str:
    """Return a report as text.

    Args:
        report: The report.
        style: The style of the text.

    Returns:
        Lines of text: the verdict, what was checked, the findings, and the verdict again.
    """
    verdict = verdict_line(report, style)
    end = "\n".join([verdict, *(advice(report, style) if style.advise else ())])
    parts = [verdict, about(report, style), by_script(report), *_breaches(report, style), end]
    return "\n\n".join(filter(None, parts)) + "\n"


def render_briefly(report: Report, style: Style = PLAIN) -> str:
    """Return the verdict and a line for each rule that is broken, waived or crashed.

    Args:
        report: The report.
        style: The style of the text.
    """
    lines = [verdict_line(report, style), *(described_in_a_line(verdict, style) for verdict in _worst_first(report))]
    return "\n".join(lines) + "\n"


def render_all(reports: Sequence[Report], style: Style = PLAIN, *, briefly: bool = False) -> str:
    """Return the reports on the connections of one tenant as text, one after the other.

    Args:
        reports: The reports.
        style: The style of the text.
        briefly: Whether to print each as `render_briefly` does.

    Returns:
        Lines of text that end with one line for each connection.
    """
    names = [shown(report.transcript.connection.name) for report in reports]
    rendered = render_briefly if briefly else render
    parts = [
        f"{name}\n{'=' * len(name)}\n\n{rendered(report, style)}" for name, report in zip(names, reports, strict=True)
    ]
    summary = "".join(f"{name}: {state(report, style)}\n" for name, report in zip(names, reports, strict=True))
    return "\n\n".join([*parts, summary])


def render_verdict(report: Report, verdict: Verdict) -> str:
    """Return the part of a report on one rule: the findings, their evidence and the fix.

    Args:
        report: The report.
        verdict: One of its verdicts, on a rule that is broken, waived or crashed.
    """
    return described(report, verdict, PLAIN)


def _breaches(report: Report, style: Style) -> Iterator[str]:
    return (described(report, verdict, style) for verdict in _worst_first(report))


def _worst_first(report: Report) -> Sequence[Verdict]:
    broken = [verdict for verdict in report.verdicts if verdict.status in _REPORTED]
    return sorted(broken, key=lambda verdict: -verdict.severity.rank)
