from collections.abc import Sequence

import pytest
from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.errors import ContractBrokenError
from customdb_contract.findings import (
    Finding,
    Group,
    Need,
    Report,
    RuleInfo,
    Severity,
    Status,
    Verdict,
)
from customdb_contract.transcript import ActionInfo, ScriptInfo, StopKind, StopReason, Transcript

TRANSCRIPT = Transcript.parse(
    "person ada email=ada@example.com\n"
    'get_user ada@example.com -> found {"user_id": "7"}\n'
    'get_user ada@example.com -> found {"user_id": "9f1c"}   [repeated]\n'
)
RULE = RuleInfo(
    name="unstable-user-id",
    group=Group.PROFILE,
    severity=Severity.ERROR,
    scripts=(Script.GET_USER,),
    needs=(),
    yields_to=(),
    since="0.1.0",
    source="https://example.com/docs",
    preview=False,
    docstring=(
        "The scripts return more than one `user_id`\nfor one person.\n\n"
        "## Why this matters\nIt makes\nduplicates.\n\n"
        "## Violates\n    get_user a -> not-found\n    get_user b -> not-found\n\n"
        "## How to fix\nDon't.\n\n```python\nif True:\n    pass\n```"
    ),
)
ERROR = Finding("two values of user_id", Severity.ERROR, Script.GET_USER, (1, 2))
WARNING = evolve(ERROR, severity=Severity.WARNING)
INFO = evolve(ERROR, severity=Severity.INFO)

PASSED = Verdict(rule=RULE, status=Status.PASSED, held=3)
NOT_APPLICABLE = Verdict(rule=RULE, status=Status.NOT_APPLICABLE, reason="needs a password", missing=(Need.PASSWORD,))
CRASHED = Verdict(rule=RULE, status=Status.CRASHED, reason="LookupError: no such key")
DESELECTED = Verdict(rule=RULE, status=Status.DESELECTED)


def broken(*findings: Finding, status: Status = Status.FAILED, preview: bool = False) -> Verdict:
    return Verdict(rule=evolve(RULE, preview=preview), status=status, findings=findings)


def report(*verdicts: Verdict, stop: StopKind | None = None, **options: object) -> Report:
    reason = StopReason(stop, "it took too long") if stop else None
    transcript = evolve(TRANSCRIPT, header=evolve(TRANSCRIPT.header, stop_reason=reason))
    return Report(transcript=transcript, verdicts=verdicts, **options)  # type: ignore[arg-type]  # the options of a report


# Severities, needs, rules


def test_severities_are_ranked() -> None:
    assert sorted(Severity, key=lambda severity: severity.rank) == [Severity.INFO, Severity.WARNING, Severity.ERROR]


FULL = Transcript.parse(
    "connection import_mode=on requires_username=on script_context=on deletion_is_final=on\n"
    "script get_user observed=on source=on\n"
    "person ada email=ada@example.com username=ada disabled=on "
    'profile={"email_verified": false}\n'
    "person bob email=bob@example.com\n"
    'get_user ada@example.com -> not-found; noticed request "GET /"; noticed open-sockets "1"\n'
    "login ada@example.com x -> not-found\n"
    "login ada@example.com x -> not-found   [wrong-password: 72-byte-cut]\n"
    "get_user nobody@example.com -> not-found   [unknown-user]\n"
    "get_user ada@example.com -> not-found   [outage: reset]\n"
    'get_user "*" -> not-found   [hostile: wildcard]\n'
    'create {"email": "new@example.com"} -> done; noticed inspected "a record"   [writing: at-once]\n'
    "verify new@example.com -> done   [writing]\n"
    "change_password new@example.com x -> done   [writing]\n"
    "change_email new@example.com x true -> done   [writing]\n"
    "delete 7 -> done   [writing]\n"
    "operation log_in by user on custom-database identifier=ada@example.com -> succeeded\n"
    "run persist in simulated {} -> done\n"
    "request GET /users/7 -> 200\n"
)
BARE = Transcript.parse("person ada email=ada@example.com password=none\n")


@pytest.mark.parametrize("need", Need)
def test_a_need_is_met_by_a_transcript_that_has_it(need: Need) -> None:
    assert need.is_met(FULL) is (need is not Need.LEGACY_MODE)
    assert need.is_met(BARE) is (need is Need.LEGACY_MODE)


def test_an_action_alone_needs_nothing_for_odd_identifiers() -> None:
    alone = evolve(BARE, header=evolve(BARE.header, action=ActionInfo(name="persist")))
    beside = evolve(alone, header=evolve(alone.header, scripts={Script.LOGIN: ScriptInfo()}))

    assert Need.HOSTILE.is_met(alone)
    assert not Need.HOSTILE.is_met(beside)


def test_a_need_names_the_setting_and_whether_it_is_available() -> None:
    assert Need.OUTAGE.advice == "[outage]"
    assert Need.OUTAGE.can_be_given(BARE)
    assert not Need.IMPORT_MODE.can_be_given(BARE)
    assert Need.SOURCE.can_be_given(FULL)
    assert not Need.SOURCE.can_be_given(BARE)


def test_the_page_of_a_rule_is_its_docstring_in_parts() -> None:
    assert RULE.summary == "The scripts return more than one `user_id` for one person."
    assert RULE.docs == "reference/rules/unstable-user-id.html"
    assert RULE.sections == {
        "Why this matters": "It makes\nduplicates.",
        "Violates": "get_user a -> not-found\nget_user b -> not-found",
        "How to fix": "Don't.\n\n```python\nif True:\n    pass\n```",
    }


def test_a_rule_without_a_page_has_no_sections() -> None:
    assert evolve(RULE, docstring="").sections == {}
    assert not evolve(RULE, docstring="").summary


# Verdicts


def test_the_severity_of_a_verdict_is_that_of_its_worst_finding() -> None:
    assert broken(INFO, WARNING, INFO).severity is Severity.WARNING


def test_the_severity_of_a_verdict_without_findings_is_the_highest_of_its_rule() -> None:
    assert PASSED.severity is Severity.ERROR


# Exit codes


@pytest.mark.parametrize(
    ("verdicts", "stop", "exit_code"),
    [
        ([PASSED], None, 0),
        ([PASSED, NOT_APPLICABLE, DESELECTED], None, 0),
        ([broken(ERROR, status=Status.WAIVED)], None, 0),
        ([PASSED, broken(WARNING)], None, 0),
        ([broken(INFO)], None, 0),
        ([broken(ERROR, preview=True)], None, 0),
        ([PASSED, broken(INFO, ERROR)], None, 1),
        ([PASSED], StopKind.TIME, 1),
        ([broken(ERROR)], StopKind.TIME, 1),
        ([NOT_APPLICABLE, DESELECTED], None, 2),
        ([], None, 2),
        ([NOT_APPLICABLE], StopKind.TIME, 2),
        ([broken(ERROR), CRASHED], None, 3),
        ([PASSED], StopKind.SET_UP, 3),
        ([broken(ERROR)], StopKind.SET_UP, 3),
        ([PASSED], StopKind.INTERRUPTED, 130),
        ([CRASHED], StopKind.INTERRUPTED, 130),
    ],
)
def test_the_exit_code_shows_how_a_check_ended(
    verdicts: Sequence[Verdict], stop: StopKind | None, exit_code: int
) -> None:
    judged = report(*verdicts, stop=stop)

    assert judged.exit_code == exit_code
    assert judged.ok is (exit_code == 0)
    assert judged.complete is (stop is None)


def test_warnings_fail_on_request() -> None:
    assert report(broken(WARNING), fail_on=Severity.WARNING).exit_code == 1
    assert report(broken(ERROR), fail_on=Severity.WARNING).exit_code == 1
    assert report(PASSED, broken(INFO), fail_on=Severity.WARNING).exit_code == 0


def test_only_what_fails_the_report_is_among_its_failures() -> None:
    failing = broken(ERROR)

    assert report(
        failing, broken(WARNING), broken(ERROR, preview=True), broken(ERROR, status=Status.WAIVED)
    ).failures == (failing,)


def test_a_required_group_of_which_nothing_was_judged_is_missing() -> None:
    judged = report(PASSED, NOT_APPLICABLE, require=(Group.PROFILE, Group.SECURITY))

    assert judged.missing_groups == (Group.SECURITY,)
    assert judged.exit_code == 2
    assert report(PASSED, require=(Group.PROFILE,)).exit_code == 0


def test_verdicts_are_counted_by_status() -> None:
    count = report(PASSED, PASSED, NOT_APPLICABLE, broken(ERROR)).count

    assert (count[Status.PASSED], count[Status.NOT_APPLICABLE], count[Status.FAILED], count[Status.CRASHED]) == (
        2,
        1,
        1,
        0,
    )


def test_a_verdict_is_found_by_the_name_of_its_rule() -> None:
    other = evolve(PASSED, rule=evolve(RULE, name="shared-user-id"))

    assert report(other, PASSED).verdict("unstable-user-id") is PASSED
    with pytest.raises(KeyError, match="invalid-email"):
        report(other, PASSED).verdict("invalid-email")


# Text


def test_evidence_is_shown_as_the_calls_with_their_numbers() -> None:
    assert report(broken(ERROR)).evidence_lines(ERROR) == (
        '   1  get_user ada@example.com -> found {"user_id": "7"}',
        '   2  get_user ada@example.com -> found {"user_id": "9f1c"}   [repeated]',
    )


def test_a_call_in_a_report_as_text_has_five_hundred_characters() -> None:
    text = f"get_user {'a' * 1_000}@example.com -> not-found   [unknown-user]\n"
    judged = Report(transcript=Transcript.parse(text), verdicts=())

    [line] = judged.evidence_lines(evolve(ERROR, evidence=(1,)))

    assert line.index("…") == len("   1  ") + 500
    assert line.endswith("… (and 551 more characters)")


@pytest.mark.parametrize(
    ("failed", "named"),
    [
        (0, ""),
        (1, " (rule-1)"),
        (3, " (rule-1, rule-2, rule-3)"),
        (4, " (rule-1, rule-2, rule-3 and 1 more)"),
        (9, " (rule-1, rule-2, rule-3 and 6 more)"),
    ],
)
def test_the_representation_of_a_report_names_three_rules(failed: int, named: str) -> None:
    verdicts = [evolve(broken(WARNING), rule=evolve(RULE, name=f"rule-{n}")) for n in range(1, failed + 1)]
    counts = f"1 passed, {failed} failed" if failed else "1 passed"

    assert repr(report(PASSED, *verdicts)) == f"<Report ok: {counts}{named}>"


def test_a_report_that_is_not_ok_raises_its_text_and_how_to_fix_it() -> None:
    judged = report(broken(ERROR))

    with pytest.raises(ContractBrokenError) as caught:
        judged.raise_for_failures()

    assert str(caught.value) == str(judged)
    assert "  Fix: Don't.\n" in str(judged)
    assert isinstance(caught.value, AssertionError)


def test_a_report_that_is_ok_raises_nothing() -> None:
    report(PASSED, broken(WARNING)).raise_for_failures()
