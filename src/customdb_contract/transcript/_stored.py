"""Stored transcripts: the JSON form, which is exact and can be judged again months later."""

import json
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Final, cast

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._actions import ActionRun
from customdb_contract.transcript._exchange import Exchange, argument_name
from customdb_contract.transcript._header import Header
from customdb_contract.transcript._records import Record
from customdb_contract.transcript._stored_types import KINDS, StoredKind, kind_of, stored_types
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
    """Return a transcript in a form that `json.dumps` accepts.

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
    """Return a transcript as JSON text, with a line for each record.

    Args:
        header: Its header.
        records: Its records.
    """
    lines = ",\n".join(json.dumps(record_to_json(record), allow_nan=False) for record in records)
    first = f'{{"schema_version": {SCHEMA_VERSION},\n"header": {json.dumps(header_to_json(header), allow_nan=False)},'
    return f'{first}\n"records": [\n{lines}\n]}}\n'


def header_to_json(header: Header) -> dict[str, object]:
    """Return a header in a form that `json.dumps` accepts.

    Args:
        header: The header of a transcript.

    Returns:
        An object with a key for each attribute.
    """
    return _object(header)


def exchange_to_json(exchange: Exchange) -> dict[str, object]:
    """Return an exchange in a form that `json.dumps` accepts, as in transcripts and reports.

    Args:
        exchange: The exchange.

    Returns:
        An object with a key for each attribute, and `duration_seconds`, which isn't in the outcome. The arguments have
        the names of the contract; additional ones are `argument_3` and so on, by their place.
    """
    arguments = {
        argument_name(exchange.script, place): to_json(value) for place, value in enumerate(exchange.arguments)
    }
    return {**_object(exchange), "arguments": arguments, "duration_seconds": exchange.outcome.duration}


def record_to_json(record: Record) -> dict[str, object]:
    """Return a record in a form that `json.dumps` accepts, as in transcripts.

    Args:
        record: The record.

    Returns:
        An object with the key `kind` and one for each attribute.
    """
    kind: dict[str, object] = {"kind": _KIND_OF[type(record)]}
    if isinstance(record, Exchange):
        return kind | exchange_to_json(record)
    if isinstance(record, ActionRun):
        return {**kind, **_object(record), "duration_seconds": record.outcome.duration}
    return kind | _object(record)


_KIND_OF: Final = {record: name for name, record in KINDS.items()}


def _object(value: object) -> dict[str, object]:
    stored: Any = type(value)
    return {name: written(getattr(value, name)) for name, written in _writers(stored)}


@cache
def _writers(stored: type) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    """Return the functions that write the attributes of a class."""
    return tuple((name, _writer(type_)) for name, type_ in stored_types(stored).items())


def _writer(type_: object) -> Callable[[Any], object]:
    kind, inner = kind_of(type_)
    match kind:
        case StoredKind.OPTIONAL:
            some = _writer(inner)
            return lambda value: None if value is None else some(value)
        case StoredKind.OBJECT:
            return _object
        case StoredKind.ENUM:
            return _value_of
        case StoredKind.ARRAY:
            item = _writer(inner)
            return lambda values: [item(value) for value in values]
        case StoredKind.SET:
            return lambda members: sorted(member.value for member in members)
        case StoredKind.BY_ENUM:
            of_each = _writer(inner[1])
            return lambda values: {key.value: of_each(value) for key, value in values.items()}
        case StoredKind.PLAIN:
            return _itself
        case _:
            return to_json


def _value_of(member: Enum) -> object:
    return member.value


def _itself(value: object) -> object:
    return value


def read_document(document: object) -> tuple[Header, tuple[Record, ...]]:
    """Return the header and the records of a stored transcript.

    Args:
        document: The value that `json.loads` returned.

    Raises:
        TranscriptError: When it is not a stored transcript; the message names the key and what was expected.
    """
    version = _version(document)
    if version != SCHEMA_VERSION:
        message = (
            f"schema_version is {version!r:.40}, but this version of customdb-contract reads {SCHEMA_VERSION}; "
            "judge the transcript with the version that wrote it"
        )
        raise TranscriptError(message)
    # pydantic takes longer to import than everything else together, and most transcripts are never read again.
    from customdb_contract.transcript._stored_model import unstore  # noqa: PLC0415

    return unstore(document)


def read_text(text: str | bytes) -> object:
    """Return the contents of a JSON text.

    Args:
        text: The contents of a file.

    Raises:
        TranscriptError: When it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        message = "the JSON is nested too deeply; a stored transcript has at most a few hundred levels"
    except UnicodeDecodeError as error:
        message = f"the text is not {error.encoding}: {error.reason} at byte {error.start}"
    except ValueError as error:
        message = f"the text is not JSON: {error}"
    raise TranscriptError(message)


def _version(document: object) -> object:
    if not isinstance(document, dict):
        return SCHEMA_VERSION
    return cast("dict[str, object]", document).get("schema_version", SCHEMA_VERSION)
