"""Log-ins of returning users, for which no script runs: silent ones, and refresh tokens."""

from typing import Final

from customdb_contract.tenant._acting import admission_of
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._outcomes import OperationOutcome, Refusal
from customdb_contract.tenant._run import Run

__all__ = ["log_in_silently", "refresh"]

_NO_SESSION: Final = Refusal("login_required", "Login required", is_documented=True)
_NO_TOKEN: Final = Refusal("invalid_grant", "Unknown or invalid refresh token.", is_documented=True)


def log_in_silently(run: Run, user_id: str) -> OperationOutcome:
    """Log in a user who has a session, without a prompt.

    Source: <https://auth0.com/docs/authenticate/login/configure-silent-authentication>.

    Args:
        run: The operation.
        user_id: The user's key.
    """
    return _return(run, user_id, _NO_SESSION, LogCode.SUCCESS_SILENT_LOGIN, LogCode.FAILED_SILENT_LOGIN)


def refresh(run: Run, user_id: str) -> OperationOutcome:
    """Exchange a refresh token of a user.

    Source: <https://auth0.com/docs/secure/tokens/refresh-tokens/use-refresh-tokens>.

    Args:
        run: The operation.
        user_id: The user's key.
    """
    return _return(run, user_id, _NO_TOKEN, LogCode.SUCCESS_EXCHANGE, LogCode.FAILED_EXCHANGE)


def _return(run: Run, user_id: str, nobody: Refusal, success: LogCode, failure: LogCode) -> OperationOutcome:
    user = run.user(user_id)
    if user is None or user.blocked:
        run.log(failure, nobody.description, user_id="" if user is None else user_id)
        return run.refuse(nobody, user)
    admission = admission_of(run, user, failed=failure)
    if admission.refusal is None:
        run.log(success, user_id=user_id)
    return run.admit(admission)
