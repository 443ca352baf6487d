"""The form of stored transcripts, checked by pydantic when they are read: its models are derived from the classes."""

import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, Union

from attrs import evolve
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, create_model
from pydantic_core import ErrorDetails
from typing_extensions import override

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._exchange import Exchange, argument_name
from customdb_contract.transcript._header import Header
from customdb_contract.transcript._records import Record
from customdb_contract.transcript._stored_types import KINDS, StoredKind, kind_of, stored_types
from customdb_contract.transcript._values import RecordedError, Value, from_json

__all__ = ["unstore"]

_SHOWN_PROBLEMS = 5
_SHOWN_CHARACTERS = 240


def _text(document: object) -> str:
    value = from_json(document)
    if not isinstance(value, str):
        message = "must be a string"
        raise ValueError(message)  # noqa: TRY004 - pydantic expects it
    return value


def _mapping(document: object) -> Mapping[str, Value]:
    value = from_json(document)
    if not isinstance(value, Mapping):
        message = "must be an object"
        raise ValueError(message)  # noqa: TRY004 - pydantic expects it
    return value


def _recorded_error(document: object) -> RecordedError:
    value = from_json(document)
    if not isinstance(value, RecordedError):
        message = 'must be null or {"$error": class, "message": text, "arguments": [...], "location": text}'
        raise ValueError(message)  # noqa: TRY004 - pydantic expects it
    return value


# pydantic's own str rejects lone surrogates, which scripts can return, and it cannot use the recursive type of recorded
# values.
_READERS: Final[Mapping[StoredKind, Callable[[object], object]]] = {
    StoredKind.TEXT: _text,
    StoredKind.MAPPING: _mapping,
    StoredKind.ERROR: _recorded_error,
    StoredKind.VALUE: from_json,
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Stored(_Strict):
    makes: ClassVar[Callable[..., Any]]

    def unstored(self) -> object:
        """Create a stored object; its contents were created before."""
        return self.makes(**vars(self))


class _StoredRecord(_Stored):
    """A record has its kind and, if they exist, the duration of its outcome and its arguments by name."""

    @override
    def unstored(self) -> object:
        attributes = vars(self).copy()
        del attributes["kind"]
        if "duration_seconds" in attributes:
            duration = attributes.pop("duration_seconds")
            attributes["outcome"] = evolve(attributes["outcome"], duration=duration)
        if self.makes is Exchange:
            attributes["arguments"] = _in_order(attributes["script"], attributes["arguments"])
        return self.makes(**attributes)


def _in_order(script: Script, arguments: Mapping[str, Value]) -> tuple[Value, ...]:
    expected = [argument_name(script, place) for place in range(len(arguments))]
    if set(expected) != set(arguments):
        message = f"arguments has the keys {', '.join(arguments)}; expected {', '.join(expected)} for {script}"
        raise TranscriptError(message)
    return tuple(arguments[name] for name in expected)


def _unstored(stored: _Stored) -> object:
    return stored.unstored()


# The models' types are derived from those of the classes, so a type checker cannot read them.
_ANNOTATED: Final[Any] = Annotated
_LIST: Final[Any] = list
_DICT: Final[Any] = dict
_LITERAL: Final[Any] = Literal
_ANY_OF: Final[Any] = Union
_new_model: Final[Any] = create_model


@cache
def _model_of(stored: Any) -> Any:
    """Return the model of a stored class."""
    kind = next((kind for kind, record in KINDS.items() if record is stored), None)
    types = {name: _annotation(type_) for name, type_ in stored_types(stored).items()}
    if kind is not None:
        types["kind"] = _LITERAL[kind]
        if "outcome" in types:
            types["duration_seconds"] = _ANNOTATED[float, Field(ge=0, allow_inf_nan=False)]
    if stored is Exchange:
        types["arguments"] = _DICT[str, _annotation(Value)]
    fields: dict[str, Any] = {name: (type_, ...) for name, type_ in types.items()}
    model = _new_model(f"Stored{stored.__name__}", __base__=_Stored if kind is None else _StoredRecord, **fields)
    model.makes = stored
    return model


def _annotation(type_: Any) -> Any:
    kind, inner = kind_of(type_)
    match kind:
        case StoredKind.OPTIONAL:
            return _optional(inner)
        case StoredKind.OBJECT:
            return _ANNOTATED[_model_of(type_), AfterValidator(_unstored)]
        case StoredKind.ENUM:
            return _ANNOTATED[type_, Field(strict=False)]
        case StoredKind.ARRAY:
            return _ANNOTATED[_LIST[_annotation(inner)], AfterValidator(tuple)]
        case StoredKind.SET:
            return _ANNOTATED[_LIST[_annotation(inner)], AfterValidator(frozenset)]
        case StoredKind.BY_ENUM:
            key, value = inner
            return _DICT[_annotation(key), _annotation(value)]
        case StoredKind.PLAIN:
            return type_
        case _:
            return _ANNOTATED[Any, PlainValidator(_READERS[kind])]


def _optional(type_: Any) -> Any:
    reader = _READERS.get(kind_of(type_)[0])
    if reader is None:
        return _annotation(type_) | None
    return _ANNOTATED[Any, PlainValidator(lambda document: None if document is None else reader(document))]


@cache
def _transcript_model() -> Any:
    kinds: Iterable[Any] = KINDS.values()
    models = [_model_of(kind) for kind in kinds]
    record = _ANNOTATED[_ANNOTATED[_ANY_OF[tuple(models)], Field(discriminator="kind")], AfterValidator(_unstored)]
    return _new_model(
        "StoredTranscript",
        __base__=_Strict,
        schema_version=(int, ...),
        header=(_annotation(Header), ...),
        records=(_LIST[record], ...),
    )


def unstore(document: object) -> tuple[Header, tuple[Record, ...]]:
    """Return the header and the records of a stored transcript.

    Args:
        document: The value that `json.loads` returned.

    Raises:
        TranscriptError: When it is not a stored transcript; the message names each key and what was expected.
    """
    try:
        stored = _transcript_model().model_validate(document)
    except ValidationError as error:
        problems = [_problem(details) for details in error.errors(include_url=False)]
    else:
        return stored.header, tuple(stored.records)
    more = [f"and {len(problems) - _SHOWN_PROBLEMS} more"] if len(problems) > _SHOWN_PROBLEMS else []
    message = "\n  ".join(["this is not a stored transcript:", *problems[:_SHOWN_PROBLEMS], *more])
    raise TranscriptError(message)


def _problem(details: ErrorDetails) -> str:
    # The third part of a location in a record is the record's kind, which chose the model.
    parts = [part for place, part in enumerate(details["loc"]) if (details["loc"][0], place) != ("records", 2)]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    match details["type"]:
        case "missing":
            said = "is missing"
        case "extra_forbidden":
            said = "is not a known key"
        case "union_tag_invalid" | "union_tag_not_found":
            said = "must have a kind: call, operation, store, log, run, api or request"
        case "model_type":
            said = "must be an object"
        case _:
            said = textwrap.shorten(details["msg"].removeprefix("Value error, "), _SHOWN_CHARACTERS, placeholder=" …")
    seen = details["input"]
    is_shown = details["type"] != "missing" and isinstance(seen, str | int | float | None)
    return f"{path or 'the document'}: {said}" + (f", found {seen!r:.60}" if is_shown else "")
