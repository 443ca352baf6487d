"""Parses the one-line notation."""

from collections.abc import Mapping

from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, TranscriptError
from customdb_contract.transcript._cursor import Cursor
from customdb_contract.transcript._exchange import Exchange
from customdb_contract.transcript._header import Header
from customdb_contract.transcript._notation import implied_situation, labels_by_identifier, owner_of
from customdb_contract.transcript._parsing_calls import parse_outcome, parse_remark
from customdb_contract.transcript._parsing_header import HeaderParser
from customdb_contract.transcript._parsing_records import RECORDS, parse_record
from customdb_contract.transcript._records import Causes, Record
from customdb_contract.transcript._values import Value

__all__ = ["parse_transcript"]


def parse_transcript(text: str) -> tuple[Header, tuple[Record, ...]]:
    """Return the header and the records that a text in the one-line notation stands for.

    Args:
        text: One header entry or record per line; `#` starts a comment.

    Raises:
        TranscriptError: When a line is not understood; the message names the line and what was expected.
    """
    parser = _Parser()
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        cursor = Cursor(line)
        try:
            parser.parse(cursor, number)
        except (TranscriptError, ConfigurationError) as error:
            message = f"line {number}: {error}\n  {cursor.excerpt()}"
            raise TranscriptError(message) from None
    return parser.header(), tuple(parser.records)


class _Parser:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self._header = HeaderParser()
        self._owners: Mapping[str, str] = {}
        self._causes = Causes()

    def header(self) -> Header:
        called = dict.fromkeys(record.script for record in self.records if isinstance(record, Exchange))
        return self._header.header(called)

    def parse(self, cursor: Cursor, line: int) -> None:
        if cursor.at_end():
            return
        word = cursor.word([*Script, *RECORDS, *self._header.words], "a script, another record or a header entry")
        if word in self._header.words:
            self._header.parse(word, cursor, line)
        else:
            self._record(cursor, word, line)
        if not cursor.at_end():
            cursor.fail("the end of the line")

    def _record(self, cursor: Cursor, word: str, line: int) -> None:
        if not self.records:
            self._header.end_people(line)
            self._owners = labels_by_identifier(self._header.people.values())
        number = len(self.records) + 1
        if word in RECORDS:
            record = parse_record(word, cursor, number, self._header.people, self._causes)
        else:
            record = self._exchange(cursor, Script(word), number)
        self.records.append(record)
        self._causes.add(record)

    def _exchange(self, cursor: Cursor, script: Script, number: int) -> Exchange:
        arguments: list[Value] = []
        while not cursor.take("->"):
            arguments.append(_argument(cursor))
        outcome = parse_outcome(cursor, script)
        people = self._header.people
        owner = owner_of(arguments, self._owners)
        implied = implied_situation(people.get(owner))
        situation, person, marks, cause = parse_remark(cursor, owner, implied, people, self._causes)
        return Exchange(number, script, tuple(arguments), person, situation, outcome, marks, cause)


def _argument(cursor: Cursor) -> Value:
    if cursor.at_end():
        cursor.fail("-> and how the call ended")
    return cursor.token()
