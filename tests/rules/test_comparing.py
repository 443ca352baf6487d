import json

import pytest

from customdb_contract.reports import FORMATS
from customdb_contract.rules import CATALOGUE, Rule
from customdb_contract.rules._judging import judge_by
from customdb_contract.transcript import Transcript
from rules.comparing import NOTHING_COMPARED, without_path
from rules.test_independence import renamed

pytestmark = pytest.mark.one_python

BY_NAME = {rule.info.name: rule for rule in CATALOGUE}


def fingerprints(rule: Rule, transcript: Transcript) -> list[str]:
    [run] = json.loads(FORMATS["sarif"](judge_by((rule,), transcript)))["runs"]
    return [result["partialFingerprints"]["customdbContract/v1"] for result in run["results"]]


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)
def test_a_finding_has_the_path_that_was_compared(rule: Rule) -> None:
    judged = judge_by((rule,), Transcript.parse(rule.info.sections["Violates"])).verdict(rule.info.name)

    assert judged.findings
    assert without_path(judged) == set()
    assert {finding.path is None for finding in judged.findings} == {rule.info.name in NOTHING_COMPARED}


def test_only_rules_of_the_catalogue_compare_nothing() -> None:
    assert NOTHING_COMPARED.keys() - BY_NAME.keys() == set()


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)
def test_a_fingerprint_does_not_depend_on_who_the_users_are(rule: Rule) -> None:
    text = rule.info.sections["Violates"]
    first, second = fingerprints(rule, renamed(text, 1)), fingerprints(rule, renamed(text, 2))

    assert first == second == fingerprints(rule, Transcript.parse(text))
    assert len(set(first)) == len(first) > 0
