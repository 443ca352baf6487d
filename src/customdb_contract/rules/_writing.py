"""Judging writes: the calls of a transcript that write, and the look-ups afterwards."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules._sightings import outages
from customdb_contract.rules._wording import kind_of, unfit_result
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Moment,
    RecordedError,
    Situation,
    Transcript,
    canonical,
    is_done,
)

__all__ = [
    "REFUSALS",
    "contradicted",
    "is_no_limit",
    "is_user_exists",
    "is_verified",
    "judge_outages",
    "judge_unknown_users",
    "judge_user_ids",
    "legacy_moments",
    "looks_after",
    "moments",
    "seen_before",
    "undocumented_result",
]


REFUSALS: Final = frozenset({Ending.NOT_FOUND, Ending.FAILED})
"""How a reading script refuses a user, or reports that there is none."""

_MAY_BE_DONE: Final = frozenset({Situation.HTML_PAGE, Situation.TRUNCATED_JSON, Situation.CUT})
"""Faults in which the status, or the store itself, confirms the write."""


def moments(transcript: Transcript, *scripts: Script) -> Iterator[Moment]:
    """Yield the calls of some scripts for users created by the check, with the state before each.

    Args:
        transcript: The transcript.
        scripts: The scripts.
    """
    return iter(transcript.moments(*scripts))


def legacy_moments(transcript: Transcript, *scripts: Script) -> Iterator[Moment]:
    """Yield the same with import mode off, and nothing with import mode on, in which Auth0 never calls these scripts.

    Args:
        transcript: The transcript.
        scripts: The scripts.
    """
    if not transcript.connection.import_mode:
        yield from moments(transcript, *scripts)


def looks_after(transcript: Transcript, script: Script) -> Iterator[tuple[Exchange, Moment]]:
    """Yield each successful write of a script with the look-ups of the same account before the next write.

    Args:
        transcript: The transcript.
        script: The script that wrote.
    """
    for moment in moments(transcript, Script.LOGIN, Script.GET_USER):
        written = moment.follows
        if written is not None and written.script is script and is_done(written):
            yield written, moment


def judge_outages(
    transcript: Transcript, script: Script, hidden: Collection[Ending], message: str
) -> Iterator[Comparison]:
    """Judge the results of a writing script while the store is unreachable.

    Args:
        transcript: The transcript.
        script: The script.
        hidden: The endings that hide the outage, beside success and undocumented results.
        message: The message about them.
    """
    for exchange in outages(transcript, script):
        if exchange.situation in _MAY_BE_DONE:
            continue
        # An undocumented result that is not an error is often the body of the store's response.
        if exchange.ending in {*hidden, Ending.INVALID} or is_done(exchange):
            yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
        elif exchange.ending is Ending.FAILED:
            yield Held((exchange,))


def judge_unknown_users(
    found: Iterator[Moment], hidden: Collection[Ending], message: str, severity: Severity | None = None
) -> Iterator[Comparison]:
    """Judge the results of a writing script for unknown users.

    Args:
        found: The calls of the script.
        hidden: The endings that are wrong.
        message: The message about them.
        severity: The severity, or None for that of the rule.
    """
    for moment in found:
        exchange = moment.exchange
        if not moment.is_nobodys:
            continue
        if exchange.ending in hidden:
            yield Violation(
                message, (exchange,), severity, path="ending", expected=Ending.DECLINED, got=exchange.ending
            )
        elif exchange.ending in {Ending.DECLINED, Ending.FAILED}:
            yield Held((exchange,))


def judge_user_ids(
    transcript: Transcript, writes: Collection[Script], readers: Collection[Script]
) -> Iterator[Comparison]:
    """Judge whether a script returns the same `user_id` after a write as before, where it was seen at least twice.

    Args:
        transcript: The transcript.
        writes: The scripts that wrote.
        readers: The scripts whose `user_id` is compared.
    """
    seen: dict[tuple[int, Script], list[tuple[Exchange, str]]] = {}
    for moment in moments(transcript, Script.LOGIN, Script.GET_USER):
        exchange, account, written = moment.exchange, moment.account, moment.follows
        if account is None or exchange.profile is None or exchange.script not in readers or not moment.is_right:
            continue
        user_id = canonical(user_id_of(exchange.profile))
        before = seen.setdefault((account.number, exchange.script), [])
        if written is not None and written.script in writes and len(before) > 1:
            known = {earlier for _, earlier in before}
            evidence = (before[-1][0], written, exchange)
            if known == {user_id}:
                yield Held(evidence)
            elif len(known) == 1:
                message = (
                    f"{exchange.script} returned another user_id after {written.script} than before; "
                    "derive it from a value that never changes"
                )
                (before_it,) = known
                yield Violation(
                    message, evidence, script=exchange.script, path="user_id", expected=before_it, got=user_id
                )
        before.append((exchange, user_id))


def seen_before(transcript: Transcript, *scripts: Script) -> Mapping[int, Mapping[Script, Exchange]]:
    """Return the last call of each script that found a user before a write to that user, with no write in between.

    Args:
        transcript: The transcript.
        scripts: The scripts that wrote.

    Returns:
        By the number of the write, by reading script.
    """
    return {
        moment.exchange.number: {
            script: seen
            for script, seen in moment.seen.items()
            if moment.latest_write is None or seen.number > moment.latest_write.number
        }
        for moment in moments(transcript, *scripts)
        if moment.account is not None
    }


def is_verified(exchange: Exchange) -> object:
    """Return `email_verified` in the profile of an exchange.

    Args:
        exchange: A call of a reading script.
    """
    return (exchange.profile or {}).get("email_verified")


def is_no_limit(transcript: Transcript, refused: Exchange, created: Exchange | None = None) -> bool:
    """Tell whether a script refused a call for another reason than a rate limit.

    A limit for all users would refuse the later calls too, and a limit per user no user's first call.

    Args:
        transcript: The transcript.
        refused: The call.
        created: An earlier call for the same user that does not count, or None.
    """
    calls = [call for call in transcript.exchanges if call.script is refused.script and call is not created]
    earlier = {_email_of(call) for call in calls if call.number < refused.number}
    later = [call for call in transcript.select(refused.script, "writing") if call.number > refused.number]
    return any(is_done(call) for call in later) and _email_of(refused) not in earlier


def _email_of(write: Exchange) -> str:
    asked = write.identifier
    return str(asked.get("email") if isinstance(asked, Mapping) else asked).lower()


def is_user_exists(exchange: Exchange) -> bool:
    """Tell whether `create` reported that the user exists.

    Args:
        exchange: A call of `create`.
    """
    error = exchange.outcome.error
    return (
        exchange.ending is Ending.FAILED
        and isinstance(error, RecordedError)
        and error.name == "ValidationError"
        and error.arguments[:1] == ("user_exists",)
    )


def contradicted(
    message: str, evidence: tuple[Exchange, ...], blamed: Script, expected: str, *, attribute: str | None = None
) -> Violation:
    """Return the breach of a writing script that a reading script, the last of the evidence, reveals.

    Args:
        message: The message.
        evidence: The exchanges that prove it, in order.
        blamed: The script that wrote.
        expected: The ending of the last exchange if the write had been right, or its attribute.
        attribute: The attribute that shows the breach, or None for the ending.
    """
    look = evidence[-1]
    got = look.ending if attribute is None else kind_of((look.profile or {}).get(attribute))
    path = f"{look.script}.{attribute or 'ending'}"
    return Violation(message, evidence, script=blamed, path=path, expected=expected, got=got)


def undocumented_result(exchange: Exchange, expected: str, advised: str, severity: Severity | None = None) -> Violation:
    """Return the breach of a writing script whose result is none of the documented ones.

    Args:
        exchange: A call that ended `invalid`.
        expected: The documented results, in words.
        advised: The advice on how to end.
        severity: The severity, or None for that of the rule.
    """
    result = exchange.outcome.result
    unfit = unfit_result(result)
    got = unfit or kind_of(result)
    ended = f"returned {got}, which is not a result" if unfit else f"ended with {got}"
    message = f"{exchange.script} {ended}; end with {advised}"
    return Violation(message, (exchange,), severity, path="result", expected=expected, got=got)
