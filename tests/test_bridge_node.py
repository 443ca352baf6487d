"""The bridge to scripts in JavaScript: their endings, their effects, and their surroundings."""

import os
import signal
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract import Connection, Failed, Found, NotFound, ValidationError, WrongUsernameOrPasswordError
from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import Declined, Done, Script, ScriptError, UnauthorizedError
from customdb_contract.errors import DatabaseOpeningError, ScriptCallError
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    Ending,
    Escape,
    FactKind,
    Noticed,
    Observation,
    Outcome,
    RecordedError,
    Special,
    print_outcome,
)

pytestmark = pytest.mark.one_python

GET_USER = Script.GET_USER
PLAIN = "function getUser(email, callback) { callback(null); }"


class Opened:
    """A bridge to one get_user script, and the other objects that a test needs."""

    def __init__(self, bridge: Any) -> None:
        self.bridge = bridge

    def __call__(self, *arguments: object, **options: Any) -> Outcome:
        outcome: Outcome = self.bridge.call(GET_USER, list(arguments) or ["ada@example.com"], **options)
        return outcome

    def reported(self, *arguments: object, **options: Any) -> str:
        return print_outcome(GET_USER, self(*arguments, **options))


Open = Callable[..., Opened]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "shop"
    made.mkdir()
    return made


@pytest.fixture
def open_script(folder: Path) -> Iterator[Open]:
    """Opens a bridge to a get_user script, given as its source or the body of its function."""
    with ExitStack() as stack:

        def open_it(
            source: str,
            *,
            timeout: float = 20.0,
            connection: Connection | None = None,
            secrets: Mapping[str, str] | None = None,
            name: str = "get_user.js",
            **options: Any,
        ) -> Opened:
            body = textwrap.dedent(source)
            text = body if "getUser" in body else f"async function getUser(email, callback) {{\n{body}\n}}"
            (folder / name).write_text(text, encoding="utf-8")
            mask = SecretRegistry()
            for label, secret in (secrets or {}).items():
                mask.add(Secret(secret), SecretRef.parse(label))
            database = NodeDatabase(folder, **options)
            bridge = database.open_bridge(connection=connection or Connection(), mask=mask, timeout=timeout)
            stack.callback(bridge.close)
            return Opened(bridge)

        yield open_it


# Values


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("undefined", Special("undefined")),
        ("NaN", Special("float", "NaN")),
        ("-Infinity", Special("float", "-Infinity")),
        ("-0", Special("float", "-0")),
        ("5n", Special("bigint", "5")),
        ("Symbol('s')", Special("symbol", "s")),
        ("function named() {}", Special("function", "named")),
        ("new Date(0)", Special("Date", "1970-01-01T00:00:00.000Z")),
        ("new Date(NaN)", Special("Date", "invalid")),
        ("Buffer.from('hi')", Special("Buffer", "hi", 2)),
        ("new Uint8Array([104, 105]).buffer", Special("ArrayBuffer", "hi", 2)),
        ("new Map([[1, 2]])", Special("Map", "", 1)),
        ("new Set()", Special("Set", "", 0)),
        ("new String('boxed')", Special("String", "boxed")),
        ("/x/g", Special("RegExp", "/x/g")),
        ("({ _bsontype: 'ObjectID', toString: () => '5f' })", Special("ObjectId", "5f")),
        ("({ _bsontype: 'Long', toString: () => '7' })", Special("Long", "7")),
        ("new URL('http://x.test/')", Special("URL", "http://x.test/")),
        ("({ toJSON() { return 1; }, toString: () => 'own' })", Special("Object", "own")),
        ("({ toJSON: () => ({ id: 7 }) })", {"id": 7}),
        ("({ toJSON() { return this; }, toString: () => 'itself' })", Special("Object", "itself")),
        ("({ toJSON() { throw new RangeError('no'); } })", Special("unreadable", "RangeError")),
        ("Promise.resolve(1)", Special("Promise", "[object Promise]")),
        ("new (class Row { constructor() { this.id = 7; } })()", {"id": 7}),
        ("Object.assign(Object.create(null), { id: 7 })", {"id": 7}),
        ('JSON.parse(\'{"__proto__": 1, "$x": 2}\')', {"__proto__": 1, "$x": 2}),
        ("[1, , 'x', [null, true, 1.5]]", [1, Special("undefined"), "x", [None, True, 1.5]]),
        ("(() => { const own = {}; own.own = own; return own; })()", {"own": Special("cycle")}),
        ("({ get broken() { throw new TypeError('no'); } })", {"broken": Special("unreadable", "TypeError")}),
        ("new Proxy({}, { ownKeys() { throw 'no'; } })", Special("unreadable", "string")),
        ("'a'.repeat(70000)", Special("long-text", "a" * 200, 70000)),
        ("'\\ud800 \\u{1f600} \\u0000'", "\ud800 😀 \0"),
        ("9007199254740993", 9007199254740992),
        ("1e400 > 1", True),
    ],
)
def test_a_value_keeps_its_type_between_the_processes(open_script: Open, expression: str, value: object) -> None:
    outcome = open_script(f"callback(null, {{ value: {expression} }});")()

    assert outcome.result == {"value": value}


def test_an_oversized_value_is_visibly_cut(open_script: Open) -> None:
    script = open_script("""
        const kinds = {
          deep: () => { let value = 1; for (let i = 0; i < 100; i += 1) value = [value]; return value; },
          many: () => Array(30000).fill(1),
          wide: () => Object.fromEntries(Array.from({ length: 30000 }, (_, i) => [`key${i}`, i])),
          keys: () => ({ ['k'.repeat(70000)]: 1 }),
          texts: () => Array(50).fill('a'.repeat(60000)),
          huge: () => 'a'.repeat(50e6),
          endless: () => { const next = () => ({ toJSON: next }); return next(); },
        };
        callback(null, { value: kinds[email]() });
    """)

    def value(kind: str) -> Any:
        result: Any = script(kind).result
        return result["value"]

    assert str(value("deep")).strip("[]") == str(Special("too-deep"))
    assert value("many")[-1].kind == "too-many"
    assert Special("too-many") in value("wide").values()
    assert [len(key) for key in value("keys")] == [32768]
    assert {getattr(text, "kind", "text") for text in value("texts")} == {"text", "long-text"}
    assert value("endless") == Special("too-deep")
    assert value("huge") == Special("long-text", "a" * 200, 50_000_000)


# Guillemets become single: double ones belong to markers.
PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="«»"), max_size=20)


@given(value=st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN_TEXT
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: str(number) != "-0.0" and abs(number) < 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_TEXT, inner, max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_json_values_cross_both_ways_unchanged(echo: Opened, value: object) -> None:
    assert echo(value).result == {"value": value}


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("echo")
    (folder / "get_user.js").write_text("function getUser(value, callback) { callback(null, { value }); }", "utf-8")
    bridge = NodeDatabase(folder).open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=20.0)
    yield Opened(bridge)
    bridge.close()


# Endings


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("callback();", "not-found"),
        ("callback(undefined, undefined);", "not-found"),
        ("callback(null, null);", "not-found called with [null, null]"),
        ("callback(undefined, { user_id: '7' });", 'found {"user_id": "7"}'),
        ("callback(new Error('down'));", 'failed Error "down" at "shop/get_user.js:2:10"'),
        ("callback(new UnauthorizedError('no'));", 'failed UnauthorizedError "no" at "shop/get_user.js:2:10"'),
        (
            "callback(new WrongUsernameOrPasswordError(email, 'no'));",
            'failed WrongUsernameOrPasswordError("ada@example.com") "no" at "shop/get_user.js:2:10"',
        ),
        (
            "callback(new ValidationError('user_exists', 'there'));",
            'failed ValidationError("user_exists") "there" at "shop/get_user.js:2:10"',
        ),
        (
            "class Mine extends WrongUsernameOrPasswordError {} callback(new Mine(null, 'no'));",
            'failed WrongUsernameOrPasswordError(null) "no" at "shop/get_user.js:2:61"',
        ),
        ("callback('down');", 'failed "down"'),
        ("callback(false);", "failed false"),
        ("callback(null, []);", "invalid called with [null, []]"),
        ("callback(null, 7);", "invalid called with [null, 7]"),
        ("callback(null); callback(null);", "not-found; called again -> not-found"),
        ("callback(null); setImmediate(callback);", "not-found; called again -> not-found"),
        ("throw new TypeError('oops');", 'raised rejection TypeError "oops" at "shop/get_user.js:2:7"'),
        ("callback(null); throw new Error('x');", 'not-found; raised rejection Error "x" at "shop/get_user.js:2:23"'),
        ("throw 'text';", 'raised rejection string "text"'),
        ("throw null;", 'raised rejection object "null"'),
        ("throw { toString() { throw 1; } };", 'raised rejection Object ""'),
        ("Promise.reject(new Error('x'));", 'raised rejection Error "x" at "shop/get_user.js:2:16"'),
        (
            "setImmediate(() => { throw new RangeError('x'); });",
            'raised later RangeError "x" at "shop/get_user.js:2:28"',
        ),
        ("process.exit(3);", "died"),
        ("process.kill(process.pid, 'SIGKILL');", 'died; noticed process-ended "it was ended by SIGKILL"'),
        (
            "callback(null); console.log('hi', { a: 1 }); console.error('there');",
            'not-found; printed "hi { a: 1 }\\nthere\\n"',
        ),
        (
            "process.stdout.write('a'); process.stderr.write(Buffer.from('b'), () => callback(null));",
            'not-found; printed "ab"',
        ),
        ("console.log({ get x() { throw 1; } }); callback(null);", 'not-found; printed "{ x: [Getter] }\\n"'),
    ],
)
def test_an_ending_is_reported(open_script: Open, body: str, reported: str) -> None:
    assert open_script(body).reported() == reported


def test_a_function_that_is_not_async_throws(open_script: Open) -> None:
    script = open_script("function getUser(email, callback) { throw new Error('oops'); }")

    assert script.reported() == 'raised Error "oops" at "shop/get_user.js:1:43"'


@pytest.mark.parametrize(
    "event",
    ["new EventEmitter().emit('error', new Error('down'))", "new EventEmitter().emit('error', 'down')"],
)
def test_an_unhandled_error_event_is_reported(open_script: Open, event: str) -> None:
    script = open_script(f"const {{ EventEmitter }} = require('events'); setImmediate(() => {event});")

    outcome = script()

    assert (outcome.ending, outcome.escape) == (Ending.RAISED, Escape.ERROR_EVENT)
    assert script.reported("again").startswith("raised error-event")


def test_a_script_that_can_never_call_back_is_not_waited_for(open_script: Open) -> None:
    outcome = open_script("return 7;", timeout=60.0)()

    assert outcome.ending is Ending.TIMED_OUT
    assert outcome.noticed(Noticed.NOTHING_LEFT) == ("250",)


@pytest.mark.parametrize("body", ["while (true) {}", "setInterval(() => 1, 1000);", "await new Promise(() => process.nextTick(function f() { process.nextTick(f); }));"])  # fmt: skip
def test_a_script_that_hangs_runs_out_of_time_and_the_next_call_works(open_script: Open, body: str) -> None:
    script = open_script(f"if (email === 'hang') {{ {body} }} else callback(null);", timeout=1.0)

    assert script("hang").ending is Ending.TIMED_OUT
    assert script().ending is Ending.NOT_FOUND


def test_findings_before_the_time_limit_are_reported(open_script: Open) -> None:
    outcome = open_script("console.log('waiting'); setInterval(() => 1, 1000);", timeout=1.0)()

    assert outcome.output == "waiting\n"


def test_after_the_process_has_died_the_next_call_finds_a_new_one(open_script: Open) -> None:
    script = open_script(
        "global.times = (global.times || 0) + 1; if (email === 'die') process.exit(); callback(null, { times });"
    )

    results = [script(email).result for email in ("a", "b", "die", "c")]

    assert results == [{"times": 1}, {"times": 2}, None, {"times": 1}]


def test_late_effects_belong_to_their_call(open_script: Open) -> None:
    script = open_script("""
        const later = {
          again: () => callback(null, { user_id: '7' }),
          throws: () => { throw new Error('late'); },
          rejects: () => Promise.reject(new Error('late')),
          writes: () => { configuration.X = 1; },
        };
        global.gate = global.gate || new Promise((resolve) => { global.open = resolve; });
        callback(null);
        if (email === 'plain') open();
        else gate.then(() => setImmediate(later[email]));
    """)
    for email in ("again", "throws", "rejects", "writes", "plain"):
        script(email)

    events = {event.call: event for event in script.bridge.late_events()}

    assert events[0].arguments == (None, {"user_id": "7"})
    assert (events[1].raised.message, events[1].escape) == ("late", Escape.LATER)
    assert (events[2].raised.message, events[2].escape) == ("late", Escape.REJECTION)
    assert events[3].observation.kind is Noticed.CONFIGURATION_WRITE
    assert sorted(events) == [0, 1, 2, 3]
    assert script.bridge.late_events() == []


def test_a_changed_argument_is_noticed(open_script: Open, folder: Path) -> None:
    (folder / "create.js").write_text(
        "function create(user, context, callback) { user.password = 'hashed'; callback(null); }", encoding="utf-8"
    )
    script = open_script(
        "function getUser(email, context, callback) { if (email === 'b') delete context.organization; callback(null); }",
        connection=Connection(script_context=True),
    )
    context = {"organization": {"id": "org_1"}}
    user = {"email": "ada@example.com", "password": "x"}

    created = script.bridge.call(Script.CREATE, [user], context=context)
    assert created.noticed(Noticed.ARGUMENT_CHANGED) == ("user",)
    assert script("a", context=context).noticed(Noticed.ARGUMENT_CHANGED) == ()
    assert script("b", context=context).noticed(Noticed.ARGUMENT_CHANGED) == ("context",)


def test_work_left_running_by_a_call_is_waited_for(open_script: Open) -> None:
    script = open_script("callback(null); setTimeout(() => callback(null, { user_id: '7' }), 300);")
    script("again")

    assert [event.arguments for event in script.bridge.late_events()] == [(None, {"user_id": "7"})]


def test_a_process_that_dies_or_blocks_later_costs_nothing_but_itself(open_script: Open) -> None:
    script = open_script(
        """
        callback(null);
        if (email === 'die') setTimeout(() => process.exit(), 20);
        if (email === 'block') setTimeout(() => { while (true); }, 20);
        """,
        timeout=1.0,
    )

    ended = Observation(Noticed.PROCESS_ENDED, "it exited with code 0")
    blocked = Observation(Noticed.STILL_RUNNING, "1 s")
    for number, email, noticed in ((0, "die", ended), (2, "block", blocked)):
        assert script(email).ending is Ending.NOT_FOUND
        assert script.bridge.late_events() == [LateEvent(number, observation=noticed)]
        assert script("ok").ending is Ending.NOT_FOUND


@pytest.mark.parametrize(
    "line", ["garbage", "{}", '{"id": 0, "late": [], "notes": []}', " {}", "0123456789abcdef {}", "\\xff"]
)
def test_a_line_that_a_script_writes_to_the_runners_socket_ends_the_process(open_script: Open, line: str) -> None:
    script = open_script(f"""
        const fs = require('fs');
        const isSocket = (fd) => {{ try {{ return fs.fstatSync(fd).isSocket(); }} catch {{ return false; }} }};
        if (email === 'forge') for (let fd = 3; fd < 64; fd += 1) if (isSocket(fd)) fs.writeSync(fd, '{line}\\n');
        callback(null, {{ told: process.argv.length }});
    """)

    assert script("forge").ending is Ending.DIED
    assert script().result == {"told": 2}


def test_an_interrupted_call_takes_its_process_with_it(open_script: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    script = open_script("callback(null);")
    monkeypatch.setattr(script.bridge, "_asked", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

    with pytest.raises(KeyboardInterrupt):
        script()

    monkeypatch.undo()
    assert script().ending is Ending.NOT_FOUND


def test_a_process_that_dies_while_it_reports_has_died(open_script: Open) -> None:
    script = open_script(
        "process.on('SIGUSR2', () => 1); setInterval(() => { if (Date.now() - start > 320) process.kill(process.pid, 'SIGKILL'); }, 1);"
        "const start = Date.now(); while (Date.now() - start < 350);",
        timeout=1.0,
    )

    assert script().ending in {Ending.DIED, Ending.TIMED_OUT}


def test_a_callback_that_throws_is_no_exception_of_the_script(open_script: Open) -> None:
    plain = open_script("callback(null);")
    caught = open_script("try { callback(null); } catch (error) { callback(new Error('second')); }")

    assert plain.bridge.callback_can_throw
    assert plain.reported(throwing=True) == "not-found"
    assert caught.reported(throwing=True).startswith('not-found; called again -> failed Error "second"')
    assert caught.reported() == "not-found"


@pytest.mark.parametrize(
    "thrown",
    [
        "error",
        "new Error('the pool failed', { cause: new Error('the query failed', { cause: error }) })",
        "new Error(`the pool failed: ${error.message}`)",
        "String(error)",
        "Object.defineProperty(error, 'message', { get() { throw new Error('not readable'); } })",
    ],
)
def test_an_exception_rethrown_by_a_pool_or_wrapper_is_no_exception_of_the_script(
    thrown: str, open_script: Open
) -> None:
    script = open_script(
        # The first call opens the pool, so the pool's later effects belong to that call.
        "const queue = global.queue ??= [];"
        "global.pool ??= setInterval(() => queue.splice(0).forEach((each) => each()), 1);"
        f"queue.push(() => {{ try {{ callback(null); }} catch (error) {{ throw {thrown}; }} }});"
    )

    assert [script.reported(), script.reported(throwing=True), script.reported()] == ["not-found"] * 3
    assert script.bridge.late_events() == []


POOL = """
  const net = require('node:net');
  const waiting = [];
  const server = net.createServer((socket) => socket.on('data', (data) => socket.write(data)));
  let client = null;
  server.listen(0, '127.0.0.1', () => {
    client = net.connect(server.address().port, '127.0.0.1', () => waiting.forEach(() => client.write('x')));
    client.on('data', (data) => String(data).split('').forEach(() => waiting.shift()()));
    client.unref();
  });
  server.unref();
  exports.ask = (callback, times = 1) => {
    waiting.push(callback);
    if (client !== null) client.write('x'.repeat(times));
  };
"""
"""A driver with one connection for all calls: it calls back in the context of the call that opened it."""


@pytest.fixture
def open_pool(open_script: Open, tmp_path: Path) -> Callable[[str], Opened]:
    (tmp_path / "pool.js").write_text(POOL, "utf-8")

    def open_it(body: str) -> Opened:
        return open_script(f"const pool = require('pool');\n{body}", doubles={"pool": tmp_path / "pool.js"})

    return open_it


def test_an_exception_in_the_connection_of_another_call_belongs_to_its_own(
    open_pool: Callable[[str], Opened],
) -> None:
    script = open_pool("pool.ask(() => { if (email === 'bad') throw new Error('ours'); callback(null); });")

    assert script().ending is Ending.NOT_FOUND
    reported = script("bad")
    assert (reported.escape, reported.raised) == (
        Escape.LATER,
        RecordedError("Error", "ours", (), "shop/get_user.js:3:45"),
    )
    assert script().ending is Ending.NOT_FOUND
    assert script.bridge.late_events() == []


def test_an_exception_is_not_reported_for_the_call_of_another_script(
    open_pool: Callable[[str], Opened], folder: Path
) -> None:
    (folder / "login.js").write_text(
        "function login(email, password, callback) {"
        " require('pool').ask(() => { callback(null); setImmediate(() => setImmediate(() => setImmediate(() => {"
        " require('pool').ask(() => { throw new Error('ours'); }); }))); }); }",
        "utf-8",
    )
    script = open_pool("pool.ask(() => callback(null));")
    script()

    script.bridge.call(Script.LOGIN, ("ada@example.com", "secret"))

    [late] = script.bridge.late_events()
    assert (late.call, late.raised.message, late.raised.location) == (1, "ours", "shop/login.js:1:182")


def test_an_exception_of_a_pool_itself_belongs_to_no_call(
    open_pool: Callable[[str], Opened], caplog: pytest.LogCaptureFixture
) -> None:
    script = open_pool("pool.ask(() => callback(null), email === 'twice' ? 2 : 1);")

    assert [script(email).ending for email in ("ada", "twice", "bob")] == [Ending.NOT_FOUND] * 3
    assert script.bridge.late_events() == []
    assert set(caplog.messages) == {
        "a module threw TypeError outside the call that started it; no script is blamed for that"
    }


def test_an_exception_of_a_pool_during_its_first_call_belongs_to_that_call(
    open_pool: Callable[[str], Opened],
) -> None:
    script = open_pool("pool.ask(null);")

    assert script.reported().startswith("raised later TypeError")


ASKED = (
    POOL.replace("client.unref();", "").replace(
        "socket.write(data)", "String(data) === 'slow' ? setTimeout(() => socket.write('x'), 100) : socket.write(data)"
    )
    + "exports.askSlowly = (callback) => { waiting.push(callback); client.write('slow'); };"
)
"""The same with a connection that keeps the process alive, like those of drivers."""


@pytest.fixture
def open_asked(open_script: Open, tmp_path: Path) -> Callable[[str], Opened]:
    (tmp_path / "pool.js").write_text(ASKED, "utf-8")

    def open_it(body: str) -> Opened:
        return open_script(f"const pool = require('pool');\n{body}", doubles={"pool": tmp_path / "pool.js"})

    return open_it


def test_an_exception_of_a_pool_on_a_request_belongs_to_the_requesting_call(
    open_asked: Callable[[str], Opened], caplog: pytest.LogCaptureFixture
) -> None:
    script = open_asked("pool.ask(email === 'bad' ? null : () => callback(null));")

    assert script("ada").ending is Ending.NOT_FOUND
    reported = script("bad")
    assert (reported.escape, reported.ending) == (Escape.LATER, Ending.RAISED)
    assert str(reported.raised).startswith("RecordedError(name='TypeError'")
    assert script("bob").ending is Ending.NOT_FOUND
    assert script.bridge.late_events() == []
    assert caplog.messages == []


@pytest.mark.parametrize(
    "bad",
    [
        # This call sent no request: an earlier one did, which has ended.
        """
          if (email === 'first') pool.ask(() => { callback(null); pool.askSlowly(null); });
          else setTimeout(() => callback(null), 300);
        """,
        # This call has ended itself.
        "if (email === 'first') pool.ask(() => callback(null)); else { callback(null); pool.ask(() => { }, 2); }",
    ],
    ids=["asked before", "over"],
)
def test_a_request_with_an_uncertain_call_is_attributed_to_none(
    bad: str, open_asked: Callable[[str], Opened], caplog: pytest.LogCaptureFixture
) -> None:
    script = open_asked(bad)

    assert [script(email).ending for email in ("first", "second", "third")] == [Ending.NOT_FOUND] * 3
    assert script.bridge.late_events() == []
    assert set(caplog.messages) == {
        "a module threw TypeError outside the call that started it; no script is blamed for that"
    }


def test_an_exception_of_a_pool_after_its_only_call_belongs_to_that_call(open_asked: Callable[[str], Opened]) -> None:
    script = open_asked("pool.ask(() => { callback(null); setTimeout(() => pool.ask(null), 20); });")
    script()

    [late] = script.bridge.late_events()

    assert (late.call, late.escape, late.raised.name) == (0, Escape.LATER, "TypeError")


def test_an_exception_in_a_timer_belongs_to_the_call_that_set_it(open_script: Open, tmp_path: Path) -> None:
    (tmp_path / "late.js").write_text("exports.fail = () => { throw new Error('in a module'); };", "utf-8")
    script = open_script(
        "if (email === 'first') setTimeout(require('late').fail, 50);callback(null);",
        doubles={"late": tmp_path / "late.js"},
    )
    script("first")
    script()

    [late] = script.bridge.late_events()
    assert (late.call, late.raised.message) == (0, "in a module")


@pytest.mark.parametrize("thrown", ["new Error('ours')", "'ours'", "undefined", "{ cause: 7 }"])
def test_a_scripts_own_exception_is_reported_beside_a_throwing_callback(thrown: str, open_script: Open) -> None:
    script = open_script(f"try {{ callback(null); }} catch {{ setImmediate(() => {{ throw {thrown}; }}); }}")

    assert script.reported(throwing=True).startswith("not-found; raised later ")


def test_a_script_that_calls_back_for_ever_is_cut_at_the_limit(open_script: Open) -> None:
    assert len(open_script("for (let i = 0; i < 1000; i += 1) callback(null);")().callbacks) == 20


def test_a_script_that_prints_for_ever_is_cut(open_script: Open) -> None:
    outcome = open_script("for (let i = 0; i < 2000; i += 1) console.log('x'.repeat(1000)); callback(null);")()

    assert outcome.output.endswith("… (1000000 characters)")
    assert len(outcome.output) < 70_000


# The surroundings of a script


def test_configuration_is_read_only_and_writing_is_noticed(open_script: Open) -> None:
    outcome = open_script(
        """
        configuration.URL = 'other';
        delete configuration.TOKEN;
        configuration.URL = 'again';
        try { Object.setPrototypeOf(configuration, null); } catch (error) { /* it is refused */ }
        callback(null, { url: configuration.URL, token: configuration.TOKEN });
        """,
        configuration={"URL": "http://x.test", "TOKEN": "t"},
    )()

    assert outcome.result == {"url": "http://x.test", "token": "t"}
    assert outcome.noticed(Noticed.CONFIGURATION_WRITE) == ("URL", "TOKEN", "__proto__")


def test_a_value_kept_in_global_is_noticed(open_script: Open) -> None:
    script = open_script("""
        if (email === 'nothing') return callback(null);
        global.pool = global.pool || new (class Pool { constructor() { this.seen = email; } })();
        Object.defineProperty(global, 'hidden', { get() { throw new Error('not read'); }, configurable: true });
        global.nested = { list: [new Map([[email, 1]]), new Set([email])], deep: { deep: { deep: { deep: { deep: { deep: email } } } } } };
        last = `for ${email}`;
        callback(null);
    """)

    assert script("nothing").noticed(Noticed.KEPT_IN_GLOBAL) == ()
    kept = script("ada@example.com").noticed(Noticed.KEPT_IN_GLOBAL)
    assert set(kept) == {"global.nested.list.0 (as a key)", "global.nested.list.1.item", "global.last"}
    assert script("me").noticed(Noticed.KEPT_IN_GLOBAL) == ()


def test_requests_are_noticed_including_late_ones(open_script: Open) -> None:
    outcome = open_script("""
        const http = require('http');
        const quiet = (request) => request.on('error', () => null);
        await new Promise((resolve) => quiet(http.get('http://127.0.0.1:9/a?b=1')).on('close', resolve));
        await fetch('http://127.0.0.1:39999/f?x=y z').catch(() => null);
        callback(null);
        quiet(http.request({ host: '127.0.0.1', port: 9, path: '/late', method: 'POST' })).end();
    """)()

    assert outcome.noticed(Noticed.REQUEST) == ("GET http://127.0.0.1:9/a?b=1", "GET http://127.0.0.1:39999/f?x=y%20z")
    assert outcome.noticed(Noticed.LATE_REQUEST) == ("POST http://127.0.0.1:9/late",)


def test_a_request_that_is_refused_while_its_body_is_sent_came_in_time(open_script: Open) -> None:
    outcome = open_script("""
        const http = require('http');
        // As axios does it: the end is written once the body is, or cannot be.
        const request = http.request({ host: '127.0.0.1', port: 9, path: '/login', method: 'POST' });
        request.on('error', () => callback(null));
        request.write('email=ada', () => request.end());
    """)()

    assert outcome.ending is Ending.NOT_FOUND
    assert outcome.noticed(Noticed.REQUEST) == ("POST http://127.0.0.1:9/login",)
    assert outcome.noticed(Noticed.LATE_REQUEST) == ()


def test_a_script_finds_what_auth0_gives_it(open_script: Open) -> None:
    outcome = open_script("""
        const names = { Buffer, URL, fetch, setTimeout, console, require, global, TextEncoder, AbortSignal };
        callback(null, { types: Object.values(names).map((value) => typeof value).join(), same: global === globalThis });
    """)()

    assert outcome.result == {"types": ",".join(["function"] * 4 + ["object", "function", "object"] + ["function"] * 2), "same": True}  # fmt: skip


def test_only_named_environment_variables_are_passed(open_script: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEN", "yes")
    monkeypatch.setenv("UNSEEN", "yes")

    outcome = open_script("callback(null, { ...process.env });", environment=["SEEN"])()

    assert outcome.result == {"SEEN": "yes"}


@pytest.mark.forbidden_by_node
def test_no_file_is_written_and_no_process_started(open_script: Open, tmp_path: Path) -> None:
    script = open_script("""
        const tries = {
          file: () => require('fs').writeFileSync(process.cwd() + '/written', 'x'),
          process: () => require('child_process').execSync('true'),
        };
        try { tries[email](); callback(null, {}); } catch (error) { callback(null, { code: error.code }); }
    """)

    assert script("file").result == {"code": "ERR_ACCESS_DENIED"}
    assert script("process").result == {"code": "ERR_ACCESS_DENIED"}
    assert not (tmp_path / "written").exists()


def test_the_context_precedes_the_callback_if_the_connection_has_one(open_script: Open) -> None:
    script = open_script(
        "function getUser(email, context, callback) { callback(null, { context }); }",
        connection=Connection(script_context=True),
    )

    assert script().result == {"context": {}}
    assert script(context={"organization": {"id": "org_1"}}).result == {"context": {"organization": {"id": "org_1"}}}


@pytest.mark.parametrize(
    "source",
    [
        "function changeEmail(email, newEmail, verified, callback) { callback(null, true); }",
        "function changeEmail(email, newEmail, verified, context, callback) { callback(null, !context.organization); }",
    ],
)
def test_change_email_gets_the_context_only_if_it_accepts_it(folder: Path, source: str) -> None:
    (folder / "change_email.js").write_text(source, "utf-8")

    connection = Connection(script_context=True)
    bridge = NodeDatabase(folder).open_bridge(connection=connection, mask=SecretRegistry(), timeout=20.0)
    try:
        outcome = bridge.call(Script.CHANGE_EMAIL, ("a@example.com", "b@example.com", True))
        assert bridge.scripts[Script.CHANGE_EMAIL].problem is None
    finally:
        bridge.close()

    assert outcome.ending is Ending.DONE


# Modules


@pytest.fixture
def node_modules(tmp_path: Path) -> Path:
    modules = tmp_path / "node_modules"
    packages = {"plain": "1.2.3", "other": "2.0.0", "other--1.0.0": "1.0.0", "@scope/pack": "3.1.0", "bcrypt": "5.0.0"}
    for name, version in packages.items():
        package = modules / name
        package.mkdir(parents=True)
        (package / "package.json").write_text(f'{{"name": "{name}", "version": "{version}"}}', "utf-8")
        (package / "index.js").write_text(f"exports.is = {f'{name} {version}'!r};", "utf-8")
        (package / "part.js").write_text("exports.is = 'part';", "utf-8")
    (modules / "unversioned").mkdir()
    (modules / "unversioned" / "index.js").write_text("exports.is = 'unversioned';", "utf-8")
    (modules / "broken").mkdir()
    (modules / "broken" / "index.js").write_text("throw new Error('broken from the start');", "utf-8")
    return modules


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("plain", "plain 1.2.3"),
        ("plain/part", "part"),
        ("plain@1.2.3", "plain 1.2.3"),
        ("plain@1", "plain 1.2.3"),
        ("other@1.0.0", "other--1.0.0 1.0.0"),
        ("@scope/pack", "@scope/pack 3.1.0"),
        ("@scope/pack@3.1.0/part", "part"),
        ("unversioned@1", "unversioned"),
    ],
)
def test_a_module_is_found(open_script: Open, node_modules: Path, name: str, found: str) -> None:
    script = open_script("callback(null, { is: require(email).is });", node_modules=node_modules)

    assert script(name).result == {"is": found}


def test_a_different_module_version_is_reported_once(
    open_script: Open, node_modules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = open_script("callback(null, { is: require('other@9.9.9').is });", node_modules=node_modules)

    assert [script().result for _ in range(2)] == [{"is": "other 2.0.0"}] * 2
    assert caplog.messages == ["other@9.9.9 is requested, but 2.0.0 is installed"]


NO_FOLDER = (
    "but no node_modules is given: run npm install absent@2 next to it, and give the folder ([database] node_modules)"
)


@pytest.mark.parametrize(
    ("with_modules", "reported"),
    [
        (True, "which is not in {0}/node_modules: run npm install absent@2 there"),
        (False, NO_FOLDER),
    ],
)
def test_a_missing_module_is_named(open_script: Open, node_modules: Path, with_modules: bool, reported: str) -> None:
    options = {"node_modules": node_modules} if with_modules else {}

    raised = open_script("require('absent@2');", **options)().raised

    assert raised is not None
    wanted = f'shop/get_user.js requires "absent@2", {reported.format(node_modules.parent.name)}'
    assert raised.message == f"{wanted}, or give a double of it ([database] doubles)"


def test_a_module_may_fail_and_a_specifier_be_no_text(open_script: Open, node_modules: Path) -> None:
    script = open_script("require(email === 'number' ? 7 : email);", node_modules=node_modules)

    assert 'Error "broken from the start"' in script.reported("broken")
    assert 'TypeError "The \\"id\\" argument must be of type string"' in script.reported("number")


def test_a_double_stands_in_for_a_module(open_script: Open, tmp_path: Path) -> None:
    (tmp_path / "double.js").write_text("exports.is = 'a double';", "utf-8")
    script = open_script("callback(null, { is: require(email).is });", doubles={"pg": tmp_path / "double.js"})

    assert script("pg").result == {"is": "a double"}
    assert script("pg@7.1.0").result == {"is": "a double"}


def test_a_global_of_old_runtimes_exists_if_its_module_is_installed(open_script: Open, node_modules: Path) -> None:
    script = open_script(
        "if (email === 'set') bcrypt = { is: 'own' }; callback(null, { is: bcrypt.is, request: typeof request });",
        node_modules=node_modules,
    )

    used = script("use")
    assert (used.result, used.noticed(Noticed.IMPLICIT_GLOBAL)) == (
        {"is": "bcrypt 5.0.0", "request": "undefined"},
        ("bcrypt",),
    )
    assert script("set").result == {"is": "own", "request": "undefined"}


# Facts about a script


@pytest.mark.parametrize(
    ("source", "connection", "problem"),
    [
        ("function getUser(email, callback) {}", Connection(), None),
        ("function getUser(email, callback, extra) {}", Connection(), None),
        ("function getUser(email, ...rest) {}", Connection(), None),
        ("getUser => arguments[1](null)", Connection(), "get_user takes (getUser) but is called with (identifier, callback): it never receives the callback"),
        ("function getUser(email, context, callback) {}", Connection(), "get_user takes (email, context, callback) but is called with (identifier, callback): the connection has script_context off; turn it on, or remove the parameter context"),
        ("function getUser(email, callback) {}", Connection(script_context=True), "get_user takes (email, callback) but is called with (identifier, context, callback): the connection has script_context on, so add the parameter context"),
        ("function getUser(email) {}", Connection(script_context=True), "get_user takes (email) but is called with (identifier, context, callback): it never receives the callback"),
    ],
)  # fmt: skip
def test_the_parameters_are_those_that_the_connection_calls_it_with(
    open_script: Open, source: str, connection: Connection, problem: str | None
) -> None:
    info = open_script(source, connection=connection).bridge.scripts[GET_USER]

    assert info.problem == problem
    assert info.observed
    assert info.location == "shop/get_user.js:1"


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("function getUser(email, callback) { callback(null); }", True),
        ("// first\nfunction getUser(email, callback) { callback(null); }\n// last", True),
        ("function getUser(email, callback) { callback(null); };", True),
        ("'use strict';\nfunction getUser(email, callback) { callback(null); }", True),
        ("(email, callback) => callback(null) /* getUser */", True),
        ("module.exports = function getUser(email, callback) { callback(null); }", True),
        ("const helper = 1;\nfunction getUser(email, callback) { callback(null); }", True),
        ("async function getUserAsync(email, callback) { callback(null); }\nconst getUser = 1;", True),
        ("function getUser(email, callback) { callback(null);", False),
        ("const getUser = 7;", False),
        ("throw new Error('getUser');", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("has_parser", [True, False])
def test_a_source_without_a_function_is_reported(
    open_script: Open, source: str, runs: bool, has_parser: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customdb_contract.bridges.node._bridge.is_available", lambda: has_parser)
    script = open_script(source or "/* getUser */")

    facts = script.bridge.scripts[GET_USER].facts(FactKind.NOT_A_FUNCTION)
    if runs:
        assert script().ending is Ending.NOT_FOUND
    else:
        assert facts[0].location.startswith("shop/get_user.js")
        assert not script.bridge.scripts[GET_USER].can_be_called
    if not has_parser:
        assert bool(facts) is not runs


# Secrets


def test_secrets_are_masked_in_everything(open_script: Open, caplog: pytest.LogCaptureFixture) -> None:
    secret = "hunter2-and-more"
    script = open_script(
        f"""
        const secret = '{secret}';
        const kinds = {{
          result: () => callback(null, {{ [secret]: secret, list: [new Date(0), Buffer.from(secret), {{ a: `x ${{secret}}` }}] }}),
          error: () => callback(new WrongUsernameOrPasswordError(secret, secret)),
          raised: () => {{ throw new Error(secret); }},
          printed: () => {{ console.log(encodeURIComponent(secret)); callback(null); }},
          request: async () => {{ await fetch(`http://127.0.0.1:39999/${{secret}}`).catch(() => 1); callback(null); }},
          number: () => callback(null, {{ number: 123456789 }}),
          small: () => callback(null, {{ number: 7, half: 0.5 }}),
        }};
        await kinds[email]();
        """,
        secrets={"password of ada": secret, "pin of ada": "123456789"},
    )

    everything = [
        script.reported(kind) for kind in ("result", "error", "raised", "printed", "request", "number", "small")
    ]

    assert not [reported for reported in everything if secret in reported or "123456789" in reported]
    assert all("«password of ada»" in reported for reported in everything[:5])
    assert "«pin of ada»" in everything[5]


def test_a_secret_that_a_cut_divides_is_not_shown(open_script: Open) -> None:
    secret = "hunter2-and-more"
    outcome = open_script(
        f"callback(new Error('x'.repeat({65_536 - 8}) + '{secret}'.repeat(2000)));", secrets={"password": secret}
    )()

    error = outcome.error
    assert isinstance(error, RecordedError)
    assert "hunter2" not in error.message


@pytest.mark.parametrize(
    "body",
    [
        "callback(null, {{ ['k'.repeat({before}) + '{secret}'.repeat(2000)]: 1 }});",
        "require('http').get('http://127.0.0.1:9/' + 'k'.repeat(3980) + '{secret}').on('error', () => callback(null));",
    ],
)
def test_a_secret_that_a_cut_divides_is_shown_in_no_key_and_no_request(open_script: Open, body: str) -> None:
    secret = "hunter2-and-more"
    reported = open_script(body.format(before=65_536 - 8, secret=secret), secrets={"password": secret}).reported()

    assert "kkkkkk" in reported
    assert "hunter2" not in reported


def test_a_secret_of_the_configuration_is_noted_when_the_bridge_opens(folder: Path) -> None:
    (folder / "get_user.js").write_text(
        "function getUser(e, callback) { callback(null, { token: configuration.TOKEN, key: '##KEY##' }); }", "utf-8"
    )
    mask = SecretRegistry()
    database = NodeDatabase(
        folder, configuration={"TOKEN": Secret("t-0123456789")}, keywords={"KEY": Secret("k-0123456789")}
    )
    bridge = database.open_bridge(connection=Connection(), mask=mask, timeout=20.0)
    try:
        assert bridge.call(GET_USER, ["x"]).result == {"token": "«configuration TOKEN»", "key": "«keyword KEY»"}
    finally:
        bridge.close()
        bridge.close()


# Direct use


def test_scripts_are_methods_that_return_a_result(folder: Path) -> None:
    (folder / "login.js").write_text(
        """
        function login(email, password, context, callback) {
          const answers = {
            found: () => callback(null, { user_id: '7', organization: context.organization }),
            wrong: () => callback(new WrongUsernameOrPasswordError(email, 'no')),
            odd: () => callback(new WrongUsernameOrPasswordError({}, 'no')),
            invalid: () => callback(new ValidationError('code', 'no')),
            unauthorized: () => callback(new UnauthorizedError('no')),
            plain: () => callback(new Error('no')),
            type: () => callback(new TypeError('no')),
            text: () => callback('no'),
            null: () => callback(null),
            throws: () => { throw new Error('no'); },
          };
          answers[password]();
        }
        """,
        "utf-8",
    )
    for name, source in {
        "get_user": "(email, context, callback) => callback(null, null)",
        "create": "(user, context, callback) => callback(null)",
        "verify": "(email, context, callback) => callback(null, true)",
        "change_password": "(email, password, context, callback) => callback(null, { email_verified: true })",
        "change_email": "(email, next, verified, context, callback) => callback(null, false)",
        "delete": "(id, context, callback) => callback(null)",
    }.items():
        (folder / f"{name}.js").write_text(source, "utf-8")
    with NodeDatabase(folder, connection=Connection(script_context=True)) as shop:
        database: Any = shop
        context = {"organization": {"id": "org_1"}}
        assert database.login("a", "found", context) == Found({"user_id": "7", "organization": {"id": "org_1"}})
        errors = {kind: database.login("a", kind).error for kind in ("wrong", "odd", "invalid", "unauthorized", "plain", "type")}  # fmt: skip
        assert {kind: (type(error), error.message) for kind, error in errors.items()} == {
            "wrong": (WrongUsernameOrPasswordError, "no"),
            "odd": (WrongUsernameOrPasswordError, "no"),
            "invalid": (ValidationError, "no"),
            "unauthorized": (UnauthorizedError, "no"),
            "plain": (ScriptError, "no"),
            "type": (ScriptError, "TypeError: no"),
        }
        assert (errors["wrong"].identifier, errors["odd"].identifier, errors["invalid"].code) == ("a", None, "code")
        assert database.login("a", "text") == Failed("no")
        assert database.login("a", "null", "no mapping") == NotFound()
        assert database.get_user("a") == NotFound()
        assert database.create({}) == Done()
        assert database.verify("a") == Done()
        assert database.change_password("a", "b") == Done(email_verified=True)
        assert database.change_email("a", "b", True) == Declined()
        assert database.delete("7") == Done()
        with pytest.raises(ScriptCallError, match=r'login did not end as a script may: raised Error "no" at'):
            database.login("a", "throws")
    shop.close()


def test_a_missing_script_is_no_attribute(folder: Path) -> None:
    (folder / "get_user.js").write_text(PLAIN, "utf-8")
    shop = NodeDatabase(folder)

    assert [name for name in Script if hasattr(shop, name)] == ["get_user"]
    with pytest.raises(AttributeError, match=r"the database has no create"):
        _ = shop.create


# Opening


def test_node_that_ends_at_once_is_quoted(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "get_user.js").write_text(PLAIN, "utf-8")
    broken = tmp_path / "runner.cjs"
    broken.write_text("throw new Error('it does not start');", "utf-8")
    monkeypatch.setattr("customdb_contract.bridges.node._bridge._RUNNER", broken)

    with pytest.raises(
        DatabaseOpeningError,
        match=r"(?s)Node [\d.]+ ended while it opened the database: it exited with code 1: .*it does not start",
    ):
        NodeDatabase(folder).get_user("a")  # type: ignore[call-arg]  # a script of any style


def test_node_that_never_answers_is_given_up(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "get_user.js").write_text(PLAIN, "utf-8")
    silent = tmp_path / "runner.cjs"
    silent.write_text("setInterval(() => 1, 1000);", "utf-8")
    monkeypatch.setattr("customdb_contract.bridges.node._bridge._RUNNER", silent)
    monkeypatch.setattr("customdb_contract.bridges.containers._opening.OPENING_SECONDS", 0.2)

    with pytest.raises(DatabaseOpeningError, match=r"Node [\d.]+ did not open the database within 0\.2 s"):
        NodeDatabase(folder).get_user("a")  # type: ignore[call-arg]  # a script of any style


@pytest.mark.parametrize("opened", ["null", "{}", '{"get_user": 7}'])
def test_an_opening_without_information_about_a_script_is_explained(
    folder: Path, monkeypatch: pytest.MonkeyPatch, opened: str
) -> None:
    (folder / "get_user.js").write_text(PLAIN, "utf-8")
    lying = folder / "lying.cjs"
    lying.write_text(
        "const control = new (require('net').Socket)({ fd: Number(process.argv.at(-1)) });\n"
        "control.on('data', (line) => control.write(\n"
        f'  `${{JSON.parse(line).open.token}} {{"opened": {opened}}}\\n`));\n',
        "utf-8",
    )
    monkeypatch.setattr("customdb_contract.bridges.node._bridge._RUNNER", lying)

    problem = r"Node [\d.]+ could not open the database: its runner sent something unexpected"
    with pytest.raises(DatabaseOpeningError, match=problem):
        NodeDatabase(folder).get_user("a")  # type: ignore[call-arg]  # a script of any style


def test_node_that_cannot_be_started_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "get_user.js").write_text(PLAIN, "utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(8, "Exec format error")

    monkeypatch.setattr("customdb_contract.bridges.containers._container.subprocess.Popen", refuse)

    with pytest.raises(DatabaseOpeningError, match="could not be started: Exec format error"):
        NodeDatabase(folder).get_user("a")  # type: ignore[call-arg]  # a script of any style


def test_a_process_that_has_ended_between_two_calls_is_replaced(open_script: Open) -> None:
    script = open_script("callback(null);")
    for calls in range(3):
        os.killpg(script.bridge._container._process.pid, signal.SIGKILL)
        while not script.bridge._container.has_something:
            time.sleep(0.01)

        assert script().ending is Ending.NOT_FOUND
        ended = Observation(Noticed.PROCESS_ENDED, "it was ended by SIGKILL")
        assert script.bridge.late_events() == [LateEvent(calls - 1, observation=ended)][:calls]


def test_a_key_of_the_configuration_that_is_not_given_is_noticed_with_its_place(open_script: Open) -> None:
    given = open_script(
        """
        const { URL } = configuration;
        const asked = [configuration.toString, configuration.then, JSON.stringify(configuration), 'KEY' in configuration];
        Error.stackTraceLimit = 0;
        callback(null, null, configuration.GIVEN, asked, configuration['to ken']);
        """,
        configuration={"GIVEN": "1"},
    )
    first = given().noticed(Noticed.MISSING_CONFIGURATION)
    assert first == ("URL shop/get_user.js:3:9", "to ken ")
    changed = open_script(
        """
        Error.prepareStackTrace = () => { throw new Error('no stacks'); };
        callback(null, null, configuration.KEY);
        """
    )
    assert changed().noticed(Noticed.MISSING_CONFIGURATION) == ("KEY ",)
