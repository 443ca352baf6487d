"""The real npm modules that production scripts use, behind the bridge to Node.

`make test` installs them. PostgreSQL is a real server; the other drivers only meet the fault proxy.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from customdb_contract import Connection, KnownUser, Report, check
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import Script
from customdb_contract.faults import PROXY_FAULTS, FaultProxy
from customdb_contract.findings import Status
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import LATER_REQUESTS, Ending, Mark, Noticed, Situation
from legacy_api import TOKEN, USERS, serving
from postgres import find_postgres, run_postgres

DRIVERS: Final = Path(__file__).parent / "drivers"
MODULES: Final = DRIVERS / "node_modules"
POSTGRES: Final = find_postgres()
ADA: Final = KnownUser(email="ada@example.com", password="correct horse battery")
BOB: Final = KnownUser(email="bob@example.com", password="staple correct battery", profile={"email_verified": False})

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.untraced,
    pytest.mark.skipif(not MODULES.is_dir(), reason="the npm modules are not installed: run make test"),
]


def database(folder: Path, scripts: Mapping[str, str], **configuration: str) -> NodeDatabase:
    for name, source in scripts.items():
        (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return NodeDatabase(
        folder,
        configuration={name: Secret(value) if "TOKEN" in name else value for name, value in configuration.items()},
        node_modules=MODULES,
    )


@pytest.mark.parametrize("name", json.loads((DRIVERS / "package.json").read_text(encoding="utf-8"))["dependencies"])
def test_a_driver_loads(tmp_path: Path, name: str) -> None:
    scripts = {"get_user": "function getUser(name, callback) { callback(null, { kind: typeof require(name) }); }"}
    bridge = database(tmp_path, scripts).open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=20.0)
    try:
        assert bridge.call(Script.GET_USER, [name]).result in ({"kind": "function"}, {"kind": "object"})
    finally:
        bridge.close()


def test_a_password_is_compared_and_a_token_is_made(tmp_path: Path) -> None:
    scripts = {
        "get_user": """
            async function getUser(password, callback) {
              const bcrypt = require('bcryptjs');
              const token = require('jsonwebtoken').sign({ sub: '7' }, 'key', { expiresIn: '1h' });
              const hash = await bcrypt.hash(password, 4);
              callback(null, {
                right: await bcrypt.compare(password, hash),
                wrong: await bcrypt.compare(`${password}x`, hash),
                subject: require('jsonwebtoken').verify(token, 'key').sub,
              });
            }
        """
    }
    with database(tmp_path, scripts) as shop:
        found: Any = shop.get_user
        assert found("correct horse").profile == {"right": True, "wrong": False, "subject": "7"}


# Clients of HTTP

CLIENTS: Final = {
    "axios": """
        const axios = require('axios');
        const ask = (path, body) => axios({ url: configuration.API_URL + path, method: body ? 'POST' : 'GET', data: body,
          headers, timeout: 2000, validateStatus: () => true }).then(({ status, data }) => ({ status, data }));
    """,
    "node-fetch": """
        const fetch = require('node-fetch');
        const ask = async (path, body) => {
          const response = await fetch(configuration.API_URL + path,
            { method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), headers, timeout: 2000 });
          return { status: response.status, data: await response.json() };
        };
    """,
    "request": """
        const request = require('request');
        const ask = (path, body) => new Promise((resolve, reject) => {
          const options = { url: configuration.API_URL + path, method: body ? 'POST' : 'GET', headers, timeout: 2000,
            body: body && JSON.stringify(body) };
          request(options, (error, response, text) => {
            if (error) return reject(error);
            try { resolve({ status: response.statusCode, data: JSON.parse(text) }); } catch (failure) { reject(failure); }
          });
        });
    """,
}
OVER_HTTP: Final = """
async function {name}({parameters}, callback) {{
  const headers = {{ 'content-type': 'application/json', authorization: `Bearer ${{configuration.API_TOKEN}}` }};
  {client}
  if (typeof email !== 'string') return callback({refusal});
  let user;
  try {{
    const {{ status, data }} = await ask({asked});
    if (status === 401 && data.error === 'wrong credentials') user = null;
    else if (status !== 200 || !(data.user || Array.isArray(data.users))) throw new Error('no answer');
    else user = data.user || data.users[0];
  }} catch (error) {{
    return callback(new Error('the store is out of reach'));
  }}
  if (!user) return callback({refusal});
  return callback(null, {{ user_id: user.id, email: user.email, email_verified: user.verified, name: user.name,
    app_metadata: {{ plan: 'reader' }} }});
}}
"""


@pytest.mark.parametrize("client", CLIENTS)
def test_scripts_with_an_http_client_pass_the_check(tmp_path: Path, client: str) -> None:
    refusal = "new WrongUsernameOrPasswordError(null, 'wrong e-mail or password')"
    scripts = {
        "login": OVER_HTTP.format(
            name="login",
            parameters="email, password",
            client=CLIENTS[client],
            asked="'/login', { email, password }",
            refusal=refusal,
        ),
        "get_user": OVER_HTTP.format(
            name="getUser",
            parameters="email",
            client=CLIENTS[client],
            asked="`/users?${new URLSearchParams({ email })}`",
            refusal="null",
        ),
    }
    with serving() as address:
        shop = database(tmp_path, scripts, API_URL=address, API_TOKEN=TOKEN)
        outage = NodeDatabase(
            tmp_path,
            configuration={"API_URL": "{fault_url}", "API_TOKEN": Secret(TOKEN)},
            node_modules=MODULES,
        )
        report = check(shop, USERS, outage=outage, timeout=20.0, wrong_passwords=20)

    assert report.ok, report
    assert not [verdict.rule.name for verdict in report.verdicts if verdict.findings]
    assert report.verdict("url-injection").status is Status.PASSED
    assert all(exchange.outcome.noticed(Noticed.REQUEST) for exchange in report.transcript.select(None, "known-user"))


# PostgreSQL

SQL: Final = """
CREATE TABLE users (id serial PRIMARY KEY, email text, password text, verified boolean);
INSERT INTO users (email, password, verified) VALUES
  ('ada@example.com', 'correct horse battery', true), ('bob@example.com', 'staple correct battery', false);
CREATE ROLE few LOGIN CONNECTION LIMIT 5;
GRANT SELECT ON users TO few;
"""
POOL: Final = """
  const { Pool } = require('pg');
  if (!global.pool) {
    global.pool = new Pool({ host: configuration.HOST, port: Number(configuration.PORT), user: 'shop', database: 'postgres',
      connectionTimeoutMillis: 1500, query_timeout: 1500, max: 2 });
    global.pool.on('error', () => null);
  }
"""
PROFILE: Final = "{ user_id: `shop-${row.id}`, email: row.email, email_verified: row.verified }"
FIND: Final = "SELECT * FROM users WHERE email = lower(trim($1))"
CORRECT: Final = {
    "login": f"""
        function login(email, password, callback) {{
          {POOL}
          const wrong = new WrongUsernameOrPasswordError(null, 'wrong e-mail or password');
          if (typeof email !== 'string' || /[\\0\\ud800-\\udfff]/.test(email)) return callback(wrong);
          global.pool.query('{FIND}', [email], (error, result) => {{
            if (error) return callback(new Error('the store is out of reach'));
            const [row] = result.rows;
            if (!row || row.password !== password) return callback(wrong);
            return callback(null, {PROFILE});
          }});
        }}
    """,
    "get_user": f"""
        function getUser(email, callback) {{
          {POOL}
          if (typeof email !== 'string' || /[\\0\\ud800-\\udfff]/.test(email)) return callback(null);
          global.pool.query('{FIND}', [email], (error, result) => {{
            if (error) return callback(new Error('the store is out of reach'));
            const [row] = result.rows;
            return row ? callback(null, {PROFILE}) : callback(null);
          }});
        }}
    """,
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if POSTGRES is None:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    with run_postgres(POSTGRES, SQL) as server:
        yield server.port


def checked(folder: Path, port: int, **changed: str) -> Report:
    shop = database(folder, CORRECT | changed, HOST="127.0.0.1", PORT=str(port))
    target = f"127.0.0.1:{port}"
    outage = database(folder, {}, HOST=f"{{fault_proxy_host:{target}}}", PORT=f"{{fault_proxy_port:{target}}}")
    return check(shop, [ADA, BOB], connection=Connection(import_mode=True), outage=outage, timeout=6.0)


def test_scripts_with_postgresql_pass_the_check_with_a_failing_proxy(tmp_path: Path, port: int) -> None:
    report = checked(tmp_path, port)

    assert report.ok, report
    assert [verdict.rule.name for verdict in report.verdicts if verdict.findings] == ["direct-database-access"]
    outages = report.transcript.select(None, "outage")
    # Each script sends one request, on a connection opened by an earlier call.
    later = [exchange for exchange in report.transcript.exchanges if exchange.situation in LATER_REQUESTS]
    assert [exchange.marks for exchange in later] == [{Mark.OUTAGE_NOT_MET}] * 2
    assert {exchange.situation for exchange in outages} == set(PROXY_FAULTS)
    assert {exchange.ending for exchange in outages} == {Ending.FAILED}
    assert report.verdict("connection-leak").status is Status.PASSED


@pytest.mark.parametrize(
    ("name", "old", "new", "rules"),
    [
        ("get_user", f"'{FIND}', [email]", "`SELECT * FROM users WHERE email = '${email}'`", {"sql-injection"}),
        ("get_user", "const [row] = result.rows;", "const row = result.rows[0]; row.id;", {"uncaught-async-exception"}),
        ("login", "if (error) return callback(new Error('the store is out of reach'));", "", {"uncaught-async-exception"}),
        ("get_user", "global.pool.query(", "const { Client } = require('pg'); const client = new Client(global.pool.options); client.connect(); client.query(", {"connection-leak"}),
    ],
    ids=["sql", "no-row", "no-error-handling", "leak"],
)  # fmt: skip
def test_a_flaw_over_postgresql_is_reported_for_its_own_call(
    tmp_path: Path, port: int, name: str, old: str, new: str, rules: set[str]
) -> None:
    assert old in CORRECT[name]

    report = checked(tmp_path, port, **{name: CORRECT[name].replace(old, new)})

    failed = {verdict.rule.name for verdict in report.verdicts if verdict.findings}
    assert rules <= failed, report
    for rule in rules:
        assert {finding.script for finding in report.verdict(rule).findings} == {name}
    for exchange in report.transcript.select(None, "unknown-user"):
        if rules == {"uncaught-async-exception"} and name == "get_user":
            assert (exchange.outcome.raised is not None) is (exchange.script == name)


LEAKING: Final = """
  const { Client } = require('pg');
  const client = new Client({ host: configuration.HOST, port: Number(configuration.PORT), user: 'few', database: 'postgres' });
  client.on('error', () => null);
  client.connect((failed) => {
    if (failed) return callback(failed);
    client.query('FIND', [email], (error, result) => {
      if (error) return callback(error);
      const [row] = result.rows;
      return callback(null, row && PROFILE);
    });
  });
""".replace("FIND", FIND).replace("PROFILE", PROFILE)


def test_an_exhausted_store_ends_the_check_and_the_leak_is_named(tmp_path: Path, port: int) -> None:
    get_user = f"function getUser(email, callback) {{ {LEAKING} }}"

    report = check(database(tmp_path, CORRECT | {"get_user": get_user}, HOST="127.0.0.1", PORT=str(port)), [ADA, BOB])

    [finding] = report.verdict("connection-leak").findings
    assert "each of 5 calls in a row, until the store refused another" in finding.message
    assert report.transcript.header.stop_reason is not None
    assert report.transcript.header.stop_reason.message.startswith(
        "the store accepts no more connections: get_user worked before"
    )
    assert not report.ok
    assert {verdict.rule.name for verdict in report.verdicts if verdict.findings} <= {
        "connection-leak",
        "direct-database-access",
        "error-leaks-details",
        "no-timeout-on-external-call",
    }


# Drivers without a server

CONNECTING: Final = {
    "mysql2": """
        const connection = require('mysql2').createConnection({ host: '127.0.0.1', port, user: 'shop', connectTimeout: 500 });
        connection.on('error', end);
        connection.query({ sql: 'SELECT 1', timeout: 500 }, end);
        setTimeout(() => { connection.destroy(); end(); }, 800);
    """,
    "mongodb": """
        const { MongoClient } = require('mongodb');
        const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`,
          { serverSelectionTimeoutMS: 500, connectTimeoutMS: 500, socketTimeoutMS: 500 });
        client.connect().then(() => client.db('shop').collection('users').findOne({})).catch(() => null)
          .then(() => client.close()).then(end, end);
    """,
    "tedious": """
        const { Connection } = require('tedious');
        const connection = new Connection({ server: '127.0.0.1', authentication: { type: 'default', options: {
          userName: 'shop', password: configuration.PASSWORD } }, options: { port, connectTimeout: 500, encrypt: false } });
        connection.on('connect', end);
        connection.on('error', end);
        connection.on('end', end);
        connection.connect();
    """,
}


@pytest.mark.parametrize("driver", CONNECTING)
def test_a_driver_behind_the_fault_proxy_fails_and_the_bridge_goes_on(tmp_path: Path, driver: str) -> None:
    script = f"""
        function getUser(port, callback) {{
          let isOver = false;
          const end = () => {{
            if (!isOver) {{ isOver = true; callback(new Error('the store is out of reach')); }}
          }};
          {CONNECTING[driver]}
        }}
    """
    shop = database(tmp_path, {"get_user": script}, PASSWORD="x")
    bridge = shop.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=10.0)
    try:
        with FaultProxy("127.0.0.1", 9) as proxy:
            for situation in (*PROXY_FAULTS, Situation.REFUSE):
                proxy.fail(situation)
                outcome = bridge.call(Script.GET_USER, [proxy.address[1]])
                assert (outcome.ending, outcome.raised) == (Ending.FAILED, None), (situation, outcome)
    finally:
        bridge.close()
