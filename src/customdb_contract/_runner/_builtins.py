"""The built-ins, as they were before any script could replace them."""

import builtins
from typing import Any

__all__ = ["own_builtins"]

_copy: Any = vars(builtins).copy()


def own_builtins() -> Any:
    """Return the namespace that a module sets as its `__builtins__`, for the functions that are defined after that."""
    return _copy
