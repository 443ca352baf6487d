"""Creates engines that end every call in time, with the settings that each driver needs for that."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from customdb_contract.errors import ConfigurationError

__all__ = ["async_engine", "sync_engine"]

_Engine = TypeVar("_Engine", Engine, AsyncEngine)

_WHERE: Final = "the url of the database"


def sync_engine(url: "str | URL", *, timeout: float, connections: int, connect_args: Mapping[str, object]) -> Engine:
    """Return an engine for synchronous calls.

    Args:
        url: The address of the database.
        timeout: Seconds that each of these can take: waiting for a connection, connecting, all statements of a call.
        connections: The most connections that can be open at once.
        connect_args: Further arguments of the driver.

    Raises:
        ConfigurationError: If the address can't be used; it isn't shown, because it contains a password.
    """
    return _made(create_engine, url, timeout, connections, connect_args)


def async_engine(
    url: "str | URL", *, timeout: float, connections: int, connect_args: Mapping[str, object]
) -> AsyncEngine:
    """Return an engine for coroutines; see `sync_engine`."""
    return _made(create_async_engine, url, timeout, connections, connect_args)


def _made(
    make: Callable[..., _Engine], url: "str | URL", timeout: float, connections: int, more: Mapping[str, object]
) -> _Engine:
    if timeout <= 0 or connections < 1:
        message = f"timeout must be over 0 seconds, and connections 1 or more, got {timeout} and {connections}"
        raise ConfigurationError(message)
    try:
        address = make_url(url)
        arguments = {**_limits(address, timeout), **more}
        # AUTOCOMMIT makes a look-up one message to the server. Parameters would show hashes in errors and logs.
        options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "hide_parameters": True}
        if _has_pool(address):
            options |= {"pool_size": connections, "max_overflow": 0, "pool_timeout": timeout}
            # pymssql cannot report whether it is on, so SQLAlchemy refuses to skip it there.
            options |= {"skip_autocommit_rollback": address.get_driver_name() != "pymssql", "pool_use_lifo": True}
        engine = make(address, connect_args=arguments, **options)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        message = (
            f"{_WHERE} cannot be used: {type(error).__name__}; expected an address for SQLAlchemy, such as "
            "postgresql+psycopg://user:password@host/name, and install its driver"
        )
        raise ConfigurationError(message) from None
    if address.get_driver_name() == "psycopg":
        if isinstance(engine, AsyncEngine):
            _limit_psycopg(engine.sync_engine, timeout, is_async=True)
        else:
            _limit_psycopg(engine, timeout, is_async=False)
    return engine


def _has_pool(address: URL) -> bool:
    return address.get_backend_name() != "sqlite" or address.database not in {None, "", ":memory:"}


def _limits(address: URL, timeout: float) -> dict[str, object]:
    """Return the arguments of a driver that limit how long it waits.

    Sources: <https://www.psycopg.org/psycopg3/docs/api/connections.html>,
    <https://pymysql.readthedocs.io/en/latest/modules/connections.html>,
    <https://docs.python.org/3/library/sqlite3.html#sqlite3.connect>,
    <https://pymssql.readthedocs.io/en/stable/ref/pymssql.html>,
    <https://github.com/mkleehammer/pyodbc/wiki/The-pyodbc-Module#connect>.
    """
    whole = max(1, round(timeout))
    # If MySQL isn't strict, it truncates values that are too long, and two users can become one.
    strict = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
    match address.get_driver_name():
        case "psycopg" | "psycopg2":
            return {"connect_timeout": max(2, whole)}
        case "pymysql" | "mysqldb":
            limits = {"connect_timeout": whole, "read_timeout": whole, "write_timeout": whole}
            return {**limits, "init_command": strict}
        case "aiomysql" | "asyncmy":
            return {"connect_timeout": whole, "init_command": strict}
        case "pysqlite" | "aiosqlite":
            return {"timeout": timeout}
        case "pymssql":
            return {"login_timeout": whole, "timeout": whole}
        case "pyodbc":
            return {"timeout": whole}
        case _:
            return {}


def _limit_psycopg(engine: Engine, timeout: float, *, is_async: bool) -> None:
    """Make psycopg give up on a server that doesn't answer, for which it would wait forever."""
    from customdb_contract.databases.sql._psycopg import AsyncLimitedConnection, LimitedConnection  # noqa: PLC0415 - an optional driver

    def connect(dialect: Any, _record: object, arguments: Any, keywords: Any) -> Any:
        made: Any
        if is_async:
            made = dialect.connect(*arguments, async_creator_fn=AsyncLimitedConnection.connect, **keywords)
        else:
            made = LimitedConnection.connect(*arguments, **keywords)
        driver = made.driver_connection if is_async else made
        driver.deadline = time.monotonic() + timeout
        return made

    def begin(connection: Any, _record: object, _proxy: object) -> None:
        driver = connection.driver_connection if is_async else connection
        driver.deadline = time.monotonic() + timeout

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", begin)
