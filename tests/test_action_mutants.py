"""Actions in JavaScript: each mutant has one flaw, and its `expect:` lines name exactly the rules that must fire.

A line `// legacy: {…}` sets the legacy system's data about a user, `// paths: {…}` its responses by path, and
`// restores: …` the metadata expected after a repair.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from action_mutants import CONNECTION, MUTANTS, TOKEN
from action_mutants import UNUSUAL as UNUSUAL_IN_PYTHON
from customdb_contract.bridges.node import NodeAction
from customdb_contract.checking_actions import check_action
from customdb_contract.connection import Connection
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.findings import Group, Report, Status
from customdb_contract.probes.acting import _stage
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import Secret

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

TESTS: Final = Path(__file__).parent
JAVASCRIPT: Final = sorted((TESTS / "javascript" / "actions" / "mutants").iterdir())
UNUSUAL: Final = sorted((TESTS / "javascript" / "actions" / "unusual").iterdir())
MODULES: Final = TESTS / "drivers" / "node_modules"


def said(code: Path, what: str) -> list[str]:
    """Return the text after `// expect:` or another such keyword, line by line."""
    return re.findall(rf"^// {what}: (.+)$", code.read_text(encoding="utf-8"), flags=re.MULTILINE)


def expected(code: Path) -> set[str]:
    return {rule for line in said(code, "expect") for rule in line.split(", ")}


def checked(code: Path) -> Report:
    settings: dict[str, Any] = {"restores": [path for line in said(code, "restores") for path in line.split(", ")]}
    [found] = said(code, "legacy") or ['{"id": "{user_id}", "email": "{email}", "sub": {"plan": "full"}}']
    [paths] = said(code, "paths") or ["{}"]
    answers = LegacyAnswers(
        found=LegacyResponse(200, json.loads(found)),
        paths={path: LegacyResponse(200, body) for path, body in json.loads(paths).items()},
    )
    action = NodeAction(code, secrets={"LEGACY_API_SECRET": Secret(TOKEN)}, node_modules=MODULES)
    return check_action(action, connection=Connection(name=CONNECTION, import_mode=True), legacy=answers, **settings)


@pytest.mark.parametrize("code", UNUSUAL, ids=lambda path: path.stem)
def test_an_unusual_implementation_breaks_no_rule(code: Path) -> None:
    report = checked(code)

    assert report.ok, report
    assert not [verdict.rule.name for verdict in report.verdicts if verdict.findings], report
    statuses = {verdict.status for verdict in report.verdicts if verdict.rule.group is Group.ACTION}
    assert statuses == {Status.PASSED}


@pytest.mark.parametrize("code", JAVASCRIPT, ids=lambda path: path.stem)
def test_exactly_the_expected_rules_fire(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stage, "RUN_SECONDS", 4.0)
    report = checked(code)

    assert {verdict.rule.name for verdict in report.verdicts if verdict.findings} == expected(code), report
    assert report.complete, report


def test_every_rule_is_shown_by_at_least_two_actions() -> None:
    shown = [*MUTANTS.values(), *map(expected, JAVASCRIPT)]
    names = {rule.info.name for rule in CATALOGUE if rule.info.group is Group.ACTION}

    assert {name for name in names if sum(name in rules for rules in shown) < 2} == set()
    assert set().union(*shown) == names
    assert len(MUTANTS) >= 20
    assert len(JAVASCRIPT) >= 40
    assert len(UNUSUAL) + len(UNUSUAL_IN_PYTHON) >= 15
