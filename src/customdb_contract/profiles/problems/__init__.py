"""What can be wrong with one profile: a predicate for each rule that judges it alone, without a transcript.

The rules of a check use these predicates, and so does everything else that judges profiles.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from customdb_contract.profiles.problems._attributes import (
    email_not_lowercase,
    email_verified_not_boolean,
    invalid_email,
    invalid_mfa_factors,
    invalid_name,
    invalid_phone_number,
    invalid_picture,
    invalid_username,
    missing_email_verified,
)
from customdb_contract.profiles.problems._metadata import (
    access_in_user_metadata,
    dynamic_metadata_keys,
    invalid_metadata_key,
    legacy_metadata_name,
    metadata_not_json,
    metadata_shadows_profile,
    reserved_app_metadata,
)
from customdb_contract.profiles.problems._problem import Circumstances, Owner, Predicate, Problem
from customdb_contract.profiles.problems._roots import (
    idp_token_in_profile,
    profile_too_large,
    reserved_root_attribute,
    undefined_attribute,
)
from customdb_contract.profiles.problems._secrets import secret_in_profile
from customdb_contract.profiles.problems._user_ids import (
    invalid_user_id,
    missing_user_id,
    mutable_user_id,
    prefixed_user_id,
    user_id_not_a_string,
)
from customdb_contract.profiles.problems._values import CUT, NotJson, json_size, kind_of, readable, user_id_of

__all__ = [
    "CUT",
    "PREDICATES",
    "Circumstances",
    "NotJson",
    "Owner",
    "Predicate",
    "Problem",
    "access_in_user_metadata",
    "dynamic_metadata_keys",
    "email_not_lowercase",
    "email_verified_not_boolean",
    "idp_token_in_profile",
    "invalid_email",
    "invalid_metadata_key",
    "invalid_mfa_factors",
    "invalid_name",
    "invalid_phone_number",
    "invalid_picture",
    "invalid_user_id",
    "invalid_username",
    "json_size",
    "kind_of",
    "legacy_metadata_name",
    "metadata_not_json",
    "metadata_shadows_profile",
    "missing_email_verified",
    "missing_user_id",
    "mutable_user_id",
    "prefixed_user_id",
    "problems_of",
    "profile_too_large",
    "readable",
    "reserved_app_metadata",
    "reserved_root_attribute",
    "secret_in_profile",
    "undefined_attribute",
    "user_id_not_a_string",
    "user_id_of",
]

PREDICATES: Final[Mapping[str, Predicate]] = MappingProxyType(
    {
        "missing-user-id": missing_user_id,
        "user-id-not-a-string": user_id_not_a_string,
        "invalid-user-id": invalid_user_id,
        "prefixed-user-id": prefixed_user_id,
        "mutable-user-id": mutable_user_id,
        "invalid-email": invalid_email,
        "email-not-lowercase": email_not_lowercase,
        "email-verified-not-boolean": email_verified_not_boolean,
        "missing-email-verified": missing_email_verified,
        "invalid-username": invalid_username,
        "invalid-name": invalid_name,
        "invalid-phone-number": invalid_phone_number,
        "invalid-picture": invalid_picture,
        "invalid-mfa-factors": invalid_mfa_factors,
        "reserved-root-attribute": reserved_root_attribute,
        "undefined-attribute": undefined_attribute,
        "profile-too-large": profile_too_large,
        "idp-token-in-profile": idp_token_in_profile,
        "reserved-app-metadata": reserved_app_metadata,
        "invalid-metadata-key": invalid_metadata_key,
        "metadata-not-json": metadata_not_json,
        "legacy-metadata-name": legacy_metadata_name,
        "metadata-shadows-profile": metadata_shadows_profile,
        "dynamic-metadata-keys": dynamic_metadata_keys,
        "access-in-user-metadata": access_in_user_metadata,
        "secret-in-profile": secret_in_profile,
    }
)
"""The predicates by the names of their rules, in the order of the rules."""


def problems_of(
    profile: Mapping[str, object], *, import_mode: bool, requires_username: bool = False
) -> Iterator[Problem]:
    """Yield every problem of a profile that shows without another profile, rule by rule.

    The rules of the group `profile` report the same when a script returns that profile.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        profile: The profile, as plain Python; its values can have any type.
        import_mode: Whether "Import Users to Auth0" is on.
        requires_username: Whether every user of the connection has a username.
    """
    circumstances = Circumstances(import_mode=import_mode, requires_username=requires_username)
    read = readable(profile)
    for predicate in PREDICATES.values():
        for problem in predicate(read, circumstances):
            if problem is not None:
                yield problem
