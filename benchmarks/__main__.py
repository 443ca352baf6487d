"""`python -m benchmarks [--check] [NAME …]`: print every ratio; with --check, only see whether they hold, roughly."""

import argparse
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.timing import Measured

SLACK = 2.0
"""With --check a ratio fails when it misses its bound by this factor: enough for the noise, too little for a regression
in kind."""


def main() -> int:
    """Run the benchmarks, and return the exit code: 1 when a ratio does not hold."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help=f"fail only when a bound is missed by a factor of {SLACK}")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"out of {', '.join(names)}; default: all")
    options = parser.parse_args()
    failed = 0
    for name in options.names or names:
        module = importlib.import_module(f"benchmarks.bench_{name}")
        failed += _show(module.measure(brief=options.check), slack=SLACK if options.check else 1.0)
    return 1 if failed else 0


def _show(ratios: Iterable[Measured], *, slack: float) -> int:
    failed = 0
    for measured in ratios:
        bounds = [f"at most {measured.at_most:g}"] if measured.at_most is not None else []
        bounds += [f"at least {measured.at_least:g}"] if measured.at_least is not None else []
        holds = measured.holds(slack)
        failed += not holds
        verdict = "" if holds else "   DOES NOT HOLD"
        print(f"{measured.name:<88} {measured.value:>9.3g}   {', '.join(bounds)}{verdict}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
