"""Recorded values: what a script handed over, frozen when it was, so that nothing of the script runs later."""

import json
import math
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, cast

from attrs import frozen

from customdb_contract.contract import ScriptError, ValidationError, WrongUsernameOrPasswordError
from customdb_contract.errors import TranscriptError

__all__ = [
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_TEXT",
    "RecordedError",
    "Special",
    "Value",
    "canonical",
    "from_json",
    "json_text",
    "record",
    "record_error",
    "safe_text",
    "to_json",
]

MAX_DEPTH: Final = 50
"""Levels of nesting that are recorded; what lies deeper is a `Special("too-deep")`."""

MAX_ITEMS: Final = 20_000
"""Values that are recorded of one argument; what follows is a `Special("too-many")`."""

MAX_TEXT: Final = 65_536
"""Characters of one text that are recorded; a longer one is a `Special("long-text")`."""

_SHOWN_TEXT: Final = 200


@frozen
class Special:
    """A value that JSON does not have, or that is too large to record.

    Args:
        kind: What it is: a type's name such as `datetime`, `Decimal`, `UUID`, `bytes`; or `float` (nan, inf),
            `undefined`, `mapping` (with keys that are not text), `cycle`, `too-deep`, `too-many`, `long-text`,
            `unreadable`.
        text: The value as text, as far as it could be had, at most 200 characters of it.
        size: Its size in characters or bytes where that is known, otherwise None.
    """

    kind: str
    text: str = ""
    size: int | None = None


@frozen
class RecordedError:
    """An exception or a JavaScript error, as it was handed to the callback or raised.

    Args:
        name: The name of its class, for example `WrongUsernameOrPasswordError`.
        message: Its message.
        arguments: What the contract's own errors carry beside the message: the identifier, or the code.
        location: File and line where it was raised, or None.
    """

    name: str
    message: str = ""
    arguments: "tuple[Value, ...]" = ()
    location: str | None = None


Value: TypeAlias = "bool | int | float | str | Special | RecordedError | Sequence[Value] | Mapping[str, Value] | None"
"""What is recorded: JSON's types, `Special` for everything else, `RecordedError` for errors."""


def safe_text(value: object) -> str:
    """Return `str(value)`, or an empty text when that fails in any way.

    Args:
        value: Any object of a script; its `__str__` may raise whatever it likes.
    """
    try:
        return str.__str__(str(value))
    except BaseException:  # noqa: BLE001 - even SystemExit in a script's __str__ is the script's matter
        return ""


def record(value: object, mask: Callable[[str], str]) -> Value:
    """Return a recorded value: nothing in it is an object of the script any more.

    Args:
        value: What a script handed over, of any type, size or depth.
        mask: What replaces the secrets in every text.

    Returns:
        The value with secrets masked, and with `Special` where JSON has no such value.
    """
    return _Recording(mask).record(value, 0)


def record_error(error: BaseException, mask: Callable[[str], str]) -> RecordedError:
    """Return a recorded exception.

    Args:
        error: The exception.
        mask: What replaces the secrets in its message and arguments.

    Returns:
        The error under the name of its class; a team's own subclass of the two errors that have a meaning for Auth0
        is recorded as that error.
    """
    name = type(error).__name__
    arguments: tuple[Value, ...] = ()
    match error:
        case WrongUsernameOrPasswordError():
            name, arguments = "WrongUsernameOrPasswordError", (record(getattr(error, "identifier", None), mask),)
        case ValidationError():
            name, arguments = "ValidationError", (record(getattr(error, "code", None), mask),)
        case _:
            pass
    message = getattr(error, "message", None) if isinstance(error, ScriptError) else error
    return RecordedError(
        name=name,
        message=mask(safe_text(message)[:MAX_TEXT]),
        arguments=arguments,
        location=_location(error),
    )


def _location(error: BaseException) -> str | None:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None


class _Recording:
    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._left = MAX_ITEMS
        self._open: set[int] = set()

    def record(self, value: object, depth: int) -> Value:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else Special("float", repr(float(value)))
        if isinstance(value, Mapping | list | tuple):
            return self._container(cast("Mapping[object, object] | Sequence[object]", value), depth)
        if isinstance(value, BaseException):
            return record_error(value, self._mask)
        if isinstance(value, bytes | bytearray):
            return Special(type(value).__name__, self._shown(repr(bytes(value[:_SHOWN_TEXT]))), len(value))
        return Special(type(value).__name__, self._shown(safe_text(value)))

    def _text(self, text: str) -> Value:
        return self._mask(text) if len(text) <= MAX_TEXT else Special("long-text", self._shown(text), len(text))

    def _shown(self, text: str) -> str:
        return self._mask(text[:MAX_TEXT])[:_SHOWN_TEXT]

    def _integer(self, number: int) -> Value:
        # Python refuses to print integers of more than a few thousand digits.
        return number if number.bit_length() <= 1024 else Special("int", hex(number)[:_SHOWN_TEXT], number.bit_length())  # noqa: PLR2004

    def _container(self, value: Mapping[object, object] | Sequence[object], depth: int) -> Value:
        if id(value) in self._open:
            return Special("cycle")
        if depth >= MAX_DEPTH:
            return Special("too-deep")
        self._open.add(id(value))
        try:
            if isinstance(value, Mapping):
                return self._mapping(value, depth)
            return [self._item(item, depth) for item in value[: self._left + 1]]
        except Exception as error:  # noqa: BLE001 - a hostile container may raise anything while it is read
            return Special("unreadable", self._shown(f"{type(error).__name__}: {safe_text(error)}"))
        finally:
            self._open.discard(id(value))

    def _item(self, value: object, depth: int) -> Value:
        self._left -= 1
        return Special("too-many") if self._left < 0 else self.record(value, depth + 1)

    def _mapping(self, value: Mapping[object, object], depth: int) -> Value:
        recorded: dict[str, Value] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                return Special("mapping", self._shown(safe_text(value)), len(value))
            recorded[self._mask(str.__str__(key)[:MAX_TEXT])] = self._item(item, depth)
            if self._left < 0:
                break
        return recorded


def to_json(value: Value) -> object:
    """Return a recorded value as what `json.dumps` takes; `from_json` is its inverse.

    Args:
        value: A recorded value.

    Returns:
        JSON's own types. `Special`, `RecordedError` and mappings with a key that starts with `$` are tagged.
    """
    match value:
        case Special(kind, text, size):
            return {"$special": kind, "text": text, "size": size}
        case RecordedError(name, message, arguments, location):
            carried = [to_json(argument) for argument in arguments]
            return {"$error": name, "message": message, "arguments": carried, "location": location}
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            if any(key.startswith("$") for key in value):
                return {"$mapping": [[key, to_json(item)] for key, item in value.items()]}
            return {key: to_json(item) for key, item in value.items()}
        case _:
            return [to_json(item) for item in value]


def from_json(document: object) -> Value:
    """Return the recorded value that a JSON document stands for.

    Args:
        document: What `json.loads` returned.

    Raises:
        TranscriptError: When a tag is not one of ours, or lacks a part.
    """
    if isinstance(document, dict):
        fields = cast("dict[str, object]", document)
        tags = [key for key in fields if key.startswith("$")]
        return _tagged(tags[0], fields) if tags else {key: from_json(item) for key, item in fields.items()}
    if isinstance(document, list):
        return [from_json(item) for item in cast("list[object]", document)]
    return cast("Value", document)


def _tagged(tag: str, fields: dict[str, object]) -> Value:
    match fields:
        case {"$special": str(kind), "text": str(text), "size": int() | None as size}:
            return Special(kind, text, size)
        case {
            "$error": str(name),
            "message": str(message),
            "arguments": list(arguments),
            "location": str() | None as location,
        }:
            carried = tuple(from_json(argument) for argument in cast("list[object]", arguments))
            return RecordedError(name, message, carried, location)
        case {"$mapping": list(items)}:
            return {str(key): from_json(item) for key, item in cast("list[tuple[object, object]]", items)}
        case _:
            message = (
                f"a recorded value has the tag {tag!r} and the keys {sorted(fields)}, which do not belong together"
            )
            raise TranscriptError(message)


_NOT_PLAIN = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff\ufeff\ufff0-\ufffb]"
)


def json_text(value: Value) -> str:
    """Return a recorded value as one line of JSON that is safe to show on a terminal.

    Args:
        value: A recorded value.

    Returns:
        JSON with letters of all scripts as they are; control, formatting and surrogate characters are escaped.
    """
    return _NOT_PLAIN.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(to_json(value), ensure_ascii=False))


def canonical(value: Value) -> str:
    """Return a text that is equal for two recorded values exactly when they are the same JSON value.

    Args:
        value: A recorded value. `True` and `1` differ, the order of keys does not matter.
    """
    return json.dumps(to_json(value), sort_keys=True)
