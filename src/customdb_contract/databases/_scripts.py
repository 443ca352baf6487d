"""The seven scripts, shared by all databases, independent of the store and of how it is accessed."""

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
from customdb_contract.databases._identifiers import can_be_stored, is_email
from customdb_contract.databases._signing_up import USER_EXISTS, signing_up
from customdb_contract.databases._store import Change, NewAccount, Store, StoreError
from customdb_contract.errors import UnknownPasswordFormatError, UnusablePasswordError
from customdb_contract.passwords import Passwords

__all__ = ["LOCKED", "REFUSAL", "Scripts", "Work", "answered"]

_Arguments = ParamSpec("_Arguments")
_Owner = TypeVar("_Owner")
_Result = TypeVar("_Result")

REFUSAL: Final = "Wrong username or password"
LOCKED: Final = "This account is locked"


class Work(Protocol):
    """How work on a password is done: directly, or in a thread to keep the event loop free."""

    def __call__(
        self, function: Callable[_Arguments, _Result], /, *arguments: _Arguments.args, **keywords: _Arguments.kwargs
    ) -> Coroutine[Any, Any, _Result]:
        """Call a function."""
        ...


def answered(
    script: Callable[Concatenate[_Owner, _Arguments], Coroutine[Any, Any, _Result]],
) -> Callable[Concatenate[_Owner, _Arguments], Coroutine[Any, Any, _Result | Failed]]:
    """Convert the errors of a store or a password to errors of the script."""

    async def ended(self: _Owner, /, *arguments: _Arguments.args, **keywords: _Arguments.kwargs) -> _Result | Failed:
        try:
            return await script(self, *arguments, **keywords)
        except StoreError as error:
            return Failed(error.as_script_error())
        except UnusablePasswordError as error:
            return Failed(ValidationError("invalid_password", str(error)))
        except UnknownPasswordFormatError as error:
            return Failed(ScriptError(str(error)))

    return ended


@frozen
class Scripts:
    """The scripts over a store.

    Args:
        store: The store of the users.
        passwords: The formats of the stored passwords.
        work: How the work on passwords is done.
    """

    store: Store
    passwords: Passwords
    work: Work

    @answered
    async def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a user's password; an unknown user takes as long as a wrong password."""
        account = await self.store.find(identifier) if can_be_stored(identifier) else None
        if account is None:
            await self.work(self.passwords.verify_nobody, password)
            return Failed(WrongUsernameOrPasswordError(None, REFUSAL))
        if not await self.work(self.passwords.verify, password, account.password, account.user_id):
            return Failed(WrongUsernameOrPasswordError(account.identifier, REFUSAL))
        if account.is_disabled:
            return Failed(UnauthorizedError(LOCKED))
        return Found(account.profile)

    @answered
    async def get_user(self, identifier: str) -> ProfileResult:
        """Find a user."""
        account = await self.store.find(identifier) if can_be_stored(identifier) else None
        return NotFound() if account is None else Found(account.profile)

    @answered
    async def create(self, user: Mapping[str, object]) -> OperationResult:
        """Sign a user up. Only identifiers and the password are stored: Auth0 keeps the metadata itself.

        Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.
        """
        wanted = signing_up(user)
        if isinstance(wanted, Failed):
            return wanted
        stored = await self.work(self.passwords.hash, wanted.password)
        if await self.store.insert(NewAccount(wanted.email, wanted.username, wanted.phone_number, stored)):
            return Done()
        return Failed(ValidationError("user_exists", USER_EXISTS))

    @answered
    async def verify(self, email: str) -> OperationResult:
        """Mark a user's e-mail as verified."""
        return await self._changed(email, Change(email_verified=True))

    @answered
    async def change_password(self, email: str, new_password: str) -> OperationResult:
        """Change a user's password."""
        stored = await self.work(self.passwords.hash, new_password)
        return await self._changed(email, Change(password=stored))

    @answered
    async def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by position
        """Change a user's e-mail; with the same e-mail, only store whether it is verified."""
        if not is_email(new_email):
            return Declined()
        return await self._changed(email, Change(email=new_email, email_verified=verified))

    @answered
    async def delete(self, user_id: str) -> OperationResult:
        """Remove a user; an unknown user is not an error."""
        await self.store.delete(user_id)
        return Done()

    async def _changed(self, identifier: str, change: Change) -> OperationResult:
        return Done() if can_be_stored(identifier) and await self.store.change(identifier, change) else Declined()
