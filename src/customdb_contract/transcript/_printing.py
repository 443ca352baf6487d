"""Printing a transcript in the one-line notation."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.transcript._exchange import Ending, Escape, Exchange, Outcome, ending_of
from customdb_contract.transcript._header import Header, PasswordKnowledge, Person, ScriptInfo
from customdb_contract.transcript._notation import (
    CLASS_NAME,
    CONNECTION_FLAGS,
    ENDINGS_WITHOUT_CALLBACK,
    IMPLIED_ARGUMENTS,
    NO_PLAIN_WORDS,
    implied_situation,
    labels_by_identifier,
    owner_of,
)
from customdb_contract.transcript._values import RecordedError, Value, json_text

__all__ = ["exchange_printer", "print_call", "print_exchange", "print_outcome", "print_transcript"]

_PLAIN = re.compile(r"(?![-0-9])[\w@.+\-/%!$&'*=?^`|~]+|«[^«»\"\\]+»")
_SHORTEST_SHOWN_SECONDS: Final = 1.0
"""Rules read durations from here on, so shorter ones are left out of the text."""


def print_transcript(header: Header, exchanges: Sequence[Exchange]) -> str:
    """Return a transcript in the one-line notation.

    Args:
        header: Its header.
        exchanges: Its exchanges.
    """
    lines = [*_header_lines(header, exchanges), *map(exchange_printer(header.people), exchanges)]
    return "".join(f"{line}\n" for line in lines)


def exchange_printer(people: Sequence[Person]) -> Callable[[Exchange], str]:
    """Return a function that prints exchanges of one transcript in the one-line notation.

    Args:
        people: The known people, whose own identifiers need no remark.
    """
    remark = _remarks(people)
    return lambda exchange: _exchange_line(exchange, remark)


def print_exchange(exchange: Exchange, people: Sequence[Person]) -> str:
    """Return one exchange in the one-line notation.

    Args:
        exchange: The exchange.
        people: The known people, whose own identifiers need no remark.
    """
    return exchange_printer(people)(exchange)


def print_call(script: Script, arguments: Iterable[Value]) -> str:
    """Return the call of a script as the one-line notation has it, without its outcome.

    Args:
        script: The script.
        arguments: Its arguments, as recorded values.
    """
    return " ".join([script, *(_token(argument) for argument in arguments)])


def print_outcome(script: Script, outcome: Outcome) -> str:
    """Return how a call ended as the one-line notation has it, without the call.

    Args:
        script: The script that was called.
        outcome: What came back.
    """
    return "; ".join(_outcome_parts(script, outcome))


def _exchange_line(exchange: Exchange, remark: Callable[[Exchange], str]) -> str:
    asked = print_call(exchange.script, exchange.arguments)
    answer = print_outcome(exchange.script, exchange.outcome)
    return f"{asked} -> {answer}{remark(exchange)}"


def _header_lines(header: Header, exchanges: Iterable[Exchange]) -> Iterator[str]:
    if header.contract_date != CONTRACT_DATE:
        yield f"contract {_token(header.contract_date)}"
    settings = list(_connection_settings(header.connection))
    if settings:
        yield " ".join(["connection", *settings])
    if set(header.scripts) != {exchange.script for exchange in exchanges}:
        yield " ".join(["scripts", *header.scripts])
    for script, info in header.scripts.items():
        if info != ScriptInfo():
            yield " ".join(["script", script, *_script_settings(info)])
        for fact in info.source or ():
            yield f"source {script} {fact.kind} {json_text(fact.text)} at {json_text(fact.location)}"
    for person in header.people:
        yield " ".join(["person", _token(person.label), *_person_settings(person)])
    for path in header.ignore_fields:
        yield f"ignore {_token(path)}"
    if header.stop_reason:
        yield f"stopped {header.stop_reason.kind} {json_text(header.stop_reason.message)}"
    yield from (f"left {_token(identifier)}" for identifier in header.left_behind)


def _connection_settings(connection: Connection) -> Iterator[str]:
    if connection.name != Connection().name:
        yield f"name={_token(connection.name)}"
    yield from (f"{name}=on" for name in CONNECTION_FLAGS if getattr(connection, name))
    if connection.features:
        yield f"features={','.join(connection.features)}"


def _script_settings(info: ScriptInfo) -> Iterator[str]:
    if info.signature:
        yield f"signature={json_text(info.signature)}"
    if info.problem is not None:
        yield f"problem={json_text(info.problem)}"
    if info.location is not None:
        yield f"location={json_text(info.location)}"
    if info.source == ():
        yield "source=on"
    if info.observed:
        yield "observed=on"


def _person_settings(person: Person) -> Iterator[str]:
    if person.email is not None:
        yield f"email={_token(person.email)}"
    if person.username is not None:
        yield f"username={_token(person.username)}"
    yield from (f"alias={_token(alias)}" for alias in person.aliases)
    if person.password is not PasswordKnowledge.KNOWN:
        yield f"password={person.password}"
    if person.disabled:
        yield "disabled=on"
    if person.new:
        yield "new=on"
    if person.profile:
        yield f"profile={json_text(person.profile)}"


def _token(value: Value) -> str:
    if isinstance(value, str) and value.isprintable() and _PLAIN.fullmatch(value) and value not in NO_PLAIN_WORDS:
        return value
    return json_text(value)


def _outcome_parts(script: Script, outcome: Outcome) -> Iterator[str]:
    later: Sequence[tuple[Value, ...]] = outcome.callbacks
    raised = _raised(outcome)
    if outcome.ending in ENDINGS_WITHOUT_CALLBACK:
        is_first = outcome.ending is Ending.RAISED
        yield (raised or Ending.RAISED) if is_first else outcome.ending
        raised = "" if is_first else raised
    else:
        first, later = outcome.callbacks[:1], outcome.callbacks[1:]
        yield _first_callback(script, outcome.ending, first[0]) if first else f"{outcome.ending} without callback"
    yield from (f"called again -> {_callback(script, arguments)}" for arguments in later)
    if raised:
        yield raised
    if outcome.output:
        yield f"printed {json_text(outcome.output)}"
    yield from (f"noticed {noticed.kind} {json_text(noticed.text)}" for noticed in outcome.observations)
    if outcome.duration >= _SHORTEST_SHOWN_SECONDS:
        yield f"after {outcome.duration!r} s"


def _raised(outcome: Outcome) -> str:
    is_thrown = outcome.escape is Escape.THROWN
    if outcome.raised is None and is_thrown:
        return ""
    error = [_error(outcome.raised)] if outcome.raised else []
    return " ".join(["raised", *([] if is_thrown else [outcome.escape]), *error])


def _first_callback(script: Script, ending: Ending, arguments: tuple[Value, ...]) -> str:
    if ending is ending_of(script, arguments):
        return _callback(script, arguments)
    return f"{ending} though called with {json_text(arguments)}"


def _callback(script: Script, arguments: tuple[Value, ...]) -> str:
    ending = ending_of(script, arguments)
    match arguments:
        case (None, profile) if ending is Ending.FOUND:
            return f"{ending} {json_text(profile)}"
        # An array would read like the remark at the end of the line.
        case (error,) if ending is Ending.FAILED and (isinstance(error, str) or not isinstance(error, Sequence)):
            return f"{ending} {_error(error)}"
        case _:
            implied = IMPLIED_ARGUMENTS.get(ending)
            # True equals 1 in Python, and `called with [null, 1]` must stay what it was.
            is_implied = implied is not None and repr(implied(script)) == repr(arguments)
            return ending if is_implied else f"{ending} called with {json_text(arguments)}"


def _error(error: Value) -> str:
    if not isinstance(error, RecordedError) or not error.name.isprintable() or not CLASS_NAME.fullmatch(error.name):
        return json_text(error)
    carried = f"({', '.join(json_text(argument) for argument in error.arguments)})" if error.arguments else ""
    location = f" at {json_text(error.location)}" if error.location is not None else ""
    return f"{error.name}{carried} {json_text(error.message)}{location}"


def _remarks(people: Sequence[Person]) -> Callable[[Exchange], str]:
    """Return what tells the remark of an exchange; it is empty where the people imply it."""
    labels = labels_by_identifier(people)
    implied = {person.label: implied_situation(person) for person in people}

    def remark(exchange: Exchange) -> str:
        owner = owner_of(exchange.arguments, labels)
        is_implied = exchange.person == owner and exchange.situation is implied.get(owner)
        if is_implied and not exchange.marks:
            return ""
        of = f" of {_token(exchange.person)}" if exchange.person != owner else ""
        return f"   [{', '.join([f'{exchange.situation}{of}', *sorted(exchange.marks)])}]"

    return remark
