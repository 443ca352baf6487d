"""The fault server: a store on loopback that fails in one way after another."""

import contextlib
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Final, Literal, Self, TypeAlias

from customdb_contract.transcript import Situation

__all__ = ["FAULTS", "FaultServer"]

FAULTS: Final[tuple[Situation, ...]] = (
    Situation.REFUSE,
    Situation.RESET,
    Situation.STATUS_400,
    Situation.STATUS_401,
    Situation.STATUS_403,
    Situation.STATUS_404,
    Situation.STATUS_429,
    Situation.STATUS_500,
    Situation.STATUS_503,
    Situation.HTML_PAGE,
    Situation.EMPTY_BODY,
    Situation.EMPTY_ARRAY,
    Situation.EMPTY_OBJECT,
    Situation.TRUNCATED_JSON,
    Situation.WRONG_SHAPE,
    Situation.HANG,
)
"""The ways in which the server can fail, the one that costs time last."""

_Target: TypeAlias = Callable[[socket.socket], object]

_MOST_BYTES: Final = 1_048_576
"""Bytes of one request that are read; whoever sends more is cut off."""

_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=utf-8"
_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We will be back soon.</h1></body></html>"
)

_ANSWERS: Final[Mapping[Situation, tuple[str, str, str, str]]] = MappingProxyType(
    {
        Situation.STATUS_400: ("400 Bad Request", "", _JSON, '{"error": "bad request"}'),
        Situation.STATUS_401: ("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", _JSON, '{"error": "unauthorized"}'),
        Situation.STATUS_403: ("403 Forbidden", "", _JSON, '{"error": "forbidden"}'),
        Situation.STATUS_404: ("404 Not Found", "", _JSON, '{"error": "not found"}'),
        Situation.STATUS_429: ("429 Too Many Requests", "Retry-After: 60\r\n", _JSON, '{"error": "too many requests"}'),
        Situation.STATUS_500: ("500 Internal Server Error", "", _JSON, '{"error": "internal server error"}'),
        Situation.STATUS_503: ("503 Service Unavailable", "Retry-After: 60\r\n", _HTML, _PAGE),
        Situation.HTML_PAGE: ("200 OK", "", _HTML, _PAGE),
        Situation.EMPTY_BODY: ("200 OK", "", _JSON, ""),
        Situation.EMPTY_ARRAY: ("200 OK", "", _JSON, "[]"),
        Situation.EMPTY_OBJECT: ("200 OK", "", _JSON, "{}"),
        Situation.TRUNCATED_JSON: ("200 OK", "", _JSON, '{"data": {"user": {"id": 7, "ema'),
        Situation.WRONG_SHAPE: ("200 OK", "", _JSON, '{"data": {"items": [{"kind": "notice", "text": "moved"}]}}'),
    }
)
_UNKNOWN_PATH: Final = ("404 Not Found", "", _JSON, '{"error": "no such path"}')


class FaultServer:
    """An HTTP server on 127.0.0.1 that fails as it is told to; a context manager.

    It keeps nothing of what it is sent, for there are passwords in it.

    Raises:
        OSError: When no port of the loopback interface can be had.
    """

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(16)
        # Bound and never listening: it keeps the port while connections to it are refused.
        self._placeholder = _bound(("127.0.0.1", 0))
        self._address: tuple[str, int] = self._placeholder.getsockname()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._situation = Situation.REFUSE
        self._requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address of the store that fails; every path below it does."""
        return f"http://127.0.0.1:{self._address[1]}/{self._token}"

    @property
    def requests(self) -> int:
        """How many requests for `url` came since the last switch."""
        with self._lock:
            return self._requests

    def fail(self, situation: Situation) -> None:
        """Fail in another way from now on; connections that are still open are cut.

        Args:
            situation: One of `FAULTS`.

        Raises:
            ValueError: When it is none of them.
        """
        if situation not in FAULTS:
            message = f"the fault server cannot do {situation.value!r}; it can do {', '.join(FAULTS)}"
            raise ValueError(message)
        self._stop_listening()
        with self._lock:
            self._situation = situation
            self._requests = 0
        if situation is not Situation.REFUSE:
            self._listener = _bound(self._address)
            self._listener.listen()
            self._acceptor = self._start(self._accept, self._listener)

    def close(self) -> None:
        """Cut every connection and give the port back."""
        self._stop_listening()
        self._placeholder.close()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone would not wake the thread that waits for a connection.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        # No connection can be added any more once the acceptor has ended.
        if self._acceptor is not None:
            self._acceptor.join()
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in tuple(self._threads):
            thread.join()

    def _start(self, target: _Target, sock: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(target, sock), daemon=True, name="customdb-contract faults")
        self._threads.add(thread)
        thread.start()
        return thread

    def _run(self, target: _Target, sock: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                target(sock)
        finally:
            self._threads.discard(threading.current_thread())

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with self._lock:
                self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while self._answer(connection):
                    pass
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _answer(self, connection: socket.socket) -> bool:
        """Read one request and fail; return whether another one may come over the connection."""
        path = _read_request(connection)
        if path is None:
            return False
        if not path.startswith(f"/{self._token}"):
            connection.sendall(_response(*_UNKNOWN_PATH))
            return False
        with self._lock:
            self._requests += 1
            situation = self._situation
        if situation is Situation.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if situation is Situation.HANG:
            return _wait_until_cut(connection)
        connection.sendall(_response(*_ANSWERS[situation]))
        return True


def _bound(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Lets the listening socket share the port with the placeholder.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _read_request(connection: socket.socket) -> str | None:
    """Read one HTTP request to its end, and return its path; None when there is none."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65_536)
        if not received or len(head) > _MOST_BYTES:
            return None
        head += received
    head, _, body = head.partition(b"\r\n\r\n")
    left = _content_length(head) - len(body)
    while 0 < left <= _MOST_BYTES:
        received = connection.recv(65_536)
        if not received:
            return None
        left -= len(received)
    words = head.split(b"\r\n", 1)[0].split()
    return words[1].decode("latin-1") if len(words) > 1 else None


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length" and value.strip().isdigit():
            return int(value[:20])
    return 0


def _wait_until_cut(connection: socket.socket) -> Literal[False]:
    while connection.recv(65_536):
        pass
    return False


def _response(status: str, extra: str, kind: str, body: str) -> bytes:
    length = len(body.encode())
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{extra}\r\n"
    return (head + body).encode()
