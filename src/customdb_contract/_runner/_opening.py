"""Opens a database: imports it, calls the function that creates it, and enters its context manager."""

import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from os import scandir
from typing import Any, Protocol, cast

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["NotThereError", "entered", "find_attribute", "is_factory", "open_database"]

_MOST_NAMES = 200


class NotThereError(Exception):
    """A module has no such attribute.

    Args:
        names: The attributes that it has.
    """

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names


class Completes(Protocol):
    """Runs an event loop of scripts."""

    def complete(self, awaitable: Awaitable[Any]) -> Any:
        """Run it until something awaitable is done, and return its result."""
        ...

    def hold(self, manager: Any) -> tuple[object, Callable[[], object]]:
        """Enter an async context manager, and return its value, and a function that leaves it."""
        ...


def find_attribute(module: str, attribute: str, folders: list[str], *, later: tuple[str, ...]) -> object:
    """Return the object that `module:attribute` names.

    Args:
        module: The module's dotted name.
        attribute: The attribute's dotted name.
        folders: Folders to search before and after the folders that Python itself knows.
        later: Modules that the process itself imports when they are first needed.

    Raises:
        NotThereError: When there is no such attribute.
        BaseException: Whatever the module raises while it is imported.
    """
    first, *others = folders
    if _hides_standard_modules(first):
        # Otherwise, it would get these files instead of standard library modules.
        for name in later:
            import_module(name)
    sys.path.insert(0, first)
    sys.path.extend(folder for folder in others if folder not in sys.path)
    found: object = import_module(module)
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise NotThereError([str(name) for name in dir(found)][:_MOST_NAMES])
        found = getattr(found, name)
    return found


def _hides_standard_modules(folder: str) -> bool:
    """Tell whether files in a folder have the names of standard library modules."""
    with scandir(folder) as entries:
        return any(entry.name.partition(".")[0] in sys.stdlib_module_names for entry in entries)


def open_database(
    made: object,
    scripts: list[str],
    arguments: list[str],
    settings: dict[str, object],
    loop: Callable[[], Completes],
) -> tuple[object, Callable[[], object]]:
    """Return the database, opened, and a function that closes it.

    Args:
        made: The database, a function that creates it, or a context manager whose value it is.
        scripts: The names of all scripts.
        arguments: The positional arguments of a function that creates it.
        settings: The keyword arguments of such a function.
        loop: Returns the event loop of the scripts.
    """
    opened = cast("Any", made)
    return entered(opened(*arguments, **settings) if is_factory(made, scripts) else opened, loop)


def entered(opened: Any, loop: Callable[[], Completes]) -> tuple[object, Callable[[], object]]:
    """Return the value of something that can be awaitable, or a context manager, and a function that closes it.

    Args:
        opened: The object that was given, or that a function returned.
        loop: Returns the event loop of the scripts.
    """
    if _has(opened, "__await__"):
        opened = loop().complete(opened)
    kind = cast("Any", type(opened))
    if hasattr(kind, "__aenter__"):
        return loop().hold(opened)
    if hasattr(kind, "__enter__"):
        return kind.__enter__(opened), lambda: kind.__exit__(opened, None, None, None)
    return opened, _do_nothing


def is_factory(database: object, scripts: list[str]) -> bool:
    """Tell whether an object creates a database, and is not one itself.

    Args:
        database: The object that the reference names.
        scripts: The names of all scripts.

    Returns:
        True for a class, and for anything else that can be called, has none of the scripts and is not a context
        manager.
    """
    kind = type(database)
    if issubclass(kind, type):
        return True
    if not callable(database) or hasattr(kind, "__enter__") or hasattr(kind, "__aenter__"):
        return False
    return not any(callable(getattr(database, name, None)) for name in scripts)


def _has(value: object, name: str) -> bool:
    """Tell whether the type of a value has an attribute, because the value itself can lie."""
    return hasattr(type(value), name)


def _do_nothing() -> None:
    """Close something that needs no closing."""
