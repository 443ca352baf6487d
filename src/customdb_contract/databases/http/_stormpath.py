"""Custom databases over Stormpath's REST dialect: synchronous, and for coroutines."""

import re
import ssl
from typing import Final, Self

from customdb_contract.databases._styles import AsyncScripts, SyncScripts
from customdb_contract.databases.http._access import Access, BasicCredentials
from customdb_contract.databases.http._clients import AsyncClient, SyncClient
from customdb_contract.databases.http._database import CONNECT_TIMEOUT, CONNECTIONS, LARGEST_ANSWER, TIMEOUT
from customdb_contract.databases.http._stormpath_scripts import Metadata, StormpathScripts
from customdb_contract.errors import ConfigurationError

__all__ = ["AsyncStormpathDatabase", "StormpathDatabase"]

_PATH: Final = re.compile(r"/applications/[A-Za-z0-9_-]+")


class StormpathDatabase(SyncScripts):
    """A custom database over an API that speaks Stormpath's dialect: a successor, or a server for an export.

    Stormpath itself was shut down in 2017. The dialect follows its documentation, in
    <https://github.com/stormpath/stormpath-documentation>. As for `HttpDatabase`, any other response is a failure. It
    can be called from several threads. `close` it, or use it as a context manager.

    Args:
        application: The address of the application, such as `https://api.example.com/v1/applications/4f2kJ`.
        api_key: The id and the secret of the API key.
        user_id_prefix: The prefix of an account's id in Auth0, which is the end of its `href`.
        metadata: The metadata for an account's `customData`: users can change `user_metadata`, but not `app_metadata`.
        timeout: Seconds that one request can take in total; a script makes up to three.
        connect_timeout: Seconds that connecting can take.
        connections: The most connections that can be open at once.
        largest_answer: The most bytes of a response that are read.
        tls: The context to verify the API's certificate with, if your own authority signed it.
        allow_plain_http: Whether the address can be `http://` on another machine.

    Raises:
        ConfigurationError: If the address or a limit can't be used, or `tls` verifies nothing.
    """

    def __init__(
        self,
        application: str,
        api_key: BasicCredentials,
        *,
        user_id_prefix: str = "",
        metadata: Metadata = "app_metadata",
        timeout: float = TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        connections: int = CONNECTIONS,
        largest_answer: int = LARGEST_ANSWER,
        tls: ssl.SSLContext | None = None,
        allow_plain_http: bool = False,
    ) -> None:
        url, path = _divided(application)
        access = Access(
            url=url,
            credentials=api_key,
            timeout=timeout,
            connect_timeout=connect_timeout,
            connections=connections,
            largest_answer=largest_answer,
            tls=tls,
            allow_plain_http=allow_plain_http,
        )
        self._client = SyncClient(access)
        super().__init__(StormpathScripts(self._client, path, user_id_prefix, metadata))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class AsyncStormpathDatabase(AsyncScripts):
    """`StormpathDatabase` for coroutines. It belongs to one event loop.

    Args:
        application: As for `StormpathDatabase`; the same applies to all other arguments.
        api_key: The id and the secret of the API key.
        user_id_prefix: The prefix of an account's id in Auth0.
        metadata: The metadata for an account's `customData`.
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
        application: str,
        api_key: BasicCredentials,
        *,
        user_id_prefix: str = "",
        metadata: Metadata = "app_metadata",
        timeout: float = TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        connections: int = CONNECTIONS,
        largest_answer: int = LARGEST_ANSWER,
        tls: ssl.SSLContext | None = None,
        allow_plain_http: bool = False,
    ) -> None:
        url, path = _divided(application)
        access = Access(
            url=url,
            credentials=api_key,
            timeout=timeout,
            connect_timeout=connect_timeout,
            connections=connections,
            largest_answer=largest_answer,
            tls=tls,
            allow_plain_http=allow_plain_http,
        )
        self._client = AsyncClient(access)
        super().__init__(StormpathScripts(self._client, path, user_id_prefix, metadata))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def _divided(application: str) -> tuple[str, str]:
    url, divider, name = application.rstrip("/").rpartition("/applications/")
    path = divider + name
    if _PATH.fullmatch(path) is None:
        message = "the address of the application must end with /applications/ and its id"
        raise ConfigurationError(message)
    return url, path
