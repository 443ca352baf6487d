"""The set-up: do the scripts know the known users, before anything is judged?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, plan_person
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Exhaustion,
    Person,
    RecordedError,
    ScriptInfo,
    Situation,
    StopKind,
    StopReason,
    json_text,
    likely_causes,
    what_is_lacking,
)

__all__ = [
    "is_denial",
    "is_failure",
    "is_not_implemented",
    "is_retired_pair",
    "plan_known_users",
    "refusal_of_more",
    "refusal_of_new_user",
    "set_up_problem",
]

_MOST_QUOTED: Final = 3


def plan_known_users(truth: Truth, scripts: Sequence[Script], situation: Situation) -> Iterator[PlannedCall]:
    """Plan, for each user, get_user and then login with the right password.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
        situation: `KNOWN_USER` the first time, `REPEATED` later.
    """
    for person in truth.people:
        yield from plan_person(person, truth, scripts, situation)


def set_up_problem(
    exchanges: Sequence[Exchange], people: Sequence[Person], scripts: Mapping[Script, ScriptInfo]
) -> StopReason | None:
    """Return why the check cannot go on after the set-up, or None.

    Args:
        exchanges: The calls of the set-up.
        people: The known users.
        scripts: The scripts that the database has; one that cannot be called at all is reported by a rule instead.

    Returns:
        The reason if every call failed, or if both scripts reject a user or end in an error. A pair of scripts that
        always returns null is not a problem: that is how a retired store is closed.
    """
    callable_ = [exchange for exchange in exchanges if scripts[exchange.script].can_be_called]
    if not callable_ or any(is_not_implemented(exchange) for exchange in callable_):
        return None
    if all(is_failure(exchange) for exchange in callable_):
        return StopReason(StopKind.SET_UP, f"every call failed, so nothing could be judged: {_quoted(callable_)}")
    denied = [person for person in people if _is_denied(person, callable_)]
    failed = [person for person in people if person not in denied and _is_failed(person, callable_)]
    if failed:
        names = ", ".join(person.identifiers[0] for person in failed)
        message = (
            f"no script finds {names}, so nothing can be judged for them: every call ends in an error, but not for "
            f"other known users. Correct the scripts, or the list of users: {_quoted(callable_, failed)}"
        )
        return StopReason(StopKind.SET_UP, message)
    if not denied or is_retired_pair(callable_):
        return None
    names = ", ".join(person.identifiers[0] for person in denied)
    message = (
        f"no script knows {names}: the known users must be in the store, with these passwords. "
        f"Correct the list of users, or point the check at the store they are in: {_quoted(callable_, denied)}"
    )
    return StopReason(StopKind.SET_UP, message)


def is_retired_pair(exchanges: Sequence[Exchange]) -> bool:
    """Tell whether both scripts returned null for every call of the set-up, which is how a retired store is closed.

    Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.

    Args:
        exchanges: The calls of the set-up.
    """
    answered = {exchange.script for exchange in exchanges}
    return answered == {Script.LOGIN, Script.GET_USER} and all(
        exchange.ending is Ending.NOT_FOUND for exchange in exchanges
    )


def is_not_implemented(exchange: Exchange) -> bool:
    """Tell whether a call ended with the error of Auth0's empty template.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/error-handling>.

    Args:
        exchange: A call.
    """
    error = exchange.outcome.error or exchange.outcome.raised
    return isinstance(error, RecordedError) and "please implement" in error.message.lower()


def refusal_of_new_user(exchange: Exchange) -> str:
    """Return the message for a `create` that fails for a new user, so that nothing written could be judged.

    Args:
        exchange: The call of `create`.
    """
    return (
        f"create {_said(exchange)} for a user who is not in the store, so the scripts that write could not be judged. "
        "Describe a new user whom the store accepts ([new_user], NewUser), or correct create"
    )


def refusal_of_more(exchange: Exchange, exhausted: Exhaustion) -> str:
    """Return the message for a store that refuses a call that worked before, because it is overloaded.

    Args:
        exchange: A call that worked before, and is now refused.
        exhausted: What the store has run out of.
    """
    advice = {
        Exhaustion.CONNECTIONS: (
            "Close every connection, or keep one pool for all calls; otherwise let the store accept more"
        ),
        Exhaustion.RATE: "Raise its limit while you check",
    }[exhausted]
    return (
        f"the store accepts no more {exhausted}: {exchange.script} worked before, and in call {exchange.number} it "
        f"{_said(exchange)}. {advice}"
    )


def is_failure(exchange: Exchange) -> bool:
    """Tell whether a call neither found a user, nor rejected one, nor ended in another documented way.

    Args:
        exchange: A call made while the store should work.
    """
    return exchange.ending in {Ending.RAISED, Ending.TIMED_OUT, Ending.DIED} or (
        exchange.ending is Ending.FAILED and not is_denial(exchange)
    )


def is_denial(exchange: Exchange) -> bool:
    """Tell whether a script reported that the user is unknown, or that the password is wrong.

    Args:
        exchange: A call.
    """
    error = exchange.outcome.error
    return exchange.ending is Ending.NOT_FOUND or (
        exchange.script is Script.LOGIN
        and isinstance(error, RecordedError)
        and error.name == "WrongUsernameOrPasswordError"
    )


def _is_denied(person: Person, exchanges: Sequence[Exchange]) -> bool:
    asked = [exchange for exchange in exchanges if exchange.person == person.label]
    if person.disabled:
        asked = [exchange for exchange in asked if exchange.script is not Script.LOGIN]
    return bool(asked) and all(is_denial(exchange) for exchange in asked)


def _is_failed(person: Person, exchanges: Sequence[Exchange]) -> bool:
    """Tell whether no script found a user who must be able to log in, and each ended with an error or a rejection.

    Exceptions, and calls that never end, are reported separately.
    """
    asked = [exchange for exchange in exchanges if exchange.person == person.label]
    return bool(asked) and not person.disabled and all(exchange.ending in _UNFOUND for exchange in asked)


_UNFOUND: Final = frozenset({Ending.FAILED, Ending.NOT_FOUND})


def _quoted(exchanges: Sequence[Exchange], people: Sequence[Person] = ()) -> str:
    labels = {person.label for person in people}
    chosen = [exchange for exchange in exchanges if not labels or exchange.person in labels]
    reasons = dict.fromkeys(f"{exchange.script} {_said(exchange)}" for exchange in chosen)
    sentences = (*what_is_lacking(exchanges), *likely_causes(chosen))
    return "; ".join(list(reasons)[:_MOST_QUOTED]) + "".join(
        f"{'' if number else '.'} {sentence}" for number, sentence in enumerate(sentences)
    )


def _said(exchange: Exchange) -> str:
    error = exchange.outcome.error or exchange.outcome.raised
    if exchange.ending is Ending.NOT_FOUND:
        return "returned not-found"
    if exchange.ending is Ending.TIMED_OUT:
        return "never called back"
    if isinstance(error, RecordedError):
        return f"failed with {error.name} {json_text(error.message)}"
    return f"ended {exchange.ending} {json_text(error)}"
