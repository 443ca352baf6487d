"""Hosts that scripts name, redirected during a check; and unreachable hosts."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from customdb_contract import Connection, KnownUser, check
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.bridges.placeholders import FAULT_HOST, FAULT_URL_HTTPS
from customdb_contract.bridges.python_process import PythonProcess
from customdb_contract.config import load_config
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import FAULTS, PROXY_FAULTS, FaultServer
from customdb_contract.observing import observe
from customdb_contract.outages import outage_situations
from customdb_contract.probes import Probing, together
from customdb_contract.rules import judge
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Noticed, Outcome, Situation, Transcript
from doubles.sql_server import DATABASE, PASSWORD, USER, run_sql_server_double

pytestmark = pytest.mark.one_python

ADA = KnownUser(email="ada@example.com", password="correct horse")
URL = "https://api.legacy.example/users"


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        self._answer()

    def _answer(self) -> None:
        body = f'{{"host": "{self.headers["host"]}", "path": "{self.path}"}}'.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def database(folder: Path, get_user: str, *, hosts: Mapping[str, str] | None = None, **options: Any) -> NodeDatabase:
    (folder / "get_user.js").write_text(f"async function getUser(email, callback) {{\n{get_user}\n}}", "utf-8")
    return NodeDatabase(folder, hosts=hosts, **options)


def called(made: NodeDatabase) -> Outcome:
    bridge = made.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=20.0)
    try:
        outcome = bridge.call(Script.GET_USER, ["ada@example.com"])
        late = [event.observation for event in bridge.late_events() if event.observation is not None]
    finally:
        bridge.close()
    assert not [noticed for noticed in late if noticed.kind is Noticed.LATE_REQUEST]
    return outcome


CLIENTS = {
    "fetch": "const answer = await fetch(URL_OF_IT); callback(null, await answer.json());",
    "https": """
        require('https').get(URL_OF_IT, (answer) => {
          let text = '';
          answer.on('data', (piece) => { text += piece; });
          answer.on('end', () => callback(null, { ...JSON.parse(text), safe: answer.socket.authorized }));
        });""",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ["api.legacy.example", "API.legacy.example:443"])
def test_https_leads_to_a_plain_address_under_its_own_name(tmp_path: Path, api: str, client: str, name: str) -> None:
    script = CLIENTS[client].replace("URL_OF_IT", f"'{URL}'")

    outcome = called(database(tmp_path, script, hosts={name: f"http://{api}"}))

    assert outcome.ending is Ending.FOUND, outcome
    assert outcome.result == {"host": "api.legacy.example", "path": "/users"} | (
        {"safe": True} if client == "https" else {}
    )


def test_http_and_sockets_lead_to_an_address_by_port(tmp_path: Path, api: str) -> None:
    script = """
        const answer = await (await fetch('http://api.legacy.example:8080/x')).json();
        const socket = require('net').connect(5432, 'db.internal', () => {
          socket.end('GET /raw HTTP/1.0\\r\\nhost: raw\\r\\n\\r\\n');
        });
        let text = '';
        socket.on('data', (piece) => { text += piece; });
        socket.on('end', () => callback(null, { web: answer.host, raw: text.includes('"/raw"') }));
    """
    hosts = {"api.legacy.example:8080": api, "db.internal:5432": api}

    assert called(database(tmp_path, script, hosts=hosts)).result == {"web": "api.legacy.example:8080", "raw": True}


@pytest.fixture(scope="module")
def tls_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The same behind TLS, with a certificate that is not trusted by default."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl on this machine: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    made = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout {key} -out {certificate}"
    named = ("-subj", "/CN=api.legacy.example", "-addext", "subjectAltName=DNS:api.legacy.example")
    subprocess.run([openssl, *made.split(), *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", certificate
        server.shutdown()
        thread.join()


VERIFYING = {
    "fetch": "try { const answer = await fetch(URL_OF_IT); callback(null, await answer.json()); }"
    " catch (error) { callback(error.cause); }",
    "https": CLIENTS["https"].rstrip(";") + ".on('error', callback);",
}


@pytest.mark.parametrize("client", VERIFYING)
def test_https_is_redirected_to_an_address_with_the_certificate_of_the_name(
    tmp_path: Path, tls_api: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    address, certificate = tls_api

    def answer_of(host: str) -> Outcome:
        script = VERIFYING[client].replace("URL_OF_IT", f"'https://{host}/users'")
        return called(database(tmp_path, script, hosts={host: address}, environment=["NODE_EXTRA_CA_CERTS"]))

    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "")
    assert "self-signed certificate" in str(answer_of("api.legacy.example").error)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(certificate))
    assert "altnames" in str(answer_of("other.legacy.example").error)
    result = answer_of("api.legacy.example").result
    assert result == {"host": "api.legacy.example", "path": "/users"} | ({"safe": True} if client == "https" else {})


def test_tls_to_an_address_without_http_is_tls(tmp_path: Path, api: str) -> None:
    outcome = called(
        database(
            tmp_path,
            "try { await fetch('https://api.legacy.example/'); } catch (error) { callback(error.cause); }",
            hosts={"api.legacy.example": f"https://{api}"},
        )
    )

    assert "wrong version number" in str(outcome.error)


def test_an_unreachable_host_missing_from_the_configuration_is_noticed(tmp_path: Path) -> None:
    script = """
        const lookup = (host, options, done) => done(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
        const request = require('https').get({ host: 'api.legacy.example', lookup });
        request.on('error', (error) => {
          require('http').get('http://127.0.0.1:9/').on('error', () => callback(new Error('out of reach')));
        });
    """

    outcome = called(database(tmp_path, script))

    assert outcome.noticed(Noticed.HOST_OUT_OF_REACH) == ("api.legacy.example:443", "127.0.0.1:9")


def test_the_report_names_unreachable_hosts() -> None:
    transcript = Transcript.parse(
        'get_user x -> failed Error "no"; noticed host-out-of-reach "api.test:443"   [unknown-user]\n'
        'get_user x -> failed Error "no"; noticed host-out-of-reach "outage.test:443"   [outage: reset]\n'
    )

    text = " ".join(str(judge(transcript)).split())

    assert "The scripts could not connect to api.test:443 (get_user). If it runs somewhere else" in text


@pytest.mark.parametrize("host", ["127.0.0.1:5432", "localhost:5432", "LOCALHOST:5432", "::1:5432"])
def test_the_report_asks_whether_a_store_on_this_machine_runs(host: str) -> None:
    transcript = Transcript.parse(
        f'get_user x -> failed Error "no"; noticed host-out-of-reach "{host}"   [unknown-user]\n'
        'login x y -> failed Error "no"; noticed host-out-of-reach "localhost.test:443"   [unknown-user]\n'
    )

    text = " ".join(str(judge(transcript)).split())

    assert "(get_user): is the store running there?" in text
    assert "could not connect to localhost.test:443 (login). If it runs somewhere else" in text


# Look-ups

MODULES = Path(__file__).parent / "drivers" / "node_modules"

LOOK_UPS = {
    "callback": "dns.lookup(NAME, (error, address, family) => done([{ address, family }]));",
    "callback after options": "dns.lookup(NAME, { all: false }, (_, address, family) => done([{ address, family }]));",
    "callback after a family": "dns.lookup(NAME, 0, (error, address, family) => done([{ address, family }]));",
    "all": "dns.lookup(NAME, { all: true }, (error, found) => done(found));",
    "promise": "done([await dns.promises.lookup(NAME)]);",
    "module of promises": "done(await require('dns/promises').lookup(NAME, { all: true }));",
    "promisified": "done([await require('util').promisify(dns.lookup)(NAME, 4)]);",
    "imported": "done([await (await import('node:dns/promises')).lookup(NAME)]);",
}


@pytest.mark.parametrize("name", ["db.internal", "DB.Internal"])
@pytest.mark.parametrize("way", LOOK_UPS)
def test_a_client_that_resolves_a_host_first_is_redirected_too(tmp_path: Path, api: str, way: str, name: str) -> None:
    script = f"""
        const dns = require('dns');
        const done = ([{{ address, family }}, ...others]) => {{
          const asked = {{ host: address, port: 8080, headers: {{ host: 'db.internal' }} }};
          const request = require('http').get(asked, (answer) => {{
            let text = '';
            answer.on('data', (piece) => {{ text += piece; }});
            answer.on('end', () => callback(null, {{ ...JSON.parse(text), family, others: others.length }}));
          }});
          request.on('error', callback);
        }};
        {LOOK_UPS[way].replace("NAME", repr(name))}
    """

    outcome = called(database(tmp_path, script, hosts={"api.legacy.example": "127.0.0.1:1", "db.internal:8080": api}))

    assert outcome.result == {"host": "db.internal", "path": "/", "family": 4, "others": 0}, outcome


def test_tls_leads_to_a_plain_address_after_a_look_up(tmp_path: Path, api: str) -> None:
    script = """
        const { address } = await require('dns').promises.lookup('api.legacy.example');
        const servername = 'api.legacy.example';
        require('https').get({ host: address, servername, headers: { host: servername } }, (answer) => {
          answer.resume().on('end', () => callback(null, { safe: answer.socket.authorized }));
        }).on('error', callback);
    """

    assert called(database(tmp_path, script, hosts={"api.legacy.example": f"http://{api}"})).result == {"safe": True}


@pytest.mark.parametrize("hosts", [{}, {"db.internal": "127.0.0.1:1", "127.0.0.2": "127.0.0.1:1"}])
def test_other_names_are_resolved_as_usual(tmp_path: Path, hosts: Mapping[str, str]) -> None:
    script = """
        const dns = require('dns');
        const tried = (action) => { try { action(); return null; } catch (error) { return error.code; } };
        dns.lookup('127.0.0.2', { all: true }, async (error, found) => callback(null, {
          found,
          promised: await dns.promises.lookup('127.0.0.2'),
          promisified: await require('util').promisify(dns.lookup)('127.0.0.2'),
          refused: [tried(() => dns.lookup('db.internal')), tried(() => dns.lookup(7, () => {}))],
          names: [dns.lookup.name, dns.promises.lookup.name],
        }));
    """

    address = {"address": "127.0.0.2", "family": 4}
    assert called(database(tmp_path, script, hosts=hosts)).result == {
        "found": [address],
        "promised": address,
        "promisified": address,
        "refused": ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"],
        "names": ["lookup", "lookup"],
    }


@pytest.mark.parametrize("host", ["'localhost'", "(await require('dns').promises.lookup('localhost')).address"])
@pytest.mark.parametrize("more", ["", ", lookup: require('dns').lookup"])
def test_another_port_of_a_host_is_that_of_the_host_itself(tmp_path: Path, api: str, host: str, more: str) -> None:
    port = api.partition(":")[2]
    script = f"""
        const request = require('http').get({{ host: {host}, port: {port}, family: 4{more} }}, (answer) => {{
          answer.resume().on('end', () => callback(null, {{ status: answer.statusCode }}));
        }});
        request.on('error', callback);
    """

    assert called(database(tmp_path, script, hosts={"localhost:1433": "127.0.0.1:1"})).result == {"status": 200}


def test_another_port_of_an_unreachable_host_is_noticed_by_its_name(tmp_path: Path) -> None:
    script = """
        const { address } = await require('dns').promises.lookup('db.invalid');
        require('net').connect(5432, address).on('error', () => callback(new Error('out of reach')));
    """

    outcome = called(database(tmp_path, script, hosts={"db.invalid:1433": "127.0.0.1:1"}))

    assert outcome.noticed(Noticed.HOST_OUT_OF_REACH) == ("db.invalid:5432",)


@pytest.mark.untraced
@pytest.mark.skipif(not MODULES.is_dir(), reason="the npm modules are not installed: run make test")
@pytest.mark.parametrize("host", ["db.internal", "db.internal:1433"])
def test_tedious_is_redirected(tmp_path: Path, host: str) -> None:
    script = """
        const { Connection, Request } = require('tedious');
        const connection = new Connection({
          server: 'db.internal',
          authentication: {
            type: 'default',
            options: { userName: configuration.USER, password: configuration.PASSWORD },
          },
          options: { database: configuration.DATABASE, encrypt: false, rowCollectionOnRequestCompletion: true },
        });
        connection.connect((failure) => {
          if (failure) return callback(failure);
          connection.execSql(new Request('SELECT name FROM people', (error, count, rows) => {
            connection.close();
            callback(error, { name: rows && rows[0][0].value });
          }));
        });
    """
    settings = {"USER": USER, "PASSWORD": PASSWORD, "DATABASE": DATABASE}

    with run_sql_server_double("CREATE TABLE people (name nvarchar(9)); INSERT INTO people VALUES ('Ada');") as double:
        outcome = called(
            database(
                tmp_path,
                script,
                hosts={host: f"127.0.0.1:{double.port}"},
                configuration=settings,
                node_modules=MODULES,
            )
        )

    assert outcome.result == {"name": "Ada"}, outcome


# The configuration


@pytest.mark.parametrize("name", ["", "https://api.example.com", "api.example.com/x", "db:0", "db:65536", "db:x", "-"])
def test_a_host_is_a_name_with_or_without_a_port(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        ConfigurationError, match=re.escape(f"hosts: {name} is not a host: give its name as the scripts")
    ):
        database(tmp_path, "", hosts={name: "127.0.0.1:1"})


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1", "127.0.0.1:0", "ftp://127.0.0.1:1", "http://127.0.0.1:1/base", "{fault_url}/base"]
)
def test_a_host_leads_to_an_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"hosts: db must lead to an address such as .* without a path, or to"):
        database(tmp_path, "", hosts={"db": address})


def test_hosts_are_merged_under_an_outage(tmp_path: Path) -> None:
    database(tmp_path, "")
    (tmp_path / "customdb.toml").write_text(
        """
        [database]
        scripts = "."
        hosts = { "a.test" = "http://127.0.0.1:1", "b.test" = "127.0.0.1:2" }
        [outage]
        hosts = { "a.test" = "{fault_url}", "c.test:5432" = "{fault_proxy:127.0.0.1:2}" }
        """,
        "utf-8",
    )

    outage = load_config(tmp_path / "customdb.toml").probing.outage

    assert isinstance(outage, NodeDatabase)
    assert outage.fault_placeholders == {FAULT_HOST, "{fault_proxy:127.0.0.1:2}"}
    assert outage_situations(outage) == together([FAULTS, PROXY_FAULTS])


def test_hosts_are_for_javascript(tmp_path: Path) -> None:
    (tmp_path / "customdb.toml").write_text('[database]\npython = "a:b"\nhosts = { "a" = "b:1" }', "utf-8")

    with pytest.raises(ConfigurationError, match=r"\[database\] hosts is for JavaScript"):
        load_config(tmp_path / "customdb.toml")


def test_a_database_in_python_has_no_https_url(tmp_path: Path) -> None:
    made = PythonProcess("shop:make", configuration={"url": FAULT_URL_HTTPS}, folder=tmp_path)

    with pytest.raises(ConfigurationError, match=r"^\{fault_url:https\} is for scripts in JavaScript: give \{fault"):
        _ = made.fault_placeholders


# Outages


def test_stores_failing_together_provoke_every_fault() -> None:
    assert together((FAULTS, PROXY_FAULTS)) == (*FAULTS[:-1], Situation.CUT, Situation.HANG)


def test_a_fault_server_may_fail_at_any_path() -> None:
    with FaultServer(at_any_path=True) as server:
        server.fail(Situation.STATUS_500)
        address = server.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as connection:
            connection.sendall(b"GET /whatever HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 500")
        assert server.requests == 1


@pytest.mark.parametrize(
    ("address", "setting"),
    [("'https://api.legacy.example'", {"hosts": {"api.legacy.example": "{fault_url}"}}),
     ("configuration.URL", {"configuration": {"URL": FAULT_URL_HTTPS}})],
)  # fmt: skip
def test_http_failures_reach_a_script_that_uses_https(
    tmp_path: Path, api: str, address: str, setting: Mapping[str, Mapping[str, str]]
) -> None:
    script = f"""
        const answer = await fetch({address} + '/users');
        if (!answer.ok) return callback(new Error('status ' + answer.status));
        callback(null, {{ user_id: 'u7', email: 'ada@example.com', email_verified: true }});
    """
    made = database(
        tmp_path, script, hosts={"api.legacy.example": f"http://{api}"}, configuration={"URL": f"http://{api}"}
    )
    outage = NodeDatabase(tmp_path, hosts=setting.get("hosts"), configuration=setting.get("configuration"))
    probing = Probing(outage=outage, hostile=False, rehearse=False, timeout=1.0)

    transcript = observe(made, [ADA], Connection(), probing, progress=lambda _: None)

    seen = {call.situation: call for call in transcript.exchanges if call.situation.family == "outage"}
    assert set(seen) == {*FAULTS, Situation.SECOND_REQUEST}
    # The script sends only one request.
    assert [situation for situation, call in seen.items() if call.marks] == [Situation.SECOND_REQUEST]
    assert "status 503" in str(seen[Situation.STATUS_503].outcome.error)


def test_a_check_names_a_host_that_cannot_be_reached(tmp_path: Path) -> None:
    script = """
        const lookup = (host, options, done) => done(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
        require('net').connect({ host: 'db.internal', port: 5432, lookup }).on('error', (error) => callback(error));
    """

    report = check(database(tmp_path, script), [ADA], rehearse=False)

    assert report.exit_code == 3
    assert "could not connect to db.internal:5432 (get_user)" in str(report.transcript.header.stop_reason)


def test_a_check_asks_whether_a_store_on_this_machine_runs(tmp_path: Path) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        script = f"try {{ await fetch('http://localhost:{port}/'); }} catch (error) {{ return callback(error); }}"

        report = check(database(tmp_path, script), [ADA], rehearse=False)

    reason = report.transcript.header.stop_reason
    assert reason is not None
    assert reason.message == (
        'every call failed, so nothing could be judged: get_user failed with TypeError "fetch failed". '
        f"The scripts could not connect to localhost:{port} (get_user): is the store running there?"
    )
