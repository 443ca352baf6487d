"""A database is created, opened and closed on the thread of its scripts."""

import asyncio
import contextlib
import functools
import logging
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

import pytest
from attrs import define

from customdb_contract.contract import Found, NotFound, Script
from customdb_contract.errors import CustomDatabaseError, DatabaseOpeningError
from customdb_contract.transcript import Ending
from opened_database import PASSWORD, open_database, run_out_of_time


class Shop:
    """A store that only its opening thread may use."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.is_closed = False

    def get_user(self, identifier: str) -> object:
        assert threading.get_ident() == self.thread
        return Found({"user_id": "7", "email": identifier})

    def login(self, identifier: str, password: str) -> object:
        time.sleep(30)
        return NotFound()

    def close(self) -> None:
        assert threading.get_ident() == self.thread
        self.is_closed = True


class AsyncShop(Shop):
    def __init__(self) -> None:
        super().__init__()
        self.lock = asyncio.Lock()
        self.loop = asyncio.get_running_loop()

    async def verify(self, email: str) -> object:
        assert self.loop is asyncio.get_running_loop()
        async with self.lock:
            return self.get_user(email)


@define
class Opened:
    """The opened shops, in order, for every way to open one."""

    shops: list[Shop]

    def add(self, shop: Shop) -> Shop:
        self.shops.append(shop)
        return shop

    def make(self) -> Shop:
        return self.add(Shop())

    async def make_later(self) -> Shop:
        await asyncio.sleep(0)
        return self.add(AsyncShop())

    @contextmanager
    def manage(self) -> Generator[Shop]:
        shop = self.make()
        try:
            yield shop
        finally:
            shop.close()

    @asynccontextmanager
    async def manage_async(self) -> AsyncGenerator[Shop]:
        # A time-out must be left in the task that entered it.
        async with asyncio.timeout(None):
            shop = await self.make_later()
            try:
                yield shop
            finally:
                await asyncio.sleep(0)
                shop.close()

    def run_own_loop(self) -> Shop:
        asyncio.run(asyncio.sleep(0))
        return self.make()

    def make_class(self) -> Shop:
        opened = self

        class Managed(Shop):
            def __enter__(self) -> Self:
                opened.add(self)
                return self

            def __exit__(self, *_: object) -> None:
                self.close()

        return Managed()

    def make_async_class(self) -> Shop:
        opened = self

        class Managed(Shop):
            async def __aenter__(self) -> Self:
                opened.add(self)
                return self

            async def __aexit__(self, *_: object) -> None:
                self.close()

        return Managed()


MAKERS: dict[str, Callable[[Opened], Any]] = {
    "function": lambda opened: opened.make,
    "async function": lambda opened: opened.make_later,
    "function with a loop of its own": lambda opened: opened.run_own_loop,
    "context manager function": lambda opened: opened.manage,
    "async context manager function": lambda opened: opened.manage_async,
    "context manager": lambda opened: opened.manage(),
    "async context manager": lambda opened: opened.manage_async(),
    "class that is a context manager": lambda opened: opened.make_class,
    "class that is an async context manager": lambda opened: opened.make_async_class,
}


@pytest.mark.parametrize("way", MAKERS)
def test_a_database_lives_on_the_thread_of_its_scripts(way: str) -> None:
    opened = Opened([])

    with open_database(MAKERS[way](opened)) as bridge:
        for _ in range(2):
            assert bridge.call(Script.GET_USER, ("ada@example.com",)).ending is Ending.FOUND
        if Script.VERIFY in bridge.scripts:
            assert bridge.call(Script.VERIFY, ("ada@example.com",)).raised is None

    (shop,) = opened.shops
    assert shop.is_closed == ("manager" in way)


class SqliteShop:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def get_user(self, identifier: str) -> object:
        row = self.connection.execute("SELECT id FROM users WHERE email = ?", (identifier,)).fetchone()
        return Found({"user_id": row[0]}) if row else NotFound()


def test_a_sqlite_connection_is_used_and_closed_where_it_was_opened() -> None:
    @contextmanager
    def manage() -> Generator[SqliteShop]:
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE TABLE users (id TEXT, email TEXT)")
            connection.execute("INSERT INTO users VALUES ('7', 'ada@example.com')")
            yield SqliteShop(connection)

    with open_database(manage) as bridge:
        assert bridge.call(Script.GET_USER, ("ada@example.com",)).result == {"user_id": "7"}
        assert bridge.call(Script.GET_USER, ("bob@example.com",)).ending is Ending.NOT_FOUND


def test_a_class_is_called() -> None:
    with open_database(Shop) as bridge:
        assert bridge.call(Script.GET_USER, ("ada@example.com",)).ending is Ending.FOUND


def test_a_callable_object_with_scripts_is_not_called() -> None:
    class Callable:
        def __call__(self) -> object:
            raise AssertionError

        def get_user(self, identifier: str) -> object:
            return NotFound()

    with open_database(Callable()) as bridge:
        assert bridge.call(Script.GET_USER, ("ada@example.com",)).ending is Ending.NOT_FOUND


@pytest.mark.parametrize("database", [None, 7, object(), lambda: None])
def test_something_without_scripts_has_none(database: object) -> None:
    with open_database(database) as bridge:
        assert bridge.scripts == {}


@pytest.mark.parametrize("way", ["function", "context manager function", "class that is a context manager"])
def test_a_function_is_called_again_after_a_call_timed_out(way: str) -> None:
    opened = Opened([])

    with open_database(MAKERS[way](opened)) as bridge:
        assert run_out_of_time(bridge, Script.LOGIN, "ada@example.com", "x").ending is Ending.TIMED_OUT
        assert bridge.call(Script.GET_USER, ("ada@example.com",)).ending is Ending.FOUND

    assert len(opened.shops) == 2


class Endless:
    """A database that is opened once for all threads."""

    def __init__(self) -> None:
        self.entered = 0
        self.left = 0

    def __enter__(self) -> Self:
        self.entered += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.left += 1

    def login(self, identifier: str, password: str) -> object:
        while True:
            pass

    def get_user(self, identifier: str) -> object:
        return NotFound()


def test_an_object_is_reused_after_a_call_timed_out() -> None:
    database = Endless()

    with open_database(database) as bridge:
        assert run_out_of_time(bridge, Script.LOGIN, "ada@example.com", "x").ending is Ending.TIMED_OUT
        assert bridge.call(Script.GET_USER, ("ada@example.com",)).ending is Ending.NOT_FOUND

    assert (database.entered, database.left) == (1, 0)


def test_an_object_is_exited_if_all_calls_ended_in_time() -> None:
    database = Endless()

    with open_database(database) as bridge:
        bridge.call(Script.GET_USER, ("ada@example.com",))

    assert (database.entered, database.left) == (1, 1)


def _refuse() -> object:
    message = f"connection refused for {PASSWORD}"
    raise ConnectionError(message)


async def _refuse_later() -> object:
    return _refuse()


@contextmanager
def _refuse_entering() -> Generator[object]:
    yield _refuse()


@asynccontextmanager
async def _refuse_entering_later() -> AsyncGenerator[object]:
    yield _refuse()


@pytest.mark.parametrize("database", [_refuse, _refuse_later, _refuse_entering, _refuse_entering_later])
def test_an_error_while_opening_is_reported_with_secrets_masked(database: Callable[[], object]) -> None:
    threads = set(threading.enumerate())

    with pytest.raises(DatabaseOpeningError) as raised, open_database(database):
        pass

    line = _refuse.__code__.co_firstlineno + 2
    assert str(raised.value) == (
        "the database could not be opened: ConnectionError: connection refused for «password of ada» "
        f"(tests/test_bridge_python_opening.py:{line})"
    )
    assert isinstance(raised.value, CustomDatabaseError)
    assert raised.value.__cause__ is None
    assert set(threading.enumerate()) <= threads


def test_a_database_with_raising_attributes_cannot_be_opened() -> None:
    class Broken:
        @property
        def login(self) -> object:
            raise SystemExit(2)

    expected = "^the database could not be opened: SystemExit: 2 "
    with pytest.raises(DatabaseOpeningError, match=expected), open_database(Broken()):
        pass


def test_an_error_of_built_in_code_is_reported_without_a_line() -> None:
    expected = "^the database could not be opened: ValueError: invalid literal .*'seven'$"
    with pytest.raises(DatabaseOpeningError, match=expected), open_database(functools.partial(int, "seven")):
        pass


@pytest.mark.parametrize("wait", [time.sleep, asyncio.sleep], ids=["blocking", "awaiting"])
def test_an_opening_that_takes_too_long_is_given_up(wait: Callable[[float], Awaitable[None] | None]) -> None:
    expected = r"^the database did not open within 0\.1 s$"
    with pytest.raises(DatabaseOpeningError, match=expected), open_database(lambda: wait(30), opening_timeout=0.1):
        pass


def test_an_async_context_manager_that_never_opens_is_given_up() -> None:
    @asynccontextmanager
    async def open_never() -> AsyncGenerator[object]:
        await asyncio.Event().wait()
        yield None

    with pytest.raises(DatabaseOpeningError, match="did not open"), open_database(open_never, opening_timeout=0.1):
        pass


def test_a_database_that_cannot_be_reopened_is_reported() -> None:
    made: list[Shop] = []

    def make() -> Shop:
        if made:
            raise ConnectionError
        made.append(Shop())
        return made[0]

    with open_database(make) as bridge:
        run_out_of_time(bridge, Script.LOGIN, "ada@example.com", "x")
        expected = "^after a call ran out of time the database could not be opened: ConnectionError: "
        with pytest.raises(DatabaseOpeningError, match=expected):
            bridge.call(Script.GET_USER, ("ada@example.com",))


@contextmanager
def _fail_at_closing() -> Generator[object]:
    yield None
    raise ConnectionError(PASSWORD)


@asynccontextmanager
async def _fail_at_closing_later() -> AsyncGenerator[object]:
    yield None
    raise ConnectionError(PASSWORD)


@pytest.mark.parametrize("database", [_fail_at_closing, _fail_at_closing_later])
def test_a_closing_that_raises_is_logged_with_secrets_masked(
    database: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    with open_database(database):
        pass

    assert caplog.record_tuples == [
        ("customdb_contract", logging.WARNING, "the database could not be closed: ConnectionError: «password of ada»")
    ]


def test_a_closing_that_takes_too_long_is_given_up_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    @contextmanager
    def never_closes() -> Generator[object]:
        yield None
        while True:
            time.sleep(0.01)

    with open_database(never_closes, opening_timeout=0.2):
        pass

    assert caplog.messages == ["the database did not close within 0.2 s"]


def test_closing_twice_does_no_harm() -> None:
    with open_database(Shop) as bridge:
        bridge.close()


def test_no_thread_is_left() -> None:
    before = set(threading.enumerate())

    with open_database(Endless()) as bridge:
        run_out_of_time(bridge, Script.LOGIN, "ada@example.com", "x")
        bridge.call(Script.GET_USER, ("ada@example.com",))

    assert set(threading.enumerate()) <= before


def test_tasks_that_a_database_leaves_behind_are_cancelled() -> None:
    cancelled: list[bool] = []

    class Database:
        async def get_user(self, identifier: str) -> object:
            self.task = asyncio.create_task(self.wait())
            await asyncio.sleep(0)
            return NotFound()

        async def wait(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(True)

    with open_database(Database()) as bridge:
        assert bridge.call(Script.GET_USER, ("ada@example.com",)).ending is Ending.NOT_FOUND

    assert cancelled == [True]
