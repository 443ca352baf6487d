"""The rules of the group `outcome`: each situation ends in the way that Auth0 documents for it."""

from customdb_contract.rules.outcome._change_password import (
    change_password_misreported,
    change_password_outage_hidden,
    change_password_result_type,
    change_password_unknown_user,
)
from customdb_contract.rules.outcome._create import (
    create_duplicate_not_user_exists,
    create_false_success,
    create_unexpected_result,
)
from customdb_contract.rules.outcome._delete import (
    change_email_result_type,
    delete_ineffective,
    delete_misreported,
    delete_rejects_own_user_id,
    delete_unknown_user_inconsistent,
)
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
from customdb_contract.rules.outcome._verify import (
    verify_not_idempotent,
    verify_result_type,
    verify_unknown_user_succeeds,
)

__all__ = [
    "change_email_result_type",
    "change_password_misreported",
    "change_password_outage_hidden",
    "change_password_result_type",
    "change_password_unknown_user",
    "create_duplicate_not_user_exists",
    "create_false_success",
    "create_unexpected_result",
    "delete_ineffective",
    "delete_misreported",
    "delete_rejects_own_user_id",
    "delete_unknown_user_inconsistent",
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
    "verify_not_idempotent",
    "verify_result_type",
    "verify_unknown_user_succeeds",
    "wrong_password_not_reported",
]
