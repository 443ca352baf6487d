"""The rules of the group `consistency`: login and get_user tell the same of the same people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import Difference, differences, repair_profile
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import is_retired, sightings_by_person
from customdb_contract.transcript import Ending, Exchange, Person, Situation, Transcript

__all__ = [
    "blocked_user_logs_in",
    "case_sensitive_identifier",
    "inconsistent_trimming",
    "login_without_get_user",
    "mismatched_profile",
    "username_not_accepted",
]

_LOGIN: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login"
_STRUCTURE: Final = "https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure"
_USERNAME: Final = "https://auth0.com/docs/authenticate/database-connections/require-username"
_METADATA: Final = ("user_metadata", "app_metadata")
_WEIGHTY: Final = ("email", *_METADATA)
_NEVER_VOLATILE: Final = ("user_id", "id", "email")


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.PASSWORD),
    source=_LOGIN,
)
def mismatched_profile(transcript: Transcript) -> Iterator[Comparison]:
    """Login and get_user return different profiles of one person, or other ones than the known user's.

    ## Why this matters
    With import mode on, the migrated profile may come from either script: from login, or, after a password reset, from
    get_user. What only one of them says is lost for good for some people. What changes between two calls of the same
    script (a last-login time, a signed address) is left out and told as information.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "free"}}
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "full"}}
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## How to fix
    Build the profile in one function that both scripts call.
    """
    found = sightings_by_person(transcript, Script.GET_USER)
    logins = sightings_by_person(transcript, Script.LOGIN)
    for person in transcript.people:
        own = {
            script: _own(seen.get(person.label, ()))
            for script, seen in ((Script.GET_USER, found), (Script.LOGIN, logins))
        }
        volatile: set[str] = set()
        for script, seen in own.items():
            for path, pair in _volatile(transcript, seen).items():
                volatile.add(path)
                message = f"{path} differs between two calls of {script} and is left out of the comparison"
                yield Violation(message, pair, Severity.INFO)
            if seen:
                yield from _against_truth(transcript, person, seen[0], volatile)
        if all(own.values()):
            yield from _between_scripts(transcript, person, own[Script.GET_USER][0], own[Script.LOGIN][0], volatile)


def _own(seen: Sequence[Exchange]) -> Sequence[Exchange]:
    return [exchange for exchange in seen if exchange.situation.family != "other-spelling"]


def _compared(transcript: Transcript, first: Exchange, second: Exchange) -> Sequence[Difference]:
    profiles = [
        repair_profile(exchange.profile or {}, import_mode=transcript.connection.import_mode).attributes
        for exchange in (first, second)
    ]
    return differences(*profiles)


def _volatile(transcript: Transcript, seen: Sequence[Exchange]) -> Mapping[str, tuple[Exchange, Exchange]]:
    """Return the paths that change between two calls of one script, with two calls that show it."""
    found: dict[str, tuple[Exchange, Exchange]] = {}
    for later in seen[1:]:
        for difference in _compared(transcript, seen[0], later):
            if difference.path not in _NEVER_VOLATILE and not _is_ignored(difference.path, transcript):
                found.setdefault(difference.path, (seen[0], later))
    return found


def _is_ignored(path: str, transcript: Transcript) -> bool:
    return any(path == ignored or _is_below(path, ignored) for ignored in transcript.header.ignore_fields)


def _is_below(path: str, above: str) -> bool:
    return path.startswith((f"{above}.", f"{above}["))


def _between_scripts(
    transcript: Transcript, person: Person, found: Exchange, login: Exchange, volatile: set[str]
) -> Iterator[Comparison]:
    differing = [
        difference
        for difference in _compared(transcript, found, login)
        if not _is_told_elsewhere(difference, transcript)
        and not _is_ignored(difference.path, transcript)
        and not any(
            difference.path == path or _is_below(path, difference.path) or _is_below(difference.path, path)
            for path in volatile
        )
    ]
    pair = (found, login) if found.number < login.number else (login, found)
    for difference in differing:
        message = (
            f"login says {difference.path} of {person.label} is {difference.second}, and get_user {difference.first}; "
            "they must be the same"
        )
        weighty = transcript.connection.import_mode and difference.path.startswith(_WEIGHTY)
        yield Violation(message, pair, Severity.ERROR if weighty else Severity.WARNING)
    if not differing:
        yield Held(pair)


def _is_told_elsewhere(difference: Difference, transcript: Transcript) -> bool:
    """Tell whether a rule of its own speaks: about the id, or about metadata that one script leaves out."""
    if difference.path == "user_id":
        return True
    left_out = "nothing" in {difference.first, difference.second}
    return transcript.connection.import_mode and left_out and difference.path in _METADATA


def _against_truth(
    transcript: Transcript, person: Person, exchange: Exchange, volatile: set[str]
) -> Iterator[Comparison]:
    if not person.profile:
        return
    attributes = repair_profile(exchange.profile or {}, import_mode=transcript.connection.import_mode).attributes
    named = _restricted(attributes, person.profile)
    expected = repair_profile(person.profile, import_mode=transcript.connection.import_mode).attributes
    expected = {name: value for name, value in expected.items() if name in person.profile}
    wrong = [
        difference
        for difference in differences(named, expected)
        if difference.path not in volatile
        and not _is_ignored(difference.path, transcript)
        and not _is_hardcoded_verification(difference)
    ]
    for difference in wrong:
        message = (
            f"{exchange.script} says {difference.path} of {person.label} is {difference.first}, and the known user's "
            f"profile says {difference.second}"
        )
        yield Violation(message, (exchange,))
    if not wrong:
        yield Held((exchange,))


def _is_hardcoded_verification(difference: Difference) -> bool:
    return (difference.path, difference.first, difference.second) == ("email_verified", "true", "false")


def _restricted(value: Mapping[str, object], expected: Mapping[str, object]) -> dict[str, object]:
    """Return what the expected profile names; attributes that it doesn't name are not compared."""
    named: dict[str, object] = {}
    for name, wanted in expected.items():
        own = value.get(name)
        if isinstance(wanted, Mapping) and isinstance(own, Mapping):
            named[name] = _restricted(own, wanted)
        else:
            named[name] = own
    return named


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.PASSWORD),
    yields_to=("wrong-arity", "script-not-implemented", "profile-not-an-object"),
    source=_LOGIN,
)
def login_without_get_user(transcript: Transcript) -> Iterator[Comparison]:
    """One script knows a person, and the other one doesn't.

    ## Why this matters
    Who can log in and isn't found by get_user cannot reset the password, and can sign up again: that makes a second
    user. Who is found and cannot log in is locked out.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> not-found
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## How to fix
    Let both scripts look up the person with the same query.
    """
    if is_retired(transcript):
        return
    asked: dict[str, dict[Script, Exchange]] = {}
    for exchange in transcript.select(None, "known-user", "repeated"):
        asked.setdefault(exchange.person, {}).setdefault(exchange.script, exchange)
    for label, by_script in asked.items():
        person = transcript.person(label)
        if person is None or person.disabled or len(by_script) < 2:  # noqa: PLR2004 - both scripts
            continue
        found, login = by_script[Script.GET_USER], by_script[Script.LOGIN]
        pair = (found, login) if found.number < login.number else (login, found)
        if found.ending is Ending.FOUND and login.ending is Ending.FOUND:
            yield Held(pair)
        elif login.ending is Ending.FOUND and found.ending in {Ending.NOT_FOUND, Ending.FAILED}:
            message = f"{label} can log in, and get_user doesn't find them; it must find whoever can log in"
            yield Violation(message, pair, script=Script.GET_USER)
        elif found.ending is Ending.FOUND and login.ending in {Ending.NOT_FOUND, Ending.FAILED}:
            message = f"get_user finds {label}, and login refuses the right password"
            yield Violation(message, pair, script=Script.LOGIN)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.GET_USER,),
    source=_STRUCTURE,
)
def case_sensitive_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """A script doesn't find a person by another upper or lower case of the e-mail.

    ## Why this matters
    People type their e-mail as they like, and with import mode on Auth0 puts it into lower case before it asks. Who is
    not found signs up again.

    ## Violates
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> not-found   [other-spelling: lower-case of ada]

    ## Conforms
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [other-spelling: lower-case of ada]

    ## How to fix
    Compare in lower case, on both sides: `WHERE lower(email) = lower(?)`, with an index on `lower(email)`.
    """
    spellings = [Situation.LOWER_CASE]
    if not transcript.connection.import_mode:
        spellings.append(Situation.UPPER_CASE)
    yield from _found_by(
        transcript,
        spellings,
        lambda exchange: f"{exchange.script} doesn't find a person by another upper or lower case of the e-mail",
        emails_only=not transcript.connection.import_mode,
    )


def _found_by(
    transcript: Transcript,
    situations: Sequence[Situation],
    message: Callable[[Exchange], str],
    *,
    emails_only: bool = False,
) -> Iterator[Comparison]:
    """Judge whether whoever is found by their own identifier is found by another one too."""
    own = {
        (exchange.script, exchange.person): exchange
        for exchange in transcript.select(None, "known-user")
        if exchange.ending is Ending.FOUND
    }
    for exchange in transcript.select(None, *situations):
        first = own.get((exchange.script, exchange.person))
        if first is None or (emails_only and "@" not in str(exchange.identifier)):
            continue
        if exchange.ending is Ending.FOUND:
            yield Held((first, exchange))
        elif exchange.ending in {Ending.NOT_FOUND, Ending.FAILED}:
            yield Violation(message(exchange), (first, exchange))


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.GET_USER, Need.PASSWORD),
    source="good practice: Auth0 documents nothing about blanks, so both scripts should treat them alike",
)
def inconsistent_trimming(transcript: Transcript) -> Iterator[Comparison]:
    """One script ignores blanks around the identifier, and the other one doesn't.

    ## Why this matters
    Who pastes an e-mail with a blank can then log in but not reset the password, or the other way round.

    ## Violates
        person ada email=ada@example.com
        get_user " ada@example.com " -> found {"user_id": "7"}   [other-spelling: surrounding-blanks of ada]
        login " ada@example.com " «password of ada» -> failed Error "no"   [other-spelling: surrounding-blanks of ada]

    ## Conforms
        person ada email=ada@example.com
        get_user " ada@example.com " -> not-found   [other-spelling: surrounding-blanks of ada]
        login " ada@example.com " «password of ada» -> failed Error "no"   [other-spelling: surrounding-blanks of ada]

    ## How to fix
    Trim the identifier in both scripts, in the function that both use for the lookup.
    """
    asked: dict[str, dict[Script, Exchange]] = {}
    for exchange in transcript.select(None, Situation.SURROUNDING_BLANKS):
        asked.setdefault(exchange.person, {}).setdefault(exchange.script, exchange)
    for by_script in asked.values():
        if len(by_script) < 2:  # noqa: PLR2004 - both scripts
            continue
        pair = (by_script[Script.GET_USER], by_script[Script.LOGIN])
        trimming = [exchange.script for exchange in pair if exchange.ending is Ending.FOUND]
        if len(trimming) == 1:
            yield Violation(f"only {trimming[0]} ignores blanks around the identifier; treat them alike", pair)
        else:
            yield Held(pair)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.REQUIRES_USERNAME, Need.USERNAME),
    source=_USERNAME,
)
def username_not_accepted(transcript: Transcript) -> Iterator[Comparison]:
    """The connection requires usernames, and a script doesn't find a person by theirs.

    ## Why this matters
    Then people log in with either, and Auth0 asks get_user for e-mail and username. Who is not found by the username
    cannot log in with it, and somebody else may sign up with it.

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
        yield from _found_by(
            transcript,
            [Situation.USERNAME],
            lambda exchange: f"{exchange.script} doesn't find a person by username, and the connection requires one",
        )


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN,),
    needs=(Need.DISABLED_USER, Need.PASSWORD),
    source="good practice: a migration must not give back the access that the legacy store took away",
)
def blocked_user_logs_in(transcript: Transcript) -> Iterator[Comparison]:
    """A person who is disabled in the store can log in.

    ## Why this matters
    With import mode on, the first log-in makes an Auth0 user who is not disabled any more.

    ## Violates
        person eve email=eve@example.com disabled=on
        login eve@example.com «password of eve» -> found {"user_id": "7"}

    ## Conforms
        person eve email=eve@example.com disabled=on
        login eve@example.com «password of eve» -> failed WrongUsernameOrPasswordError(null) "no"

    ## How to fix
    Refuse disabled people like a wrong password, before or after the password is checked.
    """
    for exchange in transcript.select(Script.LOGIN, "known-user", "repeated"):
        person = transcript.person(exchange.person)
        if person is None or not person.disabled:
            continue
        if exchange.ending is Ending.FOUND:
            yield Violation(f"login let {person.label} in, who is disabled", (exchange,))
        else:
            yield Held((exchange,))
