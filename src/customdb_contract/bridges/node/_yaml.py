"""The connections of a YAML file, such as `tenant.yaml`, as the Auth0 Deploy CLI exports it.

Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from customdb_contract.bridges.node._document import Described
from customdb_contract.bridges.node._keywords import read_replaced
from customdb_contract.errors import ConfigurationError

__all__ = ["read_all_of_yaml", "read_yaml"]

_QUOTED: Final = re.compile(r"(['\"]).*\1", re.DOTALL)


def read_yaml(path: Path, keywords: Mapping[str, object], name: str | None) -> Described:
    """Return one connection of a YAML file.

    Args:
        path: The file.
        keywords: The values of keywords.
        name: The connection; None if there is only one.

    Raises:
        ConfigurationError: When the parser is not installed, the file cannot be read, or has no such connection.
    """
    found = read_all_of_yaml(path, keywords)
    names = [described.name or f"databases[{number}]" for number, described in enumerate(found)]
    if not names:
        message = f"{path} has no databases"
        raise ConfigurationError(message)
    if name is None and len(names) > 1:
        message = f"{path} has {len(names)} databases: {', '.join(names)}; choose one with [connection] name"
        raise ConfigurationError(message)
    if name is not None and name not in names:
        message = f"{path} has no database {name}; it has {', '.join(names)}"
        raise ConfigurationError(message)
    return found[0 if name is None else names.index(name)]


def read_all_of_yaml(path: Path, keywords: Mapping[str, object]) -> Sequence[Described]:
    """Return all database connections of a YAML file.

    Args:
        path: The file.
        keywords: The values of keywords.

    Raises:
        ConfigurationError: When the parser is not installed, or the file cannot be read.
    """
    document = _parsed(path, read_replaced(path, keywords))
    found = cast("dict[str, object]", document).get("databases") if isinstance(document, dict) else None
    listed = cast("list[object]", found or []) if isinstance(found, list | None) else [None]
    for number, database in enumerate(listed):
        if not isinstance(database, dict):
            message = f"{path}: databases[{number}] must be a table"
            raise ConfigurationError(message)
    documents = cast("list[Mapping[str, object]]", listed)
    return [
        Described(document, path.parent, f"{path}: databases[{number}]") for number, document in enumerate(documents)
    ]


def _parsed(path: Path, text: str) -> object:
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        message = f"{path} is YAML, but its parser is not installed: pip install 'customdb-contract[yaml]'"
        raise ConfigurationError(message) from None
    try:
        return cast("object", yaml.safe_load(text))
    except RecursionError:
        message = f"{path} is nested too deeply"
        raise ConfigurationError(message) from None
    except yaml.MarkedYAMLError as error:
        # The line, which PyYAML would show, and its quotes can contain the secret value of a keyword.
        mark, said = error.problem_mark, (error.context, error.problem)
        place = "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"
        message = f"{path} is not YAML: {' '.join(_QUOTED.sub('…', text) for text in said if text)}{place}"
        raise ConfigurationError(message) from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError):
        # PyYAML raises any of these when it creates values.
        message = f"{path} is not YAML: it has a character or a value that YAML does not allow, such as 2026-13-01"
        raise ConfigurationError(message) from None
