"""The stand-in for the legacy system that an Action calls: it answers as configured, and records the requests."""

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from attrs import frozen
from typing_extensions import override

from customdb_contract.faults._connections import Connection
from customdb_contract.faults._legacy_answers import LegacyAnswers, LegacyUser
from customdb_contract.faults._legacy_desk import Desk, ReceivedRequest, Reply
from customdb_contract.faults._listening import FailingPort, Store
from customdb_contract.faults._meeting import Meeting
from customdb_contract.faults._requests import read_request
from customdb_contract.transcript import LegacyState

__all__ = ["LegacyAddress", "LegacySystem"]

_CONNECTED: Final = b"HTTP/1.1 200 Connection Established\r\n\r\n"


@frozen
class LegacyAddress:
    """The address of the stand-in on loopback.

    Args:
        plain: The port for `http`.
        secure: The port in place of `https`, which also uses plain HTTP.
    """

    plain: int
    secure: int

    @property
    def url(self) -> str:
        """The URL of the stand-in, for an Action that is configured with it."""
        return f"http://127.0.0.1:{self.plain}"


class LegacySystem:
    """A stand-in for the legacy system on 127.0.0.1, over HTTP/1.1; a context manager.

    It refuses connections until the first `answer`.

    Args:
        answers: The answers.
        users: The users that it knows.

    Raises:
        OSError: If no ports of the loopback interface are available.
    """

    def __init__(self, answers: LegacyAnswers, users: Sequence[LegacyUser]) -> None:
        self._desk = Desk(answers, users)
        self._plain = _LegacyPort(self._desk, "http")
        self._secure = _LegacyPort(self._desk, "https")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> LegacyAddress:
        """The address."""
        return LegacyAddress(self._plain.port, self._secure.port)

    @property
    def received(self) -> tuple[ReceivedRequest, ...]:
        """The requests and answers since the last `answer`, in order."""
        for port in (self._plain, self._secure):
            port.settle()
        return self._desk.received

    def answer(self, state: LegacyState, *, meeting: Meeting | None = None) -> None:
        """Change the way to answer, with a new record; open connections are cut.

        Args:
            state: How to answer.
            meeting: The meeting that the first answer waits for.

        Raises:
            ValueError: If it is closed.
            OSError: If another process took a port during the switch.
        """
        self._desk.begin(meeting)
        for port in (self._plain, self._secure):
            port.fail(state)

    def close(self) -> None:
        """Cut every connection and release the ports; a second call does nothing."""
        self._desk.begin(None)
        for port in (self._plain, self._secure):
            port.close()


class _LegacyPort(FailingPort[LegacyState]):
    def __init__(self, desk: Desk, scheme: str) -> None:
        super().__init__("stand-in for the legacy system")
        self._desk = desk
        self._scheme = scheme

    @property
    def port(self) -> int:
        return self._address[1]

    @property
    @override
    def situations(self) -> tuple[LegacyState, ...]:
        return tuple(LegacyState)

    @property
    @override
    def _refusing(self) -> LegacyState:
        return LegacyState.REFUSE

    @override
    def _open(self, listener: socket.socket, situation: LegacyState) -> Store[LegacyState]:
        return _LegacyStore(listener, situation, self._desk, self._scheme)


class _LegacyStore(Store[LegacyState]):
    def __init__(self, listener: socket.socket, state: LegacyState, desk: Desk, scheme: str) -> None:
        self._desk = desk
        self._scheme = scheme
        super().__init__(listener, state)

    @override
    async def serve(self, connection: Connection) -> None:
        scheme = self._scheme
        # A connection that does not send HTTP is cut.
        while (begun := await connection.reader.readexactly(1)).isalpha():
            request = await read_request(connection.reader, keeps=True, begun=begun)
            if request.method != b"CONNECT":
                await self._answer(connection, self._desk.reply(request, scheme, self.situation))
                return
            # The Action uses a proxy: the following requests are for the host behind it.
            connection.send(_CONNECTED)
            await connection.sent()
            scheme = "https"

    async def _answer(self, connection: Connection, reply: Reply) -> None:
        if reply.is_reset:
            connection.reset()
        elif reply.is_whole:
            await connection.answer(reply.content)
        else:
            connection.send(reply.content)
            await connection.hold()
