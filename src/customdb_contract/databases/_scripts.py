"""The seven scripts, once for all databases: what they answer, whatever the store is and however it is reached."""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from attrs import frozen

from customdb_contract.contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    ScriptError,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.databases._identifiers import can_be_stored
from customdb_contract.databases._store import Change, NewAccount, Store, StoreError
from customdb_contract.errors import UnknownPasswordFormatError, UnusablePasswordError
from customdb_contract.passwords import Passwords

__all__ = ["Scripts", "Work"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_REFUSAL: Final = "Wrong username or password"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


class Work(Protocol):
    """How the work on a password is done: at once, or in a thread so that an event loop goes on."""

    def __call__(
        self, function: Callable[_Arguments, _Result], /, *arguments: _Arguments.args, **keywords: _Arguments.kwargs
    ) -> Coroutine[Any, Any, _Result]:
        """Call a function."""
        ...


def _answered(
    script: "Callable[Concatenate[Scripts, _Arguments], Coroutine[Any, Any, _Result]]",
) -> "Callable[Concatenate[Scripts, _Arguments], Coroutine[Any, Any, _Result | Failed]]":
    """Report what a store or a password can't do as the script's error."""

    async def answered(
        self: "Scripts", /, *arguments: _Arguments.args, **keywords: _Arguments.kwargs
    ) -> _Result | Failed:
        try:
            return await script(self, *arguments, **keywords)
        except StoreError as error:
            return Failed(error.as_script_error())
        except UnusablePasswordError as error:
            return Failed(ValidationError("invalid_password", str(error)))
        except UnknownPasswordFormatError as error:
            return Failed(ScriptError(str(error)))

    return answered


@frozen
class Scripts:
    """The scripts over a store.

    Args:
        store: Where the users are.
        passwords: The formats of the stored passwords.
        work: How the work on passwords is done.
    """

    store: Store
    passwords: Passwords
    work: Work

    @_answered
    async def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a user's password; an unknown user takes as long as a wrong password."""
        account = await self.store.find(identifier) if can_be_stored(identifier) else None
        if account is None:
            await self.work(self.passwords.verify_nobody, password)
            return Failed(WrongUsernameOrPasswordError(None, _REFUSAL))
        if not await self.work(self.passwords.verify, password, account.password, account.user_id):
            return Failed(WrongUsernameOrPasswordError(account.identifier, _REFUSAL))
        if account.is_disabled:
            return Failed(UnauthorizedError("This account is locked"))
        return Found(account.profile)

    @_answered
    async def get_user(self, identifier: str) -> ProfileResult:
        """Find a user."""
        account = await self.store.find(identifier) if can_be_stored(identifier) else None
        return NotFound() if account is None else Found(account.profile)

    @_answered
    async def create(self, user: Mapping[str, object]) -> OperationResult:
        """Sign a user up. Only identifiers and the password are stored: Auth0 keeps the metadata itself.

        Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.
        """
        email, username, phone_number = (_text(user.get(name)) for name in ("email", "username", "phone_number"))
        if email is None and username is None and phone_number is None:
            return Failed(ValidationError("invalid_user", "A user needs an e-mail, a username or a phone number"))
        if email is not None and not _is_email(email):
            return Failed(ValidationError("invalid_email", "This is not an e-mail"))
        # A username that looks like an e-mail would keep the e-mail's owner from signing up.
        if username is not None and (not can_be_stored(username) or _is_email(username)):
            return Failed(ValidationError("invalid_username", "This cannot be a username"))
        if phone_number is not None and not can_be_stored(phone_number):
            return Failed(ValidationError("invalid_phone_number", "This is not a phone number"))
        stored = await self.work(self.passwords.hash, _text(user.get("password")) or "")
        if await self.store.insert(NewAccount(email, username, phone_number, stored)):
            return Done()
        return Failed(ValidationError("user_exists", "There is such a user already"))

    @_answered
    async def verify(self, email: str) -> OperationResult:
        """Note that a user has shown that the e-mail is theirs."""
        return await self._changed(email, Change(email_verified=True))

    @_answered
    async def change_password(self, email: str, new_password: str) -> OperationResult:
        """Give a user another password."""
        stored = await self.work(self.passwords.hash, new_password)
        return await self._changed(email, Change(password=stored))

    @_answered
    async def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by position
        """Give a user another e-mail; with the same one, note only whether it is verified."""
        if not _is_email(new_email):
            return Declined()
        return await self._changed(email, Change(email=new_email, email_verified=verified))

    @_answered
    async def delete(self, user_id: str) -> OperationResult:
        """Remove a user; one who is not there need not be removed."""
        await self.store.delete(user_id)
        return Done()

    async def _changed(self, identifier: str, change: Change) -> OperationResult:
        return Done() if can_be_stored(identifier) and await self.store.change(identifier, change) else Declined()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_email(text: str) -> bool:
    return can_be_stored(text) and _EMAIL.fullmatch(text) is not None
