"""The form of stored transcripts, checked by pydantic where they enter."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import ErrorDetails

from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, TranscriptError
from customdb_contract.transcript._actions import (
    ActionRun,
    ApiCall,
    LegacyAnswer,
    LegacyRequest,
    LegacyState,
    RunSituation,
)
from customdb_contract.transcript._exchange import (
    Ending,
    Escape,
    Exchange,
    Mark,
    Noticed,
    Observation,
    Outcome,
    Situation,
    argument_name,
)
from customdb_contract.transcript._header import (
    ActionInfo,
    ElsewhereUser,
    FactKind,
    Handler,
    Header,
    PasswordKnowledge,
    Person,
    ScriptInfo,
    SourceFact,
    StopKind,
    StopReason,
)
from customdb_contract.transcript._records import (
    Actor,
    LogEntry,
    Operation,
    Record,
    Response,
    Store,
    StoreWrite,
)
from customdb_contract.transcript._values import RecordedError, Value, from_json

__all__ = ["unstore"]

_SHOWN_PROBLEMS = 5
_SHOWN_CHARACTERS = 240


def _text(document: object) -> str:
    value = from_json(document)
    if not isinstance(value, str):
        message = "must be a text"
        raise ValueError(message)  # noqa: TRY004 - pydantic expects it
    return value


def _optional_text(document: object) -> str | None:
    return None if document is None else _text(document)


def _mapping(document: object) -> Mapping[str, Value]:
    value = from_json(document)
    if not isinstance(value, Mapping):
        message = "must be an object"
        raise ValueError(message)  # noqa: TRY004 - pydantic expects it
    return value


def _optional_mapping(document: object) -> Mapping[str, Value] | None:
    return None if document is None else _mapping(document)


def _recorded_error(document: object) -> RecordedError | None:
    value = from_json(document)
    if not isinstance(value, RecordedError | None):
        message = 'must be null or {"$error": class, "message": text, "arguments": [...], "location": text}'
        raise ValueError(message)  # noqa: TRY004 - pydantic expects it
    return value


# pydantic's own str refuses lone surrogates, which scripts do hand over.
_Text: TypeAlias = Annotated[str, PlainValidator(_text)]
_OptionalText: TypeAlias = Annotated[str | None, PlainValidator(_optional_text)]
# The recursive type of recorded values means nothing to pydantic, hence Any: from_json sees to it.
_Value: TypeAlias = Annotated[Any, PlainValidator(from_json)]
_Mapping: TypeAlias = Annotated[Any, PlainValidator(_mapping)]
_OptionalMapping: TypeAlias = Annotated[Any, PlainValidator(_optional_mapping)]
_BY_VALUE = Field(strict=False)


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _StoredConnection(_Stored):
    name: _Text
    import_mode: bool
    requires_username: bool
    script_context: bool
    features: list[str]
    deletion_is_final: bool

    def unstored(self) -> Connection:
        return Connection(
            name=self.name,
            import_mode=self.import_mode,
            requires_username=self.requires_username,
            script_context=self.script_context,
            features=self.features,
            deletion_is_final=self.deletion_is_final,
        )


class _StoredPerson(_Stored):
    label: _Text
    email: _OptionalText
    username: _OptionalText
    phone_number: _OptionalText = None
    organization: _OptionalText = None
    aliases: list[_Text]
    disabled: bool
    password: Annotated[PasswordKnowledge, _BY_VALUE]
    profile: _Mapping
    new: bool

    def unstored(self) -> Person:
        return Person(
            label=self.label,
            email=self.email,
            username=self.username,
            phone_number=self.phone_number,
            organization=self.organization,
            aliases=tuple(self.aliases),
            disabled=self.disabled,
            profile=self.profile,
            password=self.password,
            new=self.new,
        )


class _StoredFact(_Stored):
    kind: Annotated[FactKind, _BY_VALUE]
    text: _Text
    location: _Text


def _unstored_facts(source: Sequence[_StoredFact] | None) -> tuple[SourceFact, ...] | None:
    return None if source is None else tuple(SourceFact(fact.kind, fact.text, fact.location) for fact in source)


class _StoredScript(_Stored):
    signature: _Text
    problem: _OptionalText
    location: _OptionalText
    source: list[_StoredFact] | None
    observed: bool

    def unstored(self) -> ScriptInfo:
        return ScriptInfo(
            signature=self.signature,
            problem=self.problem,
            location=self.location,
            source=_unstored_facts(self.source),
            observed=self.observed,
        )


class _StoredAction(_Stored):
    name: _Text
    handlers: list[Annotated[Handler, _BY_VALUE]]
    problem: _OptionalText
    location: _OptionalText
    source: list[_StoredFact] | None
    observed: bool
    metadata_required: bool
    restores: list[_Text]

    def unstored(self) -> ActionInfo:
        return ActionInfo(
            name=self.name,
            handlers=tuple(self.handlers),
            problem=self.problem,
            location=self.location,
            source=_unstored_facts(self.source),
            observed=self.observed,
            metadata_required=self.metadata_required,
            restores=tuple(self.restores),
        )


class _StoredStopReason(_Stored):
    kind: Annotated[StopKind, _BY_VALUE]
    message: _Text

    def unstored(self) -> StopReason:
        return StopReason(self.kind, self.message)


class _StoredElsewhereUser(_Stored):
    connection: _Text
    label: _Text
    user_id: _Text
    email: _OptionalText

    def unstored(self) -> ElsewhereUser:
        return ElsewhereUser(self.connection, self.label, self.user_id, self.email)


class _StoredHeader(_Stored):
    contract_date: _Text
    connection: _StoredConnection
    people: list[_StoredPerson]
    scripts: dict[Annotated[Script, _BY_VALUE], _StoredScript]
    ignore_fields: list[_Text]
    stop_reason: _StoredStopReason | None
    left_behind: list[_Text]
    action: _StoredAction | None
    elsewhere: list[_StoredElsewhereUser] = []

    def unstored(self) -> Header:
        return Header(
            contract_date=self.contract_date,
            connection=self.connection.unstored(),
            people=tuple(person.unstored() for person in self.people),
            scripts={script: info.unstored() for script, info in self.scripts.items()},
            ignore_fields=tuple(self.ignore_fields),
            stop_reason=None if self.stop_reason is None else self.stop_reason.unstored(),
            left_behind=tuple(self.left_behind),
            action=None if self.action is None else self.action.unstored(),
            elsewhere=tuple(user.unstored() for user in self.elsewhere),
        )


class _StoredObservation(_Stored):
    kind: Annotated[Noticed, _BY_VALUE]
    text: _Text


class _StoredOutcome(_Stored):
    ending: Annotated[Ending, _BY_VALUE]
    callbacks: list[list[_Value]]
    raised: Annotated[RecordedError | None, PlainValidator(_recorded_error)]
    escape: Annotated[Escape, _BY_VALUE]
    output: _Text
    observations: list[_StoredObservation]

    def unstored(self, duration: float) -> Outcome:
        return Outcome(
            ending=self.ending,
            callbacks=tuple(tuple(arguments) for arguments in self.callbacks),
            raised=self.raised,
            escape=self.escape,
            output=self.output,
            duration=duration,
            observations=tuple(Observation(noticed.kind, noticed.text) for noticed in self.observations),
        )


_Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _StoredCall(_Stored):
    kind: Literal["call"]
    number: int
    script: Annotated[Script, _BY_VALUE]
    person: _Text
    situation: Annotated[Situation, _BY_VALUE]
    arguments: dict[str, _Value]
    outcome: _StoredOutcome
    duration_seconds: _Seconds
    marks: list[Annotated[Mark, _BY_VALUE]]
    caused_by: int | None

    def unstored(self) -> Exchange:
        return Exchange(
            self.number,
            self.script,
            self._values(),
            self.person,
            self.situation,
            self.outcome.unstored(self.duration_seconds),
            marks=frozenset(self.marks),
            caused_by=self.caused_by,
        )

    def _values(self) -> tuple[Value, ...]:
        expected = [argument_name(self.script, place) for place in range(len(self.arguments))]
        if set(expected) != set(self.arguments):
            message = (
                f"record {self.number}: arguments has the keys {', '.join(self.arguments)}; "
                f"expected {', '.join(expected)} for {self.script}"
            )
            raise TranscriptError(message)
        return tuple(self.arguments[name] for name in expected)


class _StoredResponse(_Stored):
    succeeded: bool
    message: _Text
    shown: _Value
    interrupted: _OptionalText

    def unstored(self) -> Response:
        return Response(self.succeeded, self.message, self.shown, self.interrupted)


class _StoredOperation(_Stored):
    kind: Literal["operation"]
    number: int
    name: _Text
    actor: Annotated[Actor, _BY_VALUE]
    person: _Text
    connection: _Text
    arguments: dict[str, _Value]
    response: _StoredResponse | None

    def unstored(self) -> Operation:
        return Operation(
            self.number,
            self.name,
            self.actor,
            self.person,
            self.connection,
            self.arguments,
            None if self.response is None else self.response.unstored(),
        )


class _StoredWrite(_Stored):
    kind: Literal["store"]
    number: int
    store: Annotated[Store, _BY_VALUE]
    user_id: _Text
    attributes: _OptionalMapping
    caused_by: int | None

    def unstored(self) -> StoreWrite:
        return StoreWrite(self.number, self.store, self.user_id, self.attributes, self.caused_by)


class _StoredLogEntry(_Stored):
    kind: Literal["log"]
    number: int
    code: _Text
    description: _Text
    user_id: _OptionalText
    connection: _OptionalText
    inferred: bool
    caused_by: int | None

    def unstored(self) -> LogEntry:
        return LogEntry(
            self.number, self.code, self.description, self.user_id, self.connection, self.inferred, self.caused_by
        )


class _StoredRun(_Stored):
    kind: Literal["run"]
    number: int
    action: _Text
    handler: Annotated[Handler, _BY_VALUE]
    person: _Text
    situation: Annotated[RunSituation, _BY_VALUE]
    legacy: Annotated[LegacyState, _BY_VALUE] | None
    follows: int | None
    event: _Mapping
    outcome: _StoredOutcome
    duration_seconds: _Seconds
    caused_by: int | None

    def unstored(self) -> ActionRun:
        return ActionRun(
            self.number,
            self.action,
            self.handler,
            self.person,
            self.situation,
            self.event,
            self.outcome.unstored(self.duration_seconds),
            self.legacy,
            self.follows,
            self.caused_by,
        )


class _StoredApiCall(_Stored):
    kind: Literal["api"]
    number: int
    path: str
    arguments: list[_Value]
    late: bool
    caused_by: int | None

    def unstored(self) -> ApiCall:
        return ApiCall(self.number, self.path, tuple(self.arguments), self.late, self.caused_by)


class _StoredAnswer(_Stored):
    status: int
    body: _Value

    def unstored(self) -> LegacyAnswer:
        return LegacyAnswer(self.status, self.body)


class _StoredRequest(_Stored):
    kind: Literal["request"]
    number: int
    method: str
    url: _Text
    headers: _Mapping
    body: _Value
    answer: _StoredAnswer | None
    late: bool
    caused_by: int | None

    def unstored(self) -> LegacyRequest:
        return LegacyRequest(
            self.number,
            self.method,
            self.url,
            self.headers,
            self.body,
            None if self.answer is None else self.answer.unstored(),
            self.late,
            self.caused_by,
        )


_StoredRecord: TypeAlias = (
    _StoredCall | _StoredOperation | _StoredWrite | _StoredLogEntry | _StoredRun | _StoredApiCall | _StoredRequest
)


class _StoredTranscript(_Stored):
    schema_version: int
    header: _StoredHeader
    records: list[Annotated[_StoredRecord, Field(discriminator="kind")]]


def unstore(document: object) -> tuple[Header, tuple[Record, ...]]:
    """Return the header and the records of a stored transcript.

    Args:
        document: What `json.loads` returned.

    Raises:
        TranscriptError: When it is no stored transcript; the message names each key and what was expected.
    """
    try:
        stored = _StoredTranscript.model_validate(document)
        return stored.header.unstored(), tuple(record.unstored() for record in stored.records)
    except ValidationError as error:
        problems = [_problem(details) for details in error.errors(include_url=False)]
    except ConfigurationError as error:
        problems = [f"header.connection: {error}"]
    more = [f"and {len(problems) - _SHOWN_PROBLEMS} more"] if len(problems) > _SHOWN_PROBLEMS else []
    message = "\n  ".join(["this is no stored transcript:", *problems[:_SHOWN_PROBLEMS], *more])
    raise TranscriptError(message)


def _problem(details: ErrorDetails) -> str:
    # The third part of a place in a record is its kind, by which it was chosen what to expect.
    parts = [part for place, part in enumerate(details["loc"]) if (details["loc"][0], place) != ("records", 2)]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    match details["type"]:
        case "missing":
            said = "is missing"
        case "extra_forbidden":
            said = "is no key that is known here"
        case "union_tag_invalid" | "union_tag_not_found":
            said = "must have a kind: call, operation, store, log, run, api or request"
        case "model_type":
            said = "must be an object"
        case _:
            said = textwrap.shorten(details["msg"].removeprefix("Value error, "), _SHOWN_CHARACTERS, placeholder=" …")
    seen = details["input"]
    is_shown = details["type"] != "missing" and isinstance(seen, str | int | float | None)
    return f"{path or 'the document'}: {said}" + (f", found {seen!r:.60}" if is_shown else "")
