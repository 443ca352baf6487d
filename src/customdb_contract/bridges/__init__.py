"""Bridges: they call the scripts of a custom database, whatever form it has."""

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
    """Something that a call did after its outcome was returned.

    Args:
        call: The number of the call of this bridge, from 0.
        arguments: The arguments of the callback, or None if it was not called.
        raised: The exception that was raised in a task or a thread, or None.
        escape: How the exception left the script.
        observation: What else was noticed, or None.
        output: What was written to standard output and standard error, with secrets masked.
    """

    call: int
    arguments: tuple[Value, ...] | None = None
    raised: RecordedError | None = None
    escape: Escape = Escape.LATER
    observation: Observation | None = None
    output: str = ""


class Bridge(Protocol):
    """Runs the scripts of one custom database. It is used from one thread and closed at the end."""

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that the database has."""
        ...

    @property
    def callback_can_throw(self) -> bool:
        """Whether a call can be given a callback that raises."""
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
            arguments: Its own arguments, without `context` and `callback`. Secrets are passed as plain text.
            context: The extra argument, if the connection has it; None stands for an empty one.
            throwing: Whether the callback raises after it was called, if the bridge supports that.

        Returns:
            The outcome, as recorded values with secrets masked. Nothing that a script does raises here.

        Raises:
            DatabaseOpeningError: When an earlier call timed out and the database could not be opened again.
        """
        ...

    def late_events(self) -> Sequence[LateEvent]:
        """Return what calls did after their outcome was returned, since the last call of this method.

        If something might still be running, this waits for a moment.
        """
        ...

    def close(self) -> None:
        """Release the database, its thread and its loop; the bridge cannot be used afterwards.

        It raises nothing: errors on closing say nothing about the scripts, and are logged.
        """
        ...


class BridgedDatabase(Protocol):
    """A database that brings its own bridge; any other is an object in Python."""

    @property
    def connection(self) -> Connection:
        """The settings of the connection that the database brings along."""
        ...

    @property
    def said(self) -> frozenset[str]:
        """The names of the settings that the database brings along."""
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

    The class is checked, because some objects, such as proxies of a remote service, respond to every name.

    Args:
        database: The database, as passed to `check`.
    """
    return hasattr(type(database), "open_bridge")
