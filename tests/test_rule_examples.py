"""The code on the pages of rules: taken from the mutants, with the correct code beside it."""

import re
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any, Final

import pytest

from customdb_contract.rules import CATALOGUE

pytestmark = pytest.mark.one_python

MODULE: Final = run_path(str(Path(__file__).parent.parent / "docs" / "rule_examples.py"))
EXAMPLES_OF: Final[Callable[[str], str]] = MODULE["examples_of"]
WITHOUT: Final = {
    "callback-too-late": "no mutant takes so long",
    "create-not-atomic": "a test of its own makes two sign-ups at once",
    "delete-unknown-user-inconsistent": "it only informs",
    "migrated-user-not-marked": "what is wrong is what is not there",
    "script-too-large": "such a script fits on no page",
}


def test_every_rule_shows_code_that_breaks_it() -> None:
    shown = {rule.info.name: EXAMPLES_OF(rule.info.name) for rule in CATALOGUE}

    assert {name for name, text in shown.items() if not text} == WITHOUT.keys()
    assert sum("**Python:**" in text for text in shown.values()) >= 130
    assert sum("**JavaScript:**" in text for text in shown.values()) >= 95


def test_a_flaw_in_one_place_is_shown_as_a_difference() -> None:
    section = EXAMPLES_OF("email-verified-not-boolean")
    [javascript] = re.findall(r"```diff\n(.*?)\n```", section.partition("**JavaScript:**")[2], flags=re.DOTALL)
    taken, given = ([line[1:] for line in javascript.split("\n") if line.startswith(sign)] for sign in "-+")

    assert [line.strip() for line in given] == ["email_verified: user.verified,"]
    assert len(taken) == 1
    assert "email_verified:" in taken[0]


def test_another_function_is_followed_by_what_belongs_in_its_place() -> None:
    assert "The correct code is:\n\n```python\ndef change_email(" in EXAMPLES_OF("change-email-no-op")


def test_other_rules_that_the_same_code_breaks_are_named() -> None:
    assert "It also breaks [email-not-lowercase](email-not-lowercase.md)." in EXAMPLES_OF("unicode-email-collision")


def test_code_blocks_are_closed_and_contain_no_test_code() -> None:
    for rule in CATALOGUE:
        section = EXAMPLES_OF(rule.info.name)
        assert section.count("```") % 2 == 0
        for left in ("@override", "@fires", "// expect", "// outage"):
            assert left not in section, rule.info.name


def test_the_page_of_the_shops_has_what_the_examples_are_made_from() -> None:
    page: Any = MODULE["page_of_shops"]()

    for part in (
        "class Shop:",
        "class WritingShop:",
        "class Restoring:",
        "async function getUser(",
        "async function login(",
    ):
        assert part in page
