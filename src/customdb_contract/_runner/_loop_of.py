"""Creates an event loop only when a script needs one: importing asyncio takes longer than starting the process."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customdb_contract._runner._loop import ScriptLoop

__all__ = ["LoopOf"]


class LoopOf:
    """The event loop of the scripts, created when it is first used.

    Args:
        make: Creates it.
    """

    def __init__(self, make: "Callable[[], ScriptLoop]") -> None:
        self._make = make
        self.made: ScriptLoop | None = None

    def get(self) -> "ScriptLoop":
        """Return the loop; a new one if a script has closed the last one."""
        if self.made is None or self.made.is_closed:
            self.made = self._make()
        return self.made
