"""The file and line of a finding, for formats that refer to files."""

import re
from typing import Final

from customdb_contract.findings import Finding, Report
from customdb_contract.transcript import ActionInfo, ScriptInfo

__all__ = ["file_and_line"]

_PLACE: Final = re.compile(r"(?P<file>.+?):(?P<line>[1-9][0-9]{0,8})(?::[0-9]+)?", re.DOTALL)


def file_and_line(report: Report, finding: Finding) -> tuple[str, int] | None:
    """Return the file and line of a finding, or else of its script or Action; None if unknown.

    Args:
        report: The report.
        finding: One of its findings.
    """
    info: ActionInfo | ScriptInfo | None = report.action_of(finding)
    if finding.script:
        info = report.transcript.header.scripts.get(finding.script)
    match = _PLACE.fullmatch(finding.location or (info and info.location) or "")
    return None if match is None else (match["file"].replace("\\", "/"), int(match["line"]))
