"""Normalization, compared with pydantic and jsonschema for the same profile."""

from collections.abc import Iterator
from typing import Any

import jsonschema
from pydantic import BaseModel, ConfigDict, JsonValue
from typing_extensions import TypedDict

from benchmarks.timing import Measured, ratio
from customdb_contract.profiles import (
    EMAIL_MAX,
    NAME_API_MAX,
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    RESERVED_APP_METADATA,
    TOTP_SECRET_PATTERN,
    USER_ID_MAX,
    USER_ID_PATTERN,
    normalize_profile,
)

TYPICAL: dict[str, object] = {
    "user_id": "shop-7",
    "email": "ada@example.com",
    "email_verified": True,
    "username": "ada",
    "name": "Ada Lovelace",
    "nickname": "ada",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "picture": "https://example.com/ada.png",
    "user_metadata": {"color": "red", "mail": {"news": True, "language": "en"}},
    "app_metadata": {"plan": "full", "roles": ["reader", "writer"], "limits": {"books": 5}},
    "mfa_factors": [{"totp": {"secret": "JBSWY3DPEHPK3PXP"}}],
}


class _Secret(TypedDict):
    secret: str


class _Value(TypedDict):
    value: str


class _Totp(TypedDict):
    totp: _Secret


class _Phone(TypedDict):
    phone: _Value


class _Email(TypedDict):
    email: _Value


class Plain(BaseModel):
    """The same attributes with the same types, but without our rules: no limit, no pattern, no repair."""

    model_config = ConfigDict(extra="allow", strict=True)

    user_id: str
    email: str | None = None
    email_verified: bool | None = None
    username: str | None = None
    phone_number: str | None = None
    phone_verified: bool | None = None
    name: str | None = None
    nickname: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    blocked: bool | None = None
    user_metadata: dict[str, JsonValue] | None = None
    app_metadata: dict[str, JsonValue] | None = None
    mfa_factors: list[_Totp | _Phone | _Email] | None = None
    identities: list[dict[str, Any]] | None = None


_TEXT = {"type": "string", "minLength": 1, "maxLength": NAME_MAX}
_JSON: dict[str, object] = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": {"$ref": "#/$defs/json"}},
        {
            "type": "object",
            "propertyNames": {"pattern": r"^[^.$]*$"},
            "additionalProperties": {"$ref": "#/$defs/json"},
        },
    ]
}
_METADATA: dict[str, object] = {
    "type": "object",
    "propertyNames": {"pattern": r"^[^.$]*$"},
    "additionalProperties": {"$ref": "#/$defs/json"},
}
SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"json": _JSON},
    "type": "object",
    "required": ["user_id"],
    "properties": {
        "user_id": {"type": "string", "maxLength": USER_ID_MAX, "pattern": USER_ID_PATTERN},
        "email": {"type": "string", "maxLength": EMAIL_MAX, "pattern": r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$"},
        "email_verified": {"type": "boolean"},
        "username": {"type": "string", "minLength": 1, "maxLength": 128},
        "phone_number": {"type": "string", "pattern": PHONE_PATTERN},
        "phone_verified": {"type": "boolean"},
        "name": {"type": "string", "minLength": 1, "maxLength": NAME_API_MAX},
        "nickname": {"type": "string", "minLength": 1, "maxLength": NICKNAME_MAX},
        "given_name": _TEXT,
        "family_name": _TEXT,
        "picture": {"type": "string", "pattern": PICTURE_PATTERN},
        "blocked": {"type": "boolean"},
        "user_metadata": _METADATA,
        "app_metadata": {
            **_METADATA,
            "propertyNames": {"pattern": r"^[^.$]*$", "not": {"enum": sorted(RESERVED_APP_METADATA)}},
        },
        "mfa_factors": {
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "items": {
                "type": "object",
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {
                    "totp": {"type": "object", "properties": {"secret": {"pattern": TOTP_SECRET_PATTERN}}},
                    "phone": {"type": "object", "properties": {"value": {"pattern": PHONE_PATTERN}}},
                    "email": {"type": "object", "properties": {"value": {"type": "string"}}},
                },
            },
        },
    },
}


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    number, repeat = (500, 5) if brief else (5000, 15)

    yield Measured(
        "normalize_profile, in times of pydantic validating the same model without our rules",
        ratio(lambda: normalize_profile(TYPICAL), lambda: Plain.model_validate(TYPICAL), number=number, repeat=repeat),
        at_most=1.6,
    )
    validator = jsonschema.Draft202012Validator(SCHEMA)
    yield Measured(
        "jsonschema with the same constraints, in times of normalize_profile",
        ratio(
            lambda: validator.validate(TYPICAL),
            lambda: normalize_profile(TYPICAL),
            number=max(50, number // 50),
            repeat=repeat,
        ),
        at_least=8.0,
    )
