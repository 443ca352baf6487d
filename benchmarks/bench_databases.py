"""The cost of a database over SQL, compared with the query of the driver, and of parallel log-ins with their hashes."""

import asyncio
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, Final

import psycopg
import pymysql  # type: ignore[import-untyped]  # it has no types
import sqlalchemy
from attrs import frozen

from benchmarks.timing import Measured, call_by_call, ratio
from customdb_contract import Found
from customdb_contract.databases import AsyncSqlDatabase, SqlDatabase, SqlUsers
from customdb_contract.passwords import Bcrypt, Passwords
from mariadb import find_mariadb, run_mariadb
from postgres import DATABASE, find_postgres, run_postgres

_USERS: Final = 1_000
_AT_ONCE: Final = 64
_EMAIL: Final = "user500@example.com"
_PASSWORD: Final = "correct horse battery"
_PASSWORDS: Final = Passwords()
_COST: Final = 10
_ROUGH_COST: Final = 8
_CORES: Final = sorted(os.sched_getaffinity(0))

_MAPPING: Final = SqlUsers(
    table="customers",
    user_id="id",
    email="email",
    password="password_hash",
    email_verified="verified",
    fields={"given_name": "first_name"},
)
_TABLE: Final = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, email VARCHAR(254) NOT NULL, password_hash VARCHAR(255) NOT NULL,
    verified BOOLEAN NOT NULL, first_name VARCHAR(100)
)
"""
_ROW: Final = "INSERT INTO customers VALUES (:id, :email, :stored, TRUE, 'Ada')"
_QUERY: Final = "SELECT id, email, password_hash, verified, first_name FROM customers WHERE {} LIMIT 51"


@frozen
class _Server:
    """A server.

    Args:
        url: The address for synchronous calls.
        async_url: The address for coroutines.
        index: The unique expression of the table.
        condition: The condition that finds a user by e-mail.
        connect: Connects the bare driver.
    """

    url: str
    async_url: str
    index: str
    condition: str
    connect: Callable[[], Any]

    def fill(self, stored: str) -> None:
        """Create the table and its users, who all have the same password.

        Args:
            stored: The hash of the password.
        """
        users = [
            {"id": number, "email": f"User{number}@example.com", "stored": stored} for number in range(1, _USERS + 1)
        ]
        with sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool).begin() as connection:
            connection.execute(sqlalchemy.text(_TABLE))
            connection.execute(sqlalchemy.text(f"CREATE UNIQUE INDEX emails ON customers ({self.index})"))
            connection.execute(sqlalchemy.text(_ROW), users)


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios of each server on this machine, and print which servers are missing.

    Args:
        brief: Whether a rough result is enough.
    """
    stored = Bcrypt(cost=_ROUGH_COST if brief else _COST).hash(_PASSWORD)
    for name, (running, package, at_most) in {
        "PostgreSQL": (_postgres, "postgresql", 2.2),
        "MariaDB": (_mariadb, "mariadb-server", 2.0),
    }.items():
        what = f"get_user on {name}, in times of the same query by the bare driver"
        repeat = 500 if brief else 3000
        with _on_core(-1), running() as server:
            if server is None:
                print(f"databases on {name}: there is no {name} on this machine: apt-get install {package}")
                continue
            server.fill(stored)
            with _on_core(0):
                yield Measured(what, _times_of_the_driver(server, repeat, time.perf_counter), at_most=1.5)
        # Of the factor 1.9 on PostgreSQL, the statement takes 0.8 with its deadline, because its cursor already exists,
        # a connection of the pool 0.6, and comparing what was found and making a profile of it 0.5. When the server has
        # no core of its own, a call takes 1.6 times as long as the query on PostgreSQL, and 1.5 times on MariaDB.
        with _on_core(0), running() as server:
            assert server is not None
            server.fill(stored)
            ratio_without_server = _times_of_the_driver(server, repeat, time.process_time)
            yield Measured(f"{what}, without the server", ratio_without_server, at_most=at_most)
        with running() as server:
            assert server is not None
            server.fill(stored)
            yield Measured(
                f"{_AT_ONCE} log-ins at once on {name}, in times of the throughput of their hashes alone",
                _share_of_the_hashes(server, stored, repeat=3 if brief else 5),
                at_least=0.9,
            )


def _times_of_the_driver(server: _Server, repeat: int, clock: Callable[[], float]) -> float:
    query = _QUERY.format(server.condition)
    with closing(server.connect()) as driver, SqlDatabase(server.url, _MAPPING, _PASSWORDS) as database:

        def ask() -> object:
            with driver.cursor() as cursor:
                cursor.execute(query, (_EMAIL,))
                return cursor.fetchall()

        assert ask()
        assert isinstance(database.get_user(_EMAIL), Found)
        return call_by_call(partial(database.get_user, _EMAIL), ask, repeat=repeat, clock=clock)


@contextmanager
def _on_core(place: int) -> Generator[None]:
    """Keep this process, and a server that it starts meanwhile, on one core.

    If client and server have a core each, a query takes as long as on two idle machines, apart from the network. If
    they share one, the client waits for every answer, so its processor time is the same each time. Without this, chance
    decides which of the two is measured.

    Args:
        place: The index of the core among those available to this process.
    """
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_CORES[place]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _share_of_the_hashes(server: _Server, stored: str, repeat: int) -> float:
    database = AsyncSqlDatabase(server.async_url, _MAPPING, _PASSWORDS, timeout=60)

    async def log_in() -> None:
        calls = (database.login(f"user{number}@example.com", _PASSWORD) for number in range(1, _AT_ONCE + 1))
        assert all(isinstance(outcome, Found) for outcome in await asyncio.gather(*calls))

    async def only_hash() -> None:
        calls = (asyncio.to_thread(_PASSWORDS.verify, _PASSWORD, stored) for _ in range(_AT_ONCE))
        assert all(await asyncio.gather(*calls))

    with asyncio.Runner() as runner:
        try:
            # The first call inspects the tables and connects.
            runner.run(log_in())
            return ratio(lambda: runner.run(only_hash()), lambda: runner.run(log_in()), repeat=repeat)
        finally:
            runner.run(database.close())


@contextmanager
def _postgres() -> Generator[_Server | None]:
    programs = find_postgres()
    if programs is None:
        yield None
        return
    with run_postgres(programs, "") as server:
        url = f"postgresql+psycopg://shop@127.0.0.1:{server.port}/{DATABASE}"
        connect = partial(
            psycopg.connect, host="127.0.0.1", port=server.port, user="shop", dbname=DATABASE, autocommit=True
        )
        yield _Server(url, url, "LOWER(email)", "LOWER(email) = LOWER(%s)", connect)


@contextmanager
def _mariadb() -> Generator[_Server | None]:
    programs = find_mariadb()
    if programs is None:
        yield None
        return
    with run_mariadb(programs) as server:
        place = f"shop@127.0.0.1:{server.port}/shop?charset=utf8mb4"
        connect = partial(
            pymysql.connect, host="127.0.0.1", port=server.port, user="shop", database="shop", autocommit=True
        )
        yield _Server(f"mysql+pymysql://{place}", f"mysql+asyncmy://{place}", "email", "email = %s", connect)
