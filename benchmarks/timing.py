"""Timing: two ways to do the same thing, measured in turns, so that a busy moment affects both."""

import gc
import time
from collections.abc import Callable
from statistics import median

from attrs import frozen

__all__ = ["Measured", "call_by_call", "ratio", "seconds"]


@frozen
class Measured:
    """A ratio and its bounds.

    Args:
        name: The name of the measurement.
        value: The ratio.
        at_most: The highest allowed value, or None.
        at_least: The lowest allowed value, or None.
    """

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None

    def holds(self, slack: float = 1.0) -> bool:
        """Return whether the ratio is within its bounds.

        Args:
            slack: A factor, 1 or more, by which a noisy machine can miss them.
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
    """Return the shortest time of a call.

    Args:
        function: The function to call.
        number: The number of calls in a measurement.
        repeat: The number of measurements.
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
    """Return the time of the first function divided by that of the second, each by its shortest time.

    Args:
        first: The function to measure.
        second: The function to compare it with.
        number: The number of calls of each in a measurement.
        repeat: The number of measurements of each, in turns.
        clock: Returns seconds; use `time.process_time` if one of the two waits for another thread, which can take any
            amount of time on a busy machine.
    """
    # The garbage collector skips existing objects, so that many short measurements cost little.
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
    """Return the time of the first function divided by that of the second, by the medians of single calls.

    The effects of one on caches, or of a sleeping server, affect the other equally.

    Args:
        first: The function to measure, which takes some microseconds.
        second: The function to compare it with.
        repeat: The number of calls of each.
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
