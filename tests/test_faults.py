import contextlib
import gc
import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults import FAULTS, FaultServer
from customdb_contract.transcript import LATER_REQUESTS, Situation

pytestmark = pytest.mark.one_python

PATIENCE: Final = 30.0
"""Seconds after which a test gives up on an answer that must come at once."""

"""How long an example takes says nothing: the machine may be busy."""

PASSWORD: Final = "correct-horse-battery"

ANSWERS: Final = (
    (Situation.STATUS_400, 400),
    (Situation.STATUS_401, 401),
    (Situation.STATUS_403, 403),
    (Situation.STATUS_404, 404),
    (Situation.STATUS_429, 429),
    (Situation.STATUS_500, 500),
    (Situation.STATUS_503, 503),
    (Situation.HTML_PAGE, 200),
    (Situation.EMPTY_BODY, 200),
    (Situation.EMPTY_ARRAY, 200),
    (Situation.EMPTY_OBJECT, 200),
    (Situation.TRUNCATED_JSON, 200),
    (Situation.WRONG_SHAPE, 200),
)
PAGES: Final = (Situation.STATUS_503, Situation.HTML_PAGE)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def port_of(server: FaultServer) -> int:
    return urlsplit(server.url).port or 0


def path_of(server: FaultServer) -> str:
    return urlsplit(server.url).path


def connect(server: FaultServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port_of(server)), timeout=PATIENCE)


def head_for(server: FaultServer, *lines: str, method: str = "POST") -> bytes:
    first = f"{method} {path_of(server)}/users HTTP/1.1"
    return "\r\n".join((first, "Host: store.test", *lines, "", "")).encode()


def rest_of(client: socket.socket) -> bytes:
    received = b""
    while piece := client.recv(65_536):
        received += piece
    return received


def answer_to(server: FaultServer, *pieces: bytes) -> bytes:
    with connect(server) as client:
        for piece in pieces:
            client.sendall(piece)
        return rest_of(client)


def ask(server: FaultServer) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("POST", f"{path_of(server)}/login", body=json.dumps({"password": PASSWORD}))
        response = connection.getresponse()
        return response, response.read()


def test_every_way_in_which_a_store_can_fail_is_served_and_the_hang_comes_last() -> None:
    outages = {situation for situation in Situation if situation.startswith("outage: ")} - {Situation.CUT}
    outages -= set(LATER_REQUESTS)

    assert set(FAULTS) == outages
    assert len(FAULTS) == len(outages)
    assert FAULTS[-1] is Situation.HANG
    assert {situation for situation, _ in ANSWERS} == outages - {Situation.REFUSE, Situation.RESET, Situation.HANG}


def test_the_address_is_on_loopback_and_has_a_token_of_its_own(server: FaultServer) -> None:
    address = urlsplit(server.url)

    with FaultServer() as other:
        assert path_of(other) != address.path
        assert port_of(other) != address.port
    assert (address.scheme, address.hostname, address.query) == ("http", "127.0.0.1", "")
    assert len(address.path) >= 20
    assert not address.path.endswith("/")


def test_nothing_but_loopback_is_listened_on(server: FaultServer) -> None:
    server.fail(Situation.STATUS_500)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port_of(server)), timeout=PATIENCE)


@pytest.mark.parametrize(("situation", "status"), ANSWERS)
def test_an_answer_has_the_status_and_the_content_type_that_its_body_claims(
    server: FaultServer, situation: Situation, status: int
) -> None:
    server.fail(situation)

    response, body = ask(server)

    assert response.status == status
    assert response.getheader("Content-Length") == str(len(body))
    expected = "text/html; charset=utf-8" if situation in PAGES else "application/json"
    assert response.getheader("Content-Type") == expected
    assert (response.getheader("Retry-After") is not None) == (status in (429, 503))
    assert (response.getheader("WWW-Authenticate") is not None) == (status == 401)
    assert server.requests == 1


@pytest.mark.parametrize(
    "situation", [situation for situation, status in ANSWERS if status >= 400 and situation not in PAGES]
)
def test_an_error_is_printed_as_json(server: FaultServer, situation: Situation) -> None:
    server.fail(situation)

    _, body = ask(server)

    error = json.loads(body)
    assert list(error) == ["error"]
    assert isinstance(error["error"], str)


@pytest.mark.parametrize("situation", PAGES)
def test_a_page_is_a_page(server: FaultServer, situation: Situation) -> None:
    server.fail(situation)

    _, body = ask(server)

    assert body.startswith(b"<!DOCTYPE html>")
    assert body.endswith(b"</html>")


@pytest.mark.parametrize(
    ("situation", "body"),
    [(Situation.EMPTY_BODY, b""), (Situation.EMPTY_ARRAY, b"[]"), (Situation.EMPTY_OBJECT, b"{}")],
)
def test_an_empty_answer_is_empty(server: FaultServer, situation: Situation, body: bytes) -> None:
    server.fail(situation)

    assert ask(server)[1] == body


def test_json_is_truncated_within_what_looks_like_a_user(server: FaultServer) -> None:
    server.fail(Situation.TRUNCATED_JSON)

    _, body = ask(server)

    assert body.startswith(b'{"data": {"user": {')
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_json_of_the_wrong_shape_is_json_with_no_user_in_it(server: FaultServer) -> None:
    server.fail(Situation.WRONG_SHAPE)

    _, body = ask(server)

    assert json.loads(body) == {"data": {"items": [{"kind": "notice", "text": "moved"}]}}


def test_urllib_sees_the_failure_too(server: FaultServer) -> None:
    server.fail(Situation.STATUS_503)

    with pytest.raises(urllib.error.HTTPError, match="Service Unavailable") as failure:
        urllib.request.urlopen(f"{server.url}/users?email=ada%40example.com", timeout=PATIENCE)
    failure.value.close()

    assert server.requests == 1


def test_connections_are_refused_before_the_first_switch_and_counted_nowhere(server: FaultServer) -> None:
    with pytest.raises(ConnectionRefusedError):
        connect(server)

    assert server.requests == 0


def test_connections_are_refused_between_two_answers_on_the_same_port(server: FaultServer) -> None:
    url = server.url
    for _ in range(20):
        server.fail(Situation.EMPTY_OBJECT)
        assert ask(server)[1] == b"{}"
        server.fail(Situation.REFUSE)
        with pytest.raises(ConnectionRefusedError):
            connect(server)
        assert server.requests == 0

    assert server.url == url


def test_a_reset_comes_after_the_whole_request(server: FaultServer) -> None:
    server.fail(Situation.RESET)

    with connect(server) as client:
        client.sendall(head_for(server, "Content-Length: 5") + b"1234")
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(PATIENCE)
        client.sendall(b"5")
        with pytest.raises(ConnectionResetError):
            client.recv(1)

    assert server.requests == 1


def test_a_reset_reaches_the_http_client(server: FaultServer) -> None:
    server.fail(Situation.RESET)

    with pytest.raises(ConnectionResetError):
        ask(server)


def test_a_hanging_connection_is_held_until_the_switch(server: FaultServer) -> None:
    server.fail(Situation.HANG)

    with connect(server) as client:
        client.sendall(head_for(server))
        assert server.requests == 1
        client.sendall(b"more " * 1000)
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(PATIENCE)
        server.fail(Situation.STATUS_500)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""

    assert server.requests == 0
    assert ask(server)[0].status == 500


def test_a_hanging_connection_is_held_until_the_end() -> None:
    with FaultServer() as server:
        server.fail(Situation.HANG)
        client = connect(server)
        client.sendall(head_for(server))
        assert server.requests == 1

    with client:
        assert client.recv(1) == b""


def test_clients_that_hang_do_not_keep_others_from_being_counted(server: FaultServer) -> None:
    server.fail(Situation.HANG)

    with contextlib.ExitStack() as stack:
        for number in range(1, 51):
            client = stack.enter_context(connect(server))
            client.sendall(head_for(server))
            assert server.requests == number


def test_a_client_that_hangs_up_while_it_is_held_does_no_harm(server: FaultServer) -> None:
    server.fail(Situation.HANG)
    with connect(server) as client:
        client.sendall(head_for(server))
        assert server.requests == 1

    server.fail(Situation.EMPTY_ARRAY)

    assert ask(server)[1] == b"[]"


def test_one_client_follows_every_switch(server: FaultServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=PATIENCE)
    with contextlib.closing(connection):
        for situation, status in ANSWERS:
            server.fail(situation)
            for number in (1, 2, 3):
                connection.request("GET", path_of(server), headers={"Connection": "keep-alive"})
                response = connection.getresponse()
                response.read()
                assert (response.status, server.requests) == (status, number)


@pytest.mark.parametrize("situation", FAULTS)
def test_a_connection_of_before_the_switch_is_cut(server: FaultServer, situation: Situation) -> None:
    server.fail(Situation.EMPTY_OBJECT)
    with connect(server) as idle, connect(server) as half:
        half.sendall(head_for(server, "Content-Length: 100") + b"half")
        assert ask(server)[1] == b"{}"

        server.fail(situation)

        for client in (idle, half):
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
            with contextlib.suppress(ConnectionError):
                client.sendall(head_for(server))
                assert client.recv(1) == b""

    assert server.requests == 0


def test_an_unsupported_fault_is_refused_with_the_supported_ones(server: FaultServer) -> None:
    server.fail(Situation.EMPTY_ARRAY)
    message = r"^the fault server cannot do 'unknown-user'; it can do outage: refuse, outage: reset, .*, outage: hang$"

    with pytest.raises(ValueError, match=message):
        server.fail(Situation.UNKNOWN_USER)

    assert ask(server)[1] == b"[]"


@pytest.mark.parametrize("path", ["/", "/users", "/wrong-token/users", "*", "http://127.0.0.1/"])
def test_a_request_without_the_token_gets_404_and_is_not_counted(server: FaultServer, path: str) -> None:
    server.fail(Situation.HANG)

    answer = answer_to(server, f"GET {path} HTTP/1.1\r\nHost: store.test\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert answer.endswith(b'{"error": "no such path"}')
    assert server.requests == 0


@pytest.mark.parametrize("below", ["", "/", "/users/7", "?email=ada", "users", "/" + "x" * 30_000])
def test_every_path_below_the_address_fails(server: FaultServer, below: str) -> None:
    server.fail(Situation.STATUS_403)

    answer = answer_to(server, f"GET {path_of(server)}{below} HTTP/1.1\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert server.requests == 1


def test_a_head_that_never_ends_is_answered_by_its_first_line(server: FaultServer) -> None:
    server.fail(Situation.STATUS_500)

    answer = answer_to(server, f"GET {path_of(server)}/{'x' * 200_000}".encode())

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert server.requests == 1


def test_an_absurd_number_of_headers_is_not_read(server: FaultServer) -> None:
    server.fail(Situation.STATUS_500)

    answer = answer_to(server, head_for(server, "Content-Length: 5", *[f"X-{number}: 1" for number in range(200)]))

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert server.requests == 1


@pytest.mark.parametrize("body", [b"four\r\n", b"-4\r\n\r\nx\r\n", b"x" * 200_000])
def test_a_body_that_is_not_in_chunks_after_all_is_answered(server: FaultServer, body: bytes) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    answer = answer_to(server, head_for(server, "Transfer-Encoding: chunked"), body)

    assert answer.endswith(b"\r\n\r\n{}")
    assert server.requests == 1


@pytest.mark.parametrize("sent", ["", "4\r\n12", "4\r\n1234\r\n", "0\r\n", "0"])
def test_a_client_that_ends_within_a_body_in_chunks_is_not_counted(server: FaultServer, sent: str) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    with connect(server) as client:
        client.sendall(head_for(server, "Transfer-Encoding: chunked") + sent.encode())
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client) == b""

    assert server.requests == 0


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_request_may_come_in_pieces(server: FaultServer, cut: int) -> None:
    server.fail(Situation.EMPTY_OBJECT)
    request = head_for(server, "content-length:  4") + b"1234"

    with connect(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(0, len(request), cut):
            client.sendall(request[position : position + cut])
        answer = rest_of(client)

    assert answer.endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize(
    "body",
    [b"0\r\n\r\n", b"4\r\n1234\r\n0\r\n\r\n", b"4\r\n1234\r\n0\r\nTrailer: 1\r\n\r\n", b"2\r\n\r\n\r\n0\r\n\r\n"],
)
def test_a_body_in_chunks_is_read_to_its_end(server: FaultServer, body: bytes) -> None:
    server.fail(Situation.EMPTY_OBJECT)
    head = head_for(server, "Transfer-Encoding: gzip, Chunked")

    assert answer_to(server, head, body[:-3], body[-3:]).endswith(b"\r\n\r\n{}")
    assert server.requests == 1


def test_a_body_in_chunks_is_waited_for(server: FaultServer) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    with connect(server) as client:
        client.sendall(head_for(server, "Transfer-Encoding: chunked") + b"4\r\n1234\r\n0\r\n")
        assert ask(server)[1] == b"{}"
        assert server.requests == 1
        client.sendall(b"\r\n")
        assert rest_of(client).endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("length", ["-1", "four", "", "1e3", "0", "\N{SUPERSCRIPT TWO}"])
def test_a_length_that_is_none_means_no_body(server: FaultServer, length: str) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    assert answer_to(server, head_for(server, f"Content-Length: {length}")).endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("length", ["9" * 20, "9" * 5000, str(2 * 1_048_576)])
def test_a_huge_body_is_answered_before_its_end(server: FaultServer, length: str) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    with connect(server) as client:
        client.sendall(head_for(server, f"Content-Length: {length}") + b"x" * 1_048_576)
        assert rest_of(client).endswith(b"\r\n\r\n{}")

    assert server.requests == 1


def test_a_client_that_never_stops_sending_is_cut_off(server: FaultServer) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    with connect(server) as client:
        client.sendall(head_for(server, "Content-Length: 1000000000000"))
        with pytest.raises(ConnectionError):  # noqa: PT012 - it may take any number of pieces
            while True:
                client.sendall(b"x" * 65_536)


def test_a_request_is_answered_though_more_follows_over_the_same_connection(server: FaultServer) -> None:
    server.fail(Situation.STATUS_404)

    answer = answer_to(server, head_for(server) * 100, b"x" * 100_000)

    assert answer.count(b"HTTP/1.1 404 Not Found\r\n") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert server.requests == 1


def test_a_client_that_sends_nothing_more_after_half_a_request_is_not_counted(server: FaultServer) -> None:
    server.fail(Situation.EMPTY_OBJECT)

    with connect(server) as client:
        client.sendall(head_for(server)[:-1])
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client) == b""

    assert server.requests == 0


def test_a_client_that_resets_the_connection_does_no_harm(server: FaultServer) -> None:
    server.fail(Situation.EMPTY_OBJECT)
    for sent in (b"", b"POST", head_for(server)):
        client = connect(server)
        client.sendall(sent)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()

    assert ask(server)[1] == b"{}"


@given(pieces=st.lists(st.binary(max_size=200), max_size=4), ends=st.booleans(), fault=st.sampled_from(FAULTS[1:]))
def test_no_garbage_is_counted_or_harms_the_server(pieces: list[bytes], ends: bool, fault: Situation) -> None:
    with FaultServer() as server:
        server.fail(fault)
        with connect(server) as client:
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    client.sendall(piece)
                if ends:
                    client.sendall(b"\r\n\r\n")
                    assert client.recv(12) == b"HTTP/1.1 404"
            assert server.requests == 0
            server.fail(Situation.EMPTY_ARRAY)
        assert ask(server)[1] == b"[]"


@given(
    header=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    body=st.binary(max_size=3000),
)
def test_every_well_formed_request_is_answered_once(header: str, value: str, body: bytes) -> None:
    line = f"X-{header}: {value}".encode("latin-1")
    with FaultServer() as server:
        server.fail(Situation.WRONG_SHAPE)
        head = head_for(server, f"Content-Length: {len(body)}")[:-2]

        answer = answer_to(server, head + line + b"\r\n\r\n" + body)

        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.count(b"HTTP/1.1") == 1
        assert server.requests == 1


def test_many_clients_at_once_are_all_counted(server: FaultServer) -> None:
    server.fail(Situation.STATUS_429)

    def status_of(_: int) -> int:
        return ask(server)[0].status

    with ThreadPoolExecutor(8) as clients:
        statuses = list(clients.map(status_of, range(200)))

    assert set(statuses) == {429}
    assert server.requests == 200


def test_switches_from_several_threads_leave_one_working_store(server: FaultServer) -> None:
    def switch_and_ask(situation: Situation) -> None:
        server.fail(situation)
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask(server)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(switch_and_ask, FAULTS[:-1] * 4))
    server.fail(Situation.EMPTY_OBJECT)

    assert ask(server)[1] == b"{}"
    assert server.requests == 1


def test_a_connection_that_cannot_be_accepted_does_not_end_the_store(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = socket.socket.accept
    failures = iter((OSError(24, "Too many open files"), ConnectionAbortedError()))

    def accept_later(listener: socket.socket) -> tuple[socket.socket, object]:
        for failure in failures:
            raise failure
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", accept_later)
    server.fail(Situation.EMPTY_OBJECT)

    assert ask(server)[1] == b"{}"
    assert next(failures, None) is None


def test_a_default_timeout_of_the_process_changes_nothing(server: FaultServer) -> None:
    socket.setdefaulttimeout(0.001)
    try:
        server.fail(Situation.EMPTY_OBJECT)
        with connect(server) as client:
            client.sendall(head_for(server))
            assert rest_of(client).endswith(b"{}")
    finally:
        socket.setdefaulttimeout(None)


def test_closing_refuses_connections_and_closing_again_does_nothing() -> None:
    server = FaultServer()
    server.fail(Situation.EMPTY_OBJECT)
    assert ask(server)[1] == b"{}"

    server.close()
    server.close()

    with pytest.raises(ConnectionRefusedError):
        connect(server)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port_of(server)))


def test_a_closed_server_cannot_fail_in_another_way() -> None:
    with FaultServer() as server:
        pass

    with pytest.raises(
        ValueError, match=r"^the fault server is closed, so it cannot do 'outage: 500'; create a new one$"
    ):
        server.fail(Situation.STATUS_500)


def test_a_port_that_another_process_took_is_an_error_and_no_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as server, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(server, "_address", other.getsockname())

        with pytest.raises(OSError, match="in use"):
            server.fail(Situation.STATUS_500)


@pytest.mark.untraced
@pytest.mark.parametrize("situation", FAULTS)
def test_no_thread_and_no_socket_is_left(situation: Situation, capfd: pytest.CaptureFixture[str]) -> None:
    threads = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with FaultServer() as server:
            server.fail(situation)
            assert len(set(threading.enumerate()) - threads) == (situation is not Situation.REFUSE)
            for _ in range(3):
                with contextlib.suppress(OSError), connect(server) as client:
                    client.sendall(head_for(server))
        del server
        gc.collect()

    assert set(threading.enumerate()) <= threads
    assert [str(warning.message) for warning in seen] == []
    assert capfd.readouterr() == ("", "")


def held_by(root: object) -> Iterator[object]:
    """Yield the objects that an object keeps alive, apart from modules, classes and functions."""
    seen: set[int] = set()
    left = [root]
    while left:
        thing = left.pop()
        if id(thing) not in seen and not isinstance(thing, (type, type(gc), type(held_by))):
            seen.add(id(thing))
            yield thing
            left.extend(gc.get_referents(thing))


@pytest.mark.parametrize("situation", [Situation.HANG, Situation.RESET, Situation.STATUS_401])
def test_nothing_of_a_request_is_kept(server: FaultServer, situation: Situation) -> None:
    server.fail(situation)
    head = head_for(server, f"Authorization: Basic {PASSWORD}", "Content-Length: 1000")

    with connect(server) as client, connect(server) as half:
        half.sendall(head + PASSWORD.encode())
        client.sendall(head + PASSWORD.encode() * 100)
        assert server.requests == 1
        texts = [thing for thing in held_by(server) if isinstance(thing, (str, bytes, bytearray))]

        assert path_of(server) in texts
        assert [text for text in texts if PASSWORD in str(text)] == []
