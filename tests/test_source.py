"""Reading the source of scripts: facts are reported only if the code proves them, with their location."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.source import Source, is_available, read_source
from customdb_contract.transcript import FactKind

pytestmark = pytest.mark.one_python

NOTHING: list[tuple[str, str]] = []


def read(text: str, script: Script = Script.LOGIN, *, context: bool = False) -> Source:
    return read_source(text, script=script, file_name="login.js", script_context=context)


def facts(body: str, *kinds: FactKind, script: Script = Script.LOGIN) -> list[tuple[str, str]]:
    """Return text and place of the facts of some kinds in the body of a script, which begins in line 2."""
    parameters = {
        Script.LOGIN: "email, password, callback",
        Script.CREATE: "user, callback",
        Script.DELETE: "id, context, callback",
    }[script]
    source = read(f"async function script({parameters}) {{\n{body}\n}}", script, context=script is Script.DELETE)
    assert not [fact for fact in source.facts if fact.kind is FactKind.NOT_A_FUNCTION], source
    return [(fact.text, fact.location.removeprefix("login.js:")) for fact in source.facts if fact.kind in kinds]


def test_the_parser_is_there() -> None:
    assert is_available()


# Shape


@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("function login(email, password, callback) {}", ("email", "password", "callback")),
        ("// a comment\nasync function login(email, cb) {}\n// another", ("email", "cb")),
        ("function login(email /* or username */, cb) {};", ("email", "cb")),
        ("'use strict';\nfunction login(email, cb) {}", ("email", "cb")),
        ("const login = 7", None),
        ("login => login", ("login",)),
        ("(email, cb) => cb(null)", ("email", "cb")),
        ("(function login(email, cb) {})", ("email", "cb")),
        ("function login(email, ...rest) {}", None),
        ("function login(email, cb = null) {}", None),
        ("function login({ email }, cb) {}", None),
        ("function login(email) { arguments[1](null); }", None),
        ("module.exports = function login(email, cb) {};", ("email", "cb")),
        ("exports = (email, cb) => cb(null)", ("email", "cb")),
    ],
)
def test_parameters_are_facts_when_they_are_known(source: str, parameters: tuple[str, ...] | None) -> None:
    assert read(source).parameters == parameters


@pytest.mark.parametrize(
    ("source", "text", "place"),
    [
        ("function login(email, cb) {\n  return cb(;\n}", ") is missing", "2:13"),
        ("function login(email, cb) {", "} is missing", "1:28"),
        ("function login(email, cb) {}\nfunction other() {}", "2 statements instead of one function", "2:1"),
        ("function login(email, cb) {\n  let 7 = #;\n}", "'7 = #' is not understood", "2:7"),
        ("const login = 7;", "1 statements instead of one function", "1:1"),
        ("", "nothing instead of one function", "1:1"),
        ("// only a comment", "nothing instead of one function", "1:1"),
        ("{ 'json': true }", "", ""),
    ],
)
def test_a_source_without_exactly_one_function_is_reported_with_its_place(source: str, text: str, place: str) -> None:
    reported = [fact for fact in read(source).facts if fact.kind is FactKind.NOT_A_FUNCTION]

    assert len(reported) == 1
    if text:
        assert (reported[0].text, reported[0].location) == (text, f"login.js:{place}")


def test_exports_names_and_sizes_are_facts() -> None:
    exported = read("module.exports = function (email, cb) {}")

    assert [(fact.kind, fact.location) for fact in exported.facts] == [
        (FactKind.BYTES, "login.js:1:1"),
        (FactKind.MODULE_EXPORTS, "login.js:1:1"),
        (FactKind.ANONYMOUS_FUNCTION, "login.js:1:18"),
    ]
    assert read("// ä\nfunction login() {}").facts[0].text == "25"
    assert [fact.kind for fact in read("exports.login = function login() {}").facts] == [
        FactKind.BYTES,
        FactKind.NOT_A_FUNCTION,
    ]


@given(st.text(max_size=200) | st.text(alphabet=string.ascii_letters + "(){}[];=.,'`$\n /*", max_size=200))
def test_any_text_is_read(text: str) -> None:
    source = read(text)

    assert source.facts[0].kind is FactKind.BYTES
    lines = text.split("\n")
    for fact in source.facts:
        row, _ = map(int, fact.location.removeprefix("login.js:").split(":"))
        assert 1 <= row <= len(lines) + 1


@pytest.mark.parametrize(
    "source",
    [
        "function login(cb) { return " + "(" * 3000 + "1" + ")" * 3000 + "; }",
        "function login(cb) { return new RegExp(" + "cb + " * 5000 + "1); }",
    ],
)
def test_unusual_notation_is_read_too(source: str) -> None:
    assert read(source).facts[0].text == str(len(source))


@pytest.mark.parametrize("script", list(Script))
def test_a_reader_that_fails_does_not_affect_the_others(script: Script) -> None:
    body = f"new RegExp({'email + ' * 5000}1); const pg = require('pg');"
    source = read(f"function own(email, callback) {{ {body} }}", script=script)

    unread = [fact.text for fact in source.facts if fact.kind is FactKind.UNREAD]
    assert unread == [FactKind.REGEX_FROM_INPUT]
    assert [fact.text for fact in source.facts if fact.kind is FactKind.DATABASE_DRIVER] == ["pg"]
    assert source.parameters == ("email", "callback")


def test_a_source_with_an_unreadable_shape_yields_no_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("customdb_contract.source._reading.read_shape", fail)
    source = read("function login(email, password, callback) {}")

    assert source.parameters is None
    size, *unread = source.facts
    assert size.kind is FactKind.BYTES
    assert {fact.kind for fact in unread} == {FactKind.UNREAD}
    assert {FactKind(fact.text) for fact in unread} == set(FactKind) - {
        FactKind.BYTES,
        FactKind.UNREAD,
        FactKind.PLAIN_HTTP,
        FactKind.WEAK_PASSWORD_HASH,
        FactKind.CONTEXT_FIELD,
    }


# Modules


def test_modules_are_facts() -> None:
    body = (
        "require('tedious@1.11.0'); require(`mongodb@3.1.4`); require('pg/lib/x'); require('axios@1'); require(email);"
    )
    body += "request.get(email); new mongo.Client(); _.pick(email); bcrypt.hash(password); crypto.randomUUID();"
    body += "require('@sentry/node@5.6.2'); require('axios@1.7.0'); require('pg@7.17.1/lib'); new ObjectID(email);"

    assert facts(body, FactKind.UNAVAILABLE_MODULE) == [
        ("tedious@1.11.0", "2:1"),
        ("mongodb@3.1.4", "2:28"),
        ("@sentry/node@5.6.2", "2:208"),
    ]
    assert [text for text, _ in facts(body, FactKind.DATABASE_DRIVER)] == ["tedious", "mongodb", "pg", "pg"]
    assert [text for text, _ in facts(body, FactKind.IMPLICIT_GLOBAL)] == ["mongo", "_", "bcrypt", "ObjectID"]


def test_the_web_crypto_of_current_runtimes_is_not_the_module_that_was_once_a_global() -> None:
    assert facts("crypto.subtle.digest(email);", FactKind.IMPLICIT_GLOBAL) == NOTHING
    assert [text for text, _ in facts("crypto.createHash('md5');", FactKind.IMPLICIT_GLOBAL)] == ["crypto"]


@pytest.mark.parametrize(
    "body",
    [
        "const mongo = require('mongo'); mongo(email, callback);",
        "function mongo() {} mongo();",
        "[1].forEach((mongo) => mongo(1));",
        "[1].forEach(mongo => mongo(1));",
        "const { mongo } = require('https'); mongo(email);",
        "try { email(); } catch (mongo) { mongo(); }",
        "console.log(email.mongo());",
        "request.get(email);",
    ],
)
def test_a_declared_name_is_no_global_of_the_runtime(body: str) -> None:
    assert facts(body, FactKind.IMPLICIT_GLOBAL) == NOTHING


# Secrets


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("connect({ password: 'Hunter2!' });", "password"),
        ("connect({ 'api_key': 'a1b2c3d4' });", "api_key"),
        ("const clientSecret = 'Zx81-Spectrum';", "clientSecret"),
        ("options.dbPassword = `Hunter2!`;", "dbPassword"),
        ("connect('postgres://shop:Hunter2@db.example.com/shop');", "an address with a password in it"),
        ("fetch(email, { headers: { authorization: 'Bearer 0123456789' } });", "a header with credentials"),
        ("const auth = 'Basic c2hvcDpzaG9w';", "a header with credentials"),
        ("const key = '-----BEGIN RSA PRIVATE KEY-----MII';", "a key"),
        ("const id = 'AKIAABCDEFGHIJKLMNOP';", "a key"),
        ('post(\'{"user":"shop","password":"Hunter2!"}\');', "password in a text"),
        ("post(\"{'apiKey' : 'a1b2c3d4'}\");", "apiKey in a text"),
        ("post('grant_type=client_credentials&client_secret=a1b2-c3d4');", "client_secret in a text"),
        ("connect('Server=db.example.com;User Id=shop;Password=Hunter2!;');", "Password in a text"),
        ("connect({ host: 'db.example.com', user: 'shop', password: 'shop' });", "password"),
        ("connect({ server: 'db', 'userName': 'sa', options: { a: 1 }, password: 'sa' });", "password"),
    ],
)
def test_a_credential_is_reported_and_not_shown(body: str, what: str) -> None:
    assert [text for text, _ in facts(body, FactKind.SECRET_LITERAL)] == [what]


@pytest.mark.parametrize(
    "body",
    [
        "connect({ password: configuration.DB_PASSWORD });",
        "connect({ password: '' });",
        "connect({ password: '********' });",
        "connect({ password: 'the password' });",
        "connect({ password: 'your-password-1' });",
        "connect({ password: 'password_hash' });",
        "connect({ password: `${configuration.A}B1` });",
        "connect({ grant_type: 'Password1' });",
        "connect({ name: 'Hunter2!' });",
        "callback(new Error('Wrong password 7'));",
        "connect('postgres://db.example.com/shop');",
        "const passwordField = 'Password1';",
        "[options.password][0] = 'x' === 'Hunter2!';",
        "call('Hunter2!'); const [a] = ['Hunter2!'];",
        "const scheme = 'Bearer';",
        "connect({ host: 'db.example.com', user: configuration.USER, password: 'shop' });",
        "connect({ user: 'shop', password: 'shop' });",
        "connect({ host: 'db.example.com', user: 'shop', password: '****' });",
        "connect({ host: 'db.example.com', user: 'shop', password: '' }); const password = 'shop';",
        "query('UPDATE users SET password=crypt1(?) WHERE token=Abc1234');",
        "query('INSERT INTO users (password) VALUES ($1)');",
        "post('{\"password\":\"{{password}}\"}'); post('token=:token_1&password=$2&secret=shop');",
    ],
)
def test_a_harmless_literal_is_no_credential(body: str) -> None:
    assert facts(body, FactKind.SECRET_LITERAL) == NOTHING


# Words such as `My` and `The` mark placeholders.
@given(st.from_regex(r"[D-L][a-z]{3,8}[0-9]{2,4}", fullmatch=True))
def test_no_part_of_a_credential_is_reported(secret: str) -> None:
    reported = facts(f"connect({{ password: '{secret}' }});", FactKind.SECRET_LITERAL)

    assert reported == [("password", "2:21")]


# Calls to other hosts


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("await fetch(email);", "fetch"),
        ("await fetch(`${email}/x`, { method: 'POST' });", "fetch"),
        ("const options = { method: 'POST' }; await fetch(email, options);", "fetch"),
        ("const axios = require('axios'); await axios.get('http://x.test/' + email);", "axios.get"),
        ("const axios = require('axios@1'); await axios({ url: '/x' });", "axios"),
        ("const request = require('request'); request('http://x.test', () => callback(null));", "request"),
        ("const https = require('https'); https.request(new URL('http://x.test'), { agent });", "https.request"),
        ("await fetch(configuration.URL);", "fetch"),
        ("await fetch(email, { timeout: 5000 });", "fetch (which ignores timeout)"),
        ("request({ url: email, timout: 5000 }, callback);", "request (which ignores timout)"),
        ("request.post({ url: email, json: true }, callback);", "request.post"),
        (
            "const axios = require('axios'); await axios.get(configuration.URL, { Timeout: 1 });",
            "axios.get (which ignores Timeout)",
        ),
        ("const axios = require('axios'); await axios.post(email, { timeout: 5 }, { headers });", "axios.post"),
        ("const axios = require('axios'); await axios.delete(`${email}`);", "axios.delete"),
        ("const request = require('request'); request.del(configuration.URL, done); function done() {}", "request.del"),
        ("const create = require('axios').create({ baseURL: '/' }); await create.get(email);", "create.get"),
        (
            "const axios = require('axios'); const api = axios.create({ baseURL: '/' }); await api.put(email, {});",
            "api.put",
        ),
        (
            "const superagent = require('superagent'); superagent.get(configuration.URL).end(callback);",
            "superagent.get",
        ),
        ("const needle = require('needle'); needle.post(email, { timeout: 5 }, { json: true });", "needle.post"),
    ],
)
def test_a_call_without_a_timeout_is_a_finding(body: str, what: str) -> None:
    assert [text for text, _ in facts(body, FactKind.CALL_WITHOUT_TIMEOUT)] == [what]


@pytest.mark.parametrize("name", ["create", "extend", "defaults", "request", "getUser"])
def test_the_name_of_the_function_hides_no_call_without_a_timeout(name: str) -> None:
    source = read(f"async function {name}(email, callback) {{ await fetch(configuration.URL); }}", Script.GET_USER)

    assert [fact.text for fact in source.facts if fact.kind is FactKind.CALL_WITHOUT_TIMEOUT] == ["fetch"]


@pytest.mark.parametrize(
    "body",
    [
        "await fetch(email, { signal: AbortSignal.timeout(5000) });",
        "const signal = AbortSignal.timeout(1); await fetch(email, { signal });",
        "await fetch(email, { ...options });",
        "await fetch(email, optionsOf(email));",
        "const axios = require('axios'); await axios.get(email, { timeout: 5000 });",
        "const axios = require('axios').create({ timeout: 1 }); await axios.get(email);",
        "const client = require('axios'); client.defaults.x = 5000; await client.get('/x');",
        "await Promise.race([fetch('/x'), timer]);",
        "const http = require('http'); http.get('/x').setTimeout(5000);",
        "const { get } = require('http'); get(email);",
        "const fetch = mine; await fetch(email);",
        "const http = require('http'); http.createServer();",
        "const other = require('other'); other.get(email);",
        "load(require('http'));",
        "let options = { a: 1 }; options = { timeout: 1 }; fetch('/x', options);",
        "const axios = require('axios'); await axios.get(configuration.URL, { timeout: 5000 });",
        "const axios = require('axios'); const api = axios.create({ timeout: 5 }); await axios.create(api).get(email);",
        "const axios = require('axios'); const api = axios.create(email); await api.get(email);",
        "const axios = require('axios'); axios.interceptors.request.use(email); await axios.get(email);",
        "const fetch = require('node-fetch'); await fetch(email, { timeout: 5000 });",
        "const superagent = require('superagent'); superagent.get('/x').set('a', 'b').timeout(5000).end(callback);",
        "const needle = require('needle'); needle.get(email, { open_timeout: 5000 });",
        "const got = require('got'); got(options.url); got(email, { timeout: { request: 5000 } });",
        "[1].forEach((request) => request('http://x.test'));",
        "(await fetch)(email); const { create } = other; create.x = 1;",
    ],
)
def test_a_call_with_a_possible_timeout_is_no_finding(body: str) -> None:
    assert facts(body, FactKind.CALL_WITHOUT_TIMEOUT) == NOTHING


NAMES = st.sampled_from(["a", "b", "email", "password"])
STATEMENTS = st.sampled_from(
    [
        "{} = {}.toLowerCase();",
        "const {} = require({});",
        "let {} = axios.create({});",
        "{} = `${{{}}}x`;",
        "if ({} === {}) f();",
        "new RegExp({} + {});",
        "function {}() {{ return {}; }}",
        "{}.update({}.password);",
        "try {{ {}({}); }} catch (error) {{ callback(error); }}",
    ]
)


@given(st.lists(st.tuples(STATEMENTS, NAMES, NAMES), max_size=6))
def test_no_other_statement_hides_a_call_without_a_timeout(drawn: list[tuple[str, str, str]]) -> None:
    body = " ".join(statement.format(first, second) for statement, first, second in drawn)

    assert [text for text, _ in facts(f"await fetch('/x'); {body}", FactKind.CALL_WITHOUT_TIMEOUT)] == ["fetch"]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("connect({ ssl: { rejectUnauthorized: false } });", "rejectUnauthorized: false"),
        ("request({ strictSSL: false });", "strictSSL: false"),
        ("connect({ options: { trustServerCertificate: true } });", "trustServerCertificate: true"),
        ("require('tedious'); connect({ options: { encrypt: false } });", "encrypt: false"),
        ("process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';", "NODE_TLS_REJECT_UNAUTHORIZED = 0"),
        ("process.env.NODE_TLS_REJECT_UNAUTHORIZED = 0;", "NODE_TLS_REJECT_UNAUTHORIZED = 0"),
        ("connect({ checkServerIdentity: () => undefined });", "checkServerIdentity that checks nothing"),
        ("connect({ checkServerIdentity: function () {} });", "checkServerIdentity that checks nothing"),
    ],
)
def test_disabled_certificate_verification_is_a_finding(body: str, what: str) -> None:
    assert [text for text, _ in facts(body, FactKind.TLS_NOT_VERIFIED)] == [what]


@pytest.mark.parametrize(
    "before",
    [
        "process.env.OTHER = '0'",
        "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1'",
        "let a; a = 7",
        "connect({ encrypt: false })",
        "connect({ checkServerIdentity: check, other: 1 })",
    ],
)
def test_disabled_certificate_verification_is_found_behind_harmless_options(before: str) -> None:
    reported = facts(
        f"{before}; connect({{ strictSSL: false }}); request({{ strictSSL: false }});", FactKind.TLS_NOT_VERIFIED
    )

    assert [text for text, _ in reported] == ["strictSSL: false"] * 2


@pytest.mark.parametrize(
    "body",
    [
        "connect({ rejectUnauthorized: true, strictSSL: true });",
        "connect({ rejectUnauthorized: configuration.VERIFY });",
        "connect({ encrypt: false });",
        "process.env.OTHER = '0'; process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1';",
        "connect({ checkServerIdentity: (host, cert) => check(host, cert) });",
        "connect({ checkServerIdentity });",
        "connect({ checkServerIdentity: check });",
    ],
)
def test_certificate_verification_is_no_finding(body: str) -> None:
    assert facts(body, FactKind.TLS_NOT_VERIFIED) == NOTHING


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("connect('mongodb://db.example.com:27017/shop');", "mongodb://db.example.com"),
        ("connect(`redis://shop:${configuration.PASSWORD}@10.0.0.7:6379`);", "redis://10.0.0.7"),
        ("connect('postgresql://[2001:db8::7]/shop');", "postgresql://[2001:db8::7]"),
    ],
)
def test_a_database_url_without_tls_is_reported_without_credentials(body: str, address: str) -> None:
    assert facts(body, FactKind.PLAINTEXT_ADDRESS) == [(address, "2:9")]


@pytest.mark.parametrize(
    "body",
    [
        "connect('mongodb+srv://db.example.com/shop');",
        "connect('mongodb://db.example.com/shop?tls=true');",
        "connect('postgres://db.example.com/shop', { ssl: { ca: configuration.CA } });",
        "connect('rediss://db.example.com');",
        "connect('mongodb://localhost/shop'); connect('mysql://127.0.0.1/shop'); connect('redis://[::1]/0');",
        "connect('redis://cache:6379'); connect('redis://cache.internal'); connect(`mongodb://${configuration.HOST}`);",
        "callback(new Error('see mongodb://db.example.com'));",
    ],
)
def test_encrypted_or_local_connections_are_no_finding(body: str) -> None:
    assert facts(body, FactKind.PLAINTEXT_ADDRESS) == NOTHING


# Passwords


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("const hash = createHmac('sha1', k).update(password).digest('hex'); if (hash === row.hash) f();", ["==="]),
        ("if (row.hash != crypto.pbkdf2Sync(password).toString()) f();", ["!="]),
        (
            "function hashed(a) { const h = createHmac('sha1', a); return h.digest(); } if (hashed(1) != 2) f();",
            ["!="],
        ),
        ("const hashed = (a) => md5(a); if (row.hash === hashed(password)) f();", ["==="]),
        ("if (sha1(password + row.salt).toUpperCase() === row.hash) f();", ["==="]),
        ("if (CryptoJS.SHA256(password).toString() == row.hash) f();", ["=="]),
        ("crypto.scrypt(password, salt, 64, (error, key) => { if (key.toString('hex') !== row.hash) f(); });", ["!=="]),
        ("if ((await bcrypt.hash(password, row.salt)) === row.hash) f();", ["==="]),
        ("function plain(a) { return a.trim(); } const other = () => {}; if (plain(password) === row.hash) f();", []),
        ("crypto.scrypt(password, salt, 64, done); if (row.hash === other || row.hash === undefined) f();", []),
        ("if ((await load(email)) === 7 || f(1)(2) === 3) f();", []),
        ("email = email.toLowerCase(); if (row.email === email) f();", []),
        ("let a = b.trim(), b = a.trim(); if (a === row.a) f();", []),
        ("function hashed(a) { a = a.trim(); return sha1(a); } if (hashed(email) === row.hash) f();", ["==="]),
        ("if (row.hash !== crypto.createHash('md5').update(password).digest('hex')) f();", ["!=="]),
        ("if (crypto.timingSafeEqual(a, hash.digest())) f();", []),
        ("if (hash.digest() > 7 || email === digest()) f();", []),
    ],
)
def test_comparing_a_digest_by_an_operator_is_a_finding(body: str, reported: list[str]) -> None:
    assert [text for text, _ in facts(body, FactKind.TIMING_UNSAFE_COMPARE)] == reported


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("crypto.createHash('MD5').update(user.password).digest();", ["md5 of the password"]),
        ("const hash = crypto.createHash('sha-256'); hash.update(user.password);", ["sha256 of the password"]),
        ("crypto.createHash('sha1').update(salt).update(user.password);", ["sha1 of the password"]),
        ("crypto.createHash('md5').update(user.email);", []),
        ("const hmac = crypto.createHmac('sha256', salt); hmac.update(user.password);", ["sha256 of the password"]),
        (
            "hash(1); function hash(password) { const mac = crypto.createHmac('sha256', 1); mac.update(password); }",
            ["sha256 of the password"],
        ),
        ("crypto.createHmac('sha256', salt).update(Buffer.from(`${user.password}x`));", ["sha256 of the password"]),
        (
            "md5(user.password + salt); CryptoJS.SHA1(user.password); md5(user.email);",
            ["md5 of the password", "sha1 of the password"],
        ),
        ("crypto.createHmac('sha256', key).update(JSON.stringify({ password: user.password }));", []),
        (
            "bcrypt.hash(crypto.createHash('sha256').update(user.password).digest('base64'), 12); md5(user.password);",
            [],
        ),
        ("crypto.createHash(name).update(user.password);", []),
        ("hash.update(user.password); make().update(user.password); (0, f)().update(user.password);", []),
        ("crypto.pbkdf2Sync(user.password, salt, 1000, 32, 'sha1');", ["PBKDF2 with 1000 iterations"]),
        ("const rounds = 10; crypto.pbkdf2(user.password, salt, rounds, 32, done);", ["PBKDF2 with 10 iterations"]),
        ("crypto.pbkdf2(user.password, salt, 600_000, 32, 'sha256', done);", []),
        ("crypto.pbkdf2(user.password, salt, configuration.ROUNDS, 32, done); crypto.pbkdf2(user);", []),
        ("bcrypt.hash(user.password, 4, done);", ["bcrypt with a cost of 4"]),
        ("bcrypt.genSaltSync(10); bcrypt.hash(user.password, 12, done); bcrypt.hash(user.password, salt);", []),
        ("other.hash(user.password, 4); bcrypt.compare(user.password, 4); tag`x`; new Map;", []),
    ],
)
def test_a_fast_hash_for_a_new_password_is_a_finding(body: str, reported: list[str]) -> None:
    assert [text for text, _ in facts(body, FactKind.WEAK_PASSWORD_HASH, script=Script.CREATE)] == reported


def test_a_weak_hash_check_in_login_is_no_finding() -> None:
    body = "crypto.createHash('md5').update(password).digest();"

    assert facts(body, FactKind.WEAK_PASSWORD_HASH) == NOTHING


# Arguments


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("new RegExp(email);", ["RegExp"]),
        ("RegExp(`^${email}$`, 'i');", ["RegExp"]),
        ("const pattern = '^' + email.trim().toLowerCase(); new RegExp(pattern);", ["RegExp"]),
        ("find({ email: { $regex: email } });", ["$regex"]),
        ("find({ email: { $regex: ['^', email].join('') } });", ["$regex"]),
        ("new RegExp('^a$'); new RegExp(configuration.PATTERN); new Map(email); RegExp();", []),
        ("new RegExp(email.replace(/[.*+?^${}()|[\\]\\\\]/g, '\\\\$&'));", []),
        ("new RegExp(escapeRegExp(email));", []),
        ("new RegExp(quoted(email)); new RegExp(await load(email)); new RegExp(() => email);", []),
        ("new RegExp(callback);", []),
    ],
)
def test_a_regular_expression_built_from_input_is_a_finding(body: str, reported: list[str]) -> None:
    assert [text for text, _ in facts(body, FactKind.REGEX_FROM_INPUT)] == reported


# Control


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("try { callback(null, {}); } catch (error) { callback(error); }", ["callback inside try"]),
        ("try { await f(); return callback(); } catch { return callback(new Error('x')); }", ["callback inside try"]),
        ("try { if (email) { callback(undefined, {}); } } catch (e) { callback(e); }", ["callback inside try"]),
        ("f().then((row) => { callback(null, row); }).catch(callback);", ["callback inside a promise chain"]),
        (
            "f().then(g).then(function (row) { callback(null, row); }).then(h).catch((e) => callback(e));",
            ["callback inside a promise chain"],
        ),
        ("f().then((row) => callback(null, row), (e) => callback(e));", []),
        ("f().then((row) => row).catch(callback); f().catch(g); f().catch(); catch_(f);", []),
        ("f().then(callback).catch(callback); (0, f)(1).catch(callback);", []),
        ("try { await f(); } catch (error) { return callback(error); } callback(null, {});", []),
        ("try { callback(error); } catch (error) { callback(error); }", []),
        ("try { callback(null); } catch (error) { console.log(error); }", []),
        ("try { callback(null); } finally { close(); }", []),
        ("try { query(email, (error, row) => callback(null, row)); } catch (error) { callback(error); }", []),
        ("try { callback(null); } catch (error) { later(() => callback(error)); }", []),
    ],
)
def test_a_callback_that_would_be_called_again_is_a_finding(body: str, reported: list[str]) -> None:
    assert [text for text, _ in facts(body, FactKind.CALLBACK_INSIDE_TRY)] == reported


def test_unknown_parameters_prove_nothing_about_the_callback() -> None:
    source = read("function login(...given) { try { callback(null); } catch (error) { callback(error); } }")

    assert not [fact for fact in source.facts if fact.kind is FactKind.CALLBACK_INSIDE_TRY]


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("console.log(context.organization.id);", ["context.organization.id"]),
        ("console.log(context.organization?.id, context.organization);", []),
        ("if (context.organization) console.log(context.organization.id);", []),
        ("context.organization && console.log(context.organization.id);", []),
        ("console.log(context.organization ? context.organization.id : 0);", []),
        ("console.log(other.organization.id, f().x.y);", []),
    ],
)
def test_a_field_of_the_empty_context_is_a_finding(body: str, reported: list[str]) -> None:
    assert [text for text, _ in facts(body, FactKind.CONTEXT_FIELD, script=Script.DELETE)] == reported


def test_a_script_that_takes_no_context_reads_none() -> None:
    source = read("(id) => context.organization.id", Script.DELETE, context=True)

    assert not [fact for fact in source.facts if fact.kind is FactKind.CONTEXT_FIELD]


# Unreachable code

FLAWS = [
    ("new RegExp(email);", FactKind.REGEX_FROM_INPUT),
    ("connect({ password: 'Hunter2!' });", FactKind.SECRET_LITERAL),
    ("fetch('/x');", FactKind.CALL_WITHOUT_TIMEOUT),
    ("require('pg');", FactKind.DATABASE_DRIVER),
    ("bcrypt.hash(1);", FactKind.IMPLICIT_GLOBAL),
    ("try { callback(null); } catch (error) { callback(error); }", FactKind.CALLBACK_INSIDE_TRY),
]


@pytest.mark.parametrize(("flaw", "kind"), FLAWS)
@pytest.mark.parametrize(
    ("around", "is_reached"),
    [
        ("return callback(null); {0}", False),
        ("throw new Error(); {0}", False),
        ("for (;;) {{ break; {0} }}", False),
        ("if (false) {{ {0} }}", False),
        ("if (true) {{ f(); }} else {{ {0} }}", False),
        ("function unused() {{ {0} }}", False),
        ("{0} return callback(null);", True),
        ("if (email) {{ {0} }}", True),
        ("if (true) {{ {0} }}", True),
        ("return used(); function used() {{ {0} }}", True),
        ("[1].forEach(() => {{ {0} }});", True),
    ],
)
def test_unreachable_code_is_no_finding(flaw: str, kind: FactKind, around: str, is_reached: bool) -> None:
    if kind is FactKind.CALLBACK_INSIDE_TRY and "forEach" in around:
        return
    assert bool(facts(around.format(flaw), kind)) is is_reached


@given(st.sampled_from(FLAWS), st.lists(st.sampled_from(["f();", "const x = 1;", "if (email) { g(); }"]), max_size=5))
def test_the_location_of_a_flaw_is_reported(flaw: tuple[str, FactKind], before: list[str]) -> None:
    body = "\n".join([*before, flaw[0]])

    places = {place.split(":")[0] for _, place in facts(body, flaw[1])}

    assert places == {str(len(before) + 2)}
