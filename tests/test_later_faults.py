"""Outages in the middle of a call: the first requests are answered, and the next one fails."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Generator, Iterator, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from typing_extensions import override

from customdb_contract import KnownUser, Report, check
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.bridges.placeholders import FAULT_HOST, FAULT_URL, FAULT_URL_HTTPS, replaced_urls
from customdb_contract.faults import FAULTS, FaultProxy, FaultServer, Passes
from customdb_contract.outages import outage_situations
from customdb_contract.probes import FaultsTogether
from customdb_contract.transcript import LATER_REQUESTS, Ending, Exchange, Mark, Situation

PATIENCE: Final = 10.0
ADA: Final = KnownUser(email="ada@example.com", password="correct horse battery")
SECOND, THIRD = LATER_REQUESTS
IN_ORDER: Final = (*FAULTS[:-1], SECOND, THIRD, Situation.CUT, Situation.HANG)
PROFILE: Final = {"user_id": "u7", "email": "ada@example.com", "email_verified": True}


class Api(BaseHTTPRequestHandler):
    """A store behind HTTP that needs two requests: one for an id, and one for its user."""

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/v1/ids":
            self._answer(200, {"id": 7} if path.query.lower() == "email=ada%40example.com" else {})
        elif path.path == "/v1/users/7":
            self._answer(200, PROFILE)
        else:
            self._answer(404, {"asked": self.path, "host": self.headers["host"], "token": self.headers["x-token"]})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        is_right = (given["email"].lower(), given["password"]) == (ADA.email, "correct horse battery")
        self._answer(200, {"id": 7} if is_right else {})

    def _answer(self, status: int, body: Mapping[str, object]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(sent)))
        self.send_header("x-of-the-store", "yes")
        self.end_headers()
        self.wfile.write(sent)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


# The fault server


@frozen
class Answer:
    status: int
    headers: Message
    body: bytes


def asked(server: FaultServer, path: str = "/nothing?a=b%20c", **headers: str) -> Answer:
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.netloc, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", f"{where.path}{path}", headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def body_of(answer: Answer) -> Any:
    return json.loads(answer.body)


@pytest.mark.parametrize(("situation", "passed"), [(SECOND, 1), (THIRD, 2), (Situation.STATUS_500, 0)])
def test_the_first_requests_of_each_call_reach_the_store(api: str, situation: Situation, passed: int) -> None:
    with FaultServer(real_url=api) as server:
        server.begin_call()
        server.fail(situation)
        for _ in range(2):
            server.begin_call()
            assert [asked(server).status for _ in range(4)] == [404] * passed + [500] * (4 - passed)
        assert server.requests == 2 * (4 - passed)


def test_requests_and_responses_are_passed_between_client_and_store(api: str) -> None:
    with FaultServer(real_url=api) as server:
        server.fail(SECOND)
        server.begin_call()
        answer = asked(server, **{"X-Token": "own", "Connection": "close"})

    assert body_of(answer) == {
        "asked": "/v1/nothing?a=b%20c",
        "host": urlsplit(api).netloc,
        "token": "own",
    }
    assert answer.headers["x-of-the-store"] == "yes"


def test_a_request_keeps_the_name_of_its_host(api: str) -> None:
    with FaultServer(real_url=api, at_any_path=True) as server:
        server.fail(SECOND)
        server.begin_call()

        assert body_of(asked(server, host="api.legacy.example"))["host"] == "api.legacy.example"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_unreachable_real_store_causes_no_later_outage(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"{scheme}://127.0.0.1:{free.getsockname()[1]}"
    with FaultServer(real_url=address) as server:
        server.fail(SECOND)
        server.begin_call()
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            asked(server)
        assert server.requests == 0


# The fault proxy


@contextlib.contextmanager
def echo() -> Generator[tuple[str, int]]:
    """A store that echoes each request."""

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while piece := connection.recv(1000):
                if piece == b"goodbye":
                    return
                connection.sendall(piece)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def connected(proxy: FaultProxy) -> Generator[socket.socket]:
    with socket.create_connection(proxy.address, timeout=PATIENCE) as client:
        yield client


def answer_to(client: socket.socket, question: bytes) -> bytes:
    client.sendall(question)
    return client.recv(1000)


def test_the_first_requests_of_each_call_pass_on_any_connection() -> None:
    with echo() as target, FaultProxy(*target) as proxy:
        proxy.begin_call()
        proxy.fail(THIRD)
        for _ in range(2):
            proxy.begin_call()
            with connected(proxy) as first, connected(proxy) as second:
                assert answer_to(first, b"one...") == b"one..."
                assert answer_to(second, b"two...") == b"two..."
                assert answer_to(first, b"three.") == b"thr"
                assert first.recv(1000) == b""
        assert proxy.requests == 2


def test_a_store_that_closes_a_connection_after_its_response_has_not_failed() -> None:
    with echo() as target, FaultProxy(*target) as proxy:
        proxy.fail(SECOND)
        proxy.begin_call()
        with connected(proxy) as client:
            assert answer_to(client, b"one") == b"one"
            assert answer_to(client, b"goodbye") == b""
        assert proxy.requests == 0


def test_an_unreachable_store_behind_a_proxy_causes_no_later_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with FaultProxy(*address) as proxy:
        proxy.fail(SECOND)
        proxy.begin_call()
        with pytest.raises(ConnectionResetError), connected(proxy) as client:
            client.recv(1)
        assert proxy.requests == 0


def test_stores_that_fail_together_count_the_requests_of_a_call_together(api: str) -> None:
    passes = Passes()
    with (
        echo() as target,
        FaultProxy(*target, passes=passes) as proxy,
        FaultServer(real_url=api, passes=passes) as server,
    ):
        faults = FaultsTogether((server, proxy))
        faults.fail(SECOND)
        faults.begin_call()
        with connected(proxy) as client:
            assert answer_to(client, b"one...") == b"one..."
            assert asked(server).status == 500
        assert faults.requests == 1
        assert faults.situations == IN_ORDER
        with FaultServer() as other:
            # Without its real store it would fail at once.
            together = FaultsTogether((other, proxy))
            assert together.situations == tuple(way for way in IN_ORDER if way not in LATER_REQUESTS)


# The address of the real store


@pytest.mark.parametrize(
    ("setting", "real", "found"),
    [
        (FAULT_URL, "https://api.example.com/v1", "https://api.example.com/v1"),
        (FAULT_URL, "http://127.0.0.1:80/", "http://127.0.0.1:80"),
        (f"{FAULT_URL}/users", "http://127.0.0.1:80/v1/users", "http://127.0.0.1:80/v1"),
        (f"url={FAULT_URL};a=b", "url=http://127.0.0.1;a=b", "http://127.0.0.1"),
        (FAULT_URL_HTTPS, "https://api.example.com", "https://api.example.com"),
        (FAULT_HOST, "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (FAULT_HOST, "127.0.0.1:8080", None),
        (f"{FAULT_URL}/users", "http://127.0.0.1:80/people", None),
        (FAULT_URL, "postgresql://127.0.0.1", None),
        (FAULT_URL, None, None),
        (FAULT_URL, 7, None),
        (7, "http://127.0.0.1", None),
    ],
)
def test_the_address_that_a_placeholder_replaces(setting: object, real: object, found: str | None) -> None:
    sound = {"URL": real} if real else {}

    assert list(replaced_urls({"URL": setting}, sound).values()) == ([found] if found else [])


def test_two_addresses_for_one_placeholder_are_refused() -> None:
    sound = {"A": "http://a.test", "B": "http://b.test"}

    assert replaced_urls({"A": FAULT_URL, "B": FAULT_URL}, sound) == {}
    assert replaced_urls({"A": FAULT_URL, "B": FAULT_URL}, {"A": "http://a.test", "B": "http://a.test"}) == {
        FAULT_URL: "http://a.test"
    }


# A check

ASK: Final = """
  const ask = async (path, options) => {
    const signal = AbortSignal.timeout(500);
    const answer = await fetch(`${configuration.URL}${path}`, { ...options, signal });
    if (!answer.ok) throw new Error(`the store answered with status ${answer.status}`);
    return answer.json();
  };
"""
SCRIPTS: Final = {
    "get_user": f"""
        async function getUser(email, callback) {{
          {ASK}
          let profile = null;
          try {{
            const {{ id }} = await ask(`/ids?email=${{encodeURIComponent(email)}}`);
            if (id) profile = await ask(`/users/${{id}}`);
          }} catch (error) {{
            return callback(new Error('the store is out of reach'));
          }}
          return callback(null, profile);
        }}
    """,
    "login": f"""
        async function login(email, password, callback) {{
          {ASK}
          let profile = null;
          try {{
            const body = JSON.stringify({{ email, password }});
            const {{ id }} = await ask('/session', {{ method: 'POST', body }});
            if (id) profile = await ask(`/users/${{id}}`);
          }} catch (error) {{
            return callback(new Error('the store is out of reach'));
          }}
          return profile ? callback(null, profile) : callback(new WrongUsernameOrPasswordError(null, 'wrong'));
        }}
    """,
}
SECOND_ASKED: Final = "profile = await ask(`/users/${id}`);"
HIDDEN: Final = "profile = await ask(`/users/${id}`).catch(() => null);"
UNCHECKED: Final = (
    "profile = await (await fetch(`${configuration.URL}/users/${id}`, { signal: AbortSignal.timeout(500) })).json();"
)


def checked(folder: Path, api: str, **changed: str) -> Report:
    for name, source in (SCRIPTS | changed).items():
        (folder / f"{name}.js").write_text(source, "utf-8")
    sound = NodeDatabase(folder, configuration={"URL": api})
    outage = NodeDatabase(folder, configuration={"URL": FAULT_URL})
    return check(sound, [ADA], outage=outage, hostile=False, rehearse=False, timeout=2.0)


def later_calls(report: Report) -> list[Exchange]:
    return [exchange for exchange in report.transcript.exchanges if exchange.situation in LATER_REQUESTS]


def test_scripts_that_report_a_later_failure_pass(tmp_path: Path, api: str) -> None:
    report = checked(tmp_path, api)

    calls = later_calls(report)
    assert [(call.situation, call.script, call.ending, bool(call.marks)) for call in calls] == [
        (SECOND, "get_user", Ending.FAILED, False),
        (SECOND, "login", Ending.FAILED, False),
        (THIRD, "get_user", Ending.FOUND, True),
        (THIRD, "login", Ending.FOUND, True),
    ]
    assert report.verdict("outage-as-not-found").status == "passed"
    assert (
        "get_user sends no third request and login sends no third request, so the check could not let one fail"
        in " ".join(str(report).split())
    )
    assert report.ok, report


@pytest.mark.parametrize(
    ("name", "written", "rules"),
    [
        ("get_user", HIDDEN, {"outage-as-not-found"}),
        ("login", HIDDEN, {"login-outage-as-wrong-password"}),
        ("get_user", UNCHECKED, {"outage-as-not-found", "missing-user-id"}),
        ("login", UNCHECKED, {"login-outage-as-wrong-password", "missing-user-id"}),
    ],
)
def test_a_script_that_hides_only_a_later_failure_is_found(
    tmp_path: Path, api: str, name: str, written: str, rules: set[str]
) -> None:
    source = SCRIPTS[name]
    assert SECOND_ASKED in source

    report = checked(tmp_path, api, **{name: source.replace(SECOND_ASKED, written)})

    found = {verdict.rule.name: verdict.findings for verdict in report.verdicts if verdict.findings}
    exchanges = {exchange.number: exchange for exchange in report.transcript.exchanges}
    reported = {
        rule
        for rule, findings in found.items()
        for finding in findings
        if finding.script == name and any(exchanges[number].situation is SECOND for number in finding.evidence)
    }
    assert reported == rules, found


def test_a_script_that_sends_one_request_meets_no_later_outage(tmp_path: Path, api: str) -> None:
    one = "profile = { user_id: `u${id}`, email: 'ada@example.com', email_verified: true };"

    report = checked(tmp_path, api, get_user=SCRIPTS["get_user"].replace(SECOND_ASKED, one))

    calls = [call for call in later_calls(report) if call.script == "get_user"]
    assert [(call.situation, call.marks) for call in calls] == [(SECOND, frozenset({Mark.OUTAGE_NOT_MET}))]
    text = " ".join(str(report).split())
    sentence = "get_user sends no second request and login sends no third request"
    assert f"{sentence}, so the check could not let one fail in the middle" in text
    assert "never called the fault server" not in text


def test_without_a_known_real_store_no_request_is_passed_on(tmp_path: Path, api: str) -> None:
    (tmp_path / "get_user.js").write_text(SCRIPTS["get_user"], "utf-8")
    outage = NodeDatabase(tmp_path, configuration={"URL": FAULT_URL})
    sound = NodeDatabase(tmp_path, configuration={"URL": api})

    assert outage_situations(outage, sound=sound) == (*FAULTS[:-1], *LATER_REQUESTS, Situation.HANG)
    for other in (None, object(), NodeDatabase(tmp_path, configuration={"OTHER": api})):
        assert outage_situations(outage, sound=other) == FAULTS
