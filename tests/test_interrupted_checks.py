"""Interrupts at any moment of a check: none is lost, and every user who may remain in the store is listed."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from types import FrameType
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract import Connection, Exchange, Failed, Found, Report, ScriptError, check, rules
from customdb_contract.bridges import Bridge
from customdb_contract.contract import Script
from customdb_contract.observing import CheckInterrupted, observe, observe_known_users
from customdb_contract.probes import Probing, driver
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Header, Situation, StopKind, Transcript
from scripted import Answer, Answering, ScriptedBridge
from signals import foreground_handlers
from writing_shop import WritingShop, known_customer

WRITING = Probing(writes=True, hostile=False, wrong_passwords=0)
USERS = [known_customer()]


@pytest.fixture(autouse=True)
def in_foreground() -> Iterator[None]:
    with foreground_handlers():
        yield


def interrupt() -> None:
    """Send Ctrl-C, from any thread."""
    os.kill(os.getpid(), signal.SIGINT)


def left_in(shop: WritingShop) -> set[str]:
    return {record.email for record in shop.records} - {"ada@example.com"}


# At any moment


class Moments:
    """Profiles this thread: sends SIGINT when a function of the library is called or returns, at the given counts."""

    def __init__(self, moments: Collection[int] = ()) -> None:
        self._moments = moments
        self.passed = 0
        self.is_over = False

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if "customdb_contract" not in frame.f_code.co_filename:
            return
        self.passed += 1
        if self.passed in self._moments:
            # After this point no check could be interrupted.
            self.is_over = signal.getsignal(signal.SIGINT) is signal.default_int_handler
            signal.raise_signal(signal.SIGINT)


class Inline:
    """A shop whose scripts run on the thread of the check, where signals are handled."""

    connection: ClassVar[Connection] = Connection()
    said: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, shop: WritingShop, moments: Moments) -> None:
        self._shop = shop
        self._moments = moments

    def open_bridge(self, **_: object) -> Bridge:
        sys.setprofile(self._moments)
        return ScriptedBridge({script: self._function(script) for script in Script})

    def _function(self, script: Script) -> Answering:
        def call(*arguments: object) -> Answer:
            try:
                answer: Answer = getattr(self._shop, script.value)(*arguments)
            except ScriptError as error:
                return Failed(error)
            return answer

        return call


def observed(shop: WritingShop, moments: Moments) -> Transcript:
    mask = SecretRegistry.mask

    def mask_unprofiled(registry: SecretRegistry, text: str) -> str:
        # Building the regular expression of all secrets takes a million calls.
        sys.setprofile(None)
        masked = mask(registry, text)
        sys.setprofile(moments)
        return masked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SecretRegistry, "mask", mask_unprofiled)
        try:
            return observe(Inline(shop, moments), USERS, Connection(), WRITING, progress=lambda _: None)
        finally:
            sys.setprofile(None)


@cache
def moments_of_a_check() -> int:
    moments = Moments()
    observed(WritingShop(), moments)
    return moments.passed


def interrupted_at(shop: WritingShop, *moments: int) -> Header | None:
    """Return the transcript of an interrupted check as text, or None if the check had already ended."""
    chosen = Moments(moments)
    with ExitStack() as stack:
        interrupted = stack.enter_context(pytest.raises(KeyboardInterrupt))
        observed(shop, chosen)
        if chosen.passed < min(moments):
            # Passwords are random, so masking them takes a varying number of calls.
            stack.pop_all()
            return None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if chosen.is_over:
        return None
    assert isinstance(interrupted.value, CheckInterrupted)
    header = interrupted.value.transcript.header
    assert header.stop_reason is not None
    assert header.stop_reason.kind is StopKind.INTERRUPTED
    assert all(name in str(interrupted.value) for name in header.left_behind)
    return header


@settings(max_examples=8)
@given(st.data())
def test_an_interrupt_at_any_moment_ends_the_check_and_removes_created_users(data: st.DataObject) -> None:
    shop = WritingShop()

    header = interrupted_at(shop, data.draw(st.integers(1, moments_of_a_check())))

    assert header is None or header.left_behind == ()
    assert not left_in(shop)


@settings(max_examples=8)
@given(st.data())
def test_a_second_interrupt_at_any_moment_lists_all_remaining_users(data: st.DataObject) -> None:
    shop = WritingShop()
    first = data.draw(st.integers(1, moments_of_a_check()))

    header = interrupted_at(shop, first, first + data.draw(st.integers(1, 5000)))

    assert left_in(shop) <= (set() if header is None else set(header.left_behind))


# During waits

Wait = Callable[[], None]


@pytest.fixture
def wait() -> Iterator[Wait]:
    """Send Ctrl-C, and wait for a very long time."""
    over = threading.Event()

    def interrupt_and_wait() -> None:
        interrupt()
        over.wait(60)

    yield interrupt_and_wait
    over.set()


class Interruptible(WritingShop):
    """A shop that can wait in any of its scripts."""

    def __init__(self, wait: Wait) -> None:
        super().__init__()
        self.wait = wait


class WaitsInScript(Interruptible):
    @override
    def get_user(self, identifier: Any) -> Any:
        self.wait()
        return super().get_user(identifier)


class WaitsInAsyncScript:
    def __init__(self, _: Wait) -> None:
        pass

    async def get_user(self, identifier: Any) -> Any:
        interrupt()
        await asyncio.sleep(60)


class NeverCallsBack:
    def __init__(self, _: Wait) -> None:
        pass

    def get_user(self, identifier: Any, callback: Any) -> None:
        interrupt()


class NeverEnds(Interruptible):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        interrupt()
        while True:
            pass


class WaitsWhileItIsRecorded(Interruptible):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        wait = self.wait

        class Hostile:
            @override
            def __str__(self) -> str:
                wait()
                return "too late"

        return Found({"user_id": Hostile()})


class WaitsWhenItIsOpened(Interruptible):
    def __enter__(self) -> WritingShop:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        pass


class WaitsWhenItIsClosed(Interruptible):
    def __enter__(self) -> WritingShop:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()


@pytest.mark.parametrize(
    "kind",
    [
        WaitsInScript,
        WaitsInAsyncScript,
        NeverCallsBack,
        NeverEnds,
        WaitsWhileItIsRecorded,
        WaitsWhenItIsOpened,
        WaitsWhenItIsClosed,
    ],
)
def test_an_interrupt_ends_every_wait(kind: Callable[[Wait], object], wait: Wait) -> None:
    started = time.monotonic()
    with pytest.raises(CheckInterrupted) as interrupted:
        check(kind(wait), USERS, hostile=False, wrong_passwords=0, timeout=60, max_time=120)

    assert time.monotonic() - started < 30
    assert interrupted.value.transcript.header.stop_reason is not None


def test_an_interrupt_ends_two_calls_that_wait_at_once(wait: Wait) -> None:
    shops: list[WritingShop] = []

    class Shared(WritingShop):
        """The same store each time it is opened."""

        def __init__(self) -> None:
            super().__init__()
            self.records = shops[0].records if shops else self.records
            shops.append(self)

        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            if len(shops) > 1:
                wait()
            return super().create(user)

    with pytest.raises(CheckInterrupted) as interrupted:
        check(Shared, USERS, writes=True, hostile=False, wrong_passwords=0, timeout=60, max_time=120)

    assert interrupted.value.transcript.header.left_behind


def test_an_interrupt_ends_waiting_until_a_write_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_INTERRUPTED_CLEAN_UP_SECONDS", 0.1)

    class Interrupting(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            threading.Timer(0.05, interrupt).start()
            return super().create(user)

    shop = Interrupting()
    started = time.monotonic()
    with pytest.raises(CheckInterrupted) as interrupted:
        check(shop, USERS, writes=True, hostile=False, wrong_passwords=0, settle=60, max_time=200)

    assert time.monotonic() - started < 30
    # Looking for the created user has to wait as well.
    assert left_in(shop) <= set(interrupted.value.transcript.header.left_behind)


@pytest.mark.parametrize("is_swallowed", [False, True])
@pytest.mark.parametrize("place", ["progress", "inspect"])
def test_an_interrupt_ends_a_function_of_the_team(place: str, is_swallowed: bool, wait: Wait) -> None:
    def function(_: object) -> None:
        try:
            wait()
        except KeyboardInterrupt:
            if not is_swallowed:
                raise

    settings: dict[str, Any] = {place: function}
    with pytest.raises(CheckInterrupted):
        check(WritingShop(), USERS, hostile=False, wrong_passwords=0, **settings)


# During the clean-up


class SlowToDelete(WritingShop):
    """Deletes no user in time, and signals when a deletion starts."""

    def __init__(self, on_delete: Wait) -> None:
        super().__init__()
        self.on_delete = on_delete

    @override
    def delete(self, user_id: Any) -> Any:
        self.on_delete()
        return super().delete(user_id)


def cleaned_up(shop: WritingShop) -> CheckInterrupted:
    """Interrupt a check at its first create, and return how it ended."""

    def at_create(exchange: Exchange) -> None:
        if exchange.script is Script.CREATE and not is_interrupted:
            is_interrupted.append(True)
            interrupt()

    is_interrupted: list[bool] = []
    with pytest.raises(CheckInterrupted) as interrupted:
        check(shop, USERS, writes=True, hostile=False, wrong_passwords=0, timeout=60, max_time=120, progress=at_create)
    return interrupted.value


def test_a_second_interrupt_ends_a_clean_up_that_waits(wait: Wait) -> None:
    shop = SlowToDelete(wait)

    ended = cleaned_up(shop)

    assert left_in(shop) == set(ended.transcript.header.left_behind)
    assert all(name in str(ended) for name in left_in(shop))


def test_a_clean_up_that_waits_ends_soon_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_INTERRUPTED_CLEAN_UP_SECONDS", 0.2)
    over = threading.Event()
    shop = SlowToDelete(lambda: (over.wait(60), None)[1])

    ended = cleaned_up(shop)

    assert left_in(shop) == set(ended.transcript.header.left_behind)
    over.set()


def test_an_interrupt_during_the_clean_up_does_not_end_it() -> None:
    shop = WritingShop()

    def in_clean_up(exchange: Exchange) -> None:
        if exchange.situation is Situation.CLEAN_UP and not situations:
            situations.append(exchange.situation)
            interrupt()

    situations: list[Situation] = []
    with pytest.raises(CheckInterrupted) as interrupted:
        check(shop, USERS, writes=True, hostile=False, wrong_passwords=0, progress=in_clean_up)

    assert situations
    assert not left_in(shop)
    assert interrupted.value.transcript.header.left_behind == ()


def test_sigterm_is_an_interrupt_too() -> None:
    shop = WritingShop()

    def at_create(exchange: Exchange) -> None:
        if exchange.script is Script.CREATE:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(CheckInterrupted):
        check(shop, USERS, writes=True, hostile=False, wrong_passwords=0, progress=at_create)

    assert not left_in(shop)


def test_an_interrupt_comes_before_another_reason_to_stop() -> None:
    class Closing(WritingShop):
        def __enter__(self) -> WritingShop:
            return self

        def __exit__(self, *_: object) -> None:
            interrupt()

    with pytest.raises(CheckInterrupted) as interrupted:
        check(Closing(), USERS, max_time=1e-9)

    stop = interrupted.value.transcript.header.stop_reason
    assert stop is not None
    assert stop.kind is StopKind.INTERRUPTED


# What else can be interrupted


def test_an_interrupt_during_judging_keeps_the_recorded_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    judge_rightly = rules.judge_selected

    def judge(transcript: Transcript, selection: rules.Selection) -> Report:
        interrupt()
        return judge_rightly(transcript, selection)

    monkeypatch.setattr(rules, "judge_selected", judge)

    with pytest.raises(CheckInterrupted) as interrupted:
        check(WritingShop(), USERS, hostile=False, wrong_passwords=0)

    assert interrupted.value.transcript.exchanges


def test_looking_up_known_users_can_be_interrupted(wait: Wait) -> None:
    with pytest.raises(CheckInterrupted):
        observe_known_users(WaitsInScript(wait), USERS, None, Probing(timeout=60), Script.GET_USER)


def test_a_script_that_raises_keyboard_interrupt_interrupts_nothing() -> None:
    class Raising(WritingShop):
        @override
        def login(self, identifier: Any, password: Any) -> Any:
            raise KeyboardInterrupt

    report = check(Raising(), USERS, hostile=False, wrong_passwords=0)

    assert report.transcript.header.stop_reason is None
    assert report.exit_code == 1
