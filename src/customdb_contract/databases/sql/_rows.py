"""Reads users from rows."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from operator import getitem
from typing import Any, cast
from uuid import UUID

from typing_extensions import override

from customdb_contract.databases import _records
from customdb_contract.databases._records import UnusableValueError
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases.sql._mapping import SqlUsers, Until, Value

__all__ = ["Accounts", "key_text"]


class Accounts(_records.Accounts[Mapping[str, Any]]):
    """Creates users from rows, whose values are given by column.

    Args:
        users: The mapping.
    """

    def __init__(self, users: SqlUsers) -> None:
        super().__init__(users, getitem, "column")
        self._users = users

    def of(self, row: Mapping[str, Any]) -> Account:
        """Return the user of a row.

        Raises:
            StoreError: If the row has no key, or a value does not fit its column.
        """
        key = row[self._users.user_id]
        if key is None or key == "":
            message = "A row of the user store has no key"
            raise StoreError(message)
        return self.account(row, self._users.user_id_prefix + key_text(key))

    @override
    def as_json(self, record: Mapping[str, Any], place: str) -> object:
        stored = record[place]
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

    @override
    def as_object(self, record: Mapping[str, Any], place: str) -> dict[str, object]:
        stored = record[place]
        if isinstance(stored, str | bytes):
            try:
                stored = json.loads(stored or "null")
            except (ValueError, RecursionError):
                raise UnusableValueError(place) from None
        if stored is not None and not isinstance(stored, dict):
            raise UnusableValueError(place)
        return cast("dict[str, object]", stored or {})

    @override
    def is_disabled(self, record: Mapping[str, Any]) -> bool:
        return any(self._keeps_out(record, lock) for lock in self._users.disabled)

    def _keeps_out(self, record: Mapping[str, Any], lock: Value | Until) -> bool:
        if not isinstance(lock, Until):
            return self.flag(record, lock)
        end = record[lock.column]
        if end is None or (lock.counts is not None and not self.flag(record, lock.counts)):
            return False
        try:
            # SQLite has no type for times.
            moment = datetime.fromisoformat(end) if isinstance(end, str) else end
        except ValueError:
            raise UnusableValueError(lock.column) from None
        if not isinstance(moment, datetime):
            raise UnusableValueError(lock.column)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > datetime.now(UTC)


def key_text(key: object) -> str:
    """Return a key as text: a whole number has the same text whatever its type is."""
    return str(int(key)) if isinstance(key, Decimal) and key == int(key) else str(key)
