import re
from graphlib import TopologicalSorter
from importlib import import_module
from itertools import groupby
from pkgutil import walk_packages

import pytest

from customdb_contract import rules
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Group, Severity, Status
from customdb_contract.rules import CATALOGUE, Rule, find_rule, judge
from customdb_contract.transcript import Transcript
from rules.judging import verdict

by_rule = pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)


def test_every_rule_that_is_written_is_in_the_catalogue() -> None:
    modules = [import_module(module.name) for module in walk_packages(rules.__path__, f"{rules.__name__}.")]
    written = {
        value.info.name: value for module in modules for value in vars(module).values() if isinstance(value, Rule)
    }

    assert written == {rule.info.name: rule for rule in CATALOGUE}
    assert len(CATALOGUE) == len(written)


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
def test_a_violating_example_is_told_by_no_other_rule_in_its_stead(rule: Rule) -> None:
    report = judge(Transcript.parse(rule.info.sections["Violates"]))

    assert report.verdict(rule.info.name).status is Status.FAILED


@by_rule
def test_a_rule_passes_its_conforming_example(rule: Rule) -> None:
    assert verdict(rule, rule.info.sections["Conforms"]).status is Status.PASSED


@by_rule
def test_a_rule_is_documented(rule: Rule) -> None:
    info = rule.info

    assert list(info.sections) == ["Why this matters", "Violates", "Conforms", "How to fix"]
    assert all(info.sections.values())
    assert info.summary.endswith(".")
    assert info.source.startswith(("https://auth0.com/docs/", "good practice: "))
    assert info.severity in Severity
    assert info.scripts


@by_rule
def test_a_rule_yields_to_rules_that_are_there(rule: Rule) -> None:
    assert {name for name in rule.info.yields_to if find_rule(name).info.name != name} == set()


def test_precedence_has_no_circle() -> None:
    order = TopologicalSorter({rule.info.name: rule.info.yields_to for rule in CATALOGUE}).static_order()

    assert len(list(order)) == len(CATALOGUE)


@by_rule
def test_a_rule_says_nothing_of_nothing(rule: Rule) -> None:
    assert verdict(rule, "").status is Status.NOT_APPLICABLE


def test_a_rule_is_found_by_its_name_and_near_matches_are_named() -> None:
    assert find_rule("unstable-user-id").info.name == "unstable-user-id"
    with pytest.raises(ConfigurationError, match=r"^there is no rule 'unstable-userid'; did you mean unstable-user-id"):
        find_rule("unstable-userid")
    with pytest.raises(ConfigurationError, match=r"^there is no rule 'x'; `customdb-contract rules` lists them$"):
        find_rule("x")
