"""Sightings: the profiles that the scripts returned for people whom the check knows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.transcript import UNKNOWN, Exchange, Transcript, Value

__all__ = ["REGULAR", "sightings", "sightings_by_person", "user_id_of"]

REGULAR: Final = ("known-user", "repeated", "other-spelling")
"""The families of situations in which a script should return the person's profile."""


def sightings(transcript: Transcript, script: Script | None = None) -> Sequence[Exchange]:
    """Return the judged exchanges in which a known person was asked for and a profile came back, in order.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`, or None for both.
    """
    return [
        exchange
        for exchange in transcript.select(script, *REGULAR)
        if exchange.profile is not None and exchange.person != UNKNOWN
    ]


def sightings_by_person(transcript: Transcript, script: Script | None = None) -> Mapping[str, Sequence[Exchange]]:
    """Return the sightings of each person, by label.

    Args:
        transcript: The transcript.
        script: `login` or `get_user`, or None for both.
    """
    found: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in sightings(transcript, script):
        found[exchange.person].append(exchange)
    return found


def user_id_of(profile: Mapping[str, Value]) -> Value:
    """Return the profile's `user_id`, or its `id`, which Auth0 takes in its place; None when it has neither.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>.

    Args:
        profile: A profile as a script returned it.
    """
    user_id = profile.get("user_id")
    return profile.get("id") if user_id is None else user_id
