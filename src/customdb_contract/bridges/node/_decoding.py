"""What the runner told of a call, as recorded values with secrets masked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve

from customdb_contract.bridges import LateEvent
from customdb_contract.contract import Script
from customdb_contract.transcript import (
    MAX_TEXT,
    SMALLEST_SECRET_NUMBER,
    Ending,
    Escape,
    Noticed,
    Observation,
    Outcome,
    RecordedError,
    Special,
    Value,
    ending_of,
    from_json,
)

__all__ = ["late_event", "outcome_of", "recorded_error"]

_SHOWN_TEXT: Final = 200
_SHOWN_OBSERVATION: Final = 4000
_MOST_OUTPUT: Final = 65_536

_Mask = Callable[[str], str]


def outcome_of(script: Script, told: Mapping[str, Any], mask: _Mask) -> Outcome:
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


def late_event(told: Mapping[str, Any], mask: _Mask) -> LateEvent:
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


def recorded_error(told: object, mask: _Mask) -> RecordedError:
    """Return an error that the runner told.

    Args:
        told: The error, tagged with `$error`.
        mask: What replaces the secrets.
    """
    error = _masked(from_json(told), mask)
    return error if isinstance(error, RecordedError) else RecordedError("Error")


def _ending(script: Script, ended: str, callbacks: Sequence[tuple[Value, ...]]) -> Ending:
    match ended:
        case "callback":
            return ending_of(script, callbacks[0])
        case "raised":
            return Ending.RAISED
        case _:
            return Ending(ended)


def _arguments(told: Sequence[object], mask: _Mask) -> tuple[Value, ...]:
    return tuple(_masked(from_json(value), mask) for value in told)


def _observation(told: Mapping[str, str], mask: _Mask) -> Observation:
    return Observation(Noticed(told["kind"]), _cut(told["text"], mask)[:_SHOWN_OBSERVATION])


def _output(text: str, mask: _Mask) -> str:
    masked = mask(text)
    if len(masked) <= _MOST_OUTPUT:
        return masked
    return f"{masked[:_MOST_OUTPUT]}… ({len(masked)} characters)"


def _masked(value: Value, mask: _Mask) -> Value:
    match value:
        case str():
            return mask(value)
        case None | bool():
            return value
        case int() | float():
            return _number(value, mask)
        case Special(_, text):
            return evolve(value, text=_shown(text, mask))
        case RecordedError():
            return evolve(
                value,
                name=_shown(value.name, mask),
                message=_cut(value.message, mask),
                arguments=tuple(_masked(argument, mask) for argument in value.arguments),
            )
        case Mapping():
            return {_cut(key, mask): _masked(item, mask) for key, item in value.items()}
        case _:
            return [_masked(item, mask) for item in value]


def _number(number: float, mask: _Mask) -> Value:
    if abs(number) < SMALLEST_SECRET_NUMBER:
        return number
    text = repr(number)
    masked = mask(text)
    return number if masked == text else Special(type(number).__name__, masked)


def _shown(text: str, mask: _Mask) -> str:
    return _cut(text, mask)[:_SHOWN_TEXT]


def _cut(text: str, mask: _Mask) -> str:
    masked = mask(text)
    # A secret that the runner's cut divides is not recognised, so what stands near that cut is not shown.
    return masked if len(text) < MAX_TEXT else masked[: max(0, len(masked) - MAX_TEXT // 2)]
