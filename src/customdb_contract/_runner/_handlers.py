"""The scripts of a database: which exist, their parameters, and their locations."""

from types import FunctionType, MethodType
from typing import Any, NamedTuple, cast

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._places import STARTED_IN, place_in

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["Handler", "Parameter", "find_handlers", "find_misnamed", "needs_argument"]

_POSITIONAL_ONLY, _POSITIONAL, _VAR_POSITIONAL, _KEYWORD_ONLY, _VAR_KEYWORD = range(5)
_HAS_VAR_POSITIONAL, _HAS_VAR_KEYWORD = 0x04, 0x08


class Parameter(NamedTuple):
    """One parameter of a script.

    Args:
        name: Its name.
        kind: Its kind, as the number that `inspect.Parameter.kind` has.
        has_default: Whether it has a default. The default itself can be secret.
    """

    name: str
    kind: int
    has_default: bool


class Handler(NamedTuple):
    """One script.

    Args:
        function: The function to call.
        parameters: Its parameters; None if they are not available, as for some functions written in C.
        location: File and line; None if it is not written in Python.
    """

    function: object
    parameters: list[Parameter] | None
    location: str | None


def find_handlers(database: object, names: list[str]) -> dict[str, Handler]:
    """Return the scripts that a database object has as methods.

    Args:
        database: The object.
        names: The names of all scripts.
    """
    methods = [(name, getattr(database, name, None)) for name in names]
    return {name: _handler(method) for name, method in methods if callable(method)}


def find_misnamed(database: object, names: list[str]) -> list[str]:
    """Return the scripts that a database object has only under their names in JavaScript, such as `getUser`.

    Args:
        database: The object.
        names: The names of all scripts.
    """
    found: list[str] = []
    for name in names:
        titled = name.title().replace("_", "")
        in_javascript = name[0] + titled[1:]
        if in_javascript != name and not callable(getattr(database, name, None)):
            found += [name] if callable(getattr(database, in_javascript, None)) else []
    return found


def needs_argument(function: object, keywords: frozenset[str]) -> bool:
    """Tell whether a function can be called with some keywords only together with a positional argument.

    Args:
        function: The function.
        keywords: The names that are passed.
    """
    return any(
        not parameter.has_default and parameter.kind <= _POSITIONAL and parameter.name not in keywords
        for parameter in _handler(function).parameters or ()
    )


def _handler(function: object) -> Handler:
    plain = function.__func__ if type(function) is MethodType else function
    # `inspect` costs as much as everything else here, and plain functions can do without.
    if type(plain) is FunctionType and not plain.__dict__.keys() & {"__wrapped__", "__signature__"}:
        parameters = _of_code(plain)
        if plain is not function and parameters and parameters[0].kind <= _POSITIONAL:
            parameters = parameters[1:]
        return Handler(function, parameters, place_in(plain.__code__, STARTED_IN))
    return _inspected(function)


def _of_code(function: FunctionType) -> list[Parameter]:
    code = function.__code__
    names, positional = code.co_varnames, code.co_argcount
    required = positional - len(function.__defaults__ or ())
    keyword_defaults = function.__kwdefaults__ or {}
    parameters = [
        Parameter(names[place], _POSITIONAL_ONLY if place < code.co_posonlyargcount else _POSITIONAL, place >= required)
        for place in range(positional)
    ]
    after = positional + code.co_kwonlyargcount
    if code.co_flags & _HAS_VAR_POSITIONAL:
        parameters.append(Parameter(names[after], _VAR_POSITIONAL, has_default=False))
        after += 1
    parameters += [
        Parameter(name, _KEYWORD_ONLY, name in keyword_defaults)
        for name in names[positional : positional + code.co_kwonlyargcount]
    ]
    if code.co_flags & _HAS_VAR_KEYWORD:
        parameters.append(Parameter(names[after], _VAR_KEYWORD, has_default=False))
    return parameters


def _inspected(function: object) -> Handler:
    import functools  # noqa: PLC0415 - see _handler
    import inspect  # noqa: PLC0415 - see above

    # An object that responds to every name runs code of its own when it is inspected.
    try:
        parameters: list[Parameter] | None = [
            Parameter(name, int(parameter.kind), parameter.default is not parameter.empty)
            for name, parameter in inspect.signature(cast("Any", function)).parameters.items()
        ]
    except Exception:  # noqa: BLE001 - see above
        parameters = None
    try:
        plain: Any = inspect.unwrap(cast("Any", function))
        while isinstance(plain, functools.partial):
            plain = inspect.unwrap(plain.func)
        called = inspect.getattr_static(cast("Any", type(plain)), "__call__", None)
        codes = [getattr(found, "__code__", None) for found in (plain, called)]
    except Exception:  # noqa: BLE001 - see above
        codes = []
    code = next((code for code in codes if type(code) is type(_handler.__code__)), None)
    return Handler(function, parameters, place_in(code, STARTED_IN))
