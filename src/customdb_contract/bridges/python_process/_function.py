"""A function, named in a configuration, that creates profiles from rows in a process of its own."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from customdb_contract.bridges.containers import variable
from customdb_contract.bridges.references import parted

if TYPE_CHECKING:
    from customdb_contract.bridges.python_process._row_bridge import RowBridge

__all__ = ["PythonProcessFunction"]


def _resolved(folder: str | os.PathLike[str] | None) -> Path:
    return Path.cwd() if folder is None else Path(folder).resolve()


@frozen
class PythonProcessFunction:
    """A function that creates profiles from rows, in a process of its own: a hang or crash affects only that process.

    A row for which it hangs, or ends its process, has no profile; the next rows are processed in a new process. The
    output of the function is not shown.

    Args:
        reference: The function, as `module:attribute`. It receives a row, and returns the profile.
        folder: The folder to search for the module first; None stands for the working directory.
        environment: The names of environment variables to pass to the function, in addition to PATH, HOME, LANG and
            those that Python itself needs.

    Raises:
        ConfigurationError: If the reference is not valid.
    """

    reference: str
    folder: Path = field(default=None, converter=_resolved, kw_only=True)
    environment: tuple[str, ...] = field(default=(), converter=tuple[str, ...], kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check the reference."""
        parted(self.reference)

    def open_function(self, *, seconds: float) -> "RowBridge":
        """Start the process, import the module there, and return the bridge to the function.

        Args:
            seconds: Seconds that one row may take.

        Raises:
            ConfigurationError: If there is no such module or attribute, it is not a function, or an environment
                variable is not set.
            DatabaseOpeningError: If the process does not start.
        """
        # Processes and sockets are needed only to open one.
        from customdb_contract.bridges.python_process._order import Order  # noqa: PLC0415
        from customdb_contract.bridges.python_process._row_bridge import RowBridge  # noqa: PLC0415

        module, attribute = parted(self.reference)
        order = Order(
            module=module,
            attribute=attribute,
            folder=str(self.folder),
            arguments=(),
            settings={},
            environment={name: variable(name) for name in self.environment},
        )
        return RowBridge(order, seconds=seconds)
