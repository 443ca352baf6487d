"""What the fault server and the fault proxy share: one port of the loopback interface, and the thread behind it."""

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
"""The ways to fail, or to answer."""

_SETTLING_SECONDS: Final = 5.0
"""How long is waited at most: a client may never stop sending."""


class _Selector(selectors.DefaultSelector):
    """Notices when its loop has nothing left to do but wait."""

    def __init__(self) -> None:
        super().__init__()
        self.settling: list[threading.Event] = []

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # The loop gives a timeout of 0 where it has something to do.
        if self.settling and timeout != 0:
            if ready := super().select(0):
                return ready
            while self.settling:
                self.settling.pop().set()
        return super().select(timeout)


class Store(ABC, Generic[KindT]):
    """The store between two switches: one event loop in one thread has every connection, and none outlives a switch.

    Args:
        listener: The socket that connections come to; it listens already.
        situation: How to fail.
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
        """Do what is to be done with a connection that has just come, which ends afterwards.

        Args:
            connection: The connection.

        Raises:
            OSError: When it broke.
            EOFError: When its client ended it too early.
        """

    def close(self) -> None:
        """Cut every connection, and end the thread."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def settle(self) -> None:
        """Wait until what has arrived by now is dealt with, also where its client has gone already."""
        settled = threading.Event()
        self._loop.call_soon_threadsafe(self._selector.settling.append, settled)
        settled.wait(_SETTLING_SECONDS)

    def _run(self, listener: socket.socket) -> None:
        # In development mode it would complain of answers that wait for each other.
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
        # A client that gave up meanwhile, or a process without a free file descriptor: neither ends the store.
        with contextlib.suppress(OSError):
            sock, _ = listener.accept()
            sock.settimeout(0)
            task = self._loop.create_task(self._serve_one(sock))
            self._tasks.add(task)
            # It may be cancelled before it begins.
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
        shut(self._socket)
        self._socket.close()


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
