"""The command line. It imports what a command needs only when that command runs."""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from typing_extensions import override

from customdb_contract.errors import CustomDatabaseError, DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts, interruptible

if TYPE_CHECKING:
    from customdb_contract.config import Configuration
    from customdb_contract.findings import Report
    from customdb_contract.transcript import Exchange

__all__ = ["main"]

_EXIT_USAGE: Final = 2
_EXIT_NOT_CARRIED_OUT: Final = 3
_EXIT_INTERRUPTED: Final = 130
_FORMATS: Final = ("text", "json", "junit", "sarif", "github")
_PROGRESS_AFTER: Final = 1.0
"""Seconds after which a progress line is shown."""


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
        _complain(error)
        return _EXIT_NOT_CARRIED_OUT if isinstance(error, DatabaseOpeningError) else _EXIT_USAGE
    except KeyboardInterrupt:
        _complain("interrupted")
        return _EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read has had enough; Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_NOT_CARRIED_OUT
    except Exception:  # noqa: BLE001 - exit code 1 would say that the scripts are broken
        _print_safely(traceback.format_exc().rstrip("\n"))
        _complain("this is a bug in customdb-contract, not in your scripts; please report it")
        return _EXIT_NOT_CARRIED_OUT
    return code


def _complain(message: object) -> None:
    # What a script said may have lines of its own, which must not look like ours.
    _print_safely(f"customdb-contract: {message}".replace("\n", "\n  "))


def _print_safely(text: str) -> None:
    """Print to standard error what may quote a script: no control characters, and no commands of a CI system."""
    from customdb_contract.transcript import printable

    for line in text.split("\n"):
        print(printable(line), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="customdb-contract",
        description="Check Auth0 custom database scripts against their contract, before production does.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_check(
        commands.add_parser("check", help="drive a database's scripts, and judge what they do", allow_abbrev=False)
    )
    _add_replay(
        commands.add_parser("replay", help="judge a stored transcript again, calling nothing", allow_abbrev=False)
    )
    _add_rules(commands.add_parser("rules", help="list the rules, or explain one", allow_abbrev=False))
    init = commands.add_parser("init", help="write a commented customdb.toml and a pytest module", allow_abbrev=False)
    init.set_defaults(run=_init)
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
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: customdb.toml, or pyproject.toml, here")
    database = parser.add_mutually_exclusive_group()
    database.add_argument("--python", metavar="MODULE:ATTRIBUTE", help="the database, or a function that makes it")
    database.add_argument(
        "--scripts", type=Path, metavar="FOLDER", help="the scripts of a connection, as the Auth0 Deploy CLI keeps them"
    )
    parser.add_argument(
        "--user", action="append", default=[], metavar="EMAIL", help="check with this person only; may be repeated"
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
    from customdb_contract.checking import CheckInterrupted
    from customdb_contract.rules import judge_selected

    configuration = _configuration(options)
    selection = configuration.selection(select=_names(options.select), ignore=_names(options.ignore))
    if options.dry_run:
        return _dry_run(configuration)
    interrupts = current_interrupts()
    interrupts.raise_if_pending()
    # From here on there is something to report, so an interrupt costs none of it.
    with interrupts.deferred():
        progress = _Progress(sys.stderr)
        try:
            transcript = configuration.observe(progress=progress.show)
        except CheckInterrupted as interrupted:
            transcript = interrupted.transcript
            _complain(interrupted)
        finally:
            progress.clear()
        if options.transcript:
            _write(options.transcript, transcript.dumps())
        return _report(judge_selected(transcript, selection), options)


def _configuration(options: argparse.Namespace) -> "Configuration":
    from attrs import evolve

    from customdb_contract.config import Configuration, find_config, load_config, of_python, of_scripts
    from customdb_contract.connection import KnownUser
    from customdb_contract.errors import ConfigurationError

    path = options.config or find_config(Path())
    if path:
        configuration = load_config(path, scripts=options.scripts, python=options.python)
    elif options.python:
        configuration = of_python(options.python)
    else:
        configuration = of_scripts(options.scripts) if options.scripts else Configuration()
    if options.max_time is not None:
        configuration = evolve(configuration, probing=evolve(configuration.probing, max_time=options.max_time))
    if options.writes:
        configuration = evolve(configuration, probing=evolve(configuration.probing, writes=True))
    if options.user:
        known = {user.email: user for user in configuration.users}
        configuration = evolve(
            configuration, users=tuple(known.get(email) or KnownUser(email=email) for email in options.user)
        )
    if configuration.database is None:
        message = (
            "no database to check: give --python MODULE:ATTRIBUTE or --scripts FOLDER, or a customdb.toml with "
            "[database] python = … or scripts = …; `customdb-contract init` writes one"
        )
        raise ConfigurationError(message)
    return configuration


def _dry_run(configuration: "Configuration") -> int:
    from customdb_contract.checking import plan_lines

    calls = plan_lines(configuration.database, configuration.users, configuration.connection, configuration.probing)
    for line in calls:
        print(line)
    timeout, most = configuration.probing.timeout, configuration.probing.max_time
    longest = min(most + timeout, len(calls) * timeout)
    print(f"{len(calls)} calls, each at most {timeout:g} s; the check ends after {longest:g} s at the latest")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from customdb_contract.rules import judge
    from customdb_contract.transcript import Transcript

    text = _read(options.transcript)
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
        text = as_text.render(report, color=_wants_color(sys.stdout))
    else:
        text = FORMATS[options.format](report)
    if options.output:
        _write(options.output, text)
    else:
        _print(text)
    return report.exit_code


def _wants_color(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _print(text: str) -> None:
    # A terminal of another encoding must not end a check with a traceback.
    encoding = sys.stdout.encoding or "utf-8"
    # Whoever reads it may have stopped reading.
    with current_interrupts().immediate():
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _read(path: Path) -> str:
    from customdb_contract.errors import ConfigurationError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigurationError(message) from None


def _write(path: Path, text: str) -> None:
    from customdb_contract.errors import ConfigurationError

    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise ConfigurationError(message) from None


class _Progress:
    """A line on a terminal that says how far a check is; it appears when the check takes longer than a second."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._shown = 0

    def show(self, exchange: "Exchange") -> None:
        if self._stream.isatty() and time.monotonic() - self._started > _PROGRESS_AFTER:
            line = f"{exchange.number} calls; {exchange.script}, {exchange.situation}"
            self._stream.write(f"\r{line:<{self._shown}}")
            self._stream.flush()
            self._shown = len(line)

    def clear(self) -> None:
        if self._shown:
            self._stream.write(f"\r{'':<{self._shown}}\r")
            self._stream.flush()


def _init(_: argparse.Namespace) -> int:
    from customdb_contract.errors import ConfigurationError

    templates = Path(__file__).parent / "templates"
    targets = {Path("customdb.toml"): "customdb.toml", Path("test_customdb.py"): "test_customdb.py.txt"}
    existing = [str(path) for path in targets if path.exists()]
    if existing:
        message = f"{' and '.join(existing)} exists already; remove it first, or run init in another folder"
        raise ConfigurationError(message)
    for path, template in targets.items():
        _write(path, (templates / template).read_text(encoding="utf-8"))
        print(f"wrote {path}")
    print("Fill in customdb.toml, then run: customdb-contract check")
    return 0
