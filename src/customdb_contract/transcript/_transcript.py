"""A transcript: the truth that a check was given, and everything that happened."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Self, TypeVar, cast

from attrs import field, frozen
from typing_extensions import override

from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._actions import ActionRun
from customdb_contract.transcript._exchange import Exchange, Situation
from customdb_contract.transcript._header import UNKNOWN, Header, Person
from customdb_contract.transcript._history import History, Moment
from customdb_contract.transcript._parsing import parse_transcript
from customdb_contract.transcript._printing import print_transcript
from customdb_contract.transcript._records import Causes, Operation, Record, cause_of, person_of
from customdb_contract.transcript._stored import document_of, dumped, read_document, read_text
from customdb_contract.transcript._values import Value, json_text

__all__ = ["Transcript"]

_Record = TypeVar("_Record", bound=Record)


@frozen
class Transcript:
    """Everything that rules may read. It is plain data: once stored, it can be judged again months later.

    Args:
        header: The truth that the check was given: connection, users, scripts.
        records: What happened, in order, numbered from 1: calls; operations on a simulated tenant, with what it stored
            and logged; runs of Actions, with what they did.

    Raises:
        TranscriptError: When the numbers are wrong, a record is about a user who is not in the header, or the record's
            cause or predecessor is not an earlier record of the right kind.
    """

    header: Header = field(factory=Header)
    records: tuple[Record, ...] = ()

    def __attrs_post_init__(self) -> None:
        labels = {UNKNOWN, *(person.label for person in self.header.people)}
        causes = Causes()
        for place, record in enumerate(self.records, start=1):
            if record.number != place:
                message = f"record {record.number} is at position {place}; records are numbered in order, from 1"
                raise TranscriptError(message)
            person = person_of(record)
            if person not in labels:
                message = (
                    f"record {place} is about {json_text(person)}, who is not among the known people; "
                    f"expected one of {', '.join(map(json_text, sorted(labels)))}"
                )
                raise TranscriptError(message)
            cause = cause_of(record)
            if not causes.has(type(record), cause):
                message = (
                    f"record {place} was caused by {cause}, which is not an earlier {causes.name_for(type(record))}"
                )
                raise TranscriptError(message)
            followed = record.follows if isinstance(record, ActionRun) else None
            if followed is not None and not causes.is_run(followed):
                message = f"record {place} follows {followed}, which is not an earlier run"
                raise TranscriptError(message)
            causes.add(record)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the transcript that a text in the one-line notation stands for.

        Args:
            text: One header entry or record per line; `#` starts a comment.

        Raises:
            TranscriptError: When a line is not understood; the message names it and what was expected.
        """
        return cls(*parse_transcript(text))

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return a stored transcript; `to_json` is the inverse.

        Args:
            document: The value that `json.loads` returned.

        Raises:
            TranscriptError: When it is not a transcript, or has an unknown `schema_version`; the message names the key.
        """
        return cls(*read_document(document))

    @classmethod
    def loads(cls, text: str | bytes) -> Self:
        """Return a stored transcript from JSON text; `dumps` is the inverse.

        Args:
            text: The contents of a file.

        Raises:
            TranscriptError: When it is not JSON, or not a transcript.
        """
        return cls.from_json(read_text(text))

    def to_json(self) -> dict[str, object]:
        """Return the transcript in a form that `json.dumps` accepts; nothing is left out."""
        return document_of(self.header, self.records)

    def dumps(self) -> str:
        """Return the transcript as JSON text for storage; nothing is left out."""
        return dumped(self.header, self.records)

    @override
    def __str__(self) -> str:
        return print_transcript(self.header, self.records)

    @property
    def connection(self) -> Connection:
        """The settings of the connection."""
        return self.header.connection

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The calls, in order."""
        return tuple(self.of_kind(Exchange))

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """The known users: those who were in the store before, without those that the check created."""
        return tuple(person for person in self.header.people if not person.new)

    @cached_property
    def history(self) -> Sequence[Moment]:
        """The expected state of the users created by the check, at each judged call that was about them."""
        history = History()
        moments = [history.add(exchange) for exchange in self.exchanges]
        return [moment for moment in moments if moment is not None]

    @cached_property
    def judged(self) -> tuple[Exchange, ...]:
        """The exchanges that rules judge: those without a mark."""
        return tuple(exchange for exchange in self.exchanges if not exchange.marks)

    def of_kind(self, kind: type[_Record]) -> Sequence[_Record]:
        """Return the records of one kind, in order.

        Args:
            kind: The kind, for example `Operation`.
        """
        return cast("Sequence[_Record]", self._by_kind.get(kind, ()))

    def caused_by(self, cause: Operation | ActionRun) -> Sequence[Record]:
        """Return the records that an operation, or a run of an Action, caused, in order.

        Args:
            cause: A record of this transcript.
        """
        return self._by_cause.get(cause.number, ())

    def moments(self, *scripts: Script) -> Sequence[Moment]:
        """Return the part of `history` that is about some scripts, in order.

        Args:
            scripts: The scripts.
        """
        if scripts not in self._followed:
            self._followed[scripts] = [moment for moment in self.history if moment.exchange.script in scripts]
        return self._followed[scripts]

    def select(self, script: Script | None = None, *situations: Situation | str) -> Sequence[Exchange]:
        """Return the judged exchanges of a script, in order.

        Args:
            script: The script, or None for all.
            situations: Situations, or families of them such as `hostile`; none stands for all.
        """
        if not situations:
            return self._by_script.get(script, ()) if script else self.judged
        if len(situations) == 1:
            return self._by_situation.get((script, str(situations[0])), ())
        key = (script, situations)
        if key not in self._chosen:
            chosen = {
                exchange.number: exchange
                for situation in situations
                for exchange in self._by_situation.get((script, str(situation)), ())
            }
            self._chosen[key] = [chosen[number] for number in sorted(chosen)]
        return self._chosen[key]

    def person(self, label: str) -> Person | None:
        """Return the known user with this label, or None.

        Args:
            label: A label, for example that of an exchange.
        """
        return self._people_by_label.get(label)

    def owner(self, identifier: Value) -> Person | None:
        """Return the known user who has exactly this identifier, or None.

        Args:
            identifier: The first argument of a call, or an attribute of a profile.
        """
        return self._people_by_identifier.get(identifier) if isinstance(identifier, str) else None

    @cached_property
    def _by_cause(self) -> Mapping[int | None, Sequence[Record]]:
        found: defaultdict[int | None, list[Record]] = defaultdict(list)
        for record in self.records:
            found[cause_of(record)].append(record)
        return found

    @cached_property
    def _by_kind(self) -> Mapping[type, Sequence[Record]]:
        found: defaultdict[type, list[Record]] = defaultdict(list)
        for record in self.records:
            found[type(record)].append(record)
        return found

    @cached_property
    def _followed(self) -> dict[tuple[Script, ...], Sequence[Moment]]:
        """The moments that were requested before, because dozens of rules ask for the same ones."""
        return {}

    @cached_property
    def _chosen(self) -> dict[tuple[Script | None, tuple[str, ...]], Sequence[Exchange]]:
        """The exchanges that were selected before, because dozens of rules ask for the same ones."""
        return {}

    @cached_property
    def _by_script(self) -> Mapping[Script, Sequence[Exchange]]:
        found: defaultdict[Script, list[Exchange]] = defaultdict(list)
        for exchange in self.judged:
            found[exchange.script].append(exchange)
        return found

    @cached_property
    def _by_situation(self) -> Mapping[tuple[Script | None, str], Sequence[Exchange]]:
        found: defaultdict[tuple[Script | None, str], list[Exchange]] = defaultdict(list)
        for exchange in self.judged:
            # A family's name is also a situation, hence a set.
            for name in {str.__str__(exchange.situation), exchange.situation.family}:
                found[exchange.script, name].append(exchange)
                found[None, name].append(exchange)
        return found

    @cached_property
    def _people_by_label(self) -> Mapping[str, Person]:
        return {person.label: person for person in self.header.people}

    @cached_property
    def _people_by_identifier(self) -> Mapping[str, Person]:
        return {name: person for person in reversed(self.people) for name in person.identifiers}
