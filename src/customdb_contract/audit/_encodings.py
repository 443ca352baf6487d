"""Detects the encoding of a text file by its first bytes; only UTF-8 is read."""

import gzip
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from customdb_contract.errors import ConfigurationError

__all__ = ["opened", "refuse_encoding"]

_MARKS: Final = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SEEN: Final = 4


@contextmanager
def opened(path: Path) -> Generator[IO[bytes]]:
    """Open a file, decompressed if it is compressed.

    Args:
        path: The file.

    Raises:
        ConfigurationError: If it can't be read.
    """
    try:
        with cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        message = f"{path} can't be read: {error}; is it complete?"
        raise ConfigurationError(message) from None


def refuse_encoding(path: Path) -> None:
    """Raise an error if a file cannot be UTF-8.

    Args:
        path: The file.

    Raises:
        ConfigurationError: If it is in another Unicode encoding, or can't be read.
    """
    with opened(path) as file:
        first = file.read(_SEEN)
    encoding = next((name for mark, name in _MARKS if first.startswith(mark)), None) or _without_mark(first)
    if encoding is not None:
        message = (
            f"{path} must be UTF-8, got {encoding}, as its first bytes show ({first.hex(' ')}): "
            f"convert it, for example with iconv -f {encoding} -t UTF-8"
        )
        raise ConfigurationError(message)


def _without_mark(first: bytes) -> str | None:
    """Return the encoding of a text that begins with ASCII letters, each with a zero byte."""
    for name, byte_order in (("UTF-16LE", 1), ("UTF-16BE", 0)):
        zeros = first[byte_order::2]
        if len(first) == _SEEN and zeros == b"\0\0" and first != b"\0\0\0\0":
            return name
    return None
