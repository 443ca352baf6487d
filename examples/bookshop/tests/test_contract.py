"""The bookshop's custom database keeps Auth0's contract: every rule is a test of `pytest examples/bookshop`."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from correct import Bookshop
from create_store import ensure_store
from customdb_contract import Connection, KnownUser
from customdb_contract.testing import ContractSuite, assert_consistent

USERS: Final = [
    KnownUser(
        email="Ada.Lovelace@Example.com",
        username="ada",
        password="weaving algebraic patterns",
        profile={"email_verified": True, "given_name": "Ada", "app_metadata": {"membership": "patron"}},
    ),
    KnownUser(
        email="grace.hopper@example.com",
        password="nanosecond of wire",
        profile={"email_verified": False, "given_name": "Grace"},
    ),
    KnownUser(
        email="alan.turing@example.com",
        password="we can only see a short distance ahead, but we can see plenty there that needs to be done",
    ),
    KnownUser(email="charles.babbage@example.com", password="ninety-six wheels", disabled=True),
]


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Bookshop]:
    """Return a function that opens the shop: the check calls it on the thread where the scripts run."""
    return functools.partial(Bookshop, ensure_store(tmp_path_factory.mktemp("store") / "bookshop.sqlite3"))


class TestBookshop(ContractSuite):
    """Every rule of the contract."""

    require = ("profile", "consistency", "security")

    @pytest.fixture
    def users(self) -> list[KnownUser]:
        """Return people who are in the store."""
        return USERS

    @pytest.fixture
    def connection(self) -> Connection:
        """Return the settings of the connection."""
        return Connection(name="bookshop", import_mode=True)

    @pytest.fixture
    def outage(self, tmp_path: Path) -> Bookshop:
        """Return the shop without its store."""
        return Bookshop(tmp_path / "no-such-folder" / "bookshop.sqlite3")


def test_a_sample_of_customers_has_consistent_profiles(database: Callable[[], Bookshop]) -> None:
    """Nobody's password is needed for this, so the sample can be large."""
    assert_consistent(database, [user.email for user in USERS if user.email], connection=Connection(import_mode=True))
