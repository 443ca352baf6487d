"""Connections that Python scripts leave open in their process, and open connections that are no leak."""

import gc
import os
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from customdb_contract import KnownUser, PythonProcess, check
from customdb_contract._runner._sockets import OpenSockets
from customdb_contract.findings import Report, Status

SHOP = """
import asyncio, socket, ssl, threading
from customdb_contract import Found, NotFound, WrongUsernameOrPasswordError

ADDRESS = ("127.0.0.1", PORT)
kept = []
local = threading.local()


def connect():
    return socket.create_connection(ADDRESS)


BODY


class Shop:
    def login(self, identifier, password):
        ASK
        if (identifier.lower(), password) != ("ada@example.com", "pass phrase"):
            raise WrongUsernameOrPasswordError(None, "no")
        return Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})

    def get_user(self, identifier):
        ASK
        if identifier.lower() != "ada@example.com":
            return NotFound()
        return Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})
"""


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """Return the address of a store that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield server.getsockname()


def checked(folder: Path, port: int, body: str, ask: str = "ask()") -> Report:
    source = SHOP.replace("PORT", str(port)).replace("BODY", textwrap.dedent(body)).replace("ASK", ask)
    (folder / "leaking_shop.py").write_text(source, "utf-8")
    ada = KnownUser(email="ada@example.com", password="pass phrase")
    database = PythonProcess("leaking_shop:Shop", folder=folder)
    return check(database, users=[ada], rehearse=False, select=["connection-leak"])


LEAKS = {
    "kept": "def ask(): kept.append(connect())",
    "of a task": """
        def ask():
            async def open_it():
                kept.append(await asyncio.open_connection(*ADDRESS))
            loop.run_until_complete(open_it())
        loop = asyncio.new_event_loop()
    """,
    "for TLS": """
        def ask():
            wrapped = ssl.create_default_context().wrap_socket(
                connect(), server_hostname="shop.test", do_handshake_on_connect=False
            )
            kept.append(wrapped)
    """,
    "by a thread of the call": """
        def ask():
            asyncio.run(asyncio.to_thread(lambda: kept.append(connect())))
    """,
}


@pytest.mark.parametrize("body", LEAKS.values(), ids=LEAKS)
def test_one_more_connection_with_each_call_is_found(tmp_path: Path, address: tuple[str, int], body: str) -> None:
    report = checked(tmp_path, address[1], body)

    findings = report.verdict("connection-leak").findings
    assert report.verdict("connection-leak").status is Status.FAILED
    assert {finding.script for finding in findings} == {"login", "get_user"}
    for finding in findings:
        assert finding.message == (
            f"{finding.script} left one more connection open with each of {finding.got} calls in a row; "
            "close it on every path, or keep one pool for all calls"
        )


CORRECT = {
    "closed": ("def ask(): connect().close()", Status.NOT_APPLICABLE),
    "forgotten, and closed by Python": ("def ask(): connect()", Status.NOT_APPLICABLE),
    "in a circle that the collector takes": (
        """
        class Client:
            def __init__(self):
                self.me, self.connection = self, connect()
        ask = Client
        """,
        Status.NOT_APPLICABLE,
    ),
    "one for all calls": ("def ask(): kept or kept.append(connect())", Status.PASSED),
    "a pool that fills": ("def ask(): len(kept) < 5 and kept.append(connect())", Status.PASSED),
    "one for each thread": (
        "def ask(): local.connection = getattr(local, 'connection', None) or connect()",
        Status.PASSED,
    ),
    "the last one closes the one before": (
        """
        def ask():
            for old in kept: old.close()
            kept[:] = [connect()]
        """,
        Status.PASSED,
    ),
    "opened by a thread that is nobody's": (
        """
        def ask():
            thread = threading.Thread(target=lambda: kept.append(connect()))
            thread.start()
            thread.join()
        """,
        Status.NOT_APPLICABLE,
    ),
    "no connection of a store": (
        """
        def ask():
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            asking.connect(ADDRESS)
            kept.append(asking)
        """,
        Status.NOT_APPLICABLE,
    ),
    "closed behind the back of the socket": (
        """
        import os
        def ask():
            os.close(connect().detach())
            kept.append(open(__file__))
        """,
        Status.NOT_APPLICABLE,
    ),
}


@pytest.mark.parametrize(("body", "status"), CORRECT.values(), ids=CORRECT)
def test_a_closed_or_reused_connection_is_no_leak(
    tmp_path: Path, address: tuple[str, int], body: str, status: Status
) -> None:
    assert checked(tmp_path, address[1], body).verdict("connection-leak").status is status


# Detection


class Watching:
    def __init__(self) -> None:
        self.is_of_call = True
        self.sockets = OpenSockets(lambda: self.is_of_call)

    def connect(self, address: tuple[str, int]) -> socket.socket:
        opened = socket.socket()
        self.sockets.note("socket.connect", (opened, address))
        opened.connect(address)
        return opened


def test_open_connections_are_counted_until_closed(address: tuple[str, int]) -> None:
    watching = Watching()
    first, second = watching.connect(address), watching.connect(address)

    counts = [watching.sockets.count()]
    first.close()
    counts.append(watching.sockets.count())
    # Another file has its number now.
    reused = os.dup(0)
    counts.append(watching.sockets.count())
    second.close()
    counts.append(watching.sockets.count())
    os.close(reused)

    assert counts == [2, 1, 1, 0]


def test_a_file_descriptor_reused_by_another_socket_is_not_counted(address: tuple[str, int]) -> None:
    watching = Watching()
    first = watching.connect(address)
    number = first.fileno()
    with socket.socket() as other:
        os.dup2(other.fileno(), number)

    assert watching.sockets.count() == 0
    first.close()


def test_only_streams_of_calls_are_counted(address: tuple[str, int]) -> None:
    watching = Watching()
    with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        strange: Any
        for strange in (datagrams, object(), socket.socket()):
            if isinstance(strange, socket.socket) and strange is not datagrams:
                strange.close()
            watching.sockets.note("socket.connect", (strange, address))
        watching.sockets.note("socket.bind", (stream, address))
        watching.is_of_call = False
        watching.sockets.note("socket.connect", (stream, address))

        assert watching.sockets.count() == 0


def test_garbage_is_collected_only_when_there_are_more(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[int] = []
    monkeypatch.setattr("customdb_contract._runner._sockets._collect", lambda: collected.append(gc.collect()))
    watching = Watching()
    watching.sockets.count()
    opened = watching.connect(address)

    assert [watching.sockets.count() for _ in range(3)] == [1, 1, 1]
    assert len(collected) == 1
    opened.close()
