"""TLS in TDS 7.4: the handshake is sent in PRELOGIN messages, and everything after it is encrypted.

Source: <https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868>.
"""

import socket
import ssl
from typing import Final

from attrs import define, field

__all__ = ["TlsChannel"]

_AT_ONCE: Final = 65536


@define
class TlsChannel:
    """The server's end of a TLS connection, with the two socket methods that are needed.

    Args:
        client: The connection.
        context: The certificate.
    """

    client: socket.socket
    context: ssl.SSLContext
    _incoming: ssl.MemoryBIO = field(factory=ssl.MemoryBIO, init=False)
    _outgoing: ssl.MemoryBIO = field(factory=ssl.MemoryBIO, init=False)
    _tls: ssl.SSLObject = field(init=False)
    is_open: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._tls = self.context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def greeted(self, message: bytes) -> bytes:
        """Return the answer to a part of the handshake.

        Args:
            message: The content of a PRELOGIN message of the client.
        """
        self._incoming.write(message)
        try:
            self._tls.do_handshake()
            self.is_open = True
        except ssl.SSLWantReadError:
            pass
        return self._outgoing.read()

    def recv(self, size: int) -> bytes:
        """Read data from the client; empty at the end."""
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                data = self.client.recv(_AT_ONCE)
                if not data:
                    return b""
                self._incoming.write(data)

    def sendall(self, data: bytes) -> None:
        """Send data to the client."""
        self._tls.write(data)
        self.client.sendall(self._outgoing.read())
