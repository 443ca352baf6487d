"""Columns as a text that is the same in every process, by which a state recognizes them."""

import re
import sys
from typing import Final, cast

from attrs import evolve

from customdb_contract.audit._columns import Columns, ProfileOf
from customdb_contract.bridges.python_process import PythonProcessFunction
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import PasswordFormat

__all__ = ["settled"]

_ADDRESS: Final = re.compile(r" at 0x[0-9A-Fa-f]+")


def settled(columns: Columns) -> str:
    """Return columns as a text; objects without a name of their own are identified by their type.

    Args:
        columns: The columns.

    Raises:
        ConfigurationError: If `profile_of` can't be found by its name.
    """
    function = columns.profile_of
    is_named = function is None or isinstance(function, PythonProcessFunction)
    named = repr(function) if is_named else _name_of(cast("ProfileOf", function))
    formats = [one if isinstance(one, str) else _format(one) for one in columns.password_formats]
    return repr((evolve(columns, profile_of=None, password_formats=()), named, formats))


def _name_of(function: ProfileOf) -> str:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str):
        found: object = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is function:
            return f"{module}:{name}"
    message = (
        "state: profile_of must have a name by which another process can find it, got "
        f"{_ADDRESS.sub('', repr(function))}: define it with def at the top level of a module, or omit state"
    )
    raise ConfigurationError(message)


def _format(one: PasswordFormat) -> str:
    # Many have a `repr` with all their settings; that of others can contain an address.
    return f"{type(one).__module__}.{type(one).__qualname__} {one.name} {_ADDRESS.sub('', repr(one))}"
