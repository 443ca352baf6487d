"""The container: one process with a runner in it, connected by its own socket, which carries lines of JSON.

A script can write to that socket too, so every line from the runner starts with a token that only the runner knows. A
line that reports a callback immediately is only used if the process ends before it reports the outcome of the call.
"""

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from customdb_contract import _runner
from customdb_contract.interrupts import Interrupts

__all__ = ["Container", "ContainerDiedError", "guarded"]

_GUARD: Final = str(Path(_runner.__file__).with_name("_guard.py"))
_PIECE: Final = 1 << 16
_MOST_RECEIVED: Final = 1 << 26
"""Maximum bytes of one message; a runner sends far less."""

_MOST_OUTPUT: Final = 1 << 20
"""Bytes kept of what the process writes between two reads."""

_CALLED: Final = b"called "
_ENDING_SECONDS: Final = 2.0
_SIGNAL_BASE: Final = 128


class ContainerDiedError(Exception):
    """The process has ended, or the message isn't from the runner: it will respond to nothing.

    Args:
        reason: Why, in a few words from this package.
        has_read_all: Whether the process may have read everything that was sent to it.
    """

    def __init__(self, reason: str, *, has_read_all: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.has_read_all = has_read_all


def guarded(command: Sequence[str]) -> Callable[[int, int], Sequence[str]]:
    """Return the command line that runs a command under a guard, which ends everything it has started.

    Args:
        command: The command; the descriptor of the socket becomes its last argument.
    """
    return lambda life, control: [sys.executable, "-I", "-S", _GUARD, str(life), str(control), *command, str(control)]


class Container:
    """A process with a runner in it.

    Args:
        command: Returns the command, given the descriptors of its guard and of the socket.
        environment: All environment variables that it receives.
        interrupts: What wakes a thread that waits for a response.

    Raises:
        OSError: When it cannot be started.
    """

    def __init__(
        self,
        command: Callable[[int, int], Sequence[str]],
        environment: Mapping[str, str],
        *,
        interrupts: Interrupts,
    ) -> None:
        self._interrupts = interrupts
        self._received = bytearray()
        self._searched = 0
        self._called: tuple[float, bytes] | None = None
        self._output = bytearray()
        self._is_silent = False
        self._token = secrets.token_hex(16)
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            self._socket, control = socket.socketpair()
            ours.callback(self._socket.close)
            theirs.callback(control.close)
            self._reading, writing = os.pipe()
            ours.callback(os.close, self._reading)
            theirs.callback(os.close, writing)
            life, self._life = os.pipe()
            ours.callback(os.close, self._life)
            theirs.callback(os.close, life)
            self._process = subprocess.Popen(  # noqa: S603 - see Runtime
                command(life, control.fileno()),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                pass_fds=(life, control.fileno()),
            )
            self._descriptors = ours.pop_all()
        os.set_blocking(self._reading, False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(self._reading, select.POLLIN)
        self._poll.register(interrupts.fileno(), select.POLLIN)

    @property
    def token(self) -> str:
        """The token that the first message must bring to the runner, and that starts each line from it."""
        return self._token

    def tell(self, message: Mapping[str, object], seconds: float) -> None:
        """Send a message.

        Args:
            message: An object that `json.dumps` accepts.
            seconds: How long the process may take to receive it.

        Raises:
            ContainerDiedError: When there is no process to receive it.
        """
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except TimeoutError:
            reason = f"it read nothing from its socket for {seconds:g} s"
            raise ContainerDiedError(reason, has_read_all=False) from None
        except OSError:
            raise ContainerDiedError(self.how_it_ended(), has_read_all=False) from None

    def answer(self, seconds: float) -> Mapping[str, Any] | None:
        """Wait for the next message.

        Args:
            seconds: How long to wait.

        Returns:
            The message, or None if there was none in time.

        Raises:
            ContainerDiedError: When the process has ended, or a line arrives that isn't from the runner.
            KeyboardInterrupt: When an interrupt is pending or arrives during the wait.
        """
        until = time.monotonic() + seconds
        while True:
            text = self._line(until)
            if text is None:
                return None
            if not text.startswith(_CALLED):
                return _decoded(text)
            if self._called is None:
                self._called = (time.monotonic(), text.removeprefix(_CALLED))

    def take_called(self) -> tuple[float, Mapping[str, Any]] | None:
        """Return the latest immediate report of a first callback, and its time in `time.monotonic`.

        Raises:
            ContainerDiedError: When it is not a message.
        """
        called, self._called = self._called, None
        return None if called is None else (called[0], _decoded(called[1]))

    def forget_called(self) -> None:
        """Drop the immediate report of a callback, because the outcome of its call includes it."""
        self._called = None

    def _line(self, until: float) -> bytes | None:
        """Return the next line without its token, or None if there is none in time."""
        while (end := self._received.find(b"\n", self._searched)) < 0:
            self._searched = len(self._received)
            left = until - time.monotonic()
            ready = {descriptor for descriptor, _ in self._poll.poll(max(0.0, left) * 1000)}
            self._interrupts.raise_if_pending()
            # Output that was written before a message is available before it, so it is read first.
            if self._reading in ready:
                self._drain()
            if self._socket.fileno() in ready:
                self._receive()
            elif left <= 0:
                return None
        token, _, text = bytes(self._received[:end]).partition(b" ")
        del self._received[: end + 1]
        self._searched = 0
        if token != self._token.encode():
            reason = "something other than its runner wrote to its socket"
            raise ContainerDiedError(reason)
        return text

    def take_output(self) -> str:
        """Return what the process has written to standard output and standard error since the last time."""
        self._drain()
        text = self._output.decode("utf-8", "backslashreplace")
        self._output.clear()
        return text

    @property
    def has_something(self) -> bool:
        """Whether there is output or a message from the process that was not read yet, or the process has ended."""
        return bool(self._received or self._poll.poll(0))

    def how_it_ended(self) -> str:
        """Return how the process has ended, in a few words."""
        self.wait(_ENDING_SECONDS)
        code = self._process.returncode
        if code is None:
            return "it closed its socket"
        if code < 0:
            code = _SIGNAL_BASE - code
        with contextlib.suppress(ValueError):
            return f"it was ended by {signal.Signals(code - _SIGNAL_BASE).name}"
        return f"it exited with code {code}"

    def wait(self, seconds: float) -> None:
        """Wait for the process to end.

        Args:
            seconds: How long to wait at most.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def end(self) -> None:
        """End the process and everything that it has started."""
        self._is_silent = True
        # Its guard notices that, and ends what it guards before itself.
        self._descriptors.close()
        self.wait(_ENDING_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _receive(self) -> None:
        try:
            piece = self._socket.recv(_PIECE)
        except ConnectionResetError:
            # Linux resets a local socket only if its other end was closed with unread data.
            raise ContainerDiedError(self.how_it_ended(), has_read_all=False) from None
        if not piece:
            raise ContainerDiedError(self.how_it_ended())
        self._received += piece
        if len(self._received) > _MOST_RECEIVED:
            reason = f"it sent more than {_MOST_RECEIVED >> 20} MiB in one message"
            raise ContainerDiedError(reason)

    def _drain(self) -> None:
        """Read the output of the process; anything beyond a limit waits for the next read."""
        for _ in range(2 * _MOST_OUTPUT // _PIECE):
            if self._is_silent:
                return
            try:
                piece = os.read(self._reading, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                self._poll.unregister(self._reading)
                self._is_silent = True
                return
            if len(self._output) < _MOST_OUTPUT:
                self._output += piece


def _decoded(text: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        message = json.loads(text)
        if isinstance(message, dict):
            return cast("dict[str, Any]", message)
    reason = "its runner sent something that is not a message"
    raise ContainerDiedError(reason)
