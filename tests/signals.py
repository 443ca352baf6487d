"""Signal handling in tests, independent of how the tests were started."""

import signal
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["foreground_handlers"]


@contextmanager
def foreground_handlers() -> Generator[None]:
    """Use the signal handlers of a foreground Python, even if the parent process ignores Ctrl-C."""
    on_interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    on_end = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, on_interrupt)
        signal.signal(signal.SIGTERM, on_end)
