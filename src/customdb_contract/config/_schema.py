"""The JSON Schema of a configuration file, for editors."""

import json
from pathlib import Path
from typing import Any, Final

from customdb_contract.config._reading import TABLE

__all__ = ["configuration_schema"]

_SHIPPED: Final = Path(__file__).with_name("customdb.schema.json")


def configuration_schema(*, in_pyproject: bool = False) -> dict[str, Any]:
    """Return the JSON Schema (draft 7) of a `customdb.toml`.

    Args:
        in_pyproject: Whether to return the schema of a whole `pyproject.toml`, which covers only the contents of
            `[tool.customdb-contract]`.
    """
    schema: dict[str, Any] = json.loads(_SHIPPED.read_text(encoding="utf-8"))
    if not in_pyproject:
        return schema
    about = {key: schema.pop(key) for key in ("$schema", "$id")}
    table = {"type": "object", "properties": {TABLE: schema}}
    return {**about, "type": "object", "properties": {"tool": table}}
