"""Strategies for the records of a transcript, of every kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hypothesis import strategies as st

from customdb_contract.testing.strategies._calls import causes, exchanges, labels
from customdb_contract.testing.strategies._values import awkward_texts, mappings, profiles, recorded_values
from customdb_contract.transcript import (
    Actor,
    Exchange,
    Header,
    LogEntry,
    Operation,
    Record,
    Response,
    Store,
    StoreWrite,
)

__all__ = ["KINDS", "records"]


def _operations(number: int, header: Header, _: Sequence[int]) -> st.SearchStrategy[Operation]:
    """Return a strategy for operations of a transcript with this header, some of them without a response."""
    responses = st.builds(
        Response,
        succeeded=st.booleans(),
        message=st.just("") | awkward_texts(),
        shown=profiles() | recorded_values(),
        interrupted=st.none() | awkward_texts(),
    )
    return st.builds(
        Operation,
        number=st.just(number),
        name=_OPERATIONS,
        actor=st.sampled_from(Actor),
        person=labels(header),
        connection=st.just(header.connection.name) | awkward_texts(),
        arguments=st.dictionaries(_OPERATIONS, recorded_values(), max_size=2),
        response=st.none() | responses,
    )


_OPERATIONS = st.sampled_from(["log_in", "sign_up", "by", "of", "on", "identifier", "a1_"])
"""Names of operations and of their arguments."""


def _store_writes(number: int, _: Header, operations: Sequence[int]) -> st.SearchStrategy[StoreWrite]:
    """Return a strategy for writes to a store."""
    return st.builds(
        StoreWrite,
        number=st.just(number),
        store=st.sampled_from(Store),
        user_id=st.just("auth0|7") | awkward_texts(),
        attributes=st.none() | profiles() | mappings(),
        caused_by=causes(operations),
    )


def _log_entries(number: int, _: Header, operations: Sequence[int]) -> st.SearchStrategy[LogEntry]:
    """Return a strategy for entries of the tenant log."""
    return st.builds(
        LogEntry,
        number=st.just(number),
        code=st.just("fp") | awkward_texts(),
        description=st.just("") | awkward_texts(),
        user_id=st.none() | awkward_texts(),
        connection=st.none() | awkward_texts(),
        inferred=st.booleans(),
        caused_by=causes(operations),
    )


_RECORDS: Final[Mapping[type[Record], Callable[[int, Header, Sequence[int]], st.SearchStrategy[Record]]]] = {
    Exchange: exchanges,
    Operation: _operations,
    StoreWrite: _store_writes,
    LogEntry: _log_entries,
}


def records(kinds: Sequence[type[Record]], header: Header) -> st.SearchStrategy[tuple[Record, ...]]:
    """Return a strategy for the records of a transcript, of these kinds."""
    operations = [number for number, kind in enumerate(kinds, start=1) if kind is Operation]
    return st.tuples(
        *(
            _RECORDS[kind](number, header, [operation for operation in operations if operation < number])
            for number, kind in enumerate(kinds, start=1)
        )
    )


KINDS = st.lists(st.just(Exchange), max_size=3) | st.lists(st.sampled_from(list(_RECORDS)), max_size=5)
"""Half of all transcripts have calls only, for that is what rules look at."""
