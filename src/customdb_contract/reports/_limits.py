"""Limits on the size of a report, so that it can be opened whatever a script returns."""

from collections.abc import Sequence
from typing import Final

from customdb_contract.findings import Finding, Verdict

__all__ = ["MOST_FINDINGS", "MOST_OF_A_CALL", "left_out", "shown_findings"]

MOST_FINDINGS: Final = 100
"""Findings of one rule that a report shows; the others are counted."""

MOST_OF_A_CALL: Final = 8_000
"""Characters of one call that a report shows as data; a stored transcript has all that was recorded."""


def shown_findings(verdict: Verdict) -> Sequence[Finding]:
    """Return the findings of a verdict that a report shows.

    Args:
        verdict: The verdict.
    """
    return verdict.findings[:MOST_FINDINGS]


def left_out(verdict: Verdict) -> int:
    """Return how many findings of a verdict a report does not show.

    Args:
        verdict: The verdict.
    """
    return max(0, len(verdict.findings) - MOST_FINDINGS)
