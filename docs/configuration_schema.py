"""The JSON Schema of the configuration, with the structure of the tables in code and the descriptions of the page.

`make schema` writes it into the package.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from customdb_contract.config._tables import TABLES, File

__all__ = ["schema_text"]

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "configuration.md"
SHIPPED = ROOT / "src" / "customdb_contract" / "config" / "customdb.schema.json"

KEYS_OF: Mapping[str, str] = {
    "outage": "database",
    "action.legacy.not_found": "action.legacy.found",
    "action.legacy.empty": "action.legacy.found",
    "action.legacy.paths": "action.legacy.found",
}
"""Tables whose keys the page describes under another table."""


def schema_text() -> str:
    """Return the schema as the package ships it."""
    shape = File.model_json_schema()
    definitions = shape.pop("$defs")
    # TOML editors read draft 7. It ignores keys next to a `$ref`, so there is no `$ref`.
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:customdb-contract:configuration",
        "title": "Configuration of customdb-contract",
        "description": _introduction(),
        **_plain(shape, definitions),
    }
    for name in TABLES:
        _describe(schema, name)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema without references, null (which TOML doesn't have), and titles derived from names."""
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(definitions[node["$ref"].rpartition("/")[2]], definitions)
    plain = {key: value for key, value in node.items() if key != "title" and (key, value) != ("default", None)}
    for key in plain.keys() & {"items", "additionalProperties"}:
        plain[key] = _plain(plain[key], definitions)
    if "properties" in plain:
        plain["properties"] = {name: _plain(value, definitions) for name, value in plain["properties"].items()}
    if "anyOf" in plain:
        members = [_plain(member, definitions) for member in plain.pop("anyOf") if member != {"type": "null"}]
        plain = {**plain, **members[0]} if len(members) == 1 else {**plain, "anyOf": members}
    return plain


def _describe(schema: dict[str, Any], name: str) -> None:
    """Add the descriptions of a table and of its keys."""
    table = schema
    for key in filter(None, name.split(".")):
        table = table["properties"][key]
    if name and "." not in name:
        table["description"] = _prose(_section(name).partition("\n|")[0])
    keys = _keys_of(table)
    if name:
        for key, meaning in _rows(_section(KEYS_OF.get(name, name))):
            keys[key] = {"description": meaning, **keys[key]}


def _keys_of(table: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a table, of each table in a list, or of each named table."""
    candidates: Sequence[Any] = [table, table.get("items"), table.get("additionalProperties"), *table.get("anyOf", ())]
    return next(each["properties"] for each in candidates if isinstance(each, dict) and "properties" in each)


def _introduction() -> str:
    return _prose(PAGE.read_text(encoding="utf-8").split("\n\n")[1])


def _section(table: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return re.split(rf"^## \[+{re.escape(table)}\]+$", text, flags=re.MULTILINE)[1].partition("\n## ")[0]


def _rows(section: str) -> list[tuple[str, str]]:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\| (.*) \|$", section, flags=re.MULTILINE)
    return [(key, _prose(meaning)) for key, meaning in rows]


def _prose(text: str) -> str:
    """Return text of the page for use elsewhere: on one line, and with names of pages instead of links."""
    text = re.sub(r"\[\]\(([^)]+)\)", lambda link: f"“{_title(link[1])}”", " ".join(text.split()))
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def _title(link: str) -> str:
    page = PAGE.parent / link
    # The pages of rules are generated, and have the names of the rules.
    return page.read_text(encoding="utf-8").partition("\n")[0][2:] if page.parent.name != "rules" else page.stem


if __name__ == "__main__":
    SHIPPED.write_text(schema_text(), encoding="utf-8")
