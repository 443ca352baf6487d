"""Changing a user's e-mail or username with the Management API."""

from typing import Final

from attrs import evolve, frozen

from customdb_contract.contract import Script
from customdb_contract.profiles import email_problem, username_problem
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._outcomes import NO_SUCH_USER, OperationOutcome, Refusal
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._users import User, identifier_of

__all__ = ["change_email", "change_username"]


@frozen
class _Changed:
    """Which identifier is changed."""

    name: str
    succeeded: LogCode
    failed: LogCode


_EMAIL: Final = _Changed("email", LogCode.SUCCESS_CHANGE_EMAIL, LogCode.FAILED_CHANGE_EMAIL)
_USERNAME: Final = _Changed("username", LogCode.SUCCESS_CHANGE_USERNAME, LogCode.FAILED_CHANGE_USERNAME)


def change_email(run: Run, user_id: str, email: str, *, verified: bool) -> OperationOutcome:
    """Change a user's e-mail, or the `email_verified` of the same e-mail.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-email>.

    Args:
        run: The operation.
        user_id: The user's key.
        email: The e-mail.
        verified: Whether it counts as verified.
    """
    user = run.user(user_id)
    if user is None:
        return run.refuse(NO_SUCH_USER)
    if run.connection.import_mode:
        email = email.lower()
        problem = email_problem(email)
        if problem:
            return _refused(run, user, _EMAIL, f"email {problem}")
        if run.is_taken(email, user_id=user_id):
            return _refused(run, user, _EMAIL, _exists(_EMAIL), is_documented=True)
        return _succeed(run, evolve(user, email=email, email_verified=verified), _EMAIL)
    former = identifier_of(user)
    refused = _refused_by_get_user(run, user, _EMAIL, former, email)
    if refused is not None:
        return refused
    answer = run.call(Script.CHANGE_EMAIL, former, email, verified, about=former)
    if not answer.is_done:
        return _refused(run, user, _EMAIL, answer.message)
    return _succeed(run, evolve(user, email=email, email_verified=verified), _EMAIL)


def change_username(run: Run, user_id: str, username: str) -> OperationOutcome:
    """Change a user's username.

    With import mode off, this has no effect: Auth0 would run a script `change_username`, whose arguments are not
    documented, so no database has one.

    Sources: <https://auth0.com/docs/authenticate/database-connections/require-username>,
    <https://community.auth0.com/t/183190>.

    Args:
        run: The operation.
        user_id: The user's key.
        username: The username.
    """
    user = run.user(user_id)
    if user is None:
        return run.refuse(NO_SUCH_USER)
    if not run.connection.import_mode:
        former = user.username or identifier_of(user)
        refused = _refused_by_get_user(run, user, _USERNAME, former, username)
        return refused or _refused(run, user, _USERNAME, "change_username script does not exist")
    username = username.lower()
    problem = username_problem(username)
    if problem:
        return _refused(run, user, _USERNAME, f"username {problem}")
    if run.is_taken(username, user_id=user_id):
        return _refused(run, user, _USERNAME, _exists(_USERNAME), is_documented=True)
    return _succeed(run, evolve(user, username=username), _USERNAME)


def _refused_by_get_user(run: Run, user: User, changed: _Changed, former: str, new: str) -> OperationOutcome | None:
    """Ask Get User for the old identifier, which must exist, and for the new one, which must not."""
    current = run.call(Script.GET_USER, former, about=former)
    if current.profile is None:
        return _refused(run, user, changed, current.message)
    if new == former or not run.knobs.change_email_get_user_twice:
        return None
    holder = run.call(Script.GET_USER, new, about=new)
    if holder.profile is not None:
        return _refused(run, user, changed, _exists(changed), is_documented=True)
    return None if holder.is_nobody else _refused(run, user, changed, holder.message)


def _exists(changed: _Changed) -> str:
    return f"The specified new {changed.name} already exists"


def _succeed(run: Run, user: User, changed: _Changed) -> OperationOutcome:
    written = run.keep(user)
    run.log(changed.succeeded, user_id=written.user_id)
    run.log(LogCode.SUCCESS_API_OPERATION, "Update a User", user_id=written.user_id)
    return run.succeed(written)


def _refused(run: Run, user: User, changed: _Changed, message: str, *, is_documented: bool = False) -> OperationOutcome:
    run.log(changed.failed, message, user_id=user.user_id)
    return run.refuse(Refusal("auth0_idp_error", message, is_documented=is_documented), user)
