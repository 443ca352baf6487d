"""Screens for rules about attributes, except metadata."""

import functools
from collections.abc import Mapping
from typing import Final

from customdb_contract.audit._engines import Expression, import_ibis
from customdb_contract.audit._screening._screen import NOT_ASCII, Part, Parts, Screening, any_of, only
from customdb_contract.audit._users import FALSE, TRUE
from customdb_contract.profiles import NAME_MAX, NICKNAME_MAX

__all__ = [
    "PLAIN",
    "email_not_lowercase",
    "email_verified_not_boolean",
    "invalid_email",
    "invalid_mfa_factors",
    "invalid_name",
    "invalid_phone_number",
    "invalid_picture",
    "invalid_user_id",
    "invalid_username",
    "missing_email_verified",
    "missing_user_id",
    "mutable_user_id",
    "prefixed_user_id",
    "unreachable_user",
    "user_id_not_a_string",
]

_LABEL: Final = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_EMAIL: Final = f"^[A-Za-z0-9_+-]+([.][A-Za-z0-9_+-]+)*@({_LABEL}[.])+{_LABEL}"
_EMAIL_MAX: Final = 63
"""Up to this length, no part of an e-mail can be too long."""
_PHONE: Final = "^[+][0-9]{1,15}"
_PICTURE: Final = "^https?://[A-Za-z0-9.-][!-~]*"
_USER_ID_MAX: Final = 128
_USERNAME_MAX: Final = 128
_ACCIDENTS: Final = ("undefined", "null", "None", "NaN", "nan", "[object Object]")
_SHORTEST_PART: Final = 5

_HEX_OF_TEXT: Final = "([2-7][0-9A-Fa-f])"
_BASE64_OF_TEXT: Final = "([A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-])"
"""Two and four characters that encode one and three ASCII characters."""

PLAIN: Final[Mapping[str, str]] = {
    "email": _EMAIL.replace("A-Z", ""),
    "phone_number": _PHONE,
    "picture": "^https?://[A-Za-z0-9.-][A-Za-z0-9./_?=&%+~#,;-]*",
}
"""Patterns for the usual texts of a column, in which no screen can find anything."""


@only("user_id")
def missing_user_id(screening: Screening) -> Parts:
    user_id = screening.column("user_id")
    return [user_id.isnull() | (user_id == "")]


@only("user_id")
def user_id_not_a_string(screening: Screening) -> Parts:
    return screening.odd("user_id")


@only("user_id")
def invalid_user_id(screening: Screening) -> Parts:
    user_id = screening.column("user_id")
    return [screening.found("user_id", "[^!-~]"), user_id.length() > _USER_ID_MAX, user_id.isin(_ACCIDENTS)]


@only("user_id")
def prefixed_user_id(screening: Screening) -> Parts:
    return [screening.column("user_id").startswith("auth0|")]


@only("email", "username", "phone_number")
def mutable_user_id(screening: Screening) -> Parts:
    user_id = screening.column("user_id")
    # Beyond ASCII, engines and Python differ in lower case, and in the number of bytes of a character.
    found: list[Expression | Part] = [screening.found("user_id", f"{NOT_ASCII}|[0-9A-Fa-f]{{32}}")]
    for name in ("email", "username", "phone_number"):
        value = screening.column(name)
        if value is not None:
            found.append(_may_be_made_of(user_id, value))
    return found


_HEX_RUNS: Final = ((5, 5), (8, 8))
_BASE64_RUNS: Final = ((5, 1), (9, 3), (15, 5))
"""Minimum lengths of a text, each with the number of groups of two or four characters that it has when encoded."""


def _may_be_made_of(user_id: Expression, value: Expression) -> Expression:
    """Return the condition that an id may contain a value, as it is, in Base64 or as hexadecimal digits."""
    ifelse, size = import_ibis().ifelse, value.length()
    is_long = size >= _SHORTEST_PART
    may_be_hex = is_long & (user_id.length() >= 2 * size)
    may_be_base64 = is_long & (3 * user_id.length() >= 4 * size)
    for least, groups in _HEX_RUNS:
        may_be_hex &= (size < least) | user_id.re_search(f"{_HEX_OF_TEXT}{{{groups}}}")
    for least, groups in _BASE64_RUNS:
        may_be_base64 &= (size < least) | user_id.re_search(f"{_BASE64_OF_TEXT}{{{groups}}}")
    is_within = ifelse(is_long, user_id.lower().contains(value.lower()), user_id.lower() == value.lower())
    # Beyond ASCII, see `mutable_user_id`. Lower-casing can make a text longer, never shorter.
    return (user_id.length() >= size) & any_of([is_within, value.re_search(NOT_ASCII), may_be_hex, may_be_base64])


@only("email")
def invalid_email(screening: Screening) -> Parts:
    email = screening.column("email")
    return [
        email.isnull(),
        Part(screening.unlike("email", _EMAIL), "email"),
        email.length() > _EMAIL_MAX,
        *screening.odd("email"),
    ]


@only("email")
def email_not_lowercase(screening: Screening) -> Parts:
    return [screening.found("email", "[A-Z]|[^ -~]")] if screening.import_mode else []


def _no_boolean(screening: Screening, name: str) -> list[Expression]:
    column = screening.column(name)
    type_ = column.type()
    if type_.is_integer():
        return [column.notin((0, 1)), *screening.odd(name)]
    if type_.is_string():
        return [column.notin((*TRUE, *FALSE)), *screening.odd(name)]
    return screening.odd(name)


@only("email_verified")
def email_verified_not_boolean(screening: Screening) -> Parts:
    return _no_boolean(screening, "email_verified")


def missing_email_verified(screening: Screening) -> Parts | None:
    email, verified = screening.column("email"), screening.column("email_verified")
    if email is None or verified is None:
        return None
    return [any_of([email.notnull(), *screening.odd("email")]) & verified.isnull()]


@only("username")
def invalid_username(screening: Screening) -> Parts:
    username = screening.column("username")
    found = [
        username == "",
        username.length() > _USERNAME_MAX,
        screening.found("username", "[^A-Za-z0-9^$.!`#+'~_-]"),
        *screening.odd("username"),
    ]
    if not screening.import_mode:
        return []
    return [*found, username.isnull()] if screening.requires_username else found


@only("name", "given_name", "family_name", "nickname")
def invalid_name(screening: Screening) -> Parts:
    found: list[Expression] = []
    for name in ("name", "given_name", "family_name", "nickname"):
        column = screening.column(name)
        if column is not None:
            most = NICKNAME_MAX if name == "nickname" else NAME_MAX
            found += [column == "", column.length() > most, *screening.odd(name)]
    return found


@only("phone_number", "phone_verified")
def invalid_phone_number(screening: Screening) -> Parts:
    number = screening.column("phone_number")
    found: list[Expression | Part] = []
    if number is not None:
        is_odd = screening.unlike("phone_number", _PHONE)
        found += [Part(is_odd, "phone_number"), *screening.odd("phone_number")]
    if screening.users.has("phone_verified"):
        found += _no_boolean(screening, "phone_verified")
    return found


@only("picture")
def invalid_picture(screening: Screening) -> Parts:
    is_odd = screening.unlike("picture", _PICTURE)
    return [Part(is_odd, "picture"), *screening.odd("picture")]


@only("mfa_factors")
def invalid_mfa_factors(screening: Screening) -> Parts:
    return [screening.column("mfa_factors").notnull()]


@only("email", "username", "phone_number")
def unreachable_user(screening: Screening) -> list[Expression]:
    columns = [screening.column(name) for name in ("email", "username", "phone_number")]
    missing = [column.isnull() | (column == "") for column in columns if column is not None]
    return [functools.reduce(lambda one, other: one & other, missing)]
