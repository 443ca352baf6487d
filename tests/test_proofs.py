"""Every rule has a deliberate mistake that breaks it, and unusual cases that do not."""

from pathlib import Path
from runpy import run_path

import pytest

from customdb_contract.rules import CATALOGUE
from proofs import PROVEN_OTHERWISE, UNUSUAL, mutants_in_javascript, mutants_in_python, proofs, words_of

pytestmark = pytest.mark.one_python

PAGE = Path(__file__).parent.parent / "docs" / "proof_page.py"
NAMES = [rule.info.name for rule in CATALOGUE]


@pytest.mark.parametrize("rule", NAMES)
def test_every_rule_has_a_deliberate_mistake(rule: str) -> None:
    proof = proofs()[rule]
    is_shown = bool(proof.python or proof.javascript or proof.has_flaw)

    assert is_shown != (rule in PROVEN_OTHERWISE)


def test_deliberate_mistakes_name_existing_rules() -> None:
    named = {
        rule
        for mutants in (mutants_in_python(), mutants_in_javascript())
        for rules in mutants.values()
        for rule in rules
    }

    assert named | PROVEN_OTHERWISE.keys() <= set(NAMES)


def test_there_are_enough_deliberate_mistakes() -> None:
    assert len(mutants_in_python()) >= 80
    assert len(mutants_in_javascript()) >= 60
    assert sum(UNUSUAL.values()) >= 15
    assert all(UNUSUAL.values())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("TheOldEmailStays", "the old email stays"),
        ("VerifiedIsANumber", "verified is a number"),
        ("error-is-plain-object", "error is plain object"),
        ("Like", "like"),
    ],
)
def test_names_become_words(name: str, words: str) -> None:
    assert words_of(name) == words


def test_the_page_has_a_row_for_every_rule() -> None:
    page = run_path(str(PAGE))["proof_page"]()
    rows = dict(line.strip("| ").split(" | ") for line in page.split("\n") if line.startswith("| ["))

    assert list(rows) == [f"[{name}]({name}.md)" for name in NAMES]
    assert all(rows.values())
    assert "the old email stays" in rows["[change-email-ineffective](change-email-ineffective.md)"]
    assert "JavaScript: hash compared" in rows["[timing-unsafe-compare](timing-unsafe-compare.md)"]
    assert rows["[callback-too-late](callback-too-late.md)"] == PROVEN_OTHERWISE["callback-too-late"]
