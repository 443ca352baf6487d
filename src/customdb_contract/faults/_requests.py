"""One HTTP request while it arrives."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["Request"]

_MOST_HEAD_BYTES: Final = 65_536
"""Bytes of a request's head that are waited for; a longer one is answered by what its first line says."""

_MOST_BYTES: Final = 1_048_576
"""Bytes of one request that are waited for; a longer one is answered, and cut off after as many again."""

_MOST_PATH: Final = 8192
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r\n")


class Request:
    """What is known of one request by now.

    Args:
        keeps: Whether its headers and its body are kept; where there are passwords in it, they must not be.
    """

    def __init__(self, *, keeps: bool) -> None:
        self.method = b""
        self.path = b""
        self.headers: Mapping[str, str] = {}
        self.is_answered = False
        self._keeps = keeps
        self._body = bytearray()
        self._length = 0
        self._head = b""
        self._has_head = False
        self._left = 0
        self._is_chunked = False
        self._last_bytes = b""

    @property
    def is_whole(self) -> bool:
        """Whether nothing more of it is waited for."""
        # A body in chunks ends with an empty line; taking an empty line inside it for its end does no harm.
        is_at_end = self._last_bytes == b"\r\n\r\n" if self._is_chunked else self._left <= 0
        return self._has_head and (is_at_end or self._length > _MOST_BYTES)

    @property
    def is_too_long(self) -> bool:
        """Whether it is cut off."""
        return self._length > 2 * _MOST_BYTES

    @property
    def body(self) -> bytes:
        """What was kept of its body, put together where it came in chunks."""
        return _joined(bytes(self._body)) if self._is_chunked else bytes(self._body)

    def add(self, received: bytes) -> None:
        """Take what has come.

        Args:
            received: What came at once.
        """
        self._length += len(received)
        if self._has_head:
            self._add_body(received)
            return
        head, end, body = (self._head + received).partition(b"\r\n\r\n")
        if end or len(head) > _MOST_HEAD_BYTES:
            self._head = b""
            self._read_head(head)
            self._add_body(body)
        else:
            self._head = head

    def _read_head(self, head: bytes) -> None:
        self._has_head = True
        first, *lines = head.split(b"\r\n")
        self.method, path, *_ = (*first.split(maxsplit=2), b"", b"")
        self.path = path[:_MOST_PATH]
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(b":")
            name, value = name.strip().lower(), value.strip()
            if name == b"content-length" and value.isdigit():
                # More digits than this are more bytes than are ever read, and slow to convert.
                self._left = int(value[:20])
            elif name == b"transfer-encoding":
                self._is_chunked = value.lower().endswith(b"chunked")
            if self._keeps and name:
                text, known = value.decode("utf-8", "replace"), headers.get(name.decode("latin-1"))
                headers[name.decode("latin-1")] = text if known is None else f"{known}, {text}"
        self.headers = headers

    def _add_body(self, received: bytes) -> None:
        self._left -= len(received)
        self._last_bytes = (self._last_bytes + received)[-4:]
        if self._keeps and len(self._body) < _MOST_BYTES:
            self._body += received


def _joined(chunks: bytes) -> bytes:
    """Return a body that came in chunks as one."""
    body, place = bytearray(), 0
    while (size := _CHUNK.match(chunks, place)) and int(size[1], 16):
        end = size.end() + int(size[1], 16)
        body += chunks[size.end() : end]
        place = end + 2
    return bytes(body)
