"""The same database with an unreachable store: broken by the team, or with a failing stand-in as its store."""

import functools
import inspect
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final

from customdb_contract.bridges import Bridge
from customdb_contract.bridges.placeholders import (
    FAULT_HOST,
    FAULT_URL,
    FAULT_URL_HTTPS,
    FaultyDatabase,
    proxied_store,
    replaced_urls,
    takes_faults,
)
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import FAULTS, PROXY_FAULTS, FaultProxy, FaultServer, Passes, with_later_requests
from customdb_contract.probes import Faults, FaultsTogether, OutageDatabase, together
from customdb_contract.transcript import Situation

__all__ = ["needs_address", "open_outage", "outage_situations", "takes_fault_url"]


_UNDER_A_PATH: Final = frozenset({FAULT_URL, FAULT_URL_HTTPS})
_OF_SERVER: Final = _UNDER_A_PATH | {FAULT_HOST}


def needs_address(outage: object) -> bool:
    """Tell whether an outage database needs the address of a failing stand-in for its store.

    Args:
        outage: The outage database, as passed to `check`.
    """
    if takes_faults(outage):
        return bool(outage.fault_placeholders)
    return callable(outage) and takes_fault_url(outage)


def outage_situations(outage: object, *, sound: object = None) -> Sequence[Situation]:
    """Return the ways in which the store of an outage database will be unreachable.

    Args:
        outage: The outage database, as passed to `check`.
        sound: The database under check, whose store may receive the first requests of a call.
    """
    if not needs_address(outage):
        return (Situation.OUTAGE,)
    placeholders = outage.fault_placeholders if takes_faults(outage) else {FAULT_URL}
    servers = placeholders & _OF_SERVER
    stores = [*[FAULTS] * bool(servers), *[PROXY_FAULTS] * bool(placeholders - _OF_SERVER)]
    if takes_faults(outage) and sound is not None and servers <= _real_urls(outage, sound).keys():
        stores = [with_later_requests(ways) for ways in stores]
    return together(stores)


def _real_urls(outage: FaultyDatabase, sound: object) -> Mapping[str, str]:
    """Return the addresses of the real stores, as far as they are known, by the placeholders that stand for them."""
    return replaced_urls(outage.fault_settings, sound.fault_settings) if takes_faults(sound) else {}


@contextmanager
def open_outage(
    outage: object, open_database: Callable[[object], AbstractContextManager[Bridge]], *, sound: object = None
) -> Generator[OutageDatabase]:
    """Open an outage database, and a failing stand-in for its store if it needs one; close both afterwards.

    Args:
        outage: The outage database, as passed to `check`.
        open_database: Opens a database.
        sound: The database under check, whose store may receive the first requests of a call.

    Yields:
        The database, and what makes its store fail.

    Raises:
        ConfigurationError: When it has no scripts.
        DatabaseOpeningError: When it cannot be opened.
    """
    with ExitStack() as stack:
        faults: Faults | None = None
        database = outage
        if takes_faults(database) and database.fault_placeholders:
            addresses, faults = _open_faults(database.fault_placeholders, _real_urls(database, sound), stack)
            database = database.with_faults(addresses)
        elif callable(database) and takes_fault_url(database):
            server = faults = stack.enter_context(FaultServer())
            database = functools.partial(database, server.url)
        bridge = stack.enter_context(open_database(database))
        if not bridge.scripts:
            message = (
                "the outage database has none of the scripts: give the same database with an unreachable store, "
                "or a function that returns one"
            )
            raise ConfigurationError(message)
        yield OutageDatabase(bridge, faults)


def _open_faults(
    placeholders: Collection[str], real_urls: Mapping[str, str], stack: ExitStack
) -> tuple[Mapping[str, str], Faults]:
    """Open the stand-ins; return the address for each placeholder, and what makes all of them fail."""
    passes = Passes()
    addresses: dict[str, str] = {}
    faults: list[Faults] = []
    if not _UNDER_A_PATH.isdisjoint(placeholders):
        known = {real_urls.get(name) for name in _UNDER_A_PATH.intersection(placeholders)}
        real_url = known.pop() if len(known) == 1 else None
        server = stack.enter_context(FaultServer(real_url=real_url, passes=passes))
        addresses |= {FAULT_URL: server.url, FAULT_URL_HTTPS: server.url.replace("http:", "https:")}
        faults.append(server)
    if FAULT_HOST in placeholders:
        server = stack.enter_context(FaultServer(at_any_path=True, real_url=real_urls.get(FAULT_HOST), passes=passes))
        addresses[FAULT_HOST] = server.url
        faults.append(server)
    stores = {placeholder: proxied_store(placeholder) for placeholder in placeholders if placeholder not in _OF_SERVER}
    proxies = {
        (store.host, store.port): stack.enter_context(FaultProxy(store.host, store.port, passes=passes))
        for store in stores.values()
    }
    for placeholder, store in stores.items():
        addresses[placeholder] = store.address(proxies[store.host, store.port].address)
    addresses = {placeholder: address for placeholder, address in addresses.items() if placeholder in placeholders}
    return addresses, FaultsTogether((*faults, *proxies.values()))


def takes_fault_url(make: Callable[..., object]) -> bool:
    """Tell whether a function takes the address of the fault server.

    Args:
        make: A function that creates the outage database.
    """
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        parameter.default is parameter.empty
        and parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        for parameter in parameters
    )
