"""Right handlers of every script, in every style: none of them is an error."""

from collections.abc import Mapping
from typing import assert_type

from customdb_contract.contract import (
    Callback,
    ChangeEmail,
    ChangePassword,
    Create,
    CustomDatabase,
    Declined,
    Delete,
    Done,
    Failed,
    Found,
    GetUser,
    Login,
    NotFound,
    OperationResult,
    ProfileResult,
    Script,
    ScriptContext,
    ScriptError,
    Verify,
    WrongUsernameOrPasswordError,
    callback_arguments,
    result_from_callback,
)


class Returning:
    """Result style."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        if password == identifier:
            return Failed(WrongUsernameOrPasswordError(identifier))
        return Found({"user_id": "7"})

    def get_user(self, identifier: str) -> Found | NotFound:
        return Found({"user_id": identifier}) if identifier else NotFound()

    def create(self, user: Mapping[str, object]) -> Done:
        assert_type(user["email"], object)
        return Done()

    def verify(self, email: str) -> Done | Declined:
        return Done() if email else Declined()

    def change_password(self, email: str, new_password: str) -> OperationResult:
        return Done(last_password_reset=email + new_password)

    def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:
        return Failed(ScriptError(email + new_email)) if verified else Declined()

    def delete(self, user_id: str) -> Done:
        return Done()


class ReturningLater:
    """Result style, asynchronous, with its own parameter names and optional parameters."""

    async def login(self, email_or_name: str, secret: str, *, tries: int = 3) -> ProfileResult:
        return Found({"user_id": email_or_name + secret + str(tries)})

    async def get_user(self, email: str, limit: int = 1) -> ProfileResult:
        return Found({"user_id": email, "limit": limit})

    async def create(self, user: Mapping[str, object]) -> OperationResult:
        return Done()

    async def verify(self, email: str) -> OperationResult:
        return Done()

    async def change_password(self, email: str, new_password: str) -> OperationResult:
        return Done()

    async def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:
        return Done()

    async def delete(self, user_id: str) -> OperationResult:
        return Done()


class Calling:
    """Callback style."""

    def login(self, identifier: str, password: str, callback: Callback) -> None:
        callback(None, {"user_id": identifier + password})

    def get_user(self, identifier: str, callback: Callback) -> object:
        return callback(None)

    def create(self, user: Mapping[str, object], callback: Callback) -> None:
        callback()

    def verify(self, email: str, callback: Callback) -> None:
        callback(None, True)

    def change_password(self, email: str, new_password: str, callback: Callback) -> None:
        callback(None, {"last_password_reset": "2026-08-01T00:00:00Z"})

    def change_email(self, email: str, new_email: str, verified: bool, callback: Callback) -> None:
        callback(ScriptError("no"))

    def delete(self, user_id: str, callback: Callback) -> None:
        callback(None)


class CallingLater:
    """Callback style, asynchronous, with the argument `context`."""

    async def login(self, identifier: str, password: str, context: ScriptContext, callback: Callback) -> None:
        callback(None, {"user_id": identifier, "organization": context.get("organization")})

    async def get_user(self, identifier: str, context: ScriptContext, callback: Callback) -> None:
        callback(None)

    async def create(self, user: Mapping[str, object], context: ScriptContext, callback: Callback) -> None:
        callback(None)

    async def verify(self, email: str, context: ScriptContext, callback: Callback) -> None:
        callback(None, True)

    async def change_password(self, email: str, new: str, context: ScriptContext, callback: Callback) -> None:
        callback(None, True)

    async def change_email(
        self, email: str, new: str, verified: bool, context: ScriptContext, callback: Callback
    ) -> None:
        callback(None, True)

    async def delete(self, user_id: str, context: ScriptContext, callback: Callback) -> None:
        callback(None)


class ReturningWithContext:
    """Result style with the argument `context`."""

    def login(self, identifier: str, password: str, context: ScriptContext) -> ProfileResult:
        return NotFound()

    def get_user(self, identifier: str, context: ScriptContext) -> ProfileResult:
        return NotFound()

    async def create(self, user: Mapping[str, object], context: ScriptContext) -> OperationResult:
        return Done()

    async def verify(self, email: str, context: ScriptContext) -> OperationResult:
        return Done()

    def change_password(self, email: str, new_password: str, context: ScriptContext) -> OperationResult:
        return Done()

    def change_email(self, email: str, new: str, verified: bool, context: ScriptContext) -> OperationResult:
        return Done()

    def delete(self, user_id: str, context: ScriptContext) -> OperationResult:
        return Done()


databases: list[CustomDatabase] = [Returning(), ReturningLater(), Calling(), CallingLater(), ReturningWithContext()]
logins: list[Login] = [
    Returning().login,
    ReturningLater().login,
    Calling().login,
    CallingLater().login,
    ReturningWithContext().login,
    lambda identifier, password: NotFound(),
]
get_users: list[GetUser] = [
    Returning().get_user,
    ReturningLater().get_user,
    Calling().get_user,
    CallingLater().get_user,
    ReturningWithContext().get_user,
]
creates: list[Create] = [
    Returning().create,
    ReturningLater().create,
    Calling().create,
    CallingLater().create,
    ReturningWithContext().create,
]
verifies: list[Verify] = [
    Returning().verify,
    ReturningLater().verify,
    Calling().verify,
    CallingLater().verify,
    ReturningWithContext().verify,
]
change_passwords: list[ChangePassword] = [
    Returning().change_password,
    ReturningLater().change_password,
    Calling().change_password,
    CallingLater().change_password,
    ReturningWithContext().change_password,
]
change_emails: list[ChangeEmail] = [
    Returning().change_email,
    ReturningLater().change_email,
    Calling().change_email,
    CallingLater().change_email,
    ReturningWithContext().change_email,
]
deletes: list[Delete] = [
    Returning().delete,
    ReturningLater().delete,
    Calling().delete,
    CallingLater().delete,
    ReturningWithContext().delete,
]

assert_type(callback_arguments(Script.LOGIN, NotFound()), tuple[object, ...])
assert_type(result_from_callback(Script.LOGIN, (None,)), ProfileResult | OperationResult | None)
assert_type(Found({"user_id": "7"}).profile, Mapping[str, object])
assert_type(Failed("no").error, object)
assert_type(Done().email_verified, bool | None)
assert_type(Script.LOGIN.argument_names, tuple[str, ...])
assert_type(WrongUsernameOrPasswordError(None).identifier, str | None)
