"""A relay between a driver and the real store, which cuts the first answer in the middle."""

import selectors
import socket
from collections.abc import Iterator
from typing import Final

from customdb_contract.faults._handshakes import Conversation

__all__ = ["Relay"]

_PIECE: Final = 65_536


class Relay:
    """Two connections, and what passes between them: everything, until the driver has asked something.

    Of the first piece that the store answers half passes; then the store is left, and the driver sees an orderly end.
    At most one piece each way is held, for as long as the other side takes no more.

    Args:
        driver: The connection that the driver made; it does not block.
        store: The connection to the real store; it does not block.
    """

    def __init__(self, driver: socket.socket, store: socket.socket) -> None:
        self.driver = driver
        self.store = store
        self._questions = _Flow(driver, store)
        self._answers = _Flow(store, driver)
        self._conversation = Conversation()
        self._is_cut = False

    @property
    def is_cut(self) -> bool:
        """Whether the answer has been cut, and nothing is to be had of the store any more."""
        return self._is_cut

    @property
    def is_over(self) -> bool:
        """Whether nothing will pass any more."""
        return self._questions.is_over and self._answers.is_over

    def interests(self) -> Iterator[tuple[socket.socket, int]]:
        """Yield what to wait for: a connection, and the events of `selectors`, 0 for none."""
        yield self.driver, self._questions.reading | self._answers.writing
        if not self._is_cut:
            yield self.store, self._answers.reading | self._questions.writing

    def advance(self) -> None:
        """Pass on what can be passed on now.

        Raises:
            OSError: When one of the connections broke.
        """
        # What the store sent before it was asked is no answer, so its side comes first.
        self._answers.flush()
        if not self._is_cut:
            self._pass_answer()
            self._questions.flush()
        self._pass_question()

    def _pass_answer(self) -> None:
        piece = self._answers.receive()
        if piece is None:
            return
        if self._conversation.is_asked:
            self._is_cut = True
            self._questions.drop()
            self._answers.is_ended = True
            self._answers.send(piece[: len(piece) // 2])
        else:
            self._conversation.store_says(piece)
            self._answers.send(piece)

    def _pass_question(self) -> None: ...
