"""Everything passes between a driver and its store until something is asked; then half of the answer, and the end."""

import contextlib
import selectors
import socket
from collections.abc import Generator, Sequence

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults._relay import Relay

POSTGRESQL_START = b"\x00\x00\x00\x08\x00\x03\x00\x00"
MEGABYTES = bytes(range(256)) * 12_000


@define
class Line:
    """A relay, the driver and the store at its ends, and how often it has cut."""

    relay: Relay
    driver: socket.socket
    store: socket.socket
    cuts: list[None]

    def send(self, sender: socket.socket, data: bytes) -> int:
        """Send what is taken, passing on nothing meanwhile; return how much that is."""
        with contextlib.suppress(BlockingIOError):
            return sender.send(data)
        return 0

    def events(self) -> dict[socket.socket, int]:
        return dict(self.relay.interests())

    def carry(self, sender: socket.socket, data: bytes, receiver: socket.socket) -> bytes:
        """Send all, passing on and receiving meanwhile; return what arrived, until nothing more does."""
        arrived = bytearray()
        while True:
            data = data[self.send(sender, data) :] if data else b""
            self.relay.advance()
            piece = received(receiver)
            arrived += piece or b""
            if not data and not piece:
                return bytes(arrived)


def received(receiver: socket.socket) -> bytes | None:
    """What has arrived: empty at the end, None when nothing has."""
    try:
        return receiver.recv(1 << 20)
    except BlockingIOError:
        return None


@contextlib.contextmanager
def line() -> Generator[Line]:
    with contextlib.ExitStack() as stack:
        driver, front = socket.socketpair()
        back, store = socket.socketpair()
        for sock in (driver, front, back, store):
            stack.enter_context(sock)
            sock.setblocking(False)
        cuts: list[None] = []
        yield Line(Relay(front, back, lambda: cuts.append(None), lambda: False), driver, store, cuts)


@given(
    handshake=st.lists(st.tuples(st.binary(max_size=50), st.binary(min_size=1, max_size=50)), max_size=4),
    question=st.binary(min_size=1, max_size=50),
    answer=st.binary(min_size=1, max_size=500),
)
def test_a_handshake_passes_and_half_of_the_answer(
    handshake: Sequence[tuple[bytes, bytes]], question: bytes, answer: bytes
) -> None:
    with line() as it:
        for step, reply in [(POSTGRESQL_START, b"R"), *((b"p" + step, reply) for step, reply in handshake)]:
            assert it.carry(it.driver, step, it.store) == step
            assert it.carry(it.store, reply, it.driver) == reply
        assert it.carry(it.driver, b"Q" + question, it.store) == b"Q" + question
        assert it.cuts == []

        assert it.carry(it.store, answer, it.driver) == answer[: len(answer) // 2]

        assert it.cuts == [None]
        assert received(it.driver) == b""
        assert not it.relay.is_over


@pytest.mark.parametrize("pieces", [1, 3])
def test_megabytes_pass_both_ways_before_the_cut(pieces: int) -> None:
    with line() as it:
        for _ in range(pieces):
            assert it.carry(it.store, MEGABYTES, it.driver) == MEGABYTES
        for _ in range(pieces):
            assert it.carry(it.driver, MEGABYTES, it.store) == MEGABYTES
        assert it.carry(it.store, b"answer", it.driver) == b"ans"


def test_a_side_that_takes_nothing_stops_the_other_one() -> None:
    with line() as it:
        assert it.events() == {it.relay.driver: selectors.EVENT_READ, it.relay.store: selectors.EVENT_READ}
        unsent = MEGABYTES
        while size := it.send(it.driver, unsent):
            unsent = unsent[size:]
            it.relay.advance()

        assert it.events() == {it.relay.driver: 0, it.relay.store: selectors.EVENT_READ | selectors.EVENT_WRITE}
        assert it.carry(it.driver, unsent, it.store) == MEGABYTES


def test_an_answer_to_half_a_question_is_cut_and_the_rest_of_the_question_dropped() -> None:
    with line() as it:
        while it.send(it.driver, MEGABYTES):
            it.relay.advance()
        it.send(it.store, b"too large")

        assert it.carry(it.driver, MEGABYTES, it.driver) == b"too "
        assert it.cuts == [None]
        assert received(it.driver) == b""
        assert it.events() == {it.relay.driver: selectors.EVENT_READ}
        it.driver.shutdown(socket.SHUT_WR)
        while not it.relay.is_over:
            it.relay.advance()


def test_half_an_answer_waits_until_the_driver_takes_it() -> None:
    with line() as it:
        it.carry(it.driver, b"question", it.store)
        it.send(it.store, b"answer")
        while it.send(it.relay.driver, b"x" * 1000):
            pass
        it.relay.advance()

        assert it.cuts == [None]
        assert it.events() == {it.relay.driver: selectors.EVENT_READ | selectors.EVENT_WRITE}
        assert it.carry(it.driver, b"", it.driver).lstrip(b"x") == b"ans"
        assert received(it.driver) == b""


def test_a_driver_that_has_said_all_still_gets_half_the_answer() -> None:
    with line() as it:
        it.carry(it.driver, b"question", it.store)
        it.driver.shutdown(socket.SHUT_WR)
        assert it.carry(it.driver, b"", it.store) == b""
        assert received(it.store) == b""

        assert it.carry(it.store, b"answer", it.driver) == b"ans"
        assert it.relay.is_over


def test_a_store_that_ends_in_place_of_an_answer_is_cut() -> None:
    with line() as it:
        it.carry(it.driver, b"question", it.store)
        it.store.close()
        it.relay.advance()

        assert received(it.driver) == b""
        assert it.cuts == [None]


def test_a_store_that_ends_unasked_ends_the_connection_and_nothing_is_cut() -> None:
    with line() as it:
        it.store.shutdown(socket.SHUT_WR)
        assert it.carry(it.driver, b"question", it.store) == b"question"
        assert received(it.driver) == b""
        assert not it.relay.is_over

        it.driver.close()
        it.relay.advance()
        assert it.relay.is_over
        assert it.cuts == []


def test_a_driver_that_leaves_unasked_ends_the_connection_to_the_store() -> None:
    with line() as it:
        it.driver.close()
        it.relay.advance()
        assert received(it.store) == b""

        it.store.close()
        with contextlib.suppress(OSError):
            it.relay.advance()
        assert it.relay.is_over
        assert it.cuts == []


def test_a_connection_that_broke_is_told() -> None:
    with line() as it:
        it.store.close()
        it.send(it.driver, b"question")
        with pytest.raises(OSError, match="Broken pipe"):
            it.relay.advance()
