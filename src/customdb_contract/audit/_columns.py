"""Which columns of a table make which attributes of a profile."""

from collections.abc import Mapping
from typing import TypeAlias

from attrs import Factory, frozen

from customdb_contract.bridges.making import ProfileOf, Row
from customdb_contract.bridges.python_process import PythonProcessFunction
from customdb_contract.passwords import PasswordFormat

__all__ = ["Columns", "Metadata", "ProfileOf", "PythonProcessFunction", "Row"]

Metadata: TypeAlias = str | Mapping[str, str]
"""The column whose JSON makes metadata, or the column of each of its keys."""


@frozen(kw_only=True)
class Columns:
    """The columns that make a profile: what `get_user` returns for a row.

    Args:
        user_id: The column of the key; it also names the row in findings.
        email: That of the e-mail address.
        email_verified: Whether it was verified.
        username: The username.
        phone_number: The phone number.
        phone_verified: Whether it was verified.
        name: The full name.
        nickname: The nickname.
        given_name: The given name.
        family_name: The family name.
        picture: The address of the picture.
        blocked: Whether the user is blocked.
        user_metadata: A column of JSON objects, or the column of each key.
        app_metadata: A column of JSON objects, or the column of each key.
        mfa_factors: A column of JSON arrays.
        others: Columns of further attributes at the root of the profile, by the names of these.
        password_hash: What is stored for the password; it is looked at for its format only, and never shown.
        password_salt: The salt, where it has a column of its own.
        password_formats: The formats that `password_hash` may have, or names of those that are unmistakable; by
            default all of the latter.
        profile_of: Makes the profile of a row in place of the columns above: a function of this process, on a thread,
            or a `PythonProcessFunction`, which can neither end nor hang the audit. `user_id`, `email`, `username` and
            `phone_number` are still looked at as columns, to find out who shares one.
    """

    user_id: str
    email: str | None = None
    email_verified: str | None = None
    username: str | None = None
    phone_number: str | None = None
    phone_verified: str | None = None
    name: str | None = None
    nickname: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    blocked: str | None = None
    user_metadata: Metadata | None = None
    app_metadata: Metadata | None = None
    mfa_factors: str | None = None
    others: Mapping[str, str] = Factory(dict[str, str])
    password_hash: str | None = None
    password_salt: str | None = None
    password_formats: tuple[str | PasswordFormat, ...] = ()
    profile_of: ProfileOf | PythonProcessFunction | None = None
