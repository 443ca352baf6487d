"""How many requests of a call reach the real store before the next one fails."""

import threading
from collections.abc import Sequence

from customdb_contract.transcript import LATER_REQUESTS, Situation

__all__ = ["Passes", "with_later_requests"]


def with_later_requests(ways: Sequence[Situation]) -> tuple[Situation, ...]:
    """Return the ways in which a store can fail whose real one is known, the one that costs time last.

    Args:
        ways: Those in which it fails from the first request on; they end with that one too.
    """
    *others, longest = ways
    return (*others, *LATER_REQUESTS, longest)


class Passes:
    """The requests of a call that still reach their store, whichever of several stores that is."""

    def __init__(self) -> None:
        self._left = 0
        self._lock = threading.Lock()

    def begin(self, situation: Situation) -> None:
        """Let the first requests of the next call through.

        Args:
            situation: The way to fail.
        """
        with self._lock:
            self._left = LATER_REQUESTS.index(situation) + 1 if situation in LATER_REQUESTS else 0

    def take(self) -> bool:
        """Tell whether one more request reaches its store."""
        with self._lock:
            self._left -= 1
            return self._left >= 0
