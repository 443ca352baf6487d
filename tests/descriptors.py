"""The file descriptors, beside the standard streams, that a process started by a script or an Action inherits."""

import shlex
import sys
from typing import Final

__all__ = ["PRINTING_INHERITED"]

_PROGRAM: Final = """\
import os
for descriptor in range(3, 256):
    try:
        os.fstat(descriptor)
    except OSError:
        continue
    print("inherited", descriptor)
"""

PRINTING_INHERITED: Final = shlex.join([sys.executable, "-c", _PROGRAM])
"""A command for a shell, which passes on all descriptors it has inherited."""
