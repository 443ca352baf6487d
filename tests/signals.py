"""Signals in tests, however the tests themselves were started."""

import signal
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["foreground_handlers"]


@contextmanager
def foreground_handlers() -> Generator[None]:
    """Have the handlers of a Python that was started in the foreground, also where the parent ignores ctrl-C."""
    on_interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    on_end = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, on_interrupt)
        signal.signal(signal.SIGTERM, on_end)
