import ast
import inspect
import re
import tomllib
from graphlib import TopologicalSorter
from importlib import import_module
from itertools import groupby
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest

from customdb_contract import rules
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Group, Severity, Status
from customdb_contract.rules import CATALOGUE, RETIRED, Rule, find_rule
from customdb_contract.rules._judging import judge_by
from customdb_contract.transcript import Transcript
from rules.judging import report_on, verdict

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
MODULES = [
    import_module(name)
    for name in [rules.__name__, *(module.name for module in walk_packages(rules.__path__, f"{rules.__name__}."))]
]
ACTING = {"__import__", "breakpoint", "eval", "exec", "globals", "input", "open", "print", "setattr"}

by_rule = pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)


def test_every_rule_is_in_the_catalogue() -> None:
    written = {
        value.info.name: value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)
    }

    assert written == {rule.info.name: rule for rule in CATALOGUE}
    assert len(CATALOGUE) == len(written)


@by_rule
def test_a_fix_is_whole_without_its_code(rule: Rule) -> None:
    assert rule.info.fix.endswith((".", "`")), rule.info.fix


def forbidden_imports() -> set[str]:
    """Return the modules that `[tool.importlinter]` forbids in rules."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    return next(set(each["forbidden_modules"]) for each in contracts if each.get("source_modules") == [rules.__name__])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_rules_are_pure(module: ModuleType) -> None:
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert {name.partition(".")[0] for name in imported} & forbidden_imports() == set()
    assert called & ACTING == set()
    assert [node for node in nodes if isinstance(node, ast.Global)] == []


@by_rule
def test_judging_is_idempotent(rule: Rule) -> None:
    transcript = Transcript.parse(rule.info.sections["Violates"])
    before = transcript.to_json()
    first, second = judge_by((rule,), transcript), judge_by((rule,), transcript)
    replayed = judge_by((rule,), Transcript.loads(transcript.dumps()))

    assert first.verdicts == second.verdicts == replayed.verdicts
    assert transcript.to_json() == before


def test_rules_stand_in_groups() -> None:
    assert [group for group, _ in groupby(rule.info.group for rule in CATALOGUE)] == list(Group)


def test_names_are_in_kebab_case() -> None:
    pattern = re.compile("[a-z0-9]+(?:-[a-z0-9]+)+")

    assert [rule.info.name for rule in CATALOGUE if not pattern.fullmatch(rule.info.name)] == []


@by_rule
def test_a_rule_breaks_on_its_violating_example(rule: Rule) -> None:
    judged = verdict(rule, rule.info.sections["Violates"])

    assert judged.status is Status.FAILED
    assert all(finding.severity.rank <= rule.info.severity.rank for finding in judged.findings)


@by_rule
def test_a_violating_example_is_reported_by_its_own_rule(rule: Rule) -> None:
    assert report_on(rule.info.sections["Violates"]).verdict(rule.info.name).status is Status.FAILED


@by_rule
def test_a_rule_passes_its_conforming_example(rule: Rule) -> None:
    assert report_on(rule.info.sections["Conforms"]).verdict(rule.info.name).status is Status.PASSED


@by_rule
def test_a_rule_is_documented(rule: Rule) -> None:
    info = rule.info

    assert list(info.sections) == ["Why this matters", "Violates", "Conforms", "How to fix"]
    assert all(info.sections.values())
    assert info.summary.endswith(".")
    assert info.source.startswith(("https://auth0.com/docs/", "https://support.auth0.com/", "good practice: "))
    assert info.severity in Severity
    assert bool(info.scripts) is (info.group is not Group.ACTION)


@by_rule
def test_a_rule_yields_to_existing_rules(rule: Rule) -> None:
    assert {name for name in rule.info.yields_to if find_rule(name).info.name != name} == set()


def version_of(text: str) -> tuple[int, ...]:
    """Return a version as numbers; for a development version, the coming release."""
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(\.dev0)?", text), text
    return tuple(int(part) for part in text.removesuffix(".dev0").split("."))


VERSION = version_of(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


@by_rule
def test_a_rule_names_the_version_that_introduced_it(rule: Rule) -> None:
    since = version_of(rule.info.since)

    assert since <= VERSION
    # A rule is a preview in its first minor release, and no longer: docs/reference/versions.md.
    assert not rule.info.preview or since[:2] == VERSION[:2]


@pytest.mark.parametrize("name", RETIRED)
def test_a_retired_rule_names_the_version_that_removed_it(name: str) -> None:
    assert version_of(RETIRED[name].since) <= VERSION
    assert name not in {rule.info.name for rule in CATALOGUE}


def test_precedence_has_no_circle() -> None:
    order = TopologicalSorter({rule.info.name: rule.info.yields_to for rule in CATALOGUE}).static_order()

    assert len(list(order)) == len(CATALOGUE)


@by_rule
def test_a_rule_reports_nothing_about_an_empty_transcript(rule: Rule) -> None:
    assert verdict(rule, "").status is Status.NOT_APPLICABLE


def test_a_rule_is_found_by_its_name_and_near_matches_are_named() -> None:
    assert find_rule("unstable-user-id").info.name == "unstable-user-id"
    with pytest.raises(ConfigurationError, match=r"^there is no rule 'unstable-userid'; did you mean unstable-user-id"):
        find_rule("unstable-userid")
    with pytest.raises(ConfigurationError, match=r"^there is no rule 'x'; `customdb-contract rules` lists them$"):
        find_rule("x")


def described(rule: Rule) -> str:
    """Return group, severity, scripts and needs of a rule, in one line."""
    info = rule.info
    scripts = "all" if info.scripts == tuple(Script) else " ".join(info.scripts) or "the Action"
    needs = " ".join(need.name.lower().replace("_", "-") for need in info.needs) or "nothing"
    return f"{info.name}: {info.group} {info.severity}, of {scripts}, needs {needs}"


def test_what_a_rule_judges_and_needs_is_approved() -> None:
    written = Path(__file__).with_name("catalogue.txt").read_text(encoding="utf-8")

    assert [described(rule) for rule in CATALOGUE] == written.splitlines()


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)
def test_a_sentence_about_one_language_begins_with_its_name(rule: Rule) -> None:
    sentences = re.split(r"(?<=\.) (?=[A-Z])", rule.info.fix)
    about_one = [sentence for sentence in sentences if re.search("JavaScript|Python", sentence)]

    for sentence in about_one:
        assert re.match(r"(?:In |A )?(?:JavaScript|Python)(?: script\b|[:,])", sentence), sentence
