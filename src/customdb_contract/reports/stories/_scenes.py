"""The scenes of a story: each operation with its effects, and records that no operation caused."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from attrs import frozen

from customdb_contract.transcript import (
    ActionRun,
    ApiCall,
    Exchange,
    LegacyRequest,
    LogEntry,
    Operation,
    Record,
    StoreWrite,
    Transcript,
)

__all__ = ["Caused", "Scene", "scenes_of"]

Caused: TypeAlias = Exchange | StoreWrite | LogEntry | ActionRun | ApiCall | LegacyRequest
"""Records that an operation can cause, directly or through an Action."""


@frozen
class Scene:
    """One operation and its effects, or records that no operation caused.

    Args:
        connection: The name of the connection.
        operation: The operation, or None if no operation caused the records.
        caused: The effects, in order.
    """

    connection: str
    operation: Operation | None
    caused: tuple[Caused, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All records of the scene, the operation first."""
        return self.caused if self.operation is None else (self.operation, *self.caused)


def scenes_of(transcripts: Sequence[Transcript], order: Sequence[str] = ()) -> Sequence[Scene]:
    """Return the scenes of one life, with each record exactly once.

    Args:
        transcripts: The transcripts of all connections of a tenant.
        order: The connection of each operation, in order, as in a `Tenant`. Operations that it does not mention follow,
            one connection after the other.
    """
    if len(transcripts) == 1:
        return list(_scenes(transcripts[0]))
    waiting = [(transcript.connection.name, deque(_scenes(transcript))) for transcript in transcripts]
    by_name = dict(reversed(waiting))
    ordered = [scene for name in order for scene in _up_to_an_operation(by_name.get(name, deque()))]
    return [*ordered, *chain.from_iterable(scenes for _, scenes in waiting)]


def _scenes(transcript: Transcript) -> Iterator[Scene]:
    name = transcript.connection.name
    caused: defaultdict[int | None, list[Caused]] = defaultdict(list)
    operations = {run.number: run.caused_by for run in transcript.of_kind(ActionRun)}
    for record in transcript.records:
        if isinstance(record, ApiCall | LegacyRequest):
            caused[operations.get(record.caused_by or 0)].append(record)
        elif not isinstance(record, Operation):
            caused[record.caused_by].append(record)
    others = deque(caused[None])
    for operation in transcript.of_kind(Operation):
        yield from _others(name, others, operation.number)
        yield Scene(name, operation, tuple(caused[operation.number]))
    yield from _others(name, others, len(transcript.records) + 1)


def _others(connection: str, others: deque[Caused], before: int) -> Iterator[Scene]:
    """Yield the records before a position that no operation caused, if any."""
    found: list[Caused] = []
    while others and others[0].number < before:
        found.append(others.popleft())
    if found:
        yield Scene(connection, None, tuple(found))


def _up_to_an_operation(scenes: deque[Scene]) -> Iterator[Scene]:
    while scenes:
        scene = scenes.popleft()
        yield scene
        if scene.operation is not None:
            return
