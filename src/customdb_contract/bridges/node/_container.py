"""The container: one Node process, spoken to over a socket of its own, in lines of JSON.

A script may write to that socket too, so every line from the runner starts with a token that only the runner knows.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from customdb_contract.bridges.node._runtime import Runtime

__all__ = ["Container", "ContainerDiedError"]

_RUNNER: Final = Path(__file__).parent / "runner" / "main.cjs"
_PIECE: Final = 1 << 16
_MOST_TOLD: Final = 2000


class ContainerDiedError(Exception):
    """The process has ended, or what it says isn't from the runner: it answers nothing any more."""


class Container:
    """A Node process with the runner in it, in a process group of its own.

    Args:
        runtime: The Node.
        environment: All environment variables that it gets.

    Raises:
        OSError: When it cannot be started.
    """

    def __init__(self, runtime: Runtime, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        self._received = bytearray()
        self._token = secrets.token_hex(16)
        # What Node itself says when it cannot go on; scripts cannot write there.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        try:
            self._process = subprocess.Popen(  # noqa: S603 - see Runtime
                [runtime.path, *runtime.flags, str(_RUNNER), str(theirs.fileno())],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        except BaseException:
            self._socket.close()
            self._said.close()
            raise
        finally:
            theirs.close()

    @property
    def token(self) -> str:
        """What the first message must bring to the runner, and each line from it starts with."""
        return self._token

    def tell(self, message: Mapping[str, object]) -> None:
        """Send a message.

        Args:
            message: What `json.dumps` takes.

        Raises:
            ContainerDiedError: When nobody is there to receive it.
        """
        try:
            self._socket.settimeout(None)
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise ContainerDiedError from None

    def answer(self, seconds: float) -> Mapping[str, Any] | None:
        """Wait for the next message.

        Args:
            seconds: How long to wait.

        Returns:
            The message, or None when there was none in time.

        Raises:
            ContainerDiedError: When the process has ended, or a line without the token arrives.
        """
        until = time.monotonic() + seconds
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            # Zero would mean not to wait at all, and none for ever.
            self._socket.settimeout(max(until - time.monotonic(), 0.001))
            try:
                piece = self._socket.recv(_PIECE)
            except TimeoutError:
                return None
            except OSError:
                raise ContainerDiedError from None
            if not piece:
                raise ContainerDiedError
            self._received += piece
        token, _, text = bytes(self._received[:end]).partition(b" ")
        del self._received[: end + 1]
        if token != self._token.encode():
            raise ContainerDiedError
        message: Mapping[str, Any] = json.loads(text)
        return message

    def last_words(self) -> str:
        """Return the end of what Node itself has said on its standard error."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _MOST_TOLD))
        return self._said.read().decode("utf-8", "replace").strip()

    def end(self) -> None:
        """End the process and everything that it has started; ending it again does nothing."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._said.close()
