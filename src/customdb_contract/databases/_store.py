"""The operations of a store that the scripts need, and their errors."""

from typing import Final, Protocol

from attrs import field, frozen

from customdb_contract.contract import ScriptError
from customdb_contract.passwords import Stored

__all__ = ["Account", "Change", "NewAccount", "Store", "StoreError"]

UNREACHABLE: Final = "The user store cannot be reached"


class StoreError(Exception):
    """An operation of a store failed.

    Args:
        message: The message of the script. It contains no detail of the driver, no address, and no input of a user.
    """

    def __init__(self, message: str = UNREACHABLE) -> None:
        super().__init__(message)

    def as_script_error(self) -> ScriptError:
        """Return the result that the script reports."""
        return ScriptError(str(self))


@frozen
class Account:
    """A user in a store.

    Args:
        user_id: The id for Auth0, which never changes.
        identifier: The name of the user in the tenant log: the e-mail, or else the username, as stored.
        password: The stored password.
        is_disabled: Whether the user must not log in.
        profile: The profile that the scripts return, without a copy of any password.
    """

    user_id: str
    identifier: str
    password: Stored = field(repr=False)
    is_disabled: bool
    profile: dict[str, object]


@frozen
class NewAccount:
    """A user who signs up.

    Args:
        email: The e-mail, or None.
        username: The username, or None.
        phone_number: The phone number, or None.
        password: The hash of the password.
    """

    email: str | None
    username: str | None
    phone_number: str | None
    password: str = field(repr=False)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers with which the user can log in."""
        return tuple(text for text in (self.email, self.username, self.phone_number) if text is not None)


@frozen(kw_only=True)
class Change:
    """A change of a user; None leaves a value unchanged.

    Args:
        password: The hash of the new password.
        email: The new e-mail.
        email_verified: Whether the e-mail is verified.
    """

    password: str | None = field(default=None, repr=False)
    email: str | None = None
    email_verified: bool | None = None


class Store(Protocol):
    """A store of users. A failing operation raises `StoreError` and writes nothing."""

    async def find(self, identifier: str) -> Account | None:
        """Return the user with this e-mail, username or phone number."""
        ...

    async def insert(self, user: NewAccount) -> bool:
        """Add a user; return False if another user has one of the identifiers."""
        ...

    async def change(self, identifier: str, change: Change) -> bool:
        """Change a user; return False if the user does not exist, or another user has the new e-mail."""
        ...

    async def delete(self, user_id: str) -> None:
        """Remove a user; an unknown user is not an error."""
        ...
