"""From Auth0's JSON to typed objects and back, by the types of their attributes."""

import copy
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, Self, TypeVar, cast

from attrs import NOTHING, Attribute, field, fields, frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["EventPart"]

_Part = TypeVar("_Part", bound="EventPart")

_NAMES: Final[Mapping[object, str]] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Mapping: "an object",
    tuple: "a list",
}


class _MisfitError(Exception):
    """Something is missing, or has another type than Auth0 documents; the message says what, and where."""


@frozen(kw_only=True)
class EventPart:
    """An object of Auth0's event: its attributes have Auth0's own names, and None is what Auth0 leaves out.

    Args:
        extra: Keys that Auth0 does not document, and values of another type than documented.
    """

    extra: Mapping[str, Any] = field(factory=dict[str, Any])

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Self:
        """Return the object that a JSON document describes; `to_json` is its inverse.

        Args:
            document: The document, as `json.loads` returns it.

        Raises:
            ConfigurationError: When something is missing that Auth0 always gives.
        """
        try:
            return _part(cls, document, "event")
        except _MisfitError as misfit:
            message = str(misfit)
            raise ConfigurationError(message) from None

    def to_json(self) -> dict[str, Any]:
        """Return the object as a JSON document, which shares nothing with it."""
        known = {attribute.name: getattr(self, attribute.name) for attribute in _known(type(self))}
        document = {name: _written(value) for name, value in known.items() if value is not None}
        return document | copy.deepcopy(dict(self.extra))


def _known(cls: type[EventPart]) -> list["Attribute[object]"]:
    return [attribute for attribute in fields(cls) if attribute.name != "extra"]


def _part(cls: type[_Part], document: Mapping[str, object], path: str) -> _Part:
    attributes = _known(cls)
    names = {attribute.name for attribute in attributes}
    known: dict[str, object] = {}
    extra = {name: copy.deepcopy(value) for name, value in document.items() if name not in names}
    for attribute in attributes:
        name, is_required = attribute.name, attribute.default is NOTHING
        if name in document:
            try:
                known[name] = _read(attribute.type, document[name], f"{path}.{name}")
            except _MisfitError:
                if is_required:
                    raise
                extra[name] = copy.deepcopy(document[name])
        elif is_required:
            message = f"{path}.{name} is missing; Auth0 always gives it"
            raise _MisfitError(message)
    return cls(**cast("dict[str, Any]", known), extra=extra)


def _read(hint: object, value: object, path: str) -> object:
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        # Nothing but `X | None` is used, and null is not how Auth0 leaves something out.
        return _read(typing.get_args(hint)[0], value, path)
    if origin is tuple and isinstance(value, list):
        (item, _) = typing.get_args(hint)
        return tuple(_read(item, one, f"{path}[{index}]") for index, one in enumerate(cast("list[object]", value)))
    if origin is Mapping and isinstance(value, Mapping):
        return copy.deepcopy(dict(cast("Mapping[str, object]", value)))
    if isinstance(hint, type) and issubclass(hint, EventPart):
        origin = Mapping
        if isinstance(value, Mapping):
            return _part(hint, cast("Mapping[str, object]", value), path)
    if type(value) is hint or (hint is float and type(value) is int):
        return value
    message = f"{path} must be {_NAMES[origin or hint]}, and is {_named(value)}"
    raise _MisfitError(message)


def _named(value: object) -> str:
    match value:
        case None:
            return "null"
        case Mapping():
            return "an object"
        case list():
            return "a list"
        case _:
            return _NAMES.get(type(value), type(value).__name__)


def _written(value: object) -> object:
    match value:
        case EventPart():
            return value.to_json()
        case tuple():
            return [_written(item) for item in cast("tuple[object, ...]", value)]
        case _:
            return copy.deepcopy(value)
