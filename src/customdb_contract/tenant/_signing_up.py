"""Sign-up, and creating a user with the Management API: Get User is called first in either mode."""

from collections.abc import Mapping

from attrs import evolve, frozen

from customdb_contract.contract import Script
from customdb_contract.secrets import Secret
from customdb_contract.tenant._acting import admission_of
from customdb_contract.tenant._answers import Answer
from customdb_contract.tenant._events import CLIENT, TENANT
from customdb_contract.tenant._hashing import PasswordHash
from customdb_contract.tenant._importing import attributes_of, import_problems, new_user, raw_user_id
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._metadata import patched
from customdb_contract.tenant._outcomes import ALREADY_EXISTS, OperationKind, OperationOutcome, Refusal
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._users import NO_METADATA, PREFIX, InternalUser, User
from customdb_contract.transcript import Value

__all__ = ["NewAccount", "sign_up"]


@frozen(kw_only=True)
class NewAccount:
    """The data of a sign-up.

    Args:
        email: The e-mail.
        password: The password.
        username: The username, if the connection requires one.
        user_metadata: The metadata of the request.
        app_metadata: The metadata that only the Management API accepts.
        email_verified: Whether the e-mail counts as verified from the start.
        fields: Additional fields of the sign-up, by name.
    """

    email: str
    password: Secret
    username: str | None
    user_metadata: Mapping[str, Value]
    app_metadata: Mapping[str, Value]
    email_verified: bool = False
    fields: Mapping[str, Value] = NO_METADATA

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers that must not be in use yet."""
        return (self.email,) if self.username is None else (self.email, self.username)

    def as_arguments(self) -> dict[str, object]:
        """Return the given data, for the transcript."""
        arguments = {
            "email": self.email,
            "password": self.password,
            "username": self.username,
            "user_metadata": self.user_metadata or None,
            "app_metadata": self.app_metadata or None,
        }
        return {**self.fields, **{name: value for name, value in arguments.items() if value is not None}}

    def as_given_to_create(self, connection: str) -> dict[str, object]:
        """Return the argument of the script `create`.

        Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>.

        Args:
            connection: The name of the connection.
        """
        return {"client_id": CLIENT, "tenant": TENANT, "connection": connection, **self.as_arguments()}


def sign_up(run: Run, account: NewAccount) -> OperationOutcome:
    """Create a user.

    Sources: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create>,
    <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/get-user>.

    Args:
        run: The operation.
        account: The data of the sign-up.
    """
    is_import = run.connection.import_mode
    if is_import and any(run.is_taken(identifier) for identifier in account.identifiers):
        return _already_exists(run)
    for identifier in account.identifiers:
        looked_up = run.call(Script.GET_USER, identifier, about=identifier)
        if looked_up.profile is not None:
            return _already_exists(run)
        if not looked_up.is_nobody:
            return _failed(run, looked_up.message)
    return _create_in_auth0(run, account) if is_import else _create_in_database(run, account)


def _create_in_auth0(run: Run, account: NewAccount) -> OperationOutcome:
    """Create a user only in Auth0: with import mode on, the database never hears of new users."""
    attributes = attributes_of({"email": account.email, "username": account.username}, import_mode=True)
    problems = list(import_problems(attributes, run.connection))
    if problems:
        return _failed(run, "; ".join(problems))
    user = new_user(attributes, run.new_user_id(), run.connection.name, run.root_attributes, at=run.now)
    run.keep_internal(
        InternalUser(
            user_id=user.user_id,
            connection=user.connection,
            email=user.email,
            username=user.username,
            password=PasswordHash.of(account.password),
        )
    )
    return _finish(run, evolve(user, email_verified=account.email_verified), account)


def _create_in_database(run: Run, account: NewAccount) -> OperationOutcome:
    argument = account.as_given_to_create(run.connection.name)
    created = run.call(Script.CREATE, argument, about=account.email, username=account.username)
    if not created.is_done:
        return _refused_by_script(run, created)
    # Auth0 logs the new user in at once; if that fails, the row stays in the database.
    answer = run.call(Script.LOGIN, account.email, account.password, about=account.email)
    if answer.profile is None:
        return _failed(run, answer.message)
    attributes = attributes_of(answer.profile, import_mode=False)
    user_id = raw_user_id(attributes)
    if user_id is None or run.taken_elsewhere(PREFIX + user_id) is not None:
        return _failed(run, "Login did not return a user_id that belongs to the new user")
    return _finish(run, new_user(attributes, user_id, run.connection.name, run.root_attributes, at=run.now), account)


def _finish(run: Run, user: User, account: NewAccount) -> OperationOutcome:
    created = run.keep(
        evolve(
            user,
            user_metadata=patched(user.user_metadata, account.user_metadata),
            app_metadata=patched(user.app_metadata, account.app_metadata),
        )
    )
    is_own = run.operation is OperationKind.SIGN_UP
    run.log(LogCode.SUCCESS_SIGN_UP if is_own else LogCode.SUCCESS_API_OPERATION, user_id=created.user_id)
    run.send_verification(created)
    # A sign-up logs the user in; being created does not.
    return run.admit(admission_of(run, created)) if is_own else run.succeed(created)


def _already_exists(run: Run) -> OperationOutcome:
    run.log(LogCode.FAILED_SIGN_UP, ALREADY_EXISTS, is_documented=True)
    code = "user_exists" if run.operation is OperationKind.SIGN_UP else "auth0_idp_error"
    return run.refuse(Refusal(code, ALREADY_EXISTS, is_documented=True))


def _refused_by_script(run: Run, answer: Answer) -> OperationOutcome:
    error = answer.error
    if error is None or error.name != "ValidationError":
        return _failed(run, answer.message)
    code = next((argument for argument in error.arguments if isinstance(argument, str)), error.name)
    run.log(LogCode.FAILED_SIGN_UP, answer.message, is_documented=True)
    return run.refuse(Refusal(code, answer.message, is_documented=True))


def _failed(run: Run, message: str) -> OperationOutcome:
    run.log(LogCode.FAILED_SIGN_UP, message)
    return run.refuse(Refusal("invalid_signup", message))
