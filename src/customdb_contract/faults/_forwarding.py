"""Forwards an HTTP request to the real store, and returns its answer."""

import http.client
import urllib.parse
from typing import Final

from customdb_contract.faults._requests import Request

__all__ = ["forwarded"]

_SECONDS: Final = 5.0
_MOST_BYTES: Final = 16_777_216
_OF_ONE_CONNECTION: Final = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "transfer-encoding"}
)


def forwarded(request: Request, path: str, real_url: str, *, keeps_host: bool) -> bytes | None:
    """Return the answer of the real store to a request, or None if the store is unreachable.

    Args:
        request: The complete request.
        path: Its path below the address of the fault server.
        real_url: The address of the real store.
        keeps_host: Whether to keep the host name that the client sent.
    """
    parts = urllib.parse.urlsplit(real_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    left_out = _OF_ONE_CONNECTION if keeps_host else _OF_ONE_CONNECTION | {"host"}
    headers = {name: value for name, value in request.headers.items() if name not in left_out}
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
        try:
            connection.request(request.method.decode("latin-1"), parts.path + path, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read(_MOST_BYTES)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_ONE_CONNECTION]
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in kept)]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
