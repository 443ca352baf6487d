"""Custom databases over MongoDB. They require the extra `mongo`."""

from importlib.util import find_spec

from customdb_contract.errors import ConfigurationError

if find_spec("pymongo") is None:
    _MESSAGE = "databases over MongoDB need pymongo, which is not installed: pip install 'customdb-contract[mongo]'"
    raise ConfigurationError(_MESSAGE)

from customdb_contract.databases.mongo._database import AsyncMongoDatabase, MongoDatabase
from customdb_contract.databases.mongo._mapping import MongoUsers

__all__ = ["AsyncMongoDatabase", "MongoDatabase", "MongoUsers"]
