"""Strategies for transcripts: anything that a rule might have to read."""

from hypothesis import strategies as st

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.testing.strategies import _truth
from customdb_contract.testing.strategies._arguments import strategy_or
from customdb_contract.testing.strategies._records import KINDS, records
from customdb_contract.testing.strategies._values import awkward_texts, mappings, profiles
from customdb_contract.transcript import (
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
    Transcript,
)

__all__ = ["transcripts"]


def _people(label: str) -> st.SearchStrategy[Person]:
    """Return a strategy for users with a label."""
    return st.builds(
        Person,
        label=st.just(label),
        email=st.none() | awkward_texts(),
        username=st.none() | awkward_texts(),
        aliases=st.lists(awkward_texts(), max_size=2).map(tuple),
        disabled=st.booleans(),
        profile=profiles() | mappings(),
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
    actions = st.builds(
        ActionInfo,
        name=awkward_texts(),
        handlers=st.lists(st.sampled_from(Handler), unique=True).map(tuple),
        problem=st.none() | awkward_texts(),
        location=st.none() | awkward_texts(),
        source=st.none() | facts,
        observed=st.booleans(),
        metadata_required=st.booleans(),
        restores=st.lists(awkward_texts(), max_size=2).map(tuple),
    )
    return st.builds(
        Header,
        people=labels.flatmap(lambda chosen: st.tuples(*map(_people, chosen))),
        connection=connection,
        contract_date=st.just(CONTRACT_DATE) | awkward_texts(),
        scripts=st.dictionaries(st.sampled_from(Script), st.just(ScriptInfo()) | infos, max_size=2),
        ignore_fields=st.lists(awkward_texts(), max_size=2).map(tuple),
        stop_reason=st.none() | st.builds(StopReason, st.sampled_from(StopKind), awkward_texts()),
        action=st.none() | actions,
        elsewhere=st.lists(
            st.builds(ElsewhereUser, *[awkward_texts()] * 3, st.none() | awkward_texts()), max_size=2
        ).map(tuple),
    )


def transcripts(*, connections: st.SearchStrategy[Connection] | None = None) -> st.SearchStrategy[Transcript]:
    """Return a strategy for transcripts: whatever rules and reports might have to read, likely or not.

    Each equals what its JSON stands for, and its text has everything that a rule can read: parsed and printed again, it
    is the same text. It shrinks to an empty transcript. For the behaviour of a real database, check one of
    `databases()`.

    Args:
        connections: A strategy for the settings of the connection; None stands for `connections()` with any name.

    Raises:
        InvalidArgument: When an argument is not a strategy.
    """
    settings = strategy_or("connections", connections, _any_connections)

    def build(header: Header) -> st.SearchStrategy[Transcript]:
        return st.builds(Transcript, st.just(header), KINDS.flatmap(lambda kinds: records(kinds, header)))

    return _headers(settings).flatmap(build)


def _any_connections() -> st.SearchStrategy[Connection]:
    return _truth.connections(names=st.just(Connection().name) | awkward_texts())
