"""The location of something in a script: file and line, without this machine's folders."""

import os
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import cast

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["STARTED_IN", "place_in", "place_of_error", "working_folder"]

_getcwd = os.getcwd
_separator = os.sep
_LONGEST_FILE = 4096
_libraries = tuple(path.rpartition(os.sep)[0] + os.sep for path in (os.__file__, __file__.rpartition(os.sep)[0]))
_installed = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")

# Bypasses whatever a class of the script pretends to be.
_traceback_of = cast("Callable[[BaseException], TracebackType | None]", BaseException.__dict__["__traceback__"].__get__)


def working_folder() -> str:
    """Return the working directory, or an empty string if it no longer exists."""
    try:
        return _getcwd()
    except OSError:
        return ""


STARTED_IN = working_folder()
"""The working directory at import time: that of a database's process before a script changes it."""


def place_of_error(error: BaseException, here: str) -> str | None:
    """Return where a script raised: its own last line, not that of a library that it called.

    Args:
        error: The exception.
        here: The folder that files below it are relative to.

    Returns:
        File and line; None if no line of a script was involved.
    """
    place, frame = None, _traceback_of(error)
    while frame is not None:
        place = _shown(frame.tb_frame.f_code, frame.tb_lineno, here) or place
        frame = frame.tb_next
    return place


def place_in(code: CodeType | None, here: str) -> str | None:
    """Return where a function is defined, or None if it is not written in Python or belongs to a library.

    Args:
        code: Its code, if it has any.
        here: The folder that files below it are relative to.
    """
    return None if code is None else _shown(code, code.co_firstlineno, here)


def _shown(code: CodeType, line: int, here: str) -> str | None:
    file = code.co_filename
    # Code can claim any file.
    if len(file) > _LONGEST_FILE or file.startswith(("<frozen", *_libraries)):
        return None
    if any(part in file for part in _installed):
        return None
    # A path outside is shortened to its name: it would reveal the machine, and means nothing elsewhere.
    inside = here and file.startswith(here + _separator)
    shown = file[len(here) + 1 :] if inside else file.rpartition(_separator)[2]
    return f"{shown.replace(_separator, '/')}:{line}"
