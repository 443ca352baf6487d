"""A relay between a driver and the real store, which cuts an answer in the middle."""

import contextlib
import selectors
import socket
from collections.abc import Callable, Iterator
from typing import Final

from customdb_contract.faults._handshakes import Conversation

__all__ = ["Relay"]

_PIECE: Final = 65_536


class Relay:
    """Two connections, and what passes between them: everything, until the driver has asked something.

    Of the first piece that the store answers to a question which may not pass, half passes; then the store is left, and
    the driver sees an orderly end.
    At most one piece each way is held, for as long as the other side takes no more.

    Args:
        driver: The connection that the driver made; it does not block.
        store: The connection to the real store; it does not block.
        on_cut: Called before the answer is cut: nothing is to be had of the store any more.
        may_pass: Called with each question: whether its answer passes whole.
    """

    def __init__(
        self,
        driver: socket.socket,
        store: socket.socket,
        on_cut: Callable[[], None],
        may_pass: Callable[[], bool],
    ) -> None:
        self.driver = driver
        self.store = store
        self._on_cut = on_cut
        self._may_pass = may_pass
        self._is_cut = False
        self._passes = False
        self._is_answered = True
        self._has_passed = False
        self._questions = _Flow(driver, store)
        self._answers = _Flow(store, driver)
        self._conversation = Conversation()

    @property
    def is_over(self) -> bool:
        """Whether both sides have ended, so that nothing will pass any more."""
        return self._questions.is_over and self._answers.is_over

    def interests(self) -> Iterator[tuple[socket.socket, int]]:
        """Yield what to wait for: a connection, and its events as in `selectors`, 0 for none."""
        yield self.driver, self._questions.reading | self._answers.writing
        if not self._is_cut:
            yield self.store, self._answers.reading | self._questions.writing

    def advance(self) -> None:
        """Pass on what can be passed on now.

        Raises:
            OSError: When one of the connections broke.
        """
        self._answers.flush()
        self._questions.flush()
        # What the store sent before it was asked is no answer, so its side comes first.
        self._pass_answer()
        self._pass_question()

    def _pass_answer(self) -> None:
        piece = self._answers.receive()
        if piece is None:
            return
        if not self._conversation.is_asked:
            self._conversation.store_says(piece)
            self._answers.send(piece)
            return
        self._is_answered = True
        # A store that only ends a connection which was answered before, as its driver wants, is asked nothing.
        if self._passes or (self._has_passed and not piece):
            self._answers.send(piece)
            return
        self._is_cut = True
        self._on_cut()
        self._questions.drop()
        self._answers.end_with(piece[: len(piece) // 2])

    def _pass_question(self) -> None:
        piece = self._questions.receive()
        if piece:
            self._conversation.driver_says(piece)
            self._begin_question()
        if piece is not None:
            self._questions.send(piece)

    def _begin_question(self) -> None:
        """Decide of each question once whether it is answered; what follows before the answer belongs to it."""
        if self._conversation.is_asked and self._is_answered:
            self._is_answered = False
            self._passes = self._may_pass()
            self._has_passed |= self._passes


class _Flow:
    """What goes one way: what is received is sent on before more is received, and so is the end."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self._source = source
        self._sink: socket.socket | None = sink
        self._held = b""
        self._is_ended = False

    @property
    def is_over(self) -> bool:
        return self._is_ended and not self._held

    @property
    def reading(self) -> int:
        return 0 if self._held or self._is_ended else selectors.EVENT_READ

    @property
    def writing(self) -> int:
        return selectors.EVENT_WRITE if self._held else 0

    def receive(self) -> bytes | None:
        """Return what has come, empty at the end, or None when it is not the time for it."""
        if not self.reading:
            return None
        try:
            piece = self._source.recv(_PIECE)
        except BlockingIOError:
            return None
        self._is_ended = not piece
        return piece

    def send(self, piece: bytes) -> None:
        self._held = piece
        self.flush()

    def end_with(self, piece: bytes) -> None:
        self._is_ended = True
        self.send(piece)

    def drop(self) -> None:
        """Send nothing more, but go on receiving: closing what has unread bytes would reset it."""
        self._sink = None
        self._held = b""

    def flush(self) -> None:
        if self._sink is None:
            self._held = b""
            return
        if self._held:
            with contextlib.suppress(BlockingIOError):
                self._held = self._held[self._sink.send(self._held) :]
        if self.is_over:
            self._sink.shutdown(socket.SHUT_WR)
            self._sink = None
