"""Reading what a script hands over: at once, within bounds, and past whatever its objects say about themselves."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from json.encoder import encode_basestring_ascii as _quoted
from math import isfinite
from sys import modules
from typing import cast

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._places import place_of_error

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["encode", "encode_error", "is_contract_error", "safe_text"]

# The bounds of `customdb_contract.transcript`.
_MAX_BITS = 1024
_MAX_DEPTH = 50
_MAX_ITEMS = 20_000
_MAX_TEXT = 65_536
_MAX_CHARACTERS = 2_000_000

_SHOWN_KEYS = 5
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_SCALARS = (str, int, float, type(None))

# Read past whatever a class of the script says about itself.
_name_of = cast("Callable[[type], str]", type.__dict__["__name__"].__get__)
_list_items = cast("Callable[[object], Iterator[object]]", list.__dict__["__iter__"])
_tuple_items = cast("Callable[[object], Iterator[object]]", tuple.__dict__["__iter__"])


def encode(value: object) -> str:
    """Return a value as JSON in which everything that JSON does not have is tagged.

    Args:
        value: What a script handed over, of any type, size or depth. Nothing that it does while it is read raises here.
    """
    return _Encoding().any(value, 0)


def encode_error(error: BaseException) -> str:
    """Return an exception as JSON, under the name of its class.

    Args:
        error: The exception; a subclass of one of the contract's errors goes by that error's name.
    """
    return _Encoding().error(error, 0)


def safe_text(value: object) -> str:
    """Return `str(value)`, or an empty text when that fails in any way.

    Args:
        value: Any object of a script; its `__str__` may raise whatever it likes.
    """
    try:
        return str.__str__(str(value))
    except BaseException:  # noqa: BLE001 - even SystemExit in a script's __str__ is the script's matter
        return ""


def is_contract_error(error: BaseException, name: str = "ScriptError") -> bool:
    """Tell whether an exception is one of the contract's errors.

    Args:
        error: The exception.
        name: The name of the error's class in `customdb_contract`.
    """
    # A script that has not imported the contract has no such error, and importing it here would cost it time.
    contract = modules.get("customdb_contract.contract")
    kind = getattr(contract, name, None)
    return isinstance(kind, type) and issubclass(type(error), kind)


class _Encoding:
    def __init__(self) -> None:
        self._items_left = _MAX_ITEMS
        self._characters_left = _MAX_CHARACTERS
        self._open: set[int] = set()

    def any(self, value: object, depth: int) -> str:
        try:
            return self._any(value, depth)
        except BaseException as error:  # noqa: BLE001 - a hostile object may raise anything while it is read
            return _special("unreadable", f"{_name_of(type(error))}: {safe_text(error)}")

    def error(self, error: BaseException, depth: int) -> str:
        name, carried = _name_of(type(error)), ""
        for ours, attribute in _CARRIED:
            if is_contract_error(error, ours):
                name, carried = ours, self._attribute(error, attribute, depth) if attribute else ""
                break
        place = place_of_error(error)
        location = "null" if place is None else _quoted(place[:_MAX_TEXT])
        parts = (f'"$error": {_quoted(name[:_MAX_TEXT])}', f'"message": {_quoted(_message(error)[:_MAX_TEXT])}')
        return f'{{{", ".join(parts)}, "arguments": [{carried}], "location": {location}}}'

    def _any(self, value: object, depth: int) -> str:
        # The real type: what an object says its __class__ is may be a lie.
        kind = type(value)
        if value is None:
            return "null"
        if value is True or value is False:
            return "true" if value is True else "false"
        if issubclass(kind, str):
            return self._text(str.__str__(cast("str", value)))
        if issubclass(kind, int):
            number = int.__int__(cast("int", value))
            bits = number.bit_length()
            return int.__repr__(number) if bits <= _MAX_BITS else _special("int", hex(number), bits)
        if issubclass(kind, float):
            real = float.__float__(cast("float", value))
            return float.__repr__(real) if isfinite(real) else _special("float", float.__repr__(real))
        if issubclass(kind, bytes | bytearray):
            return _bytes(cast("bytes | bytearray", value))
        if issubclass(kind, list | tuple | Mapping | BaseException):
            return self._nested(value, depth)
        # An address is another one in the next run, and would be taken for a difference.
        return _special(_name_of(kind), _ADDRESS.sub("", safe_text(value)))

    def _text(self, text: str) -> str:
        if len(text) > min(_MAX_TEXT, self._characters_left):
            return _special("long-text", text, len(text))
        self._characters_left -= len(text)
        return _quoted(text)

    def _nested(self, value: object, depth: int) -> str:
        if id(value) in self._open:
            return _special("cycle")
        if depth >= _MAX_DEPTH:
            return _special("too-deep")
        self._open.add(id(value))
        try:
            kind = type(value)
            if issubclass(kind, BaseException):
                return self.error(cast("BaseException", value), depth)
            if issubclass(kind, Mapping):
                return self._mapping(cast("Mapping[object, object]", value), depth)
            read = _list_items if issubclass(kind, list) else _tuple_items
            items = [self._item(item, depth) for item in islice(read(value), self._items_left + 1)]
            return f"[{', '.join(items)}]"
        finally:
            self._open.discard(id(value))

    def _item(self, value: object, depth: int) -> str:
        self._items_left -= 1
        return _special("too-many") if self._items_left < 0 else self.any(value, depth + 1)

    def _mapping(self, value: Mapping[object, object], depth: int) -> str:
        pairs: list[tuple[str, str]] = []
        for key, item in value.items():
            if not issubclass(type(key), str):
                return _special("mapping", _key_summary(value), len(value))
            name = str.__str__(cast("str", key))[: min(_MAX_TEXT, max(self._characters_left, 200))]
            self._characters_left -= len(name)
            pairs.append((name, self._item(item, depth)))
            if self._items_left < 0:
                break
        if all(name[:1] != "$" for name, _ in pairs):
            return f"{{{', '.join([f'{_quoted(name)}: {item}' for name, item in pairs])}}}"
        return f'{{"$mapping": [{", ".join([f"[{_quoted(name)}, {item}]" for name, item in pairs])}]}}'

    def _attribute(self, error: BaseException, name: str, depth: int) -> str:
        try:
            value = getattr(error, name, None)
        except BaseException as failure:  # noqa: BLE001 - see any
            return _special("unreadable", f"{_name_of(type(failure))}: {safe_text(failure)}")
        return self.any(value, depth + 1)


_CARRIED = (
    ("WrongUsernameOrPasswordError", "identifier"),
    ("ValidationError", "code"),
    ("UnauthorizedError", None),
)


def _special(kind: str, text: str = "", size: int | None = None) -> str:
    length = "null" if size is None else int.__repr__(size)
    return f'{{"$special": {_quoted(kind[:_MAX_TEXT])}, "text": {_quoted(text[:_MAX_TEXT])}, "size": {length}}}'


def _bytes(value: bytes | bytearray) -> str:
    base = bytes if issubclass(type(value), bytes) else bytearray
    plain = bytes(memoryview(value)[:_MAX_TEXT])
    return _special(base.__name__, plain.decode(errors="backslashreplace"), memoryview(value).nbytes)


def _message(error: BaseException) -> str:
    if not is_contract_error(error):
        return safe_text(error)
    try:
        message = getattr(error, "message", None)
    except BaseException:  # noqa: BLE001 - see _Encoding.any
        return ""
    return "" if message is None else safe_text(message)


def _key_summary(value: Iterable[object]) -> str:
    # Only scalars are shown as text: that of a container may be endlessly long.
    keys = [safe_text(key) if type(key) in _SCALARS else _name_of(type(key)) for key in islice(value, _SHOWN_KEYS)]
    return f"keys {', '.join(keys)}"
