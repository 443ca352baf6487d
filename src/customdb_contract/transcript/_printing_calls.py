"""Prints a call in the one-line notation, and how it ended."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.transcript._exchange import Ending, Escape, Outcome, ending_of
from customdb_contract.transcript._notation import CLASS_NAME, ENDINGS_WITHOUT_CALLBACK, IMPLIED_ARGUMENTS, token
from customdb_contract.transcript._values import RecordedError, Value, json_text

__all__ = ["print_call", "print_outcome", "print_run_outcome"]

_SHORTEST_SHOWN_SECONDS: Final = 1.0
"""Rules use durations from here on, so shorter ones are left out of the text."""


def print_call(script: Script, arguments: Iterable[Value]) -> str:
    """Return the call of a script in the one-line notation, without its outcome.

    Args:
        script: The script.
        arguments: Its arguments, as recorded values.
    """
    return " ".join([script, *(token(argument) for argument in arguments)])


def print_outcome(script: Script, outcome: Outcome) -> str:
    """Return how a call ended in the one-line notation, without the call.

    Args:
        script: The script that was called.
        outcome: The result.
    """
    return "; ".join(_outcome_parts(script, outcome))


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
    yield from _noticed_parts(outcome, raised)


def print_run_outcome(outcome: Outcome) -> str:
    """Return how a run of an Action ended in the one-line notation.

    Args:
        outcome: The result.
    """
    return "; ".join(_run_outcome_parts(outcome))


def _run_outcome_parts(outcome: Outcome) -> Iterator[str]:
    raised = _raised(outcome)
    is_first = outcome.ending is Ending.RAISED
    yield (raised or outcome.ending) if is_first else outcome.ending
    yield from _noticed_parts(outcome, "" if is_first else raised)


def _noticed_parts(outcome: Outcome, raised: str) -> Iterator[str]:
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
        # An array would look like the remark at the end of the line.
        case (error,) if ending is Ending.FAILED and (isinstance(error, str) or not isinstance(error, Sequence)):
            return f"{ending} {_error(error)}"
        case _:
            implied = IMPLIED_ARGUMENTS.get(ending)
            # True equals 1 in Python, and `called with [null, 1]` must stay as it was.
            is_implied = implied is not None and repr(implied(script)) == repr(arguments)
            return ending if is_implied else f"{ending} called with {json_text(arguments)}"


def _error(error: Value) -> str:
    if not isinstance(error, RecordedError) or not error.name.isprintable() or not CLASS_NAME.fullmatch(error.name):
        return json_text(error)
    carried = f"({', '.join(json_text(argument) for argument in error.arguments)})" if error.arguments else ""
    location = f" at {json_text(error.location)}" if error.location is not None else ""
    return f"{error.name}{carried} {json_text(error.message)}{location}"
