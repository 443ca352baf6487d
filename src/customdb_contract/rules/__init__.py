"""The catalogue of rules, and the judgement of a transcript by it."""

from collections.abc import Collection, Mapping
from typing import Final

from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.rules import callback, consistency, migration, outcome, profile, security
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import Rule
from customdb_contract.rules._selection import Selection
from customdb_contract.transcript import Transcript

__all__ = ["CATALOGUE", "Rule", "Selection", "find_rule", "judge", "judge_selected", "select_rules"]

CATALOGUE: Final[tuple[Rule, ...]] = (
    callback.callback_called_twice,
    callback.callback_not_called,
    callback.callback_too_late,
    callback.throws_synchronously,
    callback.uncaught_async_exception,
    callback.unhandled_rejection,
    callback.unhandled_error_event,
    callback.error_not_an_error_object,
    callback.error_without_message,
    callback.result_beside_error,
    callback.wrong_arity,
    callback.context_without_organization,
    callback.work_after_callback,
    callback.user_data_in_global,
    callback.configuration_written,
    callback.connection_leak,
    callback.callback_inside_try,
    callback.not_a_single_function,
    callback.anonymous_function,
    callback.script_too_large,
    callback.unavailable_module,
    callback.no_timeout_on_external_call,
    callback.delete_reads_empty_context,
    outcome.wrong_password_not_reported,
    outcome.unknown_user_not_reported,
    outcome.login_null_result,
    outcome.login_outage_as_wrong_password,
    outcome.inconsistent_error_identifier,
    outcome.not_found_not_null,
    outcome.outage_as_not_found,
    outcome.get_user_ignores_identifier,
    outcome.profile_not_an_object,
    outcome.script_not_implemented,
    outcome.missing_script,
    outcome.create_duplicate_not_user_exists,
    outcome.create_false_success,
    outcome.create_unexpected_result,
    outcome.change_password_unknown_user,
    outcome.change_password_misreported,
    outcome.change_password_result_type,
    outcome.change_password_outage_hidden,
    outcome.verify_result_type,
    outcome.verify_not_idempotent,
    outcome.verify_unknown_user_succeeds,
    outcome.change_email_result_type,
    outcome.delete_misreported,
    outcome.delete_ineffective,
    outcome.delete_unknown_user_inconsistent,
    outcome.delete_rejects_own_user_id,
    profile.missing_user_id,
    profile.user_id_not_a_string,
    profile.invalid_user_id,
    profile.prefixed_user_id,
    profile.mutable_user_id,
    profile.unstable_user_id,
    profile.mismatched_user_id,
    profile.user_id_depends_on_identifier,
    profile.shared_user_id,
    profile.invalid_email,
    profile.wrong_users_profile,
    profile.email_not_lowercase,
    profile.shared_email,
    profile.email_verified_not_boolean,
    profile.missing_email_verified,
    profile.invalid_username,
    profile.invalid_name,
    profile.invalid_phone_number,
    profile.invalid_picture,
    profile.invalid_mfa_factors,
    profile.reserved_root_attribute,
    profile.reserved_app_metadata,
    profile.invalid_metadata_key,
    profile.metadata_not_json,
    profile.legacy_metadata_name,
    profile.metadata_shadows_profile,
    profile.dynamic_metadata_keys,
    profile.inconsistent_metadata_type,
    profile.profile_too_large,
    profile.secret_in_profile,
    profile.undefined_attribute,
    profile.access_in_user_metadata,
    profile.idp_token_in_profile,
    profile.user_id_changes_with_profile,
    consistency.mismatched_profile,
    consistency.login_without_get_user,
    consistency.create_not_visible,
    consistency.password_altered,
    consistency.username_not_stored,
    consistency.create_stores_extra_fields,
    consistency.create_not_atomic,
    consistency.change_password_ineffective,
    consistency.change_password_hits_others,
    consistency.change_email_ineffective,
    consistency.change_email_takes_over,
    consistency.change_email_verified_only,
    consistency.change_email_no_op,
    consistency.change_email_unknown_user,
    consistency.verify_not_reflected,
    consistency.read_script_writes,
    consistency.password_reset_changes_user,
    consistency.case_sensitive_identifier,
    consistency.inconsistent_trimming,
    consistency.username_not_accepted,
    consistency.blocked_user_logs_in,
    migration.metadata_in_one_script_only,
    migration.retired_connection,
    migration.login_deletes_user,
    security.sql_injection,
    security.nosql_injection,
    security.ldap_injection,
    security.search_query_injection,
    security.url_injection,
    security.wildcard_identifier,
    security.empty_password_accepted,
    security.empty_identifier_accepted,
    security.type_confusion,
    security.password_truncated,
    security.password_nul_truncated,
    security.password_compared_loosely,
    security.unicode_collision,
    security.plaintext_transport,
    security.hardcoded_secret,
    security.tls_not_verified,
    security.timing_unsafe_compare,
    security.weak_password_hash,
    security.direct_database_access,
    security.user_enumeration,
    security.unknown_user_logged_as_known,
    security.error_leaks_details,
    security.log_leaks_secret,
    security.email_verified_hardcoded,
    security.plaintext_password_stored,
    security.slow_on_long_input,
    security.regex_from_input,
)
"""Every rule, by group, in the order of the reports."""


def judge(
    transcript: Transcript,
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Report:
    """Judge a transcript by every rule. It calls no script.

    Args:
        transcript: What the scripts did: from a check, written by hand, or stored months ago.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule, in the order of the catalogue.

    Raises:
        ConfigurationError: When a rule or a group is unknown, or a waiver has no reason.
    """
    selection = select_rules(select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on)
    return judge_selected(transcript, selection)


def select_rules(
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Selection:
    """Return a selection of rules, before there is a transcript: a wrong name is told before the first call is made.

    Args:
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Raises:
        ConfigurationError: When a rule or a group is unknown, or a waiver has no reason.
    """
    return Selection.of(CATALOGUE, select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on)


def judge_selected(transcript: Transcript, selection: Selection) -> Report:
    """Judge a transcript by the rules of a selection. It calls no script.

    Args:
        transcript: What the scripts did.
        selection: Which rules, and how.
    """
    return judge_by(CATALOGUE, transcript, selection)


def find_rule(name: str) -> Rule:
    """Return a rule by its name.

    Args:
        name: The rule's name, such as `unstable-user-id`.

    Raises:
        ConfigurationError: When there is no such rule; the message names near matches.
    """
    names = {rule.info.name: rule for rule in CATALOGUE}
    if name not in names:
        import difflib  # noqa: PLC0415 - only a wrong name needs it, and importing it takes a while

        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`customdb-contract rules` lists them"
        message = f"there is no rule {name!r}; {hint}"
        raise ConfigurationError(message)
    return names[name]
