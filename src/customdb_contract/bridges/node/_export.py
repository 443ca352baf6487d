"""The connections of a tenant in an export of the Auth0 Deploy CLI, and which of them are custom databases.

Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from customdb_contract.bridges.node._document import DATABASE_FILE, Described, read_json
from customdb_contract.bridges.node._folder import SOURCES, YAML, files_in, has_document, is_file
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError

__all__ = ["ExportedConnection", "custom_connections"]

_FOLDERS: Final = "database-connections"
_YAML_FILE: Final = "tenant.yaml"


@frozen
class ExportedConnection:
    """A database connection of an export.

    Args:
        name: Its name.
        path: Its folder, or the YAML file that describes it; `NodeDatabase` accepts either.
        folder: Where its scripts are.
        problem: Why Auth0 calls none of its scripts, or None.
        has_scripts: Whether there are scripts nevertheless.
    """

    name: str
    path: Path
    folder: Path
    problem: str | None = None
    has_scripts: bool = True


def custom_connections(
    export: Path, keywords_for: Callable[[Path], Mapping[str, object]]
) -> tuple[Sequence[ExportedConnection], Sequence[ExportedConnection]]:
    """Return the custom databases of an export, and the other databases that have scripts, both in order.

    Args:
        export: The folder of the export, with `database-connections` or `tenant.yaml`; or its YAML file.
        keywords_for: Returns the values of keywords in a document, given its folder.

    Raises:
        ConfigurationError: When there is no such export, it cannot be read, or none of its connections is custom.
    """
    folder = export / _FOLDERS
    if export.is_file() and export.suffix in YAML:
        where, found = export, list(_of_yaml(export, keywords_for))
    elif folder.is_dir():
        where, found = folder, list(_of_folder(folder, keywords_for))
    elif (export / _YAML_FILE).is_file():
        where = export / _YAML_FILE
        found = list(_of_yaml(where, keywords_for))
    else:
        message = (
            f"{export} is not an export of a tenant: it needs the folder {_FOLDERS} or the file {_YAML_FILE}, as the "
            "Auth0 Deploy CLI writes them; for one connection, give its folder with --scripts"
        )
        raise ConfigurationError(message)
    custom = [connection for connection in found if connection.problem is None]
    if not found:
        message = f"{where} has no database connections"
        raise ConfigurationError(message)
    if not custom:
        said = "; ".join(f"{connection.name}: {connection.problem}" for connection in found)
        message = f"{where} has no custom database: Auth0 calls no scripts of its {len(found)} connections ({said})"
        raise ConfigurationError(message)
    return custom, [connection for connection in found if connection.problem and connection.has_scripts]


def _of_folder(folder: Path, keywords_for: Callable[[Path], Mapping[str, object]]) -> Iterator[ExportedConnection]:
    for path in filter(Path.is_dir, files_in(folder)):
        if has_document(path):
            described = read_json(path / DATABASE_FILE, keywords_for(path))
            yield _connection(described, path, path, path.name)
        else:
            has_scripts = any(file.suffix in SOURCES for file in files_in(path))
            problem = f"without {DATABASE_FILE}, the Deploy CLI skips it"
            yield ExportedConnection(path.name, path, path, problem, has_scripts)


def _of_yaml(path: Path, keywords_for: Callable[[Path], Mapping[str, object]]) -> Iterator[ExportedConnection]:
    from customdb_contract.bridges.node._yaml import read_all_of_yaml  # noqa: PLC0415 - its parser is an extra

    for number, described in enumerate(read_all_of_yaml(path, keywords_for(path.parent))):
        scripts = [path.parent / file for file in _named_scripts(described)]
        folder = scripts[0].parent if scripts and is_file(scripts[0]) else path.parent
        yield _connection(described, path, folder, f"databases[{number}]")


def _connection(described: Described, path: Path, folder: Path, default_name: str) -> ExportedConnection:
    is_on, has_scripts = described.flag("enabledDatabaseCustomization"), any(_named_scripts(described))
    problem = None
    if is_on is False:
        problem = "options.enabledDatabaseCustomization is false"
    elif not is_on and not has_scripts:
        problem = "it has no scripts"
    return ExportedConnection(described.name or default_name, path, folder, problem, has_scripts)


def _named_scripts(described: Described) -> Iterator[str]:
    named = described.table(*described.scripts_at)
    return (file for script in Script if isinstance(file := named.get(script), str))
