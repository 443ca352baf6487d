"""How `get_user` ends for an unknown user, and when the store is unreachable."""

from collections.abc import Iterator

from customdb_contract._pages import GET_USER_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import (
    ignores_identifier,
    is_retired,
    judge_profiles_in_outages,
    outages,
    sightings,
)
from customdb_contract.rules._wording import kind_of, unfit_result
from customdb_contract.transcript import Ending, Situation, Transcript, canonical


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.GET_USER,),
    needs=(Need.GET_USER, Need.UNKNOWN_USER),
    yields_to=("get-user-ignores-identifier", "wrong-arity", "script-not-implemented"),
    since="0.1.0",
    source=GET_USER_TEMPLATE,
)
def not_found_not_null(transcript: Transcript) -> Iterator[Comparison]:
    """`get_user` does not return null for an unknown user.

    ## Why this matters
    An error means that the look-up failed, and blocks every sign-up and password reset of a new user. An empty object
    or array means that the user exists, so no one can sign up.

    ## Violates
        get_user nobody@example.com -> failed Error "no such user"   [unknown-user]

    ## Conforms
        get_user nobody@example.com -> not-found   [unknown-user]

    ## How to fix
    Check how many records the query returned before you build a profile from the first one.

    ```python
    return Found(profile_of(rows[0])) if rows else NotFound()
    ```

    ```javascript
    if (rows.length === 0) return callback(null);
    ```
    """
    for exchange in transcript.select(Script.GET_USER, Situation.UNKNOWN_USER):
        if exchange.ending is Ending.NOT_FOUND:
            yield Held((exchange,))
        elif exchange.ending is Ending.FAILED:
            got = kind_of(exchange.outcome.error)
            message = (
                f"get_user reported {got} for an unknown user; "
                "return NotFound() or callback(null), because an error blocks sign-up"
            )
            yield Violation(message, (exchange,), path="error", expected="null", got=got)
        elif exchange.ending in {Ending.FOUND, Ending.INVALID} and not unfit_result(exchange.outcome.result):
            got = kind_of(exchange.outcome.result)
            message = (
                f"get_user returned {got} for an unknown user; "
                "return NotFound() or callback(null), because anything else means that the user exists"
            )
            yield Violation(message, (exchange,), path="result", expected="null", got=got)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.GET_USER,),
    needs=(Need.GET_USER, Need.OUTAGE),
    yields_to=("wrong-arity", "script-not-implemented"),
    since="0.1.0",
    source=GET_USER_TEMPLATE,
)
def outage_as_not_found(transcript: Transcript) -> Iterator[Comparison]:
    """`get_user` returns "not found", or a profile that is not the user's, while the store is unreachable.

    ## Why this matters
    Auth0 trusts the result: a user who signs up during the outage gets a second account beside the old one, and a
    password reset is silently dropped. Neither is undone when the store is back. A profile built from the body of an
    error response is kept as well.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> not-found   [outage: 500]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store answered with 500"   [outage: 500]

    ## How to fix
    Return "not found" only if the store said so. Report everything else as an error, including an unreadable response.

    ```python
    if answer.status_code == 404:
        return NotFound()
    if answer.status_code != 200:
        raise ScriptError(f"the store answered with {answer.status_code}")
    ```

    ```javascript
    if (response.status === 404) return callback(null);
    if (response.status !== 200) return callback(new Error(`the store answered with ${response.status}`));
    ```
    """
    if is_retired(transcript):
        return
    for exchange in outages(transcript, Script.GET_USER):
        if exchange.ending is Ending.FAILED:
            yield Held((exchange,))
        elif exchange.ending is Ending.NOT_FOUND:
            message = (
                "get_user returned not-found for a known user while the store was unreachable; "
                "report an outage as ScriptError or new Error(message)"
            )
            yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
    yield from judge_profiles_in_outages(transcript, Script.GET_USER)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.GET_USER,),
    needs=(Need.GET_USER, Need.UNKNOWN_USER),
    yields_to=("wrong-arity",),
    since="0.1.0",
    source=GET_USER_TEMPLATE,
)
def get_user_ignores_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """`get_user` returns a profile for any identifier.

    ## Why this matters
    To Auth0 every user exists already: no one can sign up, and a password reset for any address starts with the profile
    of an unrelated user.

    ## Violates
        get_user nobody@example.com -> found {"user_id": "1", "email": "first@example.com"}   [unknown-user]
        get_user noone@example.com -> found {"user_id": "1", "email": "first@example.com"}   [unknown-user]

    ## Conforms
        get_user nobody@example.com -> not-found   [unknown-user]
        get_user noone@example.com -> not-found   [unknown-user]

    ## How to fix
    Use the identifier in the query, and check that the record belongs to it before you return it.
    """
    asked = transcript.select(Script.GET_USER, Situation.UNKNOWN_USER)
    if ignores_identifier(transcript, Script.GET_USER):
        message = (
            "get_user returned a profile for several unknown identifiers; "
            "look up the given identifier, and return NotFound() or callback(null) if no user has it"
        )
        known = sightings(transcript, Script.GET_USER)
        evidence = (*(exchange for exchange in asked if exchange.profile), *known)
        yield Violation(message, evidence, path="result", expected="null", got="a profile")
    elif len({canonical(exchange.identifier) for exchange in asked}) > 1:
        yield Held(tuple(asked))
