"""A user's whole way into Auth0: these rules judge operations on a tenant, not calls alone."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import AUTOMATIC_MIGRATION, PROFILE_STRUCTURE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import is_denial
from customdb_contract.rules.migration._evidence import calls_by_person, calls_of, operations_by_person
from customdb_contract.transcript import Ending, Exchange, LogEntry, Operation, Transcript

_WRONG_PASSWORD: Final = "fp"  # noqa: S105 - a code of the tenant log

_LEAVING_THE_PASSWORD: Final = frozenset(
    {"log_in", "sign_up", "request_password_reset", "verify_email", "get_user", "search"}
)
"""Operations that leave a user's password unchanged."""


@rule(
    group=Group.MIGRATION,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN, Script.GET_USER),
    needs=(Need.IMPORT_MODE, Need.FINAL_DELETION, Need.PASSWORD, Need.LIFE),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def migrated_user_not_marked(transcript: Transcript) -> Iterator[Comparison]:
    """A user who moved to Auth0 and was deleted there logs in and moves again.

    ## Why this matters
    With import mode on no script runs when a user is deleted, so the legacy store still has the user, with the old
    password. The rule applies only if `deletion_is_final` declares that a deleted user must not come back.

    ## Violates
        connection import_mode=on deletion_is_final=on
        person ada email=ada@example.com
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> succeeded
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        operation delete_user by application of ada on shop user_id=auth0|7 -> succeeded
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> succeeded
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## Conforms
        connection import_mode=on deletion_is_final=on
        person ada email=ada@example.com
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> succeeded
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        operation delete_user by application of ada on shop user_id=auth0|7 -> succeeded
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> refused "no"
        login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError(null) "no"

    ## How to fix
    Mark migrated users in the legacy store once Auth0 has the user (not in `login`: see `migration-marker-hides-user`),
    or report each deletion to the store. Let both scripts refuse marked users.
    """
    if not transcript.connection.import_mode or not transcript.connection.deletion_is_final:
        return
    done = operations_by_person(transcript)
    for person in transcript.people:
        moved: Exchange | None = None
        deletion: Operation | None = None
        for operation in done.get(person.label, ()):
            if operation.name == "delete_user" and moved is not None and _succeeded(operation):
                deletion = operation
            if operation.name != "log_in":
                continue
            calls = calls_of(transcript, operation)
            entered = next((call for call in reversed(calls) if call.profile is not None), None)
            if moved is not None and deletion is not None and entered is not None:
                message = "a user who moved to Auth0 and was deleted there moved again; refuse deleted users"
                evidence = (moved, deletion, operation, entered)
                yield Violation(message, evidence, path="ending", expected=Ending.FAILED, got=entered.ending)
            elif moved is not None and deletion is not None and any(map(is_denial, calls)):
                yield Held((moved, deletion, operation))
            if entered is not None:
                moved, deletion = entered, None


@rule(
    group=Group.MIGRATION,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN,),
    needs=(Need.IMPORT_MODE, Need.PASSWORD, Need.LIFE),
    yields_to=("password-compared-loosely", "password-truncated", "wrong-password-not-reported"),
    since="0.1.0",
    source=PROFILE_STRUCTURE,
)
def password_lost_in_migration(transcript: Transcript) -> Iterator[Comparison]:
    """After a user moves to Auth0, Auth0 refuses a password that the legacy store accepts.

    ## Why this matters
    Auth0 keeps a hash of the password as it was typed at the first log-in, and compares exactly. A store that accepts
    several spellings of a password accepts each of them (a letter beyond ASCII has more than one form in Unicode, and
    keyboards differ). After the migration only the spelling that was typed first works.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        operation log_in by user of ada on shop identifier=ada@example.com password=other -> succeeded
        login ada@example.com other -> found {"user_id": "7"}   [simulated]
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> refused "no"
        log fp "Wrong email or password." about auth0|7 on shop

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> succeeded
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> succeeded

    ## How to fix
    Accept one spelling only, the one that users type now, or ask users with such passwords to reset them before they
    move.
    """
    if not transcript.connection.import_mode:
        return
    done = operations_by_person(transcript)
    logins = calls_by_person(one for one in transcript.select(Script.LOGIN) if one.profile is not None)
    for person in transcript.people:
        entered = logins.get(person.label, ())
        changed, moved = 0, None
        for operation in done.get(person.label, ()):
            calls = calls_of(transcript, operation)
            if operation.name not in _LEAVING_THE_PASSWORD:
                changed, moved = operation.number, None
            elif calls and operation.name == "log_in":
                moved = next((call for call in calls if call in entered and _succeeded(operation)), moved)
            elif operation.name == "log_in" and moved is not None:
                typed = operation.arguments.get("password")
                earlier = [one for one in entered if changed < one.number < operation.number]
                known = next((one for one in earlier if one.argument(1) == typed), None)
                if known is None:
                    continue
                evidence = tuple(sorted((known, moved), key=lambda one: one.number))
                if _succeeded(operation):
                    yield Held((known, operation))
                elif _is_wrong_password(transcript, operation):
                    message = (
                        "login accepts two spellings of the password; the user moved with one of "
                        "them, and Auth0 refuses the other one; accept one spelling only"
                    )
                    yield Violation(
                        message, (*evidence, operation), path="password", expected="accepted", got="refused"
                    )


def _succeeded(operation: Operation) -> bool:
    return operation.response is not None and operation.response.succeeded


def _is_wrong_password(transcript: Transcript, operation: Operation) -> bool:
    return any(isinstance(one, LogEntry) and one.code == _WRONG_PASSWORD for one in transcript.caused_by(operation))
