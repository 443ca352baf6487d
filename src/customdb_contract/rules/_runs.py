"""Judging how exceptions leave an Action."""

from collections.abc import Iterator

from customdb_contract.findings import Held, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import Escape, Transcript, observed_runs

__all__ = ["SPECIFIC_TO_ACTIONS", "judge_escapes"]

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
        is_outage = seen.run.legacy is not None and seen.run.legacy.family == "outage"
        during = " in an outage of the legacy system" if is_outage else ""
        yield Violation(
            f"the Action {did.format(name=outcome.raised.name)}{during}; {advice}", (seen.run,), path="ending"
        )
