"""Custom databases over an HTTP API: synchronous, and for coroutines."""

import ssl
from typing import Final, Self

from customdb_contract.databases._styles import AsyncScripts, SyncScripts
from customdb_contract.databases.http._access import Access, Credentials
from customdb_contract.databases.http._clients import AsyncClient, SyncClient
from customdb_contract.databases.http._endpoints import HttpEndpoints
from customdb_contract.databases.http._scripts import HttpScripts
from customdb_contract.databases.http._users import HttpUsers

__all__ = ["CONNECTIONS", "CONNECT_TIMEOUT", "LARGEST_ANSWER", "TIMEOUT", "AsyncHttpDatabase", "HttpDatabase"]

TIMEOUT: Final = 5.0
CONNECT_TIMEOUT: Final = 2.0
CONNECTIONS: Final = 20
LARGEST_ANSWER: Final = 1_000_000


class HttpDatabase(SyncScripts):
    """A custom database over a legacy HTTP API, which checks passwords itself.

    Any undeclared response is a failure, never "not found" and never a log-in: another status, an HTML page, a body
    that is not JSON, a missing field, another user. Redirects are not followed, cookies are not stored, and the
    environment is ignored.
    It can be called from several threads. `close` it, or use it as a context manager.

    Args:
        url: The address that precedes all paths, such as `https://api.example.com/v1`.
        endpoints: The operations of the API; the default is a REST API with `/login` and `/users`.
        users: The fields of its users.
        credentials: A `BearerToken` or `BasicCredentials`, or None.
        timeout: Seconds that one request can take in total; a script makes one or two. Resolving the
            host name is limited only by the operating system. Auth0 ends a script after 20 seconds
            (https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts).
        connect_timeout: Seconds that connecting can take.
        connections: The most connections that can be open at once.
        largest_answer: The most bytes of a response that are read.
        tls: The context to verify the API's certificate with, if your own authority signed it:
            `ssl.create_default_context(cafile=…)`.
        allow_plain_http: Whether the address can be `http://` on another machine, so that all passwords can be read in
            transit.

    Raises:
        ConfigurationError: If the address or a limit can't be used, or `tls` verifies nothing.
    """

    def __init__(
        self,
        url: str,
        endpoints: HttpEndpoints | None = None,
        users: HttpUsers | None = None,
        *,
        credentials: Credentials | None = None,
        timeout: float = TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        connections: int = CONNECTIONS,
        largest_answer: int = LARGEST_ANSWER,
        tls: ssl.SSLContext | None = None,
        allow_plain_http: bool = False,
    ) -> None:
        access = Access(
            url=url,
            credentials=credentials,
            timeout=timeout,
            connect_timeout=connect_timeout,
            connections=connections,
            largest_answer=largest_answer,
            tls=tls,
            allow_plain_http=allow_plain_http,
        )
        self._client = SyncClient(access)
        super().__init__(HttpScripts(self._client, endpoints or HttpEndpoints(), users or HttpUsers()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class AsyncHttpDatabase(AsyncScripts):
    """`HttpDatabase` for coroutines. It belongs to one event loop.

    Args:
        url: As for `HttpDatabase`; the same applies to all other arguments.
        endpoints: The operations of the API.
        users: The fields of its users.
        credentials: A `BearerToken` or `BasicCredentials`, or None.
        timeout: Seconds that one request can take.
        connect_timeout: Seconds that connecting can take.
        connections: The most connections that can be open at once.
        largest_answer: The most bytes of a response that are read.
        tls: The context to verify the API's certificate with.
        allow_plain_http: Whether the address can be `http://` on another machine.

    Raises:
        ConfigurationError: If the address or a limit can't be used, or `tls` verifies nothing.
    """

    def __init__(
        self,
        url: str,
        endpoints: HttpEndpoints | None = None,
        users: HttpUsers | None = None,
        *,
        credentials: Credentials | None = None,
        timeout: float = TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        connections: int = CONNECTIONS,
        largest_answer: int = LARGEST_ANSWER,
        tls: ssl.SSLContext | None = None,
        allow_plain_http: bool = False,
    ) -> None:
        access = Access(
            url=url,
            credentials=credentials,
            timeout=timeout,
            connect_timeout=connect_timeout,
            connections=connections,
            largest_answer=largest_answer,
            tls=tls,
            allow_plain_http=allow_plain_http,
        )
        self._client = AsyncClient(access)
        super().__init__(HttpScripts(self._client, endpoints or HttpEndpoints(), users or HttpUsers()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
