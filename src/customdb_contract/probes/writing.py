"""Writing: what the scripts that change the store do, tried on users that the check creates and removes again."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.calling import PlannedCall
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, UnknownIdLike, UserIdOf, UserIdOrUnknown
from customdb_contract.probes.created_users import OVERLONG, UNUSUAL_PASSWORDS, CreatedUser, token
from customdb_contract.secrets import Secret
from customdb_contract.transcript import LATER_REQUESTS, UNKNOWN, Situation

__all__ = [
    "Writing",
    "plan_at_once",
    "plan_looks_for",
    "plan_outage_of_writing",
    "plan_writing",
]

_VERIFIED: Final = True
_UNVERIFIED: Final = False


@frozen(kw_only=True)
class Writing:
    """How a check writes.

    Args:
        created_users: The users that it creates.
        victims: The users of an empty database that hostile identifiers may change; none without such a database.
        open_fresh: Opens an empty database to write to; None to write to the database under check.
        open_second: Opens the same database a second time, for two calls at once; None if that is not possible.
    """

    created_users: Sequence[CreatedUser]
    victims: Sequence[CreatedUser] = ()
    open_fresh: Callable[[], AbstractContextManager[Bridge]] | None = None
    open_second: Callable[[], AbstractContextManager[Bridge]] | None = None


def plan_writing(
    created_users: Sequence[CreatedUser], connection: Connection, scripts: Collection[Script]
) -> Iterator[PlannedCall]:
    """Plan every write on users created by the check, and the calls that check the results.

    With import mode on, Auth0 calls only `change_password`, so then the others only serve to create a user.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.

    Args:
        created_users: The users.
        connection: The settings of the connection.
        scripts: The scripts that the database has.
    """
    if Script.CREATE not in scripts or (connection.import_mode and Script.CHANGE_PASSWORD not in scripts):
        return
    first, second, third, fourth = _ordinary(created_users)
    plan = _Plan(scripts, connection)
    yield from plan.creation(first)
    yield from plan.creation(second)
    if connection.import_mode:
        yield from plan.change_of_password(first, second, third.new_email)
        return
    yield from plan.verification(first, second, fourth.new_email)
    yield from plan.change_of_password(first, second, third.new_email)
    yield from plan.change_of_email(first, second)
    for created in created_users:
        if created.situation in {*UNUSUAL_PASSWORDS, Situation.WITHOUT_METADATA}:
            yield from plan.creation(created)
        if created.situation is Situation.OVERLONG_PASSWORD:
            yield from plan.wrong_passwords(created)
    # A create that overwrites a user leaves nothing certain, so it is tried on a user who is not needed any longer.
    yield from plan.creation(third)
    yield from plan.duplicates(third)
    yield from plan.creation(fourth)
    yield from plan.wrong_passwords(fourth)
    yield from plan.deletion(first, second)


def _ordinary(created_users: Sequence[CreatedUser]) -> Sequence[CreatedUser]:
    return [created for created in created_users if created.situation is Situation.WRITING]


def plan_at_once(created_users: Sequence[CreatedUser], connection: Connection) -> Iterator[PlannedCall]:
    """Plan the same write, made twice at the same time.

    Args:
        created_users: The users.
        connection: The settings of the connection.
    """
    if not connection.import_mode:
        for created in created_users:
            if created.situation is Situation.AT_ONCE:
                yield PlannedCall(Script.CREATE, (created.user,), created.person.label, Situation.AT_ONCE)


def plan_looks_for(created: CreatedUser) -> Iterator[PlannedCall]:
    """Plan get_user for each e-mail that a user could have by now.

    Args:
        created: The user.
    """
    for email in (created.email, created.new_email):
        yield PlannedCall(Script.GET_USER, (email,), created.person.label, Situation.WRITING)


def plan_outage_of_writing(
    created_users: Sequence[CreatedUser], truth: Truth, scripts: Collection[Script], situation: Situation
) -> Iterator[PlannedCall]:
    """Plan each write once while the store is unreachable, for a user who is not in the store.

    Args:
        created_users: The users.
        truth: The known users, and the settings of the connection.
        scripts: The scripts that the database has.
        situation: The way in which the store is unreachable. A hang costs the time of a whole script for each call, and
            a store that answers the first requests does what it is told.
    """
    if situation is Situation.HANG or situation in LATER_REQUESTS:
        return
    for created in created_users:
        if created.situation is not Situation.OUTAGE:
            continue
        label, email = created.person.label, created.email
        # The id of a deleted user: an id that the store would never assign can be rejected without the store.
        deleted, known = _ordinary(created_users)[1].person.label, truth.people[0].label
        planned = (
            PlannedCall(Script.CREATE, (created.user,), label, situation),
            PlannedCall(Script.CHANGE_PASSWORD, (email, created.new_password), label, situation),
            PlannedCall(Script.VERIFY, (email,), label, situation),
            PlannedCall(Script.CHANGE_EMAIL, (email, created.new_email, True), label, situation),
            PlannedCall(Script.DELETE, (UserIdOrUnknown(deleted, like=known),), deleted, situation),
        )
        for call in planned:
            if call.script in scripts and (call.script is Script.CHANGE_PASSWORD or not truth.connection.import_mode):
                yield call


class _Plan:
    """The parts of the plan, each for the existing scripts."""

    def __init__(self, scripts: Collection[Script], connection: Connection) -> None:
        self._scripts = scripts
        self._connection = connection

    def creation(self, created: CreatedUser) -> Iterator[PlannedCall]:
        yield from self._call(created, Script.GET_USER, created.email)
        yield PlannedCall(Script.CREATE, (created.user,), created.person.label, created.situation)
        # Auth0 logs the new user in at once.
        yield from self._call(created, Script.LOGIN, created.email, created.password)
        yield from self._call(created, Script.GET_USER, created.email)
        yield from self._look_by_username(created)
        if created.person.username is not None:
            yield from self._call(created, Script.LOGIN, created.person.username, created.password)

    def wrong_passwords(self, created: CreatedUser) -> Iterator[PlannedCall]:
        """Plan log-ins with a long wrong password, and with the part of a longer one that bcrypt reads."""
        wrong = f"Wrong-{token(OVERLONG, created.person.identifiers)}"
        yield from self._call(created, Script.LOGIN, created.email, wrong)
        if created.cut_password is not None:
            yield from self._call(created, Script.LOGIN, created.email, created.cut_password)

    def duplicates(self, first: CreatedUser) -> Iterator[PlannedCall]:
        yield from self._call(first, Script.CREATE, first.user)
        spelled_otherwise = first.email.upper()
        yield from self._call(first, Script.GET_USER, spelled_otherwise)
        yield from self._call(first, Script.CREATE, {**first.user, "email": spelled_otherwise})
        if first.person.username is not None:
            yield from self._call(first, Script.CREATE, {**first.user, "email": first.new_email})

    def verification(self, first: CreatedUser, second: CreatedUser, nobody: str) -> Iterator[PlannedCall]:
        if Script.VERIFY not in self._scripts:
            return
        yield from self._looks(first, first.email, first.password)
        yield from self._looks(second, second.email, second.password)
        yield from self._call(first, Script.VERIFY, first.email)
        yield from self._looks(first, first.email, first.password)
        yield from self._looks(second, second.email, second.password)
        yield from self._call(first, Script.VERIFY, first.email)
        yield from self._call(first, Script.GET_USER, first.email)
        yield self._nobodys(Script.VERIFY, nobody)

    def change_of_password(self, first: CreatedUser, second: CreatedUser, nobody: str) -> Iterator[PlannedCall]:
        if Script.CHANGE_PASSWORD not in self._scripts:
            return
        # The one for an unknown user comes first: a change that works afterwards shows why it was refused.
        yield self._nobodys(Script.CHANGE_PASSWORD, nobody, second.new_password)
        yield from self._looks(first, first.email, first.password)
        yield from self._looks(second, second.email, second.password)
        yield from self._call(first, Script.CHANGE_PASSWORD, first.email, first.new_password)
        yield from self._looks(first, first.email, first.new_password)
        yield from self._look_by_username(first)
        yield from self._call(first, Script.LOGIN, first.email, first.password)
        yield from self._looks(second, second.email, second.password)

    def change_of_email(self, first: CreatedUser, second: CreatedUser) -> Iterator[PlannedCall]:
        if Script.CHANGE_EMAIL not in self._scripts:
            return
        password = first.new_password if Script.CHANGE_PASSWORD in self._scripts else first.password
        yield from self._looks(first, first.email, password)
        yield from self._call(first, Script.CHANGE_EMAIL, first.email, first.new_email, _VERIFIED)
        yield from self._looks(first, first.new_email, password)
        yield from self._look_by_username(first)
        yield from self._call(first, Script.GET_USER, first.email)
        yield from self._call(first, Script.CHANGE_EMAIL, first.new_email, first.new_email, _UNVERIFIED)
        yield from self._looks(first, first.new_email, password)
        yield from self._looks(second, second.email, second.password)
        yield from self._call(first, Script.CHANGE_EMAIL, first.new_email, second.email, _VERIFIED)
        yield from self._looks(second, second.email, second.password)
        yield from self._looks(first, first.new_email, password)
        yield self._nobodys(Script.CHANGE_EMAIL, first.email, second.new_email, _UNVERIFIED)

    def deletion(self, first: CreatedUser, second: CreatedUser) -> Iterator[PlannedCall]:
        if Script.DELETE not in self._scripts:
            return
        password = first.new_password if Script.CHANGE_PASSWORD in self._scripts else first.password
        email = first.new_email if Script.CHANGE_EMAIL in self._scripts else first.email
        yield from self._looks(first, email, password)
        yield from self._looks(second, second.email, second.password)
        yield from self._call(second, Script.DELETE, UserIdOf(second.person.label))
        yield from self._looks(second, second.email, second.password)
        yield from self._looks(first, email, password)
        yield from self._call(second, Script.DELETE, UserIdOf(second.person.label))
        # Ids of the store's own kind: it can reject another kind because of its form.
        yield self._nobodys(Script.DELETE, UnknownIdLike(second.person.label))
        yield self._nobodys(Script.DELETE, UnknownIdLike(second.person.label))
        yield from self._looks(first, email, password)
        # A deleted user can come back.
        yield from self._call(second, Script.GET_USER, second.email)
        yield from self._call(second, Script.CREATE, second.user)
        yield from self._looks(second, second.email, second.password)
        yield from self._call(second, Script.DELETE, UserIdOf(second.person.label))

    def _looks(self, created: CreatedUser, identifier: str, password: Secret) -> Iterator[PlannedCall]:
        yield from self._call(created, Script.GET_USER, identifier)
        yield from self._call(created, Script.LOGIN, identifier, password)

    def _look_by_username(self, created: CreatedUser) -> Iterator[PlannedCall]:
        if created.person.username is not None:
            yield from self._call(created, Script.GET_USER, created.person.username)

    def _call(self, created: CreatedUser, script: Script, *arguments: object) -> Iterator[PlannedCall]:
        if script in self._scripts:
            yield PlannedCall(script, arguments, created.person.label, Situation.WRITING)

    def _nobodys(self, script: Script, *arguments: object) -> PlannedCall:
        return PlannedCall(script, arguments, UNKNOWN, Situation.WRITING)
