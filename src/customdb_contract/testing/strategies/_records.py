"""Strategies for the records of a transcript, of every kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hypothesis import strategies as st

from customdb_contract.testing.strategies._calls import Before, causes, exchanges, labels, run_outcomes
from customdb_contract.testing.strategies._values import awkward_texts, mappings, profiles, recorded_values
from customdb_contract.transcript import (
    ActionRun,
    Actor,
    ApiCall,
    Exchange,
    Handler,
    Header,
    LegacyAnswer,
    LegacyRequest,
    LegacyState,
    LogEntry,
    Operation,
    Record,
    Response,
    RunSituation,
    Store,
    StoreWrite,
)

__all__ = ["KINDS", "records"]


def _operations(number: int, header: Header, _: Before) -> st.SearchStrategy[Operation]:
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


def _store_writes(number: int, _: Header, before: Before) -> st.SearchStrategy[StoreWrite]:
    """Return a strategy for writes to a store."""
    return st.builds(
        StoreWrite,
        number=st.just(number),
        store=st.sampled_from(Store),
        user_id=st.just("auth0|7") | awkward_texts(),
        attributes=st.none() | profiles() | mappings(),
        caused_by=causes(before.operations),
    )


def _log_entries(number: int, _: Header, before: Before) -> st.SearchStrategy[LogEntry]:
    """Return a strategy for entries of the tenant log."""
    return st.builds(
        LogEntry,
        number=st.just(number),
        code=st.just("fp") | awkward_texts(),
        description=st.just("") | awkward_texts(),
        user_id=st.none() | awkward_texts(),
        connection=st.none() | awkward_texts(),
        inferred=st.booleans(),
        caused_by=causes(before.operations),
    )


def _runs(number: int, header: Header, before: Before) -> st.SearchStrategy[ActionRun]:
    """Return a strategy for runs of an Action."""
    return st.builds(
        ActionRun,
        number=st.just(number),
        action=st.just("persist") | awkward_texts(),
        handler=st.sampled_from(Handler),
        person=labels(header),
        situation=st.sampled_from(RunSituation),
        event=mappings(),
        outcome=run_outcomes(),
        legacy=st.none() | st.sampled_from(LegacyState),
        follows=causes(before.runs),
        caused_by=causes(before.operations),
    )


def _api_calls(number: int, _: Header, before: Before) -> st.SearchStrategy[ApiCall]:
    """Return a strategy for the calls of `api` by an Action."""
    return st.builds(
        ApiCall,
        number=st.just(number),
        path=st.sampled_from(["user.setAppMetadata", "access.deny", "late", "a1_"]),
        arguments=st.lists(recorded_values(), max_size=2).map(tuple),
        late=st.booleans(),
        caused_by=causes(before.runs),
    )


def _requests(number: int, _: Header, before: Before) -> st.SearchStrategy[LegacyRequest]:
    """Return a strategy for requests to the legacy system."""
    answers = st.builds(LegacyAnswer, status=st.integers(100, 999), body=recorded_values())
    return st.builds(
        LegacyRequest,
        number=st.just(number),
        method=st.sampled_from(["GET", "POST", "M-SEARCH"]),
        url=st.just("https://legacy.example.com/users/7") | awkward_texts(),
        headers=mappings(),
        body=recorded_values(),
        answer=st.none() | answers,
        late=st.booleans(),
        caused_by=causes(before.runs),
    )


_RECORDS: Final[Mapping[type[Record], Callable[[int, Header, Before], st.SearchStrategy[Record]]]] = {
    Exchange: exchanges,
    Operation: _operations,
    StoreWrite: _store_writes,
    LogEntry: _log_entries,
    ActionRun: _runs,
    ApiCall: _api_calls,
    LegacyRequest: _requests,
}


def records(kinds: Sequence[type[Record]], header: Header) -> st.SearchStrategy[tuple[Record, ...]]:
    """Return a strategy for the records of a transcript, of these kinds."""
    return st.tuples(
        *(_RECORDS[kind](number, header, Before.of(kinds[: number - 1])) for number, kind in enumerate(kinds, start=1))
    )


KINDS = st.lists(st.just(Exchange), max_size=3) | st.lists(st.sampled_from(list(_RECORDS)), max_size=5)
"""Half of all transcripts have only calls, because rules mostly judge these."""
