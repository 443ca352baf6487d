"""The fault proxy: stands between a driver and the real store, and fails in one way after another."""

import contextlib
import functools
import socket
from typing import Final

from typing_extensions import override

from customdb_contract.faults._listening import RESET_ON_CLOSE, FailingPort, Store, close_socket
from customdb_contract.transcript import Situation

__all__ = ["PROXY_FAULTS", "FaultProxy"]

PROXY_FAULTS: Final[tuple[Situation, ...]] = (Situation.REFUSE, Situation.RESET, Situation.CUT, Situation.HANG)
"""The ways in which the proxy can fail, the one that costs time last."""

_PIECE: Final = 65_536
_CONNECTING_SECONDS: Final = 2.0


class FaultProxy(FailingPort):
    """A proxy on 127.0.0.1 that fails as it is told to, whatever protocol passes through it; a context manager.

    It refuses connections, resets them as soon as they are made, answers nothing, or cuts the first answer of the real
    store in the middle and ends the connection. The real store is contacted for that only. Nothing that passes is kept.

    Args:
        host: The host of the real store.
        port: Its port.

    Raises:
        OSError: When no port of the loopback interface can be had.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__("fault proxy")
        self._target = (host, port)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the driver is to connect to."""
        return self._address

    @property
    @override
    def situations(self) -> tuple[Situation, ...]:
        return PROXY_FAULTS

    @override
    def _open(self, listener: socket.socket, situation: Situation) -> Store:
        return _Proxied(listener, situation, self._target)


class _Proxied(Store):
    def __init__(self, listener: socket.socket, situation: Situation, target: tuple[str, int]) -> None:
        self._target = target
        super().__init__(listener, situation)

    @override
    def on_connection(self, connection: socket.socket) -> None:
        self.requests += 1
        match self.situation:
            case Situation.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                self.forget(connection)
                connection.close()
            case Situation.CUT:
                self._relay(connection)
            case _:
                pass  # It hangs: the connection stays open, and nobody reads it.

    def _relay(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, _CONNECTING_SECONDS)
        except OSError:
            self._end_both(client)
            return
        # What a driver sends is short: it fits into the buffers of the system.
        self.keep(server)
        self.watch(client, functools.partial(self._pass_on, client, server))
        self.watch(server, functools.partial(self._cut_answer, client, server))

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        sent = b""
        with contextlib.suppress(OSError):
            sent = client.recv(_PIECE)
            server.sendall(sent)
        if not sent:
            self._end_both(client, server)

    def _cut_answer(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            answer = server.recv(_PIECE)
            client.sendall(answer[: len(answer) // 2])
        self._end_both(client, server)

    def _end_both(self, *connections: socket.socket) -> None:
        for connection in connections:
            self.forget(connection)
            close_socket(connection)
