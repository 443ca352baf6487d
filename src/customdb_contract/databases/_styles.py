"""The scripts as methods, in the two styles of a custom database in Python: plain methods and coroutines."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ParamSpec, Protocol, TypeVar

from customdb_contract.contract import OperationResult, ProfileResult, ScriptContext
from customdb_contract.databases._scripts import Scripts
from customdb_contract.databases._store import Store
from customdb_contract.passwords import Passwords

__all__ = ["AsyncDatabase", "AsyncScripts", "SevenScripts", "SyncDatabase", "SyncScripts", "finished"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class SevenScripts(Protocol):
    """The seven scripts as coroutines, independent of the store."""

    def login(self, identifier: str, password: str, /) -> Coroutine[Any, Any, ProfileResult]:
        """Check a user's password."""
        ...

    def get_user(self, identifier: str, /) -> Coroutine[Any, Any, ProfileResult]:
        """Find a user."""
        ...

    def create(self, user: Mapping[str, object], /) -> Coroutine[Any, Any, OperationResult]:
        """Sign a user up."""
        ...

    def verify(self, email: str, /) -> Coroutine[Any, Any, OperationResult]:
        """Mark a user's e-mail as verified."""
        ...

    def change_password(self, email: str, new_password: str, /) -> Coroutine[Any, Any, OperationResult]:
        """Change a user's password."""
        ...

    def change_email(self, email: str, new_email: str, verified: bool, /) -> Coroutine[Any, Any, OperationResult]:  # noqa: FBT001 - by position
        """Change a user's e-mail."""
        ...

    def delete(self, user_id: str, /) -> Coroutine[Any, Any, OperationResult]:
        """Remove a user."""
        ...


def finished(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine that never waits, without an event loop, and return its result."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: _Result = ended.value
        return result
    coroutine.close()
    message = "a store of a sync database waited"
    raise AssertionError(message)


async def _at_once(
    function: Callable[_Arguments, _Result], /, *arguments: _Arguments.args, **keywords: _Arguments.kwargs
) -> _Result:
    return function(*arguments, **keywords)


class SyncScripts:
    """The seven scripts as plain methods.

    Args:
        scripts: The scripts, which never wait.
    """

    def __init__(self, scripts: SevenScripts) -> None:
        self._scripts = scripts

    def login(self, identifier: str, password: str, context: ScriptContext | None = None) -> ProfileResult:  # noqa: ARG002 - the scripts answer the same in every organization
        """Check a user's password."""
        return finished(self._scripts.login(identifier, password))

    def get_user(self, identifier: str, context: ScriptContext | None = None) -> ProfileResult:  # noqa: ARG002 - see login
        """Find a user by e-mail, username or phone number."""
        return finished(self._scripts.get_user(identifier))

    def create(self, user: Mapping[str, object], context: ScriptContext | None = None) -> OperationResult:  # noqa: ARG002 - see login
        """Sign a user up, with identifiers and password; Auth0 itself stores the metadata of a sign-up."""
        return finished(self._scripts.create(user))

    def verify(self, email: str, context: ScriptContext | None = None) -> OperationResult:  # noqa: ARG002 - see login
        """Mark a user's e-mail as verified."""
        return finished(self._scripts.verify(email))

    def change_password(
        self,
        email: str,
        new_password: str,
        context: ScriptContext | None = None,  # noqa: ARG002 - see login
    ) -> OperationResult:
        """Change a user's password."""
        return finished(self._scripts.change_password(email, new_password))

    def change_email(
        self,
        email: str,
        new_email: str,
        verified: bool,  # noqa: FBT001 - Auth0 passes it by position
        context: ScriptContext | None = None,  # noqa: ARG002 - see login
    ) -> OperationResult:
        """Change a user's e-mail, but not the id; with the same e-mail, only store whether it is verified."""
        return finished(self._scripts.change_email(email, new_email, verified))

    def delete(self, user_id: str, context: ScriptContext | None = None) -> OperationResult:  # noqa: ARG002 - see login
        """Remove a user; an unknown user is not an error."""
        return finished(self._scripts.delete(user_id))


class SyncDatabase(SyncScripts):
    """The seven scripts over a synchronous store.

    Args:
        store: The store of the users.
        passwords: The formats of the stored passwords.
    """

    def __init__(self, store: Store, passwords: Passwords) -> None:
        super().__init__(Scripts(store, passwords, _at_once))


class AsyncScripts:
    """The seven scripts as coroutines.

    Args:
        scripts: The scripts.
    """

    def __init__(self, scripts: SevenScripts) -> None:
        self._scripts = scripts

    async def login(self, identifier: str, password: str, context: ScriptContext | None = None) -> ProfileResult:  # noqa: ARG002 - the scripts answer the same in every organization
        """Check a user's password."""
        return await self._scripts.login(identifier, password)

    async def get_user(self, identifier: str, context: ScriptContext | None = None) -> ProfileResult:  # noqa: ARG002 - see login
        """Find a user by e-mail, username or phone number."""
        return await self._scripts.get_user(identifier)

    async def create(self, user: Mapping[str, object], context: ScriptContext | None = None) -> OperationResult:  # noqa: ARG002 - see login
        """Sign a user up, with identifiers and password; Auth0 itself stores the metadata of a sign-up."""
        return await self._scripts.create(user)

    async def verify(self, email: str, context: ScriptContext | None = None) -> OperationResult:  # noqa: ARG002 - see login
        """Mark a user's e-mail as verified."""
        return await self._scripts.verify(email)

    async def change_password(
        self,
        email: str,
        new_password: str,
        context: ScriptContext | None = None,  # noqa: ARG002 - see login
    ) -> OperationResult:
        """Change a user's password."""
        return await self._scripts.change_password(email, new_password)

    async def change_email(
        self,
        email: str,
        new_email: str,
        verified: bool,  # noqa: FBT001 - Auth0 passes it by position
        context: ScriptContext | None = None,  # noqa: ARG002 - see login
    ) -> OperationResult:
        """Change a user's e-mail, but not the id; with the same e-mail, only store whether it is verified."""
        return await self._scripts.change_email(email, new_email, verified)

    async def delete(self, user_id: str, context: ScriptContext | None = None) -> OperationResult:  # noqa: ARG002 - see login
        """Remove a user; an unknown user is not an error."""
        return await self._scripts.delete(user_id)


class AsyncDatabase(AsyncScripts):
    """The seven scripts over an asynchronous store; passwords are hashed in threads.

    Args:
        store: The store of the users.
        passwords: The formats of the stored passwords.
    """

    def __init__(self, store: Store, passwords: Passwords) -> None:
        super().__init__(Scripts(store, passwords, asyncio.to_thread))
