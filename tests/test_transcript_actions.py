"""Records of Actions: read and printed, stored, recorded with their secrets masked, and shown as a story."""

import json
import re
from typing import Any

import pytest

from customdb_contract.errors import TranscriptError
from customdb_contract.reports.stories import scenes_of, story_as_mermaid, story_as_text, story_to_json
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    ActionInfo,
    ActionRun,
    Actor,
    ApiCall,
    Ending,
    FactKind,
    Handler,
    Header,
    LegacyAnswer,
    LegacyRequest,
    LegacyState,
    Noticed,
    Observation,
    Operation,
    Outcome,
    Person,
    RecordedError,
    Recorder,
    RunSituation,
    SourceFact,
    Store,
    StoreWrite,
    Transcript,
    observed_runs,
    stable_writes,
)

LIFE = """\
action persist handlers=onExecutePostLogin,onContinuePostLogin problem="no" location="code.js:1" observed=on metadata_required=on restores=app_metadata.plan restores=app_metadata.roles
source action secret-literal "apiKey" at "code.js:3:5"
person ada email=ada@example.com
run persist of ada in first-log-in legacy sound {"user": {"user_id": "auth0|7"}} -> done; printed "asked"; noticed request "GET /"
request GET "https://legacy.example.com/users/7" headers={"authorization": "Bearer «secret value 1»"} -> 200 with {"id": "7"}
request POST /tokens body={"grant": 1} late
api user.setAppMetadata("plan", {"full": true})
api access.deny() late
operation log_in by user of ada on shop -> succeeded
store users auth0|7 {"app_metadata": {"plan": {"full": true}}}
run "an Action" continued in later-log-in legacy outage: 500 follows 1 {} -> raised Error "no" at "code.js:4"; after 2.0 s
request GET /users -> 500
api user.setUserMetadata("theme", null)   [caused by 1]
api cache.get("token")   [caused by nothing]
run persist in simulated {} -> timed-out; raised rejection Error "no"   [caused by nothing]
log s
"""  # noqa: E501 - one record is one line


def test_the_notation_has_a_line_for_every_record_of_an_action() -> None:
    life = Transcript.parse(LIFE)
    first, second, third = life.of_kind(ActionRun)

    assert str(life) == LIFE.replace("shop -> succeeded", "shop -> succeeded")
    assert life.header.action == ActionInfo(
        name="persist",
        handlers=(Handler.EXECUTE, Handler.CONTINUE),
        problem="no",
        location="code.js:1",
        source=(SourceFact(FactKind.SECRET_LITERAL, "apiKey", "code.js:3:5"),),
        observed=True,
        metadata_required=True,
        restores=("app_metadata.plan", "app_metadata.roles"),
    )
    assert first == ActionRun(
        1,
        "persist",
        Handler.EXECUTE,
        "ada",
        RunSituation.FIRST_LOG_IN,
        {"user": {"user_id": "auth0|7"}},
        Outcome(Ending.DONE, output="asked", observations=(Observation(Noticed.REQUEST, "GET /"),)),
        LegacyState.SOUND,
    )
    assert life.records[1] == LegacyRequest(
        2,
        "GET",
        "https://legacy.example.com/users/7",
        {"authorization": "Bearer «secret value 1»"},
        answer=LegacyAnswer(200, {"id": "7"}),
        caused_by=1,
    )
    assert life.records[2] == LegacyRequest(3, "POST", "/tokens", body={"grant": 1}, late=True, caused_by=1)
    assert life.records[3] == ApiCall(4, "user.setAppMetadata", ("plan", {"full": True}), caused_by=1)
    assert life.records[4] == ApiCall(5, "access.deny", (), late=True, caused_by=1)
    assert second == ActionRun(
        8,
        "an Action",
        Handler.CONTINUE,
        "unknown",
        RunSituation.LATER_LOG_IN,
        {},
        Outcome(Ending.RAISED, raised=RecordedError("Error", "no", (), "code.js:4"), duration=2.0),
        LegacyState.STATUS_500,
        follows=1,
        caused_by=6,
    )
    assert third.outcome.ending is Ending.TIMED_OUT
    assert [record.number for record in life.caused_by(first)] == [2, 3, 4, 5, 10]
    assert [record.number for record in life.caused_by(second)] == [9]
    assert [record.caused_by for record in life.of_kind(ApiCall)] == [1, 1, 1, None]


@pytest.mark.parametrize("settings", ["source=on", "handlers=none", "handlers=onContinuePostLogin"])
def test_an_action_without_remarkable_settings(settings: str) -> None:
    text = f"action persist {settings}\n"

    assert str(Transcript.parse(text)) == text


def test_families_of_situations_and_states() -> None:
    assert RunSituation.ZERO_METADATA.family == "falsy-metadata"
    assert RunSituation.AT_ONCE.family == RunSituation.FIRST_LOG_IN.family == "first-log-in"
    assert LegacyState.STALL.family == "outage"
    assert LegacyState.SOUND.family == "sound"


RUN = "run persist in simulated {} -> done\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run", "expected a JSON value, found the end of the line"),
        ("run a", "expected in, found the end of the line"),
        ("run a of eve in simulated {} -> done", 'expected a person\'s label, found "eve"; choose from unknown'),
        ("run a in the-dark {} -> done", 'expected a situation, found "the-dark"; choose from first-log-in, '),
        (
            "run a in simulated legacy down {}",
            'expected a state of the legacy system, found "down"; choose from sound, ',
        ),
        ("run a in simulated follows {}", 'expected the number of a run, found "{}"'),
        ("run a in simulated []", "expected the event of a run as a JSON object, found []"),
        ("run a in simulated {}", "expected ->, found the end of the line"),
        ("run a in simulated {} -> found", 'expected how a run ended, found "found"; choose from died, done, raised, '),
        ("run a in simulated {} -> done; sang", 'expected raised, printed, noticed or after, found "sang"'),
        ("run a in simulated {} -> done [caused by 1]", "record 1 is not an earlier operation; expected"),
        ("api", "expected what was called, such as user.setAppMetadata, found the end of the line"),
        ("api a", "expected (, found the end of the line"),
        ("api a(1 2)", 'expected ,, found "2)"'),
        ("api a..b()", 'a call of api must have a name such as user.setAppMetadata, got "a..b"'),
        ("api a() [caused by 1]", "record 1 is not an earlier run; expected the number of one, or nothing"),
        ("request", "expected the method of a request, such as GET, found the end of the line"),
        ("request G- /", 'the method of a request must be in capitals, such as GET, got "G-"'),
        ("request GET / headers=7", "expected the headers as a JSON object, found 7"),
        ("request GET / -> ok", 'expected an HTTP status, found "ok"'),
        ("request GET / -> 99", "an HTTP status must have three digits, got 99"),
        ("source action bytes x at y", "facts about the source of an Action must follow the line that begins with"),
        ("action a handlers=main", 'expected a function of an Action, found "main"; choose from onExecutePostLogin'),
        ("action a observed=on observed=on", "observed= is given twice"),
    ],
)
def test_an_unknown_line_is_an_error(line: str, said: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Transcript.parse(line)

    assert str(caught.value).startswith(f"line 1: {said}")


def test_a_run_ends_without_callback() -> None:
    with pytest.raises(TranscriptError, match="a run ends with died, done, raised, timed-out, and without callback"):
        ActionRun(1, "a", Handler.EXECUTE, "unknown", RunSituation.SIMULATED, {}, Outcome(Ending.DONE, ((None,),)))


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_run_follows_a_run_before_it(number: int) -> None:
    with pytest.raises(TranscriptError, match=f"record 2 follows {number}, which is not an earlier run"):
        Transcript.parse(f"log s\n{RUN.replace('simulated', f'simulated follows {number}')}")


# As JSON


def test_the_stored_form_of_every_kind() -> None:
    life = Transcript.parse(LIFE)
    document: Any = life.to_json()

    assert document["header"]["action"] == {
        "name": "persist",
        "handlers": ["onExecutePostLogin", "onContinuePostLogin"],
        "problem": "no",
        "location": "code.js:1",
        "source": [{"kind": "secret-literal", "text": "apiKey", "location": "code.js:3:5"}],
        "observed": True,
        "metadata_required": True,
        "restores": ["app_metadata.plan", "app_metadata.roles"],
    }
    run, request, *_ = document["records"]
    assert run == {
        "kind": "run",
        "number": 1,
        "action": "persist",
        "handler": "onExecutePostLogin",
        "person": "ada",
        "situation": "first-log-in",
        "legacy": "sound",
        "follows": None,
        "event": {"user": {"user_id": "auth0|7"}},
        "outcome": run["outcome"],
        "duration_seconds": 0.0,
        "caused_by": None,
    }
    assert run["outcome"]["ending"] == "done"
    assert request == {
        "kind": "request",
        "number": 2,
        "method": "GET",
        "url": "https://legacy.example.com/users/7",
        "headers": {"authorization": "Bearer «secret value 1»"},
        "body": None,
        "answer": {"status": 200, "body": {"id": "7"}},
        "late": False,
        "caused_by": 1,
    }
    assert document["records"][4] == {
        "kind": "api",
        "number": 5,
        "path": "access.deny",
        "arguments": [],
        "late": True,
        "caused_by": 1,
    }
    assert Transcript.loads(life.dumps()) == life


# While they are recorded


def test_runs_are_recorded_with_what_they_did_and_no_record_has_a_secret() -> None:
    registry = SecretRegistry()
    registry.add(Secret("hunter2-7"), SecretRef.parse("configuration LEGACY_API_SECRET"))
    registry.add(Secret("correct horse"), SecretRef(SecretKind.PASSWORD, "ada"))
    recorder = Recorder(Header(people=(Person(label="ada"),)), registry)
    said = "it was hunter2-7"

    recorder.know_action(
        ActionInfo(name=said, problem=said, source=(SourceFact(FactKind.SECRET_LITERAL, said, "code.js:1"),))
    )
    operation = recorder.begin("log_in", {}, actor=Actor.USER, connection="shop", person="ada")
    run = recorder.run(
        said,
        {"user": {"name": said}},
        Outcome(Ending.DONE, observations=(Observation(Noticed.REQUEST, said),)),
        person="ada",
        situation=RunSituation.SIMULATED,
        legacy=LegacyState.SOUND,
        caused_by=operation,
    )
    recorder.request(
        "GET",
        f"https://legacy.example.com/{said}",
        headers={
            "authorization": "Bearer hunter2-7",
            "proxy-authorization": "Basic fifth",
            "x-api-key": "another",
            "cookie": "",
            "api-key": "sixth ",
            "accept": "text/html",
        },
        body={"password": "third", "said": said},
        answer=LegacyAnswer(200, [said]),
        caused_by=run,
    )
    recorder.request("GET", "/", headers={}, late=True)
    recorder.api_call("user.setAppMetadata", ("plan", {"password": "fourth"}), caused_by=run)
    recorder.run(
        "persist", {}, Outcome(Ending.DONE), handler=Handler.CONTINUE, situation=RunSituation.SIMULATED, follows=run
    )
    recorder.write(Store.USERS, "auth0|7", {"app_metadata": {}}, caused_by=operation)

    reported = str(recorder.transcript())
    assert "hunter2" not in reported
    assert all(secret not in reported for secret in ("another", "third", "fourth", "fifth", "sixth"))
    assert reported.count("«configuration LEGACY_API_SECRET»") == 10
    assert '"proxy-authorization": "Basic «secret value 1»", "x-api-key": "«secret value 2»", "cookie": ""' in reported
    assert '"accept": "text/html"' in reported
    assert [type(record) for record in recorder.transcript().records] == [
        Operation,
        ActionRun,
        LegacyRequest,
        LegacyRequest,
        ApiCall,
        ActionRun,
        StoreWrite,
    ]


def test_known_facts_about_an_action_are_kept_unchanged() -> None:
    recorder = Recorder(Header())
    recorder.know_action(ActionInfo(name="persist"))

    assert recorder.transcript().header.action == ActionInfo(name="persist")


def test_a_record_has_a_limit() -> None:
    recorder = Recorder(Header())
    long = "x" * 1_000_000

    run = recorder.run(long, {long: long}, Outcome(Ending.DONE, output=long), situation=RunSituation.SIMULATED)
    recorder.api_call("user.setAppMetadata", (long, [long]), caused_by=run)
    recorder.request("GET", long, headers={long: long}, body=long, answer=LegacyAnswer(200, [long]), caused_by=run)
    recorder.request("GET", long, headers={}, caused_by=run)

    assert len(recorder.transcript().dumps()) < 5 * 270_000


# As a story


def test_a_story_lists_what_an_operations_actions_did() -> None:
    outside, operation, later = re.split(r"\n\d\. ", story_as_text(scenes_of([Transcript.parse(LIFE)])))

    assert "action  api.access.deny() (too late)" in outside
    assert 'action  api.user.setUserMetadata("theme", null)' in later
    assert "legacy system: outage: 500" in operation
    assert "asked   GET /users -> 500" in operation
    assert "log     s (successful log-in)" in operation


def test_other_forms_of_a_story_have_actions_too() -> None:
    scenes = scenes_of([Transcript.parse(LIFE)])

    assert "Note over Auth0: action persist runs (done#59;" in story_as_mermaid(scenes)
    assert '"kind": "run"' in json.dumps(story_to_json(scenes))


def test_a_value_that_differs_at_each_first_log_in_is_not_stable() -> None:
    runs = "".join(
        "run a of ada in first-log-in legacy sound {} -> done\n"
        f'api user.setAppMetadata("plan", {{"name": "full", "at": {at}}})\n'
        f'api user.setAppMetadata("at", {at})\n'
        'api user.setUserMetadata("x", "y")\n'
        for at in (1, 2, 3)
    )

    written = stable_writes(observed_runs(Transcript.parse(f"person ada email=ada@example.com new=on\n{runs}")))
    assert written == {
        ("app_metadata", "plan"): {"name": "full"},
        ("app_metadata", "at"): None,
        ("user_metadata", "x"): "y",
    }
