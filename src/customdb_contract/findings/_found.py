"""What a rule found: comparisons as it yields them, findings and the verdict as a report has them."""

import re
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from customdb_contract.contract import Script
from customdb_contract.findings._rules import Need, RuleInfo
from customdb_contract.severity import Severity
from customdb_contract.transcript import Exchange, Record, brief

__all__ = ["Finding", "Held", "Status", "Untried", "Verdict", "Violation"]

_VALUE: Final = re.compile(r"\{(?:expected|got)\}")
_MOST_OF_A_VALUE: Final = 200
_MOST_OF_A_MESSAGE: Final = 1_000


class Status(StrEnum):
    """What became of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    """It has findings. Whether they make the report fail depends on their severity."""
    NOT_APPLICABLE = "not-applicable"
    """There was nothing to look at; the reason says what to give."""
    WAIVED = "waived"
    """Judged and broken, with the team's reason why that is accepted."""
    DESELECTED = "deselected"
    CRASHED = "crashed"
    """The rule itself failed: a bug in this library."""


@frozen
class Held:
    """One comparison that a rule could make, and that turned out well.

    Args:
        evidence: The records that were compared.
    """

    evidence: tuple[Record, ...]


@frozen
class Untried:
    """Something that a rule would have to look at, and that was not tried: without it the rule cannot pass.

    Args:
        reason: Why, for the verdict.
    """

    reason: str


@frozen
class Violation:
    """One breach, as a rule yields it.

    Values that may differ in the next run, such as an id or a duration, belong in `expected` and `got`. In the
    message `{expected}` and `{got}` stand for them, so that the same breach is recognised in spite of them.

    Args:
        message: What was seen and what was expected.
        evidence: The records that prove it, in order; empty only when the header proves it.
        severity: Its severity; None stands for that of the rule.
        script: The script that is to blame; None stands for that of the last call among the evidence.
        location: File, line and column that show it, or None.
        path: What was compared: an attribute such as `user_metadata.plan`, or a part of the call, such as `ending`,
            `error`, `result` or `get_user.email_verified`; None where nothing is compared.
        expected: What was expected, as JSON or in words.
        got: What came instead, as JSON or in words.
    """

    message: str
    evidence: tuple[Record, ...]
    severity: Severity | None = None
    script: Script | None = None
    location: str | None = None
    path: str | None = None
    expected: str | None = None
    got: str | None = None

    @property
    def blamed(self) -> Script | None:
        """The script that is to blame: the one that is named, or else that of the last call among the evidence."""
        calls = (record.script for record in reversed(self.evidence) if isinstance(record, Exchange))
        return self.script or next(calls, None)

    @property
    def told(self) -> str:
        """The message, with the values filled in."""
        values = {"{expected}": self.expected, "{got}": self.got}
        return _VALUE.sub(lambda match: brief(str(values[match[0]]), _MOST_OF_A_VALUE), self.message)


@frozen
class Finding:
    """One breach, in a report. Two are equal when they say the same.

    Args:
        message: What was seen and what was expected.
        severity: How bad it is.
        script: The script that is to blame, or None when it is the connection.
        evidence: The numbers of the records that prove it, in order.
        location: File, line and column that show it, or None.
        path: What was compared, for example `user_metadata.plan`, or None.
        expected: What was expected, as JSON or in words, or None.
        got: What came instead, as JSON or in words, or None.
    """

    message: str
    severity: Severity
    script: Script | None
    evidence: tuple[int, ...]
    location: str | None = None
    path: str | None = field(default=None, eq=False)
    expected: str | None = field(default=None, eq=False)
    got: str | None = field(default=None, eq=False)

    @property
    def told(self) -> str:
        """The message, with the location before it where there is one: one printable line of limited length."""
        return brief(self.message if self.location is None else f"{self.location}: {self.message}", _MOST_OF_A_MESSAGE)


@frozen(kw_only=True)
class Verdict:
    """What became of one rule.

    Args:
        rule: The rule.
        status: What became of it.
        findings: The breaches; empty unless it failed or is waived.
        held: How many comparisons turned out well.
        reason: Why it is not applicable, waived or crashed; otherwise None.
        missing: What would have to be given so that it can be judged.
    """

    rule: RuleInfo
    status: Status
    findings: tuple[Finding, ...] = ()
    held: int = 0
    reason: str | None = None
    missing: tuple[Need, ...] = ()

    @property
    def severity(self) -> Severity:
        """The highest severity of the findings, or the rule's highest possible when there is none."""
        return max((finding.severity for finding in self.findings), key=lambda s: s.rank, default=self.rule.severity)
