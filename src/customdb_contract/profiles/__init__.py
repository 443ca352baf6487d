"""The normalized user profile: its attributes and limits, what Auth0 makes of one, and how two differ.

The model is imported when it is first used: rules compare profiles without it, and pydantic is slow to import.
"""

import importlib
from typing import TYPE_CHECKING

from customdb_contract.profiles._differences import Difference, differences
from customdb_contract.profiles._limits import (
    EMAIL_LOCAL_MAX,
    EMAIL_MAX,
    MFA_FACTORS_MAX,
    NAME_API_MAX,
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    PROFILE_ALLOWANCE_BYTES,
    PROFILE_MAX_BYTES,
    RESERVED_APP_METADATA,
    RESERVED_ROOT_ATTRIBUTES,
    ROOT_PROFILE_NAMES,
    SUSPECT_ROOT_ATTRIBUTES,
    TOTP_SECRET_PATTERN,
    USER_ID_LINKABLE_MAX,
    USER_ID_MAX,
    USER_ID_PATTERN,
    USERNAME_MAX,
    USERNAME_PATTERN,
    email_problem,
    metadata_key_problems,
    mfa_factors_problem,
    username_problem,
)
from customdb_contract.profiles._repair import (
    Repair,
    Repaired,
    RepairKind,
    generated_attributes,
    generated_picture,
    is_secret_name,
    normal_attributes,
    repair_profile,
)

if TYPE_CHECKING:
    from customdb_contract.profiles._model import Normalized as Normalized
    from customdb_contract.profiles._model import Profile as Profile
    from customdb_contract.profiles._model import normalize_profile as normalize_profile

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
    "Difference",
    "Normalized",
    "Profile",
    "Repair",
    "RepairKind",
    "Repaired",
    "differences",
    "email_problem",
    "generated_attributes",
    "generated_picture",
    "is_secret_name",
    "metadata_key_problems",
    "mfa_factors_problem",
    "normal_attributes",
    "normalize_profile",
    "repair_profile",
    "username_problem",
]

_OF_THE_MODEL = frozenset({"Normalized", "Profile", "normalize_profile"})


def __getattr__(name: str) -> object:
    if name not in _OF_THE_MODEL:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}._model"), name)
    globals()[name] = value
    return value
