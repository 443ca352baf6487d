"""Rules about writing judge whatever sequence there is, and what a contradiction leaves behind is told once."""

from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract import Connection, Transcript, judge
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Need, Status
from customdb_contract.rules import CATALOGUE, Rule
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
    [situation for situation in Situation if situation.family in {"writing", "clean-up"}] + [Situation.OUTAGE]
)


_INFO = ScriptInfo()
WRITING = [rule for rule in CATALOGUE if Need.WRITES in rule.info.needs]


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
    """A header that somebody wrote by hand may leave out the scripts that were called."""
    assert {verdict.rule.name for verdict in judge(transcript).verdicts if verdict.status is Status.CRASHED} == set()


@pytest.mark.parametrize("rule", WRITING, ids=name_of)
@pytest.mark.parametrize("section", ["Violates", "Conforms"])
def test_a_call_that_never_ended_proves_nothing(section: str, rule: Rule) -> None:
    told = Transcript.parse(rule.info.sections[section])
    *before, last = told.exchanges
    silent = evolve(last, outcome=Outcome(Ending.TIMED_OUT))

    judged = judge(evolve(told, exchanges=(*before, silent)), select=[rule.info.name]).verdict(rule.info.name)

    assert judged.status in {Status.PASSED, Status.NOT_APPLICABLE}


@pytest.mark.parametrize("rule", [rule for rule in WRITING if rule.info.group is Group.CONSISTENCY], ids=name_of)
def test_nothing_is_certain_about_somebody_whose_create_never_ended(rule: Rule) -> None:
    told = Transcript.parse(rule.info.sections["Violates"])
    exchanges = tuple(
        evolve(call, outcome=Outcome(Ending.TIMED_OUT)) if call.script is Script.CREATE else call
        for call in told.exchanges
    )

    judged = judge(evolve(told, exchanges=exchanges), select=[rule.info.name]).verdict(rule.info.name)

    is_made = any(call.script is Script.CREATE for call in exchanges)
    assert is_made is (judged.status is not Status.FAILED)


def test_what_contradicts_a_script_is_told_once() -> None:
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
        ("create reported success, and the user is not found by get_user", (1, 2))
    ]
