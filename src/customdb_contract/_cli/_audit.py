"""The command `audit`: checks every user of a store before a migration."""

import argparse
import contextlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customdb_contract._cli._output import Progress, complain
from customdb_contract._cli._reporting import AUDIT_FORMAT_NAMES, add_output, add_selection, names, report_audit
from customdb_contract.errors import ConfigurationError
from customdb_contract.interrupts import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from customdb_contract.audit import AuditProgress, AuditReport
    from customdb_contract.config.audit import AuditSettings

__all__ = ["add_audit"]

_EVERY: Final = 0.1
"""Seconds between two lines of progress."""


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: The parser of the command.
    """
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a file or folder (Parquet, CSV, JSON Lines) or the URL of a database; default: [audit] source",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="default: customdb.toml or pyproject.toml in this folder"
    )
    add_output(parser, AUDIT_FORMAT_NAMES, more="every example user of each finding")
    add_selection(parser, by_script=False)
    parser.add_argument(
        "--findings", type=Path, metavar="FILE", help="write all findings to this file: .parquet, .csv or .jsonl"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help="store the progress in this folder, to resume after an interrupt"
    )
    parser.add_argument("--memory", metavar="SIZE", help="memory limit of DuckDB; default: 3GB")
    parser.add_argument("--sample", type=int, metavar="NUMBER", help="audit only this many users")
    parser.add_argument(
        "--show-values", action="store_true", help="show values, which are personal data; never hashes or secrets"
    )
    parser.set_defaults(run=_audit)


def _audit(options: argparse.Namespace) -> int:
    _refuse_unwritable(options)
    report = _audited(_settings(options), options)
    if report is None:
        complain("the audit was interrupted")
        return EXIT_INTERRUPTED
    return report_audit(report, options)


def _refuse_unwritable(options: argparse.Namespace) -> None:
    """Raise if a file cannot be written, because an audit can take hours, and its findings would be lost."""
    paths: Iterable[Path | None] = (options.output, options.findings, *(path for _, path in options.report))
    for path in filter(None, paths):
        if path.is_dir() or not path.parent.is_dir():
            problem = "it is a folder" if path.is_dir() else "there is no such folder"
            message = f"{path} cannot be written: {problem}"
            raise ConfigurationError(message)


def _settings(options: argparse.Namespace) -> "AuditSettings":
    from customdb_contract.config import find_config
    from customdb_contract.config.audit import load_audit

    path = options.config or find_config(Path())
    if path is None:
        message = (
            "no customdb.toml found here, whose table [audit] maps the columns of your users: "
            "`customdb-contract init --audit SOURCE` proposes one"
        )
        raise ConfigurationError(message)
    return load_audit(path, options.source)


def _audited(settings: "AuditSettings", options: argparse.Namespace) -> "AuditReport | None":
    """Audit the users; return the findings up to an interrupt, or None if there were none by then."""
    from customdb_contract.audit import AuditInterrupted, audit

    progress = Progress(sys.stderr)
    try:
        # Output of a team's own function must not end up in the middle of a report.
        with contextlib.redirect_stdout(sys.stderr):
            return audit(
                settings.source.reveal(),
                settings.columns,
                query=settings.query,
                import_mode=settings.connection.import_mode,
                requires_username=settings.connection.requires_username,
                select=names(options.select),
                ignore=names(options.ignore),
                fail_on=options.fail_on or "error",
                findings=options.findings,
                sample=options.sample,
                show_values=options.show_values,
                state=options.state,
                memory=options.memory or settings.memory,
                on_progress=_Told(progress),
            )
    except AuditInterrupted as interrupted:
        return interrupted.report
    finally:
        progress.clear()


class _Told:
    """Shows the progress of an audit, several times a second.

    Args:
        progress: The line that shows it.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started = self._shown = time.monotonic()

    def __call__(self, state: "AuditProgress") -> None:
        now = time.monotonic()
        if now - self._shown >= _EVERY:
            self._shown = now
            rate = state.rows / (now - self._started)
            rows = f"{state.rows:,} rows read, {rate:,.0f} per second; " if state.rows else ""
            self._progress.show(f"{state.users:,} users; {rows}{state.findings:,} findings; {state.doing}")
