"""Stores that fail in a requested way, and the database in front of them."""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.transcript import LATER_REQUESTS, Situation

__all__ = ["Faults", "FaultsTogether", "OutageDatabase", "together"]


class Faults(Protocol):
    """A store that fails in a requested way: the fault server or proxy."""

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which it can fail, the slow one last."""
        ...

    @property
    def requests(self) -> int:
        """The number of requests since the last switch."""
        ...

    def fail(self, situation: Situation) -> None:
        """Switch to another way to fail.

        Args:
            situation: One of `situations`.
        """
        ...

    def begin_call(self) -> None:
        """Answer the first requests of the next call, if the current way to fail includes that."""
        ...


def together(stores: Sequence[Sequence[Situation]]) -> tuple[Situation, ...]:
    """Return the ways in which any of several stores can fail, the slow one last.

    Args:
        stores: The ways of each; all end with the same one.
    """
    longest = stores[0][-1]
    # A store that cannot answer the first requests would fail at once.
    left_out = {longest, *(way for way in LATER_REQUESTS if not all(way in ways for ways in stores))}
    return (*dict.fromkeys(way for ways in stores for way in ways if way not in left_out), longest)


@frozen
class FaultsTogether:
    """Several stores that fail at the same time: in the same way if all of them can, otherwise some with a reset.

    Args:
        stores: At least one.
    """

    stores: tuple[Faults, ...]

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which any of them can fail, the slow one last."""
        return together([store.situations for store in self.stores])

    @property
    def requests(self) -> int:
        """The number of requests to any of them since the last switch."""
        return sum(store.requests for store in self.stores)

    def fail(self, situation: Situation) -> None:
        """Switch to another way to fail.

        Args:
            situation: One of `situations`.
        """
        for store in self.stores:
            store.fail(situation if situation in store.situations else Situation.RESET)

    def begin_call(self) -> None:
        """Answer the first requests of the next call, if the current way to fail includes that."""
        for store in self.stores:
            store.begin_call()


@frozen
class OutageDatabase:
    """The same database with an unreachable store.

    Args:
        bridge: What calls its scripts.
        faults: The fault server that it uses as its store, or None if the team broke it in its own way.
    """

    bridge: Bridge
    faults: Faults | None
