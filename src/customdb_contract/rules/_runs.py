"""Judging how runs of an Action end: by an exception, or never."""

from collections.abc import Iterator

from customdb_contract.findings import Held, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import Ending, Escape, ObservedRun, Transcript, observed_runs

__all__ = ["SPECIFIC_TO_ACTIONS", "judge_endings", "judge_escapes"]

SPECIFIC_TO_ACTIONS = ("action-restores-nothing", "action-fails-on-outage", "action-needs-optional-fields")
"""The rules that tell more of a run which did not end as it should."""


def judge_escapes(transcript: Transcript, escape: Escape, did: str, advice: str) -> Iterator[Comparison]:
    """Judge whether exceptions leave an Action in one way.

    Args:
        transcript: The transcript.
        escape: The way.
        did: What the Action did, with `{name}` for the exception.
        advice: What to do about it.
    """
    for seen in observed_runs(transcript):
        outcome = seen.outcome
        if outcome.raised is None or outcome.escape is not escape:
            yield Held((seen.run,))
            continue
        message = f"the Action {did.format(name=outcome.raised.name)}{_during(seen)}; {advice}"
        yield Violation(message, (seen.run,), path="ending")


def judge_endings(transcript: Transcript) -> Iterator[Comparison]:
    """Judge whether an Action returns.

    Args:
        transcript: The transcript.
    """
    for seen in observed_runs(transcript):
        if seen.outcome.ending is Ending.DIED:
            message = f"the Action ends the process that it runs in{_during(seen)}; end every branch by returning"
            yield Violation(message, (seen.run,))
        elif seen.outcome.ending is Ending.TIMED_OUT:
            message = f"the Action does not return{_during(seen)}; end every branch by returning"
            yield Violation(message, (seen.run,), got=f"{seen.outcome.duration:.0f} s")
        else:
            yield Held((seen.run,))


def _during(seen: ObservedRun) -> str:
    is_outage = seen.run.legacy is not None and seen.run.legacy.family == "outage"
    return " in an outage of the legacy system" if is_outage else ""
