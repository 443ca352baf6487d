"""The contents of a configuration file, ready for a check."""

import json
import logging
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from attrs import evolve, field, frozen
from pydantic import ValidationError

from customdb_contract.bridges import brings_bridge
from customdb_contract.config._actions import action_of, named_action
from customdb_contract.config._databases import (
    database_of,
    named_connection,
    node_database,
    outage_of,
    python_process,
    secret_of,
)
from customdb_contract.config._inspecting import inspection_of
from customdb_contract.config._json import json_problem
from customdb_contract.config._reading import TABLE, explain, own_table, read
from customdb_contract.config._tables import ActionTable, ConnectionTable, DatabaseTable, File, NewUserTable, UserTable
from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.observing import examine
from customdb_contract.observing_actions import CheckedAction, observe_both
from customdb_contract.probes import Probing
from customdb_contract.rules import Selection, judge_selected, select_rules
from customdb_contract.transcript import ActionRun, Exchange, Transcript

__all__ = ["Configuration", "configuration_of", "connection_of", "load_config", "of_options", "read_file"]

_logger: Final = logging.getLogger("customdb_contract")


@frozen(kw_only=True)
class Configuration:
    """The contents of a configuration file, ready for a check.

    Args:
        database: The database, in one of the forms that `check` takes; None if the file names none.
        action: The post-login Action with its settings; None if the file names none.
        users: The known users.
        connection: The settings of the connection.
        probing: How to call the scripts.
        waived: Rules that may fail, each with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail.
        path: The file, or None.
    """

    database: object = None
    action: CheckedAction | None = None
    users: tuple[KnownUser, ...] = ()
    connection: Connection = field(factory=Connection)
    probing: Probing = field(factory=Probing)
    waived: Mapping[str, str] = field(factory=dict[str, str])
    require: tuple[str, ...] = ()
    fail_on: str = "error"
    path: Path | None = None

    def check(self) -> Report:
        """Check the database, the Action, or both, as the file says; use this in a test.

        Returns:
            One verdict per rule, over both.

        Raises:
            ConfigurationError: When the file names neither, the database has no known users, or a name is unknown.
            CheckInterrupted: After ctrl-C.
        """
        selection = self.selection()
        return judge_selected(self.observe(), selection)

    def observe(self, *, progress: Callable[[Exchange | ActionRun], None] = lambda _: None) -> Transcript:
        """Call the scripts, run the Action, and return what both did in one transcript, unjudged.

        Args:
            progress: Called with each recorded call, and each run of the Action.

        Raises:
            ConfigurationError: When the file names neither, or the database has no known users.
            CheckInterrupted: After ctrl-C.
        """
        with self._naming_the_file():
            return observe_both(
                self.database, self.action, self.users, self.connection, self.probing, progress=progress
            )

    def examine(self) -> None:
        """Open the database and close it again without calling a script; raise what would keep a check from starting.

        Raises:
            ConfigurationError: When the database has no known users, or a setting cannot be used.
            DatabaseOpeningError: When the database cannot be opened.
        """
        with self._naming_the_file():
            examine(self.database, self.users, self.connection, self.probing)

    @contextmanager
    def _naming_the_file(self) -> Generator[None]:
        try:
            yield
        except ConfigurationError as error:
            if self.path is None:
                raise
            message = f"{self.path}: {error}"
            raise ConfigurationError(message) from error.__cause__

    def selection(
        self,
        *,
        select: Collection[str] = (),
        ignore: Collection[str] = (),
        scripts: Collection[str] = (),
        fail_on: str | None = None,
    ) -> Selection:
        """Return which rules to judge, with the waivers, required groups and lowest failing severity of the file.

        Args:
            select: Names of rules or groups to judge; empty stands for all.
            ignore: Names of rules or groups not to judge.
            scripts: Names of the scripts to judge; empty stands for all.
            fail_on: The lowest severity that makes the report fail, instead of the one in the file.

        Raises:
            ConfigurationError: When a rule, a group or a script is unknown, or a waiver has no reason.
        """
        return select_rules(
            select=select,
            ignore=ignore,
            scripts=scripts,
            waived=self.waived,
            require=self.require,
            fail_on=fail_on or self.fail_on,
        )


def of_options(*, scripts: Path | None = None, python: str | None = None, action: str | None = None) -> Configuration:
    """Return the configuration for a database and an Action without a file.

    Args:
        scripts: The folder of a connection with JavaScript scripts, or None.
        python: The reference of a database in Python, as `module:attribute`, looked up from the working directory, or
            None.
        action: The file of an Action in JavaScript, or the reference of one in Python, or None.

    Raises:
        ConfigurationError: When one of them cannot be used.
    """
    checked = None if action is None else named_action(action, ActionTable(), Path())
    if scripts is not None:
        database = node_database(str(scripts), DatabaseTable(), Path(), "--scripts:")
        return Configuration(database=database, action=checked, connection=database.connection)
    if python is not None:
        return Configuration(database=python_process(python, DatabaseTable(), Path(), "--python:"), action=checked)
    return Configuration(action=checked)


def load_config(
    path: Path, *, scripts: Path | None = None, python: str | None = None, action: str | None = None
) -> Configuration:
    """Return the contents of a configuration file. Its folder is searched for Python modules; none is imported yet.

    If a database or an Action is given, only that is checked, with the settings of the file.

    Args:
        path: A `customdb.toml`, or a `pyproject.toml` with the table `[tool.customdb-contract]`.
        scripts: The folder of a connection to check instead of the database that the file names.
        python: A reference `module:attribute` to check instead of it, looked up from the working directory. The
            environment of the file's table still applies.
        action: The file of an Action, or a reference, to check instead of the one that the file names; both are looked
            up from the working directory.

    Raises:
        ConfigurationError: When the file cannot be read, has an unknown key or a wrong value, or names an environment
            variable that is not set. The message names file and key.
    """
    file = read_file(path)
    if scripts is not None:
        file.database.scripts, file.database.python = str(scripts.resolve()), None
    names_database = scripts is not None or python is not None
    try:
        configuration = evolve(configuration_of(file, path.parent), path=path)
        if python is not None:
            table = DatabaseTable(environment=file.database.environment)
            configuration = evolve(configuration, database=python_process(python, table, Path(), "--python:"))
        if action is not None:
            checked = named_action(action, file.action or ActionTable(), path.parent)
            database = configuration.database if names_database else None
            return evolve(configuration, database=database, action=checked)
        if names_database or file.action is None:
            return configuration
        return evolve(configuration, action=action_of(file.action, path.parent, "[action]"))
    except ConfigurationError as error:
        message = f"{path}: {error}"
        raise ConfigurationError(message) from error.__cause__


def read_file(path: Path) -> File:
    """Return the tables of a configuration file.

    Args:
        path: A `customdb.toml`, or a `pyproject.toml` with the table `[tool.customdb-contract]`.

    Raises:
        ConfigurationError: When the file cannot be read, or has an unknown key or a value of a wrong type.
    """
    document = read(path)
    if path.name == "pyproject.toml":
        table = own_table(document)
        if not isinstance(table, dict):
            message = f"{path}: there is no table [tool.{TABLE}]"
            raise ConfigurationError(message)
        document = cast("dict[str, Any]", table)
    try:
        return File.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(explain(path, error.errors(include_url=False))) from None


def configuration_of(file: File, folder: Path) -> Configuration:
    """Return the settings that the tables of a file have for a database and its check; an Action is left out.

    Args:
        file: The tables.
        folder: The folder from which paths and Python modules are looked up.

    Raises:
        ConfigurationError: When a value cannot be used, or an environment variable is not set.
    """
    check = file.check
    users = tuple(_user(user, number) for number, user in enumerate(file.users, start=1))
    database = database_of(file.database, folder, "[database]", name=named_connection(file))
    inspection = inspection_of(check.inspect, folder)
    return Configuration(
        database=database,
        users=users,
        connection=connection_of(file.connection, database),
        probing=Probing(
            outage=outage_of(file, folder),
            hostile=check.hostile,
            wrong_passwords=check.wrong_passwords,
            timeout=check.timeout,
            max_time=check.max_time,
            ignore_fields=tuple(check.ignore_fields),
            writes=check.writes,
            new_user=_new_user(file.new_user),
            settle=check.settle,
            rehearse=check.rehearse,
            inspect=inspection.inspect,
            secrets=inspection.secrets,
        ),
        waived=check.waived,
        require=tuple(check.require),
        fail_on=check.fail_on,
    )


def connection_of(table: ConnectionTable, database: object) -> Connection:
    """Return the settings of the file, and for the rest those that the database brings for its connection.

    Args:
        table: The table of the connection.
        database: The database, in any form.
    """
    said = {name: getattr(table, name) for name in table.model_fields_set}
    if not brings_bridge(database):
        return Connection(**said)
    for name, value in said.items():
        other = getattr(database.connection, name)
        if name != "name" and name in database.said and other != value:
            _logger.warning(
                "[connection] %s = %s contradicts database.json, which has %s; the check uses [connection]",
                name,
                json.dumps(value),
                json.dumps(other),
            )
    return evolve(database.connection, **said)


def _new_user(table: NewUserTable) -> NewUser:
    for name in ("user_metadata", "app_metadata", "fields"):
        problem = json_problem(getattr(table, name))
        if problem:
            message = f"[new_user] {name} has {problem}, which JSON does not have; write it as a string"
            raise ConfigurationError(message)
    try:
        return NewUser(
            email=table.email,
            username=table.username,
            password=None if table.password is None else secret_of(table.password),
            phone_number=table.phone_number,
            user_metadata=table.user_metadata,
            app_metadata=table.app_metadata,
            organization=table.organization,
            fields=table.fields,
        )
    except ConfigurationError as error:
        message = f"[new_user] {error}"
        raise ConfigurationError(message) from None


def _user(user: UserTable, number: int) -> KnownUser:
    try:
        password = None if user.password is None else secret_of(user.password)
        return KnownUser(
            email=user.email,
            username=user.username,
            phone_number=user.phone_number,
            organization=user.organization,
            password=password,
            aliases=user.aliases,
            disabled=user.disabled,
            profile=user.profile,
        )
    except ConfigurationError as error:
        message = f"[[users]] number {number}: {error}"
        raise ConfigurationError(message) from None
