"""What scripts and Actions in JavaScript do in rare corner cases of the runner."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from actions_opened import Open, opening
from customdb_contract import Connection
from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.node import NodeDatabase, _bridge
from customdb_contract.contract import Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Escape, FactKind, Noticed, Outcome, RecordedError, Special

pytestmark = pytest.mark.one_python

ADA = "ada@example.com"
Opener = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Opens the bridge to a script `get_user`, given as the body of its function, or as its source."""
    monkeypatch.chdir(tmp_path)
    shop = tmp_path / "shop"
    shop.mkdir()
    with ExitStack() as stack:

        def open_it(body: str, *, modules: Mapping[str, str] | None = None, login: str = "") -> Any:
            source = body if "getUser" in body else f"function getUser(email, callback) {{ {body} }}"
            (shop / "get_user.js").write_text(source)
            if login:
                (shop / "login.js").write_text(login)
            for name, text in (modules or {}).items():
                (shop / "node_modules" / name).parent.mkdir(parents=True, exist_ok=True)
                (shop / "node_modules" / name).write_text(text)
            folder = shop / "node_modules" if modules else None
            database = NodeDatabase(shop, node_modules=folder)
            bridge = database.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=20.0)
            stack.callback(bridge.close)
            return bridge

        yield open_it


@pytest.fixture
def open_action(tmp_path: Path) -> Iterator[Open]:
    with opening(tmp_path) as open_it:
        yield open_it


def call(bridge: Any) -> Outcome:
    outcome: Outcome = bridge.call(Script.GET_USER, [ADA])
    return outcome


def test_weak_collections_are_named(opened: Opener) -> None:
    outcome = call(opened("callback(null, [new WeakMap(), new WeakSet()])"))

    assert outcome.callbacks == (
        (None, [Special("WeakMap", "[object WeakMap]"), Special("WeakSet", "[object WeakSet]")]),
    )


def test_a_thenable_may_be_rejected(opened: Opener) -> None:
    outcome = call(opened("return { then(_, rejected) { rejected(new Error('refused')); } };"))

    assert (outcome.ending, outcome.escape) == (Ending.RAISED, Escape.REJECTION)
    assert outcome.raised == RecordedError("Error", "refused", location="shop/get_user.js:1:75")


def test_an_object_whose_then_is_no_function_is_no_promise(opened: Opener) -> None:
    assert call(opened("callback(null); return { then: 7 };")).ending is Ending.NOT_FOUND


def test_an_error_with_many_causes_belongs_to_the_script(opened: Opener) -> None:
    bridge = opened(
        "let error; for (let i = 0; i < 12; i += 1) error = new Error(`${i}`, { cause: error }); throw error;"
    )

    outcome = call(bridge)

    assert outcome.raised is not None
    assert outcome.raised.message == "11"


def test_a_source_that_is_too_deep_to_be_read_is_no_function(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bridge, "is_available", lambda: False)
    bridge = opened("module.exports = getUser = " + "(" * 60_000)

    [fact] = [fact for fact in bridge.scripts[Script.GET_USER].source if fact.kind is FactKind.NOT_A_FUNCTION]
    assert fact.text == "RangeError: Maximum call stack size exceeded"


def test_a_value_kept_as_a_key_is_noticed_and_proxies_are_left_alone(opened: Opener) -> None:
    outcome = call(
        opened(
            "global.kept = new Map([[email, 1]]); global.other = new Proxy({}, {}); global.plain = { [email]: 1 };"
            "callback(null);"
        )
    )

    assert [(each.kind, each.text) for each in outcome.observations] == [
        (Noticed.KEPT_IN_GLOBAL, "global.kept (as a key)"), (Noticed.KEPT_IN_GLOBAL, "global.plain (as a key)"),
    ]  # fmt: skip


def test_an_unread_request_disturbs_no_other(opened: Opener) -> None:
    outcome = call(
        opened("""
          const http = require('http');
          const server = http.createServer((_, answer) => answer.end()).listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            const ask = (change, next) => {
              const request = http.request({ port, host: '127.0.0.1', path: '/a', agent: false }, (answer) => {
                answer.resume().on('end', next);
              });
              change(request);
              request.end();
            };
            const broken = (request) => { request.getHeader = () => { throw new Error('no'); }; };
            const without = (request) => { request.removeHeader('host'); request.host = 'shop.example.com'; };
            ask(broken, () => ask(without, () => server.close(() => callback(null))));
          });
        """)
    )

    assert outcome.ending is Ending.NOT_FOUND
    [noticed] = [each.text for each in outcome.observations if each.kind is Noticed.REQUEST]
    assert noticed == "GET http://shop.example.com/a"


def test_an_open_message_port_is_no_connection(opened: Opener) -> None:
    bridge = opened("""
        globalThis.port ??= Object.assign(new MessageChannel().port1, { onmessage() {} });
        callback(null, { user_id: '7' });
    """)

    assert [call(bridge).ending for _ in range(2)] == [Ending.FOUND, Ending.FOUND]


def test_an_exception_in_another_script_belongs_to_the_call_that_made_it(opened: Opener) -> None:
    bridge = opened(
        "callback(null); setTimeout(async () => helper(), 20);",
        login="(function () { global.helper = () => { throw new Error('late'); };"
        " return function login(email, password, callback) { callback(null); }; })()",
    )
    assert call(bridge).ending is Ending.NOT_FOUND

    [event] = bridge.late_events()

    assert (event.call, event.escape) == (0, Escape.REJECTION)
    assert event.raised == RecordedError("Error", "late", location="shop/login.js:1:46")


@pytest.mark.parametrize("stack", ["'Error: x\\n    at node:internal'", "'shop/get_user.js:x'"])
def test_an_exception_without_a_place_belongs_to_its_call(opened: Opener, stack: str) -> None:
    bridge = opened(
        f"const late = () => {{ const error = new Error('x'); error.stack = {stack}; throw error; }};"
        "callback(null); setTimeout(() => process.nextTick(late), 20);"
    )
    assert call(bridge).ending is Ending.NOT_FOUND

    assert bridge.late_events() == [LateEvent(0, raised=RecordedError("Error", "x"), escape=Escape.LATER)]


def test_output_outside_every_call_belongs_to_the_running_call(opened: Opener) -> None:
    source = """
      const { AsyncResource } = require('async_hooks');
      const outside = new AsyncResource('OUTSIDE');
      module.exports = function getUser(email, callback) {
        outside.runInAsyncScope(() => console.log('outside'));
        callback(null);
      };
    """

    assert call(opened(source)).output == "outside\n"


def test_a_handled_rejection_is_still_recorded(opened: Opener) -> None:
    outcome = call(opened("process.removeAllListeners('unhandledRejection'); Promise.reject(new Error('unheard'));"))

    assert (outcome.raised, outcome.escape) == (
        RecordedError("Error", "unheard", location="shop/get_user.js:1:102"),
        Escape.REJECTION,
    )


def test_a_proxy_may_be_thrown_later(opened: Opener) -> None:
    outcome = call(opened("setTimeout(() => { throw new Proxy({}, {}); }, 1);"))

    assert (outcome.ending, outcome.escape) == (Ending.RAISED, Escape.LATER)


def test_a_call_that_has_called_back_ends_when_cancelled(opened: Opener) -> None:
    bridge = opened("callback(null, 7);")
    container = bridge._container
    order = {"id": 0, "script": "get_user", "arguments": [ADA], "context": None, "throwing": False}
    both = "".join(f"{json.dumps(message)}\n" for message in ({"call": order}, {"cancel": True}))

    container._socket.sendall(both.encode())

    assert container.answer(20.0)["outcome"]["callbacks"] == [[None, 7]]


def test_requiring_an_unexported_path_is_the_modules_own_error(opened: Opener) -> None:
    bridge = opened(
        "require('one/hidden');",
        modules={"one/package.json": '{"name": "one", "exports": {".": "./index.js"}}', "one/index.js": ""},
    )

    outcome = call(bridge)

    assert outcome.raised is not None
    assert outcome.raised.message.startswith("Package subpath './hidden' is not defined by \"exports\"")


def test_a_driver_without_its_known_parts_is_an_ordinary_module(opened: Opener) -> None:
    pool = "module.exports = class Pool { query(sql, done) { setImmediate(done, null, [7]); } };"
    bridge = opened(
        "new (require('mysql').Pool)().query('select', (error, rows) => callback(error, { user_id: rows[0] }));",
        modules={"mysql/index.js": "exports.Pool = require('./lib/Pool');", "mysql/lib/Pool.js": pool},
    )

    assert call(bridge).callbacks == ((None, {"user_id": 7}),)


def test_a_unix_socket_has_no_host(opened: Opener, tmp_path: Path) -> None:
    bridge = opened(f"require('net').connect({{ path: '{tmp_path}/none.sock' }}).on('error', () => callback(null));")

    outcome = call(bridge)

    assert (outcome.ending, outcome.observations) == (Ending.NOT_FOUND, ())


def test_the_query_methods_of_the_api_return_nothing(open_action: Open) -> None:
    outcome = open_action("""
      console.log(JSON.stringify([
        await api.groups.getUserGroups(), await api.groups.hasGroupMembership('a'),
        await api.roles.getUserEffectiveRoles(),
        await api.roles.getUserEffectiveRolesByIds(['a']), await api.roles.getUserEffectiveRolesByNames(['a']),
      ]));
    """)().outcome

    assert json.loads(outcome.output) == [
        {"groups": []}, {"isMember": False, "groups": []}, {"roles": []}, {"roles": []}, {"roles": []},
    ]  # fmt: skip


def test_an_event_may_have_no_request(open_action: Open) -> None:
    outcome = open_action("""
      console.log(api.redirect.canRedirect());
      for (const ask of [
        () => api.redirect.validateToken({ secret: 's' }), () => api.redirect.encodeToken(null),
        () => api.redirect.encodeToken(7),
      ]) try { ask(); } catch (error) { console.log(error.message); }
    """)().outcome

    assert outcome.output.splitlines() == [
        "true",
        "the request has no parameter session_token with a token",
        "the secret of a token must be a string",
        "the secret of a token must be a string",
    ]


def test_an_action_may_start_many_timers(open_action: Open) -> None:
    action = open_action("for (let i = 0; i < 1001; i += 1) clearTimeout(setTimeout(() => {}, 1)); console.log('all');")

    assert action().outcome.output == "all\n"


@pytest.mark.parametrize(
    "left",
    [
        "require('net').createServer().listen(0)",
        "delete globalThis.atob; globalThis.other = 1",
        "globalThis.other = 1",
    ],
)
def test_a_changed_process_is_not_reused(open_action: Open, left: str) -> None:
    action = open_action(f"console.log(process.pid); {left};")

    first = action().outcome.output
    action.bridge.renew()

    assert action().outcome.output != first
