"""The rules about known users: both scripts find the same users by each of their identifiers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from customdb_contract._pages import LOGIN_TEMPLATE, PROFILE_STRUCTURE, REQUIRED_USERNAME
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import REGULAR
from customdb_contract.transcript import Ending, Exchange, Situation, Transcript, canonical

_BOTH: Final = (Script.GET_USER, Script.LOGIN)
_REFUSALS: Final = frozenset({Ending.NOT_FOUND, Ending.FAILED})
"""How a script refuses a user, or reports that there is none. Other endings are breaches of their own."""


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.PASSWORD),
    yields_to=("wrong-arity", "script-not-implemented", "profile-not-an-object"),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def login_without_get_user(transcript: Transcript) -> Iterator[Comparison]:
    """One script finds a user, but the other one doesn't.

    ## Why this matters
    A user who can log in but isn't found by get_user can't reset the password, and can sign up again, which creates a
    second user. A user who is found but can't log in is locked out.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> not-found
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## How to fix
    If login rejects the password that you gave for the check, first make sure that it is the one in the store. Let both
    scripts look up the user with the same query.
    """
    for label, found, login in _pairs(transcript, "known-user", "repeated"):
        person = transcript.person(label)
        if person is None or person.disabled:
            continue
        pair = (found, login)
        if found.ending is Ending.FOUND and login.ending is Ending.FOUND:
            yield Held(pair)
        elif login.ending is Ending.FOUND and found.ending in _REFUSALS:
            message = f"{label} can log in, but get_user doesn't find the user; use the same query in both"
            yield _refusal_beside(message, pair, refused=found)
        elif found.ending is Ending.FOUND and login.ending in _REFUSALS:
            message = (
                f"get_user finds {label}, but login rejects the given password; check the password that you gave for "
                f"{label}, and if it is right, accept it in login"
            )
            yield _refusal_beside(message, pair, refused=login)


def _refusal_beside(message: str, pair: tuple[Exchange, Exchange], *, refused: Exchange) -> Violation:
    """Return the breach of a script that refuses a user whom the other one finds."""
    return Violation(message, pair, script=refused.script, path="ending", expected=Ending.FOUND, got=refused.ending)


def _pairs(transcript: Transcript, *situations: str) -> Iterator[tuple[str, Exchange, Exchange]]:
    """Yield each user whom both scripts were called for, with the first call of get_user and of login."""
    asked: dict[str, dict[Script, Exchange]] = {}
    for exchange in transcript.select(None, *situations):
        asked.setdefault(exchange.person, {}).setdefault(exchange.script, exchange)
    for label, by_script in asked.items():
        if Script.GET_USER in by_script and Script.LOGIN in by_script:
            yield label, by_script[Script.GET_USER], by_script[Script.LOGIN]


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GET_USER,),
    yields_to=("migration-marker-hides-user",),
    since="0.1.0",
    source=PROFILE_STRUCTURE,
)
def case_sensitive_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """A script doesn't find a user by the e-mail in another case.

    ## Why this matters
    Users type their e-mail in any case, and with import mode on Auth0 lower-cases it before the call. A user who is not
    found signs up again.

    ## Violates
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> not-found   [other-spelling: lower-case of ada]

    ## Conforms
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [other-spelling: lower-case of ada]

    ## How to fix
    Compare both sides in lower case: `WHERE lower(email) = lower(?)`, with an index on `lower(email)`.
    """
    import_mode = transcript.connection.import_mode
    yield from _found_by(
        transcript,
        [Situation.LOWER_CASE] if import_mode else [Situation.LOWER_CASE, Situation.UPPER_CASE],
        "the identifier in another case" if import_mode else "the e-mail in another case",
        lambda own, other: import_mode or ("@" in own and own.isascii() and own.lower() == other.lower()),
    )


def _found_by(
    transcript: Transcript,
    situations: Sequence[Situation],
    what: str,
    denotes_the_same: Callable[[str, str], bool] = lambda _own, _other: True,
) -> Iterator[Comparison]:
    """Judge whether users who are found by their own identifier are found by another one too."""
    own = _found_by_own(transcript)
    for exchange in transcript.select(None, *situations):
        first = own.get((exchange.script, exchange.person))
        if first is None or not denotes_the_same(str(first.identifier), str(exchange.identifier)):
            continue
        if exchange.ending is Ending.FOUND:
            yield Held((first, exchange))
        elif exchange.ending in _REFUSALS:
            message = f"{exchange.script} doesn't find a user by {what}; look up every user by it too"
            yield Violation(message, (first, exchange), path="identifier", expected=Ending.FOUND, got=exchange.ending)


def _found_by_own(transcript: Transcript) -> Mapping[tuple[Script, str], Exchange]:
    """Return the first call of each script that found a user by their own identifier."""
    found: dict[tuple[Script, str], Exchange] = {}
    for exchange in transcript.select(None, "known-user", "repeated"):
        if exchange.ending is Ending.FOUND:
            found.setdefault((exchange.script, exchange.person), exchange)
    return found


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.GET_USER, Need.PASSWORD),
    since="0.1.0",
    source="good practice: Auth0 documents nothing about blanks, so both scripts should treat them alike",
)
def inconsistent_trimming(transcript: Transcript) -> Iterator[Comparison]:
    """One script ignores blanks around the identifier, but the other one doesn't.

    ## Why this matters
    A user who pastes an e-mail with a blank can log in but not reset the password, or the other way round.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user " ada@example.com " -> found {"user_id": "7"}   [other-spelling: surrounding-blanks of ada]
        login " ada@example.com " «password of ada» -> failed Error "no"   [other-spelling: surrounding-blanks of ada]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user " ada@example.com " -> not-found   [other-spelling: surrounding-blanks of ada]
        login " ada@example.com " «password of ada» -> failed Error "no"   [other-spelling: surrounding-blanks of ada]

    ## How to fix
    Trim the identifier in the look-up function that both scripts use.
    """
    own = _found_by_own(transcript)
    for label, found, login in _pairs(transcript, Situation.SURROUNDING_BLANKS):
        # A user whom a script never finds, such as a disabled one, is not found with blanks either.
        if any((script, label) not in own for script in _BOTH):
            continue
        pair = (found, login)
        if found.ending is login.ending is Ending.FOUND or {found.ending, login.ending} <= _REFUSALS:
            yield Held(pair)
        elif {found.ending, login.ending} <= {Ending.FOUND, *_REFUSALS}:
            trimming = found if found.ending is Ending.FOUND else login
            # An empty profile, or another user's, proves nothing about blanks.
            if _user_id(trimming) == _user_id(own[trimming.script, label]):
                message = (
                    f"only {trimming.script} ignores blanks around the identifier; treat them alike in both scripts"
                )
                refusing = login if trimming is found else found
                yield Violation(message, pair, path="identifier", expected=trimming.ending, got=refusing.ending)


def _user_id(exchange: Exchange) -> str:
    return canonical(user_id_of(exchange.profile or {}))


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.REQUIRES_USERNAME, Need.USERNAME),
    yields_to=("migration-marker-hides-user",),
    since="0.1.0",
    source=REQUIRED_USERNAME,
)
def username_not_accepted(transcript: Transcript) -> Iterator[Comparison]:
    """The connection requires usernames, but a script doesn't find a user by the username.

    ## Why this matters
    Users of such a connection log in with either, and Auth0 calls get_user with the e-mail and with the username. A
    user who is not found by the username can't log in with it, and another user can sign up with it.

    ## Violates
        connection requires_username=on
        person ada email=ada@example.com username=ada
        get_user ada@example.com -> found {"user_id": "7"}
        get_user ada -> not-found   [other-spelling: username]

    ## Conforms
        connection requires_username=on
        person ada email=ada@example.com username=ada
        get_user ada@example.com -> found {"user_id": "7"}
        get_user ada -> found {"user_id": "7"}   [other-spelling: username]

    ## How to fix
    Look up by e-mail or username: `WHERE lower(email) = lower(?) OR lower(username) = lower(?)`.
    """
    if transcript.connection.requires_username:
        yield from _found_by(transcript, [Situation.USERNAME], "the username, which the connection requires")


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN,),
    needs=(Need.DISABLED_USER, Need.PASSWORD),
    since="0.1.0",
    source="good practice: a migration must not restore access that the legacy store has revoked",
)
def blocked_user_logs_in(transcript: Transcript) -> Iterator[Comparison]:
    """A user who is disabled in the store can log in.

    ## Why this matters
    With import mode on, the first log-in creates an Auth0 user who is no longer disabled.

    ## Violates
        person eve email=eve@example.com disabled=on
        login eve@example.com «password of eve» -> found {"user_id": "7"}

    ## Conforms
        person eve email=eve@example.com disabled=on
        login eve@example.com «password of eve» -> failed WrongUsernameOrPasswordError(null) "no"

    ## How to fix
    Reject disabled users as you reject a wrong password, before or after you check the password.
    """
    for exchange in transcript.select(Script.LOGIN, *REGULAR):
        person = transcript.person(exchange.person)
        if person is None or not person.disabled:
            continue
        if exchange.ending is Ending.FOUND:
            message = "login accepted a disabled user; reject users who are disabled in the store"
            yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
        elif exchange.ending in _REFUSALS:
            yield Held((exchange,))
