"""Reads a configuration file, and reports what is wrong in it."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from customdb_contract.config._tables import TABLES, FromEnvironment
from customdb_contract.errors import ConfigurationError

__all__ = ["CONFIG_FILE", "TABLE", "explain", "find_config", "own_table", "read"]

CONFIG_FILE: Final = "customdb.toml"
TABLE: Final = "customdb-contract"


def find_config(folder: Path) -> Path | None:
    """Return the configuration file of a folder, or None.

    Args:
        folder: The folder to search for a `customdb.toml`, or a `pyproject.toml` with the table
            `[tool.customdb-contract]`.

    Raises:
        ConfigurationError: When the folder cannot be searched, or the `pyproject.toml` cannot be read.
    """
    own, project = folder / CONFIG_FILE, folder / "pyproject.toml"
    try:
        is_own, is_project = own.is_file(), project.is_file()
    except OSError as error:
        message = f"{folder} cannot be searched for {CONFIG_FILE}: {error.strerror}"
        raise ConfigurationError(message) from None
    if is_own:
        return own
    return project if is_project and own_table(read(project)) is not None else None


def own_table(document: Mapping[str, Any]) -> object:
    """Return the contents of `tool.customdb-contract`, or None.

    Args:
        document: The contents of a pyproject.toml.
    """
    tool: object = document.get("tool")
    return cast("dict[str, object]", tool).get(TABLE) if isinstance(tool, dict) else None


def read(path: Path) -> dict[str, Any]:
    """Return the contents of a TOML file.

    Args:
        path: The file.

    Raises:
        ConfigurationError: When it cannot be read, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise ConfigurationError(message) from None
    except RecursionError:
        message = f"{path} is nested too deeply"
        raise ConfigurationError(message) from None
    except ValueError as error:
        message = f"{path} is not TOML: {error}"
        raise ConfigurationError(message) from None


_REFERENCE: Final = FromEnvironment.__name__
_TEXTS: Final = "dict[str,str]"
_MEMBERS: Final = frozenset({"str", "bool", "int", "float", _REFERENCE, _TEXTS})
"""Pydantic includes the names of union members in a location; they are not keys."""


def explain(path: Path, errors: Sequence[ErrorDetails]) -> str:
    """Describe for each error where it is and what was expected; values are left out, because they can be secrets.

    Args:
        path: The file.
        errors: The errors that pydantic found.
    """
    problems: dict[str, list[str]] = {}
    tables = {error["loc"][:at] for error in errors for at in _members(error["loc"][:-1])}
    for error in errors:
        if error["loc"][-1] in _MEMBERS and error["loc"][:-1] in tables:
            continue  # It is a table, so the errors of its keys are enough.
        problems.setdefault(_key(error["loc"]), []).append(_expected(error))
    return "\n".join(f"{path}: {key} {' or '.join(dict.fromkeys(expected))}" for key, expected in problems.items())


def _members(location: Sequence[int | str]) -> Iterator[int]:
    """Yield the positions in a key's location at which a table was reached as a member of a union."""
    return (at for at, part in enumerate(location) if part in {_REFERENCE, _TEXTS})


def _key(location: Sequence[int | str]) -> str:
    """Return the key as it is found in the file: `[check] timeout`, `[[users]] number 2: password`."""
    table, *rest = (part for part in location if part not in _MEMBERS)
    where = f"[{table}]"
    if table == "users" and rest:
        where = f"[[users]] number {int(rest.pop(0)) + 1}" + (":" if rest else "")
    return f"{where} {'.'.join(map(str, rest))}" if rest else where


def _expected(error: ErrorDetails) -> str:
    if error["type"] in {"model_type", "dict_type"}:
        return "must be a table"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        *above, name = map(str, error["loc"])
        known = list((FromEnvironment if _REFERENCE in above else _table_at(above)).model_fields)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"
        return f"is not a known key; {hint}"
    return f"is wrong: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _table_at(above: Sequence[str]) -> type[BaseModel]:
    """Return the table that a key is in: the innermost one with a name of its own."""
    names = (".".join(above[:depth]) for depth in range(len(above), 0, -1))
    return next((TABLES[name] for name in names if name in TABLES), TABLES[""])
