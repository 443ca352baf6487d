"""Custom databases over SQL. They require the extra `sql` and the driver of the database."""

from importlib.util import find_spec

from customdb_contract.errors import ConfigurationError

if find_spec("sqlalchemy") is None:
    _MESSAGE = "databases over SQL need SQLAlchemy, which is not installed: pip install 'customdb-contract[sql]'"
    raise ConfigurationError(_MESSAGE)

from customdb_contract.databases.sql._database import AsyncSqlDatabase, SqlDatabase
from customdb_contract.databases.sql._mapping import Copy, Flag, Join, Lookup, Metadata, SqlUsers, Until, Value

__all__ = [
    "AsyncSqlDatabase",
    "Copy",
    "Flag",
    "Join",
    "Lookup",
    "Metadata",
    "SqlDatabase",
    "SqlUsers",
    "Until",
    "Value",
]
