"""A request to the legacy system over HTTPS, for the metadata of one user."""

import asyncio
import json
import socket
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPSConnection
from typing import Final, cast
from urllib.parse import SplitResult, quote, urlsplit

from customdb_contract.actions._restoring import UnusableAnswerError

__all__ = ["ask_legacy_api"]

URL: Final = "LEGACY_API_URL"
SECRET: Final = "LEGACY_API_SECRET"  # noqa: S105 - the name of a secret

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SOCKET_SECONDS: Final = 10.0
_LARGEST: Final = 256 * 1024
"""Maximum bytes of a response, more than a log-in can store; a longer one is cut off, and so is not JSON."""

_FOUND: Final = 200
_NOT_FOUND: Final = 404


async def ask_legacy_api(user_id: str, secrets: Mapping[str, str]) -> Mapping[str, object] | None:
    """Request `GET {LEGACY_API_URL}/{user_id}`, with `LEGACY_API_SECRET` as the bearer token.

    Redirects are not followed, so the token is sent to no other host. Cancelling ends the request.

    Args:
        user_id: The id of the user in the legacy system.
        secrets: The secrets of the Action.

    Returns:
        The response, which is a profile as `get_user` returns it, with `user_id`, `app_metadata` and `user_metadata`;
        None if the legacy system responded with 404.

    Raises:
        UnusableAnswerError: When a secret is missing or wrong, or the response is neither of these.
        OSError: When the legacy system is unreachable.
    """
    address, token = _settings(secrets)
    secure = address.scheme == "https"
    connect = HTTPSConnection if secure else HTTPConnection
    connection = connect(address.hostname or "", address.port, timeout=_SOCKET_SECONDS)
    path = f"{address.path.rstrip('/')}/{quote(user_id, safe='')}"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    with closing(connection):
        await asyncio.to_thread(connection.connect)
        with _cut_off(connection.sock):
            status, body = await asyncio.to_thread(_exchange, connection, path, headers)
    return _read(status, body)


def _settings(secrets: Mapping[str, str]) -> tuple[SplitResult, str]:
    missing = [name for name in (URL, SECRET) if not secrets.get(name)]
    if missing:
        message = f"the secret {' and '.join(missing)} is not set"
        raise UnusableAnswerError(message)
    address = urlsplit(secrets[URL])
    is_safe = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
    if not is_safe or address.query or address.fragment:
        message = f"the secret {URL} must start with https:// and must not have a query"
        raise UnusableAnswerError(message)
    return address, secrets[SECRET]


def _exchange(connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Send a request and read the response; this runs on a thread of its own."""
    connection.request("GET", path, headers=dict(headers))
    response = connection.getresponse()
    return response.status, response.read(_LARGEST)


@contextmanager
def _cut_off(connected: socket.socket) -> Generator[None]:
    """Shut a socket down at the end, which stops a thread that still reads from it."""
    try:
        yield
    finally:
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)


def _read(status: int, body: bytes) -> Mapping[str, object] | None:
    if status not in {_FOUND, _NOT_FOUND}:
        message = f"status {status}"
        raise UnusableAnswerError(message)
    if status == _NOT_FOUND and not body:
        return None
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        # A page that says "not found" comes from something in front of the legacy system.
        message = f"the response with status {status} is not a JSON object"
        raise UnusableAnswerError(message)
    return None if status == _NOT_FOUND else cast("Mapping[str, object]", answer)
