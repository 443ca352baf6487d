"""The one-line notation: a transcript as text that is a fixture, an example, an output and a bug report at once."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, Never, TypeVar, cast

from attrs import evolve

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, TranscriptError
from customdb_contract.transcript._exchange import UNKNOWN, Ending, Exchange, Mark, Outcome, Situation, ending_of
from customdb_contract.transcript._header import (
    Header,
    PasswordKnowledge,
    Person,
    ScriptInfo,
    StopKind,
    StopReason,
)
from customdb_contract.transcript._values import RecordedError, Value, from_json, json_text

__all__ = ["parse_lines", "print_exchange", "print_lines"]

_Choice = TypeVar("_Choice", bound=StrEnum)

_PLAIN = re.compile(r"(?![-0-9])[\w@.+\-/%!$&'*=?^`|~]+|«[^«»\x00-\x1f\"]+»")
_CLASS_NAME = re.compile(r"(?!(?:true|false|null)\b)[A-Za-z_]\w*")
_FLAGS = ("import_mode", "requires_username", "script_context")
_SHORTEST_SHOWN_SECONDS: Final = 1.0
"""Rules read durations from here on, so shorter ones are left out of the text."""

_RESULT_ARGUMENTS: Mapping[Ending, Callable[[Script], tuple[Value, ...]]] = {
    Ending.NOT_FOUND: lambda _: (None,),
    Ending.DONE: lambda script: (None,) if script in {Script.CREATE, Script.DELETE} else (None, True),
    Ending.DECLINED: lambda _: (None, False),
}


# Printing


def print_lines(header: Header, exchanges: Iterable[Exchange]) -> str:
    """Return a transcript in the one-line notation.

    Args:
        header: Its header.
        exchanges: Its exchanges.
    """
    exchanges = tuple(exchanges)
    lines = [*_header_lines(header, exchanges), *(print_exchange(exchange, header.people) for exchange in exchanges)]
    return "".join(f"{line}\n" for line in lines)


def print_exchange(exchange: Exchange, people: Sequence[Person]) -> str:
    """Return one exchange in the one-line notation.

    Args:
        exchange: The exchange.
        people: The known people, whose own identifiers need no remark.
    """
    asked = " ".join([exchange.script, *(_token(argument) for argument in exchange.arguments)])
    answer = "; ".join(_outcome_parts(exchange.script, exchange.outcome))
    remark = _remark(exchange, _owner(exchange.identifier, people))
    return f"{asked} -> {answer}" + (f"   [{remark}]" if remark else "")


def _header_lines(header: Header, exchanges: Sequence[Exchange]) -> Iterator[str]:
    if header.contract_date != CONTRACT_DATE:
        yield f"contract {_token(header.contract_date)}"
    settings = _connection_settings(header.connection)
    if settings:
        yield " ".join(["connection", *settings])
    if set(header.scripts) != {exchange.script for exchange in exchanges}:
        yield " ".join(["scripts", *header.scripts])
    for script, info in header.scripts.items():
        if info != ScriptInfo():
            signature = [f"signature={json_text(info.signature)}"] if info.signature else []
            problem = [f"problem={json_text(info.problem)}"] if info.problem is not None else []
            location = [f"location={json_text(info.location)}"] if info.location is not None else []
            yield " ".join(["script", script, *signature, *problem, *location])
    for person in header.people:
        yield " ".join(["person", *_person_parts(person)])
    for path in header.ignore_fields:
        yield f"ignore {_token(path)}"
    if header.stop_reason:
        yield f"stopped {header.stop_reason.kind} {json_text(header.stop_reason.message)}"


def _connection_settings(connection: Connection) -> list[str]:
    default = Connection()
    settings = [f"{name}=on" for name in _FLAGS if getattr(connection, name)]
    if connection.name != default.name:
        settings.insert(0, f"name={_token(connection.name)}")
    if connection.features:
        settings.append(f"features={','.join(connection.features)}")
    return settings


def _person_parts(person: Person) -> Iterator[str]:
    yield _token(person.label)
    if person.email is not None:
        yield f"email={_token(person.email)}"
    if person.username is not None:
        yield f"username={_token(person.username)}"
    yield from (f"alias={_token(alias)}" for alias in person.aliases)
    if person.password is not PasswordKnowledge.KNOWN:
        yield f"password={person.password}"
    if person.disabled:
        yield "disabled=on"
    if person.profile:
        yield f"profile={json_text(person.profile)}"


def _token(value: Value) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in {"true", "false", "null"}:
        return value
    return json_text(value)


def _outcome_parts(script: Script, outcome: Outcome) -> Iterator[str]:
    later = list(outcome.callbacks)
    raised = outcome.raised
    if outcome.ending is Ending.RAISED and raised is not None:
        yield f"raised{' later' if outcome.raised_late else ''} {_error(raised)}"
        raised = None
    elif outcome.ending in {Ending.RAISED, Ending.TIMED_OUT, Ending.DIED} or not later:
        yield outcome.ending
    else:
        yield _callback(script, later.pop(0))
    yield from (f"called again -> {_callback(script, arguments)}" for arguments in later)
    if raised is not None:
        yield f"raised{' later' if outcome.raised_late else ''} {_error(raised)}"
    if outcome.output:
        yield f"printed {json_text(outcome.output)}"
    if outcome.duration >= _SHORTEST_SHOWN_SECONDS:
        yield f"after {outcome.duration!r} s"


def _callback(script: Script, arguments: tuple[Value, ...]) -> str:
    ending = ending_of(script, arguments)
    raw = f"called with {json_text(list(arguments))}"
    if ending is Ending.FOUND and len(arguments) == 2:  # noqa: PLR2004 - error and profile
        return f"{ending} {json_text(arguments[1])}"
    if ending is Ending.FAILED and len(arguments) == 1:
        return f"{ending} {_error(arguments[0])}"
    expected = _RESULT_ARGUMENTS.get(ending)
    # True equals 1 in Python, and `called with [null, 1]` must stay what it was.
    return ending if expected and repr(expected(script)) == repr(arguments) else f"{ending} {raw}"


def _error(error: Value) -> str:
    if not isinstance(error, RecordedError) or not _CLASS_NAME.fullmatch(error.name):
        return json_text(error)
    carried = f"({', '.join(json_text(argument) for argument in error.arguments)})" if error.arguments else ""
    location = f" at {json_text(error.location)}" if error.location is not None else ""
    return f"{error.name}{carried} {json_text(error.message)}{location}"


def _remark(exchange: Exchange, owner: str) -> str:
    marks = sorted(exchange.marks)
    of = f" of {_token(exchange.person)}" if exchange.person != owner else ""
    if exchange.situation is Situation.KNOWN_USER and exchange.person == owner != UNKNOWN and not marks:
        return ""
    return ", ".join([f"{exchange.situation}{of}", *marks])


def _owner(identifier: Value, people: Iterable[Person]) -> str:
    return next((person.label for person in people if identifier in person.identifiers), UNKNOWN)


# Parsing


def parse_lines(text: str) -> tuple[Header, tuple[Exchange, ...]]:
    """Return the header and the exchanges that a text in the one-line notation stands for.

    Args:
        text: One header entry or exchange per line; `#` starts a comment.

    Raises:
        TranscriptError: When a line is not understood; the message names the line and what was expected.
    """
    parser = _Parser()
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            parser.line(_Cursor(line))
        except (TranscriptError, ConfigurationError, RecursionError) as error:
            message = f"line {number}: {error}\n  {line.strip()}"
            raise TranscriptError(message) from None
    return parser.finish()


def _not_json(name: str) -> Never:
    message = f'{name} is not JSON; write it as {{"$special": "float", "text": "{name}", "size": null}}'
    raise TranscriptError(message)


class _Cursor:
    """A place in one line."""

    _decoder = json.JSONDecoder(parse_constant=_not_json)

    def __init__(self, line: str) -> None:
        self._text = line.strip()
        self._at = 0

    @property
    def rest(self) -> str:
        return self._text[self._at :]

    def at_end(self) -> bool:
        self._at += len(self.rest) - len(self.rest.lstrip())
        return not self.rest or self.rest.startswith("#")

    def take(self, literal: str) -> bool:
        """Skip a literal when it comes next."""
        self.at_end()
        found = self.rest.startswith(literal)
        self._at += len(literal) if found else 0
        return found

    def expect(self, literal: str) -> None:
        if not self.take(literal):
            self.fail(literal)

    def match(self, pattern: re.Pattern[str]) -> str | None:
        self.at_end()
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else None

    def json(self) -> Value:
        self.at_end()
        try:
            document, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            self.fail("a JSON value")
        return from_json(document)

    def token(self) -> Value:
        word = self.match(_PLAIN)
        if word in {"true", "false", "null"}:
            return cast("Value", json.loads(word))
        return self.json() if word is None else word

    def text(self) -> str:
        value = self.token()
        if not isinstance(value, str):
            self.fail("a text")
        return value

    def fail(self, expected: str) -> Never:
        found = self.rest[:40]
        message = (
            f"expected {expected}, found {found!r}" if found else f"expected {expected}, found the end of the line"
        )
        raise TranscriptError(message)


_WORD = re.compile(r"[a-z_]+(?:-[a-z]+)*")
_KEY = re.compile(r"[a-z_]+(?==)")
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
_REMARK_WORD = re.compile(r"[a-z0-9][a-z0-9-]*(?:: [a-z0-9-]+)?")


class _Parser:
    def __init__(self) -> None:
        self._connection = Connection()
        self._contract_date = CONTRACT_DATE
        self._scripts: dict[Script, ScriptInfo] | None = None
        self._script_infos: dict[Script, ScriptInfo] = {}
        self._people: list[Person] = []
        self._ignore: list[str] = []
        self._stop_reason: StopReason | None = None
        self._exchanges: list[Exchange] = []

    def finish(self) -> tuple[Header, tuple[Exchange, ...]]:
        scripts = self._scripts
        if scripts is None:
            scripts = {exchange.script: ScriptInfo() for exchange in self._exchanges}
        header = Header(
            people=tuple(self._people),
            connection=self._connection,
            contract_date=self._contract_date,
            scripts=scripts | self._script_infos,
            ignore_fields=tuple(self._ignore),
            stop_reason=self._stop_reason,
        )
        return header, tuple(self._exchanges)

    def line(self, cursor: _Cursor) -> None:
        if cursor.at_end():
            return
        word = cursor.match(_WORD)
        match word:
            case "contract":
                self._contract_date = cursor.text()
            case "connection":
                self._connection = _parse_connection(cursor, self._connection)
            case "scripts":
                self._scripts = {}
                while not cursor.at_end():
                    self._scripts[_script(cursor)] = ScriptInfo()
            case "script":
                script = _script(cursor)
                self._script_infos[script] = _parse_script_info(cursor)
            case "person":
                self._people.append(_parse_person(cursor))
            case "ignore":
                self._ignore.append(cursor.text())
            case "stopped":
                kind = _member(cursor, StopKind, _WORD)
                self._stop_reason = StopReason(kind, cursor.text())
            case _ if word in set(Script):
                self._exchange(cursor, Script(word))
            case _:
                cursor.fail(
                    f"a script ({', '.join(Script)}) or contract, connection, scripts, script, person, ignore, stopped"
                )
        if not cursor.at_end():
            cursor.fail("the end of the line")

    def _exchange(self, cursor: _Cursor, script: Script) -> None:
        arguments: list[Value] = []
        while not cursor.take("->"):
            arguments.append(cursor.token())
        outcome = _parse_outcome(cursor, script)
        owner = _owner(arguments[0] if arguments else None, self._people)
        situation, person, marks = _parse_remark(cursor, owner)
        number = len(self._exchanges) + 1
        self._exchanges.append(Exchange(number, script, tuple(arguments), person, situation, outcome, marks))


def _script(cursor: _Cursor) -> Script:
    return _member(cursor, Script, _WORD)


def _member(cursor: _Cursor, choices: type[_Choice], pattern: re.Pattern[str]) -> _Choice:
    word = cursor.match(pattern)
    for choice in choices:
        if choice.value == word:
            return choice
    message = f"expected one of {', '.join(choices)}; found {word or cursor.rest[:40]!r}"
    raise TranscriptError(message)


def _settings(cursor: _Cursor, known: Sequence[str]) -> Iterator[str]:
    while not cursor.at_end():
        key = cursor.match(_KEY)
        if key is None or key not in known:
            cursor.fail(f"one of {', '.join(f'{name}=' for name in known)}" + (f" instead of {key}=" if key else ""))
        cursor.expect("=")
        yield key


def _switch(cursor: _Cursor) -> bool:
    word = cursor.match(_WORD)
    if word not in {"on", "off"}:
        cursor.fail("on or off")
    return word == "on"


def _parse_connection(cursor: _Cursor, connection: Connection) -> Connection:
    for key in _settings(cursor, ("name", *_FLAGS, "features")):
        if key == "name":
            connection = evolve(connection, name=cursor.text())
        elif key == "features":
            names = [_feature(cursor)]
            while cursor.take(","):
                names.append(_feature(cursor))
            connection = evolve(connection, features=names)
        elif key == "import_mode":
            connection = evolve(connection, import_mode=_switch(cursor))
        elif key == "requires_username":
            connection = evolve(connection, requires_username=_switch(cursor))
        else:
            connection = evolve(connection, script_context=_switch(cursor))
    return connection


def _feature(cursor: _Cursor) -> str:
    return cursor.match(_WORD) or ""


def _parse_script_info(cursor: _Cursor) -> ScriptInfo:
    return ScriptInfo(**{key: cursor.text() for key in _settings(cursor, ("signature", "problem", "location"))})


def _parse_person(cursor: _Cursor) -> Person:
    person = Person(label=cursor.text())
    for key in _settings(cursor, ("email", "username", "alias", "password", "disabled", "profile")):
        match key:
            case "email":
                person = evolve(person, email=cursor.text())
            case "username":
                person = evolve(person, username=cursor.text())
            case "alias":
                person = evolve(person, aliases=(*person.aliases, cursor.text()))
            case "password":
                person = evolve(person, password=_member(cursor, PasswordKnowledge, _WORD))
            case "disabled":
                person = evolve(person, disabled=_switch(cursor))
            case _:
                profile = cursor.json()
                if not isinstance(profile, Mapping):
                    cursor.fail("a JSON object after profile=")
                person = evolve(person, profile=profile)
    return person


def _parse_outcome(cursor: _Cursor, script: Script) -> Outcome:
    ending, callbacks, raised, late = _parse_first(cursor, script)
    output, duration = "", 0.0
    while cursor.take(";"):
        if cursor.take("called again ->"):
            callbacks.append(_parse_callback(cursor, script, _member(cursor, Ending, _WORD)))
        elif cursor.take("raised"):
            late = cursor.take("later ")
            raised = _parse_recorded_error(cursor)
        elif cursor.take("printed"):
            output = cursor.text()
        elif cursor.take("after"):
            duration = float(cursor.match(_SECONDS) or cursor.fail("a number of seconds"))
            cursor.expect("s")
        else:
            cursor.fail("called again, raised, printed or after")
    return Outcome(ending, tuple(callbacks), raised, late, output, duration)


def _parse_first(cursor: _Cursor, script: Script) -> tuple[Ending, list[tuple[Value, ...]], RecordedError | None, bool]:
    ending = _member(cursor, Ending, _WORD)
    if ending is Ending.RAISED:
        late = cursor.take("later ")
        return ending, [], _parse_recorded_error(cursor), late
    if ending in {Ending.TIMED_OUT, Ending.DIED}:
        return ending, [], None, False
    return ending, [_parse_callback(cursor, script, ending)], None, False


def _parse_callback(cursor: _Cursor, script: Script, ending: Ending) -> tuple[Value, ...]:
    arguments: tuple[Value, ...]
    if cursor.take("called with"):
        values = cursor.json()
        if not isinstance(values, list):
            cursor.fail("the callback's arguments as a JSON array")
        arguments = tuple(cast("list[Value]", values))
    elif ending is Ending.FOUND:
        arguments = (None, cursor.json())
    elif ending is Ending.FAILED:
        arguments = (_parse_error(cursor),)
    elif ending in _RESULT_ARGUMENTS:
        arguments = _RESULT_ARGUMENTS[ending](script)
    else:
        cursor.fail("called with [...]")
    if ending_of(script, arguments) is not ending:
        message = f"{script} cannot end with {ending} when its callback is given {json_text(list(arguments))}"
        raise TranscriptError(message)
    return arguments


def _parse_error(cursor: _Cursor) -> Value:
    name = cursor.match(_CLASS_NAME)
    if name is None:
        return cursor.json()
    carried: list[Value] = []
    if cursor.take("("):
        carried.append(cursor.json())
        while cursor.take(","):
            carried.append(cursor.json())
        cursor.expect(")")
    message = cursor.text()
    return RecordedError(name, message, tuple(carried), cursor.text() if cursor.take("at ") else None)


def _parse_recorded_error(cursor: _Cursor) -> RecordedError:
    error = _parse_error(cursor)
    if not isinstance(error, RecordedError):
        cursor.fail('an error such as ValueError "message"')
    return error


def _parse_remark(cursor: _Cursor, owner: str) -> tuple[Situation, str, frozenset[Mark]]:
    if not cursor.take("["):
        if owner == UNKNOWN:
            message = "the identifier is no known person's: declare them (person ada email=…) or add [unknown-user]"
            raise TranscriptError(message)
        return Situation.KNOWN_USER, owner, frozenset()
    situation = _member(cursor, Situation, _REMARK_WORD)
    person = cursor.text() if cursor.take("of ") else owner
    marks: set[Mark] = set()
    while cursor.take(","):
        marks.add(_member(cursor, Mark, _WORD))
    cursor.expect("]")
    return situation, person, frozenset(marks)
