"""One call of a script: what it does until it is over is its outcome; anything later is reported as late."""

from collections.abc import Callable
from threading import RLock
from time import perf_counter
from typing import cast

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._limits import MAX_ARGUMENTS, MAX_CALLBACK_CHARACTERS, MAX_CALLBACKS
from customdb_contract._runner._reading import encode, encode_error

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["Call", "encode_argument"]

_TOO_MANY = '[{"$special": "too-many", "text": "", "size": null}]'

_lock = RLock()


class Call:
    """One call of a script; any thread can report to it.

    Args:
        number: The number of the call.
        report_called: Called immediately with the number and the callback's arguments, as JSON, because the process
            might end before it reports the outcome. None if that is not needed.
        report_late: Called with what happens after `close`, as JSON.
    """

    def __init__(
        self,
        number: int,
        report_called: Callable[[int, str], object] | None,
        report_late: Callable[[str], object],
    ) -> None:
        self.number = number
        self.has_returned = False
        self.stir: Callable[[], object] = _do_nothing
        self._report_called = report_called
        self._report_late = report_late
        self._started = perf_counter()
        self._ended = self._started
        self._ending: str | None = None
        self._callbacks: list[str] = []
        self._noticed: list[str] = []
        self._characters_left = MAX_CALLBACK_CHARACTERS
        self._raised = "null"
        self._escape = "thrown"
        self._is_closed = False

    @property
    def has_ended(self) -> bool:
        """Whether the callback was called, or an exception was raised instead."""
        return self._ending is not None

    def callback(self, *arguments: object) -> None:
        """The callback that the script receives."""
        self.answer(arguments)

    def answer(self, arguments: tuple[object, ...]) -> None:
        """Record the arguments of the callback, or the ones that a script's return value stands for.

        Args:
            arguments: The arguments, error first; an exception is recorded as an error.
        """
        self.answer_encoded([encode_argument(argument) for argument in arguments[:MAX_ARGUMENTS]])

    def answer_encoded(self, arguments: list[str]) -> None:
        """Record the arguments of the callback, as JSON.

        Args:
            arguments: The arguments, error first.
        """
        given = f"[{', '.join(arguments)}]"
        with _lock:
            if len(self._callbacks) >= MAX_CALLBACKS:
                return
            self._characters_left -= len(given)
            if self._characters_left < 0:
                given = _TOO_MANY
            self._callbacks.append(given)
            if not self._is_closed:
                if self._report_called is not None:
                    self._report_called(self.number, given)
                self._end("callback")
            elif self.has_returned:
                self._report_late(f'{{"call": {self.number}, "arguments": {given}}}')

    def raise_(self, error: BaseException) -> None:
        """Record an exception that the script raised.

        Args:
            error: The exception.
        """
        raised = encode_error(error)
        with _lock:
            if not self._is_closed:
                self._raised, self._escape = raised, "thrown"
                self._end("raised")

    def raised_elsewhere(self, error: BaseException) -> None:
        """Record an exception that ended a task or a thread of the script.

        Args:
            error: The exception.
        """
        raised = encode_error(error)
        with _lock:
            if self._is_closed:
                self._report_late(f'{{"call": {self.number}, "raised": {raised}, "escape": "later"}}')
            elif self._raised == "null":
                self._raised, self._escape = raised, "later"
                self.stir()

    def notice(self, kind: str, text: str) -> None:
        """Record another observation of the call, before it is closed.

        Args:
            kind: Its kind, by the name in a transcript.
            text: Which one.
        """
        self._noticed.append(f'{{"kind": {encode(kind)}, "text": {encode(text)}}}')

    def give_up(self) -> None:
        """End a call that only raised, and not in the call itself."""
        with _lock:
            self._end("raised")

    def close(self) -> str:
        """Return the outcome as JSON; from now on, everything is late."""
        with _lock:
            self._is_closed = True
            seconds = (perf_counter() if self._ending is None else self._ended) - self._started
            return (
                f'{{"ended": "{self._ending or "timed-out"}", "callbacks": [{", ".join(self._callbacks)}], '
                f'"raised": {self._raised}, "escape": "{self._escape}", "output": "", '
                f'"observations": [{", ".join(self._noticed)}], "seconds": {seconds:.6f}}}'
            )

    def _end(self, ending: str) -> None:
        """Keep the first ending."""
        if self._ending is None:
            self._ending, self._ended = ending, perf_counter()
            self.stir()


def encode_argument(value: object) -> str:
    """Return an argument of the callback as JSON.

    Args:
        value: The argument; an exception becomes an error.
    """
    # The real type: isinstance would ask the object itself.
    if issubclass(type(value), BaseException):
        return encode_error(cast("BaseException", value))
    return encode(value)


def _do_nothing() -> None:
    """Replaces the function that wakes a script, once nothing waits for it."""
