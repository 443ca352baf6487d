"""Recording: turns what a script handed over into plain data, at once, so that nothing of the script runs later."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Final, cast

from customdb_contract.contract import ScriptError, UnauthorizedError, ValidationError, WrongUsernameOrPasswordError
from customdb_contract.transcript._masking import MAX_TEXT, SHOWN_TEXT, Mask, mask_number, mask_text
from customdb_contract.transcript._values import MAX_BITS, MAX_DEPTH, RecordedError, Special, Value

__all__ = ["MAX_CHARACTERS", "MAX_ITEMS", "record", "record_error", "safe_text"]

MAX_ITEMS: Final = 20_000
"""Values that are recorded of one argument; what follows is a `Special("too-many")`."""

MAX_CHARACTERS: Final = 2_000_000
"""Characters of all texts of one argument that are recorded; further texts are each a `Special("long-text")`."""

_SHOWN_KEYS: Final = 5

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_SCALARS = (str, int, float, type(None))
_CONTRACT_ERRORS = (WrongUsernameOrPasswordError, ValidationError, UnauthorizedError)

# Read past whatever a class of the script says about itself.
_name_of = cast("Callable[[type], str]", type.__dict__["__name__"].__get__)
_traceback_of = cast("Callable[[BaseException], TracebackType | None]", BaseException.__dict__["__traceback__"].__get__)
_list_items = cast("Callable[[object], Iterator[object]]", list.__dict__["__iter__"])
_tuple_items = cast("Callable[[object], Iterator[object]]", tuple.__dict__["__iter__"])


def safe_text(value: object) -> str:
    """Return `str(value)`, or an empty text when that fails in any way.

    Args:
        value: Any object of a script; its `__str__` may raise whatever it likes.
    """
    try:
        return str.__str__(str(value))
    except BaseException:  # noqa: BLE001 - even SystemExit in a script's __str__ is the script's matter
        return ""


def record(value: object, mask: Mask) -> Value:
    """Return a recorded value: nothing in it is an object of the script any more.

    Args:
        value: What a script handed over, of any type, size or depth. Nothing that it does while it is read raises here.
        mask: What replaces the secrets in every text.

    Returns:
        The value with secrets masked, and with `Special` where JSON has no such value.
    """
    return _Recording(mask).record(value, 0)


def record_error(error: BaseException, mask: Mask) -> RecordedError:
    """Return a recorded exception.

    Args:
        error: The exception.
        mask: What replaces the secrets in its message and arguments.

    Returns:
        The exception under the name of its class; a subclass of one of the contract's errors under that error's name.
    """
    return _Recording(mask).error(error, 0)


class _Recording:
    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._items_left = MAX_ITEMS
        self._characters_left = MAX_CHARACTERS
        self._open: set[int] = set()

    def record(self, value: object, depth: int) -> Value:
        try:
            return self._record(value, depth)
        except BaseException as error:  # noqa: BLE001 - a hostile object may raise anything while it is read
            return self._unreadable(error)

    def error(self, error: BaseException, depth: int) -> RecordedError:
        kind = type(error)
        name = next((_name_of(ours) for ours in _CONTRACT_ERRORS if issubclass(kind, ours)), _name_of(kind))
        carried: tuple[Value, ...] = ()
        if issubclass(kind, WrongUsernameOrPasswordError):
            carried = (self._attribute(error, "identifier", depth),)
        elif issubclass(kind, ValidationError):
            carried = (self._attribute(error, "code", depth),)
        location = self._location(error)
        return RecordedError(self._shown(name), mask_text(_message(error), self._mask), carried, location)

    def _record(self, value: object, depth: int) -> Value:
        # The real type: what an object says its __class__ is may be a lie.
        kind = type(value)
        if value is None or value is True or value is False:
            return value
        if issubclass(kind, str):
            return self._text(str.__str__(cast("str", value)))
        if issubclass(kind, int):
            return self._integer(int.__int__(cast("int", value)))
        if issubclass(kind, float):
            return self._float(float.__float__(cast("float", value)))
        if issubclass(kind, bytes | bytearray):
            return self._bytes(cast("bytes | bytearray", value))
        if issubclass(kind, list | tuple | Mapping | BaseException):
            return self._nested(value, depth)
        return Special(self._shown(_name_of(kind)), self._shown(_ADDRESS.sub("", safe_text(value))))

    def _text(self, text: str) -> Value:
        if len(text) > min(MAX_TEXT, self._characters_left):
            return Special("long-text", self._shown(text), len(text))
        self._characters_left -= len(text)
        return self._mask(text)

    def _integer(self, number: int) -> Value:
        if number.bit_length() > MAX_BITS:
            return Special("int", self._shown(hex(number)), number.bit_length())
        return mask_number(number, self._mask)

    def _float(self, number: float) -> Value:
        return mask_number(number, self._mask) if math.isfinite(number) else Special("float", repr(number))

    def _bytes(self, value: bytes | bytearray) -> Value:
        base = bytes if issubclass(type(value), bytes) else bytearray
        plain = bytes(memoryview(value))
        return Special(base.__name__, self._shown(plain[: MAX_TEXT + 1].decode(errors="backslashreplace")), len(plain))

    def _nested(self, value: object, depth: int) -> Value:
        if id(value) in self._open:
            return Special("cycle")
        if depth >= MAX_DEPTH:
            return Special("too-deep")
        self._open.add(id(value))
        try:
            kind = type(value)
            if issubclass(kind, BaseException):
                return self.error(cast("BaseException", value), depth)
            if issubclass(kind, Mapping):
                return self._mapping(cast("Mapping[object, object]", value), depth)
            read = _list_items if issubclass(kind, list) else _tuple_items
            return [self._item(item, depth) for item in islice(read(value), self._items_left + 1)]
        finally:
            self._open.discard(id(value))

    def _item(self, value: object, depth: int) -> Value:
        self._items_left -= 1
        return Special("too-many") if self._items_left < 0 else self.record(value, depth + 1)

    def _mapping(self, value: Mapping[object, object], depth: int) -> Value:
        recorded: dict[str, Value] = {}
        for key, item in value.items():
            if not issubclass(type(key), str):
                return Special("mapping", self._shown(_key_summary(value)), len(value))
            recorded[self._key(str.__str__(cast("str", key)))] = self._item(item, depth)
            if self._items_left < 0:
                break
        return recorded

    def _key(self, key: str) -> str:
        limit = MAX_TEXT if len(key) <= self._characters_left else SHOWN_TEXT
        self._characters_left -= min(len(key), limit)
        return mask_text(key, self._mask, limit)

    def _attribute(self, error: BaseException, name: str, depth: int) -> Value:
        try:
            value = getattr(error, name, None)
        except BaseException as failure:  # noqa: BLE001 - see record
            return self._unreadable(failure)
        return self.record(value, depth + 1)

    def _location(self, error: BaseException) -> str | None:
        frame = _traceback_of(error)
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        return mask_text(f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}", self._mask) if frame else None

    def _unreadable(self, error: BaseException) -> Special:
        return Special("unreadable", self._shown(f"{_name_of(type(error))}: {safe_text(error)}"))

    def _shown(self, text: str) -> str:
        return mask_text(text, self._mask, SHOWN_TEXT)


def _message(error: BaseException) -> str:
    if not issubclass(type(error), ScriptError):
        return safe_text(error)
    try:
        message = getattr(error, "message", None)
    except BaseException:  # noqa: BLE001 - see record
        return ""
    return "" if message is None else safe_text(message)


def _key_summary(value: Iterable[object]) -> str:
    # Only scalars are shown as text: that of a container may be endlessly long.
    keys = [safe_text(key) if type(key) in _SCALARS else _name_of(type(key)) for key in islice(value, _SHOWN_KEYS)]
    return f"keys {', '.join(keys)}"
