"""What scripts print and log, kept per call; all other output passes through."""

import logging
import sys
import threading
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import Any, BinaryIO, Final, TextIO, cast

from typing_extensions import override

from customdb_contract.transcript import Mask, cut_masked

__all__ = ["CAPTURE", "MAX_OUTPUT", "LoggingCapture", "OutputCapture", "divert_streams", "restore_streams"]

MAX_OUTPUT: Final = 65_536
"""Maximum characters shown of one call's output."""

_MARGIN: Final = 32_768
"""A secret that the cut divides would not be recognized, so this much before the cut is never shown."""

_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"
_STREAMS: Final = ("stdout", "stderr")


class OutputCapture:
    """Keeps the output of one call, up to a limit; any thread can write."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_OUTPUT + _MARGIN
        self._written = 0
        self._lock = threading.RLock()

    def write(self, text: str) -> None:
        """Keep a text, as far as there is room.

        Args:
            text: What was printed or logged.
        """
        plain = str.__str__(text)
        with self._lock:
            self._written += len(plain)
            if self._room > 0 and plain:
                self._parts.append(plain[: self._room])
                self._room -= len(self._parts[-1])

    def text(self, mask: Mask) -> str:
        """Return everything as one text, cut if it is too long.

        Args:
            mask: Replaces the secrets, including those that were written in pieces.
        """
        with self._lock:
            joined, written = "".join(self._parts), self._written
        masked = mask(joined) if joined else ""
        if written <= MAX_OUTPUT:
            return masked
        shown = cut_masked(masked[:-_MARGIN] if written > len(joined) else masked, MAX_OUTPUT)
        return f"{shown}… and {written - len(shown)} more characters"


CAPTURE: ContextVar[OutputCapture | None] = ContextVar("customdb_contract_capture", default=None)
"""Where the current thread or task writes to; None stands for the real streams."""


class _Bytes:
    """The `buffer` of a diverted stream."""

    def __init__(self, capture: OutputCapture) -> None:
        self._capture = capture

    def write(self, data: bytes) -> int:
        plain = bytes(data)
        self._capture.write(plain.decode(errors="backslashreplace"))
        return len(plain)

    def flush(self) -> None:
        """Do nothing: output is kept immediately."""


class _Stream:
    """Stands in for `sys.stdout` or `sys.stderr`, and passes on what is not written by a script."""

    def __init__(self, original: TextIO) -> None:
        self.original = original

    def write(self, text: str) -> int:
        capture = CAPTURE.get()
        if capture is None:
            return self.original.write(text)
        capture.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if CAPTURE.get() is None:
            self.original.flush()

    @property
    def buffer(self) -> BinaryIO:
        capture = CAPTURE.get()
        return self.original.buffer if capture is None else cast("BinaryIO", _Bytes(capture))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


def divert_streams() -> None:
    """Install stand-ins for `sys.stdout` and `sys.stderr`, unless they are installed.

    Others replace them too (pytest does so per test), so this is called before every call.
    """
    for name in _STREAMS:
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, _Stream):
            setattr(sys, name, _Stream(stream))


def restore_streams() -> None:
    """Restore `sys.stdout` and `sys.stderr`, unless other code has replaced them since."""
    for name in _STREAMS:
        stream = getattr(sys, name)
        if isinstance(stream, _Stream):
            setattr(sys, name, stream.original)


class _Handler(logging.Handler):
    @override
    def emit(self, record: logging.LogRecord) -> None:
        capture = CAPTURE.get()
        if capture is None:
            return
        try:
            capture.write(f"{self.format(record)}\n")
        except Exception:  # noqa: BLE001 - arguments of a script's log record may fail to print
            self.handleError(record)


class LoggingCapture:
    """While entered, it alone receives what the scripts log, at the levels that the loggers have.

    Other handlers of the root logger, such as those of pytest, would show it unmasked. It is entered for one call only:
    while the root logger has a handler, `logging.basicConfig` does nothing.
    """

    def __init__(self) -> None:
        self._handler = _Handler()
        self._handler.setFormatter(logging.Formatter(_FORMAT))
        self._others: Sequence[logging.Handler] = ()

    def __enter__(self) -> None:
        root = logging.getLogger()
        self._others = tuple(root.handlers)
        for handler in self._others:
            handler.addFilter(self._passes)
        root.addHandler(self._handler)

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        for handler in self._others:
            handler.removeFilter(self._passes)

    def _passes(self, _: logging.LogRecord) -> bool:
        return CAPTURE.get() is None
