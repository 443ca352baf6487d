"""Converts Auth0's JSON to typed objects and back, by the types of their attributes."""

import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Self, TypeAlias, TypeVar, cast

from attrs import NOTHING, field, fields, frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["EventPart"]

_Part = TypeVar("_Part", bound="EventPart")
_Read: TypeAlias = Callable[[object], object]

_NAMES: Final[Mapping[object, str]] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


_SCALARS: Final = frozenset({str, bool, int, float, type(None)})


class _MisfitError(Exception):
    """Something is missing, or its type is not the documented one.

    Args:
        problem: What is wrong.
        path: Where.
    """

    def __init__(self, problem: str, *path: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path


@frozen(kw_only=True)
class EventPart:
    """An object of Auth0's event: its attributes have Auth0's own names, and None stands for what Auth0 leaves out.

    Args:
        extra: Keys that Auth0 does not document, and values whose type is not the documented one.
    """

    extra: Mapping[str, Any] = field(factory=dict[str, Any])

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Self:
        """Return the object that a JSON document describes; `to_json` is its inverse.

        Args:
            document: The document, as `json.loads` returns it.

        Raises:
            ConfigurationError: When something is missing that Auth0 always sends.
        """
        try:
            return _part(cls, document)
        except _MisfitError as misfit:
            message = f"{'.'.join(('event', *misfit.path))} {misfit.problem}"
            raise ConfigurationError(message) from None

    def to_json(self) -> dict[str, Any]:
        """Return the object as a new JSON document."""
        known = {name: getattr(self, name) for name in _plan_of(type(self)).readers}
        document = {name: _written(value) for name, value in known.items() if value is not None}
        return document | cast("dict[str, Any]", _copied(self.extra))


@frozen
class _Plan:
    """How an object is read: a reader for each attribute that Auth0 documents, and the names of the mandatory ones."""

    readers: Mapping[str, _Read]
    required: tuple[str, ...]


_plans: Final[dict[type[EventPart], _Plan]] = {}


def _plan_of(cls: type[EventPart]) -> _Plan:
    if cls not in _plans:
        attributes = [attribute for attribute in fields(cls) if attribute.name != "extra"]
        _plans[cls] = _Plan(
            {attribute.name: _reader(attribute.type) for attribute in attributes},
            tuple(attribute.name for attribute in attributes if attribute.default is NOTHING),
        )
    return _plans[cls]


def _part(cls: type[_Part], document: Mapping[str, object]) -> _Part:
    plan = _plan_of(cls)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in document.items():
        read = plan.readers.get(name)
        if read is None:
            extra[name] = _copied(value)
            continue
        try:
            known[name] = read(value)
        except _MisfitError as misfit:
            if name in plan.required:
                raise _MisfitError(misfit.problem, name, *misfit.path) from None
            extra[name] = _copied(value)
    for name in plan.required:
        if name not in known:
            problem = "is missing; Auth0 always sends it"
            raise _MisfitError(problem, name)
    return cls(**known, extra=extra)


def _reader(hint: object) -> _Read:
    """Return a function that reads values of a type and raises `_MisfitError` for all others."""
    match typing.get_origin(hint):
        case types.UnionType:
            # Only `X | None` is used, and Auth0 never leaves something out by sending null.
            return _reader(typing.get_args(hint)[0])
        case kind if kind is tuple:
            read_item = _reader(typing.get_args(hint)[0])
            return lambda value: tuple(map(read_item, _checked(list, value)))
        case kind if kind is Mapping:
            return lambda value: _copied(_checked(dict, value))
        case _ if isinstance(hint, type) and issubclass(hint, EventPart):
            return lambda value: _part(hint, _checked(dict, value))
        case _ if hint is float:
            return lambda value: value if type(value) is int else _checked(float, value)
        case _:
            return lambda value: _checked(cast("type", hint), value)


def _checked(kind: type[Any], value: Any) -> Any:
    if type(value) is kind or (kind is dict and isinstance(value, Mapping)):
        return cast("Any", value)
    found = cast("type[object]", type(value))
    problem = f"must be {_NAMES[kind]}, got {_NAMES.get(found, found.__name__)}"
    raise _MisfitError(problem)


def _copied(value: object) -> Any:
    kind: object = type(value)
    if kind in _SCALARS:
        return value
    if isinstance(value, list):
        return [_copied(item) for item in cast("list[object]", value)]
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in cast("Mapping[str, object]", value).items()}
    # A value that is not JSON stays as it is.
    return value


def _written(value: object) -> object:
    match value:
        case EventPart():
            return value.to_json()
        case tuple():
            return [_written(item) for item in cast("tuple[object, ...]", value)]
        case _:
            return _copied(value)
