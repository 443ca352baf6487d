"""The functions of a team that a configuration file names, and that run in this process."""

import contextlib
import importlib
import inspect
import sys
from collections.abc import Callable, Generator
from pathlib import Path

from customdb_contract.bridges.references import clashing_names, near_names, parted
from customdb_contract.errors import ConfigurationError

__all__ = ["imported", "importing_from", "named_object"]


def imported(reference: str, folder: Path, where: str, given: str) -> Callable[[object], object]:
    """Return the function that a reference names.

    Args:
        reference: A text such as `shop.legacy:inspect_user`.
        folder: The folder of the file, from which its module is looked up first.
        where: The place of the reference, for messages.
        given: What the function takes, worded to follow a comma.

    Raises:
        ConfigurationError: When there is no such function; the message says why.
    """
    found = named_object(reference, folder, where)
    if not callable(found) or inspect.iscoroutinefunction(found):
        message = f"{where}: {reference} must be a plain function, {given}"
        raise ConfigurationError(message)
    return found


def named_object(reference: str, folder: Path, where: str) -> object:
    """Return the object that a reference names.

    Args:
        reference: A text such as `shop.legacy:FORMATS`.
        folder: The folder of the file, from which its module is looked up first.
        where: The place of the reference, for messages.

    Raises:
        ConfigurationError: When there is no such object; the message says why.
    """
    try:
        module, attribute = parted(reference)
        with importing_from(folder):
            found: object = importlib.import_module(module)
    except ConfigurationError as error:
        message = f"{where}: {error}"
        raise ConfigurationError(message) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the team's module, which may raise anything
        clash = clashing_names(folder, str(error))
        message = f"{where}: {reference} cannot be imported from {folder}: {type(error).__name__}: {error}{clash}"
        raise ConfigurationError(message) from None
    for name in attribute.split("."):
        if not hasattr(found, name):
            clash = clashing_names(folder, repr(module))
            message = f"{where}: {module} has no {attribute}{near_names(attribute, dir(found))}{clash}"
            raise ConfigurationError(message)
        found = getattr(found, name)
    return found


@contextlib.contextmanager
def importing_from(folder: Path) -> Generator[None]:
    """Search a folder for modules first, including those that a function imports when it runs.

    Args:
        folder: The folder.
    """
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))
