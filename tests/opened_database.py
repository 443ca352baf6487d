"""Opens a Python database for a test, with settings that suit tests."""

from collections.abc import Generator
from contextlib import contextmanager

from customdb_contract.bridges.python import PythonDatabase
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry
from customdb_contract.transcript import Outcome

__all__ = ["PASSWORD", "open_database", "run_out_of_time", "secrets"]

PASSWORD = "correct horse battery"


def secrets() -> SecretRegistry:
    registry = SecretRegistry()
    registry.add(Secret(PASSWORD), SecretRef.parse("password of ada"))
    return registry


@contextmanager
def open_database(
    database: object, *, timeout: float = 20.0, opening_timeout: float = 20.0, script_context: bool = False
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


def run_out_of_time(bridge: PythonDatabase, script: Script, *arguments: object) -> Outcome:
    """Call a script that does not end; only this call has a short timeout, since the machine may be busy."""
    plenty, bridge._timeout = bridge._timeout, 0.1
    try:
        return bridge.call(script, arguments)
    finally:
        bridge._timeout = plenty
