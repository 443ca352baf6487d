"""Custom databases over MongoDB: synchronous, and for coroutines."""

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self
from uuid import UUID

from bson import ObjectId
from pymongo import AsyncMongoClient, MongoClient

from customdb_contract.databases._identifiers import can_be_stored, lowered, same_identifier
from customdb_contract.databases._store import Account, Change, NewAccount, StoreError
from customdb_contract.databases._styles import AsyncDatabase, SyncDatabase, finished
from customdb_contract.databases._values import Flag, Value
from customdb_contract.databases.mongo._collections import (
    AsyncUsers,
    Document,
    SyncUsers,
    TakenError,
    Users,
    client_of,
    in_time,
)
from customdb_contract.databases.mongo._documents import Accounts, at, key_text, nested
from customdb_contract.databases.mongo._fitting import CASELESS, check_indexes
from customdb_contract.databases.mongo._mapping import MongoUsers
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import Passwords

__all__ = ["AsyncMongoDatabase", "MongoDatabase"]

_LOG: Final = logging.getLogger("customdb_contract.databases")
_TIMEOUT: Final = 5.0
_CONNECTIONS: Final = 10
_MOST_CANDIDATES: Final = 50
"""The most documents that a collation can match for an identifier; a value that matches more is not an identifier."""
_NUMBER: Final = re.compile("0|-?[1-9][0-9]{0,17}")
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OBJECT_ID: Final = re.compile("[0-9a-f]{24}")


class _MongoStore:
    """The users of a collection, for both kinds of client."""

    def __init__(self, collection: Users, users: MongoUsers, timeout: float) -> None:
        self._collection = collection
        self._users = users
        self._accounts = Accounts(users)
        self._timeout = timeout
        self._is_prepared = False

    async def prepare(self) -> None:
        """Check the indexes, the first time the store is reached."""
        if not self._is_prepared:
            with in_time(self._timeout):
                indexes = await self._collection.indexes()
            check_indexes(self._users, indexes)
            self._is_prepared = True

    async def _prepare(self) -> None:
        try:
            await self.prepare()
        except ConfigurationError as error:
            _LOG.error("the mapping does not fit: %s", error)
            message = "The user store does not have the indexes it should have"
            raise StoreError(message) from None

    async def find(self, identifier: str) -> Account | None:
        await self._prepare()
        with in_time(self._timeout):
            document = await self._found(identifier)
        return None if document is None else self._accounts.of(document)

    async def _found(self, identifier: str) -> Document | None:
        users = self._users
        asked = self._written(identifier)
        # A text is compared literally: operators are documents, which a caller cannot pass.
        query = {**users.scope, "$or": [{path: asked} for path in users.identifiers]}
        candidates = await self._asked(query, None if users.lower_case else CASELESS)
        for path in users.identifiers:
            texts = ((one, at(one, path)) for one in candidates)
            # A document that the collation considers equal is only a candidate.
            found = [one for one, text in texts if isinstance(text, str) and same_identifier(text, identifier)]
            if len(found) > 1:
                keys = ", ".join(sorted(key_text(at(one, users.user_id)) for one in found))
                message = f"The user store has several documents for one {path}, with the keys {keys}"
                raise StoreError(message)
            if found:
                return found[0]
        return None

    async def _asked(self, query: Document, collation: Document | None = None) -> Sequence[Document]:
        found = await self._collection.find(query, self._users.projection, collation, _MOST_CANDIDATES + 1)
        if len(found) > _MOST_CANDIDATES:
            message = "The user store has too many documents for one identifier"
            raise StoreError(message)
        return found

    async def insert(self, user: NewAccount) -> bool:
        await self._prepare()
        document = self._document(user)
        try:
            with in_time(self._timeout):
                for identifier in user.identifiers:
                    if await self._found(identifier) is not None:
                        return False
                await self._collection.insert(document)
        except TakenError:
            # Another call was faster, or the index treats more values as equal than a look-up does.
            return False
        return True

    def _document(self, user: NewAccount) -> dict[str, Any]:
        users = self._users
        values = {path: value() if callable(value) else value for path, value in users.new_values.items()}
        paths = {"email": users.email, "username": users.username, "phone_number": users.phone_number}
        given = {"email": user.email, "username": user.username, "phone_number": user.phone_number}
        for name, path in paths.items():
            text = given[name]
            if path is None and text is not None:
                message = f"The user store has no field for {name}"
                raise StoreError(message)
            if path is not None and text is not None:
                values[path] = self._written(text)
        values[users.password] = user.password
        if users.email_verified is not None:
            values |= _flag(users.email_verified, is_true=False)
        return nested({**values, **users.scope})

    async def change(self, identifier: str, change: Change) -> bool:
        await self._prepare()
        try:
            with in_time(self._timeout):
                document = await self._found(identifier)
                return document is not None and await self._changed(document, change)
        except TakenError:
            return False

    async def _changed(self, document: Document, change: Change) -> bool:
        users = self._users
        values: dict[str, object] = {}
        removed: Mapping[str, str] = {}
        if change.email is not None:
            holder = await self._found(change.email)
            if holder is not None and holder["_id"] != document["_id"]:
                return False
            values[users.email] = self._written(change.email)
        if change.email_verified is not None:
            if users.email_verified is None:
                message = "The user store has no field for email_verified"
                raise StoreError(message)
            values |= _flag(users.email_verified, is_true=change.email_verified)
        if change.password is not None:
            values[users.password] = change.password
            removed = {} if users.salt is None else {users.salt: ""}
        update = {"$set": values, **({"$unset": removed} if removed else {})}
        return await self._collection.update({"_id": document["_id"]}, update)

    async def delete(self, user_id: str) -> None:
        await self._prepare()
        users = self._users
        with in_time(self._timeout):
            asked = {**users.scope, users.user_id: {"$in": self._keys(user_id)}}
            found = await self._asked(asked)
            found = [one for one in found if users.user_id_prefix + key_text(at(one, users.user_id)) == user_id]
            if len(found) > 1:
                message = f"The user store has several documents with the key {user_id}"
                raise StoreError(message)
            for document in found:
                await self._collection.delete({"_id": document["_id"]})

    def _keys(self, user_id: object) -> Sequence[object]:
        """Return the possible keys with this text; the store is queried even if there are none."""
        prefix = self._users.user_id_prefix
        if not isinstance(user_id, str) or not user_id.startswith(prefix):
            return []
        text = user_id.removeprefix(prefix)
        if not can_be_stored(text):
            return []
        kinds = ((_OBJECT_ID, ObjectId), (_NUMBER, int), (_UUID, UUID))
        return [text, *(kind(text) for pattern, kind in kinds if pattern.fullmatch(text))]

    def _written(self, identifier: str) -> str:
        return lowered(identifier) if self._users.lower_case else identifier


def _flag(value: Value, *, is_true: bool) -> dict[str, object]:
    flag = value if isinstance(value, Flag) else Flag(value)
    return {flag.column: flag.true if is_true else flag.false}


class MongoDatabase(SyncDatabase):
    """A custom database over MongoDB, by pymongo. It can be called from several threads; `close` it, or use `with`.

    Args:
        url: The address with the name of the database, such as `mongodb://user:password@host/shop?authSource=admin`.
        users: The collection and its fields.
        passwords: The formats of the stored passwords, and the format of new passwords.
        timeout: Seconds that a script can wait for the store in total; the first one also checks the indexes. Auth0
            ends a script after 20 seconds
            (https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts).
        connections: The most connections to each server that can be open at once.
        options: Further options of `pymongo.MongoClient`, for TLS, for example.

    Raises:
        ConfigurationError: If the address can't be used, or an identifier or the key has no unique index. If the
            store is unreachable, the indexes are checked later, and the scripts fail until then.
    """

    def __init__(
        self,
        url: str,
        users: MongoUsers,
        passwords: Passwords | None = None,
        *,
        timeout: float = _TIMEOUT,
        connections: int = _CONNECTIONS,
        options: Mapping[str, object] | None = None,
    ) -> None:
        self._client = client_of(MongoClient[dict[str, Any]], url, timeout, connections, options or {})
        collection = self._client.get_default_database()[users.collection]
        store = _MongoStore(SyncUsers(collection), users, timeout)
        super().__init__(store, Passwords() if passwords is None else passwords)
        try:
            with suppress(StoreError):
                finished(store.prepare())
        except ConfigurationError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class AsyncMongoDatabase(AsyncDatabase):
    """`MongoDatabase` for coroutines.

    It belongs to one event loop. The indexes are checked when you enter it as a context manager, or by the first call.

    Args:
        url: As for `MongoDatabase`; the same applies to all other arguments.
        users: The collection and its fields.
        passwords: The formats of the stored passwords, and the format of new passwords.
        timeout: Seconds that a script can wait for the store.
        connections: The most connections to each server that can be open at once.
        options: Further options of `pymongo.AsyncMongoClient`.

    Raises:
        ConfigurationError: If the address can't be used; on entering it, if there is no unique index.
    """

    def __init__(
        self,
        url: str,
        users: MongoUsers,
        passwords: Passwords | None = None,
        *,
        timeout: float = _TIMEOUT,
        connections: int = _CONNECTIONS,
        options: Mapping[str, object] | None = None,
    ) -> None:
        self._client = client_of(AsyncMongoClient[dict[str, Any]], url, timeout, connections, options or {})
        collection = self._client.get_default_database()[users.collection]
        self._store = _MongoStore(AsyncUsers(collection), users, timeout)
        super().__init__(self._store, Passwords() if passwords is None else passwords)

    async def __aenter__(self) -> Self:
        try:
            with suppress(StoreError):
                await self._store.prepare()
        except ConfigurationError:
            await self.close()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
