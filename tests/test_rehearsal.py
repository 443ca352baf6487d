"""Rehearsals: every scenario in either import mode, what is not played and why, and who is left behind."""

from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from customdb_contract import Connection, Failed, KnownUser, ScriptError, ValidationError, judge
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.rehearsal import (
    SCENARIOS,
    Performance,
    RehearsalInterrupted,
    Scenario,
    Setting,
    find_scenario,
    rehearse,
)
from customdb_contract.tenant import InterruptionPoint
from customdb_contract.transcript import Operation, Situation
from lives import Shop
from writing_shop import WritingShop, known_customer

NAMES = [scenario.name for scenario in SCENARIOS]
NO_USER = "it needs a known user who may log in, with e-mail and password"
READING = ("login", "get_user")

LOG_IN = ["log_in login", "log_in"]
OFF_LOG_IN = ["log_in login", "log_in login"]
SIGN_UP = "sign_up get_user create login"
OUTSIDE = [
    "switch_import_mode",
    SIGN_UP,
    "switch_import_mode",
    "delete_user",
]
"""A user signs up who is in the legacy store alone afterwards."""
CLEANED = ["switch_import_mode", "delete_user delete"]

PLAYED: Mapping[str, tuple[list[str] | None, list[str] | None]] = {
    "first-log-in": (LOG_IN, OFF_LOG_IN),
    "wrong-password": (
        ["log_in login!", "log_in login", "log_in!"],
        ["log_in login!", "log_in login", "log_in login!"],
    ),
    "interrupted-after-internal-record": (["log_in login!", "search", "sign_up!", "log_in login"], None),
    "interrupted-before-metadata": (["log_in login", "search", "log_in"], None),
    "import-mode-switched-on": (
        ["switch_import_mode", "log_in login", "switch_import_mode", "log_in login", "log_in"],
        ["log_in login", "switch_import_mode", "log_in login", "log_in"],
    ),
    "import-mode-switched-off": (
        ["log_in login", "switch_import_mode", "log_in login"],
        ["switch_import_mode", "log_in login", "switch_import_mode", "log_in login"],
    ),
    "two-connections": (
        ["log_in login", "log_in login!", "log_in"],
        ["log_in login", "log_in login!", "log_in login"],
    ),
    "sign-up": (["sign_up get_user", "log_in"], [SIGN_UP, "log_in login", "delete_user delete"]),
    "sign-up-of-known-user": (["sign_up get_user!", "log_in login"], ["sign_up get_user!", "log_in login"]),
    "reset-before-first-log-in": (
        [
            *OUTSIDE,
            "request_password_reset get_user",
            "complete_password_reset get_user change_password",
            "log_in!",
            "log_in get_user",
            "log_in",
            *CLEANED,
        ],
        [
            SIGN_UP,
            "request_password_reset get_user",
            "complete_password_reset get_user change_password",
            "log_in login!",
            "log_in login",
            "log_in login",
            "delete_user delete",
        ],
    ),
    "change-of-email": (
        ["sign_up get_user", "change_email", "log_in", "log_in login!"],
        [
            SIGN_UP,
            "change_email get_user get_user change_email",
            "log_in login",
            "log_in login!",
            "delete_user delete",
        ],
    ),
    "deletion-and-return": (
        ["log_in login", "delete_user", "log_in login"],
        [SIGN_UP, "delete_user delete", "log_in login!", SIGN_UP, "delete_user delete"],
    ),
    "outage-during-log-in": (
        ["log_in login!", "log_in login", "log_in"],
        ["log_in login!", "log_in login", "log_in login!"],
    ),
    "outage-during-sign-up": (
        ["sign_up get_user!", "sign_up get_user"],
        ["sign_up get_user!", SIGN_UP, "delete_user delete"],
    ),
    "outage-during-reset": (
        [
            *OUTSIDE,
            "request_password_reset get_user",
            "request_password_reset get_user",
            "complete_password_reset get_user!",
            "request_password_reset get_user",
            "complete_password_reset get_user change_password",
            "log_in get_user",
            *CLEANED,
        ],
        [
            SIGN_UP,
            "request_password_reset get_user",
            "request_password_reset get_user",
            "complete_password_reset get_user!",
            "request_password_reset get_user",
            "complete_password_reset get_user change_password",
            "log_in login",
            "delete_user delete",
        ],
    ),
    "outage-during-change-of-email": (
        ["sign_up get_user", "change_email", "change_email"],
        [SIGN_UP, "change_email get_user!", "change_email get_user get_user change_email", "delete_user delete"],
    ),
    "outage-during-deletion": (
        ["sign_up get_user", "delete_user", "delete_user"],
        [SIGN_UP, "delete_user delete!", "delete_user delete"],
    ),
}
"""What each scenario does with import mode on and off: operations, the scripts that ran, `!` where it was refused."""


def one_shop() -> Callable[[], Shop]:
    """Return a function that opens the same shop each time, as a database in a process of its own does."""
    shop = Shop()
    return lambda: shop


def setting(*, on: bool, **changes: Any) -> Setting:
    given: dict[str, Any] = {
        "database": one_shop(),
        "connection": Connection(import_mode=on),
        "users": (known_customer(),),
        "outage": lambda: WritingShop(is_down=True),
        "writes": True,
    }
    return Setting(**(given | changes))


def played(name: str, **changes: Any) -> Performance:
    (performance,) = rehearse(setting(**changes), [find_scenario(name)])
    return performance


def operations(performance: Performance) -> list[str]:
    told: dict[str, list[str]] = {}
    for transcript in performance.transcripts:
        told[transcript.connection.name] = []
        for operation in transcript.of_kind(Operation):
            scripts = [exchange.script for exchange in transcript.exchanges if exchange.caused_by == operation.number]
            assert operation.response is not None
            mark = "" if operation.response.succeeded else "!"
            told[transcript.connection.name].append(" ".join([operation.name, *scripts]) + mark)
    return [told[connection].pop(0) for connection in performance.order]


def test_every_scenario_has_its_row() -> None:
    assert list(PLAYED) == NAMES


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_runs_the_scripts_that_it_should_and_leaves_nobody_behind(name: str, on: bool) -> None:
    shop = Shop()
    performance = played(name, on=on, database=lambda: shop)
    expected = PLAYED[name][0 if on else 1]
    assert operations(performance) == (expected or [])
    assert (performance.problem is None) == performance.was_played == (expected is not None)
    assert performance.left_behind == ()
    assert [record.email for record in shop.records] == ["ada@example.com"]
    assert shop.records[0].password == known_customer().password.reveal()  # type: ignore[union-attr]  # there is one


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_no_rule_finds_anything_in_the_scenarios_of_a_correct_shop(on: bool) -> None:
    for performance in rehearse(setting(on=on), SCENARIOS):
        for transcript in performance.transcripts:
            findings = [finding for verdict in judge(transcript).verdicts for finding in verdict.findings]
            assert findings == [], performance.scenario.name


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_without_writes_nothing_that_writes_is_called(scenario: Scenario, on: bool) -> None:
    (performance,) = rehearse(setting(on=on, writes=False), [scenario])
    called = {exchange.script for transcript in performance.transcripts for exchange in transcript.exchanges}
    assert called <= {Script.LOGIN, Script.GET_USER}
    assert performance.was_played or performance.problem is not None


def test_a_reset_needs_no_writes_where_the_database_has_no_change_password() -> None:
    shop = Shop()
    database = SimpleNamespace(login=shop.login, get_user=shop.get_user)
    performance = played("reset-before-first-log-in", on=True, database=database, writes=False)
    assert operations(performance) == [
        "request_password_reset get_user",
        "complete_password_reset get_user",
        "log_in!",
        "log_in get_user",
        "log_in",
    ]


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        (
            "interrupted-before-metadata",
            {"on": False},
            "it is about import mode on, and the connection has it off",
        ),
        (
            "first-log-in",
            {"on": True, "users": ()},
            NO_USER,
        ),
        (
            "first-log-in",
            {"on": True, "users": (KnownUser(email="grace@example.com"), evolve(known_customer(), disabled=True))},
            NO_USER,
        ),
        ("sign-up", {"on": False, "writes": False}, "it writes to the database, which needs --writes or writes = true"),
        (
            "sign-up",
            {"on": False, "database": SimpleNamespace(login=Shop().login)},
            "the database has no get_user, create",
        ),
        (
            "reset-before-first-log-in",
            {
                "on": True,
                "database": SimpleNamespace(**{name: getattr(Shop(), name) for name in (*READING, "change_password")}),
            },
            "the database has no create",
        ),
        (
            "outage-during-log-in",
            {"on": True, "outage": None, "users": ()},
            f"{NO_USER}; it needs an outage: the same database with its store unreachable",
        ),
        (
            "two-connections",
            {"on": True, "database": Shop()},
            "it needs a second connection, so a database that can be opened twice",
        ),
    ],
)
def test_what_cannot_be_played_says_why(name: str, changes: dict[str, Any], problem: str) -> None:
    performance = played(name, **changes)
    assert (performance.problem, performance.was_played) == (problem, False)


def test_a_scenario_about_import_mode_off_says_so_where_it_is_on() -> None:
    scenario = evolve(find_scenario("first-log-in"), importing=None)
    (performance,) = rehearse(setting(on=True), [scenario])
    assert performance.problem == "it is about import mode off, and the connection has it on"


def test_an_unknown_scenario_is_refused_with_one_that_is_near_or_all() -> None:
    with pytest.raises(ConfigurationError, match=r"there is no scenario 'first-login'; did you mean first-log-in\?"):
        find_scenario("first-login")
    with pytest.raises(ConfigurationError, match=r"there is no scenario 'zzz'; choose from first-log-in, .*deletion$"):
        find_scenario("zzz")


def test_the_same_seed_plays_the_same_life_and_another_one_another() -> None:
    def told(seed: int) -> list[str]:
        return [str(transcript) for transcript in played("sign-up", on=False, seed=seed).transcripts]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_the_seed_chooses_the_known_user() -> None:
    other = evolve(known_customer(), email="ADA@example.com")
    users = (evolve(known_customer(), username=None), evolve(other, username=None))
    typed: set[object] = set()
    for seed in range(12):
        (transcript,) = played("first-log-in", on=True, users=users[seed % 2 :], seed=seed).transcripts
        typed.add(transcript.exchanges[0].identifier)
    assert typed == {"ada@example.com", "ADA@example.com"}


def test_the_first_migration_of_a_scenario_can_be_interrupted() -> None:
    performance = played("first-log-in", on=True, interrupt=InterruptionPoint.AFTER_INTERNAL_RECORD)
    assert operations(performance) == ["log_in login!", "log_in login"]
    assert performance.problem is None


def test_an_interruption_that_no_migration_came_to_is_reported() -> None:
    performance = played("sign-up", on=True, interrupt=InterruptionPoint.BEFORE_METADATA)
    assert performance.was_played
    assert performance.problem == "no migration reached the point before-metadata"


def test_usernames_are_given_where_the_connection_requires_them() -> None:
    performance = played("sign-up", on=False, connection=Connection(requires_username=True))
    assert operations(performance)[0] == "sign_up get_user get_user create login"


def failing(script: str, error: Exception) -> Callable[[], Shop]:
    shop = Shop()

    def fail(*_: object) -> object:
        raise error

    shop.answers[script] = fail
    return lambda: shop


def test_whoever_cannot_be_removed_is_named() -> None:
    performance = played("change-of-email", on=False, database=failing("delete", ScriptError("no")))
    email, new_email = performance.left_behind
    assert new_email == email.replace("@", "x@")


def test_whoever_was_created_and_cannot_log_in_is_named() -> None:
    performance = played("sign-up", on=False, database=failing("login", ScriptError("no")))
    assert len(performance.left_behind) == 1


def test_nobody_is_named_whom_create_refused() -> None:
    database = failing("create", ValidationError("user_exists", "no"))
    assert played("sign-up", on=False, database=database).left_behind == ()
    shop = Shop()
    shop.answers["create"] = lambda _: Failed(ScriptError("no"))
    assert len(played("sign-up", on=False, database=lambda: shop).left_behind) == 1


@pytest.mark.parametrize(
    "name",
    [
        "change-of-email",
        "deletion-and-return",
        "reset-before-first-log-in",
        "outage-during-reset",
        "outage-during-change-of-email",
        "outage-during-deletion",
    ],
)
@pytest.mark.parametrize("on", [True, False])
def test_a_life_goes_on_where_a_sign_up_or_log_in_fails(name: str, on: bool) -> None:
    shop = Shop()
    shop.answers["get_user"] = partial(_raise, ScriptError("down"))
    shop.answers["login"] = partial(_raise, ScriptError("down"))
    performance = played(name, on=on, database=lambda: shop)
    assert performance.was_played
    assert performance.left_behind == ()


def _raise(error: Exception, *_: object) -> object:
    raise error


def test_a_store_that_is_thrown_away_is_written_to_and_not_cleaned() -> None:
    performance = played("sign-up", on=False, database=Shop, writes=False, is_thrown_away=True)
    assert operations(performance) == [SIGN_UP, "log_in login"]
    assert performance.left_behind == ()


def test_what_auth0_does_not_document_ends_a_scenario_and_is_told() -> None:
    shop = Shop()
    shop.more = {"email": ...}
    performance = played("change-of-email", on=False, database=lambda: shop)
    assert performance.problem is not None
    assert performance.problem.endswith("Auth0's documentation does not say what happens then")


def test_calls_of_an_outage_are_recorded_as_such() -> None:
    (transcript,) = played("outage-during-log-in", on=False).transcripts
    assert [exchange.situation for exchange in transcript.exchanges] == [
        Situation.OUTAGE,
        Situation.KNOWN_USER,
        Situation.OUTAGE,
    ]


def test_once_the_time_is_up_no_further_scenario_is_begun() -> None:
    first, *others = rehearse(setting(on=True, max_time=1e-9), SCENARIOS[:1] * 2)
    assert (first.was_played, first.problem) == (False, "the time limit of 1e-09 s for all scenarios was reached")
    assert [performance.problem for performance in others] == [first.problem]


def test_progress_is_told_of_each_scenario() -> None:
    told: list[str] = []
    rehearse(setting(on=True), SCENARIOS[:2], progress=lambda scenario: told.append(scenario.name))
    assert told == NAMES[:2]


def test_a_database_that_cannot_be_opened_ends_the_rehearsal() -> None:
    def opening() -> object:
        message = "no such store"
        raise OSError(message)

    with pytest.raises(DatabaseOpeningError, match="no such store"):
        played("first-log-in", on=True, database=opening)


def opening_once(times: int) -> Callable[[], Shop]:
    """Return a function that opens a shop so many times, and fails from then on."""
    shops = iter([Shop() for _ in range(times)])

    def opening() -> Shop:
        shop = next(shops, None)
        if shop is None:
            message = "too many connections"
            raise OSError(message)
        return shop

    return opening


@pytest.mark.parametrize(("times", "name"), [(1, "first-log-in"), (2, "two-connections")])
def test_a_database_that_cannot_be_opened_again_is_a_reason(times: int, name: str) -> None:
    chosen = [find_scenario("first-log-in"), find_scenario(name)]
    first, second = rehearse(setting(on=True, database=opening_once(times)), chosen)

    assert (first.was_played, first.problem) == (True, None)
    assert not second.was_played
    assert second.problem is not None
    assert "too many connections" in second.problem


def test_an_interrupt_ends_the_rehearsal_and_names_who_is_left() -> None:
    shop = Shop()

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    def play(stage: Any) -> None:
        with stage.with_new_person() as person:
            created = stage.sign_up()
            assert created.user is not None
            interrupted(person)

    scenario = evolve(find_scenario("sign-up"), play=play)
    with pytest.raises(
        RehearsalInterrupted, match=r"interrupted; these users may be left in the store: .*@example"
    ) as e:
        rehearse(setting(on=False, database=lambda: shop), [find_scenario("first-log-in"), scenario, scenario])
    assert [performance.was_played for performance in e.value.performances] == [True, True]
    assert len(e.value.performances[-1].left_behind) == 1


def test_an_interrupt_that_leaves_nobody_names_nobody() -> None:
    def play(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RehearsalInterrupted, match=r"the rehearsal was interrupted$"):
        rehearse(setting(on=False), [evolve(find_scenario("sign-up"), play=play)])
