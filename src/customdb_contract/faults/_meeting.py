"""Answers that wait for each other, so that two runs are under way at the same time."""

import threading

__all__ = ["Meeting"]


class Meeting:
    """Holds the first answer of each of several stand-ins until all of them were asked.

    Args:
        number: How many stand-ins there are.
        seconds: How long an answer waits at the most; from then on nobody waits.
    """

    def __init__(self, number: int = 2, *, seconds: float) -> None:
        self._number = number
        self._seconds = seconds
        self._arrived = set[int]()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether all of them were asked in time."""
        return self._is_complete

    def arrive(self, who: object) -> None:
        """Wait until all have arrived, or it has taken too long.

        Args:
            who: Which stand-in was asked.
        """
        with self._lock:
            self._arrived.add(id(who))
            if len(self._arrived) == self._number and not self._over.is_set():
                self._is_complete = True
                self._over.set()
        if not self._over.wait(self._seconds):
            self.give_up()

    def give_up(self) -> None:
        """Let nobody wait any longer."""
        self._over.set()
