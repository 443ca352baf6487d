"""Shared by tests of templates, and the stores for SQL Server, which a test double replaces."""

import shutil
import ssl
import subprocess
from base64 import b64decode
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import bcrypt
import pytest

from aspnet_stores import identity_2_hash, membership_hash
from customdb_contract._cli import main
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import Failed
from doubles.sql_server import DATABASE, PASSWORD, USER, SqlServerDouble, run_sql_server_double

__all__ = [
    "AZURE",
    "MODULES",
    "PASSWORDS",
    "QUICKLY",
    "SALT",
    "applications",
    "azure_sql",
    "azure_sql_double",
    "change",
    "failure_of",
    "hashed",
    "member",
    "over",
    "people",
    "scripts_of",
    "simple_member",
    "simple_membership",
    "sql_server",
    "tables",
    "universal_providers",
    "user_key",
    "written",
]

MODULES: Final = Path(__file__).parent / "drivers" / "node_modules"
PASSWORDS: Final = {"ADA_PASSWORD": "weaving algebraic patterns", "GRACE_PASSWORD": "nanosecond of wire"}
AZURE: Final = "legacy-copy.database.windows.net"
SALT: Final = "AAECAwQFBgcICQoLDA0ODw=="
QUICKLY: Final = (("$2b$12$", "$2b$04$"), ("hash(password, 12)", "hash(password, 4)"))
"""The cost of a cheap hash: hundreds are computed, and their strength does not matter here."""
_LEGACY: Final = (("Ada@Example.com", "ADA_PASSWORD"), ("grace@example.com", "GRACE_PASSWORD"))
"""The users of the templates, with and without a verified e-mail."""


def hashed(variable: str) -> str:
    """Return the hash of a password of the users, by bcrypt."""
    return bcrypt.hashpw(PASSWORDS[variable].encode(), bcrypt.gensalt(4)).decode()


def people() -> str:
    """Return the statement that inserts the users of the templates."""
    return (
        "INSERT INTO users (email, password_hash, email_verified, name, plan) VALUES "
        f"('Ada@Example.com', '{hashed('ADA_PASSWORD')}', true, 'Ada', 'full'), "
        f"('grace@example.com', '{hashed('GRACE_PASSWORD')}', false, NULL, 'free');"
    )


def tables(folder: Path) -> str:
    """Return the T-SQL that creates the tables of a template and inserts the users."""
    schema = (folder / "schema.sql").read_text(encoding="utf-8")
    return schema + people().replace("true", "1").replace("false", "0")


def _settings_of(double: SqlServerDouble) -> dict[str, str]:
    return {"1433": str(double.port), '"auth0"': f'"{USER}"', '"legacy"': f'"{DATABASE}"'}


@contextmanager
def sql_server(folder: Path) -> Generator[dict[str, str]]:
    """SQL Server cannot be installed here: a wire-level test double stands in for it, without TLS."""
    with run_sql_server_double(tables(folder)) as double:
        yield _settings_of(double)


def _certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Create an untrusted certificate for a name; return it and the TLS context of a server."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl on this machine")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout {key} -out {made}"
    named = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    subprocess.run([openssl, *command.split(), *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return made, context


@contextmanager
def azure_sql_double(folder: Path) -> Generator[tuple[SqlServerDouble, dict[str, str]]]:
    """The double again, with TLS: it is neither SQL Server nor Azure."""
    trusted, context = _certificate(folder, AZURE)
    with pytest.MonkeyPatch.context() as patch, run_sql_server_double(tables(folder), tls=context) as double:
        patch.setenv("NODE_EXTRA_CA_CERTS", str(trusted))
        here = f'MSSQL_SERVER = "127.0.0.1"\nMSSQL_CERTIFICATE_NAME = "{AZURE}"'
        yield (
            double,
            {
                f'MSSQL_SERVER = "{AZURE}"': here,
                f"{AZURE}:": "127.0.0.1:",
                "[database]\n": '[database]\nenvironment = ["NODE_EXTRA_CA_CERTS"]\n',
                **_settings_of(double),
            },
        )


@contextmanager
def azure_sql(folder: Path) -> Generator[dict[str, str]]:
    """Run the double in place of Azure SQL Database."""
    with azure_sql_double(folder) as (_, settings):
        yield settings


def simple_member(
    number: int, email: str, password: str, *, is_verified: int = 0, is_confirmed: str = "1", salt: str = ""
) -> str:
    """Return the T-SQL that adds a user of Simple Membership, and a role of the user."""
    return (
        f"INSERT INTO UserProfile (UserName, EmailVerified) VALUES ('{email}', {is_verified}); "
        "INSERT INTO webpages_Membership (UserId, IsConfirmed, Password, PasswordSalt) "
        f"VALUES ({number}, {is_confirmed}, '{password}', '{salt}'); "
        f"INSERT INTO webpages_Roles (RoleName) VALUES ('role of {number}'); "
        f"INSERT INTO webpages_UsersInRoles VALUES ({number}, {number})"
    )


@contextmanager
def simple_membership(folder: Path) -> Generator[dict[str, str]]:
    """Run the double with the tables of Simple Membership."""
    with run_sql_server_double((folder / "schema.sql").read_text(encoding="utf-8")) as double:
        for number, (email, variable) in enumerate(_LEGACY, start=1):
            double.run(simple_member(number, email, identity_2_hash(PASSWORDS[variable]), is_verified=number % 2))
        yield _settings_of(double)


_APPLICATIONS: Final = {"/": UUID(int=1), "/other": UUID(int=2)}


def user_key(number: int) -> UUID:
    """Return the key of a user; it contains letters, which a driver writes in upper case."""
    return UUID(int=0xADA_0000 + number)


def member(
    number: int, email: str, password: str, *, application: str = "/", name: str | None = None, **changes: object
) -> str:
    """Return the T-SQL that adds a user of a membership provider, and a role and a profile of the user."""
    key, then = user_key(number), "2012-08-15"
    counts = ("FailedPasswordAttemptCount", "FailedPasswordAnswerAttemptCount")
    dates = ("CreateDate", "LastLoginDate", "LastPasswordChangedDate", "LastLockoutDate")
    windows = ("FailedPasswordAttemptWindowStart", "FailedPasswordAnswerAttemptWindowsStart")
    values = {
        "UserId": key,
        "ApplicationId": _APPLICATIONS[application],
        "Email": email,
        "Password": password,
        "PasswordFormat": 1,
        "PasswordSalt": SALT,
        "IsApproved": 1,
        "IsLockedOut": 0,
        **dict.fromkeys(counts, 0),
        **dict.fromkeys((*dates, *windows), then),
        **changes,
    }
    written = ", ".join(f"'{value}'" for value in values.values())
    return (
        f"INSERT INTO Users VALUES ('{key}', '{_APPLICATIONS[application]}', '{name or email}', 0, '{then}'); "
        f"INSERT INTO Memberships ({', '.join(values)}) VALUES ({written}); "
        f"INSERT INTO UsersInRoles VALUES ('{key}', '{key}'); "
        f"INSERT INTO Profiles VALUES ('{key}', '', '', 0x00, '{then}')"
    )


def applications(folder: Path) -> str:
    """Return the T-SQL that creates the tables of a membership provider with two applications."""
    rows = ", ".join(f"('{key}', '{name}')" for name, key in _APPLICATIONS.items())
    schema = (folder / "schema.sql").read_text(encoding="utf-8")
    return f"{schema} INSERT INTO Applications (ApplicationId, ApplicationName) VALUES {rows};"


@contextmanager
def universal_providers(folder: Path) -> Generator[dict[str, str]]:
    """Run the double with the tables of the Universal Providers, in which two applications have the same users."""
    with run_sql_server_double(applications(folder)) as double:
        for number, (email, variable) in enumerate(_LEGACY, start=1):
            hashed_so = membership_hash(PASSWORDS[variable], b64decode(SALT))
            double.run(member(number, email, hashed_so, name=f"user{number}", EmailVerified=number % 2))
            double.run(member(number + 10, email, hashed_so, application="/other", name=f"user{number}"))
        yield _settings_of(double)


def written(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a template into a folder."""
    monkeypatch.chdir(folder)
    assert main(["init", "--template", name]) == 0


def change(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts in a file."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def scripts_of(folder: Path, *environment: str, **configuration: str) -> NodeDatabase:
    """Return the scripts of a template, for single calls."""
    scripts = folder / "database-connections" / "legacy"
    for script in scripts.glob("*.js"):
        change(script, *QUICKLY)
    return NodeDatabase(scripts, configuration=configuration, node_modules=MODULES, environment=environment)


def over(double: SqlServerDouble, **configuration: str) -> dict[str, str]:
    """Return the settings of scripts that use a double of SQL Server."""
    settings = {"MSSQL_SERVER": "127.0.0.1", "MSSQL_PORT": str(double.port), "MSSQL_DATABASE": DATABASE}
    return settings | {"MSSQL_USER": USER, "MSSQL_PASSWORD": PASSWORD} | configuration


def failure_of(result: object) -> tuple[type[object], str]:
    """Return the class and the message of the error that a script ended with."""
    assert isinstance(result, Failed), result
    return type(result.error), str(result.error)
