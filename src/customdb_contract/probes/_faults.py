"""Stores that fail in the way they are told to, and the database in front of them."""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.transcript import Situation

__all__ = ["Faults", "FaultsTogether", "OutageDatabase", "together"]


class Faults(Protocol):
    """A store that fails in the way it is told to: the fault server."""

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which it can fail, the one that costs time last."""
        ...

    @property
    def requests(self) -> int:
        """How many requests came since the last switch."""
        ...

    def fail(self, situation: Situation) -> None:
        """Fail in another way from now on.

        Args:
            situation: One of `situations`.
        """
        ...


def together(stores: Sequence[Sequence[Situation]]) -> tuple[Situation, ...]:
    """Return the ways in which any of several stores can fail, the one that costs time last.

    Args:
        stores: The ways of each; they end with the same one.
    """
    longest = stores[0][-1]
    return (*dict.fromkeys(way for ways in stores for way in ways if way is not longest), longest)


@frozen
class FaultsTogether:
    """Several stores that fail at the same time: in the same way, where all of them can, or else some by a reset.

    Args:
        stores: At least one.
    """

    stores: tuple[Faults, ...]

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which any of them can fail, the one that costs time last."""
        return together([store.situations for store in self.stores])

    @property
    def requests(self) -> int:
        """How many requests came to any of them since the last switch."""
        return sum(store.requests for store in self.stores)

    def fail(self, situation: Situation) -> None:
        """Fail in another way from now on.

        Args:
            situation: One of `situations`.
        """
        for store in self.stores:
            store.fail(situation if situation in store.situations else Situation.RESET)


@frozen
class OutageDatabase:
    """The same database with its store out of reach.

    Args:
        bridge: What calls its scripts.
        faults: The fault server that it takes for its store, or None when the team broke it in its own way.
    """

    bridge: Bridge
    faults: Faults | None
