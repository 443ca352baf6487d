"""Parses the records of a transcript other than calls: operations on a tenant and their results."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._cursor import Cursor, choose
from customdb_contract.transcript._header import UNKNOWN
from customdb_contract.transcript._parsing_actions import parse_api_call, parse_request, parse_run
from customdb_contract.transcript._parsing_calls import parse_cause
from customdb_contract.transcript._records import (
    Actor,
    Causes,
    LogEntry,
    Operation,
    Record,
    Response,
    Store,
    StoreWrite,
)
from customdb_contract.transcript._values import Value, json_text

__all__ = ["RECORDS", "parse_record"]

_NAME = re.compile(r"\w+")
_ARGUMENT = re.compile(r"\w+(?==)")
_RESPONSES = ("succeeded", "refused")


def parse_record(word: str, cursor: Cursor, number: int, labels: Collection[str], causes: Causes) -> Record:
    """Return the record at this place.

    Args:
        word: The first word of the line, one of `RECORDS`.
        cursor: The place after that word.
        number: The number of the record.
        labels: The labels of the known users.
        causes: The earlier records; the latest possible cause counts, unless the line says otherwise.

    Raises:
        TranscriptError: When it is not understood.
    """
    return RECORDS[word](cursor, number, labels, causes)


def _operation(cursor: Cursor, number: int, labels: Collection[str], _: Causes) -> Operation:
    name = cursor.match(_NAME) or cursor.fail("the name of an operation, such as log_in")
    cursor.expect("by")
    actor = cursor.member(Actor, "who did it")
    person = choose(cursor.text(), (*labels, UNKNOWN), "a person's label") if cursor.take("of ") else UNKNOWN
    cursor.expect("on")
    connection = cursor.text()
    arguments: dict[str, Value] = {}
    while argument := cursor.match(_ARGUMENT):
        if argument in arguments:
            message = f"{argument}= is given twice"
            raise TranscriptError(message)
        cursor.expect("=")
        arguments[argument] = cursor.token()
    response = _response(cursor) if cursor.take("->") else None
    return Operation(number, name, actor, person, connection, arguments, response)


def _response(cursor: Cursor) -> Response:
    succeeded = cursor.word(_RESPONSES, "what came of it") == "succeeded"
    return Response(
        succeeded,
        message=_quoted(cursor),
        shown=cursor.json() if cursor.take("with") else None,
        interrupted=cursor.text() if cursor.take("interrupted") else None,
    )


def _store_write(cursor: Cursor, number: int, _: Collection[str], causes: Causes) -> StoreWrite:
    store, user_id = cursor.member(Store, "a store"), cursor.text()
    attributes: Mapping[str, Value] | None = None
    if not cursor.take("removed"):
        written = cursor.json()
        if not isinstance(written, Mapping):
            message = f"what is written must be a JSON object, or removed, got {json_text(written):.40}"
            raise TranscriptError(message)
        attributes = written
    return StoreWrite(number, store, user_id, attributes, parse_cause(cursor, StoreWrite, causes))


def _log_entry(cursor: Cursor, number: int, _: Collection[str], causes: Causes) -> LogEntry:
    return LogEntry(
        number,
        cursor.text(),
        description=_quoted(cursor),
        user_id=cursor.text() if cursor.take("about ") else None,
        connection=cursor.text() if cursor.take("on ") else None,
        inferred=cursor.take("inferred"),
        caused_by=parse_cause(cursor, LogEntry, causes),
    )


def _quoted(cursor: Cursor) -> str:
    """Skip and return a text in quotes, if there is one; a text that JSON cannot quote is an object."""
    return cursor.text() if cursor.sees('"', "{") else ""


RECORDS: Final[Mapping[str, Callable[[Cursor, int, Collection[str], Causes], Record]]] = {
    "operation": _operation,
    "store": _store_write,
    "log": _log_entry,
    "run": parse_run,
    "api": parse_api_call,
    "request": parse_request,
}
"""The functions that read a record, by the word that begins its line."""
