"""`check`: from a database to a report, for any behaviour of the database."""

import asyncio
import logging
import re
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from customdb_contract import (
    Connection,
    Failed,
    Found,
    KnownUser,
    NotFound,
    ProfileResult,
    ScriptError,
    WrongUsernameOrPasswordError,
    check,
)
from customdb_contract.bridges.python_process import PythonProcess
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.faults import FAULTS
from customdb_contract.findings import Status
from customdb_contract.observing import CheckInterrupted, observe, plan_lines
from customdb_contract.outages import takes_fault_url
from customdb_contract.probes import Probing
from customdb_contract.rules import RETIRED, find_rule
from customdb_contract.secrets import Secret
from customdb_contract.transcript import Ending, Exchange, StopKind, Transcript

PASSWORDS = {"ada@example.com": "correct Horse battery", "grace@example.com": "nanosecond Wire"}
USERS = [KnownUser(email=email, password=password) for email, password in PASSWORDS.items()]
IMPORT = Connection(import_mode=True)


class Shop:
    """A correct database in memory."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        email = self._known(identifier)
        if email is None:
            return Failed(WrongUsernameOrPasswordError(None, "wrong e-mail or password"))
        if PASSWORDS[email] != password:
            return Failed(WrongUsernameOrPasswordError(f"shop-{len(email)}", "wrong e-mail or password"))
        return Found(self._profile(email))

    def get_user(self, identifier: str) -> ProfileResult:
        email = self._known(identifier)
        return NotFound() if email is None else Found(self._profile(email))

    def _known(self, identifier: object) -> str | None:
        email = identifier.lower() if isinstance(identifier, str) else None
        return email if email in PASSWORDS else None

    def _profile(self, email: str) -> dict[str, object]:
        return {"user_id": f"shop-{len(email)}", "email": email, "email_verified": True, "app_metadata": {"plan": "a"}}


class Broken:
    """The same database with an unreachable store."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        raise ScriptError("the store is out of reach")

    def get_user(self, identifier: str) -> ProfileResult:
        raise ScriptError("the store is out of reach")


def seen(database: object, *, probing: Probing | None = None, users: list[KnownUser] | None = None) -> Transcript:
    return observe(database, users or USERS, IMPORT, probing or Probing(), progress=lambda _: None)


def replaced(method: Callable[..., object], name: str = "get_user") -> object:
    """Return the shop with one script replaced by a function."""
    return type("Shop", (Shop,), {name: method})()


# A correct database


def test_a_correct_database_is_ok() -> None:
    report = check(Shop(), USERS, connection=IMPORT, outage=Broken())

    assert report.ok, report
    assert report.exit_code == 0
    report.raise_for_failures()


class AsyncShop(Shop):
    """The same, asynchronous."""

    async def login(self, identifier: str, password: str) -> ProfileResult:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # another style on purpose
        await asyncio.sleep(0)
        return super().login(identifier, password)


class CallbackShop:
    """The same, in callback style."""

    def login(self, email: str, password: str, callback: Callable[..., object]) -> object:
        return self._answer(Shop().login(email, password), callback)

    def get_user(self, email: str, callback: Callable[..., object]) -> object:
        return self._answer(Shop().get_user(email), callback)

    def _answer(self, result: ProfileResult, callback: Callable[..., object]) -> object:
        match result:
            case Found(profile):
                return callback(None, profile)
            case NotFound():
                return callback(None)
            case Failed(error):
                return callback(error)


@contextmanager
def shop_of_one_thread() -> Generator[Shop]:
    thread = threading.current_thread()

    class OneThread(Shop):
        def get_user(self, identifier: str) -> ProfileResult:
            assert threading.current_thread() is thread
            return super().get_user(identifier)

    yield OneThread()
    assert threading.current_thread() is thread


@asynccontextmanager
async def shop_of_one_loop() -> AsyncGenerator[Shop]:
    loop = asyncio.get_running_loop()
    yield AsyncShop()
    assert asyncio.get_running_loop() is loop


@pytest.mark.parametrize(
    "database",
    [Shop(), Shop, AsyncShop(), CallbackShop(), shop_of_one_thread, shop_of_one_loop, shop_of_one_thread()],
    ids=[
        "object",
        "class",
        "async",
        "callback",
        "context manager function",
        "async context manager function",
        "context manager",
    ],
)
def test_every_form_of_a_database_is_taken(database: object) -> None:
    report = check(database, USERS, connection=IMPORT)

    assert report.ok, report


def test_check_works_inside_a_running_loop() -> None:
    async def inside() -> bool:
        return check(AsyncShop(), USERS, connection=IMPORT).ok

    assert asyncio.run(inside())


# Outages


def test_an_outage_database_that_takes_an_address_gets_that_of_the_fault_server() -> None:
    addresses: list[str] = []

    class AtUrl(Broken):
        def __init__(self, url: str) -> None:
            addresses.append(url)
            self._url = url

        def get_user(self, identifier: str) -> ProfileResult:
            import urllib.request  # noqa: PLC0415 - only this test asks over HTTP

            try:
                urllib.request.urlopen(f"{self._url}/users", timeout=0.2).close()
            except OSError as error:
                raise ScriptError(type(error).__name__) from error
            raise ScriptError("no such answer")

    transcript = seen(Shop(), probing=Probing(outage=AtUrl))

    situations = {exchange.situation for exchange in transcript.exchanges}
    assert transcript.header.stop_reason is None
    assert situations.issuperset(FAULTS)
    assert addresses[0].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("make", "takes"),
    [
        (lambda fault_url: fault_url, True),
        (lambda fault_url, /: fault_url, True),
        (lambda: None, False),
        (lambda fault_url="x": fault_url, False),
        (lambda *, fault_url: fault_url, False),
        (Shop, False),
        (iter, False),
    ],
    ids=["by position", "positional only", "nothing", "has a default", "keyword only", "a class", "no signature"],
)
def test_outage_databases_that_receive_the_address(make: Callable[..., object], takes: bool) -> None:
    assert takes_fault_url(make) is takes


def test_an_outage_database_that_cannot_be_opened_is_a_set_up_problem() -> None:
    def unreachable() -> NoReturn:
        message = "connection refused"
        raise OSError(message)

    stop = seen(Shop(), probing=Probing(outage=unreachable)).header.stop_reason

    assert stop is not None
    assert stop.kind is StopKind.SET_UP
    assert "OSError" in stop.message
    assert "connection refused" in stop.message


# The set-up


def test_a_database_that_cannot_be_opened_gives_exit_code_3() -> None:
    def unreachable() -> NoReturn:
        message = f"no route to {PASSWORDS['ada@example.com']}"
        raise OSError(message)

    report = check(unreachable, USERS)

    assert report.exit_code == 3
    assert not report.ok
    assert "«password of ada»" in str(report)
    with pytest.raises(ContractBrokenError, match="OSError"):
        report.raise_for_failures()


def test_a_known_user_who_is_not_there_gives_exit_code_3() -> None:
    report = check(Shop(), [*USERS, KnownUser(email="eve@example.com", password="whatever it is")])

    assert report.exit_code == 3
    assert "no script knows eve@example.com" in str(report)


def test_a_database_without_scripts_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"^the database has none of the scripts: give an object with the"):
        check(object(), USERS)


class WithNamesOfJavaScript:
    def login(self, email: str, password: str) -> object:
        pytest.fail("a script was called")

    def getUser(self, email: str) -> object:  # noqa: N802 - see the name of the class
        pytest.fail("a script was called")


class WithMoreNamesOfJavaScript(WithNamesOfJavaScript):
    def changePassword(self, email: str, password: str) -> object:  # noqa: N802 - see above
        pytest.fail("a script was called")


def in_a_process(kind: type) -> PythonProcess:
    return PythonProcess(f"{Path(__file__).stem}:{kind.__name__}", folder=Path(__file__).parent)


@pytest.mark.parametrize(
    "made", [lambda kind: kind, lambda kind: kind(), in_a_process], ids=["class", "object", "process"]
)
@pytest.mark.parametrize(
    ("kind", "has", "meant"),
    [
        (WithNamesOfJavaScript, "getUser", "get_user"),
        (WithMoreNamesOfJavaScript, "getUser and changePassword", "get_user and change_password"),
    ],
)
def test_javascript_names_of_scripts_are_an_error_that_names_the_python_ones(
    kind: type, has: str, meant: str, made: Callable[[type], object]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check(made(kind), USERS)

    assert str(raised.value) == f"the database has {has}; did you mean {meant}? In Python, scripts have these names"


def test_a_javascript_name_beside_the_python_one_is_allowed() -> None:
    class Both(Shop):
        getUser = Shop.get_user  # noqa: N815 - see the name of the test

    assert check(Both(), USERS).ok


def test_an_unknown_rule_is_an_error_before_anything_is_called() -> None:
    def untouched() -> NoReturn:
        pytest.fail("the database was opened")

    with pytest.raises(ConfigurationError, match=r"^ignore: there is no rule or group 'callback-called-twise'"):
        check(untouched, USERS, ignore=["callback-called-twise"])


@pytest.mark.parametrize("name", RETIRED)
def test_a_retired_rule_is_an_error_with_the_reason(name: str) -> None:
    said = f"the rule {name!r} is retired; remove it from the configuration: {RETIRED[name].why}"
    with pytest.raises(ConfigurationError, match=re.escape(f"select: {said}")):
        check(object(), USERS, select=[name])
    with pytest.raises(ConfigurationError, match=re.escape(f"ignore: {said}")):
        check(object(), USERS, ignore=[name])
    with pytest.raises(ConfigurationError, match=re.escape(f"waived: {said}")):
        check(object(), USERS, waived={name: "until May"})
    with pytest.raises(ConfigurationError, match=f"^{re.escape(said)}"):
        find_rule(name)


def test_the_name_of_a_retired_rule_is_no_group() -> None:
    with pytest.raises(ConfigurationError, match=r"^require: there is no group 'type-confusion'; "):
        check(object(), USERS, require=["type-confusion"])


def test_the_largest_and_smallest_sensible_settings_are_accepted() -> None:
    Probing(timeout=86_400, max_time=86_400.0, settle=86_400.0)
    Probing(timeout=0.001, max_time=1, settle=0, wrong_passwords=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"timeout": 0}, "timeout must be a number of seconds above 0, got 0"),
        ({"timeout": float("inf")}, "timeout must be at most 86400 seconds"),
        ({"max_time": 86_400.1}, "max_time must be at most 86400 seconds"),
        ({"settle": -0.1}, "settle must be a number of seconds, 0 or more, got -0.1"),
        ({"settle": True}, "settle must be a number of seconds, 0 or more, got True"),
        ({"settle": 1e300}, "settle must be at most 86400 seconds"),
        ({"timeout": True}, "timeout must be a number of seconds above 0, got True"),
        ({"max_time": "60"}, "max_time must be a number of seconds above 0, got '60'"),
        ({"max_time": float("nan")}, "max_time must be a number of seconds above 0, got nan"),
        ({"wrong_passwords": -1}, "wrong_passwords must be a whole number, 0 or more, got -1"),
        ({"wrong_passwords": 1.5}, "wrong_passwords must be a whole number, 0 or more, got 1.5"),
        ({"wrong_passwords": False}, "wrong_passwords must be a whole number, 0 or more, got False"),
    ],
)
def test_settings_that_make_no_sense_are_errors(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check(Shop(), USERS, **settings)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # wrong on purpose

    assert str(raised.value) == message


def test_more_secrets_are_masked() -> None:
    token = "ghp-0123456789abcdef"

    def get_user(_: object, identifier: str) -> ProfileResult:
        raise ScriptError(f"401 for token {token}")

    transcript = seen(replaced(get_user), probing=Probing(secrets={"configuration API_TOKEN": Secret(token)}))

    assert token not in str(transcript)
    assert "«configuration API_TOKEN»" in str(transcript)


# Hostile, hanging, crashing, huge: verdicts, never a crash or a hang


class _FailsInStrError(Exception):
    def __str__(self) -> str:
        raise self


def _raises(error: BaseException) -> Callable[..., object]:
    def script(*_: object) -> NoReturn:
        raise error

    return script


def _exits(*_: object) -> NoReturn:
    sys.exit(3)


def _prints(*_: object) -> ProfileResult:
    print("x" * 3_000_000)
    logging.getLogger("shop").warning("y" * 3_000_000)
    return NotFound()


def _cycle(*_: object) -> ProfileResult:
    profile: dict[str, object] = {"user_id": "7"}
    profile["self"] = profile
    return Found(profile)


def _deep(*_: object) -> ProfileResult:
    nested: dict[str, object] = {}
    for _level in range(10_000):
        nested = {"deeper": nested}
    return Found({"user_id": "7", "app_metadata": nested})


def _calls_later(_: object, identifier: str, callback: Callable[..., object]) -> None:
    callback(None)
    threading.Timer(0.01, callback, (None, {"user_id": identifier})).start()


ZOO: dict[str, Callable[..., object]] = {
    "raises": _raises(ValueError("boom")),
    "raises what fails in str": _raises(_FailsInStrError()),
    "raises KeyboardInterrupt": _raises(KeyboardInterrupt()),
    "raises GeneratorExit": _raises(GeneratorExit()),
    "recursion": lambda *_: _raises(RecursionError("too deep"))(),
    "sys.exit": _exits,
    "prints megabytes": _prints,
    "returns None": lambda *_: None,
    "returns a class": lambda *_: Found,
    "returns a dict": lambda *_: {"user_id": "7"},
    "cycle": _cycle,
    "deep": _deep,
    "50 MB": lambda *_: Found({"user_id": "7", "picture": "x" * 50_000_000}),
    "lone surrogate": lambda *_: Found({"user_id": "\ud800", "email": "\udfff@example.com"}),
    "calls back later from a thread": _calls_later,
    "not a mapping": lambda *_: Found(["user_id"]),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # wrong on purpose
    "keys that are no texts": lambda *_: Found({7: "user_id"}),  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]  # wrong on purpose
    "error of no type": lambda *_: Failed(7),
    "takes nothing": lambda: None,
}


@pytest.mark.untraced
@pytest.mark.parametrize("name", ZOO)
def test_anything_a_script_does_ends_in_a_verdict(name: str) -> None:
    report = check(replaced(ZOO[name]), USERS, connection=IMPORT, timeout=20.0)

    assert not report.ok
    assert report.count[Status.CRASHED] == 0, report
    assert Transcript.parse(str(report.transcript)) is not None


@pytest.mark.parametrize("name", ["login", "get_user"])
@pytest.mark.parametrize(
    "script",
    [lambda *_: time.sleep(30), lambda *_: _spin(), lambda *_: asyncio.sleep(30)],
    ids=["sleeps", "spins", "awaits"],
)
def test_a_script_that_never_ends_is_a_verdict_and_the_check_goes_on(name: str, script: Callable[..., object]) -> None:
    report = check(replaced(script, name), USERS, connection=IMPORT, timeout=0.2, hostile=False)

    assert "callback-not-called" in {verdict.rule.name for verdict in report.failures}
    other = Script.GET_USER if name == "login" else Script.LOGIN
    assert Ending.FOUND in {exchange.ending for exchange in report.transcript.exchanges if exchange.script is other}


def _spin() -> NoReturn:
    while True:
        pass


# Interrupted


def test_ctrl_c_leaves_a_transcript() -> None:
    def interrupt(exchange: Exchange) -> None:
        if exchange.number == 5:
            raise KeyboardInterrupt

    with pytest.raises(CheckInterrupted) as interrupted:
        check(Shop(), USERS, progress=interrupt)

    transcript = interrupted.value.transcript
    assert len(transcript.exchanges) == 5
    assert transcript.header.stop_reason is not None
    assert transcript.header.stop_reason.kind is StopKind.INTERRUPTED


# The plan


def test_a_plan_calls_nothing_and_shows_no_password() -> None:
    class Untouched(Shop):
        def get_user(self, identifier: str) -> ProfileResult:
            pytest.fail("a script was called")

    lines = plan_lines(Untouched(), USERS, IMPORT, Probing(outage=Broken, rehearse=False))

    assert lines[:2] == [
        "get_user ada@example.com   [known-user]",
        "login ada@example.com «password of ada»   [known-user]",
    ]
    assert lines[-1] == "login ada@example.com «password of ada»   [outage]"
    assert not [line for line in lines for password in PASSWORDS.values() if password.lower() in line.lower()]


def test_a_plan_names_every_fault() -> None:
    lines = plan_lines(Shop(), USERS, IMPORT, Probing(outage=lambda fault_url: fault_url, rehearse=False))

    assert [line for line in lines if line.startswith("get_user")][-1].endswith("[outage: hang]")


def test_a_check_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    output, error = sys.stdout, sys.stderr

    check(shop_of_one_loop, USERS, outage=Broken)

    assert set(threading.enumerate()) <= before
    assert (sys.stdout, sys.stderr) == (output, error)


@pytest.mark.parametrize("fresh", [5, lambda: None, Shop])
def test_a_fresh_database_that_refuses_sign_ups_is_no_silent_pass(fresh: object) -> None:
    with pytest.raises(ConfigurationError, match="fresh_database has no script create, so nothing can be written"):
        check(Shop(), USERS, writes=True, fresh_database=fresh, hostile=False)
