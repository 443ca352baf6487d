"""Reads the description of a connection in an export, with messages that name the place."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from attrs import evolve, frozen

from customdb_contract.bridges.node._json_object import json_object
from customdb_contract.bridges.node._keywords import read_replaced
from customdb_contract.errors import ConfigurationError

__all__ = ["DATABASE_FILE", "Described", "read_json"]

DATABASE_FILE: Final = "database.json"
"""The file that describes a connection in its folder."""


@frozen
class Described:
    """A connection as an export describes it.

    Args:
        document: Its contents.
        folder: Where the paths of its scripts start.
        where: The place of the document, for messages.
        scripts_at: The keys that lead to the map of its scripts.
    """

    document: Mapping[str, object]
    folder: Path
    where: str
    scripts_at: tuple[str, ...] = ("options", "customScripts")

    @property
    def name(self) -> str | None:
        """The name of the connection, or None if the document has none."""
        name = self.document.get("name")
        return name if isinstance(name, str) else None

    def table(self, *keys: str) -> Mapping[str, object]:
        """Return a table of the document, empty if there is none.

        Args:
            keys: The keys that lead to it.

        Raises:
            ConfigurationError: When there is something else in its place.
        """
        table = self.document
        for depth, key in enumerate(keys, start=1):
            value = table.get(key)
            if value is None:
                return {}
            if not isinstance(value, dict):
                message = f"{self.where}: {'.'.join(keys[:depth])} must be an object"
                raise ConfigurationError(message)
            table = cast("Mapping[str, object]", value)
        return table

    def flag(self, key: str) -> bool | None:
        """Return an option that is true or false, or None if the document does not have it.

        Args:
            key: The option.

        Raises:
            ConfigurationError: When it is something else.
        """
        value = self.table("options").get(key)
        if value is None or isinstance(value, bool):
            return value
        # A list in YAML can contain itself, or the same list a million times.
        shown = f", got {json.dumps(value):.40}" if isinstance(value, str | int | float) else ""
        message = f"{self.where}: options.{key} must be true or false{shown}"
        raise ConfigurationError(message)


def read_json(path: Path, keywords: Mapping[str, object]) -> Described:
    """Return the connection that a `database.json` describes.

    Args:
        path: The file.
        keywords: The values of keywords.

    Raises:
        ConfigurationError: When it cannot be read, or is not an object.
    """
    document = json_object(read_replaced(path, keywords), path)
    described = Described(document, path.parent, str(path))
    # In a folder, and only there, the Deploy CLI prefers the map at the top.
    is_at_top = described.document.get("customScripts") is not None
    return evolve(described, scripts_at=("customScripts",)) if is_at_top else described
