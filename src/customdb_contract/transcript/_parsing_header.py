"""Parses the header of a transcript in the one-line notation."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from attrs import evolve

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._cursor import WORD, Cursor
from customdb_contract.transcript._header import (
    UNKNOWN,
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
from customdb_contract.transcript._notation import CONNECTION_FLAGS
from customdb_contract.transcript._values import Value, json_text

__all__ = ["HeaderParser"]

_ACTION = "action"
_FUNCTION = re.compile(r"[A-Za-z]+")


class HeaderParser:
    """Reads the lines of a header, one after the other."""

    def __init__(self) -> None:
        self._connection = Connection()
        self._contract_date = CONTRACT_DATE
        self._scripts: dict[Script, ScriptInfo] | None = None
        self._script_infos: dict[Script, ScriptInfo] = {}
        self._people: dict[str, Person] = {}
        self._ignored: list[str] = []
        self._stop_reason: StopReason | None = None
        self._left_behind: list[str] = []
        self._elsewhere: list[ElsewhereUser] = []
        self._action: ActionInfo | None = None
        self._first_seen: dict[str, int] = {}
        self._first_record: int | None = None
        self._entries: Mapping[str, Callable[[Cursor, int], None]] = {
            "contract": self._contract,
            "connection": self._connection_settings,
            "scripts": self._script_names,
            "script": self._script_settings,
            "source": self._source_fact,
            "action": self._action_settings,
            "person": self._person,
            "ignore": self._ignore,
            "stopped": self._stopped,
            "left": self._left,
            "elsewhere": self._elsewhere_user,
        }

    @property
    def words(self) -> Collection[str]:
        """The words that begin a line of a header."""
        return self._entries.keys()

    @property
    def people(self) -> Mapping[str, Person]:
        """The known users, by label."""
        return self._people

    def parse(self, word: str, cursor: Cursor, line: int) -> None:
        """Read a line.

        Args:
            word: Its first word.
            cursor: The place after that word.
            line: The number of the line.

        Raises:
            TranscriptError: When it is not understood, or is in the wrong place.
        """
        self._entries[word](cursor, line)

    def end_people(self, line: int) -> None:
        """Record that all users are known now.

        Args:
            line: The number of the first line about a record.
        """
        self._first_record = self._first_record or line

    def header(self, called: Collection[Script]) -> Header:
        """Return the header.

        Args:
            called: The scripts that were called, which are the existing ones unless a line says otherwise.
        """
        scripts = dict.fromkeys(called, ScriptInfo()) if self._scripts is None else self._scripts
        return Header(
            people=tuple(self._people.values()),
            connection=self._connection,
            contract_date=self._contract_date,
            scripts=scripts | self._script_infos,
            ignore_fields=tuple(self._ignored),
            stop_reason=self._stop_reason,
            left_behind=tuple(self._left_behind),
            action=self._action,
            elsewhere=tuple(self._elsewhere),
        )

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
            deletion_is_final=flags.get("deletion_is_final", False),
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
        what = cursor.word([*Script, _ACTION], "a script, or action")
        kind, text = cursor.member(FactKind, "a kind of fact"), cursor.text()
        cursor.expect("at")
        fact = SourceFact(kind, text, cursor.text())
        if what != _ACTION:
            script = Script(what)
            info = self._script_infos.get(script, ScriptInfo())
            self._script_infos[script] = evolve(info, source=(*(info.source or ()), fact))
        elif self._action is None:
            message = "facts about the source of an Action must follow the line that begins with action"
            raise TranscriptError(message)
        else:
            self._action = evolve(self._action, source=(*(self._action.source or ()), fact))

    def _action_settings(self, cursor: Cursor, number: int) -> None:
        self._once(_ACTION, number)
        self._action = _parse_action(cursor)

    def _person(self, cursor: Cursor, number: int) -> None:
        if self._first_record is not None:
            message = f"a person must come before the first record, which is in line {self._first_record}"
            raise TranscriptError(message)
        label = cursor.text()
        if label == UNKNOWN:
            message = f"a known person cannot have the label {UNKNOWN}, which means no known person; choose another"
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

    def _elsewhere_user(self, cursor: Cursor, _: int) -> None:
        connection, label, user_id, email = cursor.text(), cursor.text(), cursor.text(), None
        for _key in cursor.settings(("email",)):
            email = cursor.text()
        self._elsewhere.append(ElsewhereUser(connection, label, user_id, email))


def _features(cursor: Cursor) -> Iterator[str]:
    yield cursor.match(WORD)
    while cursor.take(","):
        yield cursor.match(WORD)


def _parse_action(cursor: Cursor) -> ActionInfo:
    info = ActionInfo(name=cursor.text())
    known = ("handlers", "problem", "location", "source", "observed", "metadata_required", "restores")
    for key in cursor.settings(known, repeatable=("restores",)):
        match key:
            case "handlers":
                info = evolve(info, handlers=tuple(_handlers(cursor)))
            case "problem":
                info = evolve(info, problem=cursor.text())
            case "location":
                info = evolve(info, location=cursor.text())
            case "source":
                info = evolve(info, source=() if cursor.switch() else None)
            case "observed":
                info = evolve(info, observed=cursor.switch())
            case "metadata_required":
                info = evolve(info, metadata_required=cursor.switch())
            case _:
                info = evolve(info, restores=(*info.restores, cursor.text()))
    return info


def _handlers(cursor: Cursor) -> Iterator[Handler]:
    if cursor.take("none"):
        return
    yield cursor.member(Handler, "a function of an Action", _FUNCTION)
    while cursor.take(","):
        yield cursor.member(Handler, "a function of an Action", _FUNCTION)


def _parse_person(cursor: Cursor, label: str) -> Person:
    texts: dict[str, str] = {}
    aliases: list[str] = []
    password, profile = PasswordKnowledge.KNOWN, dict[str, Value]()
    flags: dict[str, bool] = {}
    known = ("email", "username", "phone_number", "organization", "alias", "password", "disabled", "new", "profile")
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
        phone_number=texts.get("phone_number"),
        organization=texts.get("organization"),
        aliases=tuple(aliases),
        disabled=flags.get("disabled", False),
        profile=profile,
        password=password,
        new=flags.get("new", False),
    )


def _profile(cursor: Cursor) -> dict[str, Value]:
    value = cursor.json()
    if not isinstance(value, Mapping):
        message = f"a person's profile must be a JSON object, got {json_text(value):.40}"
        raise TranscriptError(message)
    return dict(value)
