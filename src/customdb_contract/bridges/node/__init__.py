"""The bridge to a custom database in JavaScript: the very files that Auth0 runs, in Node.

Running scripts is no security boundary. Node is forbidden to write files and to start processes where it can forbid
that, and gets no environment variables but those that are named; it may connect wherever the scripts connect.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

from customdb_contract.bridges.node._folder import read_folder
from customdb_contract.bridges.placeholders import fill, placeholders_in
from customdb_contract.connection import Connection
from customdb_contract.contract import (
    ChangeEmail,
    ChangePassword,
    Create,
    Delete,
    Failed,
    GetUser,
    Login,
    OperationResult,
    ProfileResult,
    Script,
    ScriptError,
    UnauthorizedError,
    ValidationError,
    Verify,
    WrongUsernameOrPasswordError,
    result_from_callback,
)
from customdb_contract.errors import ConfigurationError, ScriptCallError
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import Ending, Outcome, RecordedError, print_outcome

if TYPE_CHECKING:
    from customdb_contract.bridges.node._bridge import NodeBridge

__all__ = ["NodeDatabase"]

_TIMEOUT: Final = 20.0


class NodeDatabase:
    """A custom database in JavaScript: a folder as the Auth0 Deploy CLI keeps it, run by Node.

    Give it to `check` as it is. Used directly, its scripts are methods that return a result, as those of a custom
    database in Python are: `NodeDatabase("tenant/database-connections/shop").get_user("ada@example.com")`.

    Args:
        folder: The folder of one connection, with `login.js`, `get_user.js` and so on, and `database.json`.
        connection: The settings of the connection; None stands for what `database.json` says.
        configuration: What the scripts find in `configuration`. A value may be a `Secret`, and may have `{fault_url}`
            or `{fault_proxy:HOST:PORT}` in it where this is the database of an outage.
        keywords: What the Deploy CLI would put in place of `##KEY##` and `@@KEY@@`; a value may be a `Secret`.
        node_modules: The folder that npm modules are required from, or None when the scripts need none.
        doubles: JavaScript files that stand in for modules, by the name that the scripts require.
        environment: The names of environment variables that the scripts may see.
        node: Where Node is; None stands for the one on PATH, or the one that the extra `node` brings.

    Raises:
        ConfigurationError: When there is no such folder or file, the folder has no scripts, a keyword is not given, or
            an environment variable is not set.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        connection: Connection | None = None,
        configuration: Mapping[str, str | Secret] | None = None,
        keywords: Mapping[str, object] | None = None,
        node_modules: str | os.PathLike[str] | None = None,
        doubles: Mapping[str, str | os.PathLike[str]] | None = None,
        environment: Iterable[str] = (),
        node: str | os.PathLike[str] | None = None,
    ) -> None:
        given = {name: _revealed(value) for name, value in (keywords or {}).items()}
        found = read_folder(Path(folder), given)
        self._scripts = found.scripts
        self._connection = connection or found.connection
        self._configuration: Mapping[str, object] = dict(configuration or {})
        self._secrets = {
            f"{kind} {name}": value
            for kind, values in (("configuration", self._configuration), ("keyword", keywords or {}))
            for name, value in values.items()
            if isinstance(value, Secret)
        }
        self._said = frozenset[str]() if connection else found.said
        self._modules = None if node_modules is None else _modules_in(node_modules)
        self._doubles = {name: _file_of(name, path) for name, path in (doubles or {}).items()}
        self._environment = {name: _variable(name) for name in environment}
        self._node = None if node is None else os.fspath(node)
        self._bridge: NodeBridge | None = None

    @property
    def connection(self) -> Connection:
        """The settings of the connection, as given or as `database.json` says."""
        return self._connection

    @property
    def said(self) -> frozenset[str]:
        """Which settings of the connection `database.json` says."""
        return self._said

    @property
    def fault_placeholders(self) -> frozenset[str]:
        """The placeholders in the configuration that stand for a store which is out of reach."""
        return frozenset(name for value in self._configuration.values() for name in placeholders_in(_revealed(value)))

    def with_faults(self, addresses: Mapping[str, str]) -> "NodeDatabase":
        """Return the same database with other addresses in its configuration.

        Args:
            addresses: What to put in place of each of `fault_placeholders`.
        """
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._configuration = {name: fill(value, addresses) for name, value in self._configuration.items()}
        copy._bridge = None
        return copy

    def open_bridge(self, *, connection: Connection, mask: SecretRegistry, timeout: float) -> "NodeBridge":
        """Start Node, and return what calls the scripts in it.

        Args:
            connection: The settings of the connection.
            mask: Where the secrets of the configuration and of the keywords are noted.
            timeout: Seconds that a script may take.

        Raises:
            DatabaseOpeningError: When there is no Node, or it does not start.
        """
        from customdb_contract.bridges.node._bridge import NodeBridge, Surroundings  # noqa: PLC0415 - see __init__
        from customdb_contract.bridges.node._runtime import find_runtime  # noqa: PLC0415

        for label, secret in self._secrets.items():
            mask.add(secret, label)
        surroundings = Surroundings(
            configuration={name: _revealed(value) for name, value in self._configuration.items()},
            folder=None if self._modules is None else str(self._modules.parent),
            doubles=self._doubles,
            environment=self._environment,
        )
        runtime = find_runtime(self._node)
        return NodeBridge(self._scripts, surroundings, runtime, connection=connection, mask=mask, timeout=timeout)

    def close(self) -> None:
        """End Node, if a script was called directly; the next call starts it again."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            bridge.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def login(self) -> Login:
        """The script `login`, as a function that returns its result."""
        return self._profile_script(Script.LOGIN)

    @property
    def get_user(self) -> GetUser:
        """The script `get_user`, as a function that returns its result."""
        return self._profile_script(Script.GET_USER)

    @property
    def create(self) -> Create:
        """The script `create`, as a function that returns its result."""
        return self._operation_script(Script.CREATE)

    @property
    def verify(self) -> Verify:
        """The script `verify`, as a function that returns its result."""
        return self._operation_script(Script.VERIFY)

    @property
    def change_password(self) -> ChangePassword:
        """The script `change_password`, as a function that returns its result."""
        return self._operation_script(Script.CHANGE_PASSWORD)

    @property
    def change_email(self) -> ChangeEmail:
        """The script `change_email`, as a function that returns its result."""
        return self._operation_script(Script.CHANGE_EMAIL)

    @property
    def delete(self) -> Delete:
        """The script `delete`, as a function that returns its result."""
        return self._operation_script(Script.DELETE)

    def _profile_script(self, script: Script) -> Callable[..., ProfileResult]:
        def call(*arguments: object) -> ProfileResult:
            return cast("ProfileResult", self._call(script, arguments))

        self._check_there(script)
        return call

    def _operation_script(self, script: Script) -> Callable[..., OperationResult]:
        def call(*arguments: object) -> OperationResult:
            return cast("OperationResult", self._call(script, arguments))

        self._check_there(script)
        return call

    def _check_there(self, script: Script) -> None:
        # Which scripts a database has is told by which attributes it has.
        if script not in self._scripts:
            message = f"the folder has no {script}.js"
            raise AttributeError(message)

    def _call(self, script: Script, arguments: tuple[object, ...]) -> ProfileResult | OperationResult:
        if self._bridge is None:
            self._bridge = self.open_bridge(connection=self._connection, mask=SecretRegistry(), timeout=_TIMEOUT)
        own = len(script.argument_names)
        given = arguments[own] if self._connection.script_context and len(arguments) > own else None
        context = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else None
        outcome = self._bridge.call(script, arguments[:own], context=context)
        return _result(script, outcome)


def _result(script: Script, outcome: Outcome) -> ProfileResult | OperationResult:
    if outcome.ending in {Ending.RAISED, Ending.TIMED_OUT, Ending.DIED, Ending.INVALID}:
        message = f"{script}.js did not end as a script may: {print_outcome(script, outcome)}"
        raise ScriptCallError(message)
    if outcome.ending is Ending.FAILED:
        return Failed(_error(outcome.error))
    result = result_from_callback(script, outcome.arguments)
    assert result is not None  # noqa: S101 - every other ending means a result
    return result


def _error(error: object) -> object:
    match error:
        case RecordedError("WrongUsernameOrPasswordError", message, (identifier,)):
            return WrongUsernameOrPasswordError(identifier if isinstance(identifier, str) else None, message)
        case RecordedError("ValidationError", message, (code,)):
            return ValidationError(str(code), message)
        case RecordedError("UnauthorizedError", message):
            return UnauthorizedError(message)
        case RecordedError(name, message):
            return ScriptError(message if name == "Error" else f"{name}: {message}")
        case _:
            return error


def _revealed(value: object) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _modules_in(node_modules: str | os.PathLike[str]) -> Path:
    path = Path(node_modules).resolve()
    if not path.is_dir() or path.name != "node_modules":
        message = f"{node_modules} is no folder named node_modules: give the one that npm install has made"
        raise ConfigurationError(message)
    return path


def _file_of(name: str, path: str | os.PathLike[str]) -> str:
    file = Path(path).resolve()
    if not file.is_file():
        message = f"the double of the module {name}, {path}, is no file"
        raise ConfigurationError(message)
    return str(file)


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        message = f"the environment variable {name}, which the scripts are to see, is not set"
        raise ConfigurationError(message)
    return value
