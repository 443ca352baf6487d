"""Users of the other connections of a tenant, for rules that compare connections."""

from collections.abc import Sequence

from attrs import evolve

from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._sightings import own_sightings
from customdb_contract.transcript import ElsewhereUser, Transcript, json_text

__all__ = ["acquainted"]


def acquainted(transcripts: Sequence[Transcript]) -> list[Transcript]:
    """Return the transcripts of all connections of one tenant, each with the known users of the others.

    Args:
        transcripts: One transcript for each connection, with different names.
    """
    known = [_known_users(transcript) for transcript in transcripts]
    return [
        evolve(
            transcript,
            header=evolve(
                transcript.header,
                elsewhere=tuple(user for users in known if users is not own for user in users),
            ),
        )
        for transcript, own in zip(transcripts, known, strict=True)
    ]


def _known_users(transcript: Transcript) -> list[ElsewhereUser]:
    found: dict[ElsewhereUser, None] = {}
    people = {person.label: person for person in transcript.people}
    for exchange in own_sightings(transcript):
        user_id = user_id_of(exchange.profile or {})
        # Users created by the check are gone at its end.
        if exchange.person in people and user_id not in (None, ""):
            text = user_id if isinstance(user_id, str) else json_text(user_id)
            email = people[exchange.person].email
            found[ElsewhereUser(transcript.connection.name, exchange.person, text, email)] = None
    return list(found)
