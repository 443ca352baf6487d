"""The fault server: a store on loopback that fails in one way after another."""

import secrets
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from typing_extensions import override

from customdb_contract.faults._connections import Connection
from customdb_contract.faults._forwarding import forwarded
from customdb_contract.faults._listening import FailingPort, Store
from customdb_contract.faults._passes import Passes, with_later_requests
from customdb_contract.faults._requests import Request, answer, read_request
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
"""The ways in which the server can fail; the one that takes time comes last."""

_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=utf-8"
_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We will be back soon.</h1></body></html>"
)

_RETRY: Final[Mapping[str, str]] = {"Retry-After": "1"}

_ANSWERS: Final[Mapping[Situation, bytes]] = MappingProxyType(
    {
        Situation.STATUS_400: answer(400, _JSON, b'{"error": "bad request"}'),
        Situation.STATUS_401: answer(401, _JSON, b'{"error": "unauthorized"}', extra={"WWW-Authenticate": "Bearer"}),
        Situation.STATUS_403: answer(403, _JSON, b'{"error": "forbidden"}'),
        Situation.STATUS_404: answer(404, _JSON, b'{"error": "not found"}'),
        Situation.STATUS_429: answer(429, _JSON, b'{"error": "too many requests"}', extra=_RETRY),
        Situation.STATUS_500: answer(500, _JSON, b'{"error": "internal server error"}'),
        Situation.STATUS_503: answer(503, _HTML, _PAGE, extra=_RETRY),
        Situation.HTML_PAGE: answer(200, _HTML, _PAGE),
        Situation.EMPTY_BODY: answer(200, _JSON, b""),
        Situation.EMPTY_ARRAY: answer(200, _JSON, b"[]"),
        Situation.EMPTY_OBJECT: answer(200, _JSON, b"{}"),
        Situation.TRUNCATED_JSON: answer(200, _JSON, b'{"data": {"user": {"id": 7, "ema'),
        Situation.WRONG_SHAPE: answer(200, _JSON, b'{"data": {"items": [{"kind": "notice", "text": "moved"}]}}'),
    }
)
_UNKNOWN_PATH: Final = answer(404, _JSON, b'{"error": "no such path"}')


class FaultServer(FailingPort[Situation]):
    """An HTTP server on 127.0.0.1 that fails as configured; a context manager.

    It refuses connections until the first `fail`, and stores no requests, because they contain passwords. If it knows
    the real store, it can also forward the first requests of a call, and answer the next one with 500.

    Args:
        at_any_path: Whether it fails at any path; otherwise only below `url`, so that other programs on this machine
            are not mistaken for the scripts.
        real_url: The address of the real store, which `url` replaces; None if it is not known.
        passes: The requests of a call that reach their stores; shared by all stores of the same call.

    Raises:
        OSError: If no port of the loopback interface is available.
    """

    def __init__(self, *, at_any_path: bool = False, real_url: str | None = None, passes: Passes | None = None) -> None:
        super().__init__("fault server")
        self._real_url = real_url
        self._passes = passes or Passes()
        self._path = "" if at_any_path else f"/{secrets.token_urlsafe(16)}"

    @property
    def url(self) -> str:
        """The address of the failing store; every path below it fails."""
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
        """Forward the first requests of the next call, if the way to fail includes that."""
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
    async def serve(self, connection: Connection) -> None:
        request = await read_request(connection.reader, keeps=self._real_url is not None)
        if not request.path.startswith(self._path):
            await connection.answer(_UNKNOWN_PATH)
            return
        if self._real_url is not None and self._passes.take():
            await self._pass_on(connection, request, self._real_url)
            return
        self.requests += 1
        match self.situation:
            case Situation.HANG:
                await connection.hold()
            case Situation.RESET:
                connection.reset()
            case situation:
                await connection.answer(_ANSWERS.get(situation, _ANSWERS[Situation.STATUS_500]))

    async def _pass_on(self, connection: Connection, request: Request, real_url: str) -> None:
        """Answer as the real store does; nothing else waits meanwhile, because a check makes one call at a time."""
        path = request.path.removeprefix(self._path).decode("latin-1")
        passed = forwarded(request, path, real_url, keeps_host=not self._path)
        if passed is None:
            connection.reset()
            return
        await connection.answer(passed)
