"""The rules of the group `consistency`: login and get_user tell the same of the same people."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import (
    RESERVED_ROOT_ATTRIBUTES,
    Difference,
    differences,
    is_secret_name,
    repair_profile,
)
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
    told: dict[tuple[str, Severity, Script], _Told] = {}
    for person in transcript.people:
        own = {Script.GET_USER: _own(found.get(person.label, ())), Script.LOGIN: _own(logins.get(person.label, ()))}
        volatile = {path: (script, pair) for script, seen in own.items() for path, pair in _volatile(transcript, seen)}
        for path, (script, pair) in volatile.items():
            message = f"{path} differs between two calls of {script} and is left out of the comparison"
            yield Violation(message, pair, Severity.INFO)
        comparing = _Comparing(transcript, person, volatile)
        for comparison in comparing.all(own[Script.GET_USER][:1], own[Script.LOGIN][:1]):
            if isinstance(comparison, Held):
                yield comparison
            else:
                key = (comparison.subject, comparison.severity, comparison.evidence[-1].script)
                told.setdefault(key, _Told(comparison.example, [])).evidence.extend(comparison.evidence)
    for (subject, severity, script), one in told.items():
        yield Violation(f"{subject}: {one.example}", tuple(one.evidence), severity, script)


@frozen
class _Told:
    """What is said once of all people: an example, and the calls."""

    example: str
    evidence: list[Exchange]


@frozen
class _Mismatch:
    """One path of one person that differs."""

    subject: str
    example: str
    evidence: tuple[Exchange, ...]
    severity: Severity


def _own(seen: Sequence[Exchange]) -> Sequence[Exchange]:
    return [exchange for exchange in seen if exchange.situation.family != "other-spelling"]


def _compared(transcript: Transcript, first: Exchange, second: Exchange) -> Sequence[Difference]:
    profiles = [
        repair_profile(exchange.profile or {}, import_mode=transcript.connection.import_mode).attributes
        for exchange in (first, second)
    ]
    return differences(*profiles)


def _volatile(transcript: Transcript, seen: Sequence[Exchange]) -> Iterator[tuple[str, tuple[Exchange, Exchange]]]:
    """Yield the paths that change between two calls of one script, with two calls that show it."""
    for later in seen[1:]:
        for difference in _compared(transcript, seen[0], later):
            if difference.path not in _NEVER_VOLATILE and not _is_ignored(difference.path, transcript):
                yield difference.path, (seen[0], later)


def _is_ignored(path: str, transcript: Transcript) -> bool:
    return any(path == ignored or _is_below(path, ignored) for ignored in transcript.header.ignore_fields)


def _is_below(path: str, above: str) -> bool:
    return path.startswith((f"{above}.", f"{above}["))


@frozen
class _Comparing:
    """The comparisons that concern one person."""

    transcript: Transcript
    person: Person
    volatile: Collection[str]

    def all(self, found: Sequence[Exchange], login: Sequence[Exchange]) -> Iterator[Held | _Mismatch]:
        """Compare the scripts with the truth and with each other, as far as each was seen."""
        for exchange in (*found, *login):
            yield from self._with_truth(exchange, [*found, *login])
        for one, other in zip(found, login, strict=False):
            yield from self._with_each_other(one, other)

    def _with_each_other(self, found: Exchange, login: Exchange) -> Iterator[Held | _Mismatch]:
        pair = (found, login) if found.number < login.number else (login, found)
        differing = [
            difference
            for difference in _compared(self.transcript, found, login)
            if self._counts(difference) and not self._is_told_elsewhere(difference)
        ]
        for difference in differing:
            import_mode = self.transcript.connection.import_mode
            weighty = import_mode and difference.path.startswith(_WEIGHTY)
            example = f"for {self.person.label} get_user says {difference.first}, and login {difference.second}"
            subject = f"login and get_user tell different {difference.path}"
            yield _Mismatch(subject, example, pair, Severity.ERROR if weighty else Severity.WARNING)
        if not differing:
            yield Held(pair)

    def _with_truth(self, exchange: Exchange, seen: Sequence[Exchange]) -> Iterator[Held | _Mismatch]:
        if not self.person.profile:
            return
        import_mode = self.transcript.connection.import_mode
        attributes = repair_profile(exchange.profile or {}, import_mode=import_mode).attributes
        expected = repair_profile(self.person.profile, import_mode=import_mode).attributes
        expected = {name: value for name, value in expected.items() if name in self.person.profile}
        wrong = [
            difference
            for difference in differences(_restricted(attributes, self.person.profile), expected)
            if self._counts(difference) and not self._is_told_by_content(difference, seen)
        ]
        for difference in wrong:
            example = f"for {self.person.label} it says {difference.first}, and expected was {difference.second}"
            subject = f"{exchange.script} tells another {difference.path} than the known user's profile"
            yield _Mismatch(subject, example, (exchange,), Severity.ERROR)
        if not wrong:
            yield Held((exchange,))

    def _counts(self, difference: Difference) -> bool:
        path = difference.path
        return not _is_ignored(path, self.transcript) and not any(
            path == other or _is_below(path, other) or _is_below(other, path) for other in self.volatile
        )

    def _is_told_elsewhere(self, difference: Difference) -> bool:
        """Tell whether a rule of its own speaks: about the id, about content, or about metadata that one leaves out."""
        path = difference.path
        if path == "user_id" or path in RESERVED_ROOT_ATTRIBUTES or is_secret_name(path):
            return True
        if path == "email_verified" and not {difference.first, difference.second} <= {"true", "false", "nothing"}:
            return True
        left_out = "nothing" in {difference.first, difference.second}
        return self.transcript.connection.import_mode and left_out and path in _METADATA

    def _is_told_by_content(self, difference: Difference, seen: Sequence[Exchange]) -> bool:
        """Tell whether a rule about the profile itself speaks, or the one about metadata in one script only."""
        if difference.path == "email_verified":
            return difference.first not in {"false", "nothing"} and (
                difference.first != "true" or difference.second == "false"
            )
        others = [(exchange.profile or {}).get(difference.path) for exchange in seen]
        return (
            self.transcript.connection.import_mode
            and difference.path in _METADATA
            and difference.first == "nothing"
            and any(others)
        )


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
