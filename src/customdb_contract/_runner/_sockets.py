"""The connections that calls have opened and that are still open."""

import gc
import os
import sys
from collections.abc import Callable
from typing import Any

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["OpenSockets"]

_STREAM = 1
"""`socket.SOCK_STREAM`: importing `socket` would cost milliseconds."""

# Used after scripts were loaded, so kept before.
_collect, _fstat = gc.collect, os.fstat


class OpenSockets:
    """Observes where Python's own sockets connect, and which of them are open later.

    A thread that no call has started, such as that of a pool, connects for no call; and what a driver in C does by
    itself is not observed.

    Args:
        is_of_call: Tells whether the current code belongs to a call.
    """

    def __init__(self, is_of_call: Callable[[], bool]) -> None:
        self._is_of_call = is_of_call
        self._inodes: dict[int, int] = {}
        self._last = 0

    def watch(self) -> None:
        """Begin to observe connections; that cannot be ended."""
        sys.addaudithook(self.note)

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Handle an event that Python reports to an audit hook.

        Args:
            event: The event.
            arguments: Its arguments: the socket is the first.
        """
        if event != "socket.connect" or not self._is_of_call():
            return
        try:
            if arguments[0].type == _STREAM:
                descriptor = arguments[0].fileno()
                self._inodes[descriptor] = _fstat(descriptor).st_ino
        except Exception:  # noqa: BLE001, S110 - a script may have made something else of its socket
            pass

    def count(self) -> int:
        """Return how many are open, not counting those that only wait for the garbage collector."""
        number = self._count()
        if number > self._last:
            _collect()
            number = self._count()
        self._last = number
        return number

    def _count(self) -> int:
        for descriptor, inode in list(self._inodes.items()):
            try:
                is_same = _fstat(descriptor).st_ino == inode
            except OSError:
                is_same = False
            if not is_same:
                del self._inodes[descriptor]
        return len(self._inodes)
