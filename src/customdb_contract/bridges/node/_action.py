"""A post-login Action in JavaScript, as it is given."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from customdb_contract.bridges.containers import variable
from customdb_contract.bridges.node._action_file import read_action_file
from customdb_contract.bridges.node._settings import all_revealed, modules_in
from customdb_contract.bridges.placeholders import LEGACY_URL, fill
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

if TYPE_CHECKING:
    from customdb_contract.bridges.node._action_bridge import NodeActionBridge
    from customdb_contract.faults import LegacyAddress

__all__ = ["NodeAction"]


class NodeAction:
    """A post-login Action in JavaScript: the very file that Auth0 runs, run by Node.

    Args:
        code: The source, such as `actions/NAME/code.js`, or the document `actions/NAME.json` that names it.
        secrets: The Action's `event.secrets`. A value can be a `Secret`, and `{legacy_url}` in it stands for the
            address of the stand-in for the legacy system.
        node_modules: The folder that npm modules are required from, or None if the Action needs none.
        environment: The names of environment variables to pass to the Action.
        node: The path of Node; None stands for the one on PATH, or the one from the extra `node`.

    Raises:
        ConfigurationError: When a file cannot be read or does not describe an Action, a secret or a module that
            `actions/NAME.json` declares is missing, `node_modules` is not such a folder, or an environment variable is
            not set.
    """

    def __init__(
        self,
        code: str | os.PathLike[str],
        *,
        secrets: Mapping[str, str | Secret] | None = None,
        node_modules: str | os.PathLike[str] | None = None,
        environment: Iterable[str] = (),
        node: str | os.PathLike[str] | None = None,
    ) -> None:
        self._file = read_action_file(Path(code))
        self._secrets: Mapping[str, object] = dict(secrets or {})
        self._modules = None if node_modules is None else modules_in(node_modules)
        if self._file.declared is not None:
            self._file.declared.require(self._secrets, self._modules)
        self._environment = {name: variable(name) for name in environment}
        self._node = None if node is None else os.fspath(node)

    @property
    def name(self) -> str:
        """The name of the Action."""
        return self._file.name

    def open_action(self, *, mask: SecretRegistry, legacy: "LegacyAddress | None" = None) -> "NodeActionBridge":
        """Start Node, load the Action, and return the bridge to it.

        Args:
            mask: Where the secrets are registered.
            legacy: The stand-in for the legacy system, which receives every connection that the Action makes, to
                whatever host. None leaves them alone.

        Raises:
            DatabaseOpeningError: When there is no Node, or it does not start.
        """
        # Processes and sockets are needed only to open one.
        from customdb_contract.bridges.node._action_bridge import ActionSurroundings, NodeActionBridge  # noqa: PLC0415
        from customdb_contract.bridges.node._runtime import find_runtime  # noqa: PLC0415

        for name, value in self._secrets.items():
            if isinstance(value, Secret):
                mask.add(value, SecretRef(SecretKind.CONFIGURATION, name))
        addresses = {} if legacy is None else {LEGACY_URL: legacy.url}
        surroundings = ActionSurroundings(
            secrets=all_revealed({name: fill(value, addresses) for name, value in self._secrets.items()}),
            folder=None if self._modules is None else str(self._modules.parent),
            environment=self._environment,
            legacy=legacy,
        )
        return NodeActionBridge(self._file, surroundings, find_runtime(self._node), mask=mask)
