"""The location of a script: file and line, without this machine's folders."""

import functools
import inspect
from collections.abc import Callable
from types import CodeType
from typing import cast

from customdb_contract._runner._places import place_in, working_folder

__all__ = ["location_of_function"]


def location_of_function(function: Callable[..., object]) -> str | None:
    """Return where a function is defined, or None if it is not written in Python or belongs to a library.

    Args:
        function: A function, method, partial function, or an object that can be called.
    """
    return place_in(_code(function), working_folder())


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
        # A mock of a coroutine function has fake code.
        if issubclass(type(code), CodeType):
            return cast("CodeType", code)
    return None
