"""The cost of an audit of all users, compared with a query written by hand, its growth, and its memory."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.many_users import write_users
from benchmarks.timing import Measured

_MILLION: Final = 1_000_000
_GIGABYTE: Final = 1_000_000_000


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    few, many = (50_000, 200_000) if brief else (_MILLION, 10 * _MILLION)
    repeat = 1 if brief else 3
    with tempfile.TemporaryDirectory() as folder:
        small, large = (write_users(Path(folder) / f"{count}.parquet", count) for count in (few, many))
        first, audited, by_hand = (_cost("audit", small, repeat), _cost("audit", large), _cost("hand", large))
        # Importing Ibis, and building and compiling the expressions, takes a second and a half once, which matters
        # little for millions: there the ratio is about 0.8, and 2.1 for 200,000. In an audit of millions, two fifths
        # are the pass that selects suspicious users, and a fifth is Python, which judges these, one in seventy.
        yield Measured(
            f"audit of {many} users, in times of the same by a query written by hand",
            audited["cpu_seconds"] / by_hand["cpu_seconds"],
            at_most=3.0 if brief else 1.5,
        )
        yield Measured(
            f"audit of {many} users, in times of {many // few} audits of {few}",
            audited["cpu_seconds"] / (many / few * first["cpu_seconds"]),
            at_most=1.15,
        )
        yield Measured(
            f"memory of an audit of {many} users, in gigabytes",
            audited["bytes"] / _GIGABYTE,
            at_most=1.0 if brief else 4.0,
        )
        if not brief and shutil.which("java") and importlib.util.find_spec("pyspark"):
            on_spark = _cost("spark", large)
            yield Measured(
                f"audit of {many} users on Spark in local mode, in times of that on DuckDB",
                on_spark["seconds"] / audited["seconds"],
                at_most=6.0,
            )


def _cost(way: str, source: Path, repeat: int = 1) -> Mapping[str, float]:
    """Return the lowest cost of one way, each time in a new process.

    Args:
        way: One of `auditing.WAYS`.
        source: The file with the users.
        repeat: The number of runs.
    """
    command = [sys.executable, "-m", "benchmarks.auditing", way, str(source)]
    costs: list[dict[str, float]] = [
        json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout) for _ in range(repeat)
    ]
    return min(costs, key=lambda cost: cost["cpu_seconds"])
