"""A post-login Action in Python that a reference names."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from customdb_contract._runner._opening import NotThereError, find_attribute
from customdb_contract.bridges.containers import variable
from customdb_contract.bridges.python_process._reference import near_names, parted
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret, SecretRegistry

if TYPE_CHECKING:
    from customdb_contract.bridges.acting import ActionBridge
    from customdb_contract.faults import LegacyAddress

__all__ = ["PythonProcessAction"]


class PythonProcessAction:
    """A post-login Action in Python, named by a reference.

    Args:
        reference: Where the Action is, as `module:attribute`: a function `(event, api)`, or one that makes it.
        secrets: What the Action finds as `event.secrets`. A value may be a `Secret`, and `{legacy_url}` in it stands
            for the address of the stand-in for the legacy system.
        folder: Where the module is looked up first; None stands for the working directory.
        environment: The names of environment variables that the Action may see.

    Raises:
        ConfigurationError: When the reference is none, or an environment variable is not set.
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
        """Import the module, and return what runs the Action.

        Args:
            mask: The known secrets; those of the Action are added.
            legacy: The stand-in for the legacy system, or None.

        Raises:
            ConfigurationError: When there is no such module or attribute, or it is nothing that can be called.
        """
        from customdb_contract.bridges.python import PythonAction  # noqa: PLC0415 - only who opens one needs it

        try:
            found = find_attribute(self._module, self._attribute, [str(self._folder)])
        except NotThereError as error:
            hint = near_names(self._attribute, error.names)
            message = f"{self._module} has no attribute {self._attribute!r}{hint}"
            raise ConfigurationError(message) from None
        except Exception as error:
            message = f"{self._module} cannot be imported from {self._folder}: {type(error).__name__}: {error}"
            raise ConfigurationError(message) from error
        action = PythonAction(found, secrets=self._secrets, name=self._attribute)
        return action.open_action(mask=mask, legacy=legacy)
