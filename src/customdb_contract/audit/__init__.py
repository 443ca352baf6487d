"""The audit: every user that a team has, looked at with the rules of profiles, before the move."""

from customdb_contract.audit._columns import Columns, Metadata, ProfileOf, Row
from customdb_contract.audit._findings import AuditReport, Fate, PasswordFormats, ProfileSizes, RuleResult, UserFinding

__all__ = [
    "AuditReport",
    "Columns",
    "Fate",
    "Metadata",
    "PasswordFormats",
    "ProfileOf",
    "ProfileSizes",
    "Row",
    "RuleResult",
    "UserFinding",
]
