"""Connections of psycopg that wait for their server only until a deadline."""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from typing_extensions import override

__all__ = ["AsyncLimitedConnection", "LimitedConnection"]


class LimitedConnection(psycopg.Connection[Any]):
    """A connection whose statements fail at a deadline.

    Attributes:
        deadline: The deadline, by `time.monotonic`.
    """

    deadline: float = float("inf")

    @override
    def wait(self, gen: Any, *arguments: Any, **keywords: Any) -> Any:
        """Wait for an answer."""
        return super().wait(_until_deadline(gen, self), *arguments, **keywords)


class AsyncLimitedConnection(psycopg.AsyncConnection[Any]):
    """The same for coroutines."""

    deadline: float = float("inf")

    @override
    async def wait(self, gen: Any, *arguments: Any, **keywords: Any) -> Any:
        """Wait for an answer."""
        return await super().wait(_until_deadline(gen, self), *arguments, **keywords)


def _until_deadline(
    steps: "Generator[Any, Any, Any]", connection: LimitedConnection | AsyncLimitedConnection
) -> "Generator[Any, Any, Any]":
    """Pass on what psycopg waits for, and check every tenth of a second if nothing arrives."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if time.monotonic() > connection.deadline:
                # The connection cannot be reused: the answer of the server can still arrive.
                connection.pgconn.finish()
                message = "the server did not answer in time"
                raise psycopg.OperationalError(message)
            wanted = steps.send(ready)
    except StopIteration as ended:
        return ended.value
