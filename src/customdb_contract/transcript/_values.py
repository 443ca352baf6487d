"""Recorded values: data from a script, as plain data that JSON can carry."""

import json
import marshal
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeGuard, cast

from attrs import evolve, frozen

from customdb_contract._runner._limits import MAX_BITS, MAX_DEPTH
from customdb_contract.errors import TranscriptError
from customdb_contract.profiles.problems import CUT
from customdb_contract.transcript._printable import printable

__all__ = [
    "RecordedError",
    "Special",
    "Value",
    "canonical",
    "from_json",
    "json_size",
    "json_text",
    "plain_bytes",
    "to_json",
]

_MAX_READ_DEPTH: Final = 2 * MAX_DEPTH


@frozen
class Special:
    """A value that JSON does not have, or that is too large to record.

    Args:
        kind: What it is: a type's name such as `datetime`, `Decimal`, `UUID`, `bytes`; or `float` (nan, inf), `int`,
            `undefined`, `mapping` (with keys that are not strings), `cycle`, `too-deep`, `too-many`, `long-text`,
            `unreadable`.
        text: The value as text, as far as it is available, at most 200 characters of it.
        size: Its size in characters, bytes or items, for an `int` in bits; None if unknown.
    """

    kind: str
    text: str = ""
    size: int | None = None

    @property
    def is_cut(self) -> bool:
        """Whether it stands for a value that JSON allows, and that was only too large to record."""
        return self.kind in CUT


@frozen
class RecordedError:
    """An exception or a JavaScript error that was passed to the callback or raised.

    Args:
        name: The name of its class, for example `WrongUsernameOrPasswordError`.
        message: Its message.
        arguments: What the contract's own errors have in addition to the message: the identifier, or the code.
        location: File and line where it was raised, or None.
    """

    name: str
    message: str = ""
    arguments: "tuple[Value, ...]" = ()
    location: str | None = None

    @property
    def kind(self) -> str:
        """Its kind in a profile, as for a `Special`: the name of its class."""
        return self.name

    @property
    def text(self) -> str:
        """Its text in a profile, as for a `Special`: its message."""
        return self.message

    @property
    def size(self) -> int | None:
        """Its size in a profile, as for a `Special`: unknown."""
        return None


Value: TypeAlias = "bool | int | float | str | Special | RecordedError | Sequence[Value] | Mapping[str, Value] | None"
"""A recorded value: JSON's types, `Special` for everything else, `RecordedError` for errors.

Floats are finite, integers have at most `MAX_BITS` bits, nothing is nested deeper than `MAX_DEPTH` levels.
"""

# JSON text cannot distinguish two surrogate characters from the one character that the pair encodes.
_SPLIT_PAIR = re.compile("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])")

_TAGGED: Mapping[str, frozenset[str]] = {
    "$special": frozenset({"$special", "text", "size"}),
    "$error": frozenset({"$error", "message", "arguments", "location"}),
    "$mapping": frozenset({"$mapping"}),
    "$text": frozenset({"$text"}),
}


def plain_bytes(values: Value) -> int | None:
    """Return how many bytes values take, at least one for each and for each character of a text.

    It takes a fraction of the time of a walk through them.

    Args:
        values: Recorded values.

    Returns:
        The number, or None where there is anything but JSON's own types.
    """
    try:
        return len(marshal.dumps(cast("Any", values), _MARSHAL_WITHOUT_REFERENCES))
    except ValueError:
        return None


_MARSHAL_WITHOUT_REFERENCES: Final = 2
"""The last version that writes a text again each time it stands somewhere."""


def json_size(value: Value) -> int:
    """Return the size of a value as JSON in UTF-8, in bytes; cut values count as far as their size is known.

    Args:
        value: A recorded value.
    """
    try:
        text = _PLAIN.encode(value)
    except TypeError:
        return _size_with_cuts(value)
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False)


def _size_with_cuts(value: Value) -> int:
    cut = 0

    def as_json(item: Value) -> object:
        nonlocal cut
        if isinstance(item, Special):
            cut += item.size or 0
        return dict(item) if isinstance(item, Mapping) else to_json(item)

    return len(json.dumps(value, ensure_ascii=False, default=as_json).encode("utf-8", "surrogatepass")) + cut


def to_json(value: Value) -> object:
    """Return a recorded value in a form that `json.dumps` accepts; `from_json` is its inverse.

    Args:
        value: A recorded value.

    Returns:
        JSON's own types. `Special`, `RecordedError` and mappings with a key that starts with `$` are tagged.
    """
    match value:
        case Special(kind, text, size):
            return {"$special": to_json(kind), "text": to_json(text), "size": size}
        case RecordedError(name, message, arguments, location):
            carried = [to_json(argument) for argument in arguments]
            tagged = {"$error": to_json(name), "message": to_json(message), "arguments": carried}
            return tagged | {"location": to_json(location)}
        case str():
            return {"$text": _SPLIT_PAIR.split(value)} if not value.isascii() and _SPLIT_PAIR.search(value) else value
        case None | bool() | int() | float():
            return value
        case Mapping():
            if all(_is_plain_key(key) for key in value):
                return {key: to_json(item) for key, item in value.items()}
            return {"$mapping": [[to_json(key), to_json(item)] for key, item in value.items()]}
        case _:
            return [to_json(item) for item in value]


def _is_plain_key(key: str) -> bool:
    return not key.startswith("$") and (key.isascii() or not _SPLIT_PAIR.search(key))


def from_json(document: object) -> Value:
    """Return the recorded value that a JSON document stands for.

    Args:
        document: The value that `json.loads` returned.

    Raises:
        TranscriptError: When a tag is unknown or lacks a part, or a value cannot be recorded.
    """
    return _from_json(document, _MAX_READ_DEPTH)


def _from_json(document: object, levels: int) -> Value:
    if levels < 0:
        message = f"a value is nested more than {_MAX_READ_DEPTH} levels deep; recorded ones have at most {MAX_DEPTH}"
        raise TranscriptError(message)
    match document:
        case None | bool() | str():
            return document
        case int() if document.bit_length() <= MAX_BITS:
            return document
        case float() if math.isfinite(document):
            return document
        case list():
            return [_from_json(item, levels - 1) for item in cast("list[object]", document)]
        case dict():
            return _from_object(cast("dict[str, object]", document), levels - 1)
        case _:
            message = (
                f"a number has more than {MAX_BITS} bits or is not finite; recorded as "
                '{"$special": "int", "text": "…", "size": null} or with "float" it can be kept'
            )
            raise TranscriptError(message)


def _from_object(fields: Mapping[str, object], levels: int) -> Value:
    tag = next((key for key in fields if key.startswith("$")), None)
    if tag is None:
        return {key: _from_json(item, levels) for key, item in fields.items()}
    parts = _TAGGED.get(tag, frozenset())
    value = _untagged(tag, fields, levels) if fields.keys() <= parts else None
    if value is None:
        message = (
            f"{', '.join(sorted(fields))} are not the keys of a recorded value; one with {tag} is written as one of "
            '{"$special": kind, "text": text, "size": number}, {"$error": class, "message": text, "arguments": [...], '
            '"location": text}, {"$mapping": [[key, value], ...]} and {"$text": [part, ...]}'
        )
        raise TranscriptError(message)
    return value


def _untagged(tag: str, fields: Mapping[str, object], levels: int) -> Value:
    if tag == "$special":
        kind, text, size = _text(fields[tag]), _text(fields.get("text", "")), fields.get("size")
        if kind is None or text is None or not _is_size(size):
            return None
        return Special(kind, text, size)
    if tag == "$error":
        name, text, at = _text(fields[tag]), _text(fields.get("message", "")), fields.get("location")
        location, carried = _text(at), _list(fields.get("arguments", []))
        if name is None or text is None or carried is None or (location is None and at is not None):
            return None
        return RecordedError(name, text, tuple(_from_json(argument, levels) for argument in carried), location)
    if tag == "$mapping":
        pairs = _list(fields[tag])
        return None if pairs is None else dict(_pair(pair, levels) for pair in pairs)
    return _text(fields)


def _is_size(document: object) -> TypeGuard[int | None]:
    if isinstance(document, int) and not isinstance(document, bool):
        return document >= 0 and document.bit_length() <= MAX_BITS
    return document is None


def _text(document: object) -> str | None:
    """Return a string, including one in tagged parts, or None for everything else."""
    if isinstance(document, str):
        return document
    tagged = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    parts = _list(tagged.get("$text"))
    if parts is None or len(tagged) > 1 or not all(isinstance(part, str) for part in parts):
        return None
    return "".join(cast("list[str]", parts))


def _list(document: object) -> list[object] | None:
    return cast("list[object]", document) if isinstance(document, list) else None


def _pair(document: object, levels: int) -> tuple[str, Value]:
    match _list(document):
        case [key, value] if (text := _text(key)) is not None:
            return text, _from_json(value, levels)
        case _:
            message = f"an entry of $mapping must be [key, value] with a string as key, got {document!r:.80}"
            raise TranscriptError(message)


def json_text(value: Value) -> str:
    """Return a recorded value as one line of JSON that is safe to show on a terminal.

    Args:
        value: A recorded value.

    Returns:
        JSON with letters of all scripts as they are; control, formatting and surrogate characters are escaped.
    """
    return printable(json.dumps(to_json(value), ensure_ascii=False))


def canonical(value: Value) -> str:
    """Return a text that is equal for two recorded values exactly when they are the same JSON value.

    Args:
        value: A recorded value. `True` and `1` differ, `1` and `1.0` do not; the order of keys does not matter.
    """
    return json.dumps(to_json(_comparable(value)))


def _comparable(value: Value) -> Value:
    match value:
        case float() if value.is_integer():
            return int(value)
        case RecordedError():
            return evolve(value, arguments=tuple(_comparable(argument) for argument in value.arguments))
        case None | bool() | int() | float() | str() | Special():
            return value
        case Mapping():
            return {key: _comparable(value[key]) for key in sorted(value)}
        case _:
            return [_comparable(item) for item in value]
