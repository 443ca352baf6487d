"""Reads a record of a user, which is a row of a table or a document."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from customdb_contract.databases._identifiers import lowered
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases._values import Flag, Metadata, Value
from customdb_contract.passwords import Stored

__all__ = ["Accounts", "Mapped", "UnusableValueError"]

_Record = TypeVar("_Record")
_Read: TypeAlias = Callable[[_Record], object]


class UnusableValueError(Exception):
    """A value does not fit its place; the message is the place."""


class Mapped(Protocol):
    """The places in a mapping, each of which is a column or the path of a field."""

    @property
    def email(self) -> str: ...
    @property
    def username(self) -> str | None: ...
    @property
    def phone_number(self) -> str | None: ...
    @property
    def identifiers(self) -> Sequence[str]: ...
    @property
    def password(self) -> str: ...
    @property
    def salt(self) -> str | None: ...
    @property
    def email_verified(self) -> Value | None: ...
    @property
    def fields(self) -> Mapping[str, Value]: ...
    @property
    def app_metadata(self) -> Metadata | None: ...
    @property
    def user_metadata(self) -> Metadata | None: ...


class Accounts(ABC, Generic[_Record]):
    """Creates users from records; the mapping is evaluated once, not for each record.

    Args:
        users: The mapping.
        at: Returns the value at a place of a record, or None.
        kind_of_place: The word for a place in errors.
    """

    def __init__(self, users: Mapped, at: Callable[[_Record, str], Any], kind_of_place: str) -> None:
        self._at = at
        self._kind_of_place = kind_of_place
        self._identifiers = tuple(users.identifiers)
        self._password = users.password
        self._salt = users.salt
        self._attributes = tuple(self._attributes_of(users))

    @abstractmethod
    def as_json(self, record: _Record, place: str) -> object:
        """Return the value at a place, as JSON.

        Raises:
            UnusableValueError: If JSON has no such value.
        """

    @abstractmethod
    def as_object(self, record: _Record, place: str) -> dict[str, object]:
        """Return the JSON object at a place, or an empty one if nothing is stored there.

        Raises:
            UnusableValueError: If it is not a JSON object.
        """

    @abstractmethod
    def is_disabled(self, record: _Record) -> bool:
        """Return whether the record keeps the user from logging in.

        Raises:
            UnusableValueError: If it cannot be determined.
        """

    def flag(self, record: _Record, value: Value) -> bool:
        """Return the value of a flag.

        Raises:
            UnusableValueError: If the value stands for neither yes nor no.
        """
        flag = value if isinstance(value, Flag) else Flag(value)
        stored = self._at(record, flag.column)
        if stored is None:
            return flag.null
        if stored == flag.true:
            return True
        if stored == flag.false:
            return False
        raise UnusableValueError(flag.column)

    def account(self, record: _Record, user_id: str) -> Account:
        """Return the user of a record.

        Args:
            record: The record.
            user_id: The user's id, with its prefix.

        Raises:
            StoreError: If a value does not fit its place.
        """
        try:
            texts = [self._text(record, place) for place in self._identifiers]
            profile = _present(record, self._attributes, {"user_id": user_id})
            return Account(
                user_id=user_id,
                identifier=next(filter(None, texts), user_id),
                password=Stored(
                    self._secret(record, self._password),
                    None if self._salt is None else self._secret(record, self._salt),
                ),
                is_disabled=self.is_disabled(record),
                profile=profile,
            )
        except UnusableValueError as error:
            message = f"The user {user_id} has no usable value in the {self._kind_of_place} {error}"
            raise StoreError(message) from None

    def _attributes_of(self, users: Mapped) -> "Iterator[tuple[str, _Read[_Record]]]":
        """Return the attributes of a profile, each with the function that reads it."""
        email, username, phone_number, verified = users.email, users.username, users.phone_number, users.email_verified
        yield "email", lambda record: self._lowered(record, email)
        if username is not None:
            yield "username", lambda record: self._lowered(record, username)
        if verified is not None:
            flag = verified if isinstance(verified, Flag) else Flag(verified)
            yield "email_verified", lambda record: self._text(record, email) and self.flag(record, flag)
        if phone_number is not None:
            yield "phone_number", lambda record: self._text(record, phone_number)
        for name, value in users.fields.items():
            yield name, self._reading(value)
        for name, metadata in {"app_metadata": users.app_metadata, "user_metadata": users.user_metadata}.items():
            if metadata is not None:
                yield name, self._reading_metadata(metadata)

    def _reading(self, value: Value) -> "_Read[_Record]":
        if isinstance(value, Flag):
            return lambda record: None if self._at(record, value.column) is None else self.flag(record, value)
        return lambda record: self.as_json(record, value)

    def _reading_metadata(self, metadata: Metadata) -> "_Read[_Record]":
        if isinstance(metadata, str):
            return lambda record: self.as_object(record, metadata)
        attributes = [(name, self._reading(value)) for name, value in metadata.items()]
        return lambda record: _present(record, attributes, {})

    def _lowered(self, record: _Record, place: str) -> str | None:
        text = self._text(record, place)
        return None if text is None else lowered(text)

    def _text(self, record: _Record, place: str) -> str | None:
        value = self._at(record, place)
        if value is not None and not isinstance(value, str):
            raise UnusableValueError(place)
        return value or None

    def _secret(self, record: _Record, place: str) -> str | bytes | None:
        value = self._at(record, place)
        if isinstance(value, memoryview | bytearray):
            return bytes(cast("bytearray", value))
        if value is not None and not isinstance(value, str | bytes):
            raise UnusableValueError(place)
        return value


def _present(
    record: _Record, attributes: "Sequence[tuple[str, _Read[_Record]]]", known: dict[str, object]
) -> dict[str, object]:
    """Add the attributes that have a stored value, and return all of them."""
    for name, read in attributes:
        value = read(record)
        if value is not None:
            known[name] = value
    return known
