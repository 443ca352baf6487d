"""Stores that fail in the way they are told to, and the database in front of them."""

from typing import Protocol

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.transcript import Situation

__all__ = ["Faults", "FaultsTogether", "OutageDatabase"]


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


@frozen
class FaultsTogether:
    """Several stores that fail in the same way at the same time.

    Args:
        stores: At least one.
    """

    stores: tuple[Faults, ...]

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which all of them can fail."""
        first, *others = self.stores
        return tuple(way for way in first.situations if all(way in other.situations for other in others))

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
            store.fail(situation)


@frozen
class OutageDatabase:
    """The same database with its store out of reach.

    Args:
        bridge: What calls its scripts.
        faults: The fault server that it takes for its store, or None when the team broke it in its own way.
    """

    bridge: Bridge
    faults: Faults | None
