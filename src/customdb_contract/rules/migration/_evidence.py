"""What the rules about the migration look at: denials, and what was done with a tenant about one person."""

from collections.abc import Sequence

from customdb_contract.contract import Script
from customdb_contract.transcript import Ending, Exchange, Operation, Person, RecordedError, Transcript

__all__ = ["calls_of", "is_denial", "operations_about"]


def is_denial(exchange: Exchange) -> bool:
    """Tell whether a script said that it does not know the person, or that the password is wrong.

    Args:
        exchange: A call of a script that reads.
    """
    error = exchange.outcome.error
    is_wrong = isinstance(error, RecordedError) and error.name == "WrongUsernameOrPasswordError"
    return exchange.ending is Ending.NOT_FOUND or (
        exchange.script is Script.LOGIN and exchange.ending is Ending.FAILED and is_wrong
    )


def operations_about(transcript: Transcript, person: Person) -> Sequence[Operation]:
    """Return what was done about a person, in order, until import mode was switched.

    Args:
        transcript: The transcript.
        person: The person.
    """
    operations = transcript.of_kind(Operation)
    switched = next((one.number for one in operations if one.name == "switch_import_mode"), len(transcript.records) + 1)
    return [one for one in operations if one.person == person.label and one.number < switched]


def calls_of(transcript: Transcript, operation: Operation) -> Sequence[Exchange]:
    """Return the calls that an operation caused and that rules may judge, in order.

    Args:
        transcript: The transcript.
        operation: The operation.
    """
    return [one for one in transcript.caused_by(operation) if isinstance(one, Exchange) and not one.marks]
