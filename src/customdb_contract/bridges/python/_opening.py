"""Opening a database: calling the function that makes it, and entering its context manager."""

from typing import TYPE_CHECKING, Final

from customdb_contract._runner import _opening
from customdb_contract.contract import Script

if TYPE_CHECKING:
    from customdb_contract.bridges.python._worker import Worker

__all__ = ["is_factory", "open_database"]

_SCRIPTS: Final = [script.value for script in Script]


def is_factory(database: object) -> bool:
    """Tell whether this is something that makes a database, and not one itself.

    Args:
        database: What the caller gave.

    Returns:
        True for a class, and for anything else that can be called, has none of the scripts and is no context manager.
    """
    return _opening.is_factory(database, _SCRIPTS)


def open_database(database: object, worker: "Worker") -> object:
    """Return the database, opened; it is closed when the worker ends. This runs on the worker's thread.

    Args:
        database: The database, or a function that makes it, or a context manager that gives it.
        worker: Where it lives.
    """
    opened, close = _opening.open_database(database, _SCRIPTS, [], {}, lambda: worker)
    worker.on_end.callback(close)
    return opened
