"""A database in a container, used directly: its scripts are methods that return a result."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self, cast

from customdb_contract.bridges import Bridge
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
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Outcome, RecordedError, print_outcome

__all__ = ["ContainerDatabase", "variable"]

_TIMEOUT: Final = 20.0


class ContainerDatabase(ABC):
    """A database whose scripts run in a process of their own.

    `check` opens a bridge to it. Used directly, its scripts are methods; the first call starts the process.
    """

    def __init__(self) -> None:
        self._forget_bridge()

    @property
    @abstractmethod
    def connection(self) -> Connection:
        """The settings of the connection."""

    @abstractmethod
    def open_bridge(self, *, connection: Connection, mask: SecretRegistry, timeout: float) -> Bridge:
        """Start the process, and return the bridge to it.

        Args:
            connection: The settings of the connection.
            mask: Where the secrets of the configuration are registered.
            timeout: Seconds that a script may take.

        Raises:
            DatabaseOpeningError: When it does not start, or the database cannot be opened.
        """

    @abstractmethod
    def _has(self, script: Script) -> bool:
        """Tell whether the database has a script."""

    def _forget_bridge(self) -> None:
        self._bridge: Bridge | None = None

    def _opened_bridge(self) -> Bridge:
        if self._bridge is None:
            self._bridge = self.open_bridge(connection=self.connection, mask=SecretRegistry(), timeout=_TIMEOUT)
        return self._bridge

    def close(self) -> None:
        """End the process, if a script was called directly; the next call starts it again."""
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
        # The attributes of a database show which scripts it has.
        if not self._has(script):
            message = f"the database has no {script}"
            raise AttributeError(message)

    def _call(self, script: Script, arguments: tuple[object, ...]) -> ProfileResult | OperationResult:
        own = len(script.argument_names)
        given = arguments[own] if self.connection.script_context and len(arguments) > own else None
        context = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else None
        outcome = self._opened_bridge().call(script, arguments[:own], context=context)
        return _result(script, outcome)


def _result(script: Script, outcome: Outcome) -> ProfileResult | OperationResult:
    if outcome.ending in {Ending.RAISED, Ending.TIMED_OUT, Ending.DIED, Ending.INVALID}:
        message = f"{script} did not end as a script may: {print_outcome(script, outcome)}"
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


def variable(name: str) -> str:
    """Return the value of an environment variable that is passed to the scripts.

    Args:
        name: Its name.

    Raises:
        ConfigurationError: When it is not set.
    """
    value = os.environ.get(name)
    if value is None:
        message = f"the environment variable {name}, which is passed to the scripts, is not set"
        raise ConfigurationError(message)
    return value
