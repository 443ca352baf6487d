"""The scripts that `init --template` writes keep the contract, on the stores that they are for."""

import json
import re
import shutil
import ssl
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import bcrypt
import pytest

from account_api import Account, serving_accounts
from aspnet_stores import identity_2_hash, membership_hash
from customdb_contract._cli import main
from customdb_contract._cli._templates import DATABASES
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import (
    Done,
    Failed,
    Found,
    NotFound,
    ScriptError,
    UnauthorizedError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.passwords import AspNetIdentityV2, AspNetMembership
from doubles.sql_server import DATABASE, PASSWORD, USER, SqlServerDouble, run_sql_server_double
from mariadb import find_mariadb, run_mariadb
from password_rows import ROWS, Row
from postgres import find_postgres, run_postgres

MODULES: Final = Path(__file__).parent / "drivers" / "node_modules"
PASSWORDS: Final = {"ADA_PASSWORD": "weaving algebraic patterns", "GRACE_PASSWORD": "nanosecond of wire"}
STORE_PASSWORD: Final = "password of the store"
UNREACHABLE: Final = "failure || new Error('The server does not encrypt')"
AZURE: Final = "legacy-copy.database.windows.net"
TOKEN: Final = "token of the legacy API"
INFORMING: Final = {"direct-database-access", "no-metadata-repair"}
"""What is said of a store without an API in between, and of a migration without an Action."""

JUDGED: Final = {"plain-javascript": 80, "asp-net-simple-membership": 110, "asp-net-universal-providers": 110}
"""How many rules judge those that cannot write, or whose profiles have no metadata."""

QUICKLY: Final = (("$2b$12$", "$2b$04$"), ("hash(password, 12)", "hash(password, 4)"))
"""What makes a hash cheap: hundreds are computed, and how strong they are is no matter here."""

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.skipif(not MODULES.is_dir(), reason="the npm modules are not installed: run make test"),
]


def hashed(variable: str) -> str:
    return bcrypt.hashpw(PASSWORDS[variable].encode(), bcrypt.gensalt(4)).decode()


def people() -> str:
    """Return the statement that puts the users of the templates into a store."""
    return (
        "INSERT INTO users (email, password_hash, email_verified, name, plan) VALUES "
        f"('Ada@Example.com', '{hashed('ADA_PASSWORD')}', true, 'Ada', 'full'), "
        f"('grace@example.com', '{hashed('GRACE_PASSWORD')}', false, NULL, 'free');"
    )


@contextmanager
def postgresql(folder: Path) -> Generator[dict[str, str]]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine")
    with run_postgres(programs, (folder / "schema.sql").read_text(encoding="utf-8") + people()) as port:
        yield {"5432": str(port), '"auth0"': '"shop"', 'PGDATABASE = "legacy"': 'PGDATABASE = "postgres"'}


@contextmanager
def mysql(folder: Path) -> Generator[dict[str, str]]:
    programs = find_mariadb()
    if programs is None:
        pytest.skip("there is no MariaDB on this machine")
    with run_mariadb(programs) as server:
        server.run(
            f"CREATE DATABASE legacy; CREATE USER auth0@'127.0.0.1' IDENTIFIED BY '{STORE_PASSWORD}'; "
            "GRANT ALL ON legacy.* TO auth0@'127.0.0.1'; USE legacy; "
            + (folder / "schema.sql").read_text(encoding="utf-8")
            + people()
        )
        yield {"3306": str(server.port)}


def tables(folder: Path) -> str:
    """Return the T-SQL that makes the tables of a template and puts the users into them."""
    schema = (folder / "schema.sql").read_text(encoding="utf-8")
    return schema + people().replace("true", "1").replace("false", "0")


def settings_of(double: SqlServerDouble) -> dict[str, str]:
    return {"1433": str(double.port), '"auth0"': f'"{USER}"', '"legacy"': f'"{DATABASE}"'}


@contextmanager
def sql_server(folder: Path) -> Generator[dict[str, str]]:
    """SQL Server cannot be installed here: a wire-level test double stands in for it, without TLS."""
    with run_sql_server_double(tables(folder)) as double:
        yield settings_of(double)


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for a name, which nobody trusts by itself; return it, and a server's use of it."""
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
    trusted, context = certificate(folder, AZURE)
    with pytest.MonkeyPatch.context() as patch, run_sql_server_double(tables(folder), tls=context) as double:
        patch.setenv("NODE_EXTRA_CA_CERTS", str(trusted))
        here = f'MSSQL_SERVER = "127.0.0.1"\nMSSQL_CERTIFICATE_NAME = "{AZURE}"'
        yield (
            double,
            {
                f'MSSQL_SERVER = "{AZURE}"': here,
                f"{AZURE}:": "127.0.0.1:",
                "[database]\n": '[database]\nenvironment = ["NODE_EXTRA_CA_CERTS"]\n',
                **settings_of(double),
            },
        )


@contextmanager
def azure_sql(folder: Path) -> Generator[dict[str, str]]:
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
    with run_sql_server_double((folder / "schema.sql").read_text(encoding="utf-8")) as double:
        for number, (email, variable) in enumerate(LEGACY, start=1):
            double.run(simple_member(number, email, identity_2_hash(PASSWORDS[variable]), is_verified=number % 2))
        yield settings_of(double)


APPLICATIONS: Final = {"/": UUID(int=1), "/other": UUID(int=2)}


def user_key(number: int) -> UUID:
    """Return the key of a user, which has letters in it: a driver writes these in upper case."""
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
        "ApplicationId": APPLICATIONS[application],
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
        f"INSERT INTO Users VALUES ('{key}', '{APPLICATIONS[application]}', '{name or email}', 0, '{then}'); "
        f"INSERT INTO Memberships ({', '.join(values)}) VALUES ({written}); "
        f"INSERT INTO UsersInRoles VALUES ('{key}', '{key}'); "
        f"INSERT INTO Profiles VALUES ('{key}', '', '', 0x00, '{then}')"
    )


def applications(folder: Path) -> str:
    """Return the T-SQL that makes the tables of a membership provider with two applications."""
    rows = ", ".join(f"('{key}', '{name}')" for name, key in APPLICATIONS.items())
    schema = (folder / "schema.sql").read_text(encoding="utf-8")
    return f"{schema} INSERT INTO Applications (ApplicationId, ApplicationName) VALUES {rows};"


@contextmanager
def universal_providers(folder: Path) -> Generator[dict[str, str]]:
    with run_sql_server_double(applications(folder)) as double:
        for number, (email, variable) in enumerate(LEGACY, start=1):
            hashed_so = membership_hash(PASSWORDS[variable], b64decode(SALT))
            double.run(member(number, email, hashed_so, name=f"user{number}", EmailVerified=number % 2))
            double.run(member(number + 10, email, hashed_so, application="/other", name=f"user{number}"))
        yield settings_of(double)


@contextmanager
def http(_: Path) -> Generator[dict[str, str]]:
    ada = Account("api-7", "Ada@Example.com", PASSWORDS["ADA_PASSWORD"], email_verified=True, plan="full")
    grace = Account("api-8", "grace@example.com", PASSWORDS["GRACE_PASSWORD"])
    with serving_accounts(TOKEN, ada, grace) as address:
        yield {"http://127.0.0.1:8080": address}


@contextmanager
def plain_javascript(_: Path) -> Generator[dict[str, str]]:
    """Nothing runs: the users stand in a setting."""
    yield {}


LEGACY: Final = (("Ada@Example.com", "ADA_PASSWORD"), ("grace@example.com", "GRACE_PASSWORD"))
"""The users of the templates, with a verified e-mail and without."""

SALT: Final = "AAECAwQFBgcICQoLDA0ODw=="

STORES: Final[dict[str, Callable[[Path], AbstractContextManager[dict[str, str]]]]] = {
    "asp-net-simple-membership": simple_membership,
    "asp-net-universal-providers": universal_providers,
    "azure-sql": azure_sql,
    "http": http,
    "mysql": mysql,
    "plain-javascript": plain_javascript,
    "postgresql": postgresql,
    "sql-server": sql_server,
}
"""What runs the store of a template, and how the configuration differs then."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = {"id": 7, "email": "Ada@Example.com", "password_hash": hashed("ADA_PASSWORD"), "email_verified": True}
    grace = {"id": 8, "email": "grace@example.com", "password_hash": hashed("GRACE_PASSWORD"), "plan": "free"}
    users = [ada | {"name": "Ada", "plan": "full", "language": "de"}, grace | {"language": "en"}]
    secrets = {"API_TOKEN": TOKEN, "PGPASSWORD": STORE_PASSWORD, "MYSQL_PASSWORD": STORE_PASSWORD}
    secrets["MSSQL_PASSWORD"] = PASSWORD
    secrets["LEGACY_USERS"] = json.dumps(users)
    for name, value in (PASSWORDS | secrets).items():
        monkeypatch.setenv(name, value)


def written(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(["init", "--template", name]) == 0


def change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def checked(folder: Path, capsys: pytest.CaptureFixture[str], store: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Check a template as it stands in a folder; return the exit code, and the status of each rule."""
    for script in folder.rglob("*.js"):
        change(script, *QUICKLY)
    change(folder / "customdb.toml", *store.items(), ("[database]\n", f'[database]\nnode_modules = "{MODULES}"\n'))
    capsys.readouterr()
    code = main(["check", "--format", "json"])
    report: Any = json.loads(capsys.readouterr().out)
    return code, {verdict["rule"]: verdict["status"] for verdict in report["verdicts"]}


def test_each_template_is_checked() -> None:
    assert set(DATABASES) == STORES.keys()


@pytest.mark.untraced
@pytest.mark.parametrize("name", DATABASES)
def test_a_template_keeps_the_contract(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(name, tmp_path, monkeypatch)

    with STORES[name](tmp_path) as store:
        code, statuses = checked(tmp_path, capsys, store)

    assert code == 0
    assert {rule for rule, status in statuses.items() if status == "failed"} <= INFORMING
    judged = [rule for rule, status in statuses.items() if status == "passed"]
    assert len(judged) >= JUDGED.get(name, 115)


@pytest.mark.untraced
@pytest.mark.parametrize(
    "flaw",
    [
        ("postgresql", "login", "|| !isRight", "|| isRight === 0", "wrong-password-not-reported"),
        ("postgresql", "create", "ON CONFLICT DO NOTHING", "", "create-duplicate-not-user-exists"),
        ("sql-server", "create", "error.number === 2627", "error.number === 0", "create-duplicate-not-user-exists"),
        ("sql-server", "get_user", f"reject({UNREACHABLE})", "resolve([])", "outage-as-not-found"),
        ("azure-sql", "login", f"reject({UNREACHABLE})", "resolve([])", "login-outage-as-wrong-password"),
        (
            "asp-net-simple-membership",
            "login",
            "return timingSafeEqual(await",
            "return 0 !== (await",
            "wrong-password-not-reported",
        ),
        ("asp-net-simple-membership", "create", "'COMMIT TRANSACTION'", "'ROLLBACK TRANSACTION'", "create-not-visible"),
        ("asp-net-universal-providers", "get_user", "user.id.toLowerCase()", "user.id", "mismatched-user-id"),
        (
            "asp-net-universal-providers",
            "change_password",
            "WHERE UserId",
            "WHERE ApplicationId",
            "change-password-ineffective",
        ),
        ("http", "get_user", "404, 'no_such_user'", "503, undefined", "not-found-not-null"),
        ("plain-javascript", "get_user", "legacy-${user.id}", "legacy-${user.email}", "mismatched-user-id"),
    ],
)
def test_a_flaw_in_a_template_is_found(
    flaw: tuple[str, str, str, str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, script, old, new, rule = flaw
    written(name, tmp_path, monkeypatch)
    path = tmp_path / "database-connections" / "legacy" / f"{script}.js"
    assert old in path.read_text(encoding="utf-8")
    change(path, (old, new))

    with STORES[name](tmp_path) as store:
        code, statuses = checked(tmp_path, capsys, store)

    assert (code, statuses[rule]) == (1, "failed")


@pytest.mark.parametrize("name", DATABASES)
def test_a_template_is_whole(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(name, tmp_path, monkeypatch)

    scripts = tmp_path / "database-connections" / "legacy"
    settings = json.loads((scripts / "database.json").read_text(encoding="utf-8"))["options"]
    assert {file.name for file in scripts.glob("*.js")} == {
        Path(one).name for one in settings["customScripts"].values()
    }
    assert settings["import_mode"] is ("create" not in settings["customScripts"])
    assert "@part" not in "".join(file.read_text(encoding="utf-8") for file in scripts.iterdir())
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("# A custom database")


def scripts_of(folder: Path, *environment: str, **configuration: str) -> NodeDatabase:
    """Return the scripts of a template, to be called one by one."""
    scripts = folder / "database-connections" / "legacy"
    for script in scripts.glob("*.js"):
        change(script, *QUICKLY)
    return NodeDatabase(scripts, configuration=configuration, node_modules=MODULES, environment=environment)


def over(double: SqlServerDouble, **configuration: str) -> dict[str, str]:
    """Return the settings of scripts that talk to a double of SQL Server."""
    settings = {"MSSQL_SERVER": "127.0.0.1", "MSSQL_PORT": str(double.port), "MSSQL_DATABASE": DATABASE}
    return settings | {"MSSQL_USER": USER, "MSSQL_PASSWORD": PASSWORD} | configuration


CALLS: Final[dict[str, Callable[[Any], object]]] = {
    "login": lambda shop: shop.login("ada@example.com", PASSWORDS["ADA_PASSWORD"]),
    "get_user": lambda shop: shop.get_user("ada@example.com"),
    "create": lambda shop: shop.create({"email": "new@example.com", "password": "something new"}),
    "verify": lambda shop: shop.verify("ada@example.com"),
    "change_password": lambda shop: shop.change_password("ada@example.com", "something new"),
    "change_email": lambda shop: shop.change_email("ada@example.com", "ada@example.org", True),
    "delete": lambda shop: shop.delete("legacy-1"),
}
"""A call of each script that would do something."""


def failure_of(result: object) -> tuple[type[object], str]:
    assert isinstance(result, Failed), result
    return type(result.error), str(result.error)


OUTAGE: Final = (ScriptError, "The user store cannot be reached")


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("refusals", "failures"),
    [([40613, 40613], []), ([49918], []), ([], [40197]), ([], [40501]), ([], [40613])],
)
def test_a_transient_error_of_azure_is_an_outage_and_says_nothing_of_a_user(
    refusals: list[int], failures: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("azure-sql", tmp_path, monkeypatch)

    with (
        azure_sql_double(tmp_path) as (double, _),
        scripts_of(tmp_path, "NODE_EXTRA_CA_CERTS", **over(double, MSSQL_CERTIFICATE_NAME=AZURE)) as shop,
    ):
        for script, call in CALLS.items():
            double.refusals, double.failures = list(refusals), list(failures)
            assert failure_of(call(shop)) == OUTAGE, script
            assert (double.refusals, double.failures) == ([], [])


@pytest.mark.untraced
def test_a_log_in_that_azure_refuses_for_a_moment_is_tried_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("azure-sql", tmp_path, monkeypatch)

    with (
        azure_sql_double(tmp_path) as (double, _),
        scripts_of(tmp_path, "NODE_EXTRA_CA_CERTS", **over(double, MSSQL_CERTIFICATE_NAME=AZURE)) as shop,
    ):
        double.refusals = [40613]
        assert isinstance(CALLS["get_user"](shop), Found)
        assert double.refusals == []


@pytest.mark.untraced
def test_a_server_without_tls_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("azure-sql", tmp_path, monkeypatch)

    with (
        run_sql_server_double(tables(tmp_path)) as double,
        scripts_of(tmp_path, **over(double)) as shop,
    ):
        assert {script: failure_of(call(shop)) for script, call in CALLS.items()} == dict.fromkeys(CALLS, OUTAGE)


def test_a_password_in_no_known_format_is_an_error_with_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("plain-javascript", tmp_path, monkeypatch)
    users = [{"id": 7, "email": "ada@example.com", "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}]

    with scripts_of(tmp_path, LEGACY_USERS=json.dumps(users)) as shop:
        result = CALLS["login"](shop)

    assert failure_of(result) == (ScriptError, "The password of the user with the id 7 is no hash by bcrypt")


UNKNOWN: Final = "The password of the user with the id {} is in no known format"
CRYPTO: Final = [row for row in ROWS if isinstance(row.form, AspNetIdentityV2)]


def log_in(shop: Any, email: str, password: str) -> Any:
    return shop.login(email, password)


def test_simple_membership_logs_in_with_the_passwords_that_asp_net_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-simple-membership", tmp_path, monkeypatch)

    with run_sql_server_double((tmp_path / "schema.sql").read_text(encoding="utf-8")) as double:
        for number, row in enumerate(CRYPTO, start=1):
            double.run(simple_member(number, f"u{number}@example.com", row.text))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            for number, row in enumerate(CRYPTO, start=1):
                email = f"u{number}@example.com"
                profile = {"user_id": f"legacy-{number}", "email": email, "email_verified": False}
                assert log_in(shop, email, row.password) == Found(profile)
                for wrong in (row.password + "x", row.password[:-1], row.password.swapcase(), "", row.text):
                    assert isinstance(log_in(shop, email, wrong).error, WrongUsernameOrPasswordError)
    assert len(CRYPTO) >= 4


@pytest.mark.parametrize(
    "stored",
    [
        "plain text",
        b64encode(b"\1" + bytes(48)).decode(),
        b64encode(bytes(48)).decode(),
        b64encode(bytes(50)).decode(),
        b64encode(bytes(49)).decode().rstrip("="),
        "$2b$04$" + "a" * 52,
    ],
)
def test_simple_membership_does_not_guess_at_a_password_in_no_known_format(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-simple-membership", tmp_path, monkeypatch)

    with run_sql_server_double((tmp_path / "schema.sql").read_text(encoding="utf-8")) as double:
        double.run(simple_member(1, "ada@example.com", stored))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            for password in (PASSWORDS["ADA_PASSWORD"], stored):
                assert failure_of(log_in(shop, "ada@example.com", password)) == (ScriptError, UNKNOWN.format(1))


@pytest.mark.parametrize(
    ("is_confirmed", "password", "refusal"),
    [
        ("0", "right", UnauthorizedError),
        ("NULL", "right", UnauthorizedError),
        ("0", "wrong", WrongUsernameOrPasswordError),
        ("1", "wrong", WrongUsernameOrPasswordError),
    ],
)
def test_simple_membership_refuses_who_is_not_confirmed(
    is_confirmed: str,
    password: str,
    refusal: type[ScriptError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written("asp-net-simple-membership", tmp_path, monkeypatch)

    with run_sql_server_double((tmp_path / "schema.sql").read_text(encoding="utf-8")) as double:
        double.run(simple_member(1, "ada@example.com", identity_2_hash("right"), is_confirmed=is_confirmed))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(log_in(shop, "ada@example.com", password).error, refusal)
            assert isinstance(CALLS["get_user"](shop), Found)


MEMBERSHIP: Final = [row for row in ROWS if isinstance(row.form, AspNetMembership)]
ADA_ID: Final = str(user_key(1))


@pytest.mark.parametrize("row", MEMBERSHIP, ids=lambda row: row.form.algorithm)
def test_universal_providers_log_in_with_the_passwords_that_asp_net_wrote(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(row.form, AspNetMembership)
    written("asp-net-universal-providers", tmp_path, monkeypatch)
    refused = (row.password + "x", row.password[:-1], row.password.swapcase(), "", row.text)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "Ada@example.com", row.text, PasswordSalt=row.salt))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_HASH=row.form.algorithm)) as shop:
            profile = {"user_id": f"legacy-{ADA_ID}", "email": "ada@example.com", "email_verified": False}
            assert log_in(shop, "ada@example.com", row.password) == Found(profile)
            for wrong in refused:
                assert isinstance(log_in(shop, "ada@example.com", wrong).error, WrongUsernameOrPasswordError)


def test_universal_providers_log_in_with_a_clear_password_and_hash_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)
    clear = "$2b$04$" + "a" * 53

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", clear, PasswordFormat=0))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(log_in(shop, "ada@example.com", clear), Found)
            assert isinstance(log_in(shop, "ada@example.com", clear + "a").error, WrongUsernameOrPasswordError)
            assert isinstance(CALLS["change_password"](shop), Done)
            assert isinstance(log_in(shop, "ada@example.com", "something new"), Found)
            assert isinstance(log_in(shop, "ada@example.com", clear).error, WrongUsernameOrPasswordError)


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"PasswordFormat": 2}, "HMACSHA256"),
        ({"PasswordFormat": 3}, "HMACSHA256"),
        ({"PasswordSalt": ""}, "HMACSHA256"),
        ({"PasswordSalt": SALT.rstrip("=")}, "HMACSHA256"),
        ({"Password": membership_hash("right", b64decode(SALT))[:-1]}, "HMACSHA256"),
        ({"Password": "right"}, "HMACSHA256"),
        ({}, "SHA1"),
        ({}, "SHA512"),
        ({}, "MD5"),
        ({}, "toString"),
    ],
)
def test_universal_providers_do_not_guess_at_a_password_in_no_known_format(
    changes: dict[str, Any], setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", membership_hash("right", b64decode(SALT)), **changes))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_HASH=setting)) as shop:
            result = log_in(shop, "ada@example.com", "right")

    assert failure_of(result) == (ScriptError, UNKNOWN.format(ADA_ID))


@pytest.mark.parametrize("changes", [{"IsApproved": 0}, {"IsLockedOut": 1}, {"IsApproved": 0, "IsLockedOut": 1}])
def test_universal_providers_refuse_who_is_not_approved_or_is_locked_out(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", membership_hash("right", b64decode(SALT)), **changes))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(log_in(shop, "ada@example.com", "right").error, UnauthorizedError)
            assert isinstance(log_in(shop, "ada@example.com", "wrong").error, WrongUsernameOrPasswordError)
            assert isinstance(CALLS["get_user"](shop), Found)


def test_universal_providers_serve_one_application_which_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", "", application="/other"))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(CALLS["get_user"](shop), NotFound)
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_APPLICATION="/other")) as shop:
            assert isinstance(CALLS["get_user"](shop), Found)
            assert isinstance(log_in(shop, "ada@example.com", "x").error, WrongUsernameOrPasswordError)
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_APPLICATION="/third")) as shop:
            calls = {script: call for script, call in CALLS.items() if script != "delete"}
            assert {script: failure_of(call(shop)) for script, call in calls.items()} == dict.fromkeys(calls, OUTAGE)


@pytest.mark.parametrize(
    ("user_name", "email", "expected"),
    [
        (None, "new@example.com", "new@example.com"),
        (None, f"{'new' * 13}@example.com", None),
        ("ada", "lovelace@example.com", "ada"),
        ("ADA@example.com", "lovelace@example.com", "lovelace@example.com"),
    ],
    ids=["new", "new with a long e-mail", "with a name", "with the e-mail as name"],
)
def test_universal_providers_give_a_user_a_name_which_asp_net_wants(
    user_name: str | None, email: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            caller: Any = shop
            if user_name is None:
                assert isinstance(caller.create({"email": email, "password": "something new"}), Done)
            else:
                double.run(member(1, "ada@example.com", "", name=user_name))
                assert isinstance(caller.change_email("ada@example.com", email, True), Done)
            user_id = caller.get_user(email).profile["user_id"].removeprefix("legacy-")
        ((found,),) = double.rows("SELECT UserName FROM Users")

    assert found == (user_id if expected is None else expected)


@pytest.mark.parametrize("name", ["asp-net-simple-membership", "asp-net-universal-providers"])
def test_a_user_of_asp_net_is_deleted_with_the_rows_that_refer_to_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(name, tmp_path, monkeypatch)
    if name == "asp-net-universal-providers":
        script, user_id, left = applications(tmp_path) + member(1, "ada@example.com", ""), ADA_ID, {"Applications": 2}
    else:
        schema = (tmp_path / "schema.sql").read_text(encoding="utf-8")
        script, user_id, left = schema + simple_member(1, "ada@example.com", ""), "1", {"webpages_Roles": 1}

    with run_sql_server_double(script) as double, scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
        caller: Any = shop
        for unknown in ("legacy-0", "legacy-2147483648", f"legacy-{UUID(int=1)}", user_id, ""):
            assert isinstance(caller.delete(unknown), Done)
        assert isinstance(CALLS["get_user"](shop), Found)
        assert isinstance(caller.delete(f"legacy-{user_id}"), Done)
        assert isinstance(CALLS["get_user"](shop), NotFound)
        tables = re.findall(r"^CREATE TABLE (\w+)", script, re.MULTILINE)
        counted = {table: double.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}

    assert len(counted) == 5
    assert {table: count for table, count in counted.items() if count} == left


def test_a_system_without_a_template_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["init", "--template", "dbase"])

    assert "choose from 'http', " in capsys.readouterr().err
