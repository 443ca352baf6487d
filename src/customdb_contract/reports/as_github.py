"""The report as annotations of a GitHub Actions run.

Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.
"""

from collections.abc import Iterator
from typing import Final

from customdb_contract.findings import Finding, Report, Severity, Status, Verdict
from customdb_contract.reports._limits import shown
from customdb_contract.reports._location import file_and_line

__all__ = ["render"]

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MOST_SHOWN: Final = 10
"""Annotations of one kind that GitHub shows for one step."""
_NOTICES: Final = 4
"""Notices about the whole report: what is left out of each severity, and the totals."""


def render(report: Report) -> str:
    """Return a report as workflow commands, one line each.

    Args:
        report: The report.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    errors = [_command("error", "customdb-contract", text) for text in _problems(report)]
    errors += [
        _command("error", verdict.rule.name, f"the rule crashed: {shown(str(verdict.reason))}")
        for verdict in report.verdicts
        if verdict.status is Status.CRASHED
    ]
    yield from errors
    # What is said of the whole report counts too.
    room = {Severity.ERROR: _MOST_SHOWN - len(errors), Severity.INFO: _MOST_SHOWN - _NOTICES}
    for severity in reversed(Severity):
        alike = [
            (verdict, finding)
            for verdict in report.verdicts
            if verdict.status is Status.FAILED
            for finding in verdict.findings
            if finding.severity is severity
        ]
        most = max(0, room.get(severity, _MOST_SHOWN))
        yield from (_annotation(report, verdict, finding) for verdict, finding in alike[:most])
        if len(alike) > most:
            yield _command(
                "notice", "customdb-contract", f"+{len(alike) - most:,} more findings of severity {severity}"
            )
    count = report.count
    told = ", ".join(f"{count[status]} {status}" for status in Status if count[status])
    yield _command("notice", "customdb-contract", f"{'ok' if report.ok else 'not ok'}: {told}")


def _problems(report: Report) -> Iterator[str]:
    stop = report.transcript.header.stop_reason
    if stop:
        yield f"The check ended early: {shown(stop.message)}"
    for group in report.missing_groups:
        yield f"no rule of the required group {group} could be judged"


def _annotation(report: Report, verdict: Verdict, finding: Finding) -> str:
    place = file_and_line(report, finding)
    where = "" if place is None else f",file={_escaped_property(shown(place[0]))},line={place[1]}"
    text = "\n".join([shown(finding.message), *report.evidence_lines(finding)])
    return _command(_COMMANDS[finding.severity], f"{verdict.rule.name}{where}", text)


def _command(name: str, title: str, text: str) -> str:
    return f"::{name} title={title}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
