"""Parses the JSON files of an export, with messages that name the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from customdb_contract.errors import ConfigurationError

__all__ = ["json_object"]


def json_object(text: str, path: Path) -> Mapping[str, object]:
    """Return the object in a JSON document.

    Args:
        text: The document.
        path: Its file, for messages.

    Raises:
        ConfigurationError: When it is not JSON, or not an object.
    """
    try:
        document = json.loads(text)
    except RecursionError:
        message = f"{path} is nested too deeply"
        raise ConfigurationError(message) from None
    except ValueError as error:
        message = f"{path} is not JSON: {error}"
        raise ConfigurationError(message) from None
    if not isinstance(document, dict):
        message = f"{path}: the document must be an object"
        raise ConfigurationError(message)
    return cast("Mapping[str, object]", document)
