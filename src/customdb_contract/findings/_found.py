"""The results of a rule: comparisons as it yields them, and findings and the verdict as in a report."""

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
    """The result of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    """It has findings. Whether they make the report fail depends on their severity."""
    NOT_APPLICABLE = "not-applicable"
    """There was nothing to judge; the reason lists what is missing."""
    WAIVED = "waived"
    """Judged and broken, but accepted by the team for a stated reason."""
    DESELECTED = "deselected"
    CRASHED = "crashed"
    """The rule itself failed: a bug in this library."""


@frozen
class Held:
    """One comparison of a rule that passed.

    Args:
        evidence: The records that were compared.
    """

    evidence: tuple[Record, ...]


@frozen
class Untried:
    """A comparison that the check did not try, and without which the rule can't pass.

    Args:
        reason: The reason, for the verdict.
    """

    reason: str


@frozen
class Violation:
    """One breach, as a rule yields it.

    Put values that can differ in the next run, such as an id or a duration, into `expected` and `got`, and write
    `{expected}` and `{got}` in the message, so that the same breach is recognised whatever the values.

    Args:
        message: What happened and what to do.
        evidence: The records that prove it, in order; empty only when the header proves it.
        severity: Its severity; None means that of the rule.
        script: The script at fault; None means that of the last call in the evidence.
        location: File, line and column that show the breach, or None.
        path: The compared part: an attribute such as `user_metadata.plan`, or a part of the call, such as `ending`,
            `error`, `result` or `get_user.email_verified`; None if nothing is compared.
        expected: The expected value, as JSON or in words.
        got: The actual value, as JSON or in words.
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
        """The script at fault: the one given, or else that of the last call in the evidence."""
        calls = (record.script for record in reversed(self.evidence) if isinstance(record, Exchange))
        return self.script or next(calls, None)

    @property
    def told(self) -> str:
        """The message with its values."""
        values = {"{expected}": self.expected, "{got}": self.got}
        return _VALUE.sub(lambda match: brief(str(values[match[0]]), _MOST_OF_A_VALUE), self.message)


@frozen
class Finding:
    """One breach in a report. Findings are equal if their messages and evidence are.

    Args:
        message: What happened and what to do.
        severity: The severity.
        script: The script at fault, or None for the connection.
        evidence: The numbers of the records that prove it, in order.
        location: File, line and column that show the breach, or None.
        path: The compared part, for example `user_metadata.plan`, or None.
        expected: The expected value, as JSON or in words, or None.
        got: The actual value, as JSON or in words, or None.
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
        """The message, after its location if there is one, as a printable line of limited length."""
        return brief(self.message if self.location is None else f"{self.location}: {self.message}", _MOST_OF_A_MESSAGE)


@frozen(kw_only=True)
class Verdict:
    """The result of one rule.

    Args:
        rule: The rule.
        status: The result.
        findings: The breaches; empty unless it failed or is waived.
        held: The number of comparisons that passed.
        reason: The reason why the rule is not applicable, waived or crashed; otherwise None.
        missing: What the check would need to judge the rule.
    """

    rule: RuleInfo
    status: Status
    findings: tuple[Finding, ...] = ()
    held: int = 0
    reason: str | None = None
    missing: tuple[Need, ...] = ()

    @property
    def severity(self) -> Severity:
        """The highest severity of the findings, or the rule's highest possible without findings."""
        return max((finding.severity for finding in self.findings), key=lambda s: s.rank, default=self.rule.severity)
