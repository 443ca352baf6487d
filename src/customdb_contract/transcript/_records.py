"""The records of a transcript other than calls: operations, and what the tenant stored and logged because of them."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import Attribute, field, frozen

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest
from customdb_contract.transcript._exchange import Exchange
from customdb_contract.transcript._header import UNKNOWN
from customdb_contract.transcript._values import Value, json_text

__all__ = [
    "Actor",
    "Causes",
    "LogEntry",
    "Operation",
    "Record",
    "Response",
    "Store",
    "StoreWrite",
    "cause_of",
    "person_of",
]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Actor(StrEnum):
    """Who performs an operation on the tenant."""

    USER = "user"
    """A user who logs in, signs up, or follows a link."""
    ADMIN = "admin"
    """An administrator at the dashboard."""
    APPLICATION = "application"
    """A program that uses the Management API."""


@frozen
class Response:
    """The response that the actor of an operation sees.

    Args:
        succeeded: Whether it succeeded, as far as the actor can see.
        message: The text that the actor sees, or an empty one.
        shown: Other data that the actor receives: a user, several, an id; None if there is none.
        interrupted: The point at which the tenant was interrupted, or None.
    """

    succeeded: bool
    message: str = ""
    shown: Value = None
    interrupted: str | None = None


@lru_cache
def _name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        message = f"{what} must be in lower case, such as log_in, got {json_text(name)}"
        raise TranscriptError(message)


def _operation_name(_: object, __: "Attribute[str]", name: str) -> None:
    _name("the name of an operation", name)


def _argument_names(_: object, __: "Attribute[Mapping[str, Value]]", arguments: Mapping[str, Value]) -> None:
    for name in arguments:
        _name("the name of an argument", name)


@frozen
class Operation:
    """Something that a user, an admin or an application did.

    Args:
        number: Its place in the transcript, from 1.
        name: The operation, for example `log_in`.
        actor: Who did it.
        person: The label of the user that it is about, or `unknown`.
        connection: The name of the connection.
        arguments: Its arguments by name, with secrets masked.
        response: The response; None while the operation runs, and permanently if the whole check ended meanwhile.

    Raises:
        TranscriptError: When it, or an argument, has an invalid name.
    """

    number: int
    name: str = field(validator=_operation_name)
    actor: Actor
    person: str
    connection: str
    arguments: Mapping[str, Value] = field(factory=dict[str, Value], validator=_argument_names)
    response: Response | None = None

    def ended(self, response: Response) -> "Operation":
        """Return it as it is when something came of it.

        Args:
            response: What came of it.
        """
        return Operation(self.number, self.name, self.actor, self.person, self.connection, self.arguments, response)


class Store(StrEnum):
    """Where Auth0 keeps users."""

    USERS = "users"
    """Full profiles."""
    INTERNAL = "internal"
    """With import mode on: identifiers and hashes of passwords. A user who is only here is half-created."""


@frozen
class StoreWrite:
    """A write to one of Auth0's stores.

    Args:
        number: Its place in the transcript, from 1.
        store: The store.
        user_id: The key of the user, with its prefix `auth0|`.
        attributes: The written attributes, with secrets masked; None if the user was removed.
        caused_by: The number of the operation that caused it, or None.
    """

    number: int
    store: Store
    user_id: str
    attributes: Mapping[str, Value] | None
    caused_by: int | None = None


@frozen
class LogEntry:
    """An entry of the tenant log.

    Args:
        number: Its place in the transcript, from 1.
        code: Auth0's code for what happened, for example `fp`.
        description: The text of the entry, with secrets masked.
        user_id: The key of the user that it names, or None.
        connection: The name of the connection that it names, or None.
        inferred: Whether Auth0 does not document this entry for what happened.
        caused_by: The number of the operation that caused it, or None.
    """

    number: int
    code: str
    description: str = ""
    user_id: str | None = None
    connection: str | None = None
    inferred: bool = False
    caused_by: int | None = None


Record: TypeAlias = Exchange | Operation | StoreWrite | LogEntry | ActionRun | ApiCall | LegacyRequest
"""Anything that happens. When you add a kind, the type checkers name every place that must handle it."""


class Causes:
    """The possible causes of the next record: an operation, or, for anything an Action does, a run of it."""

    def __init__(self) -> None:
        self._operations: dict[int, None] = {}
        self._runs: dict[int, None] = {}

    def add(self, record: Record) -> None:
        """Add a record that comes before the next one.

        Args:
            record: The record.
        """
        if isinstance(record, Operation):
            self._operations[record.number] = None
        elif isinstance(record, ActionRun):
            self._runs[record.number] = None

    def latest(self, kind: type[Record]) -> int | None:
        """Return the number of the latest record that could have caused one of a kind, or None.

        Args:
            kind: The kind.
        """
        return next(reversed(self._before(kind)), None)

    def has(self, kind: type[Record], number: int | None) -> bool:
        """Tell whether the record with a number could have caused one of a kind; None, for no cause, always could.

        Args:
            kind: The kind.
            number: The number, or None.
        """
        return number is None or number in self._before(kind)

    @staticmethod
    def name_for(kind: type[Record]) -> str:
        """Return the name of what causes records of a kind.

        Args:
            kind: The kind.
        """
        return "run" if kind in _DONE_BY_RUNS else "operation"

    def is_run(self, number: int) -> bool:
        """Tell whether a number is that of a run.

        Args:
            number: The number.
        """
        return number in self._runs

    def _before(self, kind: type[Record]) -> dict[int, None]:
        return self._runs if kind in _DONE_BY_RUNS else self._operations


_DONE_BY_RUNS: Final[Collection[type[Record]]] = (ApiCall, LegacyRequest)


def cause_of(record: Record) -> int | None:
    """Return the number of the operation, or of the run of an Action, that caused a record, or None.

    Args:
        record: The record.
    """
    return None if isinstance(record, Operation) else record.caused_by


def person_of(record: Record) -> str:
    """Return the label of the user that a record is about, `unknown` if it does not say.

    Args:
        record: The record.
    """
    return record.person if isinstance(record, Exchange | Operation | ActionRun) else UNKNOWN
