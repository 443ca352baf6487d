"""What the source of a script or an Action shows, without running it: facts, which rules judge.

The source is read by a real parser, which the extra `node` installs. It tells what provably is there; what is never
reached is not told.
"""

import importlib.util
from typing import Final

from attrs import frozen

from customdb_contract.contract import Script
from customdb_contract.transcript import SourceFact

__all__ = ["ActionSource", "Source", "is_available", "read_action", "read_python_action", "read_source"]

_PARSERS: Final = ("tree_sitter", "tree_sitter_javascript")


@frozen
class Source:
    """What a source shows.

    Args:
        facts: What it shows, in order.
        parameters: The names of the function's parameters; None where there is no function, or where they cannot be
            told, as with `...rest` and `arguments`.
    """

    facts: tuple[SourceFact, ...]
    parameters: tuple[str, ...] | None


@frozen
class ActionSource:
    """What the source of an Action shows.

    Args:
        facts: What it shows, in order.
        location: File and line of the function that is exported as its handler; None where that cannot be told.
    """

    facts: tuple[SourceFact, ...]
    location: str | None


def is_available() -> bool:
    """Tell whether the parser is installed."""
    return all(importlib.util.find_spec(name) is not None for name in _PARSERS)


def read_source(text: str, *, script: Script, file_name: str, script_context: bool) -> Source:
    """Return what the source of a script shows.

    Args:
        text: The source.
        script: The script that it is of.
        file_name: What the file is called in locations.
        script_context: Whether the connection passes `context` to its scripts.
    """
    # Only who has scripts in JavaScript needs the parser.
    from customdb_contract.source._reading import read  # noqa: PLC0415

    return read(text, script, file_name, script_context=script_context)


def read_action(text: str, *, file_name: str) -> ActionSource:
    """Return what the source of an Action shows, as far as rules for scripts and Actions look at the same.

    Args:
        text: The source.
        file_name: What the file is called in locations.
    """
    # See read_source.
    from customdb_contract.source._action import read  # noqa: PLC0415

    return read(text, file_name)


def read_python_action(text: str, *, name: str, file_name: str) -> tuple[SourceFact, ...]:
    """Return the requests without TLS that an Action in Python sends; it needs no parser but Python's own.

    Args:
        text: The source of its module.
        name: The name of the function or the class in it.
        file_name: What the file is called in locations.
    """
    # See read_source.
    from customdb_contract.source._python import read  # noqa: PLC0415

    return read(text, name, file_name)
