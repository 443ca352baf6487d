"""References to what is in a Python module."""

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
        ConfigurationError: When it is no reference.
    """
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute):
        message = (
            f"{reference!r} is no reference to a Python object; write module:attribute, such as shop.legacy:database"
        )
        raise ConfigurationError(message)
    return module, attribute


def near_names(attribute: str, names: Sequence[str]) -> str:
    """Return a hint at what somebody may have meant, empty where there is none.

    Args:
        attribute: The attribute that is not there.
        names: Those that are.
    """
    near = difflib.get_close_matches(attribute.partition(".")[0], names, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def clashing_names(folder: str | Path, told: str) -> str:
    """Return a hint at files that are called like modules of Python's own, empty where there is none.

    Args:
        folder: Where a module of the team is looked up first.
        told: A message, in which the names of modules are quoted.
    """
    quoted = dict.fromkeys(name for name in _QUOTED.findall(told) if name in sys.stdlib_module_names)
    names = [
        found.name
        for name in quoted
        for found in (Path(folder, f"{name}.py"), Path(folder, name, "__init__.py").parent)
        if found.exists()
    ]
    if not names:
        return ""
    are = "is called like a module" if len(names) == 1 else "are called like modules"
    return f"; {' and '.join(names)} in {folder} {are} of Python's own, so one hides the other: rename your file"


def refuse_misnamed(scripts: Sequence[object]) -> None:
    """Do nothing where no script has its name in JavaScript.

    Args:
        scripts: The names of the scripts that have, `get_user` for `getUser`.

    Raises:
        ConfigurationError: When there is one.
    """
    known = [script.value for script in Script if script.value in scripts]
    if known:
        has = " and ".join(_in_javascript(script) for script in known)
        message = f"the database has {has}; did you mean {' and '.join(known)}? These are their names in Python"
        raise ConfigurationError(message)


def _in_javascript(script: str) -> str:
    first, *others = script.split("_")
    return first + "".join(map(str.title, others))
