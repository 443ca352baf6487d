"""The stage: a simulated tenant, with the users whose lives are played."""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, cast

from attrs import field, frozen

from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import Script
from customdb_contract.probes import ids_in
from customdb_contract.secrets import Secret
from customdb_contract.tenant import PREFIX, InterruptionPoint, OperationOutcome, ResetTicket, Tenant, User
from customdb_contract.transcript import Exchange, RecordedError, Situation

__all__ = ["AnotherUserError", "Ledger", "NewPerson", "Stage", "ticket_of"]


class AnotherUserError(Exception):
    """The scripts returned another user's profile for the new user, so going on would change that other user."""


class Ledger(Protocol):
    """Keeps track of users created in the legacy store and not yet removed; a `Recorder` is a ledger."""

    def leave_behind(self, identifier: str) -> None:
        """Register a user who is about to be created.

        Args:
            identifier: The identifier by which you can find the user.
        """
        ...

    def removed(self, identifier: str) -> None:
        """Remove a user who no longer exists.

        Args:
            identifier: The identifier that was registered.
        """
        ...


@frozen(kw_only=True)
class NewPerson:
    """A user who is not in the legacy store yet.

    Args:
        email: The e-mail.
        new_email: Another e-mail, which no user has.
        username: The username, if the connection requires one.
        password: The password.
        new_password: Another password.
        user_metadata: The metadata that the user signs up with.
        fields: Additional fields of the sign-up.
    """

    email: str
    new_email: str
    username: str | None
    password: Secret
    new_password: Secret
    user_metadata: Mapping[str, object] = field(factory=dict[str, object])
    fields: Mapping[str, object] = field(factory=dict[str, object])


@frozen(kw_only=True)
class Stage:
    """What a scenario is played on.

    Args:
        tenant: The tenant.
        connection: The name of the connection on which the scenario is played.
        second: The name of another connection over the same store; None if there is none.
        user: A user who is in the legacy store and may log in, with e-mail and password; None if none is known.
        new_person: A user who is not in the legacy store.
        writes: Whether the scenario may write to the legacy store.
        ledger: Keeps track of users created in the legacy store; None if the store is thrown away afterwards, so that
            no user needs to be removed.
        spared: The ids in the legacy store, by `ids_in`, of users who must not be changed.
        outage: Whether the tenant has the same database with its store unreachable.
        way: The way in which the store is unreachable; None stands for the first one.
    """

    tenant: Tenant
    connection: str
    second: str | None = None
    user: KnownUser | None = None
    new_person: NewPerson
    writes: bool = False
    ledger: Ledger | None = None
    spared: frozenset[str] = frozenset()
    outage: bool = False
    way: Situation | None = None
    _noted: set[str] = field(factory=set[str], init=False)

    @property
    def settings(self) -> Connection:
        """The settings of the connection as they are now."""
        return self.tenant.connections[self.connection]

    @property
    def scripts(self) -> frozenset[Script]:
        """The scripts that the database of the connection has."""
        return self.tenant.scripts_of(self.connection)

    @property
    def email(self) -> str:
        """The e-mail of the known user."""
        return cast("str", cast("KnownUser", self.user).email)

    @property
    def password(self) -> Secret:
        """The password of the known user."""
        return cast("Secret", cast("KnownUser", self.user).password)

    def log_in(
        self,
        email: str | None = None,
        password: Secret | None = None,
        *,
        connection: str | None = None,
        interrupt: InterruptionPoint | None = None,
    ) -> OperationOutcome:
        """Log in.

        Args:
            email: The e-mail that is typed; None stands for the known user's.
            password: The password; None stands for the known user's.
            connection: The connection; None stands for the one on which the scenario is played.
            interrupt: The point at which the migration is interrupted, if there is one.
        """
        return self.tenant.log_in(
            self.email if email is None else email,
            self.password if password is None else password,
            connection=self.connection if connection is None else connection,
            interrupt=interrupt,
        )

    def sign_up(self, email: str | None = None) -> OperationOutcome:
        """Sign the new user up; with import mode off, that creates a user in the legacy store.

        Args:
            email: The e-mail that is typed; None stands for the new user's.
        """
        person = self.new_person
        typed = person.email if email is None else email
        # Before the script runs, so that the user is registered no matter what ends the rehearsal.
        self._note(typed)
        outcome = self.tenant.sign_up(
            typed,
            person.password,
            username=person.username,
            user_metadata=person.user_metadata,
            fields=person.fields,
            connection=self.connection,
        )
        if not any(map(_may_have_created, outcome.calls)):
            self._forget(typed)
        return outcome

    def change_email(self, user: User, email: str) -> OperationOutcome:
        """Change a user's e-mail; with import mode off, that changes it in the legacy store.

        Args:
            user: The user.
            email: The e-mail.

        Raises:
            AnotherUserError: When that would change a user in the legacy store other than the new one.
        """
        if not self.settings.import_mode:
            if user.email is not None:
                self._protect_others(user)
            self._note(email)
        return self.tenant.change_email(user.user_id, email, verified=True)

    def delete(self, user: User) -> OperationOutcome:
        """Delete a user; with import mode off, that removes the user from the legacy store.

        Args:
            user: The user.

        Raises:
            AnotherUserError: When that would remove a user from the legacy store other than the new one.
        """
        if not self.settings.import_mode:
            self._protect_others(user)
        outcome = self.tenant.delete_user(user.user_id)
        if outcome.succeeded and outcome.calls:
            self._forget(self.new_person.email)
            self._forget(self.new_person.new_email)
        return outcome

    def reset(self, email: str, password: Secret) -> OperationOutcome:
        """Ask for a password reset, and open its link if one arrives.

        Args:
            email: The e-mail.
            password: The new password.

        Returns:
            The outcome for the new password, or that of the request if no link arrives.
        """
        return self.complete_reset(self.ask_for_reset(email), password)

    def complete_reset(self, asked: OperationOutcome, password: Secret) -> OperationOutcome:
        """Open the link of a password reset if one arrived.

        Args:
            asked: The outcome of the request.
            password: The new password.

        Returns:
            The outcome for the new password, or that of the request if no link arrived.
        """
        ticket = ticket_of(asked)
        return asked if ticket is None else self.tenant.complete_password_reset(ticket, password)

    def _protect_others(self, user: User) -> None:
        in_store = ids_in({"user_id": user.user_id.removeprefix(PREFIX)})
        if not self._is_of_new_person(user.email) or not self.spared.isdisjoint(in_store):
            message = (
                f"for the new user {self.new_person.email} the scripts returned another user's profile; "
                "the scenario ended there, because going on would change the other user in the legacy store"
            )
            raise AnotherUserError(message)

    def _is_of_new_person(self, email: str | None) -> bool:
        return (email or "").lower() in {self.new_person.email.lower(), self.new_person.new_email.lower()}

    def ask_for_reset(self, email: str) -> OperationOutcome:
        """Ask for a password reset.

        Args:
            email: The e-mail.
        """
        return self.tenant.request_password_reset(email, connection=self.connection)

    def user_of(self, *emails: str) -> User | None:
        """Return Auth0's record of a user on the connection, or None, without an operation.

        Args:
            emails: The e-mails that the user can have.
        """
        wanted = {email.lower() for email in emails}
        return next(
            (
                user
                for user in self.tenant.users.values()
                if user.connection == self.connection and (user.email or "").lower() in wanted
            ),
            None,
        )

    def broken(self) -> AbstractContextManager[Situation]:
        """Make the store unreachable while this lasts."""
        return self.tenant.outage(self.connection, way=self.way)

    @contextmanager
    def with_new_person(self) -> Generator[NewPerson]:
        """Yield a user who may be created in the legacy store, and is removed from there afterwards.

        A user who could not be removed stays in the ledger; after ctrl-C, no user is removed.
        """
        person = self.new_person
        try:
            yield person
        except Exception:
            self._remove(person)
            raise
        self._remove(person)

    def _remove(self, person: NewPerson) -> None:
        user = self.user_of(person.email, person.new_email)
        # With import mode on, the user is only in Auth0, unless created with import mode off before.
        if not self._noted or user is None or not self._is_of_new_person(user.email):
            return
        if self.settings.import_mode:
            self.tenant.switch_import_mode(on=False, connection=self.connection)
        self.delete(user)

    def _note(self, identifier: str) -> None:
        if self.ledger is not None and identifier not in self._noted:
            self._noted.add(identifier)
            self.ledger.leave_behind(identifier)

    def _forget(self, identifier: str) -> None:
        if self.ledger is not None and identifier in self._noted:
            self._noted.remove(identifier)
            self.ledger.removed(identifier)

    @contextmanager
    def only_in_legacy_store(self) -> Generator[tuple[str, Secret]]:
        """Yield e-mail and password of a user whom Auth0 does not know, and whose password may be changed.

        That is the known user if nothing is written. Otherwise it is a new user, who signs up with import mode off, and
        whose record in Auth0 is deleted with import mode on: the database does not hear about that.
        """
        if not self.writes_passwords:
            yield self.email, self.password
            return
        with self.with_new_person() as person:
            is_import = self.settings.import_mode
            if is_import:
                self.tenant.switch_import_mode(on=False, connection=self.connection)
            created = self.sign_up()
            if is_import:
                self.tenant.switch_import_mode(on=True, connection=self.connection)
                if created.user is not None:
                    self.delete(created.user)
            yield person.email, person.password

    @property
    def writes_passwords(self) -> bool:
        """Whether a password reset writes to the legacy store."""
        return not self.settings.import_mode or Script.CHANGE_PASSWORD in self.scripts


def ticket_of(asked: OperationOutcome) -> ResetTicket | None:
    """Return the link of a password reset, or None if no e-mail arrived.

    Args:
        asked: The outcome of the request.
    """
    return next((mail.ticket for mail in asked.mails), None)


def _may_have_created(call: Exchange) -> bool:
    error = call.outcome.error
    is_refusal = isinstance(error, RecordedError) and error.name == "ValidationError"
    return call.script is Script.CREATE and not is_refusal
