"""Stores that fail in the way they are told to, and the database in front of them."""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.transcript import LATER_REQUESTS, Situation

__all__ = ["Faults", "FaultsTogether", "OutageDatabase", "together"]


class Faults(Protocol):
    """A store that fails in the way it is told to: the fault server or proxy."""

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

    def begin_call(self) -> None:
        """Answer the first requests of the next call, where the way to fail says so."""
        ...


def together(stores: Sequence[Sequence[Situation]]) -> tuple[Situation, ...]:
    """Return the ways in which any of several stores can fail, the one that costs time last.

    Args:
        stores: The ways of each; they end with the same one.
    """
    longest = stores[0][-1]
    # A store that cannot answer the first requests would fail at once.
    left_out = {longest, *(way for way in LATER_REQUESTS if not all(way in ways for ways in stores))}
    return (*dict.fromkeys(way for ways in stores for way in ways if way not in left_out), longest)


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

    def begin_call(self) -> None:
        """Answer the first requests of the next call, where the way to fail says so."""
        for store in self.stores:
            store.begin_call()


@frozen
class OutageDatabase:
    """The same database with its store out of reach.

    Args:
        bridge: What calls its scripts.
        faults: The fault server that it takes for its store, or None when the team broke it in its own way.
    """

    bridge: Bridge
    faults: Faults | None
