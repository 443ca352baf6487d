"""The tables of ASP.NET, as its own code creates them, with the same users in each.

Sources: <https://learn.microsoft.com/aspnet/identity/overview/migrations/migrating-universal-provider-data-for-membership-and-user-profiles-to-aspnet-identity>,
<https://learn.microsoft.com/previous-versions/aspnet/aa478949(v=msdn.10)>,
<https://learn.microsoft.com/aspnet/web-pages/overview/security/16-adding-security-and-membership>,
<https://learn.microsoft.com/aspnet/core/security/authentication/customize-identity-model>.
"""

import hashlib
import hmac
import re
import struct
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy
from attrs import evolve, frozen

from customdb_contract import KnownUser
from customdb_contract.databases import AspNetIdentity, AspNetSimpleMembership, AspNetUniversalProviders
from customdb_contract.passwords import Bcrypt
from doubles.sql_server import PASSWORD, USER, SqlServerDouble, run_sql_server_double
from postgres import DATABASE, find_postgres, run_postgres

__all__ = [
    "PEOPLE",
    "STORES",
    "SYSTEMS",
    "AspNet",
    "Store",
    "identity_2_hash",
    "membership_hash",
    "running_store",
]

_QUICK: Final = Bcrypt(cost=4)
PEOPLE: Final = [
    KnownUser(email="Ada.Lovelace@Example.com", username="ada", password="weaving algebraic patterns"),
    KnownUser(email="grace.hopper@example.com", username="grace", password="nanosecond of wire"),
    KnownUser(email="charles.babbage@example.com", username="charles", password="ninety-six wheels", disabled=True),
    KnownUser(email="jörg.müller@example.com", username="jörg", password="Über allen Gipfeln ist Ruh"),
]
"""The users of a filled store, in the order of their keys."""

_APPLICATIONS: Final = {"/": UUID(int=1), "/other": UUID(int=2)}
_MEMBERSHIP_DATES: Final = """
    [IsApproved] bit NOT NULL, [IsLockedOut] bit NOT NULL, [CreateDate] datetime NOT NULL,
    [LastLoginDate] datetime NOT NULL, [LastPasswordChangedDate] datetime NOT NULL, [LastLockoutDate] datetime NOT NULL,
    [FailedPasswordAttemptCount] int NOT NULL, [FailedPasswordAttemptWindowStart] datetime NOT NULL,
    [FailedPasswordAnswerAttemptCount] int NOT NULL, [{window}] datetime NOT NULL, [Comment] nvarchar(256) NULL"""
_UNIVERSAL: Final = (
    """
CREATE TABLE [Applications] (
    [ApplicationId] uniqueidentifier NOT NULL PRIMARY KEY, [ApplicationName] nvarchar(235) NOT NULL,
    [Description] nvarchar(256) NULL);
CREATE TABLE [Users] (
    [UserId] uniqueidentifier NOT NULL PRIMARY KEY,
    [ApplicationId] uniqueidentifier NOT NULL REFERENCES [Applications] ([ApplicationId]),
    [UserName] nvarchar(50) NOT NULL, [IsAnonymous] bit NOT NULL, [LastActivityDate] datetime NOT NULL);
CREATE UNIQUE INDEX [IX_UserName] ON [Users] ([ApplicationId], [UserName]);
CREATE TABLE [Memberships] (
    [UserId] uniqueidentifier NOT NULL PRIMARY KEY REFERENCES [Users] ([UserId]),
    [ApplicationId] uniqueidentifier NOT NULL REFERENCES [Applications] ([ApplicationId]),
    [Password] nvarchar(128) NOT NULL, [PasswordFormat] int NOT NULL, [PasswordSalt] nvarchar(128) NOT NULL,
    [Email] nvarchar(256) NULL, [PasswordQuestion] nvarchar(256) NULL, [PasswordAnswer] nvarchar(128) NULL,"""
    + _MEMBERSHIP_DATES.format(window="FailedPasswordAnswerAttemptWindowsStart")
    + """);
CREATE TABLE [Profiles] (
    [UserId] uniqueidentifier NOT NULL PRIMARY KEY REFERENCES [Users] ([UserId]),
    [PropertyNames] nvarchar(4000) NOT NULL);
CREATE TABLE [UsersInRoles] (
    [UserId] uniqueidentifier NOT NULL REFERENCES [Users] ([UserId]), [RoleId] uniqueidentifier NOT NULL,
    PRIMARY KEY ([UserId], [RoleId]));
"""
)
_CLASSIC: Final = (
    """
CREATE TABLE [aspnet_Applications] (
    [ApplicationId] uniqueidentifier NOT NULL PRIMARY KEY, [ApplicationName] nvarchar(256) NOT NULL UNIQUE,
    [LoweredApplicationName] nvarchar(256) NULL, [Description] nvarchar(256) NULL);
CREATE TABLE [aspnet_Users] (
    [ApplicationId] uniqueidentifier NOT NULL REFERENCES [aspnet_Applications] ([ApplicationId]),
    [UserId] uniqueidentifier NOT NULL PRIMARY KEY, [UserName] nvarchar(256) NOT NULL,
    [LoweredUserName] nvarchar(256) NOT NULL, [MobileAlias] nvarchar(16) NULL, [IsAnonymous] bit NOT NULL,
    [LastActivityDate] datetime NOT NULL);
CREATE UNIQUE INDEX [aspnet_Users_Index] ON [aspnet_Users] ([ApplicationId], [LoweredUserName]);
CREATE TABLE [aspnet_Membership] (
    [ApplicationId] uniqueidentifier NOT NULL REFERENCES [aspnet_Applications] ([ApplicationId]),
    [UserId] uniqueidentifier NOT NULL PRIMARY KEY REFERENCES [aspnet_Users] ([UserId]),
    [Password] nvarchar(128) NOT NULL, [PasswordFormat] int NOT NULL, [PasswordSalt] nvarchar(128) NOT NULL,
    [MobilePIN] nvarchar(16) NULL, [Email] nvarchar(256) NULL, [LoweredEmail] nvarchar(256) NULL,
    [PasswordQuestion] nvarchar(256) NULL, [PasswordAnswer] nvarchar(128) NULL,"""
    + _MEMBERSHIP_DATES.format(window="FailedPasswordAnswerAttemptWindowStart")
    + """);
CREATE TABLE [aspnet_Profile] ([UserId] uniqueidentifier NOT NULL PRIMARY KEY REFERENCES [aspnet_Users] ([UserId]));
CREATE TABLE [aspnet_UsersInRoles] (
    [UserId] uniqueidentifier NOT NULL REFERENCES [aspnet_Users] ([UserId]), [RoleId] uniqueidentifier NOT NULL,
    PRIMARY KEY ([UserId], [RoleId]));
"""
)
_SIMPLE: Final = """
CREATE TABLE [UserProfile] (
    [UserId] int IDENTITY(1,1) NOT NULL PRIMARY KEY, [UserName] nvarchar(56) NOT NULL UNIQUE, [Verified] bit NULL);
CREATE TABLE [webpages_Membership] (
    [UserId] int NOT NULL PRIMARY KEY, [CreateDate] datetime NULL, [ConfirmationToken] nvarchar(128) NULL,
    [IsConfirmed] bit NULL, [LastPasswordFailureDate] datetime NULL, [PasswordFailuresSinceLastSuccess] int NOT NULL,
    [Password] nvarchar(128) NOT NULL, [PasswordChangedDate] datetime NULL, [PasswordSalt] nvarchar(128) NOT NULL,
    [PasswordVerificationToken] nvarchar(128) NULL, [PasswordVerificationTokenExpirationDate] datetime NULL);
CREATE TABLE [webpages_OAuthMembership] (
    [Provider] nvarchar(30) NOT NULL, [ProviderUserId] nvarchar(100) NOT NULL, [UserId] int NOT NULL,
    PRIMARY KEY ([Provider], [ProviderUserId]));
CREATE TABLE [webpages_UsersInRoles] (
    [UserId] int NOT NULL REFERENCES [UserProfile] ([UserId]), [RoleId] int NOT NULL, PRIMARY KEY ([UserId], [RoleId]));
"""
_IDENTITY_2: Final = """
CREATE TABLE [AspNetUsers] (
    [Id] nvarchar(128) NOT NULL PRIMARY KEY, [Email] nvarchar(256) NULL, [EmailConfirmed] bit NOT NULL,
    [PasswordHash] nvarchar(max) NULL, [SecurityStamp] nvarchar(max) NULL, [PhoneNumber] nvarchar(max) NULL,
    [PhoneNumberConfirmed] bit NOT NULL, [TwoFactorEnabled] bit NOT NULL, [LockoutEndDateUtc] datetime NULL,
    [LockoutEnabled] bit NOT NULL, [AccessFailedCount] int NOT NULL, [UserName] nvarchar(256) NOT NULL);
CREATE UNIQUE INDEX [UserNameIndex] ON [AspNetUsers] ([UserName]);
"""
_IDENTITY_CORE: Final = """
CREATE TABLE [AspNetUsers] (
    [Id] nvarchar(450) NOT NULL PRIMARY KEY, [UserName] nvarchar(256) NULL, [NormalizedUserName] nvarchar(256) NULL,
    [Email] nvarchar(256) NULL, [NormalizedEmail] nvarchar(256) NULL, [EmailConfirmed] bit NOT NULL,
    [PasswordHash] nvarchar(max) NULL, [SecurityStamp] nvarchar(max) NULL, [ConcurrencyStamp] nvarchar(max) NULL,
    [PhoneNumber] nvarchar(max) NULL, [PhoneNumberConfirmed] bit NOT NULL, [TwoFactorEnabled] bit NOT NULL,
    [LockoutEnd] datetimeoffset(7) NULL, [LockoutEnabled] bit NOT NULL, [AccessFailedCount] int NOT NULL);
CREATE INDEX [EmailIndex] ON [AspNetUsers] ([NormalizedEmail]);
CREATE UNIQUE INDEX [UserNameIndex] ON [AspNetUsers] ([NormalizedUserName]) WHERE ([NormalizedUserName] IS NOT NULL);
"""
_TYPES: Final[dict[str, dict[str, str]]] = {
    "sqlite": {
        r"int IDENTITY\(1,1\) NOT NULL PRIMARY KEY": "INTEGER PRIMARY KEY AUTOINCREMENT",
        r"uniqueidentifier": "CHAR(36)",
        r"nvarchar\(max\)": "TEXT",
        r"nvarchar": "VARCHAR",
        r"datetimeoffset\(7\)": "TEXT",
        r"\bbit\b": "BOOLEAN",
    },
    "postgresql": {
        r"int IDENTITY\(1,1\)": "SERIAL",
        r"uniqueidentifier": "UUID",
        r"nvarchar\(max\)": "TEXT",
        r"nvarchar": "VARCHAR",
        r"datetimeoffset\(7\)": "TIMESTAMPTZ",
        r"datetime": "TIMESTAMP",
        r"\bbit\b": "BOOLEAN",
    },
    "double": {},
}


@frozen
class Store:
    """A server or folder for databases, each with its own tables.

    Args:
        kind: The dialect that names its types.
        make: Creates a database and returns its address.
        double: The double of SQL Server, if the store is one.
    """

    kind: str
    make: Callable[[], str]
    double: SqlServerDouble | None = None


@frozen
class AspNet:
    """A database with the tables of one system.

    Args:
        url: Its address.
        tables: What the tables mean.
        system: The name of the system.
    """

    url: str
    tables: Any
    system: str

    def execute(self, statement: str, **values: object) -> None:
        """Run a statement directly on the store, bypassing the tested database."""
        engine = sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(_quoted(statement)), values)

    def rows(self, query: str, **values: object) -> list[Mapping[str, Any]]:
        """Query the store directly, bypassing the tested database."""
        engine = sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sqlalchemy.text(_quoted(query)), values).mappings()]

    def insert(self, table: str, values: Mapping[str, object]) -> None:
        """Add a row."""
        columns = ", ".join(f"[{name}]" for name in values)
        self.execute(f"INSERT INTO [{table}] ({columns}) VALUES ({', '.join(f':{name}' for name in values)})", **values)

    def open(self, url: str | None = None, **settings: Any) -> Any:
        """Return the custom database."""
        return self.tables.database(self.url if url is None else url, **settings)


def _quoted(statement: str) -> str:
    return re.sub(r"\[(\w+)\]", r'"\1"', statement)


@frozen
class System:
    """One way in which ASP.NET stores users.

    Args:
        ddl: Its tables.
        tables: What they mean.
        fill: Adds one of the users, with a key.
        has_usernames: Whether users have usernames in addition to e-mails.
    """

    ddl: str
    tables: Any
    fill: Callable[[AspNet, int, KnownUser], None]
    has_usernames: bool = False

    def made(self, store: Store, name: str, *, full: bool) -> AspNet:
        """Create a database."""
        made = AspNet(store.make(), self.tables, name)
        for statement in filter(str.strip, self.ddl.split(";")):
            for pattern, kind in _TYPES[store.kind].items():
                statement = re.sub(pattern, kind, statement)  # noqa: PLW2901 - one replacement after the other
            made.execute(statement)
        if isinstance(self.tables, AspNetUniversalProviders):
            prefix = "aspnet_" if self.tables.tables == "classic" else ""
            for application, key in _APPLICATIONS.items():
                made.insert(f"{prefix}Applications", {"ApplicationId": _key(key), "ApplicationName": application})
        for number, person in enumerate(PEOPLE, start=1) if full else ():
            self.fill(made, number, person)
        return made

    @property
    def people(self) -> list[KnownUser]:
        """Return the users of a filled database."""
        return PEOPLE if self.has_usernames else [evolve(person, username=None) for person in PEOPLE]


def _key(key: UUID) -> str:
    return str(key)


def membership_hash(password: str, salt: bytes) -> str:
    """Return what a membership provider stores for a password, by HMAC-SHA256."""
    key = (salt * 64)[:64]
    return b64encode(hmac.digest(key, password.encode("utf-16-le"), "sha256")).decode()


def identity_2_hash(password: str) -> str:
    """Return what Simple Membership and Identity 2 store for a password."""
    key = hashlib.pbkdf2_hmac("sha1", password.encode(), bytes(range(16)), 1000, 32)
    return b64encode(b"\0" + bytes(range(16)) + key).decode()


def _identity_3(password: str) -> str:
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes(range(16)), 1000, 32)
    return b64encode(struct.pack(">BIII", 1, 1, 1000, 16) + bytes(range(16)) + key).decode()


def _password(person: KnownUser) -> str:
    assert person.password is not None
    return person.password.reveal()


def add_member(made: AspNet, number: int, person: KnownUser, application: str = "/", **changes: object) -> None:
    """Add a row to the tables of a membership provider."""
    is_classic = made.tables.tables == "classic"
    prefix, membership = ("aspnet_", "aspnet_Membership") if is_classic else ("", "Memberships")
    name = person.username if made.tables.user_names == "usernames" else person.email
    assert name is not None
    assert person.email is not None
    own = {"UserId": _key(UUID(int=100 + number)), "ApplicationId": _key(_APPLICATIONS[application])}
    lowered = {"LoweredUserName": name.lower()} if is_classic else {}
    then = datetime(2012, 8, 15)  # noqa: DTZ001 - the columns have no time zone
    user = {**own, "UserName": name, "IsAnonymous": False, "LastActivityDate": then, **lowered}
    made.insert(f"{prefix}Users", user)
    window = f"FailedPasswordAnswerAttemptWindow{'' if is_classic else 's'}Start"
    dates = ("CreateDate", "LastLoginDate", "LastPasswordChangedDate", "LastLockoutDate")
    values = {
        **own,
        "Password": membership_hash(_password(person), bytes(range(16))),
        "PasswordFormat": 1,
        "PasswordSalt": b64encode(bytes(range(16))).decode(),
        "Email": person.email,
        **({"LoweredEmail": person.email.lower()} if is_classic else {}),
        "IsApproved": True,
        "IsLockedOut": person.disabled,
        **dict.fromkeys(dates, then),
        "FailedPasswordAttemptCount": 0,
        "FailedPasswordAttemptWindowStart": then,
        "FailedPasswordAnswerAttemptCount": 0,
        window: then,
    }
    made.insert(membership, {**values, **changes})


def _add_simple(made: AspNet, number: int, person: KnownUser) -> None:
    made.insert("UserProfile", {"UserName": person.email, "Verified": False})
    values = {
        "UserId": number,
        "IsConfirmed": not person.disabled,
        "PasswordFailuresSinceLastSuccess": 0,
        "Password": identity_2_hash(_password(person)),
        "PasswordSalt": "",
    }
    made.insert("webpages_Membership", values)
    made.insert("webpages_UsersInRoles", {"UserId": number, "RoleId": 1})


def _add_identity(made: AspNet, number: int, person: KnownUser) -> None:
    assert person.email is not None
    is_core = made.tables.version == "core"
    name = person.username if made.tables.user_names == "usernames" else person.email
    assert name is not None
    end = datetime.now(UTC) + timedelta(days=1 if person.disabled else -1)
    is_text = made.url.startswith("sqlite") and is_core
    lock = end.isoformat(" ") if is_text else end if is_core else end.replace(tzinfo=None)
    normalized = {"NormalizedUserName": name.upper(), "NormalizedEmail": person.email.upper()} if is_core else {}
    values = {
        "Id": _key(UUID(int=100 + number)),
        "UserName": name,
        "Email": person.email,
        **normalized,
        "EmailConfirmed": False,
        "PasswordHash": (_identity_3 if is_core and number % 2 else identity_2_hash)(_password(person)),
        "SecurityStamp": "stamp",
        "PhoneNumberConfirmed": False,
        "TwoFactorEnabled": False,
        "LockoutEnd" if is_core else "LockoutEndDateUtc": lock,
        "LockoutEnabled": True,
        "AccessFailedCount": 0,
    }
    made.insert("AspNetUsers", values)


SYSTEMS: Final = {
    "universal": System(
        _UNIVERSAL,
        AspNetUniversalProviders(email_verified="Memberships.IsApproved", new=_QUICK),
        add_member,
        has_usernames=True,
    ),
    "classic": System(
        _CLASSIC,
        AspNetUniversalProviders(
            tables="classic", user_names="emails", email_verified="aspnet_Membership.IsApproved", new=_QUICK
        ),
        add_member,
    ),
    "simple": System(_SIMPLE, AspNetSimpleMembership(email_verified="Verified", new=_QUICK), _add_simple),
    "identity 2": System(_IDENTITY_2, AspNetIdentity(version="2", new=_QUICK), _add_identity),
    "identity core": System(
        _IDENTITY_CORE, AspNetIdentity(user_names="usernames", new=_QUICK), _add_identity, has_usernames=True
    ),
    "identity core with e-mails": System(_IDENTITY_CORE, AspNetIdentity(new=_QUICK), _add_identity),
}


@contextmanager
def _sqlite(folder: Path) -> Generator[Store]:
    numbers = count(1)
    yield Store("sqlite", lambda: f"sqlite:///{folder}/aspnet{next(numbers)}.sqlite3")


@contextmanager
def _postgresql(folder: Path) -> Generator[Store]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    numbers = count(1)
    with run_postgres(programs, "") as server:
        place = f"postgresql+psycopg://shop@127.0.0.1:{server.port}"

        def make() -> str:
            name = f"aspnet{next(numbers)}"
            engine = sqlalchemy.create_engine(f"{place}/{DATABASE}", isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
            engine.dispose()
            return f"{place}/{name}"

        yield Store("postgresql", make)


@contextmanager
def _double(folder: Path) -> Generator[Store]:
    numbers = count(1)
    with run_sql_server_double() as double:

        def make() -> str:
            url = sqlalchemy.URL.create(
                "mssql+pymssql", USER, PASSWORD, "127.0.0.1", double.port, f"aspnet{next(numbers)}"
            )
            return url.render_as_string(hide_password=False)

        yield Store("double", make, double)


STORES: Final = {"sqlite": _sqlite, "postgresql": _postgresql, "double": _double}
"""SQLite and PostgreSQL are real; a wire-level double replaces SQL Server."""


@contextmanager
def running_store(name: str, folder: Path) -> Generator[Store]:
    """Run one of the stores, or skip the test if it is not installed."""
    with STORES[name](folder) as store:
        yield store
