"""Auth0's limits, patterns and reserved names for the attributes of a profile. Each fact is stated once, here.

Sources: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure> (attributes),
<https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data> (metadata),
<https://auth0.com/docs/manage-users/user-migration/import-user-mfa-authenticator-enrollments> (MFA factors),
<https://auth0.com/docs/authenticate/database-connections/require-username> (username),
<https://auth0.com/docs/manage-users/user-accounts/user-account-linking> and the Management API's schema (user_id).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from customdb_contract.secrets import SecretKind, is_marker, kinds_in

__all__ = [
    "EMAIL_LOCAL_MAX",
    "EMAIL_MAX",
    "MFA_FACTORS_MAX",
    "NAME_API_MAX",
    "NAME_MAX",
    "NICKNAME_MAX",
    "PHONE_PATTERN",
    "PICTURE_PATTERN",
    "PROFILE_ALLOWANCE_BYTES",
    "PROFILE_MAX_BYTES",
    "RESERVED_APP_METADATA",
    "RESERVED_ROOT_ATTRIBUTES",
    "ROOT_PROFILE_NAMES",
    "SUSPECT_ROOT_ATTRIBUTES",
    "TOTP_SECRET_PATTERN",
    "USERNAME_MAX",
    "USERNAME_PATTERN",
    "USER_ID_LINKABLE_MAX",
    "USER_ID_MAX",
    "USER_ID_PATTERN",
    "email_problem",
    "metadata_key_problems",
    "mfa_factors_problem",
    "username_problem",
]

USER_ID_MAX: Final = 255
"""Characters of a `user_id`, by the Management API's schema."""
USER_ID_LINKABLE_MAX: Final = 128
"""Characters of a `user_id` that can still become the primary identity of linked accounts."""
USER_ID_PATTERN: Final = r"^\S+$"
"""A `user_id` has no white space."""

EMAIL_LOCAL_MAX: Final = 64
"""Characters before the `@`."""
EMAIL_MAX: Final = 254
"""Characters of a whole e-mail address."""

USERNAME_MAX: Final = 128
"""Characters of a username; a connection's own limit, 15 unless configured, can be lower."""
USERNAME_PATTERN: Final = r"^[A-Za-z0-9@^$.!`\-#+'~_]+$"
"""The characters of a username."""

NAME_MAX: Final = 150
"""Characters of `name`, `given_name` and `family_name`."""
NAME_API_MAX: Final = 300
"""Characters of `name` that the Management API's schema accepts; a generated name, the e-mail, can be that long."""
NICKNAME_MAX: Final = 350
"""Characters of `nickname`."""
PHONE_PATTERN: Final = r"^\+[0-9]{1,15}$"
"""A phone number in the form of E.164."""
PICTURE_PATTERN: Final = r"^https?://[^\s/?#]+[^\s]*$"
"""A picture is an absolute URL."""

MFA_FACTORS_MAX: Final = 10
"""Items of `mfa_factors`; there is at least one."""
TOTP_SECRET_PATTERN: Final = r"^[A-Z2-7]+$"  # noqa: S105 - a pattern
"""A TOTP secret in Base32 without padding, in upper case."""

PROFILE_MAX_BYTES: Final = 10_240
"""Bytes of a profile as JSON above which Auth0 flags it as oversized."""
PROFILE_ALLOWANCE_BYTES: Final = 10 * PROFILE_MAX_BYTES
"""Approximate bytes of a profile as JSON above which log-ins with it fail.

Source: <https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations/migrate-oversized-user-profiles>.
"""

RESERVED_APP_METADATA: Final = frozenset(
    {
        "__tenant",
        "_id",
        "blocked",
        "clientID",
        "created_at",
        "email_verified",
        "email",
        "globalClientID",
        "global_client_id",
        "identities",
        "lastIP",
        "lastLogin",
        "loginsCount",
        "metadata",
        "multifactor_last_modified",
        "multifactor",
        "updated_at",
        "user_id",
    }
)
"""Names that `app_metadata` must not contain."""

RESERVED_ROOT_ATTRIBUTES: Final = frozenset(
    {
        "identities",
        "created_at",
        "updated_at",
        "last_login",
        "last_ip",
        "logins_count",
        "last_password_reset",
        "multifactor",
        "multifactor_last_modified",
        "blocked_for",
        "guardian_authenticators",
        "tenant",
    }
)
"""Root attributes that Auth0 documents as its own."""

SUSPECT_ROOT_ATTRIBUTES: Final = frozenset(
    {
        "_id",
        "__tenant",
        "clientID",
        "client_id",
        "globalClientID",
        "global_client_id",
        "lastIP",
        "lastLogin",
        "loginsCount",
        "connection",
        "provider",
        "isSocial",
        "stats",
    }
)
"""Root attributes that belong to Auth0 because they are reserved elsewhere; no page says so."""

ROOT_PROFILE_NAMES: Final = frozenset(
    {
        "user_id",
        "email",
        "email_verified",
        "username",
        "phone_number",
        "phone_verified",
        "name",
        "nickname",
        "given_name",
        "family_name",
        "picture",
        "blocked",
    }
)
"""The attributes of a normalized profile; in Rules and Actions, `app_metadata` keys of the same names override them."""

_LOCAL_PART: Final = re.compile(r"[^\s@\"(),:;<>\[\\\]]+")
_QUOTED_LOCAL_PART: Final = re.compile(r'"(?:[^"\\]|\\.)+"')
_DOMAIN_LABEL: Final = re.compile(r"(?!-)[^\s@.\"(),:;<>\[\\\]_/?#&%=+*'!$]{1,63}(?<!-)")
_PHONE: Final = re.compile(PHONE_PATTERN)
_TOTP_SECRET: Final = re.compile(TOTP_SECRET_PATTERN)
_USERNAME: Final = re.compile(USERNAME_PATTERN)
_SCALARS: Final = (str, int, float, type(None))


def email_problem(email: str) -> str | None:
    """Return what is wrong with an e-mail address, or None.

    Args:
        email: The address.
    """
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain:
        return "is not an e-mail address: it needs one @ with something on both sides"
    if len(local) > EMAIL_LOCAL_MAX:
        return f"has {len(local)} characters before the @, and at most {EMAIL_LOCAL_MAX} are allowed"
    if len(email) > EMAIL_MAX:
        return f"has {len(email)} characters, and at most {EMAIL_MAX} are allowed"
    dotted = local.startswith(".") or local.endswith(".") or ".." in local
    if not _QUOTED_LOCAL_PART.fullmatch(local) and (dotted or not _LOCAL_PART.fullmatch(local)):
        return "is not an e-mail address: the part before the @ has a character or dots that are not allowed there"
    labels = domain.split(".")
    if len(labels) < 2 or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - a name and its top-level domain
        return "is not an e-mail address: the part after the @ is not a domain"
    return None


def username_problem(username: str) -> str | None:
    """Return what is wrong with a username, or None.

    Args:
        username: The username.
    """
    if not username:
        return "is empty"
    if len(username) > USERNAME_MAX:
        return f"has {len(username)} characters, and at most {USERNAME_MAX} are allowed"
    if not _USERNAME.fullmatch(username):
        return "has a character other than letters, digits and @ ^ $ . ! ` - # + ' ~ _"
    if email_problem(username) is None:
        return "is an e-mail address, which a username must not be"
    return None


def mfa_factors_problem(factors: object) -> str | None:
    """Return what is wrong with `mfa_factors`, or None. Secrets are not quoted.

    Args:
        factors: The value.
    """
    if not isinstance(factors, list | tuple):
        return "is not an array"
    items = cast("Sequence[object]", factors)
    if not 1 <= len(items) <= MFA_FACTORS_MAX:
        return f"has {len(items)} items, and 1 to {MFA_FACTORS_MAX} are allowed"
    for index, item in enumerate(items):
        problem = _mfa_factor_problem(item)
        if problem:
            return f"[{index}] {problem}"
    return None


_MFA_SHAPES: Final[Mapping[str, str]] = {"totp": "secret", "phone": "value", "email": "value"}


def _mfa_factor_problem(item: object) -> str | None:
    if not isinstance(item, Mapping) or len(cast("Mapping[object, object]", item)) != 1:
        return "must be an object with exactly one of totp, phone, email"
    ((kind, content),) = cast("Mapping[object, object]", item).items()
    key = _MFA_SHAPES.get(kind) if isinstance(kind, str) else None
    if key is None:
        return "must be an object with exactly one of totp, phone, email"
    if not isinstance(content, Mapping) or set(cast("Mapping[object, object]", content)) != {key}:
        return f"{kind} must be an object with {key} and nothing else"
    value = cast("Mapping[object, object]", content)[key]
    if not isinstance(value, str):
        return f"{kind}.{key} is not a string"
    if kind == "totp":
        return None if _is_totp_secret(value) else "totp.secret is not Base32 in upper case without padding"
    if kind == "phone":
        return None if _PHONE.fullmatch(value) else "phone.value is not + and 1 to 15 digits"
    return None if email_problem(value) is None else "email.value is not an e-mail address"


def _is_totp_secret(value: str) -> bool:
    """Tell whether a value is a TOTP secret, or the marker that replaces one in a transcript."""
    is_marker_of_one = is_marker(value) and SecretKind.TOTP_SECRET in kinds_in(value)
    return is_marker_of_one or _TOTP_SECRET.fullmatch(value) is not None


def metadata_key_problems(metadata: object, path: str) -> Iterator[str]:
    """Yield the paths of the keys, at any depth, that contain `.` or `$`.

    Args:
        metadata: `user_metadata` or `app_metadata`.
        path: Its own path, which the returned paths start with.
    """
    if isinstance(metadata, Mapping):
        for key, value in cast("Mapping[object, object]", metadata).items():
            below = f"{path}.{key}"
            if isinstance(key, str) and ("." in key or "$" in key):
                yield below
            if not isinstance(value, _SCALARS):
                yield from metadata_key_problems(value, below)
    elif isinstance(metadata, list | tuple):
        for index, value in enumerate(cast("Sequence[object]", metadata)):
            if not isinstance(value, _SCALARS):
                yield from metadata_key_problems(value, f"{path}[{index}]")
