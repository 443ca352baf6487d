"""The scripts that `init --template` writes pass the check on their stores."""

import json
import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from customdb_contract import KnownUser
from customdb_contract._cli import main
from customdb_contract._cli._templates import DATABASES
from customdb_contract.bridges.node._runtime import find_runtime
from customdb_contract.contract import Failed, Found, ScriptError
from doubles.mongod import running_mongod_double
from doubles.sql_server import PASSWORD
from json_servers import running_json
from mariadb import find_mariadb, run_mariadb
from postgres import find_postgres, run_postgres
from shop_api import TOKEN, ShopApi
from stormpath_double import API_KEY, StormpathDouble
from template_stores import (
    MODULES,
    PASSWORDS,
    QUICKLY,
    azure_sql,
    change,
    failure_of,
    hashed,
    people,
    scripts_of,
    simple_membership,
    sql_server,
    universal_providers,
    written,
)

STORE_PASSWORD: Final = "password of the store"
UNREACHABLE: Final = "failure || new Error('The server does not encrypt')"
PEOPLE: Final = [
    KnownUser(
        email="Ada@Example.com",
        password=PASSWORDS["ADA_PASSWORD"],
        profile={"email_verified": True, "given_name": "Ada"},
    ),
    KnownUser(email="grace@example.com", password=PASSWORDS["GRACE_PASSWORD"]),
]
INFORMING: Final = {"direct-database-access", "no-metadata-repair"}
"""The findings about a store without an API, and about a migration without an Action."""

JUDGED: Final = {"plain-javascript": 80, "asp-net-simple-membership": 110, "asp-net-universal-providers": 110}
"""The number of rules that judge templates that cannot write, or whose profiles have no metadata."""

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.skipif(not MODULES.is_dir(), reason="the npm modules are not installed: run make test"),
]


@contextmanager
def postgresql(folder: Path) -> Generator[dict[str, str]]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    with run_postgres(programs, (folder / "schema.sql").read_text(encoding="utf-8") + people()) as server:
        yield {"5432": str(server.port), '"auth0"': '"shop"', 'PGDATABASE = "legacy"': 'PGDATABASE = "postgres"'}


INDEXES: Final = """
const [driver, url, user, password, path] = process.argv.slice(1);
const client = new (require(driver).MongoClient)(url, { auth: { username: user, password } });
const db = new Proxy({}, { get: (_, name) => client.db().collection(name) });
const commands = require('fs').readFileSync(path, 'utf8');
require('vm').runInNewContext(commands, { db }).then(() => client.close());
"""
"""Runs the commands for mongosh with the driver, which has functions of the same names."""


@contextmanager
def mongodb(folder: Path) -> Generator[dict[str, str]]:
    """MongoDB cannot be installed here: a wire-level test double replaces it."""
    with running_mongod_double("auth0", STORE_PASSWORD) as double:
        command = ["-e", INDEXES, str(MODULES / "mongodb"), double.url, "auth0", STORE_PASSWORD]
        subprocess.run([find_runtime().path, *command, str(folder / "indexes.js")], check=True)
        users = double.collection("users")
        ada = {"email": "Ada@Example.com", "password_hash": hashed("ADA_PASSWORD"), "email_verified": True}
        grace = {"email": "grace@example.com", "password_hash": hashed("GRACE_PASSWORD"), "email_verified": False}
        users.insert({**ada, "blocked": False, "name": "Ada", "plan": "full", "language": "de"})
        users.insert({**grace, "plan": "free", "language": "en"})
        yield {
            "127.0.0.1:27017/legacy": f"127.0.0.1:{double.port}/shop",
            "127.0.0.1:27017}": f"127.0.0.1:{double.port}}}",
        }


@contextmanager
def mysql(folder: Path) -> Generator[dict[str, str]]:
    programs = find_mariadb()
    if programs is None:
        pytest.skip("there is no MariaDB on this machine: apt-get install mariadb-server")
    with run_mariadb(programs) as server:
        server.run(
            f"CREATE DATABASE legacy; CREATE USER auth0@'127.0.0.1' IDENTIFIED BY '{STORE_PASSWORD}'; "
            "GRANT ALL ON legacy.* TO auth0@'127.0.0.1'; USE legacy; "
            + (folder / "schema.sql").read_text(encoding="utf-8")
            + people()
        )
        yield {"3306": str(server.port)}


@contextmanager
def http(_: Path) -> Generator[dict[str, str]]:
    with running_json(ShopApi(PEOPLE).answer) as server:
        yield {"http://127.0.0.1:8080": server.url, '"full"': '"patron"'}


@contextmanager
def stormpath(_: Path) -> Generator[dict[str, str]]:
    with running_json(StormpathDouble(PEOPLE).answer) as double:
        yield {"http://127.0.0.1:8080": double.url, '"full"': '"patron"'}


@contextmanager
def plain_javascript(_: Path) -> Generator[dict[str, str]]:
    """No server runs: the users are in a setting."""
    yield {}


STORES: Final[dict[str, Callable[[Path], AbstractContextManager[dict[str, str]]]]] = {
    "asp-net-simple-membership": simple_membership,
    "asp-net-universal-providers": universal_providers,
    "azure-sql": azure_sql,
    "http": http,
    "mongodb": mongodb,
    "mysql": mysql,
    "plain-javascript": plain_javascript,
    "postgresql": postgresql,
    "sql-server": sql_server,
    "stormpath": stormpath,
}
"""The function that runs the store of a template, and the changes of the configuration."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = {"id": 7, "email": "Ada@Example.com", "password_hash": hashed("ADA_PASSWORD"), "email_verified": True}
    grace = {"id": 8, "email": "grace@example.com", "password_hash": hashed("GRACE_PASSWORD"), "plan": "free"}
    users = [ada | {"name": "Ada", "plan": "full", "language": "de"}, grace | {"language": "en"}]
    api = {"API_TOKEN": TOKEN.token, "API_KEY_ID": API_KEY.username, "API_KEY_SECRET": API_KEY.password}
    secrets = api | {"PGPASSWORD": STORE_PASSWORD, "MYSQL_PASSWORD": STORE_PASSWORD}
    secrets |= {"MONGODB_PASSWORD": STORE_PASSWORD, "MSSQL_PASSWORD": PASSWORD}
    secrets["LEGACY_USERS"] = json.dumps(users)
    for name, value in (PASSWORDS | secrets).items():
        monkeypatch.setenv(name, value)


def without_outage(configuration: Path) -> None:
    """Omit the outages, which take the most time: the drivers wait in each."""
    before, _, rest = configuration.read_text(encoding="utf-8").partition("[outage.configuration]")
    configuration.write_text(before + rest[rest.find("\n[") :], encoding="utf-8")


def checked(folder: Path, capsys: pytest.CaptureFixture[str], store: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Check a template in a folder; return the exit code, and the status of each rule."""
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
        ("mongodb", "login", "collation: { locale: 'en', strength: 2 }", "", "case-sensitive-identifier"),
        ("mongodb", "create", "error.code === 11000", "false", "create-duplicate-not-user-exists"),
        ("mongodb", "delete", "24", "25", "delete-ineffective"),
        ("http", "get_user", "404, 'no_such_user'", "503, undefined", "not-found-not-null"),
        ("stormpath", "login", "400, 7104, 7100", "400, 7104", "wrong-password-not-reported"),
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
    if "outage" not in rule:
        without_outage(tmp_path / "customdb.toml")

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


def test_a_password_in_no_known_format_is_an_error_with_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("plain-javascript", tmp_path, monkeypatch)
    users = [{"id": 7, "email": "ada@example.com", "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}]

    with scripts_of(tmp_path, LEGACY_USERS=json.dumps(users)) as shop:
        caller: Any = shop
        result = caller.login("ada@example.com", "password")

    assert failure_of(result) == (ScriptError, "The password of the user with the id 7 is no hash by bcrypt")


@pytest.mark.untraced
def test_the_client_of_mongodb_tries_again_after_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that failed to connect would stay closed if only operations were to reconnect it."""
    written("mongodb", tmp_path, monkeypatch)

    with running_mongod_double() as double:
        double.collection("users").insert({"email": "ada@example.com"})
        double.kill()
        with scripts_of(tmp_path, MONGODB_URL=double.url, MONGODB_TLS="disable") as database:
            get_user: Any = database.get_user
            results = [get_user("ada@example.com")]
            double.start()
            results.append(get_user("ada@example.com"))
            double.kill()
            results.append(get_user("ada@example.com"))

    assert [type(result) for result in results] == [Failed, Found, Failed]


def test_a_system_without_a_template_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["init", "--template", "dbase"])

    assert f"choose from '{DATABASES[0]}', " in capsys.readouterr().err
