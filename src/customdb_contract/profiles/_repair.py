"""Repairs: what Auth0 makes of a profile, and what JSON makes of a value, done on purpose and reported."""

import base64
import datetime as dt
import decimal
import enum
import hashlib
import math
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast
from urllib.parse import quote

from attrs import frozen

__all__ = [
    "Repair",
    "RepairKind",
    "Repaired",
    "generated_attributes",
    "generated_picture",
    "is_secret_name",
    "normal_attributes",
    "repair_profile",
    "shown",
]

_MAX_DEPTH: Final = 50
_SHOWN: Final = 80
_SECRET_WORD: Final = re.compile("password|passwd|hash|salt|secret|token|otp_seed|private_key", re.IGNORECASE)
_TOKENS: Final = ("access_token", "refresh_token")
_LOWERED: Final = ("email", "username")


class RepairKind(StrEnum):
    """What was repaired."""

    CONVERTED = "converted"
    """A value that JSON does not have became one that it does."""
    RENAMED = "renamed"
    """`id` became `user_id`."""
    LOWER_CASED = "lower-cased"
    """With import mode on, Auth0 stores e-mail and username in lower case."""
    GENERATED = "generated"
    """Auth0 fills in what is missing."""
    MOVED = "moved"
    """Tokens move to the identity."""


@frozen
class Repair:
    """A single repair.

    Args:
        path: Where, for example `app_metadata.since`.
        kind: What was done.
        before: The value before, as text; secrets are not shown.
        after: The value after, as text; secrets are not shown.
    """

    path: str
    kind: RepairKind
    before: str
    after: str


_Change: TypeAlias = Repair | tuple[str, RepairKind, object, object]
"""A repair, or what it changed: the name, the kind, the value before and the value after."""


@frozen
class Repaired:
    """A profile after its repairs; it can still be invalid.

    Args:
        attributes: The attributes.
        repairs: What was repaired, in order.
    """

    attributes: dict[str, object]
    repairs: tuple[Repair, ...]


def repair_profile(raw: Mapping[str, object], *, import_mode: bool = False) -> Repaired:
    """Return what Auth0 would make of a profile, whether or not it is valid. No attribute is lost.

    `id` becomes `user_id`; a number, a `UUID` or an ObjectId as `user_id` becomes text; with import mode on, e-mail and
    username become lower case; missing `name`, `nickname` and `picture` are generated from the e-mail; `access_token`
    and `refresh_token` move to the identity. At any depth, `UUID` and ObjectId become text, `datetime` ISO 8601,
    `Decimal` a number if that is exact and text otherwise, `bytes` their text in UTF-8 or base64, `Enum` its value,
    tuples and sets arrays, and NaN and infinity null. Other objects stay as they are, and so does everything nested
    more than 50 levels deep.

    Sources: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>,
    <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        raw: The profile as a script returned it.
        import_mode: Whether "Import Users to Auth0" is on.
    """
    repairing = Repairing(raw)
    repairing.convert(tuple(raw))
    repairing.normalize(import_mode=import_mode)
    return Repaired(repairing.attributes, repairing.repairs)


def normal_attributes(attributes: Mapping[str, object], *, import_mode: bool = False) -> dict[str, object]:
    """Return what Auth0 would make of a profile that already has JSON's types, without the repairs.

    Args:
        attributes: The profile.
        import_mode: Whether "Import Users to Auth0" is on.
    """
    repairing = Repairing(attributes)
    repairing.normalize(import_mode=import_mode)
    return repairing.attributes


class Repairing:
    """Repairs of one profile, collected."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.attributes = dict(raw)
        self._changes: list[_Change] = []

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """The repairs, in order; describing them takes longer than making them."""
        return tuple(change if isinstance(change, Repair) else _in_words(*change) for change in self._changes)

    def convert(self, names: Sequence[str]) -> None:
        """Replace values that JSON does not have by values that it does, at any depth."""
        for name in names:
            value = self.attributes[name]
            converted = _converted(value, 0)
            if converted is not value:
                self.attributes[name] = converted
                self._changes += _told(name, value, converted)

    def normalize(self, *, import_mode: bool) -> None:
        """Apply Auth0's own changes."""
        attributes = self.attributes
        if attributes.get("user_id") is None and attributes.get("id") is not None:
            attributes["user_id"] = attributes.pop("id")
            self._tell("user_id", RepairKind.RENAMED, "id", "user_id")
        user_id = attributes.get("user_id")
        if type(user_id) is int or (type(user_id) is float and user_id.is_integer()):
            self._change("user_id", RepairKind.CONVERTED, str(int(user_id)))
        if import_mode:
            for name in _LOWERED:
                value = attributes.get(name)
                if isinstance(value, str) and value != value.lower():
                    self._change(name, RepairKind.LOWER_CASED, value.lower())
        if any(attributes.get(name) is None for name in ("name", "nickname", "picture")):
            for name, value in generated_attributes(attributes).items():
                if attributes.get(name) is None:
                    self._change(name, RepairKind.GENERATED, value)
        if "access_token" in attributes or "refresh_token" in attributes:
            self._move_tokens()

    def _change(self, name: str, kind: RepairKind, after: object) -> None:
        self._changes.append((name, kind, self.attributes.get(name), after))
        self.attributes[name] = after

    def _tell(self, path: str, kind: RepairKind, before: str, after: str) -> None:
        self._changes.append(Repair(path, kind, before, after))

    def _move_tokens(self) -> None:
        identities: Any = self.attributes.get("identities") or [{}]
        if not isinstance(identities, list) or not isinstance(identities[0], dict):
            return
        first, *others = cast("list[dict[str, object]]", identities)
        first = dict(first)
        for name in _TOKENS:
            if name in self.attributes and name not in first:
                first[name] = self.attributes.pop(name)
                self._tell(name, RepairKind.MOVED, name, f"identities[0].{name}")
        self.attributes["identities"] = [first, *others]


def _in_words(name: str, kind: RepairKind, before: object, after: object) -> Repair:
    return Repair(name, kind, shown(name, before), shown(name, after))


def generated_attributes(attributes: Mapping[str, object]) -> dict[str, str]:
    """Return the `name`, `nickname` and `picture` that Auth0 generates when they are missing.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        attributes: A profile.

    Returns:
        Empty if there is no e-mail to derive them from.
    """
    email = attributes.get("email")
    if not isinstance(email, str) or "@" not in email:
        return {}
    return {"name": email, "nickname": email.rpartition("@")[0], "picture": generated_picture(email)}


@lru_cache
def generated_picture(email: str) -> str:
    """Return the URL of the `picture` that Auth0 generates: it has a digest of the e-mail, and its initials.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        email: The user's e-mail. Its digest is that of `email.strip().lower()`.
    """
    digest = hashlib.md5(email.strip().lower().encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    avatar = f"https%3A%2F%2Fcdn.auth0.com%2Favatars%2F{_quoted(email[:2].lower())}.png"
    return f"https://s.gravatar.com/avatar/{digest}?s=480&r=pg&d={avatar}"


@lru_cache
def _quoted(initials: str) -> str:
    return quote(initials.encode("utf-8", "surrogatepass"))


def is_secret_name(name: str) -> bool:
    """Tell whether an attribute with this name can hold a secret, so that its value is not shown.

    Args:
        name: The last part of an attribute's path.
    """
    return _SECRET_WORD.search(name) is not None


def shown(name: str, value: object) -> str:
    """Return a value as printable text: short, and never a secret.

    Args:
        name: The name of the attribute.
        value: Its value.
    """
    if value is None:
        return "nothing"
    if is_secret_name(name):
        return "…"
    text = repr(value) if isinstance(value, str | int | float | bool) else f"{type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _told(path: str, before: Any, after: Any) -> Iterator[Repair]:
    """Yield a repair for each converted value, with its own path."""
    if isinstance(before, Mapping) and isinstance(after, dict):
        fields = cast("Mapping[str, object]", before)
        for name, value in cast("dict[str, object]", after).items():
            if value is not fields[name]:
                yield from _told(f"{path}.{name}", fields[name], value)
    elif isinstance(before, list | tuple) and isinstance(after, list):
        if isinstance(before, tuple):
            yield Repair(path, RepairKind.CONVERTED, "tuple", "list")
        pairs = zip(cast("Sequence[object]", before), cast("list[object]", after), strict=True)
        for index, (old, new) in enumerate(pairs):
            if new is not old:
                yield from _told(f"{path}[{index}]", old, new)
    else:
        name = path.rpartition(".")[2]
        after_text = shown(name, cast("object", after))
        yield Repair(path, RepairKind.CONVERTED, type(cast("object", before)).__name__, after_text)


def _converted(value: object, depth: int) -> object:
    """Return a value as JSON has it, or the value itself if there is nothing to convert."""
    if isinstance(value, enum.Enum):
        return _converted(cast("object", value.value), depth + 1)
    if value is None or isinstance(value, str | bool | int) or depth > _MAX_DEPTH:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list):
        return _converted_container(cast("dict[str, object] | list[object]", value), depth)
    if isinstance(value, tuple | set | frozenset):
        items = [_converted(item, depth + 1) for item in cast("Iterable[object]", value)]
        return items if isinstance(value, tuple) else sorted(items, key=repr)
    return _converted_scalar(value)


def _converted_scalar(value: object) -> object:
    match value:
        case uuid.UUID():
            return str(value)
        case decimal.Decimal():
            return _converted_decimal(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case bytes() | bytearray():
            return _converted_bytes(bytes(value))
        case _:
            return str(value) if type(value).__name__ in {"ObjectId", "ObjectID"} else value


def _converted_container(value: dict[str, object] | list[object], depth: int) -> object:
    if isinstance(value, list):
        items = [_converted(item, depth + 1) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    fields = {name: _converted(item, depth + 1) for name, item in value.items()}
    return value if all(fields[name] is item for name, item in value.items()) else fields


def _converted_decimal(value: decimal.Decimal) -> object:
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    number = float(value)
    return number if decimal.Decimal(repr(number)) == value else str(value)


def _converted_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")
