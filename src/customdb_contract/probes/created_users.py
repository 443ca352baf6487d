"""The users that a check creates in the store, and removes again."""

import string
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Final

from attrs import frozen

from customdb_contract.connection import Connection, NewUser
from customdb_contract.errors import ConfigurationError
from customdb_contract.probes._plan import Truth
from customdb_contract.secrets import Secret, SecretForm, SecretKind, SecretRef
from customdb_contract.transcript import Person, Situation

__all__ = ["OVERLONG", "UNUSUAL_PASSWORDS", "CreatedUser", "plan_users", "plan_victims", "token"]

_ALPHABET: Final = string.ascii_lowercase + string.digits
_CONSONANTS: Final = "bcdfghjkmnpqrstvwxz"
_TOKEN_LENGTH: Final = 12
_UNIQUE_LENGTH: Final = 8
_BCRYPT_BYTES: Final = 72
"""Bytes that bcrypt reads; a longer password might not be stored in full.

Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
"""

OVERLONG: Final = _BCRYPT_BYTES + 18
"""The length of a password that bcrypt cuts."""

_LENGTHS: Final = {Situation.LONGEST_PASSWORD: _BCRYPT_BYTES, Situation.OVERLONG_PASSWORD: OVERLONG}
UNUSUAL_PASSWORDS: Final = (Situation.BLANKS_IN_PASSWORD, Situation.UNICODE_PASSWORD, *_LENGTHS)
"""What the passwords of some of the users try."""


@frozen
class CreatedUser:
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


def plan_users(new_user: NewUser, truth: Truth) -> Sequence[CreatedUser]:
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


def plan_victims(new_user: NewUser, truth: Truth, created_users: Sequence[CreatedUser]) -> Sequence[CreatedUser]:
    """Return more users, one for each script that receives hostile identifiers, and register their passwords.

    Args:
        new_user: What they look like.
        truth: The known users, the connection, and where the secrets are registered.
        created_users: The other users that the check creates.
    """
    tried = [(Situation.WRITING, f"{sign}-{{}}") for sign in ("Jj2~", "Kk3+", "Ll4%", "Mm5&")]
    return _named(tried, new_user, truth, taken=[created.person.label for created in created_users])


def _named(
    tried: Sequence[tuple[Situation, str]], new_user: NewUser, truth: Truth, *, taken: Collection[str]
) -> Sequence[CreatedUser]:
    """Return users with unused labels, by what is tried with each and the form of the password."""
    from secrets import choice  # noqa: PLC0415 - only a check that writes needs it

    run = "".join(choice(_ALPHABET) for _ in range(_UNIQUE_LENGTH))
    taken = {*taken, *(person.label for person in truth.people)}
    labels = (label for label in map("new-{}".format, count(1)) if label not in taken)
    return [
        _created_user(label, f"{run}{number}", new_user, truth, form=form, situation=situation)
        for number, (label, (situation, form)) in enumerate(zip(labels, tried, strict=False), start=1)
    ]


def _created_user(
    label: str, unique: str, new_user: NewUser, truth: Truth, *, form: str, situation: Situation
) -> CreatedUser:
    connection = truth.connection
    email, new_email = new_user.email_of(unique), new_user.email_of(f"{unique}x")
    # With import mode off, Auth0 passes what was typed, including capitals.
    new_email = new_email[:1].upper() + new_email[1:]
    username = new_user.username_of(unique) if connection.requires_username else None
    identifiers = [name for name in (email, new_email, username) if name is not None]
    length = _LENGTHS[situation] - len(form.format("")) if situation in _LENGTHS else _TOKEN_LENGTH
    own = new_user.password_of(token(length, identifiers)) if situation not in UNUSUAL_PASSWORDS else None
    password = own or Secret(form.format(token(length, identifiers)))
    drawn = token(_TOKEN_LENGTH, identifiers)
    new_password = new_user.password_of(drawn) or Secret(f"Zz9!-{drawn}")
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
    return CreatedUser(
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


def token(length: int, identifiers: Sequence[str]) -> str:
    """Return random characters that no password policy rejects.

    Letters and digits alternate, so that there is no word, no sequence such as `abc`, and no repeated character. No
    part of the user's identifiers is in it.

    Args:
        length: How many.
        identifiers: The user's identifiers.
    """
    from secrets import choice  # noqa: PLC0415 - see _named

    while True:
        drawn = [choice(string.digits if place % 2 else _CONSONANTS) for place in range(length)]
        text = "".join(drawn)
        parts = [text[place : place + 3] for place in range(length - 2)]
        if not any(part in identifier.lower() for part in parts for identifier in identifiers):
            return text


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
