"""Who acts in an example of a state machine, and with which passwords."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from customdb_contract.connection import Connection, NewUser
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import Person

__all__ = ["NAMES", "PASSWORDS", "given_to_create", "people_of", "registry_of"]

NAMES: Final = ("first", "second", "third")
"""So few people that their identifiers often meet."""

PASSWORDS: Final = {
    name: Secret(password)
    for name, password in zip(NAMES, ("Tk4!wolme-ruspa", "Gz8?binto-kavel", "Hn6%derzu-pimol"), strict=True)
}
"""No policy finds a name, a word or a row of equal letters in them."""


@cache
def people_of(new_user: NewUser, *, requires_username: bool) -> Mapping[str, Person]:
    """Return the people, by name.

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
    """Return the secrets of the people, and what is none: their identifiers.

    Args:
        new_user: What the e-mails and usernames look like.
    """
    registry = SecretRegistry()
    for person in people_of(new_user, requires_username=True).values():
        for identifier in person.identifiers:
            registry.add_public(identifier)
    for name, password in PASSWORDS.items():
        registry.add(password, SecretRef(SecretKind.PASSWORD, name))
    return registry


def given_to_create(
    connection: Connection, new_user: NewUser, name: str, username: str | None, password: Secret
) -> dict[str, object]:
    """Return what `create` is given of somebody who signs up.

    Args:
        connection: The settings of the connection.
        new_user: What those who sign up look like.
        name: Who signs up.
        username: The username; it is left out where the connection requires none.
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
