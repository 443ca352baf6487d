"""The addresses of pages: those of Auth0 that rules cite, and ours, below the root of the documentation."""

from typing import Final

__all__ = [
    "ACTION_API",
    "ACTION_EVENT",
    "ACTION_GUIDELINES",
    "ACTION_LIMITS",
    "ACTION_METADATA",
    "AUTOMATIC_MIGRATION",
    "CHANGE_EMAIL_TEMPLATE",
    "CHANGE_PASSWORD_TEMPLATE",
    "CONNECTION",
    "CREATE_TEMPLATE",
    "DELETE_TEMPLATE",
    "ERROR_HANDLING",
    "FLEXIBLE_IDENTIFIERS",
    "GET_USER_TEMPLATE",
    "IDENTIFIED_USERS",
    "IMPORTED_FACTORS",
    "LIVES_FOLDER",
    "LOGIN_TEMPLATE",
    "LOG_CODES",
    "METADATA_FIELDS",
    "NODE_18",
    "NORMALIZED_PROFILES",
    "OVERSIZED_PROFILES",
    "PASSKEY_POLICY",
    "PROFILE_STRUCTURE",
    "REQUIRED_USERNAME",
    "RESET_PAGE",
    "RESET_REQUEST",
    "RULES_FOLDER",
    "SCRIPTS",
    "SCRIPTS_FOLDER",
    "SCRIPT_PRACTICES",
    "TEMPLATES",
    "UNIVERSAL_LOGIN",
    "UPDATED_PROFILES",
    "VERIFY_TEMPLATE",
    "rule_page",
]

# Auth0's pages

_DOCS: Final = "https://auth0.com/docs"
_DATABASES: Final = f"{_DOCS}/authenticate/database-connections"
_CUSTOM_DB: Final = f"{_DATABASES}/custom-db"
_USERS: Final = f"{_DOCS}/manage-users"
_PRODUCT: Final = f"{_DOCS}/troubleshoot/product-lifecycle"

CONNECTION: Final = f"{_CUSTOM_DB}/create-db-connection"
SCRIPTS: Final = f"{_CUSTOM_DB}/custom-database-connections-scripts"
SCRIPT_PRACTICES: Final = f"{_CUSTOM_DB}/action-script-best-practices"
ERROR_HANDLING: Final = f"{_CUSTOM_DB}/error-handling"
TEMPLATES: Final = f"{_CUSTOM_DB}/templates"
LOGIN_TEMPLATE: Final = f"{TEMPLATES}/login"
GET_USER_TEMPLATE: Final = f"{TEMPLATES}/get-user"
CREATE_TEMPLATE: Final = f"{TEMPLATES}/create"
VERIFY_TEMPLATE: Final = f"{TEMPLATES}/verify"
CHANGE_PASSWORD_TEMPLATE: Final = f"{TEMPLATES}/change-password"
CHANGE_EMAIL_TEMPLATE: Final = f"{TEMPLATES}/change-email"
DELETE_TEMPLATE: Final = f"{TEMPLATES}/delete"
REQUIRED_USERNAME: Final = f"{_DATABASES}/require-username"
PASSKEY_POLICY: Final = f"{_DATABASES}/passkeys/configure-passkey-policy"
FLEXIBLE_IDENTIFIERS: Final = f"{_DATABASES}/flexible-identifiers-and-attributes"

AUTOMATIC_MIGRATION: Final = f"{_USERS}/user-migration/configure-automatic-migration-from-your-database"
IMPORTED_FACTORS: Final = f"{_USERS}/user-migration/import-user-mfa-authenticator-enrollments"
IDENTIFIED_USERS: Final = f"{_USERS}/user-accounts/identify-users"
METADATA_FIELDS: Final = f"{_USERS}/user-accounts/metadata/metadata-fields-data"
NORMALIZED_PROFILES: Final = f"{_USERS}/user-accounts/user-profiles/normalized-user-profiles"
PROFILE_STRUCTURE: Final = f"{_USERS}/user-accounts/user-profiles/user-profile-structure"
UPDATED_PROFILES: Final = f"{_USERS}/user-accounts/user-profiles/update-user-profiles-using-your-database"
OVERSIZED_PROFILES: Final = f"{_PRODUCT}/deprecations-and-migrations/migrate-oversized-user-profiles"
NODE_18: Final = f"{_PRODUCT}/past-migrations/migrate-nodejs-16-to-nodejs-18"

UNIVERSAL_LOGIN: Final = (
    f"{_DOCS}/authenticate/login/auth0-universal-login/universal-login-vs-classic-login/universal-experience"
)
LOG_CODES: Final = f"{_DOCS}/deploy-monitor/logs/log-event-type-codes"
RESET_PAGE: Final = f"{_DOCS}/customize/login-pages/classic-login/customize-password-reset-page"
RESET_REQUEST: Final = f"{_DOCS}/api/authentication/change-password/change-password"

ACTION_GUIDELINES: Final = f"{_DOCS}/customize/actions/action-coding-guidelines"
ACTION_LIMITS: Final = f"{_DOCS}/customize/actions/limitations"
ACTION_EVENT: Final = f"{_DOCS}/actions/reference/post-login/post-login-event-object"
ACTION_API: Final = f"{_DOCS}/actions/reference/post-login/post-login-api-object"
ACTION_METADATA: Final = "https://support.auth0.com/center/s/article/persist-metadata-in-actions-after-lazy-migration"

# Our pages

RULES_FOLDER: Final = "reference/rules"
SCRIPTS_FOLDER: Final = "reference/scripts"
LIVES_FOLDER: Final = "reference/lives"


def rule_page(name: str) -> str:
    """Return the path of a rule's page; a retired rule keeps its page.

    Args:
        name: The name of the rule.
    """
    return f"{RULES_FOLDER}/{name}.html"
