"""The tenant runs post-login Actions: after which log-ins, with which event, and with which effects."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from customdb_contract import Found, PostLoginApi, PostLoginEvent, Transcript
from customdb_contract.bridges.python import PythonAction
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.secrets import Secret
from customdb_contract.tenant import InterruptionPoint, Knobs, OperationOutcome
from customdb_contract.transcript import (
    ActionInfo,
    ActionRun,
    ApiCall,
    Ending,
    Handler,
    Operation,
    RunSituation,
    StoreWrite,
)
from life_rows import (
    ACCESS_DENIED,
    ACTIONS,
    ACTIONS_API,
    FIRST,
    MIGRATES,
    OFF_CREATES,
    REFRESH,
    SILENT,
    SILENT_LOG_IN,
    Row,
    create_user,
    log_in,
    migrated,
    play,
    sign_up,
)
from lives import ADA, ADA_ID, PASSWORD, Life, begun

LOGIN = (f"login {ADA}",)
COUNTED = (f"users ~ {ADA_ID}: logins_count",)
WRITTEN = (f"users ~ {ADA_ID}: app_metadata, logins_count",)
ONLY_WRITTEN = (f"users ~ {ADA_ID}: app_metadata",)

Act = Callable[[PostLoginEvent, PostLoginApi], object]


def count(event: PostLoginEvent, api: PostLoginApi) -> None:
    runs = (event.user.app_metadata or {}).get("runs", 0)
    api.user.set_app_metadata("runs", runs + 1)


def restore(event: PostLoginEvent, api: PostLoginApi) -> None:
    if "plan" not in (event.user.app_metadata or {}):
        api.user.set_app_metadata("plan", "full")


def deny(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.access.deny("not today")


def deny_with_code(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.validation.error("too-young", "Come back later")


def redirect(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.redirect.send_user_to("https://shop.example.com/terms")


class Returning:
    """An Action that redirects the user to agree on another site, and then continues."""

    def __call__(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        count(event, api)
        api.redirect.send_user_to("https://shop.example.com/terms")

    def on_continue_post_login(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        count(event, api)
        api.user.set_app_metadata("agreed", event.request.query.get("agreed"))


def fail(_: PostLoginEvent, api: PostLoginApi) -> None:
    raise ValueError("it broke")


def write_reserved(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.user.set_app_metadata("blocked", value=False)


async def write_late(_: PostLoginEvent, api: PostLoginApi) -> None:
    asyncio.get_running_loop().call_soon(api.user.set_app_metadata, "plan", "late")


class FromTheSecond:
    """An Action that acts only from its second run on, when the user exists."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.runs = 0

    def __call__(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        self.runs += 1
        if self.runs > 1:
            self.act(event, api)


def later(*actions: Act) -> dict[str, Any]:
    return {"actions": [FromTheSecond(action) for action in actions]}


def block(life: Life) -> None:
    migrated(life)
    life.tenant.update_user(ADA_ID, {"blocked": True})


def refresh(life: Life) -> OperationOutcome:
    return life.tenant.refresh(ADA_ID)


def log_in_silently(life: Life) -> OperationOutcome:
    return life.tenant.silent_log_in(ADA_ID)


ROWS = {
    "a first log-in": Row(
        on=True, source=ACTIONS, settings={"actions": [count]}, do=log_in, calls=LOGIN, changes=MIGRATES, log=("s",)
    ),
    "a later log-in": Row(
        on=True, source=ACTIONS, settings={"actions": [count]}, given=migrated, do=log_in, changes=WRITTEN, log=("s",)
    ),
    "off: a log-in": Row(
        on=False,
        source=ACTIONS,
        settings={"actions": [count]},
        given=migrated,
        do=log_in,
        calls=LOGIN,
        changes=WRITTEN,
        log=("s",),
    ),
    "off: a log-in that creates no record (K5)": Row(
        on=False,
        source=SILENT,
        settings={"actions": [count], "knobs": Knobs(off_first_login_creates_record=False)},
        do=log_in,
        calls=LOGIN,
        log=("s",),
    ),
    "metadata that the migration lost are restored": Row(
        on=True,
        source=ACTIONS,
        settings={"actions": [restore]},
        do=lambda life: log_in(life, interrupt=InterruptionPoint.BEFORE_METADATA),
        calls=LOGIN,
        changes=MIGRATES,
        log=("s",),
        interrupted=InterruptionPoint.BEFORE_METADATA,
    ),
    "an Action refuses an interrupted log-in": Row(
        on=True,
        source=ACTIONS_API,
        settings={"actions": [deny]},
        do=lambda life: log_in(life, interrupt=InterruptionPoint.BEFORE_METADATA),
        calls=LOGIN,
        changes=MIGRATES,
        log=(f"f {ADA_ID}: not today",),
        refusal="access_denied",
        interrupted=InterruptionPoint.BEFORE_METADATA,
    ),
    "a refused log-in runs none": Row(
        on=True,
        source=ACTIONS,
        settings={"actions": [count]},
        given=migrated,
        do=lambda life: log_in(life, "wrong"),
        log=(f"fp {ADA_ID}: Wrong email or password.",),
        refusal="invalid_user_password",
    ),
    "an Action refuses: what was written stays, later ones do not run": Row(
        on=True,
        source=ACTIONS_API,
        settings=later(count, deny, fail),
        given=migrated,
        do=log_in,
        changes=WRITTEN,
        log=(f"f {ADA_ID}: not today",),
        refusal="access_denied",
    ),
    "an Action refuses with a code of its own": Row(
        on=True,
        source=ACTIONS_API,
        settings=later(deny_with_code),
        given=migrated,
        do=log_in,
        changes=COUNTED,
        log=(f"f {ADA_ID}: Come back later",),
        refusal="too-young",
    ),
    "an Action raises: nothing is written, later ones do not run": Row(
        on=True,
        source=ACCESS_DENIED,
        settings=later(count, fail, deny),
        given=migrated,
        do=log_in,
        changes=COUNTED,
        log=(f"actions_execution_failed documented {ADA_ID}: it broke", f"f {ADA_ID}: it broke"),
        refusal="access_denied",
    ),
    "an Action sends the user elsewhere, who comes back: later ones run": Row(
        on=True,
        source=ACTIONS_API,
        settings=later(redirect, count),
        given=migrated,
        do=log_in,
        changes=WRITTEN,
        log=("s",),
    ),
    "an Action sends the user elsewhere, who does not come back: it is written before": Row(
        on=True,
        source=ACTIONS_API,
        settings={**later(count, redirect, fail), "on_redirect": lambda _: None},
        given=migrated,
        do=log_in,
        changes=WRITTEN,
        refusal="interaction_required",
    ),
    "an Action writes what Auth0 does not store": Row(
        on=True,
        source=SILENT,
        settings=later(write_reserved, count),
        given=migrated,
        do=log_in,
        changes=WRITTEN,
        log=(f"w {ADA_ID}: app_metadata.blocked is a reserved name", "s"),
    ),
    "an Action writes after it has ended: it is lost": Row(
        on=True,
        source=ACTIONS_API,
        settings={"actions": [write_late]},
        given=migrated,
        do=log_in,
        changes=COUNTED,
        log=("s",),
    ),
    "a sign-up": Row(
        on=True,
        source=ACTIONS,
        settings={"actions": [count]},
        do=sign_up,
        calls=("get_user new@example.com",),
        changes=(f"users + {FIRST}", f"internal + {FIRST}"),
        log=("ss", "svr"),
        mails=("verification",),
    ),
    "off: an Action refuses after a sign-up": Row(
        on=False,
        source=ACTIONS_API,
        settings={"actions": [deny]},
        do=sign_up,
        calls=OFF_CREATES,
        changes=("users + auth0|shop-101",),
        log=("ss", "svr", "f: not today"),
        refusal="access_denied",
        mails=("verification",),
    ),
    "being created by the Management API runs none": Row(
        on=True,
        source=ACTIONS,
        settings={"actions": [deny]},
        do=create_user,
        calls=("get_user new@example.com",),
        changes=(f"users + {FIRST}", f"internal + {FIRST}"),
        log=("sapi", "svr"),
        mails=("verification",),
    ),
    "a refresh token": Row(
        on=True,
        source=REFRESH,
        settings={"actions": [count]},
        given=migrated,
        do=refresh,
        changes=ONLY_WRITTEN,
        log=(f"sertft {ADA_ID}",),
    ),
    "an Action refuses a refresh token": Row(
        on=True,
        source=REFRESH,
        settings=later(deny),
        given=migrated,
        do=refresh,
        log=(f"fertft {ADA_ID}: not today",),
        refusal="access_denied",
    ),
    "a refresh token of a blocked user": Row(
        on=True,
        source=SILENT,
        settings={"actions": [count]},
        given=block,
        do=refresh,
        log=(f"fertft {ADA_ID}: Unknown or invalid refresh token.",),
        refusal="invalid_grant",
    ),
    "a refresh token of nobody": Row(
        on=True,
        source=REFRESH,
        do=refresh,
        log=("fertft: Unknown or invalid refresh token.",),
        refusal="invalid_grant",
    ),
    "a silent log-in": Row(
        on=True,
        source=SILENT_LOG_IN,
        settings={"actions": [count]},
        given=migrated,
        do=log_in_silently,
        changes=ONLY_WRITTEN,
        log=(f"ssa {ADA_ID}",),
    ),
    "off: a silent log-in without Actions": Row(
        on=False, source=SILENT_LOG_IN, given=migrated, do=log_in_silently, log=(f"ssa {ADA_ID}",)
    ),
    "an Action fails in a silent log-in": Row(
        on=True,
        source=SILENT_LOG_IN,
        settings=later(fail),
        given=migrated,
        do=log_in_silently,
        log=(f"actions_execution_failed documented {ADA_ID}: it broke", f"fsa {ADA_ID}: it broke"),
        refusal="access_denied",
    ),
    "a silent log-in of nobody": Row(
        on=True, source=SILENT_LOG_IN, do=log_in_silently, log=("fsa: Login required",), refusal="login_required"
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_tenant_does_what_auth0_does(row: Row) -> None:
    play(row)


# The event of Actions


class Listening:
    """An Action that records its events."""

    def __init__(self) -> None:
        self.events: list[PostLoginEvent] = []

    def __call__(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        self.events.append(event)


def heard(do: Callable[[Life], object], *, on: bool = True, **more: Any) -> list[PostLoginEvent]:
    action = Listening()
    life = begun(on=on, actions=[action])
    life.shop.more = more
    with life.tenant:
        do(life)
    return action.events


def test_actions_receive_the_user() -> None:
    (event,) = heard(
        log_in,
        email_verified=True,
        given_name="Ada",
        phone_verified=False,
        user_metadata={"colour": "red"},
        app_metadata={"plan": {"name": "full"}},
        town="London",
        name=7,
        access_token="of the shop",
    )
    user = event.user

    assert (user.user_id, user.email, user.email_verified, user.username) == (ADA_ID, ADA, True, "countess")
    assert (user.given_name, user.family_name, user.phone_number, user.phone_verified) == ("Ada", None, None, False)
    assert (user.user_metadata, user.app_metadata) == ({"colour": "red"}, {"plan": {"name": "full"}})
    assert user.extra == {"town": "London", "name": 7}
    assert user.created_at == "2026-01-01T00:00:00+00:00"
    assert user.identities is not None
    (identity,) = user.identities
    assert identity.to_json() == {
        "connection": "custom-database",
        "user_id": "shop-7",
        "provider": "auth0",
        "isSocial": False,
    }
    assert (event.connection.name, event.connection.strategy, event.stats.logins_count) == (
        "custom-database",
        "auth0",
        1,
    )


def test_actions_receive_how_the_user_logs_in() -> None:
    def live(life: Life) -> None:
        for operation in (log_in, log_in_silently, refresh, log_in):
            assert operation(life).succeeded

    events = heard(live)
    transactions = [event.transaction for event in events if event.transaction is not None]

    assert [transaction.protocol for transaction in transactions] == [
        "oidc-basic-profile",
        "oidc-basic-profile",
        "oauth2-refresh-token",
        "oidc-basic-profile",
    ]
    assert [transaction.prompt for transaction in transactions] == [None, ("none",), None, None]
    assert [event.request.query for event in events] == [{}, {"prompt": "none"}, {}, {}]
    assert [event.stats.logins_count for event in events] == [1, 1, 1, 2]
    assert [event.authentication is None for event in events] == [False, False, True, False]


def test_a_sign_up_is_the_first_log_in() -> None:
    (event,) = heard(sign_up)

    assert event.stats.logins_count == 1


def test_truncated_values_reach_actions_as_far_as_recorded() -> None:
    (event,) = heard(log_in, on=False, app_metadata={"deep": [{"text": "x" * 70_000}]})

    assert event.user.app_metadata is not None
    text = event.user.app_metadata["deep"][0]["text"]
    assert 0 < len(text) <= 200
    assert set(text) == {"x"}


def test_no_action_sees_what_an_earlier_one_wrote() -> None:
    action = Listening()
    life = begun(on=True, actions=[count, action])
    with life.tenant:
        log_in(life)
        log_in(life)

    assert [event.user.app_metadata for event in action.events] == [{}, {"runs": 1}]


# What is stored


def test_runs_and_their_calls_are_recorded() -> None:
    life = begun(on=True, actions=[count, PythonAction(deny, name="gate")])
    with life.tenant:
        outcome = log_in(life)
    transcript = life.tenant.transcript
    (operation,) = (record for record in transcript.records if isinstance(record, Operation))
    runs = [record for record in transcript.records if isinstance(record, ActionRun)]

    assert tuple(runs) == outcome.runs
    assert [(run.action, run.outcome.ending, run.situation, run.caused_by) for run in runs] == [
        ("count", Ending.DONE, RunSituation.SIMULATED, operation.number),
        ("gate", Ending.DONE, RunSituation.SIMULATED, operation.number),
    ]
    assert [
        (call.path, call.arguments, call.caused_by) for call in transcript.records if isinstance(call, ApiCall)
    ] == [
        ("user.setAppMetadata", ("runs", 1), runs[0].number),
        ("access.deny", ("not today",), runs[1].number),
    ]
    writes = [record for record in transcript.records if isinstance(record, StoreWrite)]
    assert [write.attributes for write in writes if write.attributes and write.attributes.get("app_metadata")] == [
        {"app_metadata": {"runs": 1}}
    ]
    assert str(Transcript.parse(str(transcript))) == str(transcript)


def test_secrets_appear_nowhere() -> None:
    def leak(event: PostLoginEvent, api: PostLoginApi) -> None:
        print(event.secrets["KEY"], PASSWORD)
        api.user.set_app_metadata("key", event.secrets["KEY"])
        api.access.deny(event.secrets["KEY"])

    life = begun(on=True, actions=[PythonAction(leak, secrets={"KEY": Secret("correct-horse-battery")})])
    with life.tenant:
        outcome = log_in(life)

    assert outcome.refusal is not None
    assert outcome.refusal.description == "«configuration KEY»"
    for shown in (repr(outcome), str(life.tenant.transcript), repr(life.tenant.users)):
        assert "correct-horse-battery" not in shown
        assert PASSWORD not in shown


# What goes wrong


def hang(_: PostLoginEvent, __: PostLoginApi) -> None:
    while True:
        pass


def test_all_actions_of_a_log_in_share_the_time_of_a_script() -> None:
    life = begun(on=True, actions=[hang, deny], timeout=0.2)
    life.shop.answers["login"] = lambda *_: Found({"user_id": "shop-7", "email": ADA})
    with life.tenant:
        outcome = log_in(life)

    assert outcome.refusal is not None
    assert outcome.refusal.description == "the Actions did not end within 0.2 s"
    assert [run.outcome.ending for run in outcome.runs] == [Ending.TIMED_OUT]


class Opened:
    """An Action that brings its own bridge, and cannot be run."""

    def __init__(self, info: ActionInfo) -> None:
        self.info = info
        self.is_closed = False

    def open_action(self, **_: object) -> Any:
        return self

    def perform(self, handler: Handler, event: object, *, seconds: float) -> Any:
        raise DatabaseOpeningError("the Action could not be loaded again")

    def close(self) -> None:
        self.is_closed = True


def test_an_action_that_cannot_be_loaded_again_fails_the_log_in() -> None:
    action = Opened(ActionInfo(name="gone"))
    life = begun(on=True, actions=[action])
    with life.tenant:
        outcome = log_in(life)
        assert not action.is_closed

    assert action.is_closed
    assert outcome.refusal is not None
    assert outcome.refusal.description == "the Action could not be loaded again"
    assert outcome.runs == ()


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([7], "an Action must be a function (event, api), or a function that returns one, got 7"),
        ([lambda event: event], "the Action takes (event) but is called as action(event, api)"),
        ([Opened(ActionInfo(name="broken", problem="it exports nothing"))], "it exports nothing"),
        (
            [Opened(ActionInfo(name="late", handlers=(Handler.CONTINUE,)))],
            "the Action late has no onExecutePostLogin, so it would never run",
        ),
    ],
)
def test_an_action_that_cannot_run_is_an_error(actions: Sequence[object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        begun(on=True, actions=actions)

    assert str(caught.value) == message
    assert all(action.is_closed for action in actions if isinstance(action, Opened))


def test_actions_are_closed_if_the_tenant_cannot_be_opened() -> None:
    closed: list[str] = []

    @contextmanager
    def made() -> Any:
        yield count
        closed.append("closed")

    with pytest.raises(ConfigurationError):
        begun(
            on=True,
            actions=[made],
            without=("login", "get_user", "create", "verify", "change_password", "change_email", "delete"),
        )

    assert closed == ["closed"]


@pytest.mark.parametrize("back", [{"agreed": "yes"}, {}])
def test_an_action_goes_on_when_the_user_comes_back(back: dict[str, str]) -> None:
    life = begun(on=True, actions=[Returning()], on_redirect=lambda _: back)
    with life.tenant as tenant:
        outcome = tenant.log_in(ADA, PASSWORD)
        runs = tenant.transcript.of_kind(ActionRun)
        metadata = tenant.users[ADA_ID].app_metadata

    assert outcome.succeeded
    assert [run.handler for run in runs] == [Handler.EXECUTE, Handler.CONTINUE]
    assert (runs[1].follows, runs[1].caused_by) == (runs[0].number, runs[0].caused_by)
    assert (metadata["runs"], metadata.get("agreed")) == (2, back.get("agreed"))


def test_an_action_that_goes_on_follows_its_own_first_run() -> None:
    life = begun(on=True, actions=[count, Returning()], on_redirect=lambda _: {})
    with life.tenant as tenant:
        tenant.log_in(ADA, PASSWORD)
        runs = tenant.transcript.of_kind(ActionRun)

    assert [run.handler for run in runs] == [Handler.EXECUTE, Handler.EXECUTE, Handler.CONTINUE]
    assert [run.follows for run in runs] == [None, None, runs[1].number]


def test_a_flow_without_a_browser_is_not_redirected() -> None:
    life = begun(on=True, actions=[FromTheSecond(redirect)])
    with life.tenant as tenant:
        tenant.log_in(ADA, PASSWORD)
        refused = [tenant.refresh(ADA_ID), tenant.silent_log_in(ADA_ID)]

    for outcome in refused:
        assert outcome.refusal is not None
        assert (outcome.refusal.code, outcome.refusal.description) == (
            "interaction_required",
            "an Action sends the user elsewhere, and the log-in is not resumed",
        )
