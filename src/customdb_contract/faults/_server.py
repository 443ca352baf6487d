"""The fault server: a store on loopback that fails in one way after another."""

import functools
import secrets
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from typing_extensions import override

from customdb_contract.faults._forwarding import forwarded
from customdb_contract.faults._listening import FailingPort, Store
from customdb_contract.faults._passes import Passes, with_later_requests
from customdb_contract.faults._requests import Request
from customdb_contract.transcript import LATER_REQUESTS, Situation

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
_SENDING_SECONDS: Final = 5.0
"""How long a client may take for an answer that is passed on."""

_UNKNOWN_PATH: Final = ("404 Not Found", "", _JSON, '{"error": "no such path"}')


class FaultServer(FailingPort[Situation]):
    """An HTTP server on 127.0.0.1 that fails as it is told to; a context manager.

    It refuses connections until the first `fail`, and keeps nothing of what it is sent, for there are passwords in it.
    Where it knows the real store, it can also pass the first requests of a call on, and answer the next one with 500.

    Args:
        at_any_path: Whether it fails whatever the path is; otherwise below `url` only, so that nobody else on this
            machine is taken for the scripts.
        real_url: The address of the real store, in whose place `url` stands; None where it is not known.
        passes: The requests of a call that reach their stores; shared by all stores of the same call.

    Raises:
        OSError: When no port of the loopback interface can be had.
    """

    def __init__(self, *, at_any_path: bool = False, real_url: str | None = None, passes: Passes | None = None) -> None:
        super().__init__("fault server")
        self._real_url = real_url
        self._passes = passes or Passes()
        self._path = "" if at_any_path else f"/{secrets.token_urlsafe(16)}"

    @property
    def url(self) -> str:
        """The address of the store that fails; every path below it does."""
        return f"http://127.0.0.1:{self._address[1]}{self._path}"

    @property
    @override
    def situations(self) -> tuple[Situation, ...]:
        return FAULTS if self._real_url is None else with_later_requests(FAULTS)

    @property
    @override
    def _refusing(self) -> Situation:
        return Situation.REFUSE

    @override
    def _open(self, listener: socket.socket, situation: Situation) -> Store[Situation]:
        return _HttpStore(listener, situation, self._path, self._real_url, self._passes)

    def begin_call(self) -> None:
        """Pass the first requests of the next call on, where the way to fail says so."""
        if self._store is not None:
            self._passes.begin(self._store.situation)


class _HttpStore(Store[Situation]):
    def __init__(
        self, listener: socket.socket, situation: Situation, path: str, real_url: str | None, passes: Passes
    ) -> None:
        self._path = path.encode()
        self._real_url = real_url if situation in LATER_REQUESTS else None
        self._passes = passes
        super().__init__(listener, situation)

    @override
    def on_connection(self, connection: socket.socket) -> None:
        self.watch(connection, functools.partial(self._receive, connection, Request(keeps=self._real_url is not None)))

    def _receive(self, connection: socket.socket, request: Request) -> None:
        try:
            received = connection.recv(65_536)
            request.add(received)
            if not received or request.is_too_long:
                self.end(connection)
            elif request.is_whole and not request.is_answered:
                request.is_answered = True
                self._answer(connection, request)
        except OSError:
            self.end(connection)

    def _answer(self, connection: socket.socket, request: Request) -> None:
        if not request.path.startswith(self._path):
            _respond(connection, _UNKNOWN_PATH)
            return
        if self._real_url is not None and self._passes.take():
            self._pass_on(connection, request, self._real_url)
            return
        self.requests += 1
        match self.situation:
            case Situation.HANG:
                self.unwatch(connection)
            case Situation.RESET:
                self.reset(connection)
            case situation:
                _respond(connection, _ANSWERS.get(situation, _ANSWERS[Situation.STATUS_500]))

    def _pass_on(self, connection: socket.socket, request: Request, real_url: str) -> None:
        """Answer as the real store does; nothing else waits meanwhile, for a check makes one call at a time."""
        path = request.path.removeprefix(self._path).decode("latin-1")
        answer = forwarded(request, path, real_url, keeps_host=not self._path)
        if answer is None:
            self.reset(connection)
            return
        connection.settimeout(_SENDING_SECONDS)
        connection.sendall(answer)
        connection.settimeout(0)
        connection.shutdown(socket.SHUT_WR)


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
