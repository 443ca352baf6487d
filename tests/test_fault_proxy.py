"""The fault proxy: a driver behind it sees the real store refuse, reset, hang, or end in the middle of an answer."""

import socket
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults import PROXY_FAULTS, FaultProxy
from customdb_contract.transcript import Situation


@contextmanager
def store(answer: bytes, *, greeting: bytes = b"") -> Generator[tuple[str, int]]:
    """A server that answers whatever it is sent, and may speak first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(greeting)
                    if connection.recv(1 << 20):
                        connection.sendall(answer)
                    connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            # Closing alone would not wake the thread.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def everything(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@given(answer=st.binary(min_size=1, max_size=2000), greeting=st.binary(max_size=100))
def test_an_answer_is_cut_in_the_middle_and_the_connection_ends(answer: bytes, greeting: bytes) -> None:
    with store(answer, greeting=greeting) as target, FaultProxy(*target) as proxy:
        proxy.fail(Situation.CUT)
        with closing(socket.create_connection(proxy.address)) as client:
            assert client.recv(len(greeting), socket.MSG_WAITALL) == greeting
            client.sendall(b"question")
            received = everything(client)

        assert answer.startswith(received)
        assert len(received) == len(answer) // 2
        assert proxy.requests == 1


def test_a_driver_that_asks_nothing_more_ends_the_connection_to_the_store() -> None:
    with store(b"answer") as target, FaultProxy(*target) as proxy:
        proxy.fail(Situation.CUT)
        with closing(socket.create_connection(proxy.address)) as client:
            client.shutdown(socket.SHUT_WR)
            assert everything(client) == b""
        assert proxy.requests == 0


def test_a_store_that_is_really_out_of_reach_resets_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with FaultProxy(*address) as proxy:
        proxy.fail(Situation.CUT)
        with closing(socket.create_connection(proxy.address)) as client, pytest.raises(ConnectionResetError):
            everything(client)
        assert proxy.requests == 1


def test_connections_are_refused_first_and_when_it_is_told_so() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(proxy.address)
            proxy.fail(Situation.REFUSE)
        assert proxy.requests == 0


def test_a_connection_is_reset_as_soon_as_it_is_made() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        proxy.fail(Situation.RESET)
        client = socket.create_connection(proxy.address)
        with closing(client), pytest.raises(ConnectionResetError):
            everything(client)


def test_nothing_is_answered_until_the_next_switch() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        proxy.fail(Situation.HANG)
        with closing(socket.create_connection(proxy.address)) as client:
            client.sendall(b"question")
            client.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.recv(1)
            proxy.fail(Situation.REFUSE)
            client.settimeout(10)
            # What was sent and never read makes the end of the connection a reset.
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""


def test_the_port_stays_the_same_and_every_way_is_offered() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        address = proxy.address
        for situation in proxy.situations:
            proxy.fail(situation)
            assert proxy.address == address
    assert proxy.situations == PROXY_FAULTS
    assert PROXY_FAULTS[-1] is Situation.HANG


def test_what_it_cannot_do_is_said() -> None:
    with (
        FaultProxy("127.0.0.1", 1) as proxy,
        pytest.raises(ValueError, match="the fault proxy cannot do 'outage: 500'"),
    ):
        proxy.fail(Situation.STATUS_500)
    with pytest.raises(ValueError, match="the fault proxy is closed, so it cannot do 'outage: reset'; make a new one"):
        proxy.fail(Situation.RESET)


def test_nothing_is_left_when_it_is_closed() -> None:
    before = threading.active_count()
    with store(b"answer", greeting=b"greeting") as target:
        proxy = FaultProxy(*target)
        proxy.fail(Situation.HANG)
        with closing(socket.create_connection(proxy.address)):
            proxy.close()
            proxy.close()
    assert threading.active_count() == before
