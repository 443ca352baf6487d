"""The fault server: a store on loopback that fails in one way after another."""

import functools
import secrets
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from typing_extensions import override

from customdb_contract.faults._listening import FailingPort, Store
from customdb_contract.faults._requests import Request
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
        Situation.STATUS_429: ("429 Too Many Requests", "Retry-After: 1\r\n", _JSON, '{"error": "too many requests"}'),
        Situation.STATUS_500: ("500 Internal Server Error", "", _JSON, '{"error": "internal server error"}'),
        Situation.STATUS_503: ("503 Service Unavailable", "Retry-After: 1\r\n", _HTML, _PAGE),
        Situation.HTML_PAGE: ("200 OK", "", _HTML, _PAGE),
        Situation.EMPTY_BODY: ("200 OK", "", _JSON, ""),
        Situation.EMPTY_ARRAY: ("200 OK", "", _JSON, "[]"),
        Situation.EMPTY_OBJECT: ("200 OK", "", _JSON, "{}"),
        Situation.TRUNCATED_JSON: ("200 OK", "", _JSON, '{"data": {"user": {"id": 7, "ema'),
        Situation.WRONG_SHAPE: ("200 OK", "", _JSON, '{"data": {"items": [{"kind": "notice", "text": "moved"}]}}'),
    }
)
_UNKNOWN_PATH: Final = ("404 Not Found", "", _JSON, '{"error": "no such path"}')


class FaultServer(FailingPort[Situation]):
    """An HTTP server on 127.0.0.1 that fails as it is told to; a context manager.

    It refuses connections until the first `fail`, and keeps nothing of what it is sent, for there are passwords in it.

    Args:
        at_any_path: Whether it fails whatever the path is; otherwise below `url` only, so that nobody else on this
            machine is taken for the scripts.

    Raises:
        OSError: When no port of the loopback interface can be had.
    """

    def __init__(self, *, at_any_path: bool = False) -> None:
        super().__init__("fault server")
        self._path = "" if at_any_path else f"/{secrets.token_urlsafe(16)}"

    @property
    def url(self) -> str:
        """The address of the store that fails; every path below it does."""
        return f"http://127.0.0.1:{self._address[1]}{self._path}"

    @property
    @override
    def situations(self) -> tuple[Situation, ...]:
        return FAULTS

    @property
    @override
    def _refusing(self) -> Situation:
        return Situation.REFUSE

    @override
    def _open(self, listener: socket.socket, situation: Situation) -> Store[Situation]:
        return _HttpStore(listener, situation, self._path)


class _HttpStore(Store[Situation]):
    def __init__(self, listener: socket.socket, situation: Situation, path: str) -> None:
        self._path = path.encode()
        super().__init__(listener, situation)

    @override
    def on_connection(self, connection: socket.socket) -> None:
        self.watch(connection, functools.partial(self._receive, connection, Request(keeps=False)))

    def _receive(self, connection: socket.socket, request: Request) -> None:
        try:
            received = connection.recv(65_536)
            request.add(received)
            if not received or request.is_too_long:
                self.end(connection)
            elif request.is_whole and not request.is_answered:
                request.is_answered = True
                self._answer(connection, request.path)
        except OSError:
            self.end(connection)

    def _answer(self, connection: socket.socket, path: bytes) -> None:
        if not path.startswith(self._path):
            _respond(connection, _UNKNOWN_PATH)
            return
        self.requests += 1
        match self.situation:
            case Situation.HANG:
                self.unwatch(connection)
            case Situation.RESET:
                self.reset(connection)
            case situation:
                _respond(connection, _ANSWERS[situation])


def _respond(connection: socket.socket, answer: tuple[str, str, str, str]) -> None:
    status, extra, kind, body = answer
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body.encode())}",
        "Connection: close",
    )
    connection.sendall("\r\n".join((*lines, f"{extra}\r\n{body}")).encode())
    # Closing now would reset a connection on which more was sent, and take the answer from the client.
    connection.shutdown(socket.SHUT_WR)
