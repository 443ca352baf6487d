"""The bookshop that ships with the package: a correct database, with customers of the example."""

from typing import Any

import pytest
from attrs import evolve

from customdb_contract import KnownUser, check
from customdb_contract.rehearsal import SCENARIOS, Scenario, Setting, bookshop, rehearse


def played(**changes: Any) -> list[tuple[str, bool]]:
    setting = Setting(
        database=bookshop.database,
        connection=bookshop.CONNECTION,
        users=bookshop.USERS,
        outage=bookshop.broken,
        is_thrown_away=True,
        **changes,
    )
    chosen: list[Scenario] = [scenario for scenario in SCENARIOS if not scenario.name.startswith("outage")]
    return [(performance.scenario.name, performance.problem is None) for performance in rehearse(setting, chosen)]


@pytest.mark.parametrize("seed", range(4))
def test_the_bookshop_plays_with_every_seed(seed: int) -> None:
    assert all(was_played for _, was_played in played(seed=seed))


@pytest.mark.parametrize("on", [True, False])
def test_the_bookshop_keeps_the_contract(on: bool) -> None:
    connection = evolve(bookshop.CONNECTION, import_mode=on, requires_username=not on)
    report = check(
        bookshop.Bookshop(), bookshop.USERS, connection=connection, outage=bookshop.broken, writes=True, hostile=False
    )
    assert report.ok, report
    # With import mode on, only an Action could restore the data that an interruption loses.
    assert [verdict.rule.name for verdict in report.verdicts if verdict.findings] == ["no-metadata-repair"] * on


def test_the_users_of_the_bookshop_are_those_of_the_example() -> None:
    create_store = pytest.importorskip("create_store")
    example = {customer.email: customer for customer in create_store.customers()}
    for user in bookshop.USERS:
        assert isinstance(user, KnownUser)
        assert user.email in example
        assert user.password is not None
        assert user.password.reveal() == example[user.email].password
        assert (user.username, user.disabled) == (example[user.email].username, example[user.email].disabled)
