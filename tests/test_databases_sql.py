"""How a database over SQL behaves when the store is down, slow, busy, unusual, or does not fit."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.databases import Flag, Join, SqlDatabase, SqlUsers
from customdb_contract.databases._identifiers import can_be_stored, lowered, same_identifier
from customdb_contract.databases._styles import finished
from customdb_contract.errors import ConfigurationError
from sql_stores import ENGINES, Engine, hashed

pytestmark = pytest.mark.databases
UNREACHABLE = "The user store cannot be reached"


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, open_engine: Callable[[str], Engine]) -> Engine:
    return open_engine(request.param)


@pytest.fixture
def sqlite(open_engine: Callable[[str], Engine]) -> Engine:
    return open_engine("sqlite")


def failure(result: object) -> str:
    assert isinstance(result, Failed)
    return str(result.error)


def profile(result: object) -> dict[str, Any]:
    assert isinstance(result, Found)
    return dict(result.profile)


@contextmanager
def silent_server() -> Generator[int]:
    """Accept every connection without ever responding."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield int(server.getsockname()[1])


def test_only_the_user_is_found_in_every_spelling(engine: Engine) -> None:
    with engine.database(engine.shop(full=True)) as database:
        for spelling in ("ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "ada", "Ada"):
            assert profile(database.get_user(spelling))["user_id"] == "shop-1"
        assert profile(database.get_user("jörg.müller@example.com"))["username"] == "jörg"
        for other in (
            "jorg.muller@example.com",
            "áda",
            "ada ",
            " ada",
            "a%",
            "ad_",
            "\u212agrace",
            "ada\0",
            "\ud800",
            "",
        ):
            assert database.get_user(other) == NotFound()
        for hostile in ("' OR '1'='1", "x'; DROP TABLE customers1; --", "\\", "ada\\", "x" * 100_000, "😀@example.com"):
            assert database.get_user(hostile) == NotFound()
            assert database.delete(hostile) == Done()


def test_ids_that_an_engine_would_convert_delete_no_user(engine: Engine) -> None:
    with engine.database(engine.shop(full=True)) as database:
        for other in (
            "1",
            "shop-1x",
            "shop-01",
            "shop- 1",
            "shop-1.0",
            "shop-",
            "shop-99999999999999999",
            "shop-9" * 40,
        ):
            assert database.delete(other) == Done()
        assert profile(database.get_user("ada"))["user_id"] == "shop-1"
        assert database.delete("shop-1") == Done()
        assert database.get_user("ada") == NotFound()


def test_hostile_data_comes_back_as_it_was_stored(engine: Engine) -> None:
    users = engine.shop()
    names = [
        "o'hara@example.com",
        "😀@example.com",
        "a\\b@example.com",
        "%@example.com",
        "日本@example.jp",
        "é@example.com",
    ]
    with engine.database(users) as database:
        for number, email in enumerate(names):
            assert database.create({"email": email, "password": f"pässword {number} 😀"}) == Done()
        for number, email in enumerate(names):
            assert profile(database.login(email, f"pässword {number} 😀"))["email"] == email


def test_only_a_wrong_password_of_a_known_user_names_a_user(engine: Engine) -> None:
    with engine.database(engine.shop(full=True)) as database:
        wrong, unknown = database.login("ADA", "no"), database.login("nobody", "no")
        disabled = database.login("charles.babbage@example.com", "ninety-six wheels")
    assert isinstance(wrong, Failed)
    assert isinstance(wrong.error, WrongUsernameOrPasswordError)
    assert wrong.error.identifier == "Ada.Lovelace@Example.com"
    assert isinstance(unknown, Failed)
    assert isinstance(unknown.error, WrongUsernameOrPasswordError)
    assert unknown.error.identifier is None
    assert isinstance(disabled, Failed)
    assert isinstance(disabled.error, UnauthorizedError)


def test_of_64_who_sign_up_at_once_with_one_email_one_is_new(engine: Engine) -> None:
    with engine.database(engine.shop()) as database, ThreadPoolExecutor(64) as threads:
        user = {"email": "new@example.com", "password": "pw"}
        results = [call.result() for call in [threads.submit(database.create, user) for _ in range(64)]]
        assert results.count(Done()) == 1
        others = [result.error for result in results if isinstance(result, Failed)]
        assert len(others) == 63
        assert {error.code for error in others if isinstance(error, ValidationError)} == {"user_exists"}
        assert {profile(result)["user_id"] for result in threads.map(database.get_user, ["new@example.com"] * 64)} == {
            profile(database.get_user("new@example.com"))["user_id"]
        }


def test_64_threads_are_answered_at_once(engine: Engine) -> None:
    names = ["ada", "grace.hopper@example.com", "jörg", "nobody@example.com"] * 16
    with engine.database(engine.shop(full=True)) as database, ThreadPoolExecutor(64) as threads:
        found = list(threads.map(database.get_user, names))
        assert found == [database.get_user(name) for name in names[:4]] * 16
    assert [isinstance(result, Found) for result in found[:4]] == [True, True, True, False]


def test_64_coroutines_are_answered_at_once(engine: Engine) -> None:
    async def log_in() -> list[object]:
        async with engine.async_database(engine.shop(full=True)) as database:
            return list(await asyncio.gather(*(database.login("ada", "weaving algebraic patterns") for _ in range(64))))

    assert {profile(result)["user_id"] for result in asyncio.run(log_in())} == {"shop-1"}


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_server_that_was_killed_and_came_back_is_reached_again(
    name: str, open_engine: Callable[[str], Engine]
) -> None:
    engine = open_engine(name)
    users = engine.shop(full=True)

    async def live_through() -> None:
        async with engine.async_database(users, timeout=10) as database:
            with engine.database(users, timeout=10) as plain:
                assert profile(await database.get_user("ada")) == profile(plain.get_user("ada"))
                engine.server.kill()
                assert failure(plain.get_user("ada")) == failure(await database.get_user("ada")) == UNREACHABLE
                assert failure(plain.delete("shop-1")) == UNREACHABLE
                engine.server.start()
                assert profile(plain.get_user("ada")) == profile(await database.get_user("ada"))
                engine.server.kill()
                engine.server.start()
                # Every pooled connection is dead now, and nothing has noticed yet.
                assert await database.verify("grace.hopper@example.com") == Done()
                assert plain.change_password("grace.hopper@example.com", "new") == Done()

    asyncio.run(live_through())


def test_connections_that_postgresql_ends_are_replaced(open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine("postgresql")
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with engine.database(engine.shop(full=True)) as database:
        for call in (lambda: database.get_user("ada"), lambda: database.verify("grace.hopper@example.com")):
            engine.rows(end_all)
            assert not isinstance(call(), Failed | Declined)


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_server_that_never_answers_fails_in_time(name: str, open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine(name)
    users = engine.shop()

    async def ask(there: Engine) -> str:
        async with there.async_database(users, timeout=0.5) as database:
            return failure(await database.get_user("ada"))

    with silent_server() as port:
        started = time.monotonic()
        with engine.at(port).database(users, timeout=0.5) as database:
            assert failure(database.get_user("ada")) == UNREACHABLE
        assert asyncio.run(ask(engine.at(port))) == UNREACHABLE
        assert time.monotonic() - started < 15


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_statement_that_waits_for_a_lock_fails_in_time(name: str, open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine(name)
    users = engine.shop(full=True)
    holder = sqlalchemy.create_engine(engine.url, poolclass=sqlalchemy.NullPool)

    async def change() -> str:
        async with engine.async_database(users, timeout=1) as database:
            return failure(await database.verify("ada"))

    with holder.begin() as held, engine.database(users, timeout=1) as database:
        held.execute(sqlalchemy.text(f"UPDATE {users.table} SET verified = FALSE WHERE id = 1"))
        assert failure(database.verify("ada")) == UNREACHABLE
        assert asyncio.run(change()) == UNREACHABLE
        held.rollback()


def test_a_pool_without_a_free_connection_fails_in_time(engine: Engine) -> None:
    with engine.database(engine.shop(full=True), connections=1, timeout=2) as database:
        taken, free = Event(), Event()

        def hold() -> None:
            with database._engine.connect():
                taken.set()
                free.wait()

        holder = Thread(target=hold)
        holder.start()
        taken.wait()
        assert failure(database.get_user("ada")) == UNREACHABLE
        free.set()
        holder.join()
        assert profile(database.get_user("ada"))["user_id"] == "shop-1"


def test_a_pool_without_a_free_connection_fails_in_time_for_coroutines(engine: Engine) -> None:
    async def ask() -> tuple[object, object]:
        async with engine.async_database(engine.shop(full=True), connections=1, timeout=2) as database:
            async with database._engine.connect():
                busy = await database.get_user("ada")
            return busy, await database.get_user("ada")

    busy, free = asyncio.run(ask())
    assert failure(busy) == UNREACHABLE
    assert profile(free)["user_id"] == "shop-1"


EXPLAIN = {"postgresql": "EXPLAIN", "mysql": "EXPLAIN", "sqlite": "EXPLAIN QUERY PLAN"}
ANALYZE = {"postgresql": "ANALYZE", "mysql": "ANALYZE TABLE", "sqlite": "ANALYZE"}


def test_a_hundred_thousand_users_are_looked_up_by_an_index(engine: Engine) -> None:
    users = engine.shop()
    rows = [f"('User{n}@example.com', 'Name{n}', '*', TRUE, 'load')" for n in range(1, 100_001)]
    insert = f"INSERT INTO {users.table} (email, username, password_hash, verified, created_by) VALUES "
    engine.execute(";".join(insert + ", ".join(rows[first : first + 1000]) for first in range(0, len(rows), 1000)))
    with engine.database(users) as database, ThreadPoolExecutor(64) as threads:
        dialect = database._engine.dialect
        engine.execute(f"{ANALYZE[dialect.name]} {users.table}")
        statements = finished(database._store.prepare())
        for column, one in (("email", "user7@example.com"), ("username", "name7")):
            (look_up,) = [found for name, _, found in statements._by_identifier if name == column]
            with database._engine.connect() as connection:
                sent = look_up.sent(one)
                plan = connection.exec_driver_sql(f"{EXPLAIN[dialect.name]} {look_up.sql}", sent).mappings().all()
            used = [row.get("key", row) for row in plan]
            assert users.table.replace("customers", f"customers_{column}") in str(used)
        asked = [f"USER{n}@example.com" for n in range(1, 100_001, 3_333)] + [
            f"nAME{n}" for n in range(2, 100_001, 3_333)
        ]
        found = [profile(result)["username"] for result in threads.map(database.get_user, asked)]
        assert found == [name.lower().replace("user", "name").removesuffix("@example.com") for name in asked]
        for nobody in ("User0@example.com", "User100001@example.com", "user7@example.co", "User_@example.com", "Name%"):
            assert database.get_user(nobody) == NotFound()


def test_a_look_up_by_the_cursor_finds_what_sqlalchemy_finds(engine: Engine) -> None:
    columns = (
        "id INTEGER PRIMARY KEY, email VARCHAR(99), password TEXT, kind INTEGER, price NUMERIC(9, 2), since TIMESTAMP"
    )
    make(engine, "people", columns)
    engine.execute(
        "INSERT INTO people VALUES (1, 'Ada@example.com', 'x', 3, 12.50, '2024-02-29 12:00:00'), "
        "(2, 'grace@example.com', NULL, 3, NULL, NULL), (3, 'alan@example.com', 'x', 4, 1, NULL)"
    )
    users = people(scope={"kind": 3}, fields={"price": "price", "since": "since"})

    async def find(identifier: str) -> object:
        async with engine.async_database(users) as database:
            return await database.get_user(identifier)

    with engine.database(users) as database:
        statements = finished(database._store.prepare())
        for identifier in ("ada@example.com", "GRACE@example.com", "alan@example.com", "é@example.com", "%"):
            with database._engine.connect() as connection:
                row = statements.find(connection, identifier)
            with closing(database._engine.raw_connection()) as driver:
                assert statements.find_by_cursor(driver, identifier) == row
            assert database.get_user(identifier) == asyncio.run(find(identifier))
        assert profile(database.get_user("ada@example.com"))["price"] == 12.5


def test_look_ups_on_a_server_share_a_cursor_for_each_connection_and_are_not_run_by_sqlalchemy(engine: Engine) -> None:
    run: list[str] = []
    with engine.database(engine.shop(full=True), connections=1) as database:
        assert profile(database.get_user("ada"))["user_id"] == "shop-1"
        event.listen(database._engine, "before_cursor_execute", lambda _, __, sql, *___: run.append(sql))
        with closing(database._engine.raw_connection()) as driver:
            before = dict(driver.info)
        assert isinstance(database.get_user("ada"), Found)
        with closing(database._engine.raw_connection()) as driver:
            after = dict(driver.info)

    assert before == after
    is_server = database._engine.dialect.name != "sqlite"
    assert (len(before), run != []) == (1 if is_server else 0, not is_server)


def test_a_look_up_by_the_cursor_converts_values_that_a_driver_does_not(open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine("mariadb")
    make(engine, "people", "id INTEGER PRIMARY KEY, email VARCHAR(99), password TEXT, locked BIT(1), at TIME")
    stored = hashed("pw")
    engine.execute("INSERT INTO people VALUES (1, 'ada@example.com', :stored, b'1', '01:02:03')", stored=stored)
    with engine.database(people(disabled="locked", fields={"at": "at"})) as database:
        assert profile(database.get_user("ada@example.com"))["at"] == "01:02:03"
        assert failure(database.login("ada@example.com", "pw")) == "This account is locked"


def test_differences_ignored_by_a_collation_are_reported(open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine("mariadb")
    with engine.database(engine.shop()) as database:
        assert "email: its collation ignores upper and lower case, accents, trailing blanks" in database.notes[0]
        assert database.create({"email": "jose@example.com", "password": "pw"}) == Done()
        assert database.get_user("josé@example.com") == NotFound()
        assert (
            failure(database.create({"email": "josé@example.com", "password": "pw"})) == "There is such a user already"
        )


def test_notes_are_logged_once_by_calls_at_once(
    open_engine: Callable[[str], Engine], caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine("mariadb")

    async def ask() -> tuple[str, ...]:
        database = engine.async_database(engine.shop())
        await asyncio.gather(*(database.get_user("nobody@example.com") for _ in range(8)))
        await database.close()
        return database.notes

    notes = asyncio.run(ask())
    assert len(notes) == 2
    assert caplog.messages == list(notes)


def test_users_have_only_letters_that_a_column_can_store(open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine("mariadb")
    make(
        engine,
        "people",
        "id INTEGER PRIMARY KEY AUTO_INCREMENT, email VARCHAR(30) CHARACTER SET latin1 UNIQUE, password TEXT",
    )
    with engine.database(people()) as database:
        assert database.get_user("日本@example.jp") == NotFound()
        said = "The user store cannot hold one of the values"
        assert failure(database.create({"email": "日本@example.jp", "password": "pw"})) == said
        assert failure(database.create({"email": f"{'x' * 30}@example.com", "password": "pw"})) == said


def make(engine: Engine, name: str, columns: str) -> None:
    engine.execute(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})")


def people(**changes: Any) -> SqlUsers:
    return evolve(SqlUsers(table="people", user_id="id", email="email", password="password"), **changes)


COLUMNS = "id INTEGER, email TEXT, password TEXT, nick TEXT, data TEXT, state TEXT, hash BLOB"


@pytest.mark.parametrize(
    ("users", "said"),
    [
        (people(table="persons"), "the database has no table persons"),
        (people(email="mail"), "the table people has no column mail; it has id, email"),
        (people(username="other.nick"), "of the table other, which is neither `table` nor among the `joins`"),
        (people(joins=[Join("people", on={"nope": "id"})]), "the table people has no column nope"),
        (
            people(user_id="hash"),
            "for user_id must contain whole numbers, texts or UUIDs, got the type BLOB",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_when_the_database_is_made(
    users: SqlUsers, said: str, sqlite: Engine
) -> None:
    make(sqlite, "people", COLUMNS)
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        sqlite.database(users)

    async def open_it() -> str:
        database = sqlite.async_database(users)
        result = failure(await database.get_user("ada"))
        await database.close()
        return result

    assert asyncio.run(open_it()) == "The user store does not have the tables and columns it should have"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fields": {"email": "email"}}, "fields cannot have email"),
        ({"fields": {"nickname": "password"}}, "the column password contains a secret"),
        ({"app_metadata": "password"}, "the column password contains a secret"),
        ({"user_metadata": {"x": Flag("password")}}, "the column password contains a secret"),
    ],
)
def test_a_mapping_that_would_show_a_secret_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        people(**changes)


@pytest.mark.parametrize("url", ["nonsense:secret", "nosuch://u:secret@h/x", "oracle+nosuch://u:secret@h/x"])
def test_an_address_that_cannot_be_used_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        SqlDatabase(url, people())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("settings", [{"timeout": 0}, {"connections": 0}])
def test_limits_must_be_positive(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be over 0 seconds, and connections 1 or more"):
        SqlDatabase("sqlite://", people(), **settings)


def row(engine: Engine, **values: object) -> None:
    names = ", ".join(values)
    engine.execute(f"INSERT INTO people ({names}) VALUES ({', '.join(':' + name for name in values)})", **values)


def test_two_rows_for_one_email_fail_with_their_keys(sqlite: Engine) -> None:
    make(sqlite, "people", COLUMNS)
    row(sqlite, id=7, email="ada@example.com")
    row(sqlite, id=9, email="ADA@example.com")
    with sqlite.database(people()) as database:
        assert [note.split(",")[0] for note in database.notes] == [
            "id: neither primary key nor unique",
            "email: no unique index on lower(email)",
        ]
        said = "The user store has several rows for one email, with the keys 7, 9"
        assert failure(database.get_user("ada@example.com")) == failure(database.verify("ada@example.com")) == said


def test_rows_that_no_profile_can_be_made_of_fail_with_their_key(sqlite: Engine) -> None:
    make(sqlite, "people", COLUMNS)
    row(sqlite, email="nokey@example.com")
    row(sqlite, id=1, email="hash@example.com", password="who knows")
    row(sqlite, id=2, email="json@example.com", data="[1", state="?")
    row(sqlite, id=3, email="list@example.com", data="[1]")
    row(sqlite, id=4, email="state@example.com", data="{}", state="?")
    users = people(app_metadata="data", disabled=Flag("state", true="locked", false="open"))
    with sqlite.database(users) as database:
        assert failure(database.get_user("nokey@example.com")) == "A row of the user store has no key"
        assert "with the key '1'" in failure(database.login("hash@example.com", "pw"))
        assert "who knows" not in failure(database.login("hash@example.com", "pw"))
        for number, name, column in ((2, "json", "data"), (3, "list", "data"), (4, "state", "state")):
            said = f"The user {number} has no usable value in the column {column}"
            assert failure(database.get_user(f"{name}@example.com")) == said


def test_a_value_without_a_column_in_the_store_fails(sqlite: Engine) -> None:
    make(sqlite, "people", COLUMNS)
    row(sqlite, id=1, email="ada@example.com")
    new = {"email": "new@example.com", "password": "pw"}
    with sqlite.database(people()) as database:
        assert failure(database.create({**new, "username": "new"})) == "The user store has no column for username"
        assert failure(database.verify("ada@example.com")) == "The user store has no column for email_verified"
        assert profile(database.get_user("ada@example.com")) == {"user_id": "1", "email": "ada@example.com"}


@pytest.mark.parametrize(
    ("user", "code"),
    [
        ({}, "invalid_user"),
        ({"email": "nobody"}, "invalid_email"),
        ({"username": "ada@example.com"}, "invalid_username"),
        ({"phone_number": "\0"}, "invalid_phone_number"),
        ({"email": "ada@example.com"}, "invalid_password"),
    ],
)
def test_a_sign_up_that_cannot_be_stored_is_refused(user: dict[str, Any], code: str, sqlite: Engine) -> None:
    make(sqlite, "people", COLUMNS)
    with sqlite.database(people()) as database:
        result = database.create(user)
    assert isinstance(result, Failed)
    assert isinstance(result.error, ValidationError)
    assert result.error.code == code


def test_a_store_in_lower_case_is_written_and_asked_in_lower_case(sqlite: Engine) -> None:
    make(sqlite, "people", "id INTEGER PRIMARY KEY, email TEXT UNIQUE, password TEXT, salt TEXT, scope INTEGER")
    users = people(lower_case=True, salt="salt", scope={"scope": 3})
    with sqlite.database(users) as database:
        assert database.notes == ()
        assert database.create({"email": "Ada@Example.com", "password": "pw"}) == Done()
        assert profile(database.login("ADA@example.com", "pw"))["user_id"] == "1"
        assert database.change_email("ada@example.com", "no e-mail", True) == Declined()
    assert sqlite.rows("SELECT email, salt, scope FROM people") == [
        {"email": "ada@example.com", "salt": None, "scope": 3}
    ]
    with sqlite.database(evolve(users, scope={"scope": 4})) as database:
        assert database.get_user("ada@example.com") == NotFound()


def test_an_email_of_another_user_cannot_be_taken(engine: Engine) -> None:
    with engine.database(engine.shop(full=True)) as database:
        assert database.change_email("ada", "GRACE.hopper@example.com", True) == Declined()
        assert database.change_email("ada", "Ada.Lovelace@example.com", True) == Done()
        assert database.change_password("nobody@example.com", "pw") == Declined()


@given(st.text(), st.text())
@settings(max_examples=200)
def test_identifiers_are_the_same_only_up_to_case(one: str, other: str) -> None:
    assert same_identifier(one, lowered(one))
    assert same_identifier(one, other) == same_identifier(other, one)
    if same_identifier(one, other):
        assert one.casefold() == other.casefold()


def test_letters_beyond_ascii_are_never_those_within() -> None:
    assert not same_identifier("\u212a@example.com", "k@example.com")
    assert same_identifier("É@example.com", "é@example.com")
    assert not can_be_stored(7)
