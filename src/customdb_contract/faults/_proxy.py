"""The fault proxy: stands between a driver and the real store, and fails in one way after another."""

import contextlib
import functools
import selectors
import socket
import time
from collections.abc import Sequence
from typing import Final

from attrs import frozen
from typing_extensions import override

from customdb_contract.faults._listening import FailingPort, Store
from customdb_contract.faults._passes import Passes, with_later_requests
from customdb_contract.faults._relay import Relay
from customdb_contract.transcript import LATER_REQUESTS, Situation

__all__ = ["PROXY_FAULTS", "FaultProxy"]

PROXY_FAULTS: Final[tuple[Situation, ...]] = (Situation.REFUSE, Situation.RESET, Situation.CUT, Situation.HANG)
"""The ways in which the proxy can fail, the one that costs time last."""

_CUTTING: Final = frozenset({Situation.CUT, *LATER_REQUESTS})

_CONNECTING_SECONDS: Final = 2.0
"""How long one address of the real store is waited for."""


class FaultProxy(FailingPort[Situation]):
    """A proxy on 127.0.0.1 that fails as it is told to, whatever protocol passes through it; a context manager.

    - It refuses connections.
    - It resets them as soon as they are made: to wait until the driver has said something would leave those
      waiting that let the store speak first, as MySQL does.
    - It cuts an answer: everything passes between the driver and the real store until the driver has asked something;
      of the first piece of the answer half passes, and the connection ends in order. Where the real store can't be
      reached, connections are reset.
    - It cuts the answer to a later question of a call only.
    - It answers nothing, so that whoever connects hangs.

    The real store is contacted for the cuts only. Nothing that passes is kept.

    Args:
        host: The host of the real store.
        port: Its port.
        passes: The questions of a call that are answered; shared by all stores of the same call.

    Raises:
        OSError: When no port of the loopback interface can be had.
    """

    def __init__(self, host: str, port: int, *, passes: Passes | None = None) -> None:
        super().__init__("fault proxy")
        self._target = (host, port)
        self._passes = passes or Passes()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the driver is to connect to."""
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
        # A name is looked up before the thread begins: nothing must keep that from being ended.
        return _Proxied(listener, situation, _places(*self._target) if situation in _CUTTING else (), self._passes)

    def begin_call(self) -> None:
        """Answer the first questions of the next call, where the way to fail says so."""
        if self._store is not None:
            self._passes.begin(self._store.situation)


def _never() -> bool:
    return False


@frozen
class _Place:
    """One of the addresses that the real store has."""

    family: socket.AddressFamily
    address: tuple[str | int | bytes, ...]


def _places(host: str, port: int) -> Sequence[_Place]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return [_Place(family, address) for family, _, _, _, address in found]


@frozen(eq=False)
class _Attempt:
    """A connection to the real store that is being made.

    Args:
        driver: The connection that waits for it.
        store: The connection.
        others: The addresses to try when this one is out of reach.
        deadline: Until when it is waited for, on the clock `time.monotonic`.
    """

    driver: socket.socket
    store: socket.socket
    others: Sequence[_Place]
    deadline: float


class _Proxied(Store[Situation]):
    def __init__(self, listener: socket.socket, situation: Situation, places: Sequence[_Place], passes: Passes) -> None:
        self._places = places
        self._may_pass = passes.take if situation in LATER_REQUESTS else _never
        self._attempts: set[_Attempt] = set()
        super().__init__(listener, situation)

    @override
    def on_connection(self, connection: socket.socket) -> None:
        match self.situation:
            case Situation.RESET:
                self.requests += 1
                self.reset(connection)
            case situation if situation in _CUTTING:
                self._try(connection, self._places)
            case _:
                self.requests += 1  # It hangs: the connection stays open, and nobody reads it.

    @override
    def seconds_to_wait(self) -> float | None:
        now = time.monotonic()
        for attempt in [attempt for attempt in self._attempts if attempt.deadline <= now]:
            self._try_others(attempt)
        return min((attempt.deadline - now for attempt in self._attempts), default=None)

    def _try(self, driver: socket.socket, places: Sequence[_Place]) -> None:
        for number, place in enumerate(places, start=1):
            # A family that this machine hasn't, or a process without a free file descriptor.
            with contextlib.suppress(OSError):
                store = socket.socket(place.family, socket.SOCK_STREAM)
                self.keep(store)
                store.connect_ex(place.address)
                attempt = _Attempt(driver, store, places[number:], time.monotonic() + _CONNECTING_SECONDS)
                self._attempts.add(attempt)
                self.watch(store, functools.partial(self._go_on, attempt), selectors.EVENT_WRITE)
                return
        # Where the first question should be answered, nothing is met in the middle.
        self.requests += self.situation is Situation.CUT
        self.reset(driver)

    def _try_others(self, attempt: _Attempt) -> None:
        self._attempts.remove(attempt)
        self.end(attempt.store)
        self._try(attempt.driver, attempt.others)

    def _go_on(self, attempt: _Attempt) -> None:
        try:
            attempt.store.getpeername()
        except OSError:
            self._try_others(attempt)
            return
        self._attempts.remove(attempt)
        self._advance(
            Relay(attempt.driver, attempt.store, functools.partial(self._leave, attempt.store), self._may_pass)
        )

    def _leave(self, store: socket.socket) -> None:
        self.requests += 1
        self.end(store)

    def _advance(self, relay: Relay) -> None:
        try:
            relay.advance()
        except OSError:
            self._end_both(relay)
            return
        if relay.is_over:
            self._end_both(relay)
            return
        for connection, events in relay.interests():
            self.watch(connection, functools.partial(self._advance, relay), events)

    def _end_both(self, relay: Relay) -> None:
        self.end(relay.driver)
        self.end(relay.store)
