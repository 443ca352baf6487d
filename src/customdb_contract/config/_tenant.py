"""The configurations of all custom databases of a tenant, as the Auth0 Deploy CLI exports it."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import evolve

from customdb_contract.config._actions import action_of
from customdb_contract.config._configuration import Configuration, configuration_of, read_file
from customdb_contract.config._databases import keywords_of, named_connection
from customdb_contract.config._reading import find_config
from customdb_contract.config._sharing_secrets import masking_all, secrets_told
from customdb_contract.config._tables import File
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.secrets import Secret
from customdb_contract.transcript import printable

if TYPE_CHECKING:
    from customdb_contract.bridges.node import ExportedConnection

__all__ = ["examine_all", "load_tenant"]

_logger: Final = logging.getLogger("customdb_contract")


def load_tenant(export: Path, *, config: Path | None = None) -> tuple[Configuration, ...]:
    """Return a configuration for each custom database of an export.

    A configuration file next to the scripts of a connection applies to that connection. All others share one: the file
    that is given, or else that of the export's folder, or else that of the working directory.

    Args:
        export: The folder of the export, with `database-connections` or `tenant.yaml`; or its YAML file.
        config: The configuration file that connections without one of their own share, or None.

    Raises:
        ConfigurationError: When the export or a configuration file cannot be read or used, or no connection is custom.
    """
    # Code for Node is loaded only for scripts in JavaScript.
    from customdb_contract.bridges.node import custom_connections  # noqa: PLC0415

    shared = config or find_config(export if export.is_dir() else export.parent) or find_config(Path())

    def keywords_for(folder: Path) -> Mapping[str, object]:
        path = find_config(folder) or shared
        keywords = {} if path is None else keywords_of(read_file(path).database, f"{path}: [database]")
        return {name: value.reveal() if isinstance(value, Secret) else value for name, value in keywords.items()}

    found, others = custom_connections(export, keywords_for)
    for other in others:
        _logger.warning(
            "%s: the scripts are not checked, because Auth0 calls none of them: %s", other.name, other.problem
        )
    for name, times in Counter(connection.name for connection in found).items():
        if times > 1:
            message = f"{export} has {times} connections named {name}; a name must be unique in a tenant"
            raise ConfigurationError(message)
    paths = {connection.name: find_config(connection.folder) or shared for connection in found}
    sharing = Counter(paths.values())
    return masking_all(
        [
            _configured(connection, paths[connection.name], is_alone=sharing[paths[connection.name]] == 1)
            for connection in found
        ]
    )


def examine_all(configurations: Sequence[Configuration]) -> Sequence[str]:
    """Open each database of a tenant and close it again, before the first one is checked.

    Args:
        configurations: The configurations; a single one is left to its own check.

    Returns:
        For each database that cannot be opened, the problem that its check will report.

    Raises:
        ConfigurationError: When a check could not start; the message has all such connections, one per line.
    """
    if len(configurations) == 1:
        return ()
    wrong: list[str] = []
    closed: list[str] = []
    for configuration in configurations:
        name = printable(configuration.connection.name)
        try:
            configuration.examine()
        except ConfigurationError as error:
            wrong.append(f"connection {name}: {error}")
        except DatabaseOpeningError as error:
            closed.append(f"connection {name}: {error}")
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return closed


def _configured(
    connection: "ExportedConnection", path: Path | None, *, is_alone: bool
) -> tuple[Configuration, Sequence[Secret]]:
    file = File() if path is None else read_file(path)
    try:
        _refuse_what_is_of_one(file, connection.name, is_alone=is_alone)
        file.database.scripts, file.database.python = str(connection.path.resolve()), None
        file.connection.name = connection.name
        folder = Path() if path is None else path.parent
        configuration = configuration_of(file, folder)
        if file.action is not None:
            configuration = evolve(configuration, action=action_of(file.action, folder, "[action]"))
    except ConfigurationError as error:
        message = str(error) if path is None else f"{path}: {error}"
        raise ConfigurationError(message) from error.__cause__
    return evolve(configuration, path=path), list(secrets_told(file, configuration))


def _refuse_what_is_of_one(file: File, name: str, *, is_alone: bool) -> None:
    """Raise if a file that several connections share has settings that can only be true for one."""
    named = named_connection(file)
    if named not in (None, name):
        message = (
            f"[connection] name is {named}, but this file is also used for {name}; leave it out, because the export "
            f"names its connections, or put a customdb.toml next to the scripts of {name}"
        )
        raise ConfigurationError(message)
    if file.action is not None and not is_alone:
        message = (
            "[action] belongs to one connection, but this file is used for several; "
            "move it to a customdb.toml next to the scripts of its connection"
        )
        raise ConfigurationError(message)
