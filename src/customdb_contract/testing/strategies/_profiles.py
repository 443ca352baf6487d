"""Strategies for valid profiles."""

import json
from typing import Final

from hypothesis import strategies as st

from customdb_contract.profiles import MFA_FACTORS_MAX, NAME_MAX, NICKNAME_MAX, PROFILE_MAX_BYTES
from customdb_contract.testing.strategies import _identifiers
from customdb_contract.testing.strategies._arguments import check_flag, strategy_or
from customdb_contract.testing.strategies._metadata import PLAIN_TEXT, metadata

__all__ = ["mfa_factors", "profiles"]

_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_COMFORTABLE_BYTES: Final = PROFILE_MAX_BYTES * 4 // 5
"""From here on, `profile-too-large` reports that the limit is near."""


def mfa_factors() -> st.SearchStrategy[list[dict[str, dict[str, str]]]]:
    """Return a strategy for `mfa_factors` that Auth0 imports: one to ten factors, by app, phone or e-mail.

    Source: <https://auth0.com/docs/manage-users/user-migration/import-user-mfa-authenticator-enrollments>.
    """
    factor = (
        st.text(_BASE32, min_size=1, max_size=32).map(lambda secret: {"totp": {"secret": secret}})
        | _identifiers.phone_numbers().map(lambda number: {"phone": {"value": number}})
        | _identifiers.emails().map(lambda email: {"email": {"value": email}})
    )
    return st.lists(factor, min_size=1, max_size=MFA_FACTORS_MAX)


def profiles(
    *,
    import_mode: bool = False,
    requires_username: bool = False,
    user_ids: st.SearchStrategy[str] | None = None,
    emails: st.SearchStrategy[str] | None = None,
    usernames: st.SearchStrategy[str] | None = None,
    user_metadata: st.SearchStrategy[dict[str, object]] | None = None,
    app_metadata: st.SearchStrategy[dict[str, object]] | None = None,
) -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy for valid profiles: normalizing one repairs nothing, and no rule reports anything.

    Nothing is missing that Auth0 would generate, and e-mail and username are in lower case, so that this is true with
    import mode on and off.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        import_mode: Whether a profile can have an attribute that matters only with import mode on: `mfa_factors`.
        requires_username: Whether every profile has a username; otherwise some have.
        user_ids: A strategy for `user_id`; None stands for `user_ids()`.
        emails: A strategy for `email`; None stands for `emails()`.
        usernames: A strategy for `username`; None stands for `usernames()`.
        user_metadata: A strategy for `user_metadata`; None stands for `metadata()`.
        app_metadata: A strategy for `app_metadata`; None stands for `metadata()`.

    Raises:
        InvalidArgument: When an argument has another type.
    """
    check_flag("import_mode", import_mode)
    check_flag("requires_username", requires_username)
    name = st.text(PLAIN_TEXT, min_size=1, max_size=NAME_MAX)
    username: dict[str, st.SearchStrategy[object]] = {
        "username": strategy_or("usernames", usernames, _identifiers.usernames)
    }
    factors: dict[str, st.SearchStrategy[object]] = {"mfa_factors": mfa_factors()}
    required: dict[str, st.SearchStrategy[object]] = {
        "user_id": strategy_or("user_ids", user_ids, _identifiers.user_ids),
        "email": strategy_or("emails", emails, _identifiers.emails),
        "email_verified": st.booleans(),
        "name": name,
        "nickname": st.text(PLAIN_TEXT, min_size=1, max_size=NICKNAME_MAX),
        "picture": st.integers(0, 2**31).map("https://example.com/{}.png".format),
    }
    optional: dict[str, st.SearchStrategy[object]] = {
        "phone_number": _identifiers.phone_numbers(),
        "phone_verified": st.booleans(),
        "given_name": name,
        "family_name": name,
        "blocked": st.booleans(),
        "user_metadata": strategy_or("user_metadata", user_metadata, metadata),
        "app_metadata": strategy_or("app_metadata", app_metadata, metadata),
        "department": st.text(PLAIN_TEXT, max_size=5),
    }
    return st.fixed_dictionaries(
        required | (username if requires_username else {}),
        optional=optional | ({} if requires_username else username) | (factors if import_mode else {}),
    ).filter(_is_small)


def _is_small(profile: dict[str, object]) -> bool:
    return len(json.dumps(profile, default=str)) <= _COMFORTABLE_BYTES
