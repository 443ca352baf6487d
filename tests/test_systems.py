"""The page of systems has a row for every system, and lists the servers that the tests run on."""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path
from runpy import run_path
from typing import Final

import pytest

import customdb_contract.databases
from customdb_contract._cli._templates import DATABASES, database_files
from customdb_contract.contract import Script
from customdb_contract.testing import ContractSuite
from systems import SYSTEMS, System

ROOT: Final = Path(__file__).parents[1]
TEN: Final = (
    *("plain-javascript", "asp-net-universal-providers", "asp-net-simple-membership", "mongodb", "mysql"),
    *("postgresql", "sql-server", "azure-sql", "http", "stormpath"),
)

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

each = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.template)


@pytest.fixture(scope="module")
def page() -> str:
    return str(run_path(str(ROOT / "docs" / "systems_page.py"))["systems_page"]())


@pytest.fixture(scope="module")
def rows(page: str) -> Mapping[str, list[list[str]]]:
    """Return the rows of each table, by the title before it."""
    tables: dict[str, list[list[str]]] = {}
    for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL):
        lines = [line for line in text.split("\n") if line.startswith("|")]
        tables[title] = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]
        assert {line.count("|") for line in lines} == {lines[0].count("|")}
    return tables


def test_every_template_is_one_of_a_system() -> None:
    assert tuple(system.template for system in SYSTEMS) == TEN
    assert set(DATABASES) <= set(TEN)


def test_every_documented_template_exists() -> None:
    pages = [path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts]
    texts = [path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *pages]]
    named = {name for text in texts for name in re.findall(r"--template ([a-z-]+)", text)}
    assert {"http", "postgresql", "stormpath"} <= named <= set(DATABASES)


@each
def test_the_page_lists_the_scripts(system: System, rows: Mapping[str, list[list[str]]]) -> None:
    at = 2 * SYSTEMS.index(system)
    python, javascript = rows["Scripts"][at : at + 2]
    there = {path.stem for path in database_files(system.template)} if system.template in DATABASES else set[str]()

    assert python[:2] == [f"[{system.name}](../how-to/{system.page}.md)", "Python"]
    assert python[2:] == ["yes"] * len(Script)
    assert javascript == ["", "JavaScript", *("yes" if script in there else "no" for script in Script)]
    assert (ROOT / "docs" / "how-to" / f"{system.page}.md").exists()


@each
def test_the_page_lists_what_was_tested(system: System, rows: Mapping[str, list[list[str]]]) -> None:
    _, python, python_on, javascript, modules, scripts_on = rows["Tested on"][SYSTEMS.index(system)]
    versions = json.loads((ROOT / "tests" / "drivers" / "package.json").read_text(encoding="utf-8"))["dependencies"]

    assert set(re.findall("`(.*?)`", python)) <= set(customdb_contract.databases.__all__)
    assert python_on == system.python_on
    if system.template not in DATABASES:
        assert [javascript, modules, scripts_on] == ["not yet", "", ""]
        return
    named = dict(re.findall(r"`(.*?)` ([\d.]+)", modules))
    readme = database_files(system.template)[Path("README.md")]
    assert [javascript, scripts_on] == [f"`{system.template}`", system.scripts_on]
    assert named.items() <= versions.items()
    assert set(re.findall(r"`npm install ([a-z0-9 ]+)`", readme)[0].split()) == named.keys()
    assert ("double" in readme) == ("double" in scripts_on)


@each
def test_a_suite_on_a_named_template_passes_for_a_database_in_python(system: System) -> None:
    for suite in system.suites:
        module, _, name = suite.partition(".")
        assert issubclass(getattr(import_module(module), name), ContractSuite)
    for driver, version in re.findall(r"(?:by|and) (\w+) ([\d.]+)", system.python_on):
        assert f"{installed(driver)}.".startswith(f"{version}.")
    is_doubled = ["Double" in suite for suite in system.suites]
    named = re.split("; |, by ", system.python_on)
    assert any(is_doubled) == any("double" in part for part in named)
    assert all(is_doubled) == ("double" in named[0])
