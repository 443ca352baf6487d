"""Judges each profile that a script returned for the problems that a single profile can have."""

from collections.abc import Iterator, Sequence

from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.profiles.problems import Circumstances, Predicate
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules._sightings import sightings
from customdb_contract.transcript import Exchange, Transcript

__all__ = ["judge_profile", "judge_profiles", "strict_severity"]


def judge_profiles(
    transcript: Transcript, predicate: Predicate, exchanges: Sequence[Exchange] | None = None
) -> Iterator[Comparison]:
    """Judge the profiles of known users.

    Args:
        transcript: What the scripts did.
        predicate: What judges one profile.
        exchanges: The calls that returned the profiles; None means all sightings.
    """
    for exchange in sightings(transcript) if exchanges is None else exchanges:
        yield from judge_profile(transcript, exchange, predicate)


def judge_profile(transcript: Transcript, exchange: Exchange, predicate: Predicate) -> Iterator[Comparison]:
    """Judge the profile that one call returned.

    Args:
        transcript: What the scripts did.
        exchange: The call; one that returned no profile is judged like one that returned an empty one.
        predicate: What judges the profile.
    """
    circumstances = Circumstances(
        import_mode=transcript.connection.import_mode,
        requires_username=transcript.connection.requires_username,
        owner=transcript.person(exchange.person),
    )
    for problem in predicate(exchange.profile or {}, circumstances):
        if problem is None:
            yield Held((exchange,))
        else:
            yield Violation(
                f"{exchange.script} returned {problem.returned}",
                (exchange,),
                problem.severity,
                path=problem.path,
                expected=problem.expected or None,
                got=problem.got or None,
            )


def strict_severity(transcript: Transcript) -> Severity:
    """Return the severity of a breach that Auth0 rejects with import mode on.

    Args:
        transcript: What the scripts did, and the settings of their connection.
    """
    return Circumstances(import_mode=transcript.connection.import_mode).refused
