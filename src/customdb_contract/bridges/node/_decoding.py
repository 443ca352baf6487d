"""What the runner told of a call, as recorded values with secrets masked."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from customdb_contract.bridges import LateEvent
from customdb_contract.contract import Script
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

__all__ = ["late_event", "outcome_of", "recorded_error"]

_SHOWN_OBSERVATION: Final = 4000


def outcome_of(script: Script, told: Mapping[str, Any], mask: Mask) -> Outcome:
    """Return the outcome that the runner told.

    Args:
        script: The script that was called.
        told: The message's `outcome`.
        mask: What replaces the secrets.
    """
    callbacks = tuple(_arguments(arguments, mask) for arguments in told["callbacks"])
    raised = None if told["raised"] is None else recorded_error(told["raised"], mask)
    return Outcome(
        ending=_ending(script, told["ended"], callbacks),
        callbacks=callbacks,
        raised=raised,
        escape=Escape.THROWN if raised is None else Escape(told["escape"]),
        output=_output(told["output"], mask),
        duration=float(told["seconds"]),
        observations=tuple(_observation(noticed, mask) for noticed in told["observations"]),
    )


def late_event(told: Mapping[str, Any], mask: Mask) -> LateEvent:
    """Return what the runner told of a call whose outcome was told before.

    Args:
        told: One of the message's `late`.
        mask: What replaces the secrets.
    """
    return LateEvent(
        told["call"],
        arguments=_arguments(told["arguments"], mask) if "arguments" in told else None,
        raised=recorded_error(told["raised"], mask) if "raised" in told else None,
        escape=Escape(told.get("escape", Escape.LATER)),
        observation=_observation(told["noticed"], mask) if "noticed" in told else None,
    )


def recorded_error(told: object, mask: Mask) -> RecordedError:
    """Return an error that the runner told.

    Args:
        told: The error, tagged with `$error`.
        mask: What replaces the secrets.
    """
    error = mask_value(from_json(told), mask)
    return error if isinstance(error, RecordedError) else RecordedError("Error")


def _ending(script: Script, ended: str, callbacks: Sequence[tuple[Value, ...]]) -> Ending:
    match ended:
        case "callback":
            return ending_of(script, callbacks[0])
        case "raised":
            return Ending.RAISED
        case _:
            return Ending(ended)


def _arguments(told: Sequence[object], mask: Mask) -> tuple[Value, ...]:
    return tuple(mask_value(from_json(value), mask) for value in told)


def _observation(told: Mapping[str, str], mask: Mask) -> Observation:
    return Observation(Noticed(told["kind"]), mask_text(told["text"], mask, _SHOWN_OBSERVATION))


def _output(text: str, mask: Mask) -> str:
    shown = mask_text(text, mask)
    return shown if len(text) < MAX_TEXT else f"{shown}… ({len(text)} characters)"
