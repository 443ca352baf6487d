"""Findings counted rule by rule, with a few examples, and handed on: they are never kept."""

from collections.abc import Callable, Iterable

from attrs import define, field

from customdb_contract.audit._findings import RuleResult, UserFinding
from customdb_contract.audit._own_rules import AuditedRule
from customdb_contract.findings import Severity

__all__ = ["MOST_EXAMPLES", "Counter"]

MOST_EXAMPLES = 5
"""Users that a report names for one rule."""


@define
class _Count:
    users: int = 0
    severity: Severity = Severity.INFO
    examples: list[UserFinding] = field(factory=list[UserFinding])


@define
class Counter:
    """Counts findings.

    Args:
        rules: The rules that are looked at, in the order of the report.
        hand_on: Is given findings as they come.
    """

    rules: tuple[AuditedRule, ...]
    hand_on: Callable[[Iterable[UserFinding]], None]
    _counts: dict[str, _Count] = field(factory=dict[str, _Count], init=False)
    findings: int = field(default=0, init=False)
    _not_audited: dict[str, str] = field(factory=dict[str, str], init=False)

    def add(self, findings: Iterable[UserFinding]) -> None:
        """Count findings and hand them on.

        Args:
            findings: One for each user and rule.
        """
        for finding in findings:
            self.findings += 1
            self._count(finding).users += 1
            self.hand_on((finding,))

    def note(self, finding: UserFinding, users: int) -> None:
        """Count a finding that is about many users, of whom some may have been counted one by one.

        Args:
            finding: The finding.
            users: How many users it is about.
        """
        count = self._count(finding)
        count.users = max(count.users, users)
        self.hand_on((finding,))

    def _count(self, finding: UserFinding) -> _Count:
        count = self._counts.setdefault(finding.rule, _Count())
        if finding.severity.rank > count.severity.rank:
            count.severity = finding.severity
        if len(count.examples) < MOST_EXAMPLES:
            count.examples.append(finding)
        return count

    def leave_out(self, rule: str, why: str) -> None:
        """Note that a rule could not be looked at.

        Args:
            rule: Its name.
            why: The reason.
        """
        self._not_audited[rule] = why

    @property
    def left_out(self) -> frozenset[str]:
        """The names of the rules that could not be looked at."""
        return frozenset(self._not_audited)

    def results(self) -> tuple[RuleResult, ...]:
        """Return what was counted, one result for each rule."""
        return tuple([self._result(rule) for rule in self.rules])

    def _result(self, rule: AuditedRule) -> RuleResult:
        count = self._counts.get(rule.name)
        return RuleResult(
            rule=rule.name,
            severity=rule.severity if count is None else count.severity,
            summary=rule.summary,
            fate=rule.fate,
            users=0 if count is None else count.users,
            examples=() if count is None else tuple(count.examples),
            not_audited=self._not_audited.get(rule.name, ""),
        )
