"""The arguments and endings of each script; tests try every ending on the simulated tenant, in both languages."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from customdb_contract._pages import (
    AUTOMATIC_MIGRATION,
    CHANGE_EMAIL_TEMPLATE,
    CHANGE_PASSWORD_TEMPLATE,
    CREATE_TEMPLATE,
    DELETE_TEMPLATE,
    ERROR_HANDLING,
    FLEXIBLE_IDENTIFIERS,
    GET_USER_TEMPLATE,
    LOGIN_TEMPLATE,
    PASSKEY_POLICY,
    RESET_PAGE,
    RESET_REQUEST,
    UNIVERSAL_LOGIN,
    UPDATED_PROFILES,
    VERIFY_TEMPLATE,
)
from customdb_contract.contract import Script

__all__ = ["SCRIPTS", "Argument", "Described", "Ending", "Seen"]

_LOGIN: Final = f"[Login]({LOGIN_TEMPLATE})"
_GET_USER: Final = f"[Get User]({GET_USER_TEMPLATE})"
_CREATE: Final = f"[Create]({CREATE_TEMPLATE})"
_VERIFY: Final = f"[Verify]({VERIFY_TEMPLATE})"
_CHANGE_PASSWORD: Final = f"[Change Password]({CHANGE_PASSWORD_TEMPLATE})"
_CHANGE_EMAIL: Final = f"[Change Email]({CHANGE_EMAIL_TEMPLATE})"
_DELETE: Final = f"[Delete]({DELETE_TEMPLATE})"
_ERRORS: Final = f"[Error handling]({ERROR_HANDLING})"
_MIGRATION: Final = f"[Automatic migration]({AUTOMATIC_MIGRATION})"
_UPDATING: Final = f"[Updating profiles]({UPDATED_PROFILES})"
_PASSKEYS: Final = f"[Passkey policy]({PASSKEY_POLICY})"
_FLEXIBLE: Final = f"[Flexible identifiers]({FLEXIBLE_IDENTIFIERS})"
_UNIVERSAL: Final = f"[Universal Login]({UNIVERSAL_LOGIN})"
_RESET_PAGE: Final = f"[Password reset page]({RESET_PAGE})"
_RESET_REQUEST: Final = f"[Change password request]({RESET_REQUEST})"
_RESET_FIRST: Final = 'support article "Password Reset Before First Login with Automatic Migration Enabled"'
_USERNAMES: Final = "[community, 129297](https://community.auth0.com/t/129297)"
_USED_IDENTIFIER: Final = "[community, 183190](https://community.auth0.com/t/183190)"
_K2: Final = "[conflict K2](../lives/conflicts.md)"
_INFERRED: Final = "inferred"

_REDIRECTED: Final = "the page after the link, with `message` and `success=false` in its address"


@frozen
class Argument:
    """An argument of a script.

    Args:
        javascript: Its name in JavaScript.
        python: Its name in Python.
        about: Its type and meaning.
    """

    javascript: str
    python: str
    about: str


@frozen(kw_only=True)
class Seen:
    """The effect of an ending in one operation.

    Args:
        operation: The operation.
        log: The code in Auth0's tenant log, or None if nothing is logged.
        is_documented: Whether Auth0 documents that entry; otherwise it is inferred from the title of the code.
        refused_with: The error code with which the tenant refuses the operation, or None if the operation continues.
        user: The response to the user, or to the caller of the Management API.
        source: The source of this.
    """

    operation: str
    log: str | None
    user: str
    source: str
    is_documented: bool = False
    refused_with: str | None = None


@frozen(kw_only=True)
class Ending:
    """One way for a script to end.

    Args:
        javascript: The call in JavaScript.
        python: The statement in Python.
        means: The meaning.
        source: The source of this.
        seen: Its effects.
    """

    javascript: str
    python: str
    means: str
    source: str
    seen: tuple[Seen, ...]


@frozen(kw_only=True)
class Described:
    """A script.

    Args:
        function: Its name in JavaScript, as Auth0's templates have it.
        purpose: Its purpose, in one sentence.
        called: When Auth0 calls it: a sentence for each occasion, with its source.
        arguments: Its arguments.
        endings: All the ways it can end.
        caution: Anything else you need to know.
    """

    function: str
    purpose: str
    called: tuple[str, ...]
    arguments: tuple[Argument, ...]
    endings: tuple[Ending, ...]
    caution: str = ""


_IDENTIFIER: Final = Argument(
    "identifier",
    "identifier",
    f"text: the e-mail as the user typed it, or the username if the connection requires usernames ({_USERNAMES})",
)
_EMAIL: Final = Argument("email", "email", "text: the user's e-mail")

_LOG_IN: Final = "log-in"
_SIGN_UP: Final = "sign-up"
_ASKING: Final = "request of a password reset"
_RESET: Final = "password reset"
_VERIFICATION: Final = "verification"
_CHANGE: Final = "change of e-mail"
_DELETION: Final = "deletion"

_SAME_ANSWER: Final = "the same answer for every e-mail"


def _failed_log_in(log: str, user: str, source: str, refused_with: str, *, is_documented: bool = False) -> Seen:
    return Seen(
        operation=_LOG_IN, log=log, user=user, source=source, refused_with=refused_with, is_documented=is_documented
    )


_DESCRIBED_LOGIN: Final = Described(
    function="login",
    purpose="Checks a user's password and returns the user's profile.",
    called=(
        f"Import mode off: at every log-in with a password, and right after `create` ({_LOGIN}, {_CREATE}).",
        f"Import mode on: at the first log-in of a user who isn't migrated yet, and never again ({_MIGRATION}).",
        f"Not at silent authentication, single sign-on or the exchange of a refresh token ({_UPDATING}).",
    ),
    arguments=(_IDENTIFIER, Argument("password", "password", f"text: the password in plain text ({_LOGIN})")),
    endings=(
        Ending(
            javascript="callback(null, profile)",
            python="return Found(profile)",
            means="The password is correct, and this is the user",
            source=_LOGIN,
            seen=(Seen(operation=_LOG_IN, log="s", user="a session", source=_LOGIN),),
        ),
        Ending(
            javascript="callback(new WrongUsernameOrPasswordError(userId, message))",
            python="raise WrongUsernameOrPasswordError(user_id, message)",
            means="The user exists, and the password is wrong",
            source=_ERRORS,
            seen=(
                _failed_log_in(
                    "fp",
                    "a message that the e-mail or password is wrong",
                    _ERRORS,
                    "invalid_user_password",
                    is_documented=True,
                ),
            ),
        ),
        Ending(
            javascript="callback(new WrongUsernameOrPasswordError(null, message))",
            python="raise WrongUsernameOrPasswordError(None, message)",
            means="There is no such user, or the script doesn't reveal whether there is",
            source=_ERRORS,
            seen=(
                _failed_log_in(
                    "fu",
                    "a message that the e-mail or password is wrong",
                    _ERRORS,
                    "invalid_user_password",
                    is_documented=True,
                ),
            ),
        ),
        Ending(
            javascript="callback(new UnauthorizedError(message))",
            python="raise UnauthorizedError(message)",
            means="The user isn't allowed to log in, for another reason than a wrong password",
            source=_ERRORS,
            seen=(_failed_log_in("f", "the message", _ERRORS, "unauthorized"),),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="The result is unknown: the store can't be reached, or its response can't be read",
            source=_LOGIN,
            seen=(_failed_log_in("f", "an error", _INFERRED, "access_denied"),),
        ),
        Ending(
            javascript="callback(null)",
            python="return NotFound()",
            means="Only for a retired store, whose two scripts do nothing: all users are migrated",
            source=_MIGRATION,
            seen=(
                _failed_log_in(
                    "fu", "a message that the e-mail or password is wrong", _INFERRED, "invalid_user_password"
                ),
            ),
        ),
    ),
    caution=(
        "Don't use `callback(null)` to refuse a wrong password: see [](../rules/login-null-result.md). Auth0 doesn't "
        "document what it logs for it ([conflict K8](../lives/conflicts.md))."
    ),
)

_DESCRIBED_GET_USER: Final = Described(
    function="getUser",
    purpose="Finds a user without checking a password.",
    called=(
        f"Before a user is created, in either import mode, to find out whether the identifier is free ({_GET_USER}).",
        f"When a password reset is requested and when it is completed, unless the user is migrated ({_GET_USER}).",
        f"Import mode on: at the first log-in after a reset, which migrates this profile ({_RESET_FIRST}).",
        f"Import mode off: before a password is changed ({_CHANGE_PASSWORD}).",
        f"Import mode off: before an e-mail is changed, for the old one and the new one ({_USED_IDENTIFIER}).",
    ),
    arguments=(_IDENTIFIER,),
    endings=(
        Ending(
            javascript="callback(null, profile)",
            python="return Found(profile)",
            means="The user exists",
            source=_GET_USER,
            seen=(
                Seen(
                    operation=_SIGN_UP,
                    log="fs",
                    is_documented=True,
                    refused_with="user_exists",
                    user="a message that the user already exists",
                    source=_GET_USER,
                ),
                Seen(operation=_ASKING, log="scpr", user=f"{_SAME_ANSWER}, and an e-mail", source=_RESET_REQUEST),
            ),
        ),
        Ending(
            javascript="callback(null)",
            python="return NotFound()",
            means="There is no such user",
            source=_GET_USER,
            seen=(
                Seen(
                    operation=_SIGN_UP, log="ss", user="the next step: `create`, with import mode off", source=_GET_USER
                ),
                Seen(operation=_ASKING, log=None, user=f"{_SAME_ANSWER}, and no e-mail", source=_RESET_REQUEST),
            ),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="It is unknown whether the user exists; never use it for a user who doesn't",
            source=_GET_USER,
            seen=(
                Seen(operation=_SIGN_UP, log="fs", refused_with="invalid_signup", user="an error", source=_GET_USER),
                Seen(operation=_ASKING, log="fcpr", user=f"{_SAME_ANSWER}, and no e-mail", source=_RESET_REQUEST),
            ),
        ),
    ),
    caution=(
        "`login` and `get_user` must return the same profile, above all the same `user_id`: with import mode on, Auth0 "
        "creates the user from the first answer of either ([](../../explanation/lazy-migration.md)). With passkeys, "
        f"`identifier` can be a `user_id`, which `context.identifierType` shows ({_PASSKEYS})."
    ),
)

_DESCRIBED_CREATE: Final = Described(
    function="create",
    purpose="Creates a user in your store.",
    called=(
        f"Import mode off: at a sign-up, after `get_user` has found no user; `login` follows at once ({_CREATE}).",
        f"Import mode off: in the same way when the Management API or the Dashboard creates a user ({_CREATE}).",
        f"Import mode on: never. New users exist only in Auth0 ({_MIGRATION}).",
    ),
    arguments=(
        Argument(
            "user",
            "user",
            "object: `email`, `password` in plain text, `tenant`, `client_id`, `connection`; `username` if the "
            f"connection requires one; `user_metadata`, `app_metadata` and further fields if there are any ({_CREATE})",
        ),
    ),
    endings=(
        Ending(
            javascript="callback(null)",
            python="return Done()",
            means="The user is created",
            source=_CREATE,
            seen=(Seen(operation=_SIGN_UP, log="ss", user="an account, and a session", source=_CREATE),),
        ),
        Ending(
            javascript="callback(new ValidationError('user_exists', message))",
            python='raise ValidationError("user_exists", message)',
            means="The user already exists",
            source=_CREATE,
            seen=(
                Seen(
                    operation=_SIGN_UP,
                    log="fs",
                    is_documented=True,
                    refused_with="user_exists",
                    user="the message",
                    source=_UNIVERSAL,
                ),
            ),
        ),
        Ending(
            javascript="callback(new ValidationError(code, message))",
            python="raise ValidationError(code, message)",
            means="Your store refuses this user for a reason of its own, such as `email-too-long`",
            source=_ERRORS,
            seen=(
                Seen(
                    operation=_SIGN_UP,
                    log="fs",
                    is_documented=True,
                    refused_with="weak-password",
                    user="the message",
                    source=_UNIVERSAL,
                ),
            ),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="The user could not be created, for example because the store is unreachable",
            source=_CREATE,
            seen=(
                Seen(operation=_SIGN_UP, log="fs", refused_with="invalid_signup", user="an error", source=_INFERRED),
            ),
        ),
        Ending(
            javascript="callback(null, profile)",
            python="return Found(profile)",
            means="The user is created, and this is the profile; only for passkeys, and required there",
            source=_PASSKEYS,
            seen=(Seen(operation=_SIGN_UP, log="ss", user="an account, and a session", source=_PASSKEYS),),
        ),
    ),
    caution=(
        "If `login` fails right after `create`, the sign-up fails and the row stays in your store. You don't have to "
        f"store metadata there: Auth0 itself keeps the metadata of the request ({_CREATE})."
    ),
)

_DESCRIBED_VERIFY: Final = Described(
    function="verify",
    purpose="Marks a user's e-mail as verified in your store.",
    called=(
        f"Import mode off: each time the user opens the link in a verification e-mail ({_VERIFY}).",
        f"Import mode on: never ({_VERIFY}).",
    ),
    arguments=(_EMAIL,),
    endings=(
        Ending(
            javascript="callback(null, true)",
            python="return Done()",
            means="The e-mail is marked as verified",
            source=_VERIFY,
            seen=(Seen(operation=_VERIFICATION, log="sv", is_documented=True, user="a confirmation", source=_VERIFY),),
        ),
        Ending(
            javascript="callback(null, false)",
            python="return Declined()",
            means="Nothing was marked; the type allows this, and Auth0 doesn't document the effect",
            source=_VERIFY,
            seen=(
                Seen(
                    operation=_VERIFICATION,
                    log="fv",
                    refused_with="verification_failed",
                    user="a failure",
                    source=_INFERRED,
                ),
            ),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="The e-mail could not be marked",
            source=_VERIFY,
            seen=(
                Seen(
                    operation=_VERIFICATION,
                    log="fv",
                    refused_with="verification_failed",
                    user=_REDIRECTED,
                    source=_VERIFY,
                ),
            ),
        ),
    ),
    caution=(
        "The result of `verify` doesn't change `email_verified` in Auth0. The next profile from `login` or `get_user` "
        f"does, so both must return it ({_VERIFY}; a source contradicts this: [conflict K3](../lives/conflicts.md))."
    ),
)

_DESCRIBED_CHANGE_PASSWORD: Final = Described(
    function="changePassword",
    purpose="Changes a user's password in your store.",
    called=(
        f"Import mode off: when a user completes a password reset ({_CHANGE_PASSWORD}).",
        f"Import mode off: when the Management API or the Dashboard sets a password ({_CHANGE_PASSWORD}).",
        f"Import mode on: at a password reset before the first log-in, if the script exists ({_RESET_FIRST}; {_K2}).",
    ),
    arguments=(
        _EMAIL,
        Argument("newPassword", "new_password", f"text: the new password in plain text ({_CHANGE_PASSWORD})"),
    ),
    endings=(
        Ending(
            javascript="callback(null, true)",
            python="return Done()",
            means="The password is changed",
            source=_CHANGE_PASSWORD,
            seen=(Seen(operation=_RESET, log="scp", user="a confirmation", source=_CHANGE_PASSWORD),),
        ),
        Ending(
            javascript="callback(null, { last_password_reset: changedAt })",
            python="return Done(last_password_reset=changed_at)",
            means="The password is changed, and the user's profile in Auth0 gets this date; "
            f"with flexible identifiers, you can return `email_verified` the same way ({_FLEXIBLE})",
            source=_CHANGE_PASSWORD,
            seen=(Seen(operation=_RESET, log="scp", user="a confirmation", source=_CHANGE_PASSWORD),),
        ),
        Ending(
            javascript="callback(null, false)",
            python="return Declined()",
            means="The password is not changed, for example because there is no such user",
            source=_CHANGE_PASSWORD,
            seen=(
                Seen(
                    operation=_RESET,
                    log="fcp",
                    refused_with="password_change_failed",
                    user="a failure",
                    source=_INFERRED,
                ),
            ),
        ),
        Ending(
            javascript="callback(new ValidationError(code, message))",
            python="raise ValidationError(code, message)",
            means="Your store refuses this password; a custom page can map the code to a text",
            source=_RESET_PAGE,
            seen=(
                Seen(
                    operation=_RESET,
                    log="fcp",
                    refused_with="password_change_failed",
                    user="the message",
                    source=_UNIVERSAL,
                ),
            ),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="The password could not be changed",
            source=_CHANGE_PASSWORD,
            seen=(
                Seen(
                    operation=_RESET,
                    log="fcp",
                    refused_with="password_change_failed",
                    user=_REDIRECTED,
                    source=_CHANGE_PASSWORD,
                ),
            ),
        ),
    ),
    caution="The message of an error reaches the browser, so it must not reveal anything about your system: see "
    "[](../rules/error-leaks-details.md).",
)

_DESCRIBED_CHANGE_EMAIL: Final = Described(
    function="changeEmail",
    purpose="Changes a user's e-mail in your store.",
    called=(
        f"Import mode off: when the Management API changes `email` ({_CHANGE_EMAIL}).",
        f"Import mode off: when it changes only `email_verified`; both e-mails are the same then ({_CHANGE_EMAIL}).",
        f"Import mode on: never ({_CHANGE_EMAIL}).",
    ),
    arguments=(
        Argument("email", "email", "text: the user's current e-mail"),
        Argument("newEmail", "new_email", "text: the user's new e-mail"),
        Argument("verified", "verified", f"boolean: whether the new e-mail counts as verified ({_CHANGE_EMAIL})"),
    ),
    endings=(
        Ending(
            javascript="callback(null, true)",
            python="return Done()",
            means="The e-mail is changed; the next log-in must return the same `user_id`",
            source=_CHANGE_EMAIL,
            seen=(Seen(operation=_CHANGE, log="sce", user="the updated user", source=_CHANGE_EMAIL),),
        ),
        Ending(
            javascript="callback(null, false)",
            python="return Declined()",
            means="The e-mail is not changed: there is no such user, or another user has the new e-mail",
            source=_CHANGE_EMAIL,
            seen=(
                Seen(operation=_CHANGE, log="fce", refused_with="auth0_idp_error", user="an error", source=_INFERRED),
            ),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="The e-mail could not be changed",
            source=_CHANGE_EMAIL,
            seen=(
                Seen(operation=_CHANGE, log="fce", refused_with="auth0_idp_error", user="an error", source=_INFERRED),
            ),
        ),
    ),
    caution=(
        "The Dashboard doesn't show this script, and deletes it when it saves the others: deploy it with the "
        f"Management API or the Deploy CLI ({_CHANGE_EMAIL}). It is not documented to "
        "receive `context`, so a script without that parameter is correct."
    ),
)

_DESCRIBED_DELETE: Final = Described(
    function="deleteUser",
    purpose="Removes a user from your store.",
    called=(
        f"Import mode off: when the Management API or the Dashboard deletes the user ({_DELETE}).",
        f"Import mode on: never. A user who is still in your store can log in and is migrated again ({_MIGRATION}).",
    ),
    arguments=(Argument("id", "user_id", f"text: the `user_id` that `login` returned, without `auth0|` ({_DELETE})"),),
    endings=(
        Ending(
            javascript="callback(null)",
            python="return Done()",
            means="The user is removed",
            source=_DELETE,
            seen=(Seen(operation=_DELETION, log="sdu", is_documented=True, user="a confirmation", source=_DELETE),),
        ),
        Ending(
            javascript="callback(new Error(message))",
            python="raise ScriptError(message)",
            means="The user could not be removed, and remains in Auth0",
            source=_DELETE,
            seen=(
                Seen(operation=_DELETION, log="fdu", refused_with="auth0_idp_error", user="an error", source=_ERRORS),
            ),
        ),
    ),
    caution="`context` is always empty here, even for a user of an organization.",
)

SCRIPTS: Final[Mapping[Script, Described]] = {
    Script.LOGIN: _DESCRIBED_LOGIN,
    Script.GET_USER: _DESCRIBED_GET_USER,
    Script.CREATE: _DESCRIBED_CREATE,
    Script.VERIFY: _DESCRIBED_VERIFY,
    Script.CHANGE_PASSWORD: _DESCRIBED_CHANGE_PASSWORD,
    Script.CHANGE_EMAIL: _DESCRIBED_CHANGE_EMAIL,
    Script.DELETE: _DESCRIBED_DELETE,
}
