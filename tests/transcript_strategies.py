"""Hypothesis strategies for recorded values and transcripts: anything that a rule may come to read."""

from collections.abc import Mapping
from functools import cache

from hypothesis import strategies as st

from customdb_contract.connection import CONTRACT_DATE, FEATURES, Connection
from customdb_contract.contract import Script
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

__all__ = [
    "connections",
    "exchanges",
    "headers",
    "outcomes",
    "people",
    "recorded_errors",
    "texts",
    "transcripts",
    "values",
]

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


@cache
def texts() -> st.SearchStrategy[str]:
    """Any text, with lone and split surrogates, control and formatting characters, and words of the notation."""
    return st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=12),
        st.sampled_from(_TELLING_TEXTS),
        st.text(st.sampled_from('ab\ud83d\ude00\U000e0041\u200b\x00"\\$«» #;,[]->'), max_size=6),
    )


@cache
def values() -> st.SearchStrategy[Value]:
    """Any recorded value."""
    scalars: st.SearchStrategy[Value] = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-_LARGEST_INTEGER, _LARGEST_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False),
        texts(),
        st.builds(Special, texts(), texts(), st.none() | st.integers(0, 2**40)),
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), mappings(inner), recorded_errors(inner)),
        max_leaves=4,
    )


@cache
def mappings(inner: st.SearchStrategy[Value] | None = None) -> st.SearchStrategy[Mapping[str, Value]]:
    """Any recorded mapping; some with keys that start with `$`."""
    return st.dictionaries(texts(), values() if inner is None else inner, max_size=2)


@cache
def recorded_errors(inner: st.SearchStrategy[Value] | None = None) -> st.SearchStrategy[RecordedError]:
    """Any recorded error; some under names that are words of the notation."""
    telling = ("Error", "WrongUsernameOrPasswordError", "later", "rejection", "at", "called", "true", "Größe")
    carried = st.lists(values() if inner is None else inner, max_size=2).map(tuple)
    return st.builds(RecordedError, st.sampled_from(telling) | texts(), texts(), carried, st.none() | texts())


@cache
def outcomes(script: Script) -> st.SearchStrategy[Outcome]:
    """Any outcome of a script, most of them with the ending that the first callback means."""
    arguments = st.one_of(
        st.sampled_from([(), (None,), (None, True), (None, False), (None, None), (None, 1), (None, None, 7)]),
        mappings().map(lambda profile: (None, profile)),
        values().map(lambda error: (error,)),
        st.lists(values(), max_size=2).map(tuple),
    )

    def build(callbacks: tuple[tuple[Value, ...], ...]) -> st.SearchStrategy[Outcome]:
        meant = st.just(ending_of(script, callbacks[0])) if callbacks else st.nothing()
        return st.builds(
            Outcome,
            ending=meant | st.sampled_from(Ending),
            callbacks=st.just(callbacks),
            raised=st.none() | recorded_errors(),
            escape=st.sampled_from(Escape),
            output=st.just("") | texts(),
            duration=st.floats(0, 1e9) | st.integers(0, 100).map(float),
            observations=st.lists(st.builds(Observation, st.sampled_from(Noticed), texts()), max_size=2).map(tuple),
        )

    return st.lists(arguments, max_size=2).map(tuple).flatmap(build)


def people(label: str) -> st.SearchStrategy[Person]:
    """Any person with a label."""
    return st.builds(
        Person,
        label=st.just(label),
        email=st.none() | texts(),
        username=st.none() | texts(),
        aliases=st.lists(texts(), max_size=2).map(tuple),
        disabled=st.booleans(),
        profile=mappings(),
        password=st.sampled_from(PasswordKnowledge),
    )


@cache
def connections() -> st.SearchStrategy[Connection]:
    """Any connection."""
    return st.builds(
        Connection,
        name=st.just(Connection().name) | texts(),
        import_mode=st.booleans(),
        requires_username=st.booleans(),
        script_context=st.booleans(),
        features=st.lists(st.sampled_from(FEATURES), max_size=3),
    )


@cache
def headers() -> st.SearchStrategy[Header]:
    """Any header."""
    labels = st.lists(texts().filter(lambda label: label != UNKNOWN), max_size=2, unique=True)
    facts = st.lists(st.builds(SourceFact, st.sampled_from(FactKind), texts(), texts()), max_size=2).map(tuple)
    infos = st.builds(
        ScriptInfo,
        signature=texts(),
        problem=st.none() | texts(),
        location=st.none() | texts(),
        source=st.none() | facts,
        observed=st.booleans(),
    )
    return st.builds(
        Header,
        people=labels.flatmap(lambda chosen: st.tuples(*map(people, chosen))),
        connection=connections(),
        contract_date=st.just(CONTRACT_DATE) | texts(),
        scripts=st.dictionaries(st.sampled_from(Script), st.just(ScriptInfo()) | infos, max_size=2),
        ignore_fields=st.lists(texts(), max_size=2).map(tuple),
        stop_reason=st.none() | st.builds(StopReason, st.sampled_from(StopKind), texts()),
    )


def exchanges(number: int, header: Header) -> st.SearchStrategy[Exchange]:
    """Any exchange of a transcript with this header; some about an identifier of a known person."""
    identifiers = sorted({name for person in header.people for name in person.identifiers})
    known = st.sampled_from(identifiers) if identifiers else st.nothing()
    arguments = st.tuples(known | texts(), texts()) | st.lists(values(), max_size=3).map(tuple)

    def build(script: Script) -> st.SearchStrategy[Exchange]:
        return st.builds(
            Exchange,
            number=st.just(number),
            script=st.just(script),
            arguments=arguments,
            person=st.sampled_from([UNKNOWN, *(person.label for person in header.people)]),
            situation=st.just(Situation.KNOWN_USER) | st.sampled_from(Situation),
            outcome=outcomes(script),
            marks=st.frozensets(st.sampled_from(Mark)),
        )

    return st.sampled_from(Script).flatmap(build)


def transcripts() -> st.SearchStrategy[Transcript]:
    """Any transcript."""

    def build(header: Header) -> st.SearchStrategy[Transcript]:
        counts = st.integers(0, 3)
        calls = counts.flatmap(lambda count: st.tuples(*(exchanges(place, header) for place in range(1, count + 1))))
        return st.builds(Transcript, st.just(header), calls)

    return headers().flatmap(build)
