"""Ibis, which is imported only when an audit needs it, and the DuckDB that reads files and stores intermediate data."""

import importlib
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from attrs import frozen

from customdb_contract.audit._columns import Row
from customdb_contract.audit._failing import engine_errors, first_line
from customdb_contract.errors import ConfigurationError
from customdb_contract.interrupts import current_interrupts

__all__ = [
    "BATCH",
    "DEFAULT_MEMORY",
    "Expression",
    "Table",
    "Workshop",
    "batches_of",
    "count_of",
    "end_of_text",
    "import_arrow",
    "import_ibis",
    "rows_in_batches",
    "rows_of",
    "workshop",
]

Table: TypeAlias = Any
"""An Ibis table; its types say little about its columns."""

Expression: TypeAlias = Any
"""An Ibis expression over the columns of a table."""

BATCH: Final = 10_000
"""The number of rows in a batch."""
DEFAULT_MEMORY: Final = "3GB"
"""The most memory that DuckDB uses by default."""


def import_ibis() -> Any:
    """Import Ibis.

    Raises:
        ConfigurationError: If the extra is not installed.
    """
    try:
        return importlib.import_module("ibis")
    except ImportError as error:
        message = f"an audit needs Ibis and DuckDB ({error}): pip install 'customdb-contract[audit]'"
        raise ConfigurationError(message) from None


def import_arrow(name: str = "pyarrow") -> Any:
    """Import Arrow, on which Ibis depends.

    Args:
        name: The module.
    """
    return importlib.import_module(name)


def batches_of(table: Table, size: int, connection: Any = None) -> Generator[Any]:
    """Yield a table as Arrow batches, as the engine returns them.

    Args:
        table: The table.
        size: The maximum number of rows in a batch.
        connection: The Ibis connection to read it with; None stands for the table's own.
    """
    connection = table.get_backend() if connection is None else connection
    with engine_errors():
        yield from _batches_of(table, size, connection)


def _batches_of(table: Table, size: int, connection: Any) -> Generator[Any]:
    if connection.name == "duckdb":
        # Ibis 12 requests batches by a method that DuckDB 2 no longer has.
        connection._run_pre_execute_hooks(table)  # noqa: SLF001 - see above
        reader = connection.con.sql(connection.compile(table)).to_arrow_reader(size)
        try:
            yield from reader
        finally:
            # An open reader blocks the connection.
            reader.close()
    else:
        yield from connection.to_pyarrow_batches(table, chunk_size=size)


def rows_in_batches(table: Table) -> Generator[list[Row]]:
    """Yield the rows of a table in batches, as the engine returns them.

    Args:
        table: The table.
    """
    interrupts, batches = current_interrupts(), batches_of(table, BATCH)
    with closing(batches):
        while True:
            # The engine can take minutes, and has no safe points.
            interrupts.raise_if_pending()
            with interrupts.immediate():
                batch = next(batches, None)
            if batch is None:
                return
            yield _rows_of_batch(batch)


def _rows_of_batch(batch: Any) -> list[Row]:
    try:
        rows: list[Row] = batch.to_pylist()
    except (OverflowError, ValueError):
        # Databases have dates that Python lacks (infinity, before the year 1, after 9999), which are read as text.
        columns = [[_value_of(value) for value in column] for column in batch.columns]
        return [dict(zip(batch.schema.names, values, strict=True)) for values in zip(*columns, strict=True)]
    return rows


def _value_of(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        # A value that contains such a date has no `value`.
        return str(getattr(scalar, "value", scalar.type))


def rows_of(table: Table) -> Generator[Row]:
    """Yield the rows of a table one by one.

    Args:
        table: The table.
    """
    for batch in rows_in_batches(table):
        yield from batch


def count_of(table: Table) -> int:
    """Return the number of rows in a table.

    Args:
        table: The table.
    """
    return sum(cast("int", row["rows"]) for row in rows_of(table.aggregate(rows=table.count())))


def end_of_text(engine: str) -> str:
    """Return the pattern for the end of a text; in Java, `$` also matches before a final line break.

    Args:
        engine: The engine, as `Workshop` names it.
    """
    return r"\Z" if engine == "postgres" else r"\z"


@frozen
class Workshop:
    """A separate DuckDB for one audit, with a folder for data that does not fit into memory.

    Args:
        connection: The Ibis connection to it.
        folder: The folder with its files, which is removed at the end.
        at_end: Closes everything that was opened for the audit.
    """

    connection: Any
    folder: Path
    at_end: ExitStack

    def run(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a statement in DuckDB's SQL and return its rows.

        Args:
            sql: The statement.
            values: The values of its placeholders.
        """
        rows: list[tuple[Any, ...]] = self.connection.con.execute(sql, list(values)).fetchall()
        return rows


@contextmanager
def workshop(memory: str = DEFAULT_MEMORY, folder: Path | None = None) -> Generator[Workshop]:
    """Open a DuckDB whose tables are on disk.

    Args:
        memory: The most memory that it may use, such as `3GB`.
        folder: The folder for its files; None stands for the temporary folder of the machine.

    Raises:
        ConfigurationError: If the amount of memory is not valid, or the folder can't be written to.
    """
    ibis = import_ibis()
    try:
        below = Path(tempfile.mkdtemp(prefix="customdb-audit-", dir=folder))
    except OSError as error:
        message = f"folder: {folder or tempfile.gettempdir()} can't be written to: {error.strerror}"
        raise ConfigurationError(message) from None
    try:
        connection = _connected(ibis, below, memory)
        with ExitStack() as at_end:
            at_end.callback(connection.disconnect)
            yield Workshop(connection, below, at_end)
    finally:
        shutil.rmtree(below, ignore_errors=True)


def _connected(ibis: Any, folder: Path, memory: str) -> Any:
    try:
        return ibis.duckdb.connect(
            folder / "audit.duckdb",
            memory_limit=memory,
            threads=os.cpu_count() or 1,
            temp_directory=str(folder / "spilled"),
        )
    except importlib.import_module("duckdb").Error as error:
        message = f"memory: {memory!r} can't be used; write a number and a unit, such as 3GB ({first_line(error)})"
        raise ConfigurationError(message) from None
