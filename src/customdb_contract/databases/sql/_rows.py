"""What a row says of a user."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from customdb_contract.databases._identifiers import lowered
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases.sql._mapping import Flag, Metadata, SqlUsers, Until, Value
from customdb_contract.passwords import Stored

__all__ = ["account_of", "key_text"]


def account_of(users: SqlUsers, row: Mapping[str, Any]) -> Account:
    """Return the user of a row.

    Args:
        users: What the columns mean.
        row: The values, by column.

    Raises:
        StoreError: When the row has no key, or a value that is not what the column is for.
    """
    key = row[users.user_id]
    if key is None or key == "":
        message = "A row of the user store has no key"
        raise StoreError(message)
    user_id = users.user_id_prefix + key_text(key)
    try:
        return _account(users, row, user_id)
    except _UnusableValueError as error:
        message = f"The user {user_id} has no usable value in the column {error}"
        raise StoreError(message) from None


def key_text(key: object) -> str:
    """Return a key as text: a whole number has the same text whatever its type is."""
    return str(int(key)) if isinstance(key, Decimal) and key == int(key) else str(key)


class _UnusableValueError(Exception):
    """A value is not what its column is for; the message is the column."""


def _account(users: SqlUsers, row: Mapping[str, Any], user_id: str) -> Account:
    texts = [_text(row, column) for column in users.identifiers]
    email, *_ = texts
    profile: dict[str, object] = {"user_id": user_id}
    for name, column in {"email": users.email, "username": users.username}.items():
        text = None if column is None else _text(row, column)
        if text is not None:
            profile[name] = lowered(text)
    if users.email_verified is not None and email is not None:
        profile["email_verified"] = _flag(row, users.email_verified)
    if users.phone_number is not None:
        profile["phone_number"] = _text(row, users.phone_number)
    profile.update((name, _json(row, value)) for name, value in users.fields.items())
    for name, metadata in {"app_metadata": users.app_metadata, "user_metadata": users.user_metadata}.items():
        if metadata is not None:
            profile[name] = _metadata(row, metadata)
    return Account(
        user_id=user_id,
        identifier=next(filter(None, texts), user_id),
        password=Stored(_secret(row, users.password), None if users.salt is None else _secret(row, users.salt)),
        is_disabled=any(_keeps_out(row, lock) for lock in users.disabled),
        profile={name: value for name, value in profile.items() if value is not None},
    )


def _text(row: Mapping[str, Any], column: str) -> str | None:
    value = row[column]
    if value is not None and not isinstance(value, str):
        raise _UnusableValueError(column)
    return value or None


def _secret(row: Mapping[str, Any], column: str) -> str | bytes | None:
    value = row[column]
    if isinstance(value, memoryview | bytearray):
        return bytes(cast("bytearray", value))
    if value is not None and not isinstance(value, str | bytes):
        raise _UnusableValueError(column)
    return value


def _keeps_out(row: Mapping[str, Any], lock: Value | Until) -> bool:
    if not isinstance(lock, Until):
        return _flag(row, lock)
    end = row[lock.column]
    if end is None or (lock.counts is not None and not _flag(row, lock.counts)):
        return False
    try:
        # SQLite has no type for times.
        moment = datetime.fromisoformat(end) if isinstance(end, str) else end
    except ValueError:
        raise _UnusableValueError(lock.column) from None
    if not isinstance(moment, datetime):
        raise _UnusableValueError(lock.column)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > datetime.now(UTC)


def _flag(row: Mapping[str, Any], value: Value) -> bool:
    column, true, false = (value.column, value.true, value.false) if isinstance(value, Flag) else (value, True, False)
    stored = row[column]
    if stored == true:
        return True
    if stored is None or stored == false:
        return False
    raise _UnusableValueError(column)


def _json(row: Mapping[str, Any], value: Value) -> object:
    if isinstance(value, Flag):
        return None if row[value.column] is None else _flag(row, value)
    return _as_json(row[value], value)


def _as_json(stored: object, column: str) -> object:
    match stored:
        case None | bool() | int() | str():
            return stored
        case Decimal() | float():
            if not math.isfinite(stored):
                raise _UnusableValueError(column)
            return int(stored) if isinstance(stored, Decimal) and stored == int(stored) else float(stored)
        case datetime() | date() | time():
            return stored.isoformat()
        case UUID():
            return str(stored)
        case list() | dict():
            return cast("object", stored)
        case _:
            raise _UnusableValueError(column)


def _metadata(row: Mapping[str, Any], metadata: Metadata) -> dict[str, object]:
    if not isinstance(metadata, str):
        values = {name: _json(row, value) for name, value in metadata.items()}
        return {name: value for name, value in values.items() if value is not None}
    stored = row[metadata]
    if isinstance(stored, str | bytes):
        try:
            stored = json.loads(stored or "null")
        except (ValueError, RecursionError):
            raise _UnusableValueError(metadata) from None
    if stored is not None and not isinstance(stored, dict):
        raise _UnusableValueError(metadata)
    return cast("dict[str, object]", stored or {})
