"""A custom database in Python that runs in a process of its own.

Whatever its scripts do to their interpreter affects only that process. It is not a security boundary: the scripts have
the same permissions as the user who runs the check.
"""

import json
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from customdb_contract.bridges.containers import ContainerDatabase, variable
from customdb_contract.bridges.placeholders import FAULT_URL, FAULT_URL_HTTPS, fill, placeholders_in
from customdb_contract.bridges.python_process._action import PythonProcessAction
from customdb_contract.bridges.python_process._function import PythonProcessFunction
from customdb_contract.bridges.references import parted
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

if TYPE_CHECKING:
    from customdb_contract.bridges.python_process._bridge import PythonProcessBridge
    from customdb_contract.bridges.python_process._order import Order

__all__ = ["PythonProcess", "PythonProcessAction", "PythonProcessFunction"]


class PythonProcess(ContainerDatabase):
    """A custom database in Python, in a process of its own: a script that hangs, crashes or patches touches only that.

    Give it to `check` as it is, or as an outage or a fresh database. Used directly, its scripts are methods:
    `PythonProcess("shop.legacy:database").get_user("ada@example.com")`.

    Args:
        reference: The database, as `module:attribute`: an object with the scripts as methods, a function that returns
            one, or a context manager whose value is one.
        configuration: The keyword arguments of that function. A value can be a `Secret`, and can have `{fault_url}` or
            `{fault_proxy:HOST:PORT}` in it if this is the database of an outage.
        folder: The folder to search for the module first; None stands for the working directory.
        connection: The settings of the connection; None stands for Auth0's defaults.
        environment: The names of environment variables to pass to the scripts, in addition to PATH, HOME, LANG and
            those that Python itself needs.

    Raises:
        ConfigurationError: When the reference is not valid, a value of the configuration is not JSON, or an environment
            variable is not set.
    """

    def __init__(
        self,
        reference: str,
        *,
        configuration: Mapping[str, object] | None = None,
        folder: str | os.PathLike[str] | None = None,
        connection: Connection | None = None,
        environment: Iterable[str] = (),
    ) -> None:
        super().__init__()
        parted(reference)
        self._reference = reference
        self._folder = Path.cwd() if folder is None else Path(folder).resolve()
        self._configuration = {name: _checked(name, value) for name, value in (configuration or {}).items()}
        self._connection = connection or Connection()
        self._environment = {name: variable(name) for name in environment}
        self._fault_url: str | None = None

    @override
    def __repr__(self) -> str:
        return f"PythonProcess({self._reference!r})"

    @property
    @override
    def connection(self) -> Connection:
        """The settings of the connection, as given."""
        return self._connection

    @property
    def said(self) -> frozenset[str]:
        """Which settings of the connection the database brings along: none."""
        return frozenset()

    @property
    def fault_settings(self) -> Mapping[str, object]:
        """The settings that can have placeholders: the configuration, by name."""
        return {name: _revealed(value) for name, value in self._configuration.items()}

    @cached_property
    def fault_placeholders(self) -> frozenset[str]:
        """The placeholders in the configuration that stand for an unreachable store.

        `{fault_url}` is also one if the function that creates the database has a parameter that the configuration does
        not set. To find out, the module is imported in a process of its own.

        Raises:
            ConfigurationError: When there is no such module or attribute.
            DatabaseOpeningError: When the process does not start.
        """
        from customdb_contract.bridges.python_process._bridge import needs_fault_url  # noqa: PLC0415 - see open_bridge

        found = frozenset(name for value in self.fault_settings.values() for name in placeholders_in(value))
        if FAULT_URL_HTTPS in found:
            message = f"{FAULT_URL_HTTPS} is for scripts in JavaScript: give {FAULT_URL} to a database in Python"
            raise ConfigurationError(message)
        needs_argument = needs_fault_url(self._order(), self._registry())
        return found or (frozenset({FAULT_URL}) if needs_argument else found)

    def with_faults(self, addresses: Mapping[str, str]) -> "PythonProcess":
        """Return the same database with other addresses in its configuration, or as its function's argument.

        Args:
            addresses: The address for each of `fault_placeholders`.
        """
        copy = object.__new__(type(self))
        vars(copy).update(vars(self))
        copy._forget_bridge()
        # There are none left, and no process needs to be started to find out.
        vars(copy)["fault_placeholders"] = frozenset[str]()
        copy._configuration = {name: fill(value, addresses) for name, value in self._configuration.items()}
        in_configuration = any(placeholders_in(value) for value in self.fault_settings.values())
        copy._fault_url = None if in_configuration else addresses.get(FAULT_URL)
        return copy

    @override
    def open_bridge(self, *, connection: Connection, mask: SecretRegistry, timeout: float) -> "PythonProcessBridge":
        """Start the process, and return the bridge to it.

        Args:
            connection: The settings of the connection.
            mask: Where the secrets of the configuration are registered.
            timeout: Seconds that a script may take.

        Raises:
            ConfigurationError: When there is no such module or attribute.
            DatabaseOpeningError: When the process does not start, or the database cannot be opened.
        """
        # Processes and sockets are needed only to open one.
        from customdb_contract.bridges.python_process._bridge import PythonProcessBridge  # noqa: PLC0415

        self._note_secrets(mask)
        return PythonProcessBridge(self._order(), connection=connection, mask=mask, timeout=timeout)

    @override
    def _has(self, script: Script) -> bool:
        return script in self._opened_bridge().scripts

    def _order(self) -> "Order":
        from customdb_contract.bridges.python_process._order import Order  # noqa: PLC0415 - see open_bridge

        module, attribute = parted(self._reference)
        return Order(
            module=module,
            attribute=attribute,
            folder=str(self._folder),
            arguments=() if self._fault_url is None else (self._fault_url,),
            settings={name: _revealed(value) for name, value in self._configuration.items()},
            environment=self._environment,
        )

    def _registry(self) -> SecretRegistry:
        registry = SecretRegistry()
        self._note_secrets(registry)
        return registry

    def _note_secrets(self, registry: SecretRegistry) -> None:
        for name, value in self._configuration.items():
            if isinstance(value, Secret):
                registry.add(value, SecretRef(SecretKind.CONFIGURATION, name))


def _revealed(value: object) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _checked(name: str, value: object) -> object:
    try:
        json.dumps(_revealed(value))
    except (TypeError, ValueError):
        message = f"configuration {name} must be text, a number or true or false, got {type(value).__name__}"
        raise ConfigurationError(message) from None
    return value
