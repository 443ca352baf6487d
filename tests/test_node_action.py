"""The bridge to an Action in JavaScript: its calls, its effects, and its surroundings."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions_opened import EVENT, PLAIN, Open, Opened, called, handler, opening
from customdb_contract.actions import SeenCall
from customdb_contract.bridges.node import NodeAction
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import (
    Ending,
    Escape,
    FactKind,
    Handler,
    Noticed,
    Observation,
    RecordedError,
    SourceFact,
    Special,
    Value,
    mask_value,
)

pytestmark = pytest.mark.one_python


@pytest.fixture
def open_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.chdir(tmp_path)
    with opening(tmp_path) as open_it:
        yield open_it


# Calls


def test_calls_of_the_api_are_recorded_in_order(open_action: Open) -> None:
    action = open_action("""
        const plan = { name: 'full' };
        api.user.setAppMetadata('plan', plan).user.setUserMetadata('seen', true).idToken.setCustomClaim('x', 1);
        plan.name = 'changed afterwards';
        await null;
        api.access.deny('no');
    """)

    performed = action()

    assert performed.outcome.ending is Ending.DONE
    assert called(performed) == [
        ("user.setAppMetadata", ("plan", {"name": "full"})),
        ("user.setUserMetadata", ("seen", True)),
        ("idToken.setCustomClaim", ("x", 1)),
        ("access.deny", ("no",)),
    ]
    assert not any(call.late for call in performed.calls)


def test_an_action_has_the_globals_that_auth0_provides(open_action: Open) -> None:
    action = open_action(
        """
        console.log(JSON.stringify(event), require('node:path').basename(__filename), typeof this.onExecutePostLogin);
        event.user.app_metadata.mine = true;
        api.user.setAppMetadata('secret', event.secrets.TOKEN, event.secrets.PLAIN);
        """,
        secrets={"TOKEN": Secret("correct horse battery"), "PLAIN": "plain"},
    )

    performed = action()

    shown = {**EVENT, "secrets": {"TOKEN": "«configuration TOKEN»", "PLAIN": "plain"}}
    assert (
        performed.outcome.output
        == f"{json.dumps(shown, separators=(',', ':'), ensure_ascii=False)} repair.js function\n"
    )
    assert called(performed) == [("user.setAppMetadata", ("secret", "«configuration TOKEN»", "plain"))]
    assert not performed.outcome.observations
    assert '"app_metadata":{}' in action().outcome.output


def test_every_method_of_the_api_exists_and_returns_the_right_value(open_action: Open) -> None:
    action = open_action("""
        const wrong = [];
        const gives = { cache: ['get', 'set', 'delete'], groups: 0, roles: 0, rules: 0,
                        redirect: ['canRedirect', 'encodeToken', 'validateToken'] };
        for (const [object, methods] of Object.entries(api)) {
          for (const [name, method] of Object.entries(methods)) {
            const givesSomething = gives[object] === 0 || (gives[object] ?? []).includes(name);
            if (!givesSomething && method('a', 'b') !== api) wrong.push(`${object}.${name}`);
          }
        }
        const roles = await api.roles.getUserEffectiveRoles({ take: 5 });
        const groups = await api.groups.hasGroupMembership(['g']);
        console.log(JSON.stringify([wrong, roles, groups, api.rules.wasExecuted('r'), Object.keys(api).sort()]));
        try { api.user.setEmail('x'); } catch (error) { console.log(`${error}`); }
        api.nothing.of(1);
    """)

    performed = action()

    reported, problem = performed.outcome.output.splitlines()
    assert json.loads(reported) == [
        [],
        {"roles": []},
        {"isMember": False, "groups": []},
        False,
        ["access", "accessToken", "authentication", "cache", "groups", "idToken", "multifactor", "prompt", "redirect",
         "refreshToken", "roles", "rules", "samlResponse", "session", "transaction", "user", "validation"],
    ]  # fmt: skip
    assert problem == "TypeError: api.user.setEmail is not a function"
    assert performed.outcome.ending is Ending.RAISED
    assert performed.outcome.raised == RecordedError(
        "TypeError", "Cannot read properties of undefined (reading 'of')", (), "repair.js:16:21"
    )
    assert len(performed.calls) == len({call.path for call in performed.calls}) > 50


@pytest.mark.parametrize(
    ("protocol", "query", "prompt", "expected"),
    [
        ("oidc-basic-profile", {}, [], True),
        ("oidc-basic-profile", {"prompt": "none"}, [], False),
        ("oidc-basic-profile", {}, ["none"], False),
        ("oauth2-refresh-token", {}, [], False),
    ],
)
def test_a_redirect_requires_a_browser(
    open_action: Open, protocol: str, query: Mapping[str, str], prompt: list[str], expected: bool
) -> None:
    action = open_action("console.log(api.redirect.canRedirect());")

    performed = action({"request": {"query": query}, "transaction": {"protocol": protocol, "prompt": prompt}})

    assert performed.outcome.output == f"{json.dumps(expected)}\n"


def test_a_token_comes_back_from_a_redirect(open_action: Open) -> None:
    action = open_action("""
        const secret = 'shared secret of two';
        const token = api.redirect.encodeToken({ secret, payload: { plan: 'full' }, expiresInSeconds: event.lifetime });
        const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
        event.request.query = { [event.parameter ?? 'session_token']: event.tampered ? `${token}x` : token };
        if (event.nothing) event.request.query = {};
        if (event.nonsense) event.request.query = { session_token: 'nonsense' };
        const back = api.redirect.validateToken({ secret, tokenParameterName: event.parameter });
        console.log(header, back.plan, back.sub, back.iss, back.exp - back.iat);
    """)

    def printed(**changes: object) -> str:
        outcome = action({**EVENT, "request": {"hostname": "shop.test"}, **changes}).outcome
        return outcome.output.strip() or f"{outcome.raised and outcome.raised.message}"

    assert printed() == '{"alg":"HS256","typ":"JWT"} full auth0|7 shop.test 900'
    assert printed(lifetime=60, parameter="state") == '{"alg":"HS256","typ":"JWT"} full auth0|7 shop.test 60'
    assert printed(tampered=True) == "the signature of the token is wrong"
    assert printed(lifetime=-1) == "the token has expired"
    assert printed(nothing=True) == "the request has no parameter session_token with a token"
    assert printed(nonsense=True) == "the parameter session_token is not a token"


def test_a_token_needs_a_secret(open_action: Open) -> None:
    raised = open_action("api.redirect.encodeToken({ payload: {} });")().outcome.raised

    assert raised is not None
    assert raised.message == "the secret of a token must be a string"


# The cache


def test_the_cache_keeps_texts_until_the_module_is_new(open_action: Open) -> None:
    action = open_action("""
        const found = api.cache.get('k');
        console.log(found?.value, api.cache.set('k', 'v').type, api.cache.get('__proto__'));
        if (event.forget) console.log(api.cache.delete('k').type);
    """)

    assert action().outcome.output == "undefined success undefined\n"
    assert action({"forget": True}).outcome.output == "v success undefined\nsuccess\n"
    assert action().outcome.output == "undefined success undefined\n"
    action.bridge.renew()
    assert action().outcome.output == "undefined success undefined\n"


@pytest.mark.parametrize(
    ("body", "printed"),
    [
        ("set('k'.repeat(64), 'v')", "success"),
        ("set('k'.repeat(65), 'v')", "KeySizeExceeded"),
        ("set('é'.repeat(33), 'v')", "KeySizeExceeded"),
        ("set('k', 'v'.repeat(4096))", "success"),
        ("set('k', 'v'.repeat(4097))", "ValueSizeExceeded"),
        ("set('k', { no: 'text' })", "InvalidType"),
        ("set('k', 'v', { ttl: 0 })", "AlreadyExpired"),
        ("set('k', 'v', { expires_at: 5 })", "AlreadyExpired"),
        ("for (let n = 0; n < 20; n += 1) set(`k${n}`, ''); set('k0', 'again'); set('k20', 'v')", "TooManyEntries"),
        ("set('a', 'v'.repeat(4000)); set('b', 'v'.repeat(4000)); set('c', 'v'.repeat(200))", "TotalSizeExceeded"),
        ("set('a', 'v'.repeat(4000)); set('b', 'v'.repeat(4000)); set('a', 'v'.repeat(4090))", "success"),
    ],
)
def test_the_cache_has_auth0s_limits(open_action: Open, body: str, printed: str) -> None:
    action = open_action(f"""
        let last;
        const set = (...given) => {{ last = api.cache.set(...given); }};
        {body};
        console.log(last.code ?? last.type);
    """)

    assert action().outcome.output == f"{printed}\n"


def test_cached_values_expire(open_action: Open) -> None:
    action = open_action("""
        const started = Date.now();
        const within = (record, seconds) => Math.abs(record.expires_at - started - seconds * 1000) < 5000;
        console.log(
          within(api.cache.set('a', 'v').record, 900),
          within(api.cache.set('b', 'v', { ttl: 60000, expires_at: started + 30000 }).record, 30),
          within(api.cache.set('c', 'v', { expires_at: started + 999999999 }).record, 86400),
          api.cache.set('d', 'v', { ttl: 1 }).type,
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
        console.log(api.cache.get('d'));
    """)

    assert action().outcome.output == "true true true success\nundefined\n"


# Late calls and running work


def test_calls_after_the_handler_has_returned_are_late(open_action: Open) -> None:
    action = open_action("""
        setTimeout(() => api.user.setAppMetadata('late', 1), 20);
        setImmediate(() => { throw new RangeError('later'); });
        api.user.setAppMetadata('early', 1);
    """)

    performed = action()

    assert performed.outcome.ending is Ending.DONE
    assert performed.calls == (
        SeenCall("user.setAppMetadata", ("early", 1)),
        SeenCall("user.setAppMetadata", ("late", 1), late=True),
    )
    assert (performed.outcome.raised, performed.outcome.escape) == (
        RecordedError("RangeError", "later", (), "repair.js:4:36"),
        Escape.LATER,
    )


def test_a_time_limit_that_is_left_running_is_not_waited_for(open_action: Open) -> None:
    action = open_action("""
        const limit = setTimeout(() => api.access.deny('limit'), 60000);
        setInterval(() => api.access.deny('again'), 60000);
        setTimeout(() => console.log('ended'), 250).unref();
        console.log(process.pid, typeof require('util').promisify(setTimeout), limit.hasRef(), setTimeout.name);
    """)

    printed = set[str]()
    for _ in range(3):
        printed.add(action().outcome.output)
        action.bridge.renew()

    (words,) = printed
    assert words.split()[1:] == ["function", "true", "setTimeout"]


def test_long_running_work_is_not_waited_for(open_action: Open) -> None:
    action = open_action(
        "setTimeout(() => api.user.setAppMetadata('late', 1), 60000); api.user.setAppMetadata('a', 1);"
    )

    performed = action()

    assert called(performed) == [("user.setAppMetadata", ("a", 1))]
    assert performed.outcome.duration < 0.3


def test_a_handler_need_not_be_async(open_action: Open) -> None:
    assert open_action("exports.onExecutePostLogin = () => undefined;")().outcome.ending is Ending.DONE
    thenable = open_action("exports.onExecutePostLogin = () => ({ then: (done) => setTimeout(done, 5) });")()
    assert thenable.outcome.ending is Ending.DONE
    failing = open_action("exports.onExecutePostLogin = () => ({ then: (_, failed) => failed(new Error('no')) });")()
    assert failing.outcome.raised == RecordedError("Error", "no", (), "repair.js:1:67")


def test_module_code_runs_once_until_the_module_is_reloaded(open_action: Open) -> None:
    source = "let runs = 0;\n" + handler("runs += 1; console.log(runs);")
    action = open_action(source)

    printed = [action().outcome.output, action().outcome.output]
    action.bridge.renew()
    printed += [action().outcome.output]
    action.bridge.renew()
    action.bridge.renew()
    printed += [action().outcome.output, action().outcome.output]

    assert printed == ["1\n", "2\n", "1\n", "1\n", "2\n"]


LEFT_BEHIND = {
    "a global": "globalThis.seen",
    "a hidden global": "Object.defineProperty(globalThis, 'seen', { value: 1, configurable: true }) && null",
    "a global of a symbol": "globalThis[Symbol.for('seen')]",
    "a method of all arrays": "Array.prototype.seen",
    "what every description of a property inherits": "Object.prototype.value",
    "a method that is replaced": "JSON.seen",
    "the environment": "process.env.SEEN",
    "a built-in module": "require('https').seen",
    "an agent": "require('https').globalAgent.options.seen",
    "a class of a built-in module": "require('events').prototype.seen",
}


@pytest.mark.parametrize("kind", LEFT_BEHIND)
def test_a_reloaded_action_keeps_nothing_of_earlier_runs(open_action: Open, kind: str) -> None:
    place = LEFT_BEHIND[kind]
    leaving = place if place.endswith("null") else f"{place} = '1'"
    found = "globalThis.seen" if place.endswith("null") else place
    action = open_action(f"console.log(`${{{found}}}`); try {{ {leaving}; }} catch {{}}")

    printed = [action().outcome.output, action().outcome.output]
    action.bridge.renew()
    printed += [action().outcome.output]

    assert printed == ["undefined\n", "1\n", "undefined\n"]


def test_work_left_running_does_not_reach_a_reloaded_action(open_action: Open) -> None:
    action = open_action("setInterval(() => api.access.deny('late'), 20); await new Promise((r) => setTimeout(r, 30));")

    for _ in range(3):
        assert called(action())[0] == ("access.deny", ("late",))
        action.bridge.renew()
    assert len(action().calls) < 20


def test_required_modules_are_reloaded_too(open_action: Open, tmp_path: Path) -> None:
    (tmp_path / "node_modules" / "counter").mkdir(parents=True)
    module = "let count = 0; module.exports = () => (count += 1);"
    (tmp_path / "node_modules" / "counter" / "index.js").write_text(module, encoding="utf-8")
    body = "console.log(require('counter')(), process.pid);"
    action = open_action(body, node_modules=tmp_path / "node_modules")
    importing = open_action(body.replace("require(", "(await import('counter')).default && require("), name="b.js",
                            node_modules=tmp_path / "node_modules")  # fmt: skip

    for one, is_the_same in ((action, True), (importing, False)):
        counts, processes = zip(*(_counted(one, new=number > 1) for number in range(4)), strict=True)
        assert counts == ("1", "2", "1", "1")
        assert (len(set(processes)) == 1) is is_the_same


def _counted(action: Opened, *, new: bool) -> tuple[str, str]:
    if new:
        action.bridge.renew()
    outcome = action().outcome
    count, process = outcome.output.split() or (f"{outcome.raised}", "")
    return count, process


def test_the_handler_of_a_redirect_runs_too(open_action: Open) -> None:
    action = open_action(PLAIN + "\nexports.onContinuePostLogin = async (event, api) => { api.access.deny('back'); };")

    performed = action.bridge.perform(Handler.CONTINUE, EVENT, seconds=20)

    assert action.info.handlers == (Handler.EXECUTE, Handler.CONTINUE)
    assert called(performed) == [("access.deny", ("back",))]


# Invalid Actions

COMMONJS = "Auth0 runs Actions as CommonJS: use require and exports, and await only inside functions"
AWAIT = "await is only valid in async functions and the top level bodies of modules"
NO_MODULES = (
    "but no node_modules is given: run npm install axios next to it, and give the folder ([action] node_modules)"
)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("// exports", "repair.js exports no function onExecutePostLogin; it exports nothing"),
        ("module.exports = null;", "repair.js exports no function onExecutePostLogin; it exports nothing"),
        (
            "exports.onExecutePreUserRegistration = async () => {};",
            "repair.js exports no function onExecutePostLogin; it exports onExecutePreUserRegistration",
        ),
        (
            "exports.onContinuePostLogin = async () => {};",
            "repair.js exports no function onExecutePostLogin; it exports onContinuePostLogin",
        ),
        (
            "exports.onExecutePostLogin = { no: 'function' };",
            "repair.js: its export onExecutePostLogin is not a function",
        ),
        (
            "Object.defineProperty(exports, 'onExecutePostLogin', { get() { throw new TypeError('not yet'); } });",
            "repair.js:1:70: TypeError: not yet",
        ),
        (
            "module.exports = new Proxy({}, { get() { throw new TypeError('not yet'); } }); // exports",
            "repair.js:1:48: TypeError: not yet",
        ),
        ("module.exports = 7; // exports", "repair.js exports no function onExecutePostLogin; it exports nothing"),
        (
            "exports.onExecutePostLogin = async (event, api => {};",
            "repair.js:1: SyntaxError: missing ) after argument list",
        ),
        (
            "\nimport axios from 'axios'; // exports",
            f"repair.js:2: SyntaxError: Cannot use import statement outside a module; {COMMONJS}",
        ),
        (
            "export const onExecutePostLogin = async () => {}; // exports",
            f"repair.js:1: SyntaxError: Unexpected token 'export'; {COMMONJS}",
        ),
        ("await null; // exports", f"repair.js:1: SyntaxError: {AWAIT}; {COMMONJS}"),
        ("\n  throw new TypeError('at once'); // exports", "repair.js:2:9: TypeError: at once"),
        (
            "const axios = require('axios'); // exports",
            f'repair.js:1:15: MissingModuleError: repair.js requires "axios", {NO_MODULES}',
        ),
        (
            "process.exit(3); // exports",
            "repair.js ended its process while it was loaded: it exited with code 3",
        ),
        (
            "process.kill(process.pid, 'SIGKILL'); // exports",
            "repair.js ended its process while it was loaded: it was ended by SIGKILL",
        ),
    ],
)
def test_an_action_that_cannot_run_states_the_reason(open_action: Open, source: str, problem: str) -> None:
    action = open_action(source)

    assert action.info.problem == problem
    assert action().outcome.ending in {Ending.RAISED, Ending.DIED}


def test_an_action_that_is_never_loaded_is_reported(open_action: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.bridges.node._action_bridge._LOADING_SECONDS", 0.5)

    action = open_action("while (true); // exports")

    assert action.info.problem == "repair.js was not loaded within 0.5 s"
    assert action(seconds=0.3).outcome.ending is Ending.TIMED_OUT


def test_output_calls_and_values_are_limited(open_action: Open) -> None:
    action = open_action("""
        for (let n = 0; n < 3e4; n += 1) console.log('x'.repeat(99));
        for (let n = 0; n < 2e3; n += 1) api.user.setAppMetadata(`k${n}`, 'v'.repeat(3000));
    """)

    performed = action()

    assert len(performed.outcome.output) < 1_100_000
    assert len(performed.calls) == 1000
    assert isinstance(performed.calls[-1].arguments[1], Special)


def test_an_action_runs_in_a_new_process_after_a_run_killed_the_old_one(open_action: Open) -> None:
    source = "let runs = 0;\n" + handler("runs += 1; console.log(runs); if (event.die) process.exit(4);")
    action = open_action(source)

    assert action({"die": True}).outcome.ending is Ending.DIED
    assert action().outcome.output == "1\n"


# The files


def test_the_document_of_the_deploy_cli_names_the_source(open_action: Open, tmp_path: Path) -> None:
    folder = tmp_path / "tenant" / "actions" / "restore"
    folder.mkdir(parents=True)
    (folder / "code.js").write_text(PLAIN, encoding="utf-8")
    document = {
        "name": "Restore metadata",
        "code": "./actions/restore/code.js",
        "dependencies": [],
        "secrets": [{"name": "TOKEN", "value": "_VALUE_NOT_SHOWN_"}],
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
        "runtime": "node22",
    }
    (folder.parent / "restore.json").write_text(json.dumps(document), encoding="utf-8")

    action = NodeAction(folder.parent / "restore.json", secrets={"TOKEN": "only for the check"})
    described = action.open_action(mask=SecretRegistry())
    plain = NodeAction(folder / "code.js", secrets={"TOKEN": "x"}).open_action(mask=SecretRegistry())

    assert action.name == "Restore metadata"
    assert (described.info.name, described.info.location) == ("Restore metadata", "tenant/actions/restore/code.js:1")
    assert (plain.info.name, plain.info.problem) == ("restore", None)
    assert called(described.perform(Handler.EXECUTE, EVENT, seconds=20)) == [("user.setAppMetadata", ("plan", "full"))]
    described.close()
    plain.close()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"code": PLAIN}, ("repair", None)),
        ({"name": "Inline", "code": "\n" + PLAIN}, ("Inline", None)),
        ({"code": PLAIN, "supported_triggers": [{"id": "post-login"}]}, ("repair", None)),
        (
            {"code": PLAIN, "supported_triggers": [{"id": "pre-user-registration", "version": "v2"}]},
            ("repair", "repair.json: supported_triggers has pre-user-registration but not post-login"),
        ),
    ],
)
def test_a_document_may_contain_the_source(
    open_action: Open, document: Mapping[str, object], expected: tuple[str, str | None]
) -> None:
    info = open_action(json.dumps(document), name="repair.json").info

    assert (info.name, info.problem) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"repair\.json is not JSON: .*"),
        ("[]", r"repair\.json: the document must be an object"),
        ("[" * 100_000, r"repair\.json is (nested too deeply|no JSON: .*)"),
        ("{}", r"repair\.json: code must be the path of the Action's source, such as \./actions/repair/code\.js"),
        ('{"code": "nowhere.js"}', r"repair\.json: code names nowhere\.js, which does not exist"),
    ],
)
def test_a_document_that_describes_no_action_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "repair.json").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=f"{message}$"):
        NodeAction(tmp_path / "repair.json")


@pytest.fixture
def declaring(tmp_path: Path) -> Path:
    """Return the folder of an Action whose document declares two secrets and two dependencies."""
    folder = tmp_path / "actions" / "restore"
    folder.mkdir(parents=True)
    (folder / "code.js").write_text(PLAIN, encoding="utf-8")
    document = {
        "code": "./actions/restore/code.js",
        "dependencies": [{"name": "axios", "version": "1.7.2"}, {"name": "@shop/client"}],
        "secrets": [{"name": "TOKEN", "value": "_VALUE_NOT_SHOWN_"}, {"name": "URL"}],
    }
    (folder.parent / "restore.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


SECRETS_MISSING = (
    "secrets lacks TOKEN, URL, which {document} declares: give it, "
    'for example TOKEN = {{ env = "TOKEN" }} in customdb.toml'
)
MODULES_NOT_GIVEN = (
    "node_modules is not given, but {document} declares dependencies: run npm install axios@1.7.2 @shop/client, "
    "and give the folder node_modules that it creates"
)
NOT_INSTALLED = "node_modules lacks dependencies declared in {document}: run npm install {absent} in {folder}"


@pytest.mark.parametrize("named", ["restore/code.js", "restore.json"])
def test_declared_secrets_and_modules_are_required(
    declaring: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = declaring.parent.parent
    monkeypatch.chdir(root)
    modules = root / "node_modules"
    modules.mkdir()
    secrets = {"TOKEN": "x", "URL": "{legacy_url}"}

    def reported(**given: Any) -> str:
        with pytest.raises(ConfigurationError) as caught:
            NodeAction(declaring.parent / named, **given)
        return str(caught.value)

    def not_installed(absent: str) -> str:
        return NOT_INSTALLED.format(document=document, absent=absent, folder=root)

    document = "actions/restore.json"
    assert reported() == SECRETS_MISSING.format(document=document)
    assert reported(secrets={"URL": "x"}) == SECRETS_MISSING.format(document=document).replace("TOKEN, URL", "TOKEN")
    assert reported(secrets=secrets) == MODULES_NOT_GIVEN.format(document=document)
    assert reported(secrets=secrets, node_modules=modules) == not_installed("axios@1.7.2 @shop/client")
    (modules / "axios").mkdir()
    assert reported(secrets=secrets, node_modules=modules) == not_installed("@shop/client")
    (modules / "@shop" / "client").mkdir(parents=True)
    assert NodeAction(declaring.parent / named, secrets=secrets, node_modules=modules).name == "restore"


def test_a_module_may_be_installed_further_up(declaring: Path) -> None:
    modules = declaring / "node_modules"
    modules.mkdir()
    for name in ("axios", "@shop/client"):
        (declaring.parent / "node_modules" / name).mkdir(parents=True)

    assert NodeAction(declaring / "code.js", secrets={"TOKEN": "", "URL": ""}, node_modules=modules).name == "restore"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"secrets": @@SECRETS@@}', id="words that the Deploy CLI replaces"),
        pytest.param('{"secrets": 7, "dependencies": [null, {}, {"name": 7}, {"name": ""}]}', id="nothing it declares"),
    ],
)
def test_a_document_without_declarations_beside_the_source_is_ignored(declaring: Path, text: str) -> None:
    (declaring.parent / "restore.json").write_text(text, encoding="utf-8")

    assert NodeAction(declaring / "code.js").name == "restore"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.js cannot be read: No such file"):
        NodeAction(tmp_path / "gone.js")


def test_a_node_that_does_not_start_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repair.js").write_text(PLAIN, encoding="utf-8")

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("customdb_contract.bridges.node._action_bridge.Container", fail)

    with pytest.raises(DatabaseOpeningError, match=r"Node [\d.]+ could not be started: Permission denied"):
        NodeAction(tmp_path / "repair.js").open_action(mask=SecretRegistry())


# Facts about the source


def test_facts_about_the_source_have_the_place_of_the_handler(open_action: Open) -> None:
    info = open_action(
        """// exports
const onExecutePostLogin = async (event, api) => {
  const token = 'Zq8-4711-abcdef';
  await fetch('https://legacy.example.com/', { headers: { token } });
  require('https').request({ rejectUnauthorized: false });
  return new RegExp(event.user.email);
};
module.exports = { onExecutePostLogin };
"""
    ).info

    assert info.location == "repair.js:2"
    assert [(fact.kind, fact.location) for fact in info.source or ()] == [
        (FactKind.BYTES, "repair.js:1:1"),
        (FactKind.SECRET_LITERAL, "repair.js:3:17"),
        (FactKind.CALL_WITHOUT_TIMEOUT, "repair.js:4:9"),
        (FactKind.TLS_NOT_VERIFIED, "repair.js:5:30"),
        (FactKind.REGEX_FROM_INPUT, "repair.js:6:10"),
    ]


@pytest.mark.parametrize(
    ("source", "location"),
    [
        (PLAIN, "repair.js:1"),
        ("\nmodule.exports.onExecutePostLogin = function (event, api) {};", "repair.js:2"),
        ("module.exports = {\n  onExecutePostLogin: async () => {} };", "repair.js:2"),
        ("module.exports = {\n\n  async onExecutePostLogin(event, api) {} };", "repair.js:3"),
        ("\nasync function run() {}\nexports.onExecutePostLogin = run;", "repair.js:2"),
        ("const run = wrapped(async () => {});\nexports.onExecutePostLogin = run;", None),
        ("exports.onExecutePostLogin = wrapped();", None),
        ("exports.onExecutePostLogin = (;", None),
        (f"{PLAIN}\na{'.b' * 3000}();", "repair.js:1"),
    ],
)
def test_the_handler_is_found_however_it_is_exported(source: str, location: str | None) -> None:
    from customdb_contract.source import read_action  # noqa: PLC0415 - only these need the parser

    read = read_action(source, file_name="repair.js")

    assert read.location == location
    assert read.facts[0] == SourceFact(FactKind.BYTES, str(len(source)), "repair.js:1:1")


def test_a_source_nested_too_deeply_lacks_only_one_kind_of_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    from customdb_contract.source import _action, read_action  # noqa: PLC0415 - see above

    source = f"{PLAIN}\na{'.b' * 3000}(); const password = 'hunter2-hunter2-hunter2';"
    facts = read_action(source, file_name="repair.js").facts
    assert FactKind.CALL_WITHOUT_TIMEOUT in [fact.text for fact in facts if fact.kind is FactKind.UNREAD]
    assert FactKind.SECRET_LITERAL in [fact.kind for fact in facts]

    def fail(_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(_action, "_handler", fail)
    _, *unread = read_action(PLAIN, file_name="repair.js").facts
    assert [(fact.kind, fact.text) for fact in unread] == [
        (FactKind.UNREAD, "secret-literal"),
        (FactKind.UNREAD, "call-without-timeout"),
        (FactKind.UNREAD, "tls-not-verified"),
    ]


def test_an_action_is_run_without_the_parser_too(open_action: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.bridges.node._action_bridge.is_available", lambda: False)

    info = open_action(PLAIN).info

    assert (info.source, info.location, info.problem) == (None, "repair.js:1", None)


# Values


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    file = tmp_path_factory.mktemp("echo") / "echo.js"
    file.write_text(handler("api.user.setAppMetadata('given', event.value);"), encoding="utf-8")
    bridge = NodeAction(file).open_action(mask=SecretRegistry())
    yield Opened(bridge)
    bridge.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_arguments_of_the_api_return_unchanged(echo: Opened, value: Value) -> None:
    recorded = mask_value(value, SecretRegistry().mask)

    assert called(echo({"value": value})) == [("user.setAppMetadata", ("given", recorded))]


def test_observations_name_their_subject(open_action: Open) -> None:
    performed = open_action(
        "const { API_KEY, GIVEN } = event.secrets; event.secrets.API_KEY;", secrets={"GIVEN": "x"}
    )()

    assert performed.outcome.observations == (Observation(Noticed.MISSING_SECRET, "API_KEY"),)


def test_transaction_metadata_are_visible_at_once(open_action: Open) -> None:
    action = open_action("""
        api.transaction.setMetadata('a', 1).transaction.setMetadata('b', 2).transaction.setMetadata('a', null);
        console.log(JSON.stringify(event.transaction));
    """)

    assert action({"transaction": {}}).outcome.output == '{"metadata":{"b":2}}\n'
    assert action({"transaction": {"metadata": {"c": 3}}}).outcome.output == '{"metadata":{"c":3,"b":2}}\n'
    assert action({}).outcome.output == "undefined\n"
    assert action({"transaction": {"metadata": 7}}).outcome.output == '{"metadata":7}\n'
