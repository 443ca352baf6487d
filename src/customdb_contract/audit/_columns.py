"""The mapping from the columns of a table to the attributes of a profile."""

from collections.abc import Mapping
from typing import TypeAlias

from attrs import Factory, frozen

from customdb_contract.bridges.making import ProfileOf, Row
from customdb_contract.bridges.python_process import PythonProcessFunction
from customdb_contract.passwords import PasswordFormat

__all__ = ["Columns", "Metadata", "ProfileOf", "PythonProcessFunction", "Row"]

Metadata: TypeAlias = str | Mapping[str, str]
"""A column that contains the metadata as JSON, or the column of each key."""


@frozen(kw_only=True)
class Columns:
    """The columns that make up a profile, as `get_user` returns it for a row.

    Args:
        user_id: The column with the user's key, which also identifies the user in findings.
        email: The column with the e-mail address.
        email_verified: The column that says whether the e-mail is verified.
        username: The username.
        phone_number: The phone number.
        phone_verified: Whether the phone number is verified.
        name: The full name.
        nickname: The nickname.
        given_name: The given name.
        family_name: The family name.
        picture: The URL of the picture.
        blocked: Whether the user is blocked.
        user_metadata: A column of JSON objects, or the column of each key.
        app_metadata: A column of JSON objects, or the column of each key.
        mfa_factors: A column of JSON arrays.
        others: The columns of other attributes at the root of the profile, by name of the attribute.
        password_hash: The column with the stored password; only its format is checked, and it is never shown.
        password_salt: The salt, if it has a column of its own.
        password_formats: The accepted formats of `password_hash`, as objects or by name. Only formats that cannot be
            mistaken for others have names; by default, all of these are accepted.
        profile_of: Creates the profile of a row, instead of the columns above: a function that runs in this process, on
            a thread, or a `PythonProcessFunction`, which can neither end nor hang the audit. `user_id`, `email`,
            `username` and `phone_number` are still read as columns, to find users who share one.
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
