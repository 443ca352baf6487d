"""The rules of the group `security`: what people type is not to be trusted, and what they told is kept."""

from customdb_contract.rules.security._enumeration import unknown_user_logged_as_known, user_enumeration
from customdb_contract.rules.security._identifiers import (
    empty_identifier_accepted,
    slow_on_long_input,
    type_confusion,
    unicode_collision,
)
from customdb_contract.rules.security._injection import (
    ldap_injection,
    nosql_injection,
    regex_from_input,
    search_query_injection,
    sql_injection,
    url_injection,
    wildcard_identifier,
)
from customdb_contract.rules.security._leaks import error_leaks_details, log_leaks_secret
from customdb_contract.rules.security._passwords import (
    empty_password_accepted,
    password_compared_loosely,
    password_nul_truncated,
    password_truncated,
)
from customdb_contract.rules.security._source import (
    direct_database_access,
    hardcoded_secret,
    timing_unsafe_compare,
    tls_not_verified,
    weak_password_hash,
)
from customdb_contract.rules.security._storage import plaintext_password_stored
from customdb_contract.rules.security._transport import plaintext_transport
from customdb_contract.rules.security._verification import email_verified_hardcoded

__all__ = [
    "direct_database_access",
    "email_verified_hardcoded",
    "empty_identifier_accepted",
    "empty_password_accepted",
    "error_leaks_details",
    "hardcoded_secret",
    "ldap_injection",
    "log_leaks_secret",
    "nosql_injection",
    "password_compared_loosely",
    "password_nul_truncated",
    "password_truncated",
    "plaintext_password_stored",
    "plaintext_transport",
    "regex_from_input",
    "search_query_injection",
    "slow_on_long_input",
    "sql_injection",
    "timing_unsafe_compare",
    "tls_not_verified",
    "type_confusion",
    "unicode_collision",
    "unknown_user_logged_as_known",
    "url_injection",
    "user_enumeration",
    "weak_password_hash",
    "wildcard_identifier",
]
