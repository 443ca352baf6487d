"""The report as annotations of a GitHub Actions run.

Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.
"""

from collections.abc import Iterator
from typing import Final

from customdb_contract.findings import Finding, Report, Severity, Status, Verdict
from customdb_contract.reports._location import file_and_line

__all__ = ["render"]

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MOST_SHOWN: Final = 10
"""Annotations of one kind that GitHub shows for one step."""


def render(report: Report) -> str:
    """Return a report as workflow commands, one line each.

    Args:
        report: The report.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    stop = report.transcript.header.stop_reason
    if stop:
        yield f"::error title=customdb-contract::{_escaped(f'The check ended early: {stop.message}')}"
    for group in report.missing_groups:
        yield f"::error title=customdb-contract::no rule of the required group {group} could be judged"
    for verdict in report.verdicts:
        if verdict.status is Status.CRASHED:
            yield f"::error title={verdict.rule.name}::{_escaped(f'the rule crashed: {verdict.reason}')}"
    failed = [
        (verdict, finding)
        for verdict in report.verdicts
        if verdict.status is Status.FAILED
        for finding in verdict.findings
    ]
    for severity in reversed(Severity):
        alike = [(verdict, finding) for verdict, finding in failed if finding.severity is severity]
        yield from (_annotation(report, verdict, finding) for verdict, finding in alike[:_MOST_SHOWN])
        if len(alike) > _MOST_SHOWN:
            yield f"::notice title=customdb-contract::+{len(alike) - _MOST_SHOWN} more findings of severity {severity}"
    count = report.count
    told = ", ".join(f"{count[status]} {status}" for status in Status if count[status])
    yield f"::notice title=customdb-contract::{'ok' if report.ok else 'not ok'}: {told}"


def _annotation(report: Report, verdict: Verdict, finding: Finding) -> str:
    place = file_and_line(report, finding)
    where = "" if place is None else f",file={_escaped_property(place[0])},line={place[1]}"
    text = "\n".join([finding.message, *report.evidence_lines(finding)])
    return f"::{_COMMANDS[finding.severity]} title={verdict.rule.name}{where}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
