"""The tenant log."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

__all__ = ["LogCode", "LogEntry"]


class LogCode(StrEnum):
    """The events in the log, by Auth0's codes.

    Source: <https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes>.
    """

    SUCCESS_LOGIN = "s"
    FAILED_LOGIN = "f"
    """A failed log-in that neither `fp` nor `fu` covers."""
    WRONG_PASSWORD = "fp"  # noqa: S105 - a code
    """A failed log-in: incorrect password."""
    UNKNOWN_USER = "fu"
    """A failed log-in: invalid e-mail or username."""
    SUCCESS_SILENT_LOGIN = "ssa"
    FAILED_SILENT_LOGIN = "fsa"
    SUCCESS_EXCHANGE = "sertft"
    """A refresh token was exchanged for an access token."""
    FAILED_EXCHANGE = "fertft"
    ACTION_FAILED = "actions_execution_failed"
    LOGIN_WARNING = "w"
    SUCCESS_SIGN_UP = "ss"
    FAILED_SIGN_UP = "fs"
    SUCCESS_CHANGE_PASSWORD = "scp"  # noqa: S105 - a code
    FAILED_CHANGE_PASSWORD = "fcp"  # noqa: S105 - a code
    SUCCESS_CHANGE_PASSWORD_REQUEST = "scpr"  # noqa: S105 - a code
    FAILED_CHANGE_PASSWORD_REQUEST = "fcpr"  # noqa: S105 - a code
    SUCCESS_CHANGE_EMAIL = "sce"
    FAILED_CHANGE_EMAIL = "fce"
    SUCCESS_CHANGE_USERNAME = "scu"
    FAILED_CHANGE_USERNAME = "fcu"
    SUCCESS_VERIFICATION = "sv"
    """The link of a verification e-mail was used."""
    FAILED_VERIFICATION = "fv"
    VERIFICATION_REQUEST = "svr"
    """A verification e-mail is queued to be sent."""
    SUCCESS_USER_DELETION = "sdu"
    FAILED_USER_DELETION = "fdu"
    SUCCESS_API_OPERATION = "sapi"
    """The Management API wrote something."""
    USER_MANAGEMENT_WARNING = "wum"


@frozen(kw_only=True)
class LogEntry:
    """An entry of the tenant log.

    Args:
        at: When it was written.
        code: What happened.
        description: The text of the entry; the script's own text, if Auth0 logs it.
        user_id: The user's key in the entry; empty if Auth0 names none.
        user_name: The identifier that was given.
        connection: The name of the connection.
        is_documented: Whether Auth0 documents this entry for what happened; otherwise it is inferred from the title of
            the code.
    """

    at: datetime
    code: LogCode
    description: str
    user_id: str
    user_name: str
    connection: str
    is_documented: bool
