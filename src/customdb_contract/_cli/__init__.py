"""The command line. It imports what a command needs only when that command runs."""

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from customdb_contract._cli._output import complain, print_safely, read, show
from customdb_contract._cli._reporting import add_output, add_selection, names, report_one
from customdb_contract._help import COMMANDS, DESCRIPTION, help_text
from customdb_contract.errors import ConfigurationError, CustomDatabaseError, DatabaseOpeningError
from customdb_contract.interrupts import EXIT_INTERRUPTED, interruptible

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
            code = _run(sys.argv[1:] if arguments is None else arguments)
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
        import traceback

        print_safely(traceback.format_exc().rstrip("\n"))
        complain("this is a bug in customdb-contract, not in your scripts; please report it")
        return _EXIT_NOT_CARRIED_OUT
    return code


def _run(words: Sequence[str]) -> int:
    named = next((word for word in words if not word.startswith("-")), None)
    parser = _parser([named])
    options = parser.parse_args(words)
    if options.help:
        print(help_text(), end="")
    elif options.version:
        import customdb_contract

        print(f"customdb-contract {customdb_contract.__version__}")
    elif named is None:
        parser.error("the following arguments are required: COMMAND")
    else:
        code: int = options.run(options)
        return code
    return 0


def _parser(named: Collection[str | None] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of the command line, in which those commands have options that may be named."""
    parser = argparse.ArgumentParser(
        prog="customdb-contract", description=DESCRIPTION, allow_abbrev=False, add_help=False
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this help message and exit")
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, allow_abbrev=False)
        if name in named:
            _add_options(name, command)
    return parser


def _add_options(name: str, parser: argparse.ArgumentParser) -> None:
    """Add the options of a command, which is imported only now."""
    match name:
        case "check":
            from customdb_contract._cli._check import add_check

            add_check(parser)
        case "simulate":
            from customdb_contract._cli._simulate import add_simulate

            add_simulate(parser)
        case "audit":
            from customdb_contract._cli._audit import add_audit

            add_audit(parser)
        case "init":
            from customdb_contract._cli._init import add_init

            add_init(parser)
        case "completion":
            from customdb_contract._cli._completion import add_completion

            add_completion(parser, make_parser=_parser)
        case "replay":
            _add_replay(parser)
        case "rules":
            _add_rules(parser)
        case _:
            _add_schema(parser)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("transcript", type=Path, metavar="TRANSCRIPT", help="a transcript stored by check --transcript")
    add_output(parser)
    add_selection(parser)
    parser.set_defaults(run=_replay)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rule to explain, or the group to list")
    parser.add_argument("--audit", action="store_true", help="list the rules of an audit instead of those of a check")
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
    from customdb_contract.rules import CATALOGUE

    name: str | None = options.name
    is_json = options.format == "json"
    if options.audit or (name is not None and _is_only_of_audit(name)):
        print(_audited(name, is_json=is_json))
        return 0
    infos = [rule.info for rule in CATALOGUE if name in {None, rule.info.group.value, rule.info.name}]
    if is_json:
        print(rules_as_json(infos))
    elif infos[0].name == name:
        print(explain(infos[0]))
    else:
        print(list_rules(infos))
    return 0


def _is_only_of_audit(name: str) -> bool:
    """Return whether only an audit has a rule.

    Raises:
        ConfigurationError: When there is no rule or group of that name.
    """
    from customdb_contract.rules import CATALOGUE, problem_of_name

    known = [part for rule in CATALOGUE for part in (rule.info.name, rule.info.group.value)]
    if name in known:
        return False
    # It takes longer to import.
    from customdb_contract.audit import AUDITED

    names = [rule.name for rule in AUDITED]
    if name not in names:
        message = problem_of_name(name, [*dict.fromkeys([*known, *names])], "rule or group")
        raise ConfigurationError(message)
    return True


def _audited(name: str | None, *, is_json: bool) -> str:
    from customdb_contract.audit import AUDITED, find_audited
    from customdb_contract.audit.printing import audited_as_json, explain_audited, list_audited
    from customdb_contract.reports.catalogue import explain
    from customdb_contract.rules import find_rule

    rules = [rule for rule in AUDITED if name in {None, rule.group.value}]
    if name is None or rules:
        return audited_as_json(rules) if is_json else list_audited(rules)
    rule = find_audited(name)
    if is_json:
        return audited_as_json([rule])
    return explain_audited(rule) if rule.docstring else explain(find_rule(name).info)


def _schema(options: argparse.Namespace) -> int:
    import json

    from customdb_contract.config import configuration_schema

    schema = json.dumps(configuration_schema(in_pyproject=options.pyproject), indent=2)
    show(f"{schema}\n", options.output)
    return 0
