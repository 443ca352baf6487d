"""The outcome of an operation: what a user, an administrator or an application saw."""

from enum import StrEnum
from typing import Final

from attrs import frozen

from customdb_contract.tenant._interruptions import InterruptionPoint
from customdb_contract.tenant._log import LogEntry
from customdb_contract.tenant._users import User
from customdb_contract.transcript import ActionRun, Exchange

__all__ = [
    "ALREADY_EXISTS",
    "NO_SUCH_USER",
    "Admission",
    "Mail",
    "MailKind",
    "OperationKind",
    "OperationOutcome",
    "Refusal",
    "ResetTicket",
]


class OperationKind(StrEnum):
    """An operation on the tenant."""

    LOG_IN = "log_in"
    SILENT_LOG_IN = "silent_log_in"
    REFRESH = "refresh"
    SIGN_UP = "sign_up"
    CREATE_USER = "create_user"
    CHANGE_EMAIL = "change_email"
    CHANGE_USERNAME = "change_username"
    REQUEST_PASSWORD_RESET = "request_password_reset"  # noqa: S105 - the name of an operation
    COMPLETE_PASSWORD_RESET = "complete_password_reset"  # noqa: S105 - the name of an operation
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - the name of an operation
    VERIFY_EMAIL = "verify_email"
    UPDATE_USER = "update_user"
    DELETE_USER = "delete_user"
    DELETE_CONNECTION_USER = "delete_connection_user"
    GET_USER = "get_user"
    SEARCH = "search"
    SWITCH_IMPORT_MODE = "switch_import_mode"


@frozen
class Refusal:
    """The error of an unsuccessful operation.

    Args:
        code: The error's code.
        description: The error's text; the script's own text, if Auth0 shows it.
        is_documented: Whether Auth0 documents this response for what happened; otherwise it is inferred.
    """

    code: str
    description: str
    is_documented: bool = False


@frozen
class Admission:
    """What the Actions did with a log-in that had succeeded.

    Args:
        user: The user afterwards.
        refusal: Why the log-in is denied, or None.
    """

    user: User
    refusal: Refusal | None = None


@frozen
class ResetTicket:
    """The link in the e-mail of a password reset.

    Args:
        number: Which one it is.
        connection: The connection for which the reset was requested.
        email: The e-mail that the user typed.
        user_id: The user's key when the reset was requested, with the prefix `auth0|`.
    """

    number: int
    connection: str
    email: str
    user_id: str


class MailKind(StrEnum):
    """Why an e-mail is sent."""

    VERIFICATION = "verification"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a kind of mail


@frozen
class Mail:
    """An e-mail that the tenant sent.

    Args:
        kind: Why.
        to: The address.
        user_id: The user's key.
        ticket: What the link of a password reset stands for; None for other e-mails.
    """

    kind: MailKind
    to: str
    user_id: str
    ticket: ResetTicket | None = None


@frozen(kw_only=True)
class OperationOutcome:
    """The outcome of an operation.

    Args:
        operation: The operation.
        succeeded: Whether it succeeded, as far as its caller can see.
        user: The user as the tenant has it afterwards, or None.
        users: The users that a search found.
        refusal: Why it did not succeed; None if it did.
        interrupted: The point at which the migration was interrupted, or None.
        mails: The e-mails that were sent.
        log: The entries written to the tenant log, in order.
        calls: The scripts that ran, in order, with their results.
        runs: The Actions that ran, in order.
    """

    operation: OperationKind
    succeeded: bool
    user: User | None = None
    users: tuple[User, ...] = ()
    refusal: Refusal | None = None
    interrupted: InterruptionPoint | None = None
    mails: tuple[Mail, ...] = ()
    log: tuple[LogEntry, ...] = ()
    calls: tuple[Exchange, ...] = ()
    runs: tuple[ActionRun, ...] = ()


NO_SUCH_USER: Final = Refusal("inexistent_user", "The user does not exist.", is_documented=True)
"""The Management API's response for an unknown user_id (404)."""

ALREADY_EXISTS: Final = "The user already exists."
"""The error when an existing user is created or imported, including a half-created one.

Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.
"""
