"""A correct custom database in memory: the database that strategies draw."""

from collections.abc import Iterable

from typing_extensions import override

from customdb_contract import databases
from customdb_contract.connection import KnownUser
from customdb_contract.databases import InMemoryUser
from customdb_contract.passwords import Passwords, Stored

__all__ = ["InMemoryDatabase"]


class _AsTyped(Passwords):
    """Passwords in plain text, which takes no time: they are nobody's real passwords."""

    @override
    def verify(self, password: str, stored: Stored | str | bytes | None, key: object = None) -> bool:
        return isinstance(stored, Stored) and bool(password) and password == stored.text

    @override
    def verify_nobody(self, password: str) -> bool:
        return False

    @override
    def hash(self, password: str) -> str:
        return password


class InMemoryDatabase(databases.InMemoryDatabase):
    """`customdb_contract.databases.InMemoryDatabase` with known users, whose passwords it stores in plain text.

    Args:
        users: The users in it. Data that the profile of a user leaves open is made up.
        is_down: Whether the store is unreachable, so that every script fails.

    Raises:
        ConfigurationError: If two users have the same id or the same identifier.
    """

    def __init__(self, users: Iterable[KnownUser] = (), *, is_down: bool = False) -> None:
        people = (_user(number, user) for number, user in enumerate(users, start=1))
        super().__init__(people, passwords=_AsTyped(), is_reachable=not is_down)

    @override
    def __repr__(self) -> str:
        return f"InMemoryDatabase of {', '.join(user.identifiers[0] for user in self.users) or 'nobody'}"


def _user(number: int, known: KnownUser) -> InMemoryUser:
    profile = dict(known.profile)
    # The e-mail can change; the store says what it is now.
    profile.pop("email", None)
    return InMemoryUser(
        user_id=str(profile.pop("user_id", f"known-{number}")),
        email=known.email,
        username=known.username,
        phone_number=known.phone_number,
        password_hash=known.password.reveal() if known.password else None,
        email_verified=bool(profile.pop("email_verified", False)),
        disabled=known.disabled,
        profile=profile,
    )
