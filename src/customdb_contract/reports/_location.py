"""Where a script stands, for formats that point into files."""

from customdb_contract.contract import Script
from customdb_contract.findings import Report

__all__ = ["file_and_line"]


def file_and_line(report: Report, script: Script | None) -> tuple[str, int] | None:
    """Return the file and the line of a script, or None when they are not known.

    Args:
        report: The report.
        script: The script, or None for the connection as a whole.
    """
    info = report.transcript.header.scripts.get(script) if script else None
    if info is None or info.location is None:
        return None
    file, _, line = info.location.rpartition(":")
    return (file.replace("\\", "/"), int(line)) if file and line.isdecimal() else None
