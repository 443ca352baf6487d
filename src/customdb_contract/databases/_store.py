"""What a store has to do for the scripts, and what it says when it can't."""

from typing import Final, Protocol

from attrs import field, frozen

from customdb_contract.contract import ScriptError
from customdb_contract.passwords import Stored

__all__ = ["Account", "Change", "NewAccount", "Store", "StoreError"]

UNREACHABLE: Final = "The user store cannot be reached"


class StoreError(Exception):
    """A store could not do what it was asked for.

    Args:
        message: What the script reports. It has no detail of the driver, no address, and nothing that a user typed.
    """

    def __init__(self, message: str = UNREACHABLE) -> None:
        super().__init__(message)

    def as_script_error(self) -> ScriptError:
        """Return what a script reports."""
        return ScriptError(str(self))


@frozen
class Account:
    """One user, as a store has it.

    Args:
        user_id: The id that Auth0 gets, which never changes.
        identifier: What the tenant log calls the user: the e-mail, or else the username, as it is stored.
        password: What is stored of the password.
        is_disabled: Whether the user must not log in.
        profile: What the scripts return, without a copy of any password.
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
        """What the user can log in with."""
        return tuple(text for text in (self.email, self.username, self.phone_number) if text is not None)


@frozen(kw_only=True)
class Change:
    """What becomes of a user; None leaves a value as it is.

    Args:
        password: The hash of the new password.
        email: The new e-mail.
        email_verified: Whether the user has shown that the e-mail is theirs.
    """

    password: str | None = field(default=None, repr=False)
    email: str | None = None
    email_verified: bool | None = None


class Store(Protocol):
    """A store of users. What cannot be done raises `StoreError`, and writes nothing."""

    async def find(self, identifier: str) -> Account | None:
        """Return the user who has this e-mail, username or phone number."""
        ...

    async def insert(self, user: NewAccount) -> bool:
        """Add a user, and return False where somebody has one of the identifiers."""
        ...

    async def change(self, identifier: str, change: Change) -> bool:
        """Change a user, and return False where there is none, or where somebody else has the new e-mail."""
        ...

    async def delete(self, user_id: str) -> None:
        """Remove a user; one who is not there need not be removed."""
        ...
