"""The overall verdict as text: in one line, by script, and what would let more rules be judged."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings._found import Status
from customdb_contract.findings._report import Report
from customdb_contract.findings._rules import Need
from customdb_contract.findings.text._style import Style, counted
from customdb_contract.severity import Severity
from customdb_contract.transcript import ActionRun, Exchange

__all__ = ["advice", "by_script", "script_rows", "state", "verdict_line"]

_ACTION: Final = "the Action"
_CONNECTION: Final = "the connection"


def state(report: Report, style: Style) -> str:
    """Return whether a report is ok.

    Args:
        report: The report.
        style: The style of the text.
    """
    return style.paint("ok", "32") if report.ok else style.paint("not ok", "31")


def verdict_line(report: Report, style: Style) -> str:
    """Return a report in one line.

    Args:
        report: The report.
        style: The style of the text.
    """
    count = report.count
    judged = count[Status.PASSED] + count[Status.FAILED] + count[Status.WAIVED]
    parts = [f"{counted(judged, 'rule')} judged" if judged else "no rule could be judged"]
    if judged:
        parts[0] += f", {count[Status.FAILED] or 'none'} broken{_severities(report)}"
    parts += [f"{count[status]} {status}" for status in (Status.WAIVED, Status.CRASHED) if count[status]]
    parts += [f"no rule of the required group {group} could be judged" for group in report.missing_groups]
    if not report.complete:
        parts.append("the check is incomplete")
    return f"{state(report, style)}: {'; '.join(parts)}"


def script_rows(report: Report) -> Sequence[Sequence[str]]:
    """Return a table of the scripts, with the number of calls and of broken rules.

    Args:
        report: The report.

    Returns:
        The column heads, the first of which is empty, and a row for each script, the Action, and the connection if it
        breaks a rule; empty if nothing was called.
    """
    calls = Counter(record.script for record in report.transcript.of_kind(Exchange))
    runs = len(report.transcript.of_kind(ActionRun))
    broken = _broken_by(report)
    times: Mapping[str, int] = {script: calls[script] for script in Script if calls[script]} | (
        {_ACTION: runs} if runs else {}
    )
    if not times:
        return []
    names = [*times, *(name for name in broken if name not in times)]
    severities = [severity for severity in reversed(Severity) if any(found[severity] for found in broken.values())]
    rows = [["", "calls", *(f"{severity}s" for severity in severities)]]
    for name in names:
        found = broken.get(name, Counter())
        rows.append([name, f"{times.get(name, '')}", *(f"{found[severity]}" for severity in severities)])
    return rows


def by_script(report: Report) -> str:
    """Return the table of the scripts as text; empty without calls.

    Args:
        report: The report.
    """
    rows = script_rows(report)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(f"  {name:<{widths[0]}}{_cells(cells, widths[1:])}" for name, *cells in rows)


def advice(report: Report, style: Style) -> Iterator[str]:
    """Yield lines on the rules that were not judged, and what would let more of them be judged.

    Args:
        report: The report.
        style: The style of the text.
    """
    count = report.count
    unjudged = [f"{count[status]} {status}" for status in (Status.NOT_APPLICABLE, Status.DESELECTED) if count[status]]
    if not unjudged:
        return
    total = count[Status.NOT_APPLICABLE] + count[Status.DESELECTED]
    wanting = list(_wanting(report))
    needed = Counter(need for missing in wanting for need in missing)
    end = f". To judge {len(wanting)} more, add:" if needed else "."
    yield from style.wrapped(f"{counted(total, 'rule')} not judged ({', '.join(unjudged)}){end}", indent="")
    for need in Need:
        if needed[need]:
            yield from style.wrapped(f"{need.advice} (for {needed[need]})")


def _cells(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _wanting(report: Report) -> Iterable[tuple[Need, ...]]:
    """Yield the missing requirements of each rule that the team could meet."""
    header = report.transcript.header
    # A check of an Action alone needs no scripts, and a check of a database no Action.
    has_action, has_scripts = header.action is not None, bool(header.scripts) or header.action is None
    for verdict in report.verdicts:
        is_wanted = (has_action and verdict.rule.judges_actions) or (has_scripts and bool(verdict.rule.scripts))
        if (
            is_wanted
            and verdict.status is Status.NOT_APPLICABLE
            and verdict.missing
            and all(need.can_be_given(report.transcript) for need in verdict.missing)
        ):
            yield verdict.missing


def _broken_by(report: Report) -> Mapping[str, Counter[Severity]]:
    """Return the number of broken rules by severity for each script, the Action and the connection."""
    broken: dict[str, Counter[Severity]] = {}
    for verdict in report.verdicts:
        if verdict.status is not Status.FAILED:
            continue
        worst: dict[str, Severity] = {}
        for finding in verdict.findings:
            name = finding.script or (_CONNECTION if report.action_of(finding) is None else _ACTION)
            worst[name] = max(worst.get(name, finding.severity), finding.severity, key=lambda severity: severity.rank)
        for name, severity in worst.items():
            broken.setdefault(name, Counter())[severity] += 1
    return broken


def _severities(report: Report) -> str:
    severities = Counter(verdict.severity for verdict in report.verdicts if verdict.status is Status.FAILED)
    counts = [counted(severities[severity], severity) for severity in reversed(Severity) if severities[severity]]
    return f" ({', '.join(counts)})" if counts else ""
