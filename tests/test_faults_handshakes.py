"""A driver begins with its handshake; only the response to the request after it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults._handshakes import Conversation

CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 32
SERVER_HELLO = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"r" * 32
CHANGE_OF_CIPHER = b"\x14\x03\x03\x00\x01\x01"
ENCRYPTED = b"\x17\x03\x03\x00\x45" + b"e" * 0x45

POSTGRESQL_START = b"\x00\x00\x00\x29\x00\x03\x00\x00user\x00shop\x00database\x00shop\x00\x00"
POSTGRESQL_WISH_FOR_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
POSTGRESQL_WISH_FOR_KERBEROS = b"\x00\x00\x00\x08\x04\xd2\x16\x30"
MYSQL_GREETING = b"\x4a\x00\x00\x00\x0a8.0.36\x00" + b"s" * 66
MYSQL_LOG_IN = b"\x54\x00\x00\x01\x85\xa6\xff\x01" + b"l" * 80


def mongodb(command: bytes, *, kind: bytes = b"\x10") -> bytes:
    document = b"\x1d\x00\x00\x00" + kind + command + b"\x00\x01\x00\x00\x00\x02$db\x00\x02\x00\x00\x00x\x00\x00"
    return b"\x70\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" + b"\x00" * 4 + b"\x00" + document


def old_mongodb(command: bytes) -> bytes:
    head = b"\x70\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00" + b"\x04\x00\x00\x00"
    return head + b"admin.$cmd\x00" + b"\x00" * 4 + b"\xff" * 4 + b"\x1d\x00\x00\x00\x08" + command + b"\x00\x01"


def conversation(*turns: bytes, greeting: bytes = b"") -> Conversation:
    """Return the state after the given turns of the driver; all but the last got a response."""
    heard = Conversation()
    if greeting:
        heard.store_says(greeting)
    *answered, last = turns
    for turn in answered:
        heard.driver_says(turn)
        assert not heard.is_asked
        heard.store_says(b"go on")
    heard.driver_says(last)
    return heard


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([b"GET /users HTTP/1.1\r\n\r\n"], id="http"),
        pytest.param([b"*2\r\n$3\r\nGET\r\n$3\r\nada\r\n"], id="another protocol"),
        pytest.param([CLIENT_HELLO, CHANGE_OF_CIPHER + ENCRYPTED], id="tls 1.3"),
        pytest.param([CLIENT_HELLO, CHANGE_OF_CIPHER + CLIENT_HELLO, ENCRYPTED], id="tls 1.3 with another key"),
        pytest.param([CLIENT_HELLO, b"\x16\x03\x03\x00\x25" + CHANGE_OF_CIPHER, ENCRYPTED], id="tls 1.2"),
        pytest.param([POSTGRESQL_START, b"Q\x00\x00\x00\x0dselect 1\x00"], id="postgresql that trusts"),
        pytest.param(
            [
                POSTGRESQL_START,
                b"p\x00\x00\x00\x37SCRAM-SHA-256\x00",
                b"p\x00\x00\x00\x6cc=biws",
                b"P\x00\x00\x00\x0d\x00",
            ],
            id="postgresql with a password",
        ),
        pytest.param(
            [POSTGRESQL_WISH_FOR_KERBEROS, POSTGRESQL_WISH_FOR_TLS, POSTGRESQL_START, b"Q\x00\x00\x00\x0d"],
            id="postgresql that refuses encryption",
        ),
        pytest.param(
            [POSTGRESQL_WISH_FOR_TLS, CLIENT_HELLO, CHANGE_OF_CIPHER + ENCRYPTED], id="postgresql inside of tls"
        ),
        pytest.param(
            [
                b"\x12\x01\x00\x2f\x00\x00\x01\x00",
                b"\x10\x01\x00\x90\x00\x00\x01\x00",
                b"\x01\x01\x00\x90\x00\x00\x01\x00",
            ],
            id="sql server",
        ),
        pytest.param(
            [b"\x12\x01\x00\x2f\x00\x00\x01\x00", b"\x12\x01\x01\x2f\x00\x00\x01\x00" + CLIENT_HELLO, ENCRYPTED],
            id="sql server inside of tls",
        ),
        pytest.param(
            [mongodb(b"hello"), mongodb(b"saslStart"), mongodb(b"saslContinue"), mongodb(b"find")], id="mongodb"
        ),
        pytest.param([old_mongodb(b"ismaster"), old_mongodb(b"isMaster"), mongodb(b"aggregate")], id="older mongodb"),
        pytest.param(
            [mongodb(b"hello", kind=b"\x01")] * 30 + [mongodb(b"hello_", kind=b"\x01")], id="watching mongodb"
        ),
    ],
)
def test_the_last_turn_asks_and_none_before_it(turns: list[bytes]) -> None:
    assert conversation(*turns).is_asked


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([MYSQL_LOG_IN, b"\x0c\x00\x00\x00\x03select 1"], id="password"),
        pytest.param([MYSQL_LOG_IN, b"\x14\x00\x00\x03" + b"h" * 20, b"\x01\x00\x00\x00\x0e"], id="another method"),
        pytest.param([b"\x20\x00\x00\x01" + b"w" * 32, CLIENT_HELLO, CHANGE_OF_CIPHER + ENCRYPTED], id="tls 1.3"),
        pytest.param(
            [b"\x20\x00\x00\x01" + b"w" * 32, CLIENT_HELLO, b"\x16\x03\x03\x00\x25", b"\x17\x03\x03\x01\x45"],
            id="tls 1.2",
        ),
    ],
)
def test_a_command_is_asked_of_mysql_and_what_is_before_it_is_not(turns: list[bytes]) -> None:
    assert conversation(*turns, greeting=MYSQL_GREETING).is_asked


@given(length=st.binary(min_size=3, max_size=3), number=st.integers(0, 255), rest=st.binary())
def test_a_packet_of_mysql_is_a_command_when_it_is_the_first_of_its_turn(
    length: bytes, number: int, rest: bytes
) -> None:
    packet = length + bytes([number]) + rest
    if not packet.startswith((b"\x17\x03", b"\x16\x03", b"\x14\x03")):
        assert conversation(packet, greeting=MYSQL_GREETING).is_asked == (number == 0)


@given(kind=st.binary(min_size=1, max_size=1), rest=st.binary())
def test_a_message_of_postgresql_asks_unless_it_is_a_password(kind: bytes, rest: bytes) -> None:
    message = kind + b"\x00\x00\x00" + rest
    if kind != b"\x00":
        assert conversation(POSTGRESQL_START, message).is_asked == (kind != b"p")


@given(greeting=st.binary(min_size=1).filter(lambda said: said[3:5] != b"\x00\x0a"), piece=st.binary(min_size=1))
def test_a_server_first_protocol_without_handshake_counts_as_a_request_at_once(greeting: bytes, piece: bytes) -> None:
    assert conversation(piece, greeting=greeting).is_asked


@given(piece=st.binary(min_size=1).filter(lambda said: said[0] not in (0x00, 0x12, 0x16)))
def test_bytes_that_begin_no_handshake_are_a_request(piece: bytes) -> None:
    if piece[12:16] not in (b"\xd4\x07\x00\x00", b"\xdd\x07\x00\x00"):
        assert conversation(piece).is_asked


@given(more=st.lists(st.binary(min_size=1)))
def test_only_the_first_bytes_of_a_turn_are_classified(more: list[bytes]) -> None:
    heard = conversation(POSTGRESQL_START)
    for piece in more:
        heard.driver_says(piece)
    assert not heard.is_asked


@given(
    said=st.lists(
        st.tuples(
            st.booleans(),
            st.binary()
            | st.sampled_from([CLIENT_HELLO, POSTGRESQL_START, MYSQL_GREETING, MYSQL_LOG_IN, mongodb(b"hello")]),
        )
    )
)
def test_a_request_stays_a_request_and_no_bytes_are_kept(said: list[tuple[bool, bytes]]) -> None:
    heard = Conversation()
    for is_driver, piece in said:
        was_asked = heard.is_asked
        (heard.driver_says if is_driver else heard.store_says)(piece)
        assert heard.is_asked >= was_asked
    assert not [kept for kept in vars(heard).values() if isinstance(kept, (bytes, bytearray, str))]
