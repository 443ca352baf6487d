"""The database and the settings that the options of a command and the configuration file name."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from customdb_contract.errors import ConfigurationError

if TYPE_CHECKING:
    from customdb_contract.config import Configuration

__all__ = ["add_database", "configured"]


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
        options: The options that `add_database` added, `writes` and `max_time`.
        default: Returns what holds where nothing names a database; None when that is an error.

    Returns:
        The configuration, and whether it is the default.

    Raises:
        ConfigurationError: When it cannot be used, or names no database.
    """
    from attrs import evolve

    from customdb_contract.config import Configuration, find_config, load_config, of_python, of_scripts
    from customdb_contract.connection import KnownUser

    path = options.config or find_config(Path())
    is_default = default is not None and not (path or options.python or options.scripts)
    if path:
        configuration = load_config(path, scripts=options.scripts, python=options.python)
    elif options.python:
        configuration = of_python(options.python)
    elif options.scripts:
        configuration = of_scripts(options.scripts)
    else:
        configuration = Configuration() if default is None else default()
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
    return configuration, is_default
