"""A process that echoes its input: the lower bound for a call in another process."""

import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

__all__ = ["echoing"]


@contextmanager
def echoing(command: Sequence[str]) -> Generator[Callable[[], object]]:
    """Provide a function that sends a few bytes to a process that echoes them, and waits for them.

    Args:
        command: The program, which copies its standard input to its standard output.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def round_trip() -> None:
            stdin.write(b"ada@example.com\n")
            stdout.read(64)

        round_trip()
        yield round_trip
        stdin.close()
