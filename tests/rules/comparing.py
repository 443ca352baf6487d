"""The data of findings: each has the compared path, or belongs to a rule that compares nothing."""

from collections.abc import Collection, Mapping
from typing import Final

from customdb_contract.findings import Report, Verdict

__all__ = ["NOTHING_COMPARED", "without_path"]

NOTHING_COMPARED: Final[Mapping[str, str]] = {
    "anonymous-function": "the whole source",
    "callback-not-called": "the call never ended",
    "missing-script": "the script itself, which the finding names",
    "not-a-single-function": "the whole source",
    "script-not-implemented": "the script itself, which the finding names",
    "throws-synchronously": "an exception, which nothing is compared with",
    "uncaught-async-exception": "an exception, which nothing is compared with",
    "unhandled-error-event": "an exception, which nothing is compared with",
    "unhandled-rejection": "an exception, which nothing is compared with",
    "work-after-callback": "what happens after the end of the call",
}
"""The rules whose findings have no path, and their subjects."""


def without_path(judged: Report | Verdict) -> Collection[str]:
    """Return the names of the rules with a finding whose path is missing."""
    verdicts = judged.verdicts if isinstance(judged, Report) else (judged,)
    return {
        verdict.rule.name
        for verdict in verdicts
        if verdict.rule.name not in NOTHING_COMPARED and any(finding.path is None for finding in verdict.findings)
    }
