"""The rules of the group `consistency`: login and get_user tell the same of the same people."""

from customdb_contract.rules.consistency._people import (
    blocked_user_logs_in,
    case_sensitive_identifier,
    inconsistent_trimming,
    login_without_get_user,
    username_not_accepted,
)
from customdb_contract.rules.consistency._profiles import mismatched_profile

__all__ = [
    "blocked_user_logs_in",
    "case_sensitive_identifier",
    "inconsistent_trimming",
    "login_without_get_user",
    "mismatched_profile",
    "username_not_accepted",
]
