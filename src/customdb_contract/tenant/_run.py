"""A running operation: everything that it does is done and recorded here."""

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from customdb_contract.bridges.flow import Flow, FlowEnding, run_actions
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.tenant._answers import Answer
from customdb_contract.tenant._changes import changes
from customdb_contract.tenant._interruptions import InterruptionPoint
from customdb_contract.tenant._knobs import Knobs, RootAttributes
from customdb_contract.tenant._log import LogCode, LogEntry
from customdb_contract.tenant._outcomes import (
    Admission,
    Mail,
    MailKind,
    OperationKind,
    OperationOutcome,
    Refusal,
    ResetTicket,
)
from customdb_contract.tenant._state import Attached, State
from customdb_contract.tenant._users import PREFIX, InternalUser, User
from customdb_contract.transcript import ActionRun, Actor, Exchange, Handler, Response, RunSituation, Store

__all__ = ["Run"]

_ACTORS: Final = dict.fromkeys(OperationKind, Actor.APPLICATION) | {
    **dict.fromkeys(
        (
            OperationKind.LOG_IN,
            OperationKind.SIGN_UP,
            OperationKind.REQUEST_PASSWORD_RESET,
            OperationKind.COMPLETE_PASSWORD_RESET,
            OperationKind.VERIFY_EMAIL,
        ),
        Actor.USER,
    ),
    OperationKind.CHANGE_PASSWORD: Actor.ADMIN,
    OperationKind.SWITCH_IMPORT_MODE: Actor.ADMIN,
}

_WITHOUT_BROWSER: Final = frozenset({OperationKind.REFRESH, OperationKind.SILENT_LOG_IN})
"""The log-ins in which no page can be shown."""


class Run:
    """A running operation.

    Args:
        operation: The operation.
        state: The state of the tenant.
        attached: The connection.
        user_name: The identifier that was given, for the log.
        person: The label of the user that it is about, or `unknown`, for the transcript.
        arguments: The arguments by name, for the transcript; secrets are `Secret` objects.
        interrupt: The point at which to interrupt a migration, in any case.
    """

    def __init__(
        self,
        operation: OperationKind,
        state: State,
        attached: Attached,
        user_name: str,
        *,
        person: str,
        arguments: Mapping[str, object],
        interrupt: InterruptionPoint | None = None,
    ) -> None:
        self._operation = operation
        self._state = state
        self._attached = attached
        self._user_name = user_name
        self._interrupt = interrupt
        self._calls: list[Exchange] = []
        self._acted: list[ActionRun] = []
        self._log: list[LogEntry] = []
        self._mails: list[Mail] = []
        self.now = state.clock()
        self._recorder = attached.scripts.recorder
        state.order.append(attached.name)
        self._person = person
        self._begun = self._recorder.begin(
            operation.value,
            arguments,
            actor=_ACTORS[operation],
            connection=attached.name,
            person=person,
        )

    @property
    def operation(self) -> OperationKind:
        """The operation."""
        return self._operation

    @property
    def connection(self) -> Connection:
        """The settings of the connection."""
        return self._attached.settings

    @property
    def root_attributes(self) -> RootAttributes:
        """When the root attributes of a user are taken from a script."""
        return self._attached.root_attributes

    @property
    def knobs(self) -> Knobs:
        """How the tenant behaves where the sources conflict."""
        return self._state.knobs

    @property
    def scripts(self) -> Mapping[Script, object]:
        """The scripts that the database has."""
        return self._attached.scripts.scripts

    def user(self, user_id: str) -> User | None:
        """Return a user record of the tenant.

        Args:
            user_id: Its key.
        """
        return self._state.users.get(user_id)

    def users(self, identifier: str | None) -> tuple[User, ...]:
        """Return the user records of this connection that an identifier stands for.

        Args:
            identifier: An e-mail or a username.
        """
        return self._state.users.find(self.connection.name, identifier)

    def internal(self, user_id: str) -> InternalUser | None:
        """Return a record of the internal store.

        Args:
            user_id: Its key.
        """
        return self._state.internal.get(user_id)

    def internal_users(self, identifier: str | None) -> tuple[InternalUser, ...]:
        """Return the records of this connection's internal store that an identifier stands for.

        Args:
            identifier: An e-mail or a username.
        """
        return self._state.internal.find(self.connection.name, identifier)

    def new_user_id(self) -> str:
        """Return a `user_id`, without the prefix, for a user that Auth0 creates itself."""
        return f"{next(self._state.numbers):024x}"

    def is_taken(self, identifier: str | None, *, user_id: str = "") -> bool:
        """Tell whether another user of this connection has an identifier, even a half-created one.

        Args:
            identifier: An e-mail or a username.
            user_id: The key of the user who may have it.
        """
        holders: tuple[User | InternalUser, ...] = (*self.users(identifier), *self.internal_users(identifier))
        return any(holder.user_id != user_id for holder in holders)

    def taken_elsewhere(self, user_id: str) -> str | None:
        """Return why a key is not available to a user of this connection: another user has it, even a half-created one.

        Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.

        Args:
            user_id: The key.

        Returns:
            The reason, or None if the key is free or belongs to a user of this connection.
        """
        for holder in (self.user(user_id), self.internal(user_id)):
            if holder is not None and holder.connection != self.connection.name:
                return (
                    f"the user_id {user_id.removeprefix(PREFIX)} belongs to a user of the connection "
                    f"{holder.connection}; a user_id must be unique in the whole tenant"
                )
        return None

    def call(self, script: Script, *arguments: object, about: str, username: str | None = None) -> Answer:
        """Call a script of this connection.

        Args:
            script: The script.
            arguments: Its arguments; secrets are `Secret` objects.
            about: An identifier of the user that the call is about.
            username: The username of a user who is to be created.
        """
        answer = self._attached.scripts.call(script, arguments, about=about, caused_by=self._begun, username=username)
        if answer.exchange is not None:
            self._calls.append(answer.exchange)
        return answer

    @property
    def has_actions(self) -> bool:
        """Whether the tenant has Actions."""
        return bool(self._state.actions)

    def act(self, event: Mapping[str, object]) -> Flow:
        """Run the Actions of the tenant on a log-in.

        Args:
            event: The event, without `secrets`.

        Returns:
            The outcome. Whatever they do, even if an Action can no longer run, is an outcome.
        """
        on_redirect = None if self._operation in _WITHOUT_BROWSER else self._state.on_redirect
        try:
            flow = run_actions(self._state.actions, event, seconds=self._state.action_seconds, on_redirect=on_redirect)
        except DatabaseOpeningError as error:
            return Flow(FlowEnding.FAILED, problem=str(error))
        for acted in flow.runs:
            run = self._recorder.run(
                acted.action,
                acted.event,
                acted.performed.outcome,
                handler=acted.handler,
                person=self._person,
                situation=RunSituation.SIMULATED,
                follows=self._acted[-1] if acted.handler is Handler.CONTINUE else None,
                caused_by=self._begun,
            )
            for call in acted.performed.calls:
                self._recorder.api_call(call.path, call.arguments, late=call.late, caused_by=run)
            self._acted.append(run)
        return flow

    def keep(self, user: User) -> User:
        """Write a user record; a record of the internal store keeps the same identifiers.

        Args:
            user: The record.

        Returns:
            The record as it was written.
        """
        written = user if user.updated_at == self.now else evolve(user, updated_at=self.now)
        before = self._state.users.get(user.user_id)
        self._state.users.put(written)
        self._recorder.write(Store.USERS, user.user_id, changes(before, written), caused_by=self._begun)
        record = self.internal(user.user_id)
        if record is not None and (record.email, record.username) != (written.email, written.username):
            self.keep_internal(evolve(record, email=written.email, username=written.username))
        return written

    def keep_internal(self, record: InternalUser) -> InternalUser:
        """Write a record to the internal store.

        Args:
            record: The record.

        Returns:
            The record.
        """
        self._state.internal.put(record)
        pending = None if record.pending is None else record.pending.value
        attributes = {"email": record.email, "username": record.username, "pending": pending}
        self._recorder.write(Store.INTERNAL, record.user_id, attributes, caused_by=self._begun)
        return record

    def remove(self, user_id: str) -> None:
        """Remove a user from the tenant, and from the internal store if there is a record.

        Args:
            user_id: The key of a user of the tenant.
        """
        self._state.users.remove(user_id)
        self._recorder.write(Store.USERS, user_id, None, caused_by=self._begun)
        self.remove_internal(user_id)

    def remove_internal(self, user_id: str) -> None:
        """Remove a user from the internal store, if there is a record.

        Args:
            user_id: The user's key.
        """
        if self._state.internal.get(user_id) is not None:
            self._state.internal.remove(user_id)
            self._recorder.write(Store.INTERNAL, user_id, None, caused_by=self._begun)

    def log(self, code: LogCode, description: str = "", *, user_id: str = "", is_documented: bool = False) -> None:
        """Write to the tenant log.

        Args:
            code: What happened.
            description: The text of the entry.
            user_id: The user's key.
            is_documented: Whether Auth0 documents this entry for what happened.
        """
        entry = LogEntry(
            at=self.now,
            code=code,
            description=description,
            user_id=user_id,
            user_name=self._user_name,
            connection=self.connection.name,
            is_documented=is_documented,
        )
        self._log.append(entry)
        self._state.log.append(entry)
        self._recorder.log(
            code.value,
            description,
            user_id=user_id or None,
            connection=entry.connection,
            inferred=not is_documented,
            caused_by=self._begun,
        )

    def send_verification(self, user: User) -> None:
        """Send the e-mail with which a new user verifies the address, unless it is already verified.

        Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login>.

        Args:
            user: The user.
        """
        if user.email is not None and not user.email_verified:
            self._send(Mail(MailKind.VERIFICATION, user.email, user.user_id))
            self.log(LogCode.VERIFICATION_REQUEST, user_id=user.user_id)

    def send_reset(self, email: str, user_id: str) -> None:
        """Send the e-mail with the link of a password reset.

        Args:
            email: The address.
            user_id: The user's key.
        """
        ticket = ResetTicket(len(self._state.mails) + 1, self.connection.name, email, user_id)
        self._send(Mail(MailKind.PASSWORD_RESET, email, user_id, ticket))

    def _send(self, mail: Mail) -> None:
        self._mails.append(mail)
        self._state.mails.append(mail)

    def is_used(self, ticket: ResetTicket) -> bool:
        """Tell whether a link of a password reset is used up.

        Args:
            ticket: The link.
        """
        return ticket.number in self._state.used_tickets

    def use(self, ticket: ResetTicket) -> None:
        """Mark a link of a password reset as used.

        Args:
            ticket: The link.
        """
        self._state.used_tickets.add(ticket.number)

    def is_interrupted(self, point: InterruptionPoint) -> bool:
        """Tell whether the migration is interrupted at a point.

        Args:
            point: The point that it has reached.
        """
        return self._interrupt is point or self._state.interruptions(point)

    def succeed(
        self, user: User | None = None, *, users: tuple[User, ...] = (), interrupted: InterruptionPoint | None = None
    ) -> OperationOutcome:
        """End the operation with success.

        Args:
            user: The user afterwards.
            users: The users that a search found.
            interrupted: The point at which the migration was interrupted nevertheless.
        """
        return self._outcome(succeeded=True, user=user, users=users, interrupted=interrupted)

    def refuse(self, refusal: Refusal, user: User | None = None) -> OperationOutcome:
        """End the operation without success.

        Args:
            refusal: Why.
            user: The user afterwards.
        """
        return self._outcome(succeeded=False, refusal=refusal, user=user)

    def admit(self, admission: Admission, *, interrupted: InterruptionPoint | None = None) -> OperationOutcome:
        """End a log-in with the decision of the Actions.

        Args:
            admission: Their decision.
            interrupted: The point at which the migration was interrupted nevertheless.
        """
        refusal = admission.refusal
        return self._outcome(succeeded=refusal is None, refusal=refusal, user=admission.user, interrupted=interrupted)

    def break_off(self, point: InterruptionPoint) -> OperationOutcome:
        """End the operation in the middle.

        Args:
            point: The point of the interruption.
        """
        return self._outcome(succeeded=False, interrupted=point)

    def _outcome(
        self,
        *,
        succeeded: bool,
        user: User | None = None,
        users: tuple[User, ...] = (),
        refusal: Refusal | None = None,
        interrupted: InterruptionPoint | None = None,
    ) -> OperationOutcome:
        shown = [found.user_id for found in users] or (None if user is None else user.user_id)
        message = "" if refusal is None else refusal.description
        self._recorder.end(self._begun, Response(succeeded, message, shown, interrupted))
        return OperationOutcome(
            operation=self._operation,
            succeeded=succeeded,
            user=user,
            users=users,
            refusal=refusal,
            interrupted=interrupted,
            mails=tuple(self._mails),
            log=tuple(self._log),
            calls=tuple(self._calls),
            runs=tuple(self._acted),
        )
