"""Every reference database passes the whole contract: nothing is waived.

SQL runs on the real engines, MongoDB's real driver on a test double of the server.
"""

import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar, Final

import pytest
from attrs import evolve
from hypothesis import settings

from customdb_contract import Connection, KnownUser
from customdb_contract.databases import InMemoryDatabase, InMemoryUser
from customdb_contract.testing import ContractSuite
from mongo_shop import ADA, MongoShop
from sql_stores import PASSWORDS, PEOPLE, Engine

pytestmark = pytest.mark.databases

FEATURES: Final = ("signup", "reset", "verify", "change_email", "delete")

settings.register_profile("databases", settings.get_profile("untimed"), max_examples=4, stateful_step_count=20)


@pytest.fixture(autouse=True)
def few_examples() -> Generator[None]:
    settings.load_profile("databases")
    yield
    settings.load_profile("untimed")


class _Suite(ContractSuite):
    """The settings of all suites."""

    __test__ = False

    fail_on = "warning"
    # Enough for a busy machine.
    max_time = 1200.0
    require = ("callback", "outcome", "profile", "consistency", "security")

    @pytest.fixture
    def users(self) -> Sequence[KnownUser]:
        return PEOPLE

    @pytest.fixture
    def connection(self) -> Connection:
        return Connection(features=FEATURES, requires_username=False)


class _OnAnEngine(_Suite):
    """A database over SQL."""

    __test__ = False

    engine_name: ClassVar[str]

    @pytest.fixture
    def engine(self, open_engine: Callable[[str], Engine]) -> Engine:
        return open_engine(self.engine_name)

    def make(self, engine: Engine, users: Any, **keywords: Any) -> Any:
        return engine.database(users, **keywords)

    @pytest.fixture
    def database(self, engine: Engine) -> Callable[[], Any]:
        users = engine.shop(full=True)
        return lambda: self.make(engine, users)

    @pytest.fixture
    def shops(self) -> list[str]:
        return []

    @pytest.fixture
    def fresh_database(self, engine: Engine, shops: list[str]) -> Callable[[], Any]:
        def make() -> Any:
            users = engine.shop()
            shops.append(users.table)
            return self.make(engine, users, connections=2)

        return make

    @pytest.fixture
    def outage(self, engine: Engine) -> Any:
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = int(free.getsockname()[1])
        users = engine.shop()
        return lambda: self.make(engine.at(port), users, timeout=1)

    @pytest.fixture
    def inspect(self, engine: Engine, shops: list[str]) -> Callable[[str], Mapping[str, object] | None]:
        def look(email: str) -> Mapping[str, object] | None:
            found = (
                engine.rows(f"SELECT * FROM {shop} WHERE LOWER(email) = LOWER(:email)", email=email) for shop in shops
            )
            return next((rows[0] for rows in found if rows), None)

        return look


def nowhere(url: str) -> str:
    return f"{url}/is-a-file/shop.sqlite3"


class TestSqlite(_OnAnEngine):
    engine_name = "sqlite"

    @pytest.fixture
    def outage(self, engine: Engine) -> Any:
        users = engine.shop()
        return lambda: self.make(
            evolve(engine, url=nowhere(engine.url), async_url=nowhere(engine.async_url)), users, timeout=1
        )


class TestAsyncSqlite(TestSqlite):
    def make(self, engine: Engine, users: Any, **keywords: Any) -> Any:
        return engine.async_database(users, **keywords)


@pytest.mark.untraced
class TestPostgresql(_OnAnEngine):
    engine_name = "postgresql"


@pytest.mark.untraced
class TestAsyncPostgresql(TestPostgresql):
    def make(self, engine: Engine, users: Any, **keywords: Any) -> Any:
        return engine.async_database(users, **keywords)


@pytest.mark.untraced
class TestMariadb(_OnAnEngine):
    engine_name = "mariadb"


@pytest.mark.untraced
class TestAsyncMariadb(TestMariadb):
    def make(self, engine: Engine, users: Any, **keywords: Any) -> Any:
        return engine.async_database(users, **keywords)


# bcrypt stores no password of more than 72 bytes.
SHORT: Final = [person for person in PEOPLE if person.email != "alan.turing@example.com"]


def remembered() -> list[InMemoryUser]:
    return [
        InMemoryUser(
            user_id=f"shop-{key}",
            email=person.email,
            username=person.username,
            password_hash=PASSWORDS.hash(str(person.password and person.password.reveal())),
            email_verified=bool(person.profile.get("email_verified")),
            disabled=person.disabled,
            profile={"given_name": "Ada", "app_metadata": {"plan": "patron"}, "user_metadata": {"language": "en"}},
        )
        for key, person in enumerate(SHORT, start=1)
    ]


class TestInMemory(_Suite):
    @pytest.fixture
    def users(self) -> Sequence[KnownUser]:
        return SHORT

    @pytest.fixture
    def database(self) -> InMemoryDatabase:
        return InMemoryDatabase(remembered(), passwords=PASSWORDS)

    @pytest.fixture
    def fresh_database(self) -> Callable[[], InMemoryDatabase]:
        return lambda: InMemoryDatabase(passwords=PASSWORDS)

    @pytest.fixture
    def outage(self) -> InMemoryDatabase:
        return InMemoryDatabase(remembered(), passwords=PASSWORDS, is_reachable=False)


class TestOnADoubleOfMongodb(_Suite):
    @pytest.fixture
    def users(self) -> Sequence[KnownUser]:
        ada, *others = PEOPLE
        return [evolve(ada, profile={**ada.profile, "user_id": f"shop-{ADA}"}), *others]

    def make(self, mongo_shop: MongoShop, users: Any, **keywords: Any) -> Any:
        return mongo_shop.database(users, **keywords)

    @pytest.fixture
    def database(self, mongo_shop: MongoShop) -> Callable[[], Any]:
        users = mongo_shop.users(full=True)
        return lambda: self.make(mongo_shop, users)

    @pytest.fixture
    def collections(self) -> list[str]:
        return []

    @pytest.fixture
    def fresh_database(self, mongo_shop: MongoShop, collections: list[str]) -> Callable[[], Any]:
        def make() -> Any:
            users = mongo_shop.users()
            collections.append(users.collection)
            return self.make(mongo_shop, users)

        return make

    @pytest.fixture
    def outage(self, mongo_shop: MongoShop) -> Any:
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = int(free.getsockname()[1])
        users = mongo_shop.users()
        return lambda: self.make(mongo_shop, users, url=f"mongodb://127.0.0.1:{port}/shop", timeout=1)

    @pytest.fixture
    def inspect(self, mongo_shop: MongoShop, collections: list[str]) -> Callable[[str], Mapping[str, object] | None]:
        def look(email: str) -> Mapping[str, object] | None:
            query = {"contact.email": email}
            caseless = {"locale": "en", "strength": 2}
            found = (mongo_shop.double.collection(name).find(query, caseless) for name in collections)
            return next((documents[0] for documents in found if documents), None)

        return look


class TestAsyncOnADoubleOfMongodb(TestOnADoubleOfMongodb):
    def make(self, mongo_shop: MongoShop, users: Any, **keywords: Any) -> Any:
        return mongo_shop.async_database(users, **keywords)
