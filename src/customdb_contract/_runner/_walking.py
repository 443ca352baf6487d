"""Reads values from a script at once, within limits, and bypassing whatever its objects pretend to be.

Both processes do this: one writes the result as JSON, the other one as recorded values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from math import isfinite
from types import ModuleType
from typing import Generic, Protocol, TypeVar, cast

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._limits import MAX_BITS, MAX_CHARACTERS, MAX_DEPTH, MAX_ITEMS, MAX_TEXT

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["Form", "Walk", "is_contract_error", "safe_text"]

_SHOWN_KEYS = 5
_MOST_BYTES_OF_CHARACTER = 4
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_SCALARS = (str, int, float, type(None))
_BYTES = (bytes, bytearray)
_NESTED = (dict, list, tuple, Mapping, BaseException)

_OWN_ERRORS = (
    ("WrongUsernameOrPasswordError", "identifier"),
    ("ValidationError", "code"),
    ("UnauthorizedError", None),
)
"""The contract's errors, whose names their subclasses get, and what each has in addition to its message."""

# Bypasses whatever a class of the script pretends to be.
_name_of = cast("Callable[[type], str]", type.__dict__["__name__"].__get__)
_list_items = cast("Callable[[object], Iterator[object]]", list.__dict__["__iter__"])
_tuple_items = cast("Callable[[object], Iterator[object]]", tuple.__dict__["__iter__"])

_Made = TypeVar("_Made")


class Form(Protocol[_Made]):
    """Converts what is found in a value."""

    def shown(self, text: str) -> str:
        """Return the part of a text to show of something that is not recorded as it is."""
        ...

    def cut(self, text: str) -> str:
        """Return the first `MAX_TEXT` characters of a key or a message."""
        ...

    def place(self, error: BaseException) -> str | None:
        """Return where a script raised an exception: file and line, or None."""
        ...

    def constant(self, value: bool | None) -> _Made:  # noqa: FBT001 - it is what was found
        """Convert None, True or False."""
        ...

    def text(self, text: str) -> _Made:
        """Convert a string within the limits."""
        ...

    def number(self, number: float) -> _Made:
        """Convert an integer within the limits, or a finite float."""
        ...

    def special(self, kind: str, text: str, size: int | None) -> _Made:
        """Convert what JSON does not have; its texts went through `shown`, or are from this package."""
        ...

    def error(self, name: str, message: str, carried: list[_Made], location: str | None) -> _Made:
        """Convert an exception; its name and message were cut."""
        ...

    def items(self, items: list[_Made]) -> _Made:
        """Convert a list."""
        ...

    def pairs(self, pairs: list[tuple[str, _Made]]) -> _Made:
        """Convert a mapping; a key can occur twice."""
        ...


class Walk(Generic[_Made]):
    """Reads one value from a script.

    Args:
        form: Converts what is found.
        contract: The module with the contract's errors; None if the script has imported none.
    """

    def __init__(self, form: Form[_Made], contract: ModuleType | None) -> None:
        self._form = form
        self._contract = contract
        self._items_left = MAX_ITEMS
        self._characters_left = MAX_CHARACTERS
        self._open: set[int] = set()

    def value(self, value: object, depth: int = 0) -> _Made:
        """Return the converted value.

        Args:
            value: A value of any type, size or depth. Nothing that it does while it is read raises here.
            depth: Its depth inside another value.
        """
        try:
            return self._value(value, depth)
        except BaseException as error:  # noqa: BLE001 - a hostile object may raise anything while it is read
            return self._unreadable(error)

    def parts_of(self, error: BaseException, depth: int = 0) -> tuple[str, str, list[_Made], str | None]:
        """Return what there is to know about an exception, in the form of `Form.error`.

        Args:
            error: The exception.
            depth: Its depth inside another value.

        Returns:
            The name of its class, or of the contract's error that it is a subclass of; its message; what the contract's
            own errors have in addition; and its location.
        """
        location = self._form.place(error)
        for name, attribute in _OWN_ERRORS:
            if is_contract_error(error, self._contract, name):
                carried = [] if attribute is None else [self._attribute(error, attribute, depth)]
                return name, self._cut(self._message(error)), carried, location
        name = self._form.shown(_name_of(type(error)))
        return name, self._cut(self._message(error)), [], location

    def _value(self, value: object, depth: int) -> _Made:
        # The real type: an object can lie about its __class__.
        kind = type(value)
        if value is None or value is True or value is False:
            return self._form.constant(value)
        if issubclass(kind, str):
            return self._text(str.__str__(cast("str", value)))
        if issubclass(kind, int):
            return self._integer(int.__int__(cast("int", value)))
        if issubclass(kind, float):
            real = float.__float__(cast("float", value))
            return self._form.number(real) if isfinite(real) else self._form.special("float", repr(real), None)
        if issubclass(kind, _BYTES):
            return self._bytes(cast("bytes | bytearray", value))
        if issubclass(kind, _NESTED):
            return self._nested(value, depth)
        # An address differs in the next run, which would look like a difference.
        text = _ADDRESS.sub("", safe_text(value))
        return self._form.special(self._form.shown(_name_of(kind)), self._form.shown(text), None)

    def _text(self, text: str) -> _Made:
        size = len(text)
        if size > MAX_TEXT or size > self._characters_left:
            return self._form.special("long-text", self._form.shown(text), size)
        self._characters_left -= size
        return self._form.text(text)

    def _integer(self, number: int) -> _Made:
        bits = number.bit_length()
        if bits > MAX_BITS:
            return self._form.special("int", self._form.shown(hex(number)), bits)
        return self._form.number(number)

    def _bytes(self, value: bytes | bytearray) -> _Made:
        base = bytes if issubclass(type(value), bytes) else bytearray
        view = memoryview(value)
        # What is cut off here is never shown, so no secret is shown in part.
        text = bytes(view[: MAX_TEXT * _MOST_BYTES_OF_CHARACTER]).decode(errors="backslashreplace")
        return self._form.special(base.__name__, self._form.shown(text), view.nbytes)

    def _nested(self, value: object, depth: int) -> _Made:
        if id(value) in self._open:
            return self._form.special("cycle", "", None)
        if depth >= MAX_DEPTH:
            return self._form.special("too-deep", "", None)
        self._open.add(id(value))
        try:
            kind = type(value)
            if issubclass(kind, BaseException):
                return self._form.error(*self.parts_of(cast("BaseException", value), depth))
            if issubclass(kind, Mapping):
                return self._mapping(cast("Mapping[object, object]", value), depth)
            read = _list_items if issubclass(kind, list) else _tuple_items
            return self._form.items([self._item(item, depth) for item in islice(read(value), self._items_left + 1)])
        finally:
            self._open.discard(id(value))

    def _item(self, value: object, depth: int) -> _Made:
        self._items_left -= 1
        if self._items_left < 0:
            return self._form.special("too-many", "", None)
        return self.value(value, depth + 1)

    def _mapping(self, value: Mapping[object, object], depth: int) -> _Made:
        pairs: list[tuple[str, _Made]] = []
        for key, item in value.items():
            if not issubclass(type(key), str):
                return self._form.special("mapping", self._form.shown(_key_summary(value)), len(value))
            pairs.append((self._cut(str.__str__(cast("str", key))), self._item(item, depth)))
            if self._items_left < 0:
                break
        return self._form.pairs(pairs)

    def _cut(self, text: str) -> str:
        """Return the beginning of a key or a message, or its length if too much has come before it."""
        taken = min(len(text), MAX_TEXT)
        if taken > self._characters_left:
            return f"… ({len(text)} characters)"
        self._characters_left -= taken
        return self._form.cut(text)

    def _attribute(self, error: BaseException, name: str, depth: int) -> _Made:
        try:
            value = getattr(error, name, None)
        except BaseException as failure:  # noqa: BLE001 - see value
            return self._unreadable(failure)
        return self.value(value, depth + 1)

    def _message(self, error: BaseException) -> str:
        if not is_contract_error(error, self._contract):
            return safe_text(error)
        try:
            message = getattr(error, "message", None)
        except BaseException:  # noqa: BLE001 - see value
            return ""
        return "" if message is None else safe_text(message)

    def _unreadable(self, error: BaseException) -> _Made:
        text = f"{_name_of(type(error))}: {safe_text(error)}"
        return self._form.special("unreadable", self._form.shown(text), None)


def is_contract_error(error: BaseException, contract: ModuleType | None, name: str = "ScriptError") -> bool:
    """Tell whether an exception is one of the contract's errors.

    Args:
        error: The exception.
        contract: The module with these errors; None if the script has imported none.
        name: The name of the error's class.
    """
    kind = getattr(contract, name, None)
    return isinstance(kind, type) and issubclass(type(error), kind)


def safe_text(value: object) -> str:
    """Return `str(value)`, or an empty string if that fails in any way.

    Args:
        value: Any object of a script; its `__str__` can raise anything.
    """
    try:
        return str.__str__(str(value))
    except BaseException:  # noqa: BLE001 - even SystemExit in a script's __str__ is the script's matter
        return ""


def _key_summary(value: Iterable[object]) -> str:
    # Only scalars are shown as text: that of a container can be endlessly long.
    keys = [safe_text(key) if type(key) in _SCALARS else _name_of(type(key)) for key in islice(value, _SHOWN_KEYS)]
    return f"keys {', '.join(keys)}"
