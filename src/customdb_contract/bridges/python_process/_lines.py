"""Messages as lines of JSON, on the side of a process that runs what a team wrote."""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["Lines"]

_PIECE: Final = 1 << 16

# As they were before anything of the team was loaded.
_read, _write, _loads, _dumps = os.read, os.write, json.loads, json.dumps


class Lines:
    """The socket that a runner is spoken to over.

    Args:
        control: Its descriptor.
    """

    def __init__(self, control: int) -> None:
        self._control = control
        self._received = bytearray()
        self._prefix = ""

    def begin_with(self, token: str) -> None:
        """Start each line with a token.

        Args:
            token: What the other side has sent.
        """
        self._prefix = f"{token} "

    def next(self) -> dict[str, Any] | None:
        """Return the next message, or None when there is none any more."""
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            piece = _read(self._control, _PIECE)
            if not piece:
                return None
            self._received += piece
        message: dict[str, Any] = _loads(self._received[:end])
        del self._received[: end + 1]
        return message

    def tell(self, message: Mapping[str, object]) -> None:
        """Send a message.

        Args:
            message: The message.
        """
        self.write(_dumps(message))

    def write(self, text: str) -> None:
        """Send a message that is text already.

        Args:
            text: The message, as JSON.
        """
        rest = memoryview(f"{self._prefix}{text}\n".encode())
        while rest:
            rest = rest[_write(self._control, rest) :]
