"""The bridge to an Action in Python: a run reports everything that the Action does."""

import asyncio
import inspect
import logging
import threading
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast
from unittest.mock import Mock

import pytest

from customdb_contract.actions import PostLoginApi, PostLoginEvent, SeenCall
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.opening_actions import opened_action
from customdb_contract.bridges.python import PythonAction
from customdb_contract.bridges.python._worker import Worker
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.faults import LegacyAddress
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import Ending, Escape, Handler, Noticed, Special
from events import minimal_event

SECRET = "correct-horse-battery"
PLENTY = 20.0
WROTE = SeenCall("user.setAppMetadata", ("a", 1))
LATE = SeenCall("user.setAppMetadata", ("a", 1), late=True)

Act = Callable[[PostLoginEvent, PostLoginApi], object]


@contextmanager
def opened(action: object) -> Generator[ActionBridge]:
    with opened_action(action, mask=SecretRegistry()) as bridge:
        yield bridge


def perform(bridge: ActionBridge, seconds: float = PLENTY, **parts: Any) -> Performed:
    return bridge.perform(Handler.EXECUTE, minimal_event(**parts), seconds=seconds)


def performed(action: object, seconds: float = PLENTY, **parts: Any) -> Performed:
    with opened(action) as bridge:
        return perform(bridge, seconds, **parts)


def write(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.user.set_app_metadata("a", 1)


async def write_async(event: PostLoginEvent, api: PostLoginApi) -> None:
    await asyncio.sleep(0)
    write(event, api)


@pytest.mark.parametrize("action", [write, write_async, PythonAction(write), PythonAction(write_async)])
def test_the_calls_of_an_action_are_recorded(action: object) -> None:
    run = performed(action)

    assert run.calls == (WROTE,)
    assert (run.outcome.ending, run.outcome.raised, run.outcome.observations) == (Ending.DONE, None, ())


def test_an_action_receives_the_event_and_its_secrets() -> None:
    seen: list[PostLoginEvent] = []
    action = PythonAction(lambda event, _: seen.append(event), secrets={"URL": "http://x", "KEY": Secret(SECRET)})

    performed(action, user={"user_id": "auth0|7", "app_metadata": {"plan": "full"}})

    (event,) = seen
    assert event.user.app_metadata == {"plan": "full"}
    assert event.secrets == {"URL": "http://x", "KEY": SECRET}


def test_an_action_receives_the_address_of_the_legacy_system() -> None:
    seen: list[PostLoginEvent] = []
    secrets: dict[str, str | Secret] = {"URL": "{legacy_url}/users", "KEY": Secret("key of {legacy_url}")}
    action = PythonAction(lambda event, _: seen.append(event), secrets=secrets)
    bridge = action.open_action(mask=SecretRegistry(), legacy=LegacyAddress(80, 443))
    perform(bridge)
    bridge.close()

    assert seen[0].secrets == {"URL": "http://127.0.0.1:80/users", "KEY": "key of http://127.0.0.1:80"}


def test_secrets_are_masked_wherever_they_turn_up() -> None:
    def leak(event: PostLoginEvent, api: PostLoginApi) -> None:
        key = event.secrets["KEY"]
        print("key", key)
        logging.getLogger("action").warning("log %s", key)
        warnings.warn(f"warn {key}", stacklevel=1)
        api.user.set_app_metadata("k", {"deep": [key]})
        raise ValueError(key)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        run = performed(PythonAction(leak, secrets={"KEY": Secret(SECRET)}))

    assert SECRET not in repr(run)
    assert run.calls == (SeenCall("user.setAppMetadata", ("k", {"deep": ["«configuration KEY»"]})),)
    assert run.outcome.raised is not None
    assert run.outcome.raised.message == "«configuration KEY»"
    assert "key «configuration KEY»\nWARNING action: log «configuration KEY»\n" in run.outcome.output
    assert "warn «configuration KEY»" in run.outcome.output
    assert SECRET not in repr(PythonAction(leak, secrets={"KEY": Secret(SECRET)}))


def test_values_that_json_lacks_are_recorded_as_such() -> None:
    run = performed(lambda _, api: api.user.set_app_metadata("a", {1, 2}))

    ((_, value),) = (call.arguments for call in run.calls)
    assert isinstance(value, Special)
    assert value.kind == "set"


def test_writes_are_recorded_at_once() -> None:
    def change(_: PostLoginEvent, api: PostLoginApi) -> None:
        value = [1]
        api.user.set_app_metadata("a", value)
        value.append(2)

    assert performed(change).calls == (SeenCall("user.setAppMetadata", ("a", [1])),)


def _raise(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.user.set_app_metadata("a", 1)
    raise KeyError("LEGACY_URL")


async def _raise_async(event: PostLoginEvent, api: PostLoginApi) -> None:
    _raise(event, api)


def _exit(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.user.set_app_metadata("a", 1)
    raise SystemExit(1)


@pytest.mark.parametrize(("action", "name"), [(_raise, "KeyError"), (_raise_async, "KeyError"), (_exit, "SystemExit")])
def test_an_exception_ends_the_run_of_an_action(action: Act, name: str) -> None:
    with opened(action) as bridge:
        for _ in range(2):
            run = perform(bridge)
            assert run.calls == (WROTE,)
            assert run.outcome.raised is not None
            assert (run.outcome.ending, run.outcome.raised.name) == (Ending.RAISED, name)
            assert run.outcome.escape is Escape.THROWN


def test_calling_a_method_that_auth0_lacks_is_an_error_of_the_action() -> None:
    run = performed(lambda _, api: api.user.setAppMetadata("a", 1))

    assert run.outcome.raised is not None
    assert run.outcome.raised.name == "AttributeError"


# Time


async def _hang(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.user.set_app_metadata("a", 1)
    await asyncio.Event().wait()


def _block(_: PostLoginEvent, api: PostLoginApi) -> None:
    api.user.set_app_metadata("a", 1)
    while True:
        time.sleep(0.001)


@pytest.mark.parametrize("action", [_hang, _block])
def test_an_action_that_times_out_is_stopped_and_can_run_again(action: Act) -> None:
    with opened(action) as bridge:
        for _ in range(2):
            run = perform(bridge, 0.1)
            assert (run.outcome.ending, run.calls) == (Ending.TIMED_OUT, (WROTE,))


# Late events


async def _late_task(event: PostLoginEvent, api: PostLoginApi) -> None:
    _late_task.task = asyncio.create_task(write_async(event, api))  # type: ignore[attr-defined] # kept from collection


def _late_thread(event: PostLoginEvent, api: PostLoginApi) -> None:
    def write_late() -> None:
        time.sleep(0.02)
        write(event, api)

    threading.Thread(target=write_late).start()


@pytest.mark.parametrize("action", [_late_task, _late_thread])
def test_calls_after_the_end_are_late(action: Act) -> None:
    run = performed(action)

    assert (run.outcome.ending, run.calls, run.outcome.observations) == (Ending.DONE, (LATE,), ())


def test_a_tasks_call_as_the_handler_ends_is_late() -> None:
    async def act(event: PostLoginEvent, api: PostLoginApi) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(lambda _: write(event, api))

    assert performed(act).calls == (LATE,)


def test_a_task_left_running_is_noticed_and_no_longer_recorded() -> None:
    stop = threading.Event()
    wrote: list[bool] = []

    async def go_on(event: PostLoginEvent, api: PostLoginApi) -> None:
        while not stop.is_set():  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.01)
        write(event, api)
        wrote.append(True)

    async def act(event: PostLoginEvent, api: PostLoginApi) -> None:
        act.task = asyncio.create_task(go_on(event, api))  # type: ignore[attr-defined] # kept from collection

    with opened(act) as bridge:
        run = perform(bridge)
        stop.set()
        again = perform(bridge)

    (observation,) = run.outcome.observations
    assert (observation.kind, observation.text) == (Noticed.STILL_RUNNING, "0.3 s")
    assert (run.calls, again.calls) == ((), (LATE,))
    assert wrote


def test_a_task_that_blocks_costs_its_thread_and_not_the_next_run() -> None:
    is_first = [True]

    async def block() -> None:
        while True:
            time.sleep(0.01)  # noqa: ASYNC251 - the point of the test

    async def act(event: PostLoginEvent, api: PostLoginApi) -> None:
        if is_first:
            is_first.clear()
            act.task = asyncio.create_task(block())  # type: ignore[attr-defined] # kept from collection
        write(event, api)

    with opened(act) as bridge:
        runs = [perform(bridge, 0.2), perform(bridge)]

    assert [run.outcome.ending for run in runs] == [Ending.DONE, Ending.DONE]
    assert [len(run.outcome.observations) for run in runs] == [1, 0]
    assert [run.calls for run in runs] == [(WROTE,), (WROTE,)]


def test_an_idle_thread_pool_is_not_waited_for() -> None:
    pool = ThreadPoolExecutor(1)

    async def act(event: PostLoginEvent, api: PostLoginApi) -> None:
        await asyncio.to_thread(write, event, api)
        await asyncio.get_running_loop().run_in_executor(pool, write, event, api)

    with opened(act) as bridge:
        begun = time.perf_counter()
        runs = [perform(bridge) for _ in range(5)]
        taken = time.perf_counter() - begun
    pool.shutdown()

    assert all(run.calls == (WROTE, WROTE) for run in runs)
    assert taken < 5 * 0.3


def test_an_exception_in_a_task_that_is_left_is_seen() -> None:
    async def fail() -> None:
        raise ValueError("lost")

    async def act(_: PostLoginEvent, __: PostLoginApi) -> None:
        asyncio.get_running_loop().create_task(fail())

    run = performed(act)

    assert run.outcome.raised is not None
    assert (run.outcome.ending, run.outcome.raised.message, run.outcome.escape) == (Ending.DONE, "lost", Escape.LATER)


# The cache, and renewing


def _count(_: PostLoginEvent, api: PostLoginApi) -> None:
    record = api.cache.get("runs")
    count = 0 if record is None else int(record.value)
    api.cache.set("runs", str(count + 1)).type.index("success")
    api.user.set_app_metadata("runs", count)


class Counting:
    """An Action that counts its own runs."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, _: PostLoginEvent, api: PostLoginApi) -> None:
        api.user.set_app_metadata("runs", self.runs)
        self.runs += 1


async def made_async() -> Counting:
    return Counting()


class Closing:
    """Records of the context managers below."""

    said: list[str] = []  # noqa: RUF012 - one list for all of them


@contextmanager
def managed() -> Generator[Counting]:
    Closing.said.append("opened")
    yield Counting()
    Closing.said.append("closed")


@asynccontextmanager
async def managed_async() -> AsyncGenerator[Counting]:
    Closing.said.append("opened")
    yield Counting()
    Closing.said.append("closed")


def counts(bridge: ActionBridge) -> list[object]:
    return [call.arguments[1] for _ in range(2) for call in perform(bridge).calls if call.path == "user.setAppMetadata"]


@pytest.mark.parametrize("action", [_count, Counting, made_async, managed, managed_async])
def test_a_renewed_action_knows_nothing(action: object) -> None:
    Closing.said.clear()
    with opened(action) as bridge:
        assert counts(bridge) == [0, 1]
        bridge.renew()
        assert counts(bridge) == [0, 1]

    assert Closing.said in ([], ["opened", "closed", "opened", "closed"])


def test_an_action_object_is_recreated_after_a_run_that_timed_out() -> None:
    made: list[int] = []

    def make() -> Callable[[PostLoginEvent, PostLoginApi], Awaitable[None]]:
        made.append(1)
        return _hang

    with opened(make) as bridge:
        perform(bridge, 0.1)
        assert len(made) == 1
        bridge.renew()

    assert len(made) == 2


def test_a_thread_that_never_ends_does_not_block_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(Counting) as bridge:
        assert counts(bridge) == [0, 1]
        with monkeypatch.context() as slow:
            slow.setattr(Worker, "end", lambda *_: False)
            bridge.renew()

        assert counts(bridge) == [0, 1]


# Facts about an Action


@pytest.mark.parametrize(
    ("action", "name", "problem"),
    [
        (write, "write", None),
        (PythonAction(write, name="persist"), "persist", None),
        (Counting(), "Counting", None),
        (Counting, "Counting", None),
        (print, "print", None),
        (lambda event: event, "<lambda>", "the Action takes (event) but is called as action(event, api)"),
        (
            lambda event, api, retries=3, *, key: key,
            "<lambda>",
            "the Action takes (event, api, retries=…, *, key) but is called as action(event, api)",
        ),
        (lambda: 7, "<lambda>", "the Action must be a function (event, api), got a value of the type int"),
        (lambda: lambda user: user, "<lambda>", "the Action takes (user) but is called as action(event, api)"),
    ],
)
def test_facts_known_without_running_the_action(action: object, name: str, problem: str | None) -> None:
    with opened(action) as bridge:
        info = bridge.info

    assert (info.name, info.problem, info.handlers, info.observed) == (name, problem, (Handler.EXECUTE,), False)


class Agreeing:
    """An Action that continues after a redirect."""

    def __call__(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        api.redirect.send_user_to("https://shop.example.com/terms")

    async def on_continue_post_login(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        await asyncio.sleep(0)
        api.user.set_app_metadata("agreed", True)


@pytest.mark.parametrize("action", [Agreeing, Agreeing()])
def test_an_action_may_go_on_after_a_redirect(action: object) -> None:
    with opened(action) as bridge:
        handlers = bridge.info.handlers
        runs = [bridge.perform(handler, minimal_event(), seconds=PLENTY) for handler in handlers]

    assert handlers == (Handler.EXECUTE, Handler.CONTINUE)
    assert [call.path for run in runs for call in run.calls] == ["redirect.sendUserTo", "user.setAppMetadata"]


def test_a_double_that_answers_to_every_name_does_not_go_on() -> None:
    mock = Mock()
    mock.__signature__ = inspect.signature(lambda event, api: None)

    with opened(mock) as bridge:
        assert bridge.info.handlers == (Handler.EXECUTE,)


def test_an_action_without_a_second_function_cannot_go_on() -> None:
    with opened(write) as bridge:
        outcome = bridge.perform(Handler.CONTINUE, minimal_event(), seconds=PLENTY).outcome

    assert outcome.ending is Ending.RAISED


def test_the_location_of_an_action() -> None:
    with opened(write) as bridge:
        assert bridge.info.location is not None
        assert "test_actions_python.py:" in bridge.info.location


def test_an_action_that_answers_to_every_name_can_be_run() -> None:
    mock = Mock(spec=["__call__"])
    mock.__signature__ = property(lambda _: 1 / 0)

    assert performed(PythonAction(mock)).outcome.ending is Ending.DONE


def test_running_an_object_that_is_not_callable_raises_in_the_run() -> None:
    run = performed(lambda: 7)

    assert run.outcome.raised is not None
    assert run.outcome.raised.name == "TypeError"


@pytest.mark.parametrize("action", ["shop.actions:persist", None, PythonAction(7)])
def test_an_action_that_is_not_callable_is_an_error(action: object) -> None:
    given = action.action if isinstance(action, PythonAction) else action
    with pytest.raises(ConfigurationError) as caught, opened(action):
        pass

    assert (
        str(caught.value) == f"an Action must be a function (event, api), or a function that returns one, got {given!r}"
    )


def test_an_action_that_cannot_be_made_is_an_error() -> None:
    def make() -> Act:
        raise OSError("no settings")

    with pytest.raises(
        DatabaseOpeningError, match=r"^the Action make could not be opened: OSError: no settings \(.*\)$"
    ):
        cast("Any", opened(make)).__enter__()


def test_an_invalid_event_is_an_error_of_the_caller() -> None:
    with opened(write) as bridge, pytest.raises(ConfigurationError, match=r"event\.user is missing"):
        bridge.perform(Handler.EXECUTE, {}, seconds=PLENTY)
