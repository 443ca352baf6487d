"""Sightings: calls in a transcript about known users, unknown identifiers and outages."""

import string
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    RecordedError,
    Situation,
    Transcript,
    Value,
    canonical,
    json_text,
)

__all__ = [
    "REGULAR",
    "are_comparable",
    "ignores_identifier",
    "is_blank",
    "is_denial",
    "is_retired",
    "judge_profiles_in_outages",
    "lowered_by_ascii",
    "metadata_by_person",
    "outages",
    "own_sightings",
    "sightings",
    "sightings_by_person",
    "sightings_in_outages",
    "user_id_text",
]

REGULAR: Final = ("known-user", "repeated", "other-spelling")
"""The families of situations in which a script should return the user's profile."""

_OUTAGES: Final = frozenset(
    {
        Situation.OUTAGE,
        Situation.REFUSE,
        Situation.RESET,
        Situation.HANG,
        Situation.STATUS_429,
        Situation.STATUS_500,
        Situation.STATUS_503,
        Situation.HTML_PAGE,
        Situation.TRUNCATED_JSON,
        Situation.CUT,
        Situation.SECOND_REQUEST,
        Situation.THIRD_REQUEST,
    }
)
"""Faults that no script can mistake for a response of the store. The other faults may mean "no such user"."""


def sightings(transcript: Transcript, script: Script | None = None) -> Sequence[Exchange]:
    """Return the judged exchanges for a known user that returned a profile, in order.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`, or None for both.
    """
    return [
        exchange
        for exchange in transcript.select(script, *REGULAR)
        if exchange.profile is not None
        and exchange.person != UNKNOWN
        # For a spelling that the store does not know, an empty profile is the result for an unknown user.
        and not (exchange.situation.family == "other-spelling" and is_blank(exchange.profile))
    ]


def own_sightings(transcript: Transcript) -> Sequence[Exchange]:
    """Return the sightings by the user's own identifier, in order.

    Args:
        transcript: The transcript.
    """
    return [exchange for exchange in sightings(transcript) if exchange.situation.family != "other-spelling"]


def sightings_by_person(transcript: Transcript, script: Script | None = None) -> Mapping[str, Sequence[Exchange]]:
    """Return the sightings of each user, by label.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`, or None for both.
    """
    found: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in sightings(transcript, script):
        found[exchange.person].append(exchange)
    return found


def user_id_text(exchange: Exchange) -> str:
    """Return the `user_id` of a profile as JSON text, 7 like "7"; another rule reports numbers.

    Args:
        exchange: A call; without a profile with an id, the result is empty.
    """
    user_id = user_id_of(exchange.profile or {})
    return "" if user_id in (None, "") else json_text(user_id if isinstance(user_id, str) else json_text(user_id))


def lowered_by_ascii(text: str) -> str:
    """Return a text trimmed, with ASCII letters in lower case and all others unchanged.

    Args:
        text: An e-mail.
    """
    return text.strip().translate(_ASCII_LOWER)


_ASCII_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def is_blank(profile: Mapping[str, Value]) -> bool:
    """Tell whether a profile is empty, or has only empty values.

    Args:
        profile: A profile as a script returned it.
    """
    return not any(profile.values())


def are_comparable(one: Sequence[Exchange], other: Sequence[Exchange]) -> bool:
    """Tell whether a difference between two scripts can't be due to a change in between.

    In a rehearsed life, a log-in may change the user, so one script must have been called before and after the other
    one. Calls of a check without a rehearsal are always comparable.

    Args:
        one: One script's calls for a user, in order; not empty.
        other: The other script's calls, in order; not empty.
    """
    if not any(exchange.caused_by for exchange in (*one, *other)):
        return True
    return any(
        around[0].number < exchange.number < around[-1].number
        for around, between in ((one, other), (other, one))
        for exchange in between
    )


def metadata_by_person(transcript: Transcript) -> Iterator[tuple[str, Collection[Script], tuple[Exchange, ...]]]:
    """Yield which scripts returned metadata of users that both find: per user, `user_metadata` and `app_metadata`.

    Args:
        transcript: The transcript.

    Yields:
        The kind of metadata, the scripts that returned any, and the first call of both, in order.
    """
    logins = sightings_by_person(transcript, Script.LOGIN)
    for label, found in sightings_by_person(transcript, Script.GET_USER).items():
        if label in logins and are_comparable(found, logins[label]):
            pair = tuple(sorted((found[0], logins[label][0]), key=lambda exchange: exchange.number))
            for kind in ("user_metadata", "app_metadata"):
                yield kind, {exchange.script for exchange in (*found, *logins[label]) if _has(exchange, kind)}, pair


def _has(exchange: Exchange, kind: str) -> bool:
    metadata = (exchange.profile or {}).get(kind)
    return isinstance(metadata, Mapping) and any(value is not None for value in metadata.values())


def outages(transcript: Transcript, script: Script) -> Sequence[Exchange]:
    """Return the judged exchanges in which the store was certainly unreachable, in order.

    Responses that a correct script may read as "no such user" are not among them: 400, 403, 404, an empty body, `[]`,
    `{}`, JSON of another shape, and for `login` also 401.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`.
    """
    certain = _OUTAGES | {Situation.STATUS_401} if script is Script.GET_USER else _OUTAGES
    return [exchange for exchange in transcript.select(script, "outage") if exchange.situation in certain]


def sightings_in_outages(transcript: Transcript, script: Script | None = None) -> Sequence[Exchange]:
    """Return the judged exchanges that returned a profile of a known user although the store was unreachable.

    No fault contains a profile: the profile was built from an error response, or kept from before.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`, or None for both.
    """
    return [
        exchange
        for exchange in transcript.select(script, "outage")
        if exchange.profile is not None and exchange.person != UNKNOWN and exchange.script in _READING
    ]


_READING: Final = frozenset({Script.LOGIN, Script.GET_USER})


def judge_profiles_in_outages(transcript: Transcript, script: Script) -> Iterator[Violation]:
    """Judge whether a profile that was returned while the store was unreachable is the user's own.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`.
    """
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for exchange in sightings(transcript):
        ids[exchange.person].add(canonical(user_id_of(exchange.profile or {})))
    for exchange in sightings_in_outages(transcript, script):
        profile, person = exchange.profile or {}, transcript.person(exchange.person)
        user_id, email = user_id_of(profile), profile.get("email")
        own = () if person is None else map(str.casefold, person.identifiers)
        is_named = isinstance(email, str) and email.casefold() in own
        has_id, known = user_id not in (None, ""), ids[exchange.person]
        # The user's own profile was kept from before, or the store was reachable after all: it proves nothing.
        is_own = has_id and (canonical(user_id) in known or is_named)
        if not is_own and (known or not has_id or email is not None):
            did = "accepted a known user with" if script is Script.LOGIN else "returned"
            message = (
                f"{script} {did} a profile that is not the user's while the store was unreachable; "
                "report an outage as ScriptError or new Error(message)"
            )
            yield Violation(message, (exchange,), path="result", expected="an error", got="a profile")


def is_denial(exchange: Exchange) -> bool:
    """Tell whether a script reported that there is no such user, or that the password is wrong.

    Args:
        exchange: A call of a reading script.
    """
    error = exchange.outcome.error
    is_wrong = isinstance(error, RecordedError) and error.name == "WrongUsernameOrPasswordError"
    return exchange.ending is Ending.NOT_FOUND or (
        exchange.script is Script.LOGIN and exchange.ending is Ending.FAILED and is_wrong
    )


def is_retired(transcript: Transcript) -> bool:
    """Tell whether the scripts are the no-op pair of a retired store: both return null for every user.

    Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.

    Args:
        transcript: The transcript. A pair counts as retired only if there is a known user whom `get_user` does not
        find.
    """
    answers = {
        script: [exchange for exchange in transcript.select(script) if exchange.situation.family != "outage"]
        for script in (Script.LOGIN, Script.GET_USER)
    }
    return all(
        exchanges and all(e.ending is Ending.NOT_FOUND for e in exchanges) for exchanges in answers.values()
    ) and bool(transcript.select(Script.GET_USER, *REGULAR))


def ignores_identifier(transcript: Transcript, script: Script) -> bool:
    """Tell whether a script returned a profile for two different unknown identifiers.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`.
    """
    asked = {
        canonical(exchange.identifier)
        for exchange in transcript.select(script, Situation.UNKNOWN_USER)
        if exchange.profile and (user_id_of(exchange.profile) or exchange.profile.get("email"))
    }
    return len(asked) > 1
