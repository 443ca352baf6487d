"""Each reference database over its own store with the same users, ready to receive a flaw and be checked."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import evolve
from typing_extensions import override

from customdb_contract import Connection, KnownUser, Report, check
from customdb_contract.databases import (
    HttpDatabase,
    HttpEndpoints,
    InMemoryDatabase,
    InMemoryUser,
    MongoDatabase,
    SqlDatabase,
)
from customdb_contract.passwords import Passwords
from doubles.mongod import running_mongod_double
from json_servers import running_json
from mongo_shop import ADA, MongoShop
from shop_api import ENDPOINTS, TOKEN, USERS, ShopApi
from sql_stores import PASSWORDS, PEOPLE, running

__all__ = ["BENCHES", "Bench", "OnMongo", "OnSqlite", "OverHttp", "running_bench"]

# bcrypt stores no password of more than 72 bytes, and the memory has no other format.
_SHORT: Final = [person for person in PEOPLE if person.email != "alan.turing@example.com"]


class Bench(ABC):
    """A reference database.

    Attributes:
        mapping: The mapping of the store's fields, for databases that need one.
        passwords: The password formats.
        people: The known users.
    """

    mapping: Any = None
    passwords: Passwords = PASSWORDS
    people: Sequence[KnownUser] = PEOPLE

    @abstractmethod
    def database(self) -> Any:
        """Return the database."""

    @abstractmethod
    def outage(self) -> Any:
        """Return the same database with an unreachable store."""

    def report(self) -> Report:
        """Check the database: reading, writing, and with an unreachable store."""
        with ExitStack() as opened:
            databases = [
                opened.enter_context(one) if hasattr(one, "__enter__") else one
                for one in (self.database(), self.outage())
            ]
            return check(
                databases[0],
                self.people,
                connection=Connection(features=("signup", "reset", "verify", "change_email", "delete")),
                outage=databases[1],
                writes=True,
                wrong_passwords=4,
                max_time=600,
            )


class InMemory(Bench):
    """In memory, without a server."""

    people = _SHORT

    def __init__(self, _: ExitStack, __: Path) -> None:
        pass

    def users(self) -> list[InMemoryUser]:
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
            for key, person in enumerate(self.people, start=1)
        ]

    @override
    def database(self) -> Any:
        return InMemoryDatabase(self.users(), passwords=self.passwords)

    @override
    def outage(self) -> Any:
        return InMemoryDatabase(self.users(), passwords=self.passwords, is_reachable=False)


class OnSqlite(Bench):
    """On SQLite, with a file."""

    def __init__(self, opened: ExitStack, folder: Path) -> None:
        self.engine = opened.enter_context(running("sqlite", folder))
        self.mapping = self.engine.shop(full=True)

    @override
    def database(self) -> Any:
        return self._at(self.engine.url)

    @override
    def outage(self) -> Any:
        return self._at(f"{self.engine.url}/is-a-file/shop.sqlite3")

    def _at(self, url: str) -> Any:
        return SqlDatabase(url, self.mapping, self.passwords)


class OnMongo(Bench):
    """On the test double of MongoDB."""

    people = (evolve(PEOPLE[0], profile={**PEOPLE[0].profile, "user_id": f"shop-{ADA}"}), *PEOPLE[1:])

    def __init__(self, opened: ExitStack, _: Path) -> None:
        self.shop = MongoShop(opened.enter_context(running_mongod_double()))
        self.mapping = self.shop.users(full=True)

    @override
    def database(self) -> Any:
        return self._at(self.shop.double.url, 5)

    @override
    def outage(self) -> Any:
        return self._at(f"mongodb://127.0.0.1:{_free_port()}/shop", 0.1)

    def _at(self, url: str, timeout: float) -> Any:
        return MongoDatabase(url, self.mapping, self.passwords, timeout=timeout)


class OverHttp(Bench):
    """Over an API that checks passwords itself."""

    endpoints: HttpEndpoints = ENDPOINTS

    def __init__(self, opened: ExitStack, _: Path) -> None:
        self.mapping = USERS
        self.api = ShopApi(PEOPLE)
        self.url = opened.enter_context(running_json(self.api.answer)).url

    @override
    def database(self) -> Any:
        return self._at(self.url, 5)

    @override
    def outage(self) -> Any:
        def at_a_fault(fault_url: str) -> Any:
            return self._at(fault_url, 0.6)

        return at_a_fault

    def _at(self, url: str, timeout: float) -> Any:
        return HttpDatabase(url, self.endpoints, self.mapping, credentials=TOKEN, timeout=timeout)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


BENCHES: Final[dict[str, Callable[[ExitStack, Path], Bench]]] = {
    "memory": InMemory,
    "sqlite": OnSqlite,
    "mongodb double": OnMongo,
    "http": OverHttp,
}


@contextmanager
def running_bench(name: str, folder: Path) -> Generator[Bench]:
    """Open a database's store while a test runs."""
    with ExitStack() as opened:
        yield BENCHES[name](opened, folder)
