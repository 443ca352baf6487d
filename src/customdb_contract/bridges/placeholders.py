"""Placeholders in the settings of an outage's database, which are replaced by the addresses of failing stand-ins."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, Protocol

from attrs import frozen
from typing_extensions import TypeIs

from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

__all__ = [
    "FAULT_HOST",
    "FAULT_URL",
    "FAULT_URL_HTTPS",
    "LEGACY_URL",
    "FaultyDatabase",
    "ProxiedStore",
    "fill",
    "placeholders_in",
    "proxied_store",
    "replaced_urls",
    "takes_faults",
]

FAULT_URL: Final = "{fault_url}"
"""The address of the fault server, as a URL."""

FAULT_URL_HTTPS: Final = "{fault_url:https}"
"""The same for a script in JavaScript, with the scheme `https`."""

FAULT_HOST: Final = "{fault_host}"
"""The value of `{fault_url}` if a host leads to it: the address of a fault server that fails whatever the path."""

LEGACY_URL: Final = "{legacy_url}"
"""The address of the stand-in for the legacy system that an Action asks, as a URL."""

_OF_SERVER: Final = (FAULT_URL, FAULT_URL_HTTPS)
_PROXY: Final = re.compile(r"\{fault_proxy(?P<part>_host|_port)?:(?P<host>[^{}]*):(?P<port>[^{}:]*)\}")
_HIGHEST_PORT: Final = 65_535


class FaultyDatabase(Protocol):
    """A database whose settings have placeholders; once they are filled, it is the database of an outage."""

    @property
    def fault_settings(self) -> Mapping[str, object]:
        """The settings that can have placeholders, by their names; secrets as their texts."""
        ...

    @property
    def fault_placeholders(self) -> frozenset[str]:
        """The placeholders in the settings; empty if the team broke the store in its own way."""
        ...

    def with_faults(self, addresses: Mapping[str, str]) -> object:
        """Return the database with the placeholders replaced by addresses.

        Args:
            addresses: The address for each of `fault_placeholders`.
        """
        ...


def takes_faults(database: object) -> TypeIs[FaultyDatabase]:
    """Tell whether the settings of a database can have placeholders; like `brings_bridge`, this checks the class.

    Args:
        database: The database, as passed to `check`.
    """
    return hasattr(type(database), "with_faults")


@frozen
class ProxiedStore:
    """A store behind a fault proxy.

    Args:
        host: The host of the real store.
        port: Its port.
        part: The part of the proxy's address that the placeholder stands for: `host`, `port`, or empty for `host:port`.
    """

    host: str
    port: int
    part: str

    def address(self, proxy: tuple[str, int]) -> str:
        """Return the value that replaces the placeholder.

        Args:
            proxy: Host and port of the proxy.
        """
        host, port = proxy
        return {"host": host, "port": str(port)}.get(self.part, f"{host}:{port}")


def placeholders_in(text: object) -> frozenset[str]:
    """Return the placeholders that stand in a setting.

    Args:
        text: The setting; one that is not a string has none.
    """
    if not isinstance(text, str):
        return frozenset()
    found = {match[0] for match in _PROXY.finditer(text)}
    return frozenset(found | {placeholder for placeholder in _OF_SERVER if placeholder in text})


def fill(setting: object, addresses: Mapping[str, str]) -> object:
    """Return a setting with its placeholders replaced by addresses; one that is not a string stays as it is.

    Args:
        setting: The setting, possibly a `Secret`.
        addresses: The address for each placeholder.
    """
    if isinstance(setting, Secret):
        return Secret(str(fill(setting.reveal(), addresses)))
    if not isinstance(setting, str):
        return setting
    for placeholder, address in addresses.items():
        setting = setting.replace(placeholder, address)
    return setting


def replaced_urls(settings: Mapping[str, object], sound: Mapping[str, object]) -> Mapping[str, str]:
    """Return the original addresses that the placeholders of the fault server replace, at most one for each.

    Args:
        settings: The settings of an outage's database, by their names.
        sound: Those of the same database with a reachable store.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for place, setting in settings.items():
        for placeholder in (FAULT_HOST, *_OF_SERVER):
            if isinstance(setting, str) and placeholder in setting:
                found[placeholder].add(_replaced_url(setting, placeholder, sound.get(place)))
    return {placeholder: urls.pop() for placeholder, urls in found.items() if len(urls) == 1 and "" not in urls}


def _replaced_url(setting: str, placeholder: str, real: object) -> str:
    before, _, after = map(re.escape, setting.partition(placeholder))
    match = re.fullmatch(f"{before}(https?://[^?#]+?)/?{after}", real) if isinstance(real, str) else None
    return match[1] if match else ""


def proxied_store(placeholder: str) -> ProxiedStore:
    """Return the store that a placeholder of a fault proxy names.

    Args:
        placeholder: `{fault_proxy:HOST:PORT}`, `{fault_proxy_host:HOST:PORT}` or `{fault_proxy_port:HOST:PORT}`.

    Raises:
        ConfigurationError: When host or port is missing, or the port is not valid.
    """
    match = _PROXY.fullmatch(placeholder)
    host, port = (match["host"], match["port"]) if match else ("", "")
    if match is None or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= _HIGHEST_PORT:
        message = f"{placeholder} must name the real store by host and port: {{fault_proxy:db.example.com:5432}}"
        raise ConfigurationError(message)
    return ProxiedStore(host, int(port), (match["part"] or "").removeprefix("_"))
