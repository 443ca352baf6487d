"""A relay between a driver and the real store that cuts an answer in the middle."""

import asyncio
from collections.abc import Callable

from customdb_contract.faults._connections import Connection
from customdb_contract.faults._handshakes import Conversation

__all__ = ["Relay"]


class Relay:
    """Two connections, between which everything passes until the driver sends a query.

    Half of the first piece of the answer to a query that must not pass is sent; then the relay leaves the store, and
    the driver sees an orderly end. At most one piece in each direction is in memory, until the other side accepts it.

    Args:
        driver: The connection from the driver.
        store: The connection to the real store.
        on_cut: Called before the answer is cut and the store becomes unreachable.
        may_pass: Called with each query; returns whether its answer passes whole.
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
        """Pass on everything until both sides have ended, or one of the connections breaks."""
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
        # Bytes that the store sent before a query are not an answer, so its side comes first.
        await asyncio.sleep(0)
        return piece

    def _take_answer(self, piece: bytes) -> bool:
        """Forward an answer, or half of it, and return whether more can follow."""
        if not self._conversation.is_asked:
            self._conversation.store_says(piece)
        else:
            self._is_answered = True
            # A store that only ends a connection after its answers, as the driver requests, has received no query.
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
        """Forward a query, unless the answer is already cut, and return whether more can follow."""
        if piece and not self._is_cut:
            self._conversation.driver_says(piece)
            self._begin_question()
            self._store.send(piece)
        return bool(piece)

    def _begin_question(self) -> None:
        """Decide once for each query whether it is answered; further bytes before the answer belong to it."""
        if self._conversation.is_asked and self._is_answered:
            self._is_answered = False
            self._passes = self._may_pass()
            self._has_passed |= self._passes
