"""Converts given settings to those that Node receives."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

__all__ = ["all_revealed", "file_of", "modules_in", "revealed", "shown"]


def revealed(value: object) -> Any:
    """Return a setting, or the text of a secret.

    Args:
        value: The setting.
    """
    return value.reveal() if isinstance(value, Secret) else value


def all_revealed(settings: Mapping[str, object]) -> dict[str, Any]:
    """Return settings, with secrets as their texts.

    Args:
        settings: The settings.
    """
    return {name: revealed(value) for name, value in settings.items()}


def modules_in(node_modules: str | os.PathLike[str]) -> Path:
    """Return the folder of npm modules.

    Args:
        node_modules: The given folder.

    Raises:
        ConfigurationError: When it is not a folder of that name.
    """
    path = Path(node_modules).resolve()
    if not path.is_dir() or path.name != "node_modules":
        message = f"{node_modules} is not a folder named node_modules: give the one that npm install created"
        raise ConfigurationError(message)
    return path


def file_of(name: str, path: str | os.PathLike[str]) -> str:
    """Return the file of a module's double.

    Args:
        name: The module.
        path: The given file.

    Raises:
        ConfigurationError: When it is not a file.
    """
    file = Path(path).resolve()
    if not file.is_file():
        message = f"the double of the module {name}, {path}, is not a file"
        raise ConfigurationError(message)
    return str(file)


def shown(path: Path) -> str:
    """Return the name of a file in locations: relative to the working directory if it is below that.

    Args:
        path: The file.
    """
    resolved = path.resolve()
    here = Path.cwd().resolve()
    is_below = resolved.is_relative_to(here)
    return (resolved.relative_to(here) if is_below else Path(path.parent.name, path.name)).as_posix()
