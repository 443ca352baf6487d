"""Looks into the store as a configuration file says: by SQL, by a command that prints JSON, or by a function."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, cast

from attrs import frozen

from customdb_contract.config._databases import secret_of
from customdb_contract.config._functions import imported, importing_from
from customdb_contract.config._tables import InspectTable
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

__all__ = ["Inspection", "inspection_of"]

_Record: TypeAlias = Mapping[str, object] | None

_WHERE: Final = "[check] inspect"
_IDENTIFIER: Final = "{identifier}"
_PARAMETER: Final = re.compile(r"(?<![:\w]):identifier\b")
_COMMAND_SECONDS: Final = 20.0
_SHOWN_WORDS: Final = 500


@frozen
class Inspection:
    """How to look into the store.

    Args:
        inspect: Takes an identifier, and returns the store's record for it.
        secrets: Values that must appear nowhere, by what they are.
    """

    inspect: Callable[[str], object] | None = None
    secrets: Mapping[str, Secret] = {}


def inspection_of(table: InspectTable | None, folder: Path) -> Inspection:
    """Return how to look into the store.

    Args:
        table: The table, or None if there is none.
        folder: The folder of the file; a command runs in it, and modules are looked up from it.

    Raises:
        ConfigurationError: When the table cannot be used, or SQLAlchemy or a driver is not installed.
    """
    if table is None:
        return Inspection()
    match (table.sql, table.url, table.command, table.python):
        case (str(sql), url, None, None) if url is not None:
            return _by_sql(sql, _url(table))
        case (None, None, list(command), None):
            return Inspection(_by_command(command, folder))
        case (None, None, None, str(reference)):
            return Inspection(_by_function(reference, folder))
        case _:
            message = f"{_WHERE} must have sql and url, or command, or be a function, such as shop.legacy:inspect_user"
            raise ConfigurationError(message)


def _url(table: InspectTable) -> Secret:
    try:
        return secret_of(table.url or "")
    except ConfigurationError as error:
        message = f"{_WHERE}.url: {error}"
        raise ConfigurationError(message) from None


def _by_sql(sql: str, url: Secret) -> Inspection:
    if not _PARAMETER.search(sql):
        message = f"{_WHERE}: sql must contain :identifier, the placeholder for the identifier that is looked up"
        raise ConfigurationError(message)
    try:
        import sqlalchemy  # noqa: PLC0415 - an extra
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - see above
    except ImportError:
        message = f"{_WHERE}: sql needs SQLAlchemy, which is not installed: pip install 'customdb-contract[sql]'"
        raise ConfigurationError(message) from None
    try:
        # Each look must see the current data, and no connection may outlive it.
        engine = sqlalchemy.create_engine(url.reveal(), poolclass=sqlalchemy.NullPool)
    except (ArgumentError, ImportError) as error:
        # SQLAlchemy's error for a wrong URL shows the whole URL.
        message = f"{_WHERE}: url cannot be used: {type(error).__name__}; give a URL that SQLAlchemy accepts"
        raise ConfigurationError(message) from None
    query = sqlalchemy.text(sql)

    def inspect(identifier: str) -> _Record:
        with engine.connect() as connection:
            rows = connection.execute(query, {"identifier": identifier}).mappings().fetchmany(2)
        if len(rows) > 1:
            message = "sql found several rows"
            raise ConfigurationError(message)
        return {str(name): value for name, value in rows[0].items()} if rows else None

    password = engine.url.password
    return Inspection(inspect, {"configuration inspect": Secret(password)} if password else {})


def _by_command(command: Sequence[str], folder: Path) -> Callable[[str], object]:
    if not any(_IDENTIFIER in argument for argument in command[1:]):
        message = f"{_WHERE}: command must be a program with {_IDENTIFIER} in one of its arguments"
        raise ConfigurationError(message)
    program, *given = command

    def inspect(identifier: str) -> _Record:
        arguments = [program, *(argument.replace(_IDENTIFIER, identifier) for argument in given)]
        ended = subprocess.run(  # noqa: S603 - it is the command that the team names
            arguments, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=_COMMAND_SECONDS, check=False
        )
        if ended.returncode:
            words = ended.stderr.decode("utf-8", "replace").strip()[-_SHOWN_WORDS:]
            message = f"{program} ended with exit code {ended.returncode}{words and f': {words}'}"
            raise ConfigurationError(message)
        return _printed(ended.stdout.strip(), program)

    return inspect


def _printed(output: bytes, program: str) -> _Record:
    try:
        record = json.loads(output or b"null")
    except (ValueError, RecursionError):
        record = output
    if record is not None and not isinstance(record, dict):
        message = f"{program} must print a JSON object, or null"
        raise ConfigurationError(message)
    return cast("_Record", record)


def _by_function(reference: str, folder: Path) -> Callable[[str], object]:
    function = imported(reference, folder, _WHERE, "which takes an identifier")

    def inspect(identifier: str) -> _Record:
        with importing_from(folder):
            record = function(identifier)
        if record is not None and not isinstance(record, Mapping):
            message = f"{reference} must return a mapping or None, got {type(record).__name__}"
            raise ConfigurationError(message)
        return cast("_Record", record)

    return inspect
