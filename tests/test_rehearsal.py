"""Rehearsals: every scenario in either import mode, the reasons for skipped ones, and the remaining users."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from customdb_contract import Connection, KnownUser, judge
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.rehearsal import (
    SCENARIOS,
    Scenario,
    find_scenario,
    rehearse,
)
from customdb_contract.tenant import InterruptionPoint
from lives import Shop
from rehearsals import SIGN_UP, operations, played, setting
from writing_shop import known_customer

NAMES = [scenario.name for scenario in SCENARIOS]
NO_USER = "it needs a known user who may log in, with e-mail and password"
READING = ("login", "get_user")

LOG_IN = ["log_in login", "log_in"]
OFF_LOG_IN = ["log_in login", "log_in login"]
OUTSIDE = [
    "switch_import_mode",
    SIGN_UP,
    "switch_import_mode",
    "delete_user",
]
"""A user signs up, and is afterwards only in the legacy store."""
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
"""Each scenario with import mode on and off: operations, the scripts that ran, `!` for a refusal."""


def test_every_scenario_has_its_row() -> None:
    assert list(PLAYED) == NAMES


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_runs_its_scripts_and_removes_its_users(name: str, on: bool) -> None:
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
def test_without_writes_no_writing_script_is_called(scenario: Scenario, on: bool) -> None:
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
            "it needs import mode on, but the connection has it off",
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
def test_a_scenario_that_cannot_run_states_the_reason(name: str, changes: dict[str, Any], problem: str) -> None:
    performance = played(name, **changes)
    assert (performance.problem, performance.was_played) == (problem, False)


def test_a_scenario_for_import_mode_off_is_marked_when_it_is_on() -> None:
    scenario = evolve(find_scenario("first-log-in"), importing=None)
    (performance,) = rehearse(setting(on=True), [scenario])
    assert performance.problem == "it needs import mode off, but the connection has it on"


def test_an_unknown_scenario_is_refused_with_a_near_match_or_all_names() -> None:
    with pytest.raises(ConfigurationError, match=r"there is no scenario 'first-login'; did you mean first-log-in\?"):
        find_scenario("first-login")
    with pytest.raises(ConfigurationError, match=r"there is no scenario 'zzz'; choose from first-log-in, .*deletion$"):
        find_scenario("zzz")


def test_the_same_seed_plays_the_same_life_and_another_one_another() -> None:
    def reported(seed: int) -> list[str]:
        return [str(transcript) for transcript in played("sign-up", on=False, seed=seed).transcripts]

    assert reported(1) == reported(1)
    assert reported(1) != reported(2)


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


def test_an_interruption_that_met_no_migration_is_reported() -> None:
    performance = played("sign-up", on=True, interrupt=InterruptionPoint.BEFORE_METADATA)
    assert performance.was_played
    assert performance.problem == "no migration reached the point before-metadata"


def test_usernames_are_given_where_the_connection_requires_them() -> None:
    performance = played("sign-up", on=False, connection=Connection(requires_username=True))
    assert operations(performance)[0] == "sign_up get_user get_user create login"
