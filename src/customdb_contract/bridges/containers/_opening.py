"""The first message to a container, and its possible failures."""

from collections.abc import Mapping
from typing import Final

from customdb_contract.bridges.containers._container import Container, ContainerDiedError
from customdb_contract.bridges.containers._messages import InvalidMessageError, Message, validated
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.transcript import Mask

__all__ = ["OPENING_SECONDS", "ask_first", "reason_of"]

OPENING_SECONDS: Final = 60.0
"""Seconds that opening or closing a database may take."""

_SHOWN_WORDS: Final = 2000


def ask_first(
    container: Container, message: Mapping[str, object], *, what: str, mask: Mask, opened: str = "the database"
) -> Message:
    """Send the first message to a container, and return the response.

    Args:
        container: The container.
        message: The data that the runner needs.
        what: What runs in it, for messages: `Node 22.20.0`.
        mask: Replaces the secrets.
        opened: What is opened in it, for messages.

    Raises:
        DatabaseOpeningError: When there is no response.
        KeyboardInterrupt: When the check is interrupted.
    """
    try:
        container.tell(message, OPENING_SECONDS)
        reported = container.answer(OPENING_SECONDS)
        if reported is not None:
            return validated(reported)
    except (ContainerDiedError, InvalidMessageError) as error:
        words = mask(container.take_output()).strip()[-_SHOWN_WORDS:]
        problem = f"{what} ended while it opened {opened}: {reason_of(error)}{words and f': {words}'}"
        raise DatabaseOpeningError(problem) from None
    problem = f"{what} did not open {opened} within {OPENING_SECONDS:g} s"
    raise DatabaseOpeningError(problem)


def reason_of(error: ContainerDiedError | InvalidMessageError) -> str:
    """Return why a container is no longer used, in a few words.

    Args:
        error: The error that ended its use.
    """
    return error.reason if isinstance(error, ContainerDiedError) else "its runner sent something unexpected"
