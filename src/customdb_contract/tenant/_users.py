"""Auth0's data about a user: the record in the tenant, and the record in the internal store of a connection."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from customdb_contract.errors import UndocumentedOperationError
from customdb_contract.tenant._hashing import PasswordHash
from customdb_contract.transcript import Value

__all__ = ["NO_METADATA", "PREFIX", "Identity", "InternalUser", "Pending", "User", "identifier_of"]

PREFIX: Final = "auth0|"
"""The prefix that Auth0 adds to every `user_id` that a script returns.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.
"""

NO_METADATA: Final[Mapping[str, Value]] = {}


@frozen(kw_only=True)
class Identity:
    """An identity of a user; a user of a database connection has one.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        connection: The name of the connection.
        user_id: The `user_id` as the script returned it, without the prefix `auth0|`.
        provider: The kind of the connection.
        tokens: `access_token` and `refresh_token`, if the script returned them.
    """

    connection: str
    user_id: str
    provider: str = "auth0"
    tokens: Mapping[str, Value] = NO_METADATA


@frozen(kw_only=True)
class User:
    """A user record of the tenant, under Auth0's own names.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        user_id: The key of the record, with the prefix `auth0|`.
        connection: The connection that the user belongs to.
        identities: The user's identities.
        email: The e-mail; with import mode on, in lower case.
        email_verified: Whether the e-mail is verified.
        username: The username, or None; with import mode on, in lower case.
        phone_number: The phone number, or None.
        phone_verified: Whether the phone number is verified.
        name: The full name.
        nickname: The nickname.
        given_name: The given name, or None.
        family_name: The family name, or None.
        picture: The URL of a picture.
        blocked: Whether an administrator blocked the user.
        user_metadata: The metadata that the user can change.
        app_metadata: The metadata that only the application and administrators can change.
        mfa_factors: The MFA enrolments that were imported.
        created_at: When the record was created.
        updated_at: When it was last changed.
        last_login: When the user last logged in, or None.
        logins_count: How often the user has logged in.
        last_password_reset: When the password was last reset, as far as Auth0 knows, in ISO 8601, or None.
        extra: Other attributes that a script returned, and those above with a value that is not of the documented type.
    """

    user_id: str
    connection: str
    identities: tuple[Identity, ...]
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    email_verified: bool = False
    username: str | None = None
    phone_number: str | None = None
    phone_verified: bool | None = None
    name: str | None = None
    nickname: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    blocked: bool = False
    user_metadata: Mapping[str, Value] = NO_METADATA
    app_metadata: Mapping[str, Value] = NO_METADATA
    mfa_factors: tuple[Mapping[str, Value], ...] = ()
    last_login: datetime | None = None
    logins_count: int = 0
    last_password_reset: str | None = None
    extra: Mapping[str, Value] = NO_METADATA


class Pending(StrEnum):
    """What began a migration that is not finished."""

    LOG_IN = "log-in"
    """A log-in that was interrupted after the first write."""
    PASSWORD_RESET = "password-reset"  # noqa: S105 - the name of an operation
    """A password reset before the first log-in; the next log-in finishes the migration."""


@frozen(kw_only=True)
class InternalUser:
    """A record of a connection's internal store: what Auth0 authenticates against with import mode on.

    Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.

    Args:
        user_id: The key, with the prefix `auth0|`.
        connection: The connection.
        email: The e-mail in lower case.
        username: The username in lower case, or None.
        password: The hash of the password.
        pending: What began the migration, as long as there is no full record in the tenant; None once there is one.
    """

    user_id: str
    connection: str
    email: str | None
    username: str | None
    password: PasswordHash = field(repr=False)
    pending: Pending | None = None

    def finished(self) -> "InternalUser":
        """Return the record as it is once there is a full one in the tenant."""
        return InternalUser(
            user_id=self.user_id,
            connection=self.connection,
            email=self.email,
            username=self.username,
            password=self.password,
        )


def identifier_of(user: User) -> str:
    """Return the e-mail by which the scripts that write know a user.

    Args:
        user: The user.

    Raises:
        UndocumentedOperationError: When the user has none.
    """
    if user.email is None:
        message = (
            f"{user.user_id} has no e-mail, by which the scripts that write would know the user; "
            "Auth0's documentation does not say what happens then"
        )
        raise UndocumentedOperationError(message)
    return user.email
