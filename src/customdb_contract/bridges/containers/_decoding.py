"""What a runner reported of a call, as recorded values with secrets masked."""

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


def outcome_of(script: Script, told: OutcomeMessage, written: str, mask: Mask) -> Outcome:
    """Return the outcome that a runner reported.

    Args:
        script: The script that was called.
        told: What it reported.
        written: What the process wrote to standard output and standard error meanwhile.
        mask: What replaces the secrets.

    Raises:
        InvalidMessageError: When no runner reports that.
    """
    callbacks = tuple(recorded_arguments(arguments, mask) for arguments in told.callbacks)
    if told.ended != "callback":
        return _outcome(Ending(told.ended), callbacks, told, written, mask)
    if not callbacks:
        raise InvalidMessageError
    return _outcome(ending_of(script, callbacks[0]), callbacks, told, written, mask)


def performed_of(told: RunMessage, written: str, mask: Mask) -> Performed:
    """Return what a run of an Action did.

    Args:
        told: What its runner reported.
        written: What the process wrote to standard output and standard error meanwhile.
        mask: What replaces the secrets.

    Raises:
        InvalidMessageError: When no runner reports that.
    """
    calls = [SeenCall(call.path, recorded_arguments(call.arguments, mask), late=call.late) for call in told.calls]
    return Performed(_outcome(Ending(told.ended), (), told, written, mask), tuple(calls))


def _outcome(
    ending: Ending, callbacks: tuple[tuple[Value, ...], ...], told: EndedMessage, written: str, mask: Mask
) -> Outcome:
    raised = None if told.raised is None else recorded_error(told.raised, mask)
    return Outcome(
        ending=ending,
        callbacks=callbacks,
        raised=raised,
        escape=Escape.THROWN if raised is None else Escape(told.escape),
        output=masked_output(told.output + written, mask),
        duration=float(told.seconds),
        observations=tuple(_observation(noticed, mask) for noticed in told.observations),
    )


def late_event(told: LateEventMessage, mask: Mask) -> LateEvent:
    """Return what a runner reported of a call whose outcome was reported before.

    Args:
        told: What it reported.
        mask: What replaces the secrets.

    Raises:
        InvalidMessageError: When no runner reports that.
    """
    return LateEvent(
        told.call,
        arguments=None if told.arguments is None else recorded_arguments(told.arguments, mask),
        raised=None if told.raised is None else recorded_error(told.raised, mask),
        escape=Escape(told.escape),
        observation=None if told.noticed is None else _observation(told.noticed, mask),
    )


def recorded_arguments(told: Sequence[object], mask: Mask) -> tuple[Value, ...]:
    """Return what a callback was given.

    Args:
        told: The arguments as a runner reported them.
        mask: What replaces the secrets.

    Raises:
        InvalidMessageError: When no runner reports that.
    """
    return tuple(mask_value(_value(value), mask) for value in told)


def recorded_error(told: object, mask: Mask) -> RecordedError:
    """Return an error that a runner reported.

    Args:
        told: The error, tagged with `$error`.
        mask: What replaces the secrets.

    Raises:
        InvalidMessageError: When it is none.
    """
    error = mask_value(_value(told), mask)
    if not isinstance(error, RecordedError):
        raise InvalidMessageError
    return error


def masked_output(text: str, mask: Mask) -> str:
    """Return what a process wrote, with secrets masked, and then cut when it is too long.

    Args:
        text: What it wrote.
        mask: What replaces the secrets.
    """
    shown = mask_text(text, mask)
    return shown if len(text) < MAX_TEXT else f"{shown}… ({len(text)} characters)"


def _value(told: object) -> Value:
    try:
        return from_json(told)
    except TranscriptError:
        raise InvalidMessageError from None


def _observation(told: NoticedMessage, mask: Mask) -> Observation:
    return Observation(Noticed(told.kind), mask_text(told.text, mask, _SHOWN_OBSERVATION))
