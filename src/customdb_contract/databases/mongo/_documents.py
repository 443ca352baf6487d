"""Reads users from documents, and puts values into documents."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from bson import Decimal128, ObjectId
from typing_extensions import override

from customdb_contract.databases import _records
from customdb_contract.databases._records import UnusableValueError
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases.mongo._mapping import MongoUsers

__all__ = ["Accounts", "Document", "at", "key_text", "nested"]

Document = Mapping[str, Any]


class Accounts(_records.Accounts[Document]):
    """Creates users from documents.

    Args:
        users: The mapping.
    """

    def __init__(self, users: MongoUsers) -> None:
        super().__init__(users, at, "field")
        self._users = users

    def of(self, document: Document) -> Account:
        """Return the user of a document.

        Raises:
            StoreError: If the document has no key, or a value does not fit its field.
        """
        user_id = self._users.user_id_prefix + key_text(at(document, self._users.user_id))
        return self.account(document, user_id)

    @override
    def as_json(self, record: Document, place: str) -> object:
        return _as_json(at(record, place), place)

    @override
    def as_object(self, record: Document, place: str) -> dict[str, object]:
        stored = at(record, place)
        if stored is None:
            return {}
        if not _is_document(stored):
            raise UnusableValueError(place)
        return {name: _as_json(value, place) for name, value in stored.items()}

    @override
    def is_disabled(self, record: Document) -> bool:
        return any(self.flag(record, lock) for lock in self._users.disabled)


def key_text(key: object) -> str:
    """Return a key as text.

    Raises:
        StoreError: If it is not a valid key.
    """
    # Numbers from JavaScript are floating-point, even if they are whole.
    is_whole = isinstance(key, int | float) and not isinstance(key, bool) and key == key // 1
    if is_whole or (isinstance(key, ObjectId | UUID | str) and key != ""):
        return str(int(key)) if isinstance(key, int | float) else str(key)
    message = "A document of the user store has no key, or one that is not an ObjectId, text, whole number or UUID"
    raise StoreError(message)


def at(document: Document, path: str) -> Any:
    """Return the value at a path, or None."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if _is_document(value) else None
    return value


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return a document with each value at its path."""
    document: dict[str, Any] = {}
    for path, value in values.items():
        *outer, last = path.split(".")
        inner = document
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return document


def _is_document(value: object) -> TypeGuard[Document]:
    return isinstance(value, Mapping)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _as_json(stored: object, path: str) -> object:
    """Return a value as JSON, with ids as text and times in ISO 8601."""
    match stored:
        case None | bool() | str():
            return stored
        case int():
            # This includes 64-bit integers, which have their own class in bson.
            return int(stored)
        case float() if math.isfinite(stored):
            return stored
        case Decimal128() if stored.to_decimal().is_finite():
            number = stored.to_decimal()
            return int(number) if number == int(number) else float(number)
        case datetime():
            return stored.isoformat()
        case ObjectId() | UUID():
            return str(stored)
        case _ if _is_array(stored):
            return [_as_json(one, path) for one in stored]
        case _ if _is_document(stored):
            return {name: _as_json(one, path) for name, one in stored.items()}
        case _:
            raise UnusableValueError(path)
