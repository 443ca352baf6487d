"""Parses the parts of a transcript that are about Actions."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._actions import (
    ActionRun,
    ApiCall,
    LegacyAnswer,
    LegacyRequest,
    LegacyState,
    RunSituation,
)
from customdb_contract.transcript._cursor import Cursor, choose
from customdb_contract.transcript._header import UNKNOWN, Handler
from customdb_contract.transcript._parsing_calls import parse_cause, parse_run_outcome
from customdb_contract.transcript._records import Causes
from customdb_contract.transcript._values import Value, json_text

__all__ = ["parse_api_call", "parse_request", "parse_run"]

_FAMILY: Final = re.compile(r"[\w-]+(?:: [\w-]+)?")
_CALLED: Final = re.compile(r"[\w.]+")
_METHOD: Final = re.compile(r"[A-Z-]+")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def parse_run(cursor: Cursor, number: int, labels: Collection[str], causes: Causes) -> ActionRun:
    """Return the run of an Action at this place.

    Args:
        cursor: The place after the word `run`.
        number: The number of the record.
        labels: The labels of the known users.
        causes: The earlier records.

    Raises:
        TranscriptError: When it is not understood.
    """
    action = cursor.text()
    handler = Handler.CONTINUE if cursor.take("continued") else Handler.EXECUTE
    person = choose(cursor.text(), (*labels, UNKNOWN), "a person's label") if cursor.take("of ") else UNKNOWN
    cursor.expect("in")
    situation = cursor.member(RunSituation, "a situation", _FAMILY)
    legacy = cursor.member(LegacyState, "a state of the legacy system", _FAMILY) if cursor.take("legacy") else None
    follows = _number(cursor, "the number of a run") if cursor.take("follows") else None
    event = _mapping(cursor, "the event of a run")
    cursor.expect("->")
    outcome = parse_run_outcome(cursor)
    cause = parse_cause(cursor, ActionRun, causes)
    return ActionRun(number, action, handler, person, situation, event, outcome, legacy, follows, cause)


def parse_api_call(cursor: Cursor, number: int, _: Collection[str], causes: Causes) -> ApiCall:
    """Return the call of `api` at this place.

    Args:
        cursor: The place after the word `api`.
        number: The number of the record.
        causes: The earlier records.

    Raises:
        TranscriptError: When it is not understood.
    """
    path = cursor.match(_CALLED) or cursor.fail("what was called, such as user.setAppMetadata")
    cursor.expect("(")
    arguments: list[Value] = []
    while not cursor.take(")"):
        if arguments:
            cursor.expect(",")
        arguments.append(cursor.json())
    return ApiCall(number, path, tuple(arguments), cursor.take("late"), parse_cause(cursor, ApiCall, causes))


def parse_request(cursor: Cursor, number: int, _: Collection[str], causes: Causes) -> LegacyRequest:
    """Return the request to the legacy system at this place.

    Args:
        cursor: The place after the word `request`.
        number: The number of the record.
        causes: The earlier records.

    Raises:
        TranscriptError: When it is not understood.
    """
    method = cursor.match(_METHOD) or cursor.fail("the method of a request, such as GET")
    url = cursor.text()
    headers = _mapping(cursor, "the headers") if cursor.take("headers=") else dict[str, Value]()
    body = cursor.token() if cursor.take("body=") else None
    is_late = cursor.take("late")
    answer: LegacyAnswer | None = None
    if cursor.take("->"):
        answer = LegacyAnswer(_number(cursor, "an HTTP status"), cursor.json() if cursor.take("with") else None)
    cause = parse_cause(cursor, LegacyRequest, causes)
    return LegacyRequest(number, method, url, headers, body, answer, is_late, cause)


def _number(cursor: Cursor, what: str) -> int:
    return int(cursor.match(_NUMBER) or cursor.fail(what))


def _mapping(cursor: Cursor, what: str) -> Mapping[str, Value]:
    value = cursor.json()
    if not isinstance(value, Mapping):
        message = f"expected {what} as a JSON object, found {json_text(value):.40}"
        raise TranscriptError(message)
    return value
