"""Timeouts, and events after the end of a call."""

import asyncio
import contextlib
import gc
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast

import pytest
from typing_extensions import override

from customdb_contract._runner._busy_threads import is_busy
from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.python import PythonDatabase, _worker
from customdb_contract.bridges.python._worker import Interruption, Worker, _Ending
from customdb_contract.contract import Callback, Found, NotFound, Script, ScriptError
from customdb_contract.interrupts import Interrupts
from customdb_contract.transcript import Ending, Escape, Outcome, RecordedError
from opened_database import open_database, run_out_of_time

ADA = {"user_id": "7"}


def _spin(identifier: str) -> object:
    while True:
        pass


def _spin_stubbornly(identifier: str) -> object:
    with contextlib.suppress(Exception):
        while True:
            pass
    return NotFound()


def _sleep(identifier: str) -> object:
    time.sleep(5)
    return NotFound()


def _deadlock(identifier: str) -> object:
    lock = threading.Lock()
    lock.acquire()
    return lock.acquire()


async def _await_forever(identifier: str) -> object:
    return await asyncio.Event().wait()


async def _spin_async(identifier: str) -> object:
    while True:
        await _soon()


async def _soon() -> None:
    await asyncio.sleep(0)


async def _block_the_loop(identifier: str) -> object:
    return _sleep(identifier)


async def _ignore_cancellation(identifier: str) -> object:
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(30)


def _never_call_back(identifier: str, callback: Callback) -> None:
    """Never call the callback."""


def _spin_with_callback(identifier: str, callback: Callback) -> None:
    while True:
        pass


async def _answer_when_cancelled(identifier: str, callback: Callback) -> None:
    try:
        await asyncio.Event().wait()
    except BaseException as error:
        callback(error)
        raise


def _answer_when_interrupted(identifier: str, callback: Callback) -> None:
    try:
        while True:
            pass
    except BaseException as error:  # noqa: BLE001 - as scripts do
        callback(error)


class Hanging:
    @override
    def __str__(self) -> str:
        return str(_spin(""))


def _found(identifier: str, password: str) -> object:
    return Found(ADA)


def _threads() -> set[threading.Thread]:
    """Return the current script threads, of this test and of earlier ones."""
    return {thread for thread in threading.enumerate() if thread.name == "customdb-contract scripts"}


def _join(threads: set[threading.Thread]) -> set[threading.Thread]:
    """Wait for threads that should end; return those that don't."""
    for thread in threads:
        thread.join(20)
    return {thread for thread in threads if thread.is_alive()}


ENDLESS: list[Callable[..., object]] = [
    _spin,
    _spin_stubbornly,
    _sleep,
    _deadlock,
    _await_forever,
    _spin_async,
    _block_the_loop,
    _ignore_cancellation,
    _never_call_back,
    _spin_with_callback,
    _answer_when_cancelled,
    _answer_when_interrupted,
]


@pytest.mark.parametrize("script", ENDLESS)
def test_a_script_that_does_not_end_runs_out_of_time_and_the_next_call_works(script: Callable[..., object]) -> None:
    database = SimpleNamespace(get_user=script, verify=_never_call_back, login=_found)
    with open_database(database) as bridge:
        outcome = run_out_of_time(bridge, Script.GET_USER, "ada")
        assert outcome == Outcome(Ending.TIMED_OUT, duration=outcome.duration)
        assert outcome.duration >= 0.1
        assert bridge.call(Script.LOGIN, ("ada", "x")).ending is Ending.FOUND
        assert bridge.late_events() == []


def test_reading_what_a_script_returned_is_limited_too() -> None:
    def get_user(identifier: str) -> object:
        return Found({"name": Hanging()})

    database = SimpleNamespace(get_user=get_user)
    with open_database(database, timeout=0.1) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).ending is Ending.TIMED_OUT


def test_an_endless_loop_is_stopped() -> None:
    before = _threads()
    with open_database(SimpleNamespace(get_user=_spin), timeout=0.1) as bridge:
        bridge.call(Script.GET_USER, ("ada",))
        assert _join(_threads() - before) == set()


def test_an_endless_loop_is_stopped_without_a_thread_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid")

    test_an_endless_loop_is_stopped()


@pytest.fixture
def patient_cancelling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a cancelled script as much time as a busy machine may need."""
    monkeypatch.setattr(_worker, "_CANCELLING_SECONDS", 20.0)


@pytest.mark.usefixtures("patient_cancelling")
def test_the_loop_is_kept_when_a_script_only_awaits() -> None:
    with open_database(SimpleNamespace(get_user=_await_forever), timeout=0.1) as bridge:
        threads = _threads()
        bridge.call(Script.GET_USER, ("ada",))
        bridge.call(Script.GET_USER, ("ada",))
        assert _threads() == threads


def test_work_that_ends_just_after_its_time_keeps_the_worker() -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)

    go_on = threading.Event()

    assert not worker.run(lambda: go_on.wait(20), 0.0)
    go_on.set()
    assert worker._ended.wait(20)

    assert worker.cancel()
    worker.abandon()
    assert worker.end(20)


def test_work_that_is_given_while_other_work_awaits_does_not_disturb_it() -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    awaiting, answer, done = threading.Event(), worker.event(), threading.Event()

    async def wait() -> None:
        awaiting.set()
        await answer.wait()

    worker.run(lambda: worker.complete(wait()), 0.0)
    awaiting.wait(20)
    worker.run(done.set, 0.0)
    assert not done.is_set()
    worker.call_soon(answer.set)

    assert done.wait(20)
    assert worker.end(20)


def test_a_script_that_goes_on_after_its_callback_keeps_its_ending() -> None:
    def get_user(identifier: str, callback: Callback) -> None:
        callback(None, ADA)
        _spin(identifier)

    with open_database(SimpleNamespace(get_user=get_user), timeout=1.0) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert outcome.ending is Ending.FOUND
    assert outcome.duration < 1.0


def test_ctrl_c_during_a_call_gives_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(self: _Ending, timeout: float) -> bool:
        raise KeyboardInterrupt

    before = _threads()
    with open_database(SimpleNamespace(get_user=_spin)) as bridge:
        with monkeypatch.context() as patch:
            patch.setattr(_Ending, "wait", press)
            with pytest.raises(KeyboardInterrupt):
                bridge.call(Script.GET_USER, ("ada",))
        assert _join(_threads() - before) == set()


class Later:
    """A callback-style database that does more when the test lets it."""

    def __init__(self, act: Callable[[Callback], object]) -> None:
        self.go_on = threading.Event()
        self.act = act
        self.thread: threading.Thread | None = None

    def get_user(self, identifier: str, callback: Callback) -> None:
        callback(None, ADA)

        def later() -> None:
            self.go_on.wait(20)
            self.act(callback)

        self.thread = threading.Thread(target=later)
        self.thread.start()

    def login(self, identifier: str, password: str) -> object:
        return NotFound()

    def finish(self) -> None:
        self.go_on.set()
        cast("threading.Thread", self.thread).join(20)


def test_a_callback_after_the_outcome_is_a_late_event_of_its_call() -> None:
    database = Later(lambda callback: callback("late"))
    with open_database(database) as bridge:
        bridge.call(Script.LOGIN, ("ada", "x"))
        assert bridge.call(Script.GET_USER, ("ada",)).callbacks == ((None, ADA),)
        bridge.call(Script.LOGIN, ("ada", "x"))
        database.finish()

        assert bridge.late_events() == [LateEvent(1, arguments=("late",))]
        assert bridge.late_events() == []


def test_an_exception_in_a_thread_after_the_outcome_is_a_late_event() -> None:
    def fail(_: Callback) -> None:
        raise ConnectionError

    database = Later(fail)
    with open_database(database) as bridge:
        bridge.call(Script.GET_USER, ("ada",))
        bridge.call(Script.LOGIN, ("ada", "x"))
        database.finish()
        (event,) = bridge.late_events()

    assert event.call == 0
    assert event.raised is not None
    assert event.raised.name == "ConnectionError"


def test_late_events_are_waited_for_while_a_thread_of_a_script_runs() -> None:
    database = Later(lambda _: None)
    with open_database(database) as bridge:
        bridge.call(Script.GET_USER, ("ada",))
        bridge.late_events()

        # This thread may still do something.
        started = time.monotonic()
        assert bridge.late_events() == []
        assert time.monotonic() - started >= 0.05
        database.finish()


def _start_monitor(stop: threading.Event) -> None:
    threading.Thread(target=stop.wait, args=(20,)).start()


def _start_async_monitor(_: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    _start_async_monitor.__dict__.setdefault("kept", []).append(loop.create_task(asyncio.Event().wait()))


@pytest.mark.parametrize("start", [_start_monitor, _start_async_monitor])
def test_unending_work_is_waited_for_in_full_only_once(
    start: Callable[[threading.Event], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    async def get_user(identifier: str) -> object:
        start(stop)
        return ADA

    waited: list[float] = []
    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        bridge.call(Script.GET_USER, ("ada",))
        monkeypatch.setattr("customdb_contract.bridges.python._hosting.time", _Clock(waited))
        bridge.late_events()
        first = len(waited)
        bridge.late_events()
        again = len(waited) - first
        bridge.call(Script.GET_USER, ("ada",))
        bridge.late_events()
        stop.set()

    assert 0 < again < first / 10
    # Nothing waited for work started since then.
    assert len(waited) - first - again >= first


class _Clock:
    """A clock that advances only during sleep."""

    def __init__(self, slept: list[float]) -> None:
        self._slept = slept

    def monotonic(self) -> float:
        return sum(self._slept)

    def sleep(self, seconds: float) -> None:
        self._slept.append(seconds)


def _call_again_in_a_thread(identifier: str, callback: Callback) -> None:
    callback(None)
    threading.Timer(0.3, callback, (None, ADA)).start()


async def _call_again_in_a_task(identifier: str, callback: Callback) -> None:
    async def call_again() -> None:
        await asyncio.sleep(0.3)
        callback(None, ADA)

    callback(None)
    _call_again_in_a_task.__dict__["kept"] = asyncio.get_running_loop().create_task(call_again())


@pytest.mark.parametrize("script", [_call_again_in_a_thread, _call_again_in_a_task])
def test_work_left_running_by_a_call_is_waited_for(script: Callable[..., object]) -> None:
    with open_database(SimpleNamespace(get_user=script)) as bridge:
        bridge.call(Script.GET_USER, ("ada",))

        assert bridge.late_events() == [LateEvent(0, arguments=(None, ADA))]


def test_an_idle_thread_of_a_pool_is_not_waited_for() -> None:
    with ThreadPoolExecutor(1) as pool:
        worker, go_on = pool.submit(threading.current_thread).result(20), threading.Event()
        until = time.monotonic() + 20
        while is_busy(worker) and time.monotonic() < until:
            time.sleep(0.001)
        assert not is_busy(worker)
        pool.submit(go_on.wait, 20)
        while not is_busy(worker) and time.monotonic() < until:
            time.sleep(0.001)
        assert is_busy(worker)
        go_on.set()

    assert not is_busy(worker)


def test_nothing_is_waited_for_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Later(lambda _: None)
    with open_database(database) as bridge:
        bridge.call(Script.GET_USER, ("ada",))
        bridge.late_events()
        monkeypatch.setattr(Interrupts, "happened", True)
        monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waited"))
        bridge._may_be_late = False

        assert bridge.late_events() == []
        database.finish()


def test_a_late_exception_in_a_task_is_that_of_its_own_call() -> None:
    class Database:
        async def get_user(self, identifier: str) -> object:
            self.go_on = asyncio.Event()
            asyncio.get_running_loop().create_task(self.fail())
            return NotFound()

        async def fail(self) -> None:
            await self.go_on.wait()
            raise ConnectionError

        async def login(self, identifier: str, password: str) -> object:
            self.go_on.set()
            await asyncio.sleep(0.01)
            return NotFound()

    with open_database(Database()) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).raised is None
        assert bridge.call(Script.LOGIN, ("ada", "x")).raised is None
        (event,) = bridge.late_events()

    assert event.call == 0
    assert event.raised is not None
    assert event.raised.name == "ConnectionError"


async def _fail_soon() -> None:
    await asyncio.sleep(0)
    raise ConnectionError


def _fail_in_a_task(identifier: str, callback: Callback) -> None:
    asyncio.get_running_loop().create_task(_fail_soon())


def _fail_in_a_thread(identifier: str, callback: Callback) -> None:
    def fail() -> None:
        raise ConnectionError

    threading.Thread(target=fail).start()


def _fail_in_a_handle(identifier: str, callback: Callback) -> None:
    def fail() -> None:
        raise ConnectionError

    asyncio.get_running_loop().call_soon(fail)


@pytest.mark.parametrize("script", [_fail_in_a_task, _fail_in_a_thread, _fail_in_a_handle])
def test_an_exception_elsewhere_ends_a_call_without_a_callback(script: Callable[..., object]) -> None:
    with open_database(SimpleNamespace(get_user=script)) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert (outcome.ending, outcome.escape, outcome.callbacks) == (Ending.RAISED, Escape.LATER, ())
    assert outcome.raised is not None
    assert outcome.raised.name == "ConnectionError"
    assert outcome.raised.location is not None
    assert outcome.raised.location.startswith("tests/test_bridge_python_late.py:")


@pytest.mark.parametrize("script", [_fail_in_a_task, _fail_in_a_thread])
def test_a_callback_that_does_come_decides_all_the_same(script: Callable[..., object]) -> None:
    def get_user(identifier: str, callback: Callback) -> None:
        before = set(threading.enumerate())
        script(identifier, callback)
        _join(set(threading.enumerate()) - before)
        asyncio.get_running_loop().call_later(0.01, callback, None, ADA)

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert (outcome.ending, outcome.escape) == (Ending.FOUND, Escape.LATER)


def test_only_the_first_exception_elsewhere_is_kept() -> None:
    async def get_user(identifier: str) -> object:
        for error in (KeyError("first"), ValueError("second")):
            asyncio.get_running_loop().call_soon(_raise, error)
        await asyncio.sleep(0.01)
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert (outcome.ending, outcome.escape) == (Ending.NOT_FOUND, Escape.LATER)
    assert outcome.raised is not None
    assert outcome.raised.name == "KeyError"


def _raise(error: BaseException) -> None:
    raise error


def test_a_contract_error_in_a_task_counts_as_raised() -> None:
    def get_user(identifier: str, callback: Callback) -> None:
        asyncio.get_running_loop().call_soon(_raise, ScriptError("store down"))

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert (outcome.ending, outcome.escape) == (Ending.RAISED, Escape.LATER)


def test_sys_exit_in_a_task_ends_neither_the_thread_nor_the_call() -> None:
    async def leave() -> None:
        raise SystemExit

    async def get_user(identifier: str) -> object:
        task = asyncio.get_running_loop().create_task(leave())
        await asyncio.sleep(0.01)
        assert task.done()
        return NotFound()

    async def login(identifier: str, password: str) -> object:
        asyncio.get_running_loop().call_later(0.01, _raise, SystemExit())
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user, login=login)) as bridge:
        for _ in range(2):
            assert bridge.call(Script.GET_USER, ("ada",)).ending is Ending.NOT_FOUND
            assert bridge.call(Script.LOGIN, ("ada", "x")).ending is Ending.NOT_FOUND
            time.sleep(0.03)


def test_sys_exit_in_a_thread_is_no_failure() -> None:
    def get_user(identifier: str) -> object:
        thread = threading.Thread(target=_raise, args=(SystemExit(),))
        thread.start()
        thread.join()
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).raised is None


def test_exceptions_in_threads_of_others_go_where_they_went(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def note(arguments: threading.ExceptHookArgs) -> None:
        seen.append(arguments.exc_type)

    monkeypatch.setattr(threading, "excepthook", note)
    go_on = threading.Event()

    def fail() -> None:
        go_on.wait(20)
        raise LookupError

    foreign = threading.Thread(target=fail)
    foreign.start()

    def get_user(identifier: str) -> object:
        go_on.set()
        foreign.join()
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).raised is None
        late = threading.Thread(target=fail)
        late.start()
        late.join()
        threading.excepthook(threading.ExceptHookArgs((ValueError, None, None, None)))

    assert seen == [LookupError, LookupError, ValueError]


def test_a_future_with_an_unretrieved_exception_belongs_to_the_last_call() -> None:
    class Database:
        async def get_user(self, identifier: str) -> object:
            asyncio.get_running_loop().create_future().set_exception(ConnectionError())
            return NotFound()

    with open_database(Database()) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert outcome.raised is not None
    assert outcome.raised.name == "ConnectionError"


def test_an_exception_in_a_task_of_the_opening_belongs_to_no_call() -> None:
    async def make() -> object:
        asyncio.get_running_loop().create_task(_fail_soon())
        await asyncio.sleep(0.01)
        return SimpleNamespace(get_user=lambda identifier: NotFound())

    with open_database(make) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).raised is None
        assert bridge.late_events() == []


def test_a_task_that_is_never_finished_raises_nothing() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    async def get_user(identifier: str) -> object:
        asyncio.get_running_loop().create_task(wait())
        await asyncio.sleep(0.01)
        gc.collect()
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).raised is None


@pytest.mark.usefixtures("patient_cancelling")
def test_a_callback_after_the_time_limit_is_a_late_event() -> None:
    kept: list[tuple[asyncio.AbstractEventLoop, Callback]] = []

    def get_user(identifier: str, callback: Callback) -> None:
        kept.append((asyncio.get_running_loop(), callback))

    with open_database(SimpleNamespace(get_user=get_user), timeout=0.1) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))
        ((loop, callback),) = kept
        loop.call_soon_threadsafe(callback, None, ADA)
        events = _wait_for_events(bridge)

    assert outcome.ending is Ending.TIMED_OUT
    assert events == [LateEvent(0, arguments=(None, ADA))]


def _wait_for_events(bridge: PythonDatabase) -> list[LateEvent]:
    deadline = time.monotonic() + 20
    events: list[LateEvent] = []
    while not events and time.monotonic() < deadline:
        time.sleep(0.01)
        events.extend(bridge.late_events())
    return events


def test_a_callback_that_is_called_after_everything_is_closed_does_no_harm() -> None:
    kept: list[Callback] = []

    def get_user(identifier: str, callback: Callback) -> None:
        kept.append(callback)
        callback(None, ADA)

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        bridge.call(Script.GET_USER, ("ada",))
    kept[0](None)

    assert bridge.late_events() == [LateEvent(0, arguments=(None,))]


def test_an_exception_from_a_closed_loop_does_no_harm() -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    worker.call_soon(lambda: None)
    assert worker.run(lambda: worker.loop, 20)
    assert worker.end(20)

    worker.call_soon(lambda: None)

    assert worker.end(20)


def test_a_thread_that_was_abandoned_begins_no_loop() -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    began, abandoned, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        try:
            began.set()
            abandoned.wait(20)
            pytest.fail(f"{worker.loop} was made")
        except Interruption:
            ended.set()
            raise

    assert not worker.run(work, 0.0)
    assert began.wait(20)
    worker.abandon()
    abandoned.set()

    assert ended.wait(20)
    worker.end(20)


@pytest.fixture
def raised_in_thread(monkeypatch: pytest.MonkeyPatch) -> list[type[BaseException] | None]:
    """Only notes interruptions: a traced thread would stop for them."""
    raised: list[type[BaseException] | None] = []
    monkeypatch.setattr(_worker, "_raise_in", lambda _, kind: raised.append(kind))
    monkeypatch.setattr(_worker, "_take_interruption", lambda: raised.append(Interrupted))
    return raised


class Interrupted(BaseException):
    """Stands for the interrupt that the thread of the check handles itself."""


def test_a_blocked_thread_is_interrupted_once_and_left_alone(
    raised_in_thread: list[type[BaseException] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    go_on = threading.Event()
    assert not worker.run(go_on.wait, 0.0)
    looks: list[None] = []
    monkeypatch.setattr(worker, "_used", lambda: looks.append(None))

    worker._interrupt()

    assert raised_in_thread == [Interruption, None, Interrupted]
    assert len(looks) == 2
    go_on.set()
    assert worker.end(20)


def test_a_busy_thread_is_looked_at_for_a_while(
    raised_in_thread: list[type[BaseException] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    go_on = threading.Event()
    assert not worker.run(go_on.wait, 0.0)
    used = itertools.count()
    monkeypatch.setattr(worker, "_used", lambda: next(used))
    monkeypatch.setattr(_worker, "_LOOK_SECONDS", 0.0)

    worker._interrupt()

    assert next(used) == 40
    assert raised_in_thread == [Interruption, None, Interrupted]
    go_on.set()
    assert worker.end(20)


def test_a_finished_thread_is_not_interrupted(
    raised_in_thread: list[type[BaseException] | None],
) -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    assert worker.run(lambda: None, 20)

    worker._interrupt()

    assert raised_in_thread == [None, None, Interrupted]
    assert worker.end(20)


def test_the_processor_time_of_a_thread_is_known_if_the_system_reports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(Interrupts(), lambda: None, lambda _: None)
    clocks: list[int] = []

    def clock(number: int) -> float:
        clocks.append(number)
        if number == 8:
            raise OSError
        return 0.5

    monkeypatch.setattr(time, "clock_gettime", clock)
    assert worker.run(lambda: None, 20)
    used: list[float | None] = []
    for number in (7, 8, None):
        worker._clock = number
        used.append(worker._used())

    assert used == [0.5, None, None]
    assert clocks == [7, 8]
    assert worker.end(20)


def test_late_events_are_plain_data() -> None:
    assert LateEvent(0, raised=RecordedError("KeyError")) == LateEvent(0, None, RecordedError("KeyError"))
