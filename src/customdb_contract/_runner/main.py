"""The start of the process: a guard stays behind, and its child serves."""

import os
import sys

from customdb_contract._runner._guard import watch_over
from customdb_contract._runner._serving import serve

__all__ = ["main"]


def main() -> None:
    """Serve the database of the container whose descriptors `life` and `control` are the arguments."""
    life, control = map(int, sys.argv[1:])
    # Scripts do not see either of them, and the processes that they start do not inherit them.
    del sys.argv[1:]
    ready = watch_over(life, control)
    os.set_inheritable(control, False)  # noqa: FBT003 - that is its signature
    serve(control, ready)
