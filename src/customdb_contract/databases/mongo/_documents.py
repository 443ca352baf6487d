"""What a document says of a user, and how values are put into one."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from bson import Decimal128, ObjectId

from customdb_contract.databases._identifiers import lowered
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases._values import Flag, Metadata, Value
from customdb_contract.databases.mongo._mapping import MongoUsers
from customdb_contract.passwords import Stored

__all__ = ["Document", "account_of", "at", "key_text", "nested"]

Document = Mapping[str, Any]


class _UnusableValueError(Exception):
    """A value is not what its field is for; the message is the path."""


def account_of(users: MongoUsers, document: Document) -> Account:
    """Return the user of a document.

    Args:
        users: What the fields mean.
        document: The document.

    Raises:
        StoreError: When the document has no key, or a value that is not what the field is for.
    """
    user_id = users.user_id_prefix + key_text(at(document, users.user_id))
    try:
        return _account(users, document, user_id)
    except _UnusableValueError as error:
        message = f"The user {user_id} has no usable value in the field {error}"
        raise StoreError(message) from None


def key_text(key: object) -> str:
    """Return a key as text.

    Raises:
        StoreError: When it is none.
    """
    # Numbers from JavaScript are floating ones, whole or not.
    is_whole = isinstance(key, int | float) and not isinstance(key, bool) and key == key // 1
    if is_whole or (isinstance(key, ObjectId | UUID | str) and key != ""):
        return str(int(key)) if isinstance(key, int | float) else str(key)
    message = "A document of the user store has no key, or one that is no ObjectId, text, whole number or UUID"
    raise StoreError(message)


def at(document: Document, path: str) -> Any:
    """Return what is at a path, or None."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if _is_document(value) else None
    return value


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return a document that has each value at its path."""
    document: dict[str, Any] = {}
    for path, value in values.items():
        *outer, last = path.split(".")
        inner = document
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return document


def _account(users: MongoUsers, document: Document, user_id: str) -> Account:
    texts = [_text(document, path) for path in users.identifiers]
    email, *_ = texts
    profile: dict[str, object] = {"user_id": user_id}
    for name, path in {"email": users.email, "username": users.username}.items():
        text = None if path is None else _text(document, path)
        if text is not None:
            profile[name] = lowered(text)
    if users.email_verified is not None and email is not None:
        profile["email_verified"] = _flag(document, users.email_verified)
    if users.phone_number is not None:
        profile["phone_number"] = _text(document, users.phone_number)
    profile.update((name, _value(document, value)) for name, value in users.fields.items())
    for name, metadata in {"app_metadata": users.app_metadata, "user_metadata": users.user_metadata}.items():
        if metadata is not None:
            profile[name] = _metadata(document, metadata)
    return Account(
        user_id=user_id,
        identifier=next(filter(None, texts), user_id),
        password=Stored(*(None if path is None else _secret(document, path) for path in (users.password, users.salt))),
        is_disabled=any(_flag(document, value) for value in users.disabled),
        profile={name: value for name, value in profile.items() if value is not None},
    )


def _text(document: Document, path: str) -> str | None:
    value = at(document, path)
    if value is not None and not isinstance(value, str):
        raise _UnusableValueError(path)
    return value or None


def _secret(document: Document, path: str) -> str | bytes | None:
    value = at(document, path)
    if value is not None and not isinstance(value, str | bytes):
        raise _UnusableValueError(path)
    return value


def _flag(document: Document, value: Value) -> bool:
    flag = value if isinstance(value, Flag) else Flag(value)
    stored = at(document, flag.column)
    if stored == flag.true:
        return True
    if stored is None or stored == flag.false:
        return False
    raise _UnusableValueError(flag.column)


def _value(document: Document, value: Value) -> object:
    if isinstance(value, Flag):
        return None if at(document, value.column) is None else _flag(document, value)
    return _as_json(at(document, value), value)


def _metadata(document: Document, metadata: Metadata) -> dict[str, object]:
    if not isinstance(metadata, str):
        values = {name: _value(document, value) for name, value in metadata.items()}
        return {name: value for name, value in values.items() if value is not None}
    stored = at(document, metadata)
    if stored is None:
        return {}
    if not _is_document(stored):
        raise _UnusableValueError(metadata)
    return {name: _as_json(value, metadata) for name, value in stored.items()}


def _is_document(value: object) -> TypeGuard[Document]:
    return isinstance(value, Mapping)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _as_json(stored: object, path: str) -> object:
    """Return a value as JSON has it: ids as text, times as ISO 8601 has them."""
    match stored:
        case None | bool() | str():
            return stored
        case int():
            # Also one of 64 bits, for which bson has a class of its own.
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
            raise _UnusableValueError(path)
