"""A database that was opened elsewhere, and on which a tenant's calls are made and recorded."""

from collections.abc import Mapping
from typing import Protocol

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes import Truth
from customdb_contract.tenant._typed import TypedPasswords
from customdb_contract.transcript import Exchange, Operation, Recorder, ScriptInfo

__all__ = ["Calls", "OpenDatabase"]


class Calls(Protocol):
    """Calls the scripts of an open database."""

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that may be called."""
        ...

    def call(self, planned: PlannedCall, *, caused_by: Operation) -> Exchange:
        """Make a call and record it.

        Args:
            planned: The call.
            caused_by: The operation that causes it.
        """
        ...


class OpenDatabase:
    """A database that is already open: several tenants, one after the other, share it and one transcript.

    Args:
        calls: What calls its scripts. Whoever opened it collects late events.
        recorder: Where the tenants record what happens; its header has the known users and the scripts.
        truth: The users who are in the store, and the settings of the connection.

    Attributes:
        typed: The passwords that users type: no two in one transcript may look alike.
    """

    def __init__(self, calls: Calls, recorder: Recorder, truth: Truth) -> None:
        self.calls = calls
        self.recorder = recorder
        self.truth = truth
        self.typed: TypedPasswords = TypedPasswords(truth.registry)
        self.typed.know(truth.passwords.values())
