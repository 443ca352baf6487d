"""How commands print, read and write."""

import os
import sys
import time
from pathlib import Path
from typing import Final, TextIO

from customdb_contract.errors import ConfigurationError
from customdb_contract.interrupts import current_interrupts

__all__ = ["Progress", "complain", "make_folder", "print_safely", "print_text", "read", "show", "wants_color", "write"]

_PROGRESS_AFTER: Final = 1.0
"""Seconds after which a progress line is shown."""


def complain(message: object) -> None:
    """Print one of our messages to standard error.

    Args:
        message: The message; all lines but the first are indented.
    """
    # A script's text can have several lines, which must not look like ours.
    print_safely(f"customdb-contract: {message}".replace("\n", "\n  "))


def print_safely(text: str) -> None:
    """Print to standard error a text that can quote a script: no control characters, and no commands of a CI system.

    Args:
        text: One or several lines.
    """
    from customdb_contract.transcript import printable

    for line in text.split("\n"):
        print(printable(line), file=sys.stderr)


def wants_color(stream: TextIO) -> bool:
    """Tell whether a stream shows colours.

    Args:
        stream: The stream.
    """
    return stream.isatty() and not os.environ.get("NO_COLOR")


def print_text(text: str) -> None:
    """Print a result to standard output.

    Args:
        text: The result.
    """
    # A terminal with another encoding must not end a check with a traceback.
    encoding = sys.stdout.encoding or "utf-8"
    # The reader of the output can have closed it.
    with current_interrupts().immediate():
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def read(path: Path) -> str:
    """Return the text of a file.

    Args:
        path: The file.

    Raises:
        ConfigurationError: When it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigurationError(message) from None


def write(path: Path, text: str) -> None:
    """Write a text to a file.

    Args:
        path: The file.
        text: The text.

    Raises:
        ConfigurationError: When it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise ConfigurationError(message) from None


def make_folder(path: Path) -> None:
    """Create a folder, and those above it, unless it exists.

    Args:
        path: The folder.

    Raises:
        ConfigurationError: When it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {path} cannot be created: {error.strerror or error}"
        raise ConfigurationError(message) from None


def show(text: str, output: Path | None) -> None:
    """Write a result to a file, or print it.

    Args:
        text: The result.
        output: The file, or None.
    """
    if output:
        write(output, text)
    else:
        print_text(text)


class Progress:
    """A line on a terminal that shows the progress of a command, if that takes longer than a second.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._shown = 0

    def show(self, line: str) -> None:
        """Show the progress.

        Args:
            line: The current step.
        """
        if self._stream.isatty() and time.monotonic() - self._started > _PROGRESS_AFTER:
            self._stream.write(f"\r{line:<{self._shown}}")
            self._stream.flush()
            self._shown = len(line)

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            self._stream.write(f"\r{'':<{self._shown}}\r")
            self._stream.flush()
