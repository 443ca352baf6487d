"""Checks the ratios of a benchmark; a rough check measures again before it fails."""

import importlib
from typing import Final

from benchmarks.timing import Measured

__all__ = ["SLACK", "TRIES", "show"]

SLACK: Final = 2.0
"""The factor by which a check tolerates a missed bound: enough for noise, too little for a fundamental regression."""
TRIES: Final = 3
"""The number of measurements before a check fails, because other load on the machine is not a regression."""


def show(module: str, *, check: bool) -> list[str]:
    """Print the ratios of a benchmark, and return the lines of those that miss their bounds.

    Args:
        module: The dotted name of a module with `measure`.
        check: Whether a rough result is enough, which is measured again if a ratio misses its bounds.
    """
    measure = importlib.import_module(module).measure
    missed: dict[str, str] = {}
    slack = SLACK if check else 1.0
    for attempt in range(TRIES if check else 1):
        measured: list[Measured] = []
        for one in measure(brief=check):
            measured.append(one)
            print(_line(one, holds=one.holds(slack)), flush=True)
        still = {one.name: _line(one, holds=False) for one in measured if not one.holds(slack)}
        missed = {name: line for name, line in still.items() if name in missed or attempt == 0}
        if not missed:
            break
    return list(missed.values())


def _line(measured: Measured, *, holds: bool) -> str:
    bounds = [f"at most {measured.at_most:g}"] if measured.at_most is not None else []
    bounds += [f"at least {measured.at_least:g}"] if measured.at_least is not None else []
    verdict = "" if holds else "   DOES NOT HOLD"
    return f"{measured.name:<88} {measured.value:>9.3g}   {', '.join(bounds)}{verdict}"
