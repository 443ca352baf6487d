"""Writes findings to a file as they are found: Parquet, CSV or JSON Lines, one row for each user and rule."""

import csv
import importlib
import json
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from customdb_contract.audit._findings import UserFinding
from customdb_contract.errors import ConfigurationError

__all__ = ["FindingsFile", "as_line", "as_row", "findings_file"]

NAMES: Final = ("rule", "severity", "user_id", "row", "path", "problem", "value", "shared_with")


class FindingsFile(Protocol):
    """A file to write findings to."""

    def write(self, findings: Iterable[UserFinding]) -> None:
        """Write findings."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def as_row(finding: UserFinding) -> dict[str, Any]:
    """Return a finding as a row.

    Args:
        finding: The finding.
    """
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "user_id": finding.user_id,
        "row": finding.row,
        "path": finding.path,
        "problem": finding.problem,
        "value": finding.value,
        "shared_with": list(finding.shared_with),
    }


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, findings: Iterable[UserFinding]) -> None:
        for finding in findings:
            # A lone surrogate, which is not valid Unicode, is escaped.
            self._file.write(as_line(as_row(finding)))

    def close(self) -> None:
        self._file.close()


def as_line(row: Mapping[str, object]) -> str:
    """Return a row as a line of JSON.

    Args:
        row: The row.
    """
    line = json.dumps(row, ensure_ascii=False)
    return (line if line.isprintable() else json.dumps(row)) + "\n"


class _Csv:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="", errors="backslashreplace")
        self._rows: Any = csv.DictWriter(self._file, NAMES)
        self._rows.writeheader()

    def write(self, findings: Iterable[UserFinding]) -> None:
        for finding in findings:
            row = as_row(finding)
            self._rows.writerow({**row, "shared_with": " ".join(row["shared_with"])})

    def close(self) -> None:
        self._file.close()


_MOST_HELD: Final = 50_000


class _Parquet:
    def __init__(self, path: Path) -> None:
        self._arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        text = self._arrow.string()
        self._schema = self._arrow.schema(
            [(name, self._arrow.list_(text) if name == "shared_with" else text) for name in NAMES]
        )
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._rows: list[dict[str, Any]] = []

    def write(self, findings: Iterable[UserFinding]) -> None:
        self._rows += map(as_row, findings)
        if len(self._rows) >= _MOST_HELD:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._rows = []


class _Nowhere:
    def write(self, findings: Iterable[UserFinding]) -> None:
        """Write nothing."""

    def close(self) -> None:
        """Close nothing."""


_KINDS: Final[Mapping[str, Callable[[Path], FindingsFile]]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".jsonl": _JsonLines,
    ".ndjson": _JsonLines,
}


class _Closing:
    def __init__(self, file: FindingsFile, path: Path | None) -> None:
        self._file = file
        self._path = path

    def __enter__(self) -> FindingsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, findings: Iterable[UserFinding]) -> None:
        with self._writing():
            self._file.write(findings)

    def close(self) -> None:
        with self._writing():
            self._file.close()

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            message = f"findings: {self._path} can't be written: {error.strerror or error}"
            raise ConfigurationError(message) from None


def findings_file(path: Path | None) -> _Closing:
    """Return a file to write findings to, as a context manager.

    Args:
        path: The path of the file, whose suffix determines the format. None stands for no file.

    Raises:
        ConfigurationError: If the suffix is not supported, or the file can't be written.
    """
    if path is None:
        return _Closing(_Nowhere(), None)
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        message = f"findings: {path} must end in .parquet, .csv or .jsonl"
        raise ConfigurationError(message)
    try:
        return _Closing(kind(path), path)
    except OSError as error:
        message = f"findings: {path} can't be written: {error.strerror}"
        raise ConfigurationError(message) from None
