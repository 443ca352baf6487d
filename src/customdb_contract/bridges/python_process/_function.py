"""A function of a team, named in a configuration, that makes profiles of rows in a process of its own."""

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
    """A function that makes profiles of rows, in a process of its own: one that hangs or crashes touches only that.

    Each row that hangs it, or takes its process down, has no profile; the next ones are made in a new process. What the
    function prints is shown nowhere.

    Args:
        reference: Where the function is, as `module:attribute`. It is given a row, and returns the profile.
        folder: Where the module is looked up first; None stands for the working directory.
        environment: The names of environment variables that the function may see, beside PATH, HOME, LANG and what
            Python itself needs.

    Raises:
        ConfigurationError: When the reference is none.
    """

    reference: str
    folder: Path = field(default=None, converter=_resolved, kw_only=True)
    environment: tuple[str, ...] = field(default=(), converter=tuple[str, ...], kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check the reference."""
        parted(self.reference)

    def open_function(self, *, seconds: float) -> "RowBridge":
        """Start the process, import the module there, and return what makes profiles in it.

        Args:
            seconds: How long one row may take.

        Raises:
            ConfigurationError: When there is no such module or attribute, it is no function, or an environment variable
                is not set.
            DatabaseOpeningError: When the process does not start.
        """
        # Only who opens one needs processes and sockets.
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
