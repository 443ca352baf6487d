"""Custom databases to configure instead of write, one for each kind of legacy store; each needs its own extra.

Modules are imported when a name of theirs is first used (PEP 562), so that no driver is needed for another store.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customdb_contract.databases.in_memory import InMemoryDatabase as InMemoryDatabase
    from customdb_contract.databases.in_memory import InMemoryUser as InMemoryUser
    from customdb_contract.databases.sql import AsyncSqlDatabase as AsyncSqlDatabase
    from customdb_contract.databases.sql import Flag as Flag
    from customdb_contract.databases.sql import Join as Join
    from customdb_contract.databases.sql import SqlDatabase as SqlDatabase
    from customdb_contract.databases.sql import SqlUsers as SqlUsers

_HOMES = {
    "in_memory": ("InMemoryDatabase", "InMemoryUser"),
    "sql": ("AsyncSqlDatabase", "Flag", "Join", "SqlDatabase", "SqlUsers"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["AsyncSqlDatabase", "Flag", "InMemoryDatabase", "InMemoryUser", "Join", "SqlDatabase", "SqlUsers"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
