"""Stored transcripts: the JSON form, which is exact, and can be judged again months later."""

import json
from collections.abc import Sequence
from typing import Final, assert_never, cast

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest
from customdb_contract.transcript._exchange import Exchange, Outcome, argument_name
from customdb_contract.transcript._header import ActionInfo, ElsewhereUser, Header, Person, ScriptInfo, SourceFact
from customdb_contract.transcript._records import LogEntry, Operation, Record, Response, StoreWrite
from customdb_contract.transcript._values import to_json

__all__ = [
    "SCHEMA_VERSION",
    "document_of",
    "dumped",
    "exchange_to_json",
    "header_to_json",
    "read_document",
    "read_text",
    "record_to_json",
]

SCHEMA_VERSION: Final = 3


def document_of(header: Header, records: tuple[Record, ...]) -> dict[str, object]:
    """Return a transcript as what `json.dumps` takes.

    Args:
        header: Its header.
        records: Its records.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "header": header_to_json(header),
        "records": [record_to_json(record) for record in records],
    }


def dumped(header: Header, records: tuple[Record, ...]) -> str:
    """Return a transcript as JSON text, a line for each record.

    Args:
        header: Its header.
        records: Its records.
    """
    lines = ",\n".join(json.dumps(record_to_json(record), allow_nan=False) for record in records)
    first = f'{{"schema_version": {SCHEMA_VERSION},\n"header": {json.dumps(header_to_json(header), allow_nan=False)},'
    return f'{first}\n"records": [\n{lines}\n]}}\n'


def header_to_json(header: Header) -> dict[str, object]:
    """Return a header as what `json.dumps` takes.

    Args:
        header: The header of a transcript.

    Returns:
        An object with the keys `contract_date`, `connection`, `people`, `scripts`, `ignore_fields`, `stop_reason`,
        `left_behind`, `action`, `elsewhere`.
    """
    connection, stopped = header.connection, header.stop_reason
    return {
        "contract_date": to_json(header.contract_date),
        "connection": {
            "name": to_json(connection.name),
            "import_mode": connection.import_mode,
            "requires_username": connection.requires_username,
            "script_context": connection.script_context,
            "features": list(connection.features),
            "deletion_is_final": connection.deletion_is_final,
        },
        "people": [_person_to_json(person) for person in header.people],
        "scripts": {script.value: _script_to_json(info) for script, info in header.scripts.items()},
        "ignore_fields": [to_json(path) for path in header.ignore_fields],
        "stop_reason": stopped and {"kind": stopped.kind.value, "message": to_json(stopped.message)},
        "left_behind": [to_json(identifier) for identifier in header.left_behind],
        "action": None if header.action is None else _action_to_json(header.action),
        "elsewhere": [_elsewhere_to_json(user) for user in header.elsewhere],
    }


def exchange_to_json(exchange: Exchange) -> dict[str, object]:
    """Return an exchange as what `json.dumps` takes, as transcripts and reports have it.

    Args:
        exchange: The exchange.

    Returns:
        An object with the keys `number`, `script`, `person`, `situation`, `arguments`, `outcome`, `duration_seconds`,
        `marks` and `caused_by`. The arguments are under the names that the contract gives them, further ones under
        `argument_3` and so on, by their place.
    """
    return {
        "number": exchange.number,
        "script": exchange.script.value,
        "person": to_json(exchange.person),
        "situation": exchange.situation.value,
        "arguments": {
            argument_name(exchange.script, place): to_json(value) for place, value in enumerate(exchange.arguments)
        },
        "outcome": _outcome_to_json(exchange.outcome),
        "duration_seconds": exchange.outcome.duration,
        "marks": sorted(mark.value for mark in exchange.marks),
        "caused_by": exchange.caused_by,
    }


def record_to_json(record: Record) -> dict[str, object]:
    """Return a record as what `json.dumps` takes, as transcripts have it.

    Args:
        record: The record.

    Returns:
        An object with the keys `kind`, `number`, and those of its kind.
    """
    match record:
        case Exchange():
            return {"kind": "call", **exchange_to_json(record)}
        case Operation():
            return {
                "kind": "operation",
                "number": record.number,
                "name": record.name,
                "actor": record.actor.value,
                "person": to_json(record.person),
                "connection": to_json(record.connection),
                "arguments": {name: to_json(value) for name, value in record.arguments.items()},
                "response": None if record.response is None else _response_to_json(record.response),
            }
        case StoreWrite():
            return {
                "kind": "store",
                "number": record.number,
                "store": record.store.value,
                "user_id": to_json(record.user_id),
                "attributes": to_json(record.attributes),
                "caused_by": record.caused_by,
            }
        case LogEntry():
            return {
                "kind": "log",
                "number": record.number,
                "code": to_json(record.code),
                "description": to_json(record.description),
                "user_id": to_json(record.user_id),
                "connection": to_json(record.connection),
                "inferred": record.inferred,
                "caused_by": record.caused_by,
            }
        case ActionRun():
            return {
                "kind": "run",
                "number": record.number,
                "action": to_json(record.action),
                "handler": record.handler.value,
                "person": to_json(record.person),
                "situation": record.situation.value,
                "legacy": None if record.legacy is None else record.legacy.value,
                "follows": record.follows,
                "event": to_json(record.event),
                "outcome": _outcome_to_json(record.outcome),
                "duration_seconds": record.outcome.duration,
                "caused_by": record.caused_by,
            }
        case ApiCall():
            return {
                "kind": "api",
                "number": record.number,
                "path": record.path,
                "arguments": [to_json(argument) for argument in record.arguments],
                "late": record.late,
                "caused_by": record.caused_by,
            }
        case LegacyRequest(answer=answer):
            return {
                "kind": "request",
                "number": record.number,
                "method": record.method,
                "url": to_json(record.url),
                "headers": to_json(record.headers),
                "body": to_json(record.body),
                "answer": None if answer is None else {"status": answer.status, "body": to_json(answer.body)},
                "late": record.late,
                "caused_by": record.caused_by,
            }
        case _ as unreachable:
            assert_never(unreachable)


def _response_to_json(response: Response) -> dict[str, object]:
    return {
        "succeeded": response.succeeded,
        "message": to_json(response.message),
        "shown": to_json(response.shown),
        "interrupted": to_json(response.interrupted),
    }


def read_document(document: object) -> tuple[Header, tuple[Record, ...]]:
    """Return the header and the records of a stored transcript.

    Args:
        document: What `json.loads` returned.

    Raises:
        TranscriptError: When it is none; the message names the key and what was expected.
    """
    version = _version(document)
    if version != SCHEMA_VERSION:
        message = (
            f"schema_version is {version!r:.40}, and this version of customdb-contract reads {SCHEMA_VERSION}; "
            "judge the transcript with the version that wrote it"
        )
        raise TranscriptError(message)
    # pydantic takes longer to import than everything else together, and most transcripts are never read again.
    from customdb_contract.transcript._stored_model import unstore  # noqa: PLC0415

    return unstore(document)


def read_text(text: str | bytes) -> object:
    """Return what JSON text holds.

    Args:
        text: The content of a file.

    Raises:
        TranscriptError: When it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        message = "the JSON is nested too deeply; a stored transcript has at most a few hundred levels"
    except UnicodeDecodeError as error:
        message = f"the text is not {error.encoding}: {error.reason} at byte {error.start}"
    except ValueError as error:
        message = f"the text is no JSON: {error}"
    raise TranscriptError(message)


def _version(document: object) -> object:
    if not isinstance(document, dict):
        return SCHEMA_VERSION
    return cast("dict[str, object]", document).get("schema_version", SCHEMA_VERSION)


def _action_to_json(info: ActionInfo) -> dict[str, object]:
    return {
        "name": to_json(info.name),
        "handlers": [handler.value for handler in info.handlers],
        "problem": to_json(info.problem),
        "location": to_json(info.location),
        "source": _source_to_json(info.source),
        "observed": info.observed,
        "metadata_required": info.metadata_required,
        "restores": [to_json(path) for path in info.restores],
    }


def _source_to_json(source: Sequence[SourceFact] | None) -> list[dict[str, object]] | None:
    if source is None:
        return None
    return [
        {"kind": fact.kind.value, "text": to_json(fact.text), "location": to_json(fact.location)} for fact in source
    ]


def _script_to_json(info: ScriptInfo) -> dict[str, object]:
    return {
        "signature": to_json(info.signature),
        "problem": to_json(info.problem),
        "location": to_json(info.location),
        "source": _source_to_json(info.source),
        "observed": info.observed,
    }


def _person_to_json(person: Person) -> dict[str, object]:
    return {
        "label": to_json(person.label),
        "email": to_json(person.email),
        "username": to_json(person.username),
        "phone_number": to_json(person.phone_number),
        "organization": to_json(person.organization),
        "aliases": [to_json(alias) for alias in person.aliases],
        "disabled": person.disabled,
        "password": person.password.value,
        "profile": to_json(person.profile),
        "new": person.new,
    }


def _elsewhere_to_json(user: ElsewhereUser) -> dict[str, object]:
    return {
        "connection": to_json(user.connection),
        "label": to_json(user.label),
        "user_id": to_json(user.user_id),
        "email": to_json(user.email),
    }


def _outcome_to_json(outcome: Outcome) -> dict[str, object]:
    return {
        "ending": outcome.ending.value,
        "callbacks": [[to_json(argument) for argument in arguments] for arguments in outcome.callbacks],
        "raised": to_json(outcome.raised),
        "escape": outcome.escape.value,
        "output": to_json(outcome.output),
        "observations": [
            {"kind": noticed.kind.value, "text": to_json(noticed.text)} for noticed in outcome.observations
        ],
    }
