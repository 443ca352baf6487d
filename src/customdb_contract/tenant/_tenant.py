"""`Tenant`: the operations that users and applications know, each run by the parts that implement it."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, cast

from attrs import evolve

from customdb_contract.bridges import Bridge, brings_bridge
from customdb_contract.bridges.acting import ActionBridge
from customdb_contract.bridges.flow import OnRedirect
from customdb_contract.bridges.opening import DEFAULT_TIMEOUT, opened, scripts_of
from customdb_contract.bridges.opening_actions import opened_action
from customdb_contract.calling import Caller
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.probes import OutageDatabase, Truth
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.tenant._changing_identifiers import change_email, change_username
from customdb_contract.tenant._interruptions import InterruptionPoint, Interruptions, never_interrupt
from customdb_contract.tenant._knobs import Knobs, RootAttributes
from customdb_contract.tenant._log import LogEntry
from customdb_contract.tenant._logging_in import log_in
from customdb_contract.tenant._managing import delete_connection_user, delete_user, get_user, update_user, verify_email
from customdb_contract.tenant._open import OpenDatabase
from customdb_contract.tenant._outcomes import Mail, OperationKind, OperationOutcome, ResetTicket
from customdb_contract.tenant._passwords import change_password, complete_password_reset, request_password_reset
from customdb_contract.tenant._returning import log_in_silently, refresh
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._scripts import InContext, Scripts
from customdb_contract.tenant._signing_up import NewAccount, sign_up
from customdb_contract.tenant._state import Attached, State
from customdb_contract.tenant._typed import TypedPasswords
from customdb_contract.tenant._users import NO_METADATA, InternalUser, User
from customdb_contract.transcript import UNKNOWN, Handler, Header, Recorder, Situation, Transcript, Value, record

__all__ = ["Tenant"]


def _now() -> datetime:
    return datetime.now(UTC)


class Tenant:
    """A simulated Auth0 tenant, which calls the scripts of custom databases as Auth0 does, and keeps what Auth0 keeps.

    Use it as a context manager, or close it at the end. Its operations raise nothing for what a database does: that is
    part of the outcome.

    Args:
        database: The database of the first connection, in any of the forms that `check` takes.
        connection: The settings of that connection; None stands for the settings that the database brings along, or for
            Auth0's defaults.
        users: Users who are in that database now, if you know some; they let the rules judge more.
        outage: The same database with its store unreachable, for `outage`, in any of the forms that the `outage` of
            `check` takes; or None.
        root_attributes: When that connection takes name, nickname, given_name, family_name and picture from a script.
        knobs: How the tenant behaves where Auth0's sources conflict or say nothing.
        clock: Returns the time, with a time zone.
        interruptions: Called at each point of a migration; returns whether it is interrupted there.
        actions: The post-login Actions, in order: functions `(event, api)`, or Actions with secrets.
        on_redirect: Called with the URL that an Action redirects a user to, or the id of its form; returns the query
            parameters with which the user comes back, or None if the user does not. By default, every user comes back
            without parameters.
        timeout: Seconds that a script may take, and all Actions of a log-in together; Auth0 allows 20.

    Raises:
        ConfigurationError: When an argument cannot be used.
        DatabaseOpeningError: When the database or an Action cannot be opened.
    """

    def __init__(
        self,
        database: object,
        *,
        connection: Connection | None = None,
        users: Sequence[KnownUser] = (),
        outage: object = None,
        root_attributes: RootAttributes = RootAttributes.ON_EACH_LOGIN,
        knobs: Knobs | None = None,
        clock: Callable[[], datetime] = _now,
        interruptions: Interruptions = never_interrupt,
        actions: Sequence[object] = (),
        on_redirect: OnRedirect = lambda _: {},
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self._timeout = timeout
        shared = database if isinstance(database, OpenDatabase) else None
        self._registry = SecretRegistry() if shared is None else shared.truth.registry
        self._typed = TypedPasswords(self._registry) if shared is None else shared.typed
        self._connections: dict[str, Attached] = {}
        self._stack = ExitStack()
        with ExitStack() as opened_actions:
            bridges = tuple(opened_actions.enter_context(_usable(action, self._registry)) for action in actions)
            self._state = State(
                knobs=knobs or Knobs(),
                clock=clock,
                interruptions=interruptions,
                actions=bridges,
                action_seconds=timeout,
                on_redirect=on_redirect,
            )
            self.add_connection(database, connection, users=users, outage=outage, root_attributes=root_attributes)
            self._stack.push(opened_actions.pop_all())

    def add_connection(
        self,
        database: object,
        connection: Connection | None = None,
        *,
        users: Sequence[KnownUser] = (),
        outage: object = None,
        root_attributes: RootAttributes = RootAttributes.ON_EACH_LOGIN,
    ) -> None:
        """Add a connection to the tenant.

        Args:
            database: Its database.
            connection: Its settings, with a name of its own.
            users: Users who are in the database now.
            outage: The same database with its store unreachable, for `outage`, in any of the forms that the `outage`
                of `check` takes; or None.
            root_attributes: When the root attributes are taken from a script.

        Raises:
            ConfigurationError: When there is already a connection with that name, the database has no scripts, or two
                known users contradict each other.
            DatabaseOpeningError: When the database cannot be opened.
        """
        if isinstance(database, OpenDatabase):
            connection = database.truth.connection
        if connection is None:
            connection = database.connection if brings_bridge(database) else Connection()
        if connection.name in self._connections:
            message = f"the tenant already has a connection {connection.name!r}; give each its own name"
            raise ConfigurationError(message)
        if isinstance(database, OpenDatabase):
            scripts = Scripts(database.calls, database.recorder, database.truth)
        else:
            truth = (
                Truth.of(users, connection, self._registry)
                if users
                else Truth(connection=connection, people=(), passwords={}, registry=self._registry)
            )
            scripts = self._open(database, truth, outage)
            self._typed.know(truth.passwords.values())
        self._connections[connection.name] = Attached(connection, root_attributes, scripts, self._typed)

    def _open(self, database: object, truth: Truth, outage: object) -> Scripts:
        def open_one(opening: object) -> AbstractContextManager[Bridge]:
            return opened(opening, connection=truth.connection, mask=self._registry, timeout=self._timeout)

        with ExitStack() as stack:
            bridge = stack.enter_context(open_one(database))
            scripts_of(bridge)
            unreachable = None if outage is None else stack.enter_context(_open_outage(outage, open_one))
            recorder = Recorder(Header(people=truth.people, connection=truth.connection), truth.registry)
            recorder.know_scripts(bridge.scripts)
            caller = Caller(bridge, recorder)
            scripts = Scripts(InContext(caller, truth.people), recorder, truth, unreachable)
            self._stack.push(stack.pop_all())
        self._stack.callback(scripts.collect_late_events)
        self._stack.callback(caller.collect_late_events)
        return scripts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the databases; the stores, the log and the transcripts stay readable."""
        self._stack.close()

    @property
    def users(self) -> Mapping[str, User]:
        """The user records of the tenant, by `user_id`."""
        return self._state.users.records

    @property
    def internal_users(self) -> Mapping[str, InternalUser]:
        """The records of the internal stores, by `user_id`: the users that Auth0 authenticates itself."""
        return self._state.internal.records

    @property
    def half_created(self) -> tuple[InternalUser, ...]:
        """The users whose migration is not finished, and who are found by no search."""
        return tuple(record for record in self.internal_users.values() if record.pending is not None)

    @property
    def log(self) -> Sequence[LogEntry]:
        """The tenant log."""
        return tuple(self._state.log)

    @property
    def mails(self) -> Sequence[Mail]:
        """The e-mails that were sent."""
        return tuple(self._state.mails)

    @property
    def connections(self) -> Mapping[str, Connection]:
        """The settings of the connections as they are now, by name."""
        return {name: attached.settings for name, attached in self._connections.items()}

    @property
    def order(self) -> Sequence[str]:
        """The connection of each operation, in the order of the operations; it connects several transcripts."""
        return tuple(self._state.order)

    @property
    def transcript(self) -> Transcript:
        """What happened on the only connection; see `transcript_of`."""
        return self.transcript_of()

    def scripts_of(self, connection: str | None = None) -> frozenset[Script]:
        """Return the scripts that the database of a connection has.

        Args:
            connection: The name of the connection; optional if there is only one.

        Raises:
            ConfigurationError: When there is no such connection, or several and none is named.
        """
        return frozenset(self._attached(connection).scripts.scripts)

    def transcript_of(self, connection: str | None = None) -> Transcript:
        """Return what happened on a connection. The header has the settings that the connection began with.

        Args:
            connection: The name of the connection; optional if there is only one.

        Raises:
            ConfigurationError: When there is no such connection, or several and none is named.
        """
        return self._attached(connection).scripts.transcript()

    def log_in(
        self,
        identifier: str,
        password: str | Secret,
        *,
        connection: str | None = None,
        interrupt: InterruptionPoint | None = None,
    ) -> OperationOutcome:
        """Log in with an identifier and a password.

        Args:
            identifier: An e-mail or a username.
            password: The password that is typed.
            connection: The connection; optional if there is only one.
            interrupt: The point at which the migration is interrupted, if there is one.
        """
        secret = _secret(password)
        arguments = {"identifier": identifier, "password": secret}
        run = self._run(OperationKind.LOG_IN, connection, identifier, arguments, interrupt=interrupt)
        return log_in(run, identifier, secret)

    def silent_log_in(self, user_id: str) -> OperationOutcome:
        """Log in a user who has a session, without a prompt (`prompt=none`): no script runs, the Actions do.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
        """
        return log_in_silently(self._run_about(OperationKind.SILENT_LOG_IN, user_id), user_id)

    def refresh(self, user_id: str) -> OperationOutcome:
        """Exchange a refresh token for an access token: no script runs, the Actions do.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
        """
        return refresh(self._run_about(OperationKind.REFRESH, user_id), user_id)

    def sign_up(
        self,
        email: str,
        password: str | Secret,
        *,
        username: str | None = None,
        user_metadata: Mapping[str, object] = NO_METADATA,
        fields: Mapping[str, object] = NO_METADATA,
        connection: str | None = None,
    ) -> OperationOutcome:
        """Sign up.

        Args:
            email: The e-mail.
            password: The password.
            username: The username, if the connection requires one.
            user_metadata: The metadata of the request.
            fields: Additional fields of the request, which `create` receives too.
            connection: The connection; optional if there is only one.

        Raises:
            ConfigurationError: When a username is missing, or given for a connection without usernames.
        """
        account = NewAccount(
            email=email,
            password=_secret(password),
            username=self._username(username, connection),
            user_metadata=self._recorded(user_metadata),
            app_metadata=NO_METADATA,
            fields=self._recorded(fields),
        )
        return sign_up(self._run(OperationKind.SIGN_UP, connection, email, account.as_arguments()), account)

    def create_user(
        self,
        email: str,
        password: str | Secret,
        *,
        username: str | None = None,
        user_metadata: Mapping[str, object] = NO_METADATA,
        app_metadata: Mapping[str, object] = NO_METADATA,
        email_verified: bool = False,
        connection: str | None = None,
    ) -> OperationOutcome:
        """Create a user with the Management API.

        Args:
            email: The e-mail.
            password: The password.
            username: The username, if the connection requires one.
            user_metadata: The metadata that the user can change.
            app_metadata: The metadata that only the application and administrators can change.
            email_verified: Whether the e-mail counts as verified; with import mode off, the database decides.
            connection: The connection; optional if there is only one.

        Raises:
            ConfigurationError: When a username is missing, or given for a connection without usernames.
        """
        account = NewAccount(
            email=email,
            password=_secret(password),
            username=self._username(username, connection),
            user_metadata=self._recorded(user_metadata),
            app_metadata=self._recorded(app_metadata),
            email_verified=email_verified,
        )
        return sign_up(self._run(OperationKind.CREATE_USER, connection, email, account.as_arguments()), account)

    def change_email(self, user_id: str, email: str, *, verified: bool = False) -> OperationOutcome:
        """Change a user's e-mail with the Management API.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
            email: The e-mail; the same one, to change only `verified`.
            verified: Whether the e-mail counts as verified.
        """
        arguments = {"email": email, "verified": verified}
        run = self._run_about(OperationKind.CHANGE_EMAIL, user_id, arguments)
        return change_email(run, user_id, email, verified=verified)

    def change_username(self, user_id: str, username: str) -> OperationOutcome:
        """Change a user's username with the Management API.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
            username: The username.
        """
        run = self._run_about(OperationKind.CHANGE_USERNAME, user_id, {"username": username})
        return change_username(run, user_id, username)

    def request_password_reset(self, email: str, *, connection: str | None = None) -> OperationOutcome:
        """Ask for the link of a password reset. The outcome's mail has it, if there is such a user.

        Args:
            email: The e-mail that the user types.
            connection: The connection; optional if there is only one.
        """
        run = self._run(OperationKind.REQUEST_PASSWORD_RESET, connection, email, {"email": email})
        return request_password_reset(run, email)

    def complete_password_reset(self, ticket: ResetTicket, new_password: str | Secret) -> OperationOutcome:
        """Open the link of a password reset, and set a new password.

        Args:
            ticket: The link, from the mail.
            new_password: The new password.
        """
        secret = _secret(new_password)
        arguments = {"email": ticket.email, "new_password": secret}
        run = self._run(OperationKind.COMPLETE_PASSWORD_RESET, ticket.connection, ticket.email, arguments)
        return complete_password_reset(run, ticket, secret)

    def change_password(self, user_id: str, new_password: str | Secret) -> OperationOutcome:
        """Change a user's password as an administrator.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
            new_password: The new password.

        Raises:
            UndocumentedOperationError: With import mode on, when Auth0 has had the user from before, without a
                password.
        """
        secret = _secret(new_password)
        run = self._run_about(OperationKind.CHANGE_PASSWORD, user_id, {"new_password": secret})
        return change_password(run, user_id, secret)

    def verify_email(self, user_id: str) -> OperationOutcome:
        """Open the link of a user's verification e-mail.

        Args:
            user_id: The user's key, with the prefix `auth0|`.

        Raises:
            UndocumentedOperationError: With import mode on, when Auth0 has had the user from before.
        """
        return verify_email(self._run_about(OperationKind.VERIFY_EMAIL, user_id), user_id)

    def update_user(self, user_id: str, changes: Mapping[str, object]) -> OperationOutcome:
        """Update a user with the Management API: first-level keys of metadata are replaced, null removes one.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
            changes: `user_metadata`, `app_metadata`, `blocked`, and with import mode on the root attributes.

        Raises:
            ConfigurationError: When an attribute has an operation of its own, or there is no such attribute.
        """
        given = self._recorded(changes)
        return update_user(self._run_about(OperationKind.UPDATE_USER, user_id, given), user_id, given)

    def delete_user(self, user_id: str) -> OperationOutcome:
        """Delete a user with the Management API.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
        """
        return delete_user(self._run_about(OperationKind.DELETE_USER, user_id), user_id)

    def delete_connection_user(self, email: str, *, connection: str | None = None) -> OperationOutcome:
        """Delete a half-created user: only the record of the internal store.

        Args:
            email: The e-mail.
            connection: The connection; optional if there is only one.

        Raises:
            UndocumentedOperationError: When there is a full record as well; delete the user instead.
        """
        return delete_connection_user(
            self._run(OperationKind.DELETE_CONNECTION_USER, connection, email, {"email": email}), email
        )

    def get_user(self, user_id: str) -> OperationOutcome:
        """Return a user by key, as the Management API does.

        Args:
            user_id: The user's key, with the prefix `auth0|`.
        """
        return get_user(self._run_about(OperationKind.GET_USER, user_id), user_id)

    def search(self, identifier: str | None = None, *, connection: str | None = None) -> OperationOutcome:
        """Search for users; a half-created user is not found.

        Source: <https://community.auth0.com/t/120220>.

        Args:
            identifier: The e-mail or the username, in any case; None finds all users.
            connection: The connection; None stands for all.

        Raises:
            ConfigurationError: When there is no such connection.
        """
        names = tuple(self._connections) if connection is None else (self._attached(connection).name,)
        users = self._state.users
        found = tuple(
            user for name in names for user in (users.of(name) if identifier is None else users.find(name, identifier))
        )
        return self._run(OperationKind.SEARCH, names[0], identifier or "", {"identifier": identifier}).succeed(
            users=found
        )

    def switch_import_mode(self, *, on: bool, connection: str | None = None) -> OperationOutcome:
        """Switch "Import Users to Auth0" on or off. The stores stay as they are.

        Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.

        Args:
            on: Whether it is on from now on.
            connection: The connection; optional if there is only one.
        """
        attached = self._attached(connection)
        attached.settings = evolve(attached.settings, import_mode=on)
        return self._run(OperationKind.SWITCH_IMPORT_MODE, attached.name, "", {"on": on}).succeed()

    @contextmanager
    def outage(self, connection: str | None = None, *, way: Situation | None = None) -> Generator[Situation]:
        """Make the store of a connection unreachable: in the meantime, the scripts of its outage database run.

        Args:
            connection: The connection; optional if there is only one.
            way: The way in which the store is unreachable; None stands for the first one available.

        Yields:
            The way in which it is unreachable.

        Raises:
            ConfigurationError: When the connection has no outage database, or its store has no such outage.
        """
        attached = self._attached(connection)
        scripts = attached.scripts
        if not scripts.ways:
            message = f"the connection {attached.name} has no outage database: give the tenant one with outage="
            raise ConfigurationError(message)
        chosen = scripts.ways[0] if way is None else way
        if chosen not in scripts.ways:
            message = f"the store cannot be unreachable by {chosen.value!r}; choose from {', '.join(scripts.ways)}"
            raise ConfigurationError(message)
        scripts.fail(chosen)
        try:
            yield chosen
        finally:
            scripts.recover()

    def _attached(self, connection: str | None) -> Attached:
        names = ", ".join(self._connections)
        if connection is None and len(self._connections) > 1:
            message = f"the tenant has several connections: {names}; name one of them with connection="
            raise ConfigurationError(message)
        name = next(iter(self._connections)) if connection is None else connection
        if name not in self._connections:
            message = f"the tenant has no connection {name!r}; it has {names}"
            raise ConfigurationError(message)
        return self._connections[name]

    def _run(
        self,
        operation: OperationKind,
        connection: str | None,
        user_name: str,
        arguments: Mapping[str, object],
        *,
        about: str | None = None,
        interrupt: InterruptionPoint | None = None,
    ) -> Run:
        attached = self._attached(connection)
        identifier = about or user_name
        person = attached.scripts.label_of(identifier)
        for password in arguments.values():
            # Before anything is recorded.
            if isinstance(password, Secret):
                attached.passwords.note(password, identifier, identifier if person == UNKNOWN else person)
        return Run(
            operation,
            self._state,
            attached,
            user_name,
            person=person,
            arguments=arguments,
            interrupt=interrupt,
        )

    def _run_about(self, operation: OperationKind, user_id: str, arguments: Mapping[str, object] = NO_METADATA) -> Run:
        user = self._state.users.get(user_id)
        connection = next(iter(self._connections)) if user is None else user.connection
        about = None if user is None else user.email
        return self._run(operation, connection, user_id, {"user_id": user_id, **arguments}, about=about)

    def _username(self, username: str | None, connection: str | None) -> str | None:
        settings = self._attached(connection).settings
        if settings.requires_username and not username:
            message = f"the connection {settings.name!r} requires a username: give one"
            raise ConfigurationError(message)
        if username is not None and not settings.requires_username:
            message = f"the connection {settings.name!r} has no usernames: leave it out, or set requires_username"
            raise ConfigurationError(message)
        return username

    def _recorded(self, attributes: Mapping[str, object]) -> Mapping[str, Value]:
        return cast("Mapping[str, Value]", record(attributes, self._registry.mask))


@contextmanager
def _usable(action: object, mask: SecretRegistry) -> Generator[ActionBridge]:
    with opened_action(action, mask=mask) as bridge:
        info = bridge.info
        if info.problem is not None:
            raise ConfigurationError(info.problem)
        if Handler.EXECUTE not in info.handlers:
            message = f"the Action {info.name} has no {Handler.EXECUTE}, so it would never run"
            raise ConfigurationError(message)
        yield bridge


def _secret(password: str | Secret) -> Secret:
    return password if isinstance(password, Secret) else Secret(password)


def _open_outage(
    outage: object, open_database: Callable[[object], AbstractContextManager[Bridge]]
) -> AbstractContextManager[OutageDatabase]:
    from customdb_contract.outages import open_outage  # noqa: PLC0415 - only who provokes an outage needs servers

    return open_outage(outage, open_database)
