"""A post-login Action in Python that runs in a process of its own."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from customdb_contract.bridges.containers import variable
from customdb_contract.bridges.placeholders import LEGACY_URL, fill
from customdb_contract.bridges.references import parted
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

if TYPE_CHECKING:
    from customdb_contract.bridges.acting import ActionBridge
    from customdb_contract.faults import LegacyAddress

__all__ = ["PythonProcessAction"]


class PythonProcessAction:
    """A post-login Action in Python, in a process of its own: one that hangs, crashes or patches touches only that.

    Args:
        reference: The Action, as `module:attribute`: a function `(event, api)`, or a function that returns one.
        secrets: The Action's `event.secrets`. A value can be a `Secret`, and `{legacy_url}` in it stands for the
            address of the stand-in for the legacy system.
        folder: The folder to search for the module first; None stands for the working directory.
        environment: The names of environment variables to pass to the Action, in addition to PATH, HOME, LANG and those
            that Python itself needs.

    Raises:
        ConfigurationError: When the reference is not valid, or an environment variable is not set.
    """

    def __init__(
        self,
        reference: str,
        *,
        secrets: Mapping[str, str | Secret] | None = None,
        folder: str | os.PathLike[str] | None = None,
        environment: Iterable[str] = (),
    ) -> None:
        self._module, self._attribute = parted(reference)
        self._secrets = dict(secrets or {})
        self._folder = Path.cwd() if folder is None else Path(folder).resolve()
        self._environment = {name: variable(name) for name in environment}

    @override
    def __repr__(self) -> str:
        return f"PythonProcessAction({f'{self._module}:{self._attribute}'!r})"

    def open_action(self, *, mask: SecretRegistry, legacy: "LegacyAddress | None" = None) -> "ActionBridge":
        """Start a process, import the module there, and return the bridge to the Action.

        Args:
            mask: The known secrets; those of the Action are added.
            legacy: The stand-in for the legacy system, or None.

        Raises:
            ConfigurationError: When there is no such module or attribute, or it cannot be called.
            DatabaseOpeningError: When the process does not start, or the Action cannot be created.
        """
        # Processes and sockets are needed only to open one.
        from customdb_contract.bridges.python_process._action_bridge import PythonProcessActionBridge  # noqa: PLC0415
        from customdb_contract.bridges.python_process._order import Order  # noqa: PLC0415 - see above

        for name, value in self._secrets.items():
            if isinstance(value, Secret):
                mask.add(value, SecretRef(SecretKind.CONFIGURATION, name))
        addresses = {} if legacy is None else {LEGACY_URL: legacy.url}
        filled = {name: fill(value, addresses) for name, value in self._secrets.items()}
        secrets = {name: value.reveal() if isinstance(value, Secret) else str(value) for name, value in filled.items()}
        order = Order(
            module=self._module,
            attribute=self._attribute,
            folder=str(self._folder),
            arguments=(),
            settings={},
            environment=self._environment,
        )
        return PythonProcessActionBridge(order, secrets, mask=mask)
