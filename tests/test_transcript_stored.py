"""Stored transcripts: the JSON form is exact, and a wrong document is refused with its key."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.errors import TranscriptError
from customdb_contract.testing.strategies import transcripts
from customdb_contract.transcript import Transcript, exchange_to_json, header_to_json
from customdb_contract.transcript._stored_types import KINDS

TEXT = """\
connection import_mode=on features=signup
source login secret-literal "password" at "login.js:3:5"
person ada email=ada@example.com username=ada phone_number=+4930123456 organization=hotel alias=lovelace profile={"email_verified": true}
login ada@example.com «password of ada» 3 -> found {"user_id": "7"}; raised later KeyError x; printed hi; noticed request "GET /"; after 2.5 s
get_user nobody@example.com -> not-found   [unknown-user, unstable-store]
stopped time "the time was up"
"""  # noqa: E501 - one exchange is one line


ALL_KINDS = """\
connection import_mode=on
person ada email=ada@example.com
operation log_in by user of ada on shop identifier=ada@example.com password=typed -> succeeded with {"user_id": "x|7"}
login ada@example.com «password of ada» -> found {"user_id": "7"}
store users auth0|7 {"email": "ada@example.com"}
store users auth0|8 removed
log s about auth0|7 on shop
run persist of ada in first-log-in legacy sound {"user": {"user_id": "auth0|7"}} -> done; after 1.5 s
request GET "https://shop.example.com/legacy" -> 200 with {"plan": "full"}
request POST /tokens body={"grant": 1} late
api user.setAppMetadata("plan", "full")
"""


def stored() -> Any:
    return json.loads(json.dumps(Transcript.parse(TEXT).to_json()))


@pytest.mark.one_python
@given(transcripts())
def test_a_stored_transcript_is_exactly_the_same(transcript: Transcript) -> None:
    read = Transcript.loads(json.dumps(transcript.to_json()))

    assert read == transcript
    assert json.dumps(read.to_json()) == json.dumps(transcript.to_json())


@pytest.mark.one_python
@pytest.mark.untraced
@given(transcripts())
def test_its_text_is_a_line_for_each_exchange_and_read_again(transcript: Transcript) -> None:
    text = transcript.dumps()

    assert Transcript.loads(text) == transcript
    assert json.loads(text) == transcript.to_json()
    assert text.count("\n") == 4 + max(1, len(transcript.records))


@pytest.mark.one_python
@pytest.mark.untraced
@given(transcripts())
def test_a_stored_transcript_prints_the_same(transcript: Transcript) -> None:
    assert str(Transcript.from_json(transcript.to_json())) == str(transcript)


def test_every_kind_of_record_is_stored_and_read_again() -> None:
    transcript = Transcript.parse(ALL_KINDS)
    text = transcript.dumps()
    records = json.loads(text)["records"]

    assert Transcript.loads(text) == transcript
    assert json.loads(text) == transcript.to_json()
    assert {record["kind"] for record in records} == set(KINDS)
    assert [record["duration_seconds"] for record in records if "duration_seconds" in record] == [0.0, 1.5]
    for kind, record in ((record["kind"], record) for record in records):
        names = {field.name for field in attrs.fields(KINDS[kind])}
        assert record.keys() - {"kind", "duration_seconds"} == names


def test_the_form_of_an_exchange() -> None:
    first, second = Transcript.parse(TEXT).exchanges

    assert exchange_to_json(first) == {
        "number": 1,
        "script": "login",
        "person": "ada",
        "situation": "known-user",
        "arguments": {"identifier": "ada@example.com", "password": "«password of ada»", "argument_3": 3},
        "outcome": {
            "ending": "found",
            "callbacks": [[None, {"user_id": "7"}]],
            "raised": {"$error": "KeyError", "message": "x", "arguments": [], "location": None},
            "escape": "later",
            "output": "hi",
            "observations": [{"kind": "request", "text": "GET /"}],
        },
        "duration_seconds": 2.5,
        "marks": [],
        "caused_by": None,
    }
    assert exchange_to_json(second)["marks"] == ["unstable-store"]


def test_the_form_of_a_header() -> None:
    assert header_to_json(Transcript.parse(TEXT).header) == {
        "contract_date": "2026-08",
        "connection": {
            "name": "custom-database",
            "import_mode": True,
            "requires_username": False,
            "script_context": False,
            "features": ["signup"],
            "deletion_is_final": False,
        },
        "people": [
            {
                "label": "ada",
                "email": "ada@example.com",
                "username": "ada",
                "phone_number": "+4930123456",
                "organization": "hotel",
                "aliases": ["lovelace"],
                "disabled": False,
                "password": "known",
                "profile": {"email_verified": True},
                "new": False,
            }
        ],
        "scripts": {
            "login": {
                "signature": "",
                "problem": None,
                "location": None,
                "source": [{"kind": "secret-literal", "text": "password", "location": "login.js:3:5"}],
                "observed": False,
            },
            "get_user": {"signature": "", "problem": None, "location": None, "source": None, "observed": False},
        },
        "ignore_fields": [],
        "stop_reason": {"kind": "time", "message": "the time was up"},
        "left_behind": [],
        "action": None,
        "elsewhere": [],
    }


def _set(*path: str | int, value: object) -> Callable[[Any], object]:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return change


def _drop(*path: str | int) -> Callable[[Any], object]:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        del document[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_drop("header"), "header: is missing"),
        (_drop("records"), "records: is missing"),
        (_drop("schema_version"), "schema_version: is missing"),
        (_set("colour", value=3), "colour: is not a known key, found 3"),
        (_set("header", value=3), "header: must be an object, found 3"),
        (_set("records", 0, "number", value="1"), "records[0].number: Input should be a valid integer, found '1'"),
        (
            _set("records", 0, "outcome", "ending", value="fund"),
            (
                "records[0].outcome.ending: Input should be 'found', 'not-found', 'failed', 'done', 'declined', "
                "'invalid', 'raised', 'timed-out' or 'died', found 'fund'"
            ),
        ),
        (
            _set("records", 0, "duration_seconds", value=-1),
            "records[0].duration_seconds: Input should be greater than or equal to 0, found -1",
        ),
        (_set("records", 0, "person", value=[7]), "records[0].person: must be a string"),
        (_set("header", "people", 0, "email", value=7), "header.people[0].email: must be a string, found 7"),
        (_set("header", "people", 0, "profile", value=[]), "header.people[0].profile: must be an object"),
        (
            _set("records", 0, "outcome", "raised", value="x"),
            (
                'records[0].outcome.raised: must be null or {"$error": class, "message": text, "arguments": [...], '
                "\"location\": text}, found 'x'"
            ),
        ),
        (
            _set("header", "connection", "features", value=["x"]),
            "header.connection: features has no 'x'; choose from signup, reset, verify, change_email, delete",
        ),
    ],
)
def test_a_wrong_document_is_refused_with_its_key(change: Callable[[Any], object], said: str) -> None:
    document = stored()
    change(document)

    with pytest.raises(TranscriptError) as caught:
        Transcript.from_json(document)

    assert str(caught.value) == f"this is not a stored transcript:\n  {said}"


def test_long_messages_are_shortened() -> None:
    document = stored()
    document["records"][0]["situation"] = "sleepy"

    with pytest.raises(TranscriptError, match=r"situation: Input should be 'known-user', .* …, found 'sleepy'$"):
        Transcript.from_json(document)


def test_five_of_many_problems_are_named() -> None:
    document = stored()
    document["records"][0] = {"kind": "call"}

    with pytest.raises(TranscriptError) as caught:
        Transcript.from_json(document)

    assert str(caught.value).splitlines()[1:] == [
        "  records[0].number: is missing",
        "  records[0].script: is missing",
        "  records[0].arguments: is missing",
        "  records[0].person: is missing",
        "  records[0].situation: is missing",
        "  and 4 more",
    ]


@pytest.mark.parametrize("document", [7, None, [], "text"])
def test_a_document_that_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(TranscriptError, match=r"the document: must be an object"):
        Transcript.from_json(document)


@pytest.mark.parametrize("version", [1, 2, 4, "3", None])
def test_an_unknown_version_is_refused(version: object) -> None:
    document = stored() | {"schema_version": version, "more": 7}

    with pytest.raises(TranscriptError) as caught:
        Transcript.from_json(document)

    assert str(caught.value) == (
        f"schema_version is {version!r}, but this version of customdb-contract reads 3; "
        "judge the transcript with the version that wrote it"
    )


def test_arguments_under_other_names_are_refused() -> None:
    document = stored()
    document["records"][0]["arguments"] = {"password": "x", "argument_3": 3}

    with pytest.raises(TranscriptError) as caught:
        Transcript.from_json(document)

    assert str(caught.value) == (
        "this is not a stored transcript:\n"
        "  records[0]: arguments has the keys password, argument_3; expected identifier, password for login"
    )


def test_stored_arguments_are_named() -> None:
    document = stored()
    arguments = document["records"][0]["arguments"]
    document["records"][0]["arguments"] = dict(reversed(arguments.items()))

    assert Transcript.from_json(document) == Transcript.parse(TEXT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the text is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[" * 100_000, "the JSON is nested too deeply; a stored transcript has at most a few hundred levels"),
        ('{"schema_version": ' + "9" * 5000 + "}", "the text is not JSON: Exceeds the limit"),
        (b"\xff\xfe\x00", "the text is not utf-16-le: truncated data at byte 2"),
    ],
)
def test_text_that_is_no_json_is_refused(text: str | bytes, said: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Transcript.loads(text)

    assert str(caught.value).startswith(said)


def test_a_deeply_nested_document_is_refused() -> None:
    document = stored()
    nested: list[object] = []
    for _ in range(10_000):
        nested = [nested]
    document["records"][0]["outcome"]["callbacks"] = [[nested]]

    with pytest.raises(TranscriptError, match=r"callbacks\[0\]\[0\]: a value is nested more than 100"):
        Transcript.from_json(document)


_KEYS = st.text() | st.sampled_from(["$error", "$text", "$special", "$mapping"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner),
    max_leaves=5,
)
_PLACES = [
    ("schema_version",),
    ("header", "connection", "name"),
    ("header", "people", 0),
    ("header", "people", 0, "profile"),
    ("header", "scripts", "login"),
    ("header", "stop_reason"),
    ("records", 0),
    ("records", 0, "person"),
    ("records", 0, "arguments", "identifier"),
    ("records", 0, "outcome", "callbacks", 0, 1),
    ("records", 0, "marks"),
]


@pytest.mark.untraced
@given(st.sampled_from(_PLACES), _JSON)
def test_any_document_is_read_or_refused(place: tuple[str | int, ...], value: object) -> None:
    document = stored()
    _set(*place, value=value)(document)

    try:
        transcript = Transcript.from_json(document)
    except TranscriptError as error:
        assert str(error).isprintable() or "\n" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert Transcript.from_json(transcript.to_json()) == transcript


def test_pydantic_is_imported_only_to_read() -> None:
    code = (
        "import sys; from customdb_contract.transcript import Transcript; "
        "Transcript.parse('get_user a -> not-found [unknown-user]').to_json(); "
        "assert 'pydantic' not in sys.modules; Transcript.from_json(Transcript().to_json()); "
        "assert 'pydantic' in sys.modules"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
