"""What scripts needed but did not have: it explains why they fail, and breaks no rule."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.transcript._exchange import Exchange, Noticed
from customdb_contract.transcript._printable import printable

__all__ = ["what_is_lacking"]

_LOOPBACK: Final = re.compile(r"(?:localhost|127\.[0-9.]+|::1):", re.IGNORECASE)


def what_is_lacking(exchanges: Iterable[Exchange]) -> Sequence[str]:
    """Return a sentence about settings that are not set, and one about unreachable hosts, if there are any.

    Args:
        exchanges: The calls.
    """
    calls = [exchange for exchange in exchanges if exchange.situation.family != "outage"]
    return (*_settings(calls), *_hosts(calls))


def _settings(calls: Sequence[Exchange]) -> Iterator[str]:
    places: dict[str, dict[str, None]] = {}
    for exchange in calls:
        for text in exchange.outcome.noticed(Noticed.MISSING_CONFIGURATION):
            key, _, place = text.rpartition(" ")
            # The column does not help to find the line.
            places.setdefault(key, {})[place.rpartition(":")[0] or exchange.script] = None
    if places:
        named = ", ".join(f"configuration.{printable(key)} ({', '.join(where)})" for key, where in places.items())
        yield f"The scripts read settings that are not set: {named}. Set them under [database] configuration."


def _hosts(calls: Sequence[Exchange]) -> Iterator[str]:
    scripts: dict[str, dict[str, None]] = {}
    for exchange in calls:
        for host in exchange.outcome.noticed(Noticed.HOST_OUT_OF_REACH):
            scripts.setdefault(host, {})[exchange.script] = None
    here = {host: by for host, by in scripts.items() if _LOOPBACK.match(host)}
    elsewhere = {host: by for host, by in scripts.items() if host not in here}
    if here:
        yield f"The scripts could not connect to {_named(here)}: is the store running there?"
    if elsewhere:
        yield (
            f"The scripts could not connect to {_named(elsewhere)}. If it runs somewhere else during a check, "
            'map it: [database] hosts = { "api.example.com" = "http://127.0.0.1:8080" }.'
        )


def _named(hosts: Mapping[str, Mapping[str, None]]) -> str:
    return ", ".join(f"{printable(host)} ({', '.join(by)})" for host, by in hosts.items())
