"""The bridges to a custom database and to Actions in JavaScript: the very files that Auth0 runs, in Node.

Running scripts is not a security boundary. Node may not write files or start processes if it can forbid that, and
receives only the named environment variables; it may connect wherever the scripts connect.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typing_extensions import override

from customdb_contract.bridges.containers import ContainerDatabase, variable
from customdb_contract.bridges.node._action import NodeAction
from customdb_contract.bridges.node._export import ExportedConnection, custom_connections
from customdb_contract.bridges.node._folder import ConnectionFolder, read_connection
from customdb_contract.bridges.node._hosts import checked_hosts, routes_of
from customdb_contract.bridges.node._keywords import MissingKeywordsError
from customdb_contract.bridges.node._settings import all_revealed, file_of, modules_in, revealed
from customdb_contract.bridges.placeholders import FAULT_HOST, FAULT_URL_HTTPS, fill, placeholders_in
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

if TYPE_CHECKING:
    from customdb_contract.bridges.node._bridge import NodeBridge

__all__ = ["ExportedConnection", "MissingKeywordsError", "NodeAction", "NodeDatabase", "custom_connections"]


class NodeDatabase(ContainerDatabase):
    """A custom database in JavaScript: a folder in the layout of the Auth0 Deploy CLI, run by Node.

    Give it to `check` as it is. Used directly, its scripts are methods that return a result, like those of a custom
    database in Python: `NodeDatabase("tenant/database-connections/shop").get_user("ada@example.com")`.

    Args:
        folder: The folder of one connection, with `login.js`, `get_user.js` and so on, and `database.json`; or the YAML
            file of an export, such as `tenant.yaml`, which needs the extra `yaml`.
        name: The connection in a YAML file; None if it has only one.
        connection: The settings of the connection; None stands for those in the export.
        configuration: The scripts' `configuration`. A value can be a `Secret`, and can have `{fault_url}` or
            `{fault_proxy:HOST:PORT}` in it if this is the database of an outage.
        keywords: The values that the Deploy CLI puts in place of `##KEY##` and `@@KEY@@`; a value can be a `Secret`.
        node_modules: The folder that npm modules are required from, or None if the scripts need none.
        hosts: Where to redirect connections to hosts that the scripts name: addresses such as `http://127.0.0.1:8080`
            or `127.0.0.1:15432`, by `host` or `host:port`. A script can use TLS with an address with `http`.
        doubles: JavaScript files that replace modules, by the name that the scripts require.
        environment: The names of environment variables to pass to the scripts.
        node: The path of Node; None stands for the one on PATH, or the one from the extra `node`.

    Raises:
        ConfigurationError: When there is no such folder or file, no script would be deployed, a keyword has no value,
            or an environment variable is not set.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        name: str | None = None,
        connection: Connection | None = None,
        configuration: Mapping[str, str | Secret] | None = None,
        keywords: Mapping[str, object] | None = None,
        node_modules: str | os.PathLike[str] | None = None,
        hosts: Mapping[str, str] | None = None,
        doubles: Mapping[str, str | os.PathLike[str]] | None = None,
        environment: Iterable[str] = (),
        node: str | os.PathLike[str] | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._keywords: Mapping[str, object] = dict(keywords or {})
        self._name = name
        self._doubles = {module: file_of(module, path) for module, path in (doubles or {}).items()}
        found = self._read()
        super().__init__()
        self._scripts = found.scripts
        self._connection = connection or found.connection
        self._configuration: Mapping[str, object] = dict(configuration or {})
        self._said = frozenset[str]() if connection else found.said
        self._modules = None if node_modules is None else modules_in(node_modules)
        self._ignored = found.ignored
        self._hosts = checked_hosts(hosts or {})
        self._environment = {variable_name: variable(variable_name) for variable_name in environment}
        self._node = None if node is None else os.fspath(node)

    @property
    @override
    def connection(self) -> Connection:
        """The settings of the connection, as given or as in the export."""
        return self._connection

    @property
    def said(self) -> frozenset[str]:
        """The names of the settings of the connection that the export has."""
        return self._said

    @property
    def ignored(self) -> tuple[str, ...]:
        """Files that look like scripts and would not be deployed, as sentences."""
        return self._ignored

    @property
    def fault_settings(self) -> Mapping[str, object]:
        """The settings that can have placeholders: configuration, keywords and hosts, by their names."""
        tables = {"configuration": self._configuration, "keywords": self._keywords, "hosts": self._hosts}
        return {
            f"{table}.{name}": revealed(value) for table, all_of in tables.items() for name, value in all_of.items()
        }

    @property
    def fault_placeholders(self) -> frozenset[str]:
        """The placeholders in configuration, keywords and hosts that stand for an unreachable store."""
        found = frozenset(name for value in self.fault_settings.values() for name in placeholders_in(value))
        return found | frozenset({FAULT_HOST} & set(self._hosts.values()))

    def with_faults(self, addresses: Mapping[str, str]) -> "NodeDatabase":
        """Return the same database with other addresses in its configuration, its keywords and its hosts.

        Args:
            addresses: The address for each of `fault_placeholders`.
        """
        copy = object.__new__(type(self))
        vars(copy).update(vars(self))
        copy._configuration = {name: fill(value, addresses) for name, value in self._configuration.items()}
        copy._keywords = {name: fill(value, addresses) for name, value in self._keywords.items()}
        copy._hosts = {name: str(fill(address, addresses)) for name, address in self._hosts.items()}
        secure = addresses.get(FAULT_URL_HTTPS)
        if secure is not None:
            # A client that wants TLS is connected to the same port in plain text.
            where = urlsplit(secure).netloc
            copy._hosts = {**copy._hosts, where: f"http://{where}"}
        copy._scripts = copy._read().scripts
        copy._forget_bridge()
        return copy

    @override
    def open_bridge(self, *, connection: Connection, mask: SecretRegistry, timeout: float) -> "NodeBridge":
        """Start Node, and return the bridge to it.

        Args:
            connection: The settings of the connection.
            mask: Where the secrets of the configuration and of the keywords are registered.
            timeout: Seconds that a script may take.

        Raises:
            DatabaseOpeningError: When there is no Node, or it does not start.
        """
        from customdb_contract.bridges.node._bridge import NodeBridge, Surroundings  # noqa: PLC0415 - see __init__
        from customdb_contract.bridges.node._runtime import find_runtime  # noqa: PLC0415 - see __init__

        for kind, values in (
            (SecretKind.CONFIGURATION, self._configuration),
            (SecretKind.KEYWORD, self._keywords),
        ):
            for name, value in values.items():
                if isinstance(value, Secret):
                    mask.add(value, SecretRef(kind, name))
        surroundings = Surroundings(
            configuration=all_revealed(self._configuration),
            folder=None if self._modules is None else str(self._modules.parent),
            doubles=self._doubles,
            environment=self._environment,
            routes=routes_of(self._hosts),
        )
        runtime = find_runtime(self._node)
        return NodeBridge(self._scripts, surroundings, runtime, connection=connection, mask=mask, timeout=timeout)

    def _read(self) -> ConnectionFolder:
        doubles = [Path(file) for file in self._doubles.values()]
        return read_connection(self._folder, all_revealed(self._keywords), name=self._name, doubles=doubles)

    @override
    def _has(self, script: Script) -> bool:
        return script in self._scripts
