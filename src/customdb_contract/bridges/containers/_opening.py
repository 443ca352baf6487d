"""The first message to a container, and what may go wrong with it."""

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
    """Send the first message to a container, and return its answer.

    Args:
        container: The container.
        message: What the runner must know.
        what: What runs in it, for messages: `Node 22.20.0`.
        mask: What replaces the secrets.
        opened: What is opened there, for messages.

    Raises:
        DatabaseOpeningError: When there is no answer.
        KeyboardInterrupt: When the check is interrupted.
    """
    try:
        container.tell(message, OPENING_SECONDS)
        told = container.answer(OPENING_SECONDS)
        if told is not None:
            return validated(told)
    except (ContainerDiedError, InvalidMessageError) as error:
        words = mask(container.take_output()).strip()[-_SHOWN_WORDS:]
        problem = f"{what} ended while it opened {opened}: {reason_of(error)}{words and f': {words}'}"
        raise DatabaseOpeningError(problem) from None
    problem = f"{what} did not open {opened} within {OPENING_SECONDS:g} s"
    raise DatabaseOpeningError(problem)


def reason_of(error: ContainerDiedError | InvalidMessageError) -> str:
    """Return why a container is not used any further, in a few words.

    Args:
        error: What it has led to.
    """
    return error.reason if isinstance(error, ContainerDiedError) else "its runner sent what no runner sends"
