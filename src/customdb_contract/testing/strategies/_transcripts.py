"""Strategies for recorded values and transcripts: anything that a rule may come to read."""

from collections.abc import Mapping
from functools import cache

from hypothesis import strategies as st

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.testing.strategies import _truth
from customdb_contract.testing.strategies._arguments import strategy_or
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Escape,
    Exchange,
    FactKind,
    Header,
    Mark,
    Noticed,
    Observation,
    Outcome,
    PasswordKnowledge,
    Person,
    RecordedError,
    ScriptInfo,
    Situation,
    SourceFact,
    Special,
    StopKind,
    StopReason,
    Transcript,
    Value,
    ending_of,
)

__all__ = ["awkward_texts", "recorded_values", "transcripts"]

_TELLING_TEXTS = (
    "ada@example.com",
    "«password of ada»",
    '«a " b»',
    "true",
    "null",
    "-0",
    "7",
    "7ada",
    "->",
    "# comment",
    'a "quoted" text',
    "back\\slash",
    " of ",
    ", ",
    "; called again -> found {}",
    "   [known-user]",
    "called with",
    "without callback",
    "later",
    "unknown",
    "two\nlines\r\n",
    "::error title=forged::line",
    "x\n::error::y",
    "a ::warning::b ##[error]c ##vso[task.complete]d",
    "\x00\x1b[31m\x7f\x85\u2028\ufeff",
    "\u202eright to left\u2066",
    "\ud800",
    "\ud83d\ude00",
    "\ud83d\ud83d\ude00\ude00",
    "\U0001f600",
    "\U000e0041\U000e007f",
    "$special",
    "$mapping",
    "$",
)
_LARGEST_INTEGER = 2**1024 - 1

_ATTRIBUTES: tuple[str, ...] = (
    "user_id",
    "id",
    "email",
    "email_verified",
    "username",
    "phone_number",
    "phone_verified",
    "name",
    "nickname",
    "picture",
    "mfa_factors",
    "user_metadata",
    "app_metadata",
    "metadata",
    "password",
    "last_login",
    "access_token",
)
"""What rules ask for in a profile, or in the user that `create` is given."""

_NOTICED_TEXTS = (
    "GET http://shop.example.com/users?email=ada@example.com",
    "POST http://127.0.0.1:8080/sessions",
    "GET http://[::1",
    "GET http://[v1.x]:80/",
    "GET http://]/",
    "GET http://shop.example.com:99999999999999999999/",
    "GET http://\u2100/",
    "GET http://user:password@/",
    "GET",
    "a record",
    "nothing",
    "the whole record",
    "1",
    "\N{ARABIC-INDIC DIGIT SEVEN}",
    "9" * 5_000,
)
"""What is noticed of calls, and what looks like it: addresses that no parser takes, numbers that no machine has."""


@cache
def awkward_texts() -> st.SearchStrategy[str]:
    """Return a strategy for texts that break what prints or reads them.

    Among them are lone and split surrogates, control and formatting characters, and words of the one-line notation. It
    shrinks to the empty text.
    """
    return st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=12),
        st.sampled_from(_TELLING_TEXTS),
        st.text(st.sampled_from('ab\ud83d\ude00\U000e0041\u200b\x00"\\$«» #;,[]->'), max_size=6),
    )


@cache
def recorded_values() -> st.SearchStrategy[Value]:
    """Return a strategy for the values of a transcript: JSON, `Special` for what it does not have, and errors."""
    scalars: st.SearchStrategy[Value] = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-_LARGEST_INTEGER, _LARGEST_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False),
        awkward_texts(),
        st.builds(Special, awkward_texts(), awkward_texts(), st.none() | st.integers(0, 2**40)),
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), _mappings(inner), _recorded_errors(inner)),
        max_leaves=4,
    )


@cache
def _mappings(inner: st.SearchStrategy[Value] | None = None) -> st.SearchStrategy[Mapping[str, Value]]:
    """Return a strategy for recorded mappings, some with keys that start with `$`."""
    return st.dictionaries(awkward_texts(), recorded_values() if inner is None else inner, max_size=2)


@cache
def _profiles() -> st.SearchStrategy[Mapping[str, Value]]:
    """Return a strategy for mappings with the attributes of a profile, whatever their values."""
    values = st.one_of(
        recorded_values(),
        st.sampled_from(_TELLING_TEXTS),
        st.dictionaries(st.sampled_from(_ATTRIBUTES) | awkward_texts(), recorded_values(), max_size=2),
        st.lists(_mappings(), max_size=2),
    )
    return st.dictionaries(st.sampled_from(_ATTRIBUTES), values, max_size=4)


@cache
def _recorded_errors(inner: st.SearchStrategy[Value] | None = None) -> st.SearchStrategy[RecordedError]:
    """Return a strategy for recorded errors, some under names that are words of the notation."""
    telling = ("Error", "WrongUsernameOrPasswordError", "later", "rejection", "at", "called", "true", "Größe")
    carried = st.lists(recorded_values() if inner is None else inner, max_size=2).map(tuple)
    return st.builds(
        RecordedError, st.sampled_from(telling) | awkward_texts(), awkward_texts(), carried, st.none() | awkward_texts()
    )


@cache
def _outcomes(script: Script) -> st.SearchStrategy[Outcome]:
    """Return a strategy for outcomes of a script, most of them with the ending that the first callback means."""
    arguments = st.one_of(
        st.sampled_from([(), (None,), (None, True), (None, False), (None, None), (None, 1), (None, None, 7)]),
        (_profiles() | _mappings()).map(lambda profile: (None, profile)),
        recorded_values().map(lambda error: (error,)),
        st.lists(recorded_values(), max_size=2).map(tuple),
    )

    noticed = st.builds(Observation, st.sampled_from(Noticed), st.sampled_from(_NOTICED_TEXTS) | awkward_texts())

    def build(callbacks: tuple[tuple[Value, ...], ...]) -> st.SearchStrategy[Outcome]:
        meant = st.just(ending_of(script, callbacks[0])) if callbacks else st.nothing()
        return st.builds(
            Outcome,
            ending=meant | st.sampled_from(Ending),
            callbacks=st.just(callbacks),
            raised=st.none() | _recorded_errors(),
            escape=st.sampled_from(Escape),
            output=st.just("") | awkward_texts(),
            duration=st.floats(0, allow_infinity=False) | st.integers(0, 100).map(float),
            observations=st.lists(noticed, max_size=2).map(tuple),
        )

    return st.lists(arguments, max_size=2).map(tuple).flatmap(build)


def _people(label: str) -> st.SearchStrategy[Person]:
    """Return a strategy for people with a label."""
    return st.builds(
        Person,
        label=st.just(label),
        email=st.none() | awkward_texts(),
        username=st.none() | awkward_texts(),
        aliases=st.lists(awkward_texts(), max_size=2).map(tuple),
        disabled=st.booleans(),
        profile=_profiles() | _mappings(),
        password=st.sampled_from(PasswordKnowledge),
        new=st.booleans(),
    )


def _headers(connection: st.SearchStrategy[Connection]) -> st.SearchStrategy[Header]:
    """Return a strategy for headers."""
    labels = st.lists(awkward_texts().filter(lambda label: label != UNKNOWN), max_size=2, unique=True)
    facts = st.lists(
        st.builds(SourceFact, st.sampled_from(FactKind), awkward_texts(), awkward_texts()), max_size=2
    ).map(tuple)
    infos = st.builds(
        ScriptInfo,
        signature=awkward_texts(),
        problem=st.none() | awkward_texts(),
        location=st.none() | awkward_texts(),
        source=st.none() | facts,
        observed=st.booleans(),
    )
    return st.builds(
        Header,
        people=labels.flatmap(lambda chosen: st.tuples(*map(_people, chosen))),
        connection=connection,
        contract_date=st.just(CONTRACT_DATE) | awkward_texts(),
        scripts=st.dictionaries(st.sampled_from(Script), st.just(ScriptInfo()) | infos, max_size=2),
        ignore_fields=st.lists(awkward_texts(), max_size=2).map(tuple),
        stop_reason=st.none() | st.builds(StopReason, st.sampled_from(StopKind), awkward_texts()),
    )


_ORDINARY = (Situation.KNOWN_USER, Situation.REPEATED, Situation.WRONG_PASSWORD, Situation.WRITING)
"""What most rules look at."""


def _exchanges(number: int, header: Header) -> st.SearchStrategy[Exchange]:
    """Return a strategy for exchanges of a transcript with this header, some about an identifier of a known person."""
    identifiers = sorted({name for person in header.people for name in person.identifiers})
    known = st.sampled_from(identifiers) if identifiers else st.nothing()
    arguments = st.one_of(
        st.tuples(known | awkward_texts(), awkward_texts()),
        st.tuples(_profiles()),
        st.lists(recorded_values(), max_size=3).map(tuple),
    )

    def build(script: Script) -> st.SearchStrategy[Exchange]:
        return st.builds(
            Exchange,
            number=st.just(number),
            script=st.just(script),
            arguments=arguments,
            person=st.sampled_from([UNKNOWN, *(person.label for person in header.people)]),
            situation=st.sampled_from(_ORDINARY) | st.sampled_from(Situation),
            outcome=_outcomes(script),
            marks=st.frozensets(st.sampled_from(Mark)),
        )

    return st.sampled_from(Script).flatmap(build)


def transcripts(*, connections: st.SearchStrategy[Connection] | None = None) -> st.SearchStrategy[Transcript]:
    """Return a strategy for transcripts: whatever rules and reports may come to read, likely or not.

    Each is what its JSON stands for, and its text stands for all of it that a rule may read: parsed and printed again,
    it is the same text. It shrinks to an empty transcript. For what a real database does, check one of `databases()`.

    Args:
        connections: A strategy for the settings of the connection; None stands for `connections()` with any name.

    Raises:
        InvalidArgument: When an argument is no strategy.
    """
    settings = strategy_or("connections", connections, _any_connections)

    def build(header: Header) -> st.SearchStrategy[Transcript]:
        counts = st.integers(0, 3)
        calls = counts.flatmap(lambda count: st.tuples(*(_exchanges(place, header) for place in range(1, count + 1))))
        return st.builds(Transcript, st.just(header), calls)

    return _headers(settings).flatmap(build)


def _any_connections() -> st.SearchStrategy[Connection]:
    return _truth.connections(names=st.just(Connection().name) | awkward_texts())
