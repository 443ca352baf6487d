"""Which metadata an Action restores, and what it takes from a response of the legacy system."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, cast

from attrs import frozen

from customdb_contract.actions._event_user import EventUser
from customdb_contract.actions._limits import metadata_problem
from customdb_contract.errors import ConfigurationError

__all__ = ["JsonType", "RestoredKey", "UnusableAnswerError", "Written", "is_present", "keys_of", "payload_from"]

JsonType: TypeAlias = Literal["string", "number", "boolean", "object", "array"]
"""The type of a value in JSON."""

Written: TypeAlias = dict[str, dict[str, Any]]
"""The first-level keys to set, for each kind of metadata."""

_TYPES: Final[Mapping[JsonType, type | tuple[type, ...]]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
_KINDS: Final = ("app_metadata", "user_metadata")


class UnusableAnswerError(Exception):
    """There is no usable response. The message is logged, so it must not name the user."""


@frozen
class RestoredKey:
    """A first-level key to restore.

    Args:
        kind: `app_metadata` or `user_metadata`.
        name: The key.
        type: The type of its value.
    """

    kind: str
    name: str
    type: JsonType

    @property
    def path(self) -> str:
        """The path of the key, such as `app_metadata.plan`."""
        return f"{self.kind}.{self.name}"


def keys_of(restores: Mapping[str, JsonType], marker: str) -> tuple[RestoredKey, ...]:
    """Return the keys to restore.

    Args:
        restores: Paths, such as `app_metadata.plan`, with the types of their values.
        marker: The key of `app_metadata` that marks a user as looked up.

    Raises:
        ConfigurationError: When there are none, or one cannot be restored.
    """
    if not restores:
        message = 'restores is empty: name what to restore, such as {"app_metadata.plan": "string"}'
        raise ConfigurationError(message)
    problem = _name_problem("app_metadata", marker)
    if problem is not None:
        message = f"marker must be a key of app_metadata: {problem}"
        raise ConfigurationError(message)
    return tuple(_key_of(path, type_, marker) for path, type_ in restores.items())


def _key_of(path: str, type_: JsonType, marker: str) -> RestoredKey:
    kind, _, name = path.partition(".")
    if kind not in _KINDS:
        message = f"restores names {path!r}, which is not a path of metadata: write app_metadata.plan"
        raise ConfigurationError(message)
    problem = _name_problem(kind, name)
    if problem is None and (kind, name) == ("app_metadata", marker):
        problem = "it is the marker"
    if problem is not None:
        message = f"restores names {path!r}, which cannot be restored: {problem}"
        raise ConfigurationError(message)
    if type_ not in _TYPES:
        message = f"restores gives {path} the type {type_!r}; expected one of {', '.join(_TYPES)}"
        raise ConfigurationError(message)
    return RestoredKey(kind, name, type_)


def _name_problem(kind: str, name: str) -> str | None:
    return metadata_problem(kind, {}, name, None) if name else "the key is empty"


def is_present(user: EventUser, key: RestoredKey) -> bool:
    """Tell whether a user has a key in Auth0, whatever its value.

    Args:
        user: The user who logs in.
        key: The key.
    """
    metadata: Mapping[str, Any] | None = getattr(user, key.kind)
    return metadata is not None and key.name in metadata


def payload_from(profile: Mapping[str, object], keys: Collection[RestoredKey], marker: str) -> Written:
    """Return what to set from the profile of a user: the keys that it has, and the marker.

    Args:
        profile: The response of the legacy system.
        keys: The keys that the user lacks.
        marker: The key of `app_metadata` that marks a user as looked up.

    Raises:
        UnusableAnswerError: When one of the keys must not be set. Then none is, because a response that is wrong in one
            place can be wrong in others.
    """
    written: Written = {"app_metadata": {marker: True}, "user_metadata": {}}
    for key, value in _values_of(profile, keys):
        of_kind = written[key.kind]
        if not _has_type(value, key.type):
            message = f"{key.path} is not of the type {key.type}"
            raise UnusableAnswerError(message)
        try:
            plain = json.loads(json.dumps(value, allow_nan=False))
            problem = metadata_problem(key.kind, of_kind, key.name, plain)
        except (TypeError, ValueError, RecursionError):
            message = f"{key.path} is not JSON"
            raise UnusableAnswerError(message) from None
        if problem is not None:
            message = f"{key.path} cannot be stored by Auth0"
            raise UnusableAnswerError(message)
        of_kind[key.name] = plain
    return written


def _values_of(profile: Mapping[str, object], keys: Collection[RestoredKey]) -> Iterator[tuple[RestoredKey, object]]:
    for key in keys:
        metadata = profile.get(key.kind)
        if metadata is None:
            continue
        if not isinstance(metadata, Mapping):
            message = f"{key.kind} is not an object"
            raise UnusableAnswerError(message)
        value = cast("Mapping[str, object]", metadata).get(key.name)
        if value is not None:
            yield key, value


def _has_type(value: object, type_: JsonType) -> bool:
    return isinstance(value, _TYPES[type_]) and isinstance(value, bool) is (type_ == "boolean")
