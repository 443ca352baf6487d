"""The messages between the bridge and a runner.

There are five runners: `scripts.cjs` and `action.cjs` in JavaScript, `_serving.py` and `_serving_actions.py` in Python,
each for a database or an Action, and `_serving_rows.py` for a function that returns profiles. A message is one line of
JSON, an object. The bridge sends one at a time, and waits for the response; only `cancel` can follow a `call` without a
response. A message has one key, whose value has these fields:

| message | runner | fields, or what it is | the answer has |
| --- | --- | --- | --- |
| `open` | `scripts.cjs` | `token`, `limits`, `scripts`, `configuration`, `folder`, `doubles`, `hosts` | `opened` |
| `open` | `action.cjs` | `token`, `limits`, `cache`, `source`, `file`, `folder`, `secrets`, `legacy` | `opened` |
| `open` | `_serving.py` | `token`, `module`, `attribute`, `folders`, `arguments`, `settings`, `scripts` | `opened` |
| `open` | `_serving_actions.py` | those for `_serving.py`, and `secrets` | `opened` |
| `open` | `_serving_rows.py` | those for `_serving.py` | `opened` |
| `look` | `_serving.py` | those of `open` | `looked`, or `opened` with a problem |
| `call` | `scripts.cjs` | `id`, `script`, `arguments`, `context`, `throwing` | `id`, `outcome` |
| `call` | `action.cjs` | `id`, `handler`, `event` | `id`, `run` |
| `call` | `_serving.py` | those for `scripts.cjs`, and `extras`, `by_keyword` | `id`, `outcome` |
| `call` | `_serving_actions.py` | those for `action.cjs`, and `seconds`, `renew` | `id`, `run` |
| `rows` | `_serving_rows.py` | `first`: the number of the first one; `rows`: pickled, in Base64 | `id`, `made` |
| `cancel` | `scripts.cjs` | true: report what was seen of the call | `id`, `outcome` |
| `cancel` | `action.cjs` | true: report what was seen of the run | `id`, `run` |
| `late` | `scripts.cjs` | milliseconds: for how long to wait at most for what calls have left behind | nothing more |
| `late` | `_serving.py` | as above | nothing more |
| `renew` | `action.cjs` | true: load the Action again, with an empty cache | `renewed` |
| `close` | `_serving.py` | true: close the database, and end | `closed` |
| `close` | `_serving_actions.py` | true: close the Action, and end | `closed` |
| `close` | `_serving_rows.py` | true: end | `closed` |

A runner sends nothing without a request, and ends at once when it receives anything else. Each of its lines starts with
the token of `open` and a space. `rows` has a response for each row. The responses of `scripts.cjs`, `action.cjs` and
`_serving.py` have `late` and `notes` in addition to the fields in the table. One kind of line is not a response:
`called`, then a `CalledMessage`, when the callback is called.

The possible responses are defined below. A script could have tampered with its runner, so nothing is taken for granted.
The limits of a report are in `customdb_contract._runner._limits`; the fields of `opened` are checked by the bridge.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from customdb_contract._runner._limits import (
    MAX_API_CALLS,
    MAX_ARGUMENTS,
    MAX_CALLBACKS,
    MAX_LATE,
    MAX_NOTES,
    MAX_OBSERVATIONS,
    MAX_OUTPUT,
)

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

_LONGEST_CALL: Final = 1e6


class InvalidMessageError(Exception):
    """A message that no runner sends. Its content is not shown: it could be a secret."""


class _Part(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)


_PartT = TypeVar("_PartT", bound=_Part)


def _text(value: object) -> object:
    if not isinstance(value, str) or len(value) > MAX_OUTPUT:
        raise ValueError
    return value


# Pydantic's own check rejects a lone surrogate, which a script can print.
_Text: TypeAlias = Annotated[Any, AfterValidator(_text)]
_Call: TypeAlias = Annotated[int, Field(ge=0)]
_Escape: TypeAlias = Literal["thrown", "later", "rejection", "error-event"]
_Arguments: TypeAlias = Annotated[list[Any], Field(max_length=MAX_ARGUMENTS)]
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
    """What a runner observed of a call or run that has ended."""

    raised: _Error | None
    escape: _Escape
    output: _Text
    observations: Annotated[list[NoticedMessage], Field(max_length=MAX_OBSERVATIONS)]
    seconds: Annotated[float, Field(ge=0, le=_LONGEST_CALL, allow_inf_nan=False)]


class OutcomeMessage(EndedMessage):
    """How a call of a script ended."""

    ended: Literal["callback", "raised", "timed-out", "died"]
    callbacks: Annotated[list[_Arguments], Field(max_length=MAX_CALLBACKS)]


class ApiCallMessage(_Part):
    """A call of `api`."""

    path: Annotated[str, Field(pattern=r"^[a-zA-Z]+\.[a-zA-Z]+$")]
    arguments: _Arguments
    late: bool


class RunMessage(EndedMessage):
    """How a run of an Action ended."""

    ended: Literal["done", "raised", "timed-out", "died"]
    calls: Annotated[list[ApiCallMessage], Field(max_length=MAX_API_CALLS)]


class LateEventMessage(_Part):
    """What a call did after its outcome was reported."""

    call: _Call
    arguments: _Arguments | None = None
    raised: _Error | None = None
    escape: _Escape = "later"
    noticed: NoticedMessage | None = None


class CalledMessage(_Part):
    """The callback was called; the outcome follows, unless the process ends before it is reported."""

    id: _Call
    arguments: _Arguments


class Message(_Part):
    """The response of a runner, with late events of earlier calls."""

    id: _Call | None = None
    outcome: OutcomeMessage | None = None
    run: RunMessage | None = None
    made: dict[str, Any] | None = None
    opened: dict[str, Any] | None = None
    looked: bool | None = None
    closed: _Error | None = None
    renewed: bool | None = None
    late: Annotated[list[LateEventMessage], Field(max_length=MAX_LATE)] = []
    notes: Annotated[list[_Text], Field(max_length=MAX_NOTES)] = []


def validated(message: Mapping[str, Any]) -> Message:
    """Return a message that its runner must have sent, validated.

    Args:
        message: A JSON object.

    Raises:
        InvalidMessageError: When it is not such a message.
    """
    return _validated(Message, message)


def validated_called(message: Mapping[str, Any]) -> CalledMessage:
    """Return a runner's immediate report of a callback.

    Args:
        message: A JSON object.

    Raises:
        InvalidMessageError: When the report is not valid.
    """
    return _validated(CalledMessage, message)


def _validated(kind: type[_PartT], message: Mapping[str, Any]) -> _PartT:
    try:
        return kind.model_validate(message)
    except (ValidationError, RecursionError):
        raise InvalidMessageError from None
