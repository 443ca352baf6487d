"""Custom databases that you configure instead of writing, one for each kind of legacy store, each with its own extra.

A module is imported when one of its names is first used (PEP 562), so you need only the drivers of your own store.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customdb_contract.databases.aspnet import AspNetIdentity as AspNetIdentity
    from customdb_contract.databases.aspnet import AspNetSimpleMembership as AspNetSimpleMembership
    from customdb_contract.databases.aspnet import AspNetUniversalProviders as AspNetUniversalProviders
    from customdb_contract.databases.http import AsyncHttpDatabase as AsyncHttpDatabase
    from customdb_contract.databases.http import AsyncStormpathDatabase as AsyncStormpathDatabase
    from customdb_contract.databases.http import BasicCredentials as BasicCredentials
    from customdb_contract.databases.http import BearerToken as BearerToken
    from customdb_contract.databases.http import Endpoint as Endpoint
    from customdb_contract.databases.http import HttpDatabase as HttpDatabase
    from customdb_contract.databases.http import HttpEndpoints as HttpEndpoints
    from customdb_contract.databases.http import HttpUsers as HttpUsers
    from customdb_contract.databases.http import Meaning as Meaning
    from customdb_contract.databases.http import StormpathDatabase as StormpathDatabase
    from customdb_contract.databases.in_memory import InMemoryDatabase as InMemoryDatabase
    from customdb_contract.databases.in_memory import InMemoryUser as InMemoryUser
    from customdb_contract.databases.mongo import AsyncMongoDatabase as AsyncMongoDatabase
    from customdb_contract.databases.mongo import MongoDatabase as MongoDatabase
    from customdb_contract.databases.mongo import MongoUsers as MongoUsers
    from customdb_contract.databases.sql import AsyncSqlDatabase as AsyncSqlDatabase
    from customdb_contract.databases.sql import Copy as Copy
    from customdb_contract.databases.sql import Flag as Flag
    from customdb_contract.databases.sql import Join as Join
    from customdb_contract.databases.sql import Lookup as Lookup
    from customdb_contract.databases.sql import SqlDatabase as SqlDatabase
    from customdb_contract.databases.sql import SqlUsers as SqlUsers
    from customdb_contract.databases.sql import Until as Until

_HOMES = {
    "aspnet": ("AspNetIdentity", "AspNetSimpleMembership", "AspNetUniversalProviders"),
    "http": (
        "AsyncHttpDatabase",
        "AsyncStormpathDatabase",
        "BasicCredentials",
        "BearerToken",
        "Endpoint",
        "HttpDatabase",
        "HttpEndpoints",
        "HttpUsers",
        "Meaning",
        "StormpathDatabase",
    ),
    "in_memory": ("InMemoryDatabase", "InMemoryUser"),
    "mongo": ("AsyncMongoDatabase", "MongoDatabase", "MongoUsers"),
    "sql": ("AsyncSqlDatabase", "Copy", "Flag", "Join", "Lookup", "SqlDatabase", "SqlUsers", "Until"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AspNetIdentity",
    "AspNetSimpleMembership",
    "AspNetUniversalProviders",
    "AsyncHttpDatabase",
    "AsyncMongoDatabase",
    "AsyncSqlDatabase",
    "AsyncStormpathDatabase",
    "BasicCredentials",
    "BearerToken",
    "Copy",
    "Endpoint",
    "Flag",
    "HttpDatabase",
    "HttpEndpoints",
    "HttpUsers",
    "InMemoryDatabase",
    "InMemoryUser",
    "Join",
    "Lookup",
    "Meaning",
    "MongoDatabase",
    "MongoUsers",
    "SqlDatabase",
    "SqlUsers",
    "StormpathDatabase",
    "Until",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
