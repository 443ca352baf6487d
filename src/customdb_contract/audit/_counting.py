"""Counts findings by rule, keeps a few examples, and passes all of them on without storing them."""

from collections.abc import Callable, Iterable

from attrs import define, field

from customdb_contract.audit._findings import RuleResult, UserFinding
from customdb_contract.audit._own_rules import AuditedRule
from customdb_contract.findings import Severity

__all__ = ["MOST_EXAMPLES", "Counter"]

MOST_EXAMPLES = 5
"""The number of users that a report lists for a rule."""


@define
class _Count:
    users: int = 0
    severity: Severity = Severity.INFO
    examples: list[UserFinding] = field(factory=list[UserFinding])


@define
class Counter:
    """Counts findings.

    Args:
        rules: The checked rules, in the order of the report.
        hand_on: Called with findings as they are found.
    """

    rules: tuple[AuditedRule, ...]
    hand_on: Callable[[Iterable[UserFinding]], None]
    _counts: dict[str, _Count] = field(factory=dict[str, _Count], init=False)
    findings: int = field(default=0, init=False)
    _not_audited: dict[str, str] = field(factory=dict[str, str], init=False)

    def add(self, findings: Iterable[UserFinding]) -> None:
        """Count findings and pass them on.

        Args:
            findings: One for each user and rule.
        """
        for finding in findings:
            self.findings += 1
            self._count(finding).users += 1
            self.hand_on((finding,))

    def note(self, finding: UserFinding, users: int) -> None:
        """Count a finding about several users at once; some of them might have been counted individually.

        Args:
            finding: The finding.
            users: The number of users.
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
        """Note that a rule could not be checked.

        Args:
            rule: The name of the rule.
            why: The reason.
        """
        self._not_audited[rule] = why

    @property
    def left_out(self) -> frozenset[str]:
        """The names of the rules that could not be checked."""
        return frozenset(self._not_audited)

    def results(self) -> tuple[RuleResult, ...]:
        """Return one result for each rule."""
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
