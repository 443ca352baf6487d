"""A configuration file's settings for an audit: the source of the users, and which columns make which attributes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs, quote

from attrs import frozen

from customdb_contract.audit import DEFAULT_MEMORY, Columns, PythonProcessFunction
from customdb_contract.config._configuration import connection_of, read_file
from customdb_contract.config._databases import keywords_of, named_connection, secret_of
from customdb_contract.config._functions import named_object
from customdb_contract.config._tables import AuditTable, File
from customdb_contract.connection import Connection
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import PasswordFormat
from customdb_contract.secrets import Secret

__all__ = ["AuditSettings", "load_audit"]

_WHERE: Final = "[audit]"
_BESIDE_COLUMNS: Final = frozenset({"source", "table", "query", "password_formats", "python", "environment", "memory"})
_TWICE: Final = frozenset(
    {"user_id", "email", "username", "phone_number", "password_hash", "password_salt", "password_formats"}
)
"""Columns that are read in addition to the profile that a function returns for a row."""


@frozen(kw_only=True)
class AuditSettings:
    """The users to audit.

    Args:
        source: The path of a file, or the URL of a database with `?table=`, which can contain a password.
        columns: The columns that make up a profile.
        connection: The settings of the connection that users will log in to.
        query: A query in SQL instead of a table, or None.
        memory: The memory limit of DuckDB, such as `3GB`.
    """

    source: Secret
    columns: Columns
    connection: Connection
    query: str | None = None
    memory: str = DEFAULT_MEMORY


def load_audit(path: Path, source: str | None = None) -> AuditSettings:
    """Return a configuration file's settings for an audit.

    Args:
        path: A `customdb.toml`, or a `pyproject.toml` with the table `[tool.customdb-contract]`.
        source: A path or URL instead of the one in the file; a path is looked up from the working directory. A URL that
            names no table uses the table or the query of the file.

    Raises:
        ConfigurationError: When the file cannot be read or used, or an environment variable is not set. The message
            names file and key.
    """
    file = read_file(path)
    try:
        return _settings(file, path.parent, source)
    except ConfigurationError as error:
        message = f"{path}: {error}"
        raise ConfigurationError(message) from error.__cause__


def _settings(file: File, folder: Path, source: str | None) -> AuditSettings:
    table = file.audit
    if table is None:
        message = (
            "there is no table [audit], which maps the columns of your users: "
            "`customdb-contract init --audit SOURCE` proposes one"
        )
        raise ConfigurationError(message)
    if table.table is not None and table.query is not None:
        message = f"{_WHERE} has both table and query: give only the one with the users"
        raise ConfigurationError(message)
    is_whole = source is not None and ("://" not in source or "table" in parse_qs(source.partition("?")[2]))
    found = _source(table, folder) if source is None else source
    return AuditSettings(
        source=Secret(found if is_whole else _of_table(found, table.table)),
        columns=_columns(table, folder),
        connection=_connection(file, folder),
        query=None if is_whole else table.query,
        memory=table.memory or DEFAULT_MEMORY,
    )


def _of_table(source: str, table: str | None) -> str:
    """Return the URL of a database with the name of the table."""
    if table is None:
        return source
    if "://" not in source:
        message = f"{_WHERE} table is for databases, but the source is a file: leave it out"
        raise ConfigurationError(message)
    plain, hash_, fragment = source.partition("#")
    return f"{plain}{'&' if '?' in plain else '?'}table={quote(table, safe='')}{hash_}{fragment}"


def _source(table: AuditTable, folder: Path) -> str:
    if table.source is None:
        message = (
            f"{_WHERE} source is missing: give the path of a file or the URL of a database, "
            "or name it on the command line: customdb-contract audit SOURCE"
        )
        raise ConfigurationError(message)
    try:
        source = secret_of(table.source).reveal()
    except ConfigurationError as error:
        message = f"{_WHERE} source: {error}"
        raise ConfigurationError(message) from None
    return source if "://" in source else str(folder / source)


def _columns(table: AuditTable, folder: Path) -> Columns:
    named: dict[str, Any] = {
        name: value for name in table.model_fields_set - _BESIDE_COLUMNS if (value := getattr(table, name)) is not None
    }
    named["password_formats"] = tuple(_formats(table, folder))
    if table.python is None:
        if table.environment:
            message = f"{_WHERE} environment is for the function that python names: leave it out"
            raise ConfigurationError(message)
        return Columns(**named)
    ignored = sorted(named.keys() - _TWICE)
    if ignored:
        message = f"{_WHERE} has python, which returns the whole profile: leave out {', '.join(ignored)}"
        raise ConfigurationError(message)
    return Columns(**named, profile_of=_profile_of(table, table.python, folder))


def _formats(table: AuditTable, folder: Path) -> Iterator[str | PasswordFormat]:
    """Yield names of formats, and the formats that references name, alone or in a list."""
    for name in table.password_formats:
        if ":" not in name:
            yield name
            continue
        found = named_object(name, folder, f"{_WHERE} password_formats")
        several = cast("Iterable[object]", found) if isinstance(found, list | tuple) else (found,)
        for one in several:
            if isinstance(one, type) or not (hasattr(one, "name") and hasattr(one, "read")):
                message = (
                    f"{_WHERE} password_formats: {name} must be a format of customdb_contract.passwords, "
                    "or a list of them"
                )
                raise ConfigurationError(message)
            yield cast("PasswordFormat", one)


def _profile_of(table: AuditTable, reference: str, folder: Path) -> PythonProcessFunction:
    try:
        return PythonProcessFunction(reference, folder=folder, environment=table.environment)
    except ConfigurationError as error:
        message = f"{_WHERE} python: {error}"
        raise ConfigurationError(message) from None


def _connection(file: File, folder: Path) -> Connection:
    """Return the settings of the connection; anything the file leaves open comes from the export of its scripts."""
    scripts = file.database.scripts
    if scripts is None or {"import_mode", "requires_username"} <= file.connection.model_fields_set:
        return connection_of(file.connection, None)
    # Code for Node is loaded only for scripts in JavaScript.
    from customdb_contract.bridges.node import NodeDatabase  # noqa: PLC0415

    keywords = keywords_of(file.database, "[database]")
    try:
        database = NodeDatabase(folder / scripts, name=named_connection(file), keywords=keywords)
    except ConfigurationError as error:
        message = f"[database] {error}"
        raise ConfigurationError(message) from None
    return connection_of(file.connection, database)
