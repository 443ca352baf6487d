"""Opening a database: importing it, calling the function that makes it, and entering its context manager."""

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
        names: The names that it has.
    """

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names


class Completes(Protocol):
    """What runs an event loop of scripts."""

    def complete(self, awaitable: Awaitable[Any]) -> Any:
        """Run it until something awaitable is done, and return its result."""
        ...

    def hold(self, manager: Any) -> tuple[object, Callable[[], object]]:
        """Enter an async context manager, and return what it gives, and a function that leaves it."""
        ...


def find_attribute(module: str, attribute: str, folders: list[str], *, later: tuple[str, ...]) -> object:
    """Return what `module:attribute` names.

    Args:
        module: The module's dotted name.
        attribute: The attribute's dotted name.
        folders: Where modules are looked up before and after the folders that Python itself knows.
        later: Modules that the process itself imports once something calls for them.

    Raises:
        NotThereError: When there is no such attribute.
        BaseException: Whatever the module raises while it is imported.
    """
    first, *others = folders
    if _hides_standard_modules(first):
        # Then it would get these files in place of Python's own modules.
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
    """Tell whether files in a folder are called like modules of Python's own."""
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
        made: The database, or a function that makes it, or a context manager that gives it.
        scripts: The names of all scripts.
        arguments: What a function that makes it is given.
        settings: The keywords of such a function.
        loop: Returns the event loop of the scripts.
    """
    opened = cast("Any", made)
    return entered(opened(*arguments, **settings) if is_factory(made, scripts) else opened, loop)


def entered(opened: Any, loop: Callable[[], Completes]) -> tuple[object, Callable[[], object]]:
    """Return what something gives that may be awaitable, or a context manager, and a function that closes it.

    Args:
        opened: What the team gave, or what a function of theirs returned.
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
    """Tell whether this is something that makes a database, and not one itself.

    Args:
        database: What the reference names.
        scripts: The names of all scripts.

    Returns:
        True for a class, and for anything else that can be called, has none of the scripts and is no context manager.
    """
    kind = type(database)
    if issubclass(kind, type):
        return True
    if not callable(database) or hasattr(kind, "__enter__") or hasattr(kind, "__aenter__"):
        return False
    return not any(callable(getattr(database, name, None)) for name in scripts)


def _has(value: object, name: str) -> bool:
    """Tell whether the type of a value has an attribute: what the value itself says may be a lie."""
    return hasattr(type(value), name)


def _do_nothing() -> None:
    """Close what needs no closing."""
