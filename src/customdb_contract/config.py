"""`customdb.toml`, or the table `[tool.customdb-contract]` of a pyproject.toml."""

import difflib
import json
import logging
import os
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, cast

from attrs import evolve, field, frozen
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from customdb_contract.bridges import brings_bridge
from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.bridges.python_process import PythonProcess
from customdb_contract.checking import observe
from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.probes import DEFAULT_MAX_TIME, DEFAULT_WRONG_PASSWORDS, MAX_SECONDS, Probing
from customdb_contract.rules import Selection, judge_selected, select_rules
from customdb_contract.secrets import Secret
from customdb_contract.transcript import Exchange, Transcript

if TYPE_CHECKING:
    from customdb_contract.bridges.node import NodeDatabase

__all__ = ["CONFIG_FILE", "Configuration", "find_config", "load_config", "of_python", "of_scripts"]

CONFIG_FILE: Final = "customdb.toml"
_TABLE: Final = "customdb-contract"

_logger: Final = logging.getLogger("customdb_contract")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _FromEnvironment(_Table):
    env: str


_Text: TypeAlias = str | _FromEnvironment
_Setting: TypeAlias = str | bool | int | float | _FromEnvironment


class _ConnectionTable(_Table):
    name: str = Connection().name
    import_mode: bool = False
    requires_username: bool = False
    script_context: bool = False
    features: list[Literal["signup", "reset", "verify", "change_email", "delete"]] = []
    deletion_is_final: bool = False


class _DatabaseTable(_Table):
    python: str | None = None
    scripts: str | None = None
    configuration: dict[str, _Setting] = {}
    keywords: dict[str, _Setting] = {}
    node_modules: str | None = None
    doubles: dict[str, str] = {}
    environment: list[str] = []
    node: str | None = None


class _UserTable(_Table):
    email: str | None = None
    username: str | None = None
    password: _Text | None = None
    aliases: list[str] = []
    disabled: bool = False
    profile: dict[str, Any] = {}


class _NewUserTable(_Table):
    email: str = NewUser().email
    username: str = NewUser().username


_Seconds: TypeAlias = Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]


class _CheckTable(_Table):
    waived: dict[str, str] = {}
    require: list[str] = []
    ignore_fields: list[str] = []
    fail_on: Literal["error", "warning"] = "error"
    timeout: _Seconds = DEFAULT_TIMEOUT
    max_time: _Seconds = DEFAULT_MAX_TIME
    writes: bool = False
    hostile: bool = True
    wrong_passwords: Annotated[int, Field(ge=0)] = DEFAULT_WRONG_PASSWORDS
    settle: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)] = 0.0
    rehearse: bool = True


class _File(_Table):
    connection: _ConnectionTable = Field(default_factory=_ConnectionTable)
    database: _DatabaseTable = Field(default_factory=_DatabaseTable)
    outage: _DatabaseTable | None = None
    users: list[_UserTable] = []
    new_user: _NewUserTable = Field(default_factory=_NewUserTable)
    check: _CheckTable = Field(default_factory=_CheckTable)


@frozen(kw_only=True)
class Configuration:
    """What a configuration file says, ready for a check.

    Args:
        database: The database, in one of the forms that `check` takes; None when the file names none.
        users: The known users.
        connection: The settings of the connection.
        probing: How to drive the database.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail.
        path: The file, or None.
    """

    database: object = None
    users: tuple[KnownUser, ...] = ()
    connection: Connection = field(factory=Connection)
    probing: Probing = field(factory=Probing)
    waived: Mapping[str, str] = field(factory=dict[str, str])
    require: tuple[str, ...] = ()
    fail_on: str = "error"
    path: Path | None = None

    def check(self) -> Report:
        """Check the database as the file says: what a test needs.

        Returns:
            One verdict per rule.

        Raises:
            ConfigurationError: When the file names no database, nobody is known, or a name is unknown.
            CheckInterrupted: After ctrl-C.
        """
        selection = self.selection()
        return judge_selected(self.observe(), selection)

    def observe(self, *, progress: Callable[[Exchange], None] = lambda _: None) -> Transcript:
        """Drive the database, and return what its scripts did, unjudged.

        Args:
            progress: Is told of each call.

        Raises:
            ConfigurationError: When the file names no database, or nobody is known.
            CheckInterrupted: After ctrl-C.
        """
        try:
            return observe(self.database, self.users, self.connection, self.probing, progress=progress)
        except ConfigurationError as error:
            if self.path is None:
                raise
            message = f"{self.path}: {error}"
            raise ConfigurationError(message) from error.__cause__

    def selection(self, *, select: Collection[str] = (), ignore: Collection[str] = ()) -> Selection:
        """Return which rules are judged, with the waivers, required groups and lowest failing severity of the file.

        Args:
            select: Names of rules or groups that are judged; empty stands for all.
            ignore: Names of rules or groups that are not judged.

        Raises:
            ConfigurationError: When a rule or a group is unknown, or a waiver has no reason.
        """
        return select_rules(
            select=select, ignore=ignore, waived=self.waived, require=self.require, fail_on=self.fail_on
        )


def find_config(folder: Path) -> Path | None:
    """Return the configuration file of a folder, or None.

    Args:
        folder: Where to look: for a `customdb.toml`, and for a `pyproject.toml` with the table
            `[tool.customdb-contract]`.
    """
    own = folder / CONFIG_FILE
    if own.is_file():
        return own
    project = folder / "pyproject.toml"
    return project if project.is_file() and _own_table(_read(project)) is not None else None


def of_scripts(folder: Path) -> Configuration:
    """Return the configuration for scripts in JavaScript of which no file says anything.

    Args:
        folder: The folder of the connection.

    Raises:
        ConfigurationError: When it has no scripts.
    """
    database = _node_database(str(folder), _DatabaseTable(), Path(), "--scripts:")
    return Configuration(database=database, connection=database.connection)


def of_python(reference: str) -> Configuration:
    """Return the configuration for a database in Python of which no file says anything.

    Args:
        reference: Where it is, as `module:attribute`, looked up from the working directory.

    Raises:
        ConfigurationError: When it is no such reference.
    """
    return Configuration(database=_python_process(reference, _DatabaseTable(), Path(), "--python:"))


def load_config(path: Path, *, scripts: Path | None = None, python: str | None = None) -> Configuration:
    """Return what a configuration file says. Python modules are looked up from its folder, and not imported yet.

    Args:
        path: A `customdb.toml`, or a `pyproject.toml` with the table `[tool.customdb-contract]`.
        scripts: The folder of a connection that is checked instead of the database which the file names.
        python: A reference `module:attribute` that is checked instead of it, looked up from the working directory. Of
            the file's table it keeps the environment.

    Raises:
        ConfigurationError: When the file cannot be read, has an unknown key or a wrong value, or names an environment
            variable that is not set. The message names file and key.
    """
    document = _read(path)
    if path.name == "pyproject.toml":
        table = _own_table(document)
        if not isinstance(table, dict):
            message = f"{path}: there is no table [tool.{_TABLE}]"
            raise ConfigurationError(message)
        document = cast("dict[str, Any]", table)
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(_explain(path, error.errors(include_url=False))) from None
    if scripts is not None:
        file.database.scripts, file.database.python = str(scripts.resolve()), None
    try:
        configuration = _configuration(file, path)
        if python is None:
            return configuration
        table = _DatabaseTable(environment=file.database.environment)
        return evolve(configuration, database=_python_process(python, table, Path(), "--python:"))
    except ConfigurationError as error:
        message = f"{path}: {error}"
        raise ConfigurationError(message) from error.__cause__


def _own_table(document: Mapping[str, Any]) -> object:
    """Return what stands under `tool.customdb-contract`, or None."""
    tool: object = document.get("tool")
    return cast("dict[str, object]", tool).get(_TABLE) if isinstance(tool, dict) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise ConfigurationError(message) from None
    except RecursionError:
        message = f"{path} is nested too deeply"
        raise ConfigurationError(message) from None
    except ValueError as error:
        message = f"{path} is not TOML: {error}"
        raise ConfigurationError(message) from None


_REFERENCE: Final = _FromEnvironment.__name__
_MEMBERS: Final = frozenset({"str", "bool", "int", "float", _REFERENCE})
"""Pydantic names the members of a union in a location; they are no keys."""


def _explain(path: Path, errors: Sequence[ErrorDetails]) -> str:
    """Say of each error where it is and what was expected; values stay out, for they may be secrets."""
    told: dict[str, list[str]] = {}
    references = {error["loc"][: error["loc"].index(_REFERENCE)] for error in errors if _REFERENCE in error["loc"]}
    tables = {error["loc"][:-1] for error in errors if error["type"] == "model_type"}
    for error in errors:
        if error["loc"][-1] in _MEMBERS and error["loc"][:-1] in references - tables:
            continue  # It is a table, so what is said of { env = … } says it all.
        told.setdefault(_key(error["loc"]), []).append(_expected(error))
    return "\n".join(f"{path}: {key} {' or '.join(dict.fromkeys(expected))}" for key, expected in told.items())


_FIELDS_OF: Mapping[str, type[BaseModel]] = {
    "": _File,
    "connection": _ConnectionTable,
    "database": _DatabaseTable,
    "outage": _DatabaseTable,
    "users": _UserTable,
    "new_user": _NewUserTable,
    "check": _CheckTable,
}


def _key(location: Sequence[int | str]) -> str:
    """Return the key as a person finds it in the file: `[check] timeout`, `[[users]] number 2: password`."""
    table, *rest = (part for part in location if part not in _MEMBERS)
    where = f"[{table}]"
    if table == "users" and rest:
        where = f"[[users]] number {int(rest.pop(0)) + 1}" + (":" if rest else "")
    return f"{where} {'.'.join(map(str, rest))}" if rest else where


def _expected(error: ErrorDetails) -> str:
    if error["type"] in {"model_type", "dict_type"}:
        return "must be a table"
    if error["type"] == "extra_forbidden":
        *above, name = map(str, error["loc"])
        table = above[0] if above else ""
        known = list((_FromEnvironment if _REFERENCE in above else _FIELDS_OF[table]).model_fields)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"is not a known key; {hint}"
    return f"is wrong: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _configuration(file: _File, path: Path) -> Configuration:
    check, folder = file.check, path.parent
    users = tuple(_user(user, number) for number, user in enumerate(file.users, start=1))
    database = _database(file.database, folder, "[database]")
    return Configuration(
        database=database,
        users=users,
        connection=_connection(file.connection, database),
        probing=Probing(
            outage=_outage(file, folder),
            hostile=check.hostile,
            wrong_passwords=check.wrong_passwords,
            timeout=check.timeout,
            max_time=check.max_time,
            ignore_fields=tuple(check.ignore_fields),
            writes=check.writes,
            new_user=_new_user(file.new_user),
            settle=check.settle,
            rehearse=check.rehearse,
        ),
        waived=check.waived,
        require=tuple(check.require),
        fail_on=check.fail_on,
        path=path,
    )


def _connection(table: _ConnectionTable, database: object) -> Connection:
    """Return what the file says, and for the rest what the database says of its connection."""
    said = {name: getattr(table, name) for name in table.model_fields_set}
    if not brings_bridge(database):
        return Connection(**said)
    for name, value in said.items():
        other = getattr(database.connection, name)
        if name != "name" and name in database.said and other != value:
            _logger.warning(
                "[connection] %s = %s contradicts database.json, which says %s; the check follows [connection]",
                name,
                json.dumps(value),
                json.dumps(other),
            )
    return evolve(database.connection, **said)


def _new_user(table: _NewUserTable) -> NewUser:
    try:
        return NewUser(email=table.email, username=table.username)
    except ConfigurationError as error:
        message = f"[new_user] {error}"
        raise ConfigurationError(message) from None


def _user(user: _UserTable, number: int) -> KnownUser:
    try:
        password = None if user.password is None else _secret(user.password)
        return KnownUser(
            email=user.email,
            username=user.username,
            password=password,
            aliases=user.aliases,
            disabled=user.disabled,
            profile=user.profile,
        )
    except ConfigurationError as error:
        message = f"[[users]] number {number}: {error}"
        raise ConfigurationError(message) from None


def _secret(text: _Text) -> Secret:
    if isinstance(text, str):
        return Secret(text)
    value = os.environ.get(text.env)
    if value is None:
        message = f"the environment variable {text.env} is not set"
        raise ConfigurationError(message)
    return Secret(value)


def _settings(table: Mapping[str, _Setting], where: str) -> dict[str, object]:
    """Return settings by name; what comes from the environment is a secret."""
    settings: dict[str, object] = {}
    for name, value in table.items():
        try:
            settings[name] = _secret(value) if isinstance(value, _FromEnvironment) else value
        except ConfigurationError as error:
            message = f"{where}.{name}: {error}"
            raise ConfigurationError(message) from None
    return settings


def _database(table: _DatabaseTable, folder: Path, where: str) -> object:
    if table.python is not None and table.scripts is not None:
        message = f"{where} has both python and scripts: give the one that is to be checked"
        raise ConfigurationError(message)
    if table.scripts is not None:
        return _node_database(table.scripts, table, folder, where)
    for key in _OF_SCRIPTS:
        if key in table.model_fields_set:
            message = f"{where} {key} is for JavaScript: give scripts = the folder of the connection, or leave it out"
            raise ConfigurationError(message)
    if table.python is None:
        return None
    return _python_process(table.python, table, folder, where)


_OF_SCRIPTS: Final = ("keywords", "node_modules", "doubles", "node")


def _python_process(reference: str, table: _DatabaseTable, folder: Path, where: str) -> PythonProcess:
    configuration = _settings(table.configuration, f"{where} configuration")
    try:
        return PythonProcess(reference, configuration=configuration, folder=folder, environment=table.environment)
    except ConfigurationError as error:
        message = f"{where} {error}"
        raise ConfigurationError(message) from None


def _node_database(scripts: str, table: _DatabaseTable, folder: Path, where: str) -> "NodeDatabase":
    # What concerns Node is loaded only for those who have scripts in JavaScript.
    from customdb_contract.bridges.node import NodeDatabase  # noqa: PLC0415

    configuration = _settings(table.configuration, f"{where} configuration")
    keywords = _settings(table.keywords, f"{where} keywords")
    try:
        return NodeDatabase(
            folder / scripts,
            configuration={name: _as_text(value) for name, value in configuration.items()},
            keywords=keywords,
            node_modules=None if table.node_modules is None else folder / table.node_modules,
            doubles={name: folder / path for name, path in table.doubles.items()},
            environment=table.environment,
            node=table.node,
        )
    except ConfigurationError as error:
        message = f"{where} {error}"
        raise ConfigurationError(message) from None


def _as_text(value: object) -> str | Secret:
    """Return a setting as scripts find it: Auth0 keeps the values of `configuration` as text."""
    return value if isinstance(value, str | Secret) else json.dumps(value)


def _outage(file: _File, folder: Path) -> object:
    own = file.outage
    if own is None:
        return None
    if not own.model_fields_set:
        message = "[outage] says nothing: give a configuration that differs, or another database"
        raise ConfigurationError(message)
    given = {name: getattr(table, name) for table in (file.database, own) for name in sorted(table.model_fields_set)}
    # Another kind of database does not inherit what the first one is.
    for key, other in (("python", "scripts"), ("scripts", "python")):
        if key in own.model_fields_set:
            given.pop(other, None)
    given["configuration"] = file.database.configuration | own.configuration
    if "keywords" in given:
        given["keywords"] = file.database.keywords | own.keywords
    table = _DatabaseTable.model_construct(**given)
    if table.python is None and table.scripts is None:
        message = "[outage] has a configuration, and neither python nor scripts names what it is for"
        raise ConfigurationError(message)
    return _database(table, folder, "[outage]")
