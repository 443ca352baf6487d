"""The scripts that `init --template` writes keep the contract, on the stores that they are for."""

import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import bcrypt
import pytest

from account_api import Account, serving_accounts
from customdb_contract._cli import main
from customdb_contract._cli._templates import DATABASES
from doubles.sql_server import DATABASE, PASSWORD, USER, run_sql_server_double
from mariadb import find_mariadb, run_mariadb
from postgres import find_postgres, run_postgres

MODULES: Final = Path(__file__).parent / "drivers" / "node_modules"
PASSWORDS: Final = {"ADA_PASSWORD": "weaving algebraic patterns", "GRACE_PASSWORD": "nanosecond of wire"}
STORE_PASSWORD: Final = "password of the store"
TOKEN: Final = "token of the legacy API"
INFORMING: Final = {"direct-database-access", "no-metadata-repair"}
"""What is said of a store without an API in between, and of a migration without an Action."""

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


@contextmanager
def sql_server(folder: Path) -> Generator[dict[str, str]]:
    """SQL Server cannot be installed here: a wire-level test double stands in for it, without TLS."""
    with run_sql_server_double(
        (folder / "schema.sql").read_text(encoding="utf-8") + people().replace("true", "1").replace("false", "0")
    ) as double:
        yield {"1433": str(double.port), '"auth0"': f'"{USER}"', '"legacy"': f'"{DATABASE}"'}


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


STORES: Final[dict[str, Callable[[Path], AbstractContextManager[dict[str, str]]]]] = {
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
    assert len(judged) >= (80 if name == "plain-javascript" else 115)


@pytest.mark.untraced
@pytest.mark.parametrize(
    "flaw",
    [
        ("postgresql", "login", "|| !isRight", "|| isRight === 0", "wrong-password-not-reported"),
        ("postgresql", "create", "ON CONFLICT DO NOTHING", "", "create-duplicate-not-user-exists"),
        ("sql-server", "create", "error.number === 2627", "error.number === 0", "create-duplicate-not-user-exists"),
        ("sql-server", "get_user", "reject(failure)", "resolve([])", "outage-as-not-found"),
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


def test_a_system_without_a_template_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["init", "--template", "dbase"])

    assert "choose from 'http', " in capsys.readouterr().err
