"""Hooks installed while a database is open: the streams, the start of threads, and the hook for failing ones."""

import functools
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from customdb_contract._runner._busy_threads import is_busy
from customdb_contract.bridges.python._complaints import divert_complaints, restore_complaints
from customdb_contract.bridges.python._output import divert_streams, restore_streams

__all__ = ["STARTED_BY", "ThreadWatch", "borrow", "give_back", "has_busy_threads", "renew"]

_Report: TypeAlias = Callable[[BaseException], None]

STARTED_BY: Final[ContextVar[_Report | None]] = ContextVar("customdb_contract_started_by", default=None)
"""The call that the current thread or task belongs to: it owns the threads that are started there."""

_lock: Final = threading.RLock()
_owners: Final[WeakKeyDictionary[threading.Thread, _Report]] = WeakKeyDictionary()
_watching: Final[dict[_Report, frozenset[threading.Thread]]] = {}


class ThreadWatch:
    """Tracks the threads that the calls of one database have started."""

    def __init__(self) -> None:
        self._started: WeakKeyDictionary[threading.Thread, None] = WeakKeyDictionary()

    @contextmanager
    def during(self, report: _Report) -> Generator[None]:
        """Attribute every thread that is started in the meantime to the call.

        Args:
            report: Called with an exception that ends such a thread, even later.
        """
        before = frozenset(threading.enumerate())
        with _lock:
            _watching[report] = before
        try:
            yield
        finally:
            started = set(threading.enumerate()) - before
            with _lock:
                is_alone = len(_watching) == 1
                del _watching[report]
                for thread in started:
                    # While several databases are called, the owner of a thread started without a Thread object is
                    # unknown.
                    if is_alone:
                        _owners.setdefault(thread, report)
                    if _owners.get(thread) == report:
                        self._started[thread] = None

    @property
    def busy(self) -> frozenset[threading.Thread]:
        """The threads that calls have started and that are still active."""
        return frozenset(filter(is_busy, list(self._started)))


def _owner(thread: threading.Thread | None) -> _Report | None:
    if thread is None:
        return None
    with _lock:
        started_in = [report for report, before in _watching.items() if thread not in before]
        return _owners.get(thread) or (started_in[0] if len(_watching) == len(started_in) == 1 else None)


def has_busy_threads(report: _Report) -> bool:
    """Tell whether a thread that a call has started is still active.

    Args:
        report: The function that receives exceptions in the call's threads.
    """
    return any(_owner(thread) == report and is_busy(thread) for thread in threading.enumerate())


class _Start:
    """Stands in for `threading.Thread.start`, and records the call that a thread is started for."""

    def __init__(self, original: Callable[[threading.Thread], None]) -> None:
        self.original = original

    def __get__(self, thread: threading.Thread | None, _: type | None = None) -> Callable[..., None]:
        return self.original if thread is None else functools.partial(self._start, thread)

    def _start(self, thread: threading.Thread) -> None:
        with _lock:
            report = STARTED_BY.get() or _owners.get(threading.current_thread())
            if report is not None:
                _owners[thread] = report
        self.original(thread)


class _Hook:
    """Stands in for `threading.excepthook`, and passes on exceptions that no script raised."""

    def __init__(self, original: Callable[[threading.ExceptHookArgs], object]) -> None:
        self.original = original

    def __call__(self, arguments: threading.ExceptHookArgs, /) -> None:
        report = _owner(arguments.thread)
        if report is None or arguments.exc_value is None:
            self.original(arguments)
        # Python does not consider leaving a thread with sys.exit a failure either.
        elif not isinstance(arguments.exc_value, SystemExit):
            report(arguments.exc_value)


_masks: Final[dict[object, Callable[[str], str]]] = {}
"""Replaces the secrets of each open database."""


def borrow(database: object, mask: Callable[[str], str]) -> None:
    """Install the interpreter's streams and hooks until `give_back`.

    Args:
        database: The database; they are restored when the last one gives them back.
        mask: Replaces its secrets.
    """
    with _lock:
        _masks[database] = mask
        renew()


def renew() -> None:
    """Install the streams and the hooks again if other code has replaced them since."""
    with _lock:
        divert_streams()
        divert_complaints(_mask_all)
        if not isinstance(threading.excepthook, _Hook):
            threading.excepthook = _Hook(threading.excepthook)
        start = threading.Thread.__dict__["start"]
        if not isinstance(start, _Start):
            threading.Thread.start = _Start(start)  # type: ignore[method-assign, assignment] # what a method is, too


def give_back(database: object) -> None:
    """Undo what `borrow` did.

    Args:
        database: The same database.
    """
    with _lock:
        del _masks[database]
        if not _masks:
            restore_streams()
            restore_complaints()
            if isinstance(threading.excepthook, _Hook):
                threading.excepthook = threading.excepthook.original
            start = threading.Thread.__dict__["start"]
            if isinstance(start, _Start):
                threading.Thread.start = start.original  # type: ignore[method-assign, assignment] # as it was before


def _mask_all(text: str) -> str:
    for mask in list(_masks.values()):
        text = mask(text)
    return text
