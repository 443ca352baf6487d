"""Which threads are still active."""

import sys
import threading
from collections.abc import Callable
from types import FrameType

from customdb_contract._runner._builtins import own_builtins

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["is_busy"]

# Documented, in spite of its name; kept before scripts are loaded.
_current_frames: Callable[[], dict[int, FrameType]] = vars(sys)["_current_frames"]
_POOL = "concurrent/futures/thread.py"


def is_busy(thread: threading.Thread) -> bool:
    """Tell whether a thread is active, and not an idle thread of a pool, which might never end.

    Args:
        thread: The thread.
    """
    if not thread.is_alive():
        return False
    frame = _current_frames().get(thread.ident or 0)
    code = None if frame is None else frame.f_code
    return code is None or code.co_name != "_worker" or not code.co_filename.replace("\\", "/").endswith(_POOL)
