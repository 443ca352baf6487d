"""The databases over the tables of ASP.NET pass the whole contract: nothing is waived.

SQLite and PostgreSQL are real; SQL Server is a wire-level double behind a real driver.
"""

import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar, Final

import pytest
import sqlalchemy
from hypothesis import settings
from typing_extensions import override

from aspnet_stores import SYSTEMS, AspNet, Store
from customdb_contract import Connection, KnownUser
from customdb_contract.testing import ContractSuite

pytestmark = [pytest.mark.databases, pytest.mark.untraced]

FEATURES: Final = ("signup", "reset", "verify", "change_email", "delete")

settings.register_profile("aspnet", settings.get_profile("untimed"), max_examples=3, stateful_step_count=15)


@pytest.fixture(autouse=True)
def few_examples() -> Generator[None]:
    settings.load_profile("aspnet")
    yield
    settings.load_profile("untimed")


class _Suite(ContractSuite):
    __test__ = False

    fail_on = "warning"
    # Enough for a busy machine.
    max_time = 1200.0
    require = ("callback", "outcome", "profile", "consistency", "security")
    store_name: ClassVar[str]
    system_name: ClassVar[str]

    @pytest.fixture
    def make(self, open_store: Callable[[str], Store]) -> Callable[..., AspNet]:
        store, system = open_store(self.store_name), SYSTEMS[self.system_name]
        return lambda *, full=False: system.made(store, self.system_name, full=full)

    @pytest.fixture
    def users(self) -> Sequence[KnownUser]:
        return SYSTEMS[self.system_name].people

    @pytest.fixture
    @override
    def connection(self) -> Connection:
        return Connection(features=FEATURES, requires_username=SYSTEMS[self.system_name].has_usernames)

    @pytest.fixture
    def database(self, make: Callable[..., AspNet]) -> Callable[[], Any]:
        made = make(full=True)
        return made.open

    @pytest.fixture
    def shops(self) -> list[AspNet]:
        return []

    @pytest.fixture
    @override
    def fresh_database(self, make: Callable[..., AspNet], shops: list[AspNet]) -> Callable[[], Any]:
        def open_another() -> Any:
            shops.append(make())
            return shops[-1].open(connections=2)

        return open_another

    @pytest.fixture
    @override
    def outage(self, make: Callable[..., AspNet]) -> Any:
        made = make()
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = int(free.getsockname()[1])
        url = sqlalchemy.make_url(made.url)
        gone = url.set(database=f"{url.database}/is-a-file/db") if self.store_name == "sqlite" else url.set(port=port)
        return lambda: made.open(gone.render_as_string(hide_password=False), timeout=1)

    @pytest.fixture
    @override
    def inspect(self, shops: list[AspNet]) -> Callable[[str], Mapping[str, object] | None]:
        table, column = {
            "universal": ("Memberships", "Email"),
            "classic": ("aspnet_Membership", "Email"),
            "simple": ("UserProfile", "UserName"),
        }.get(self.system_name, ("AspNetUsers", "Email"))

        def look(email: str) -> Mapping[str, object] | None:
            query = f"SELECT * FROM [{table}] WHERE lower([{column}]) = lower(:email)"
            found = (shop.rows(query, email=email) for shop in shops)
            return next((rows[0] for rows in found if rows), None)

        return look


class TestUniversalProvidersOnSqlite(_Suite):
    store_name, system_name = "sqlite", "universal"


class TestUniversalProvidersOnTheDouble(_Suite):
    store_name, system_name = "double", "universal"


class TestSqlMembershipProviderOnTheDouble(_Suite):
    store_name, system_name = "double", "classic"


class TestSimpleMembershipOnSqlite(_Suite):
    store_name, system_name = "sqlite", "simple"


class TestSimpleMembershipOnTheDouble(_Suite):
    store_name, system_name = "double", "simple"


class TestIdentity2OnTheDouble(_Suite):
    store_name, system_name = "double", "identity 2"


class TestIdentityCoreOnSqlite(_Suite):
    store_name, system_name = "sqlite", "identity core with e-mails"


class TestIdentityCoreOnPostgresql(_Suite):
    store_name, system_name = "postgresql", "identity core with e-mails"


class TestIdentityCoreOnTheDouble(_Suite):
    store_name, system_name = "double", "identity core"
