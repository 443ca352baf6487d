"""`ActionSuite`: the items of the rules about Actions in a team's own pytest run."""

import inspect
import re
from collections.abc import Sequence
from textwrap import dedent, indent
from typing import Any

import pytest

from customdb_contract import Connection
from customdb_contract.checking_actions import check_action
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.findings import Report
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.testing import ActionSuite, action_suite
from customdb_contract.transcript import Transcript

RULES = [rule.info.name for rule in CATALOGUE if rule.info.judges_actions]

MODULE = """
import pytest

from customdb_contract import Connection
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.testing import ActionSuite

def nothing(event, api):
    return None

def denies(event, api):
    api.access.deny("no")
"""
FORMS = "the Action: a function (event, api), a PythonAction, or a NodeAction"
FIXTURE = """
@pytest.fixture
def action(self):
    return nothing
"""


def write(pytester: pytest.Pytester, body: str = "", *, fixture: str = FIXTURE, base: str = "ActionSuite") -> None:
    members = indent(f"{dedent(fixture)}\n{dedent(body)}", "    ")
    pytester.makepyfile(test_action=f"{MODULE}\nclass TestAction({base}):\n    pass\n{members}\n")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # The warning filters of this run would apply here.
    return pytester.runpytest_inprocess("-W", "default", *arguments)


def errors_of(result: pytest.RunResult) -> Sequence[str]:
    """Return the text of each error in the set-up."""
    errors = re.split(r"^=+ .*$", "\n".join(result.outlines).partition(" ERRORS ")[2], flags=re.MULTILINE)[0]
    return [text.strip() for text in re.split(r"^_+ ERROR at setup of .+ _+\n", errors, flags=re.MULTILINE)[1:]]


def test_the_base_class_is_not_collected_and_a_subclass_may_have_any_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"{MODULE}\nclass Renamed(ActionSuite):\n    pass\n\nclass TestBase(ActionSuite):\n    __test__ = False\n"
        "class Mine(TestBase):\n    pass\n\nTestAlias = ActionSuite\n"
    )

    items, _ = pytester.inline_genitems()

    assert {item.nodeid.split("::")[1] for item in items} == {"Renamed", "Mine"}
    assert len(items) == 2 * len(RULES)


def test_every_rule_about_actions_is_an_item_with_the_name_of_the_rule(pytester: pytest.Pytester) -> None:
    write(pytester)

    items, _ = pytester.inline_genitems("test_action.py")

    assert [item.name for item in items] == [f"test_rule[{name}]" for name in RULES]
    assert "action-restores-nothing" in RULES
    assert "unstable-user-id" not in RULES


def test_the_base_class_is_not_collected(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_action="from customdb_contract.testing import ActionSuite")

    assert pytester.inline_genitems("test_action.py")[0] == []


def test_a_broken_rule_fails_with_the_text_of_the_report_and_the_others_are_judged(pytester: pytest.Pytester) -> None:
    write(pytester)

    result = run(pytester)

    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] > 5
    assert sum(outcomes.values()) == len(RULES)
    result.stdout.fnmatch_lines(
        [
            "*TestAction.test_rule?action-restores-nothing?*",
            "error  action-restores-nothing",
            "  See it again: pytest *test_action.py::TestAction::test_rule?action-restores-nothing?*",
        ]
    )


def test_a_waived_rule_is_an_expected_failure(pytester: pytest.Pytester) -> None:
    write(pytester, 'waived = {"action-restores-nothing": "until May, ticket 12"}')

    outcomes = run(pytester).parseoutcomes()

    assert outcomes["xfailed"] == 1
    assert "failed" not in outcomes


def test_rules_are_deselected_on_the_command_line(pytester: pytest.Pytester) -> None:
    write(pytester)

    outcomes = run(pytester, "--customdb-select", "action-denies-login").parseoutcomes()

    assert outcomes == {"passed": 1, "deselected": len(RULES) - 1}


def test_a_suite_has_the_settings_of_a_check_with_their_defaults() -> None:
    given_by_fixtures = {"action", "connection", "legacy"}
    parameters = inspect.signature(check_action).parameters
    defaults: dict[str, Any] = {
        name: parameter.default for name, parameter in parameters.items() if name not in given_by_fixtures
    }

    assert {name: getattr(ActionSuite, name) for name in defaults} == defaults | {"waived": {}}


def test_every_setting_reaches_the_check(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def note(**keywords: Any) -> Report:
        given.append(keywords)
        text = "action persist\nperson ada email=a@example.com\nrun persist of ada in minimal-event {} -> done"
        return judge(Transcript.parse(text))

    monkeypatch.setattr(action_suite, "check_action", note)
    write(
        pytester,
        """
        waived = {"action-denies-login": "until May"}
        select = ["action"]
        ignore = ["action-not-idempotent"]
        require = ["action"]
        fail_on = "warning"
        max_time = 12.5
        metadata_required = True
        restores = ["app_metadata.plan"]

        @pytest.fixture
        def connection(self):
            return Connection(name="legacy-shop")

        @pytest.fixture(scope="session")
        def legacy():
            return LegacyAnswers(found=LegacyResponse(201))
        """.replace("legacy():", "legacy(self):"),
    )

    run(pytester)

    [keywords] = given
    assert keywords.pop("action").__name__ == "nothing"
    assert keywords == {
        "waived": {"action-denies-login": "until May"},
        "select": ["action"],
        "ignore": {"action-not-idempotent"},
        "require": ["action"],
        "fail_on": "warning",
        "max_time": 12.5,
        "metadata_required": True,
        "restores": ["app_metadata.plan"],
        "connection": Connection(name="legacy-shop"),
        "legacy": LegacyAnswers(found=LegacyResponse(201)),
    }


def test_a_suite_may_have_tests_of_its_own_with_the_report(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        """
        select = ["action-ignores-connection"]

        def test_of_its_own(self, report):
            assert report.transcript.header.action.name == "nothing"
        """,
    )

    outcomes = run(pytester).parseoutcomes()

    assert outcomes == {"passed": 2, "skipped": len(RULES) - 1}


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("def test_rule(self):\n    pass", "test_rule"),
        ("def report(self):\n    pass\ndef test_rule(self):\n    pass", "test_rule and report"),
    ],
)
def test_the_rules_cannot_be_overridden(body: str, what: str, pytester: pytest.Pytester) -> None:
    write(pytester, body)

    result = run(pytester)

    assert errors_of(result)[0] == (
        f"TestAction: it overrides {what}, which a suite must not override; accept a breach with "
        'waived = {"the-rule": "why, until when"}, or leave rules out with ignore'
    )
    result.assert_outcomes(errors=1, skipped=len(RULES) - 1)


@pytest.mark.parametrize(
    ("fixture", "body", "problem"),
    [
        (
            "",
            "",
            f"it has no fixture action; define one, in the class or in a conftest.py, that returns {FORMS}",
        ),
        (
            FIXTURE.replace("nothing", "None"),
            "",
            f"the fixture action returned None; it must return {FORMS}",
        ),
        (
            FIXTURE.replace("nothing", "7"),
            "",
            "an Action must be a function (event, api), or a function that returns one, got 7",
        ),
        (
            FIXTURE.replace("nothing", "lambda event: None"),
            "",
            "the check ended early (set-up): the Action takes (event) but is called as action(event, api)",
        ),
        (
            FIXTURE,
            "@pytest.fixture\ndef legacy(self):\n    return {}",
            "the fixture legacy must return a LegacyAnswers, got dict",
        ),
        (
            FIXTURE,
            "@pytest.fixture\ndef connection(self):\n    return {}",
            "the fixture connection must return a Connection, got dict",
        ),
        (FIXTURE, "restores = 'plan'", "restores must be a list of names, got 'plan'"),
        (FIXTURE, "waived = []", "waived must be a dictionary, got []"),
        (
            FIXTURE,
            "restores = ['plan']",
            "restores names 'plan', which is not a path of metadata: write app_metadata.plan, or a path below that",
        ),
    ],
)
def test_a_failed_set_up_is_reported_once_in_one_sentence(
    fixture: str, body: str, problem: str, pytester: pytest.Pytester
) -> None:
    write(pytester, body, fixture=fixture)

    result = run(pytester)

    assert errors_of(result) == [f"TestAction: {problem}"]
    result.assert_outcomes(errors=1, skipped=len(RULES) - 1)
