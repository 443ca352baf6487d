"""Opens a database: calls the function that creates it, and enters its context manager."""

from typing import TYPE_CHECKING, Final

from customdb_contract._runner import _opening
from customdb_contract.contract import Script

if TYPE_CHECKING:
    from customdb_contract.bridges.python._worker import Worker

__all__ = ["is_factory", "open_database"]

_SCRIPTS: Final = [script.value for script in Script]


def is_factory(database: object) -> bool:
    """Tell whether an object creates a database, and is not one itself.

    Args:
        database: The database, as passed to `check`.

    Returns:
        True for a class, and for anything else that can be called, has none of the scripts and is not a context
        manager.
    """
    return _opening.is_factory(database, _SCRIPTS)


def open_database(database: object, worker: "Worker") -> object:
    """Return the database, opened; it is closed when the worker ends. This runs on the worker's thread.

    Args:
        database: The database, a function that creates it, or a context manager whose value it is.
        worker: The worker that it belongs to.
    """
    opened, close = _opening.open_database(database, _SCRIPTS, [], {}, lambda: worker)
    worker.on_end.callback(close)
    return opened
