"""The users who act in an example of a state machine, and their passwords."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from customdb_contract.connection import Connection, NewUser
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import Person

__all__ = ["NAMES", "given_to_create", "passwords_of", "people_of", "registry_of"]

NAMES: Final = ("first", "second", "third")
"""So few users that their identifiers often collide."""

_PASSWORDS: Final = ("Tk4!wolme-ruspa", "Gz8?binto-kavel", "Hn6%derzu-pimol")
"""Random-looking, so that no password policy finds a name, a word or a run of equal letters in them."""

_TOKENS: Final = ("t4w8m2r6p9k3", "g8b3k7l5v2n9", "h6d9z4p3m8t2")
"""Turns one password into another, if the team declares what passwords look like."""


@cache
def passwords_of(new_user: NewUser) -> Mapping[str, Secret]:
    """Return the passwords by the names they are labelled with; any user can have any of them.

    Args:
        new_user: What the passwords look like.
    """
    return {
        name: new_user.password_of(token) or Secret(password)
        for name, token, password in zip(NAMES, _TOKENS, _PASSWORDS, strict=True)
    }


@cache
def people_of(new_user: NewUser, *, requires_username: bool) -> Mapping[str, Person]:
    """Return the users, by name.

    Args:
        new_user: What the e-mails and usernames look like.
        requires_username: Whether they have usernames.
    """
    return {
        name: Person(
            label=name,
            email=new_user.email_of(name),
            username=new_user.username_of(name) if requires_username else None,
            phone_number=new_user.phone_number_of(name),
            organization=new_user.organization,
            new=True,
        )
        for name in NAMES
    }


@cache
def registry_of(new_user: NewUser) -> SecretRegistry:
    """Return the users' secrets, and the identifiers, which are not secret.

    Args:
        new_user: What the e-mails and usernames look like.
    """
    registry = SecretRegistry()
    for person in people_of(new_user, requires_username=True).values():
        for identifier in person.identifiers:
            registry.add_public(identifier)
    for name, password in passwords_of(new_user).items():
        registry.add(password, SecretRef(SecretKind.PASSWORD, name))
    return registry


def given_to_create(
    connection: Connection, new_user: NewUser, name: str, username: str | None, password: Secret
) -> dict[str, object]:
    """Return the argument of `create` for a user who signs up.

    Args:
        connection: The settings of the connection.
        new_user: What users who sign up look like.
        name: The name of the user.
        username: The username; left out unless the connection requires one.
        password: The password.
    """
    user: dict[str, object] = {
        **new_user.fields_of(name),
        **new_user.metadata,
        "client_id": "client-of-customdb-contract",
        "tenant": "tenant-of-customdb-contract",
        "email": new_user.email_of(name),
        "password": password,
        "connection": connection.name,
    }
    return user | {"username": username} if connection.requires_username else user
