"""The access to an API: address, credentials, limits."""

import ssl
from base64 import b64encode
from typing import Final
from urllib.parse import urlsplit

import httpx
from attrs import field, frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["Access", "BasicCredentials", "BearerToken", "Credentials"]

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@frozen
class BearerToken:
    """A token that is sent to the API as `Authorization: Bearer`; it is never shown.

    Args:
        token: The token.

    Raises:
        ConfigurationError: If it is empty, or contains blanks or characters beyond ASCII.
    """

    token: str = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if not (self.token.isascii() and self.token.isprintable() and self.token and " " not in self.token):
            message = "a bearer token must be printable ASCII without blanks; does it end with a line break?"
            raise ConfigurationError(message)

    @property
    def header(self) -> str:
        """The value of the header."""
        return f"Bearer {self.token}"


@frozen
class BasicCredentials:
    """A username and a password that are sent to the API as `Authorization: Basic`; the password is never shown.

    Args:
        username: The username, or the id of an API key.
        password: The password, or the secret of an API key.

    Raises:
        ConfigurationError: If the username is empty or contains a colon, at which it would end.
    """

    username: str
    password: str = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.username or ":" in self.username:
            message = "the username of basic credentials must not be empty or contain a colon"
            raise ConfigurationError(message)

    @property
    def header(self) -> str:
        """The value of the header, in UTF-8: <https://www.rfc-editor.org/rfc/rfc7617#section-2.1>."""
        return f"Basic {b64encode(f'{self.username}:{self.password}'.encode()).decode()}"


Credentials = BearerToken | BasicCredentials


def _without_slash(url: str) -> str:
    return url.rstrip("/")


@frozen(kw_only=True)
class Access:
    """The access to an API.

    Args:
        url: The address that precedes all paths.
        credentials: The credentials for the API, or None.
        timeout: Seconds for one request in total.
        connect_timeout: Seconds for connecting.
        connections: The most connections that can be open at once.
        largest_answer: The most bytes of a response that are read.
        tls: The context to verify certificates with; None stands for the default of httpx.
        allow_plain_http: Whether passwords can be sent unencrypted to another machine.
    """

    url: str = field(converter=_without_slash)
    credentials: Credentials | None
    timeout: float
    connect_timeout: float
    connections: int
    largest_answer: int
    tls: ssl.SSLContext | None = field(repr=False)
    allow_plain_http: bool

    def __attrs_post_init__(self) -> None:
        _check_url(self.url, allow_plain_http=self.allow_plain_http)
        if self.tls is not None and self.tls.verify_mode != ssl.CERT_REQUIRED:
            message = "tls must verify certificates: name the authority that signed the API's certificate as cafile"
            raise ConfigurationError(message)
        for name in ("timeout", "connect_timeout", "connections", "largest_answer"):
            if not getattr(self, name) > 0:
                message = f"{name} must be greater than 0"
                raise ConfigurationError(message)

    @property
    def verified_by(self) -> ssl.SSLContext:
        """The context to verify certificates with."""
        return httpx.create_ssl_context(trust_env=False) if self.tls is None else self.tls

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request. They allow no compression, which would hide the size of a response."""
        own = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "customdb-contract"}
        return own if self.credentials is None else {**own, "Authorization": self.credentials.header}

    @property
    def limits(self) -> httpx.Timeout:
        """The time limits for the steps of a request, in seconds."""
        return httpx.Timeout(self.timeout, connect=min(self.connect_timeout, self.timeout))


def _check_url(url: str, *, allow_plain_http: bool) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        message = "the url of the API cannot be read; expected something like https://api.example.com/v1"
        raise ConfigurationError(message) from None
    if parts.scheme not in {"http", "https"} or not host:
        message = "the url of the API must begin with https:// and a host, such as https://api.example.com/v1"
        raise ConfigurationError(message)
    if parts.username is not None or parts.query or parts.fragment:
        message = "the url of the API must contain no credentials, query or fragment; pass credentials as an argument"
        raise ConfigurationError(message)
    if parts.scheme == "http" and host not in _LOOPBACK and not allow_plain_http:
        message = f"passwords would go to {host} unencrypted: use https://, or set allow_plain_http=True"
        raise ConfigurationError(message)
