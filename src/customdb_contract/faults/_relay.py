"""A relay between a driver and the real store, which cuts an answer in the middle."""

import asyncio
from collections.abc import Callable

from customdb_contract.faults._connections import Connection
from customdb_contract.faults._handshakes import Conversation

__all__ = ["Relay"]


class Relay:
    """Two connections, and what passes between them: everything, until the driver has asked something.

    Of the first piece that the store answers to a question which may not pass, half passes; then the store is left, and
    the driver sees an orderly end.
    At most one piece each way is held, for as long as the other side takes no more.

    Args:
        driver: The connection that the driver made.
        store: The connection to the real store.
        on_cut: Called before the answer is cut: nothing is to be had of the store any more.
        may_pass: Called with each question: whether its answer passes whole.
    """

    def __init__(
        self, driver: Connection, store: Connection, on_cut: Callable[[], None], may_pass: Callable[[], bool]
    ) -> None:
        self._driver = driver
        self._store = store
        self._on_cut = on_cut
        self._may_pass = may_pass
        self._is_cut = False
        self._passes = False
        self._is_answered = True
        self._has_passed = False
        self._conversation = Conversation()

    async def run(self) -> None:
        """Pass on everything, until both sides have ended, or one of the connections broke."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_answers())
                both.create_task(self._pass_questions())
        except* OSError:
            pass  # One of the connections broke.

    async def _pass_answers(self) -> None:
        while self._take_answer(await self._store.receive()):
            await self._driver.sent()
        await self._driver.send_end()

    async def _pass_questions(self) -> None:
        while self._take_question(await self._question()):
            if not self._is_cut:
                await self._store.sent()
        await self._store.send_end()

    async def _question(self) -> bytes:
        piece = await self._driver.receive()
        # What the store sent before it was asked is no answer, so its side comes first.
        await asyncio.sleep(0)
        return piece

    def _take_answer(self, piece: bytes) -> bool:
        """Send an answer on, or half of it, and return whether more may come."""
        if not self._conversation.is_asked:
            self._conversation.store_says(piece)
        else:
            self._is_answered = True
            # A store that only ends a connection which was answered before, as its driver wants, is asked nothing.
            if not self._passes and (piece or not self._has_passed):
                self._cut(piece)
                return False
        self._driver.send(piece)
        return bool(piece)

    def _cut(self, piece: bytes) -> None:
        self._is_cut = True
        self._on_cut()
        self._store.end()
        self._driver.send(piece[: len(piece) // 2])

    def _take_question(self, piece: bytes) -> bool:
        """Send a question on, unless the answer is cut already, and return whether more may come."""
        if piece and not self._is_cut:
            self._conversation.driver_says(piece)
            self._begin_question()
            self._store.send(piece)
        return bool(piece)

    def _begin_question(self) -> None:
        """Decide of each question once whether it is answered; what follows before the answer belongs to it."""
        if self._conversation.is_asked and self._is_answered:
            self._is_answered = False
            self._passes = self._may_pass()
            self._has_passed |= self._passes
