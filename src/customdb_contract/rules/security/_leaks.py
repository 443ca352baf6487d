"""The rules about what messages and logs give away, and about input that keeps a script busy."""

import re
from collections.abc import Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings
from customdb_contract.transcript import Ending, Exchange, RecordedError, Situation, Transcript

__all__ = [
    "email_verified_hardcoded",
    "error_leaks_details",
    "log_leaks_secret",
    "slow_on_long_input",
    "unknown_user_logged_as_known",
    "user_enumeration",
]

_ERRORS: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/error-handling"
_VERIFY: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify"
_LOGIN: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login"
_GUIDELINES: Final = "https://auth0.com/docs/customize/actions/action-coding-guidelines"
_WRONG: Final = "WrongUsernameOrPasswordError"

_DETAILS: Final = {
    "an SQL statement": re.compile(r"\b(?:SELECT\b.+\bFROM|INSERT INTO|UPDATE\b.+\bSET|DELETE FROM)\b", re.IGNORECASE),
    "a stack trace": re.compile(r"Traceback \(most recent call last\)|\n\s+at .+\(.+:\d+:\d+\)"),
    "a connection string": re.compile(
        r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|ldaps?|mssql)://\S+"
    ),
    "an address of the network": re.compile(
        r"\b\d{1,3}(?:\.\d{1,3}){3}:\d{2,5}\b|\b(?:localhost|[\w-]+\.internal):\d{2,5}\b"
    ),
    "a schema": re.compile(r"no such (?:table|column): \w+|relation \"\w+\" does not exist|Unknown column '"),
}


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN,),
    needs=(Need.PASSWORD, Need.WRONG_PASSWORD),
    yields_to=("wrong-password-not-reported", "unknown-user-not-reported", "login-null-result"),
    source=_ERRORS,
)
def user_enumeration(transcript: Transcript) -> Iterator[Comparison]:
    """Login says something else for an unknown user than for a wrong password.

    ## Why this matters
    Whoever tries e-mails learns who has an account. The message reaches the tenant log, and on some pages the browser.

    ## Violates
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError(null) "no such user"   [unknown-user]
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "wrong password"   [wrong-password]

    ## Conforms
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError(null) "denied"   [unknown-user]
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "denied"   [wrong-password]

    ## How to fix
    Use one message for both.
    """
    unknown = [exchange for exchange in transcript.select(Script.LOGIN, "unknown-user") if _is_wrong(exchange)]
    wrong = [
        exchange
        for exchange in transcript.select(Script.LOGIN, "wrong-password")
        if exchange.situation is Situation.WRONG_PASSWORD and _is_wrong(exchange)
    ]
    for one, other in zip(unknown[:1], wrong[:1], strict=False):
        pair = (one, other) if one.number < other.number else (other, one)
        if _message(one) == _message(other):
            yield Held(pair)
        else:
            yield Violation("login says something else for an unknown user than for a wrong password", pair)


def _is_wrong(exchange: Exchange) -> bool:
    error = exchange.outcome.error
    return isinstance(error, RecordedError) and error.name == _WRONG


def _message(exchange: Exchange) -> str:
    """Return the error's message without what was typed."""
    error = exchange.outcome.error
    message = error.message.lower() if isinstance(error, RecordedError) else ""
    for typed in exchange.arguments:
        if isinstance(typed, str) and typed:
            message = message.replace(typed.lower(), "")
    return message


@rule(
    group=Group.SECURITY,
    severity=Severity.INFO,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN,),
    yields_to=("unknown-user-not-reported",),
    source=_ERRORS,
)
def unknown_user_logged_as_known(transcript: Transcript) -> Iterator[Comparison]:
    """Login names a user in `WrongUsernameOrPasswordError` when there is no such user.

    ## Why this matters
    With a first argument Auth0 logs `fp`, "user exists, password wrong"; without, `fu`, "no such user". Who watches the
    log for attacks then sees users who don't exist.

    ## Violates
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError("nobody@example.com") "no"   [unknown-user]

    ## Conforms
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError(null) "no"   [unknown-user]

    ## How to fix
    Give it null: `WrongUsernameOrPasswordError(None, message)`, `new WrongUsernameOrPasswordError(null, message)`.
    """
    for exchange in transcript.select(Script.LOGIN, "unknown-user"):
        error = exchange.outcome.error
        if not isinstance(error, RecordedError) or error.name != _WRONG:
            continue
        if any(error.arguments):
            message = "login named a user in WrongUsernameOrPasswordError for an unknown user; give it null"
            yield Violation(message, (exchange,))
        else:
            yield Held((exchange,))


@rule(group=Group.SECURITY, severity=Severity.WARNING, source=_VERIFY)
def error_leaks_details(transcript: Transcript) -> Iterator[Comparison]:
    """An error's message tells how the store works, a password, or who else is in it.

    ## Why this matters
    Messages stand in the tenant log, and those of verify and change_password in the address of a page.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "connect ECONNREFUSED 10.0.0.5:5432"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store is out of reach"   [outage: refuse]

    ## How to fix
    Say what failed in words of your own, and keep the driver's message out.
    """
    for exchange in transcript.judged:
        error = exchange.outcome.error
        if exchange.ending is not Ending.FAILED or not isinstance(error, RecordedError):
            continue
        leaked = _leaked(error.message, exchange, transcript)
        if leaked:
            message = f"an error of {exchange.script} contains {leaked}; say what failed in words of your own"
            yield Violation(message, (exchange,))
        else:
            yield Held((exchange,))


def _leaked(message: str, exchange: Exchange, transcript: Transcript) -> str | None:
    if "«password of " in message or "«configuration " in message:
        return "a password or another secret"
    typed = str(exchange.identifier).lower()
    told = message.lower()
    # Short identifiers, such as a username `ada`, are parts of other words.
    for person in transcript.people:
        own = (person.email or "").lower()
        if own and person.label != exchange.person and own not in typed and own in told:
            return "another person's e-mail"
    return next((name for name, pattern in _DETAILS.items() if pattern.search(message)), None)


_HASH: Final = re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{20,}|\$argon2\w*\$|pbkdf2_sha\d+\$\d+\$")


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    needs=(Need.SEARCHABLE_SECRET,),
    source=_LOGIN,
)
def log_leaks_secret(transcript: Transcript) -> Iterator[Comparison]:
    """A script prints or logs a password, a hash or a person's e-mail.

    ## Why this matters
    Auth0 asks not to log credentials: logs are kept, copied and read by many. A password or a hash is an error, an
    e-mail a warning.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; printed "trying «password of ada»"

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; printed "a log-in succeeded"

    ## How to fix
    Log what happened and the `user_id`, never what was typed.
    """
    if not Need.SEARCHABLE_SECRET.is_met(transcript):
        return
    emails = {person.email.lower() for person in transcript.people if person.email}
    for exchange in transcript.judged:
        output = exchange.outcome.output
        lowered = output.lower()
        if "«password of " in output or "«configuration " in output:
            yield Violation(f"{exchange.script} printed a password or another secret", (exchange,))
        elif _HASH.search(output):
            yield Violation(f"{exchange.script} printed the hash of a password", (exchange,))
        elif output and any(email in lowered for email in emails):
            yield Violation(f"{exchange.script} printed the e-mail of a person", (exchange,), Severity.WARNING)
        else:
            yield Held((exchange,))


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    needs=(Need.UNVERIFIED_USER,),
    yields_to=("wrong-users-profile",),
    source=_GUIDELINES,
)
def email_verified_hardcoded(transcript: Transcript) -> Iterator[Comparison]:
    """A person whose e-mail is not verified passes for verified.

    ## Why this matters
    Applications trust verified e-mails: they link accounts and accept invitations by them. Whoever typed somebody
    else's e-mail at sign-up then passes for that person.

    ## Violates
        person ada email=ada@example.com profile={"email_verified": false}
        get_user ada@example.com -> found {"user_id": "7", "email_verified": true}

    ## Conforms
        person ada email=ada@example.com profile={"email_verified": false}
        get_user ada@example.com -> found {"user_id": "7", "email_verified": false}

    ## How to fix
    Return what the store knows; return `false` where it knows nothing.
    """
    for exchange in sightings(transcript):
        person = transcript.person(exchange.person)
        if person is None or person.profile.get("email_verified") is not False:
            continue
        if (exchange.profile or {}).get("email_verified") is True:
            message = f"{exchange.script} says that the e-mail of {person.label} is verified, and it is not"
            yield Violation(message, (exchange,))
        else:
            yield Held((exchange,))


_SLOW_SECONDS: Final = 1.0


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    needs=(Need.HOSTILE,),
    source="good practice: whoever can send long texts can keep a slow script busy",
)
def slow_on_long_input(transcript: Transcript) -> Iterator[Comparison]:
    """A very long identifier or password takes a script a second or more.

    ## Why this matters
    A few such log-ins at a time keep the store, or the 250 scripts that a tenant may run at once, from everybody else.

    ## Violates
        person ada email=ada@example.com
        login x y -> failed WrongUsernameOrPasswordError(null) "no"; after 6.5 s   [hostile: very-long]

    ## Conforms
        person ada email=ada@example.com
        login x y -> failed WrongUsernameOrPasswordError(null) "no"   [hostile: very-long]

    ## How to fix
    Refuse identifiers over 254 characters and passwords over a few hundred before anything is done with them.
    """
    slow_anyway = {
        exchange.script
        for exchange in transcript.select(None, "known-user", "unknown-user")
        if exchange.outcome.duration >= _SLOW_SECONDS
    }
    for exchange in transcript.select(None, Situation.VERY_LONG):
        if exchange.script in slow_anyway:
            continue
        if exchange.outcome.duration >= _SLOW_SECONDS or exchange.ending is Ending.TIMED_OUT:
            message = (
                f"{exchange.script} took a second or more for a text of 100,000 characters; refuse long texts first"
            )
            yield Violation(message, (exchange,))
        else:
            yield Held((exchange,))
