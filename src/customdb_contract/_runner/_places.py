"""Where something of a script stands: file and line, without the folders of this machine."""

import os
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import cast

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["place_in", "place_of_error"]

_here = os.getcwd()  # noqa: PTH109 - importing pathlib takes longer than the rest of this package
_libraries = tuple(path.rpartition(os.sep)[0] + os.sep for path in (os.__file__, __file__.rpartition(os.sep)[0]))
_installed = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_separator = os.sep

_traceback_of = cast("Callable[[BaseException], TracebackType | None]", BaseException.__dict__["__traceback__"].__get__)


def place_of_error(error: BaseException) -> str | None:
    """Return where a script raised: its own last line, not that of a library that it called.

    Args:
        error: The exception.

    Returns:
        File and line; None when no line of a script took part.
    """
    place, frame = None, _traceback_of(error)
    while frame is not None:
        place = _shown(frame.tb_frame.f_code, frame.tb_lineno) or place
        frame = frame.tb_next
    return place


def place_in(code: CodeType | None) -> str | None:
    """Return where a function is defined, or None when it is not written in Python or belongs to a library.

    Args:
        code: Its code, if it has any.
    """
    return None if code is None else _shown(code, code.co_firstlineno)


def _shown(code: CodeType, line: int) -> str | None:
    file = code.co_filename
    if file.startswith(("<frozen", *_libraries)) or any(part in file for part in _installed):
        return None
    # A path outside is shortened to its name: it would tell of the machine, and means nothing elsewhere.
    inside = file.startswith(_here + _separator)
    return f"{file[len(_here) + 1 :] if inside else file.rpartition(_separator)[2]}:{line}"
