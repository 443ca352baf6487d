"""Every printed address is in one table, and every named page of the documentation has a source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from typing import Final

import pytest

import customdb_contract
from customdb_contract import Report, Transcript, _pages, judge
from customdb_contract.findings.text import render_verdict
from customdb_contract.reports import FORMATS
from customdb_contract.reports.catalogue import explain, rules_as_json
from customdb_contract.rules import CATALOGUE, RETIRED

pytestmark = pytest.mark.one_python

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = Path(customdb_contract.__file__).parent
TABLE: Final = {
    name: value for name, value in vars(_pages).items() if name in _pages.__all__ and isinstance(value, str)
}
ADDRESS: Final = re.compile(r"https://(?:[a-z]+\.)?auth0\.com/[\w/-]+")


def constants(file: Path) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("folder", [SOURCE, ROOT / "docs"], ids=["package", "docs"])
def test_addresses_of_auth0s_documentation_are_only_in_the_table(folder: Path) -> None:
    written = {
        f"{file.relative_to(folder)}: {text}"
        for file in folder.rglob("*.py")
        if file.name != "_pages.py"
        for text in constants(file)
        if re.search(r"https://(support\.)?auth0\.com/", text)
    }

    assert written == set()


def test_every_address_of_the_table_is_used() -> None:
    files = [file for folder in (SOURCE, ROOT / "docs") for file in folder.rglob("*.py") if file.name != "_pages.py"]
    used = {word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8"))}

    assert set(_pages.__all__) - used == set()
    assert len(set(TABLE.values())) == len(TABLE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    run_path(str(ROOT / "docs" / "rule_pages.py"))["write_rule_pages"](folder / _pages.RULES_FOLDER)
    return folder


def violating() -> list[Report]:
    return [judge(Transcript.parse(rule.info.sections["Violates"])) for rule in CATALOGUE[::10]]


def printed() -> Iterator[tuple[str, str]]:
    """Yield the text printed about rules, with its source."""
    infos = [rule.info for rule in CATALOGUE]
    yield "rules --format json", rules_as_json(infos)
    yield from ((f"rules {info.name}", explain(info)) for info in infos)
    for report in violating():
        for name, render in FORMATS.items():
            yield name, render(report)
        yield from (("pytest", render_verdict(report, verdict)) for verdict in report.verdicts)


def test_every_printed_address_belongs_to_a_page(built: Path) -> None:
    ours = {_pages.rule_page(name) for name in (*RETIRED, *(rule.info.name for rule in CATALOGUE))}
    ours |= {f"how-to/{file.stem}" for file in (ROOT / "docs" / "how-to").glob("*.md")}
    assert all((built / page).with_suffix(".md").is_file() for page in ours if page.endswith(".html"))

    seen: dict[str, set[str]] = {}
    for what, text in printed():
        seen.setdefault(what.partition(" ")[0], set()).update(
            re.findall(r"(?<![\w/])reference/[\w/.-]+", text),
            (address for address in ADDRESS.findall(text) if "//shop.eu." not in address),
            (f"how-to/{name}" for name in re.findall(r"how-to `([\w-]+)`", text)),
        )

    assert {address for addresses in seen.values() for address in addresses} <= ours | set(TABLE.values())
    in_json = {_pages.rule_page(rule.info.name) for rule in CATALOGUE}
    assert in_json <= seen["json"] & seen["sarif"] & seen["rules"]
    assert all(seen[name] & set(TABLE.values()) for name in ("rules", "json", "sarif", "junit", "html"))


def test_a_report_names_the_command_that_explains_a_rule() -> None:
    [report] = violating()[:1]
    name = next(verdict.rule.name for verdict in report.failures)

    assert f"More: customdb-contract rules {name}" in FORMATS["text"](report)
    assert f"More: customdb-contract rules {name}" in render_verdict(report, report.verdict(name))
