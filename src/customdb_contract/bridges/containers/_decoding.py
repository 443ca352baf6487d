"""A runner's report of a call, converted to recorded values with secrets masked."""

from collections.abc import Sequence
from typing import Final

from customdb_contract.actions import SeenCall
from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.acting import Performed
from customdb_contract.bridges.containers._messages import (
    EndedMessage,
    InvalidMessageError,
    LateEventMessage,
    NoticedMessage,
    OutcomeMessage,
    RunMessage,
)
from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript import (
    MAX_TEXT,
    Ending,
    Escape,
    Mask,
    Noticed,
    Observation,
    Outcome,
    RecordedError,
    Value,
    ending_of,
    from_json,
    mask_text,
    mask_value,
)

__all__ = ["late_event", "masked_output", "outcome_of", "performed_of", "recorded_arguments", "recorded_error"]

_SHOWN_OBSERVATION: Final = 4000


def outcome_of(script: Script, reported: OutcomeMessage, written: str, mask: Mask) -> Outcome:
    """Return the outcome that a runner reported.

    Args:
        script: The script that was called.
        reported: The report.
        written: The output of the process during the call.
        mask: Replaces the secrets.

    Raises:
        InvalidMessageError: When the report is not valid.
    """
    callbacks = tuple(recorded_arguments(arguments, mask) for arguments in reported.callbacks)
    if reported.ended != "callback":
        return _outcome(Ending(reported.ended), callbacks, reported, written, mask)
    if not callbacks:
        raise InvalidMessageError
    return _outcome(ending_of(script, callbacks[0]), callbacks, reported, written, mask)


def performed_of(reported: RunMessage, written: str, mask: Mask) -> Performed:
    """Return what a run of an Action did.

    Args:
        reported: The report of its runner.
        written: The output of the process during the run.
        mask: Replaces the secrets.

    Raises:
        InvalidMessageError: When the report is not valid.
    """
    calls = [SeenCall(call.path, recorded_arguments(call.arguments, mask), late=call.late) for call in reported.calls]
    return Performed(_outcome(Ending(reported.ended), (), reported, written, mask), tuple(calls))


def _outcome(
    ending: Ending, callbacks: tuple[tuple[Value, ...], ...], reported: EndedMessage, written: str, mask: Mask
) -> Outcome:
    raised = None if reported.raised is None else recorded_error(reported.raised, mask)
    return Outcome(
        ending=ending,
        callbacks=callbacks,
        raised=raised,
        escape=Escape.THROWN if raised is None else Escape(reported.escape),
        output=masked_output(reported.output + written, mask),
        duration=float(reported.seconds),
        observations=tuple(_observation(noticed, mask) for noticed in reported.observations),
    )


def late_event(reported: LateEventMessage, mask: Mask) -> LateEvent:
    """Return a late event that a runner reported, of a call whose outcome was reported before.

    Args:
        reported: The report.
        mask: Replaces the secrets.

    Raises:
        InvalidMessageError: When the report is not valid.
    """
    return LateEvent(
        reported.call,
        arguments=None if reported.arguments is None else recorded_arguments(reported.arguments, mask),
        raised=None if reported.raised is None else recorded_error(reported.raised, mask),
        escape=Escape(reported.escape),
        observation=None if reported.noticed is None else _observation(reported.noticed, mask),
    )


def recorded_arguments(reported: Sequence[object], mask: Mask) -> tuple[Value, ...]:
    """Return the arguments of a callback.

    Args:
        reported: The arguments as a runner reported them.
        mask: Replaces the secrets.

    Raises:
        InvalidMessageError: When the report is not valid.
    """
    return tuple(mask_value(_value(value), mask) for value in reported)


def recorded_error(reported: object, mask: Mask) -> RecordedError:
    """Return an error that a runner reported.

    Args:
        reported: The error, tagged with `$error`.
        mask: Replaces the secrets.

    Raises:
        InvalidMessageError: When it is not a valid error.
    """
    error = mask_value(_value(reported), mask)
    if not isinstance(error, RecordedError):
        raise InvalidMessageError
    return error


def masked_output(text: str, mask: Mask) -> str:
    """Return the output of a process, with secrets masked, and then cut if it is too long.

    Args:
        text: The output.
        mask: Replaces the secrets.
    """
    shown = mask_text(text, mask)
    return shown if len(text) < MAX_TEXT else f"{shown}… ({len(text)} characters)"


def _value(reported: object) -> Value:
    try:
        return from_json(reported)
    except TranscriptError:
        raise InvalidMessageError from None


def _observation(reported: NoticedMessage, mask: Mask) -> Observation:
    return Observation(Noticed(reported.kind), mask_text(reported.text, mask, _SHOWN_OBSERVATION))
