"""Answers that wait for each other, to make two runs overlap."""

import threading

__all__ = ["Meeting"]


class Meeting:
    """Delays the first answer of each of several stand-ins until all of them received a request.

    Args:
        number: The number of stand-ins.
        seconds: The longest time that an answer waits; after that, no answer waits.
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
        """Whether all of them received a request in time."""
        return self._is_complete

    def arrive(self, who: object) -> None:
        """Wait until all have arrived, or the time is over.

        Args:
            who: The stand-in that received the request.
        """
        with self._lock:
            self._arrived.add(id(who))
            if len(self._arrived) == self._number and not self._over.is_set():
                self._is_complete = True
                self._over.set()
        if not self._over.wait(self._seconds):
            self.give_up()

    def give_up(self) -> None:
        """End all waiting."""
        self._over.set()
