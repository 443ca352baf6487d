"""Anything that a script returns, raises or starts leads to an outcome, never to a crash or a hang."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from xmlrpc.client import ServerProxy

import pytest
from typing_extensions import override

from customdb_contract.checking import check
from customdb_contract.connection import KnownUser
from customdb_contract.contract import Callback, Found, NotFound, Script, ScriptError
from customdb_contract.findings import Report, Status
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, Outcome, Situation, Transcript
from opened_database import open_database


def _cyclic() -> object:
    profile: dict[str, object] = {"user_id": "7"}
    profile["self"] = profile
    return profile


def _deep() -> object:
    profile: dict[str, object] = {}
    for _ in range(10_000):
        profile = {"inner": profile}
    return profile


class EndlessMapping(Mapping[str, object]):
    @override
    def __getitem__(self, key: str) -> object:
        return self

    @override
    def __iter__(self) -> Iterator[str]:
        return (str(number) for number in range(10**9))

    @override
    def __len__(self) -> int:
        return sys.maxsize


class FailingMapping(EndlessMapping):
    @override
    def __getitem__(self, key: str) -> object:
        raise SystemExit


class FailingText:
    @override
    def __str__(self) -> str:
        raise SystemExit

    __repr__ = __str__


class FailingError(ScriptError):
    @override
    def __str__(self) -> str:
        raise KeyboardInterrupt

    @override
    def __getattribute__(self, name: str) -> Any:
        raise SystemExit


PROFILES: dict[str, Callable[[], object]] = {
    "cyclic": _cyclic,
    "fifty megabytes": lambda: {"name": "x" * 50_000_000},
    "ten thousand levels": _deep,
    "lone surrogates": lambda: {"name": "\ud800", "\udfff": 1},
    "endless": EndlessMapping,
    "failing": FailingMapping,
    "failing text": lambda: {"name": FailingText()},
    "keys that are no text": lambda: {7: "x", FailingText(): 1},
    "class": lambda: {"type": type},
    "huge number": lambda: {"count": 10**5000},
}


def _is_written_and_read(script: Script, outcome: Outcome) -> bool:
    exchange = Exchange(1, script, ("ada",), UNKNOWN, Situation.UNKNOWN_USER, outcome)
    text = str(Transcript(records=(exchange,)))
    return str(Transcript.parse(text)) == text


@pytest.mark.untraced
@pytest.mark.parametrize("name", PROFILES)
def test_a_hostile_profile_has_an_outcome(name: str) -> None:
    def get_user(identifier: str) -> object:
        return Found(PROFILES[name]())  # type: ignore[arg-type]  # the mistake it is about

    def login(identifier: str, password: str, callback: Callback) -> None:
        callback(None, PROFILES[name]())

    with open_database(SimpleNamespace(get_user=get_user, login=login), timeout=20.0) as bridge:
        for script, arguments in ((Script.GET_USER, ("ada",)), (Script.LOGIN, ("ada", "x"))):
            outcome = bridge.call(script, arguments)
            assert outcome.ending in {Ending.FOUND, Ending.INVALID}
            assert outcome.raised is None
            assert _is_written_and_read(script, outcome)


ERRORS: dict[str, Callable[[], Exception]] = {
    "attributes that raise": FailingError,
    "a message that raises": lambda: ValueError(FailingText()),
    "a group": lambda: ExceptionGroup("many", [ValueError()]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_hostile_exception_has_an_outcome(name: str) -> None:
    error = ERRORS[name]()

    def get_user(identifier: str) -> object:
        raise error

    async def verify(email: str) -> object:
        raise error

    def login(identifier: str, password: str, callback: Callable[..., object]) -> None:
        callback(error, error)

    with open_database(SimpleNamespace(get_user=get_user, verify=verify, login=login)) as bridge:
        for script in (Script.GET_USER, Script.VERIFY):
            outcome = bridge.call(script, ("ada",))
            assert outcome.ending is (Ending.FAILED if name == "attributes that raise" else Ending.RAISED)
        assert bridge.call(Script.LOGIN, ("ada", "x")).ending is Ending.FAILED


def test_recursion_without_end_is_raised() -> None:
    def get_user(identifier: str) -> object:
        return get_user(identifier)

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        outcome = bridge.call(Script.GET_USER, ("ada",))

    assert outcome.raised is not None
    assert outcome.raised.name == "RecursionError"


def test_output_past_python_passes_through(capfd: pytest.CaptureFixture[str]) -> None:
    def get_user(identifier: str) -> object:
        for _ in range(100):
            os.write(1, b"x" * 10_000)
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).output == ""

    assert len(capfd.readouterr().out) == 1_000_000


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_an_unawaited_coroutine_is_no_crash() -> None:
    async def look_up() -> object:
        return NotFound()

    def get_user(identifier: str) -> object:
        look_up()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]  # the mistake it is about
        return NotFound()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).ending is Ending.NOT_FOUND


def test_many_callbacks_from_many_threads_are_all_recorded() -> None:
    def get_user(identifier: str, callback: Callback) -> None:
        threads = [threading.Thread(target=callback, args=(None,)) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with open_database(SimpleNamespace(get_user=get_user)) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).callbacks == ((None,),) * 50


def test_a_script_that_meddles_with_its_task_and_loop_harms_only_itself() -> None:
    async def cancel_itself(identifier: str) -> object:
        task: Any = asyncio.current_task()
        task.cancel()
        await asyncio.sleep(0)
        return NotFound()

    async def stop_the_loop(email: str) -> object:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0.01)
        return NotFound()

    async def close_the_loop(id: str) -> object:  # noqa: A002 - Auth0's name
        asyncio.get_running_loop().close()
        return NotFound()

    database = SimpleNamespace(get_user=cancel_itself, verify=stop_the_loop, delete=close_the_loop)
    with open_database(database) as bridge:
        assert bridge.call(Script.GET_USER, ("ada",)).ending is Ending.RAISED
        assert bridge.call(Script.VERIFY, ("ada",)).ending is Ending.INVALID
        assert bridge.call(Script.DELETE, ("ada",)).ending is Ending.RAISED


# Objects that answer to every name


def _check_of(database: object) -> Report:
    return check(database, [KnownUser(email="ada@example.com", password="correct horse")], timeout=5.0, hostile=False)


@pytest.mark.parametrize("database", [MagicMock(), MagicMock], ids=["object", "class"])
def test_a_mock_of_a_database_returns_no_profiles(database: object) -> None:
    report = _check_of(database)

    assert report.complete
    assert [verdict.rule.name for verdict in report.failures] == ["profile-not-an-object"]


def test_a_proxy_of_a_missing_service_is_a_set_up_problem() -> None:
    report = _check_of(ServerProxy("http://127.0.0.1:9/"))

    stop = report.transcript.header.stop_reason
    assert report.exit_code == 3
    assert stop is not None
    assert stop.message.startswith("every call failed, so nothing could be judged: get_user failed with ")
    assert "ConnectionRefusedError" in stop.message


# Two checks at the same time


class _Threaded:
    """Knows one user, and starts a thread for each lookup that finds them."""

    def __init__(self, name: str, failing: bool) -> None:
        self.email, self.failing = f"{name}@example.com", failing

    def get_user(self, email: str) -> object:
        def work() -> None:
            if self.failing:
                raise KeyError(self.email)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return Found({"user_id": self.email}) if email.strip().lower() == self.email else NotFound()


def test_a_failing_thread_belongs_to_the_check_that_started_it() -> None:
    reports: dict[str, Report] = {}
    together = threading.Barrier(2)

    def run(name: str, failing: bool) -> None:
        together.wait(30)
        user = KnownUser(email=f"{name}@example.com")
        reports[name] = check(_Threaded(name, failing), [user], hostile=False)

    checks = [threading.Thread(target=run, args=("ada", False)), threading.Thread(target=run, args=("bob", True))]
    for one in checks:
        one.start()
    for one in checks:
        one.join()

    found = {name: report.verdict("uncaught-async-exception").status for name, report in reports.items()}
    assert found == {"ada": Status.PASSED, "bob": Status.FAILED}
    assert type(threading.Thread.__dict__["start"]).__name__ == "function"
