"""Hosts that scripts name, and where a check redirects their connections."""

import re
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from customdb_contract.bridges.placeholders import FAULT_HOST, FAULT_URL, placeholders_in
from customdb_contract.errors import ConfigurationError

__all__ = ["Route", "checked_hosts", "routes_of"]

_NAME: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_HOST: Final = re.compile(rf"(?P<host>{_NAME})(?::(?P<port>[0-9]+))?")
_ADDRESS: Final = re.compile(rf"(?:(?P<scheme>https?)://)?(?P<host>{_NAME})(?::(?P<port>[0-9]+))?/?")
_PORTS: Final = {"http": 80, "https": 443}
_HIGHEST_PORT: Final = 65_535


@frozen
class Route:
    """Where connections to one host are redirected.

    Args:
        host: The host to connect to instead.
        port: Its port.
        presents_tls: Whether the connection is in plain text, even for a script that wants TLS.
    """

    host: str
    port: int
    presents_tls: bool

    def as_json(self) -> Mapping[str, object]:
        """Return the data for the runner."""
        return {"host": self.host, "port": self.port, "presentsTls": self.presents_tls}


def checked_hosts(hosts: Mapping[str, str]) -> Mapping[str, str]:
    """Return hosts in the form in which they wait for their placeholders to be filled.

    Args:
        hosts: Addresses, or a placeholder, by `host` or `host:port`.

    Raises:
        ConfigurationError: When a host or an address is not valid.
    """
    for name, address in hosts.items():
        found = _HOST.fullmatch(name)
        if not found or not _is_port(found["port"] or "1"):
            message = f"hosts: {name} is not a host: give its name as the scripts do, or name:port, without a scheme"
            raise ConfigurationError(message)
        if address not in placeholders_in(address):
            _route(name, address)
    # A script uses any path of a host.
    return {name.lower(): address.replace(FAULT_URL, FAULT_HOST) for name, address in hosts.items()}


def routes_of(hosts: Mapping[str, str]) -> Mapping[str, Route]:
    """Return the routes to hosts whose placeholders are filled.

    Args:
        hosts: Addresses by host.
    """
    return {name: _route(name, address) for name, address in hosts.items()}


def _route(name: str, address: str) -> Route:
    found = _ADDRESS.fullmatch(address)
    port = found["port"] or _PORTS.get(found["scheme"]) if found else None
    if not found or port is None or not _is_port(port):
        message = (
            f"hosts: {name} must lead to an address such as http://127.0.0.1:8080 or 127.0.0.1:15432, without a path, "
            f"or to {{fault_url}} or {{fault_proxy:HOST:PORT}}; got {address}"
        )
        raise ConfigurationError(message)
    return Route(found["host"], int(port), presents_tls=found["scheme"] == "http")


def _is_port(port: str | int) -> bool:
    return 0 < int(port) <= _HIGHEST_PORT
