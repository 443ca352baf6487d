"""Rows, keys and addresses of a database over SQL, one value at a time."""

import asyncio
import importlib
import importlib.util
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy
from attrs import evolve
from sqlalchemy import PoolProxiedConnection, QueuePool, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError

from customdb_contract import Declined, Done, Failed, Found, NotFound, databases
from customdb_contract.databases import (
    AsyncSqlDatabase,
    Flag,
    InMemoryDatabase,
    InMemoryUser,
    Join,
    SqlDatabase,
    SqlUsers,
)
from customdb_contract.databases._store import Change, StoreError
from customdb_contract.databases._styles import finished
from customdb_contract.databases.sql import _transactions
from customdb_contract.databases.sql._engines import _limits, async_engine, sync_engine
from customdb_contract.databases.sql._fitting import fit
from customdb_contract.databases.sql._psycopg import LimitedConnection
from customdb_contract.databases.sql._rows import Accounts, key_text
from customdb_contract.databases.sql._statements import Statements
from customdb_contract.databases.sql._transactions import AsyncTransactions, SyncTransactions
from customdb_contract.errors import ConfigurationError
from sql_stores import ENGINES, PASSWORDS, Engine

pytestmark = pytest.mark.databases

USERS: Final = SqlUsers(table="users", user_id="id", email="email", password="hash")
ROW: Final = {"id": 7, "email": "ada@example.com", "hash": "x"}


def profile_of(value: object, **mapping: Any) -> Mapping[str, object]:
    users = SqlUsers(table="users", user_id="id", email="email", password="hash", **mapping)
    return Accounts(users).of(ROW | {"column": value}).profile


# Values


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("text", "text"),
        (True, True),
        (7, 7),
        (Decimal("7.00"), 7),
        (Decimal("7.25"), 7.25),
        (0.5, 0.5),
        (datetime(2026, 8, 1, 12, tzinfo=UTC), "2026-08-01T12:00:00+00:00"),
        (date(2026, 8, 1), "2026-08-01"),
        (time(12, 30), "12:30:00"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (["a"], ["a"]),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_a_value_becomes_json(stored: object, told: object) -> None:
    found = profile_of(stored, fields={"given": "column"})["given"]

    assert (found, type(found)) == (told, type(told))


@pytest.mark.parametrize("stored", [float("nan"), float("inf"), Decimal("NaN"), b"bytes", object()])
def test_a_value_that_is_no_json_is_an_error_that_names_the_user_and_the_column(stored: object) -> None:
    with pytest.raises(StoreError, match="The user 7 has no usable value in the column column"):
        profile_of(stored, fields={"given": "column"})


@pytest.mark.parametrize(("stored", "told"), [("Y", True), ("N", False), (None, None)])
def test_a_flag_is_true_false_or_left_out(stored: object, told: object) -> None:
    assert profile_of(stored, fields={"subscribed": Flag("column", true="Y", false="N")}).get("subscribed") is told


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize(("stored", "lets_in"), [("Y", True), ("N", False), (None, None)])
def test_a_flag_decides_whether_null_refuses_a_user(stored: object, lets_in: bool | None, null: bool) -> None:
    active = Flag("column", true="N", false="Y", null=null)
    users = SqlUsers(table="users", user_id="id", email="email", password="hash", disabled=active)

    account = Accounts(users).of({"id": 7, "email": "ada@example.com", "hash": "x", "column": stored})

    assert account.is_disabled is (null if lets_in is None else not lets_in)


def test_a_phone_number_is_in_the_profile() -> None:
    assert profile_of("+441632960000", phone_number="column")["phone_number"] == "+441632960000"


def test_an_identifier_that_is_no_text_is_an_error() -> None:
    with pytest.raises(StoreError, match="in the column column"):
        profile_of(7, username="column")


@pytest.mark.parametrize("stored", [b"salt", bytearray(b"salt"), memoryview(b"salt")])
def test_a_salt_may_be_binary(stored: object) -> None:
    users = SqlUsers(table="users", user_id="id", email="email", password="hash", salt="salt")

    assert Accounts(users).of(ROW | {"salt": stored}).password.salt == b"salt"


def test_a_salt_of_another_type_is_an_error() -> None:
    users = SqlUsers(table="users", user_id="id", email="email", password="hash", salt="salt")

    with pytest.raises(StoreError, match="in the column salt"):
        Accounts(users).of(ROW | {"salt": 7})


@pytest.mark.parametrize(("key", "text"), [(7, "7"), (Decimal("7.0"), "7"), (UUID(int=7), str(UUID(int=7)))])
def test_a_key_has_one_text(key: object, text: str) -> None:
    assert key_text(key) == text


# Tables


@pytest.fixture
def store(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that creates a SQLite database and returns its address."""

    def make(script: str) -> str:
        path = tmp_path / "shop.sqlite3"
        with sqlite3.connect(path) as connection:
            connection.executescript(script)
        connection.close()
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def sqlite(open_engine: Callable[[str], Engine]) -> Engine:
    return open_engine("sqlite")


COLUMNS: Final = "email TEXT UNIQUE, hash TEXT"


def test_a_key_may_be_a_text(store: Callable[[str], str]) -> None:
    url = store(
        f"CREATE TABLE users (id TEXT PRIMARY KEY, {COLUMNS}); INSERT INTO users VALUES ('a1', 'ada@example.com', 'x')"
    )
    with SqlDatabase(url, USERS, PASSWORDS) as database:
        assert database.delete("a2") == Done()
        assert database.get_user("ada@example.com") == Found({"user_id": "a1", "email": "ada@example.com"})
        assert database.delete("a1") == Done()
        assert database.get_user("ada@example.com") == NotFound()


def test_a_key_may_be_a_uuid(open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine("postgresql")
    engine.execute(
        "CREATE TABLE keyed (id UUID PRIMARY KEY, email TEXT UNIQUE, hash TEXT);"
        f"INSERT INTO keyed VALUES ('{UUID(int=10)}', 'ada@example.com', 'x')"
    )
    with engine.database(evolve(USERS, table="keyed")) as database:
        for other in ("10", "not-a-uuid", str(UUID(int=11)), str(UUID(int=10)).upper()):
            assert database.delete(other) == Done()
        assert database.get_user("ada@example.com") == Found({"user_id": str(UUID(int=10)), "email": "ada@example.com"})
        assert database.delete(str(UUID(int=10))) == Done()
        assert database.get_user("ada@example.com") == NotFound()


def test_a_value_of_another_type_than_the_column_is_an_error(store: Callable[[str], str]) -> None:
    url = store(
        f"CREATE TABLE users (id INTEGER PRIMARY KEY, {COLUMNS}, since TIMESTAMP);"
        "INSERT INTO users VALUES (1, 'ada@example.com', 'x', 'long ago')"
    )
    users = SqlUsers(table="users", user_id="id", email="email", password="hash", fields={"since": "since"})
    with SqlDatabase(url, users, PASSWORDS) as database:
        found = database.get_user("ada@example.com")

    assert failure(found) == "A row of the user store has a value that is not of its column's type"


def failure(result: object) -> str:
    assert isinstance(result, Failed)
    return str(result.error)


def test_a_table_that_does_not_accept_a_user_is_an_error_and_no_duplicate(store: Callable[[str], str]) -> None:
    url = store(f"CREATE TABLE users (id INTEGER PRIMARY KEY, {COLUMNS}, since TEXT NOT NULL)")
    with SqlDatabase(url, USERS, PASSWORDS) as database:
        created = database.create({"email": "ada@example.com", "password": "pass phrase"})

    assert failure(created) == "The user store does not accept this user"


def test_a_flag_without_a_column_cannot_be_verified(store: Callable[[str], str]) -> None:
    url = store(
        f"CREATE TABLE users (id INTEGER PRIMARY KEY, {COLUMNS}); INSERT INTO users VALUES (1, 'ada@example.com', 'x')"
    )
    with SqlDatabase(url, USERS, PASSWORDS) as database:
        assert failure(database.verify("ada@example.com")) == "The user store has no column for email_verified"


def test_too_many_matching_rows_are_an_error(store: Callable[[str], str]) -> None:
    rows = ", ".join(f"({number}, 'ada@example.com', 'x')" for number in range(60))
    url = store(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, hash TEXT); "
        f"CREATE INDEX by_email ON users (LOWER(email)); INSERT INTO users VALUES {rows}"
    )
    with SqlDatabase(url, USERS, PASSWORDS) as database:
        found = database.get_user("ada@example.com")
        notes = database.notes

    assert failure(found) == "The user store has too many rows for one identifier"
    # An index that is not unique refuses no duplicate.
    assert any("unique" in note for note in notes)


def test_a_joined_table_may_refer_to_a_column_other_than_the_key(store: Callable[[str], str]) -> None:
    url = store(
        f"CREATE TABLE users (id INTEGER PRIMARY KEY, {COLUMNS}, number TEXT UNIQUE);"
        "CREATE TABLE details (number TEXT, plan TEXT);"
        "INSERT INTO users VALUES (1, 'ada@example.com', 'x', 'n1'), (2, 'grace@example.com', 'x', 'n2');"
        "INSERT INTO details VALUES ('n1', 'full'), ('n2', 'free')"
    )
    users = SqlUsers(
        table="users",
        user_id="id",
        email="email",
        password="hash",
        app_metadata={"plan": "details.plan"},
        joins=[Join("details", on={"number": "number"})],
        new_values={"number": lambda: "n3"},
    )
    with SqlDatabase(url, users, PASSWORDS) as database:
        assert database.delete("1") == Done()
        assert database.create({"email": "new@example.com", "password": "pass phrase"}) == Done()
        new, grace = database.get_user("new@example.com"), database.get_user("grace@example.com")

    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT number FROM details").fetchall() == [("n2",)]
    connection.close()
    assert isinstance(grace, Found)
    assert isinstance(new, Found)
    assert (grace.profile["app_metadata"], new.profile["app_metadata"]) == ({"plan": "free"}, {})


def test_a_row_of_a_joined_table_gets_the_number_that_the_store_gave_to_a_new_user(store: Callable[[str], str]) -> None:
    url = store(
        f"CREATE TABLE users (number INTEGER PRIMARY KEY, public_id TEXT UNIQUE, {COLUMNS});"
        "CREATE TABLE details (number INTEGER, plan TEXT);"
        "INSERT INTO users VALUES (41, 'a1', 'ada@example.com', 'x')"
    )
    users = SqlUsers(
        table="users",
        user_id="public_id",
        email="email",
        password="hash",
        app_metadata={"plan": "details.plan"},
        joins=[Join("details", on={"number": "number"})],
        new_values={"public_id": "b2", "details.plan": "free"},
    )
    with SqlDatabase(url, users, PASSWORDS) as database:
        assert database.create({"email": "new@example.com", "password": "pass phrase"}) == Done()
        new = database.get_user("new@example.com")

    assert new == Found({"user_id": "b2", "email": "new@example.com", "app_metadata": {"plan": "free"}})
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT number FROM details").fetchall() == [(42,)]
    connection.close()


def test_the_tables_are_looked_at_once(store: Callable[[str], str]) -> None:
    url = store(f"CREATE TABLE users (id INTEGER PRIMARY KEY, {COLUMNS})")

    async def run() -> tuple[tuple[str, ...], tuple[str, ...]]:
        database = AsyncSqlDatabase(url.replace("sqlite:", "sqlite+aiosqlite:"), USERS, PASSWORDS)
        before = database.notes
        async with database:
            await database.get_user("ada@example.com")
        async with database:
            return before, database.notes

    before, after = asyncio.run(run())
    assert (before, len(after) > 0) == ((), True)


def test_a_mapping_that_does_not_fit_is_an_error_on_entering_the_database_for_coroutines(sqlite: Engine) -> None:
    async def enter() -> None:
        async with sqlite.async_database(evolve(sqlite.shop(), table="nowhere")):
            raise AssertionError

    with pytest.raises(ConfigurationError, match="nowhere"):
        asyncio.run(enter())


def test_a_database_in_memory_has_no_pool() -> None:
    with pytest.raises(ConfigurationError, match="users"):
        SqlDatabase("sqlite://", USERS, PASSWORDS)


@pytest.mark.parametrize(("seconds", "looks"), [(0.0, 2), (2.4, 2), (2.6, 1)])
@pytest.mark.parametrize("waits", [False, True])
def test_a_dead_connection_is_replaced_while_half_of_the_time_is_left(
    waits: bool, seconds: float, looks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((1_000.0, 1_000.0 + seconds))
    monkeypatch.setattr(_transactions, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    seen: list[object] = []

    def look(connection: object) -> str:
        seen.append(connection)
        if len(seen) == 1:
            raise DBAPIError("SELECT 1", None, OSError("gone"), connection_invalidated=True)
        return "found"

    def read() -> str:
        engine = sync_engine(f"sqlite:///{tmp_path}/users", timeout=5.0, connections=1, connect_args={})
        try:
            return finished(SyncTransactions(engine, 5.0).read(look))
        finally:
            engine.dispose()

    async def read_waiting() -> str:
        engine = async_engine(f"sqlite+aiosqlite:///{tmp_path}/users", timeout=5.0, connections=1, connect_args={})
        try:
            return await AsyncTransactions(engine, 5.0).read(look)
        finally:
            await engine.dispose()

    with nullcontext() if looks == 2 else pytest.raises(StoreError):
        assert (asyncio.run(read_waiting()) if waits else read()) == "found"
    assert len(seen) == looks


@pytest.mark.parametrize(("seconds", "looks"), [(2.4, 1), (2.5, 0)])
def test_a_look_up_that_fails_by_the_cursor_is_run_by_sqlalchemy_while_half_of_the_time_is_left(
    seconds: float, looks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = iter((1_000.0, 1_000.0 + seconds))
    monkeypatch.setattr(_transactions, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(_transactions, "_BY_CURSOR", {"sqlite"})
    engine = sync_engine(f"sqlite:///{tmp_path}/users", timeout=5.0, connections=1, connect_args={})
    seen: list[object] = []

    def ask(connection: PoolProxiedConnection) -> str:
        connection.cursor().execute("SELECT nonsense")
        raise AssertionError

    def look(connection: object) -> str:
        seen.append(connection)
        return "found"

    with nullcontext() if looks else pytest.raises(StoreError):
        assert finished(SyncTransactions(engine, 5.0).look_up(ask, look)) == "found"
    engine.dispose()
    assert len(seen) == looks
    told = [] if looks else ["the user store failed: OperationalError, codes ('SQLITE_ERROR',)"]
    assert [record.getMessage() for record in caplog.records] == told


def test_a_look_up_that_fails_by_the_cursor_is_run_by_sqlalchemy_for_coroutines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_transactions, "_BY_CURSOR", {"sqlite"})

    async def look_up(statement: str) -> str:
        engine = async_engine(f"sqlite+aiosqlite:///{tmp_path}/users", timeout=5.0, connections=1, connect_args={})

        def ask(connection: PoolProxiedConnection) -> str:
            connection.cursor().execute(statement)
            return "by the cursor"

        try:
            return await AsyncTransactions(engine, 5.0).look_up(ask, lambda _: "by SQLAlchemy")
        finally:
            await engine.dispose()

    assert asyncio.run(look_up("SELECT 1")) == "by the cursor"
    assert asyncio.run(look_up("SELECT nonsense")) == "by SQLAlchemy"


@pytest.mark.parametrize("connections", [1, 7])
def test_a_pool_holds_as_many_connections_as_there_may_be(tmp_path: Path, connections: int) -> None:
    engine = sync_engine(f"sqlite:///{tmp_path}/users", timeout=2.5, connections=connections, connect_args={})

    assert isinstance(engine.pool, QueuePool)
    assert (engine.pool.size(), engine.pool.timeout()) == (connections, 2.5)
    with ExitStack() as stack:
        for _ in range(connections):
            stack.enter_context(engine.connect())
        assert engine.pool.checkedout() == connections
        engine.pool._timeout = 0
        with pytest.raises(NoConnectionLeftError):
            engine.connect()
    engine.dispose()


@pytest.mark.parametrize(("timeout", "connections"), [(0, 1), (-1, 1), (1, 0)])
def test_limits_too_small_for_any_query_are_refused(timeout: float, connections: int) -> None:
    said = f"timeout must be over 0 seconds, and connections 1 or more, got {timeout} and {connections}"

    for make in (sync_engine, async_engine):
        with pytest.raises(ConfigurationError) as refused:
            make("sqlite:///users", timeout=timeout, connections=connections, connect_args={})
        assert str(refused.value) == said


@pytest.mark.parametrize(
    ("driver", "limits"),
    [
        ("postgresql+psycopg2", {"connect_timeout": 3}),
        ("mssql+pymssql", {"login_timeout": 3, "timeout": 3}),
        ("mssql+pyodbc", {"timeout": 3}),
        ("oracle+oracledb", {}),
    ],
)
def test_each_driver_gets_its_own_limit_options(driver: str, limits: dict[str, object]) -> None:
    assert _limits(make_url(f"{driver}://user@host/name"), 3.0) == limits


def test_a_connection_of_psycopg_has_no_deadline_of_its_own() -> None:
    assert LimitedConnection.deadline == float("inf")


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_coroutines_find_and_change_users(name: str, open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine(name)

    async def run() -> tuple[object, object]:
        async with engine.async_database(engine.shop(full=True)) as database:
            return await database.get_user("ada"), await database.verify("nobody@example.com")

    found, verified = asyncio.run(run())
    assert isinstance(found, Found)
    assert verified == Declined()


def test_a_user_deleted_in_the_meantime_is_not_changed(sqlite: Engine) -> None:
    users = sqlite.shop(full=True)
    looked = sqlalchemy.create_engine(sqlite.url)
    with looked.begin() as connection:
        statements = Statements(fit(connection, users))
        row = statements.find(connection, "ada")
        assert row is not None
        connection.execute(sqlalchemy.text(f"DELETE FROM {users.table}"))
        assert not statements.change(connection, row, Change(email_verified=True))
    looked.dispose()


def test_without_a_status_column_every_user_logs_in() -> None:
    assert SqlUsers(table="users", user_id="id", email="email", password="hash", disabled=None).disabled == ()


# The module itself


def test_the_module_has_exactly_the_documented_names() -> None:
    assert set(databases.__all__) <= set(dir(databases))
    assert all(getattr(databases, name) is not None for name in databases.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'OracleDatabase'"):
        getattr(databases, "OracleDatabase")  # noqa: B009 - a type checker would refuse the plain form


def test_without_sqlalchemy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "customdb_contract.databases.sql"
    for module in [module for module in sys.modules if module.startswith(name)]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ConfigurationError, match=r"pip install 'customdb-contract\[sql\]'"):
        importlib.import_module(name)


def test_a_store_of_a_sync_database_never_waits() -> None:
    with pytest.raises(AssertionError, match="a store of a sync database waited"):
        finished(asyncio.sleep(0))


def test_users_in_memory_are_distinguished() -> None:
    ada = InMemoryUser(user_id="1", email="ada@example.com")

    assert InMemoryDatabase([ada]).users == (ada,)
    with pytest.raises(ConfigurationError, match="the user 2 has the id, or an identifier, of another user"):
        InMemoryDatabase([ada, InMemoryUser(user_id="2", email="ADA@example.com")])
    with pytest.raises(ConfigurationError, match="the user 3 needs an email, a username or a phone_number"):
        InMemoryUser(user_id="3")
