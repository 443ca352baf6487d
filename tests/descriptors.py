"""Which descriptors a process that a script or an Action starts has inherited, beside its standard streams."""

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
"""A command for a shell, which passes on whatever it has inherited."""
