"""The runner in Node survives anything a script does to their common process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from customdb_contract import Connection
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Noticed, Observation, Outcome, Special
from hostile_javascript import BREAKING, BUILT_INS

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

HONEST = "ada@example.com"
PROFILE = {"user_id": "7", "nested": [{"of": "it"}, True, None, 1.5]}
SCRIPT = f"""
let calls = 0;
async function getUser(email, callback) {{
  const profile = {{ user_id: '7', nested: [{{ of: 'it' }}, true, null, 1.5], calls: calls += 1 }};
  const source = email === '{HONEST}' ? '' : email;
  await (0, eval)('(async (callback, require, configuration) => {{' + source + '}})')(callback, require, configuration);
  callback(null, profile);
}}
"""


class Shop:
    """A bridge to a script that executes its argument instead of looking it up, and then calls back honestly."""

    def __init__(self, folder: Path, timeout: float) -> None:
        (folder / "get_user.js").write_text(SCRIPT, encoding="utf-8")
        database = NodeDatabase(folder, configuration={"URL": "http://x.test"})
        self.bridge: Any = database.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=timeout)

    def __call__(self, does: str = HONEST) -> Outcome:
        outcome: Outcome = self.bridge.call(Script.GET_USER, [does])
        return outcome

    def is_honest(self, calls: int = 1, does: str = HONEST) -> bool:
        """Whether the script's honest result arrives unchanged, for the given call of its process."""
        outcome = self(does)
        answered = (outcome.ending, outcome.result, outcome.raised, len(outcome.callbacks))
        return answered == (Ending.FOUND, {**PROFILE, "calls": calls}, None, 1) and 0 <= outcome.duration < 20.0


Open = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    shops: list[Shop] = []

    def open_it(timeout: float = 20.0) -> Shop:
        shops.append(Shop(tmp_path, timeout))
        return shops[-1]

    yield open_it
    for shop in shops:
        shop.bridge.close()


@pytest.mark.parametrize("group", BUILT_INS)
def test_built_ins_that_a_script_overwrites_change_nothing(open_shop: Open, group: str) -> None:
    shop = open_shop()

    for number, act in enumerate(BUILT_INS[group]):
        assert shop.is_honest(2 * number + 1, act), act
        assert shop.is_honest(2 * number + 2), act
    assert shop.bridge.late_events() == []
    assert shop.is_honest(2 * len(BUILT_INS[group]) + 1)


@pytest.mark.parametrize("act", BREAKING)
def test_a_process_that_a_script_breaks_is_replaced(open_shop: Open, act: str) -> None:
    shop = open_shop(timeout=0.7)

    assert isinstance(shop(act), Outcome)
    assert Ending.FOUND in {shop().ending for _ in range(2)}


# Values

VALUES: dict[str, tuple[str, object]] = {
    "sizes of their own": (
        """const [map, set] = [new Map([[1, 2]]), new Set()];
           Object.defineProperty(map, 'size', { value: { a: [1] } });
           Object.defineProperty(set, 'size', { get() { for (;;); } });
           callback(null, { map, set, own: new (class extends Map { get size() { return NaN; } })() });""",
        {"map": Special("Map", "", 1), "set": Special("Set", "", 0), "own": Special("Object", "", 0)},
    ),
    "false dates": (
        """const date = new Date(0);
           date.toISOString = () => { throw 1; };
           date.getTime = () => { for (;;); };
           date.constructor = { name: 'X' };
           callback(null, { date, like: Object.create(Date.prototype) });""",
        {"date": Special("Date", "1970-01-01T00:00:00.000Z"), "like": Special("unreadable", "TypeError")},
    ),
    "false bytes": (
        """const bytes = Buffer.from('hi');
           for (const name of ['buffer', 'byteOffset', 'byteLength', 'length', 'toString', 'latin1Slice'])
             Object.defineProperty(bytes, name, { get() { for (;;); } });
           const view = new DataView(new ArrayBuffer(3), 1);
           const shared = new SharedArrayBuffer(2);
           callback(null, { bytes, view, shared, of: new Uint8Array(shared), big: Buffer.alloc(1e6, 'x') });""",
        {
            "bytes": Special("Buffer", "hi", 2),
            "view": Special("DataView", "\0\0", 2),
            "shared": Special("SharedArrayBuffer", "\0\0", 2),
            "of": Special("Uint8Array", "\0\0", 2),
            "big": Special("Buffer", "x" * 200, 1_000_000),
        },
    ),
    "boxes": (
        """const box = (value) => Object.assign(Object(value), { toString() { for (;;); }, valueOf() { for (;;); } });
           const [text, number, bool, big, symbol] = ['t', 7, false, 5n, Symbol('s')].map(box);
           callback(null, { text, number, bool, big, symbol });""",
        {
            "text": Special("String", "t"),
            "number": Special("Number", "7"),
            "bool": Special("Boolean", "false"),
            "big": Special("BigInt", "5"),
            "symbol": Special("Symbol", "s"),
        },
    ),
    "ids of drivers": (
        """const id = (_bsontype, toString) => ({ _bsontype, toString });
           callback(null, {
             throws: id('ObjectId', () => { throw new RangeError('x'); }),
             object: id('Long', () => ({})),
             number: id(7, 1),
             long: id('B'.repeat(1e6), () => 'x'),
             inherited: new (class { get _bsontype() { return 'ObjectID'; } toString() { return '5f'; } })(),
           });""",
        {
            "throws": Special("unreadable", "RangeError"),
            "object": Special("unreadable", "TypeError"),
            "number": {"_bsontype": 7, "toString": 1},
            "long": Special("B" * 200, "x"),
            "inherited": Special("ObjectId", "5f"),
        },
    ),
    "proxies": (
        """const { proxy, revoke } = Proxy.revocable({}, {});
           revoke();
           const trap = new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw new TypeError('x'); } });
           const list = new Proxy([1], { get: (target, key) => (key === 'length' ? 2n ** 70n : target[key]) });
           const plain = new Proxy({ a: 1 }, {});
           callback(null, { proxy, trap, list, plain });""",
        {
            "proxy": Special("unreadable", "TypeError"),
            "trap": Special("unreadable", "TypeError"),
            "list": [],
            "plain": {"a": 1},
        },
    ),
    "getters": (
        """const seen = {
             get throws() { throw new RangeError('x'); },
             get goes() { delete this.gone; return 1; },
             gone: 1,
           };
           const list = [1, , 3];
           Object.defineProperty(list, 1, { get() { throw 'x'; } });
           callback(null, { seen, list });""",
        {
            "seen": {"throws": Special("unreadable", "RangeError"), "goes": 1, "gone": Special("undefined")},
            "list": [1, Special("unreadable", "string"), 3],
        },
    ),
    "other realms": (
        """const far = (source) => require('vm').runInNewContext(source);
           const [list, date, map, fn] = ['[1, { a: 2 }]', 'new Date(0)', 'new Map()', '() => 1'].map(far);
           callback(null, { list, date, map, fn });""",
        {
            "list": [1, {"a": 2}],
            "date": Special("Date", "1970-01-01T00:00:00.000Z"),
            "map": Special("Map", "", 0),
            "fn": Special("function"),
        },
    ),
    "what is too long to write down": (
        """const named = Object.defineProperty(() => 1, 'name', { get() { throw 1; } });
           callback(null, { big: 1n << 100_000_000n, small: -(1n << 60n), named, symbol: Symbol() });""",
        {
            "big": Special("bigint"),
            "small": Special("bigint", "-1152921504606846976"),
            "named": Special("function"),
            "symbol": Special("symbol", "undefined"),
        },
    ),
    "more arguments than a callback takes": (
        "callback(null, { a: 1 }, ...Array(1e5).fill(7));",
        {"a": 1},
    ),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("honest"), 20.0)
    yield shop
    shop.bridge.close()


@pytest.mark.parametrize("kind", VALUES)
def test_a_strange_value_crosses_within_bounds(honest: Shop, kind: str) -> None:
    act, value = VALUES[kind]
    outcome = honest(act + " await new Promise(() => 1);")

    assert outcome.callbacks[0][1] == value
    assert len(outcome.callbacks[0]) <= 20


@pytest.mark.parametrize(
    ("thrown", "name", "message"),
    [
        ("Object.create({}, { message: { get() { throw 1; } } })", "Object", "[object Object]"),
        ("new Proxy({}, { getPrototypeOf() { throw 1; } })", "Object", "[object Object]"),
        ("new Proxy(new RangeError('x'), {})", "RangeError", "x"),
        ("require('vm').runInNewContext('new TypeError(1)')", "TypeError", "1"),
        ("new DOMException('x', 'y')", "DOMException", "x"),
        ("Object.assign(new Error('x'), { name: 'N'.repeat(1e6) })", "N" * 200, "x"),
        ("Object.assign(new Error('x'), { name: 7, stack: {}, constructor: null })", "Object", "x"),
        ("Object.assign(new Error('x'), { stack: `at ${'9'.repeat(1e6)}` })", "Error", "x"),
        ("Symbol('s')", "symbol", "Symbol(s)"),
        ("{ toString() { throw 1; }, [Symbol.toPrimitive]() { throw 2; } }", "Object", ""),
        ("'N'.repeat(1e7)", "string", "N" * 32_768),
    ],
)
def test_any_thrown_value_is_an_error(honest: Shop, thrown: str, name: str, message: str) -> None:
    raised = honest(f"throw ({thrown});").raised

    assert raised is not None
    assert (raised.name, raised.message) == (name, message)


# Floods


def test_floods_are_cut_and_the_next_call_is_normal(honest: Shop) -> None:
    long = "'y'.repeat(60000)"
    floods = {
        "results": f"for (let i = 0; i < 30; i += 1) callback(null, Array(33).fill({long}));",
        "keys": f"callback(null, Object.fromEntries(Array.from({{ length: 200 }}, (_, i) => [{long} + i, 1])));",
        "proxies": """const traps = {
             get: (_, key) => (key === 'length' ? 5 : new Proxy({}, traps)),
             ownKeys: () => ['a', 'b'],
             getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
           };
           callback(null, new Proxy({}, traps));""",
        "output": f"for (let i = 0; i < 1000; i += 1) console.log({long});",
        "observations": f"for (let i = 0; i < 1000; i += 1) configuration[i + {long}.slice(50000 + i % 2)] = 1;",
        "rejections": "return { then(_, reject) { for (let i = 0; i < 1e5; i += 1) reject(new Error(i)); } };",
    }
    for kind, act in floods.items():
        outcome = honest(act)
        assert len(repr(outcome)) < 5_000_000, kind
        assert len(outcome.callbacks) <= 20, kind
        assert len(outcome.observations) <= 100, kind
        assert honest().ending is Ending.FOUND, kind


def test_late_floods_are_cut(open_shop: Open) -> None:
    shop = open_shop()
    shop("globalThis.gate = new Promise((resolve) => { globalThis.open = resolve; });")
    for flood in ("throw new Error(i)", "callback(null, i)", "configuration[i] = 1", "Promise.reject(i)"):
        shop(f"for (let i = 0; i < 3000; i += 1) gate.then(() => setImmediate(() => {{ {flood} }}));")
    shop("open();")

    events = [event.call for event in shop.bridge.late_events()]

    assert {call: events.count(call) for call in events} == {1: 20, 2: 19, 3: 100, 4: 20}
    assert shop().ending is Ending.FOUND


# The end of the process


def test_a_script_that_never_ends_after_its_callback_has_called_back(open_shop: Open) -> None:
    outcome = open_shop(timeout=2.0)("callback(null, { id: 1 }); for (;;);")

    assert (outcome.ending, outcome.callbacks) == (Ending.FOUND, ((None, {"id": 1}),))
    assert [observation.kind for observation in outcome.observations] == [Noticed.STILL_RUNNING]


@pytest.mark.parametrize(
    ("act", "callbacks"),
    [
        ("callback(null, { id: 1 }); process.exit(0);", ((None, {"id": 1}),)),
        (
            "callback(null, { id: 1 }); setImmediate(() => process.exit(3)); await new Promise(() => 1);",
            ((None, {"id": 1}),),
        ),
        ("callback(null, { id: 1 }); process.exitCode = 0; process.reallyExit(0);", ((None, {"id": 1}),)),
        ("callback(null, { get id() { process.exit(0); } });", ()),
        ("process.on('exit', () => callback(null)); process.exit(0);", ()),
    ],
)
def test_a_script_that_ends_the_process_has_died_with_what_it_called_back(
    open_shop: Open, act: str, callbacks: tuple[object, ...]
) -> None:
    outcome = open_shop()(act)

    assert (outcome.ending, outcome.callbacks) == (Ending.DIED, callbacks)


def test_a_call_that_ends_the_process_of_a_later_one_is_named(open_shop: Open) -> None:
    shop = open_shop()
    shop("new Promise((resolve) => { globalThis.open = resolve; }).then(() => process.exit(3));")

    assert shop("open(); await new Promise((resolve) => setTimeout(resolve, 5000));").ending is Ending.DIED
    events = {event.call: event.observation for event in shop.bridge.late_events()}
    assert events == {0: Observation(Noticed.PROCESS_ENDED, "exit code 3")}


def test_a_process_that_ends_before_a_call_was_ended_by_the_previous_call(open_shop: Open) -> None:
    shop = open_shop()
    block = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);"
    shop(f"callback(null, {{ id: 1 }}); setImmediate(() => setImmediate(() => {{ {block} process.exit(3); }}));")

    assert shop("callback(null, { id: 1 });").ending is Ending.FOUND
    events = {event.call: event.observation for event in shop.bridge.late_events()}
    assert events == {0: Observation(Noticed.PROCESS_ENDED, "it exited with code 3")}
