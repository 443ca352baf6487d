"""The values of a profile: JSON's types, and stand-ins for everything else."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeVar, cast

from attrs import frozen

from customdb_contract import contract
from customdb_contract._runner._limits import MAX_BITS, MAX_DEPTH, MAX_TEXT
from customdb_contract._runner._walking import Walk
from customdb_contract.secrets import hide_unknown

__all__ = [
    "CUT",
    "NotJson",
    "is_undefined",
    "json_size",
    "kind_of",
    "not_json",
    "readable",
    "user_id_of",
    "walk",
    "without_secrets",
]

CUT: Final = frozenset({"long-text", "too-deep", "too-many"})
"""The kinds of values that JSON allows, but that were too large to keep."""

_SHOWN: Final = 200
_MAX_CONTAINERS: Final = 5_000
_JSON: Final = (str, int, float, type(None), list, dict, tuple, Mapping)
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_KINDS: Final = {"float": "NaN or infinity", "long-text": "a very long string", "undefined": "undefined"}
_SINGLE: Final = str.maketrans("«»", "\u2039\u203a")
"""The same as in a recorder, so that no text from a store is mistaken for the marker of a secret."""
_Value = TypeVar("_Value")


class NotJson(Protocol):
    """Stands for a value that JSON does not have, or one that is too large, in a profile that is judged."""

    @property
    def kind(self) -> str:
        """What it is: the name of a type, `float` (NaN, infinity), `int`, `undefined`, or one of `CUT`."""
        ...

    @property
    def text(self) -> str:
        """The value as text, or the beginning of it."""
        ...

    @property
    def size(self) -> int | None:
        """Its size in characters, bytes or items, if known."""
        ...


@frozen
class _Read:
    kind: str
    text: str
    size: int | None = None


def not_json(value: object) -> NotJson | None:
    """Return a value of a profile that JSON does not have, or None for any other value.

    Args:
        value: The value.
    """
    return None if isinstance(value, _JSON) else cast("NotJson", value)


def is_undefined(value: object) -> bool:
    """Tell whether a value is JavaScript's `undefined`, which JSON leaves out.

    Args:
        value: The value.
    """
    found = not_json(value)
    return found is not None and found.kind == "undefined"


def kind_of(value: object) -> str:
    """Return the kind of a value as a message names it: `a string`, `an array`, `true`.

    Args:
        value: A value of a profile.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "a string" if value else "an empty string"
        case Mapping():
            return "an object" if value else "an empty object"
        case list() | tuple():
            return "an array" if value else "an empty array"
        case _:
            kind = cast("NotJson", value).kind
            return _KINDS.get(kind, f"a value of type {kind}")


def user_id_of(profile: Mapping[str, _Value]) -> _Value | None:
    """Return the profile's `user_id`, or its `id`, which Auth0 accepts instead; None if it has neither.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>.

    Args:
        profile: A profile as a script returned it.
    """
    for name in ("user_id", "id"):
        value = profile.get(name)
        # Auth0 reads a profile as JSON, which leaves out what is undefined.
        if value is not None and not is_undefined(value):
            return value
    return None


def walk(path: str, value: object) -> Iterator[tuple[str, str, object]]:
    """Yield path, name and value of everything inside a value, at every depth; items of arrays have no name.

    Args:
        path: The path of the value, empty for a whole profile.
        value: The value.
    """
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            below = f"{path}.{key}" if path else key
            yield below, key, item
            # Most values are scalars; a generator for each would take longer than everything else.
            if item.__class__ not in _SCALARS:
                yield from walk(below, item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(cast("Sequence[object]", value)):
            yield f"{path}[{index}]", "", item
            if item.__class__ not in _SCALARS:
                yield from walk(f"{path}[{index}]", item)


def json_size(profile: Mapping[str, object]) -> int:
    """Return the size of a profile as JSON in UTF-8, in bytes; cut values count as far as their size is known.

    Args:
        profile: The profile.
    """
    cut = 0

    def as_json(item: object) -> object:
        nonlocal cut
        if isinstance(item, Mapping):
            return dict(cast("Mapping[str, object]", item))
        value = cast("NotJson", item)
        if value.kind not in CUT:
            return value.text
        cut += value.size or 0
        return ""

    return len(json.dumps(profile, ensure_ascii=False, default=as_json).encode("utf-8", "surrogatepass")) + cut


def without_secrets(path: str) -> str:
    """Return a path without anything that has the format of a secret, as the name of a field can be one.

    Args:
        path: The path, or the paths.
    """
    return hide_unknown(path, lambda _kind, _value: "…")


def readable(profile: Mapping[str, object]) -> Mapping[str, object]:
    """Return a plain Python profile as predicates read it: JSON's types, and `NotJson` for everything else.

    If nothing has to be changed, it is the profile itself. Nothing that a value does while it is read raises here.

    Args:
        profile: The profile; its values can have any type, size or depth.
    """
    if _is_json(profile):
        return profile
    found = Walk[object](_Reading(), contract).value(profile)
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _is_json(profile: Mapping[str, object]) -> bool:
    """Tell whether a profile consists of JSON's own types, within the limits of what is read."""
    level: list[object] = [profile]
    left = _MAX_CONTAINERS
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for container in level:
            if container.__class__ is dict:
                fields = cast("dict[object, object]", container)
                if not all(type(key) is str and "«" not in key and "»" not in key for key in fields):
                    return False
                items: Sequence[object] = tuple(fields.values())
            elif container.__class__ is list:
                items = cast("list[object]", container)
            else:
                return False
            below += [item for item in items if not _is_scalar(item)]
        left -= len(below)
        if not below or left < 0:
            return not below
        level = below
    return False


def _is_scalar(value: object) -> bool:
    kind = value.__class__
    if kind is str:
        text = cast("str", value)
        return len(text) <= MAX_TEXT and "«" not in text and "»" not in text
    if kind is int:
        return cast("int", value).bit_length() <= MAX_BITS
    return kind is bool or value is None or (kind is float and math.isfinite(cast("float", value)))


class _Reading:
    """Converts what is found in a plain profile."""

    def shown(self, text: str) -> str:
        return text[:_SHOWN].translate(_SINGLE)

    def cut(self, text: str) -> str:
        return text[:MAX_TEXT]

    def place(self, error: BaseException) -> None:
        """Return nothing, because no problem names the place of an exception."""

    def constant(self, value: bool | None) -> object:  # noqa: FBT001 - see Form
        return value

    def text(self, text: str) -> object:
        return text.translate(_SINGLE)

    def number(self, number: float) -> object:
        return number

    def special(self, kind: str, text: str, size: int | None) -> object:
        return _Read(kind, text, size)

    def error(self, name: str, message: str, carried: list[object], location: str | None) -> object:
        del carried, location
        return _Read(name, message)

    def items(self, items: list[object]) -> object:
        return items

    def pairs(self, pairs: list[tuple[str, object]]) -> object:
        return {key.translate(_SINGLE): value for key, value in pairs}
