"""The databases over HTTP pass the whole contract, each with a store on loopback: nothing is waived."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import settings

from customdb_contract import Connection, KnownUser
from customdb_contract.databases import (
    AsyncHttpDatabase,
    AsyncStormpathDatabase,
    HttpDatabase,
    StormpathDatabase,
)
from customdb_contract.testing import ContractSuite
from json_servers import JsonServer, running_json
from shop_api import ENDPOINTS, TOKEN, USERS, ShopApi
from sql_stores import PEOPLE
from stormpath_double import API_KEY, APPLICATION, StormpathDouble

pytestmark = [pytest.mark.databases, pytest.mark.untraced]

FEATURES: Final = ("signup", "reset", "verify", "change_email", "delete")

settings.register_profile("http", settings.get_profile("untimed"), max_examples=4, stateful_step_count=20)


@pytest.fixture(autouse=True)
def few_examples() -> Generator[None]:
    settings.load_profile("http")
    yield
    settings.load_profile("untimed")


class _OverHttp(ContractSuite):
    """The settings of all suites."""

    __test__ = False

    fail_on = "warning"
    # Enough for a busy machine.
    max_time = 1200.0
    require = ("callback", "outcome", "profile", "consistency", "security")

    def store(self, people: Sequence[KnownUser] = ()) -> Any:
        raise NotImplementedError

    def open(self, url: str, **settings: Any) -> Any:
        raise NotImplementedError

    @pytest.fixture
    def users(self) -> Sequence[KnownUser]:
        return PEOPLE

    @pytest.fixture
    def connection(self) -> Connection:
        return Connection(features=FEATURES, requires_username=False)

    @pytest.fixture
    def servers(self) -> Generator[Callable[[Any], JsonServer]]:
        with ExitStack() as stack:
            yield lambda store: stack.enter_context(running_json(store.answer))

    @pytest.fixture
    def database(self, servers: Callable[[Any], JsonServer]) -> Callable[[], Any]:
        url = servers(self.store(PEOPLE)).url
        return lambda: self.open(url)

    @pytest.fixture
    def stores(self) -> list[Any]:
        return []

    @pytest.fixture
    def fresh_database(self, servers: Callable[[Any], JsonServer], stores: list[Any]) -> Callable[[], Any]:
        def make() -> Any:
            stores.append(self.store())
            return self.open(servers(stores[-1]).url)

        return make

    @pytest.fixture
    def outage(self) -> Callable[[str], Any]:
        return lambda fault_url: self.open(fault_url, timeout=1)

    @pytest.fixture
    def inspect(self, stores: list[Any]) -> Callable[[str], Mapping[str, object] | None]:
        def look(email: str) -> Mapping[str, object] | None:
            found: list[Mapping[str, object] | None] = [store.find(email) for store in stores]
            return next(filter(None, found), None)

        return look


class TestHttp(_OverHttp):
    def store(self, people: Sequence[KnownUser] = ()) -> ShopApi:
        return ShopApi(people)

    def open(self, url: str, **settings: Any) -> Any:
        return HttpDatabase(url, ENDPOINTS, USERS, credentials=TOKEN, **settings)


class TestAsyncHttp(TestHttp):
    def open(self, url: str, **settings: Any) -> Any:
        return AsyncHttpDatabase(url, ENDPOINTS, USERS, credentials=TOKEN, **settings)


class TestStormpathDouble(_OverHttp):
    @pytest.fixture
    def users(self) -> Sequence[KnownUser]:
        profile = {"user_id": "sp-3apenYvL0Z9v9sp1", "email_verified": True, "app_metadata": {"plan": "patron"}}
        return [evolve(PEOPLE[0], profile=profile), *PEOPLE[1:]]

    def store(self, people: Sequence[KnownUser] = ()) -> StormpathDouble:
        return StormpathDouble(people)

    def open(self, url: str, **settings: Any) -> Any:
        return StormpathDatabase(url + APPLICATION, API_KEY, user_id_prefix="sp-", **settings)


class TestAsyncStormpathDouble(TestStormpathDouble):
    def open(self, url: str, **settings: Any) -> Any:
        return AsyncStormpathDatabase(url + APPLICATION, API_KEY, user_id_prefix="sp-", **settings)
