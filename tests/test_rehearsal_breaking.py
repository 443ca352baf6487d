"""Rehearsals over a failing or unopenable database, and interrupted ones: the remaining users."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from customdb_contract import Connection, Failed, Found, KnownUser, NotFound, ScriptError, ValidationError
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.faults import FAULTS
from customdb_contract.rehearsal import SCENARIOS, RehearsalInterrupted, find_scenario, rehearse
from customdb_contract.rehearsal._playing import _way
from customdb_contract.rehearsal._sparing import ids_of_known
from customdb_contract.transcript import Situation
from lives import ADA, Shop
from rehearsals import SIGN_UP, operations, played, setting
from writing_shop import known_customer

NAMES = [scenario.name for scenario in SCENARIOS]


def failing(script: str, error: Exception) -> Callable[[], Shop]:
    shop = Shop()

    def fail(*_: object) -> object:
        raise error

    shop.answers[script] = fail
    return lambda: shop


def test_users_that_cannot_be_removed_are_listed() -> None:
    performance = played("change-of-email", on=False, database=failing("delete", ScriptError("no")))
    email, new_email = performance.left_behind
    assert new_email == email.replace("@", "x@")


def test_a_created_user_who_cannot_log_in_is_named() -> None:
    performance = played("sign-up", on=False, database=failing("login", ScriptError("no")))
    assert len(performance.left_behind) == 1


def test_users_that_create_refused_are_not_listed() -> None:
    database = failing("create", ValidationError("user_exists", "no"))
    assert played("sign-up", on=False, database=database).left_behind == ()
    shop = Shop()
    shop.answers["create"] = lambda _: Failed(ScriptError("no"))
    assert len(played("sign-up", on=False, database=lambda: shop).left_behind) == 1


@pytest.mark.parametrize(
    "name",
    [
        "sign-up",
        "change-of-email",
        "deletion-and-return",
        "reset-before-first-log-in",
        "outage-during-reset",
        "outage-during-change-of-email",
        "outage-during-deletion",
    ],
)
@pytest.mark.parametrize("email", [ADA, ..., None], ids=["with the e-mail", "without an e-mail", "with the new e-mail"])
def test_another_user_returned_by_the_scripts_is_never_changed(name: str, email: object) -> None:
    shop = Shop()
    real = shop.find(ADA)
    changed: list[tuple[object, ...]] = []

    def mixing_up(identifier: str, *_: object) -> object:
        assert real is not None
        own = shop.find(identifier)
        if own is None:
            return NotFound()
        profile = shop.profile(real) | {"email": own.email if email is None else email}
        return Found({name: value for name, value in profile.items() if value is not ...})

    def noting(*given: object) -> object:
        changed.append(given)
        raise ScriptError("no")

    shop.answers = {"login": mixing_up, "get_user": mixing_up, "delete": noting, "change_email": noting}
    shop.answers["change_password"] = noting

    performance = played(name, on=False, database=lambda: shop)

    assert [given for given in changed if given[0] in {"shop-7", ADA}] == []
    assert performance.left_behind
    if "change" in name or "deletion" in name:
        is_nameless = "change" in name and email is ...
        assert ("has no e-mail" if is_nameless else "another user's profile") in str(performance.problem)


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
def test_a_life_continues_after_a_failed_sign_up_or_log_in(name: str, on: bool) -> None:
    shop = Shop()
    shop.answers["get_user"] = partial(_raise, ScriptError("down"))
    shop.answers["login"] = partial(_raise, ScriptError("down"))
    performance = played(name, on=on, database=lambda: shop)
    assert performance.was_played
    assert performance.left_behind == ()


def _raise(error: Exception, *_: object) -> object:
    raise error


def test_a_disposable_store_is_written_to_and_not_cleaned() -> None:
    performance = played("sign-up", on=False, database=Shop, writes=False, is_thrown_away=True)
    assert operations(performance) == [SIGN_UP, "log_in login"]
    assert performance.left_behind == ()


def test_undocumented_behaviour_ends_a_scenario_with_a_message() -> None:
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


def test_the_seed_chooses_any_outage_but_a_hang() -> None:
    def remote(url: str) -> Shop:
        return Shop()

    ways = {_way(remote, random.Random(seed)) for seed in range(500)}
    assert ways == set(FAULTS) - {Situation.HANG}


def test_once_the_time_is_up_no_further_scenario_is_begun() -> None:
    first, *others = rehearse(setting(on=True, max_time=1e-9), SCENARIOS[:1] * 2)
    assert (first.was_played, first.problem) == (False, "the time limit of 1e-09 s for all scenarios was reached")
    assert [performance.problem for performance in others] == [first.problem]


def test_progress_is_reported_for_each_scenario() -> None:
    reported: list[str] = []
    rehearse(setting(on=True), SCENARIOS[:2], progress=lambda scenario: reported.append(scenario.name))
    assert reported == NAMES[:2]


def test_a_database_that_cannot_be_opened_ends_the_rehearsal() -> None:
    def opening() -> object:
        message = "no such store"
        raise OSError(message)

    with pytest.raises(DatabaseOpeningError, match="no such store"):
        played("first-log-in", on=True, database=opening)


def opening_once(times: int) -> Callable[[], Shop]:
    """Return a function that opens a shop a number of times and then fails."""
    shops = iter([Shop() for _ in range(times)])

    def opening() -> Shop:
        shop = next(shops, None)
        if shop is None:
            message = "too many connections"
            raise OSError(message)
        return shop

    return opening


def test_an_existing_user_is_known_by_every_id() -> None:
    shop = Shop()
    shop.more = {"id": 12}
    ids_of = partial(ids_of_known, connection=Connection(), timeout=20.0)
    ada = known_customer()

    assert ids_of(shop, [ada]) == {"shop-7", "12"}
    assert ids_of(shop, [KnownUser(email="nobody@example.com")]) == frozenset()
    assert ids_of(lambda: pytest.fail("nobody is asked for"), []) == frozenset()


def test_without_get_user_existing_users_are_recognised_by_logging_in() -> None:
    class WithoutGetUser:
        def login(self, identifier: str, password: str) -> object:
            return Shop().login(identifier, password)

    ids_of = partial(ids_of_known, WithoutGetUser(), connection=Connection(), timeout=20.0)

    assert ids_of([known_customer()]) == {"shop-7"}
    assert ids_of([KnownUser(email=ADA)]) == frozenset()


@pytest.mark.parametrize(("times", "name"), [(1, "first-log-in"), (2, "two-connections")])
def test_a_database_that_cannot_be_opened_again_is_a_reason(times: int, name: str) -> None:
    chosen = [find_scenario("first-log-in"), find_scenario(name)]
    first, second = rehearse(setting(on=True, writes=False, database=opening_once(times)), chosen)

    assert (first.was_played, first.problem) == (True, None)
    assert not second.was_played
    assert second.problem is not None
    assert "too many connections" in second.problem


def test_an_interrupt_ends_the_rehearsal_and_lists_the_remaining_users() -> None:
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


def test_an_interrupt_without_remaining_users_names_none() -> None:
    def play(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RehearsalInterrupted, match=r"the rehearsal was interrupted$"):
        rehearse(setting(on=False), [evolve(find_scenario("sign-up"), play=play)])
