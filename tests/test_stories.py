"""Stories: every record appears once, and no text can be mistaken for anything else."""

import json
import re
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customdb_contract import Connection
from customdb_contract.reports.stories import (
    LineKind,
    Scene,
    lines_of,
    scenes_of,
    story_as_mermaid,
    story_as_text,
    story_to_json,
)
from customdb_contract.tenant import InterruptionPoint, Tenant
from customdb_contract.testing.strategies import transcripts
from customdb_contract.transcript import ActionRun, ApiCall, LegacyRequest, Operation, Transcript, cause_of
from lives import ADA, PASSWORD, Shop
from writing_shop import known_customer

pytestmark = pytest.mark.one_python

NAMES = st.lists(st.sampled_from(["one", "two", "three"]), max_size=8)
SECRETS = [PASSWORD, "Punched cards 9"]


def as_json(scenes: Sequence[Scene]) -> str:
    return json.dumps(story_to_json(scenes))


def life_of_two_connections() -> Tenant:
    tenant = Tenant(Shop(), connection=Connection(name="one", import_mode=True), users=[known_customer()])
    with tenant:
        tenant.add_connection(Shop(), Connection(name="two"))
        tenant.log_in(ADA, PASSWORD, connection="one", interrupt=InterruptionPoint.AFTER_INTERNAL_RECORD)
        tenant.log_in(ADA, SECRETS[1], connection="two")
        tenant.switch_import_mode(on=False, connection="one")
        tenant.sign_up("new@example.com", SECRETS[1], connection="two")
        tenant.log_in(ADA, PASSWORD, connection="one")
    return tenant


def scenes_of_tenant(tenant: Tenant) -> list[Scene]:
    return list(scenes_of([tenant.transcript_of(name) for name in tenant.connections], tenant.order))


@settings(max_examples=50)
@given(st.lists(transcripts(), max_size=2), NAMES)
def test_every_record_appears_in_a_story_once(played: list[Transcript], order: list[str]) -> None:
    scenes = scenes_of(played, order)
    found = Counter(id(record) for scene in scenes for record in scene.records)
    expected = Counter(id(record) for transcript in played for record in transcript.records)
    assert found == expected
    runs = {
        id(transcript): {run.number: run.caused_by for run in transcript.of_kind(ActionRun)} for transcript in played
    }
    causes = {
        id(record): runs[id(transcript)].get(cause_of(record) or 0)
        if isinstance(record, ApiCall | LegacyRequest)
        else cause_of(record)
        for transcript in played
        for record in transcript.records
    }
    for scene in scenes:
        assert all(causes[id(record)] == (scene.operation and scene.operation.number) for record in scene.caused)
        lines = lines_of(scene)
        assert len(lines) == len(scene.caused) + (0 if scene.operation is None else 2)


@settings(max_examples=50)
@given(transcripts())
def test_the_records_of_one_scene_are_in_order(played: Transcript) -> None:
    for scene in scenes_of([played]):
        numbers = [record.number for record in scene.records]
        assert numbers == sorted(numbers)
    operations = [scene.operation for scene in scenes_of([played]) if scene.operation]
    assert operations == list(played.of_kind(Operation))


@settings(max_examples=50)
@given(transcripts())
def test_a_stored_transcript_prints_the_same_story(played: Transcript) -> None:
    again = Transcript.loads(played.dumps())
    for render in (story_as_text, story_as_mermaid, as_json):
        assert render(scenes_of([again])) == render(scenes_of([played]))


@settings(max_examples=50)
@given(transcripts())
def test_a_story_has_no_control_characters_and_no_commands_of_a_ci_system(played: Transcript) -> None:
    scenes = scenes_of([played])
    for text in (story_as_text(scenes), story_as_mermaid(scenes)):
        for line in text.splitlines():
            assert line.isprintable()
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
    assert all(line.text.isprintable() and line.answer.isprintable() for scene in scenes for line in lines_of(scene))


@settings(max_examples=50)
@given(transcripts())
def test_a_diagram_has_no_unintended_lines(played: Transcript) -> None:
    for line in story_as_mermaid(scenes_of([played])).splitlines():
        assert re.fullmatch(
            r"sequenceDiagram|  actor (User|Admin|Application)|  participant (Auth0|Database1 as .*)"
            r"|  (User|Admin|Application|Auth0|Database1)--?>>(User|Admin|Application|Auth0|Database1): .*"
            r"|  Note over Auth0: (store|log|action|asked) .*",
            line,
        )
        assert re.fullmatch(r'[^;#<>{}"%]*', re.sub(r"#[0-9]+;", "", line.replace("->>", "").replace("-->>", "")))


def test_two_connections_are_printed_in_order_of_time() -> None:
    tenant = life_of_two_connections()
    scenes = scenes_of_tenant(tenant)
    assert [(scene.connection, scene.operation and scene.operation.name) for scene in scenes] == [
        ("one", "log_in"),
        ("two", "log_in"),
        ("one", "switch_import_mode"),
        ("two", "sign_up"),
        ("one", "log_in"),
    ]
    text = story_as_text(scenes)
    assert "[one]\n" in text
    assert "[two]\n" in text
    assert "participant Database2 as two" in story_as_mermaid(scenes)


def test_records_missing_from_the_order_come_last() -> None:
    first = Transcript.parse(
        "connection name=one\noperation search by admin on one\nget_user a@example.com -> not-found   [unknown-user]"
    )
    second = Transcript.parse(
        "connection name=two\nget_user b@example.com -> not-found   [unknown-user]\noperation search by admin on two"
    )
    names = [scene.connection for scene in scenes_of([first, second], ["two", "two", "three"])]
    assert names == ["two", "two", "one"]


def test_secrets_never_appear_in_a_story() -> None:
    scenes = scenes_of_tenant(life_of_two_connections())
    for text in (story_as_text(scenes), story_as_mermaid(scenes), as_json(scenes)):
        assert not any(secret in text for secret in SECRETS)


def story_of(text: str) -> list[str]:
    return story_as_text(scenes_of([Transcript.parse(text)])).splitlines()


ADA_KNOWN = "person ada email=ada@example.com\n"


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ("operation log_in by user of ada on shop identifier=ada@example.com", "1. ada logs in as ada@example.com"),
        ("operation log_in by user on shop identifier=ada", "1. A user logs in as ada"),
        ("operation log_in by user on shop", "1. A user: log in"),
        ("operation juggle_balls by admin on shop number=3", "1. An administrator: juggle balls (number 3)"),
        ("operation switch_import_mode by admin of ada on shop on=true", "1. An administrator switches import mode on"),
        ("operation switch_import_mode by admin on shop on=false", "1. An administrator switches import mode off"),
        (
            "operation change_email by application on shop user_id=auth0|7 email=a@b.example verified=true",
            "1. An application changes the e-mail of auth0|7 to a@b.example (verified true)",
        ),
        (
            'operation search by application on shop identifier="a\\u001bb"',
            '1. An application searches for "a\\u001bb"',
        ),
    ],
)
def test_operations_are_printed_in_words(record: str, line: str) -> None:
    assert story_of(ADA_KNOWN + record)[0] == line


@pytest.mark.parametrize(
    ("name", "response", "line"),
    [
        ("log_in", "", "nothing: the operation did not end"),
        ("log_in", '-> succeeded with "auth0|7"', "logged in as auth0|7"),
        ("log_in", '-> refused "No."', 'refused "No."'),
        ("log_in", "-> refused interrupted after-internal-record", "an error (interrupted after-internal-record)"),
        (
            "log_in",
            '-> succeeded with "auth0|7" interrupted before-metadata',
            "logged in as auth0|7 (interrupted before-metadata)",
        ),
        ("request_password_reset", "-> succeeded", "an e-mail is on its way, if there is such a user"),
        ("search", "-> succeeded", "found no user"),
        ("search", '-> succeeded with ["auth0|7"]', 'found ["auth0|7"]'),
        ("update_user", "-> succeeded", "done"),
        ("update_user", '-> succeeded with "auth0|7"', "done: auth0|7"),
    ],
)
def test_observations_are_printed_in_words(name: str, response: str, line: str) -> None:
    assert story_of(f"operation {name} by application on shop {response}")[-1] == f"    seen    {line}"


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (
            'store users auth0|7 {"email": "a@b.example", "name": null}',
            "store   user store: auth0|7 with email a@b.example",
        ),
        ("store users auth0|7 {}", "store   user store: auth0|7 with nothing new"),
        ("store internal auth0|7 removed", "store   internal store: auth0|7 is removed"),
        (
            'store internal auth0|7 {"pending": "log-in"}',
            "store   internal store: auth0|7 with pending log-in (half-created)",
        ),
        ('store users auth0|7 {"pending": "x"}', "store   user store: auth0|7 with pending x"),
        (
            'log fp "No." about auth0|7 inferred',
            'log     fp (failed log-in: wrong password) "No." about auth0|7 [inferred]',
        ),
        ("log xyz", "log     xyz"),
        ("get_user a@b.example -> not-found   [unknown-user]", "script  get_user a@b.example -> not-found"),
        (
            'get_user a@b.example -> failed Error "down"   [outage: refuse]',
            'script  get_user a@b.example -> failed Error "down" [outage: refuse]',
        ),
    ],
)
def test_effects_are_printed_in_words(record: str, line: str) -> None:
    assert story_of(record) == ["1. Outside of any operation", f"    {line}"]


def test_very_long_lines_are_cut_and_marked() -> None:
    (scene,) = scenes_of(
        [Transcript.parse(f'get_user a@b.example -> found {{"user_id": "{"x" * 1000}"}}   [simulated]')]
    )
    (line,) = lines_of(scene)
    assert line.kind is LineKind.SCRIPT
    assert line.answer.endswith("… (and 221 more characters)")
    assert len(line.answer) < 850


def test_a_marker_is_not_cut_in_two() -> None:
    (scene,) = scenes_of(
        [Transcript.parse("person ada email=ada@example.com\nlogin ada@example.com «password of ada» -> not-found")]
    )
    (line,) = lines_of(scene, most=25)
    assert line.text == "login ada@example.com «password of ada»"


def test_a_story_as_data_has_the_records_as_they_are_stored() -> None:
    scenes = scenes_of_tenant(life_of_two_connections())
    first = json.loads(as_json(scenes))[0]
    assert first["connection"] == "one"
    assert [record["kind"] for record in first["records"]] == ["operation", "call", "store"]
    assert [line["kind"] for line in first["lines"]] == ["done", "script", "store", "seen"]
    assert first["lines"][0]["answer"] is None
