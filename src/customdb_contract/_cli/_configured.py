"""The database, the Action and the settings given by the options of a command and the configuration file."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from customdb_contract._cli._output import complain
from customdb_contract.errors import ConfigurationError

if TYPE_CHECKING:
    from customdb_contract.config import Configuration

__all__ = ["add_database", "configured", "configured_tenant", "refuse_without_database"]


def add_database(parser: argparse.ArgumentParser, *, or_tenant: bool = False) -> None:
    """Add the options that name a database.

    Args:
        parser: The parser of a command.
        or_tenant: Whether all databases of a tenant are accepted as well.
    """
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="default: customdb.toml or pyproject.toml in this folder"
    )
    database = parser.add_mutually_exclusive_group()
    database.add_argument("--python", metavar="MODULE:ATTRIBUTE", help="the database, or a function that returns it")
    database.add_argument(
        "--scripts",
        type=Path,
        metavar="FOLDER",
        help="the scripts of a connection, in the layout of the Auth0 Deploy CLI",
    )
    if or_tenant:
        database.add_argument(
            "--tenant", type=Path, metavar="FOLDER", help="every custom database in an export of the Auth0 Deploy CLI"
        )
    parser.add_argument("--user", action="append", default=[], metavar="EMAIL", help="only this user; can be repeated")


def configured(
    options: argparse.Namespace, default: "Callable[[], Configuration] | None" = None
) -> "tuple[Configuration, bool]":
    """Return the configuration given by the options and the configuration file.

    Args:
        options: The options that `add_database` added, `action`, `writes` and `max_time`.
        default: Returns the default if no database is named; None for an empty configuration.

    Returns:
        The configuration, and whether it is the default.

    Raises:
        ConfigurationError: When it cannot be used.
    """
    from customdb_contract.config import find_config, load_config, of_options

    path = options.config or find_config(Path())
    named = {"scripts": options.scripts, "python": options.python, "action": options.action}
    is_default = default is not None and not (path or any(named.values()))
    if path:
        configuration = load_config(path, **named)
    else:
        configuration = default() if default is not None and is_default else of_options(**named)
    return _adapted(configuration, options), is_default


def configured_tenant(options: argparse.Namespace) -> "Sequence[Configuration]":
    """Return the configuration of each custom database of a tenant, given by the options and the configuration files.

    Args:
        options: The options that `add_database` added, `tenant` among them, `action`, `writes` and `max_time`.

    Raises:
        ConfigurationError: When it cannot be used.
    """
    from customdb_contract.config import load_tenant

    if options.action is not None:
        message = (
            "--action and --tenant cannot be combined, because an Action belongs to one connection: "
            "name it under [action] in a customdb.toml next to the scripts of that connection"
        )
        raise ConfigurationError(message)
    return [_adapted(one, options) for one in load_tenant(options.tenant, config=options.config)]


def _adapted(configuration: "Configuration", options: argparse.Namespace) -> "Configuration":
    from attrs import evolve

    from customdb_contract.connection import KnownUser

    if options.max_time is not None:
        configuration = evolve(configuration, probing=evolve(configuration.probing, max_time=options.max_time))
    if options.writes:
        configuration = evolve(configuration, probing=evolve(configuration.probing, writes=True))
    if options.user:
        known = {user.email: user for user in configuration.users}
        if known and configuration.path is not None:
            for email in dict.fromkeys(options.user):
                if email not in known:
                    complain(
                        f"--user {email} is not one of the [[users]] in {configuration.path}: no password is known"
                    )
        configuration = evolve(
            configuration, users=tuple(known.get(email) or KnownUser(email=email) for email in options.user)
        )
    return configuration


def refuse_without_database(configuration: "Configuration", *, or_action: bool) -> None:
    """Raise if there is nothing to work on.

    Args:
        configuration: The configuration.
        or_action: Whether an Action is accepted as well.

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
