"""Errors while a store is read: a damaged file, a lost connection, a missing permission, a full disk."""

import importlib
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.secrets import hide_unknown

__all__ = ["EngineError", "engine_errors", "first_line", "problem_of", "reading", "unreadable"]

_MEMORY: Final = "; give DuckDB more with `memory` in [audit], --memory or audit(…, memory=…)"
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME: Final = re.compile(r"[/A-Za-z_][\w./:-]*")


class EngineError(Exception):
    """An engine failed; the message says why.

    Args:
        error: The exception of its driver.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {first_line(error)}")


@contextmanager
def engine_errors() -> Generator[None]:
    """Distinguish errors of an engine from bugs: each driver raises its own exceptions, never built-in ones.

    Raises:
        EngineError: Instead of the exception of a driver; exceptions of DuckDB are raised unchanged.
    """
    try:
        yield
    except _duckdb().Error:
        raise
    except Exception as error:
        if type(error).__module__ == "builtins" and not isinstance(error, OSError | MemoryError):
            raise
        raise EngineError(error) from error


@contextmanager
def reading(source: str, so_far: Callable[[], str] = str, *, is_file: bool) -> Generator[None]:
    """Add the source and the progress to the error of an engine.

    Args:
        source: The source of the users.
        so_far: Returns a text about the progress of the audit, which ends the message.
        is_file: Whether the source is a file, or a folder of files.

    Raises:
        ConfigurationError: If a file can't be read to its end, or DuckDB runs out of memory.
        DatabaseOpeningError: If a database can't be read to its end.
    """
    duckdb = _duckdb()
    try:
        yield
    except (EngineError, duckdb.Error) as error:
        message = f"{source} can't be read to its end: {problem_of(error)}{so_far()}"
        is_usage = is_file or isinstance(error, duckdb.OutOfMemoryException)
        raise (ConfigurationError if is_usage else DatabaseOpeningError)(message) from None


def unreadable(source: object, error: Exception) -> ConfigurationError:
    """Return the exception to raise if DuckDB can't read a file.

    Args:
        source: The file.
        error: The exception of DuckDB.
    """
    complete = "" if isinstance(error, _duckdb().OutOfMemoryException) else "; is it complete?"
    return ConfigurationError(f"{source} can't be read: {problem_of(error)}{complete}")


def problem_of(error: Exception) -> str:
    """Return what is wrong, and if known, what to do about it.

    Args:
        error: The exception of an engine.
    """
    return f"{first_line(error)}{_MEMORY if isinstance(error, _duckdb().OutOfMemoryException) else ''}"


def first_line(error: Exception) -> str:
    """Return the first line of a message; the others can quote the file, the query or rows.

    Anything quoted in the first line can be a value, which is personal data, and is removed unless it looks like the
    name of a column or a file.

    Args:
        error: The exception of an engine.
    """
    # Arrow adds its position as further arguments of the exception.
    parts = map(str, error.args) if len(error.args) > 1 else (str(error),)
    line = _QUOTED.sub(_name_in, "; ".join(part.strip().partition("\n")[0] for part in parts))
    return hide_unknown(line, lambda _kind, _value: "…")


def _name_in(quoted: re.Match[str]) -> str:
    text = quoted[0]
    return text if _NAME.fullmatch(text[1:-1]) else f"{text[0]}…{text[-1]}"


def _duckdb() -> Any:
    return importlib.import_module("duckdb")
