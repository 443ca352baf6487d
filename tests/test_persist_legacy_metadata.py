"""The Action that restores metadata, in Python and as deployed, by the requirements R1 to R19."""

import asyncio
import json
import ssl
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from customdb_contract import check_action
from customdb_contract.actions import (
    JsonType,
    LookUp,
    PostLoginApi,
    PostLoginEvent,
    UnusableAnswerError,
    ask_legacy_api,
    persist_legacy_metadata,
)
from customdb_contract.actions._legacy_api import _SOCKET_SECONDS  # pyright: ignore[reportPrivateUsage]  # the longest
from customdb_contract.bridges.flow import run_actions
from customdb_contract.connection import Connection
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import LegacySystem, LegacyUser
from customdb_contract.findings import Group, Status
from customdb_contract.probes.acting import EMAIL, LEGACY_ID
from customdb_contract.probes.acting._events import event_of
from customdb_contract.profiles import RESERVED_APP_METADATA
from customdb_contract.transcript import LegacyState, Noticed, RunSituation, Value
from restoring_action import (
    ANSWERS,
    APP,
    CONNECTION,
    EMPTY,
    MARKED,
    MARKER,
    ODD,
    RESTORES,
    TEMPLATE,
    TOKEN,
    USER,
    Stand,
    identity,
    in_javascript,
    in_python,
    standing,
)

BOTH = pytest.mark.parametrize(
    "language", ["python", pytest.param("javascript", marks=pytest.mark.one_python)], scope="module"
)
VALID: Mapping[str, Any] = {"connection": CONNECTION, "restores": RESTORES}
OF_SOURCES = {"python": (), "javascript": ("hardcoded-secret", "plaintext-transport", "tls-not-verified")}
REFUSAL = "Your account could not be loaded. Please try again later."
RESTORED = {"app_metadata": APP | MARKED, "user_metadata": USER}
SLOW = (LegacyState.SILENCE, LegacyState.STALL)
OUTAGES = [state for state in LegacyState if state.family == "outage" and state not in SLOW]
INVALID = [state for state in LegacyState if state.family == "invalid"]
OTHERS = (RunSituation.OTHER_DATABASE, RunSituation.OTHER_STRATEGY)
SILENT = (RunSituation.TOKEN_REFRESH, RunSituation.SILENT_LOG_IN)


def action_in(language: str, folder: Path, *required: str, **secrets: str) -> object:
    return in_python(*required, **secrets) if language == "python" else in_javascript(folder, *required, **secrets)


@pytest.fixture(scope="module")
def stand(language: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stand]:
    with standing(action_in(language, tmp_path_factory.mktemp("action"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def strict(language: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stand]:
    """Return the Action that refuses every user without a plan."""
    with standing(action_in(language, tmp_path_factory.mktemp("strict"), "app_metadata.plan")) as opened:
        yield opened


@BOTH
def test_a_check_finds_nothing_in_it(language: str, tmp_path: Path) -> None:
    report = check_action(
        action_in(language, tmp_path),
        connection=Connection(name=CONNECTION, import_mode=True),
        legacy=ANSWERS,
        restores=list(RESTORES),
        fail_on="warning",
    )

    assert report.ok, report
    assert {each.status for each in report.verdicts if each.rule.group is Group.ACTION} == {Status.PASSED}
    # These rules about scripts also judge Actions; only a JavaScript source must show the facts they need.
    judged = ["url-injection", "log-leaks-secret", *OF_SOURCES[language]]
    assert {report.verdict(name).status for name in judged} == {Status.PASSED}
    assert [each for verdict in report.verdicts for each in verdict.findings] == []
    assert TOKEN not in str(report.transcript)


def test_a_check_finds_nothing_in_it_where_metadata_are_required() -> None:
    report = check_action(
        in_python("app_metadata.plan"),
        connection=Connection(name=CONNECTION, import_mode=True),
        legacy=ANSWERS,
        metadata_required=True,
        restores=list(RESTORES),
        fail_on="warning",
    )

    assert report.ok, report
    assert [each for verdict in report.verdicts for each in verdict.findings] == []


# The requirements


@BOTH
def test_r1_it_acts_on_its_connection_only(stand: Stand) -> None:
    for situation in OTHERS:
        log_in = stand.log_in(situation)
        assert log_in.did_nothing
        assert not log_in.received
    # A connection of another kind with the same name.
    event = event_of(RunSituation.FIRST_LOG_IN, {}, connection=CONNECTION, logins=1)
    event["connection"] = {"id": "con_1", "name": CONNECTION, "strategy": "oidc"}
    assert not stand.bridge.perform(stand.handler, event, seconds=5).calls


@BOTH
def test_r2_an_existing_marker_ends_the_action(stand: Stand) -> None:
    falsy: list[Value] = [False, 0, "", None]
    for value in (True, *falsy):
        log_in = stand.log_in(app={MARKER: value})
        assert log_in.did_nothing
        assert not log_in.received


@BOTH
def test_r2_existing_metadata_of_any_value_are_not_requested(stand: Stand) -> None:
    log_in = stand.log_in(app={"plan": "", "limits": None, "beta": False}, user={"seats": 0, "themes": []})

    assert not log_in.received
    assert log_in.written == {"app_metadata": MARKED, "user_metadata": {}}


@BOTH
@pytest.mark.parametrize("state", [LegacyState.NO_SUCH_USER, LegacyState.NO_METADATA])
def test_r3_a_user_without_legacy_metadata_is_marked(stand: Stand, state: LegacyState) -> None:
    log_in = stand.log_in(state=state)

    assert len(log_in.received) == 1
    assert log_in.written == {"app_metadata": MARKED, "user_metadata": {}}


@BOTH
def test_r4_a_second_run_changes_nothing(stand: Stand) -> None:
    first = stand.log_in()
    # Two concurrent log-ins have the same event.
    second = stand.log_in()
    later = stand.log_in(app=first.effects.app_metadata, user=first.effects.user_metadata)

    assert first.written == second.written == RESTORED
    assert later.did_nothing


@BOTH
def test_r5_it_sets_only_what_is_missing(stand: Stand) -> None:
    log_in = stand.log_in(app={"limits": {"edited": True}, "beta": True}, user={"themes": []})

    assert log_in.written == {"app_metadata": {"plan": "full"} | MARKED, "user_metadata": {"seats": 0}}


@BOTH
@pytest.mark.parametrize("situation", [RunSituation.LINKED_ACCOUNT, RunSituation.CHANGED_EMAIL])
def test_r6_it_asks_by_the_id_of_the_identity(stand: Stand, situation: RunSituation) -> None:
    log_in = stand.log_in(situation)

    assert [request.url.partition("/users/")[2] for request in log_in.received] == [LEGACY_ID]
    assert log_in.written == RESTORED


@BOTH
def test_r7_an_answer_about_another_user_is_ignored(stand: Stand) -> None:
    log_in = stand.log_in(state=LegacyState.SOMEBODY_ELSE)

    assert log_in.did_nothing
    assert "the response is about another user" in log_in.performed.outcome.output


@BOTH
@pytest.mark.parametrize("state", SLOW)
def test_r8_it_sends_one_request_with_a_timeout(stand: Stand, state: LegacyState) -> None:
    log_in = stand.log_in(state=state)

    assert log_in.did_nothing
    assert log_in.performed.outcome.duration < 5
    assert len(log_in.received) == 1


@BOTH
@pytest.mark.parametrize("state", OUTAGES)
def test_r9_an_outage_costs_no_metadata(stand: Stand, state: LegacyState) -> None:
    log_in = stand.log_in(state=state)

    assert log_in.did_nothing
    assert len(log_in.received) <= 1
    assert "legacy metadata not restored: " in log_in.performed.outcome.output


@BOTH
def test_r10_it_denies_only_where_metadata_are_required(strict: Stand) -> None:
    for state in (LegacyState.STATUS_500, LegacyState.NO_SUCH_USER, LegacyState.SOMEBODY_ELSE):
        log_in = strict.log_in(state=state)
        assert [(call.path, call.arguments) for call in log_in.performed.calls] == [("access.deny", (REFUSAL,))]

    assert strict.log_in().written == RESTORED
    assert strict.log_in(state=LegacyState.STATUS_500, app={"plan": ""}).did_nothing
    assert strict.log_in(state=LegacyState.STATUS_500, app=MARKED).did_nothing
    assert strict.log_in(RunSituation.OTHER_DATABASE, LegacyState.STATUS_500).did_nothing


@BOTH
@pytest.mark.parametrize("state", INVALID)
def test_r11_values_that_auth0_does_not_store_are_not_set(stand: Stand, state: LegacyState) -> None:
    log_in = stand.log_in(state=state)

    # Reserved names are not restored; below the first level, they are ordinary names.
    names = ["beta", MARKER, "limits", "plan"] if state is LegacyState.RESERVED_NAMES else []
    assert sorted(log_in.effects.app_metadata) == names
    assert not log_in.effects.notices


@BOTH
@pytest.mark.parametrize("name", ODD)
def test_r11_an_invalid_answer_is_ignored(stand: Stand, name: str) -> None:
    assert stand.log_in(identities=identity(name)).did_nothing


@BOTH
@pytest.mark.parametrize("name", EMPTY)
def test_r11_other_members_of_an_answer_are_ignored(stand: Stand, name: str) -> None:
    log_in = stand.log_in(identities=identity(name))

    assert log_in.written == {"app_metadata": MARKED, "user_metadata": {}}


@BOTH
def test_r12_the_settings_are_secrets(language: str, tmp_path: Path) -> None:
    with standing(action_in(language, tmp_path, LEGACY_API_URL="", LEGACY_API_SECRET="")) as stand:
        log_in = stand.log_in()

    assert log_in.did_nothing
    assert not log_in.received
    assert "LEGACY_API_SECRET is not set" in log_in.performed.outcome.output


@BOTH
def test_r13_it_asks_over_https_and_names_the_user_by_an_encoded_id_alone(
    language: str, stand: Stand, tmp_path: Path
) -> None:
    (request,) = stand.log_in(identities=identity("a/b?c=d#e f")).received
    reported = json.dumps([request.url, dict(request.headers), request.body])

    assert request.url.endswith("/users/a%2Fb%3Fc%3Dd%23e%20f")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert EMAIL not in reported
    with standing(action_in(language, tmp_path, LEGACY_API_URL="http://legacy.example.com/users")) as plain:
        log_in = plain.log_in()
    assert log_in.did_nothing
    assert not log_in.received
    assert "LEGACY_API_URL must start with https://" in log_in.performed.outcome.output


@BOTH
def test_r14_the_log_contains_nothing_about_the_user(stand: Stand) -> None:
    log_ins = [stand.log_in(state=state) for state in LegacyState if state not in SLOW]
    log_ins += [stand.log_in(identities=identity(name)) for name in ODD]

    for log_in in log_ins:
        output = log_in.performed.outcome.output
        assert len(output) <= 256
        assert not any(reported in output for reported in (EMAIL, LEGACY_ID, TOKEN, "full", *ODD))


@BOTH
def test_r15_everything_is_done_before_the_handler_returns(stand: Stand) -> None:
    for state in (LegacyState.SOUND, LegacyState.STATUS_500, LegacyState.STALL):
        log_in = stand.log_in(state=state)
        assert {each.kind for each in log_in.performed.outcome.observations} <= {Noticed.REQUEST}
        assert not any(call.late for call in log_in.performed.calls)


@BOTH
def test_r16_a_flow_that_has_it_twice_writes_what_one_does(stand: Stand) -> None:
    stand.system.answer(LegacyState.SOUND)
    event = event_of(RunSituation.FIRST_LOG_IN, {}, connection=CONNECTION, logins=1)
    flow = run_actions([stand.bridge, stand.bridge], event)

    assert flow.effects.app_metadata == RESTORED["app_metadata"]
    assert flow.effects.user_metadata == RESTORED["user_metadata"]


@BOTH
@pytest.mark.parametrize("situation", SILENT)
def test_r17_log_ins_without_a_user_present_cost_one_request(stand: Stand, situation: RunSituation) -> None:
    first = stand.log_in(situation)
    later = stand.log_in(situation, app=first.effects.app_metadata, user=first.effects.user_metadata)

    assert first.written == RESTORED
    assert later.did_nothing
    assert not later.received
    assert "redirect.sendUserTo" not in {call.path for call in first.performed.calls}


@BOTH
def test_r18_optional_members_of_an_event_are_not_needed(stand: Stand) -> None:
    assert stand.log_in(RunSituation.MINIMAL_EVENT).written == RESTORED
    elsewhere = [{"connection": "another", "provider": "auth0", "user_id": LEGACY_ID, "isSocial": False}]
    nobody: list[Any] = [None, [], [{}], elsewhere, identity("")]
    for identities in nobody:
        log_in = stand.log_in(RunSituation.MINIMAL_EVENT, identities=identities)
        assert log_in.did_nothing
        assert not log_in.received
        assert "the user has no identity on this connection" in log_in.performed.outcome.output


@BOTH
def test_r19_no_other_host_is_asked(stand: Stand) -> None:
    (request,) = stand.log_in().received

    assert request.method == "GET"
    assert request.url.endswith(f"/users/{LEGACY_ID}")


# In Python


def reported(answer: object) -> LookUp:
    async def look_up(_: str, __: Mapping[str, str]) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return look_up


def writes_of(answer: object, **settings: Any) -> Mapping[str, object]:
    """Return the keys that the Action sets for a new user, by name."""
    action = persist_legacy_metadata(
        connection=CONNECTION, restores=RESTORES, look_up=reported(answer), marker=MARKER, **settings
    )
    event = event_of(RunSituation.FIRST_LOG_IN, {}, connection=CONNECTION, logins=1)
    calls: list[tuple[str, tuple[object, ...]]] = []
    given = PostLoginEvent.from_json({**event, "secrets": {}})
    returned: Any = action(given, PostLoginApi(given, lambda path, arguments: calls.append((path, arguments))))
    asyncio.run(returned)
    return {f"{path}({arguments[0]})": arguments[-1] for path, arguments in calls}


def test_a_function_of_the_team_asks_in_its_own_way() -> None:
    themes = ["dark"]
    written = writes_of({"user_id": LEGACY_ID, "user_metadata": {"themes": themes}})

    assert written == {f"user.setAppMetadata({MARKER})": True, "user.setUserMetadata(themes)": ["dark"]}
    # Later changes in the team's store do not affect the stored metadata.
    assert written["user.setUserMetadata(themes)"] is not themes
    assert writes_of(None) == {f"user.setAppMetadata({MARKER})": True}


def endless() -> object:
    value: dict[str, object] = {}
    value["again"] = value
    return value


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ConnectionError("no such host: ada@example.com"), "the look-up failed with ConnectionError"),
        (TimeoutError("ada@example.com"), "no response within 3 s"),
        (UnusableAnswerError("status 500"), "status 500"),
        ("a text", "the response is about another user"),
        ({"user_id": LEGACY_ID, "app_metadata": {"limits": {"at": object()}}}, "app_metadata.limits is not JSON"),
        ({"user_id": LEGACY_ID, "app_metadata": {"limits": endless()}}, "app_metadata.limits is not JSON"),
        ({"user_id": LEGACY_ID, "user_metadata": {"seats": float("nan")}}, "user_metadata.seats is not JSON"),
        ({"user_id": LEGACY_ID, "app_metadata": {"plan": 7}}, "app_metadata.plan is not of the type string"),
        (
            {"user_id": LEGACY_ID, "app_metadata": {"limits": {"a.b": 1}}},
            "app_metadata.limits cannot be stored by Auth0",
        ),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_outage(
    answer: object, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert writes_of(answer) == {}
    assert capsys.readouterr().out.startswith(f"legacy metadata not restored: {reason}")


def test_a_look_up_is_cut_short() -> None:
    async def never(_: str, __: Mapping[str, str]) -> object:
        return await asyncio.get_running_loop().create_future()

    action = persist_legacy_metadata(connection=CONNECTION, restores=RESTORES, look_up=never, seconds=0.01)
    with standing(action) as stand:
        assert stand.log_in().did_nothing


def test_an_address_with_a_port_is_used_without_following_redirects() -> None:
    with LegacySystem(ANSWERS, []) as system:
        system.answer(LegacyState.SOUND)
        secrets = {"LEGACY_API_URL": f"{system.address.url}/users", "LEGACY_API_SECRET": TOKEN}
        with pytest.raises(UnusableAnswerError, match="status 302"):
            asyncio.run(ask_legacy_api("redirect", secrets))
        assert asyncio.run(ask_legacy_api("nothing", secrets)) == {"user_id": "nothing"}
        assert asyncio.run(ask_legacy_api("empty-404", secrets)) is None
        with pytest.raises(ssl.SSLError):
            asyncio.run(
                ask_legacy_api("nothing", {**secrets, "LEGACY_API_URL": f"https://127.0.0.1:{system.address.plain}"})
            )


@pytest.mark.parametrize("state", [LegacyState.SILENCE, LegacyState.STALL])
def test_cancelling_a_look_up_ends_its_request(state: LegacyState) -> None:
    with LegacySystem(ANSWERS, [LegacyUser(LEGACY_ID, EMAIL)]) as system:
        system.answer(state)
        secrets = {"LEGACY_API_URL": system.address.url, "LEGACY_API_SECRET": TOKEN}
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            # At its end, the loop waits for the remaining threads.
            asyncio.run(asyncio.wait_for(ask_legacy_api(LEGACY_ID, secrets), 0.1))

    assert time.monotonic() - began < _SOCKET_SECONDS / 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "the secret LEGACY_API_URL is not set"),
        ("legacy.example.com", "LEGACY_API_URL must start with https:// and must not have a query"),
        ("ftp://127.0.0.1", "LEGACY_API_URL must start with https:// and must not have a query"),
        ("https://legacy.example.com/users?key=1", "LEGACY_API_URL must start with https:// and must not have a query"),
        ("https://legacy.example.com/users#1", "LEGACY_API_URL must start with https:// and must not have a query"),
    ],
)
def test_an_invalid_address_is_not_requested(url: str, message: str) -> None:
    with pytest.raises(UnusableAnswerError, match=message):
        asyncio.run(ask_legacy_api("7", {"LEGACY_API_URL": url, "LEGACY_API_SECRET": TOKEN}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"restores": {}}, "restores is empty: name what to restore"),
        ({"restores": {"plan": "string"}}, "restores names 'plan', which is not a path of metadata"),
        ({"restores": {"app_metadata": "string"}}, "'app_metadata', which cannot be restored: the key is empty"),
        ({"restores": {"app_metadata.": "string"}}, "cannot be restored: the key is empty"),
        ({"restores": {"user_metadata.a.b": "string"}}, r"cannot be restored: user_metadata\.a\.b has \. or \$"),
        ({"restores": {"app_metadata.email": "string"}}, "app_metadata.email is a reserved name"),
        ({"restores": {"app_metadata.seen": "string"}, "marker": "seen"}, "cannot be restored: it is the marker"),
        (
            {"restores": {"app_metadata.plan": "text"}},
            "gives app_metadata.plan the type 'text'; expected one of string,",
        ),
        ({"marker": ""}, "marker must be a key of app_metadata: the key is empty"),
        ({"marker": "blocked"}, "marker must be a key of app_metadata: app_metadata.blocked is a reserved name"),
        ({"required": ["app_metadata.rank"]}, "required names 'app_metadata.rank', which is not in restores"),
        ({"connection": ""}, "connection must be the name of the connection"),
        ({"seconds": 0}, "seconds must be above 0 and at most 10"),
        ({"seconds": 10.5}, "seconds must be above 0 and at most 10"),
        ({"seconds": float("nan")}, "seconds must be above 0 and at most 10"),
    ],
)
def test_a_path_that_cannot_be_restored_is_refused(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        persist_legacy_metadata(**{**VALID, **settings})


def test_user_metadata_may_use_names_reserved_in_app_metadata() -> None:
    restores: Mapping[str, JsonType] = {"user_metadata.email": "string", f"user_metadata.{MARKER}": "string"}

    assert callable(persist_legacy_metadata(connection=CONNECTION, restores=restores, marker=MARKER))


# In JavaScript


@pytest.mark.one_python
@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"app_metadata.plan": "text"}, "the secret LEGACY_METADATA cannot have app_metadata.plan: text"),
        (
            {"app_metadata.plan": "string", f"app_metadata.{MARKER}": "boolean"},
            f"the secret LEGACY_METADATA cannot have app_metadata.{MARKER}: boolean",
        ),
        (
            {"app_metadata.plan": "string", "app_metadata.blocked": "boolean"},
            "the secret LEGACY_METADATA cannot have app_metadata.blocked: boolean",
        ),
        (
            {"user_metadata.plan": "string"},
            "LEGACY_METADATA_REQUIRED names a path that LEGACY_METADATA does not have",
        ),
    ],
)
def test_secrets_that_are_wrong_are_logged(metadata: Mapping[str, str], reason: str, tmp_path: Path) -> None:
    action = in_javascript(tmp_path, "app_metadata.plan", LEGACY_METADATA=json.dumps(metadata))
    with standing(action) as stand:
        log_in = stand.log_in()

    assert log_in.did_nothing
    assert log_in.performed.outcome.output == f"legacy metadata not restored: {reason}\n"


@pytest.mark.one_python
def test_the_text_of_a_node_error_is_not_logged(tmp_path: Path) -> None:
    with standing(in_javascript(tmp_path, LEGACY_API_URL="https://[legacy")) as stand:
        log_in = stand.log_in()

    assert log_in.did_nothing
    assert log_in.performed.outcome.output == "legacy metadata not restored: ERR_INVALID_URL\n"


def test_the_deployed_file_knows_the_reserved_names() -> None:
    text = (TEMPLATE / "actions" / "persist-legacy-metadata" / "code.js").read_text(encoding="utf-8")
    listed = text.partition("const RESERVED = [")[2].partition("]")[0]

    assert {name.strip("' \n") for name in listed.split(",")} - {""} == RESERVED_APP_METADATA
