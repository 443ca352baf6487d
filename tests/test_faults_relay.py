"""All bytes pass between driver and store until the first request; half of its response passes, then the end."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults._connections import Connection
from customdb_contract.faults._relay import Relay

POSTGRESQL_START = b"\x00\x00\x00\x08\x00\x03\x00\x00"
MEGABYTES = bytes(range(256)) * 12_000

QUIET_ROUNDS: Final = 50
"""Rounds of the event loop, in which everything that has been sent arrives: all of it is in this process."""


@define
class Line:
    """The driver and the store at the ends of a relay, its task, and the number of cuts."""

    driver: socket.socket
    store: socket.socket
    front: Connection
    relaying: asyncio.Task[None]
    cuts: list[None]

    async def carry(self, sender: socket.socket, data: bytes, receiver: socket.socket) -> bytes:
        """Send all bytes, and return the bytes that arrive meanwhile."""
        sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(sender, data))
        arrived = bytearray()
        rounds = 0
        while rounds < QUIET_ROUNDS:
            piece = received(receiver)
            arrived += piece or b""
            # An unfinished sender is not quiet unless the other side reads nothing.
            rounds = 0 if piece else rounds + 1
            await asyncio.sleep(0)
        sending.cancel()
        return bytes(arrived)

    async def fill(self, sender: socket.socket, data: bytes) -> bytes:
        """Send until no more bytes are accepted, and return the rest."""
        rounds = 0
        while rounds < QUIET_ROUNDS:
            size = 0
            with contextlib.suppress(BlockingIOError):
                size = sender.send(data)
            data = data[size:]
            rounds = 0 if size else rounds + 1
            await asyncio.sleep(0)
        return data


def received(receiver: socket.socket) -> bytes | None:
    """Return the bytes that arrived: empty at the end, None if there are none."""
    try:
        return receiver.recv(1 << 20)
    except BlockingIOError:
        return None


@contextlib.asynccontextmanager
async def line() -> AsyncGenerator[Line]:
    with contextlib.ExitStack() as stack:
        driver, front = socket.socketpair()
        back, store = socket.socketpair()
        for sock in (driver, front, back, store):
            stack.enter_context(sock)
            sock.setblocking(False)
        ends = (
            Connection(*await asyncio.open_connection(sock=front)),
            Connection(*await asyncio.open_connection(sock=back)),
        )
        cuts: list[None] = []
        relay = Relay(*ends, lambda: cuts.append(None), lambda: False)
        relaying = asyncio.create_task(relay.run())
        try:
            yield Line(driver, store, ends[0], relaying, cuts)
        finally:
            relaying.cancel()
            for connection in ends:
                connection.end()
            await asyncio.sleep(0)


def play(part: Callable[[Line], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with line() as it:
            await part(it)

    asyncio.run(whole())


async def quiet() -> None:
    for _ in range(QUIET_ROUNDS):
        await asyncio.sleep(0)


@given(
    handshake=st.lists(st.tuples(st.binary(max_size=50), st.binary(min_size=1, max_size=50)), max_size=4),
    question=st.binary(min_size=1, max_size=50),
    answer=st.binary(min_size=1, max_size=500),
)
def test_a_handshake_passes_and_half_of_the_answer(
    handshake: Sequence[tuple[bytes, bytes]], question: bytes, answer: bytes
) -> None:
    async def part(it: Line) -> None:
        for step, reply in [(POSTGRESQL_START, b"R"), *((b"p" + step, reply) for step, reply in handshake)]:
            assert await it.carry(it.driver, step, it.store) == step
            assert await it.carry(it.store, reply, it.driver) == reply
        assert await it.carry(it.driver, b"Q" + question, it.store) == b"Q" + question
        assert it.cuts == []

        assert await it.carry(it.store, answer, it.driver) == answer[: len(answer) // 2]

        assert it.cuts == [None]
        assert received(it.driver) == b""
        assert not it.relaying.done()

    play(part)


@pytest.mark.parametrize("pieces", [1, 3])
def test_megabytes_pass_both_ways_before_the_cut(pieces: int) -> None:
    async def part(it: Line) -> None:
        for _ in range(pieces):
            assert await it.carry(it.store, MEGABYTES, it.driver) == MEGABYTES
        for _ in range(pieces):
            assert await it.carry(it.driver, MEGABYTES, it.store) == MEGABYTES
        assert await it.carry(it.store, b"answer", it.driver) == b"ans"

    play(part)


def test_a_side_that_takes_nothing_stops_the_other_one() -> None:
    async def part(it: Line) -> None:
        unsent = await it.fill(it.driver, MEGABYTES)

        assert len(unsent) > len(MEGABYTES) / 2
        assert await it.carry(it.driver, unsent, it.store) == MEGABYTES

    play(part)


def test_an_answer_to_half_a_question_is_cut_and_the_rest_of_the_question_dropped() -> None:
    async def part(it: Line) -> None:
        unsent = await it.fill(it.driver, MEGABYTES)
        it.store.send(b"too large")
        await quiet()

        assert await it.fill(it.driver, unsent + MEGABYTES) == b""
        assert received(it.driver) == b"too "
        assert received(it.driver) == b""
        assert it.cuts == [None]
        assert not it.relaying.done()
        it.driver.shutdown(socket.SHUT_WR)
        await it.relaying

    play(part)


def test_half_an_answer_waits_until_the_driver_takes_it() -> None:
    async def part(it: Line) -> None:
        await it.carry(it.driver, b"question", it.store)
        for _ in range(1000):
            it.front.send(b"x" * 1000)
        it.store.send(b"answer")
        await quiet()

        assert it.cuts == [None]
        assert (await it.carry(it.driver, b"", it.driver)).lstrip(b"x") == b"ans"
        assert received(it.driver) == b""

    play(part)


def test_a_driver_that_sent_everything_still_gets_half_the_answer() -> None:
    async def part(it: Line) -> None:
        await it.carry(it.driver, b"question", it.store)
        it.driver.shutdown(socket.SHUT_WR)
        await quiet()
        assert received(it.store) == b""

        assert await it.carry(it.store, b"answer", it.driver) == b"ans"
        await it.relaying

    play(part)


def test_a_store_that_ends_in_place_of_an_answer_is_cut() -> None:
    async def part(it: Line) -> None:
        await it.carry(it.driver, b"question", it.store)
        it.store.close()
        await quiet()

        assert received(it.driver) == b""
        assert it.cuts == [None]

    play(part)


def test_a_store_that_ends_unasked_ends_the_connection_and_nothing_is_cut() -> None:
    async def part(it: Line) -> None:
        it.store.shutdown(socket.SHUT_WR)
        assert await it.carry(it.driver, b"question", it.store) == b"question"
        assert received(it.driver) == b""
        assert not it.relaying.done()

        it.driver.close()
        await it.relaying
        assert it.cuts == []

    play(part)


def test_bytes_of_a_store_sent_with_the_first_request_are_no_response() -> None:
    async def part(it: Line) -> None:
        await quiet()
        it.driver.send(b"question")
        it.store.send(b"greeting")
        await quiet()

        assert received(it.driver) == b"greeting"
        assert it.cuts == []

    play(part)


def test_a_driver_that_leaves_unasked_ends_the_connection_to_the_store() -> None:
    async def part(it: Line) -> None:
        it.driver.close()
        await quiet()
        assert received(it.store) == b""

        it.store.close()
        await it.relaying
        assert it.cuts == []

    play(part)


def test_a_connection_that_broke_ends_both() -> None:
    async def part(it: Line) -> None:
        it.store.close()
        it.driver.send(b"question")

        await it.relaying

    play(part)
