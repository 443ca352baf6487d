"""How `login` ends when the credentials are wrong, and when the store is unreachable."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from customdb_contract._pages import AUTOMATIC_MIGRATION, ERROR_HANDLING, LOGIN_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import REGULAR, is_retired, judge_profiles_in_outages, outages, sightings
from customdb_contract.rules._wording import kind_of
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    Mark,
    PasswordKnowledge,
    Person,
    RecordedError,
    Situation,
    Transcript,
    Value,
)

_WRONG_CREDENTIALS: Final = "WrongUsernameOrPasswordError"
_BLAMED: Final = "error.arguments[0]"

_REFUSED_IN_ANY_WAY: Final = frozenset({Situation.EMPTY_PASSWORD, Situation.BLANK_PASSWORD, Situation.NUL_CUT_PASSWORD})
"""Passwords that a script can reject for their form, before it compares them with the store."""

_PLAINLY_WRONG: Final = frozenset({Situation.WRONG_PASSWORD, Situation.ANOTHER_USERS_PASSWORD})
"""Passwords that are plainly wrong; rules of the group `security` judge the others."""


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN, Need.WRONG_PASSWORD),
    yields_to=("wrong-arity", "script-not-implemented"),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def wrong_password_not_reported(transcript: Transcript) -> Iterator[Comparison]:
    """`login` does not report a wrong password as `WrongUsernameOrPasswordError`.

    ## Why this matters
    Only that error makes Auth0 log a failed log-in (`fp`), show "wrong email or password", and count the attempt for
    its brute-force protection. With any other error an attacker can try passwords without limit, and the user sees an
    internal error.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com "hunter2" -> failed Error "wrong password"   [wrong-password]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com "hunter2" -> failed WrongUsernameOrPasswordError("ada@example.com") "wrong password"   [wrong-password]

    ## How to fix
    Python: `raise WrongUsernameOrPasswordError(identifier, "wrong password")`, or return it in `Failed`.
    JavaScript: `return callback(new WrongUsernameOrPasswordError(email, 'wrong password'))`.
    """  # noqa: E501 - one exchange is one line
    locked = {exchange.person for exchange in transcript.exchanges if Mark.LOCKED_OUT in exchange.marks}
    # A user whose password the check doesn't know may have none, and the script may report that.
    without_password = {person.label for person in transcript.people if person.password is PasswordKnowledge.NONE}
    for exchange in transcript.select(Script.LOGIN, "wrong-password"):
        if exchange.ending is Ending.FOUND and exchange.situation in _PLAINLY_WRONG:
            whose = "another user's" if exchange.situation is Situation.ANOTHER_USERS_PASSWORD else "a wrong"
            message = (
                f"login accepted {whose} password for a known user; check the user's own password, and report "
                f"{_WRONG_CREDENTIALS}"
            )
            yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
        elif exchange.ending is not Ending.FAILED or _is_disabled(exchange, transcript):
            continue
        elif _is_wrong_credentials(exchange):
            yield Held((exchange,))
        elif exchange.situation not in _REFUSED_IN_ANY_WAY and exchange.person not in locked | without_password:
            yield _misreported(exchange, "a wrong password")


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN, Need.UNKNOWN_USER),
    yields_to=("wrong-arity", "script-not-implemented"),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def unknown_user_not_reported(transcript: Transcript) -> Iterator[Comparison]:
    """`login` does not report an unknown user as `WrongUsernameOrPasswordError`.

    ## Why this matters
    A user who mistyped the e-mail sees an internal error instead of "wrong email or password", and the tenant log lacks
    the event (`fu`) that reveals an attacker trying addresses.

    ## Violates
        login nobody@example.com "hunter2" -> failed Error "no such user"   [unknown-user]

    ## Conforms
        login nobody@example.com "hunter2" -> failed WrongUsernameOrPasswordError(null) "no such user"   [unknown-user]

    ## How to fix
    Report the same error as for a wrong password, without an identifier: Auth0 then logs an unknown user.

    ```python
    raise WrongUsernameOrPasswordError(None, "wrong email or password")
    ```

    ```javascript
    return callback(new WrongUsernameOrPasswordError(null, 'wrong email or password'));
    ```
    """
    for exchange in transcript.select(Script.LOGIN, Situation.UNKNOWN_USER):
        if exchange.ending is Ending.FOUND:
            message = f"login succeeded for an unknown user; report {_WRONG_CREDENTIALS}(None, message)"
            yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
        elif exchange.ending is not Ending.FAILED:
            continue
        elif _is_wrong_credentials(exchange):
            yield Held((exchange,))
        else:
            yield _misreported(exchange, "an unknown user")


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN,),
    yields_to=("wrong-arity",),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def login_null_result(transcript: Transcript) -> Iterator[Comparison]:
    """`login` returns null, or another empty value, instead of an error.

    ## Why this matters
    "Not found" is a result of `get_user`. Auth0 documents it for `login` only when a store is retired and neither
    script does anything any longer. In a live store, what the user sees and what is logged is not documented.

    A pair of scripts that always return null is recognised as retired, and conforms.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com "hunter2" -> not-found   [wrong-password]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com "hunter2" -> failed WrongUsernameOrPasswordError("ada@example.com") "wrong"   [wrong-password]

    ## How to fix
    Report wrong credentials, and unknown users too, as `WrongUsernameOrPasswordError`. In Python, report an unreachable
    store as `ScriptError`. In JavaScript, report it as `new Error(message)`.
    """  # noqa: E501 - one exchange is one line
    if is_retired(transcript):
        return
    refused = (
        *transcript.select(Script.LOGIN, "wrong-password", Situation.UNKNOWN_USER),
        *(exchange for exchange in transcript.select(Script.LOGIN, *REGULAR) if _is_disabled(exchange, transcript)),
        *outages(transcript, Script.LOGIN),
        # 401 may mean that there is no such user, which is an error as well.
        *transcript.select(Script.LOGIN, Situation.STATUS_401),
    )
    for exchange in refused:
        if exchange.ending in {Ending.FAILED, Ending.FOUND}:
            yield Held((exchange,))
        elif _is_empty_answer(exchange):
            is_down = exchange.situation.family == "outage"
            expected = "ScriptError or new Error(message)" if is_down else _WRONG_CREDENTIALS
            got = kind_of(exchange.outcome.result)
            message = (
                f"login returned {got} {_occasion(exchange)}; report {expected}: "
                "an empty result is for retired stores only"
            )
            yield Violation(message, (exchange,), path="result", expected=expected, got=got)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN, Need.PASSWORD, Need.OUTAGE),
    yields_to=("wrong-arity", "script-not-implemented"),
    since="0.1.0",
    source=ERROR_HANDLING,
)
def login_outage_as_wrong_password(transcript: Transcript) -> Iterator[Comparison]:
    """`login` reports an unreachable store as wrong credentials, or logs users in without it.

    ## Why this matters
    Every user who logs in during the outage sees "wrong password", and resets it or gives up. Each attempt counts as an
    attack: Auth0's brute-force protection locks users out who did nothing wrong, and the tenant log shows attacks
    instead of an outage.

    If the body of an error response becomes the profile, any user can log in during the outage with any password.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError("ada@example.com") "denied"   [outage: 503]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> failed Error "the store answered with 503"   [outage: 503]

    ## How to fix
    Report `WrongUsernameOrPasswordError` only if the store said so: for the one status or the empty result that means
    it. Everything else is an outage: a refused connection, another status, a page that is not JSON.

    ```python
    if answer.status_code == 401:
        raise WrongUsernameOrPasswordError(identifier)
    if answer.status_code != 200:
        raise ScriptError(f"the store answered with {answer.status_code}")
    ```

    ```javascript
    if (response.status === 401) return callback(new WrongUsernameOrPasswordError(email));
    if (response.status !== 200) return callback(new Error(`the store answered with ${response.status}`));
    ```
    """  # noqa: E501 - one exchange is one line
    for exchange in outages(transcript, Script.LOGIN):
        if exchange.ending is not Ending.FAILED or _is_disabled(exchange, transcript):
            continue
        if _is_wrong_credentials(exchange):
            message = (
                f"login reported {_WRONG_CREDENTIALS} for the right password while the store was unreachable; "
                "report an outage as ScriptError or new Error(message)"
            )
            yield Violation(message, (exchange,), path="error", expected="ScriptError or Error", got=_WRONG_CREDENTIALS)
        else:
            yield Held((exchange,))
    yield from judge_profiles_in_outages(transcript, Script.LOGIN)


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN, Need.WRONG_PASSWORD),
    yields_to=("unknown-user-logged-as-known",),
    since="0.1.0",
    source=ERROR_HANDLING,
)
def inconsistent_error_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """The first argument of `WrongUsernameOrPasswordError` does not identify the user whose password was wrong.

    ## Why this matters
    Auth0 takes that argument as the user: with it, it logs a wrong password (`fp`) of `auth0|<argument>`, without it an
    unknown user (`fu`). If the argument is a message or the name of another user, the log shows no user or the wrong
    one, and attacks on a user go unseen.

    A first argument that is present for some wrong passwords and missing for others is an info.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com "hunter2" -> failed WrongUsernameOrPasswordError(7) "wrong password"   [wrong-password]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com "hunter2" -> failed WrongUsernameOrPasswordError("ada@example.com") "wrong password"   [wrong-password]

    ## How to fix
    Pass the identifier as it was typed, or the `user_id` of the profile, as text; the message comes second. For an
    unknown user, pass null.
    """  # noqa: E501 - one exchange is one line
    ids = _ids_by_person(transcript)
    # Other rules report a number as user_id in a profile, and login returns no profile for users it never accepts.
    unseen = {
        person.label for person in transcript.people if person.disabled or person.password is PasswordKnowledge.NONE
    }
    named: list[Exchange] = []
    unnamed: list[Exchange] = []
    for exchange in transcript.select(Script.LOGIN, "wrong-password", Situation.UNKNOWN_USER):
        if not _is_wrong_credentials(exchange):
            continue
        blamed = _blamed(exchange)
        own = {str(user_id) for user_id in ids.get(exchange.person, ())}
        if not blamed:
            unnamed.append(exchange)
            yield Held((exchange,))
        elif isinstance(blamed, int) and exchange.person in unseen:
            continue
        elif not isinstance(blamed, str) and blamed not in ids.get(exchange.person, ()):
            message = (
                f"login gave {_WRONG_CREDENTIALS} {kind_of(blamed)} as the first argument; "
                "pass the identifier as text, or null for an unknown user"
            )
            yield Violation(message, (exchange,), path=_BLAMED, expected="text or null", got=kind_of(blamed))
        elif _denotes(blamed, transcript.person(exchange.person)) or str(blamed) in own:
            named.append(exchange)
            yield Held((exchange,))
        elif len(own) == 1 or (exchange.person != UNKNOWN and transcript.owner(str(blamed))):
            # Unless the user's only user_id is known, another text may be one that was never seen.
            message = (
                f"login gave {_WRONG_CREDENTIALS} a first argument that is neither an identifier nor the user_id of "
                "the user whose password was wrong; the identifier comes first, the message second"
            )
            yield Violation(message, (exchange,), path=_BLAMED, expected="the identifier", got="another text")
    of_known = [
        exchange
        for exchange in unnamed
        if exchange.situation in _PLAINLY_WRONG and not _is_disabled(exchange, transcript)
    ]
    if named and of_known:
        message = (
            f"login names the user in {_WRONG_CREDENTIALS} for some wrong passwords and not for others; always name "
            "the user, so that Auth0 logs each as a wrong password"
        )
        evidence = (named[0], of_known[0])
        yield Violation(message, evidence, Severity.INFO, path=_BLAMED, expected="the identifier", got="null")


def _is_wrong_credentials(exchange: Exchange) -> bool:
    error = exchange.outcome.error
    return isinstance(error, RecordedError) and error.name == _WRONG_CREDENTIALS


def _blamed(exchange: Exchange) -> Value:
    """Return the first argument of the reported error."""
    error = exchange.outcome.error
    return error.arguments[0] if isinstance(error, RecordedError) and error.arguments else None


def _is_disabled(exchange: Exchange, transcript: Transcript) -> bool:
    person = transcript.person(exchange.person)
    return person is not None and person.disabled


def _is_empty_answer(exchange: Exchange) -> bool:
    """Tell whether the callback was given no error, and a result that is false in JavaScript."""
    if exchange.ending is Ending.INVALID:
        return isinstance(exchange.outcome.result, bool | int | float | str) and not exchange.outcome.result
    return exchange.ending is Ending.NOT_FOUND


def _occasion(exchange: Exchange) -> str:
    return {
        "wrong-password": "for a wrong password",
        "unknown-user": "for an unknown user",
        "outage": "while the store was unreachable",
    }.get(exchange.situation.family, "for a disabled user")


def _misreported(exchange: Exchange, what: str) -> Violation:
    got = kind_of(exchange.outcome.error)
    message = f"login reported {what} with {got}; report it as {_WRONG_CREDENTIALS}"
    return Violation(message, (exchange,), path="error", expected=_WRONG_CREDENTIALS, got=got)


def _denotes(name: Value, person: Person | None) -> bool:
    return person is not None and str(name).casefold() in {own.casefold() for own in person.identifiers}


def _ids_by_person(transcript: Transcript) -> Mapping[str, Sequence[str | int]]:
    """Return the `user_id`s that the scripts returned for each user, without objects and ids that several users share.

    They are no set, because a script's first argument may be an object, which can't be looked up in a set.
    """
    people_by_id: dict[str | int, set[str]] = {}
    for exchange in sightings(transcript):
        user_id = user_id_of(exchange.profile or {})
        if isinstance(user_id, str | int):
            people_by_id.setdefault(user_id, set()).add(exchange.person)
    ids: dict[str, list[str | int]] = {}
    for user_id, people in people_by_id.items():
        person, *others = people
        if not others:
            ids.setdefault(person, []).append(user_id)
    return ids
