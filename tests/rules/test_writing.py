"""Rules about writing judge any sequence of calls, and the consequences of a contradiction are reported once."""

from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract import Connection, Transcript, judge
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Need, Severity, Status
from customdb_contract.rules import CATALOGUE, Rule, find_rule
from customdb_contract.rules._judging import judge_by
from customdb_contract.testing import strategies
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Header,
    Mark,
    Outcome,
    Person,
    RecordedError,
    ScriptInfo,
    Situation,
    Value,
    ending_of,
)
from rules.judging import report_on, verdict

pytestmark = pytest.mark.one_python

_texts = st.sampled_from(
    ["new@example.com", "NEW@example.com", "moved@example.com", "new", "7", "8", "«password»", "«other»"]
)
_values: st.SearchStrategy[Value] = st.one_of(
    _texts,
    st.sampled_from([None, True, False, 7, 1.5]),
    st.fixed_dictionaries({}, optional={"email": _texts, "username": _texts, "password": _texts | st.just(7)}),
    st.lists(_texts, max_size=2),
)


def _found(user_id: str, verified: bool) -> tuple[Value, ...]:
    return None, {"user_id": user_id, "email_verified": verified}


def _returned(value: Value) -> tuple[Value, ...]:
    return None, value


_refusals: tuple[tuple[Value, ...], ...] = (
    (None,),
    (RecordedError("Error", "x"),),
    (RecordedError("ValidationError", "x", ("user_exists",)),),
)
_results = st.one_of(
    st.sampled_from(_refusals), st.builds(_found, _texts, st.booleans()), st.builds(_returned, _values)
)
_situations = st.sampled_from(
    [situation for situation in Situation if situation.family in {"writing", "clean-up"}]
    + [Situation.OUTAGE, Situation.SQL, Situation.URL]
)


_INFO = ScriptInfo()
SECTIONS = ("Violates", "Conforms")
WRITING = [rule for rule in CATALOGUE if Need.WRITES in rule.info.needs]
ABOUT_ANSWERS = [
    rule
    for rule in CATALOGUE
    if rule.info.group is not Group.CALLBACK
    and rule.info.name != "slow-on-long-input"
    and all(Transcript.parse(rule.info.sections[name]).exchanges for name in SECTIONS)
]
WITHOUT_THE_LAST_ANSWER = {
    "change-email-no-op",
    "change-email-verified-only",
    "change-password-misreported",
    "create-not-atomic",
    "get-user-ignores-identifier",
    "log-leaks-secret",
    "migration-marker-hides-user",
    "shared-email",
    "shared-phone-number",
    "shared-user-id",
    "shared-username",
    "unicode-collision",
    "unicode-email-collision",
}
"""The rules that pass in their examples with any result of the last call: they compare earlier calls."""


def name_of(rule: Rule) -> str:
    return rule.info.name


@st.composite
def _exchanges(draw: st.DrawFn) -> Sequence[Exchange]:
    made: list[Exchange] = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        script, callback = draw(st.sampled_from(list(Script))), draw(_results)
        is_silent = draw(st.booleans()) and draw(st.booleans())
        outcome = Outcome(Ending.TIMED_OUT) if is_silent else Outcome(ending_of(script, callback), (callback,))
        marks = frozenset({Mark.UNSTABLE_STORE}) if draw(st.integers(0, 9)) == 9 else frozenset[Mark]()
        arguments = tuple(draw(st.lists(_values, max_size=3)))
        made.append(Exchange(number, script, arguments, "new", draw(_situations), outcome, marks))
    return made


@given(_exchanges(), st.booleans(), st.booleans())
def test_no_rule_crashes_on_any_sequence(exchanges: Sequence[Exchange], import_mode: bool, usernames: bool) -> None:
    connection = Connection(import_mode=import_mode, requires_username=usernames)
    people = (Person(label="new", email="new@example.com", new=True),)
    header = Header(people=people, connection=connection, scripts=dict.fromkeys(Script, _INFO))

    report = judge(Transcript(header, tuple(exchanges)))

    assert {verdict.rule.name for verdict in report.verdicts if verdict.status is Status.CRASHED} == set()


@given(strategies.transcripts())
def test_no_rule_crashes_on_any_transcript(transcript: Transcript) -> None:
    """A handwritten header may omit the scripts that were called."""
    assert {verdict.rule.name for verdict in judge(transcript).verdicts if verdict.status is Status.CRASHED} == set()


def with_last_ending(transcript: Transcript, ending: Ending) -> Transcript:
    """Return a transcript in which the last call ends differently, without other observations."""
    last = transcript.exchanges[-1]
    ended = (evolve(one, outcome=Outcome(ending)) if one is last else one for one in transcript.records)
    return evolve(transcript, records=tuple(ended))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("rule", ABOUT_ANSWERS, ids=name_of)
def test_a_call_that_never_ended_proves_nothing(rule: Rule, section: str) -> None:
    example = Transcript.parse(rule.info.sections[section])
    complete, *silent = (
        judge_by([rule], transcript).verdict(rule.info.name)
        for transcript in (example, *(with_last_ending(example, ending) for ending in (Ending.TIMED_OUT, Ending.DIED)))
    )

    for judged in silent:
        assert judged.findings == ()
        assert judged.held < complete.held + len(complete.findings) or rule.info.name in WITHOUT_THE_LAST_ANSWER


@pytest.mark.parametrize("rule", [rule for rule in WRITING if rule.info.group is Group.CONSISTENCY], ids=name_of)
def test_an_unfinished_create_leaves_the_user_uncertain(rule: Rule) -> None:
    example = Transcript.parse(rule.info.sections["Violates"])
    exchanges = tuple(
        evolve(call, outcome=Outcome(Ending.TIMED_OUT)) if call.script is Script.CREATE else call
        for call in example.exchanges
    )

    judged = judge(evolve(example, records=exchanges), select=[rule.info.name]).verdict(rule.info.name)

    is_made = any(call.script is Script.CREATE for call in exchanges)
    assert is_made is (judged.status is not Status.FAILED)


def test_a_contradiction_of_a_script_is_reported_once() -> None:
    transcript = Transcript.parse(
        "person new email=new@example.com new=on\n"
        'create {"email": "new@example.com", "password": "«password of new»"} -> done\n'
        "get_user new@example.com -> not-found\n"
        "get_user new@example.com -> not-found\n"
        "verify new@example.com -> declined\n"
    )

    report = judge(transcript, select=["consistency"])

    findings = [finding for verdict in report.failures for finding in verdict.findings]

    assert [(finding.message, finding.evidence) for finding in findings] == [
        (
            "create reported success, but get_user does not find the new user; find the user at once",
            (1, 2),
        )
    ]


# What each rule judges


BOTH = """
person new email=new@example.com alias=moved@example.com new=on
person other email=other@example.com alias=third@example.com new=on
create {"email": "new@example.com", "password": "«password of new»"} -> done
create {"email": "other@example.com", "password": "«password of other»"} -> done
"""


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(
            'get_user other@example.com -> found {"user_id": "shop-2"}\n'
            "delete shop-2 -> done   [writing of other]\n"
            'create {"email": "moved@example.com", "password": "«password of new»"} -> done\n'
            'get_user moved@example.com -> found {"user_id": "shop-2"}\n'
            "delete shop-2 -> done   [writing of new]\n"
            "get_user moved@example.com -> not-found\n"
            'create {"email": "moved@example.com", "password": "«password of new»"} -> done',
            id="an id that is given again",
        ),
        pytest.param(
            'get_user other@example.com -> found {"user_id": "shop-2"}\n'
            "delete shop-2 -> done   [writing of other]\n"
            'create {"email": "other@example.com", "password": "«password of other»"} -> done\n'
            "verify other@example.com -> done\n"
            "delete shop-2 -> done   [writing of other]\n"
            "verify other@example.com -> declined",
            id="somebody who is made again with the id, which nobody looked at",
        ),
        pytest.param(
            'get_user other@example.com -> found {"user_id": "shop-2"}\n'
            'change_password other@example.com "«former password»" -> declined\n'
            "delete shop-2 -> done   [writing of other]\n"
            'create {"email": "other@example.com", "password": "«former password»"} -> done\n'
            'login other@example.com "«former password»" -> found {"user_id": "shop-3"}',
            id="a password that was refused before and is the first of the next one with the e-mail",
        ),
        pytest.param(
            'change_password new@example.com "«other»" -> failed Error "x"\n'
            'change_password new@example.com "«third»" -> timed-out\n'
            'login new@example.com "«other»" -> found {"user_id": "shop-3"}',
            id="a password that may have been set since it was refused",
        ),
        pytest.param(
            'change_email new@example.com other@example.com true -> failed ValidationError("email_taken") "x"\n'
            "change_email other@example.com third@example.com true -> done\n"
            'create {"email": "other@example.com", "password": "«password of other»"} -> done\n'
            'get_user other@example.com -> found {"user_id": "shop-3"}\n'
            "delete shop-3 -> done   [writing of other]\n"
            'change_password third@example.com "«other»" -> done',
            id="an e-mail that was refused with an error, given up, and taken again",
        ),
        pytest.param(
            "change_email new@example.com other@example.com true -> timed-out\n"
            "change_email other@example.com third@example.com true -> done\n"
            'create {"email": "other@example.com", "password": "«password of other»"} -> done\n'
            'get_user other@example.com -> found {"user_id": "shop-3"}\n'
            "delete shop-3 -> done   [writing of other]\n"
            'change_password third@example.com "«other»" -> done',
            id="two who cannot be told apart any more, of whom one is deleted",
        ),
        pytest.param(
            'change_email nobody@example.com other@example.com true -> failed Error "x"   [writing]\n'
            'get_user other@example.com -> found {"user_id": "shop-2"}\n'
            "delete shop-2 -> done   [writing of other]\n"
            'change_email other@example.com third@example.com true -> failed Error "x"\n'
            'change_password third@example.com "«other»" -> declined',
            id="somebody who is gone gets nobody's e-mail",
        ),
        pytest.param(
            'change_password moved@example.com "«other»" -> failed ValidationError("password_has_name") "x"\n'
            'change_password new@example.com "«other»" -> done',
            id="a password that is refused whoever there is",
        ),
        pytest.param(
            'change_password moved@example.com "«other»" -> declined\n'
            'change_password moved@example.com "«other»" -> failed Error "one reset a day"\n'
            'change_password new@example.com "«other»" -> done',
            id="a limit on resets for each e-mail",
        ),
        pytest.param(
            'create {"email": "new@example.com", "password": "«other»"} -> failed ValidationError("weak") "x"\n'
            'create {"email": "moved@example.com", "password": "«other»"} -> done',
            id="another password than the one that was taken",
        ),
        pytest.param(
            'create {"email": "new@example.com", "password": "«password of new»"} -> failed Error "too many"\n'
            'create {"email": "moved@example.com", "password": "«other»"} -> failed Error "too many"',
            id="a limit on sign-ups",
        ),
        pytest.param(
            'create {"email": "new@example.com"} -> failed ValidationError("user_exists") "x"\n'
            'create {"email": "new@example.com", "password": "«password of new»"} -> failed Error "too many"\n'
            'create {"email": "moved@example.com", "password": "«other»"} -> done',
            id="a limit on sign-ups for each e-mail",
        ),
        *(
            pytest.param(f"{script} -> done   [outage: {fault} of new]", id=f"{script.partition(' ')[0]}: {fault}")
            for script in (
                'create {"email": "moved@example.com"}',
                'change_password new@example.com "«other»"',
                "delete shop-7",
            )
            for fault in ("html-page", "truncated-json", "cut")
        ),
        pytest.param(
            'create {"email": "moved@example.com"} -> found {"user_id": "shop-9"}',
            id="the profile that passkeys want",
        ),
        pytest.param(
            'get_user other@example.com -> found {"user_id": "shop-2", "email_verified": false}\n'
            "verify other@example.com -> declined\n"
            'get_user other@example.com -> found {"user_id": "shop-2", "email_verified": false}',
            id="a verify that refuses",
        ),
    ],
)
def test_a_right_sequence_breaks_no_rule(calls: str) -> None:
    judged = report_on(f"{BOTH}{calls}", WRITING)

    reported = [(one.rule.name, finding) for one in judged.failures for finding in one.findings]
    assert [finding for finding in reported if finding[1].severity is not Severity.INFO] == []


MADE = """
person new email=new@example.com username=newcomer alias=moved@example.com new=on
create {"email": "new@example.com", "username": "newcomer", "password": "«password of new»"} -> done
"""


@pytest.mark.parametrize(
    ("name", "status", "calls"),
    [
        pytest.param(
            "username-not-stored",
            Status.NOT_APPLICABLE,
            "get_user new@example.com -> not-found",
            id="create-not-visible tells of somebody who isn't even found by the e-mail",
        ),
        pytest.param(
            "create-not-atomic",
            Status.NOT_APPLICABLE,
            'create {"email": "other@example.com"} -> done   [writing: at-once]',
            id="one call alone was not at the same time as another one",
        ),
        pytest.param(
            "create-not-atomic",
            Status.NOT_APPLICABLE,
            'create {"email": "other@example.com"} -> done   [writing: at-once]\n'
            'create {"email": "other@example.com"} -> done   [writing: at-once]\n'
            'get_user other@example.com -> found {"user_id": "7"}   [clean-up of new]\n'
            'get_user other@example.com -> found {"email": "other@example.com"}   [clean-up of new]',
            id="who has no user_id may be the same user",
        ),
        pytest.param(
            "change-email-no-op",
            Status.PASSED,
            "change_email new@example.com moved@example.com true -> done\n"
            'get_user moved@example.com -> found {"user_id": "7"}\n'
            'get_user new@example.com -> found {"user_id": "7"}',
            id="something was changed where the new e-mail is found, whatever the old one does",
        ),
        pytest.param(
            "change-email-no-op",
            Status.NOT_APPLICABLE,
            "change_email new@example.com moved@example.com true -> done\n"
            'get_user moved@example.com -> failed Error "x"',
            id="an error says nothing of what was changed",
        ),
        pytest.param(
            "change-email-verified-only",
            Status.FAILED,
            "change_email new@example.com new@example.com true -> done\nget_user new@example.com -> not-found",
            id="somebody whose flag was set is still found",
        ),
        pytest.param(
            "change-email-verified-only",
            Status.FAILED,
            "change_email new@example.com new@example.com true -> done\n"
            'get_user new@example.com -> found {"user_id": "7", "email_verified": false}',
            id="the flag that was given must be what get_user returns",
        ),
        *(
            pytest.param(
                name,
                unproven if changed else Status.FAILED,
                'login new@example.com «password of new» -> found {"user_id": "7"}\n'
                f"{changed}change_email new@example.com {email} true -> done\n"
                f'login {email} «password of new» -> failed WrongUsernameOrPasswordError(null) "no"',
                id=f"{name}: {what}",
            )
            for changed, what in (
                ("", "the password logged in just before"),
                ("change_password new@example.com x -> declined\n", "an earlier call may have changed the password"),
            )
            for name, email, unproven in (
                ("change-email-ineffective", "moved@example.com", Status.NOT_APPLICABLE),
                ("change-email-verified-only", "new@example.com", Status.PASSED),
            )
        ),
        pytest.param(
            "change-email-verified-only",
            Status.PASSED,
            "change_email new@example.com new@example.com true -> done\n"
            'get_user new@example.com -> found {"user_id": "7"}',
            id="a profile without the flag contradicts nothing",
        ),
        *(
            pytest.param(
                "change-password-result-type",
                status,
                f'change_password new@example.com "«other»" -> {ending} called with [null, {result}]',
                id=f"{result} is {status}",
            )
            for (ending, result), status in {
                ("done", '{"last_password_reset": "2026-01-31T12:00:00Z"}'): Status.PASSED,
                ("invalid", '{"last_password_reset": 1769860800000, "email_verified": true}'): Status.PASSED,
                (
                    "invalid",
                    '{"last_password_reset": {"$special": "Date", "text": "2026-01-31", "size": null}}',
                ): Status.PASSED,
                ("done", '{"last_password_reset": "last Tuesday"}'): Status.FAILED,
                ("invalid", '{"last_password_reset": true}'): Status.FAILED,
                ("invalid", '{"last_password_reset": []}'): Status.FAILED,
                ("invalid", '{"email_verified": "yes"}'): Status.FAILED,
                ("invalid", '{"password": "new"}'): Status.FAILED,
                ("invalid", "{}"): Status.FAILED,
            }.items()
        ),
    ],
)
def test_each_rule_about_writing_judges_only_its_own_case(name: str, status: Status, calls: str) -> None:
    judged = verdict(find_rule(name), f"connection requires_username=on\n{MADE}{calls}")

    assert judged.status is status, judged.findings
