"""Turns the profile that a script returned into the record that Auth0 keeps, and lists what Auth0 does not import."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from attrs import evolve

from customdb_contract.connection import Connection
from customdb_contract.profiles import (
    PHONE_PATTERN,
    PROFILE_ALLOWANCE_BYTES,
    PROFILE_MAX_BYTES,
    email_problem,
    generated_attributes,
    normal_attributes,
    username_problem,
)
from customdb_contract.tenant._knobs import ReloginMetadata, RootAttributes
from customdb_contract.tenant._metadata import merged_deeply, metadata_problems, patched
from customdb_contract.tenant._users import NO_METADATA, PREFIX, Identity, User
from customdb_contract.transcript import Value, plain

__all__ = [
    "METADATA",
    "ROOT_ATTRIBUTES",
    "attributes_of",
    "import_problems",
    "is_beyond_allowance",
    "is_oversized",
    "new_user",
    "raw_user_id",
    "refreshed",
]

ROOT_ATTRIBUTES: Final = ("name", "nickname", "given_name", "family_name", "picture")
"""The attributes that `set_user_root_attributes` applies to."""

METADATA: Final = ("user_metadata", "app_metadata")

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "email": str,
    "email_verified": bool,
    "username": str,
    "phone_number": str,
    "phone_verified": bool,
    **dict.fromkeys(ROOT_ATTRIBUTES, str),
    # An abstract class alone is slow to check.
    **dict.fromkeys(METADATA, (dict, Mapping)),
}
"""The attributes that both a script's profile and a record have, by the type that Auth0 documents."""

_KEPT_ELSEWHERE: Final = frozenset({"user_id", "identities", "mfa_factors"})
_PHONE: Final = re.compile(PHONE_PATTERN)


def attributes_of(profile: Mapping[str, Value], *, import_mode: bool) -> dict[str, Value]:
    """Return the attributes that Auth0 derives from a profile.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>.

    Args:
        profile: The recorded profile that a script returned.
        import_mode: Whether "Import Users to Auth0" is on.
    """
    told = cast("Mapping[str, object]", plain(profile))
    return cast("dict[str, Value]", normal_attributes(told, import_mode=import_mode))


def raw_user_id(attributes: Mapping[str, Value]) -> str | None:
    """Return the `user_id` without the prefix, or None if the profile has none that is a string.

    Args:
        attributes: The attributes that Auth0 derived from a profile.
    """
    user_id = attributes.get("user_id")
    return user_id if isinstance(user_id, str) and user_id.strip() else None


def is_oversized(size: int) -> bool:
    """Tell whether Auth0 flags a profile of this size.

    Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data>.

    Args:
        size: The size in bytes.
    """
    return size > PROFILE_MAX_BYTES


def is_beyond_allowance(size: int) -> bool:
    """Tell whether a log-in with a profile of this size fails; the allowance is about ten times the limit.

    Source: <https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations/migrate-oversized-user-profiles>.

    Args:
        size: The size in bytes.
    """
    return size > PROFILE_ALLOWANCE_BYTES


def import_problems(attributes: Mapping[str, Value], connection: Connection) -> Iterator[str]:
    """Yield the reasons why Auth0 does not import a profile with import mode on, except for `mfa_factors`.

    Sources: <https://auth0.com/docs/users/migrations/automatic> (e-mail and username),
    <https://auth0.com/docs/authenticate/database-connections/require-username> (username),
    <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data> (metadata).

    Args:
        attributes: The attributes that Auth0 derived from the profile.
        connection: The settings of the connection.
    """
    yield from _text_problems("email", attributes.get("email"), email_problem, is_required=True)
    username = attributes.get("username")
    yield from _text_problems("username", username, username_problem, is_required=connection.requires_username)
    phone = attributes.get("phone_number")
    if phone is not None and not (isinstance(phone, str) and _PHONE.fullmatch(phone)):
        yield "phone_number is not + and 1 to 15 digits"
    for name in METADATA:
        if attributes.get(name) is not None:
            yield from metadata_problems(name, attributes[name])


def _text_problems(
    name: str, value: Value, problem_of: Callable[[str], str | None], *, is_required: bool
) -> Iterator[str]:
    if value is None:
        if is_required:
            yield f"{name} is missing"
    elif not isinstance(value, str):
        yield f"{name} is not a string"
    elif problem := problem_of(value):
        yield f"{name} {problem}"


def new_user(
    attributes: Mapping[str, Value],
    user_id: str,
    connection: str,
    root_attributes: RootAttributes,
    *,
    at: datetime,
    is_logging_in: bool = False,
    leave_out: Sequence[str] = (),
) -> User:
    """Return the record that Auth0 creates for a new user.

    Args:
        attributes: The attributes that Auth0 derived from the profile.
        user_id: The `user_id` without the prefix.
        connection: The name of the connection.
        root_attributes: When the root attributes are taken from a script.
        at: Now.
        is_logging_in: Whether it is made by a log-in, which counts as the first one.
        leave_out: Attributes that are lost.
    """
    are_generated = root_attributes is RootAttributes.NEVER_ON_LOGIN
    left_out = (*leave_out, *ROOT_ATTRIBUTES) if are_generated else leave_out
    taken = {name: value for name, value in attributes.items() if name not in left_out} if left_out else attributes
    if are_generated:
        taken = {**taken, **generated_attributes(taken)}
    typed = _typed(taken)
    return User(
        user_id=PREFIX + user_id,
        connection=connection,
        identities=(Identity(connection=connection, user_id=user_id, tokens=_tokens(attributes)),),
        created_at=at,
        updated_at=at,
        last_login=at if is_logging_in else None,
        logins_count=int(is_logging_in),
        extra=_extra(taken, typed),
        **typed,
    )


def refreshed(
    user: User,
    attributes: Mapping[str, Value],
    returned: Mapping[str, Value],
    root_attributes: RootAttributes,
    metadata: ReloginMetadata,
) -> User:
    """Return a record after another log-in with import mode off: the cached profile follows the Login script.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/update-user-profiles-using-your-database>.

    Args:
        user: The record before.
        attributes: The attributes that Auth0 derived from the profile.
        returned: The profile as Login returned it: generated values replace nothing.
        root_attributes: When the root attributes are taken from a script.
        metadata: How the metadata changes.
    """
    are_taken = root_attributes is RootAttributes.ON_EACH_LOGIN
    left_alone = {*METADATA, *(() if are_taken else ROOT_ATTRIBUTES)}
    given = {name: value for name, value in attributes.items() if name in returned and name not in left_alone}
    typed = _typed(given)
    # The metadata is unchanged so far.
    return evolve(
        user,
        identities=(evolve(user.identities[0], tokens=_tokens(attributes)),),
        user_metadata=_again(user.user_metadata, attributes.get("user_metadata"), metadata),
        app_metadata=_again(user.app_metadata, attributes.get("app_metadata"), metadata),
        extra={**user.extra, **_extra(given, typed)},
        **typed,
    )


def _again(before: Mapping[str, Value], returned: Value, manner: ReloginMetadata) -> Mapping[str, Value]:
    if not isinstance(returned, Mapping) or manner is ReloginMetadata.FIRST_LOGIN_ONLY:
        return before
    return patched(before, returned) if manner is ReloginMetadata.REPLACE_KEY else merged_deeply(before, returned)


def _typed(attributes: Mapping[str, Value]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name in _TYPES and isinstance(value, _TYPES[name])}


def _extra(attributes: Mapping[str, Value], typed: Mapping[str, Value]) -> Mapping[str, Value]:
    extra = {
        name: value
        for name, value in attributes.items()
        if value is not None and name not in typed and name not in _KEPT_ELSEWHERE
    }
    # Almost no user has any, and a separate empty mapping for each takes memory.
    return extra or NO_METADATA


def _tokens(attributes: Mapping[str, Value]) -> Mapping[str, Value]:
    match attributes.get("identities"):
        case [Mapping() as first, *_]:
            return first
        case _:
            return NO_METADATA
