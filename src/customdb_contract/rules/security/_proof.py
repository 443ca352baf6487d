"""Proof that hostile input had an effect."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Untried, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules._sightings import ignores_identifier
from customdb_contract.rules.security._hostile_writes import READING, judge_hostile_writes
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, Noticed, Situation, Transcript, Value

__all__ = [
    "accepted_with_any_password",
    "folded",
    "ignoring_scripts",
    "judge_hostile",
    "left_out",
    "without_typed",
]


def judge_hostile(
    transcript: Transcript, situation: Situation, what: str, advice: str, severity: Severity = Severity.ERROR
) -> Iterator[Comparison]:
    """Judge the calls of a situation: no user has such an identifier, so no profile may return and no user may change.

    Args:
        transcript: The transcript.
        situation: The situation.
        what: The identifier or password, in the words of the message.
        advice: The advice, in the words of the message.
        severity: The severity of the findings.
    """
    ignoring = ignoring_scripts(transcript)
    accepted = accepted_with_any_password(transcript)
    yield from left_out(transcript, situation)
    for exchange in transcript.select(None, situation):
        if exchange.script not in READING:
            continue
        is_password = exchange.person != UNKNOWN
        if exchange.script in ignoring or exchange.person in accepted:
            continue
        if _is_unrelated(exchange):
            asked = "password" if is_password else "identifier"
            message = f"{exchange.script} returned a user's profile for {what} as the {asked}; {advice}"
            yield Violation(message, (exchange,), severity, path=asked, expected="no profile", got="a profile")
        elif exchange.ending not in {Ending.TIMED_OUT, Ending.DIED}:
            yield Held((exchange,))
    yield from judge_hostile_writes(transcript, situation, what, advice)


def left_out(transcript: Transcript, situation: Situation) -> Iterator[Untried]:
    """Yield the scripts for which the rest of a situation was skipped, because they timed out too often.

    Args:
        transcript: The transcript.
        situation: The situation.
    """
    for exchange in transcript.exchanges:
        if exchange.situation.family == "hostile" and situation in exchange.outcome.noticed(Noticed.LEFT_OUT):
            what = situation.partition(": ")[2].replace("-", " ")
            why = "timed out on" if exchange.ending is Ending.TIMED_OUT else "changed another user by"
            yield Untried(f"{exchange.script} {why} hostile identifiers, so not all of {what} was tested")


def ignoring_scripts(transcript: Transcript) -> Collection[Script]:
    """Return the scripts that return a profile for any identifier, so that no identifier proves anything.

    Args:
        transcript: The transcript.
    """
    return {script for script in (Script.LOGIN, Script.GET_USER) if ignores_identifier(transcript, script)}


def accepted_with_any_password(transcript: Transcript) -> Collection[str]:
    """Return the labels of the users who log in with a random password, so that no other one proves anything.

    Args:
        transcript: The transcript.
    """
    return {
        exchange.person
        for exchange in transcript.select(Script.LOGIN, Situation.WRONG_PASSWORD)
        if exchange.situation is Situation.WRONG_PASSWORD and exchange.ending is Ending.FOUND
    }


def _is_unrelated(exchange: Exchange) -> bool:
    """Tell whether a profile came back that does not belong to the identifier."""
    profile = exchange.profile
    if profile is None:
        return False
    if exchange.person != UNKNOWN:
        return True
    own = {folded(profile.get(name)) for name in ("email", "username", "phone_number")} - {""}
    return bool(user_id_of(profile) or own) and folded(exchange.identifier) not in own


def folded(value: Value) -> str:
    """Return an identifier as a careful store compares it: trimmed, normalized, in lower case.

    Args:
        value: An identifier, or an attribute of a profile; other values than texts become an empty text.
    """
    return unicodedata.normalize("NFKC", value).strip().lower() if isinstance(value, str) else ""


def without_typed(text: str, exchange: Exchange) -> str:
    """Return a message without the script's arguments, because repeating those reveals nothing.

    Args:
        text: A message.
        exchange: The call that it belongs to.
    """
    for typed in exchange.arguments:
        if isinstance(typed, str) and typed and typed.lower() in text.lower():
            text = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", "", text, flags=re.IGNORECASE)
    return text
