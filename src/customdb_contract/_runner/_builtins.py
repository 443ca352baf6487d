"""What is built in, as it was before any script could replace it."""

import builtins
from typing import Any

__all__ = ["own_builtins"]

_copy: Any = vars(builtins).copy()


def own_builtins() -> Any:
    """Return the namespace that a module sets as its `__builtins__`, for the functions that follow there."""
    return _copy
