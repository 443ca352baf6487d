"""A wire-level test double of SQL Server: it speaks TDS 7.4 to real drivers, over SQLite.

It is not SQL Server. It shows that a driver and its statements work together, from log-in to errors, but not what the
engine itself would do with a statement.
"""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import define, field

from doubles.tds_tls import TlsChannel
from doubles.tds_wire import (
    Parameter,
    Reader,
    Value,
    done,
    environment_change,
    error,
    login_acknowledged,
    metadata,
    return_status,
    return_value,
    row,
)
from doubles.tsql import Result, Session, SqlServerError

__all__ = ["DATABASE", "PASSWORD", "USER", "SqlServerDouble", "run_sql_server_double"]

USER: Final = "shop"
PASSWORD: Final = "Passw0rd of the double"
DATABASE: Final = "shop"

_RESPONSE: Final = 0x04
_LOGIN: Final = 0x10
_PRELOGIN: Final = 0x12
_HEAD: Final = struct.Struct(">BBHHBB")
_PACKET: Final = 4096
_LAST: Final = 1
_WITHOUT_TLS: Final = 2
_WITH_TLS: Final = 3
_DONE_IN_PROCEDURE: Final = 0xFF
_DONE_PROCEDURE: Final = 0xFE
_DESCRIPTOR: Final = b"\x08" + (1).to_bytes(8, "little")
_PROCEDURES: Final = {
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    15: "sp_unprepare",
}
_LEVELS: Final = {1: "READ UNCOMMITTED", 2: "READ COMMITTED", 3: "REPEATABLE READ", 4: "SERIALIZABLE", 5: "SNAPSHOT"}


@define
class _Connection:
    """One client: reads and answers messages until either side disconnects."""

    client: socket.socket
    double: "SqlServerDouble"
    _channel: socket.socket | TlsChannel = field(init=False)
    _greeting: TlsChannel | None = field(default=None, init=False)
    _session: Session | None = field(default=None, init=False)
    _prepared: dict[int, tuple[str, str]] = field(factory=dict[int, tuple[str, str]], init=False)

    def __attrs_post_init__(self) -> None:
        self._channel = self.client

    def serve(self) -> None:
        try:
            while (message := self._receive()) is not None:
                answer = self._answer(*message)
                if answer is None:
                    return
                self._send(answer)
                if self._greeting is not None and self._greeting.is_open:
                    self._channel = self._greeting
        except OSError:
            pass
        finally:
            if self._session is not None:
                self._session.close()
            self.client.close()

    def _receive(self) -> tuple[int, bytes] | None:
        parts: list[bytes] = []
        while True:
            head = self._exactly(_HEAD.size)
            if head is None:
                return None
            kind, status, size, *_ = _HEAD.unpack(head)
            body = self._exactly(size - _HEAD.size)
            if body is None:
                return None
            parts.append(body)
            if status & _LAST:
                return kind, b"".join(parts)

    def _exactly(self, size: int) -> bytes | None:
        found = b""
        while len(found) < size:
            part = self._channel.recv(size - len(found))
            if not part:
                return None
            found += part
        return found

    def _send(self, answer: bytes) -> None:
        most = _PACKET - _HEAD.size
        parts = [answer[at : at + most] for at in range(0, len(answer), most)]
        for number, part in enumerate(parts, start=1):
            head = _HEAD.pack(_RESPONSE, number == len(parts), len(part) + _HEAD.size, 0, number % 256, 0)
            self._channel.sendall(head + part)

    def _answer(self, kind: int, message: bytes) -> bytes | None:
        if kind == _PRELOGIN:
            return self._greet(message)
        if kind == _LOGIN:
            return self._log_in(message)
        if self._session is None:
            return None
        match kind:
            case 0x01:
                reader = Reader(message)
                reader.skip_headers()
                text = reader.take(len(message) - reader.at).decode("utf-16-le")
                return self._batch(self._session, text)
            case 0x03:
                return self._calls(self._session, message)
            case 0x0E:
                return self._transaction(self._session, message)
            case 0x06:
                return done(is_attention=True)
            case _:
                return None

    def _greet(self, message: bytes) -> bytes:
        if self._greeting is not None:
            return self._greeting.greeted(message)
        if self.double.tls is not None:
            self._greeting = TlsChannel(self.client, self.double.tls)
        return _prelogin(is_encrypted=self._greeting is not None)

    def _log_in(self, message: bytes) -> bytes:
        def part(place: int) -> bytes:
            start, size = struct.unpack_from("<HH", message, place)
            return message[start : start + size * 2]

        user = part(40).decode("utf-16-le")
        password = bytes((byte ^ 0xA5) << 4 & 0xF0 | (byte ^ 0xA5) >> 4 for byte in part(44)).decode("utf-16-le")
        if (user, password) != (USER, PASSWORD):
            return error(18456, f"Login failed for user '{user}'.") + done(is_error=True)
        if self.double.refusals:
            return error(self.double.refusals.pop(0), "The double refuses this log-in.") + done(is_error=True)
        database = part(68).decode("utf-16-le") or DATABASE
        if not re.fullmatch(r"\w+", database):
            return error(4060, f"Cannot open database '{database}' requested by the login.") + done(is_error=True)
        self._session = Session(_file(self.double.folder, database))
        return login_acknowledged(database, _PACKET) + done()

    @staticmethod
    def _batch(session: Session, text: str) -> bytes:
        results: list[Result] = []
        try:
            results += session.run(text)
        except SqlServerError as failure:
            return _results(results, is_last=False) + error(failure.number, str(failure)) + done(is_error=True)
        return _results(results) or done()

    def _calls(self, session: Session, message: bytes) -> bytes:
        reader = Reader(message)
        reader.skip_headers()
        size = reader.number(2)
        name = _PROCEDURES.get(number := reader.number(2), f"procedure {number}") if size == 0xFFFF else None
        name = name or reader.take(size * 2).decode("utf-16-le").lower().rpartition(".")[2]
        reader.take(2)
        parameters: list[Parameter] = []
        while not reader.is_over:
            parameters.append(reader.parameter())
        try:
            if self.double.failures:
                raise SqlServerError(self.double.failures.pop(0), "The double fails this call.")  # noqa: TRY301 - answered like any other
            answer = self._procedure(session, name, parameters)
        except SqlServerError as failure:
            answer = error(failure.number, str(failure))
            return answer + return_status() + done(token=_DONE_PROCEDURE, is_error=True)
        return answer + done(token=_DONE_PROCEDURE)

    def _procedure(self, session: Session, name: str, parameters: Sequence[Parameter]) -> bytes:
        match name:
            case "sp_executesql":
                text, declared = (each.value for each in (*parameters[:2], Parameter("", "nvarchar", ""))[:2])
                return self._executed(session, str(text), str(declared or ""), parameters[2:]) + return_status()
            case "sp_prepare" | "sp_prepexec":
                handle, declared, text = len(self._prepared) + 1, parameters[1].value, parameters[2].value
                self._prepared[handle] = (str(text), str(declared or ""))
                values = parameters[3:] if name == "sp_prepexec" else None
                answer = b"" if values is None else self._executed(session, *self._prepared[handle], values)
                return answer + return_status() + return_value(parameters[0].name, handle)
            case "sp_execute":
                prepared = self._prepared.get(int(str(parameters[0].value)))
                if prepared is None:
                    raise SqlServerError(8179, "Could not find prepared statement with that handle.")
                return self._executed(session, *prepared, parameters[1:]) + return_status()
            case "sp_unprepare":
                return return_status()
            case _:
                raise SqlServerError(2812, f"Could not find stored procedure '{name}'.")

    @staticmethod
    def _executed(session: Session, text: str, declared: str, values: Sequence[Parameter]) -> bytes:
        names = re.findall(r"(@\w+)\s+\w", declared)
        given = [
            Parameter(value.name or name, value.kind, value.value) for name, value in zip(names, values, strict=True)
        ]
        return b"".join(_result(result, _DONE_IN_PROCEDURE, is_more=True) for result in session.run(text, given))

    @staticmethod
    def _transaction(session: Session, message: bytes) -> bytes:
        reader = Reader(message)
        reader.skip_headers()
        request = reader.number(2)
        try:
            match request:
                case 5:
                    result = session.begin(_LEVELS.get(reader.number(1)))
                case 7:
                    result = session.commit()
                case 8:
                    result = session.rollback()
                case _:
                    return error(8525, f"The double does not know the transaction request {request}.") + done(
                        is_error=True
                    )
        except SqlServerError as failure:
            return error(failure.number, str(failure)) + done(is_error=True)
        return _results([result])


def _file(folder: Path, database: str) -> Path:
    return folder / f"{database}.sqlite3"


def _prelogin(*, is_encrypted: bool) -> bytes:
    values = {
        0: b"\x10\0\x0f\xa0\0\0",
        1: bytes([_WITH_TLS if is_encrypted else _WITHOUT_TLS]),
        2: b"\0",
        3: b"",
        4: b"\0",
    }
    at = 5 * len(values) + 1
    head = b""
    for option, value in values.items():
        head += struct.pack(">BHH", option, at, len(value))
        at += len(value)
    return head + b"\xff" + b"".join(values.values())


def _results(results: Sequence[Result], *, is_last: bool = True) -> bytes:
    """Return the responses to a batch; all but the last announce that more follow."""
    last = len(results) - is_last
    return b"".join(_result(result, 0xFD, is_more=place < last) for place, result in enumerate(results))


def _result(result: Result, token: int, *, is_more: bool) -> bytes:
    if result.transaction is not None:
        begun = (_DESCRIPTOR, b"\0") if result.transaction == 8 else (b"\0", _DESCRIPTOR)
        return environment_change(result.transaction, *begun) + done(token=token, is_more=is_more)
    head = metadata(result.columns) if result.columns else b""
    rows = b"".join(row(result.columns, values) for values in result.rows)
    return head + rows + done(token=token, rows=result.count, is_more=is_more)


@define
class SqlServerDouble:
    """A double of SQL Server on a port of 127.0.0.1 that can be killed and restarted.

    Args:
        folder: The folder of its databases, which survive it. A database exists as soon as a client names it.
        tls: The certificate for TLS with all clients; None means no TLS.
        refusals: The error numbers with which the next log-ins fail.
        failures: The error numbers with which the next procedure calls fail.
    """

    folder: Path
    tls: ssl.SSLContext | None = None
    refusals: list[int] = field(factory=list[int], init=False)
    failures: list[int] = field(factory=list[int], init=False)
    port: int = field(default=0, init=False)
    _listener: socket.socket | None = field(default=None, init=False)
    _clients: list[socket.socket] = field(factory=list[socket.socket], init=False)
    _threads: list[threading.Thread] = field(factory=list[threading.Thread], init=False)

    def start(self) -> None:
        """Start the double on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._begin(self._accept, self._listener)

    def kill(self) -> None:
        """Stop the double and disconnect its clients; uncommitted changes are lost."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for client in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._clients.clear()
        self._threads.clear()

    def run(self, script: str) -> None:
        """Run T-SQL in the default database of clients."""
        session = Session(_file(self.folder, DATABASE))
        try:
            for _ in session.run(script):
                pass
        finally:
            session.close()

    def rows(self, query: str) -> Sequence[Sequence[Value]]:
        """Return the rows that a query finds in that database."""
        session = Session(_file(self.folder, DATABASE))
        try:
            (result,) = session.run(query)
        finally:
            session.close()
        return result.rows

    def _begin(self, work: Callable[[socket.socket], None], listener: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(listener,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._clients.append(client)
                self._begin(lambda client: _Connection(client, self).serve(), client)


@contextmanager
def run_sql_server_double(script: str = "", *, tls: ssl.SSLContext | None = None) -> Generator[SqlServerDouble]:
    """Run a double of SQL Server.

    Args:
        script: T-SQL that is run first.
        tls: See `SqlServerDouble`.
    """
    with TemporaryDirectory() as folder:
        double = SqlServerDouble(Path(folder), tls)
        double.run(script)
        double.start()
        try:
            yield double
        finally:
            double.kill()
