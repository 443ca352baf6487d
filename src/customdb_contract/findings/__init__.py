"""Descriptions of rules, their findings, and the report that contains them."""

from customdb_contract.findings._evidence import shown_around
from customdb_contract.findings._found import Finding, Held, Status, Untried, Verdict, Violation
from customdb_contract.findings._report import Report, worst_exit_code
from customdb_contract.findings._rules import Group, Need, RuleInfo
from customdb_contract.severity import Severity

__all__ = [
    "Finding",
    "Group",
    "Held",
    "Need",
    "Report",
    "RuleInfo",
    "Severity",
    "Status",
    "Untried",
    "Verdict",
    "Violation",
    "shown_around",
    "worst_exit_code",
]
