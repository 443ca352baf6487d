"""The fault proxy, which is between a driver and the real store, and fails in one way after another."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Final

from attrs import frozen
from typing_extensions import override

from customdb_contract.faults._connections import Connection
from customdb_contract.faults._listening import FailingPort, Store
from customdb_contract.faults._passes import Passes, with_later_requests
from customdb_contract.faults._relay import Relay
from customdb_contract.transcript import LATER_REQUESTS, Situation

__all__ = ["PROXY_FAULTS", "FaultProxy"]

PROXY_FAULTS: Final[tuple[Situation, ...]] = (Situation.REFUSE, Situation.RESET, Situation.CUT, Situation.HANG)
"""The ways in which the proxy can fail; the one that takes time comes last."""

_CUTTING: Final = frozenset({Situation.CUT, *LATER_REQUESTS})

_CONNECTING_SECONDS: Final = 2.0
"""Seconds to wait for an address of the real store."""


class FaultProxy(FailingPort[Situation]):
    """A proxy on 127.0.0.1 that fails as configured, for any protocol; a context manager.

    - It refuses connections.
    - It resets them as soon as they are established: if it waited for the driver to send something, drivers of
      protocols in which the store sends first, such as MySQL, would hang.
    - It cuts an answer: everything passes between the driver and the real store until the driver sends a query. Half of
      the first piece of the answer passes, and the connection ends in an orderly way. If the real store is unreachable,
      connections are reset.
    - It cuts only the answer to a later query of a call.
    - It sends nothing, so that every client hangs.

    It contacts the real store only to cut answers, and stores nothing.

    Args:
        host: The host of the real store.
        port: Its port.
        passes: The queries of a call that are answered; shared by all stores of the same call.

    Raises:
        OSError: If no port of the loopback interface is available.
    """

    def __init__(self, host: str, port: int, *, passes: Passes | None = None) -> None:
        super().__init__("fault proxy")
        self._target = (host, port)
        self._passes = passes or Passes()

    @property
    def address(self) -> tuple[str, int]:
        """The host and port for the driver to connect to."""
        return self._address

    @property
    @override
    def situations(self) -> tuple[Situation, ...]:
        return with_later_requests(PROXY_FAULTS)

    @property
    @override
    def _refusing(self) -> Situation:
        return Situation.REFUSE

    @override
    def _open(self, listener: socket.socket, situation: Situation) -> Store[Situation]:
        # A name is resolved before the thread starts, because nothing must keep the thread from being ended.
        return _Proxied(listener, situation, _places(*self._target) if situation in _CUTTING else (), self._passes)

    def begin_call(self) -> None:
        """Answer the first queries of the next call, if the way to fail includes that."""
        if self._store is not None:
            self._passes.begin(self._store.situation)


def _never() -> bool:
    return False


@frozen
class _Place:
    """An address of the real store."""

    family: socket.AddressFamily
    host: str
    port: int


def _places(host: str, port: int) -> Sequence[_Place]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return [_Place(family, str(address[0]), int(address[1])) for family, _, _, _, address in found]


class _Proxied(Store[Situation]):
    def __init__(self, listener: socket.socket, situation: Situation, places: Sequence[_Place], passes: Passes) -> None:
        self._places = places
        self._may_pass = passes.take if situation in LATER_REQUESTS else _never
        super().__init__(listener, situation)

    @override
    async def serve(self, connection: Connection) -> None:
        if self.situation in _CUTTING:
            await self._relay(connection)
            return
        self.requests += 1
        if self.situation is Situation.RESET:
            connection.reset()
        else:
            await connection.hold()

    async def _relay(self, driver: Connection) -> None:
        store = await self._reached()
        if store is None:
            # If the first query should be answered, no answer is cut in the middle.
            self.requests += self.situation is Situation.CUT
            driver.reset()
            return
        try:
            await Relay(driver, store, self._count, self._may_pass).run()
        finally:
            store.end()

    async def _reached(self) -> Connection | None:
        for place in self._places:
            # An unsupported address family, no free file descriptor, or no answer.
            with contextlib.suppress(OSError):
                async with asyncio.timeout(_CONNECTING_SECONDS):
                    return Connection(*await asyncio.open_connection(place.host, place.port, family=place.family))
        return None

    def _count(self) -> None:
        self.requests += 1
