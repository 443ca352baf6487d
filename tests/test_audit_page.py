"""The page about an audit's findings has every rule once, with its consequence and its remedy."""

import re
from runpy import run_path

import pytest

from customdb_contract.audit import AUDITED, Fate
from test_docs import ROOT

pytestmark = pytest.mark.one_python

PAGE = run_path(str(ROOT / "docs" / "audit_page.py"))
TEXT: str = PAGE["audit_page"]()


def test_every_rule_of_an_audit_stands_below_what_happens_to_the_user() -> None:
    _, *sections = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    found = {
        title: re.findall(r"^\| \[([a-z-]+)", section, flags=re.MULTILINE)
        for title, section in zip(sections[::2], sections[1::2], strict=True)
    }

    fates = [fate for fate in Fate if any(rule.fate is fate for rule in AUDITED)]
    assert list(found) == [f"{fate[0].upper()}{fate[1:]}" for fate in fates]
    assert list(found.values()) == [[rule.name for rule in AUDITED if rule.fate is fate] for fate in fates]
    assert TEXT.count("**What to do:** ") == len(fates)
    assert f"with {len(AUDITED)} rules" in TEXT


def test_every_fate_is_explained_and_rules_lead_to_their_pages() -> None:
    assert list(PAGE["_MEANINGS"]) == list(Fate)
    assert {*re.findall(r"\]\(rules/([a-z-]+)\.md\)", TEXT)} == {rule.name for rule in AUDITED}
