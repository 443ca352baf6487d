"""Differences of two profiles, path by path."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from attrs import frozen

from customdb_contract.profiles._repair import generated_attributes, is_secret_name

__all__ = ["Difference", "differences"]

_MAX_DEPTH: Final = 60
_SHOWN: Final = 80
_OF_ONE_LOGIN: Final = ("access_token", "refresh_token", "identities")
_GENERATED: Final = ("name", "nickname", "picture")


class Dumpable(Protocol):
    """A pydantic model such as `Profile`; comparing does not import pydantic itself."""

    def model_dump(self) -> dict[str, Any]:
        """Return the attributes."""
        ...


@frozen
class Difference:
    """One path at which two profiles differ.

    Args:
        path: Where, for example `app_metadata.plan` or `roles[2]`.
        first: The value of the first profile as JSON text; `nothing` when it is absent, `…` when it may be a secret.
        second: The value of the second profile, likewise.
    """

    path: str
    first: str
    second: str


def differences(a: Mapping[str, object] | Dumpable, b: Mapping[str, object] | Dumpable) -> tuple[Difference, ...]:
    """Return the paths at which two profiles differ, in the order of the first one.

    Differences that mean nothing to Auth0 are ignored: an absent attribute versus null, the order of scalars in an
    array, a `name`, `nickname` or `picture` that Auth0 would generate, and the tokens of a single log-in. `True` and
    `1` do differ.

    Args:
        a: A profile, or attributes.
        b: The profile or attributes to compare it with.
    """
    return tuple(_compare("", _comparable(a), _comparable(b), 0))


def _comparable(profile: Mapping[str, object] | Dumpable) -> Mapping[str, object]:
    attributes = profile if isinstance(profile, Mapping) else profile.model_dump()
    generated = generated_attributes(attributes)
    return {
        name: None if name in _GENERATED and value == generated.get(name) else value
        for name, value in attributes.items()
        if name not in _OF_ONE_LOGIN
    }


def _compare(path: str, first: Any, second: Any, depth: int) -> Iterator[Difference]:
    if first is second:
        return
    if depth <= _MAX_DEPTH:
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            yield from _compare_mappings(
                path, cast("Mapping[str, object]", first), cast("Mapping[str, object]", second), depth
            )
            return
        if isinstance(first, list | tuple) and isinstance(second, list | tuple):
            yield from _compare_sequences(
                path, cast("Sequence[object]", first), cast("Sequence[object]", second), depth
            )
            return
    one, other = cast("object", first), cast("object", second)
    if not _is_same(one, other):
        yield Difference(path, _shown(path, one), _shown(path, other))


def _compare_mappings(
    path: str, first: Mapping[str, object], second: Mapping[str, object], depth: int
) -> Iterator[Difference]:
    for name in (*first, *(name for name in second if name not in first)):
        below = f"{path}.{name}" if path else str(name)
        yield from _compare(below, first.get(name), second.get(name), depth + 1)


def _compare_sequences(
    path: str, first: Sequence[object], second: Sequence[object], depth: int
) -> Iterator[Difference]:
    if all(_is_scalar(item) for item in (*first, *second)):
        if sorted(map(_key, first)) != sorted(map(_key, second)):
            yield Difference(path, _shown(path, first), _shown(path, second))
        return
    for index in range(max(len(first), len(second))):
        old, new = (sequence[index] if index < len(sequence) else None for sequence in (first, second))
        yield from _compare(f"{path}[{index}]", old, new, depth + 1)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _key(value: object) -> tuple[str, str]:
    # Equal numbers are the same JSON number, but True is not a number.
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", repr(float(value)) if abs(value) < 2**53 else repr(value)
    return type(value).__name__, str(value)


def _is_same(first: object, second: object) -> bool:
    if _is_scalar(first) and _is_scalar(second):
        return _key(first) == _key(second)
    try:
        return type(first) is type(second) and bool(first == second)
    except Exception:  # noqa: BLE001 - what a foreign __eq__ cannot compare is not the same
        return False


def _shown(path: str, value: object) -> str:
    if value is None:
        return "nothing"
    if any(is_secret_name(part) for part in path.split(".")):
        return "…"
    text = json.dumps(_masked(value, 0), ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _masked(value: object, depth: int) -> object:
    """Return the printable form of a value: JSON, with secrets and foreign objects replaced."""
    if _is_scalar(value):
        return value
    if depth > _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        return {
            str(name): "…" if is_secret_name(str(name)) else _masked(item, depth + 1) for name, item in fields.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(item, depth + 1) for item in cast("Sequence[object]", value)]
    return f"{type(value).__name__} {value}"
