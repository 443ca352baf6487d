"""Custom databases over the tables of ASP.NET: Universal Providers, Simple Membership and Identity.

Each class describes tables as Microsoft's code creates them, and opens a `SqlDatabase` on them, on any engine. New
passwords are bcrypt or Argon2, which ASP.NET itself cannot check.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias
from uuid import uuid4

from attrs import field, frozen
from attrs.validators import in_
from sqlalchemy import URL
from typing_extensions import override

from customdb_contract.databases.sql import (
    AsyncSqlDatabase,
    Copy,
    Flag,
    Join,
    Lookup,
    Metadata,
    SqlDatabase,
    SqlUsers,
    Until,
    Value,
)
from customdb_contract.passwords import (
    Argon2id,
    AspNetIdentityV2,
    AspNetIdentityV3,
    AspNetMembership,
    NewFormat,
    Passwords,
)

__all__ = ["AspNetIdentity", "AspNetSimpleMembership", "AspNetUniversalProviders", "UserNames"]

UserNames: TypeAlias = Literal["emails", "usernames"]
"""The content of the column UserName: the e-mails, or usernames besides the e-mails."""

_USER_NAMES: Final = in_(("emails", "usernames"))
_NEVER: Final = datetime(1754, 1, 1)  # noqa: DTZ001 - the columns have no time zone
"""The value that the membership providers write for a time that is not set."""


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _unless(column: str) -> Flag:
    """Return the condition that a column does not allow a user to log in; NULL allows no log-in."""
    return Flag(column, true=False, false=True, null=True)


def _names(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


@frozen(kw_only=True)
class _Tables(ABC):
    """The common base of the three classes."""

    user_id_prefix: str = ""
    fields: Mapping[str, Value] = field(factory=dict[str, Value], hash=False)
    app_metadata: Metadata | None = field(default=None, hash=False)
    user_metadata: Metadata | None = field(default=None, hash=False)
    new: NewFormat = field(factory=Argon2id)

    @property
    @abstractmethod
    def users(self) -> SqlUsers:
        """The mapping of the tables."""

    @property
    @abstractmethod
    def passwords(self) -> Passwords:
        """The formats of the passwords."""

    def database(
        self,
        url: "str | URL",
        *,
        timeout: float = 5.0,
        connections: int = 10,
        connect_args: Mapping[str, object] | None = None,
    ) -> SqlDatabase:
        """Open the custom database.

        Args:
            url: The address of the database, such as `mssql+pymssql://user:password@host/name`.
            timeout: Seconds that a call can wait, as for `SqlDatabase`.
            connections: The most connections that can be open at once.
            connect_args: Further arguments of the driver.

        Raises:
            ConfigurationError: If the address can't be used, or the database does not have these tables.
        """
        return SqlDatabase(
            url, self.users, self.passwords, timeout=timeout, connections=connections, connect_args=connect_args
        )

    def async_database(
        self,
        url: "str | URL",
        *,
        timeout: float = 5.0,
        connections: int = 10,
        connect_args: Mapping[str, object] | None = None,
    ) -> AsyncSqlDatabase:
        """Open the custom database for coroutines.

        Args:
            url: The address of the database, such as `postgresql+psycopg://user:password@host/name`. For SQL Server, no
                asynchronous driver proved reliable: call `database(…)` in threads.
            timeout: Seconds that a call can wait, as for `AsyncSqlDatabase`.
            connections: The most connections that can be open at once.
            connect_args: Further arguments of the driver.

        Raises:
            ConfigurationError: If the address can't be used; on entering it, if the tables don't fit.
        """
        return AsyncSqlDatabase(
            url, self.users, self.passwords, timeout=timeout, connections=connections, connect_args=connect_args
        )


@frozen
class _Schema:
    """The names that differ between the two sets of tables of the membership providers."""

    applications: str
    users: str
    members: str
    owned: tuple[str, ...]
    answer_window: str
    is_lowered: bool


_SCHEMAS: Final = {
    "universal": _Schema(
        "Applications",
        "Users",
        "Memberships",
        ("UsersInRoles", "Profiles"),
        "FailedPasswordAnswerAttemptWindowsStart",
        is_lowered=False,
    ),
    "classic": _Schema(
        "aspnet_Applications",
        "aspnet_Users",
        "aspnet_Membership",
        ("aspnet_UsersInRoles", "aspnet_Profile"),
        "FailedPasswordAnswerAttemptWindowStart",
        is_lowered=True,
    ),
}


@frozen(kw_only=True)
class AspNetUniversalProviders(_Tables):
    """The tables of ASP.NET Membership: those of the Universal Providers, or the older ones of `SqlMembershipProvider`.

    Only users of one application are found. As in ASP.NET, a user cannot log in if `IsLockedOut` is set, or
    `IsApproved` is not; if these columns are nullable, NULL neither locks out nor approves a user
    (https://learn.microsoft.com/dotnet/api/system.web.security.membershipuser.isapproved,
    https://learn.microsoft.com/dotnet/api/system.web.security.membershipuser.islockedout).

    Args:
        application: The name of the application, `applicationName` in `web.config`.
        tables: `universal` for `Applications`, `Users` and `Memberships`, `classic` for those with the prefix
            `aspnet_`, which have a `LoweredUserName`
            (https://learn.microsoft.com/previous-versions/aspnet/aa478949(v=msdn.10)).
        hashed_with: The algorithm of the stored passwords: `hashAlgorithmType` in `web.config`.
        user_names: The content of `UserName`: `emails`, or `usernames`, in which case the membership has the e-mail.
        email_verified: The column that says whether an e-mail is verified. With `Memberships.IsApproved`, users who are
            not approved can log in, with an unverified e-mail. With None, profiles do not contain `email_verified`, and
            `verify` fails.
        owned: Further tables with a `UserId` whose rows are removed with a user; None stands for those that the
            providers for roles and profiles create.
        user_id_prefix: The prefix of the key in Auth0; see `SqlUsers`.
        fields: Further attributes of the profile; see `SqlUsers`.
        app_metadata: The source of `app_metadata`; see `SqlUsers`.
        user_metadata: The source of `user_metadata`; see `SqlUsers`.
        new: The format of new passwords.
    """

    application: str = "/"
    tables: Literal["universal", "classic"] = field(default="universal", validator=in_(_SCHEMAS))
    hashed_with: Literal["SHA1", "SHA256", "SHA512", "HMACSHA256"] = "HMACSHA256"
    user_names: UserNames = field(default="usernames", validator=_USER_NAMES)
    email_verified: str | None
    owned: Iterable[str] | None = None

    @property
    @override
    def users(self) -> SqlUsers:
        """The mapping of the tables."""
        schema = _SCHEMAS[self.tables]
        members, are_emails = schema.members, self.user_names == "emails"
        approved = f"{members}.IsApproved"
        locks: list[Value] = [f"{members}.IsLockedOut"]
        if self.email_verified != approved:
            locks.append(_unless(approved))
        application = Lookup("ApplicationId", schema.applications, {"ApplicationName": self.application})
        email = "UserName" if are_emails else f"{members}.Email"
        lowered = [
            Copy("LoweredUserName", of="UserName", case="lower"),
            Copy(f"{members}.LoweredEmail", of=email, case="lower"),
        ]
        copies = [Copy(f"{members}.Email", of=email)] if are_emails else []
        owned = schema.owned if self.owned is None else tuple(self.owned)
        return SqlUsers(
            table=schema.users,
            user_id="UserId",
            user_id_prefix=self.user_id_prefix,
            email=email,
            username=None if are_emails else "UserName",
            password=f"{members}.Password",
            salt=f"{members}.PasswordSalt",
            email_verified=self.email_verified,
            disabled=locks,
            app_metadata=self.app_metadata,
            user_metadata=self.user_metadata,
            fields=self.fields,
            joins=[Join(members, on={"UserId": "UserId"}, is_required=True)],
            owned=[Join(table, on={"UserId": "UserId"}) for table in owned],
            scope={"ApplicationId": application},
            copies=[*(lowered if schema.is_lowered else []), *copies],
            new_values={
                "UserId": uuid4,
                "IsAnonymous": False,
                "LastActivityDate": _now,
                f"{members}.ApplicationId": application,
                f"{members}.PasswordFormat": 1,
                approved: True,
                f"{members}.IsLockedOut": False,
                f"{members}.CreateDate": _now,
                f"{members}.LastLoginDate": _now,
                f"{members}.LastPasswordChangedDate": _now,
                f"{members}.LastLockoutDate": _NEVER,
                f"{members}.FailedPasswordAttemptCount": 0,
                f"{members}.FailedPasswordAttemptWindowStart": _NEVER,
                f"{members}.FailedPasswordAnswerAttemptCount": 0,
                f"{members}.{schema.answer_window}": _NEVER,
            },
        )

    @property
    @override
    def passwords(self) -> Passwords:
        """The formats of the passwords: only hashes; encrypted and clear passwords are errors."""
        hashed = AspNetMembership(self.hashed_with)
        return Passwords([hashed], new=self.new, typical=hashed.sample)


@frozen(kw_only=True)
class AspNetSimpleMembership(_Tables):
    """The tables of Simple Membership, `WebSecurity` of ASP.NET MVC 4 and Web Pages.

    As in ASP.NET, a user whose account isn't confirmed cannot log in, and NULL in `IsConfirmed` means not confirmed
    (https://learn.microsoft.com/previous-versions/aspnet/web-frameworks/gg537340(v=vs.111),
    https://github.com/aspnet/AspNetWebStack/blob/main/src/WebMatrix.WebData/SimpleMembershipProvider.cs).
    The tables do not store how many wrong passwords lock a user out, so rely on Auth0's brute-force protection.

    Args:
        table: The table with the users, as `WebSecurity.InitializeDatabaseConnection` names it.
        user_id: The column with the id.
        user_name: The column with the names.
        email: The column with the e-mails; None if the names are the e-mails.
        email_verified: The column that says whether an e-mail is verified. With `webpages_Membership.IsConfirmed`,
            users who are not confirmed can log in, with an unverified e-mail. With None, profiles do not contain
            `email_verified`, and `verify` fails.
        owned: Further tables with a `UserId` whose rows are removed with a user.
        user_id_prefix: The prefix of the key in Auth0; see `SqlUsers`.
        fields: Further attributes of the profile; see `SqlUsers`.
        app_metadata: The source of `app_metadata`; see `SqlUsers`.
        user_metadata: The source of `user_metadata`; see `SqlUsers`.
        new: The format of new passwords.
    """

    table: str = "UserProfile"
    user_id: str = "UserId"
    user_name: str = "UserName"
    email: str | None = None
    email_verified: str | None
    owned: tuple[str, ...] = field(default=("webpages_UsersInRoles", "webpages_OAuthMembership"), converter=_names)

    @property
    @override
    def users(self) -> SqlUsers:
        """The mapping of the tables."""
        members = "webpages_Membership"
        confirmed = f"{members}.IsConfirmed"
        is_lock = self.email_verified != confirmed
        return SqlUsers(
            table=self.table,
            user_id=self.user_id,
            user_id_prefix=self.user_id_prefix,
            email=self.user_name if self.email is None else self.email,
            username=None if self.email is None else self.user_name,
            password=f"{members}.Password",
            salt=f"{members}.PasswordSalt",
            email_verified=self.email_verified,
            disabled=[_unless(confirmed)] if is_lock else [],
            app_metadata=self.app_metadata,
            user_metadata=self.user_metadata,
            fields=self.fields,
            joins=[Join(members, on={"UserId": self.user_id}, is_required=True)],
            owned=[Join(table, on={"UserId": self.user_id}) for table in self.owned],
            new_values={
                f"{members}.CreateDate": _now,
                confirmed: True,
                f"{members}.PasswordFailuresSinceLastSuccess": 0,
                f"{members}.PasswordChangedDate": _now,
            },
        )

    @property
    @override
    def passwords(self) -> Passwords:
        """The format of the passwords, that of `Crypto.HashPassword`."""
        hashed = AspNetIdentityV2()
        return Passwords([hashed], new=self.new, typical=hashed.sample)


@frozen(kw_only=True)
class AspNetIdentity(_Tables):
    """The table `AspNetUsers` of ASP.NET Identity 2 and of ASP.NET Core Identity.

    As in ASP.NET, a user cannot log in before the end of a lock-out, if `LockoutEnabled` is set
    (https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.identity.usermanager-1.islockedoutasync).
    For ASP.NET Core Identity, `NormalizedUserName` and `NormalizedEmail` are also looked up and written
    (https://learn.microsoft.com/aspnet/core/security/authentication/customize-identity-model).

    Args:
        version: `core` for ASP.NET Core Identity, `2` for the package of ASP.NET before Core.
        user_names: The content of `UserName`: `emails`, as in the templates of Visual Studio, or `usernames`.
        table: The table.
        user_id_prefix: The prefix of the key in Auth0; see `SqlUsers`.
        fields: Further attributes of the profile; see `SqlUsers`.
        app_metadata: The source of `app_metadata`; see `SqlUsers`.
        user_metadata: The source of `user_metadata`; see `SqlUsers`.
        new: The format of new passwords.
    """

    version: Literal["core", "2"] = field(default="core", validator=in_(("core", "2")))
    user_names: UserNames = field(default="emails", validator=_USER_NAMES)
    table: str = "AspNetUsers"

    @property
    @override
    def users(self) -> SqlUsers:
        """The mapping of the table."""
        are_emails, is_core = self.user_names == "emails", self.version == "core"
        email = "UserName" if are_emails else "Email"
        copies = [Copy("Email", of=email)] if are_emails else []
        normalized = [
            Copy("NormalizedUserName", of="UserName", case="upper"),
            Copy("NormalizedEmail", of=email, case="upper"),
        ]
        stamps = ("SecurityStamp", "ConcurrencyStamp") if is_core else ("SecurityStamp",)
        end = "LockoutEnd" if is_core else "LockoutEndDateUtc"
        return SqlUsers(
            table=self.table,
            user_id="Id",
            user_id_prefix=self.user_id_prefix,
            email=email,
            username=None if are_emails else "UserName",
            password="PasswordHash",  # noqa: S106 - the column
            email_verified="EmailConfirmed",
            disabled=Until(end, counts="LockoutEnabled"),
            app_metadata=self.app_metadata,
            user_metadata=self.user_metadata,
            fields=self.fields,
            copies=[*(normalized if is_core else []), *copies],
            new_values={
                "Id": uuid4,
                "PhoneNumberConfirmed": False,
                "TwoFactorEnabled": False,
                "LockoutEnabled": True,
                "AccessFailedCount": 0,
                **{stamp: lambda: str(uuid4()) for stamp in stamps},
            },
        )

    @property
    @override
    def passwords(self) -> Passwords:
        """The formats of the passwords: both versions, because a newer one reads the hashes of an older one."""
        older, newer = AspNetIdentityV2(), AspNetIdentityV3()
        return Passwords([older, newer], new=self.new, typical=(newer if self.version == "core" else older).sample)
