"""A Python database in a separate process: its scripts affect only that process."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from customdb_contract import Connection, Failed, Found, NotFound, PythonProcess, ScriptError, check
from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.containers import guarded
from customdb_contract.connection import KnownUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError, ScriptCallError
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry
from customdb_contract.transcript import Ending, Noticed, Observation, Outcome, RecordedError, Special, print_outcome
from descriptors import PRINTING_INHERITED

Open = Callable[..., Any]
PASSWORD = "correct horse"


@pytest.fixture
def open_database(tmp_path: Path) -> Iterator[Open]:
    """Opens a bridge to a database, given as its module or as the body of its get_user."""
    with ExitStack() as stack:

        def open_it(source: str, *, timeout: float = 10.0, connection: Connection | None = None, **options: Any) -> Any:
            text = textwrap.dedent(source)
            if "class Shop" not in text:
                body = textwrap.indent(text, "        ")
                text = f"import os, sys, time\n\nclass Shop:\n    def get_user(self, email):\n{body}\n"
            (tmp_path / "shop_here.py").write_text(text, "utf-8")
            mask = SecretRegistry()
            mask.add(Secret(PASSWORD), SecretRef.parse("password of ada"))
            database = PythonProcess("shop_here:Shop", folder=tmp_path, **options)
            bridge = database.open_bridge(connection=connection or Connection(), mask=mask, timeout=timeout)
            stack.callback(bridge.close)
            return bridge

        yield open_it


def get_user(bridge: Any, identifier: object = "ada@example.com") -> Outcome:
    outcome: Outcome = bridge.call(Script.GET_USER, [identifier])
    return outcome


def reported(bridge: Any, identifier: object = "ada@example.com") -> str:
    return print_outcome(Script.GET_USER, get_user(bridge, identifier))


FOUND = "from customdb_contract import Found\n"
SIMPLE = FOUND + "return Found({'user_id': email})"


def test_processes_that_a_script_starts_inherit_nothing_of_its_runner(open_database: Open) -> None:
    outcome = get_user(open_database(f"assert os.system({PRINTING_INHERITED!r}) == 0\n{SIMPLE}"))

    assert (outcome.ending, outcome.output) == (Ending.FOUND, "")


@pytest.mark.untraced
@pytest.mark.parametrize("body", [SIMPLE, "return None"])
def test_a_file_that_is_called_like_a_module_of_pythons_own_changes_no_answer(
    open_database: Open, tmp_path: Path, body: str
) -> None:
    expected = reported(open_database(body))
    for name in ("inspect", "dataclasses", "enum"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not what was asked for')\n", "utf-8")

    assert reported(open_database(body)) == expected


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (SIMPLE, 'found {"user_id": "ada@example.com"}'),
        ("from customdb_contract import NotFound\nreturn NotFound()", "not-found"),
        ("from customdb_contract import Failed\nreturn Failed('no')", 'failed "no"'),
        ("from customdb_contract import Failed\nreturn Failed(KeyError('no'))", "failed KeyError \"'no'\""),
        (
            "from customdb_contract import ScriptError\nraise ScriptError('down')",
            'failed ScriptError "down" at "shop_here.py:8"',
        ),
        (
            "from customdb_contract import WrongUsernameOrPasswordError\nraise WrongUsernameOrPasswordError(email)",
            'failed WrongUsernameOrPasswordError("ada@example.com") "Wrong username or password" at "shop_here.py:8"',
        ),
        (
            "from customdb_contract import ValidationError\nraise ValidationError('user_exists', 'x')",
            'failed ValidationError("user_exists") "x" at "shop_here.py:8"',
        ),
        ("raise ValueError('no')", 'raised ValueError "no" at "shop_here.py:7"'),
        ("sys.exit(3)", 'raised SystemExit "3" at "shop_here.py:7"'),
        ("raise KeyboardInterrupt", 'raised KeyboardInterrupt "" at "shop_here.py:7"'),
        ("return {'user_id': '7'}", 'invalid called with [null, {"$special": "not-a-result", "text": "dict: return '),
        ("from customdb_contract import Found\nreturn Found(None)", '"text": "Found(None)"'),
        ("print('hello', email)\n" + SIMPLE, '; printed "hello ada@example.com\\n"'),
        ("os.write(1, b'one '); os.write(2, b'two')\n" + SIMPLE, '; printed "one two"'),
        ("os.system('echo from a child >&2')\n" + SIMPLE, '; printed "from a child\\n"'),
        ("import logging; logging.getLogger('shop').warning('careful')\n" + SIMPLE, '; printed "careful\\n"'),
        ("import warnings; warnings.warn('old')\n" + SIMPLE, "UserWarning: old"),
        ("class Bad:\n    def __del__(self): 1 / 0\nBad()\n" + SIMPLE, "Exception ignored in"),
        ("print('x' * 200_000)\n" + SIMPLE, "xxx… (200001 characters)"),
        ("os._exit(3)", 'died; noticed process-ended "it exited with code 3"'),
        ("os.abort()", 'died; noticed process-ended "it was ended by SIGABRT"'),
        ("os.kill(os.getpid(), 9)", 'died; noticed process-ended "it was ended by SIGKILL"'),
        ("import ctypes; ctypes.string_at(0)", "it was ended by SIGSEGV"),
        ("os.kill(os.getppid(), 9)\n" + SIMPLE, "found"),
        ("os.closerange(3, 64)\n" + SIMPLE, "died; noticed process-ended"),
        (
            "for fd in range(3, 64):\n    try: os.write(fd, b'{}\\n')\n    except OSError: pass\n" + SIMPLE,
            'died; noticed process-ended "something other than its runner wrote to its socket"',
        ),
        (
            FOUND + "import builtins; builtins.len = builtins.isinstance = None\nreturn Found({'user_id': email})",
            "found",
        ),
        ("import json, os\njson.dumps = json.loads = os.write = os.read = None\n" + SIMPLE, "found"),
        ("sys.stdout = sys.stderr = None\n" + SIMPLE, "found"),
        (
            FOUND + "os.chdir('/'); sys.path.clear(); os.environ.clear()\nreturn Found({'user_id': email})",
            "found",
        ),
        ("sys.stdout.close(); os.close(1); os.close(2)\n" + SIMPLE, "found"),
        ("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.alarm(0)\n" + SIMPLE, "found"),
        ("if os.fork() == 0: time.sleep(60)\n" + SIMPLE, "found"),
        ("if os.fork() == 0: os._exit(0)\n" + SIMPLE, "found"),
        ("import threading; threading.Thread(target=lambda: 1 / 0).start(); time.sleep(0.1)\n" + SIMPLE, "found"),
        ("sys.modules.clear()\nreturn 7", ""),
        ("sys.setrecursionlimit(60)\n" + SIMPLE, ""),
    ],
)
def test_an_ending_is_reported_and_the_next_call_is_another_one(
    open_database: Open, capfd: pytest.CaptureFixture[str], body: str, expected: str
) -> None:
    bridge = open_database(f"if email == 'next':\n    raise LookupError\n{body}")

    assert expected in reported(bridge)
    assert get_user(bridge, "next").ending in {Ending.RAISED, Ending.DIED}
    assert capfd.readouterr() == ("", "")


@pytest.mark.untraced
@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "time.sleep(60)",
        "import re; re.match(r'(a+)+$', 'a' * 64 + 'b')",
        "pow(7, 10 ** 9)",
        "os.kill(os.getpid(), 19)",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import asyncio; asyncio.run(asyncio.sleep(60))",
    ],
)
def test_a_script_that_never_ends_runs_out_of_time(open_database: Open, body: str) -> None:
    bridge = open_database(f"if email == 'next':\n    raise LookupError\n{body}", timeout=0.3)

    outcome = get_user(bridge)

    assert outcome.ending is Ending.TIMED_OUT
    assert outcome.duration >= 0.3
    bridge._timeout = 10.0
    assert get_user(bridge, "next").ending is Ending.RAISED


CALLBACK = """
    import asyncio, os, re, threading, time

    class Shop:
        def get_user(self, email, callback):
            return getattr(self, email)(callback)

        def plain(self, callback):
            callback(None, {"user_id": "7"})

        def twice(self, callback):
            callback(None, None)
            callback(ValueError("again"))

        def nothing(self, callback):
            callback()

        def thread(self, callback):
            threading.Timer(0.01, callback, (None, None)).start()

        async def coroutine(self, callback):
            await asyncio.sleep(0.01)
            callback(None, None)

        def task(self, callback):
            async def later():
                callback(None, None)
            self.tasks = [asyncio.get_running_loop().create_task(later())]

        def raising_task(self, callback):
            async def later():
                raise LookupError("in a task")
            asyncio.get_running_loop().create_task(later())

        def raising_thread(self, callback):
            threading.Thread(target=lambda: 1 / 0).start()

        def late(self, callback):
            callback(None, None)
            async def later():
                while not may_go_on(): await asyncio.sleep(0.005)
                callback(None, {"user_id": "late"})
            self.tasks = [asyncio.get_running_loop().create_task(later())]

        def late_thread(self, callback):
            callback(None, None)
            def later():
                wait_to_go_on()
                raise LookupError("late")
            threading.Thread(target=later).start()

        def raises(self, callback):
            raise LookupError("at once")

        def cancelled(self, callback):
            for task in asyncio.all_tasks():
                task.cancel()

        def loop_closed(self, callback):
            loop = asyncio.get_running_loop()
            callback(None, None)
            loop.stop()

        def spins(self, callback):
            callback(None, {"user_id": "7"})
            re.match(r"(a+)+$", "a" * 64 + "b")

        def exits(self, callback):
            callback(None, {"user_id": "7"})
            os._exit(0)

        def many(self, callback):
            for _ in range(100):
                callback(None, None)

        def huge(self, callback):
            for _ in range(10):
                callback(None, ["x" * 60_000] * 33)

        def exits_later(self, callback):
            threading.Thread(target=lambda: (wait_to_go_on(), os._exit(4))).start()
            callback(None, None)

        def prints_later(self, callback):
            threading.Thread(target=lambda: (wait_to_go_on(), print("correct horse"))).start()
            callback(None, None)

    def may_go_on():
        return os.path.exists(os.path.join(os.path.dirname(__file__), "go_on"))

    def wait_to_go_on():
        while not may_go_on(): time.sleep(0.005)
"""


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("plain", 'found {"user_id": "7"}'),
        ("twice", 'not-found called with [null, null]; called again -> failed ValueError "again"'),
        ("nothing", "not-found called with []"),
        ("thread", "not-found called with [null, null]"),
        ("coroutine", "not-found called with [null, null]"),
        ("task", "not-found called with [null, null]"),
        ("raising_task", 'raised later LookupError "in a task" at "shop_here.py:32"'),
        ("raising_thread", 'raised later ZeroDivisionError "division by zero" at "shop_here.py:36"'),
        ("raises", 'raised LookupError "at once" at "shop_here.py:53"'),
        ("loop_closed", "not-found called with [null, null]"),
    ],
)
def test_a_script_with_a_callback_may_call_it_from_anywhere(open_database: Open, case: str, expected: str) -> None:
    bridge = open_database(CALLBACK)

    assert reported(bridge, case) == expected
    assert reported(bridge, "plain") == 'found {"user_id": "7"}'


def test_a_callback_counts_even_if_its_process_dies_before_reporting_it(
    open_database: Open,
) -> None:
    bridge = open_database(CALLBACK, timeout=0.5)

    assert reported(bridge, "spins").startswith('found {"user_id": "7"}; noticed still-running ')
    exited = get_user(bridge, "exits")
    assert (exited.ending, exited.callbacks) == (Ending.DIED, ((None, {"user_id": "7"}),))
    assert exited.observations == (Observation(Noticed.PROCESS_ENDED, "it exited with code 0"),)


def test_a_cancelled_script_has_not_called_back(open_database: Open) -> None:
    bridge = open_database(CALLBACK, timeout=0.5)

    assert get_user(bridge, "cancelled").ending in {Ending.RAISED, Ending.TIMED_OUT}
    assert get_user(bridge, "plain").ending is Ending.FOUND


def test_callbacks_are_recorded_within_bounds(open_database: Open) -> None:
    bridge = open_database(CALLBACK)

    assert len(get_user(bridge, "many").callbacks) == 20
    huge = get_user(bridge, "huge").callbacks
    assert len(huge) == 10
    assert huge[-1] == (Special("too-many"),)


LATER: Mapping[str, LateEvent] = {
    "late": LateEvent(0, arguments=(None, {"user_id": "late"})),
    "late_thread": LateEvent(0, raised=RecordedError("LookupError", "late", location="shop_here.py:49")),
    "exits_later": LateEvent(0, observation=Observation(Noticed.PROCESS_ENDED, "it exited with code 4")),
    "prints_later": LateEvent(0, output="«password of ada»\n"),
}


@pytest.mark.parametrize(
    ("case", "event", "how"),
    [
        *((case, event, "asked") for case, event in LATER.items()),
        # Output during another call belongs to that call.
        *((case, event, "by the next call") for case, event in LATER.items() if not event.output),
    ],
)
def test_later_events_belong_to_the_call(
    open_database: Open, tmp_path: Path, case: str, event: LateEvent, how: str
) -> None:
    bridge = open_database(CALLBACK)
    assert get_user(bridge, case).ending is Ending.NOT_FOUND
    (tmp_path / "go_on").touch()

    events: list[LateEvent] = []
    until = time.monotonic() + 10
    while event not in events and time.monotonic() < until:
        if how == "by the next call":
            time.sleep(0.05)
            assert get_user(bridge, "plain").ending is Ending.FOUND
        events += bridge.late_events()

    assert event in events


@pytest.mark.parametrize(
    "body",
    [
        "import threading; callback(None); threading.Timer(0.3, callback, (None, {'user_id': 'late'})).start()",
        """
        import asyncio
        callback(None)
        async def again():
            await asyncio.sleep(0.3)
            callback(None, {'user_id': 'late'})
        self.again = asyncio.get_running_loop().create_task(again())
        """,
    ],
)
def test_work_left_running_by_a_call_is_waited_for(open_database: Open, body: str) -> None:
    source = f"class Shop:\n    def get_user(self, email, callback):\n{textwrap.indent(textwrap.dedent(body), ' ' * 8)}"
    bridge = open_database(source)
    assert get_user(bridge).ending is Ending.NOT_FOUND

    assert bridge.late_events() == [LateEvent(0, arguments=(None, {"user_id": "late"}))]


def test_a_thread_of_a_script_without_a_loop_is_waited_for(open_database: Open) -> None:
    bridge = open_database("""
        import threading
        from customdb_contract import NotFound
        threading.Timer(0.3, lambda: [][1]).start()
        return NotFound()
    """)
    assert get_user(bridge).ending is Ending.NOT_FOUND

    [event] = bridge.late_events()
    assert event.raised is not None
    assert event.raised.name == "IndexError"


def test_a_changed_argument_is_noticed(open_database: Open) -> None:
    bridge = open_database(
        """
        from customdb_contract import Done, NotFound

        class Shop:
            def create(self, user, context):
                user["password"] = "hashed"
                return Done()

            def get_user(self, email, context):
                context.clear()
                return NotFound()

            def login(self, email, password, context):
                return NotFound()
        """,
        connection=Connection(script_context=True),
    )
    context = {"organization": {"id": "org_1"}}

    def noticed(script: Script, *arguments: object) -> tuple[str, ...]:
        outcome: Outcome = bridge.call(script, arguments, context=context)
        return outcome.noticed(Noticed.ARGUMENT_CHANGED)

    assert noticed(Script.CREATE, {"email": "ada@example.com", "password": "x"}) == ("user",)
    assert noticed(Script.GET_USER, "ada@example.com") == ("context",)
    assert noticed(Script.LOGIN, "ada@example.com", "x") == ()


def test_async_scripts_share_one_event_loop(open_database: Open) -> None:
    bridge = open_database("""
        import asyncio
        from customdb_contract import Found

        class Shop:
            def __init__(self):
                self.loops = set()

            async def get_user(self, email):
                await asyncio.sleep(0)
                self.loops.add(asyncio.get_running_loop())
                if email == "close":
                    asyncio.get_running_loop().stop()
                    await asyncio.sleep(0)
                if email == "exit":
                    raise SystemExit
                return Found({"user_id": str(len(self.loops))})
    """)

    assert [reported(bridge, email)[:7] for email in ("a", "close", "exit", "b")] == [
        "found {",
        "found {",
        "raised ",
        "found {",
    ]
    assert get_user(bridge).result == {"user_id": "1"}


def test_a_closed_event_loop_is_replaced(open_database: Open) -> None:
    bridge = open_database("""
        import asyncio

        class Shop:
            def get_user(self, email, callback):
                if email == "close":
                    loop = asyncio.get_running_loop()
                    loop.call_soon(lambda: (loop.stop(), loop._run_once and setattr(loop, "_closed", True)))
                else:
                    callback(None, None)
    """)

    assert reported(bridge, "close").startswith("raised RuntimeError")
    assert reported(bridge, "open") == "not-found called with [null, null]"


@pytest.mark.parametrize(
    ("signature", "shown", "problem"),
    [
        ("self, identifier", "(identifier)", False),
        ("self, /, identifier", "(identifier)", False),
        ("self, identifier='x'", "(identifier=…)", False),
        ("self, *arguments", "(*arguments)", False),
        ("*arguments", "(*arguments)", False),
        ("self, identifier, *, callback", "(identifier, *, callback)", False),
        ("self, identifier, **more", "(identifier, **more)", False),
        ("self, identifier, *rest, one=1, **more", "(identifier, *rest, one=…, **more)", False),
        ("self", "()", True),
        ("self, identifier, context", "(identifier, context)", True),
        ("self, identifier, context, callback", "(identifier, context, callback)", True),
    ],
)
def test_the_parameters_of_a_script_are_seen(open_database: Open, signature: str, shown: str, problem: bool) -> None:
    bridge = open_database(f"""
        class Shop:
            def get_user({signature}): ...
    """)

    info = bridge.scripts[Script.GET_USER]

    assert (info.signature, info.problem is not None, info.location) == (shown, problem, "shop_here.py:3")


def test_the_parameters_of_unusual_scripts_are_seen_too(open_database: Open) -> None:
    bridge = open_database("""
        import functools

        def decorated(function):
            @functools.wraps(function)
            def wrapper(*arguments):
                return function(*arguments)
            return wrapper

        class Callable:
            def __call__(self, email): ...

        class Shop:
            @decorated
            def get_user(self, identifier): ...
            login = functools.partial(lambda prefix, identifier, password: ..., "x")
            verify = Callable()
            delete = print
            create = type
            change_email = 7
    """)

    found = {script.value: (info.signature, info.location) for script, info in bridge.scripts.items()}

    assert found == {
        "login": ("(identifier, password)", "shop_here.py:16"),
        "get_user": ("(identifier)", "shop_here.py:14"),
        "create": ("", None),
        "verify": ("(email)", "shop_here.py:11"),
        "delete": ("(*args, sep=…, end=…, file=…, flush=…)", None),
    }


def test_the_context_is_passed_if_the_connection_has_one(open_database: Open) -> None:
    bridge = open_database(
        """
        class Shop:
            def get_user(self, email, context, callback):
                callback(None, {"user_id": email, "context": context})

            def login(self, email, password, *, callback, context):
                callback(None, {"user_id": email, "context": context})
        """,
        connection=Connection(script_context=True),
    )
    organization = {"organization": {"id": "org_1"}}

    assert bridge.callback_can_throw is False
    assert get_user(bridge).result == {"user_id": "ada@example.com", "context": {}}
    outcome = bridge.call(Script.LOGIN, ["ada", PASSWORD], context=organization)
    assert outcome.result == {"user_id": "ada", "context": organization}


@pytest.mark.parametrize(
    ("source", "database"),
    [
        ("class Shop:\n    def get_user(self, email, callback): callback(None, None)", "Shop"),
        ("class Base:\n    def get_user(self, email, callback): callback(None, None)\nShop = Base()", "Shop"),
        (
            (
                "class Base:\n    def get_user(self, email, callback): callback(None, None)\n"
                "async def make(): return Base()\nclass Names: shop = staticmethod(make)"
            ),
            "Names.shop",
        ),
        (
            (
                "from contextlib import contextmanager\n"
                "class Base:\n    def get_user(self, email, callback): callback(None, None)\n"
                "@contextmanager\ndef make():\n    yield Base()\n    print('closed')"
            ),
            "make",
        ),
        (
            (
                "from contextlib import asynccontextmanager\n"
                "class Base:\n    def get_user(self, email, callback): callback(None, None)\n"
                "@asynccontextmanager\nasync def make():\n    yield Base()\n    print('closed')"
            ),
            "make",
        ),
        (
            (
                "class Shop:\n    def get_user(self, email, callback): callback(None, None)\n"
                "    def __enter__(self): return self\n    def __exit__(self, *_): print('closed')\nshop = Shop()"
            ),
            "shop",
        ),
    ],
)
def test_a_database_may_come_in_any_form(tmp_path: Path, source: str, database: str) -> None:
    (tmp_path / "forms.py").write_text(source)

    shop: Any
    with PythonProcess(f"forms:{database}", folder=tmp_path) as shop:
        assert shop.get_user("ada") == NotFound()
        assert hasattr(shop, "get_user")
        with pytest.raises(AttributeError, match="the database has no login"):
            shop.login("ada", PASSWORD)


def test_scripts_called_directly_return_results(tmp_path: Path) -> None:
    (tmp_path / "direct.py").write_text(
        "from customdb_contract import Found, ScriptError\n"
        "def get_user(email):\n"
        "    if email == 'bug': raise LookupError(email)\n"
        "    if email == 'down': raise ScriptError(email)\n"
        "    return Found({'user_id': email})\n"
        "class Shop: get_user = staticmethod(get_user)\n"
    )

    shop: Any
    with PythonProcess("direct:Shop", folder=tmp_path, connection=Connection(import_mode=True)) as shop:
        assert repr(shop) == "PythonProcess('direct:Shop')"
        assert shop.connection == Connection(import_mode=True)
        assert shop.get_user("ada") == Found({"user_id": "ada"})
        failed = shop.get_user("down")
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, ScriptError)
        with pytest.raises(ScriptCallError, match='get_user did not end as a script may: raised LookupError "bug"'):
            shop.get_user("bug")


def test_a_check_accepts_it_like_any_other_database(tmp_path: Path) -> None:
    (tmp_path / "checked.py").write_text(
        textwrap.dedent("""
        from customdb_contract import Failed, Found, NotFound, WrongUsernameOrPasswordError, ScriptError

        class Shop:
            def __init__(self, url=None):
                self.url = url

            def get_user(self, email):
                if self.url:
                    raise ScriptError("down")
                if email.lower() != "ada@example.com":
                    return NotFound()
                return Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})

            def login(self, email, password):
                found = self.get_user(email)
                if found == NotFound() or password != "correct horse":
                    return Failed(WrongUsernameOrPasswordError(None))
                return found
    """)
    )
    users = [KnownUser(email="ada@example.com", password=PASSWORD)]

    report = check(PythonProcess("checked:Shop", folder=tmp_path), users, hostile=False)

    assert report.ok, report


def test_the_environment_holds_what_is_named_and_what_python_needs(
    open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "visible")
    monkeypatch.setenv("ANOTHER_TOKEN", "not to be seen")
    bridge = open_database(
        "from customdb_contract import Found\nreturn Found({'user_id': '7', **os.environ})", environment=["SHOP_TOKEN"]
    )

    seen = get_user(bridge).result

    assert isinstance(seen, Mapping)
    assert seen["SHOP_TOKEN"] == "visible"
    assert not [
        name
        for name in seen
        if name not in {"user_id", "SHOP_TOKEN", "PATH", "HOME", "LANG", "LC_CTYPE"}
        and not name.startswith(("PYTHON", "COVERAGE_PROCESS_"))
    ]


@pytest.mark.parametrize(
    ("reference", "options", "message"),
    [
        (
            "shop",
            {},
            r"'shop' is not a reference to a Python object; write module:attribute, such as shop\.legacy:databas",
        ),
        ("shop:", {}, "is not a reference to a Python object"),
        (
            "shop:x",
            {"configuration": {"port": object()}},
            "configuration port must be text, a number or true or false, got object",
        ),
        (
            "shop:x",
            {"environment": ["NOT_SET_ANYWHERE"]},
            "the environment variable NOT_SET_ANYWHERE, which is passed to the scripts, is not set",
        ),
    ],
)
def test_an_object_that_cannot_be_a_database_is_an_error_at_once(
    reference: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        PythonProcess(reference, **options)


ABSENT = (
    r"shop_here cannot be imported from .*: ModuleNotFoundError: No module named 'no_such_driver' \(shop_here\.py:1\); "
    f"pip install no_such_driver, for the Python that runs this: {re.escape(sys.executable)}$"
)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (
            "1 / 0",
            ConfigurationError,
            r"shop_here cannot be imported from .*: ZeroDivisionError: division by zero \(shop_here\.py:1\)",
        ),
        (
            "import no_such_driver.cursors",
            ConfigurationError,
            ABSENT,
        ),
        ("import shop_here.cursors", ConfigurationError, r"No module named 'shop_here\.cursors'.*a package \(.*:1\)$"),
        ("raise SystemExit(3)", ConfigurationError, "SystemExit: 3"),
        ("raise KeyboardInterrupt", ConfigurationError, "KeyboardInterrupt"),
        ("raise ValueError('correct horse')", ConfigurationError, "ValueError: «password of ada»"),
        ("def broken(:", ConfigurationError, "SyntaxError: "),
        (
            "import os; os._exit(5)",
            DatabaseOpeningError,
            r"Python [\d.]+ ended while it opened the database: it exited with code 5",
        ),
        (
            "import os; print('last', 'correct horse', flush=True); os._exit(5)",
            DatabaseOpeningError,
            "code 5: last «password of ada»$",
        ),
        ("Shops = 7", ConfigurationError, "shop_here has no attribute 'Shop'; did you mean Shops"),
        (
            "class Shop:\n    def __init__(self): raise LookupError('no')",
            DatabaseOpeningError,
            r"the database could not be opened: LookupError: no \(shop_here\.py:2\)",
        ),
        (
            "class Shop:\n    open_bridge = print",
            ConfigurationError,
            "makes a database that brings its own bridge, such as a NodeDatabase",
        ),
        ("class Shop:\n    def __getattr__(self, name): 1 / 0", DatabaseOpeningError, "ZeroDivisionError"),
    ],
)
def test_a_database_that_cannot_be_opened_is_explained(
    open_database: Open, source: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        open_database(
            f"#class Shop\n{source}".replace("#class Shop\n", "", 1)
            if "class Shop" in source
            else f"{source}  # class Shop"
        )


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("shop_hree:Shop", "; did you mean shop_here?"),
        ("shop_hree.legacy:Shop", "; did you mean shop_here?"),
        ("sohps:Shop", "; did you mean shops?"),
        ("elsewhere:Shop", "; that folder has no elsewhere.py and no package elsewhere, and none is installed"),
    ],
)
def test_a_missing_module_may_be_misspelt(tmp_path: Path, reference: str, hint: str) -> None:
    (tmp_path / "shop_here.py").write_text("")
    (tmp_path / "shops").mkdir()
    (tmp_path / "shops" / "__init__.py").write_text("")
    absent = reference.partition(":")[0].partition(".")[0]

    with pytest.raises(ConfigurationError) as raised:
        check(PythonProcess(reference, folder=tmp_path), [KnownUser(email="ada@example.com")])

    module = reference.partition(":")[0]
    said = f"{module} cannot be imported from {tmp_path}: ModuleNotFoundError: No module named '{absent}'{hint}"
    assert str(raised.value) == said


def test_a_database_that_opens_too_slowly_is_given_up(open_database: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.bridges.containers._opening.OPENING_SECONDS", 0.3)

    with pytest.raises(DatabaseOpeningError, match=r"did not open the database within 0\.3 s"):
        open_database("import time; time.sleep(60)\nclass Shop: ...")


@pytest.mark.parametrize(
    ("closing", "warning"),
    [
        ("1 / 0", r"the database could not be closed: ZeroDivisionError: division by zero (shop_here.py:4)"),
        ("import time; time.sleep(60)", "the database did not close within 0.3 s"),
        ("import os; os._exit(3)", None),
        ("pass", None),
    ],
)
def test_an_error_on_closing_a_database_is_only_logged(
    open_database: Open,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    closing: str,
    warning: str | None,
) -> None:
    bridge = open_database(f"""
        class Shop:
            def __enter__(self): return self
            def __exit__(self, *_): {closing}
            def get_user(self, email): ...
    """)
    monkeypatch.setattr("customdb_contract.bridges.python_process._bridge.OPENING_SECONDS", 0.3)

    with caplog.at_level(logging.WARNING):
        bridge.close()
        bridge.close()

    assert caplog.messages == ([] if warning is None else [warning])


def test_placeholders_and_the_argument_of_a_function_stand_for_an_unreachable_store(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(
        "from customdb_contract import Found\n"
        "class Shop:\n"
        "    def __init__(self, url): self.url = url\n"
        "    def get_user(self, email): return Found({'user_id': self.url})\n"
        "class Other(Shop):\n"
        "    def __init__(self, url='none'): self.url = url\n"
    )
    fault_url = {"{fault_url}": "http://127.0.0.1:9"}
    by_argument = PythonProcess("faulty:Shop", folder=tmp_path)
    by_setting = PythonProcess("faulty:Shop", folder=tmp_path, configuration={"url": "{fault_url}/api"})
    by_secret = PythonProcess("faulty:Shop", folder=tmp_path, configuration={"url": Secret("{fault_url}/key")})
    own = PythonProcess("faulty:Other", folder=tmp_path)

    assert (
        by_argument.fault_placeholders
        == by_setting.fault_placeholders
        == by_secret.fault_placeholders
        == {"{fault_url}"}
    )
    assert own.fault_placeholders == frozenset()
    for database, url in ((by_argument, "http://127.0.0.1:9"), (by_setting, "http://127.0.0.1:9/api")):
        faulty = database.with_faults(fault_url)
        assert faulty.fault_placeholders == frozenset()
        shop: Any
        with faulty as shop:
            assert shop.get_user("ada") == Found({"user_id": url})
    with by_secret.with_faults(fault_url) as shop:
        assert shop.get_user("ada") == Found({"user_id": "«configuration url»"})


def test_an_outage_that_cannot_be_looked_at_is_explained(tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text("import os; os._exit(3)")

    with pytest.raises(DatabaseOpeningError, match="it exited with code 3"):
        assert PythonProcess("hanging:Shop", folder=tmp_path).fault_placeholders


LYING = """
import json, socket, sys
control = socket.socket(fileno=int(sys.argv[-1]))
lines = control.makefile("r")
(order,) = json.loads(next(lines)).values()
control.sendall(f"{order['token']} {sys.argv[1]}\\n".encode())
for _ in lines:
    pass
"""


@pytest.fixture
def answer_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Replaces the runner by one that always gives the same response."""

    def answer(reported: object) -> None:
        command = guarded([sys.executable, "-c", LYING, json.dumps(reported)])
        monkeypatch.setattr("customdb_contract.bridges.python_process._order.command_of", lambda _: command)

    return answer


def scripts(**described: object) -> dict[str, object]:
    return {"opened": {"scripts": {"get_user": described}, "brings_bridge": False}}


@pytest.mark.parametrize(
    "reported",
    [
        {"late": []},
        {"opened": {}},
        {"opened": {"problem": PASSWORD}},
        {"opened": {"problem": "import", "error": PASSWORD}},
        {"opened": {"problem": "opening"}},
        {"opened": {"scripts": PASSWORD}},
        {"opened": {"scripts": {"get_user": PASSWORD}}},
        scripts(location=7),
        scripts(parameters=7),
        scripts(parameters=[7]),
        scripts(parameters=[["email", 1]]),
        scripts(parameters=[["email", 5, False]]),
        scripts(parameters=[["email", -1, False]]),
        scripts(parameters=[[PASSWORD, 1, False]]),
        scripts(parameters=[["email", 1, False], ["email", 1, False]]),
    ],
)
def test_an_opening_that_no_runner_reports_is_explained(
    open_database: Open, answer_with: Callable[[object], None], reported: object
) -> None:
    answer_with(reported)

    with pytest.raises(DatabaseOpeningError) as caught:
        open_database(SIMPLE)

    version = ".".join(map(str, sys.version_info[:3]))
    assert str(caught.value) == f"Python {version} could not open the database: its runner sent something unexpected"


def test_invalid_names_give_no_hint(open_database: Open, answer_with: Callable[[object], None]) -> None:
    for names in (7, [7, "Shops"]):
        answer_with({"opened": {"problem": "attribute", "names": names}})

        with pytest.raises(ConfigurationError, match=r"^shop_here has no attribute 'Shop'(; did you mean Shops\?)?$"):
            open_database(SIMPLE)


@pytest.mark.parametrize(
    "reported", [{"opened": {"problem": PASSWORD}}, {"opened": {"problem": "opening", "error": 7}}]
)
def test_a_look_that_no_runner_reports_is_explained(answer_with: Callable[[object], None], reported: object) -> None:
    answer_with(reported)

    problem = "^shop:Shop could not be inspected: its runner sent something unexpected$"
    with pytest.raises(DatabaseOpeningError, match=problem):
        assert PythonProcess("shop:Shop").fault_placeholders


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def expect_end(*pids: int) -> None:
    until = time.monotonic() + 10
    while any(map(is_alive, pids)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not [pid for pid in pids if is_alive(pid)]


ESCAPING = """
    import os, subprocess, sys, time

    class Shop:
        def get_user(self, email, callback):
            escaped = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
            reading, writing = os.pipe()
            if os.fork() == 0:
                os.setsid()
                daemon = os.fork()
                if daemon:
                    os.write(writing, str(daemon).encode())
                    os._exit(0)
                time.sleep(60)
            daemon = int(os.read(reading, 20))
            callback(None, {"user_id": "7", "pids": [os.getpid(), os.getppid(), escaped.pid, daemon]})
            if email == "loop":
                while True: pass
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="orphans are only adopted on Linux")
@pytest.mark.parametrize("identifier", ["ends", "loop"])
def test_everything_that_a_script_starts_ends_with_its_container(open_database: Open, identifier: str) -> None:
    bridge = open_database(ESCAPING, timeout=1.0)

    profile = get_user(bridge, identifier).result
    bridge.close()

    assert isinstance(profile, Mapping)
    expect_end(*cast("list[int]", profile["pids"]))


@pytest.mark.skipif(not Path("/proc").exists(), reason="orphans are only adopted on Linux")
@pytest.mark.parametrize("identifier", ["ends", "loop"])
def test_everything_ends_also_when_the_check_is_killed(tmp_path: Path, identifier: str) -> None:
    (tmp_path / "escaping.py").write_text(
        textwrap.dedent(ESCAPING).replace(
            "callback(None,",
            "open('pids', 'w').write(f'{os.getpid()} {os.getppid()} {escaped.pid} {daemon}') and callback(None,",
        )
    )
    code = (
        "from customdb_contract import PythonProcess\n"
        f"PythonProcess('escaping:Shop', folder={str(tmp_path)!r}).get_user({identifier!r})\n"
        "import time; time.sleep(60)\n"
    )
    tool = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    pids = tmp_path / "pids"
    while not pids.exists() or len(pids.read_text().split()) < 4:
        time.sleep(0.01)

    os.kill(tool.pid, signal.SIGKILL)
    tool.wait()

    expect_end(*map(int, pids.read_text().split()))
