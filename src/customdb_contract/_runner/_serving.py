"""Serving: handles one message after another, calls the scripts, and reports what they did."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from json import JSONDecoder
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary, WeakSet

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._busy_threads import is_busy
from customdb_contract._runner._call import Call, encode_argument
from customdb_contract._runner._handlers import Handler, find_handlers, find_misnamed, needs_argument
from customdb_contract._runner._limits import MAX_LATE
from customdb_contract._runner._loop_of import LoopOf
from customdb_contract._runner._opening import NotThereError, find_attribute, is_factory, open_database
from customdb_contract._runner._reading import encode, encode_error, is_from_contract
from customdb_contract._runner._sockets import OpenSockets

if TYPE_CHECKING:
    from customdb_contract._runner._loop import ScriptLoop
    from customdb_contract._runner._tasks import ScriptTasks

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["serve"]

_PIECE = 1 << 16
_LOOK_SECONDS = 0.01
_SECONDS_AGAIN = 0.05
"""Seconds to wait again for what was still running after a full wait: the thread of a connection pool never ends."""

_AFTER_RAISING_SECONDS = 0.25
"""Seconds to go on waiting for a callback when a task or thread of the script has ended with an exception."""

_LATER = ("customdb_contract.contract", "customdb_contract._runner._tasks", "customdb_contract._runner._loop")
"""What is imported for the first result that is returned, and for the first coroutine."""

_Message = dict[str, Any]

# Used after scripts were loaded, so kept before.
_read, _write, _exit = os.read, os.write, os._exit
_now, _sleep = time.monotonic, time.sleep
_enumerate_threads = threading.enumerate
_current_thread_call: WeakKeyDictionary[threading.Thread, Call] = WeakKeyDictionary()
_decode: Callable[[str, int], tuple[Any, int]] = JSONDecoder().scan_once  # type: ignore[attr-defined] # it is in every CPython

_CALL: ContextVar[Call | None] = ContextVar("customdb_contract_call", default=None)


class _Runner:
    def __init__(self, control: int, ready: int) -> None:
        self._control = control
        self._ready = ready
        self._prefix = ""
        self._received = bytearray()
        self._late: list[str] = []
        self._lock = threading.RLock()
        self._handlers: dict[str, Handler] = {}
        self._current: Call | None = None
        self._last: Call | None = None
        self._loop = LoopOf(self._make_loop)
        self._tasks: ScriptTasks | None = None
        self._lasting: WeakSet[object] = WeakSet()
        self._sockets = OpenSockets(lambda: _CALL.get() is not None)
        self._close_database: Callable[[], object] = lambda: None

    def serve(self) -> None:
        threading.excepthook = self._on_thread_exception
        while (message := self._next()) is not None:
            if "call" in message:
                self._call(message["call"])
            elif "late" in message:
                self._settle(message["late"] / 1000)
                self._tell("{")
            elif "open" in message:
                self._open(message["open"])
            elif "look" in message:
                self._look(message["look"])
            elif "close" in message:
                self._close()
                return
            else:
                raise ValueError

    def _next(self) -> _Message | None:
        """Return the next message, or None at the end. The event loop goes on meanwhile."""
        while (end := self._received.find(b"\n")) < 0:
            loop = self._loop.made
            if loop is not None and not loop.is_closed:
                loop.idle_until_readable(self._control)
            piece = _read(self._control, _PIECE)
            if not piece:
                return None
            self._received += piece
        message, _ = _decode(self._received[:end].decode(), 0)
        del self._received[: end + 1]
        return cast("_Message", message)

    def _open(self, order: _Message) -> None:
        found = self._find(order)
        if found is None:
            return
        (made,) = found
        self._sockets.watch()
        try:
            database, self._close_database = open_database(
                made, order["scripts"], order["arguments"], order["settings"], self._loop.get
            )
            self._handlers = find_handlers(database, order["scripts"])
            described = {name: _described(handler) for name, handler in self._handlers.items()}
            misnamed = find_misnamed(database, order["scripts"])
        except BaseException as error:  # noqa: BLE001 - also SystemExit says that there is no database
            self._tell(f'{{"opened": {{"problem": "opening", "error": {encode_error(error)}}}')
            return
        _have_logging_report()
        brings_bridge = "true" if callable(getattr(database, "open_bridge", None)) else "false"
        told = f'"scripts": {encode(described)}, "misnamed": {encode(misnamed)}, "brings_bridge": {brings_bridge}'
        self._tell(f'{{"opened": {{{told}}}')

    def _look(self, order: _Message) -> None:
        found = self._find(order)
        if found is not None:
            (made,) = found
            names = frozenset(order["settings"])
            needs = is_factory(made, order["scripts"]) and needs_argument(made, names)
            self._tell(f'{{"looked": {"true" if needs else "false"}')

    def _find(self, order: _Message) -> tuple[object] | None:
        """Return the object that the reference names in a tuple, or None if the problem was reported."""
        self._prefix = f"{order['token']} "
        _read(self._ready, 1)
        try:
            found = find_attribute(order["module"], order["attribute"], order["folders"], later=_LATER)
            if not order["settings"] or callable(found):
                return (found,)
            self._tell('{"opened": {"problem": "not-callable"}')
        except NotThereError as error:
            self._tell(f'{{"opened": {{"problem": "attribute", "names": {encode(error.names)}}}')
        except BaseException as error:  # noqa: BLE001 - see _open
            self._tell(f'{{"opened": {{"problem": "import", "error": {encode_error(error)}}}')
        return None

    def _close(self) -> None:
        problem = "null"
        try:
            try:
                self._close_database()
            finally:
                if self._loop.made is not None and not self._loop.made.is_closed:
                    self._loop.made.close()
        except BaseException as error:  # noqa: BLE001 - see _open
            problem = encode_error(error)
        self._tell(f'{{"closed": {problem}')

    def _call(self, order: _Message) -> None:
        handler = self._handlers[order["script"]]
        has_callback = "callback" in order["extras"]
        # A script that has returned has nothing left to do; one with a callback can still end the process.
        tell_called = self._tell_called if has_callback else None
        call = Call(order["id"], tell_called, self._report_late)
        values: dict[str, object] = {"context": order["context"], "callback": call.callback}
        by_keyword = order["by_keyword"]
        given = [*order["arguments"], *(values[name] for name in order["extras"] if name not in by_keyword)]
        named = {name: values[name] for name in by_keyword}
        function = cast("Callable[..., object]", handler.function)
        threads = set(_enumerate_threads())
        arguments: list[object] = order["arguments"]
        objects: list[object] = [argument for argument in arguments if isinstance(argument, dict)]
        changeable = [*(("user", argument) for argument in objects), ("context", cast("object", order["context"]))]
        before = [encode(value) for _, value in changeable]
        self._current = self._last = call
        token = _CALL.set(call)
        try:
            if has_callback:
                self._loop.get().complete(self._run_with_callback(call, lambda: function(*given, **named)))
            else:
                self._run_returning(call, order["script"], lambda: function(*given, **named))
        except BaseException as error:  # noqa: BLE001 - what a script breaks around its call is the script's doing
            call.raise_(error)
        finally:
            _CALL.reset(token)
            for thread in set(_enumerate_threads()) - threads:
                _current_thread_call[thread] = call
        for (name, value), kept in zip(changeable, before, strict=True):
            if encode(value) != kept:
                call.notice("argument-changed", name)
        if sockets := self._sockets.count():
            call.notice("open-sockets", str(sockets))
        _have_logging_report()
        with self._lock:
            self._current = None
            self._tell(f'{{"id": {call.number}, "outcome": {call.close()}')

    def _run_returning(self, call: Call, script: str, function: Callable[[], object]) -> None:
        try:
            returned = function()
            if hasattr(type(returned), "__await__"):
                returned = self._loop.get().complete(cast("Any", returned))
        except BaseException as error:  # noqa: BLE001 - also SystemExit is an ending of a script
            _note_raised(call, error)
            return
        call.answer_encoded(_answer(script, returned))

    async def _run_with_callback(self, call: Call, function: Callable[[], object]) -> None:
        loop = self._loop.get()
        stirred, call.stir = loop.event()
        try:
            returned = function()
            if hasattr(type(returned), "__await__"):
                await cast("Any", returned)
        except BaseException as error:  # noqa: BLE001 - see _run_returning
            _note_raised(call, error)
        call.has_returned = True
        if not call.has_ended:
            await loop.wait_for_end(stirred, None)
            if not call.has_ended:
                stirred.clear()
                await loop.wait_for_end(stirred, _AFTER_RAISING_SECONDS)
                call.give_up()
        await loop.tick()

    def _settle(self, seconds: float) -> None:
        """Wait until the threads and tasks that calls have started are done, for a limited number of seconds.

        Anything that still runs after an earlier wait of that length is given less time.
        """
        began = _now()
        while busy := self._busy():
            most = _SECONDS_AGAIN if self._lasting.issuperset(busy) else seconds
            if _now() - began >= most:
                self._lasting.update(busy)
                break
            loop = self._loop.made
            if loop is None or loop.is_closed:
                _sleep(_LOOK_SECONDS)
            else:
                loop.idle(_LOOK_SECONDS)

    def _busy(self) -> frozenset[object]:
        tasks = frozenset[object]() if self._tasks is None else self._tasks.pending
        return tasks.union(filter(is_busy, list(_current_thread_call)))

    def _tell_called(self, number: int, given: str) -> None:
        self._write_line(f'called {{"id": {number}, "arguments": {given}}}')

    def _tell(self, beginning: str) -> None:
        with self._lock:
            late, self._late = self._late, []
            comma = "" if beginning == "{" else ", "
            self._write_line(f'{beginning}{comma}"late": [{", ".join(late)}], "notes": []}}')

    def _write_line(self, text: str) -> None:
        rest = memoryview(f"{self._prefix}{text}\n".encode())
        with self._lock:
            while rest:
                rest = rest[_write(self._control, rest) :]

    def _report_late(self, event: str) -> None:
        with self._lock:
            if len(self._late) < MAX_LATE:
                self._late.append(event)

    def _on_thread_exception(self, arguments: Any) -> None:
        # Python does not consider leaving a thread with sys.exit a failure either.
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            owner = _current_thread_call.get(arguments.thread) if arguments.thread is not None else None
            call = owner or self._current or self._last
            if call is not None:
                call.raised_elsewhere(arguments.exc_value)

    def _make_loop(self) -> "ScriptLoop":
        from customdb_contract._runner._loop import ScriptLoop  # noqa: PLC0415 - see LoopOf
        from customdb_contract._runner._tasks import ScriptTasks  # noqa: PLC0415 - see LoopOf

        self._tasks = ScriptTasks(_report_of_current_call, self._raised_somewhere)
        return ScriptLoop(self._tasks)

    def _raised_somewhere(self, error: BaseException) -> None:
        """Record an exception whose call is unknown."""
        if self._last is not None:
            self._last.raised_elsewhere(error)


def serve(control: int, ready: int) -> None:
    """Serve until the other side closes the database, or the socket.

    Args:
        control: The descriptor of the socket.
        ready: The descriptor of the guard, see `watch_over`.
    """
    runner = _Runner(control, ready)
    try:
        runner.serve()
    except BaseException:  # noqa: BLE001 - a script has broken the interpreter: the other side sees that the process ends
        _exit(70)


def _report_of_current_call() -> Callable[[BaseException], object] | None:
    call = _CALL.get()
    return None if call is None else call.raised_elsewhere


def _note_raised(call: Call, error: BaseException) -> None:
    if is_from_contract(error):
        call.answer((error,))
    else:
        call.raise_(error)


def _answer(script: str, returned: object) -> list[str]:
    """Return the callback arguments that a script's return value stands for, as JSON."""
    from customdb_contract.contract import Failed, Found, Script, callback_arguments  # noqa: PLC0415 - see below

    # A script that returns a result has imported it from there; no other script waits for it.
    try:
        given = callback_arguments(Script(script), cast("Any", returned))
    except TypeError as error:
        what = "None" if returned is None else type(returned).__name__
        return ["null", _not_a_result(f"{what}: {str(error).partition('; ')[2]}")]
    # Found(None) and Failed(None) would mean "there is no such user".
    if given[-1] is None and isinstance(returned, Found | Failed):
        return ["null", _not_a_result(f"{type(returned).__name__}(None)")]
    return [encode_argument(value) for value in given]


def _not_a_result(text: str) -> str:
    return f'{{"$special": "not-a-result", "text": {encode(text)}, "size": null}}'


def _described(handler: Handler) -> dict[str, object]:
    return {"parameters": handler.parameters, "location": handler.location}


def _have_logging_report() -> None:
    """Make logging write what has no handler, at the levels that the loggers have: else a leaked secret goes unseen."""
    logging: Any = sys.modules.get("logging")
    last_resort = getattr(logging, "lastResort", None)
    if last_resort is not None and last_resort.formatter is None:
        last_resort.setLevel(0)
        last_resort.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
