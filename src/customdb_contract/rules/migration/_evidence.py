"""The evidence of the rules about the migration: the operations and calls for each user."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from customdb_contract.transcript import Exchange, Operation, Transcript

__all__ = ["calls_by_person", "calls_of", "operations_by_person"]


def operations_by_person(transcript: Transcript) -> Mapping[str, Sequence[Operation]]:
    """Return the operations for each user, by label and in order, until import mode was switched.

    Args:
        transcript: The transcript.
    """
    done: defaultdict[str, list[Operation]] = defaultdict(list)
    for operation in transcript.of_kind(Operation):
        if operation.name == "switch_import_mode":
            break
        done[operation.person].append(operation)
    return done


def calls_by_person(exchanges: Iterable[Exchange]) -> Mapping[str, Sequence[Exchange]]:
    """Return calls by the label of their user, in order.

    Args:
        exchanges: The calls.
    """
    made: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        made[exchange.person].append(exchange)
    return made


def calls_of(transcript: Transcript, operation: Operation) -> Sequence[Exchange]:
    """Return the calls that an operation caused and that rules judge, in order.

    Args:
        transcript: The transcript.
        operation: The operation.
    """
    return [one for one in transcript.caused_by(operation) if isinstance(one, Exchange) and not one.marks]
