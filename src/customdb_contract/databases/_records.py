"""What a record of a user says, whether it is a row of a table or a document."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, cast

from customdb_contract.databases._identifiers import lowered
from customdb_contract.databases._store import Account, StoreError
from customdb_contract.databases._values import Flag, Metadata, Value
from customdb_contract.passwords import Stored

__all__ = ["Mapped", "Record", "UnusableValueError", "account_of", "flag_of"]


class UnusableValueError(Exception):
    """A value is not what its place is for; the message is the place."""


class Mapped(Protocol):
    """What a mapping says of the places, each of which is a column or the path of a field."""

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


class Record(Protocol):
    """A row or a document. A value that is not what its place is for raises `UnusableValueError`."""

    kind_of_place: ClassVar[str]
    """What an error calls a place."""

    def at(self, place: str) -> Any:
        """Return what is stored at a place, or None."""
        ...

    def as_json(self, place: str) -> object:
        """Return what is stored at a place, as JSON has it."""
        ...

    def as_object(self, place: str) -> dict[str, object]:
        """Return the JSON object that is stored at a place; an empty one where nothing is."""
        ...

    def is_disabled(self) -> bool:
        """Tell whether anything in the record keeps the user from logging in."""
        ...


def account_of(users: Mapped, record: Record, user_id: str) -> Account:
    """Return the user of a record.

    Args:
        users: What the places mean.
        record: The record.
        user_id: The user's id, with its prefix.

    Raises:
        StoreError: When there is a value that is not what its place is for.
    """
    try:
        return _account(users, record, user_id)
    except UnusableValueError as error:
        message = f"The user {user_id} has no usable value in the {record.kind_of_place} {error}"
        raise StoreError(message) from None


def flag_of(record: Record, value: Value) -> bool:
    """Return what a flag says.

    Raises:
        UnusableValueError: When it says neither yes nor no.
    """
    flag = value if isinstance(value, Flag) else Flag(value)
    stored = record.at(flag.column)
    if stored is None:
        return flag.null
    if stored == flag.true:
        return True
    if stored == flag.false:
        return False
    raise UnusableValueError(flag.column)


def _account(users: Mapped, record: Record, user_id: str) -> Account:
    texts = [_text(record, place) for place in users.identifiers]
    email, *_ = texts
    profile: dict[str, object] = {"user_id": user_id}
    for name, place in {"email": users.email, "username": users.username}.items():
        text = None if place is None else _text(record, place)
        if text is not None:
            profile[name] = lowered(text)
    if users.email_verified is not None and email is not None:
        profile["email_verified"] = flag_of(record, users.email_verified)
    if users.phone_number is not None:
        profile["phone_number"] = _text(record, users.phone_number)
    profile.update((name, _value(record, value)) for name, value in users.fields.items())
    for name, metadata in {"app_metadata": users.app_metadata, "user_metadata": users.user_metadata}.items():
        if metadata is not None:
            profile[name] = _metadata(record, metadata)
    return Account(
        user_id=user_id,
        identifier=next(filter(None, texts), user_id),
        password=Stored(*(None if place is None else _secret(record, place) for place in (users.password, users.salt))),
        is_disabled=record.is_disabled(),
        profile={name: value for name, value in profile.items() if value is not None},
    )


def _text(record: Record, place: str) -> str | None:
    value = record.at(place)
    if value is not None and not isinstance(value, str):
        raise UnusableValueError(place)
    return value or None


def _secret(record: Record, place: str) -> str | bytes | None:
    value = record.at(place)
    if isinstance(value, memoryview | bytearray):
        return bytes(cast("bytearray", value))
    if value is not None and not isinstance(value, str | bytes):
        raise UnusableValueError(place)
    return value


def _value(record: Record, value: Value) -> object:
    if isinstance(value, Flag):
        return None if record.at(value.column) is None else flag_of(record, value)
    return record.as_json(value)


def _metadata(record: Record, metadata: Metadata) -> dict[str, object]:
    if isinstance(metadata, str):
        return record.as_object(metadata)
    values = {name: _value(record, value) for name, value in metadata.items()}
    return {name: value for name, value in values.items() if value is not None}
