"""The common base of the fault server and the fault proxy: a port of the loopback interface, and its thread."""

import asyncio
import contextlib
import functools
import selectors
import socket
import threading
from abc import ABC, abstractmethod
from enum import StrEnum
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from typing_extensions import override

from customdb_contract.faults._connections import Connection, shut
from customdb_contract.faults._requests import HEAD_BYTES

__all__ = ["FailingPort", "Store"]

KindT = TypeVar("KindT", bound=StrEnum)
"""The type of the ways to fail or to answer."""

_SETTLING_SECONDS: Final = 5.0
"""The longest wait, in seconds, because a client can send forever."""


class _Selector(selectors.DefaultSelector):
    """Detects when its loop has nothing left to do but wait."""

    def __init__(self) -> None:
        super().__init__()
        self.settling: list[threading.Event] = []

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # The loop passes a timeout of 0 if it has something to do.
        if self.settling and timeout != 0:
            if ready := super().select(0):
                return ready
            while self.settling:
                self.settling.pop().set()
        return super().select(timeout)


class Store(ABC, Generic[KindT]):
    """The store between two switches: one event loop in one thread handles all connections, and none outlives a switch.

    Args:
        listener: The socket for connections, which is already listening.
        situation: The way to fail.
    """

    def __init__(self, listener: socket.socket, situation: KindT) -> None:
        self.requests = 0
        self.situation = situation
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._selector = _Selector()
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self._thread = threading.Thread(
            target=self._run, args=(listener,), daemon=True, name="customdb-contract faults"
        )
        self._thread.start()

    @abstractmethod
    async def serve(self, connection: Connection) -> None:
        """Handle a new connection, which ends afterwards.

        Args:
            connection: The connection.

        Raises:
            OSError: If it broke.
            EOFError: If its client ended it too early.
        """

    def close(self) -> None:
        """Cut every connection, and end the thread."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def settle(self) -> None:
        """Wait until everything that has arrived is handled, even if its client has left."""
        settled = threading.Event()
        self._loop.call_soon_threadsafe(self._selector.settling.append, settled)
        settled.wait(_SETTLING_SECONDS)

    def _run(self, listener: socket.socket) -> None:
        # In development mode, it would complain about answers that wait for each other.
        with asyncio.Runner(debug=False, loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        listener.settimeout(0)
        self._loop.add_reader(listener, self._accept, listener)
        await self._over.wait()
        self._loop.remove_reader(listener)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.sleep(0)
        # A transport that was aborted is closed in the next round.
        await asyncio.sleep(0)

    def _accept(self, listener: socket.socket) -> None:
        # A client that gave up, or a process without a free file descriptor, must not end the store.
        with contextlib.suppress(OSError):
            sock, _ = listener.accept()
            sock.settimeout(0)
            task = self._loop.create_task(self._serve_one(sock))
            self._tasks.add(task)
            # It can be cancelled before it starts.
            task.add_done_callback(functools.partial(self._end, sock))

    async def _serve_one(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            connection = Connection(*await asyncio.open_connection(sock=sock, limit=HEAD_BYTES))
            try:
                await self.serve(connection)
            finally:
                connection.end()

    def _end(self, sock: socket.socket, task: asyncio.Task[None]) -> None:
        shut(sock)
        sock.close()
        self._tasks.discard(task)


class FailingPort(ABC, Generic[KindT]):
    """A port of 127.0.0.1 that fails as configured; a context manager.

    It refuses connections until the first `fail`.

    Args:
        name: Its name in messages.

    Raises:
        OSError: If no port of the loopback interface is available.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._switching = threading.Lock()
        # A bound socket that does not listen keeps the port while connections are refused.
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
        """The ways to fail; the one that takes time comes last."""

    @property
    @abstractmethod
    def _refusing(self) -> KindT:
        """The way to fail in which no connection is accepted."""

    @abstractmethod
    def _open(self, listener: socket.socket, situation: KindT) -> Store[KindT]: ...

    @property
    def requests(self) -> int:
        """The number of requests since the last switch, not counting refused ones."""
        self.settle()
        store = self._store
        return store.requests if store is not None else 0

    def fail(self, situation: KindT) -> None:
        """Change the way to fail; open connections are cut.

        Args:
            situation: One of `situations`.

        Raises:
            ValueError: If the situation is not one of them, or the port is closed.
            OSError: If another process took the port during the switch.
        """
        if situation not in self.situations:
            message = f"the {self._name} cannot do {situation.value!r}; it can do {', '.join(self.situations)}"
            raise ValueError(message)
        with self._switching:
            if self._is_closed:
                message = f"the {self._name} is closed, so it cannot do {situation.value!r}; create a new one"
                raise ValueError(message)
            self._cut()
            self._socket = _bound(self._address)
            if situation != self._refusing:
                self._socket.listen()
                self._store = self._open(self._socket, situation)

    def settle(self) -> None:
        """Wait until everything that has arrived is handled."""
        store = self._store
        if store is not None:
            store.settle()

    def close(self) -> None:
        """Cut every connection and release the port; a second call does nothing."""
        with self._switching:
            self._is_closed = True
            self._cut()

    def _cut(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
        shut(self._socket)
        self._socket.close()


def _bound(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # The port must be free again at once, whatever the state of its connections.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock
