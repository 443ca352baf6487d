"""Databases with an empty store: what makes one unfit for a state machine, and adding users to it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack

from attrs import define, evolve, field, frozen

from customdb_contract.bridges import Bridge, LateEvent
from customdb_contract.bridges.opening import opened
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.connection import Connection, NewUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.probes.circumstances import organization_context
from customdb_contract.probes.set_up import refusal_of_new_user
from customdb_contract.secrets import SecretRegistry
from customdb_contract.testing._acting import given_to_create, passwords_of
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Header,
    Outcome,
    Person,
    Recorder,
    ScriptInfo,
    Situation,
    is_done,
)

__all__ = ["LifelessError", "PeopledDatabase", "refuse_unfit"]


class LifelessError(ConfigurationError):
    """A database without log-ins: no life at a tenant is possible with it."""


def refuse_unfit(caller: Caller, people: Collection[Person]) -> None:
    """Raise an error if a database cannot be used, or is not fresh.

    Args:
        caller: Calls its scripts.
        people: The users who are going to be created, and must not exist yet.

    Raises:
        ConfigurationError: When it lacks a script, knows one of the users, or cannot be called.
    """
    missing = [script for script in (Script.CREATE, Script.GET_USER) if script not in caller.scripts]
    if missing:
        message = f"the machine needs the scripts create and get_user, but the fresh database has no {missing[0]}"
        raise ConfigurationError(message)
    for person in people:
        outcome = caller.ask(
            Script.GET_USER, person.email, context=organization_context(Script.GET_USER, person.organization)
        )
        if outcome.ending is Ending.FOUND:
            message = (
                f"fresh_database must return a database with an empty store each time, but this one knows "
                f"{person.email} before anything was created"
            )
            raise ConfigurationError(message)
        if outcome.ending is not Ending.NOT_FOUND:
            message = f"the fresh database cannot be used: get_user ended {outcome.ending} for {person.email}"
            raise ConfigurationError(message)


@define
class PeopledDatabase:
    """A fresh database whose store is filled with users when it is opened, before anything else calls it.

    Args:
        database: The database, with an empty store.
        connection: The settings of the connection.
        new_user: What they sign up with.
        people: All users, by name.
        present: The names of the users to add to the store, each with the name of the password.

    Attributes:
        created: The calls of `create` that added them, once it was opened; no transcript has them.
    """

    database: object
    connection: Connection
    new_user: NewUser
    people: Mapping[str, Person]
    present: Collection[str]
    created: Sequence[Exchange] = field(factory=tuple[Exchange, ...], init=False)

    @property
    def said(self) -> frozenset[str]:
        """The names of the settings that the database has."""
        return frozenset()

    def open_bridge(self, *, connection: Connection, mask: SecretRegistry, timeout: float) -> Bridge:
        """Open the bridge of the database, and add the users to its store.

        Args:
            connection: The settings of the connection.
            mask: The known secrets.
            timeout: Seconds that a script may take.

        Raises:
            LifelessError: When it has no login.
            ConfigurationError: When it is unfit for another reason, or rejects one of the users.
            DatabaseOpeningError: When it cannot be opened.
        """
        with ExitStack() as stack:
            bridge = stack.enter_context(opened(self.database, connection=connection, mask=mask, timeout=timeout))
            caller = Caller(bridge, Recorder(Header(connection=connection), mask))
            refuse_unfit(caller, self.people.values())
            if Script.LOGIN not in caller.scripts:
                message = "lives need log-ins, but the fresh database has no login"
                raise LifelessError(message)
            self.created = [self._create(caller, self.people[name], name) for name in self.present]
            return _Peopled(bridge, len(self.people) + len(self.created), stack.pop_all())

    def _create(self, caller: Caller, person: Person, name: str) -> Exchange:
        password = passwords_of(self.new_user)[name]
        user = given_to_create(self.connection, self.new_user, name, person.username, password)
        exchange = caller.call(
            PlannedCall(Script.CREATE, (user,), person.label, Situation.WRITING),
            context=organization_context(Script.CREATE, person.organization),
        )
        if not is_done(exchange):
            raise ConfigurationError(refusal_of_new_user(exchange))
        return exchange


@frozen
class _Peopled:
    """The bridge of a database that was called before.

    Args:
        bridge: The bridge.
        before: How many calls were made before: their late events are ignored.
        stack: Closes the bridge.
    """

    bridge: Bridge
    before: int
    stack: ExitStack

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return self.bridge.scripts

    @property
    def callback_can_throw(self) -> bool:
        return self.bridge.callback_can_throw

    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        return self.bridge.call(script, arguments, context=context, throwing=throwing)

    def late_events(self) -> Sequence[LateEvent]:
        events = self.bridge.late_events()
        return [evolve(event, call=event.call - self.before) for event in events if event.call >= self.before]

    def close(self) -> None:
        self.stack.close()
