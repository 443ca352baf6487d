"""The failure of a state machine: the first breach that the records of an example prove."""

from collections.abc import Collection
from functools import cache
from typing import Final

from customdb_contract.connection import Connection
from customdb_contract.findings import Finding, Need, Report, RuleInfo
from customdb_contract.rules import CATALOGUE
from customdb_contract.transcript import Header, Transcript, printable

__all__ = ["proven_breach", "rules_in_sight", "told_breach"]

_OUT_OF_SIGHT: Final = frozenset(
    {
        Need.ACTION,
        Need.ASKING_ACTION,
        Need.CONNECTIONS,
        Need.DISABLED_USER,
        Need.EXPECTED_PROFILE,
        Need.HOSTILE,
        Need.INSPECT,
        Need.JAVASCRIPT,
        Need.LONG_PASSWORD,
        Need.REQUESTS,
        Need.SECOND_OPENING,
        Need.SOURCE,
        Need.UNVERIFIED_USER,
    }
)
"""What the examples of every machine lack."""

_SETTINGS: Final = frozenset(
    {Need.FINAL_DELETION, Need.IMPORT_MODE, Need.LEGACY_MODE, Need.REQUIRES_USERNAME, Need.SCRIPT_CONTEXT}
)
"""Needs that depend on the settings of the connection alone."""


@cache
def rules_in_sight(
    select: frozenset[str], connection: Connection, lacking: frozenset[Need] = frozenset()
) -> frozenset[str]:
    """Return the selected rules that could apply to something in the examples of a machine.

    Args:
        select: Names of rules or groups; empty stands for all.
        connection: The settings of the connection at the beginning of an example.
        lacking: What the examples of this machine lack, in addition to what all of them lack.
    """
    empty = Transcript(Header(connection=connection))
    unseen = _OUT_OF_SIGHT | lacking | {need for need in _SETTINGS if not need.is_met(empty)}
    return frozenset(
        rule.info.name
        for rule in CATALOGUE
        if unseen.isdisjoint(rule.info.needs)
        and (not select or not select.isdisjoint({rule.info.name, rule.info.group.value}))
    )


def proven_breach(report: Report) -> tuple[RuleInfo, Finding] | None:
    """Return the first finding that makes the report fail and that records prove; findings from the header need none.

    Args:
        report: The report on an example.
    """
    return next(
        (
            (verdict.rule, finding)
            for verdict in report.failures
            for finding in verdict.findings
            if finding.evidence and finding.severity.rank >= report.fail_on.rank
        ),
        None,
    )


def told_breach(report: Report, name: str, finding: Finding, advice: Collection[str], shown: Collection[str]) -> str:
    """Return the failure message of a machine.

    Args:
        report: The report on the example.
        name: The name of the broken rule.
        finding: The finding.
        advice: Lines on how to fix it.
        shown: Lines that show what happened, before the transcript.
    """
    return "\n".join(
        [
            f"{finding.severity}: {name}: {printable(finding.told)}",
            *report.evidence_lines(finding),
            *advice,
            "",
            *shown,
            "The whole sequence, to the end; stored in a file, `customdb-contract replay FILE` judges it again:",
            "",
            str(report.transcript),
        ]
    )
