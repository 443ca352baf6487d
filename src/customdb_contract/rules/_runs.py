"""Judging how runs of an Action end: with an exception, or never."""

from collections.abc import Iterator
from typing import Final

from customdb_contract.findings import Held, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import Ending, Escape, ObservedRun, RecordedError, Transcript, observed_runs

__all__ = ["SPECIFIC_TO_ACTIONS", "is_missing_module", "judge_endings", "judge_escapes"]

SPECIFIC_TO_ACTIONS = ("action-restores-nothing", "action-fails-on-outage", "action-needs-optional-fields")
"""The rules that report more about a run that did not end properly."""

_MISSING_MODULE: Final = "MissingModuleError"
"""The error that the runner throws for a missing module."""


def is_missing_module(raised: RecordedError) -> bool:
    """Tell whether an exception is due to a module that is missing in the check; Auth0 may have it.

    Args:
        raised: The exception.
    """
    return raised.name == _MISSING_MODULE


def judge_escapes(transcript: Transcript, escape: Escape, did: str, advice: str) -> Iterator[Comparison]:
    """Judge whether exceptions escape an Action in one way.

    Args:
        transcript: The transcript.
        escape: The way.
        did: The Action's behaviour, with `{name}` for the exception.
        advice: The advice.
    """
    for seen in observed_runs(transcript):
        outcome = seen.outcome
        if outcome.raised is None or outcome.escape is not escape:
            yield Held((seen.run,))
            continue
        if is_missing_module(outcome.raised):
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
            message = f"the Action ended its process{_during(seen)}; end every branch by returning"
            yield Violation(message, (seen.run,))
        elif seen.outcome.ending is Ending.TIMED_OUT:
            message = f"the Action did not return{_during(seen)}; end every branch by returning"
            yield Violation(message, (seen.run,), got=f"{seen.outcome.duration:.0f} s")
        else:
            yield Held((seen.run,))


def _during(seen: ObservedRun) -> str:
    is_outage = seen.run.legacy is not None and seen.run.legacy.family == "outage"
    return " in an outage of the legacy system" if is_outage else ""
