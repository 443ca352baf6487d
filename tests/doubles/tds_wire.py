"""The bytes of TDS 7.4 that the double of SQL Server reads and writes.

Sources: <https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/b46a581a-39de-4745-b076-ec4dbb7d13ec>.
"""

import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

from attrs import define, field, frozen

__all__ = [
    "Column",
    "Kind",
    "Parameter",
    "Reader",
    "Value",
    "done",
    "environment_change",
    "error",
    "login_acknowledged",
    "metadata",
    "return_status",
    "return_value",
    "row",
]

Value: TypeAlias = bool | bytes | date | datetime | float | int | str | UUID | None
"""The type of a column or a parameter."""

_COLLATION: Final = b"\x09\x04\xd0\x00\x34"
"""SQL_Latin1_General_CP1_CI_AS."""
_LONGEST: Final = 8000
"""Bytes of a value that is not of a `max` type."""
_MAX: Final = 0xFFFF
_PLP_NULL: Final = 0xFFFFFFFFFFFFFFFF
_PLP_UNKNOWN: Final = 0xFFFFFFFFFFFFFFFE
_FIRST_DAY: Final = datetime(1900, 1, 1)  # noqa: DTZ001 - these types have no zone
_TICKS: Final = 300
"""Of a second, in which `datetime` counts."""

Kind: TypeAlias = str
"""The name of a type in T-SQL, without its length: `nvarchar`."""


@frozen
class Column:
    """A column of a result.

    Args:
        name: Its name.
        kind: Its type.
    """

    name: str
    kind: Kind


@frozen
class Parameter:
    """A parameter of a remote procedure call.

    Args:
        name: Its name with the `@`, or an empty text.
        kind: Its type.
        value: Its value.
    """

    name: str
    kind: Kind
    value: Value


@define
class Reader:
    """Reads a message from the start to the end.

    Args:
        data: The message.
    """

    data: bytes
    at: int = field(default=0, init=False)

    @property
    def is_over(self) -> bool:
        """Whether the whole message was read."""
        return self.at >= len(self.data)

    def take(self, size: int) -> bytes:
        """Read bytes."""
        found = self.data[self.at : self.at + size]
        if len(found) != size:
            message = f"the message ends after {len(self.data)} bytes, within something of {size}"
            raise ValueError(message)
        self.at += size
        return found

    def number(self, size: int, *, is_signed: bool = False) -> int:
        """Read a whole number."""
        return int.from_bytes(self.take(size), "little", signed=is_signed)

    def text(self, size: int = 1) -> str:
        """Read a text after its length.

        Args:
            size: Bytes of the length, which is in characters.
        """
        return self.take(self.number(size) * 2).decode("utf-16-le")

    def skip_headers(self) -> None:
        """Skip the headers before a batch, a call or a request for a transaction."""
        self.take(int.from_bytes(self.data[self.at : self.at + 4], "little"))

    def parameter(self) -> Parameter:
        """Read a parameter of a call."""
        name, _status = self.text(), self.take(1)
        kind, read = self._type()
        return Parameter(name, kind, read())

    def _type(self) -> "tuple[Kind, Callable[[], Value]]":  # noqa: C901, PLR0912 - a closed set of types
        code = self.number(1)
        match code:
            case 0x1F:
                return "int", lambda: None
            case 0x30 | 0x34 | 0x38 | 0x7F:
                size = {0x30: 1, 0x34: 2, 0x38: 4, 0x7F: 8}[code]
                return _INTEGERS[size], lambda: self.number(size, is_signed=size > 1)
            case 0x32:
                return "bit", lambda: bool(self.number(1))
            case 0x3E:
                return "float", lambda: float(struct.unpack("<d", self.take(8))[0])
            case 0x26:
                size = self.number(1)
                return _INTEGERS[size], self._sized(lambda data: int.from_bytes(data, "little", signed=len(data) > 1))
            case 0x68:
                self.take(1)
                return "bit", self._sized(lambda data: data != b"\0")
            case 0x6D:
                self.take(1)
                return "float", self._sized(lambda data: float(struct.unpack("<d" if len(data) > 4 else "<f", data)[0]))
            case 0x6A | 0x6C:
                self.take(2)
                scale = self.number(1)
                return "decimal", self._sized(lambda data: _number(data, scale))
            case 0x6F:
                self.take(1)
                return "datetime", self._sized(_from_datetime)
            case 0x28:
                return "date", self._sized(lambda data: date(1, 1, 1) + timedelta(int.from_bytes(data, "little")))
            case 0x2A | 0x2B:
                scale = self.number(1)
                return ("datetime2" if code == 0x2A else "datetimeoffset"), self._sized(
                    lambda data: _from_datetime2(data, scale, has_zone=code == 0x2B)
                )
            case 0x24:
                self.take(1)
                return "uniqueidentifier", self._sized(lambda data: UUID(bytes_le=data))
            case 0xA5 | 0xAD:
                return "varbinary", self._long(bytes)
            case 0xA7 | 0xAF | 0xE7 | 0xEF:
                encoding = "cp1252" if code in {0xA7, 0xAF} else "utf-16-le"
                size = self.number(2)
                self.take(5)
                return "nvarchar", self._long(lambda data: data.decode(encoding, "surrogatepass"), size)
            case 0x23 | 0x63:
                self.take(9)
                encoding = "cp1252" if code == 0x23 else "utf-16-le"
                return "nvarchar", lambda: self._old_text(encoding)
            case _:
                message = f"the double of SQL Server does not know the type 0x{code:02X}"
                raise ValueError(message)

    def _sized(self, made: Callable[[bytes], Value]) -> Callable[[], Value]:
        def read() -> Value:
            size = self.number(1)
            return made(self.take(size)) if size else None

        return read

    def _long(self, made: Callable[[bytes], Value], size: int | None = None) -> Callable[[], Value]:
        most = self.number(2) if size is None else size

        def read() -> Value:
            if most == _MAX:
                chunks = self._chunks()
                return None if chunks is None else made(chunks)
            length = self.number(2)
            return None if length == _MAX else made(self.take(length))

        return read

    def _chunks(self) -> bytes | None:
        if self.number(8) == _PLP_NULL:
            return None
        found = b""
        while size := self.number(4):
            found += self.take(size)
        return found

    def _old_text(self, encoding: str) -> Value:
        size = self.number(4, is_signed=True)
        return None if size < 0 else self.take(size).decode(encoding)


_INTEGERS: Final = {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}


def _number(data: bytes, scale: int) -> float | int:
    value = Decimal(int.from_bytes(data[1:], "little")).scaleb(-scale)
    signed = value if data[0] else -value
    return int(signed) if scale == 0 else float(signed)


def _from_datetime(data: bytes) -> datetime:
    if len(data) == 4:
        days, minutes = struct.unpack("<HH", data)
        return _FIRST_DAY + timedelta(days, minutes=minutes)
    days, ticks = struct.unpack("<iI", data)
    return _FIRST_DAY + timedelta(days, milliseconds=round(ticks * 1000 / _TICKS))


def _from_datetime2(data: bytes, scale: int, *, has_zone: bool) -> datetime:
    size = len(data) - 3 - 2 * has_zone
    since = int.from_bytes(data[:size], "little") * 10 ** (6 - scale) if scale <= 6 else _tenths(data[:size])
    days = int.from_bytes(data[size : size + 3], "little")
    found = datetime(1, 1, 1) + timedelta(days, microseconds=since)  # noqa: DTZ001 - the zone follows, if there is one
    if not has_zone:
        return found
    zone = timezone(timedelta(minutes=int.from_bytes(data[-2:], "little", signed=True)))
    return found.replace(tzinfo=UTC).astimezone(zone)


def _tenths(data: bytes) -> int:
    return int.from_bytes(data, "little") // 10


def _text(text: str, size: int = 1) -> bytes:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return (len(encoded) // 2).to_bytes(size, "little") + encoded


def _plp(data: bytes) -> bytes:
    chunk = len(data).to_bytes(4, "little") + data if data else b""
    return len(data).to_bytes(8, "little") + chunk + bytes(4)


def _sized(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def _type(kind: Kind) -> bytes:  # noqa: C901 - a closed set of types
    match kind:
        case "tinyint" | "smallint" | "int" | "bigint":
            size = next(size for size, name in _INTEGERS.items() if name == kind)
            return bytes([0x26, size])
        case "bit":
            return b"\x68\x01"
        case "float":
            return b"\x6d\x08"
        case "datetime":
            return b"\x6f\x08"
        case "datetime2":
            return b"\x2a\x07"
        case "datetimeoffset":
            return b"\x2b\x07"
        case "date":
            return b"\x28"
        case "uniqueidentifier":
            return b"\x24\x10"
        case "varbinary":
            return b"\xa5" + _MAX.to_bytes(2, "little")
        case "nvarchar(max)":
            return b"\xe7" + _MAX.to_bytes(2, "little") + _COLLATION
        case _:
            return b"\xe7" + _LONGEST.to_bytes(2, "little") + _COLLATION


def _encoded(kind: Kind, value: Value) -> bytes:  # noqa: C901 - see _type
    if value is None:
        return _NULLS.get(kind, b"\0")
    match kind:
        case "tinyint" | "smallint" | "int" | "bigint":
            size = next(size for size, name in _INTEGERS.items() if name == kind)
            return _sized(int(str(value)).to_bytes(size, "little", signed=size > 1))
        case "bit":
            return _sized(bytes([bool(value)]))
        case "float":
            return _sized(struct.pack("<d", float(str(value))))
        case "datetime":
            return _sized(_to_datetime(_moment(value)))
        case "datetime2":
            return _sized(_to_datetime2(_moment(value).replace(tzinfo=None)))
        case "datetimeoffset":
            moment = _moment(value)
            offset = moment.utcoffset() or timedelta()
            zone = int(offset.total_seconds() // 60).to_bytes(2, "little", signed=True)
            return _sized(_to_datetime2(moment.replace(tzinfo=None) - offset) + zone)
        case "date":
            return _sized((_moment(value).date() - date(1, 1, 1)).days.to_bytes(3, "little"))
        case "uniqueidentifier":
            return _sized(UUID(str(value)).bytes_le)
        case "varbinary":
            return _plp(value if isinstance(value, bytes) else str(value).encode())
        case "nvarchar(max)":
            return _plp(str(value).encode("utf-16-le", "surrogatepass"))
        case _:
            return _text_of(str(value))


def _text_of(text: str) -> bytes:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return len(encoded).to_bytes(2, "little") + encoded


_NULLS: Final = {
    "varbinary": _PLP_NULL.to_bytes(8, "little"),
    "nvarchar(max)": _PLP_NULL.to_bytes(8, "little"),
    "nvarchar": _MAX.to_bytes(2, "little"),
}


def _moment(value: Value) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(re.sub(r" (?=[+-]\d)", "", str(value)))


def _to_datetime(moment: datetime) -> bytes:
    since = moment.replace(tzinfo=None) - _FIRST_DAY
    ticks = round((since - timedelta(since.days)).total_seconds() * _TICKS)
    return struct.pack("<iI", since.days, ticks)


def _to_datetime2(moment: datetime) -> bytes:
    since = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    days = (datetime.combine(moment, clock()) - datetime(1, 1, 1)).days  # noqa: DTZ001 - see _FIRST_DAY
    return (round(since.total_seconds() * 10**7)).to_bytes(5, "little") + days.to_bytes(3, "little")


def metadata(columns: Sequence[Column]) -> bytes:
    """Return the description of the columns."""
    head = b"\x81" + len(columns).to_bytes(2, "little")
    return head + b"".join(bytes(4) + b"\x09\0" + _type(column.kind) + _text(column.name) for column in columns)


def row(columns: Sequence[Column], values: Sequence[Value]) -> bytes:
    """Return a row."""
    return b"\xd1" + b"".join(_encoded(column.kind, value) for column, value in zip(columns, values, strict=True))


def done(
    *,
    token: int = 0xFD,
    rows: int | None = None,
    is_more: bool = False,
    is_error: bool = False,
    is_attention: bool = False,
) -> bytes:
    """Return the token that ends a statement, a procedure or a message.

    Args:
        token: 0xFD after a statement of a batch, 0xFF after one in a procedure, 0xFE after a procedure.
        rows: Rows that it returned or changed, or None.
        is_more: Whether more follows.
        is_error: Whether it failed.
        is_attention: Whether it confirms that the client gave up.
    """
    status = is_more | is_error << 1 | (rows is not None) << 4 | is_attention << 5
    return bytes([token]) + struct.pack("<HHQ", status, 0xC1 if rows is not None else 0, rows or 0)


def error(number: int, message: str) -> bytes:
    """Return an error.

    Args:
        number: Its number, such as 208.
        message: Its text.
    """
    level = 14 if number in {2601, 2627, 18456} else 16
    body = struct.pack("<iBB", number, 1, level) + _text(message, 2) + _text("double") + _text("")
    return b"\xaa" + _with_size(body + struct.pack("<i", 1))


def environment_change(kind: int, new: bytes, old: bytes = b"\0") -> bytes:
    """Return the token for a changed session setting.

    Args:
        kind: 1 the database, 4 the size of packets, 7 the collation, 8 to 10 a transaction.
        new: The new value, with its length before it.
        old: The old one.
    """
    return b"\xe3" + _with_size(bytes([kind]) + new + old)


def login_acknowledged(database: str, packet_size: int) -> bytes:
    """Return the token for a successful log-in."""
    body = b"\x01\x74\0\0\x04" + _text("Microsoft SQL Server") + b"\x10\0\x0f\xa0"
    return (
        environment_change(1, _text(database), _text("master"))
        + environment_change(7, _sized(_COLLATION))
        + environment_change(4, _text(str(packet_size)), _text(str(packet_size)))
        + b"\xad"
        + _with_size(body)
    )


def return_status() -> bytes:
    """Return the token for a successful procedure."""
    return b"\x79" + bytes(4)


def return_value(name: str, value: int) -> bytes:
    """Return the handle of a prepared statement."""
    return b"\xac\0\0" + _text(name) + b"\x01" + bytes(4) + b"\0\0" + _type("int") + _encoded("int", value)


def _with_size(body: bytes) -> bytes:
    return len(body).to_bytes(2, "little") + body
