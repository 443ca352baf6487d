"""The command line. It imports what a command needs only when that command runs."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from typing_extensions import override

from customdb_contract._cli._configured import add_database, configured, refuse_without_database
from customdb_contract._cli._init import add_init
from customdb_contract._cli._output import Progress, complain, print_safely, print_text, read, wants_color, write
from customdb_contract._cli._simulate import EXIT_INTERRUPTED, add_simulate
from customdb_contract.errors import CustomDatabaseError, DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts, interruptible

if TYPE_CHECKING:
    from customdb_contract.config import Configuration
    from customdb_contract.findings import Report
    from customdb_contract.transcript import ActionRun, Exchange

__all__ = ["main"]

_EXIT_USAGE: Final = 2
_EXIT_NOT_CARRIED_OUT: Final = 3
_FORMATS: Final = ("text", "json", "junit", "sarif", "github")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words after the command's name; None stands for those of the process.

    Returns:
        The exit code: 0 ok; 1 not ok; 2 wrong usage or configuration, or nothing was judged; 3 the check could not be
        carried out; 130 interrupted, by ctrl-C or SIGTERM.
    """
    try:
        with interruptible() as interrupts, interrupts.immediate():
            options = _parser().parse_args(arguments)
            code: int = options.run(options)
            sys.stdout.flush()
    except CustomDatabaseError as error:
        complain(error)
        return _EXIT_NOT_CARRIED_OUT if isinstance(error, DatabaseOpeningError) else _EXIT_USAGE
    except KeyboardInterrupt:
        complain("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read has had enough; Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_NOT_CARRIED_OUT
    except Exception:  # noqa: BLE001 - exit code 1 would say that the scripts are broken
        print_safely(traceback.format_exc().rstrip("\n"))
        complain("this is a bug in customdb-contract, not in your scripts; please report it")
        return _EXIT_NOT_CARRIED_OUT
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="customdb-contract",
        description="Check Auth0 custom database scripts against their contract, before production does.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_check(commands.add_parser("check", help="check a database's scripts, an Action, or both", allow_abbrev=False))
    _add_replay(
        commands.add_parser("replay", help="judge a stored transcript again, calling nothing", allow_abbrev=False)
    )
    add_simulate(
        commands.add_parser("simulate", help="play lives of users over a simulated Auth0 tenant", allow_abbrev=False)
    )
    _add_rules(commands.add_parser("rules", help="list the rules, or explain one", allow_abbrev=False))
    add_init(
        commands.add_parser("init", help="write a commented customdb.toml and what goes with it", allow_abbrev=False)
    )
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    @override
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import customdb_contract

        print(f"customdb-contract {customdb_contract.__version__}")
        parser.exit()


def _add_check(parser: argparse.ArgumentParser) -> None:
    add_database(parser)
    parser.add_argument(
        "--action", metavar="FILE", help="the post-login Action: its file in JavaScript, or MODULE:ATTRIBUTE"
    )
    _add_output(parser)
    _add_selection(parser)
    parser.add_argument("--writes", action="store_true", help="also call the scripts that write, on users made for it")
    parser.add_argument("--dry-run", action="store_true", help="print the calls and the longest time, and call nothing")
    parser.add_argument("--max-time", type=float, metavar="SECONDS", help="for the whole check; default: 60")
    parser.add_argument("--transcript", type=Path, metavar="FILE", help="store what happened, for replay")
    parser.set_defaults(run=_check)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("transcript", type=Path, metavar="TRANSCRIPT", help="as stored by check --transcript")
    _add_output(parser)
    _add_selection(parser)
    parser.set_defaults(run=_replay)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rule to explain")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_rules)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=_FORMATS, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    for option, meaning in (("select", "judge only these"), ("ignore", "do not judge these")):
        parser.add_argument(
            f"--{option}", action="append", default=[], metavar="NAMES", help=f"{meaning}: rules or groups, with commas"
        )


def _names(values: Sequence[str]) -> list[str]:
    return [name for value in values for name in value.replace(",", " ").split()]


def _check(options: argparse.Namespace) -> int:
    from customdb_contract.observing import CheckInterrupted
    from customdb_contract.rules import judge_selected

    configuration, _ = configured(options)
    refuse_without_database(configuration, or_action=True)
    selection = configuration.selection(select=_names(options.select), ignore=_names(options.ignore))
    if options.dry_run:
        return _dry_run(configuration)
    interrupts = current_interrupts()
    interrupts.raise_if_pending()
    # From here on there is something to report, so an interrupt costs none of it.
    with interrupts.deferred():
        progress = Progress(sys.stderr)
        try:
            transcript = configuration.observe(progress=lambda record: progress.show(_told(record)))
        except CheckInterrupted as interrupted:
            transcript = interrupted.transcript
            complain(interrupted)
        finally:
            progress.clear()
        if options.transcript:
            write(options.transcript, transcript.dumps())
        return _report(judge_selected(transcript, selection), options)


def _told(record: "Exchange | ActionRun") -> str:
    from customdb_contract.transcript import Exchange

    if isinstance(record, Exchange):
        return f"{record.number} calls; {record.script}, {record.situation}"
    return f"the Action {record.action}; {record.situation}, legacy system: {record.legacy}"


def _dry_run(configuration: "Configuration") -> int:
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
        print("the Action runs for some 50 log-ins, and reaches only a stand-in for the legacy system, on loopback")
        longest = most + max(timeout if calls else 0.0, RUN_SECONDS)
    print(f"{len(calls)} calls, each at most {timeout:g} s; the check ends after {longest:g} s at the latest")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from customdb_contract.rules import judge
    from customdb_contract.transcript import Transcript

    text = read(options.transcript)
    # A stored transcript is a JSON object; a failure shows the one-line notation, which is easier to copy.
    is_stored = text.lstrip("\ufeff \t\r\n").startswith("{")
    transcript = Transcript.loads(text) if is_stored else Transcript.parse(text)
    report = judge(transcript, select=_names(options.select), ignore=_names(options.ignore))
    return _report(report, options)


def _rules(options: argparse.Namespace) -> int:
    from customdb_contract.reports.catalogue import explain, list_rules, rules_as_json
    from customdb_contract.rules import CATALOGUE, find_rule

    infos = [rule.info for rule in CATALOGUE] if options.name is None else [find_rule(options.name).info]
    if options.format == "json":
        print(rules_as_json(infos))
    else:
        print(list_rules(infos) if options.name is None else explain(infos[0]))
    return 0


def _report(report: "Report", options: argparse.Namespace) -> int:
    from customdb_contract.reports import FORMATS, as_text

    if options.format == "text" and options.output is None:
        text = as_text.render(report, color=wants_color(sys.stdout))
    else:
        text = FORMATS[options.format](report)
    if options.output:
        write(options.output, text)
    else:
        print_text(text)
    return report.exit_code
