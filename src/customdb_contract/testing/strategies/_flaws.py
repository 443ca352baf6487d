"""Strategies for profiles with exactly one flaw, by the rule that finds it."""

import copy
import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, cast

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from customdb_contract.profiles import (
    MFA_FACTORS_MAX,
    NAME_MAX,
    NICKNAME_MAX,
    PROFILE_MAX_BYTES,
    RESERVED_APP_METADATA,
    RESERVED_ROOT_ATTRIBUTES,
    ROOT_PROFILE_NAMES,
    USER_ID_LINKABLE_MAX,
    USER_ID_MAX,
    USERNAME_MAX,
)
from customdb_contract.testing.strategies import _profiles
from customdb_contract.testing.strategies._arguments import strategy_or
from customdb_contract.testing.strategies._metadata import json_values, metadata

__all__ = ["FLAWS", "NOT_IN_ONE_PROFILE", "flawed_profiles"]

_Profile: TypeAlias = dict[str, object]
_Flaw: TypeAlias = Callable[[_Profile], st.SearchStrategy[_Profile]]

_KINDS: Final = ("user_metadata", "app_metadata")
_NO_FACTORS: Final[tuple[list[dict[str, object]], ...]] = ([], [{}])
_HASHES: Final = (
    "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b9dWA",
    "{SSHA}8VUcyFyQ9x0wFAcZsdzpNj4H9DlVvXNf",
    "pbkdf2_sha256$600000$saltsaltsalt$VJq3cWqJQ0H6kzM9",
)


def flawed_profiles(
    rule: str, /, *, profiles: st.SearchStrategy[dict[str, object]] | None = None
) -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy for profiles that break exactly one rule, with import mode on.

    When login and get_user both return such a profile for the user with its e-mail and username, this rule reports it,
    as a warning or an error, and no other rule does. Some values are not JSON.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        rule: The name of the rule, one of `FLAWS`.
        profiles: A strategy for the profiles before they get the flaw; None stands for `profiles(import_mode=True)`.

    Raises:
        InvalidArgument: When no single profile can break the rule, or an argument has another type.
    """
    if rule not in _FLAWS:
        reason = NOT_IN_ONE_PROFILE.get(rule)
        why = "" if reason is None else f": {reason}"
        message = f"rule={rule!r} cannot be broken by a single profile{why}; choose one of {', '.join(FLAWS)}"
        raise InvalidArgument(message)
    sound = strategy_or("profiles", profiles, lambda: _profiles.profiles(import_mode=True))
    return sound.flatmap(_FLAWS[rule])


def _with(name: str, *values: object) -> _Flaw:
    """Return the flaw of an attribute that has one of some values."""
    return lambda profile: st.sampled_from(values).map(lambda value: {**profile, name: copy.deepcopy(value)})


def _without(name: str) -> _Flaw:
    return lambda profile: st.just({kept: value for kept, value in profile.items() if kept != name})


def _within(kind: str, names: tuple[str, ...], values: st.SearchStrategy[object]) -> _Flaw:
    """Return the flaw of metadata with a field that has one of some names."""

    def flaw(profile: _Profile) -> st.SearchStrategy[_Profile]:
        fields = cast("Mapping[str, object] | None", profile.get(kind)) or {}
        field = st.tuples(st.sampled_from(names), values)
        return field.map(lambda chosen: {**profile, kind: {**fields, chosen[0]: chosen[1]}})

    return flaw


def _made_by(name: str, make: Callable[[_Profile], st.SearchStrategy[object]]) -> _Flaw:
    """Return the flaw of an attribute whose value depends on the rest of the profile."""
    return lambda profile: make(profile).map(lambda value: {**profile, name: value})


def _any_of(*flaws: _Flaw) -> _Flaw:
    return lambda profile: st.one_of(*(flaw(profile) for flaw in flaws))


def _too_long(most: int, beyond: int) -> Callable[[_Profile], st.SearchStrategy[object]]:
    return lambda _: st.integers(most + 1, beyond).map(lambda size: "9" * size)


def _spaced(profile: _Profile) -> st.SearchStrategy[object]:
    return st.sampled_from(" \t\n\N{NO-BREAK SPACE}").map(lambda blank: f"{profile['user_id']}{blank}7")


def _changing(profile: _Profile) -> st.SearchStrategy[object]:
    found = [str(profile[name]) for name in ("email", "phone_number") if profile.get(name)]
    return st.sampled_from([*found, f"shop|{found[0]}", f"{found[0]}:7"])


def _upper_case(profile: _Profile) -> st.SearchStrategy[object]:
    email = str(profile["email"])
    local, _, domain = email.partition("@")
    return st.sampled_from([email.upper(), f"{local}@{domain.upper()}", f"{local}@{domain.capitalize()}"])


def _reserved_root(profile: _Profile) -> st.SearchStrategy[_Profile]:
    names = st.sampled_from(sorted(RESERVED_ROOT_ATTRIBUTES))
    values = st.sampled_from(["2019-01-01T00:00:00.000Z", 7, True])
    return st.tuples(names, values).map(lambda chosen: {**profile, chosen[0]: chosen[1]})


def _secret_names(*names: str) -> _Flaw:
    return _any_of(*(_with(name, "correct horse") for name in names))


def _odd_values() -> st.SearchStrategy[object]:
    """Return a strategy for values that JSON does not have."""
    return st.sampled_from(
        [
            dt.datetime(2019, 1, 1, tzinfo=dt.UTC),
            dt.date(2019, 1, 1),
            decimal.Decimal("7.5"),
            uuid.UUID(int=7),
            b"\xff",
            float("nan"),
        ]
    )


_FLAWS: Final[Mapping[str, _Flaw]] = {
    "missing-user-id": _any_of(_without("user_id"), _with("user_id", None, "")),
    "user-id-not-a-string": _with("user_id", 7, 0, 7.5, ["7"], {"$oid": "7"}),
    "invalid-user-id": _any_of(
        _with("user_id", "undefined", "null", "None", "NaN", "[object Object]"),
        _made_by("user_id", _spaced),
        _made_by("user_id", _too_long(USER_ID_LINKABLE_MAX, USER_ID_MAX + 45)),
    ),
    "prefixed-user-id": _made_by("user_id", lambda profile: st.just(f"auth0|{profile['user_id']}")),
    "mutable-user-id": _made_by("user_id", _changing),
    "invalid-email": _any_of(
        _without("email"),
        _with("email", None, "", "ada", "@example.com", "ada@", "a@b@c", "a..b@example.com", 7),
        _with("email", f"{'a' * 65}@example.com", "a b@example.com", "ada@localhost"),
    ),
    "email-not-lowercase": _made_by("email", _upper_case),
    "email-verified-not-boolean": _with("email_verified", 1, 0, "true", "false", "yes"),
    "missing-email-verified": _any_of(_without("email_verified"), _with("email_verified", None)),
    "invalid-username": _any_of(
        _with("username", "ada l", "", "adä", "ada@example.com", 7),
        _made_by("username", _too_long(USERNAME_MAX, USERNAME_MAX + 22)),
    ),
    "invalid-name": _any_of(
        *(_with(name, "", 7) for name in ("name", "given_name", "family_name", "nickname")),
        *(_made_by(name, _too_long(NAME_MAX, NAME_MAX + 10)) for name in ("name", "given_name", "family_name")),
        _made_by("nickname", _too_long(NICKNAME_MAX, NICKNAME_MAX + 10)),
    ),
    "invalid-phone-number": _any_of(
        _with("phone_number", "0171", "+49 171", "+49-171", "", f"+{'1' * 16}", 49171),
        _with("phone_verified", 1, 0, "yes"),
    ),
    "invalid-picture": _with("picture", "", "/7.png", "7.png", "ftp://example.com/7.png", "https://", 7),
    "invalid-mfa-factors": _with(
        "mfa_factors",
        *_NO_FACTORS,
        [{"sms": {"value": "+1"}}],
        [{"totp": {"secret": "abc"}}],
        [{"totp": {"secret": "ABC="}}],
        [{"phone": {"value": "1"}}],
        [{"email": {"value": "ada"}}],
        [{"phone": {"value": "+1"}}] * (MFA_FACTORS_MAX + 1),
        "totp",
    ),
    "reserved-root-attribute": _reserved_root,
    "reserved-app-metadata": _within("app_metadata", tuple(sorted(RESERVED_APP_METADATA)), json_values()),
    "invalid-metadata-key": _any_of(
        *(_within(kind, ("a.b", "$a", "a$", "."), json_values()) for kind in _KINDS),
        *(_within(kind, ("a",), st.sampled_from([{"a.b": 7}, [{"$a": 7}], {"a": {"b.": 7}}])) for kind in _KINDS),
    ),
    "metadata-not-json": _any_of(
        *(_with(kind, "plan=full", 7, ["full"]) for kind in _KINDS),
        *(_within(kind, ("shop:since", "shop:price"), _odd_values()) for kind in _KINDS),
        *(_within(kind, ("shop:since",), st.lists(_odd_values(), min_size=1, max_size=2)) for kind in _KINDS),
    ),
    "legacy-metadata-name": lambda profile: metadata().map(lambda fields: {**profile, "metadata": fields}),
    "metadata-shadows-profile": _within(
        "app_metadata", tuple(sorted(ROOT_PROFILE_NAMES - RESERVED_APP_METADATA)), json_values()
    ),
    "profile-too-large": _made_by("department", _too_long(PROFILE_MAX_BYTES, 2 * PROFILE_MAX_BYTES)),
    "secret-in-profile": _any_of(
        _secret_names("password", "passwd", "pwd", "password_hash", "salt", "secret", "api_key", "reset_token"),
        _with("credential", *_HASHES),
        *(_within(kind, ("shop:check", "password"), st.sampled_from(_HASHES)) for kind in _KINDS),
    ),
    "access-in-user-metadata": _within(
        "user_metadata", ("role", "roles", "permissions", "is_admin", "scope", "plan", "entitlements"), json_values()
    ),
}

FLAWS: Final = tuple(_FLAWS)
"""The names of the rules that a single profile can break: the arguments of `flawed_profiles`."""

_TWO_PEOPLE: Final = "it compares the profiles of two users"
_INFORMATION: Final = "its findings are information, neither warnings nor errors"

NOT_IN_ONE_PROFILE: Final[Mapping[str, str]] = {
    "unstable-user-id": "it compares two profiles that one script returned for one user",
    "mismatched-user-id": "it compares the profiles that both scripts returned for one user",
    "user-id-changes-with-profile": "it compares the profiles before and after a write",
    "user-id-depends-on-identifier": "it compares the profiles for two spellings of one identifier",
    "shared-user-id": _TWO_PEOPLE,
    "shared-email": _TWO_PEOPLE,
    "shared-username": _TWO_PEOPLE,
    "shared-phone-number": _TWO_PEOPLE,
    "inconsistent-metadata-type": _TWO_PEOPLE,
    "wrong-users-profile": "it compares a profile with the user who was looked up",
    "dynamic-metadata-keys": _INFORMATION,
    "undefined-attribute": _INFORMATION,
    "idp-token-in-profile": _INFORMATION,
}
"""The other rules of the group `profile`, with the reasons why `flawed_profiles` does not accept them."""
