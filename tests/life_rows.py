"""Rows of Auth0's behaviour (operation, mode, state of the user; scripts, stores, log, outcome), and how to run one."""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import field, frozen

from customdb_contract import Found, NotFound
from customdb_contract.tenant import InterruptionPoint, OperationOutcome
from customdb_contract.transcript import Exchange, json_text
from lives import ADA, ADA_ID, PASSWORD, Life, begun

LOGIN = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login"
GET_USER = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/get-user"
CREATE = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/create"
VERIFY = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify"
CHANGE_PASSWORD = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-password"
CHANGE_EMAIL = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-email"
DELETE = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/delete"
ERRORS = "https://auth0.com/docs/authenticate/database-connections/custom-db/error-handling"
MIGRATION = "https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database"
STRATEGY = "https://auth0.com/docs/users/migrations/automatic"
UPDATING = "https://auth0.com/docs/manage-users/user-accounts/user-profiles/update-user-profiles-using-your-database"
USERNAMES = "https://auth0.com/docs/authenticate/database-connections/require-username"
USER_IDS = "https://auth0.com/docs/manage-users/user-accounts/identify-users"
MFA = (
    "https://auth0.com/docs/secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa/"
    "import-user-mfa-authenticator-enrollments"
)
OVERSIZED = (
    "https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations/migrate-oversized-user-profiles"
)
HALF_CREATED = "https://community.auth0.com/t/120220"
USED_IDENTIFIER = "https://community.auth0.com/t/183190"
RESET_FIRST = "support article: Password Reset Before First Login with Automatic Migration Enabled"
CONFLICT = "support article: Resolving Migration Error: Existing User Data Conflict"
DUPLICATES = "support article: Migrating Non-Unique Emails Originating from No-Import Custom Databases to Auth0"
UNSTABLE = "https://github.com/auth0/docs/issues/6707"
ACTIONS = "https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger"
ACTIONS_API = "https://auth0.com/docs/actions/reference/post-login/post-login-api-object"
ACCESS_DENIED = "support article: Troubleshooting the access_denied Error"
SILENT_LOG_IN = "https://auth0.com/docs/authenticate/login/configure-silent-authentication"
REFRESH = "https://auth0.com/docs/secure/tokens/refresh-tokens/use-refresh-tokens"
SILENT = "no source: inferred"

UNFIT = "the profile cannot be imported"

NEW = "new@example.com"
NEW_PASSWORD = "Punched cards 9"
FIRST = "auth0|000000000000000000000001"
ANOTHER = "auth0|shop-101"

AFTER_INTERNAL = InterruptionPoint.AFTER_INTERNAL_RECORD


@frozen(kw_only=True)
class Row:
    """One row: an operation in a state, and Auth0's reaction."""

    on: bool
    source: str
    do: Callable[[Life], OperationOutcome]
    given: Callable[[Life], object] = lambda life: None
    settings: dict[str, Any] = field(factory=dict[str, Any])
    calls: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    refusal: str | None = None
    interrupted: InterruptionPoint | None = None
    mails: tuple[str, ...] = ()


def log_in(life: Life, password: str = PASSWORD, identifier: str = ADA, **more: Any) -> OperationOutcome:
    return life.tenant.log_in(identifier, password, **more)


def answers(script: str, answer: Any) -> Callable[[Life], None]:
    """Make a script return or raise the given answer."""

    def given(life: Life) -> None:
        def answering(*_: Any) -> Any:
            if isinstance(answer, BaseException):
                raise answer
            return answer

        life.shop.answers[script] = answering

    return given


def knows_more(**more: Any) -> Callable[[Life], None]:
    return lambda life: life.shop.more.update(more)


def all_of(*steps: Callable[[Life], object]) -> Callable[[Life], None]:
    def given(life: Life) -> None:
        for step in steps:
            step(life)

    return given


def half_created(life: Life) -> None:
    log_in(life, interrupt=AFTER_INTERNAL)


def has_reset(life: Life) -> None:
    life.reset(NEW_PASSWORD)


def migrated(life: Life) -> None:
    assert log_in(life).succeeded


def sign_up(life: Life, email: str = NEW, **more: Any) -> OperationOutcome:
    return life.tenant.sign_up(email, NEW_PASSWORD, **more)


def create_user(life: Life, email: str = NEW, **more: Any) -> OperationOutcome:
    return life.tenant.create_user(email, NEW_PASSWORD, **more)


def signed_up(life: Life) -> None:
    assert sign_up(life).succeeded


def switched(*, on: bool) -> Callable[[Life], object]:
    return lambda life: life.tenant.switch_import_mode(on=on)


def request_reset(life: Life, email: str = ADA) -> OperationOutcome:
    return life.tenant.request_password_reset(email)


def change_email(life: Life, email: str = NEW, **more: Any) -> OperationOutcome:
    return life.tenant.change_email(ADA_ID, email, **more)


def unstable_ids(life: Life) -> None:
    numbers = iter(range(100, 200))
    life.shop.answers["get_user"] = lambda identifier: Found({"user_id": f"shop-{next(numbers)}", "email": ADA})


def known_once(life: Life) -> None:
    found = iter([Found({"user_id": "shop-7", "email": ADA})])
    life.shop.answers["get_user"] = lambda _: next(found, NotFound())


OFF_CREATES = ("get_user new@example.com", "create new@example.com", "login new@example.com")
MIGRATES = ("users + auth0|shop-7", "internal + auth0|shop-7")


def call_in_words(exchange: Exchange) -> str:
    described: list[str] = []
    for argument in exchange.arguments:
        match argument:
            case {"email": str(email)}:
                described.append(email)
            case str() if argument.startswith("«"):
                pass
            case str():
                described.append(argument)
            case _:
                described.append(json_text(argument))
    return " ".join([exchange.script, *described])


def logged_in_words(outcome: OperationOutcome) -> Iterator[str]:
    for entry in outcome.log:
        is_named = entry.user_id and entry.code not in {"s", "ss", "svr"} and entry.user_id not in {FIRST, ANOTHER}
        words = [entry.code.value, "documented" if entry.is_documented else "", entry.user_id if is_named else ""]
        described = " ".join(word for word in words if word)
        yield f"{described}: {entry.description}" if entry.description else described


def play(row: Row) -> None:
    """Perform a row's operation, and compare all its effects."""
    life = begun(on=row.on, **row.settings)
    with life.tenant:
        row.given(life)
        life.remember()
        outcome = row.do(life)

    assert row.source
    assert tuple(map(call_in_words, outcome.calls)) == row.calls
    assert tuple(life.changes()) == row.changes
    assert tuple(logged_in_words(outcome)) == row.log
    assert (outcome.refusal.code if outcome.refusal else None) == row.refusal
    assert outcome.interrupted is row.interrupted
    assert outcome.succeeded == (row.refusal is None and row.interrupted is not AFTER_INTERNAL)
    assert tuple(mail.kind.value for mail in outcome.mails) == row.mails
