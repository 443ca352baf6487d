"""A connection in the layout of the Auth0 Deploy CLI: a folder with `database.json` and scripts, or a YAML file.

As in the Deploy CLI, `customScripts` decides which scripts exist.
Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/resource-specific-documentation>.
"""

import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from customdb_contract.bridges.node._document import DATABASE_FILE, Described, read_json
from customdb_contract.bridges.node._keywords import read_replaced
from customdb_contract.bridges.node._settings import shown
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError

__all__ = [
    "SOURCES",
    "YAML",
    "ConnectionFolder",
    "ScriptFile",
    "files_in",
    "has_document",
    "is_file",
    "read_connection",
]

YAML: Final = frozenset({".yaml", ".yml"})
SOURCES: Final = frozenset({".js", ".cjs", ".mjs", ".ts"})
_NAMES: Final = ", ".join(f"{script}.js" for script in Script)
_OPTIONS: Final = {
    "import_mode": "import_mode",
    "requires_username": "requires_username",
    "enable_script_context": "script_context",
}
_SPELLINGS: Final = {re.sub("_", "", script): script for script in Script} | {
    "getbyemail": Script.GET_USER,
    "loginbyemail": Script.GET_USER,
    "deleteuser": Script.DELETE,
    "remove": Script.DELETE,
    "createuser": Script.CREATE,
    "signup": Script.CREATE,
    "verifyemail": Script.VERIFY,
}
"""Other names of scripts, in lower-case letters: in Terraform, in templates, in common use."""


@frozen
class ScriptFile:
    """The source of one script.

    Args:
        text: The contents of the file, with keywords replaced.
        name: The file, relative to the working directory if it is below that.
    """

    text: str
    name: str


@frozen
class ConnectionFolder:
    """What is known about a connection.

    Args:
        scripts: The sources by script.
        connection: The settings of the connection.
        said: The names of the settings that the export has.
        ignored: Files that look like scripts and are not deployed or not called, as sentences.
    """

    scripts: Mapping[Script, ScriptFile]
    connection: Connection
    said: frozenset[str]
    ignored: tuple[str, ...] = ()


def read_connection(
    path: Path, keywords: Mapping[str, object], *, name: str | None = None, doubles: Collection[Path] = ()
) -> ConnectionFolder:
    """Return what is known about a connection.

    Args:
        path: The folder of the connection, or the YAML file of an export.
        keywords: The values that the Deploy CLI puts in place of `##KEY##` (as they are) and `@@KEY@@` (as JSON).
        name: The connection in a YAML file; None if it has only one.
        doubles: Files that replace modules, and so are not mistaken for scripts.

    Raises:
        ConfigurationError: When there is no such folder or file, no script would be deployed, a file cannot be read, or
            a keyword has no value.
    """
    if path.suffix in YAML and path.is_file():
        from customdb_contract.bridges.node._yaml import read_yaml  # noqa: PLC0415 - its parser is an extra

        return _of_document(read_yaml(path, keywords, name), keywords, doubles)
    if not path.is_dir():
        message = (
            f"{path} is not a folder: give one with login.js, get_user.js and so on, or a YAML file, as the Deploy CLI "
            "exports them"
        )
        raise ConfigurationError(message)
    if has_document(path):
        return _of_document(read_json(path / DATABASE_FILE, keywords), keywords, doubles)
    # Only its name says what a file is.
    files = {script: path / f"{script}.js" for script in Script}
    scripts = {script: _source(file, keywords) for script, file in files.items() if file.is_file()}
    ignored = _others([path], [*files.values(), *doubles])
    if not scripts:
        spelt = f"; ignored: {_listed(ignored)}" if ignored else ""
        message = f"{path} has none of the scripts: {_NAMES}; give the folder of one connection{spelt}"
        raise ConfigurationError(message)
    said = (f"{path}: ignored {_listed(ignored)}; the names that count are {_NAMES}",) if ignored else ()
    return ConnectionFolder(scripts, Connection(), frozenset(), said)


def _of_document(described: Described, keywords: Mapping[str, object], doubles: Collection[Path]) -> ConnectionFolder:
    key, named = ".".join(described.scripts_at), described.table(*described.scripts_at)
    files = dict(_files(described, key, named))
    folders = {file.parent: None for file in files.values()} or {described.folder: None}
    ignored = _others(list(folders), [*files.values(), *doubles])
    if not files:
        others = f"; ignored: {_listed(ignored)}" if ignored else ""
        message = (
            f"{described.where}: {key} names none of the scripts, so the Deploy CLI deploys none. "
            f'Name them: "customScripts": {{"login": "./login.js", "get_user": "./get_user.js"}}{others}'
        )
        raise ConfigurationError(message)
    if described.flag("enabledDatabaseCustomization") is False:
        message = (
            f"{described.where}: options.enabledDatabaseCustomization is false, so Auth0 calls none of the scripts "
            f"({', '.join(files)}); set it to true"
        )
        raise ConfigurationError(message)
    said = {name: value for option, name in _OPTIONS.items() if (value := described.flag(option)) is not None}
    by_username = _logs_in_by(described, "username")
    if by_username is not None:
        # Flexible identifiers replace this option.
        said["requires_username"] = by_username
    connection = Connection(
        name=described.name or Connection().name,
        import_mode=said.get("import_mode", False),
        requires_username=said.get("requires_username", False),
        script_context=said.get("script_context", False),
    )
    return ConnectionFolder(
        scripts={script: _source(file, keywords) for script, file in files.items()},
        connection=connection,
        said=frozenset(said),
        ignored=(*_undeployed(described, key, named, ignored), *_without_password(described)),
    )


def _logs_in_by(described: Described, attribute: str) -> bool | None:
    """Return whether users log in with an attribute, or None if the connection has no flexible identifiers.

    Source: <https://auth0.com/docs/authenticate/database-connections/flexible-identifiers-and-attributes>.
    """
    if not described.table("options", "attributes"):
        return None
    return described.table("options", "attributes", attribute, "identifier").get("active") is True


def _without_password(described: Described) -> Iterator[str]:
    if described.table("options", "authentication_methods", "password").get("enabled") is False:
        yield (
            f"{described.where}: options.authentication_methods.password is off, so no user can log in with a password "
            "and Auth0 does not call login; the check calls it anyway"
        )


def _files(described: Described, key: str, named: Mapping[str, object]) -> Iterator[tuple[Script, Path]]:
    for script in Script:
        file = named.get(script)
        if file is None:
            continue
        if not isinstance(file, str):
            message = f"{described.where}: {key}.{script} must be the name of a file"
            raise ConfigurationError(message)
        if not is_file(described.folder / file):
            message = f"{described.where}: {key}.{script} names {file}, which does not exist"
            raise ConfigurationError(message)
        yield script, described.folder / file


def has_document(folder: Path) -> bool:
    """Tell whether there is a `database.json` in the folder of a connection.

    Args:
        folder: The folder, or anything else.

    Raises:
        ConfigurationError: When this cannot be decided because the folder cannot be searched.
    """
    document = folder / DATABASE_FILE
    try:
        return stat.S_ISREG(document.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        message = f"{document} cannot be read: {error.strerror}"
        raise ConfigurationError(message) from None


def files_in(folder: Path) -> Sequence[Path]:
    """Return what is in a folder, in order.

    Args:
        folder: The folder.

    Raises:
        ConfigurationError: When it cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        message = f"{folder} cannot be read: {error.strerror}"
        raise ConfigurationError(message) from None


def is_file(path: Path) -> bool:
    """Tell whether a path that an export names leads to a file.

    Args:
        path: The path.
    """
    try:
        return path.is_file()
    except OSError:  # Its name is too long, or it must not be read.
        return False


def _undeployed(described: Described, key: str, named: Mapping[str, object], others: Sequence[Path]) -> Iterator[str]:
    skipped = [str(name) for name in named if name not in set(Script)]
    if skipped:
        yield (
            f"{described.where}: {key} names {', '.join(skipped)}, which the Deploy CLI skips; "
            f"the names that count are {', '.join(Script)}"
        )
    if others:
        yield f"{described.where}: {key} does not name {_listed(others)}, so the Deploy CLI does not deploy it"


def _others(folders: Sequence[Path], known: Collection[Path]) -> Sequence[Path]:
    """Return the other sources in some folders."""
    used = {file.resolve() for file in known}
    found = [file for folder in folders for file in files_in(folder) if file.suffix in SOURCES]
    return [file for file in found if is_file(file) and file.resolve() not in used]


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(map(_told, files))


def _told(file: Path) -> str:
    script = _SPELLINGS.get(re.sub("[^a-z]", "", file.stem.lower()))
    is_misspelt = script is not None and file.name != f"{script}.js"
    return f"{file.name} (the script is {script}.js)" if is_misspelt else file.name


def _source(file: Path, keywords: Mapping[str, object]) -> ScriptFile:
    return ScriptFile(read_replaced(file, keywords), shown(file))
