"""The rules of the group `consistency`: login and get_user tell the same of the same people."""

from customdb_contract.rules.consistency._creation import (
    create_not_atomic,
    create_not_visible,
    create_stores_extra_fields,
    password_altered,
    username_not_stored,
)
from customdb_contract.rules.consistency._emails import (
    change_email_ineffective,
    change_email_no_op,
    change_email_takes_over,
    change_email_unknown_user,
    change_email_verified_only,
    verify_not_reflected,
)
from customdb_contract.rules.consistency._passwords import (
    change_password_hits_others,
    change_password_ineffective,
    password_reset_changes_user,
)
from customdb_contract.rules.consistency._people import (
    blocked_user_logs_in,
    case_sensitive_identifier,
    inconsistent_trimming,
    login_without_get_user,
    username_not_accepted,
)
from customdb_contract.rules.consistency._profiles import mismatched_profile
from customdb_contract.rules.consistency._reading import read_script_writes

__all__ = [
    "blocked_user_logs_in",
    "case_sensitive_identifier",
    "change_email_ineffective",
    "change_email_no_op",
    "change_email_takes_over",
    "change_email_unknown_user",
    "change_email_verified_only",
    "change_password_hits_others",
    "change_password_ineffective",
    "create_not_atomic",
    "create_not_visible",
    "create_stores_extra_fields",
    "inconsistent_trimming",
    "login_without_get_user",
    "mismatched_profile",
    "password_altered",
    "password_reset_changes_user",
    "read_script_writes",
    "username_not_accepted",
    "username_not_stored",
    "verify_not_reflected",
]
