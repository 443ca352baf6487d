"""Sends requests: a client for synchronous calls, and one for coroutines."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpcore
import httpx

from customdb_contract.databases._store import StoreError
from customdb_contract.databases.http._access import Access
from customdb_contract.databases.http._answers import Answer, Question, read_answer, unusable
from customdb_contract.databases.http._deadlines import DeadlineTransport, deadline

__all__ = ["AsyncClient", "SyncClient"]

_FAILURES: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.ConnectionNotAvailable,
    OSError,
)


def _no_cookies() -> CookieJar:
    # The session of one user must not be sent with the log-in of the next.
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


class _Requests:
    """Converts requests for httpx, and its responses."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def of(self, question: Question) -> httpx.Request:
        headers, content = self.access.headers, None
        if question.body is not None:
            content = json.dumps(question.body).encode()
            headers["Content-Type"] = "application/json"
        url = httpx.URL(self.access.url + question.target)
        timeout = self.access.limits.as_dict()
        return httpx.Request(question.method, url, headers=headers, content=content, extensions={"timeout": timeout})

    def check(self, response: httpx.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            unusable("it is compressed, which was not requested")

    def check_size(self, size: int) -> None:
        if size > self.access.largest_answer:
            unusable(f"it has more than {self.access.largest_answer} bytes")


class SyncClient:
    """Sends requests synchronously; it can be used from several threads.

    Args:
        access: The access to the API.
    """

    def __init__(self, access: Access) -> None:
        self._requests = _Requests(access)
        transport = DeadlineTransport(access.verified_by, access.connections)
        self._client = httpx.Client(transport=transport, cookies=_no_cookies(), trust_env=False)

    async def ask(self, question: Question) -> Answer:
        """Send a request, and return the response."""
        try:
            with deadline(self._requests.access.timeout):
                response = self._client.send(self._requests.of(question), stream=True)
                try:
                    self._requests.check(response)
                    return read_answer(response.status_code, self._body(response.iter_raw()))
                finally:
                    response.close()
        except _FAILURES:
            raise StoreError from None

    def _body(self, chunks: Iterator[bytes]) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            self._requests.check_size(len(body))
        return bytes(body)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class AsyncClient:
    """Sends requests for coroutines; it belongs to one event loop.

    Args:
        access: The access to the API.
    """

    def __init__(self, access: Access) -> None:
        self._requests = _Requests(access)
        self._client = httpx.AsyncClient(
            verify=access.verified_by,
            limits=httpx.Limits(max_connections=access.connections, keepalive_expiry=5),
            cookies=_no_cookies(),
            trust_env=False,
        )

    async def ask(self, question: Question) -> Answer:
        """Send a request, and return the response."""
        try:
            async with asyncio.timeout(self._requests.access.timeout):
                response = await self._client.send(self._requests.of(question), stream=True)
                try:
                    self._requests.check(response)
                    return read_answer(response.status_code, await self._body(response.aiter_raw()))
                finally:
                    await response.aclose()
        except _FAILURES:
            raise StoreError from None

    async def _body(self, chunks: AsyncIterator[bytes]) -> bytes:
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            self._requests.check_size(len(body))
        return bytes(body)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
