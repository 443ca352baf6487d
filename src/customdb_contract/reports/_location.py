"""What a finding is about, and where that stands, for formats that point into files."""

import re
from typing import Final

from customdb_contract.findings import Finding, Report
from customdb_contract.transcript import ActionInfo, ActionRun, ApiCall, LegacyRequest, ScriptInfo

__all__ = ["action_of", "file_and_line"]

_PLACE: Final = re.compile(r"(?P<file>.+?):(?P<line>[1-9][0-9]{0,8})(?::[0-9]+)?", re.DOTALL)


def action_of(report: Report, finding: Finding) -> ActionInfo | None:
    """Return the Action that a finding is about; None when it is about a script, or the connection.

    Args:
        report: The report.
        finding: One of its findings.
    """
    if finding.script is not None:
        return None
    records = [report.transcript.records[number - 1] for number in finding.evidence]
    # What a source shows has a place, and no record that proves it.
    is_about_it = any(isinstance(record, ActionRun | ApiCall | LegacyRequest) for record in records) or (
        not records and finding.location is not None
    )
    return report.transcript.header.action if is_about_it else None


def file_and_line(report: Report, finding: Finding) -> tuple[str, int] | None:
    """Return the file and the line that show a finding, or else those of its script or Action; None when not known.

    Args:
        report: The report.
        finding: One of its findings.
    """
    info: ActionInfo | ScriptInfo | None = action_of(report, finding)
    if finding.script:
        info = report.transcript.header.scripts.get(finding.script)
    match = _PLACE.fullmatch(finding.location or (info and info.location) or "")
    return None if match is None else (match["file"].replace("\\", "/"), int(match["line"]))
