"""The tenant of an example: its connections, its users, and what they type."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.contract import Script
from customdb_contract.errors import UndocumentedOperationError
from customdb_contract.secrets import Secret
from customdb_contract.tenant import InternalUser, InterruptionPoint, Knobs, OperationOutcome, Pending, Tenant
from customdb_contract.testing._acting import NAMES, passwords_of, people_of
from customdb_contract.testing._fresh import PeopledDatabase
from customdb_contract.testing._life import Life
from customdb_contract.transcript import Ending

__all__ = ["Tenancy", "Typed"]

_PRESENT: Final = NAMES[:2]
"""The users who are in the store before Auth0 is introduced, with import mode on."""

_MOST_FAILING_LOGINS: Final = 2
"""For one identifier, so that no store locks a user out."""
_MOST_FAILING_LOGINS_IN_ALL: Final = 4
"""Some stores count by IP address instead."""

_BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Typed(StrEnum):
    """What a user types as the password."""

    RIGHT = "right"
    FORMER = "former"
    """The previous one."""
    ANOTHERS = "another's"
    LONGER = "longer"
    """The right one with an additional letter."""
    SHORTER = "shorter"


class Tenancy:
    """A tenant over fresh databases, and the life on each of its connections.

    Args:
        connection: The settings of the first connection.
        new_user: What users who sign up look like, including their passwords.
        database: Its database, with an empty store.
        outage: The same database with an unreachable store, or None.
        knobs: How the tenant behaves where Auth0's sources conflict.
        timeout: Seconds that one script may take.

    Attributes:
        tenant: The tenant.
        people: All users, by name.
        passwords: The passwords, by the names they are labelled with.
        lives: What must be true, by the name of the connection.
        last_passwords: The password that a user had before giving an e-mail up, by e-mail.
        has_outage: Whether the stores can be unreachable.

    Raises:
        ConfigurationError: When the database is unfit.
        DatabaseOpeningError: When it cannot be opened.
    """

    def __init__(
        self,
        connection: Connection,
        new_user: NewUser,
        database: object,
        outage: object,
        *,
        knobs: Knobs,
        timeout: float,
    ) -> None:
        self._new_user = new_user
        self.people = people_of(new_user, requires_username=connection.requires_username)
        self.passwords = passwords_of(new_user)
        self.lives: dict[str, Life] = {}
        self.last_passwords: dict[str, Secret] = {}
        self.has_outage = outage is not None
        self._failing_logins: Counter[str] = Counter()
        self._present = _PRESENT if connection.import_mode else ()
        seconds = itertools.count()
        peopled = self._peopled(connection, database)
        self.tenant = Tenant(
            peopled,
            connection=connection,
            users=self._users(),
            outage=outage,
            knobs=knobs,
            clock=lambda: _BEGINNING + timedelta(seconds=next(seconds)),
            timeout=timeout,
        )
        self._begin(peopled)

    def connect(self, connection: Connection, database: object, outage: object) -> None:
        """Add a connection with the same users to the tenant.

        Args:
            connection: Its settings.
            database: Its database, with an empty store.
            outage: The same database with an unreachable store, or None.

        Raises:
            ConfigurationError: When the database is unfit.
            DatabaseOpeningError: When it cannot be opened.
        """
        peopled = self._peopled(connection, database)
        self.tenant.add_connection(peopled, connection, users=self._users(), outage=outage)
        self._begin(peopled)

    def _peopled(self, connection: Connection, database: object) -> PeopledDatabase:
        return PeopledDatabase(database, connection, self._new_user, self.people, self._present)

    def _users(self) -> Sequence[KnownUser]:
        return [
            KnownUser(email=self.email_of(name), username=self.people[name].username, password=self.passwords[name])
            for name in self._present
        ]

    def _begin(self, database: PeopledDatabase) -> None:
        self.lives[database.connection.name] = Life(database.created, [self.passwords[name] for name in self._present])

    def connection(self, place: int) -> str:
        """Return the name of a connection, or of the last one.

        Args:
            place: Its position, from 0.
        """
        names = tuple(self.lives)
        return names[min(place, len(names) - 1)]

    def email_of(self, name: str) -> str:
        """Return the e-mail of a user.

        Args:
            name: The name.
        """
        return str(self.people[name].email)

    def knows(self, connection: str, name: str) -> bool:
        """Tell whether any user ever had a user's e-mail in the store of a connection.

        Args:
            connection: The name of the connection.
            name: The name of the user.
        """
        return self.lives[connection].knows(self.email_of(name))

    def user(self, connection: str, name: str) -> Sequence[tuple[str, str]]:
        """Return the key and the name of a user of a connection: the one with the name, or another one, or nothing.

        Args:
            connection: The name of the connection.
            name: The name of the user.
        """
        names = {self.email_of(known).lower(): known for known in NAMES}
        users = [
            (user.user_id, names[user.email.lower()])
            for user in self.tenant.users.values()
            if user.connection == connection and user.email is not None and user.email.lower() in names
        ]
        return [user for user in users if user[1] == name][:1] or users[:1]

    def right_password(self, connection: str, email: str) -> Secret | None:
        """Return the password that must be right for a user, if that is certain.

        Args:
            connection: The name of the connection.
            email: The e-mail.
        """
        if self.tenant.connections[connection].import_mode:
            for record in self.tenant.internal_users.values():
                if _is_kept_for(record, connection, email):
                    return next((known for known in self.passwords.values() if record.password.matches(known)), None)
        return self.lives[connection].password_of(email)

    def log_in(
        self, connection: str, name: str, typed: Typed = Typed.RIGHT, interrupt: InterruptionPoint | None = None
    ) -> None:
        """Log a user in, but not with so many wrong passwords that a store locks the user out.

        Args:
            connection: The name of the connection.
            name: The name of the user.
            typed: What the user types as the password.
            interrupt: The point at which the migration is interrupted, if there is one.
        """
        email = self.email_of(name)
        right = self.right_password(connection, email)
        password = self._password(
            connection, email, typed, right or self.last_passwords.get(email, self.passwords[name])
        )
        failing = self._failing_logins
        may_fail = failing[email] < _MOST_FAILING_LOGINS and failing.total() < _MOST_FAILING_LOGINS_IN_ALL
        if password == right or may_fail:
            log_in = partial(self.tenant.log_in, email, password, connection=connection, interrupt=interrupt)
            self.do(connection, log_in, password)

    def _password(self, connection: str, email: str, typed: Typed, right: Secret) -> Secret:
        match typed:
            case Typed.RIGHT:
                return right
            case Typed.FORMER:
                return self.lives[connection].former_password_of(email) or self.last_passwords.get(email, right)
            case Typed.ANOTHERS:
                return next(password for password in self.passwords.values() if password != right)
            case Typed.LONGER:
                return Secret(f"{right.reveal()}x")
            case _:
                return Secret(right.reveal()[:-1])

    def do(
        self, connection: str, operate: Callable[[], OperationOutcome], typed: Secret | None = None
    ) -> OperationOutcome | None:
        """Run an operation, and compare its outcome with what must be true.

        Args:
            connection: The name of the connection.
            operate: The operation.
            typed: The password that is given, or None.

        Returns:
            The outcome; None if Auth0's documentation does not define it.
        """
        import_mode = self.tenant.connections[connection].import_mode
        try:
            outcome = operate()
        except UndocumentedOperationError:
            return None
        self.lives[connection].follow(outcome, typed, import_mode=import_mode)
        for exchange in outcome.calls:
            if exchange.script is Script.LOGIN and exchange.ending is not Ending.FOUND:
                self._failing_logins[str(exchange.identifier).lower()] += 1
        return outcome


def _is_kept_for(record: InternalUser, connection: str, email: str) -> bool:
    return record.connection == connection and record.email == email.lower() and record.pending is not Pending.LOG_IN
