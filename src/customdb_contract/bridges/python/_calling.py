"""One call of a script: everything that it does is observed, on whatever thread it happens."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.python._signatures import Handler
from customdb_contract.bridges.python._watching import Watched
from customdb_contract.contract import Failed, Found, ProfileResult, Script, ScriptError, callback_arguments
from customdb_contract.transcript import (
    Ending,
    Mask,
    Outcome,
    RecordedError,
    Special,
    Value,
    ending_of,
    record,
    record_error,
)

if TYPE_CHECKING:
    import asyncio

    from customdb_contract.bridges.python._worker import Worker

__all__ = ["Call"]

_AFTER_RAISING_SECONDS: Final = 0.25
"""Seconds to go on waiting for a callback when a task or thread of the script has ended with an exception."""


class Call(Watched):
    """One call of a script.

    Args:
        number: The number of the call of this bridge, from 0.
        script: The script.
        handler: How it is called.
        mask: Replaces the secrets in everything that is recorded.
        report_late: Called with what happens after `close`.
    """

    def __init__(
        self,
        number: int,
        script: Script,
        handler: Handler,
        mask: Mask,
        report_late: Callable[[LateEvent], object],
    ) -> None:
        super().__init__(mask)
        self._number = number
        self._script = script
        self._handler = handler
        self._report_late = report_late
        self._callbacks: list[tuple[Value, ...]] = []
        self._has_returned = False
        self._wake: Callable[[], object] = _do_nothing

    def run(self, worker: "Worker", arguments: Sequence[object], context: Mapping[str, object]) -> None:
        """Call the script and wait for its ending; this runs on the worker's thread.

        Args:
            worker: The worker.
            arguments: The script's own arguments.
            context: The extra argument, if the connection has it.
        """
        values: dict[str, object] = {"context": context, "callback": self._callback}
        with self.entered():
            if self._handler.has_callback:
                worker.complete(self._run_with_callback(worker, arguments, values))
            else:
                self._run_returning(worker, arguments, values)

    def close(self) -> Outcome:
        """Return what was observed so far; from now on, everything is late."""
        with self._lock:
            return self._outcome(tuple(self._callbacks))

    def _run_returning(self, worker: "Worker", arguments: Sequence[object], values: dict[str, object]) -> None:
        try:
            returned = self._handler.call(arguments, values)
            if inspect.isawaitable(returned):
                returned = worker.complete(returned)
            answer = self._arguments_for(returned)
        except ScriptError as error:
            answer = (self._recorded(error),)
        except BaseException as error:  # noqa: BLE001 - also SystemExit is an ending of a script
            self._raise(error)
            return
        self._answer(answer)

    async def _run_with_callback(
        self, worker: "Worker", arguments: Sequence[object], values: dict[str, object]
    ) -> None:
        stirred = worker.event()
        self._wake = lambda: worker.call_soon(stirred.set)
        try:
            returned = self._handler.call(arguments, values)
            if inspect.isawaitable(returned):
                await returned
        except ScriptError as error:
            self._answer((self._recorded(error),))
        except BaseException as error:
            if self._is_closed:
                raise
            self._raise(error)
        self._has_returned = True
        await self._wait_for_callback(worker, stirred)
        await worker.tick()

    async def _wait_for_callback(self, worker: "Worker", stirred: "asyncio.Event") -> None:
        if self._ending is not None:
            return
        await stirred.wait()
        if self._ending is None:
            stirred.clear()
            await worker.wait(stirred, _AFTER_RAISING_SECONDS)
            self._end(Ending.RAISED)

    def _callback(self, *arguments: object) -> None:
        self._answer(tuple(self._recorded(argument) for argument in arguments))

    def _answer(self, recorded: tuple[Value, ...]) -> None:
        with self._lock:
            if not self._is_closed:
                self._callbacks.append(recorded)
                self._end(ending_of(self._script, recorded))
            elif self._has_returned:
                # What an interrupted script does while it is being stopped does not count.
                self._report_late(LateEvent(self._number, arguments=recorded))

    @override
    def _stir(self) -> None:
        self._wake()

    @override
    def _raised_late(self, raised: RecordedError) -> None:
        self._report_late(LateEvent(self._number, raised=raised))

    def _arguments_for(self, returned: object) -> tuple[Value, ...]:
        try:
            given = callback_arguments(self._script, cast("ProfileResult", returned))
        except TypeError as error:
            what = "None" if returned is None else type(returned).__name__
            return (None, Special("not-a-result", f"{what}: {str(error).partition('; ')[2]}"))
        # Found(None) and Failed(None) would mean "there is no such user".
        if given[-1] is None and isinstance(returned, Found | Failed):
            return (None, Special("not-a-result", f"{type(returned).__name__}(None)"))
        return tuple(self._recorded(argument) for argument in given)

    def _recorded(self, value: object) -> Value:
        # The real type: isinstance would ask the object itself.
        if issubclass(type(value), BaseException):
            return record_error(cast("BaseException", value), self._mask)
        return record(value, self._mask)


def _do_nothing() -> None:
    """Replaces the function that wakes a script, once nothing waits for it."""
