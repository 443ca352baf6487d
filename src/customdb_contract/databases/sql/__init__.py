"""Custom databases over SQL. They need the extra `sql`, and the driver of the database."""

from customdb_contract.errors import ConfigurationError

try:
    import sqlalchemy as _sqlalchemy  # noqa: F401 - an extra
except ImportError:
    _MESSAGE = "databases over SQL need SQLAlchemy, which is not installed: pip install 'customdb-contract[sql]'"
    raise ConfigurationError(_MESSAGE) from None

from customdb_contract.databases.sql._database import AsyncSqlDatabase, SqlDatabase
from customdb_contract.databases.sql._mapping import Flag, Join, SqlUsers

__all__ = ["AsyncSqlDatabase", "Flag", "Join", "SqlDatabase", "SqlUsers"]
