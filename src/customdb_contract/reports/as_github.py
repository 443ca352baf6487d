"""The report as annotations of a GitHub Actions run.

Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.findings import Finding, Report, Severity, Status, Verdict
from customdb_contract.findings.text import shown
from customdb_contract.reports._location import file_and_line

__all__ = ["render", "render_all"]

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MOST_SHOWN: Final = 10
"""Annotations of one kind that GitHub shows for one step."""
_TITLE: Final = "customdb-contract"


def render(report: Report) -> str:
    """Return a report as workflow commands, one line each.

    Args:
        report: The report.
    """
    return _joined(_lines([("", report)]))


def render_all(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of one tenant as workflow commands, each of which names its connection.

    Args:
        reports: The reports.
    """
    return _joined(_lines([(f"{shown(report.transcript.connection.name)}: ", report) for report in reports]))


def _joined(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _lines(reports: Sequence[tuple[str, Report]]) -> Iterator[str]:
    """Yield the commands for some reports, each given with a prefix for its texts."""
    errors = [_command("error", title, f"{of}{text}") for of, report in reports for title, text in _problems(report)]
    yield from errors
    # Annotations about the whole report count too.
    room = {Severity.ERROR: _MOST_SHOWN - len(errors), Severity.INFO: _MOST_SHOWN - len(Severity) - len(reports)}
    for severity in reversed(Severity):
        alike = [
            (of, report, verdict, finding)
            for of, report in reports
            for verdict in report.verdicts
            if verdict.status is Status.FAILED
            for finding in verdict.findings
            if finding.severity is severity
        ]
        most = max(0, room.get(severity, _MOST_SHOWN))
        yield from (_annotation(*one) for one in alike[:most])
        if len(alike) > most:
            yield _command("notice", _TITLE, f"+{len(alike) - most:,} more findings of severity {severity}")
    for of, report in reports:
        counts = ", ".join(f"{report.count[status]} {status}" for status in Status if report.count[status])
        yield _command("notice", _TITLE, f"{of}{'ok' if report.ok else 'not ok'}: {counts}")


def _problems(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the problems that make a check incomplete, as title and text."""
    stop = report.transcript.header.stop_reason
    if stop:
        yield _TITLE, f"The check ended early: {shown(stop.message)}"
    for group in report.missing_groups:
        yield _TITLE, f"no rule of the required group {group} could be judged"
    for verdict in report.verdicts:
        if verdict.status is Status.CRASHED:
            yield verdict.rule.name, f"the rule crashed: {shown(str(verdict.reason))}"


def _annotation(of: str, report: Report, verdict: Verdict, finding: Finding) -> str:
    place = file_and_line(report, finding)
    where = "" if place is None else f",file={_escaped_property(shown(place[0]))},line={place[1]}"
    text = "\n".join([f"{of}{shown(finding.message)}", *report.evidence_lines(finding)])
    return _command(_COMMANDS[finding.severity], f"{verdict.rule.name}{where}", text)


def _command(name: str, title: str, text: str) -> str:
    return f"::{name} title={title}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
