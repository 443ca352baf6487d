"""Prints a transcript in the one-line notation."""

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest
from customdb_contract.transcript._exchange import Exchange
from customdb_contract.transcript._header import UNKNOWN, Header, Person
from customdb_contract.transcript._notation import implied_situation, labels_by_identifier, owner_of, token
from customdb_contract.transcript._printing_actions import api_call_parts, request_parts, run_parts
from customdb_contract.transcript._printing_calls import print_call, print_outcome
from customdb_contract.transcript._printing_header import header_lines
from customdb_contract.transcript._records import Causes, LogEntry, Operation, Record, Response, StoreWrite, cause_of
from customdb_contract.transcript._values import json_text

__all__ = ["print_exchange", "print_transcript", "record_printer"]


def print_transcript(header: Header, records: Sequence[Record]) -> str:
    """Return a transcript in the one-line notation.

    Args:
        header: Its header.
        records: Its records.
    """
    called = {record.script for record in records if isinstance(record, Exchange)}
    lines = [*header_lines(header, called), *map(record_printer(header.people, records), records)]
    return "".join(f"{line}\n" for line in lines)


def record_printer(people: Sequence[Person], records: Sequence[Record]) -> Callable[[Record], str]:
    """Return a function that prints records of one transcript in the one-line notation.

    Args:
        people: The known users, whose own identifiers need no remark.
        records: All records: one that follows an operation needs no remark that the operation caused it.
    """
    labels = labels_by_identifier(people)
    situations = {person.label: implied_situation(person) for person in people}
    implied = list(_implied_causes(records))

    def remark(exchange: Exchange) -> Iterator[str]:
        owner = owner_of(exchange.arguments, labels)
        if exchange.marks or exchange.person != owner or exchange.situation is not situations.get(owner):
            of = f" of {token(exchange.person)}" if exchange.person != owner else ""
            yield f"{exchange.situation}{of}"
            yield from sorted(exchange.marks)

    def line(record: Record) -> str:
        remarks = list(remark(record)) if isinstance(record, Exchange) else []
        cause = cause_of(record)
        if implied and not isinstance(record, Operation) and cause != implied[record.number - 1]:
            remarks.append(f"caused by {cause or 'nothing'}")
        return _said(record) + (f"   [{', '.join(remarks)}]" if remarks else "")

    return line


def print_exchange(exchange: Exchange, people: Sequence[Person]) -> str:
    """Return one exchange in the one-line notation, without its cause.

    Args:
        exchange: The exchange.
        people: The known users, whose own identifiers need no remark.
    """
    return record_printer(people, ())(exchange)


def _implied_causes(records: Sequence[Record]) -> Iterator[int | None]:
    """Yield for each record the number of the latest earlier one that could have caused it, or None."""
    causes = Causes()
    for record in records:
        yield causes.latest(type(record))
        causes.add(record)


def _said(record: Record) -> str:
    match record:
        case Exchange():
            return f"{print_call(record.script, record.arguments)} -> {print_outcome(record.script, record.outcome)}"
        case Operation():
            return " ".join(_operation_parts(record))
        case StoreWrite(store=store, user_id=user_id, attributes=attributes):
            written = "removed" if attributes is None else json_text(attributes)
            return f"store {store} {token(user_id)} {written}"
        case LogEntry():
            return " ".join(_log_parts(record))
        case ActionRun():
            return " ".join(run_parts(record))
        case ApiCall():
            return " ".join(api_call_parts(record))
        case LegacyRequest():
            return " ".join(request_parts(record))
        case _ as unreachable:
            assert_never(unreachable)


def _operation_parts(operation: Operation) -> Iterator[str]:
    yield f"operation {operation.name} by {operation.actor}"
    if operation.person != UNKNOWN:
        yield f"of {token(operation.person)}"
    yield f"on {token(operation.connection)}"
    yield from (f"{name}={token(value)}" for name, value in operation.arguments.items())
    if operation.response is not None:
        yield f"-> {' '.join(_response_parts(operation.response))}"


def _response_parts(response: Response) -> Iterator[str]:
    yield "succeeded" if response.succeeded else "refused"
    if response.message:
        yield json_text(response.message)
    if response.shown is not None:
        yield f"with {json_text(response.shown)}"
    if response.interrupted is not None:
        yield f"interrupted {token(response.interrupted)}"


def _log_parts(entry: LogEntry) -> Iterator[str]:
    yield f"log {token(entry.code)}"
    if entry.description:
        yield json_text(entry.description)
    if entry.user_id is not None:
        yield f"about {token(entry.user_id)}"
    if entry.connection is not None:
        yield f"on {token(entry.connection)}"
    if entry.inferred:
        yield "inferred"
