"""Judging a transcript, written in the one-line notation, by a few rules."""

from collections.abc import Collection, Sequence
from typing import Final

from customdb_contract.findings import Finding, Report, Status, Verdict
from customdb_contract.rules import CATALOGUE
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import Rule
from customdb_contract.transcript import Transcript
from rules.comparing import without_path

__all__ = ["REACHED", "findings", "report_on", "verdict"]

REACHED: Final[list[Verdict]] = []
"""The verdicts of the test that is running, in order."""


def verdict(rule: Rule, given: str | Transcript, *others: Rule) -> Verdict:
    """Return the verdict of one rule on a transcript; `others` are judged too, so that it can yield to them."""
    transcript = Transcript.parse(given) if isinstance(given, str) else given
    judged = judge_by((rule, *others), transcript).verdict(rule.info.name)
    assert without_path(judged) == set()
    REACHED.append(judged)
    return judged


def report_on(text: str, rules: Collection[Rule] = CATALOGUE) -> Report:
    """Return the report of many rules on a transcript; the approved text has those that can judge it."""
    judged = judge_by(tuple(rules), Transcript.parse(text))
    REACHED.extend(verdict for verdict in judged.verdicts if verdict.status is not Status.NOT_APPLICABLE)
    return judged


def findings(rule: Rule, text: str, *others: Rule) -> Sequence[Finding]:
    """Return the findings of one rule in a transcript; `others` are judged too, so that it can yield to them."""
    return list(verdict(rule, text, *others).findings)
