"""The cost of calling a Python script through the bridge: another thread, a time limit, a record of everything."""

import queue
import threading
from collections.abc import Iterator
from functools import partial
from typing import Self

from benchmarks.timing import Measured, ratio, seconds
from customdb_contract.bridges.python import PythonDatabase
from customdb_contract.connection import Connection
from customdb_contract.contract import Callback, Found, ProfileResult, Script
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

_PROFILE = {"user_id": "7", "email": "ada@example.com", "app_metadata": {"plan": "full"}}


class InMemory:
    """The same result in three styles of a script."""

    def get_user(self, identifier: str) -> ProfileResult:
        """Return the profile."""
        return Found(_PROFILE | {"email": identifier})

    async def verify(self, email: str) -> ProfileResult:
        """Return the profile from a coroutine."""
        return self.get_user(email)

    def delete(self, id: str, callback: Callback) -> None:  # noqa: A002 - Auth0's name
        """Pass the profile to the callback."""
        callback(None, self.get_user(id))


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    registry = SecretRegistry()
    registry.add(Secret("correct horse battery"), SecretRef(SecretKind.PASSWORD, "ada"))
    database = InMemory()
    bridge = PythonDatabase(database, connection=Connection(), mask=registry)
    number, repeat = (100, 3) if brief else (1000, 9)
    ways = {"that returns": Script.GET_USER, "that is async": Script.VERIFY, "that calls back": Script.DELETE}
    try:
        for way, script in ways.items():
            call = partial(bridge.call, script, ("ada@example.com",))
            taken = seconds(call, number=number, repeat=repeat)
            yield Measured(f"a script {way}: cost per call, in milliseconds", taken * 1000, at_most=0.5)
        call = partial(bridge.call, Script.GET_USER, ("ada@example.com",))
        direct = partial(database.get_user, "ada@example.com")
        yield Measured("a call through the bridge, in direct calls", ratio(call, direct, number=number, repeat=repeat))
        with _Echo() as echo:
            by_queue = ratio(call, echo.round_trip, number=number, repeat=repeat)
        yield Measured("a call through the bridge, in round trips through two queues", by_queue, at_most=30.0)
    finally:
        bridge.close()


class _Echo:
    """A thread that only answers: the lowest cost of another thread."""

    def __init__(self) -> None:
        self._asked: queue.Queue[str | None] = queue.Queue()
        self._answered: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._asked.put(None)
        self._thread.join()

    def round_trip(self) -> object:
        self._asked.put("ada@example.com")
        return self._answered.get()

    def _answer(self) -> None:
        while (asked := self._asked.get()) is not None:
            self._answered.put(asked)
