"""What a row says of a user."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar, cast
from uuid import UUID

from attrs import frozen

from customdb_contract.databases import _records
from customdb_contract.databases._records import UnusableValueError, flag_of
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases.sql._mapping import SqlUsers, Until, Value

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
    return _records.account_of(users, _Row(row, users.disabled), users.user_id_prefix + key_text(key))


def key_text(key: object) -> str:
    """Return a key as text: a whole number has the same text whatever its type is."""
    return str(int(key)) if isinstance(key, Decimal) and key == int(key) else str(key)


@frozen
class _Row:
    """A row as a record."""

    values: Mapping[str, Any]
    locks: tuple[Value | Until, ...]
    kind_of_place: ClassVar[str] = "column"

    def at(self, place: str) -> Any:
        return self.values[place]

    def as_json(self, place: str) -> object:
        stored = self.values[place]
        match stored:
            case None | bool() | int() | str():
                return stored
            case Decimal() | float():
                if not math.isfinite(stored):
                    raise UnusableValueError(place)
                return int(stored) if isinstance(stored, Decimal) and stored == int(stored) else float(stored)
            case datetime() | date() | time():
                return stored.isoformat()
            case UUID():
                return str(stored)
            case list() | dict():
                return cast("object", stored)
            case _:
                raise UnusableValueError(place)

    def as_object(self, place: str) -> dict[str, object]:
        stored = self.values[place]
        if isinstance(stored, str | bytes):
            try:
                stored = json.loads(stored or "null")
            except (ValueError, RecursionError):
                raise UnusableValueError(place) from None
        if stored is not None and not isinstance(stored, dict):
            raise UnusableValueError(place)
        return cast("dict[str, object]", stored or {})

    def is_disabled(self) -> bool:
        return any(self._keeps_out(lock) for lock in self.locks)

    def _keeps_out(self, lock: Value | Until) -> bool:
        if not isinstance(lock, Until):
            return flag_of(self, lock)
        end = self.values[lock.column]
        if end is None or (lock.counts is not None and not flag_of(self, lock.counts)):
            return False
        try:
            # SQLite has no type for times.
            moment = datetime.fromisoformat(end) if isinstance(end, str) else end
        except ValueError:
            raise UnusableValueError(lock.column) from None
        if not isinstance(moment, datetime):
            raise UnusableValueError(lock.column)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > datetime.now(UTC)
