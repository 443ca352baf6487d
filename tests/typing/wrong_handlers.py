"""Wrong handlers: each line that ends with `error` is one, under every type checker, and no other line is."""

from collections.abc import Iterator, Mapping

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
    UnauthorizedError,
    ValidationError,
    Verify,
    WrongUsernameOrPasswordError,
    callback_arguments,
)


class RightGetUser:
    def get_user(self, identifier: str) -> ProfileResult:
        return NotFound()


class RightLogin:
    def login(self, identifier: str, password: str) -> ProfileResult:
        return NotFound()


class ReturnsMapping(RightGetUser):
    def login(self, identifier: str, password: str) -> dict[str, object]:
        return {"user_id": identifier + password}


class ReturnsMappingLater(RightGetUser):
    async def login(self, identifier: str, password: str) -> dict[str, object]:
        return {"user_id": identifier + password}


class ReturnsDone(RightGetUser):
    def login(self, identifier: str, password: str) -> OperationResult:
        return Done()


class ReturnsTruth(RightGetUser):
    def login(self, identifier: str, password: str) -> bool:
        return identifier == password


class TakesOneArgument(RightGetUser):
    def login(self, identifier: str) -> ProfileResult:
        return NotFound()


class TakesTooManyArguments(RightGetUser):
    def login(self, identifier: str, password: str, tenant: str) -> ProfileResult:
        return NotFound()


class TakesBytes(RightGetUser):
    def login(self, identifier: str, password: bytes) -> ProfileResult:
        return NotFound()


class TakesKeywords(RightGetUser):
    def login(self, *, identifier: str, password: str) -> ProfileResult:
        return NotFound()


class ContextAfterCallback(RightGetUser):
    def login(self, identifier: str, password: str, callback: Callback, context: ScriptContext) -> None:
        callback(None)


class Yields(RightGetUser):
    def login(self, identifier: str, password: str) -> Iterator[ProfileResult]:
        yield NotFound()


class LoginIsNoFunction(RightGetUser):
    login = "login"


class ReturnsNone(RightLogin):
    def get_user(self, identifier: str) -> Found | None:
        return None


class TakesPassword(RightLogin):
    def get_user(self, identifier: str, password: str) -> ProfileResult:
        return NotFound()


returns_mapping: CustomDatabase = ReturnsMapping()  # error
returns_mapping_later: CustomDatabase = ReturnsMappingLater()  # error
returns_done: CustomDatabase = ReturnsDone()  # error
returns_truth: CustomDatabase = ReturnsTruth()  # error
takes_one_argument: CustomDatabase = TakesOneArgument()  # error
takes_too_many_arguments: CustomDatabase = TakesTooManyArguments()  # error
takes_bytes: CustomDatabase = TakesBytes()  # error
takes_keywords: CustomDatabase = TakesKeywords()  # error
context_after_callback: CustomDatabase = ContextAfterCallback()  # error
yields: CustomDatabase = Yields()  # error
login_is_no_function: CustomDatabase = LoginIsNoFunction()  # error
returns_none: CustomDatabase = ReturnsNone()  # error
takes_password: CustomDatabase = TakesPassword()  # error
without_get_user: CustomDatabase = RightLogin()  # error
without_login: CustomDatabase = RightGetUser()  # error


def reads(email: str) -> ProfileResult:
    return NotFound()


def writes(email: str) -> OperationResult:
    return Done()


def calls_with_text(email: str, callback: str) -> None:
    print(email, callback)


def creates_from_text(user: str) -> OperationResult:
    return Done()


def creates_from_dictionary(user: dict[str, str]) -> OperationResult:
    return Done()


def changes_email(email: str, new_email: str) -> OperationResult:
    return Done()


async def deletes_by_number(user_id: int) -> OperationResult:
    return Done()


async def verifies_with_truth(email: str) -> bool:
    return True


def logs_in_untold(identifier: str, password: str, callback: Callback) -> None:
    callback(None, {"user_id": "7"}, "more")  # error
    callback(error=None)  # error


login_reads: Login = reads  # error
get_user_writes: GetUser = writes  # error
verify_reads: Verify = reads  # error
verify_with_truth: Verify = verifies_with_truth  # error
verify_calls_with_text: Verify = calls_with_text  # error
create_from_text: Create = creates_from_text  # error
create_from_dictionary: Create = creates_from_dictionary  # error
change_password_without_password: ChangePassword = writes  # error
change_email_without_verified: ChangeEmail = changes_email  # error
delete_by_number: Delete = deletes_by_number  # error
verify_writes: Verify = writes
delete_writes: Delete = writes
get_user_reads: GetUser = reads

Found("7")  # error
Found()  # error
NotFound(None)  # error
Failed()  # error
Done("2026-08-01")  # error
Done(last_password_reset=7)  # error
Declined(False)  # error
WrongUsernameOrPasswordError()  # error
WrongUsernameOrPasswordError(7)  # error
ValidationError()  # error
UnauthorizedError(7)  # error
callback_arguments("login", NotFound())  # error
callback_arguments(Script.LOGIN, None)  # error
Found({"user_id": "7"}).profile["user_id"] = "8"  # error
Found({"user_id": "7"}).profile = Mapping[str, object]()  # error
