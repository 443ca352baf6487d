"""A store of the tenant: records by key, by connection, and by the identifiers that users type."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

__all__ = ["Record", "Store"]


class Record(Protocol):
    """A record of a store; it never changes, but is replaced by a new one."""

    @property
    def user_id(self) -> str:
        """The key."""
        ...

    @property
    def connection(self) -> str:
        """The connection."""
        ...

    @property
    def email(self) -> str | None:
        """The e-mail."""
        ...

    @property
    def username(self) -> str | None:
        """The username."""
        ...


_Record = TypeVar("_Record", bound=Record)


class Store(Generic[_Record]):
    """Records, found in constant time. Identifiers are compared without regard to case."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
        self._identifiers: dict[str, dict[str, tuple[str, ...]]] = {}

    @property
    def records(self) -> Mapping[str, _Record]:
        """All records by key, as a live view."""
        return MappingProxyType(self._records)

    def get(self, user_id: str) -> _Record | None:
        """Return a record by its key.

        Args:
            user_id: The key.
        """
        return self._records.get(user_id)

    def of(self, connection: str) -> Iterator[_Record]:
        """Yield the records of a connection, in the order in which they were added.

        Args:
            connection: The name of the connection.
        """
        return (record for record in self._records.values() if record.connection == connection)

    def find(self, connection: str, identifier: str | None) -> tuple[_Record, ...]:
        """Return the records of a connection that an identifier stands for, in the order in which they got it.

        Args:
            connection: The name of the connection.
            identifier: An e-mail or a username; None matches nothing.
        """
        if identifier is None:
            return ()
        keys = self._identifiers.get(connection, {}).get(identifier.lower(), ())
        return tuple(self._records[key] for key in keys)

    def put(self, record: _Record) -> None:
        """Keep a record, replacing the one with the same key if there is one.

        Args:
            record: The record. Its connection is that of the previous one.
        """
        before = self._records.get(record.user_id)
        self._records[record.user_id] = record
        if before is not None and (before.email, before.username) == (record.email, record.username):
            return
        names = _names(record)
        if before is not None:
            former = _names(before)
            self._forget(before, former - names)
            names -= former
        found = self._identifiers.setdefault(record.connection, {})
        for name in names:
            found[name] = (*found.get(name, ()), record.user_id)

    def remove(self, user_id: str) -> None:
        """Remove a record.

        Args:
            user_id: The key of a record that is there.
        """
        record = self._records.pop(user_id)
        self._forget(record, _names(record))

    def _forget(self, record: _Record, names: set[str]) -> None:
        found = self._identifiers[record.connection]
        for name in names:
            left = tuple(key for key in found[name] if key != record.user_id)
            if left:
                found[name] = left
            else:
                del found[name]


def _names(record: Record) -> set[str]:
    return {name.lower() for name in (record.email, record.username) if name is not None}
