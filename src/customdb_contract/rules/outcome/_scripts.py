"""Which scripts exist, and whether they are more than templates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from customdb_contract._pages import NORMALIZED_PROFILES, TEMPLATES
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import REGULAR, outages
from customdb_contract.rules._wording import kind_of, unfit_result
from customdb_contract.transcript import Ending, Exchange, RecordedError, Special, Transcript

_TEMPLATE_TEXT = re.compile(r"please implement the [\w ]+ script for this database connection", re.IGNORECASE)

_NEEDED_BY_FEATURE: Mapping[str, Sequence[Script]] = {
    "signup": (Script.GET_USER, Script.CREATE),
    "reset": (Script.GET_USER, Script.CHANGE_PASSWORD),
    "verify": (Script.VERIFY,),
    "change_email": (Script.GET_USER, Script.CHANGE_EMAIL),
    "delete": (Script.DELETE,),
}


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    yields_to=("not-found-not-null", "login-null-result", "wrong-arity"),
    since="0.1.0",
    source=NORMALIZED_PROFILES,
)
def profile_not_an_object(transcript: Transcript) -> Iterator[Comparison]:
    """A script ends with a result that is not a profile.

    ## Why this matters
    A profile is an object with attributes. Auth0 can't create a user from an array of records, a text or a number: the
    log-in fails, or a user without attributes appears.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> invalid called with [null, [{"user_id": "7"}]]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}

    ## How to fix
    Return the one record, not the list that the driver returned: `rows[0]`. A Python script without a callback returns
    `Found(profile)`, `NotFound()` or `Failed(error)`; a bare dictionary, `None` or a missing `return` is not a result.

    ```python
    return Found({"user_id": str(row.id), "email": row.email})
    ```
    """
    for script in (Script.LOGIN, Script.GET_USER):
        ordinary = transcript.select(script, *REGULAR, "unknown-user", "wrong-password")
        for exchange in (*ordinary, *outages(transcript, script)):
            if exchange.ending is Ending.FOUND:
                yield Held((exchange,))
            elif exchange.ending is Ending.INVALID:
                yield _no_profile(exchange)


_PENDING: Final = frozenset({"coroutine", "Promise", "Task", "Future"})
"""Values that have a result only once they are awaited."""


def _no_profile(exchange: Exchange) -> Violation:
    script, result = exchange.script, exchange.outcome.result
    unfit = unfit_result(result)
    got = unfit or kind_of(result)
    if unfit:
        nothing = ", NotFound()" if script is Script.GET_USER else ""
        message = f"{script} returned {got}, which is not a result; return Found(profile){nothing} or Failed(error)"
    else:
        is_pending = isinstance(result, Special) and result.kind in _PENDING
        wanted = "await it, and use its result" if is_pending else "a profile is an object with attributes"
        message = f"{script} ended with {got} as the profile; {wanted}"
    return Violation(message, (exchange,), path="result", expected="an object", got=got)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    since="0.1.0",
    source=TEMPLATES,
)
def script_not_implemented(transcript: Transcript) -> Iterator[Comparison]:
    """A script is still Auth0's template, which only asks you to implement it.

    ## Why this matters
    Saving the form in the dashboard also stores the template of every script you didn't write. It fails each time:
    without `get_user`, for example, no user can sign up or reset a password.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "Please implement the Get User script for this database connection at https://manage.auth0.com/#/connections/database"

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}

    ## How to fix
    Write the script, or remove it if the connection does not need it.
    """
    for exchange in transcript.judged:
        outcome = exchange.outcome
        errors = (outcome.error, outcome.raised)
        if any(isinstance(error, RecordedError) and _TEMPLATE_TEXT.search(error.message) for error in errors):
            message = f"{exchange.script} is still Auth0's template; implement it, or remove it if it is not needed"
            yield Violation(message, (exchange,))
        elif outcome.callbacks:
            yield Held((exchange,))


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    since="0.1.0",
    source=TEMPLATES,
)
def missing_script(transcript: Transcript) -> Iterator[Comparison]:
    """The connection needs a script that the database does not have.

    ## Why this matters
    Auth0 answers every request that needs the script with an error: without `get_user`, a connection that imports users
    can't tell whether a user exists, and can't reset the password of a user who hasn't logged in yet.

    With import mode on, `login` and `get_user` are needed; a missing `change_password` is a warning if `features` has
    `reset`. With import mode off, `login` is needed, and the scripts that the tenant's `features` need.

    ## Violates
        connection import_mode=on
        scripts login

    ## Conforms
        connection import_mode=on
        scripts login get_user

    ## How to fix
    Write the script, as a method or in the folder with the others. If the tenant doesn't offer the feature that needs
    it, remove that feature from `features`.
    """
    scripts = transcript.header.scripts
    if not scripts:
        return
    for script, (why, severity) in _needed(transcript.connection).items():
        if script in scripts:
            yield Held(tuple(transcript.select(script)[:1]))
        else:
            message = f"there is no {script} script, which {why} needs; write it"
            yield Violation(message, (), severity, script)


def _needed(connection: Connection) -> Mapping[Script, tuple[str, Severity]]:
    """Return the scripts that a connection needs, each with the reason and the severity of its absence."""
    needed: dict[Script, tuple[str, Severity]] = {}
    if connection.import_mode:
        needed[Script.LOGIN] = needed[Script.GET_USER] = ("import mode", Severity.ERROR)
        if "reset" in connection.features:
            needed[Script.CHANGE_PASSWORD] = ("a password reset before the first log-in", Severity.WARNING)
        return needed
    needed[Script.LOGIN] = ("every connection", Severity.ERROR)
    for feature in connection.features:
        for script in _NEEDED_BY_FEATURE[feature]:
            needed.setdefault(script, (f"the feature {feature}", Severity.ERROR))
    return needed
