"""Passwords: reset by the user with a link in an e-mail, and changed by an administrator."""

from collections.abc import Mapping
from typing import Final, cast

from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.errors import UndocumentedOperationError
from customdb_contract.secrets import Secret
from customdb_contract.tenant._answers import Answer
from customdb_contract.tenant._hashing import PasswordHash
from customdb_contract.tenant._importing import attributes_of, raw_user_id
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._outcomes import NO_SUCH_USER, OperationOutcome, Refusal, ResetTicket
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._users import PREFIX, InternalUser, Pending, User, identifier_of

__all__ = ["change_password", "complete_password_reset", "request_password_reset"]

_EXPIRED: Final = Refusal("access_expired", "This link has expired.")


def request_password_reset(run: Run, email: str) -> OperationOutcome:
    """Send the link of a password reset, if there is such a user; the response is the same if there is none.

    Source: <https://auth0.com/docs/api/authentication/change-password/change-password>.

    Args:
        run: The operation.
        email: The e-mail that the user typed.
    """
    user = _migrated(run, email)
    if user is not None:
        return _send(run, email, user.user_id)
    answer = run.call(Script.GET_USER, email, about=email)
    if answer.is_nobody:
        return run.succeed()
    user_id = None if answer.profile is None else _user_id_in(run, answer)
    if user_id is None:
        run.log(LogCode.FAILED_CHANGE_PASSWORD_REQUEST, answer.message)
        return run.succeed()
    return _send(run, email, user_id)


def _send(run: Run, email: str, user_id: str) -> OperationOutcome:
    run.send_reset(email, user_id)
    run.log(LogCode.SUCCESS_CHANGE_PASSWORD_REQUEST, user_id=user_id)
    return run.succeed()


def complete_password_reset(run: Run, ticket: ResetTicket, password: Secret) -> OperationOutcome:
    """Set the password of the user who opened the link of a password reset.

    Sources: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-password>,
    the support article "Password Reset Before First Login with Automatic Migration Enabled".

    Args:
        run: The operation.
        ticket: The link.
        password: The new password.
    """
    if run.is_used(ticket):
        return run.refuse(_EXPIRED)
    run.use(ticket)
    user = _migrated(run, ticket.email)
    if user is not None:
        return _set_in_auth0(run, user, password)
    looked_up = run.call(Script.GET_USER, ticket.email, about=ticket.email)
    user_id = None if looked_up.profile is None else _user_id_in(run, looked_up)
    if user_id is None:
        return _failed(run, looked_up.message, ticket.user_id)
    if user_id != ticket.user_id and run.knobs.stale_user_id_in_reset_link:
        return run.refuse(_EXPIRED)
    elsewhere = run.taken_elsewhere(user_id)
    if not run.connection.import_mode:
        user = None if elsewhere else run.user(user_id)
        return _set_in_database(run, user, user_id, ticket.email, password)
    if elsewhere is not None:
        return _failed(run, elsewhere, user_id)
    if run.knobs.import_reset_calls_change_password and Script.CHANGE_PASSWORD in run.scripts:
        answer = run.call(Script.CHANGE_PASSWORD, ticket.email, password, about=ticket.email)
        if not answer.is_done:
            return _failed(run, answer.message, user_id)
    return _begin_migration(run, looked_up, user_id, password)


def _begin_migration(run: Run, looked_up: Answer, user_id: str, password: Secret) -> OperationOutcome:
    """Keep the new password in a record that no search finds, until the user logs in with it."""
    user = run.user(user_id)
    # A user who logged in with import mode off is known by Auth0's data, which may have been changed there since.
    attributes: Mapping[str, object] = (
        {"email": user.email, "username": user.username}
        if user is not None
        else attributes_of(looked_up.profile or {}, import_mode=True)
    )
    email, username = attributes.get("email"), attributes.get("username")
    run.keep_internal(
        InternalUser(
            user_id=user_id,
            connection=run.connection.name,
            email=email if isinstance(email, str) else None,
            username=username if isinstance(username, str) else None,
            password=PasswordHash.of(password),
            pending=None if user is not None else Pending.PASSWORD_RESET,
        )
    )
    run.log(LogCode.SUCCESS_CHANGE_PASSWORD, user_id=user_id)
    return run.succeed(user)


def change_password(run: Run, user_id: str, password: Secret) -> OperationOutcome:
    """Change a user's password as an administrator.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-password>.

    Args:
        run: The operation.
        user_id: The user's key.
        password: The new password.

    Raises:
        UndocumentedOperationError: With import mode on, when Auth0 has had the user from before, without a password.
    """
    user = run.user(user_id)
    if user is None:
        return run.refuse(NO_SUCH_USER)
    if run.connection.import_mode:
        if run.internal(user_id) is None:
            message = (
                f"{user_id} has logged in with import mode off only, so Auth0 has no password that an administrator "
                "could change; Auth0's documentation does not say what happens then"
            )
            raise UndocumentedOperationError(message)
        return _set_in_auth0(run, user, password)
    email = identifier_of(user)
    looked_up = run.call(Script.GET_USER, email, about=email)
    if looked_up.profile is None:
        return _failed(run, looked_up.message, user_id)
    return _set_in_database(run, user, user_id, email, password)


def _migrated(run: Run, identifier: str) -> User | None:
    """Return the user that an identifier stands for, if only Auth0 has the password."""
    if not run.connection.import_mode:
        return None
    finished = (record for record in run.internal_users(identifier) if record.pending is None)
    return next((run.user(record.user_id) for record in finished), None)


def _user_id_in(run: Run, answer: Answer) -> str | None:
    attributes = attributes_of(answer.profile or {}, import_mode=run.connection.import_mode)
    user_id = raw_user_id(attributes)
    return None if user_id is None else PREFIX + user_id


def _set_in_auth0(run: Run, user: User, password: Secret) -> OperationOutcome:
    record = cast("InternalUser", run.internal(user.user_id))
    run.keep_internal(evolve(record, password=PasswordHash.of(password)))
    changed = run.keep(evolve(user, last_password_reset=run.now.isoformat()))
    run.log(LogCode.SUCCESS_CHANGE_PASSWORD, user_id=user.user_id)
    return run.succeed(changed)


def _set_in_database(run: Run, user: User | None, user_id: str, email: str, password: Secret) -> OperationOutcome:
    answer = run.call(Script.CHANGE_PASSWORD, email, password, about=email)
    if not answer.is_done:
        return _failed(run, answer.message, user_id)
    if user is not None and isinstance(answer.result, Mapping):
        reset, verified = answer.result.get("last_password_reset"), answer.result.get("email_verified")
        user = run.keep(
            evolve(
                user,
                last_password_reset=reset if isinstance(reset, str) else user.last_password_reset,
                email_verified=verified if isinstance(verified, bool) else user.email_verified,
            )
        )
    run.log(LogCode.SUCCESS_CHANGE_PASSWORD, user_id=user_id)
    return run.succeed(user)


def _failed(run: Run, message: str, user_id: str) -> OperationOutcome:
    run.log(LogCode.FAILED_CHANGE_PASSWORD, message, user_id=user_id)
    return run.refuse(Refusal("password_change_failed", message))
