"""A store that fails while it is read: a damaged file, a lost connection, a permission that is missing, a full disk."""

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
    """An engine can't go on; the message says why.

    Args:
        error: What its driver has raised.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {first_line(error)}")


@contextmanager
def engine_errors() -> Generator[None]:
    """Tell what an engine raises from what is wrong here: each driver has exceptions of its own, but no built-in ones.

    Raises:
        EngineError: In place of what a driver has raised; exceptions of DuckDB are left as they are.
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
    """Say what was read where an engine can't go on.

    Args:
        source: What is read.
        so_far: Returns what to say of how far the audit was.
        is_file: Whether it is a file, or a folder of files.

    Raises:
        ConfigurationError: When a file can't be read to its end, or DuckDB has not enough memory.
        DatabaseOpeningError: When a database can't be read to its end.
    """
    duckdb = _duckdb()
    try:
        yield
    except (EngineError, duckdb.Error) as error:
        message = f"{source} can't be read to its end: {problem_of(error)}{so_far()}"
        is_usage = is_file or isinstance(error, duckdb.OutOfMemoryException)
        raise (ConfigurationError if is_usage else DatabaseOpeningError)(message) from None


def unreadable(source: object, error: Exception) -> ConfigurationError:
    """Return what to raise where DuckDB can't read a file.

    Args:
        source: The file.
        error: What DuckDB has raised.
    """
    complete = "" if isinstance(error, _duckdb().OutOfMemoryException) else "; is it complete?"
    return ConfigurationError(f"{source} can't be read: {problem_of(error)}{complete}")


def problem_of(error: Exception) -> str:
    """Return what is wrong, and what to do about it as far as that is known.

    Args:
        error: What an engine has raised.
    """
    return f"{first_line(error)}{_MEMORY if isinstance(error, _duckdb().OutOfMemoryException) else ''}"


def first_line(error: Exception) -> str:
    """Return the first line of a message; those that follow may quote the file, the query or rows.

    What it quotes itself may be a value, which is personal, unless it looks like the name of a column or a file.

    Args:
        error: What an engine has raised.
    """
    # Arrow adds where it was to what it has raised.
    parts = map(str, error.args) if len(error.args) > 1 else (str(error),)
    line = _QUOTED.sub(_name_in, "; ".join(part.strip().partition("\n")[0] for part in parts))
    return hide_unknown(line, lambda _kind, _value: "…")


def _name_in(quoted: re.Match[str]) -> str:
    text = quoted[0]
    return text if _NAME.fullmatch(text[1:-1]) else f"{text[0]}…{text[-1]}"


def _duckdb() -> Any:
    return importlib.import_module("duckdb")
