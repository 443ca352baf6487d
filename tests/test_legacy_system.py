"""The stand-in for the legacy system: its responses, and the requests it records."""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults import (
    LegacyAddress,
    LegacyAnswers,
    LegacyResponse,
    LegacySystem,
    LegacyUser,
    Meeting,
    ReceivedRequest,
    _listening,
)
from customdb_contract.faults._asking import asked_about, read_body
from customdb_contract.faults._requests import HEAD_BYTES, Request, read_request
from customdb_contract.profiles import RESERVED_APP_METADATA
from customdb_contract.transcript import LegacyAnswer, LegacyState

ADA = LegacyUser("7", "ada@example.com")
BOB = LegacyUser("u-77", "bob@example.com")
FOUND = LegacyResponse(
    200, {"id": "{user_id}", "email": "{email}", "sub": {"plan": "full", "seats": 3, "tags": ["a"], "on": True}}
)
ANSWERS = LegacyAnswers(
    found=FOUND, paths={"/oauth/token": LegacyResponse(200, {"access_token": "t", "for": "{user_id}"})}
)


@pytest.fixture(scope="module")
def legacy() -> Iterator[LegacySystem]:
    with LegacySystem(ANSWERS, [ADA, BOB]) as system:
        yield system


def asked(
    legacy: LegacySystem,
    path: str = "/users/7",
    *,
    method: str = "GET",
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    secure: bool = False,
    seconds: float = 60.0,
) -> tuple[int, str]:
    address = legacy.address
    connection = HTTPConnection("127.0.0.1", address.secure if secure else address.plain, timeout=seconds)
    try:
        connection.request(method, path, body, {"Host": "legacy.example.com", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def answered(legacy: LegacySystem, state: LegacyState, path: str = "/users/7") -> tuple[int, object]:
    legacy.answer(state)
    status, text = asked(legacy, path)
    assert [received.answer for received in legacy.received] == [LegacyAnswer(status, json.loads(text))]
    return status, json.loads(text)


# Responses


def test_a_sound_answer_is_about_the_requested_user(legacy: LegacySystem) -> None:
    sub = {"plan": "full", "seats": 3, "tags": ["a"], "on": True}

    assert answered(legacy, LegacyState.SOUND) == (200, {"id": "7", "email": "ada@example.com", "sub": sub})
    assert answered(legacy, LegacyState.SOUND, "/users?email=bob%40example.com") == (
        200,
        {"id": "u-77", "email": "bob@example.com", "sub": sub},
    )
    assert answered(legacy, LegacyState.SOUND, "/users/8") == (404, {"error": "no such user"})
    assert answered(legacy, LegacyState.NO_SUCH_USER) == (404, {"error": "no such user"})
    assert answered(legacy, LegacyState.NO_METADATA) == (200, {"id": "7", "email": "ada@example.com"})


def test_answers_can_be_set() -> None:
    answers = LegacyAnswers(
        found=LegacyResponse(200, [{"id": "{user_id}"}, {"plan": "full"}, None]),
        not_found=LegacyResponse(200, {"users": [], "asked": "{email}"}),
        empty=LegacyResponse(204),
    )
    with LegacySystem(answers, [ADA]) as legacy:
        assert answered(legacy, LegacyState.NO_SUCH_USER) == (200, {"users": [], "asked": "ada@example.com"})
        legacy.answer(LegacyState.NO_METADATA)
        assert asked(legacy) == (204, "")
        assert legacy.received[0].answer == LegacyAnswer(204, None)
        assert answered(legacy, LegacyState.NO_OBJECT)[1] == [[{"id": "7"}, {"plan": "full"}, None]]
        assert answered(legacy, LegacyState.OTHER_TYPES)[1] == [{"id": "7"}, {"plan": 4711}, "null"]
        assert answered(legacy, LegacyState.DOTTED_KEYS)[1] == [
            {"plan.name": "full", "$set": "full", "id": "7"},
            {"plan.name": "full", "$set": "full", "plan": "full"},
            None,
        ]


def test_an_empty_answer_keeps_only_the_user() -> None:
    found = LegacyResponse(200, {"data": [{"id": "{user_id}", "plan": "full"}, 5], "more": False})
    with LegacySystem(LegacyAnswers(found=found), [ADA]) as legacy:
        assert answered(legacy, LegacyState.NO_METADATA) == (200, {"data": [{"id": "7"}]})


@pytest.mark.parametrize(
    ("body", "names"),
    [({"id": "{user_id}"}, True), ([{"mail": "<{email}>"}], True), ({"plan": "full", "n": 1}, False), (None, False)],
)
def test_an_answer_may_leave_out_the_user(body: object, names: bool) -> None:
    assert LegacyAnswers(found=LegacyResponse(200, body)).names_the_user is names


def test_invalid_answers_differ_from_the_sound_one_in_one_way(legacy: LegacySystem) -> None:
    _, sound = answered(legacy, LegacyState.SOUND)
    assert isinstance(sound, dict)

    assert answered(legacy, LegacyState.SOMEBODY_ELSE) == (
        200,
        {**sound, "id": "8", "email": "somebody.else@example.com"},
    )
    _, else_of_bob = answered(legacy, LegacyState.SOMEBODY_ELSE, "/users/u-77")
    assert isinstance(else_of_bob, dict)
    assert else_of_bob["id"] == "somebody-else"
    _, reserved = answered(legacy, LegacyState.RESERVED_NAMES)
    assert isinstance(reserved, dict)
    assert reserved.keys() == {*sound, *RESERVED_APP_METADATA}
    assert reserved["sub"].keys() == {*sound["sub"], *RESERVED_APP_METADATA}
    assert (reserved["id"], reserved["email"]) == ("7", "ada@example.com")
    _, dotted = answered(legacy, LegacyState.DOTTED_KEYS)
    assert dotted == {
        "plan.name": "full", "$set": "full", **sound, "sub": {"plan.name": "full", "$set": "full", **sound["sub"]},
    }  # fmt: skip
    _, large = answered(legacy, LegacyState.TOO_LARGE)
    assert isinstance(large, dict)
    assert len(json.dumps(large["sub"])) > 32_768
    assert answered(legacy, LegacyState.OTHER_TYPES) == (
        200,
        {**sound, "sub": {"plan": 4711, "seats": "4711", "tags": {"0": "first"}, "on": "yes"}},
    )
    assert answered(legacy, LegacyState.NO_OBJECT) == (200, [sound])


def test_values_of_every_type_are_changed_to_another_type() -> None:
    found = LegacyResponse(200, {"id": "{user_id}", "rate": 1.5, "none": None, "deep": {"list": [["{email}", 1]]}})
    with LegacySystem(LegacyAnswers(found=found), [ADA]) as legacy:
        assert answered(legacy, LegacyState.OTHER_TYPES)[1] == {
            "id": "7",
            "rate": "47.11",
            "none": "null",
            "deep": {"list": [["ada@example.com", "4711"]]},
        }


@pytest.mark.parametrize("state", [state for state in LegacyState if state.family != "outage"])
def test_fixed_paths_are_answered_soundly_except_during_an_outage(legacy: LegacySystem, state: LegacyState) -> None:
    legacy.answer(state)

    assert asked(legacy, "/oauth/token?x=1") == (200, '{"access_token": "t", "for": "{user_id}"}')
    assert asked(legacy, "/oauth/token?id=7") == (200, '{"access_token": "t", "for": "7"}')


# Outages


@pytest.mark.parametrize(
    ("state", "status", "begins"),
    [
        (LegacyState.STATUS_429, 429, '{"error"'),
        (LegacyState.STATUS_500, 500, '{"error"'),
        (LegacyState.STATUS_503, 503, "<!DOCTYPE html>"),
        (LegacyState.HTML_PAGE, 200, "<!DOCTYPE html>"),
        (LegacyState.TRUNCATED_JSON, 200, '{"id": "7"'),
    ],
)
@pytest.mark.parametrize("path", ["/users/7", "/oauth/token?id=7"])
def test_an_outage_answers_everything(
    legacy: LegacySystem, state: LegacyState, status: int, begins: str, path: str
) -> None:
    legacy.answer(state)

    reported, text = asked(legacy, path)

    assert reported == status
    assert text.startswith(begins if path == "/users/7" or not begins.startswith('{"id') else '{"access_token"')
    (received,) = legacy.received
    assert received.answer is not None
    assert received.answer.status == status
    if state is LegacyState.TRUNCATED_JSON:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(text)


def test_refused_and_reset_connections_get_no_response(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.REFUSE)
    with pytest.raises(ConnectionRefusedError):
        asked(legacy)
    assert not legacy.received
    legacy.answer(LegacyState.RESET)
    with pytest.raises(ConnectionResetError):
        asked(legacy)
    assert [received.answer for received in legacy.received] == [None]


@pytest.mark.parametrize("state", [LegacyState.SILENCE, LegacyState.STALL])
def test_a_hanging_request_is_recorded_and_never_answered(legacy: LegacySystem, state: LegacyState) -> None:
    legacy.answer(state)

    with pytest.raises(TimeoutError):
        asked(legacy, seconds=0.2)

    (received,) = legacy.received
    assert (received.answer is None) is (state is LegacyState.SILENCE)


def test_a_head_request_gets_no_body(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)

    assert asked(legacy, method="HEAD") == (200, "")


def test_a_request_that_is_not_http_is_cut_off(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)
    with socket.create_connection(("127.0.0.1", legacy.address.plain), timeout=5) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x00")

        assert connection.recv(10) == b""
    assert not legacy.received


def test_a_request_that_never_ends_is_cut_off(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)
    with socket.create_connection(("127.0.0.1", legacy.address.plain), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")

        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            connection.sendall(b"x" * 50_000_000)


def test_a_proxied_client_connects_to_its_host_and_then_sends_its_request(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)
    connection = HTTPConnection("127.0.0.1", legacy.address.plain)
    connection.set_tunnel("legacy.example.com", 443)
    connection.request("GET", "/users/7", headers={"Host": "legacy.example.com"})

    assert connection.getresponse().status == 200
    assert [request.url for request in legacy.received] == ["https://legacy.example.com/users/7"]
    connection.close()


def test_a_client_that_only_names_hosts_to_the_proxy_and_takes_nothing_is_cut_at_the_next_switch(
    legacy: LegacySystem,
) -> None:
    legacy.answer(LegacyState.SOUND)
    with socket.create_connection(("127.0.0.1", legacy.address.plain), timeout=0.2) as client:
        with pytest.raises(TimeoutError):  # noqa: PT012 - it may take any number of pieces
            while True:
                client.sendall(b"CONNECT legacy.example.com:443 HTTP/1.1\r\n\r\n" * 10_000)
        legacy.answer(LegacyState.SOUND)

        with pytest.raises(ConnectionError):  # noqa: PT012 - what was sent before may still come
            while client.recv(65_536):
                pass
    assert not legacy.received


def test_a_request_is_recorded_after_its_client_has_gone(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)
    for number in range(50):
        with socket.create_connection(("127.0.0.1", legacy.address.plain)) as client:
            client.sendall(b"GET /users/7 HTTP/1.1\r\nHost: legacy.example.com\r\n\r\n")
        assert len(legacy.received) == number + 1


def test_no_request_is_recorded_while_connections_are_refused(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.REFUSE)

    assert legacy.received == ()


def test_a_client_that_resets_its_connection_harms_no_other(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)
    for _ in range(3):
        client = socket.create_connection(("127.0.0.1", legacy.address.plain))
        client.sendall(b"GET /users/7 HTTP/1.1\r\n")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    assert answered(legacy, LegacyState.SOUND)[0] == 200


def test_closing_again_does_nothing() -> None:
    legacy = LegacySystem(ANSWERS, [ADA])
    legacy.close()
    legacy.close()

    with pytest.raises(ValueError, match="the stand-in for the legacy system is closed, so it cannot do 'sound'"):
        legacy.answer(LegacyState.SOUND)


# Recorded requests


def test_requests_are_recorded_in_order(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND)
    started = time.monotonic()

    asked(legacy, "/users/7?x=a%20b", headers={"X-Key": "k"}, secure=True)
    asked(legacy, "/users", method="POST", body='{"email": "ada@example.com"}')
    asked(legacy, "http://other.example.com/users", method="PUT", body="email=bob%40example.com")

    first, second, third = legacy.received
    assert (first.method, first.url, first.body) == ("GET", "https://legacy.example.com/users/7?x=a%20b", None)
    assert first.headers["x-key"] == "k"
    assert (second.method, second.url) == ("POST", "http://legacy.example.com/users")
    assert second.body == {"email": "ada@example.com"}
    assert (third.url, third.body) == ("http://other.example.com/users", "email=bob%40example.com")
    assert started <= first.at <= second.at <= third.at <= time.monotonic()
    assert isinstance(first, ReceivedRequest)
    legacy.answer(LegacyState.SOUND)
    assert not legacy.received


def test_an_address_has_an_url() -> None:
    assert LegacyAddress(8080, 8443).url == "http://127.0.0.1:8080"


# The user of a request


@pytest.mark.parametrize(
    ("path", "headers", "body", "user"),
    [
        ("/users/7", {}, None, ADA),
        ("/users/auth0%7C7", {}, None, ADA),
        ("/users/17?page=70", {}, None, None),
        ("/users?id=u%2D77", {}, None, BOB),
        ("/users?email=ADA%40example.com", {}, None, ADA),
        ("/users?email=ada%40example.com.test", {}, None, ADA),
        ("/users?email=canada@example.com", {}, None, None),
        ("/users", {"x-user": "u-77"}, None, BOB),
        ("/users", {"host": "u-77", "content-length": "7", "accept": "7"}, None, None),
        ("/users", {}, {"filter": [{"id": 7}]}, ADA),
        ("/users", {}, {"u-77": None}, BOB),
        ("/users", {}, "email=bob%40example.com", BOB),
        ("/users/u-77?email=ada@example.com", {}, None, BOB),
        ("/users/7/u-77", {}, None, BOB),
        ("/users", {}, None, None),
    ],
)
def test_the_user_that_a_request_is_about(
    path: str, headers: Mapping[str, str], body: object, user: LegacyUser | None
) -> None:
    assert asked_about(path, headers, body, [LegacyUser("u-1", ""), ADA, BOB]) == user


def test_bodies_are_json_or_text() -> None:
    assert read_body(b"") is None
    assert read_body(b'{"a": 1}') == {"a": 1}
    assert read_body(b"a=1") == "a=1"
    assert read_body(b"[" * 100_000) == "[" * 100_000


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.integers(1, 50))
def test_a_body_in_chunks_is_put_together_however_it_arrives(pieces: list[bytes], size: int) -> None:
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    sent = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n" + chunks + b"0\r\n\r\n"

    async def read() -> Request:
        reader = asyncio.StreamReader(limit=HEAD_BYTES)
        reading = asyncio.create_task(read_request(reader, keeps=True))
        for start in range(0, len(sent), size):
            assert not reading.done()
            reader.feed_data(sent[start : start + size])
            await asyncio.sleep(0)
        return await reading

    request = asyncio.run(read())

    assert (request.method, request.path, request.body) == (b"POST", b"/a", b"".join(pieces))
    assert request.headers == {"transfer-encoding": "chunked", "x-a": "1, 2"}


# Concurrent requests


@pytest.fixture
def settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a response waits for another one, the stand-in handles nothing else; the waiting time is short."""
    monkeypatch.setattr(_listening, "_SETTLING_SECONDS", 0.01)


@pytest.mark.usefixtures("settles_at_once")
def test_two_answers_wait_for_each_other() -> None:
    meeting = Meeting(seconds=20.0)
    with LegacySystem(ANSWERS, [ADA]) as first, LegacySystem(ANSWERS, [ADA]) as second:
        first.answer(LegacyState.SOUND, meeting=meeting)
        second.answer(LegacyState.SOUND, meeting=meeting)
        other = threading.Thread(target=asked, args=(first,))
        other.start()
        while not first.received:
            time.sleep(0.001)
        assert not meeting.is_complete
        asked(second)
        other.join()

        assert meeting.is_complete
        assert asked(first)[0] == asked(second)[0] == 200


def test_an_answer_waits_for_a_while_only(legacy: LegacySystem) -> None:
    meeting = Meeting(seconds=0.05)
    legacy.answer(LegacyState.SOUND, meeting=meeting)

    assert asked(legacy)[0] == 200
    assert not meeting.is_complete
    meeting.arrive(object())
    assert not meeting.is_complete


@pytest.mark.usefixtures("settles_at_once")
def test_closing_ends_all_waiting_requests(legacy: LegacySystem) -> None:
    legacy.answer(LegacyState.SOUND, meeting=Meeting(seconds=60.0))
    raised: list[Exception] = []

    def ask() -> None:
        try:
            asked(legacy)
        except (OSError, HTTPException) as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not legacy.received:
        time.sleep(0.001)
    legacy.answer(LegacyState.SOUND)
    asking.join(10.0)

    assert not asking.is_alive()
