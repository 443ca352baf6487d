"""The collection of the users, for both kinds of client."""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

import pymongo
from bson.errors import BSONError
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from customdb_contract.databases._store import StoreError
from customdb_contract.errors import ConfigurationError

__all__ = ["AsyncUsers", "Document", "SyncUsers", "TakenError", "Users", "client_of", "in_time"]

Document = Mapping[str, Any]
_Client = TypeVar("_Client", MongoClient[dict[str, Any]], AsyncMongoClient[dict[str, Any]])

_LOG: Final = logging.getLogger("customdb_contract.databases")
_INVALID: Final = 121
"""The code of MongoDB for a document that does not pass the validation of its collection.

Source: <https://www.mongodb.com/docs/manual/reference/error-codes/>.
"""


class TakenError(StoreError):
    """A unique index already contains the value."""


class Users(Protocol):
    """A collection. Failures raise errors of pymongo."""

    async def indexes(self) -> Sequence[Document]:
        """Return the specifications of the indexes."""
        ...

    async def find(
        self, query: Document, projection: Mapping[str, int], collation: Document | None, limit: int
    ) -> Sequence[Document]:
        """Return the documents that match a query."""
        ...

    async def insert(self, document: dict[str, Any]) -> None:
        """Add a document."""
        ...

    async def update(self, query: Document, change: Document) -> bool:
        """Change one document, and tell whether there was one."""
        ...

    async def delete(self, query: Document) -> None:
        """Remove one document."""
        ...


class SyncUsers:
    """A collection whose calls never wait for an event loop.

    Args:
        collection: The collection of pymongo.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    async def indexes(self) -> Sequence[Document]:
        """Return the specifications of the indexes."""
        return self._collection.list_indexes().to_list()

    async def find(
        self, query: Document, projection: Mapping[str, int], collation: Document | None, limit: int
    ) -> Sequence[Document]:
        """Return the documents that match a query."""
        return self._collection.find(query, projection, collation=collation, limit=limit).to_list()

    async def insert(self, document: dict[str, Any]) -> None:
        """Add a document."""
        self._collection.insert_one(document)

    async def update(self, query: Document, change: Document) -> bool:
        """Change one document, and tell whether there was one."""
        return self._collection.update_one(query, change).matched_count == 1

    async def delete(self, query: Document) -> None:
        """Remove one document."""
        self._collection.delete_one(query)


class AsyncUsers:
    """A collection whose calls are awaited.

    Args:
        collection: The collection of pymongo.
    """

    def __init__(self, collection: AsyncCollection[dict[str, Any]]) -> None:
        self._collection = collection

    async def indexes(self) -> Sequence[Document]:
        """Return the specifications of the indexes."""
        return await (await self._collection.list_indexes()).to_list()

    async def find(
        self, query: Document, projection: Mapping[str, int], collation: Document | None, limit: int
    ) -> Sequence[Document]:
        """Return the documents that match a query."""
        return await self._collection.find(query, projection, collation=collation, limit=limit).to_list()

    async def insert(self, document: dict[str, Any]) -> None:
        """Add a document."""
        await self._collection.insert_one(document)

    async def update(self, query: Document, change: Document) -> bool:
        """Change one document, and tell whether there was one."""
        return (await self._collection.update_one(query, change)).matched_count == 1

    async def delete(self, query: Document) -> None:
        """Remove one document."""
        await self._collection.delete_one(query)


def client_of(
    make: Callable[..., _Client], url: str, timeout: float, connections: int, options: Mapping[str, object]
) -> _Client:
    """Return a client that connects at its first use.

    Args:
        make: The class of the client.
        url: The address of the database, with its name.
        timeout: Seconds for each step: finding a server, connecting, waiting for a connection, an operation.
        connections: The most connections that can be open at once.
        options: Further options of the client.

    Raises:
        ConfigurationError: If the address can't be used; it isn't shown, because it contains a password.
    """
    if timeout <= 0 or connections < 1:
        message = f"timeout must be over 0 seconds, and connections 1 or more, got {timeout} and {connections}"
        raise ConfigurationError(message)
    steps = ("timeoutMS", "serverSelectionTimeoutMS", "connectTimeoutMS", "waitQueueTimeoutMS")
    limits = dict.fromkeys(steps, max(1, round(timeout * 1000)))
    try:
        own = {"uuidRepresentation": "standard", "connect": False, "maxPoolSize": connections}
        client = make(url, **{**own, **limits, **options})
        client.get_default_database()
    except (PyMongoError, ValueError, TypeError) as error:
        message = (
            f"the url of the database cannot be used: {type(error).__name__}; expected an address with the name of the "
            "database, such as mongodb://user:password@host/name?authSource=admin"
        )
        raise ConfigurationError(message) from None
    return client


@contextmanager
def in_time(seconds: float) -> Generator[None]:
    """Limit all operations together, and convert every failure to one without details of the driver.

    Source: <https://pymongo.readthedocs.io/en/stable/api/pymongo/index.html#pymongo.timeout>.
    """
    try:
        with pymongo.timeout(seconds):
            yield
    except DuplicateKeyError:
        raise TakenError from None
    except (PyMongoError, BSONError) as error:
        code = error.code if isinstance(error, OperationFailure) else None
        _LOG.error("the user store failed: %s, code %s", type(error).__name__, code)
        if code == _INVALID:
            message = "The user store does not accept this user"
            raise StoreError(message) from None
        raise StoreError from None
