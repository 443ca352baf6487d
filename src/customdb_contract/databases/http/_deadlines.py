"""A transport for synchronous calls with a time limit for the whole request, however slowly a response arrives.

The limits of httpx apply to each read, so a server that sends a byte now and then never exceeds them:
<https://www.python-httpx.org/advanced/timeouts/>.
"""

import ssl
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final

import httpcore
import httpx
from typing_extensions import override

__all__ = ["DeadlineTransport", "deadline"]

_DEADLINE: Final = ContextVar[float]("deadline")


@contextmanager
def deadline(seconds: float) -> Generator[None]:
    """Limit the time that this thread spends on a `DeadlineTransport`.

    Args:
        seconds: The limit.
    """
    before = _DEADLINE.set(monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(before)


def _left(timeout: float | None, late: type[Exception]) -> float:
    left = _DEADLINE.get() - monotonic()
    if left <= 0:
        raise late
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, local_address, socket_options))


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    @override
    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    @override
    def close(self) -> None:
        self._response.close()


class DeadlineTransport(httpx.BaseTransport):
    """The transport of httpx for synchronous calls, within `deadline`.

    Args:
        tls: The context to verify certificates with.
        connections: The most connections that can be open at once.
    """

    def __init__(self, tls: ssl.SSLContext, connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            tls, max_connections=connections, keepalive_expiry=5, network_backend=_Backend()
        )

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    @override
    def close(self) -> None:
        self._pool.close()
