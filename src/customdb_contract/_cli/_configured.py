"""The database, the Action and the settings that the options of a command and the configuration file name."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from customdb_contract.errors import ConfigurationError

if TYPE_CHECKING:
    from customdb_contract.config import Configuration

__all__ = ["add_database", "configured", "refuse_without_database"]


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a database.

    Args:
        parser: The parser of a command.
    """
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: customdb.toml, or pyproject.toml, here")
    database = parser.add_mutually_exclusive_group()
    database.add_argument("--python", metavar="MODULE:ATTRIBUTE", help="the database, or a function that makes it")
    database.add_argument(
        "--scripts", type=Path, metavar="FOLDER", help="the scripts of a connection, as the Auth0 Deploy CLI keeps them"
    )
    parser.add_argument(
        "--user", action="append", default=[], metavar="EMAIL", help="only this person; may be repeated"
    )


def configured(
    options: argparse.Namespace, default: "Callable[[], Configuration] | None" = None
) -> "tuple[Configuration, bool]":
    """Return what the options and the configuration file say.

    Args:
        options: The options that `add_database` added, `action`, `writes` and `max_time`.
        default: Returns what holds where nothing names a database; None for an empty configuration.

    Returns:
        The configuration, and whether it is the default.

    Raises:
        ConfigurationError: When it cannot be used.
    """
    from attrs import evolve

    from customdb_contract.config import find_config, load_config, of_options
    from customdb_contract.connection import KnownUser

    path = options.config or find_config(Path())
    named = {"scripts": options.scripts, "python": options.python, "action": options.action}
    is_default = default is not None and not (path or any(named.values()))
    if path:
        configuration = load_config(path, **named)
    else:
        configuration = default() if default is not None and is_default else of_options(**named)
    if options.max_time is not None:
        configuration = evolve(configuration, probing=evolve(configuration.probing, max_time=options.max_time))
    if options.writes:
        configuration = evolve(configuration, probing=evolve(configuration.probing, writes=True))
    if options.user:
        known = {user.email: user for user in configuration.users}
        configuration = evolve(
            configuration, users=tuple(known.get(email) or KnownUser(email=email) for email in options.user)
        )
    return configuration, is_default


def refuse_without_database(configuration: "Configuration", *, or_action: bool) -> None:
    """Do nothing when there is something to work on.

    Args:
        configuration: The configuration.
        or_action: Whether an Action will do as well.

    Raises:
        ConfigurationError: When there is nothing.
    """
    if configuration.database is not None or (or_action and configuration.action is not None):
        return
    action = ", or --action FILE" if or_action else ""
    table = ", or [action] code = … or python = …" if or_action else ""
    message = (
        f"no database to check: give --python MODULE:ATTRIBUTE or --scripts FOLDER{action}, or a customdb.toml with "
        f"[database] python = … or scripts = …{table}; `customdb-contract init` writes one"
    )
    raise ConfigurationError(message)
