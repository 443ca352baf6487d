"""The normalized user profile, with its limits, as a pydantic model."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias, cast

from attrs import frozen
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from customdb_contract.errors import ProfileError
from customdb_contract.profiles._limits import (
    NAME_API_MAX,
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    RESERVED_APP_METADATA,
    USER_ID_MAX,
    USER_ID_PATTERN,
    USERNAME_MAX,
    email_problem,
    mfa_factors_problem,
    username_problem,
)
from customdb_contract.profiles._repair import Repair, Repairing

__all__ = ["Normalized", "Profile", "normalize_profile"]

_MAX_DEPTH = 50


def _email(value: str) -> str:
    problem = email_problem(value)
    if problem:
        raise PydanticCustomError("email", "{problem}", {"problem": problem})  # noqa: EM101 - pydantic's own form
    return value


def _mfa_factors(value: object) -> object:
    problem = mfa_factors_problem(value)
    if problem:
        raise PydanticCustomError("mfa_factors", "{problem}", {"problem": problem})  # noqa: EM101
    return value


def _metadata(value: object) -> object:
    """Check keys and types at every depth, in one walk that makes no copies."""
    open_: list[tuple[object, int]] = [(value, 0)]
    while open_:
        item, depth = open_.pop()
        if isinstance(item, dict):
            for key, below in cast("dict[object, object]", item).items():
                if not isinstance(key, str):
                    raise _refused("has a key that is no text")
                if "." in key or "$" in key:
                    raise _refused(f"has the key {key!r}, and no key may contain . or $")
                if below.__class__ not in _SCALARS:
                    open_.append((below, depth + 1))
        elif isinstance(item, list):
            open_ += [(below, depth + 1) for below in cast("list[object]", item) if below.__class__ not in _SCALARS]
        elif not isinstance(item, str | int | float | bool | None):
            raise _refused(f"has a value of the type {type(item).__name__}, which JSON does not have")
        if depth > _MAX_DEPTH:
            raise _refused(f"is nested more than {_MAX_DEPTH} levels deep")
    return value


_SCALARS = frozenset({str, int, bool, type(None)})


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("metadata", "{problem}", {"problem": problem})


def _app_metadata(value: dict[str, Any]) -> dict[str, Any]:
    reserved = RESERVED_APP_METADATA.intersection(value)
    if reserved:
        raise _refused(f"has the reserved names {', '.join(sorted(reserved))}")
    return value


_Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX)]
_Metadata: TypeAlias = Annotated[dict[str, Any], BeforeValidator(_metadata)]


class Profile(BaseModel):
    """A normalized user profile: every attribute that a script may return, with its limits; others are kept.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    user_id: Annotated[str, StringConstraints(max_length=USER_ID_MAX, pattern=USER_ID_PATTERN)]
    email: Annotated[str, AfterValidator(_email)] | None = None
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
    mfa_factors: Annotated[list[dict[str, Any]], BeforeValidator(_mfa_factors)] | None = None
    identities: list[dict[str, Any]] | None = None


@frozen
class Normalized:
    """A profile as Auth0 would store it.

    Args:
        profile: The profile.
        repairs: What had to be repaired, in order; empty when it was normalized already.
    """

    profile: Profile
    repairs: tuple[Repair, ...]


_CONTAINERS = ("user_metadata", "app_metadata", "mfa_factors")
_JSON_SCALARS = frozenset({str, int, bool, type(None)})


def normalize_profile(raw: Mapping[str, object], *, import_mode: bool = False) -> Normalized:
    """Return a profile as Auth0 would store it, and what had to be repaired for that. No attribute is lost.

    It is idempotent: normalizing `profile.model_dump(exclude_unset=True)` again repairs nothing. `repair_profile` says
    what is repaired.

    Sources: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>,
    <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        raw: The profile as a script returned it.
        import_mode: Whether "Import Users to Auth0" is on: Auth0 then lower-cases e-mail and username, needs an e-mail,
            and accepts fewer characters in a username.

    Raises:
        ProfileError: When Auth0 would not accept the profile; the message names each attribute and what was expected.
    """
    repairing = Repairing(raw)
    # Metadata is looked at once, by the model; it is only repaired when the model refuses it.
    repairing.convert(
        [name for name, value in raw.items() if value.__class__ not in _JSON_SCALARS and name not in _CONTAINERS]
    )
    repairing.normalize(import_mode=import_mode)
    try:
        profile = Profile.model_validate(repairing.attributes)
    except ValidationError:
        repairing.convert([name for name in _CONTAINERS if name in repairing.attributes])
        try:
            profile = Profile.model_validate(repairing.attributes)
        except ValidationError as error:
            raise ProfileError(_explain(error)) from None
    problems = _import_problems(profile) if import_mode else ()
    if problems:
        raise ProfileError("the profile is not one that Auth0 imports: " + "; ".join(problems))
    return Normalized(profile, tuple(repairing.repairs))


def _import_problems(profile: Profile) -> Sequence[str]:
    problems = [] if profile.email else ["email is missing"]
    username = None if profile.username is None else username_problem(profile.username)
    return [*problems, f"username {username}"] if username else problems


def _explain(error: ValidationError) -> str:
    # The values stay out: they may be secrets.
    told = (f"{_path(item['loc'])}: {item['msg']}" for item in error.errors(include_url=False, include_input=False))
    return "the profile is not one that Auth0 accepts: " + "; ".join(told)


def _path(location: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in location)
