"""Where something of a script stands: file and line, without the folders of this machine."""

import functools
import inspect
import os
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, TracebackType
from typing import cast

__all__ = ["location_of_error", "location_of_function"]

_PACKAGE = Path(__file__).parents[2]
# Read past whatever a class of the script says about itself.
_traceback_of = cast("Callable[[BaseException], TracebackType | None]", BaseException.__dict__["__traceback__"].__get__)
_INSTALLED = ("site-packages", "dist-packages")


@functools.cache
def _is_library(file: str) -> bool:
    path = Path(file)
    parts = path.parts
    libraries = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platstdlib")), _PACKAGE]
    return (
        file.startswith("<frozen")
        or any(name in parts for name in _INSTALLED)
        or any(path.is_relative_to(library) for library in libraries)
    )


def _shown(file: str, line: int) -> str:
    return f"{_relative(file, os.getcwd())}:{line}"  # noqa: PTH109 - a text is all that is needed, for each error


@functools.lru_cache
def _relative(file: str, folder: str) -> str:
    path, here = Path(file), Path(folder)
    # A path outside is shortened to its name: it would tell of the machine, and means nothing elsewhere.
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name


def location_of_error(error: BaseException) -> str | None:
    """Return where a script raised: its own last line, not that of a library that it called.

    Args:
        error: The exception.

    Returns:
        File and line, relative to the working directory when the file lies below it, otherwise the file's name and the
        line; None when no line of a script took part.
    """
    own = [place for place in _places(_traceback_of(error)) if not _is_library(place[0])]
    return _shown(*own[-1]) if own else None


def _places(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


def location_of_function(function: Callable[..., object]) -> str | None:
    """Return where a function is defined, or None when it is not written in Python or belongs to a library.

    Args:
        function: A function, method, partial function, or an object that can be called.
    """
    code = _code(function)
    if code is None or _is_library(code.co_filename):
        return None
    return _shown(code.co_filename, code.co_firstlineno)


def _unwrapped(function: Callable[..., object]) -> object:
    try:
        return inspect.unwrap(function)
    except Exception:  # noqa: BLE001 - what answers to every name runs code of its own, or wraps another one for ever
        return function


def _code(function: Callable[..., object]) -> CodeType | None:
    plain: object = _unwrapped(function)
    while isinstance(plain, functools.partial):
        plain = _unwrapped(plain.func)
    for candidate in (plain, inspect.getattr_static(type(plain), "__call__", None)):
        code = getattr(candidate, "__code__", None)
        # A mock of a coroutine function pretends to have code.
        if issubclass(type(code), CodeType):
            return cast("CodeType", code)
    return None
