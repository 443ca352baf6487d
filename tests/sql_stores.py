"""Stores of users on real engines: the same shop in SQLite, PostgreSQL and MariaDB."""

import hashlib
from base64 import b64encode
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy
from attrs import evolve, field, frozen

from customdb_contract import KnownUser
from customdb_contract.databases import AsyncSqlDatabase, Join, SqlDatabase, SqlUsers
from customdb_contract.passwords import Bcrypt, Passwords
from mariadb import find_mariadb, run_mariadb
from postgres import DATABASE, find_postgres, run_postgres

__all__ = ["ENGINES", "PASSWORDS", "PEOPLE", "Engine", "hashed", "running"]

PASSWORDS: Final = Passwords(new=Bcrypt(cost=4))
"""Cheap hashes: the cost of a hash does not matter here."""

_LONG: Final = "we can only see a short distance ahead, but we can see plenty there that needs to be done"

PEOPLE: Final = [
    KnownUser(
        email="Ada.Lovelace@Example.com",
        username="ada",
        password="weaving algebraic patterns",
        profile={
            "user_id": "shop-1",
            "email_verified": True,
            "given_name": "Ada",
            "app_metadata": {"plan": "patron"},
            "user_metadata": {"language": "en"},
        },
    ),
    KnownUser(email="grace.hopper@example.com", password="nanosecond of wire", profile={"email_verified": False}),
    KnownUser(email="alan.turing@example.com", password=_LONG),
    KnownUser(email="charles.babbage@example.com", password="ninety-six wheels", disabled=True),
    KnownUser(email="jörg.müller@example.com", username="jörg", password="Über allen Gipfeln ist Ruh"),
]
"""The users of a filled store, in the order of their keys."""

_TABLES: Final = """
CREATE TABLE customers{n} (
    id {key}, email {name} NOT NULL, username {name}, password_hash VARCHAR(255) NOT NULL,
    verified BOOLEAN NOT NULL, disabled BOOLEAN DEFAULT {no} NOT NULL, created_by VARCHAR(20) NOT NULL
);
CREATE TABLE details{n} (customer_id INTEGER PRIMARY KEY, first_name VARCHAR(100), plan VARCHAR(20), settings {json});
"""
_ON_LOWER: Final = """
CREATE UNIQUE INDEX customers_email{n} ON customers{n} (LOWER(email));
CREATE UNIQUE INDEX customers_username{n} ON customers{n} (LOWER(username));
"""
_ON_COLUMN: Final = """
CREATE UNIQUE INDEX customers_email{n} ON customers{n} (email);
CREATE UNIQUE INDEX customers_username{n} ON customers{n} (username);
"""


@frozen
class Engine:
    """A database on one engine.

    Args:
        url: The address for plain calls.
        async_url: The address for coroutines.
        ddl: The shop's tables; `{n}` is replaced by a number, one for each shop.
        server: The server that can be killed and started, or None.
    """

    url: str
    async_url: str
    ddl: str
    server: Any = None
    _numbers: Iterator[int] = field(factory=lambda: count(1))

    def execute(self, script: str, **values: object) -> None:
        """Run statements directly, bypassing the tested databases."""
        engine = sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(sqlalchemy.text(statement), values)

    def rows(self, query: str, **values: object) -> list[Mapping[str, Any]]:
        """Query the database directly, bypassing the tested databases."""
        engine = sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sqlalchemy.text(query), values).mappings()]

    def shop(self, *, full: bool = False) -> SqlUsers:
        """Create the tables of a shop, and return their mapping."""
        number = next(self._numbers)
        self.execute(self.ddl.format(n=number))
        if full:
            for key, person in enumerate(PEOPLE, start=1):
                self._add(number, key, person)
        return users_of(number)

    def _add(self, number: int, key: int, person: KnownUser) -> None:
        assert person.password is not None
        self.execute(
            f"INSERT INTO customers{number} (email, username, password_hash, verified, disabled, created_by) "
            "VALUES (:email, :username, :stored, :verified, :disabled, 'migration')",
            email=person.email,
            username=person.username,
            stored=hashed(person.password.reveal()),
            verified=bool(person.profile.get("email_verified")),
            disabled=person.disabled,
        )
        self.execute(
            f"INSERT INTO details{number} VALUES (:key, :first, 'patron', :settings)",
            key=key,
            first=person.profile.get("given_name"),
            settings='{"language": "en"}',
        )

    def database(self, users: SqlUsers, **settings: Any) -> SqlDatabase:
        """Return the custom database for plain calls."""
        return SqlDatabase(settings.pop("url", self.url), users, PASSWORDS, **settings)

    def async_database(self, users: SqlUsers, **settings: Any) -> AsyncSqlDatabase:
        """Return the custom database for coroutines."""
        return AsyncSqlDatabase(settings.pop("url", self.async_url), users, PASSWORDS, **settings)

    def at(self, port: int) -> "Engine":
        """Return the same with another port, on which something else answers."""
        moved = [
            sqlalchemy.make_url(url).set(port=port).render_as_string(hide_password=False)
            for url in (self.url, self.async_url)
        ]
        return evolve(self, url=moved[0], async_url=moved[1])


def users_of(number: int) -> SqlUsers:
    """Return the mapping of a shop's tables."""
    details = f"details{number}"
    return SqlUsers(
        table=f"customers{number}",
        user_id="id",
        user_id_prefix="shop-",
        email="email",
        username="username",
        password="password_hash",
        email_verified="verified",
        disabled="disabled",
        fields={"given_name": f"{details}.first_name"},
        app_metadata={"plan": f"{details}.plan"},
        user_metadata=f"{details}.settings",
        joins=[Join(details, on={"customer_id": "id"})],
        new_values={"created_by": "signup", f"{details}.plan": lambda: "none"},
    )


def hashed(password: str) -> str:
    """Return a hash as the shop stores it: bcrypt, or PBKDF2 if the password is too long for bcrypt."""
    if len(password) <= 72:
        return PASSWORDS.hash(password)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000)
    return f"pbkdf2_sha256$1000$salt${b64encode(digest).decode()}"


@contextmanager
def _sqlite(folder: Path) -> Generator[Engine]:
    path = folder / "shop.sqlite3"
    ddl = _TABLES + _ON_LOWER
    own = {"key": "INTEGER PRIMARY KEY AUTOINCREMENT", "name": "TEXT", "no": "FALSE", "json": "JSON", "n": "{n}"}
    yield Engine(f"sqlite:///{path}", f"sqlite+aiosqlite:///{path}", ddl.format(**own))


@contextmanager
def _postgres(folder: Path) -> Generator[Engine]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    own = {"key": "SERIAL PRIMARY KEY", "name": "VARCHAR(254)", "no": "FALSE", "json": "JSONB", "n": "{n}"}
    with run_postgres(programs, "") as server:
        url = f"postgresql+psycopg://shop@127.0.0.1:{server.port}/{DATABASE}"
        yield Engine(url, url, (_TABLES + _ON_LOWER).format(**own), server)


@contextmanager
def _mariadb(folder: Path) -> Generator[Engine]:
    programs = find_mariadb()
    if programs is None:
        pytest.skip("there is no MariaDB on this machine: apt-get install mariadb-server")
    own = {
        "key": "INTEGER PRIMARY KEY AUTO_INCREMENT",
        "name": "VARCHAR(254)",
        "no": "FALSE",
        "json": "JSON",
        "n": "{n}",
    }
    with run_mariadb(programs) as server:
        place = f"shop@127.0.0.1:{server.port}/shop?charset=utf8mb4"
        yield Engine(
            f"mysql+pymysql://{place}", f"mysql+asyncmy://{place}", (_TABLES + _ON_COLUMN).format(**own), server
        )


ENGINES: Final = {"sqlite": _sqlite, "postgresql": _postgres, "mariadb": _mariadb}


@contextmanager
def running(name: str, folder: Path) -> Generator[Engine]:
    """Run an engine, or skip the test if it is not installed."""
    with ENGINES[name](folder) as engine:
        yield engine
