"""Judging a transcript, written in the one-line notation, by a few rules."""

from collections.abc import Sequence

from customdb_contract.findings import Finding, Verdict
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import Rule
from customdb_contract.transcript import Transcript
from rules.comparing import without_path

__all__ = ["findings", "verdict"]


def verdict(rule: Rule, text: str, *others: Rule) -> Verdict:
    """Return the verdict of one rule on a transcript; `others` are judged beside it, so that it can yield to them."""
    judged = judge_by((rule, *others), Transcript.parse(text)).verdict(rule.info.name)
    assert without_path(judged) == set()
    return judged


def findings(rule: Rule, text: str, *others: Rule) -> Sequence[Finding]:
    """Return what one rule finds in a transcript; `others` are judged beside it, so that it can yield to them."""
    return list(verdict(rule, text, *others).findings)
