"""Combines the coverage data of a test run's processes. Many are killed, some while they write their data."""

import sqlite3
import sys
from pathlib import Path

from coverage import CoverageData
from coverage.cmdline import main as coverage
from coverage.exceptions import DataError

__all__ = ["combine"]


def combine(folder: Path) -> int:
    """Combine the data files in a folder, skipping unreadable ones; return the exit code."""
    journals = set(folder.glob(".coverage.*-journal"))
    for path in set(folder.glob(".coverage.*")) - journals:
        if not _can_be_read(path):
            path.unlink()
    code = coverage(["combine", "--quiet", f"--data-file={folder / '.coverage'}", str(folder)])
    for path in journals:
        path.unlink(missing_ok=True)
    return code or 0


def _can_be_read(path: Path) -> bool:
    try:
        CoverageData(str(path)).read()
    except (DataError, sqlite3.Error):
        return False
    return True


if __name__ == "__main__":
    sys.exit(combine(Path.cwd()))
