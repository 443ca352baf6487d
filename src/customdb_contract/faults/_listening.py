"""What the fault server and the fault proxy share: one port of the loopback interface, and the thread behind it."""

import contextlib
import selectors
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

__all__ = ["FailingPort", "Store"]

KindT = TypeVar("KindT", bound=StrEnum)
"""The ways to fail, or to answer."""

_SETTLING_SECONDS: Final = 5.0
_MOST_ROUNDS: Final = 1_000
"""How often it is looked whether more has arrived: a client that never stops sending is not waited for."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""The value of SO_LINGER that makes closing a connection reset it."""


class Store(ABC, Generic[KindT]):
    """The store between two switches: one thread that owns every connection, so that none outlives a switch.

    Args:
        listener: The socket that connections come to; it listens already.
        situation: How to fail.
    """

    def __init__(self, listener: socket.socket, situation: KindT) -> None:
        self.requests = 0
        self.situation = situation
        self._listener = listener
        self._connections: set[socket.socket] = set()
        self._is_over = False
        self._settled = threading.Event()
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True, name="customdb-contract faults")
        self._thread.start()

    @abstractmethod
    def on_connection(self, connection: socket.socket) -> None:
        """Do what is to be done with a connection that has just come.

        Args:
            connection: The connection, which is kept already.
        """

    def close(self) -> None:
        """Cut every connection, and end the thread."""
        self._stop.close()
        self._thread.join()

    def settle(self) -> None:
        """Wait until what has arrived by now is dealt with, also where its client has gone already."""
        self._settled.clear()
        self._stop.send(b"?")
        self._settled.wait(_SETTLING_SECONDS)

    def seconds_to_wait(self) -> float | None:
        """Give up what has taken too long, and return the seconds until this is to be done again, or None for never."""
        return None

    def keep(self, connection: socket.socket) -> None:
        """Own a connection, so that it ends with the store; it does not block.

        Args:
            connection: The connection.
        """
        connection.settimeout(0)
        self._connections.add(connection)

    def watch(
        self, connection: socket.socket, on_ready: Callable[[], None], events: int = selectors.EVENT_READ
    ) -> None:
        """Have a function called whenever something can be done with a connection, in place of the function before.

        Args:
            connection: The connection.
            on_ready: The function; it raises nothing, and can tell when the connection has ended meanwhile.
            events: What to wait for, as in `selectors`; 0 for nothing.
        """
        self.unwatch(connection)
        if events:
            self._selector.register(connection, events, on_ready)

    def unwatch(self, connection: socket.socket) -> None:
        """Wait for nothing of a connection, which stays open.

        Args:
            connection: The connection.
        """
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)

    def end(self, connection: socket.socket) -> None:
        """End a connection in order; ending it again does nothing.

        Args:
            connection: The connection.
        """
        self._forget(connection)
        _close(connection)

    def reset(self, connection: socket.socket) -> None:
        """Reset a connection.

        Args:
            connection: The connection.
        """
        self._forget(connection)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        connection.close()

    def _forget(self, connection: socket.socket) -> None:
        self.unwatch(connection)
        self._connections.discard(connection)

    def _run(self) -> None:
        self._listener.settimeout(0)
        with selectors.DefaultSelector() as self._selector:
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
            self._selector.register(self._stopped, selectors.EVENT_READ, self._on_told)
            while not self._is_over:
                for key, _ in self._selector.select(self.seconds_to_wait()):
                    key.data()
        self._stopped.close()
        for connection in self._connections:
            _close(connection)

    def _on_told(self) -> None:
        if not self._stopped.recv(1):
            self._is_over = True
            return
        for _ in range(_MOST_ROUNDS):
            ready = [key for key, _ in self._selector.select(0) if key.fileobj is not self._stopped]
            if not ready:
                break
            for key in ready:
                key.data()
        self._settled.set()

    def _accept(self) -> None:
        # A client that gave up meanwhile, or a process without a free file descriptor: neither ends the store.
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            self.keep(connection)
            self.on_connection(connection)


class FailingPort(ABC, Generic[KindT]):
    """A port of 127.0.0.1 behind which something fails as it is told to; a context manager.

    It refuses connections until the first `fail`.

    Args:
        name: What it is called in messages.

    Raises:
        OSError: When no port of the loopback interface can be had.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._switching = threading.Lock()
        # Bound and not listening, it keeps the port while connections are refused.
        self._socket = _bound(("127.0.0.1", 0))
        self._address: tuple[str, int] = self._socket.getsockname()
        self._store: Store[KindT] | None = None
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    @abstractmethod
    def situations(self) -> tuple[KindT, ...]:
        """The ways in which it can fail, the one that costs time last."""

    @property
    @abstractmethod
    def _refusing(self) -> KindT:
        """The way in which no connection is accepted."""

    @abstractmethod
    def _open(self, listener: socket.socket, situation: KindT) -> Store[KindT]: ...

    @property
    def requests(self) -> int:
        """How many requests came since the last switch; one that is refused is not seen."""
        self.settle()
        store = self._store
        return store.requests if store is not None else 0

    def fail(self, situation: KindT) -> None:
        """Fail in another way from now on; connections that are still open are cut.

        Args:
            situation: One of `situations`.

        Raises:
            ValueError: When it is none of them, or the port is closed.
            OSError: When another process took the port during the switch.
        """
        if situation not in self.situations:
            message = f"the {self._name} cannot do {situation.value!r}; it can do {', '.join(self.situations)}"
            raise ValueError(message)
        with self._switching:
            if self._is_closed:
                message = f"the {self._name} is closed, so it cannot do {situation.value!r}; make a new one"
                raise ValueError(message)
            self._cut()
            self._socket = _bound(self._address)
            if situation != self._refusing:
                self._socket.listen()
                self._store = self._open(self._socket, situation)

    def settle(self) -> None:
        """Wait until what has arrived by now is dealt with."""
        store = self._store
        if store is not None:
            store.settle()

    def close(self) -> None:
        """Cut every connection and give the port back; closing again does nothing."""
        with self._switching:
            self._is_closed = True
            self._cut()

    def _cut(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
        _close(self._socket)


def _close(sock: socket.socket) -> None:
    # A process that was forked off meanwhile has a copy: closing ours alone would leave the connection open.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def _bound(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # The port must be free again at once, whatever became of the connections to it.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock
