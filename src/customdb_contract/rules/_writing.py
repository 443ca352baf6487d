"""Judging writes: the moments of a transcript in which something was written, or looked at afterwards."""

from collections.abc import Collection, Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules._sightings import outages, user_id_of
from customdb_contract.rules._wording import kind_of, unfit_result
from customdb_contract.transcript import Ending, Exchange, Moment, Situation, Transcript, canonical

__all__ = [
    "REFUSALS",
    "TEMPLATES",
    "judge_outages",
    "judge_unknown_users",
    "judge_user_ids",
    "legacy_moments",
    "looks_after",
    "moments",
    "told_result",
]

TEMPLATES: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates"

REFUSALS: Final = frozenset({Ending.NOT_FOUND, Ending.FAILED})
"""How a reading script says that it knows nobody, or lets nobody in."""


def moments(transcript: Transcript, *scripts: Script) -> Iterator[Moment]:
    """Yield the calls of some scripts about people whom the check made, and what was true before each.

    Args:
        transcript: The transcript.
        scripts: The scripts.
    """
    return (moment for moment in transcript.history if moment.exchange.script in scripts)


def legacy_moments(transcript: Transcript, *scripts: Script) -> Iterator[Moment]:
    """Yield the same with import mode off, and nothing with import mode on, where Auth0 never calls these scripts.

    Args:
        transcript: The transcript.
        scripts: The scripts.
    """
    if not transcript.connection.import_mode:
        yield from moments(transcript, *scripts)


def looks_after(transcript: Transcript, script: Script) -> Iterator[tuple[Exchange, Moment]]:
    """Yield each successful write of a script with the looks at the same account before the next write.

    Args:
        transcript: The transcript.
        script: The script that wrote.
    """
    for moment in moments(transcript, Script.LOGIN, Script.GET_USER):
        written = moment.follows
        if written is not None and written.script is script and written.ending is Ending.DONE:
            yield written, moment


def judge_outages(
    transcript: Transcript, script: Script, hidden: Collection[Ending], message: str
) -> Iterator[Comparison]:
    """Judge what a writing script says while the store is out of reach.

    Args:
        transcript: The transcript.
        script: The script.
        hidden: The endings that hide the outage.
        message: What to say of them.
    """
    for exchange in outages(transcript, script):
        if exchange.ending in hidden:
            yield Violation(message, (exchange,))
        elif exchange.ending is Ending.FAILED:
            yield Held((exchange,))


def judge_unknown_users(
    found: Iterator[Moment], hidden: Collection[Ending], message: str, severity: Severity | None = None
) -> Iterator[Comparison]:
    """Judge what a writing script says of somebody who isn't there.

    Args:
        found: The calls of the script.
        hidden: The endings that are wrong.
        message: What to say of them.
        severity: The severity, or None for that of the rule.
    """
    for moment in found:
        exchange = moment.exchange
        if not moment.is_nobodys or exchange.situation is Situation.AT_ONCE:
            continue
        if exchange.ending in hidden:
            yield Violation(message, (exchange,), severity)
        elif exchange.ending in {Ending.DECLINED, Ending.FAILED}:
            yield Held((exchange,))


def judge_user_ids(
    transcript: Transcript, writes: Collection[Script], readers: Collection[Script]
) -> Iterator[Comparison]:
    """Judge whether a script returns the `user_id` after a write that it returned before, at least twice.

    Args:
        transcript: The transcript.
        writes: The scripts that wrote.
        readers: The scripts whose `user_id` is compared.
    """
    seen: dict[tuple[int, Script], list[Exchange]] = {}
    for moment in moments(transcript, Script.LOGIN, Script.GET_USER):
        exchange, account, written = moment.exchange, moment.account, moment.follows
        if account is None or exchange.profile is None or exchange.script not in readers or not moment.is_right:
            continue
        before = seen.setdefault((account.number, exchange.script), [])
        known = {canonical(user_id_of(earlier.profile or {})) for earlier in before}
        if written is not None and written.script in writes and len(before) > 1 and len(known) == 1:
            evidence = (before[-1], written, exchange)
            if canonical(user_id_of(exchange.profile)) in known:
                yield Held(evidence)
            else:
                message = f"{exchange.script} returns another user_id after {written.script} than before"
                yield Violation(f"{message}; derive it from what never changes", evidence, script=exchange.script)
        before.append(exchange)


def told_result(exchange: Exchange) -> str:
    """Return how a message names a result that fits none of the documented endings.

    Args:
        exchange: A call that ended `invalid`.
    """
    result = exchange.outcome.result
    unfit = unfit_result(result)
    return f"returned {unfit}, which is not a result" if unfit else f"ended with {kind_of(result)}"
