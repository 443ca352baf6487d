"""The fault proxy: a driver behind it sees the real store refuse, reset, hang, or stop in the middle of a response."""

import gc
import socket
import threading
import time
import warnings
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.faults import PROXY_FAULTS, FaultProxy, _proxy
from customdb_contract.faults._relay import Relay
from customdb_contract.transcript import LATER_REQUESTS, Situation
from test_faults import held_by

PATIENCE: Final = 30.0
PASSWORD: Final = "correct horse battery staple"


@contextmanager
def store(answer: bytes, *, greeting: bytes = b"") -> Generator[tuple[str, int]]:
    """A server that responds to any bytes, and may send first."""
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


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def addresses(monkeypatch: pytest.MonkeyPatch, *found: tuple[int, tuple[str, int]]) -> None:
    """Resolve every name to these addresses."""
    infos = [(family, socket.SOCK_STREAM, 6, "", address) for family, address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: infos)


def connect(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(proxy.address, timeout=PATIENCE)


def told_at_once(proxy: FaultProxy) -> bytes:
    """Return what a silent driver receives; a reset may be seen while it still connects."""
    with connect(proxy) as client:
        return everything(client)


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


def test_an_unreachable_store_resets_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with FaultProxy(*address) as proxy:
        proxy.fail(Situation.CUT)
        with pytest.raises(ConnectionResetError):
            told_at_once(proxy)
        assert proxy.requests == 1


def test_connections_are_refused_at_first_and_on_request() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(proxy.address)
            proxy.fail(Situation.REFUSE)
        assert proxy.requests == 0


def test_a_connection_is_reset_as_soon_as_it_is_made() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        proxy.fail(Situation.RESET)
        with pytest.raises(ConnectionResetError):
            told_at_once(proxy)


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
            # Unread data turns the end of the connection into a reset.
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""


def test_the_port_stays_the_same_and_every_way_is_offered() -> None:
    with FaultProxy("127.0.0.1", 1) as proxy:
        address = proxy.address
        for situation in proxy.situations:
            proxy.fail(situation)
            assert proxy.address == address
    assert proxy.situations == (
        *(Situation.REFUSE, Situation.RESET, Situation.CUT, Situation.SECOND_REQUEST, Situation.THIRD_REQUEST),
        Situation.HANG,
    )


def test_an_unsupported_fault_is_an_error() -> None:
    with (
        FaultProxy("127.0.0.1", 1) as proxy,
        pytest.raises(ValueError, match="the fault proxy cannot do 'outage: 500'"),
    ):
        proxy.fail(Situation.STATUS_500)
    with pytest.raises(ValueError, match="the fault proxy is closed, so it cannot do 'outage: reset'; create a new"):
        proxy.fail(Situation.RESET)


def test_nothing_is_left_when_it_is_closed() -> None:
    before = set(threading.enumerate())
    with store(b"answer", greeting=b"greeting") as target:
        proxy = FaultProxy(*target)
        proxy.fail(Situation.HANG)
        with closing(socket.create_connection(proxy.address)):
            proxy.close()
            proxy.close()
    assert set(threading.enumerate()) <= before


def test_megabytes_reach_the_store_before_its_answer_is_cut() -> None:
    question = bytes(range(256)) * 30_000
    arrived = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener, FaultProxy(*listener.getsockname()) as proxy:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while len(arrived) < len(question):
                    arrived.extend(connection.recv(1 << 16))
                connection.sendall(b"answer")

        thread = threading.Thread(target=serve)
        thread.start()
        proxy.fail(Situation.CUT)
        with connect(proxy) as client:
            client.sendall(question)
            assert everything(client) == b"ans"
        thread.join()

    assert arrived == question


def test_many_drivers_at_once_are_all_cut_and_counted() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener, FaultProxy(*listener.getsockname()) as proxy:

        def serve() -> None:
            with ExitStack() as stack:
                connections = [stack.enter_context(listener.accept()[0]) for _ in range(20)]
                # No driver gets a response before all are connected.
                for connection in connections:
                    connection.sendall(connection.recv(100) * 2)

        def ask(number: int) -> bool:
            question = b"question %d" % number
            with connect(proxy) as client:
                client.sendall(question)
                return everything(client) == question

        thread = threading.Thread(target=serve)
        thread.start()
        proxy.fail(Situation.CUT)
        with ThreadPoolExecutor(20) as drivers:
            assert all(drivers.map(ask, range(20)))
        thread.join()

        assert proxy.requests == 20


def test_a_driver_that_never_sends_gets_the_greeting_and_is_not_counted() -> None:
    with store(b"answer", greeting=b"greeting") as target, FaultProxy(*target) as proxy:
        proxy.fail(Situation.CUT)
        with connect(proxy) as client:
            assert client.recv(8, socket.MSG_WAITALL) == b"greeting"
            assert proxy.requests == 0
            proxy.fail(Situation.REFUSE)
            assert client.recv(1) == b""


@pytest.mark.parametrize("situation", [fault for fault in PROXY_FAULTS if fault is not Situation.CUT])
def test_the_store_is_contacted_for_the_cut_only(situation: Situation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, FaultProxy(*listener.getsockname()) as proxy:
        proxy.fail(situation)
        with suppress(OSError), connect(proxy) as client:
            client.sendall(b"question")
            until(lambda: proxy.requests == 1)
        proxy.close()

        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_switch_ends_both_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, FaultProxy(*listener.getsockname()) as proxy:
        proxy.fail(Situation.CUT)
        with connect(proxy) as client, listener.accept()[0] as server:
            client.sendall(b"question")
            assert server.recv(100) == b"question"

            proxy.fail(Situation.CUT)

            assert client.recv(1) == b""
            assert server.recv(1) == b""
        assert proxy.requests == 0


def test_a_driver_that_resets_its_connection_ends_the_one_to_the_store() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, FaultProxy(*listener.getsockname()) as proxy:
        proxy.fail(Situation.CUT)
        with connect(proxy) as client, listener.accept()[0] as server:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            assert server.recv(1) == b""
        assert proxy.requests == 0


def test_every_address_of_the_store_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        refused: tuple[str, int] = free.getsockname()
    with store(b"answer") as target, FaultProxy("db.example.com", 5432) as proxy:
        with monkeypatch.context() as patch:
            # The first address belongs to a nonexistent family.
            addresses(patch, (10_000, refused), (socket.AF_INET, refused), (socket.AF_INET, target))
            proxy.fail(Situation.CUT)
        with connect(proxy) as client:
            client.sendall(b"question")
            assert everything(client) == b"ans"


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_an_unknown_host_resets_the_connection(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise error

    with FaultProxy("db.example.com", 5432) as proxy:
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", fail)
            proxy.fail(Situation.CUT)
        with pytest.raises(ConnectionResetError):
            told_at_once(proxy)
        assert proxy.requests == 1


@contextmanager
def deaf_store() -> Generator[tuple[str, int]]:
    """A server that accepts no connection because its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as stack:
        for _ in range(3):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()


def test_a_store_that_refuses_all_connections_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_proxy, "_CONNECTING_SECONDS", 0.01)
    with deaf_store() as target, FaultProxy(*target) as proxy:
        proxy.fail(Situation.CUT)
        for _ in range(3):
            with pytest.raises(ConnectionResetError):
                told_at_once(proxy)
        assert proxy.requests == 3


def test_closing_waits_for_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_proxy, "_CONNECTING_SECONDS", 1_000_000.0)
    with deaf_store() as target, ExitStack() as stack:
        with FaultProxy(*target) as proxy:
            proxy.fail(Situation.CUT)
            clients = [stack.enter_context(connect(proxy)) for _ in range(3)]
        for client in clients:
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""
        assert proxy.requests == 0


def test_no_transferred_bytes_are_kept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, FaultProxy(*listener.getsockname()) as proxy:
        proxy.fail(Situation.CUT)
        with connect(proxy) as client, listener.accept()[0] as server:
            client.sendall(PASSWORD.encode() * 10)
            assert server.recv(10_000).startswith(PASSWORD.encode())
            # One thread serves all drivers: once another one has its response, this one has been handled.
            with connect(proxy) as other, listener.accept()[0] as server_of_other:
                other.sendall(b"question")
                server_of_other.sendall(server_of_other.recv(100))
                assert everything(other) == b"ques"
            held = list(held_by(proxy))

        assert [thing for thing in held if isinstance(thing, Relay)]
        assert [thing for thing in held if isinstance(thing, (str, bytes, bytearray)) and PASSWORD in str(thing)] == []


@pytest.mark.parametrize("situation", [*PROXY_FAULTS, *LATER_REQUESTS])
def test_no_thread_and_no_socket_is_left(situation: Situation, capfd: pytest.CaptureFixture[str]) -> None:
    threads = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with store(b"answer") as target, ExitStack() as stack:
            proxy = stack.enter_context(FaultProxy(*target))
            proxy.fail(situation)
            for _ in range(3):
                with suppress(OSError):
                    stack.enter_context(connect(proxy)).sendall(b"question")
            proxy.close()
        del proxy, stack
        gc.collect()

    assert set(threading.enumerate()) <= threads
    assert [str(warning.message) for warning in seen] == []
    assert capfd.readouterr() == ("", "")
