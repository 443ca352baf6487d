"""Parsing the one-line notation."""

from collections.abc import Callable, Iterator, Mapping

from attrs import evolve

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, TranscriptError
from customdb_contract.transcript._cursor import WORD, Cursor
from customdb_contract.transcript._exchange import Exchange
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
from customdb_contract.transcript._notation import CONNECTION_FLAGS, implied_situation, labels_by_identifier, owner_of
from customdb_contract.transcript._parsing_calls import parse_outcome, parse_remark
from customdb_contract.transcript._values import Value, json_text

__all__ = ["parse_transcript"]


def parse_transcript(text: str) -> tuple[Header, tuple[Exchange, ...]]:
    """Return the header and the exchanges that a text in the one-line notation stands for.

    Args:
        text: One header entry or exchange per line; `#` starts a comment.

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
    return parser.header(), tuple(parser.exchanges)


class _Parser:
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self._connection = Connection()
        self._contract_date = CONTRACT_DATE
        self._scripts: dict[Script, ScriptInfo] | None = None
        self._script_infos: dict[Script, ScriptInfo] = {}
        self._people: dict[str, Person] = {}
        self._ignored: list[str] = []
        self._stop_reason: StopReason | None = None
        self._left_behind: list[str] = []
        self._owners: Mapping[str, str] = {}
        self._first_seen: dict[str, int] = {}
        self._headings: Mapping[str, Callable[[Cursor, int], None]] = {
            "contract": self._contract,
            "connection": self._connection_settings,
            "scripts": self._script_names,
            "script": self._script_settings,
            "source": self._source_fact,
            "person": self._person,
            "ignore": self._ignore,
            "stopped": self._stopped,
            "left": self._left,
        }

    def header(self) -> Header:
        scripts = self._scripts
        if scripts is None:
            scripts = {exchange.script: ScriptInfo() for exchange in self.exchanges}
        return Header(
            people=tuple(self._people.values()),
            connection=self._connection,
            contract_date=self._contract_date,
            scripts=scripts | self._script_infos,
            ignore_fields=tuple(self._ignored),
            stop_reason=self._stop_reason,
            left_behind=tuple(self._left_behind),
        )

    def parse(self, cursor: Cursor, number: int) -> None:
        if cursor.at_end():
            return
        word = cursor.word([*Script, *self._headings], "a script or a header entry")
        if word in self._headings:
            self._headings[word](cursor, number)
        else:
            self._exchange(cursor, Script(word), number)
        if not cursor.at_end():
            cursor.fail("the end of the line")

    def _once(self, entry: str, number: int) -> None:
        first = self._first_seen.setdefault(entry, number)
        if first != number:
            message = f"{entry} is given twice, the first time in line {first}"
            raise TranscriptError(message)

    def _contract(self, cursor: Cursor, number: int) -> None:
        self._once("contract", number)
        self._contract_date = cursor.text()

    def _connection_settings(self, cursor: Cursor, number: int) -> None:
        self._once("connection", number)
        name, features, flags = Connection().name, list[str](), dict[str, bool]()
        for key in cursor.settings(("name", *CONNECTION_FLAGS, "features")):
            match key:
                case "name":
                    name = cursor.text()
                case "features":
                    features.extend(_features(cursor))
                case flag:
                    flags[flag] = cursor.switch()
        self._connection = Connection(
            name=name,
            import_mode=flags.get("import_mode", False),
            requires_username=flags.get("requires_username", False),
            script_context=flags.get("script_context", False),
            features=features,
        )

    def _script_names(self, cursor: Cursor, number: int) -> None:
        self._once("scripts", number)
        self._scripts = {}
        while not cursor.at_end():
            self._scripts[cursor.member(Script, "a script")] = ScriptInfo()

    def _script_settings(self, cursor: Cursor, number: int) -> None:
        script = cursor.member(Script, "a script")
        self._once(f"script {script}", number)
        texts: dict[str, str] = {}
        facts = self._script_infos.get(script, ScriptInfo()).source
        observed = False
        for key in cursor.settings(("signature", "problem", "location", "source", "observed")):
            match key:
                case "source":
                    facts = (facts or ()) if cursor.switch() else facts
                case "observed":
                    observed = cursor.switch()
                case _:
                    texts[key] = cursor.text()
        self._script_infos[script] = ScriptInfo(
            signature=texts.get("signature", ""),
            problem=texts.get("problem"),
            location=texts.get("location"),
            source=facts,
            observed=observed,
        )

    def _source_fact(self, cursor: Cursor, _: int) -> None:
        script = cursor.member(Script, "a script")
        kind, text = cursor.member(FactKind, "a kind of fact"), cursor.text()
        cursor.expect("at")
        info = self._script_infos.get(script, ScriptInfo())
        fact = SourceFact(kind, text, cursor.text())
        self._script_infos[script] = evolve(info, source=(*(info.source or ()), fact))

    def _person(self, cursor: Cursor, number: int) -> None:
        if self.exchanges:
            message = f"a person stands before the first exchange, which is in line {self._first_seen['exchange']}"
            raise TranscriptError(message)
        label = cursor.text()
        if label == UNKNOWN:
            message = f"a known person cannot have the label {UNKNOWN}, which stands for nobody; choose another"
            raise TranscriptError(message)
        self._once(f"person {json_text(label)}", number)
        self._people[label] = _parse_person(cursor, label)

    def _ignore(self, cursor: Cursor, _: int) -> None:
        self._ignored.append(cursor.text())

    def _stopped(self, cursor: Cursor, number: int) -> None:
        self._once("stopped", number)
        self._stop_reason = StopReason(cursor.member(StopKind, "a kind of stop"), cursor.text())

    def _left(self, cursor: Cursor, _: int) -> None:
        self._left_behind.append(cursor.text())

    def _exchange(self, cursor: Cursor, script: Script, number: int) -> None:
        if not self.exchanges:
            self._first_seen["exchange"] = number
            self._owners = labels_by_identifier(self._people.values())
        arguments: list[Value] = []
        while not cursor.take("->"):
            arguments.append(_argument(cursor))
        outcome = parse_outcome(cursor, script)
        owner = owner_of(arguments, self._owners)
        implied = implied_situation(self._people.get(owner))
        situation, person, marks = parse_remark(cursor, owner, implied, self._people)
        place = len(self.exchanges) + 1
        self.exchanges.append(Exchange(place, script, tuple(arguments), person, situation, outcome, marks))


def _argument(cursor: Cursor) -> Value:
    if cursor.at_end():
        cursor.fail("-> and how the call ended")
    return cursor.token()


def _features(cursor: Cursor) -> Iterator[str]:
    yield cursor.match(WORD)
    while cursor.take(","):
        yield cursor.match(WORD)


def _parse_person(cursor: Cursor, label: str) -> Person:
    texts: dict[str, str] = {}
    aliases: list[str] = []
    password, profile = PasswordKnowledge.KNOWN, dict[str, Value]()
    flags: dict[str, bool] = {}
    known = ("email", "username", "alias", "password", "disabled", "new", "profile")
    for key in cursor.settings(known, repeatable=("alias",)):
        match key:
            case "alias":
                aliases.append(cursor.text())
            case "password":
                password = cursor.member(PasswordKnowledge, "what is known of the password")
            case "disabled" | "new":
                flags[key] = cursor.switch()
            case "profile":
                profile = _profile(cursor)
            case _:
                texts[key] = cursor.text()
    return Person(
        label=label,
        email=texts.get("email"),
        username=texts.get("username"),
        aliases=tuple(aliases),
        disabled=flags.get("disabled", False),
        profile=profile,
        password=password,
        new=flags.get("new", False),
    )


def _profile(cursor: Cursor) -> dict[str, Value]:
    value = cursor.json()
    if not isinstance(value, Mapping):
        message = f"a person's profile must be a JSON object, and is {json_text(value):.40}"
        raise TranscriptError(message)
    return dict(value)
