"""Counts the requests of a call that reach the real store before the next one fails."""

import threading
from collections.abc import Sequence

from customdb_contract.transcript import LATER_REQUESTS, Situation

__all__ = ["Passes", "with_later_requests"]


def with_later_requests(ways: Sequence[Situation]) -> tuple[Situation, ...]:
    """Return the ways to fail if the real store is known; the one that takes time comes last.

    Args:
        ways: The ways to fail from the first request on, in the same order.
    """
    *others, longest = ways
    return (*others, *LATER_REQUESTS, longest)


class Passes:
    """The requests of a call that still reach their stores, over all stores."""

    def __init__(self) -> None:
        self._left = 0
        self._lock = threading.Lock()

    def begin(self, situation: Situation) -> None:
        """Pass on the first requests of the next call.

        Args:
            situation: The way to fail.
        """
        with self._lock:
            self._left = LATER_REQUESTS.index(situation) + 1 if situation in LATER_REQUESTS else 0

    def take(self) -> bool:
        """Return whether another request reaches its store."""
        with self._lock:
            self._left -= 1
            return self._left >= 0
