"""The command `completion`: a script with which a shell completes this command line."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

from customdb_contract._cli._output import print_text
from customdb_contract.errors import ConfigurationError

__all__ = ["add_completion"]

_SHELLS: Final = ("bash", "zsh", "fish")
_PATHS: Final = ("FILE", "FOLDER", "TRANSCRIPT")
"""The help's placeholders for options whose value is a file or a folder."""


def add_completion(parser: argparse.ArgumentParser, make_parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Add the arguments of the command.

    Args:
        parser: The parser of the command.
        make_parser: Creates the parser of the whole command line.
    """
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))

    def run(options: argparse.Namespace) -> int:
        return _completion(options.shell, make_parser())

    parser.set_defaults(run=run)


def _completion(shell: str, parser: argparse.ArgumentParser) -> int:
    try:
        import shtab
    except ModuleNotFoundError:
        message = "completion needs shtab, which is not installed: pip install 'customdb-contract[completion]'"
        raise ConfigurationError(message) from None
    known = _known_names()
    for action in _actions(parser):
        action.choices = action.choices or known.get(action.dest)
        if action.metavar in _PATHS:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's own attribute
        elif isinstance(action.metavar, str):
            # In a script for zsh, a colon would end the name of the value.
            action.metavar = action.metavar.replace(":", " ")
    print_text(f"{shtab.complete(parser, shell)}\n")
    return 0


def _known_names() -> Mapping[str, Sequence[str]]:
    """Return the names to complete, for arguments that accept any text so that errors can suggest similar names."""
    from customdb_contract.contract import Script
    from customdb_contract.rehearsal import SCENARIOS
    from customdb_contract.rules import CATALOGUE

    rules = [*dict.fromkeys(rule.info.group.value for rule in CATALOGUE), *(rule.info.name for rule in CATALOGUE)]
    return {
        **dict.fromkeys(("name", "select", "ignore"), rules),
        "script": [script.value for script in Script],
        "scenario": [scenario.name for scenario in SCENARIOS],
    }


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of the parsers of its commands."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to list them; shtab goes it, too
        yield action
        choices: object = action.choices
        if isinstance(choices, dict):
            # Only the commands are a mapping, from their names to their parsers.
            for command in cast("dict[str, argparse.ArgumentParser]", choices).values():
                yield from _actions(command)
