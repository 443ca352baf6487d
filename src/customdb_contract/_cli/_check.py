"""The command `check`: one database, one Action, both, or every custom database of a tenant."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customdb_contract._cli._configured import add_database, configured, configured_tenant, refuse_without_database
from customdb_contract._cli._output import Progress, complain, make_folder, write
from customdb_contract._cli._reporting import add_output, add_selection, names, report_all, report_one
from customdb_contract.errors import ConfigurationError
from customdb_contract.interrupts import current_interrupts

if TYPE_CHECKING:
    from customdb_contract.config import Configuration
    from customdb_contract.findings import Report
    from customdb_contract.rules import Selection
    from customdb_contract.transcript import ActionRun, Exchange, Transcript

__all__ = ["add_check"]

_LONGEST_NAME: Final = 200
"""Characters: file systems accept names of 255 bytes."""


def add_check(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: The parser of the command.
    """
    add_database(parser, or_tenant=True)
    parser.add_argument(
        "--action", metavar="FILE", help="the post-login Action: a JavaScript file, or MODULE:ATTRIBUTE"
    )
    add_output(parser)
    add_selection(parser)
    parser.add_argument(
        "--writes", action="store_true", help="also call the scripts that write, on users created for the check"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the planned calls and the longest time, and call nothing"
    )
    parser.add_argument("--max-time", type=float, metavar="SECONDS", help="time limit for the whole check; default: 60")
    parser.add_argument(
        "--transcript", type=Path, metavar="FILE", help="store the transcript, for replay; with --tenant, a folder"
    )
    parser.add_argument(
        "--write-waivers", action="store_true", help="add a waiver to the configuration for each rule broken today"
    )
    parser.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    baseline = _baseline(options)
    configurations = [_single(options)] if options.tenant is None else configured_tenant(options)
    select, ignore, scripts = names(options.select), names(options.ignore), names(options.script)
    selections = [
        configuration.selection(select=select, ignore=ignore, scripts=scripts, fail_on=options.fail_on)
        for configuration in configurations
    ]
    if options.dry_run:
        return _dry_run(configurations)
    if options.tenant is not None and options.transcript is not None:
        make_folder(options.transcript)
    _examine(configurations)
    interrupts = current_interrupts()
    interrupts.raise_if_pending()
    # From here on there is something to report, so an interrupt must not lose it.
    with interrupts.deferred():
        transcripts: list[Transcript] = []
        try:
            _observe(configurations, transcripts)
        finally:
            # Findings are reported even if the next connection cannot be checked.
            code = _tell(transcripts, selections, options, baseline) if transcripts else 0
        return code


def _baseline(options: argparse.Namespace) -> Path | None:
    """Return the file to add waivers to, or None."""
    if not options.write_waivers:
        return None
    from customdb_contract._cli._waivers import waivable
    from customdb_contract.config import find_config

    if options.tenant is not None:
        message = (
            "--write-waivers and --tenant cannot be combined, because each connection has its own waivers: check "
            "the connections one by one, with --config and the customdb.toml next to their scripts"
        )
        raise ConfigurationError(message)
    return waivable(options.config or find_config(Path()))


def _examine(configurations: "Sequence[Configuration]") -> None:
    """Report what would keep the check of any connection from starting, before the first check starts."""
    from customdb_contract.config import examine_all

    for problem in examine_all(configurations):
        complain(problem)


def _tell(
    transcripts: "Sequence[Transcript]",
    selections: "Sequence[Selection]",
    options: argparse.Namespace,
    baseline: Path | None,
) -> int:
    from customdb_contract.rules import acquainted, judge_selected

    if options.tenant is not None:
        transcripts = acquainted(transcripts)
    try:
        _store(transcripts, options)
    finally:
        # The report is shown even if the transcripts cannot be stored. After an interrupt, there are fewer transcripts.
        reports = list(map(judge_selected, transcripts, selections))
        code = _report(reports, options)
    return code if baseline is None else _accepted(reports[0], selections[0], baseline)


def _accepted(report: "Report", selection: "Selection", baseline: Path) -> int:
    """Add waivers for broken rules, and return the exit code with them."""
    from datetime import UTC, datetime

    from attrs import evolve

    from customdb_contract._cli._waivers import write_waivers
    from customdb_contract.rules import judge_selected

    # A stale waiver fails too, and must be removed.
    rules = [verdict.rule.name for verdict in report.failures if verdict.reason is None]
    if rules:
        write_waivers(baseline, rules, datetime.now(tz=UTC).date())
        complain(f"{len(rules)} waivers added to {baseline}: fill in the reasons")
    waived = {**selection.waived, **dict.fromkeys(rules, "accepted")}
    return judge_selected(report.transcript, evolve(selection, waived=waived)).exit_code


def _single(options: argparse.Namespace) -> "Configuration":
    configuration, _ = configured(options)
    refuse_without_database(configuration, or_action=True)
    return configuration


def _observe(configurations: "Sequence[Configuration]", transcripts: "list[Transcript]") -> None:
    """Check one database after the other, until an interrupt, and collect the results."""
    from customdb_contract.observing import CheckInterrupted
    from customdb_contract.transcript import printable

    progress = Progress(sys.stderr)
    of = ""
    try:
        for configuration in configurations:
            of = f"{printable(configuration.connection.name)}: " if len(configurations) > 1 else ""
            transcripts.append(configuration.observe(progress=_shown(progress, of)))
    except CheckInterrupted as interrupted:
        transcripts.append(interrupted.transcript)
        complain(f"{of}{interrupted}")
    finally:
        progress.clear()


def _shown(progress: Progress, of: str) -> "Callable[[Exchange | ActionRun], None]":
    return lambda record: progress.show(f"{of}{_told(record)}")


def _told(record: "Exchange | ActionRun") -> str:
    from customdb_contract.transcript import Exchange

    if isinstance(record, Exchange):
        return f"{record.number} calls; {record.script}, {record.situation}"
    return f"the Action {record.action}; {record.situation}, legacy system: {record.legacy}"


def _report(reports: "Sequence[Report]", options: argparse.Namespace) -> int:
    return report_one(reports[0], options) if options.tenant is None else report_all(reports, options)


def _store(transcripts: "Sequence[Transcript]", options: argparse.Namespace) -> None:
    if options.transcript is None:
        return
    if options.tenant is None:
        write(options.transcript, transcripts[0].dumps())
        return
    from urllib.parse import quote

    for number, transcript in enumerate(transcripts, start=1):
        # Whatever the name of a connection, its file is in that folder, and no other connection has the same.
        name = quote(transcript.connection.name, safe="", errors="surrogatepass")
        name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}-{number}"
        write(options.transcript / f"{name}.json", transcript.dumps())


def _dry_run(configurations: "Sequence[Configuration]") -> int:
    from customdb_contract.config import examine_all
    from customdb_contract.transcript import printable

    examine_all(configurations)
    for configuration in configurations:
        if len(configurations) > 1:
            print(f"Connection {printable(configuration.connection.name)}")
        _print_plan(configuration)
    return 0


def _print_plan(configuration: "Configuration") -> None:
    from customdb_contract.observing import plan_lines
    from customdb_contract.probes.acting import RUN_SECONDS

    calls: Sequence[str] = ()
    if configuration.database is not None:
        calls = plan_lines(configuration.database, configuration.users, configuration.connection, configuration.probing)
    for line in calls:
        print(line)
    timeout, most = configuration.probing.timeout, configuration.probing.max_time
    longest = min(most + timeout, len(calls) * timeout)
    if configuration.action is not None:
        print("the Action runs for about 50 log-ins and reaches only a stand-in for the legacy system, on loopback")
        longest = most + max(timeout if calls else 0.0, RUN_SECONDS)
    print(f"{len(calls)} calls, each at most {timeout:g} s; the check ends after {longest:g} s at the latest")
