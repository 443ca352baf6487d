"""Transcripts: what was asked of a custom database, by whom, and what came back, as plain data."""

from customdb_contract.transcript._arguments import as_recorded, revealed
from customdb_contract.transcript._exchange import (
    WHOLE_RECORD,
    Ending,
    Escape,
    Exchange,
    Mark,
    Noticed,
    Observation,
    Outcome,
    Situation,
    ending_of,
)
from customdb_contract.transcript._header import (
    UNKNOWN,
    FactKind,
    Header,
    PasswordKnowledge,
    Person,
    ScriptInfo,
    SourceFact,
    StopKind,
    StopReason,
)
from customdb_contract.transcript._history import Account, History, Moment, is_done
from customdb_contract.transcript._masking import MAX_TEXT, Mask, cut_masked, hide_named, mask_text, mask_value
from customdb_contract.transcript._notation import token
from customdb_contract.transcript._printable import brief, printable
from customdb_contract.transcript._printing import print_exchange, record_printer
from customdb_contract.transcript._printing_calls import print_call, print_outcome
from customdb_contract.transcript._recorder import Recorder
from customdb_contract.transcript._recording import record, record_error, safe_text
from customdb_contract.transcript._records import (
    Actor,
    LogEntry,
    Operation,
    Record,
    Response,
    Store,
    StoreWrite,
    cause_of,
    person_of,
)
from customdb_contract.transcript._shortening import shortened_record
from customdb_contract.transcript._stored import exchange_to_json, header_to_json, record_to_json
from customdb_contract.transcript._transcript import Transcript
from customdb_contract.transcript._values import (
    RecordedError,
    Special,
    Value,
    canonical,
    from_json,
    json_size,
    json_text,
    to_json,
)

__all__ = [
    "MAX_TEXT",
    "UNKNOWN",
    "WHOLE_RECORD",
    "Account",
    "Actor",
    "Ending",
    "Escape",
    "Exchange",
    "FactKind",
    "Header",
    "History",
    "LogEntry",
    "Mark",
    "Mask",
    "Moment",
    "Noticed",
    "Observation",
    "Operation",
    "Outcome",
    "PasswordKnowledge",
    "Person",
    "Record",
    "RecordedError",
    "Recorder",
    "Response",
    "ScriptInfo",
    "Situation",
    "SourceFact",
    "Special",
    "StopKind",
    "StopReason",
    "Store",
    "StoreWrite",
    "Transcript",
    "Value",
    "as_recorded",
    "brief",
    "canonical",
    "cause_of",
    "cut_masked",
    "ending_of",
    "exchange_to_json",
    "from_json",
    "header_to_json",
    "hide_named",
    "is_done",
    "json_size",
    "json_text",
    "mask_text",
    "mask_value",
    "person_of",
    "print_call",
    "print_exchange",
    "print_outcome",
    "printable",
    "record",
    "record_error",
    "record_printer",
    "record_to_json",
    "revealed",
    "safe_text",
    "shortened_record",
    "to_json",
    "token",
]
