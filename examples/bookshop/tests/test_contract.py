"""The bookshop's custom database conforms to Auth0's contract: every rule is a test of `pytest examples/bookshop`."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from accounts import Accounts
from correct import Bookshop
from create_store import create_empty_store, ensure_store
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
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a separate store for these tests."""
    return ensure_store(tmp_path_factory.mktemp("store") / "bookshop.sqlite3")


class TestBookshop(ContractSuite):
    """Every rule of the contract."""

    require = ("profile", "consistency", "security")

    @pytest.fixture
    def database(self, store: Path) -> Callable[[], Bookshop]:
        """Return a function that opens the shop: the check calls it on the thread where the scripts run."""
        return partial(Bookshop, store)

    @pytest.fixture
    def users(self) -> list[KnownUser]:
        """Return users that are in the store."""
        return USERS

    @pytest.fixture
    def connection(self) -> Connection:
        """Return the settings of the connection."""
        return Connection(name="bookshop", import_mode=True)

    @pytest.fixture
    def outage(self, tmp_path: Path) -> Bookshop:
        """Return the shop with an unreachable store."""
        return Bookshop(tmp_path / "no-such-folder" / "bookshop.sqlite3")


class QuickAccounts(Accounts):
    """The shop with a store that doesn't have to survive a power cut, so no write waits for the disk."""

    def _open(self) -> sqlite3.Connection:
        connection = super()._open()
        connection.execute("PRAGMA synchronous = OFF")
        return connection


class TestAccountsBeforeTheMove(ContractSuite):
    """Every rule of the contract while customers still sign up in the shop, including the scripts that write."""

    require = ("profile", "consistency", "security")

    @pytest.fixture
    def database(self, store: Path) -> Callable[[], Accounts]:
        """Return a function that opens the shop. Writes go only to the fresh database."""
        return partial(Accounts, store)

    @pytest.fixture
    def users(self) -> list[KnownUser]:
        """Return users that are in the store."""
        return USERS

    @pytest.fixture
    def connection(self) -> Connection:
        """Return the settings of the connection."""
        return Connection(name="bookshop", features=["signup", "reset", "verify", "change_email", "delete"])

    @pytest.fixture
    def outage(self, tmp_path: Path) -> Accounts:
        """Return the shop with an unreachable store."""
        return Accounts(tmp_path / "no-such-folder" / "bookshop.sqlite3")

    @pytest.fixture
    def fresh_database(self, tmp_path: Path) -> Callable[[], Accounts]:
        """Return a function that opens a new shop without customers each time."""
        numbers = count()
        return lambda: QuickAccounts(create_empty_store(tmp_path / f"{next(numbers)}.sqlite3"))

    @pytest.fixture
    def inspect(self, tmp_path: Path) -> Callable[[str], Mapping[str, object] | None]:
        """Return a function that looks up a customer in the fresh shops, bypassing the scripts."""
        return lambda email: next(filter(None, (row_of(email, path) for path in tmp_path.glob("*.sqlite3"))), None)


def row_of(email: str, store: Path) -> Mapping[str, object] | None:
    """Return the row of a customer, or None."""
    with closing(sqlite3.connect(store)) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT * FROM customers WHERE LOWER(email) = LOWER(?)", (email,)).fetchone()
    return None if row is None else dict(row)


def test_a_sample_of_customers_has_consistent_profiles(store: Path) -> None:
    """This needs no passwords, so the sample can be large."""
    database = partial(Bookshop, store)
    assert_consistent(database, [user.email for user in USERS if user.email], connection=Connection(import_mode=True))
