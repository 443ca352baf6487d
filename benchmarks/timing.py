"""Timing: two ways to do a thing, measured in turns, so that a busy moment hits both."""

import gc
import time
from collections.abc import Callable
from statistics import median

from attrs import frozen

__all__ = ["Measured", "call_by_call", "ratio", "seconds"]


@frozen
class Measured:
    """A ratio, and what it may be.

    Args:
        name: What was measured.
        value: The ratio.
        at_most: The highest value it may have, or None.
        at_least: The lowest value it may have, or None.
    """

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None

    def holds(self, slack: float = 1.0) -> bool:
        """Tell whether the ratio is what it may be.

        Args:
            slack: A factor, 1 or more, by which a noisy machine may miss it.
        """
        low = self.at_least is None or self.value >= self.at_least / slack
        return low and (self.at_most is None or self.value <= self.at_most * slack)


def seconds(
    function: Callable[[], object],
    *,
    number: int = 1,
    repeat: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the shortest time that a call takes.

    Args:
        function: What is called.
        number: How often it is called for one measurement.
        repeat: How many measurements are made.
        clock: As for `ratio`.
    """
    return min(_once(function, number, clock) for _ in range(repeat))


def ratio(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    number: int = 1,
    repeat: int = 9,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return how many times as long the first takes as the second, each by its shortest time.

    Args:
        first: What is judged.
        second: What it is compared with.
        number: How often each is called for one measurement.
        repeat: How many measurements are made of each, in turns.
        clock: Returns seconds; `time.process_time` where one of the two waits for another thread, which takes any time
            on a busy machine.
    """
    # What is there already is looked at by no collection, so that many short measurements cost little.
    gc.collect()
    gc.freeze()
    try:
        pairs = [(_once(first, number, clock), _once(second, number, clock)) for _ in range(repeat)]
    finally:
        gc.unfreeze()
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


def call_by_call(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    repeat: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return how many times as long the first takes as the second, by the medians of single calls.

    What one leaves behind, in the caches and of a server that fell asleep, meets the other in the same measure.

    Args:
        first: What is judged: it takes some microseconds.
        second: What it is compared with.
        repeat: How often each is called.
        clock: As for `ratio`.
    """
    firsts: list[float] = []
    seconds_: list[float] = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeat):
            started = clock()
            first()
            between = clock()
            second()
            firsts.append(between - started)
            seconds_.append(clock() - between)
    finally:
        gc.enable()
    return median(firsts) / median(seconds_)


def _once(function: Callable[[], object], number: int, clock: Callable[[], float] = time.perf_counter) -> float:
    gc.collect()
    gc.disable()
    try:
        started = clock()
        for _ in range(number):
            function()
        return (clock() - started) / number
    finally:
        gc.enable()
