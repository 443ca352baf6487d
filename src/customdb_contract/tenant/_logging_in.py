"""Log-in: with import mode off, the script runs each time; with import mode on, only once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.profiles import mfa_factors_problem
from customdb_contract.secrets import Secret
from customdb_contract.tenant._acting import admission_of
from customdb_contract.tenant._answers import Answer
from customdb_contract.tenant._hashing import PasswordHash
from customdb_contract.tenant._importing import (
    METADATA,
    attributes_of,
    import_problems,
    is_beyond_allowance,
    is_oversized,
    new_user,
    raw_user_id,
    refreshed,
)
from customdb_contract.tenant._interruptions import InterruptionPoint
from customdb_contract.tenant._knobs import NullLogin
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._outcomes import ALREADY_EXISTS, Admission, OperationOutcome, Refusal
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._users import PREFIX, InternalUser, Pending, User
from customdb_contract.transcript import Value, json_size

__all__ = ["log_in"]

_WRONG_CREDENTIALS: Final = Refusal("invalid_user_password", "Wrong email or password.", is_documented=True)
_BLOCKED: Final = Refusal("unauthorized", "user is blocked")

_NO_MFA: Final = "Unable to import MFA factors."
_OVERSIZED: Final = "user_profile_size_exceeded"
_IDENTIFIERS: Final = ("email", "username", "phone_number")


def log_in(run: Run, identifier: str, password: Secret) -> OperationOutcome:
    """Log a user in.

    Sources: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login>,
    <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.

    Args:
        run: The operation.
        identifier: What the user typed.
        password: The password that the user typed.
    """
    if not run.connection.import_mode:
        return _log_in_with_script(run, identifier, password)
    record = next(iter(run.internal_users(identifier)), None)
    if record is None or record.pending is Pending.LOG_IN:
        return _migrate(run, identifier, password)
    if not record.password.matches(password):
        if run.knobs.on_wrong_pwd_migrated_falls_back and record.pending is None:
            return _fall_back(run, identifier, password, record)
        run.log(LogCode.WRONG_PASSWORD, _WRONG_CREDENTIALS.description, user_id=record.user_id)
        return run.refuse(_WRONG_CREDENTIALS)
    if record.pending is Pending.PASSWORD_RESET:
        return _finish_after_reset(run, identifier, record)
    return _let_in(run, _full_record(run, record))


def _full_record(run: Run, record: InternalUser) -> User:
    """Return the tenant's record of a user whose migration is finished, which exists."""
    return cast("User", run.user(record.user_id))


def _log_in_with_script(run: Run, identifier: str, password: Secret) -> OperationOutcome:
    answer = run.call(Script.LOGIN, identifier, password, about=identifier)
    if answer.profile is None:
        return _refused_by_script(run, answer)
    attributes = attributes_of(answer.profile, import_mode=False)
    user_id = raw_user_id(attributes)
    if user_id is None:
        return _failed(run, "the profile has no user_id")
    size = json_size(attributes)
    problem = next(_problems_of_any(run, user_id, size), None)
    if problem is not None:
        return _failed(run, problem)
    known = run.user(PREFIX + user_id)
    if known is not None:
        metadata = run.knobs.off_metadata_on_relogin
        return _let_in(run, refreshed(known, attributes, answer.profile, run.root_attributes, metadata), size)
    is_kept = run.knobs.off_first_login_creates_record
    user = new_user(attributes, user_id, run.connection.name, run.root_attributes, at=run.now, is_logging_in=is_kept)
    return _enter(run, user, size, is_new=True) if is_kept else run.admit(_admission(run, user))


def _migrate(run: Run, identifier: str, password: Secret) -> OperationOutcome:
    if run.knobs.import_login_calls_get_user:
        looked_up = run.call(Script.GET_USER, identifier, about=identifier)
        if looked_up.is_nobody:
            run.log(LogCode.UNKNOWN_USER, _WRONG_CREDENTIALS.description)
            return run.refuse(_WRONG_CREDENTIALS)
        if looked_up.profile is None:
            return _failed(run, looked_up.message)
    answer = run.call(Script.LOGIN, identifier, password, about=identifier)
    if answer.profile is None:
        return _refused_by_script(run, answer)
    attributes = attributes_of(answer.profile, import_mode=True)
    size = json_size(attributes)
    refused = _refused_import(run, attributes, size)
    if refused is not None:
        return refused
    record = InternalUser(
        user_id=f"{PREFIX}{raw_user_id(attributes)}",
        connection=run.connection.name,
        email=cast("str", attributes["email"]),
        username=cast("str | None", attributes.get("username")),
        password=PasswordHash.of(password),
        pending=Pending.LOG_IN,
    )
    return _write_both(run, attributes, size, record)


def _write_both(run: Run, attributes: Mapping[str, Value], size: int, record: InternalUser) -> OperationOutcome:
    """Do the two writes of a migration; a user with a record from before import mode needs only the first one."""
    known = run.user(record.user_id)
    if known is not None:
        if not known.blocked:
            run.keep_internal(record.finished())
        return _let_in(run, known)
    run.keep_internal(record)
    if run.is_interrupted(InterruptionPoint.AFTER_INTERNAL_RECORD):
        return run.break_off(InterruptionPoint.AFTER_INTERNAL_RECORD)
    outcome = _write_full_record(run, attributes, size)
    run.keep_internal(record.finished())
    return outcome


def _write_full_record(run: Run, attributes: Mapping[str, Value], size: int) -> OperationOutcome:
    point = InterruptionPoint.BEFORE_METADATA
    is_interrupted = run.is_interrupted(point)
    user = new_user(
        attributes,
        cast("str", raw_user_id(attributes)),
        run.connection.name,
        run.root_attributes,
        at=run.now,
        is_logging_in=True,
        leave_out=METADATA if is_interrupted else (),
    )
    factors = cast("Sequence[Mapping[str, Value]]", attributes.get("mfa_factors") or ())
    if factors and not is_interrupted:
        user = evolve(user, mfa_factors=tuple(factors))
    return _enter(run, user, size, is_new=True, interrupted=point if is_interrupted else None)


def _finish_after_reset(run: Run, identifier: str, record: InternalUser) -> OperationOutcome:
    """Finish the migration that a password reset began, with the profile that Get User returns.

    If that has another user_id each time, the user is duplicated each time:
    <https://github.com/auth0/docs/issues/6707>.
    """
    email = record.email or identifier
    answer = run.call(Script.GET_USER, email, about=email)
    if answer.profile is None:
        return _failed(run, answer.message)
    attributes = attributes_of(answer.profile, import_mode=True)
    user_id = raw_user_id(attributes)
    is_other = user_id is not None and PREFIX + user_id != record.user_id
    size = json_size(attributes)
    refused = _refused_import(run, attributes, size, may_be_taken=is_other)
    if refused is not None:
        return refused
    if not is_other:
        return _write_both(run, attributes, size, record)
    duplicate = run.user(f"{PREFIX}{user_id}")
    return _write_full_record(run, attributes, size) if duplicate is None else _let_in(run, duplicate)


def _fall_back(run: Run, identifier: str, password: Secret, record: InternalUser) -> OperationOutcome:
    answer = run.call(Script.LOGIN, identifier, password, about=identifier)
    if answer.profile is None:
        return _refused_by_script(run, answer)
    user_id = raw_user_id(attributes_of(answer.profile, import_mode=True))
    if user_id is None or PREFIX + user_id != record.user_id:
        return _failed(run, "Login returned a user_id other than the one that the user was migrated with")
    run.keep_internal(evolve(record, password=PasswordHash.of(password)))
    return _let_in(run, _full_record(run, record))


def _let_in(run: Run, user: User, size: int = 0) -> OperationOutcome:
    """Complete a log-in; `size` is the size of the profile in bytes, if a script returned one."""
    if user.blocked:
        run.log(LogCode.FAILED_LOGIN, _BLOCKED.description, user_id=user.user_id)
        return run.refuse(_BLOCKED)
    now = run.now
    return _enter(run, evolve(user, logins_count=user.logins_count + 1, last_login=now, updated_at=now), size)


def _enter(
    run: Run, user: User, size: int, *, is_new: bool = False, interrupted: InterruptionPoint | None = None
) -> OperationOutcome:
    """Keep the record of a user who logs in, and let the Actions decide."""
    entered = run.keep(user)
    admission = _admission(run, entered)
    if is_oversized(size):
        run.log(LogCode.USER_MANAGEMENT_WARNING, _OVERSIZED, user_id=entered.user_id)
    if is_new:
        run.send_verification(entered)
    return run.admit(admission, interrupted=interrupted)


def _admission(run: Run, user: User) -> Admission:
    admission = admission_of(run, user)
    if admission.refusal is None:
        run.log(LogCode.SUCCESS_LOGIN, user_id=user.user_id)
    return admission


def _refused_import(
    run: Run, attributes: Mapping[str, Value], size: int, *, may_be_taken: bool = False
) -> OperationOutcome | None:
    """Return why a profile is not imported, or None."""
    user_id = raw_user_id(attributes)
    if user_id is None:
        return _failed(run, "the profile has no user_id")
    key = PREFIX + user_id
    problems = [
        *import_problems(attributes, run.connection),
        *_problems_of_any(run, user_id, size),
        *_conflicts(run.user(key), attributes),
    ]
    if problems:
        return _failed(run, f"the profile cannot be imported: {'; '.join(problems)}")
    names = (cast("str | None", attributes.get(name)) for name in ("email", "username"))
    if not may_be_taken and any(run.is_taken(name, user_id=key) for name in names if name is not None):
        run.log(LogCode.FAILED_LOGIN, ALREADY_EXISTS)
        return run.refuse(Refusal("user_exists", ALREADY_EXISTS, is_documented=True))
    factors = attributes.get("mfa_factors")
    if factors is not None and mfa_factors_problem(factors) is not None:
        run.log(LogCode.UNKNOWN_USER, _NO_MFA, is_documented=True)
        return run.refuse(Refusal("access_denied", _NO_MFA))
    return None


def _problems_of_any(run: Run, user_id: str, size: int) -> Iterator[str]:
    """Yield the reasons why a log-in fails in either mode."""
    elsewhere = run.taken_elsewhere(PREFIX + user_id)
    if elsewhere is not None:
        yield elsewhere
    if is_beyond_allowance(size):
        yield f"the profile has {size:,} bytes, more than the allowance for oversized profiles"


def _conflicts(known: User | None, attributes: Mapping[str, Value]) -> Iterator[str]:
    """Yield the conflicts between a profile and the record that its user has from before import mode was on.

    Source: the support article "Resolving Migration Error: Existing User Data Conflict".
    """
    if known is None:
        return
    for name in _IDENTIFIERS:
        before, now = cast("str | None", getattr(known, name)), attributes.get(name)
        if before is not None and isinstance(now, str) and now.lower() != before.lower():
            yield f"{name} conflicts with the one of the existing user"


def _refused_by_script(run: Run, answer: Answer) -> OperationOutcome:
    error = answer.error
    if error is not None and error.name == "WrongUsernameOrPasswordError":
        named = error.arguments[0] if error.arguments else None
        code, user_id = (LogCode.WRONG_PASSWORD, f"{PREFIX}{named}") if named else (LogCode.UNKNOWN_USER, "")
        run.log(code, error.message, user_id=user_id, is_documented=True)
        return run.refuse(_WRONG_CREDENTIALS)
    if answer.is_nobody and run.knobs.login_null_result is NullLogin.UNKNOWN_USER:
        run.log(LogCode.UNKNOWN_USER, _WRONG_CREDENTIALS.description)
        return run.refuse(_WRONG_CREDENTIALS)
    if error is not None and error.name == "UnauthorizedError":
        run.log(LogCode.FAILED_LOGIN, answer.message)
        return run.refuse(Refusal("unauthorized", answer.message, is_documented=True))
    return _failed(run, answer.message)


def _failed(run: Run, message: str) -> OperationOutcome:
    run.log(LogCode.FAILED_LOGIN, message)
    return run.refuse(Refusal("access_denied", message))
