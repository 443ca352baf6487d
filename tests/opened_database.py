"""Opens a Python database for a test, with settings that suit tests."""

from collections.abc import Generator
from contextlib import contextmanager

from customdb_contract.bridges.python import PythonDatabase
from customdb_contract.connection import Connection
from customdb_contract.secrets import Secret, SecretRegistry

__all__ = ["PASSWORD", "open_database", "secrets"]

PASSWORD = "correct horse battery"


def secrets() -> SecretRegistry:
    registry = SecretRegistry()
    registry.add(Secret(PASSWORD), "password of ada")
    return registry


@contextmanager
def open_database(
    database: object, *, timeout: float = 5.0, opening_timeout: float = 5.0, script_context: bool = False
) -> Generator[PythonDatabase]:
    bridge = PythonDatabase(
        database,
        connection=Connection(script_context=script_context),
        mask=secrets(),
        timeout=timeout,
        opening_timeout=opening_timeout,
    )
    try:
        yield bridge
    finally:
        bridge.close()
