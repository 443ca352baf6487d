"""The databases that a configuration file names, with their settings."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customdb_contract.bridges.python_process import PythonProcess
from customdb_contract.config._modules import modules_for
from customdb_contract.config._tables import DatabaseTable, File, FromEnvironment, Setting, Text
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

if TYPE_CHECKING:
    from customdb_contract.bridges.node import NodeDatabase

__all__ = [
    "database_of",
    "keywords_of",
    "named_connection",
    "node_database",
    "outage_of",
    "python_process",
    "secret_of",
]

_logger: Final = logging.getLogger("customdb_contract")
_OUTAGE: Final = "[outage]"
_OF_SCRIPTS: Final = ("keywords", "node_modules", "hosts", "doubles", "node")


def secret_of(text: Text) -> Secret:
    """Return a secret from a file, directly or from the environment variable that the file names.

    Args:
        text: The value in the file.

    Raises:
        ConfigurationError: When the variable is not set.
    """
    if isinstance(text, str):
        return Secret(text)
    value = os.environ.get(text.env)
    if value is None:
        message = f"the environment variable {text.env} is not set"
        raise ConfigurationError(message)
    return Secret(value)


def _settings(table: Mapping[str, Setting], where: str) -> dict[str, object]:
    """Return settings by name; values from the environment are secrets."""
    settings: dict[str, object] = {}
    for name, value in table.items():
        try:
            settings[name] = secret_of(value) if isinstance(value, FromEnvironment) else value
        except ConfigurationError as error:
            message = f"{where}.{name}: {error}"
            raise ConfigurationError(message) from None
    return settings


def database_of(table: DatabaseTable, folder: Path, where: str, *, name: str | None = None) -> object:
    """Return the database that a table names, or None if it names none.

    Args:
        table: The table of the database.
        folder: The folder of the file.
        where: The place of the table, for messages.
        name: The name of the connection, which chooses one of several in an export; None if it isn't given.

    Raises:
        ConfigurationError: When the database cannot be used; the message says where the problem is.
    """
    if table.python is not None and table.scripts is not None:
        message = f"{where} has both python and scripts: give only the one to check"
        raise ConfigurationError(message)
    if table.scripts is not None:
        return node_database(table.scripts, table, folder, where, name=name)
    for key in _OF_SCRIPTS:
        if key in table.model_fields_set:
            message = f"{where} {key} is for JavaScript: give scripts = the folder of the connection, or leave it out"
            raise ConfigurationError(message)
    if table.python is None:
        return None
    return python_process(table.python, table, folder, where)


def python_process(reference: str, table: DatabaseTable, folder: Path, where: str) -> PythonProcess:
    """Return a database in Python.

    Args:
        reference: Its reference, as `module:attribute`.
        table: The table of the database.
        folder: The folder of the file.
        where: The place of the table, for messages.

    Raises:
        ConfigurationError: When the database cannot be used; the message says where the problem is.
    """
    configuration = _settings(table.configuration, f"{where} configuration")
    try:
        return PythonProcess(reference, configuration=configuration, folder=folder, environment=table.environment)
    except ConfigurationError as error:
        message = f"{where} {error}"
        raise ConfigurationError(message) from None


def node_database(
    scripts: str, table: DatabaseTable, folder: Path, where: str, *, name: str | None = None
) -> "NodeDatabase":
    """Return a database in JavaScript.

    Args:
        scripts: The folder of its connection, or the YAML file of an export.
        table: The table of the database.
        folder: The folder of the file.
        where: The place of the table, for messages.
        name: The name of the connection, which chooses one of several in an export; None if it isn't given.

    Raises:
        ConfigurationError: When the database cannot be used; the message says where the problem is.
    """
    # Code for Node is loaded only for scripts in JavaScript.
    from customdb_contract.bridges.node import NodeDatabase  # noqa: PLC0415

    configuration = _settings(table.configuration, f"{where} configuration")
    keywords = keywords_of(table, where)
    try:
        database = NodeDatabase(
            folder / scripts,
            name=name,
            configuration={name: _as_text(value) for name, value in configuration.items()},
            keywords=keywords,
            node_modules=modules_for(table.node_modules, folder / scripts, folder),
            hosts=table.hosts,
            doubles={name: folder / path for name, path in table.doubles.items()},
            environment=table.environment,
            node=table.node,
        )
    except ConfigurationError as error:
        message = f"{where} {error}"
        raise ConfigurationError(message) from None
    # An outage uses the same scripts, which were already warned about.
    for sentence in database.ignored if where != _OUTAGE else ():
        _logger.warning("%s", sentence)
    return database


def keywords_of(table: DatabaseTable, where: str) -> dict[str, object]:
    """Return the keywords that the Deploy CLI would replace, with their values.

    Args:
        table: The table of the database.
        where: The place of the table, for messages.

    Raises:
        ConfigurationError: When an environment variable is not set.
    """
    return _settings(table.keywords, f"{where} keywords")


def _as_text(value: object) -> str | Secret:
    """Return a setting as scripts receive it: Auth0 keeps the values of `configuration` as text."""
    return value if isinstance(value, str | Secret) else json.dumps(value)


def outage_of(file: File, folder: Path) -> object:
    """Return the database with an unreachable store, or None.

    Args:
        file: The contents of the file.
        folder: The folder of the file.

    Raises:
        ConfigurationError: When the table names no database.
    """
    own = file.outage
    if own is None:
        return None
    if not own.model_fields_set:
        message = "[outage] is empty: give a different configuration, or another database"
        raise ConfigurationError(message)
    given = {name: getattr(table, name) for table in (file.database, own) for name in sorted(table.model_fields_set)}
    # A database of another kind does not inherit the settings of the first one.
    for key, other in (("python", "scripts"), ("scripts", "python")):
        if key in own.model_fields_set:
            given.pop(other, None)
    given["configuration"] = file.database.configuration | own.configuration
    if "keywords" in given:
        given["keywords"] = file.database.keywords | own.keywords
    if "hosts" in given:
        given["hosts"] = file.database.hosts | own.hosts
    table = DatabaseTable.model_construct(**given)
    if table.python is None and table.scripts is None:
        message = "[outage] has a configuration, but neither python nor scripts names the database that it is for"
        raise ConfigurationError(message)
    return database_of(table, folder, _OUTAGE, name=named_connection(file))


def named_connection(file: File) -> str | None:
    """Return the name of the connection, or None if the file doesn't give one.

    Args:
        file: The contents of the file.
    """
    return file.connection.name if "name" in file.connection.model_fields_set else None
