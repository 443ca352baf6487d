"""Writes the pages about the simulated tenant: its operations, its diagrams, and conflicts between sources."""

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from attrs import fields

from customdb_contract.rehearsal import SCENARIOS
from customdb_contract.tenant import Knobs
from life_rows import Row

__all__ = ["TABLES", "write_life_pages"]

TABLES: Final = {
    "test_log_in_importing": "Log-in with import mode on",
    "test_log_in_legacy": "Log-in with import mode off",
    "test_sign_up": "Sign-up, and creating a user",
    "test_passwords": "Passwords",
    "test_identifiers": "Another e-mail or username",
    "test_verification_and_deletion": "Verification and deletion",
    "test_tenant_actions": "Post-login Actions",
}
"""The tests with the rows of the page of operations, and their titles."""

_OPERATIONS: Final = """\
# What each operation does

Every row is a test of the simulated tenant. It shows a situation, the scripts that run, the changes to Auth0's stores,
and the log entries. The user in the examples is `ada@example.com`, with the `user_id` `shop-7` in the database; `on`
and `off` refer to import mode. `users` contains Auth0's full records, `internal` the identifiers and password hashes
that Auth0 keeps with import mode on. `+` is a new record, `~` a changed record with the changed attributes, and `-` a
removed record. If the sources conflict, the row names the [conflict](conflicts.md).
"""

_CONFLICTS: Final = """\
# Conflicts between sources

Auth0's pages, support articles and published answers contradict each other in places. The simulated
[tenant](../tenant.md) has a knob with a default for each conflict. If your tenant behaves differently, set the knob:
`Tenant(…, knobs=Knobs(import_login_calls_get_user=True))`.
"""

_SEQUENCES: Final = """\
# Sequence diagrams

These diagrams come from the simulated tenant and the bookshop that ships with the package.
`customdb-contract simulate --format mermaid` draws them for your database.
"""

_HEAD: Final = """\
| situation | scripts | Auth0's stores | tenant log | refused with | source |
| --- | --- | --- | --- | --- | --- |
"""

_KNOB: Final = re.compile(r"^    (\w+): (K[0-9])\. (.*?)(?=^    \w+: |\n\n|\Z)", re.MULTILINE | re.DOTALL)
_CONFLICT: Final = re.compile(r"\((K[0-9])\)")


def write_life_pages(folder: Path, drawn: Mapping[str, str]) -> None:
    """Write the pages and the diagrams, and remove those of scenarios that no longer exist.

    Args:
        folder: Where they go; everything in it is generated.
        drawn: The diagrams of the scenarios, by name and import mode.
    """
    files = {
        "operations.md": _operations(),
        "conflicts.md": _conflicts(),
        "sequences.md": _sequences(drawn),
        **{f"{name}.txt": diagram for name, diagram in drawn.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.iterdir()) - {folder / name for name in files}:
        stale.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _rows() -> Mapping[str, Mapping[str, Row]]:
    return {title: import_module(module).ROWS for module, title in TABLES.items()}


def _operations() -> str:
    parts = [_OPERATIONS]
    parts += [f"## {title}\n\n{_table(rows)}" for title, rows in _rows().items()]
    return "\n".join(parts)


def _table(rows: Mapping[str, Row]) -> str:
    return _HEAD + "".join(f"| {' | '.join(_cells(name, row))} |\n" for name, row in rows.items())


def _cells(name: str, row: Row) -> Iterator[str]:
    yield _in_cell(name)
    for told in (row.calls, row.changes, row.log):
        yield "<br>".join(map(_as_code, told)) or "none"
    refused = row.refusal or (row.interrupted and f"interrupted {row.interrupted}")
    yield f"`{refused}`" if refused else ""
    yield f"<{row.source}>" if row.source.startswith("https://") else _in_cell(row.source)


def _as_code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{_in_cell(text)}{fence}"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _conflicts() -> str:
    parts = [_CONFLICTS]
    knobs = list(_knobs())
    rows = "".join(
        f"| [{conflict}](#{conflict.lower()}) | `{name}` | {choices} |\n" for conflict, name, choices, _ in knobs
    )
    parts.append(f"| conflict | knob | default, and other values |\n| --- | --- | --- |\n{rows}")
    shown = {conflict: dict(_rows_about(conflict)) for conflict, *_ in knobs}
    for conflict, name, _, told in knobs:
        table = f"\n{_table(shown[conflict])}" if shown[conflict] else ""
        parts.append(f"({conflict.lower()})=\n## {conflict}: {name}\n\n{told}\n{table}")
    return "\n".join(parts)


def _knobs() -> Iterator[tuple[str, str, str, str]]:
    """Yield for each knob its conflict, its name, its default and other values, and its docstring."""
    attributes = {attribute.name: attribute for attribute in fields(Knobs)}
    for name, conflict, told in _KNOB.findall(inspect.getdoc(Knobs) or ""):
        yield conflict, name, _choices(attributes[name].default), " ".join(told.split())


def _choices(default: Any) -> str:
    if isinstance(default, bool):
        return "`True`; `False`" if default else "`False`; `True`"
    return "; ".join(f"`{choice}`" for choice in (default, *(other for other in type(default) if other != default)))


def _rows_about(conflict: str) -> Iterator[tuple[str, Row]]:
    for rows in _rows().values():
        yield from ((name, row) for name, row in rows.items() if conflict in _CONFLICT.findall(name))


def _sequences(drawn: Mapping[str, str]) -> str:
    parts = [_SEQUENCES]
    for scenario in SCENARIOS:
        parts.append(f"## {scenario.name}\n\n{scenario.summary}\n")
        for mode in ("on", "off"):
            diagram = drawn.get(f"{scenario.name}-{mode}")
            if diagram is not None:
                parts.append(f"Import mode {mode}:\n\n```text\n{diagram}```\n")
    return "\n".join(parts)
