"""The rest of a user's life: verifying the e-mail, and reading, updating and deleting with the Management API."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, UndocumentedOperationError
from customdb_contract.tenant._importing import METADATA, ROOT_ATTRIBUTES
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._metadata import metadata_problems, patched
from customdb_contract.tenant._outcomes import NO_SUCH_USER, OperationOutcome, Refusal
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._users import PREFIX, User, identifier_of
from customdb_contract.transcript import Value

__all__ = ["delete_connection_user", "delete_user", "get_user", "update_user", "verify_email"]

_UPDATED_IN_EITHER_MODE: Final = ("blocked", *METADATA)
_WITH_AN_OPERATION: Final = {
    "email": "change_email",
    "email_verified": "change_email",
    "username": "change_username",
    "password": "change_password",
}


def verify_email(run: Run, user_id: str) -> OperationOutcome:
    """Open the link of a verification e-mail.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify>.

    Args:
        run: The operation.
        user_id: The user's key.

    Raises:
        UndocumentedOperationError: With import mode on, when Auth0 has had the user from before.
    """
    user = run.user(user_id)
    if user is None:
        return run.refuse(NO_SUCH_USER)
    if run.connection.import_mode:
        if run.internal(user_id) is None:
            message = (
                f"{user_id} has logged in with import mode off only; Auth0's documentation does not say who verifies "
                "the e-mail of such a user once import mode is on"
            )
            raise UndocumentedOperationError(message)
        return _verified(run, run.keep(evolve(user, email_verified=True)))
    email = identifier_of(user)
    answer = run.call(Script.VERIFY, email, about=email)
    is_object = isinstance(answer.result, Mapping) and run.knobs.verify_result_updates_profile
    if not answer.is_done and not is_object:
        run.log(LogCode.FAILED_VERIFICATION, answer.message, user_id=user_id)
        return run.refuse(Refusal("verification_failed", answer.message), user)
    if run.knobs.verify_result_updates_profile:
        # `true` means the same as an object with `email_verified`.
        is_verified = not isinstance(answer.result, Mapping) or answer.result.get("email_verified") is True
        user = run.keep(evolve(user, email_verified=is_verified))
    return _verified(run, user)


def _verified(run: Run, user: User) -> OperationOutcome:
    run.log(LogCode.SUCCESS_VERIFICATION, user_id=user.user_id, is_documented=True)
    return run.succeed(user)


def update_user(run: Run, user_id: str, changes: Mapping[str, Value]) -> OperationOutcome:
    """Update a user like a PATCH of the Management API: metadata by first-level keys, where null removes one.

    Sources: <https://auth0.com/docs/manage-users/user-accounts/metadata/manage-metadata-api>,
    <https://auth0.com/docs/manage-users/user-accounts/user-profiles/update-user-profiles-using-your-database>.

    Args:
        run: The operation.
        user_id: The user's key.
        changes: What to change; null removes an attribute.

    Raises:
        ConfigurationError: When an attribute has an operation of its own, or there is no such attribute.
    """
    _check_names(changes)
    user = run.user(user_id)
    if user is None:
        return run.refuse(NO_SUCH_USER)
    problems = [*_problems(changes, is_import=run.connection.import_mode)]
    if problems:
        return run.refuse(Refusal("invalid_body", "; ".join(problems), is_documented=True), user)
    given = dict(changes)
    for name in METADATA:
        if name in changes:
            before = cast("Mapping[str, Value]", getattr(user, name))
            # Null instead of an object removes all metadata.
            given[name] = patched(before, cast("Mapping[str, Value]", changes[name])) if changes[name] else {}
    changed = run.keep(_evolved(user, given))
    run.log(LogCode.SUCCESS_API_OPERATION, "Update a User", user_id=user_id)
    return run.succeed(changed)


def delete_user(run: Run, user_id: str) -> OperationOutcome:
    """Delete a user with the Management API; an unknown user needs no deletion.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/delete>.

    Args:
        run: The operation.
        user_id: The user's key.
    """
    user = run.user(user_id)
    if user is None:
        return run.succeed()
    if not run.connection.import_mode:
        answer = run.call(Script.DELETE, user_id.removeprefix(PREFIX), about=user.email or user_id)
        if not answer.is_done:
            run.log(LogCode.FAILED_USER_DELETION, answer.message, user_id=user_id)
            return run.refuse(Refusal("auth0_idp_error", answer.message), user)
    run.remove(user_id)
    run.log(LogCode.SUCCESS_USER_DELETION, user_id=user_id, is_documented=True)
    run.log(LogCode.SUCCESS_API_OPERATION, "Delete a User", user_id=user_id)
    return run.succeed()


def delete_connection_user(run: Run, email: str) -> OperationOutcome:
    """Delete the record of an internal store: the remedy for a half-created user.

    Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.

    Args:
        run: The operation.
        email: The e-mail.

    Raises:
        UndocumentedOperationError: When there is a full record as well; delete the user instead.
    """
    records = run.internal_users(email)
    for record in records:
        if record.pending is None:
            message = (
                f"{email} is a user with a full record; Auth0's documentation does not say what is left of the user "
                "when the record of the connection alone is deleted: use delete_user"
            )
            raise UndocumentedOperationError(message)
        run.remove_internal(record.user_id)
        run.log(LogCode.SUCCESS_API_OPERATION, "Delete a Connection User", user_id=record.user_id)
    return run.succeed()


def get_user(run: Run, user_id: str) -> OperationOutcome:
    """Return a user by key, as the Management API does.

    Args:
        run: The operation.
        user_id: The user's key.
    """
    user = run.user(user_id)
    return run.refuse(NO_SUCH_USER) if user is None else run.succeed(user)


def _check_names(changes: Iterable[str]) -> None:
    for name in changes:
        if name in _WITH_AN_OPERATION:
            message = f"update_user cannot change {name}; use {_WITH_AN_OPERATION[name]}"
            raise ConfigurationError(message)
        if name not in _UPDATED_IN_EITHER_MODE and name not in ROOT_ATTRIBUTES:
            known = ", ".join((*_UPDATED_IN_EITHER_MODE, *ROOT_ATTRIBUTES))
            message = f"update_user cannot change {name!r}; choose from {known}"
            raise ConfigurationError(message)


def _problems(changes: Mapping[str, Value], *, is_import: bool) -> Iterable[str]:
    for name, value in changes.items():
        if name in METADATA:
            yield from () if value is None else metadata_problems(name, value)
        elif name == "blocked":
            yield from () if isinstance(value, bool) else ("blocked is not a boolean",)
        elif not is_import:
            yield f"{name} cannot be updated: the users of this connection are kept in your database"
        elif not (value is None or (isinstance(value, str) and value)):
            yield f"{name} is not a string"


def _evolved(user: User, changes: Mapping[str, Value]) -> User:
    return evolve(user, **cast("dict[str, str]", changes))  # type: ignore[arg-type]  # checked by _problems
