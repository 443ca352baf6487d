"""The rules of the group `outcome`: each situation ends in the way that Auth0 documents for it."""

from customdb_contract.rules.outcome._get_user import (
    get_user_ignores_identifier,
    not_found_not_null,
    outage_as_not_found,
)
from customdb_contract.rules.outcome._login import (
    inconsistent_error_identifier,
    login_null_result,
    login_outage_as_wrong_password,
    unknown_user_not_reported,
    wrong_password_not_reported,
)
from customdb_contract.rules.outcome._scripts import missing_script, profile_not_an_object, script_not_implemented

__all__ = [
    "get_user_ignores_identifier",
    "inconsistent_error_identifier",
    "login_null_result",
    "login_outage_as_wrong_password",
    "missing_script",
    "not_found_not_null",
    "outage_as_not_found",
    "profile_not_an_object",
    "script_not_implemented",
    "unknown_user_not_reported",
    "wrong_password_not_reported",
]
