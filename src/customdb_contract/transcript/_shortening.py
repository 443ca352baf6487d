"""Shortens the result of a call: however large it was, a transcript of many calls stays readable."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, TypeVar, assert_never

from attrs import evolve

from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest
from customdb_contract.transcript._exchange import Exchange, Outcome
from customdb_contract.transcript._masking import cut_masked
from customdb_contract.transcript._records import LogEntry, Operation, Record, Response, StoreWrite
from customdb_contract.transcript._values import RecordedError, Special, Value, plain_bytes

__all__ = ["MOST_CALLBACKS", "MOST_OF_A_CALL", "shortened", "shortened_record"]

MOST_OF_A_CALL: Final = 262_144
"""Approximate characters recorded for the result of one call: about twenty times the largest allowed profile."""

MOST_CALLBACKS: Final = 1_000
"""Callback calls, and observations, that are recorded for one call."""

_Record = TypeVar("_Record", bound=Record)

_SHOWN_TEXT: Final = 200
_OF_AN_ITEM: Final = 8
"""Characters that any value counts for in addition to its text: quotes, a comma, an indentation."""
_ESCAPED: Final = 6
"""Characters that a non-ASCII character takes in JSON."""
_WEIGHTLESS: Final = (type(None), int, float)


def shortened(outcome: Outcome, most: int = MOST_OF_A_CALL) -> Outcome:
    """Return an outcome without the end of very long values; a `Special` marks where something is missing.

    Args:
        outcome: The outcome from a bridge.
        most: Its approximate maximum length in characters when it is stored.
    """
    times = max(len(outcome.callbacks), len(outcome.observations))
    seen = [outcome.raised, outcome.output, *outcome.callbacks, *(noticed.text for noticed in outcome.observations)]
    if times <= MOST_CALLBACKS and _fits(seen, most):
        return outcome
    shortening = _Shortening(most)
    return evolve(
        outcome,
        callbacks=tuple(shortening.values(arguments) for arguments in outcome.callbacks[:MOST_CALLBACKS]),
        raised=None if outcome.raised is None else shortening.error(outcome.raised),
        output=shortening.text(outcome.output),
        observations=tuple(
            evolve(noticed, text=shortening.text(noticed.text)) for noticed in outcome.observations[:MOST_CALLBACKS]
        ),
    )


def shortened_record(record: _Record, most: int) -> _Record:
    """Return a record without the end of very long values.

    Args:
        record: The record.
        most: Its approximate maximum length in characters when stored; a call, or a run, has the same again for its
            outcome.
    """
    if not isinstance(record, (Exchange, ActionRun)) and _fits(_texts_of(record), most):
        return record
    shortening = _Shortening(most)
    match record:
        case Exchange():
            arguments = shortening.values(record.arguments)
            return evolve(record, arguments=arguments, outcome=shortened(record.outcome, most))
        case Operation():
            return evolve(
                record,
                connection=shortening.text(record.connection),
                arguments={name: shortening.value(value) for name, value in record.arguments.items()},
                response=None if record.response is None else shortening.response(record.response),
            )
        case StoreWrite():
            return evolve(
                record,
                user_id=shortening.text(record.user_id),
                attributes=None if record.attributes is None else shortening.mapping(record.attributes),
            )
        case LogEntry():
            return evolve(
                record,
                code=shortening.text(record.code),
                description=shortening.text(record.description),
                user_id=shortening.optional_text(record.user_id),
                connection=shortening.optional_text(record.connection),
            )
        case ActionRun():
            return evolve(
                record,
                action=shortening.text(record.action),
                event=shortening.mapping(record.event),
                outcome=shortened(record.outcome, most),
            )
        case ApiCall():
            return evolve(record, arguments=shortening.values(record.arguments))
        case LegacyRequest(answer=answer):
            return evolve(
                record,
                url=shortening.text(record.url),
                headers=shortening.mapping(record.headers),
                body=shortening.value(record.body),
                answer=None if answer is None else evolve(answer, body=shortening.value(answer.body)),
            )
        case _ as unreachable:
            assert_never(unreachable)


def _texts_of(record: Operation | StoreWrite | LogEntry | ApiCall | LegacyRequest) -> Sequence[Value]:
    match record:
        case Operation(connection=connection, arguments=arguments, response=response):
            told = () if response is None else (response.message, response.shown, response.interrupted)
            return (connection, arguments, *told)
        case StoreWrite(user_id=user_id, attributes=attributes):
            return (user_id, attributes)
        case LogEntry(code=code, description=description, user_id=user_id, connection=connection):
            return (code, description, user_id, connection)
        case ApiCall(arguments=arguments):
            return arguments
        case LegacyRequest(url=url, headers=headers, body=body, answer=answer):
            return (url, headers, body, None if answer is None else answer.body)
        case _ as unreachable:
            assert_never(unreachable)


class _Shortening:
    def __init__(self, most: int) -> None:
        self._left = most

    def values(self, values: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(self.value(value) for value in values)

    def value(self, value: Value) -> Value:
        match value:
            case str():
                return value if self._spend(value) else self._long_text(value)
            case RecordedError():
                return self.error(value)
            case Special(kind, text):
                return evolve(value, kind=self.text(kind), text=self.text(text))
            case None | bool() | int() | float():
                self._left -= _OF_AN_ITEM
                return value
            case Mapping():
                return self.mapping(value)
            case _:
                return self._items(value)

    def error(self, error: RecordedError) -> RecordedError:
        return RecordedError(
            self.text(error.name),
            self.text(error.message),
            self.values(error.arguments),
            self.optional_text(error.location),
        )

    def response(self, response: Response) -> Response:
        return Response(
            response.succeeded,
            self.text(response.message),
            self.value(response.shown),
            self.optional_text(response.interrupted),
        )

    def text(self, text: str) -> str:
        if self._spend(text):
            return text
        kept = self._beginning(text, max(_SHOWN_TEXT, self._left // _ESCAPED))
        return kept if len(kept) == len(text) else f"{kept}…"

    def optional_text(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def _long_text(self, text: str) -> Special:
        return Special("long-text", self._beginning(text, _SHOWN_TEXT), len(text))

    def _beginning(self, text: str, most: int) -> str:
        kept = cut_masked(text, most)
        self._left -= _weight(kept)
        return kept

    def mapping(self, value: Mapping[str, Value]) -> Mapping[str, Value]:
        kept: dict[str, Value] = {}
        for number, (key, item) in enumerate(value.items()):
            if self._left <= 0:
                return kept | {"…": Special("too-many", size=len(value) - number)}
            name = self.text(key)
            kept[name] = self.value(item)
        return kept

    def _items(self, value: Sequence[Value]) -> Sequence[Value]:
        kept: list[Value] = []
        for number, item in enumerate(value):
            if self._left <= 0:
                return [*kept, Special("too-many", size=len(value) - number)]
            kept.append(self.value(item))
        return kept

    def _spend(self, text: str) -> bool:
        weight = _weight(text)
        if weight > self._left:
            return False
        self._left -= weight
        return True


def _weight(text: str) -> int:
    return (len(text) if text.isascii() else _ESCAPED * len(text)) + _OF_AN_ITEM


def _fits(values: Sequence[Value], most: int) -> bool:
    """Return whether values have at most about `most` characters when stored."""
    # Almost all are far below the limit, and no value weighs more than 8 times its bytes.
    taken = plain_bytes(values)
    return (taken is not None and _OF_AN_ITEM * taken <= most) or _weight_of(values, most) <= most


def _weight_of(values: Iterable[Value], most: int) -> int:
    """Return the approximate length of values in characters when stored, reading hardly more of them than `most`."""
    weight = 0
    parts = list(values)
    for part in parts:
        weight += _OF_AN_ITEM
        if isinstance(part, str):
            weight += len(part) if part.isascii() else _ESCAPED * len(part)
        elif isinstance(part, dict):
            parts += part
            parts += part.values()
        elif not isinstance(part, _WEIGHTLESS):
            parts += _parts(part)
        if weight > most:
            break
    return weight


def _parts(value: Special | RecordedError | Sequence[Value] | Mapping[str, Value]) -> Iterable[Value]:
    if isinstance(value, Special):
        return (value.kind, value.text)
    if isinstance(value, RecordedError):
        return (value.name, value.message, value.location, *value.arguments)
    return chain.from_iterable(value.items()) if isinstance(value, Mapping) else value
