"""`python -m benchmarks.auditing WAY FILE`: audit the users of a file in one way, and print the cost as JSON."""

import argparse
import importlib
import json
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.by_hand import query_by_hand
from benchmarks.many_users import COLUMNS
from customdb_contract.audit import audit

__all__ = ["WAYS", "main"]

_MEMORY: Final = "3GB"
_KILOBYTE: Final = 1024


def _by_audit(source: Path, folder: Path) -> Callable[[], object]:
    return lambda: audit(
        source, COLUMNS, import_mode=True, findings=folder / "findings.parquet", memory=_MEMORY, folder=folder
    )


def _by_hand(source: Path, folder: Path) -> Callable[[], object]:
    return lambda: query_by_hand(source, folder, memory=_MEMORY)


def _by_spark(source: Path, folder: Path) -> Callable[[], object]:
    ibis: Any = importlib.import_module("ibis")
    sql: Any = importlib.import_module("pyspark.sql")
    builder = sql.SparkSession.builder.master("local[*]").config("spark.local.dir", str(folder))
    session = builder.config("spark.ui.enabled", "false").config("spark.driver.memory", "4g").getOrCreate()
    users = ibis.pyspark.connect(session).read_parquet(source)
    return lambda: audit(
        users, COLUMNS, import_mode=True, findings=folder / "findings.parquet", memory=_MEMORY, folder=folder
    )


WAYS: Final[Mapping[str, Callable[[Path, Path], Callable[[], object]]]] = {
    "audit": _by_audit,
    "hand": _by_hand,
    "spark": _by_spark,
}
"""Each prepares everything that is not measured, and returns a function for the rest."""


def main() -> None:
    """Run it once, in a process that uses memory only for the audit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.auditing", description=__doc__)
    parser.add_argument("way", choices=WAYS, help="by the audit, by a query written by hand, or by the audit on Spark")
    parser.add_argument("file", type=Path, help="a Parquet file that benchmarks.many_users has written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.file.parent) as folder:
        run = WAYS[options.way](options.file.absolute(), Path(folder))
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        cost = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE
    print(json.dumps({**cost, "bytes": most}))


if __name__ == "__main__":
    main()
