"""`python -m benchmarks [--check] [NAME …]`: print every ratio; with --check, only check them roughly."""

import argparse
import sys
from pathlib import Path

from benchmarks.holding import SLACK, TRIES, show


def main() -> int:
    """Run the benchmarks, and return the exit code: 1 if a ratio misses its bounds."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    check = f"fail only if a bound is missed by a factor of {SLACK} in each of {TRIES} tries"
    parser.add_argument("--check", action="store_true", help=check)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(names)}; default: all")
    options = parser.parse_args()
    missed = [line for name in options.names or names for line in show(f"benchmarks.bench_{name}", check=options.check)]
    if missed:
        print("\nThese miss their bounds:", *missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
