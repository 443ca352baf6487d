"""Records other than calls: read and printed, stored, recorded with their secrets masked, and shown as evidence."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.reports import FORMATS
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import rule
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.testing.strategies import transcripts
from customdb_contract.transcript import (
    Actor,
    Ending,
    Exchange,
    Header,
    LogEntry,
    Operation,
    Outcome,
    Person,
    RecordedError,
    Recorder,
    Response,
    Situation,
    Special,
    Store,
    StoreWrite,
    Transcript,
    cause_of,
)

LIFE = """\
person ada email=ada@example.com
login ada@example.com «password of ada» -> found {"user_id": "7"}
operation log_in by user of ada on legacy-shop identifier=ada@example.com password=«password of ada» -> succeeded with {"user_id": "auth0|7"}
login ada@example.com «password of ada» -> found {"user_id": "7"}   [repeated]
store internal auth0|7 {"email": "ada@example.com"}
store users auth0|7 {"email": "ada@example.com", "email_verified": null}
log s about auth0|7 on legacy-shop
operation delete_user by application on legacy-shop user_id=auth0|7 -> refused "no such user" interrupted before-users
store users auth0|7 removed
log fdu "no such user" about auth0|7 inferred   [caused by 2]
get_user ada@example.com -> not-found   [repeated, unstable-store, caused by nothing]
get_user ada@example.com -> found {"user_id": "7"}   [caused by 2]
operation search by admin on "another shop" query=ada
"""  # noqa: E501 - one record is one line


def test_the_notation_has_a_line_for_every_record() -> None:
    life = Transcript.parse(LIFE)

    assert str(life) == LIFE
    assert [type(record) for record in life.records] == [
        Exchange,
        Operation,
        Exchange,
        StoreWrite,
        StoreWrite,
        LogEntry,
        Operation,
        StoreWrite,
        LogEntry,
        Exchange,
        Exchange,
        Operation,
    ]
    assert life.records[1] == Operation(
        2,
        "log_in",
        Actor.USER,
        "ada",
        "legacy-shop",
        {"identifier": "ada@example.com", "password": "«password of ada»"},
        Response(succeeded=True, shown={"user_id": "auth0|7"}),
    )
    assert life.records[4] == StoreWrite(
        5, Store.USERS, "auth0|7", {"email": "ada@example.com", "email_verified": None}, caused_by=2
    )
    assert life.records[7] == StoreWrite(8, Store.USERS, "auth0|7", None, caused_by=7)
    assert life.records[8] == LogEntry(9, "fdu", "no such user", "auth0|7", inferred=True, caused_by=2)
    assert life.records[11] == Operation(12, "search", Actor.ADMIN, "unknown", "another shop", {"query": "ada"})


def test_records_belong_to_the_preceding_operation_unless_marked() -> None:
    causes = [cause_of(record) for record in Transcript.parse(LIFE).records]

    assert causes == [None, None, 2, 2, 2, 2, None, 7, 2, None, 2, None]


def test_records_are_selected_by_kind_and_by_cause() -> None:
    life = Transcript.parse(LIFE)
    first, second, last = life.of_kind(Operation)

    assert [record.number for record in life.caused_by(first)] == [3, 4, 5, 6, 9, 11]
    assert [record.number for record in life.caused_by(second)] == [8]
    assert life.caused_by(last) == ()
    assert [entry.code for entry in life.of_kind(LogEntry)] == ["s", "fdu"]


def test_rules_about_calls_see_calls_only() -> None:
    life = Transcript.parse(LIFE)

    assert [exchange.number for exchange in life.exchanges] == [1, 3, 10, 11]
    assert [exchange.number for exchange in life.select(Script.LOGIN)] == [1, 3]
    assert [exchange.number for exchange in life.judged] == [1, 3, 11]
    assert set(life.header.scripts) == {Script.LOGIN, Script.GET_USER}


@pytest.mark.one_python
@pytest.mark.untraced
@given(transcripts())
def test_causes_are_unchanged(transcript: Transcript) -> None:
    causes = [cause_of(record) for record in transcript.records]

    assert [cause_of(record) for record in Transcript.parse(str(transcript)).records] == causes
    assert [cause_of(record) for record in Transcript.loads(transcript.dumps()).records] == causes


LOWER_CASE = 'must be in lower case, such as log_in, got "A"'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("operation", "expected the name of an operation, such as log_in, found the end of the line"),
        ("operation A by user on shop", f"the name of an operation {LOWER_CASE}"),
        ("operation log_in", "expected by, found the end of the line"),
        ("operation log_in by you on shop", 'expected who did it, found "you"; choose from user, admin, application'),
        ("operation log_in by user of eve on shop", 'expected a person\'s label, found "eve"; choose from unknown'),
        ("operation log_in by user shop", 'expected on, found "shop"'),
        ("operation log_in by user on shop a=1 a=2", "a= is given twice"),
        ("operation log_in by user on shop A=1", f"the name of an argument {LOWER_CASE}"),
        ("operation a by user on b -> c", 'expected what came of it, found "c"; choose from succeeded, refused'),
        ("operation log_in by user on shop [caused by 1]", 'expected the end of the line, found "[caused by 1]"'),
        ("store cellar auth0|7 removed", 'expected a store, found "cellar"; choose from users, internal'),
        ("store users auth0|7", "expected a JSON value, found the end of the line"),
        ("store users auth0|7 [7]", "what is written must be a JSON object, or removed, got [7]"),
        ("store users auth0|7 {} [caused]", 'expected caused by, found "caused]"'),
        ("log s [caused by them]", 'expected a number, or nothing, found "them]"'),
        ("log s inferred inferred", 'expected the end of the line, found "inferred"'),
    ],
)  # fmt: skip
def test_an_unknown_line_is_an_error(line: str, said: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Transcript.parse(line)

    assert str(caught.value).splitlines()[0] == f"line 1: {said}"


@pytest.mark.parametrize("cause", [0, 1, 3, 999_999_999])
def test_a_cause_is_an_earlier_operation(cause: int) -> None:
    with pytest.raises(TranscriptError) as parsed:
        Transcript.parse(f"log s\noperation search by admin on shop\nlog w [caused by {cause}]")
    with pytest.raises(TranscriptError) as made:
        Transcript(
            records=(
                LogEntry(1, "s"),
                Operation(2, "search", Actor.ADMIN, "unknown", "shop"),
                LogEntry(3, "w", caused_by=cause),
            )
        )

    assert str(parsed.value).splitlines()[0] == (
        f"line 3: record {cause} is not an earlier operation; expected the number of one, or nothing"
    )
    assert str(made.value) == f"record 3 was caused by {cause}, which is not an earlier operation"


def test_operations_about_others_are_refused() -> None:
    with pytest.raises(TranscriptError, match='record 1 is about "eve", who is not among the known people'):
        Transcript(records=(Operation(1, "log_in", Actor.USER, "eve", "shop"),))


# As JSON


def test_the_stored_form_of_every_kind() -> None:
    stored: Any = Transcript.parse(LIFE).to_json()["records"]

    assert stored[0]["kind"] == "call"
    assert stored[2]["caused_by"] == 2
    assert stored[6] == {
        "kind": "operation",
        "number": 7,
        "name": "delete_user",
        "actor": "application",
        "person": "unknown",
        "connection": "legacy-shop",
        "arguments": {"user_id": "auth0|7"},
        "response": {"succeeded": False, "message": "no such user", "shown": None, "interrupted": "before-users"},
    }
    assert stored[7] == {
        "kind": "store",
        "number": 8,
        "store": "users",
        "user_id": "auth0|7",
        "attributes": None,
        "caused_by": 7,
    }
    assert stored[8] == {
        "kind": "log",
        "number": 9,
        "code": "fdu",
        "description": "no such user",
        "user_id": "auth0|7",
        "connection": None,
        "inferred": True,
        "caused_by": 2,
    }
    assert stored[11]["response"] is None
    assert Transcript.loads(Transcript.parse(LIFE).dumps()) == Transcript.parse(LIFE)


@pytest.mark.parametrize(
    ("number", "key", "value", "said"),
    [
        (1, "actor", "nobody", "records[1].actor: Input should be 'user', 'admin' or 'application', found 'nobody'"),
        (3, "attributes", 7, "records[3].attributes: must be an object, found 7"),
        (5, "kind", "diary", "records[5]: must have a kind: call, operation, store, log, run, api or request"),
        (5, "more", 7, "records[5].more: is not a known key, found 7"),
    ],
)
def test_a_wrong_record_is_refused_with_its_key(number: int, key: str, value: object, said: str) -> None:
    document: Any = Transcript.parse(LIFE).to_json()
    document["records"][number][key] = value

    with pytest.raises(TranscriptError) as caught:
        Transcript.from_json(document)

    assert str(caught.value).splitlines()[1:] == [f"  {said}"]


def test_a_record_without_a_kind_is_refused() -> None:
    document: Any = Transcript.parse(LIFE).to_json()
    del document["records"][0]["kind"]

    with pytest.raises(
        TranscriptError, match=r"records\[0\]: must have a kind: call, operation, store, log, run, api or request$"
    ):
        Transcript.from_json(document)


# While they are recorded


def recorder() -> Recorder:
    registry = SecretRegistry()
    registry.add(Secret("hunter2-7"), SecretRef(SecretKind.PASSWORD, "ada"))
    return Recorder(Header(people=(Person(label="ada", email="ada@example.com"),)), registry)


def test_a_life_is_recorded_as_it_goes_on() -> None:
    recorded = recorder()

    operation = recorded.begin(
        "log_in",
        {"identifier": "ada@example.com", "password": Secret("hunter2-7")},
        actor=Actor.USER,
        connection="shop",
        person="ada",
    )
    found = Outcome(Ending.FOUND, ((None, {"user_id": "7"}),))
    recorded.record(
        Script.LOGIN,
        ["ada@example.com", Secret("hunter2-7")],
        person="ada",
        situation=Situation.KNOWN_USER,
        outcome=found,
        caused_by=operation,
    )
    recorded.write(Store.USERS, "auth0|7", {"email": "ada@example.com"}, caused_by=operation)
    recorded.write(Store.INTERNAL, "auth0|8", None)
    recorded.log("s", "Success Login", user_id="auth0|7", connection="shop", caused_by=operation)
    unfinished = recorded.transcript()
    recorded.end(operation, Response(succeeded=True, shown={"user_id": "auth0|7"}))

    assert str(unfinished).splitlines()[2].endswith("on shop identifier=ada@example.com password=«password of ada»")
    assert str(recorded.transcript()) == (
        "scripts\nperson ada email=ada@example.com\n"
        "operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» "
        '-> succeeded with {"user_id": "auth0|7"}\n'
        'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
        'store users auth0|7 {"email": "ada@example.com"}\n'
        "store internal auth0|8 removed   [caused by nothing]\n"
        'log s "Success Login" about auth0|7 on shop\n'
    )


def test_no_record_has_a_secret() -> None:
    recorded = recorder()
    said = "it was hunter2-7"
    special = Special("Buffer", "hunter2-7", 9)

    operation = recorded.begin("a", {"b": [said, special], "password": "x"}, actor=Actor.ADMIN, connection=said)
    recorded.write(Store.USERS, said, {"password": "y", "app_metadata": [{"salt": "z"}, special]}, caused_by=operation)
    recorded.log("f", said, user_id=said, connection=said, caused_by=operation)
    recorded.end(operation, Response(succeeded=False, message=said, shown=RecordedError("Error", said)))

    reported = str(recorded.transcript())
    assert "hunter2" not in reported
    assert reported.count("«password of ada»") == 10
    assert "password=«secret value 1»" in reported
    assert '{"password": "«secret value 2»", "app_metadata": [{"salt": "«secret value 3»"}' in reported


def test_a_record_has_a_limit() -> None:
    recorded = recorder()
    long = "x" * 1_000_000

    operation = recorded.begin("a", {"b": long}, actor=Actor.ADMIN, connection="shop")
    recorded.write(Store.USERS, long, {str(number): "x" * 1_000 for number in range(1_000)}, caused_by=operation)
    recorded.log(long, long, user_id=long, connection=long, caused_by=operation)
    recorded.end(operation, Response(succeeded=False, message=long, shown=[long], interrupted=long))

    assert len(recorded.transcript().dumps()) < 5 * 270_000


# As evidence


@rule(group=Group.MIGRATION, severity=Severity.ERROR, needs=(Need.LOGIN,), since="0.1.0", source="good practice")
def unlogged_store_write(transcript: Transcript) -> Iterator[Held | Violation]:
    """Report each store write without a log entry."""
    for operation in transcript.of_kind(Operation):
        caused = transcript.caused_by(operation)
        writes = [record for record in caused if isinstance(record, StoreWrite)]
        logged = [record for record in caused if isinstance(record, LogEntry)]
        if writes and logged:
            yield Violation("it is logged", (operation, *writes, *logged))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_records_of_any_kind(name: str) -> None:
    secret_free = LIFE.replace("no such user", "no\\u001b[31m\\n::error::such user")
    report = judge_by((unlogged_store_write,), Transcript.parse(secret_free))
    [finding] = report.verdict("unlogged-store-write").findings

    text = FORMATS[name](report)

    assert finding.script is None
    assert finding.evidence == (2, 4, 5, 6, 9)
    assert any(
        reported in text for reported in ("operation log_in by user of ada", '"operation"', "<small>record 2</small>")
    )
    assert "\x1b" not in text
    assert not any(line.startswith("::error::such") for line in text.splitlines())


def test_the_report_as_json_has_the_other_records_beside_the_calls() -> None:
    report = judge_by((unlogged_store_write,), Transcript.parse(LIFE))

    document = json.loads(FORMATS["json"](report))

    assert [call["number"] for call in document["exchanges"]] == [1, 3, 10, 11]
    assert [record["number"] for record in document["other_records"]] == [2, 4, 5, 6, 7, 8, 9, 12]
    assert document["other_records"][0]["kind"] == "operation"


def test_the_script_to_blame_is_that_of_the_last_call() -> None:
    operation, call, *others = Transcript.parse(LIFE).records[1:6]

    assert Violation("no", (operation, call, *others)).blamed is Script.LOGIN
    assert Violation("no", (operation, *others)).blamed is None
    assert Violation("no", (evolve(operation),), script=Script.DELETE).blamed is Script.DELETE
