"""Writes the page of supported systems: the scripts for each, and what they were tested on."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import customdb_contract.databases
from customdb_contract._cli._templates import DATABASES, database_files
from customdb_contract.contract import Script
from systems import SYSTEMS, System

__all__ = ["systems_page"]

_PACKAGE: Final = Path(__file__).parents[1] / "tests" / "drivers" / "package.json"
_REQUIRED: Final = re.compile(r"require\('([^'/]+)[^']*'\)")

_PAGE: Final = """\
# Supported systems

For each system for which Auth0 offers script templates, there is a configurable custom database in Python
([`customdb_contract.databases`](api/databases.md)) and a set of scripts in JavaScript, ready to deploy
([`init --template`](../how-to/begin-with-scripts-that-work.md)).

## Scripts

{scripts}

`SqlDatabase` also supports SQLite, and the tables of [ASP.NET Identity](../how-to/use-sql-server-and-asp-net.md).

## Tested on

{tests}

The databases in Python pass a complete [contract suite](../how-to/write-a-contract-suite.md) on these systems, with the
scripts that write, outages and a state machine. Nothing is waived, and a warning would fail. The scripts pass
`customdb-contract check`, including the scripts that write and, if there is a store, outages: exit code 0, nothing
waived, and only findings of severity info.

PostgreSQL, MariaDB and SQLite are the real engines; MySQL itself was not tested. A double is a server in the tests that
implements the protocol of the system or follows its documentation, so the real driver can be tested. It is not
the system, and shows nothing about its collations, indexes, locks or query plans. So run a check on a copy of your own
store, too.
"""


def systems_page() -> str:
    """Return the page, in Markdown."""
    names = " | ".join(f"`{script}`" for script in Script)
    scripts = [f"| system | in | {names} |", f"| --- | --- |{' --- |' * len(Script)}"]
    tests = [
        "| system | Python | tested on | JavaScript | modules | tested on |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for system in SYSTEMS:
        link = f"[{system.name}](../how-to/{system.page}.md)"
        scripts.append(f"| {link} | Python | {_marks(_of_python(system))} |")
        scripts.append(f"| | JavaScript | {_marks(_of_template(system))} |")
        tests.append(f"| {link} | {_python(system)} | {system.python_on} | {_javascript(system)} |")
    return _PAGE.format(scripts="\n".join(scripts), tests="\n".join(tests))


def _marks(there: Collection[str]) -> str:
    return " | ".join("yes" if script in there else "no" for script in Script)


def _of_python(system: System) -> Collection[str]:
    classes = [getattr(customdb_contract.databases, name) for name in system.databases]
    return [script for script in Script if all(hasattr(each, script) for each in classes)]


def _of_template(system: System) -> Collection[str]:
    return [path.stem for path in _sources(system)]


def _sources(system: System) -> dict[Path, str]:
    files = database_files(system.template) if system.template in DATABASES else dict[Path, str]()
    return {path: text for path, text in files.items() if path.suffix == ".js" and path.parent.name == "legacy"}


def _python(system: System) -> str:
    names = [*filter(None, [system.mapping]), *system.databases]
    return ", ".join(f"`{name}`" for name in names)


def _javascript(system: System) -> str:
    sources = _sources(system)
    if not sources:
        return "not yet | |"
    versions = json.loads(_PACKAGE.read_text(encoding="utf-8"))["dependencies"]
    required = sorted({name for text in sources.values() for name in _REQUIRED.findall(text)} & versions.keys())
    modules = ", ".join(f"`{name}` {versions[name]}" for name in required)
    return f"`{system.template}` | {modules} | {system.scripts_on}"
