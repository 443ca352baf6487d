"""One connection of a store that fails: what comes over it, what goes over it, and the ways to end it."""

import asyncio
import contextlib
import socket
import struct
from typing import Final

__all__ = ["Connection", "shut"]

_PIECE: Final = 65_536
_MOST_DISCARDED: Final = 1_048_576
"""Bytes that are read after an answer: a client that sends more is cut off."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""The value of SO_LINGER that makes closing a connection reset it."""


def shut(sock: socket.socket) -> None:
    """End a connection, also where a process that was forked off meanwhile has a copy of its socket.

    Args:
        sock: The socket, which is to be closed next.
    """
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class Connection:
    """A connection that an event loop has.

    Where it broke, what waits for it raises an OSError.

    Args:
        reader: What comes over it.
        writer: What goes over it.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")
        # What is sent is waited for to the last byte, so that no more than one piece is held.
        writer.transport.set_write_buffer_limits(0)

    async def receive(self) -> bytes:
        """Return what has come, or an empty piece at the end."""
        return await self.reader.read(_PIECE)

    def send(self, content: bytes) -> None:
        """Send something; `sent` waits for it.

        Args:
            content: What is sent.
        """
        self._writer.write(content)

    async def sent(self) -> None:
        """Wait until the other side has taken everything."""
        await self._writer.drain()

    async def send_end(self) -> None:
        """Tell the other side that nothing more comes, once it has taken everything."""
        await self.sent()
        self._writer.write_eof()

    async def answer(self, content: bytes) -> None:
        """Send something, after which nothing more comes, and wait until the other side has ended too.

        To end at once would reset a connection on which more was sent, and take the answer from the client.

        Args:
            content: What is sent.
        """
        self.send(content)
        await self.send_end()
        await self._discard()

    async def hold(self) -> None:
        """Answer nothing, or nothing more, until it is cancelled."""
        await self._discard()
        await asyncio.get_running_loop().create_future()

    def reset(self) -> None:
        """Reset it."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    def end(self) -> None:
        """End it; ending it again, or after a reset, does nothing."""
        if not self._writer.is_closing():
            shut(self._socket)
            self._writer.transport.abort()

    async def _discard(self) -> None:
        """Keep nothing of what still comes, until the other side has ended or sent too much."""
        left = _MOST_DISCARDED
        while left > 0 and (size := len(await self.receive())):
            left -= size
