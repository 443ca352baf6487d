"""Transcripts, exchanges and headers as rules read them."""

import pytest

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Header,
    Outcome,
    Person,
    RecordedError,
    Situation,
    Transcript,
    Value,
    ending_of,
)

TEXT = """\
connection import_mode=on
person ada email=ada@example.com username=ada alias=shared
person bob email=bob@example.com alias=shared
get_user ada@example.com -> found {"user_id": "7"}
login ada@example.com "«password of ada»" -> found {"user_id": "7"}
get_user ada@example.com -> found {"user_id": "7"}   [repeated]
login ada@example.com wrong -> failed Error ""   [wrong-password]
login ada@example.com "" -> failed Error ""   [wrong-password: empty]
login ada@example.com wrong -> failed Error ""   [wrong-password, locked-out]
get_user nobody@example.com -> not-found   [unknown-user]
get_user ADA@example.com -> not-found   [other-spelling: upper-case of ada]
"""


@pytest.fixture
def transcript() -> Transcript:
    return Transcript.parse(TEXT)


@pytest.mark.parametrize(
    ("script", "situations", "numbers"),
    [
        (None, (), [1, 2, 3, 4, 5, 7, 8]),
        (Script.GET_USER, (), [1, 3, 7, 8]),
        (Script.CREATE, (), []),
        (Script.LOGIN, (Situation.WRONG_PASSWORD,), [4, 5]),
        (Script.LOGIN, (Situation.EMPTY_PASSWORD,), [5]),
        (Script.LOGIN, ("hostile",), []),
        (None, ("other-spelling",), [8]),
        (
            None,
            (Situation.UNKNOWN_USER, Situation.KNOWN_USER, "wrong-password", Situation.EMPTY_PASSWORD),
            [1, 2, 4, 5, 7],
        ),
        (Script.GET_USER, (Situation.REPEATED, Situation.KNOWN_USER), [1, 3]),
    ],
)
def test_rules_select_judged_exchanges_in_order(
    transcript: Transcript, script: Script | None, situations: tuple[Situation | str, ...], numbers: list[int]
) -> None:
    assert [exchange.number for exchange in transcript.select(script, *situations)] == numbers


def test_marked_exchanges_are_not_judged(transcript: Transcript) -> None:
    assert [exchange.number for exchange in transcript.exchanges if exchange not in transcript.judged] == [6]


def test_people_are_found_by_label_and_by_identifier(transcript: Transcript) -> None:
    ada, bob = transcript.people

    assert transcript.person("ada") is ada
    assert transcript.person("unknown") is None
    assert transcript.owner("ada@example.com") is ada
    assert transcript.owner("bob@example.com") is bob
    assert transcript.owner("shared") is ada
    assert transcript.owner("ADA@example.com") is None
    assert transcript.owner({"email": "ada@example.com"}) is None
    assert transcript.connection.import_mode


def test_the_notation_of_an_exchange(transcript: Transcript) -> None:
    found, failed = transcript.exchanges[1], transcript.exchanges[3]

    assert (found.ending, found.identifier, found.profile) == (Ending.FOUND, "ada@example.com", {"user_id": "7"})
    assert (failed.ending, failed.profile, failed.outcome.error) == (Ending.FAILED, None, RecordedError("Error"))
    assert (failed.outcome.result, failed.outcome.arguments) == (None, (RecordedError("Error"),))


def test_the_notation_of_an_exchange_without_arguments_and_callback() -> None:
    exchange = Exchange(1, Script.LOGIN, (), "unknown", Situation.KNOWN_USER, Outcome(Ending.DIED))

    assert exchange.identifier is None
    assert exchange.profile is None
    assert (exchange.outcome.arguments, exchange.outcome.error, exchange.outcome.result) == ((), None, None)


def test_a_found_ending_without_a_mapping_has_no_profile() -> None:
    exchange = Exchange(1, Script.LOGIN, (), "unknown", Situation.KNOWN_USER, Outcome(Ending.FOUND, ((None, 7),)))

    assert exchange.profile is None


@pytest.mark.parametrize(
    ("situation", "family"),
    [(Situation.SQL, "hostile"), (Situation.KNOWN_USER, "known-user"), (Situation.RESET, "outage")],
)
def test_families_of_situations(situation: Situation, family: str) -> None:
    assert situation.family == family


@pytest.mark.parametrize(
    ("script", "arguments", "ending"),
    [
        (Script.LOGIN, (None, {"user_id": "7"}), Ending.FOUND),
        (Script.GET_USER, (), Ending.NOT_FOUND),
        (Script.GET_USER, (RecordedError("Error"), {"user_id": "7"}), Ending.FAILED),
        (Script.GET_USER, ("",), Ending.FAILED),
        (Script.CREATE, (None,), Ending.DONE),
        (Script.VERIFY, (None, True), Ending.DONE),
        (Script.VERIFY, (None, False), Ending.DECLINED),
        (Script.LOGIN, (None, True), Ending.INVALID),
    ],
)
def test_the_ending_that_a_callback_means(script: Script, arguments: tuple[Value, ...], ending: Ending) -> None:
    assert ending_of(script, arguments) is ending


def test_empty_identifiers_of_a_user_are_omitted() -> None:
    assert Person(label="ada", email="", username="ada", aliases=("", "a")).identifiers == ("ada", "a")


def test_two_people_of_one_label_are_refused() -> None:
    with pytest.raises(TranscriptError) as caught:
        Header(people=(Person(label="a b"), Person(label="c"), Person(label="a b")))

    assert str(caught.value) == '2 known people have the label "a b"; give each its own label'


def test_a_known_user_labelled_like_an_unknown_one_is_refused() -> None:
    with pytest.raises(TranscriptError) as caught:
        Header(people=(Person(label="unknown"),))

    assert str(caught.value) == (
        "a known person cannot have the label unknown, which means no known person; choose another"
    )


def test_other_numbers_are_refused() -> None:
    exchange = Exchange(2, Script.LOGIN, (), "unknown", Situation.KNOWN_USER, Outcome(Ending.DIED))

    with pytest.raises(TranscriptError) as caught:
        Transcript(Header(), (exchange,))

    assert str(caught.value) == "record 2 is at position 1; records are numbered in order, from 1"


def test_exchanges_about_others_are_refused() -> None:
    exchange = Exchange(1, Script.LOGIN, (), "eve", Situation.KNOWN_USER, Outcome(Ending.DIED))

    with pytest.raises(TranscriptError) as caught:
        Transcript(Header(people=(Person(label="ada"),)), (exchange,))

    assert str(caught.value) == (
        'record 1 is about "eve", who is not among the known people; expected one of "ada", "unknown"'
    )
