"""Writing: what the scripts that change the store do, tried on users that the check creates and removes again."""

import string
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count
from typing import Final

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.calling import PlannedCall
from customdb_contract.connection import Connection, NewUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.probes._plan import Truth, UnknownIdLike, UserIdOf, UserIdOrUnknown
from customdb_contract.secrets import Secret, SecretForm, SecretKind, SecretRef
from customdb_contract.transcript import LATER_REQUESTS, UNKNOWN, Person, Situation

__all__ = [
    "Newcomer",
    "Writing",
    "make_newcomers",
    "make_victims",
    "plan_at_once",
    "plan_looks_for",
    "plan_outage_of_writing",
    "plan_writing",
]

_ALPHABET: Final = string.ascii_lowercase + string.digits
_CONSONANTS: Final = "bcdfghjkmnpqrstvwxz"
_TOKEN_LENGTH: Final = 12
_UNIQUE_LENGTH: Final = 8
_BCRYPT_BYTES: Final = 72
"""Bytes that bcrypt reads; a longer password might not be stored in full.

Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
"""

_LENGTHS: Final = {Situation.LONGEST_PASSWORD: _BCRYPT_BYTES, Situation.OVERLONG_PASSWORD: _BCRYPT_BYTES + 18}
_UNUSUAL_PASSWORDS: Final = (Situation.BLANKS_IN_PASSWORD, Situation.UNICODE_PASSWORD, *_LENGTHS)
_VERIFIED: Final = True
_UNVERIFIED: Final = False


@frozen
class Newcomer:
    """A user created by the check.

    Args:
        person: The user; the aliases are later e-mails of the user.
        password: The password at first.
        new_password: The user's later password.
        user: The argument of `create`.
        situation: What this user's `create` tries.
        cut_password: The part of the first password that bcrypt reads, if it is not all of it; else None.
    """

    person: Person
    password: Secret
    new_password: Secret
    user: Mapping[str, object]
    situation: Situation
    cut_password: Secret | None = None

    @property
    def email(self) -> str:
        """The e-mail at first."""
        return str(self.person.email)

    @property
    def new_email(self) -> str:
        """The user's later e-mail."""
        return self.person.aliases[0]


@frozen(kw_only=True)
class Writing:
    """How a check writes.

    Args:
        newcomers: The users that it creates.
        victims: The users of an empty database that hostile identifiers may change; none without such a database.
        open_fresh: Opens an empty database to write to; None to write to the database under check.
        open_second: Opens the same database a second time, for two calls at once; None if that is not possible.
    """

    newcomers: Sequence[Newcomer]
    victims: Sequence[Newcomer] = ()
    open_fresh: Callable[[], AbstractContextManager[Bridge]] | None = None
    open_second: Callable[[], AbstractContextManager[Bridge]] | None = None


def make_newcomers(new_user: NewUser, truth: Truth) -> Sequence[Newcomer]:
    """Return the users that a check creates, with names unique to the run, and register their passwords.

    Args:
        new_user: What they look like.
        truth: The known users, the connection, and where the secrets are registered.

    Raises:
        ConfigurationError: When they have an organization, but scripts receive no `context`.
    """
    if new_user.organization is not None and not truth.connection.script_context:
        message = "new_user has an organization, which scripts receive only in context: turn on script_context"
        raise ConfigurationError(message)
    tried = (
        (Situation.WRITING, "Aa1!-{}"),
        (Situation.WRITING, "Bb2?-{}"),
        (Situation.BLANKS_IN_PASSWORD, "  Aa1! {} "),
        (Situation.UNICODE_PASSWORD, "Aa1!-Größe-日本-{}"),
        (Situation.LONGEST_PASSWORD, "Aa1!-{}"),
        (Situation.WRITING, "Ee5&-{}"),
        (Situation.WRITING, "Ff6*-{}"),
        (Situation.AT_ONCE, "Cc3%-{}"),
        (Situation.OUTAGE, "Dd4$-{}"),
        (Situation.OVERLONG_PASSWORD, "Gg7+-{}"),
        *([(Situation.WITHOUT_METADATA, "Hh8=-{}")] if new_user.metadata else []),
    )
    return _named(tried, new_user, truth, taken=())


def make_victims(new_user: NewUser, truth: Truth, newcomers: Sequence[Newcomer]) -> Sequence[Newcomer]:
    """Return more users, one for each script that receives hostile identifiers, and register their passwords.

    Args:
        new_user: What they look like.
        truth: The known users, the connection, and where the secrets are registered.
        newcomers: The other users that the check creates.
    """
    tried = [(Situation.WRITING, f"{sign}-{{}}") for sign in ("Jj2~", "Kk3+", "Ll4%", "Mm5&")]
    return _named(tried, new_user, truth, taken=[newcomer.person.label for newcomer in newcomers])


def _named(
    tried: Sequence[tuple[Situation, str]], new_user: NewUser, truth: Truth, *, taken: Collection[str]
) -> Sequence[Newcomer]:
    """Return users with unused labels, by what is tried with each and the form of the password."""
    from secrets import choice  # noqa: PLC0415 - only a check that writes needs it

    run = "".join(choice(_ALPHABET) for _ in range(_UNIQUE_LENGTH))
    taken = {*taken, *(person.label for person in truth.people)}
    labels = (label for label in map("new-{}".format, count(1)) if label not in taken)
    return [
        _newcomer(label, f"{run}{number}", new_user, truth, form=form, situation=situation)
        for number, (label, (situation, form)) in enumerate(zip(labels, tried, strict=False), start=1)
    ]


def _newcomer(label: str, unique: str, new_user: NewUser, truth: Truth, *, form: str, situation: Situation) -> Newcomer:
    connection = truth.connection
    email, new_email = new_user.email_of(unique), new_user.email_of(f"{unique}x")
    # With import mode off, Auth0 passes what was typed, including capitals.
    new_email = new_email[:1].upper() + new_email[1:]
    username = new_user.username_of(unique) if connection.requires_username else None
    identifiers = [name for name in (email, new_email, username) if name is not None]
    length = _LENGTHS[situation] - len(form.format("")) if situation in _LENGTHS else _TOKEN_LENGTH
    own = new_user.password_of(_token(length, identifiers)) if situation not in _UNUSUAL_PASSWORDS else None
    password = own or Secret(form.format(_token(length, identifiers)))
    token = _token(_TOKEN_LENGTH, identifiers)
    new_password = new_user.password_of(token) or Secret(f"Zz9!-{token}")
    further = dict(new_user.fields_of(unique))
    if situation is not Situation.WITHOUT_METADATA:
        further |= new_user.metadata
    for identifier in identifiers:
        truth.registry.add_public(identifier)
    truth.registry.add(password, SecretRef(SecretKind.PASSWORD, label))
    truth.registry.add(new_password, SecretRef(SecretKind.NEW_PASSWORD, label))
    cut_password = None
    if situation is Situation.OVERLONG_PASSWORD:
        cut_password = Secret(password.reveal()[:_BCRYPT_BYTES])
        truth.registry.add(cut_password, SecretRef(SecretKind.PASSWORD, label, SecretForm.CUT))
    return Newcomer(
        person=Person(
            label=label,
            email=email,
            username=username,
            phone_number=new_user.phone_number_of(unique),
            organization=new_user.organization,
            aliases=(new_email,),
            new=True,
        ),
        password=password,
        new_password=new_password,
        user={**further, **_user(connection, email, username, password)},
        situation=situation,
        cut_password=cut_password,
    )


def _token(length: int, identifiers: Sequence[str]) -> str:
    """Return random characters that no password policy rejects.

    Letters and digits alternate, so that there is no word, no sequence such as `abc`, and no repeated character. No
    part of the user's identifiers is in it.

    Args:
        length: How many.
        identifiers: The user's identifiers.
    """
    from secrets import choice  # noqa: PLC0415 - see make_newcomers

    while True:
        drawn = [choice(string.digits if place % 2 else _CONSONANTS) for place in range(length)]
        token = "".join(drawn)
        parts = [token[place : place + 3] for place in range(length - 2)]
        if not any(part in identifier.lower() for part in parts for identifier in identifiers):
            return token


def _user(connection: Connection, email: str, username: str | None, password: Secret) -> Mapping[str, object]:
    """Return the argument of `create` at a sign-up.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.
    """
    user: dict[str, object] = {
        "client_id": "client-of-customdb-contract",
        "tenant": "tenant-of-customdb-contract",
        "email": email,
        "password": password,
        "connection": connection.name,
    }
    return user if username is None else user | {"username": username}


def plan_writing(
    newcomers: Sequence[Newcomer], connection: Connection, scripts: Collection[Script]
) -> Iterator[PlannedCall]:
    """Plan every write on users created by the check, and the calls that check the results.

    With import mode on, Auth0 calls only `change_password`, so then the others only serve to create a user.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.

    Args:
        newcomers: The users.
        connection: The settings of the connection.
        scripts: The scripts that the database has.
    """
    if Script.CREATE not in scripts or (connection.import_mode and Script.CHANGE_PASSWORD not in scripts):
        return
    first, second, third, fourth = _ordinary(newcomers)
    plan = _Plan(scripts, connection)
    yield from plan.creation(first)
    yield from plan.creation(second)
    if connection.import_mode:
        yield from plan.change_of_password(first, second, third.new_email)
        return
    yield from plan.verification(first, second, fourth.new_email)
    yield from plan.change_of_password(first, second, third.new_email)
    yield from plan.change_of_email(first, second)
    for newcomer in newcomers:
        if newcomer.situation in {*_UNUSUAL_PASSWORDS, Situation.WITHOUT_METADATA}:
            yield from plan.creation(newcomer)
        if newcomer.situation is Situation.OVERLONG_PASSWORD:
            yield from plan.wrong_passwords(newcomer)
    # A create that overwrites a user leaves nothing certain, so it is tried on a user who is not needed any longer.
    yield from plan.creation(third)
    yield from plan.duplicates(third)
    yield from plan.creation(fourth)
    yield from plan.wrong_passwords(fourth)
    yield from plan.deletion(first, second)


def _ordinary(newcomers: Sequence[Newcomer]) -> Sequence[Newcomer]:
    return [newcomer for newcomer in newcomers if newcomer.situation is Situation.WRITING]


def plan_at_once(newcomers: Sequence[Newcomer], connection: Connection) -> Iterator[PlannedCall]:
    """Plan the same write, made twice at the same time.

    Args:
        newcomers: The users.
        connection: The settings of the connection.
    """
    if not connection.import_mode:
        for newcomer in newcomers:
            if newcomer.situation is Situation.AT_ONCE:
                yield PlannedCall(Script.CREATE, (newcomer.user,), newcomer.person.label, Situation.AT_ONCE)


def plan_looks_for(newcomer: Newcomer) -> Iterator[PlannedCall]:
    """Plan get_user for each e-mail that a user could have by now.

    Args:
        newcomer: The user.
    """
    for email in (newcomer.email, newcomer.new_email):
        yield PlannedCall(Script.GET_USER, (email,), newcomer.person.label, Situation.WRITING)


def plan_outage_of_writing(
    newcomers: Sequence[Newcomer], truth: Truth, scripts: Collection[Script], situation: Situation
) -> Iterator[PlannedCall]:
    """Plan each write once while the store is unreachable, for a user who is not in the store.

    Args:
        newcomers: The users.
        truth: The known users, and the settings of the connection.
        scripts: The scripts that the database has.
        situation: The way in which the store is unreachable. A hang costs the time of a whole script for each call, and
            a store that answers the first requests does what it is told.
    """
    if situation is Situation.HANG or situation in LATER_REQUESTS:
        return
    for newcomer in newcomers:
        if newcomer.situation is not Situation.OUTAGE:
            continue
        label, email = newcomer.person.label, newcomer.email
        # The id of a deleted user: an id that the store would never assign can be rejected without the store.
        deleted, known = _ordinary(newcomers)[1].person.label, truth.people[0].label
        planned = (
            PlannedCall(Script.CREATE, (newcomer.user,), label, situation),
            PlannedCall(Script.CHANGE_PASSWORD, (email, newcomer.new_password), label, situation),
            PlannedCall(Script.VERIFY, (email,), label, situation),
            PlannedCall(Script.CHANGE_EMAIL, (email, newcomer.new_email, True), label, situation),
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

    def creation(self, newcomer: Newcomer) -> Iterator[PlannedCall]:
        yield from self._call(newcomer, Script.GET_USER, newcomer.email)
        yield PlannedCall(Script.CREATE, (newcomer.user,), newcomer.person.label, newcomer.situation)
        # Auth0 logs the new user in at once.
        yield from self._call(newcomer, Script.LOGIN, newcomer.email, newcomer.password)
        yield from self._call(newcomer, Script.GET_USER, newcomer.email)
        yield from self._look_by_username(newcomer)
        if newcomer.person.username is not None:
            yield from self._call(newcomer, Script.LOGIN, newcomer.person.username, newcomer.password)

    def wrong_passwords(self, newcomer: Newcomer) -> Iterator[PlannedCall]:
        """Plan log-ins with a long wrong password, and with the part of a longer one that bcrypt reads."""
        wrong = f"Wrong-{_token(_LENGTHS[Situation.OVERLONG_PASSWORD], newcomer.person.identifiers)}"
        yield from self._call(newcomer, Script.LOGIN, newcomer.email, wrong)
        if newcomer.cut_password is not None:
            yield from self._call(newcomer, Script.LOGIN, newcomer.email, newcomer.cut_password)

    def duplicates(self, first: Newcomer) -> Iterator[PlannedCall]:
        yield from self._call(first, Script.CREATE, first.user)
        spelled_otherwise = first.email.upper()
        yield from self._call(first, Script.GET_USER, spelled_otherwise)
        yield from self._call(first, Script.CREATE, {**first.user, "email": spelled_otherwise})
        if first.person.username is not None:
            yield from self._call(first, Script.CREATE, {**first.user, "email": first.new_email})

    def verification(self, first: Newcomer, second: Newcomer, nobody: str) -> Iterator[PlannedCall]:
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

    def change_of_password(self, first: Newcomer, second: Newcomer, nobody: str) -> Iterator[PlannedCall]:
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

    def change_of_email(self, first: Newcomer, second: Newcomer) -> Iterator[PlannedCall]:
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

    def deletion(self, first: Newcomer, second: Newcomer) -> Iterator[PlannedCall]:
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

    def _looks(self, newcomer: Newcomer, identifier: str, password: Secret) -> Iterator[PlannedCall]:
        yield from self._call(newcomer, Script.GET_USER, identifier)
        yield from self._call(newcomer, Script.LOGIN, identifier, password)

    def _look_by_username(self, newcomer: Newcomer) -> Iterator[PlannedCall]:
        if newcomer.person.username is not None:
            yield from self._call(newcomer, Script.GET_USER, newcomer.person.username)

    def _call(self, newcomer: Newcomer, script: Script, *arguments: object) -> Iterator[PlannedCall]:
        if script in self._scripts:
            yield PlannedCall(script, arguments, newcomer.person.label, Situation.WRITING)

    def _nobodys(self, script: Script, *arguments: object) -> PlannedCall:
        return PlannedCall(script, arguments, UNKNOWN, Situation.WRITING)
