"""Facts from the source of a script or an Action, without running it, which rules judge.

The source is parsed by a real parser, which the extra `node` installs. Only provable facts are reported, and none
about unreachable code.
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
    """The facts from a source.

    Args:
        facts: The facts, in order.
        parameters: The names of the function's parameters; None without a function, or if they are unknown, as with
            `...rest` and `arguments`.
    """

    facts: tuple[SourceFact, ...]
    parameters: tuple[str, ...] | None


@frozen
class ActionSource:
    """The facts from the source of an Action.

    Args:
        facts: The facts, in order.
        location: File and line of the function that is exported as its handler, or None if unknown.
    """

    facts: tuple[SourceFact, ...]
    location: str | None


def is_available() -> bool:
    """Tell whether the parser is installed."""
    return all(importlib.util.find_spec(name) is not None for name in _PARSERS)


def read_source(text: str, *, script: Script, file_name: str, script_context: bool) -> Source:
    """Return the facts from the source of a script.

    Args:
        text: The source.
        script: The script.
        file_name: The name of the file in locations.
        script_context: Whether the connection passes `context` to its scripts.
    """
    # Only scripts in JavaScript need the parser.
    from customdb_contract.source._reading import read  # noqa: PLC0415

    return read(text, script, file_name, script_context=script_context)


def read_action(text: str, *, file_name: str) -> ActionSource:
    """Return the facts from the source of an Action that rules for both scripts and Actions judge.

    Args:
        text: The source.
        file_name: The name of the file in locations.
    """
    # See read_source.
    from customdb_contract.source._action import read  # noqa: PLC0415

    return read(text, file_name)


def read_python_action(text: str, *, name: str, file_name: str) -> tuple[SourceFact, ...]:
    """Return the requests without TLS that an Action in Python sends, with Python's own parser.

    Args:
        text: The source of its module.
        name: The name of its function or class.
        file_name: The name of the file in locations.
    """
    # See read_source.
    from customdb_contract.source._python import read  # noqa: PLC0415

    return read(text, name, file_name)
