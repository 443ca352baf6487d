"""The normalized user profile, with its limits, as a pydantic model."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from annotated_types import Len
from attrs import frozen
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from customdb_contract.errors import ProfileError
from customdb_contract.profiles._limits import (
    EMAIL_LOCAL_MAX,
    MFA_FACTORS_MAX,
    NAME_API_MAX,
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    RESERVED_APP_METADATA,
    TOTP_SECRET_PATTERN,
    USER_ID_MAX,
    USER_ID_PATTERN,
    USERNAME_MAX,
    email_problem,
    mfa_factors_problem,
    username_problem,
)
from customdb_contract.profiles._repair import Repair, repair_profile

__all__ = ["Normalized", "Profile", "normalize_profile"]


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("profile", "{problem}", {"problem": problem})


def _email(value: str) -> str:
    problem = email_problem(value)
    if problem:
        raise _refused(problem)
    return value


def _mfa_factors(value: object) -> object:
    problem = mfa_factors_problem(value)
    if problem:
        raise _refused(problem)
    return value


def _metadata(value: object) -> object:
    """Check keys and types at every depth, in one pass without copies."""
    found: list[Any] = [value]
    for item in found:
        kind = item.__class__
        if kind is dict:
            _check_keys(item)
            # A comprehension would cost more than it saves: most objects have no nested ones.
            for below in item.values():
                if below.__class__ not in _SCALARS:
                    found.append(below)  # noqa: PERF401 - see above
        elif kind is list:
            found += [below for below in item if below.__class__ not in _SCALARS]
        else:
            _check_scalar(item)
        if len(found) > _MOST_CONTAINERS:
            problem = f"has more than {_MOST_CONTAINERS} objects and arrays, or contains itself"
            raise _refused(problem)
    return value


def _check_keys(fields: dict[Any, Any]) -> None:
    try:
        keys = "".join(fields)
    except TypeError:
        problem = "has a key that is not a string"
        raise _refused(problem) from None
    if "." in keys or "$" in keys:
        problem = "has a key with . or $ in it, which no key may contain"
        raise _refused(problem)


def _check_scalar(value: object) -> None:
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        problem = f"has a value of the type {type(value).__name__}, which JSON does not have"
        raise _refused(problem)


_SCALARS: Final = frozenset({str, int, bool, type(None)})
_MOST_CONTAINERS: Final = 10_000


def _app_metadata(value: dict[str, Any]) -> dict[str, Any]:
    reserved = RESERVED_APP_METADATA.intersection(value)
    if reserved:
        problem = f"has the reserved names {', '.join(sorted(reserved))}"
        raise _refused(problem)
    return value


# Almost every address is a plain one, which pydantic-core accepts without calling Python.
_PLAIN_EMAIL: Final = r"^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\.[A-Za-z]+$"
_Email: TypeAlias = Annotated[
    Annotated[str, StringConstraints(max_length=EMAIL_LOCAL_MAX, pattern=_PLAIN_EMAIL)]
    | Annotated[str, AfterValidator(_email)],
    Field(union_mode="left_to_right"),
]
_Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX)]
_Metadata: TypeAlias = Annotated[dict[str, Any], BeforeValidator(_metadata)]


class _Part(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]  # pydantic reads it there


class _TotpSecret(_Part):
    secret: Annotated[str, StringConstraints(pattern=TOTP_SECRET_PATTERN)]


class _Totp(_Part):
    totp: _TotpSecret


# Almost every list of factors has one TOTP secret, which pydantic-core also accepts on its own.
_MfaFactors: TypeAlias = Annotated[
    Annotated[list[_Totp], Len(1, MFA_FACTORS_MAX)] | Annotated[list[dict[str, Any]], BeforeValidator(_mfa_factors)],
    Field(union_mode="left_to_right"),
]


class Profile(BaseModel):
    """A normalized user profile: every attribute that a script can return, with its limits; other attributes are kept.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", strict=True)

    user_id: Annotated[str, StringConstraints(max_length=USER_ID_MAX, pattern=USER_ID_PATTERN)]
    email: _Email | None = None
    email_verified: bool | None = None
    username: Annotated[str, StringConstraints(min_length=1, max_length=USERNAME_MAX)] | None = None
    phone_number: Annotated[str, StringConstraints(pattern=PHONE_PATTERN)] | None = None
    phone_verified: bool | None = None
    name: Annotated[str, StringConstraints(min_length=1, max_length=NAME_API_MAX)] | None = None
    nickname: Annotated[str, StringConstraints(min_length=1, max_length=NICKNAME_MAX)] | None = None
    given_name: _Name | None = None
    family_name: _Name | None = None
    picture: Annotated[str, StringConstraints(pattern=PICTURE_PATTERN)] | None = None
    blocked: bool | None = None
    user_metadata: _Metadata | None = None
    app_metadata: Annotated[_Metadata, AfterValidator(_app_metadata)] | None = None
    mfa_factors: _MfaFactors | None = None
    identities: list[dict[str, Any]] | None = None


@frozen
class Normalized:
    """A profile as Auth0 would store it.

    Args:
        profile: The profile.
        repairs: What had to be repaired, in order; empty if the profile was already normalized.
    """

    profile: Profile
    repairs: tuple[Repair, ...]


def normalize_profile(raw: Mapping[str, object], *, import_mode: bool = False) -> Normalized:
    """Return a profile as Auth0 would store it, and the repairs this took. No attribute is lost.

    It is idempotent: normalizing `profile.model_dump(exclude_unset=True)` again repairs nothing. `repair_profile` lists
    the repairs.

    Sources: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>,
    <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        raw: The profile as a script returned it.
        import_mode: Whether "Import Users to Auth0" is on: Auth0 then lower-cases e-mail and username, requires an
            e-mail, and accepts fewer characters in a username.

    Raises:
        ProfileError: When Auth0 would not accept the profile; the message names each attribute and what was expected.
    """
    if not _needs_repair(raw, import_mode=import_mode):
        try:
            profile = Profile.model_validate(raw)
        except ValidationError:
            pass
        else:
            return _normalized(profile, (), import_mode=import_mode)
    repaired = repair_profile(raw, import_mode=import_mode)
    try:
        profile = Profile.model_validate(repaired.attributes)
    except ValidationError as error:
        raise ProfileError(_explain(error)) from None
    return _normalized(profile, repaired.repairs, import_mode=import_mode)


def _needs_repair(raw: Mapping[str, object], *, import_mode: bool) -> bool:
    """Tell whether a profile needs a repair even though the model would accept it; invalid ones show later."""
    if raw.get("name") is None or raw.get("nickname") is None or raw.get("picture") is None:
        return True
    for name in raw:
        if name not in _FIELDS and (raw[name].__class__ not in _SCALARS or name in _RENAMED_OR_MOVED):
            return True
    if not import_mode:
        return False
    own = [raw.get("email"), raw.get("username")]
    return any(isinstance(value, str) and value != value.lower() for value in own)


_FIELDS: Final = frozenset(Profile.model_fields)
_RENAMED_OR_MOVED: Final = frozenset({"id", "access_token", "refresh_token"})


def _normalized(profile: Profile, repairs: tuple[Repair, ...], *, import_mode: bool) -> Normalized:
    problems = _import_problems(profile) if import_mode else ()
    if problems:
        message = f"Auth0 does not import this profile: {'; '.join(problems)}"
        raise ProfileError(message)
    return Normalized(profile, repairs)


def _import_problems(profile: Profile) -> Sequence[str]:
    problems = [] if profile.email else ["email is missing"]
    username = None if profile.username is None else username_problem(profile.username)
    return [*problems, f"username {username}"] if username else problems


def _explain(error: ValidationError) -> str:
    """Describe what is wrong with each attribute. Values are left out, because they can be secrets."""
    # If an attribute can be validated in two ways, the second one's message is the better one: the last message stays.
    problems = {str(item["loc"][0]): item["msg"] for item in error.errors(include_url=False, include_input=False)}
    return "Auth0 does not accept this profile: " + "; ".join(f"{name} {said}" for name, said in problems.items())
