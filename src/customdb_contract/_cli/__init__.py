"""The command line. It imports what a command needs only when that command runs."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

from typing_extensions import override

from customdb_contract._cli._audit import add_audit
from customdb_contract._cli._check import add_check
from customdb_contract._cli._completion import add_completion
from customdb_contract._cli._init import add_init
from customdb_contract._cli._output import complain, print_safely, read, show
from customdb_contract._cli._reporting import add_output, add_selection, names, report_one
from customdb_contract._cli._simulate import EXIT_INTERRUPTED, add_simulate
from customdb_contract._help import COMMANDS, DESCRIPTION, help_text
from customdb_contract.errors import CustomDatabaseError, DatabaseOpeningError
from customdb_contract.interrupts import interruptible

__all__ = ["main"]

_EXIT_USAGE: Final = 2
_EXIT_NOT_CARRIED_OUT: Final = 3


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
        # The reader of the output has closed it; Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_NOT_CARRIED_OUT
    except Exception:  # noqa: BLE001 - exit code 1 would say that the scripts are broken
        print_safely(traceback.format_exc().rstrip("\n"))
        complain("this is a bug in customdb-contract, not in your scripts; please report it")
        return _EXIT_NOT_CARRIED_OUT
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="customdb-contract", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser)
    add: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
        "check": add_check,
        "replay": _add_replay,
        "simulate": add_simulate,
        "audit": add_audit,
        "rules": _add_rules,
        "init": add_init,
        "schema": _add_schema,
        "completion": partial(add_completion, make_parser=_parser),
    }
    for name, what in COMMANDS.items():
        add[name](commands.add_parser(name, help=what, allow_abbrev=False))
    return parser


class _Parser(argparse.ArgumentParser):
    @override
    def format_help(self) -> str:
        return help_text()


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    @override
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import customdb_contract

        print(f"customdb-contract {customdb_contract.__version__}")
        parser.exit()


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("transcript", type=Path, metavar="TRANSCRIPT", help="a transcript stored by check --transcript")
    add_output(parser)
    add_selection(parser)
    parser.set_defaults(run=_replay)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rule to explain, or the group to list")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_rules)


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pyproject", action="store_true", help="print the schema for a pyproject.toml with [tool.customdb-contract]"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.set_defaults(run=_schema)


def _replay(options: argparse.Namespace) -> int:
    from customdb_contract.rules import judge
    from customdb_contract.transcript import Transcript

    text = read(options.transcript)
    # A stored transcript is a JSON object; a failure shows the one-line notation, which is easier to copy.
    is_stored = text.lstrip("\ufeff \t\r\n").startswith("{")
    transcript = Transcript.loads(text) if is_stored else Transcript.parse(text)
    report = judge(
        transcript,
        select=names(options.select),
        ignore=names(options.ignore),
        scripts=names(options.script),
        fail_on=options.fail_on or "error",
    )
    return report_one(report, options, advise=False)


def _rules(options: argparse.Namespace) -> int:
    from customdb_contract.reports.catalogue import explain, list_rules, rules_as_json
    from customdb_contract.rules import CATALOGUE, find_rule

    name: str | None = options.name
    infos = [rule.info for rule in CATALOGUE if name in {None, rule.info.group.value}]
    if name is not None and not infos:
        info = find_rule(name).info
        print(rules_as_json([info]) if options.format == "json" else explain(info))
    else:
        print(rules_as_json(infos) if options.format == "json" else list_rules(infos))
    return 0


def _schema(options: argparse.Namespace) -> int:
    import json

    from customdb_contract.config import configuration_schema

    schema = json.dumps(configuration_schema(in_pyproject=options.pyproject), indent=2)
    show(f"{schema}\n", options.output)
    return 0
