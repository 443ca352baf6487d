"""References to objects in Python modules."""

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError

__all__ = ["clashing_names", "near_names", "parted", "refuse_misnamed"]

_QUOTED: Final = re.compile(r"['\"](\w+)(?:\.\w+)*['\"]")


def parted(reference: str) -> tuple[str, str]:
    """Return the module and the attribute that a reference names.

    Args:
        reference: A text such as `shop.legacy:database`.

    Raises:
        ConfigurationError: When it is not a reference.
    """
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute):
        message = (
            f"{reference!r} is not a reference to a Python object; write module:attribute, such as shop.legacy:database"
        )
        raise ConfigurationError(message)
    return module, attribute


def near_names(attribute: str, names: Sequence[str]) -> str:
    """Return a suggestion of similar names, empty if there are none.

    Args:
        attribute: The attribute that does not exist.
        names: Those that do.
    """
    near = difflib.get_close_matches(attribute.partition(".")[0], names, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def clashing_names(folder: str | Path, message: str) -> str:
    """Return a hint at files that have the names of standard library modules, empty if there are none.

    Args:
        folder: The folder that is searched for modules first.
        message: A message with the names of modules in quotes.
    """
    quoted = dict.fromkeys(name for name in _QUOTED.findall(message) if name in sys.stdlib_module_names)
    names = [
        found.name
        for name in quoted
        for found in (Path(folder, f"{name}.py"), Path(folder, name, "__init__.py").parent)
        if found.exists()
    ]
    if not names:
        return ""
    are = "has the name of a module" if len(names) == 1 else "have the names of modules"
    return (
        f"; {' and '.join(names)} in {folder} {are} of the standard library, so one hides the other: rename your file"
    )


def refuse_misnamed(scripts: Sequence[object]) -> None:
    """Raise if a script has its name in JavaScript.

    Args:
        scripts: The names of such scripts, `get_user` for `getUser`.

    Raises:
        ConfigurationError: When there is one.
    """
    known = [script.value for script in Script if script.value in scripts]
    if known:
        has = " and ".join(_in_javascript(script) for script in known)
        message = f"the database has {has}; did you mean {' and '.join(known)}? In Python, scripts have these names"
        raise ConfigurationError(message)


def _in_javascript(script: str) -> str:
    first, *others = script.split("_")
    return first + "".join(map(str.title, others))
