"""Users in the memory of this process: a custom database for tests and examples, which stores nothing permanently."""

import copy
from collections.abc import Iterable, Mapping
from itertools import count
from threading import Lock

from attrs import evolve, field, frozen

from customdb_contract.databases._identifiers import can_be_stored, lowered, same_identifier
from customdb_contract.databases._store import Account, Change, NewAccount, StoreError
from customdb_contract.databases._styles import SyncDatabase
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import Passwords, Stored

__all__ = ["InMemoryDatabase", "InMemoryUser"]


@frozen(kw_only=True)
class InMemoryUser:
    """A user of an `InMemoryDatabase`.

    Args:
        user_id: The id, which never changes.
        email: The e-mail, or None.
        username: The username, or None.
        phone_number: The phone number, or None.
        password_hash: The hash of the password, in a format that the database's `Passwords` accept; with None the
            user cannot log in. It is in no profile.
        email_verified: Whether the e-mail is verified.
        disabled: Whether the user must not log in.
        profile: Further attributes of the profile, such as `given_name` or `app_metadata`.

    Raises:
        ConfigurationError: If there is no identifier, or an invalid one.
    """

    user_id: str
    email: str | None = None
    username: str | None = None
    phone_number: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    email_verified: bool = False
    disabled: bool = False
    profile: Mapping[str, object] = field(factory=dict[str, object], hash=False)

    def __attrs_post_init__(self) -> None:
        if not self.identifiers or not all(map(can_be_stored, self.identifiers)):
            message = f"the user {self.user_id} needs an email, a username or a phone_number of 1 to 320 characters"
            raise ConfigurationError(message)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers with which the user can log in."""
        return tuple(text for text in (self.email, self.username, self.phone_number) if text is not None)


class InMemoryDatabase(SyncDatabase):
    """A custom database whose users are in memory: all seven scripts, safe to call from several threads.

    Args:
        users: The initial users.
        passwords: The formats of their passwords, and the format of new passwords.
        is_reachable: False simulates an outage of the store: every script fails.

    Raises:
        ConfigurationError: If two users have the same id or the same identifier.
    """

    def __init__(
        self, users: Iterable[InMemoryUser] = (), *, passwords: Passwords | None = None, is_reachable: bool = True
    ) -> None:
        self._store = _MemoryStore(is_reachable=is_reachable)
        for user in users:
            if not self._store.add(user):
                message = f"the user {user.user_id} has the id, or an identifier, of another user"
                raise ConfigurationError(message)
        super().__init__(self._store, Passwords() if passwords is None else passwords)

    @property
    def users(self) -> tuple[InMemoryUser, ...]:
        """The current users, read directly from the store without the scripts."""
        return tuple(self._store.users.values())


class _MemoryStore:
    def __init__(self, *, is_reachable: bool) -> None:
        self.users: dict[str, InMemoryUser] = {}
        self._ids_by_name: dict[str, set[str]] = {}
        self._is_reachable = is_reachable
        self._numbers = count(1)
        self._changing = Lock()

    def add(self, user: InMemoryUser) -> bool:
        if user.user_id in self.users or any(self._holders(name) for name in user.identifiers):
            return False
        self._put(user)
        return True

    async def find(self, identifier: str) -> Account | None:
        with self._reached():
            user = self._first(identifier)
        return None if user is None else _account(user)

    async def insert(self, user: NewAccount) -> bool:
        with self._reached():
            user_id = next(text for text in map("memory-{}".format, self._numbers) if text not in self.users)
            return self.add(
                InMemoryUser(
                    user_id=user_id,
                    email=user.email,
                    username=user.username,
                    phone_number=user.phone_number,
                    password_hash=user.password,
                )
            )

    async def change(self, identifier: str, change: Change) -> bool:
        with self._reached():
            user = self._first(identifier)
            if user is None or (change.email and any(other is not user for other in self._holders(change.email))):
                return False
            self._remove(user)
            changed = user if change.password is None else evolve(user, password_hash=change.password)
            changed = changed if change.email is None else evolve(changed, email=change.email)
            is_verified = changed.email_verified if change.email_verified is None else change.email_verified
            self._put(evolve(changed, email_verified=is_verified))
            return True

    async def delete(self, user_id: str) -> None:
        with self._reached():
            user = self.users.get(user_id)
            if user is not None:
                self._remove(user)

    def _reached(self) -> Lock:
        if not self._is_reachable:
            raise StoreError
        return self._changing

    def _holders(self, identifier: str) -> list[InMemoryUser]:
        users = (self.users[user_id] for user_id in self._ids_by_name.get(lowered(identifier), ()))
        return [user for user in users if any(same_identifier(name, identifier) for name in user.identifiers)]

    def _first(self, identifier: str) -> InMemoryUser | None:
        return next(iter(self._holders(identifier)), None)

    def _put(self, user: InMemoryUser) -> None:
        self.users[user.user_id] = user
        for name in user.identifiers:
            self._ids_by_name.setdefault(lowered(name), set()).add(user.user_id)

    def _remove(self, user: InMemoryUser) -> None:
        del self.users[user.user_id]
        for name in user.identifiers:
            self._ids_by_name[lowered(name)].discard(user.user_id)


def _account(user: InMemoryUser) -> Account:
    names = {"email": user.email, "username": user.username}
    profile = {
        "user_id": user.user_id,
        **{name: lowered(text) for name, text in names.items() if text is not None},
        **({} if user.email is None else {"email_verified": user.email_verified}),
        **({} if user.phone_number is None else {"phone_number": user.phone_number}),
        # A caller that modifies a profile must not change the store.
        **copy.deepcopy(dict(user.profile)),
    }
    return Account(user.user_id, user.identifiers[0], Stored(user.password_hash), user.disabled, profile)
