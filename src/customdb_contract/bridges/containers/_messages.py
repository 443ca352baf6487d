"""The messages of a runner. A script may have tampered with it, so nothing is taken for granted."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

__all__ = [
    "CalledMessage",
    "EndedMessage",
    "InvalidMessageError",
    "LateEventMessage",
    "Message",
    "NoticedMessage",
    "OutcomeMessage",
    "RunMessage",
    "validated",
    "validated_called",
]

_MOST_CALLBACKS: Final = 100
_MOST_ARGUMENTS: Final = 30_000
_MOST_EVENTS: Final = 2_000
_MOST_TEXT: Final = 1 << 21
_LONGEST_CALL: Final = 1e6


class InvalidMessageError(Exception):
    """A message that no runner sends. What it says instead is not shown: it may be a secret."""


class _Part(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)


_PartT = TypeVar("_PartT", bound=_Part)


def _text(value: object) -> object:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise ValueError
    return value


# Pydantic's own check refuses a lone surrogate, which a script may print.
_Text: TypeAlias = Annotated[Any, AfterValidator(_text)]
_Call: TypeAlias = Annotated[int, Field(ge=0)]
_Escape: TypeAlias = Literal["thrown", "later", "rejection", "error-event"]
_Arguments: TypeAlias = Annotated[list[Any], Field(max_length=_MOST_ARGUMENTS)]
_Error: TypeAlias = dict[str, Any]


class NoticedMessage(_Part):
    """What a runner noticed of a call."""

    kind: Literal[
        "request",
        "late-request",
        "argument-changed",
        "configuration-write",
        "kept-in-global",
        "implicit-global",
        "nothing-left",
        "open-sockets",
        "process-ended",
        "missing-configuration",
        "host-out-of-reach",
        "missing-secret",
        "still-running",
    ]
    text: _Text


class EndedMessage(_Part):
    """What a runner saw of whatever has ended."""

    raised: _Error | None
    escape: _Escape
    output: _Text
    observations: Annotated[list[NoticedMessage], Field(max_length=_MOST_EVENTS)]
    seconds: Annotated[float, Field(ge=0, le=_LONGEST_CALL, allow_inf_nan=False)]


class OutcomeMessage(EndedMessage):
    """How a call of a script ended."""

    ended: Literal["callback", "raised", "timed-out", "died"]
    callbacks: Annotated[list[_Arguments], Field(max_length=_MOST_CALLBACKS)]


class ApiCallMessage(_Part):
    """Something that an Action did with `api`."""

    path: Annotated[str, Field(pattern=r"^[a-zA-Z]+\.[a-zA-Z]+$")]
    arguments: _Arguments
    late: bool


class RunMessage(EndedMessage):
    """How a run of an Action ended."""

    ended: Literal["done", "raised", "timed-out", "died"]
    calls: Annotated[list[ApiCallMessage], Field(max_length=_MOST_EVENTS)]


class LateEventMessage(_Part):
    """What a call did after its outcome was reported."""

    call: _Call
    arguments: _Arguments | None = None
    raised: _Error | None = None
    escape: _Escape = "later"
    noticed: NoticedMessage | None = None


class CalledMessage(_Part):
    """The callback was called; the outcome follows, unless the process does not live to report it."""

    id: _Call
    arguments: _Arguments


class Message(_Part):
    """The answer of a runner, with what belongs to earlier calls."""

    id: _Call | None = None
    outcome: OutcomeMessage | None = None
    run: RunMessage | None = None
    opened: dict[str, Any] | None = None
    looked: bool | None = None
    closed: _Error | None = None
    renewed: bool | None = None
    late: Annotated[list[LateEventMessage], Field(max_length=_MOST_EVENTS)] = []
    notes: Annotated[list[_Text], Field(max_length=_MOST_EVENTS)] = []


def validated(message: Mapping[str, Any]) -> Message:
    """Return a message as its runner must have sent it.

    Args:
        message: A JSON object.

    Raises:
        InvalidMessageError: When it is another one.
    """
    return _validated(Message, message)


def validated_called(message: Mapping[str, Any]) -> CalledMessage:
    """Return what a runner tells of a callback.

    Args:
        message: A JSON object.

    Raises:
        InvalidMessageError: When no runner tells that.
    """
    return _validated(CalledMessage, message)


def _validated(kind: type[_PartT], message: Mapping[str, Any]) -> _PartT:
    try:
        return kind.model_validate(message)
    except (ValidationError, RecursionError):
        raise InvalidMessageError from None
