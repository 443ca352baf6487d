"""With any host and any client, the requests of an Action reach the stand-in on loopback and no other host."""

import json
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actions_opened import handler
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.node import NodeAction
from customdb_contract.faults import LegacyAnswers, LegacyResponse, LegacySystem, LegacyUser
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Handler, LegacyAnswer, LegacyState, Noticed

pytestmark = pytest.mark.one_python

DRIVERS = Path(__file__).parent / "drivers" / "node_modules"
USER = LegacyUser("7", "ada@example.com")
FOUND = LegacyResponse(200, {"id": "{user_id}", "email": "{email}"})

# The result of a client for `url`, as an expression.
CLIENTS = {
    "fetch": "await (await fetch(url, { headers: { 'x-key': 'k' } })).json()",
    "http": """await new Promise((resolve, reject) => {
      const client = require(url.startsWith('https') ? 'https' : 'node:http');
      client.get(url, { headers: { 'x-key': 'k' } }, (answer) => {
        const authorized = !url.startsWith('https') || (answer.socket.authorized && answer.socket.encrypted);
        let text = authorized ? '' : 'not authorized';
        answer.on('data', (piece) => { text += piece; }).on('end', () => resolve(JSON.parse(text)));
      }).on('error', reject);
    })""",
    "axios": "(await require('axios').get(url, { headers: { 'x-key': 'k' } })).data",
    "node-fetch": "await (await require('node-fetch')(url, { headers: { 'x-key': 'k' } })).json()",
    "got": "await require('got')(url, { headers: { 'x-key': 'k' }, retry: 0 }).json()",
    "undici": "await (await require('undici').request(url, { headers: { 'x-key': 'k' } })).body.json()",
    "request": """await new Promise((resolve, reject) => {
      const done = (error, _, body) => (error ? reject(error) : resolve(body));
      require('request')({ url, json: true, headers: { 'x-key': 'k' } }, done);
    })""",
    "import": """await (async () => {
      const { get } = await import(url.startsWith('https') ? 'node:https' : 'node:http');
      return new Promise((resolve, reject) => {
        get(url, { headers: { 'x-key': 'k' } }, async (answer) => {
          resolve(JSON.parse((await answer.toArray()).join('')));
        }).on('error', reject);
      });
    })()""",
}
ASKING = "\n".join(f"  {json.dumps(name)}: async (url) => {client}," for name, client in CLIENTS.items())
SOURCE = f"""
const clients = {{
{ASKING}
}};
exports.onExecutePostLogin = async (event, api) => {{
  if (event.code) await (0, eval)(`(async (event, api, require) => {{${{event.code}}}})`)(event, api, require);
  else api.user.setAppMetadata('answer', await clients[event.client](event.url));
}};
"""


class Stand:
    """An Action that sends the given requests, and the stand-in that they reach."""

    def __init__(self, bridge: ActionBridge, legacy: LegacySystem) -> None:
        self.bridge = bridge
        self.legacy = legacy

    def __call__(self, state: LegacyState = LegacyState.SOUND, **event: object) -> Performed:
        self.legacy.answer(state)
        return self.bridge.perform(Handler.EXECUTE, event, seconds=20)


@contextmanager
def standing(folder: Path) -> Generator[Stand]:
    file = folder / "asking.js"
    file.write_text(SOURCE, encoding="utf-8")
    action = NodeAction(file, node_modules=DRIVERS, secrets={"URL": "{legacy_url}/users"})
    with LegacySystem(LegacyAnswers(found=FOUND), [USER]) as legacy:
        bridge = action.open_action(mask=SecretRegistry(), legacy=legacy.address)
        yield Stand(bridge, legacy)
        bridge.close()


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("asking")) as stand:
        yield stand


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "url",
    [
        "http://legacy.example.com/users/7?full=1",
        "https://legacy.example.com/users/7?full=1",
        "https://legacy.example.com:8443/users/7?full=1",
        "http://192.0.2.7:8080/users/7?full=1",
        "https://[2001:db8::7]/users/7?full=1",
    ],
)
def test_every_client_reaches_the_stand_in(stand: Stand, client: str, url: str) -> None:
    performed = stand(client=client, url=url)

    assert performed.outcome.raised is None
    assert [call.arguments for call in performed.calls] == [("answer", {"id": "7", "email": "ada@example.com"})]
    (received,) = stand.legacy.received
    assert (received.method, received.url, received.headers["x-key"]) == ("GET", url, "k")
    assert received.answer == LegacyAnswer(200, {"id": "7", "email": "ada@example.com"})


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("state", [LegacyState.REFUSE, LegacyState.RESET, LegacyState.STATUS_500])
def test_every_client_meets_an_outage(stand: Stand, client: str, state: LegacyState) -> None:
    performed = stand(state, client=client, url="https://legacy.example.com/users/7")

    is_told = performed.outcome.ending is Ending.RAISED or performed.calls[0].arguments[1] != {
        "id": "7",
        "email": "ada@example.com",
    }
    assert is_told
    assert len(stand.legacy.received) >= (state is not LegacyState.REFUSE)


@pytest.mark.parametrize(
    "asking",
    [
        "await (await fetch(url, { dispatcher: new ProxyAgent('http://proxy.example.com:3128') })).body.json()",
        "await require('got')(url, { agent: { https: through }, retry: 0 }).json()",
        "await new Promise((done) => require('request')({ url, proxy, json: true }, (_, __, body) => done(body)))",
    ],
)
def test_requests_go_through_a_proxy(stand: Stand, asking: str) -> None:
    code = f"""
      const {{ ProxyAgent, request: fetch }} = require('undici');
      const proxy = 'http://proxy.example.com:3128';
      const through = require('tunnel-agent').httpsOverHttp({{ proxy: {{ host: 'proxy.example.com', port: 3128 }} }});
      const url = 'https://legacy.example.com/users/7';
      api.user.setAppMetadata('answer', {asking});
    """
    performed = stand(code=code)

    assert performed.outcome.raised is None
    assert [call.arguments for call in performed.calls] == [("answer", {"id": "7", "email": "ada@example.com"})]
    assert [received.url for received in stand.legacy.received] == ["https://legacy.example.com/users/7"]


def test_bodies_and_secrets_reach_the_stand_in(stand: Stand) -> None:
    code = """
      const url = event.secrets.URL.replace('http:', 'https:');
      const body = JSON.stringify({ id: 7, name: 'é'.repeat(50000) });
      const chunks = (async function* () { yield 'a=1&'; yield 'b=ada%40example.com'; })();
      api.user.setAppMetadata('a', await (await fetch(url, { method: 'POST', body })).json());
      api.user.setAppMetadata('b', await (await fetch(url, { method: 'PUT', body: chunks, duplex: 'half' })).json());
      api.user.setAppMetadata('c', (await fetch(url, { method: 'HEAD' })).status);
    """
    performed = stand(code=code)

    assert performed.outcome.raised is None
    assert [call.arguments[1] for call in performed.calls] == [
        {"id": "7", "email": "ada@example.com"},
        {"id": "7", "email": "ada@example.com"},
        404,
    ]
    posted, put, head = stand.legacy.received
    assert (posted.method, posted.body) == ("POST", {"id": 7, "name": "é" * 50_000})
    assert (put.method, put.body) == ("PUT", "a=1&b=ada%40example.com")
    assert (head.method, head.body, head.url) == (
        "HEAD",
        None,
        f"https://127.0.0.1:{stand.legacy.address.plain}/users",
    )


WAYS_OUT = {
    "net": "require('net').connect({ port, host: '127.0.0.1' }).write('out')",
    "a port": "require('net').createConnection(port, '127.0.0.1').write('out')",
    "a new socket": "new (require('net').Socket)().connect(port, '127.0.0.1').write('out')",
    "a socket that is put back": """const { Socket } = require('net');
      const socket = new Socket(); delete socket.connect; Socket.prototype.connect.call(socket, port).write('out')""",
    "tls": "require('tls').connect(port, '127.0.0.1', { rejectUnauthorized: false }).write('out')",
    "tls with a socket": "require('tls').connect({ socket: require('net').connect(port) }).write('out')",
    "a TLS socket": "new (require('tls').TLSSocket)(require('net').connect(port)).write('out')",
    "http2": "require('http2').connect(`http://127.0.0.1:${port}`).on('error', () => {}).request().end('out')",
    "an agent": "require('http').get({ port, agent: new (require('http').Agent)({ lookup }) }).on('error', () => {})",
    "a module of its own": "(await import('node:net')).connect(port).write('out')",
    "the module again": "process.getBuiltinModule?.('net').connect(port).write('out')",
    "a datagram": "require('dgram').createSocket('udp4').send('out', port, '127.0.0.1')",
    "a connected datagram": "require('dgram').createSocket('udp4').connect(port, '127.0.0.1')",
    "a name server": """const dns = new (require('dns').Resolver)(); dns.setServers([`127.0.0.1:${port}`]);
      dns.resolveMx('example.com', () => {})""",
    "a binding": "const { TCP } = process.binding('tcp_wrap'); new TCP(0).connect({}, '127.0.0.1', port)",
}

FORBIDDEN_BY_NODE = {
    "a process": "require('child_process').execFileSync('curl', [`http://127.0.0.1:${port}`])",
    "a worker": """const code = `require('net').connect(${port}).write('out')`;
      new (require('worker_threads').Worker)(code, { eval: true })""",
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_nothing_else_is_reached(stand: Stand, way: str) -> None:
    expect_nothing_reached(stand, WAYS_OUT[way])


@pytest.mark.forbidden_by_node
@pytest.mark.parametrize("way", FORBIDDEN_BY_NODE)
def test_ways_forbidden_by_node_reach_no_other_host(tmp_path: Path, way: str) -> None:
    with standing(tmp_path) as stand:
        expect_nothing_reached(stand, FORBIDDEN_BY_NODE[way])


def expect_nothing_reached(stand: Stand, way: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        port = stream.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        stream.setblocking(False)
        datagrams.setblocking(False)
        code = f"""
          process.on('uncaughtException', () => {{}});
          const lookup = (_, __, done) => done(null, '127.0.0.1', 4);
          const port = {port};
          {way};
          await new Promise((resolve) => setTimeout(resolve, 30));
        """
        stand(code=code)

        with pytest.raises(BlockingIOError):
            stream.accept()
        with pytest.raises(BlockingIOError):
            datagrams.recv(100)


CONTROL = ("net", "a new socket", "tls", "tls with a socket", "http2", "a module of its own", "a datagram")


@pytest.mark.parametrize("way", CONTROL)
def test_without_a_stand_in_requests_reach_other_hosts(tmp_path: Path, way: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        port = stream.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        code = f"const port = {port}; {WAYS_OUT[way]};"
        (tmp_path / "asking.js").write_text(handler(code), encoding="utf-8")
        bridge = NodeAction(tmp_path / "asking.js").open_action(mask=SecretRegistry())
        bridge.perform(Handler.EXECUTE, {}, seconds=20)
        bridge.close()
        stream.settimeout(5.0)
        datagrams.settimeout(5.0)

        if way == "a datagram":
            assert datagrams.recv(100) == b"out"
        else:
            stream.accept()[0].close()


def test_no_name_is_looked_up(stand: Stand) -> None:
    code = """
      const dns = require('dns');
      const { promisify } = require('util');
      const failed = (asking) => asking.catch((error) => error.code);
      const found = [
        await new Promise((done) => dns.lookup('a.example.com', (_, ...found) => done(found))),
        await new Promise((done) => dns.lookup('a.example.com', { all: true }, (_, found) => done(found))),
        await promisify(dns.lookup)('a.example.com'),
        await dns.promises.lookup('a.example.com', { all: true }),
        await dns.promises.resolve('a.example.com'),
        await dns.promises.resolve4('a.example.com'),
        await failed(dns.promises.resolve('a.example.com', 'MX')),
        await failed(promisify(dns.resolveTxt)('a.example.com')),
        await new Promise((done) => new dns.Resolver().resolve('a.example.com', 'A', (_, found) => done(found))),
      ];
      console.log(JSON.stringify(found));
    """
    local = {"address": "127.0.0.1", "family": 4}

    outcome = stand(code=code).outcome

    assert json.loads(outcome.output) == [
        ["127.0.0.1", 4],
        [local],
        local,
        [local],
        ["127.0.0.1"],
        ["127.0.0.1"],
        "ENOTFOUND",
        "ENOTFOUND",
        ["127.0.0.1"],
    ]


def test_a_redirected_connection_presents_itself_as_verified(stand: Stand) -> None:
    code = """
      const tls = require('tls');
      const socket = tls.connect({ host: 'legacy.example.com', port: 443, timeout: 5000 }, () => console.log('ready'));
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      const { subject, subjectaltname } = socket.getPeerCertificate();
      console.log(JSON.stringify([
        socket instanceof tls.TLSSocket, socket.authorized, socket.authorizationError, socket.encrypted,
        socket.alpnProtocol, socket.getProtocol(), subject.CN, subjectaltname, socket.getCipher().version,
      ]));
      socket.destroy();
    """

    ready, printed = stand(code=code).outcome.output.splitlines()

    assert ready == "ready"
    assert json.loads(printed) == [
        True, True, None, True, False, "TLSv1.3", "legacy.example.com", "DNS:legacy.example.com", "TLSv1.3",
    ]  # fmt: skip


def test_process_binding_is_available(stand: Stand) -> None:
    code = "try { process.binding('constants'); } catch (error) { console.log(error.message); }"

    # Node itself may forbid that, with its own message.
    assert "No such module" not in stand(code=code).outcome.output


def test_a_redirected_connection_answers_a_clients_questions_about_it(stand: Stand) -> None:
    code = """
      const socket = require('tls').connect(443, 'legacy.example.com');
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      const asked = [
        'disableRenegotiation', 'enableTrace', 'getCertificate', 'getEphemeralKeyInfo', 'getFinished',
        'getPeerFinished', 'getPeerX509Certificate', 'getSession', 'getSharedSigalgs', 'getTLSTicket',
        'getX509Certificate', 'isSessionReused', 'renegotiate', 'setMaxSendFragment', 'setServername', 'setSession',
      ];
      const answers = asked.map((name) => socket[name]());
      console.log(JSON.stringify([...answers, socket.exportKeyingMaterial(4)]));
      socket.destroy();
    """

    printed = json.loads(stand(code=code).outcome.output)

    none = [None] * 2
    key = {"type": "Buffer", "data": [0, 0, 0, 0]}
    assert printed == [*none, {}, {}, *none, *none, [], *none, False, False, True, *none, key]


def test_work_left_running_is_noticed(stand: Stand) -> None:
    code = "fetch('https://legacy.example.com/users/7').then(() => api.user.setAppMetadata('late', 1), () => {});"

    answered = stand(code=code)
    stalled = stand(LegacyState.SILENCE, code=code)

    assert [(call.path, call.late) for call in answered.calls] == [("user.setAppMetadata", True)]
    assert not answered.outcome.noticed(Noticed.STILL_RUNNING)
    assert stalled.outcome.noticed(Noticed.STILL_RUNNING) == ("0.3 s",)


def test_a_request_that_is_sent_too_late_is_noticed(stand: Stand) -> None:
    code = "setTimeout(() => fetch('https://legacy.example.com/users/7'), 10);"

    outcome = stand(code=code).outcome

    assert outcome.noticed(Noticed.LATE_REQUEST) == ("GET https://legacy.example.com/users/7",)


def test_without_a_stand_in_an_action_reaches_the_named_host(tmp_path: Path) -> None:
    (tmp_path / "asking.js").write_text(
        handler("api.user.setAppMetadata('a', (await fetch(event.url)).status);"), encoding="utf-8"
    )
    with LegacySystem(LegacyAnswers(found=FOUND), [USER]) as legacy:
        legacy.answer(LegacyState.SOUND)
        bridge = NodeAction(tmp_path / "asking.js").open_action(mask=SecretRegistry())

        performed = bridge.perform(Handler.EXECUTE, {"url": f"{legacy.address.url}/users/7"}, seconds=20)

        assert [call.arguments for call in performed.calls] == [("a", 200)]
        bridge.close()
