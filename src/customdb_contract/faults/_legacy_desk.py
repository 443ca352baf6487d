"""The answers of the stand-in for the legacy system, and the record of the requests."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

from attrs import frozen

from customdb_contract.faults._asking import asked_about, read_body
from customdb_contract.faults._legacy_answers import LegacyAnswers, LegacyResponse, LegacyUser, answer_in
from customdb_contract.faults._meeting import Meeting
from customdb_contract.faults._requests import Request, answer
from customdb_contract.transcript import LegacyAnswer, LegacyState, Value

__all__ = ["Desk", "ReceivedRequest", "Reply"]

_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We will be back soon.</h1></body></html>"
)
_RETRY: Final[Mapping[str, str]] = {"Retry-After": "1"}
_FAILURES: Final[Mapping[LegacyState, tuple[LegacyResponse, Mapping[str, str] | None]]] = {
    LegacyState.STATUS_429: (LegacyResponse(429, cast("object", {"error": "too many requests"})), _RETRY),
    LegacyState.STATUS_500: (LegacyResponse(500, cast("object", {"error": "internal server error"})), None),
    LegacyState.STATUS_503: (LegacyResponse(503, _PAGE), _RETRY),
    LegacyState.HTML_PAGE: (LegacyResponse(200, _PAGE), None),
}


@frozen
class ReceivedRequest:
    """A request that the stand-in received; nothing in it is masked.

    Args:
        method: The method, such as `GET`.
        url: The URL as the Action requested it, with its host.
        headers: The headers, names in lower case.
        body: The body: decoded if it is JSON, otherwise as text; None if there was none.
        at: The time at which it had arrived, by `time.monotonic`.
        answer: The answer, or None if there was none.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: object
    at: float
    answer: LegacyAnswer | None


@frozen
class Reply:
    """The bytes to send.

    Args:
        answer: The answer to record, or None if there is none.
        content: The bytes.
        is_reset: Whether the connection is reset instead.
        is_whole: Whether nothing more follows, so that the connection ends.
    """

    answer: LegacyAnswer | None
    content: bytes = b""
    is_reset: bool = False
    is_whole: bool = True


class Desk:
    """The answers and the record, which both ports share.

    Args:
        answers: The answers of the legacy system.
        users: The users that it knows.
    """

    def __init__(self, answers: LegacyAnswers, users: Sequence[LegacyUser]) -> None:
        self._answers = answers
        self._users = tuple(users)
        self._lock = threading.Lock()
        self._received: list[ReceivedRequest] = []
        self._meeting: Meeting | None = None

    @property
    def received(self) -> tuple[ReceivedRequest, ...]:
        """The requests since the last `begin`, in order."""
        with self._lock:
            return tuple(self._received)

    def begin(self, meeting: Meeting | None) -> None:
        """Start a new record.

        Args:
            meeting: The meeting that the first answer waits for, or None.
        """
        with self._lock:
            before, self._meeting = self._meeting, meeting
            self._received = []
        if before is not None:
            before.give_up()

    def reply(self, request: Request, scheme: str, state: LegacyState) -> Reply:
        """Record a request, and return the bytes to send, possibly after waiting for others.

        Args:
            request: The complete request.
            scheme: `http` or `https`.
            state: How to answer.
        """
        at = time.monotonic()
        target = request.path.decode("utf-8", "replace")
        method = request.method.decode("latin-1").upper()
        body = read_body(request.body)
        reply = self._reply(target, request.headers, body, state, method)
        url = f"{scheme}://{request.headers.get('host', '127.0.0.1')}{target}" if target.startswith("/") else target
        with self._lock:
            self._received.append(ReceivedRequest(method, url, request.headers, body, at, reply.answer))
            meeting = self._meeting
        if meeting is not None:
            meeting.arrive(self)
        return reply

    def _reply(self, target: str, headers: Mapping[str, str], body: object, state: LegacyState, method: str) -> Reply:
        if state is LegacyState.SILENCE:
            return Reply(None, is_whole=False)
        if state is LegacyState.RESET:
            return Reply(None, is_reset=True)
        if state in _FAILURES:
            response, extra = _FAILURES[state]
            return _whole(response, extra, method)
        user = asked_about(target, headers, body, self._users)
        path = urlsplit(target).path
        if state in {LegacyState.TRUNCATED_JSON, LegacyState.STALL}:
            return _half(answer_in(LegacyState.SOUND, self._answers, user, path), state)
        return _whole(answer_in(state, self._answers, user, path), None, method)


def _whole(response: LegacyResponse, extra: Mapping[str, str] | None, method: str) -> Reply:
    content, kind = _content(response.body)
    sent = b"" if method == "HEAD" else content
    told = LegacyAnswer(response.status, cast("Value", response.body))
    return Reply(told, answer(response.status, kind, sent, extra=extra, length=len(content)))


def _half(response: LegacyResponse, state: LegacyState) -> Reply:
    """Return the first half of an answer, with the length of that half or of the whole."""
    content, kind = _content(response.body)
    half = content[: len(content) // 2]
    is_stalled = state is LegacyState.STALL
    told = LegacyAnswer(response.status, half.decode("utf-8", "replace"))
    sent = answer(response.status, kind, half, length=len(content) if is_stalled else None)
    return Reply(told, sent, is_whole=not is_stalled)


def _content(body: object) -> tuple[bytes, str]:
    if body is None:
        return b"", "application/json"
    if isinstance(body, str):
        return body.encode(), "text/html; charset=utf-8" if body.startswith("<") else "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"
