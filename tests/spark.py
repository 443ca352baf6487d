"""A Spark for tests, in local mode: it takes about ten seconds to start, so the tests share it."""

import importlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["find_java", "run_spark"]


def find_java() -> str | None:
    """Return the Java that Spark runs on, or None if there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")


@contextmanager
def run_spark() -> Generator[Any]:
    """Run Spark, and yield Ibis' connection with it."""
    # Only one of CI's Python versions has it.
    spark: Any = importlib.import_module("pyspark.sql")
    context: Any = importlib.import_module("pyspark").SparkContext
    ibis: Any = importlib.import_module("ibis")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = spark.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()
        gateway = context._gateway
        context._gateway = context._jvm = None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
