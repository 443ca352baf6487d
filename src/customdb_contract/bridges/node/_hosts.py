"""Hosts that scripts name, and where a check leads their connections instead."""

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
    """Where connections to one host lead.

    Args:
        host: The host to connect to instead.
        port: Its port.
        presents_tls: Whether it is spoken to in plain text, also by a script that wants TLS.
    """

    host: str
    port: int
    presents_tls: bool

    def as_json(self) -> Mapping[str, object]:
        """Return what the runner is told."""
        return {"host": self.host, "port": self.port, "presentsTls": self.presents_tls}


def checked_hosts(hosts: Mapping[str, str]) -> Mapping[str, str]:
    """Return hosts as they are kept until their placeholders are filled.

    Args:
        hosts: Addresses, or a placeholder, by `host` or `host:port`.

    Raises:
        ConfigurationError: When a host or an address is none.
    """
    for name, address in hosts.items():
        found = _HOST.fullmatch(name)
        if not found or not _is_port(found["port"] or "1"):
            message = f"hosts: {name} is no host: give its name as the scripts do, or name:port, without a scheme"
            raise ConfigurationError(message)
        if address not in placeholders_in(address):
            _route(name, address)
    # A script asks a host for any path.
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
            f"or to {{fault_url}} or {{fault_proxy:HOST:PORT}}; it is {address}"
        )
        raise ConfigurationError(message)
    return Route(found["host"], int(port), presents_tls=found["scheme"] == "http")


def _is_port(port: str | int) -> bool:
    return 0 < int(port) <= _HIGHEST_PORT
