"""One HTTP request, read as it arrives, and an answer to it."""

import asyncio
import contextlib
import io
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, parse_headers, responses
from typing import Final

__all__ = ["HEAD_BYTES", "Request", "answer", "read_request"]

HEAD_BYTES: Final = 65_536
"""Bytes of a request's head that are waited for; a longer one is answered by what its first line says."""

_MOST_BYTES: Final = 1_048_576
"""Bytes of one body that are waited for; a longer one is answered."""

_MOST_PATH: Final = 8192
_PIECE: Final = 65_536


async def read_request(reader: asyncio.StreamReader, *, keeps: bool, begun: bytes = b"") -> "Request":
    """Read a request, until nothing more of it is waited for.

    Args:
        reader: What comes over the connection; its limit is `HEAD_BYTES`.
        keeps: Whether its headers and its body are kept; where there are passwords in it, they must not be.
        begun: What has been read of it already.

    Raises:
        EOFError: When the client ends before the request does.
        OSError: When the connection broke.
    """
    request = Request(begun + await _read_head(reader), keeps=keeps)
    # What is no body, or more of it than is read, is answered.
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
        keeps: Whether its headers and its body are kept.
    """

    def __init__(self, head: bytes, *, keeps: bool) -> None:
        first, _, lines = head.partition(b"\r\n")
        self.method, path, *_ = (*first.split(maxsplit=2), b"", b"")
        self.path = path[:_MOST_PATH]
        try:
            headers = parse_headers(io.BytesIO(lines))
        except HTTPException:
            headers = HTTPMessage()  # So many are sent by nobody.
        self.headers: Mapping[str, str] = _as_texts(headers) if keeps else {}
        self._body = bytearray()
        self._keeps = keeps
        self._is_chunked = headers.get("Transfer-Encoding", "").lower().endswith("chunked")
        length = headers.get("Content-Length", "")
        # More digits than this are more bytes than are ever read, and slow to convert.
        self._length = int(length[:20]) if length.isascii() and length.isdigit() else 0
        self._left = _MOST_BYTES

    @property
    def body(self) -> bytes:
        """What was kept of its body."""
        return bytes(self._body)

    async def read_body(self, reader: asyncio.StreamReader) -> None:
        """Read its body, put together where it comes in chunks.

        Args:
            reader: What comes over the connection.

        Raises:
            ValueError: When it is no body, or too long.
            EOFError: When the client ends before it does.
            OSError: When the connection broke.
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
        # They are read as Latin-1, which keeps the bytes.
        text = value.encode("latin-1").decode("utf-8", "replace")
        known = texts.get(name.lower())
        texts[name.lower()] = text if known is None else f"{known}, {text}"
    return texts


def answer(
    status: int, kind: str, body: bytes, *, extra: Mapping[str, str] | None = None, length: int | None = None
) -> bytes:
    """Return an answer, after which the connection ends.

    Args:
        status: Its status.
        kind: The type of its content.
        body: Its body, as far as it is sent.
        extra: More headers.
        length: The length that is told; None stands for that of `body`.
    """
    headers = {
        "Content-Type": kind,
        "Content-Length": len(body) if length is None else length,
        # No connection outlives a call, nor is one found closed by the next.
        "Connection": "close",
        **(extra or {}),
    }
    lines = [f"HTTP/1.1 {status} {responses.get(status, '')}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
