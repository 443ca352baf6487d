"""Strategies for calls of scripts, as a transcript has them."""

from collections.abc import Sequence
from functools import cache
from typing import Self

from attrs import frozen
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.testing.strategies._values import (
    awkward_texts,
    mappings,
    profiles,
    recorded_errors,
    recorded_values,
)
from customdb_contract.transcript import (
    RUN_ENDINGS,
    UNKNOWN,
    ActionRun,
    Ending,
    Escape,
    Exchange,
    Header,
    Mark,
    Noticed,
    Observation,
    Operation,
    Outcome,
    Record,
    Situation,
    Value,
    ending_of,
)

__all__ = ["Before", "causes", "exchanges", "labels", "run_outcomes"]

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
"""Observations of calls, and similar texts: URLs that no parser accepts, numbers that no machine can represent."""


@cache
def _outcomes(script: Script) -> st.SearchStrategy[Outcome]:
    """Return a strategy for outcomes of a script, most of them with the ending that the first callback stands for."""
    arguments = st.one_of(
        st.sampled_from([(), (None,), (None, True), (None, False), (None, None), (None, 1), (None, None, 7)]),
        (profiles() | mappings()).map(lambda profile: (None, profile)),
        recorded_values().map(lambda error: (error,)),
        st.lists(recorded_values(), max_size=2).map(tuple),
    )

    def build(callbacks: tuple[tuple[Value, ...], ...]) -> st.SearchStrategy[Outcome]:
        meant = st.just(ending_of(script, callbacks[0])) if callbacks else st.nothing()
        return _seen(endings=meant | st.sampled_from(Ending), callbacks=st.just(callbacks))

    return st.lists(arguments, max_size=2).map(tuple).flatmap(build)


def run_outcomes() -> st.SearchStrategy[Outcome]:
    """Return a strategy for outcomes of a run of an Action."""
    return _seen(endings=st.sampled_from(sorted(RUN_ENDINGS)), callbacks=st.just(()))


def _seen(
    *, endings: st.SearchStrategy[Ending], callbacks: st.SearchStrategy[tuple[tuple[Value, ...], ...]]
) -> st.SearchStrategy[Outcome]:
    noticed = st.builds(Observation, st.sampled_from(Noticed), st.sampled_from(_NOTICED_TEXTS) | awkward_texts())
    return st.builds(
        Outcome,
        ending=endings,
        callbacks=callbacks,
        raised=st.none() | recorded_errors(),
        escape=st.sampled_from(Escape),
        output=st.just("") | awkward_texts(),
        duration=st.floats(0, allow_infinity=False) | st.integers(0, 100).map(float),
        observations=st.lists(noticed, max_size=2).map(tuple),
    )


@frozen
class Before:
    """The numbers of the records that could have caused the next one.

    Args:
        operations: The numbers of operations.
        runs: The numbers of runs of an Action.
    """

    operations: Sequence[int]
    runs: Sequence[int]

    @classmethod
    def of(cls, kinds: Sequence[type[Record]]) -> Self:
        """Return the numbers if records of some kinds come before.

        Args:
            kinds: The kinds, in order.
        """
        numbered = list(enumerate(kinds, start=1))
        return cls(
            [number for number, kind in numbered if kind is Operation],
            [number for number, kind in numbered if kind is ActionRun],
        )


def causes(numbers: Sequence[int]) -> st.SearchStrategy[int | None]:
    """Return a strategy for the cause of a record: one of these numbers, or none."""
    return st.none() | st.sampled_from(numbers) if numbers else st.none()


def labels(header: Header) -> st.SearchStrategy[str]:
    return st.sampled_from([UNKNOWN, *(person.label for person in header.people)])


_ORDINARY = (Situation.KNOWN_USER, Situation.REPEATED, Situation.WRONG_PASSWORD, Situation.WRITING)
"""What most rules judge."""


def exchanges(number: int, header: Header, before: Before) -> st.SearchStrategy[Exchange]:
    """Return a strategy for exchanges of a transcript with this header, some about an identifier of a known user."""
    identifiers = sorted({name for person in header.people for name in person.identifiers})
    known = st.sampled_from(identifiers) if identifiers else st.nothing()
    arguments = st.one_of(
        st.tuples(known | awkward_texts(), awkward_texts()),
        st.tuples(profiles()),
        st.lists(recorded_values(), max_size=3).map(tuple),
    )

    def build(script: Script) -> st.SearchStrategy[Exchange]:
        return st.builds(
            Exchange,
            number=st.just(number),
            script=st.just(script),
            arguments=arguments,
            person=labels(header),
            situation=st.sampled_from(_ORDINARY) | st.sampled_from(Situation),
            outcome=_outcomes(script),
            marks=st.frozensets(st.sampled_from(Mark)),
            caused_by=causes(before.operations),
        )

    return st.sampled_from(Script).flatmap(build)
