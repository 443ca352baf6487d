"""Bridges: what calls the scripts of a custom database, in whatever form it comes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import frozen
from typing_extensions import TypeIs

from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Escape, Observation, Outcome, RecordedError, ScriptInfo, Value

__all__ = ["Bridge", "BridgedDatabase", "LateEvent", "brings_bridge"]


@frozen
class LateEvent:
    """Something that a call did after its outcome had been returned.

    Args:
        call: Which call of the bridge it belongs to, counted from 0.
        arguments: What the callback was given, or None when it was not called.
        raised: The exception that was raised in a task or a thread, or None.
        escape: How it left the script.
        observation: What else was noticed, or None.
        output: What was written to standard output and standard error, secrets masked.
    """

    call: int
    arguments: tuple[Value, ...] | None = None
    raised: RecordedError | None = None
    escape: Escape = Escape.LATER
    observation: Observation | None = None
    output: str = ""


class Bridge(Protocol):
    """A way to run the scripts of one custom database. It is used from one thread and closed at the end."""

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that the database has."""
        ...

    @property
    def callback_can_throw(self) -> bool:
        """Whether a call can be given a callback that throws."""
        ...

    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        """Call a script and wait until it has ended, or its time is up.

        Args:
            script: One of `scripts`.
            arguments: Its own arguments, without `context` and `callback`. Secrets are given as plain text.
            context: The extra argument where the connection has it; None stands for an empty one.
            throwing: Whether the callback throws after it was called, where the bridge can do that.

        Returns:
            What came back, as recorded values with secrets masked. Nothing that a script does raises here.

        Raises:
            DatabaseOpeningError: When a call ran out of time before, and the database could not be opened again.
        """
        ...

    def late_events(self) -> Sequence[LateEvent]:
        """Return what calls did after their outcome was returned, since the last time this was asked.

        When something may still be under way, it is waited for a moment.
        """
        ...

    def close(self) -> None:
        """Release the database, its thread and its loop; the bridge cannot be used afterwards.

        It raises nothing: what goes wrong then says nothing about the scripts, and is logged.
        """
        ...


class BridgedDatabase(Protocol):
    """A database that brings its own bridge; any other is an object in Python."""

    @property
    def connection(self) -> Connection:
        """The settings of the connection, as far as the database knows them."""
        ...

    @property
    def said(self) -> frozenset[str]:
        """The names of the settings that the database knows."""
        ...

    def open_bridge(self, *, connection: Connection, mask: SecretRegistry, timeout: float) -> Bridge:
        """Open the bridge.

        Args:
            connection: The settings of the connection.
            mask: The known secrets; the database adds its own.
            timeout: Seconds that a script may take.

        Raises:
            DatabaseOpeningError: When it cannot be opened.
        """
        ...


def brings_bridge(database: object) -> TypeIs[BridgedDatabase]:
    """Tell whether a database brings its own bridge.

    The class is asked: there are objects, proxies of a remote service for instance, that answer to every name.

    Args:
        database: What the caller gave.
    """
    return hasattr(type(database), "open_bridge")
