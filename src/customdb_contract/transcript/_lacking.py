"""What scripts asked for and were not given: it explains why they fail, and breaks no rule."""

from collections.abc import Iterable

from customdb_contract.transcript._exchange import Exchange, Noticed
from customdb_contract.transcript._printable import printable

__all__ = ["settings_not_given"]


def settings_not_given(exchanges: Iterable[Exchange]) -> str:
    """Return a sentence with the keys of `configuration` that scripts read and nobody gives; empty without any.

    Args:
        exchanges: The calls.
    """
    places: dict[str, dict[str, None]] = {}
    for exchange in exchanges:
        for text in exchange.outcome.noticed(Noticed.MISSING_CONFIGURATION):
            key, _, place = text.rpartition(" ")
            # The column helps nobody to find the line.
            places.setdefault(key, {})[place.rpartition(":")[0] or exchange.script] = None
    if not places:
        return ""
    named = ", ".join(f"configuration.{printable(key)} ({', '.join(where)})" for key, where in places.items())
    return f"The scripts read what they are not given: {named}. Give it under [database] configuration."
