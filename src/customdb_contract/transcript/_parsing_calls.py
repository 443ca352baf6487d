"""Parses what follows the arrow: how a call ended, and in which situation."""

import math
import re
from collections.abc import Collection

from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._actions import RUN_ENDINGS
from customdb_contract.transcript._cursor import Cursor, choose
from customdb_contract.transcript._exchange import (
    Ending,
    Escape,
    Exchange,
    Mark,
    Noticed,
    Observation,
    Outcome,
    Situation,
    ending_of,
)
from customdb_contract.transcript._header import UNKNOWN
from customdb_contract.transcript._notation import CLASS_NAME, ENDINGS_WITHOUT_CALLBACK, IMPLIED_ARGUMENTS
from customdb_contract.transcript._records import Causes, Record
from customdb_contract.transcript._values import RecordedError, Value, json_text

__all__ = ["parse_cause", "parse_outcome", "parse_remark", "parse_run_outcome"]

_Callbacks = list[tuple[Value, ...]]

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
_ESCAPE = re.compile(rf"(?:{'|'.join(escape for escape in Escape if escape is not Escape.THROWN)})(?![\w-])")
_CAUSE = "caused by"
_NOTICED = "raised, printed, noticed or after"
_NUMBER = re.compile(r"[0-9]{1,9}")
_SITUATION = re.compile(r"[\w-]+(?:: [\w-]+)?")


def parse_outcome(cursor: Cursor, script: Script) -> Outcome:
    """Return the outcome at this place.

    Args:
        cursor: The place after the arrow.
        script: The script that was called.

    Raises:
        TranscriptError: When it is not understood.
    """
    ending = cursor.member(Ending, "an ending")
    callbacks: _Callbacks = []
    raised, escape = _parse_raised(cursor) if ending is Ending.RAISED else (None, Escape.THROWN)
    if ending not in ENDINGS_WITHOUT_CALLBACK and not cursor.take("without callback"):
        callbacks.append(_parse_first_callback(cursor, script, ending))
    outcome = Outcome(ending, raised=raised, escape=escape)
    while cursor.take(";"):
        if cursor.take("called again ->"):
            callbacks.append(_parse_callback(cursor, script, cursor.member(Ending, "an ending")))
        else:
            outcome = _parse_noticed(cursor, outcome) or cursor.fail(f"called again ->, {_NOTICED}")
    return evolve(outcome, callbacks=tuple(callbacks))


def parse_run_outcome(cursor: Cursor) -> Outcome:
    """Return the outcome of a run of an Action at this place.

    Args:
        cursor: The place after the arrow.

    Raises:
        TranscriptError: When it is not understood.
    """
    ending = Ending(cursor.word(sorted(RUN_ENDINGS), "how a run ended"))
    raised, escape = _parse_raised(cursor) if ending is Ending.RAISED else (None, Escape.THROWN)
    outcome = Outcome(ending, raised=raised, escape=escape)
    while cursor.take(";"):
        outcome = _parse_noticed(cursor, outcome) or cursor.fail(_NOTICED)
    return outcome


def _parse_noticed(cursor: Cursor, outcome: Outcome) -> Outcome | None:
    """Return an outcome with the next part of it at this place, or None if there is no known part."""
    if cursor.take("raised"):
        raised, escape = _parse_raised(cursor)
        return evolve(outcome, raised=raised, escape=escape)
    if cursor.take("printed"):
        return evolve(outcome, output=cursor.text())
    if cursor.take("noticed"):
        noticed = Observation(cursor.member(Noticed, "what was noticed"), cursor.text())
        return evolve(outcome, observations=(*outcome.observations, noticed))
    if cursor.take("after"):
        duration = float(cursor.match(_SECONDS) or cursor.fail("a number of seconds"))
        if math.isinf(duration):
            message = "a call takes a finite number of seconds"
            raise TranscriptError(message)
        cursor.expect("s")
        return evolve(outcome, duration=duration)
    return None


def parse_remark(
    cursor: Cursor, owner: str, implied: Situation, labels: Collection[str], causes: Causes
) -> tuple[Situation, str, frozenset[Mark], int | None]:
    """Return the situation, the user's label, the marks and the cause in the remark at this place, if there is one.

    Args:
        cursor: The place after the outcome.
        owner: The label of the user that the identifier stands for, or `unknown`.
        implied: The situation if there is no remark.
        labels: The labels of the known users.
        causes: The earlier records; the latest operation caused the call unless stated otherwise.

    Raises:
        TranscriptError: When it is not understood, or is missing for an identifier that no user has.
    """
    if owner == UNKNOWN and not cursor.sees("["):
        cursor.fail("a remark such as [unknown-user], or before it a person whose identifier it is")
    if not cursor.take("["):
        return implied, owner, frozenset(), causes.latest(Exchange)
    if owner != UNKNOWN and cursor.sees(_CAUSE):
        return implied, owner, frozenset(), _parse_named_cause(cursor, Exchange, causes)
    situation = cursor.member(Situation, "a situation", _SITUATION)
    person = choose(cursor.text(), (*labels, UNKNOWN), "a person's label") if cursor.take("of ") else owner
    marks: set[Mark] = set()
    while cursor.take(","):
        if cursor.sees(_CAUSE):
            return situation, person, frozenset(marks), _parse_named_cause(cursor, Exchange, causes)
        marks.add(cursor.member(Mark, "a mark"))
    cursor.expect("]")
    return situation, person, frozenset(marks), causes.latest(Exchange)


def parse_cause(cursor: Cursor, kind: type[Record], causes: Causes) -> int | None:
    """Return the number of the cause named here in brackets, or of the latest possible one.

    Args:
        cursor: The place after the record.
        kind: The kind of the record.
        causes: The earlier records.

    Raises:
        TranscriptError: When it is not understood.
    """
    return _parse_named_cause(cursor, kind, causes) if cursor.take("[") else causes.latest(kind)


def _parse_named_cause(cursor: Cursor, kind: type[Record], causes: Causes) -> int | None:
    cursor.expect(_CAUSE)
    number = None if cursor.take("nothing") else int(cursor.match(_NUMBER) or cursor.fail("a number, or nothing"))
    if not causes.has(kind, number):
        message = f"record {number} is not an earlier {causes.name_for(kind)}; expected the number of one, or nothing"
        raise TranscriptError(message)
    cursor.expect("]")
    return number


def _parse_first_callback(cursor: Cursor, script: Script, ending: Ending) -> tuple[Value, ...]:
    if cursor.take("though called with"):
        return _parse_arguments(cursor)
    return _parse_callback(cursor, script, ending)


def _parse_callback(cursor: Cursor, script: Script, ending: Ending) -> tuple[Value, ...]:
    if cursor.take("called with"):
        arguments = _parse_arguments(cursor)
    elif ending is Ending.FOUND:
        arguments = (None, cursor.json())
    elif ending is Ending.FAILED:
        arguments = (_parse_error(cursor),)
    elif ending in IMPLIED_ARGUMENTS:
        arguments = IMPLIED_ARGUMENTS[ending](script)
    else:
        cursor.fail("called with [...]")
    meant = ending_of(script, arguments)
    if meant is not ending:
        given = json_text(arguments)
        message = f"{script} does not end with {ending} when its callback is given {given:.80}, but with {meant}"
        raise TranscriptError(message)
    return arguments


def _parse_arguments(cursor: Cursor) -> tuple[Value, ...]:
    if not cursor.sees("["):
        cursor.fail("the callback's arguments as a JSON array")
    value = cursor.json()
    return tuple(value) if isinstance(value, list) else ()


def _parse_error(cursor: Cursor) -> Value:
    name = cursor.match(CLASS_NAME)
    if not name:
        if cursor.sees("["):
            cursor.fail('an error such as Error "message" before the remark')
        return cursor.json()
    carried: list[Value] = []
    if cursor.take("("):
        carried.append(cursor.json())
        while cursor.take(","):
            carried.append(cursor.json())
        cursor.expect(")")
    message = cursor.text()
    return RecordedError(name, message, tuple(carried), cursor.text() if cursor.take("at ") else None)


def _parse_raised(cursor: Cursor) -> tuple[RecordedError | None, Escape]:
    escape = Escape(cursor.match(_ESCAPE) or Escape.THROWN)
    if cursor.at_end() or cursor.sees(";", "["):
        return None, escape
    error = _parse_error(cursor)
    if not isinstance(error, RecordedError):
        message = f'expected an error such as ValueError "message", found {json_text(error):.40}'
        raise TranscriptError(message)
    return error, escape
