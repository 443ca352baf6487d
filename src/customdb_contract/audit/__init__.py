"""The audit: checks every user of a store with the rules for profiles, before the move."""

from customdb_contract.audit._about import AUDITED, find_audited
from customdb_contract.audit._auditing import AuditInterrupted, audit
from customdb_contract.audit._columns import Columns, Metadata, ProfileOf, PythonProcessFunction, Row
from customdb_contract.audit._engines import DEFAULT_MEMORY
from customdb_contract.audit._findings import AuditReport, Fate, PasswordFormats, ProfileSizes, RuleResult, UserFinding
from customdb_contract.audit._own_rules import AuditedRule
from customdb_contract.audit._steps import AuditProgress
from customdb_contract.audit._types import column_types

__all__ = [
    "AUDITED",
    "DEFAULT_MEMORY",
    "AuditInterrupted",
    "AuditProgress",
    "AuditReport",
    "AuditedRule",
    "Columns",
    "Fate",
    "Metadata",
    "PasswordFormats",
    "ProfileOf",
    "ProfileSizes",
    "PythonProcessFunction",
    "Row",
    "RuleResult",
    "UserFinding",
    "audit",
    "column_types",
    "find_audited",
]
