"""Opens the bridge of a database, whatever form it has."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

from customdb_contract.bridges import Bridge, brings_bridge
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import ScriptInfo

__all__ = ["DEFAULT_TIMEOUT", "opened", "scripts_of"]

DEFAULT_TIMEOUT: Final = 20.0
"""Seconds that Auth0 allows a script.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts>.
"""


@contextmanager
def opened(
    database: object, *, connection: Connection, mask: SecretRegistry, timeout: float = DEFAULT_TIMEOUT
) -> Generator[Bridge]:
    """Open the bridge to a database, and close it afterwards.

    Args:
        database: The database, in any of the forms that `check` takes.
        connection: The settings of the connection.
        mask: The known secrets.
        timeout: Seconds that a script may take.

    Yields:
        The bridge.

    Raises:
        DatabaseOpeningError: When the database cannot be opened.
    """
    with ExitStack() as stack:
        if not brings_bridge(database):
            from customdb_contract.bridges.python import PythonDatabase  # noqa: PLC0415 - scripts in JavaScript do without

            python = PythonDatabase(database, connection=connection, mask=mask, timeout=timeout)
            stack.callback(python.close)
            if not brings_bridge(python.database):
                yield python
                return
            # A function returned a database that brings its own bridge.
            database = python.database
        bridge = database.open_bridge(connection=connection, mask=mask, timeout=timeout)
        stack.callback(bridge.close)
        yield bridge


def scripts_of(bridge: Bridge) -> Mapping[Script, ScriptInfo]:
    """Return the scripts that a database has.

    Args:
        bridge: The bridge to it.

    Raises:
        ConfigurationError: When it has none.
    """
    if not bridge.scripts:
        message = (
            "the database has none of the scripts: give an object with the methods login and get_user, "
            "or a function that returns one"
        )
        raise ConfigurationError(message)
    return bridge.scripts
