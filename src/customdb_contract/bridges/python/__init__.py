"""The bridge to a custom database in Python: an object with the scripts as methods."""

import copy
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import is_
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from attrs import evolve
from typing_extensions import override

from customdb_contract._runner._handlers import find_misnamed
from customdb_contract.bridges import Bridge, LateEvent
from customdb_contract.bridges.python._action import PythonAction
from customdb_contract.bridges.python._calling import Call
from customdb_contract.bridges.python._hosting import Host
from customdb_contract.bridges.python._opening import is_factory, open_database
from customdb_contract.bridges.python._signatures import Handler, find_handlers
from customdb_contract.bridges.references import refuse_misnamed
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Noticed, Observation, Outcome, ScriptInfo, record

if TYPE_CHECKING:
    from customdb_contract.bridges.python._worker import Worker

__all__ = ["PythonAction", "PythonDatabase", "is_factory"]

_Pair: TypeAlias = tuple[object, object]
"""An argument after a call and before it."""

_MOMENT_SECONDS: Final = 0.05
"""Seconds to wait for a callback that could be on its way on an unknown thread."""

_LATE_SECONDS: Final = 1.0
"""Seconds to wait for threads and tasks that calls have left running, before late events are collected."""


class PythonDatabase(Bridge):
    """A custom database in Python, with its own thread and its own event loop.

    A function that creates the database, and a context manager that it returns, are called, entered and left on the
    thread that runs the scripts. When a call times out, its thread is abandoned (the script is interrupted if Python
    can do that), and the function is called again on another thread. Anything other than a function is used there as it
    is: a context manager object is entered once, and is not left after such a call.

    Functions that are not async run while the loop is stopped, so they can use `asyncio.run`; only functions with a
    callback run inside the loop, so they can start tasks which call it later.

    Args:
        database: An object with the scripts as methods; or a function or class that returns one; or a (possibly async)
            context manager whose value is one; or a function that returns such a context manager. Functions can be
            async.
        connection: The settings of the connection.
        mask: The known secrets, which are replaced in everything that is recorded.
        timeout: Seconds that a script may take.
        opening_timeout: Seconds that opening or closing the database may take.

    Raises:
        DatabaseOpeningError: When the function or context manager raises, or takes too long.
        ConfigurationError: When a script has its name in JavaScript, such as `getUser`.
    """

    def __init__(
        self,
        database: object,
        *,
        connection: Connection,
        mask: SecretRegistry,
        timeout: float = 20.0,
        opening_timeout: float = 60.0,
    ) -> None:
        self._source = database
        self._is_made_here = is_factory(database)
        self._connection = connection
        self._mask = mask.mask
        self._timeout = timeout
        self._late: deque[LateEvent] = deque()
        self._calls = 0
        self._may_be_late = False
        self._is_open = False
        self._database: object = None
        self._handlers: Mapping[Script, Handler] = {}
        self._scripts: Mapping[Script, ScriptInfo] = {}
        self._misnamed: Sequence[str] = ()
        self._host = Host(
            "the database",
            self._make,
            is_made_anew=self._is_made_here,
            mask=self._mask,
            opening_timeout=opening_timeout,
        )
        try:
            refuse_misnamed(self._misnamed)
        except ConfigurationError:
            self.close()
            raise

    @property
    def database(self) -> object:
        """The database itself, as it was given or created."""
        return self._database

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return self._scripts

    @property
    @override
    def callback_can_throw(self) -> bool:
        return False

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        worker = self._host.worker
        handler = self._handlers[script]
        call = Call(self._calls, script, handler, self._mask, self._late.append)
        self._calls += 1
        self._may_be_late = self._may_be_late or handler.has_callback
        # A script can change its arguments, but must not change the caller's objects.
        given = [argument if isinstance(argument, str) else copy.deepcopy(argument) for argument in arguments]
        surroundings = copy.deepcopy(dict(context)) if context else {}
        work = partial(call.run, worker, given, surroundings)
        with self._host.watching(call):
            try:
                in_time = self._host.run(worker, work, self._timeout)
            finally:
                outcome = call.close()
            if not in_time:
                self._host.stop(worker)
                return outcome
        changed = tuple(self._changed([*zip(given, arguments, strict=True)], (surroundings, context)))
        return evolve(outcome, observations=(*outcome.observations, *changed)) if changed else outcome

    def _changed(self, given: Sequence[_Pair], surroundings: _Pair) -> Iterator[Observation]:
        """Yield the arguments that a script has changed; strings cannot be."""
        for name, pairs in (("user", given), ("context", (surroundings,))):
            for after, before in pairs:
                if not isinstance(before, Mapping):
                    continue
                kept = dict(cast("Mapping[str, object]", before))
                if not _is_untouched(after, kept) and record(after, self._mask) != record(kept, self._mask):
                    yield Observation(Noticed.ARGUMENT_CHANGED, name)

    @override
    def late_events(self) -> Sequence[LateEvent]:
        if self._may_be_late:
            time.sleep(_MOMENT_SECONDS)
        self._may_be_late = False
        self._host.settle(_LATE_SECONDS)
        return [self._late.popleft() for _ in range(len(self._late))]

    @override
    def close(self) -> None:
        self._host.close()

    def _make(self, worker: "Worker") -> None:
        if self._is_made_here or not self._is_open:
            self._database = open_database(self._source, worker)
            self._is_open = True
        self._handlers = find_handlers(self._database, script_context=self._connection.script_context)
        self._scripts = {script: handler.info for script, handler in self._handlers.items()}
        self._misnamed = find_misnamed(self._database, [script.value for script in Script])


def _is_untouched(copied: object, original: object) -> bool:
    """Tell whether a deep copy is certainly unchanged; its strings and numbers are those of the original.

    No object that a script has put into it runs any code.
    """
    kind, kind_before = type(copied), type(original)
    if kind is dict and kind_before is dict:
        fields, before = cast("dict[object, object]", copied), cast("dict[object, object]", original)
        is_same = len(fields) == len(before) and all(map(is_, fields, before))
        return is_same and all(map(_is_untouched, fields.values(), before.values()))
    if kind is list and kind_before is list:
        items, former = cast("list[object]", copied), cast("list[object]", original)
        return len(items) == len(former) and all(map(_is_untouched, items, former))
    return copied is original
