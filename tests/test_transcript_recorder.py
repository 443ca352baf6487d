"""The recorder numbers, marks and amends exchanges, from more than one thread."""

import threading

import pytest
from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    Ending,
    Escape,
    Exchange,
    FactKind,
    Header,
    Mark,
    Noticed,
    Observation,
    Outcome,
    Person,
    RecordedError,
    Recorder,
    ScriptInfo,
    Situation,
    SourceFact,
    Special,
    StopKind,
    StopReason,
    Store,
    Transcript,
    Value,
)

HEADER = Header(people=(Person(label="ada", email="ada@example.com"),))
NOT_FOUND = Outcome(Ending.NOT_FOUND, ((None,),))


def recorder_with(calls: int) -> Recorder:
    recorder = Recorder(HEADER)
    for _ in range(calls):
        recorder.record(
            Script.GET_USER, ["ada@example.com"], person="ada", situation=Situation.KNOWN_USER, outcome=NOT_FOUND
        )
    return recorder


def test_exchanges_are_numbered_in_order() -> None:
    recorder = Recorder(HEADER)

    made = [
        recorder.record(script, [name], person=person, situation=situation, outcome=NOT_FOUND)
        for script, name, person, situation in (
            (Script.GET_USER, "ada@example.com", "ada", Situation.KNOWN_USER),
            (Script.LOGIN, "nobody@example.com", "unknown", Situation.UNKNOWN_USER),
        )
    ]

    assert made[0] == Exchange(1, Script.GET_USER, ("ada@example.com",), "ada", Situation.KNOWN_USER, NOT_FOUND)
    assert made[1] == Exchange(2, Script.LOGIN, ("nobody@example.com",), "unknown", Situation.UNKNOWN_USER, NOT_FOUND)
    assert recorder.transcript() == Transcript(HEADER, tuple(made))


def test_a_transcript_does_not_change_any_more() -> None:
    recorder = recorder_with(1)

    before = recorder.transcript()
    recorder.mark(1, Mark.LOCKED_OUT)
    recorder.amend(1, [None])
    recorder.stop(StopReason(StopKind.TIME, "up"))

    assert before == recorder_with(1).transcript()


def test_marks_add_up() -> None:
    recorder = recorder_with(2)

    recorder.mark(2, Mark.LOCKED_OUT)
    recorder.mark(2, Mark.UNSTABLE_STORE)
    recorder.mark(2, Mark.LOCKED_OUT)

    assert [exchange.marks for exchange in recorder.transcript().exchanges] == [
        frozenset(),
        {Mark.LOCKED_OUT, Mark.UNSTABLE_STORE},
    ]
    assert [exchange.number for exchange in recorder.transcript().judged] == [1]


def test_only_the_amended_exchange_changes() -> None:
    recorder = recorder_with(3)
    before = recorder.transcript().exchanges

    amended = recorder.amend(2, [None])

    assert recorder.transcript().exchanges == (before[0], amended, before[2])
    assert amended.outcome != before[1].outcome


def test_late_callbacks_follow_the_first_one_and_leave_the_ending() -> None:
    recorder = recorder_with(1)

    recorder.amend(1, [None, {"user_id": "7"}])
    recorder.amend(1, arguments=())

    outcome = recorder.transcript().exchanges[0].outcome
    assert outcome == Outcome(Ending.NOT_FOUND, ((None,), (None, {"user_id": "7"}), ()))


def test_the_first_late_exception_stays() -> None:
    recorder = recorder_with(1)

    recorder.amend(1, raised=RecordedError("KeyError", "x"))
    recorder.amend(1, raised=RecordedError("OSError", "y"))

    outcome = recorder.transcript().exchanges[0].outcome
    assert outcome == Outcome(Ending.NOT_FOUND, ((None,),), RecordedError("KeyError", "x"), escape=Escape.LATER)


def test_late_observations_follow_earlier_ones() -> None:
    recorder = recorder_with(1)
    late = Observation(Noticed.LATE_REQUEST, "POST http://127.0.0.1/")

    recorder.amend(1, observation=late)

    assert recorder.transcript().exchanges[0].outcome.observations == (late,)


def test_late_output_follows_earlier_output() -> None:
    recorder = recorder_with(1)

    for text in ("one ", "", "two"):
        recorder.amend(1, output=text)

    assert recorder.transcript().exchanges[0].outcome.output == "one two"


def test_an_exception_of_the_call_itself_stays() -> None:
    recorder = Recorder(HEADER)
    raised = Outcome(Ending.RAISED, raised=RecordedError("KeyError", "x"))
    recorder.record(Script.LOGIN, [], person="ada", situation=Situation.REPEATED, outcome=raised)

    recorder.amend(1, raised=RecordedError("OSError", "y"))

    assert recorder.transcript().exchanges[0].outcome == raised


def test_the_first_reason_to_stop_stays() -> None:
    recorder = recorder_with(0)

    recorder.stop(StopReason(StopKind.TIME, "up"))
    recorder.stop(StopReason(StopKind.SET_UP, "down"))

    assert recorder.transcript().header.stop_reason == StopReason(StopKind.TIME, "up")


def test_two_early_ends_are_both_reported_and_the_worse_one_counts() -> None:
    recorder = recorder_with(0)
    first, second = StopReason(StopKind.TIME, "up"), StopReason(StopKind.SET_UP, "down")

    recorder.stop_also(first)
    assert recorder.transcript().header.stop_reason == first
    recorder.stop_also(second)
    assert recorder.transcript().header.stop_reason == StopReason(StopKind.SET_UP, "up; down")

    recorder = recorder_with(0)
    recorder.stop(StopReason(StopKind.PROTECTION, "gone"))
    recorder.stop_also(first)
    assert recorder.transcript().header.stop_reason == StopReason(StopKind.PROTECTION, "gone; up")


def test_an_interruption_is_always_reported() -> None:
    recorder = recorder_with(0)

    recorder.stop(StopReason(StopKind.TIME, "up"))
    recorder.stop(StopReason(StopKind.INTERRUPTED, "ctrl-C"))

    assert recorder.transcript().header.stop_reason == StopReason(StopKind.INTERRUPTED, "ctrl-C")


def test_the_scripts_are_known() -> None:
    recorder = recorder_with(0)

    recorder.know_scripts({Script.LOGIN: ScriptInfo(signature="(identifier, password)")})

    assert recorder.transcript().header.scripts == {Script.LOGIN: ScriptInfo(signature="(identifier, password)")}


def test_an_exchange_about_an_undeclared_user_is_refused() -> None:
    recorder = Recorder(HEADER)
    recorder.record(Script.LOGIN, [], person="eve", situation=Situation.REPEATED, outcome=NOT_FOUND)

    with pytest.raises(TranscriptError, match=r"^record 1 is about \"eve\", who is not among the known people"):
        recorder.transcript()


def test_other_threads_may_amend() -> None:
    recorder = recorder_with(1)
    started = threading.Barrier(5)

    def amend() -> None:
        started.wait()
        for _ in range(200):
            recorder.amend(1, [None])

    threads = [threading.Thread(target=amend) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    for _ in range(200):
        recorder.mark(1, Mark.LOCKED_OUT)
        recorder.transcript()
    for thread in threads:
        thread.join()

    exchange = recorder.transcript().exchanges[0]
    assert len(exchange.outcome.callbacks) == 801
    assert exchange.marks == {Mark.LOCKED_OUT}


def test_a_secret_recognised_by_its_name_is_replaced_when_recorded() -> None:
    recorder = Recorder(HEADER)
    profile: Value = {
        "user_id": "7",
        "hash": "5f4dcc3b5aa765d61d8327deb882cf99",
        "app_metadata": [{"salt": Special("bytes", "xyz", 3), "apiKey": "abc", "secret": "«password of ada»"}],
        "mfa_factors": [{"totp": {"secret": "JBSWY3DP"}}],
        "salt": Special("undefined"),
    }
    error = RecordedError("Error", "no", ({"salt": "xyz"},))

    recorder.record(
        Script.GET_USER,
        ["ada@example.com"],
        person="ada",
        situation=Situation.KNOWN_USER,
        outcome=Outcome(Ending.FOUND, ((None, profile),)),
    )
    recorder.amend(1, [error, {"hash": "5f4dcc3b5aa765d61d8327deb882cf99"}])

    first, later = recorder.transcript().exchanges[0].outcome.callbacks
    assert first[1] == {
        "user_id": "7",
        "hash": "«password hash 1»",
        "app_metadata": [
            {
                "salt": Special("bytes", "«secret value 1»", 3),
                "apiKey": "«secret value 2»",
                "secret": "«password of ada»",
            }
        ],
        "mfa_factors": [{"totp": {"secret": "«TOTP secret 1»"}}],
        "salt": Special("undefined"),
    }
    assert later == (RecordedError("Error", "no", ({"salt": "«secret value 1»"},)), {"hash": "«password hash 1»"})


def test_recorded_values_are_kept_once() -> None:
    recorder = Recorder(HEADER)
    metadata = {"plan": "full", "seats": 2**1000, "hash": "5f4dcc3b5aa765d61d8327deb882cf99"}

    first = recorder.write(Store.USERS, "auth0|7", {"app_metadata": metadata}).attributes or {}
    again = recorder.write(Store.USERS, "auth0|7", {"email": "ada@example.com", **first}).attributes or {}

    assert first == {"app_metadata": {"plan": "full", "seats": 2**1000, "hash": "«password hash 1»"}}
    assert again["app_metadata"] is first["app_metadata"]


def test_facts_about_scripts_and_stop_reasons_are_masked() -> None:
    registry = SecretRegistry()
    registry.add(Secret("hunter2-7"), SecretRef(SecretKind.PASSWORD, "ada"))
    recorder = Recorder(HEADER, registry)
    fact = SourceFact(FactKind.DATABASE_DRIVER, "hunter2-7", "login.js:1:1")

    recorder.know_scripts(
        {
            Script.LOGIN: ScriptInfo(signature="(x='hunter2-7')", problem="hunter2-7", source=(fact,)),
            Script.GET_USER: ScriptInfo(),
        }
    )
    recorder.record(
        Script.GET_USER,
        ["ada@example.com"],
        person="ada",
        situation=Situation.KNOWN_USER,
        outcome=evolve(NOT_FOUND, observations=(Observation(Noticed.STORE_CHANGE, "hunter2-7"),)),
    )
    recorder.amend(1, observation=Observation(Noticed.REQUEST, "GET http://a:b@x"))
    recorder.stop(StopReason(StopKind.SET_UP, "no hunter2-7"))

    reported = str(recorder.transcript())
    assert "hunter2" not in reported
    assert reported.count("«password of ada»") == 5
    assert "http://«credentials in a URL 1»@x" in reported
