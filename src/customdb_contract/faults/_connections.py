"""One connection to a failing store: reading, writing, and the ways to end it."""

import asyncio
import contextlib
import socket
import struct
from typing import Final

__all__ = ["Connection", "shut"]

_PIECE: Final = 65_536
_MOST_DISCARDED: Final = 1_048_576
"""The number of bytes read after an answer: a client that sends more is disconnected."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""The value of SO_LINGER with which closing a connection resets it."""


def shut(sock: socket.socket) -> None:
    """End a connection, even if a forked process has a copy of its socket.

    Args:
        sock: The socket, which is closed next.
    """
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class Connection:
    """A connection in an event loop.

    If it breaks, calls that wait for it raise an OSError.

    Args:
        reader: The reader of the connection.
        writer: The writer of the connection.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")
        # Sending waits for the last byte, so that at most one piece is in memory.
        writer.transport.set_write_buffer_limits(0)

    async def receive(self) -> bytes:
        """Return the next piece, or an empty one at the end."""
        return await self.reader.read(_PIECE)

    def send(self, content: bytes) -> None:
        """Send bytes; `sent` waits for them.

        Args:
            content: The bytes.
        """
        self._writer.write(content)

    async def sent(self) -> None:
        """Wait until the other side has received everything."""
        await self._writer.drain()

    async def send_end(self) -> None:
        """End the sending direction, after the other side has received everything."""
        await self.sent()
        self._writer.write_eof()

    async def answer(self, content: bytes) -> None:
        """Send the last bytes, and wait until the other side has ended too.

        Ending at once would reset a connection with unread input, and the client would lose the answer.

        Args:
            content: The bytes.
        """
        self.send(content)
        await self.send_end()
        await self._discard()

    async def hold(self) -> None:
        """Send nothing more, until it is cancelled."""
        await self._discard()
        await asyncio.get_running_loop().create_future()

    def reset(self) -> None:
        """Reset the connection."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    def end(self) -> None:
        """End the connection; a second call, or one after a reset, does nothing."""
        if not self._writer.is_closing():
            shut(self._socket)
            self._writer.transport.abort()

    async def _discard(self) -> None:
        """Discard further input until the other side has ended or sent too much."""
        left = _MOST_DISCARDED
        while left > 0 and (size := len(await self.receive())):
            left -= size
