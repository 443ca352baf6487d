"""The contract on one page: the scripts, their arguments, and what they may pass to their callback.

Source of every statement about Auth0 in this module, unless another is named:
<https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts>.
"""

from collections.abc import Awaitable, Mapping, Sequence
from enum import StrEnum
from typing import Final, ParamSpec, Protocol, TypeAlias, TypeVar, cast

from attrs import field, frozen

__all__ = [
    "CONTEXT_IS_OPTIONAL",
    "Callback",
    "CallingHandler",
    "ChangeEmail",
    "ChangePassword",
    "Create",
    "CustomDatabase",
    "Declined",
    "Delete",
    "Done",
    "Failed",
    "Found",
    "GetUser",
    "Login",
    "NotFound",
    "OperationResult",
    "ProfileResult",
    "ReturningHandler",
    "Script",
    "ScriptContext",
    "ScriptError",
    "UnauthorizedError",
    "ValidationError",
    "Verify",
    "WrongUsernameOrPasswordError",
    "callback_arguments",
    "result_from_callback",
]

_Arguments = ParamSpec("_Arguments")
_Result_co = TypeVar("_Result_co", covariant=True)

ScriptContext: TypeAlias = Mapping[str, object]
"""The extra `context` argument: `{}`, or `{"organization": {...}}` when the event has an organization.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.
"""


class Script(StrEnum):
    """The scripts of a custom database, by the names that Auth0's Management API gives them."""

    LOGIN = "login"
    GET_USER = "get_user"
    CREATE = "create"
    VERIFY = "verify"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - the name of a script
    CHANGE_EMAIL = "change_email"
    DELETE = "delete"

    @property
    def argument_names(self) -> tuple[str, ...]:
        """The names of the script's own arguments, without `context` and `callback`."""
        return _ARGUMENT_NAMES[self]


_ARGUMENT_NAMES: Mapping[Script, tuple[str, ...]] = {
    Script.LOGIN: ("identifier", "password"),
    Script.GET_USER: ("identifier",),
    Script.CREATE: ("user",),
    Script.VERIFY: ("email",),
    Script.CHANGE_PASSWORD: ("email", "new_password"),
    Script.CHANGE_EMAIL: ("email", "new_email", "verified"),
    Script.DELETE: ("id",),
}


CONTEXT_IS_OPTIONAL: Final = frozenset({Script.CHANGE_EMAIL})
"""Scripts not documented to receive `context`: they can leave it out even if the connection has it on.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-email>, which has none, and
<https://auth0.com/docs/authenticate/database-connections/custom-db/test-custom-database-connections>.
"""


class ScriptError(Exception):
    """What a script reports as `callback(new Error(message))`: it could not do its work.

    Raise it, or return it wrapped in `Failed`.

    Args:
        message: A text for the tenant log. After `verify` and `change_password` it also reaches the browser.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class WrongUsernameOrPasswordError(ScriptError):
    """`login` raises or returns this when the credentials are wrong.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/error-handling>.

    Args:
        identifier: The e-mail, username or user id of the user whose password was wrong; None if there is no such user.
            It decides which event Auth0 logs: `fp` with it, `fu` without.
        message: A text for the tenant log.
    """

    def __init__(self, identifier: str | None, message: str = "Wrong username or password") -> None:
        super().__init__(message)
        self.identifier = identifier


class ValidationError(ScriptError):
    """`create` raises or returns this when it rejects a user, with `user_exists` if the user already exists.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.

    Args:
        code: `user_exists`, or a code of your own.
        message: A text that Auth0 can show to the user.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code


class UnauthorizedError(ScriptError):
    """`login` raises or returns this when the user may not log in for a reason other than wrong credentials.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/error-handling>.
    """


@frozen
class Found:
    """The script found the user: `callback(null, profile)`.

    Args:
        profile: The user's profile, with `user_id` and whatever else the store knows.
    """

    profile: Mapping[str, object]


@frozen
class NotFound:
    """There is no such user: `callback(null)`. `get_user` can return this; `login` fails instead."""


@frozen
class Failed:
    """The script could not do its work, or refuses: `callback(error)`.

    Args:
        error: The error, for example a `ScriptError`.
    """

    error: object


@frozen
class Done:
    """A script that writes did its work.

    It equals `callback(null)` for `create` and `delete`, and `callback(null, true)` for `verify`, `change_password` and
    `change_email`. With an argument, it is the object that `change_password` can return instead of `true`.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-password>.

    Args:
        last_password_reset: The date and time at which the password was changed, in ISO 8601.
        email_verified: Whether the e-mail counts as verified from now on.
    """

    last_password_reset: str | None = field(default=None, kw_only=True)
    email_verified: bool | None = field(default=None, kw_only=True)


@frozen
class Declined:
    """A script that writes did nothing, for example because there is no such user: `callback(null, false)`."""


ProfileResult: TypeAlias = Found | NotFound | Failed
"""What `login` and `get_user` end with."""

OperationResult: TypeAlias = Done | Declined | Failed
"""What the scripts that write end with."""

_READING = (Script.LOGIN, Script.GET_USER)
_DONE_WITH_NULL = (Script.CREATE, Script.DELETE)
_CAN_DECLINE = (Script.VERIFY, Script.CHANGE_PASSWORD, Script.CHANGE_EMAIL)
_DONE_FIELDS = ("last_password_reset", "email_verified")


def callback_arguments(script: Script, result: ProfileResult | OperationResult) -> tuple[object, ...]:
    """Return the arguments that a JavaScript script would pass to its callback for a result.

    Args:
        script: The script that ended with the result.
        result: One of the results that the script can end with.

    Returns:
        The arguments, with the error first, such as `(None, profile)` for `Found`.

    Raises:
        TypeError: When the script cannot end with that result.
    """
    match result:
        case Failed(error):
            return (error,)
        case Found(profile) if script in _READING or script is Script.CREATE:
            return (None, profile)
        case NotFound() if script in _READING:
            return (None,)
        case Done(last_password_reset=None, email_verified=None) if script in _DONE_WITH_NULL:
            return (None,)
        case Done(last_password_reset=None, email_verified=None) if script in _CAN_DECLINE:
            return (None, True)
        case Done() if script is Script.CHANGE_PASSWORD:
            values = ((name, getattr(result, name)) for name in _DONE_FIELDS)
            return (None, {name: value for name, value in values if value is not None})
        case Declined() if script in _CAN_DECLINE:
            return (None, False)
        case _:
            message = f"{script.value} cannot end with {type(result).__name__}; {_allowed(script)}"
            raise TypeError(message)


def result_from_callback(script: Script, arguments: Sequence[object]) -> ProfileResult | OperationResult | None:
    """Return the result that a script's call of its callback stands for.

    Args:
        script: The script that called.
        arguments: The arguments passed to the callback. `callback()` equals `callback(None)`.

    Returns:
        The result, or None if the arguments match no ending that Auth0 documents for the script.
    """
    error, value = (*arguments, None, None)[:2]
    if error is not None:
        return Failed(error)
    if script in _READING:
        if value is None:
            return NotFound()
        return Found(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else None
    if script is Script.CREATE and isinstance(value, Mapping):
        profile = cast("Mapping[str, object]", value)
        return Found(profile) if profile.get("user_id") or profile.get("id") else None
    if script in _DONE_WITH_NULL:
        return Done() if value is None else None
    if value is True:
        return Done()
    if value is False:
        return Declined()
    if script is Script.CHANGE_PASSWORD and isinstance(value, Mapping):
        return _done_object(cast("Mapping[object, object]", value))
    return None


def _done_object(value: Mapping[object, object]) -> Done | None:
    reset, verified = value.get("last_password_reset"), value.get("email_verified")
    if not value or set(value) - set(_DONE_FIELDS):
        return None
    if not isinstance(reset, str | None) or not isinstance(verified, bool | None):
        return None
    return Done(last_password_reset=reset, email_verified=verified)


def _allowed(script: Script) -> str:
    if script in _READING:
        return "return Found(profile), NotFound() or Failed(error)"
    if script is Script.CREATE:
        return "return Done() or Failed(error); with passkeys Found(profile)"
    if script in _DONE_WITH_NULL:
        return "return Done() or Failed(error)"
    return "return Done(), Declined() or Failed(error)"


class Callback(Protocol):
    """The callback of a script: `callback(error)`, `callback(None)` or `callback(None, result)`, exactly once."""

    def __call__(self, error: object = None, result: object = None, /) -> object:
        """End the script.

        Args:
            error: The error, or None.
            result: The profile, or the result of a script that writes.

        Returns:
            Nothing that the script can use.
        """
        ...


class ReturningHandler(Protocol[_Arguments, _Result_co]):
    """A script in result style: it returns its result, directly or as an `async` function."""

    def __call__(
        self, *arguments: _Arguments.args, **keywords: _Arguments.kwargs
    ) -> _Result_co | Awaitable[_Result_co]:
        """Run the script."""
        ...


class CallingHandler(Protocol[_Arguments]):
    """A script in callback style: its last parameter is named `callback`, and what it returns is ignored."""

    def __call__(self, *arguments: _Arguments.args, **keywords: _Arguments.kwargs) -> object:
        """Run the script."""
        ...


_User: TypeAlias = Mapping[str, object]

Login: TypeAlias = (
    ReturningHandler[[str, str], ProfileResult]
    | CallingHandler[[str, str, Callback]]
    | ReturningHandler[[str, str, ScriptContext], ProfileResult]
    | CallingHandler[[str, str, ScriptContext, Callback]]
)
"""`login(identifier, password)`: check a user's credentials.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login>.
"""

GetUser: TypeAlias = (
    ReturningHandler[[str], ProfileResult]
    | CallingHandler[[str, Callback]]
    | ReturningHandler[[str, ScriptContext], ProfileResult]
    | CallingHandler[[str, ScriptContext, Callback]]
)
"""`get_user(identifier)`: find a user without checking a password.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/get-user>.
"""

Create: TypeAlias = (
    ReturningHandler[[_User], OperationResult | Found]
    | CallingHandler[[_User, Callback]]
    | ReturningHandler[[_User, ScriptContext], OperationResult | Found]
    | CallingHandler[[_User, ScriptContext, Callback]]
)
"""`create(user)`: create a user. Only a connection with passkeys accepts `Found(profile)`, the new user's profile.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create> and
<https://auth0.com/docs/authenticate/database-connections/passkeys/configure-passkey-policy>.
"""

Verify: TypeAlias = (
    ReturningHandler[[str], OperationResult]
    | CallingHandler[[str, Callback]]
    | ReturningHandler[[str, ScriptContext], OperationResult]
    | CallingHandler[[str, ScriptContext, Callback]]
)
"""`verify(email)`: mark an e-mail as verified.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify>.
"""

ChangePassword: TypeAlias = (
    ReturningHandler[[str, str], OperationResult]
    | CallingHandler[[str, str, Callback]]
    | ReturningHandler[[str, str, ScriptContext], OperationResult]
    | CallingHandler[[str, str, ScriptContext, Callback]]
)
"""`change_password(email, new_password)`: change a user's password.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-password>.
"""

ChangeEmail: TypeAlias = (
    ReturningHandler[[str, str, bool], OperationResult]
    | CallingHandler[[str, str, bool, Callback]]
    | ReturningHandler[[str, str, bool, ScriptContext], OperationResult]
    | CallingHandler[[str, str, bool, ScriptContext, Callback]]
)
"""`change_email(email, new_email, verified)`: change a user's e-mail.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-email>.
"""

Delete: TypeAlias = (
    ReturningHandler[[str], OperationResult]
    | CallingHandler[[str, Callback]]
    | ReturningHandler[[str, ScriptContext], OperationResult]
    | CallingHandler[[str, ScriptContext, Callback]]
)
"""`delete(id)`: delete the user with this `user_id`, which is passed without the prefix `auth0|`.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/delete>.
"""


class CustomDatabase(Protocol):
    """A custom database in Python: an object with the scripts as methods.

    A connection that imports users needs `login` and `get_user`. `create`, `verify`, `change_password`, `change_email`
    and `delete` are optional.
    """

    @property
    def login(self) -> Login:
        """Check a user's credentials."""
        ...

    @property
    def get_user(self) -> GetUser:
        """Find a user without checking a password."""
        ...
