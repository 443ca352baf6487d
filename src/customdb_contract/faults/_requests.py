"""Reads an HTTP request as it arrives, and creates an answer."""

import asyncio
import contextlib
import io
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, parse_headers, responses
from typing import Final

__all__ = ["HEAD_BYTES", "Request", "answer", "read_request"]

HEAD_BYTES: Final = 65_536
"""The most bytes of a request's head that are read; a longer one is answered by its first line."""

_MOST_BYTES: Final = 1_048_576
"""The most bytes of a body that are read; a longer one is answered early."""

_MOST_PATH: Final = 8192
_PIECE: Final = 65_536


async def read_request(reader: asyncio.StreamReader, *, keeps: bool, begun: bytes = b"") -> "Request":
    """Read a request, up to the limits.

    Args:
        reader: The reader of the connection; its limit is `HEAD_BYTES`.
        keeps: Whether to keep its headers and body, which must not be kept if they contain passwords.
        begun: The bytes of it that have already been read.

    Raises:
        EOFError: If the client ends before the request does.
        OSError: If the connection broke.
    """
    request = Request(begun + await _read_head(reader), keeps=keeps)
    # An invalid body, or one that is too long, is still answered.
    with contextlib.suppress(ValueError):
        await request.read_body(reader)
    return request


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return await reader.read(HEAD_BYTES)


class Request:
    """A request whose head has arrived.

    Args:
        head: Its first line and its headers.
        keeps: Whether to keep its headers and body.
    """

    def __init__(self, head: bytes, *, keeps: bool) -> None:
        first, _, lines = head.partition(b"\r\n")
        self.method, path, *_ = (*first.split(maxsplit=2), b"", b"")
        self.path = path[:_MOST_PATH]
        try:
            headers = parse_headers(io.BytesIO(lines))
        except HTTPException:
            headers = HTTPMessage()  # No client sends so many.
        self.headers: Mapping[str, str] = _as_texts(headers) if keeps else {}
        self._body = bytearray()
        self._keeps = keeps
        self._is_chunked = headers.get("Transfer-Encoding", "").lower().endswith("chunked")
        length = headers.get("Content-Length", "")
        # More digits mean more bytes than are ever read, and are slow to convert.
        self._length = int(length[:20]) if length.isascii() and length.isdigit() else 0
        self._left = _MOST_BYTES

    @property
    def body(self) -> bytes:
        """The kept part of the body."""
        return bytes(self._body)

    async def read_body(self, reader: asyncio.StreamReader) -> None:
        """Read its body, joined if it comes in chunks.

        Args:
            reader: The reader of the connection.

        Raises:
            ValueError: If the body is not valid, or too long.
            EOFError: If the client ends before it does.
            OSError: If the connection broke.
        """
        if not self._is_chunked:
            await self._read(reader, self._length)
            return
        while size := int((await self._read_line(reader)).partition(b";")[0], 16):
            await self._read(reader, size)
            await self._read_line(reader)
        while (await self._read_line(reader)).strip():
            pass

    async def _read(self, reader: asyncio.StreamReader, size: int) -> None:
        while size > 0:
            size -= self._add(await reader.read(min(size, _PIECE)))

    async def _read_line(self, reader: asyncio.StreamReader) -> bytes:
        line = await reader.readline()
        self._count(line)
        return line

    def _add(self, piece: bytes) -> int:
        if self._keeps:
            self._body += piece
        self._count(piece)
        return len(piece)

    def _count(self, piece: bytes) -> None:
        if not piece:
            raise EOFError
        self._left -= len(piece)
        if self._left <= 0:
            raise ValueError


def _as_texts(headers: HTTPMessage) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for name, value in headers.items():
        # Latin-1 preserves the bytes.
        text = value.encode("latin-1").decode("utf-8", "replace")
        known = texts.get(name.lower())
        texts[name.lower()] = text if known is None else f"{known}, {text}"
    return texts


def answer(
    status: int, kind: str, body: bytes, *, extra: Mapping[str, str] | None = None, length: int | None = None
) -> bytes:
    """Return an answer, after which the connection ends.

    Args:
        status: The status.
        kind: The content type.
        body: The part of the body that is sent.
        extra: Further headers.
        length: The declared length; None stands for the length of `body`.
    """
    headers = {
        "Content-Type": kind,
        "Content-Length": len(body) if length is None else length,
        # No connection outlives a call, so the next call never finds a closed one.
        "Connection": "close",
        **(extra or {}),
    }
    lines = [f"HTTP/1.1 {status} {responses.get(status, '')}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
