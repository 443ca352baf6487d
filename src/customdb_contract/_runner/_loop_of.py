"""Having an event loop only when a script needs one: importing asyncio takes longer than starting the process."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customdb_contract._runner._loop import ScriptLoop

__all__ = ["LoopOf"]

_Report = Callable[[BaseException], object]


class LoopOf:
    """The event loop of the scripts, made when it is asked for.

    Args:
        report_of: Returns who is told of an exception in a task that is being created.
        report: Is told of an exception that belongs to no such task.
    """

    def __init__(self, report_of: Callable[[], _Report | None], report: _Report) -> None:
        self._report_of = report_of
        self._report = report
        self.made: ScriptLoop | None = None

    def get(self) -> "ScriptLoop":
        """Return the loop; a new one where a script has closed the last one."""
        if self.made is None or self.made.is_closed:
            from customdb_contract._runner._loop import ScriptLoop  # noqa: PLC0415 - see above

            self.made = ScriptLoop(self._report_of, self._report)
        return self.made
