"""The commands `audit` and `init --audit` on real sources: which user data they show and never show."""

import contextlib
import csv
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from customdb_contract._cli import main
from customdb_contract.audit import AuditProgress, Columns, audit, column_types
from customdb_contract.errors import ConfigurationError

pytestmark = [pytest.mark.one_python, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

COLUMNS = ("id", "mail", "verified", "login", "full_name", "plan", "passwd", "salt")
PERSONAL = ("canary-mail", "canary-login", "canary-name", "canary-plan", "canary-verified")
SECRET = ("canary-hash", "canary-salt")
ROWS: Sequence[Sequence[object]] = (
    (
        1,
        "canary-mail@example.com",
        "canary-verified",
        "canary-login !",
        "canary-name",
        "canary-plan",
        "canary-hash-1",
        "canary-salt-1",
    ),
    (2, "Canary-mail@example.com", "true", "canary-login", "canary-name\n2", "canary-plan", "", ""),
    (3, "canary-mail-broken@", "false", "canary-login", "canary-name", "x" * 200_000, "canary-hash-3", "canary-salt-3"),
)
CONFIG = """\
[connection]
import_mode = true
requires_username = true

[audit]
source = "users.csv"
user_id = "id"
email = "mail"
email_verified = "verified"
username = "login"
name = "full_name"
app_metadata = { "reserved.plan" = "plan" }
password_hash = "passwd"
password_salt = "salt"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "users.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    (tmp_path / "customdb.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


FILES = ("a.txt", "a.json", "a.html", "all.csv")


@pytest.mark.parametrize("show", [False, True])
def test_values_are_shown_only_on_request_and_hashes_never(
    capsys: pytest.CaptureFixture[str], folder: Path, show: bool
) -> None:
    options = "audit -v --report text:a.txt --report json:a.json --report html:a.html --findings all.csv --state kept"

    code, out, err = run(capsys, *options.split(), *(["--show-values"] if show else []))

    assert (code, err) == (1, "")
    texts = [out, *((folder / name).read_text(encoding="utf-8") for name in FILES)]
    texts += [path.read_text(encoding="utf-8") for path in (folder / "kept").iterdir()]
    for text in texts:
        assert not any(word in text for word in SECRET)
        assert show or not any(word.casefold() in text.casefold() for word in PERSONAL)
    assert all("canary-mail" in text.casefold() for text in texts[:5]) is show
    document = json.loads((folder / "a.json").read_text(encoding="utf-8"))
    assert (document["users"], document["exit_code"], document["findings_file"]) == (3, 1, "all.csv")
    broken = {result["rule"] for result in document["results"] if result["users"]}
    assert {"invalid-email", "shared-email", "invalid-username", "unknown-password-format"} <= broken


def database(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "shop.sqlite3")) as other:
        other.execute("CREATE TABLE users (id INTEGER, mail TEXT)")
        other.execute("INSERT INTO users VALUES (1, 'ada@example.com'), (2, 'bob')")
        other.commit()
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE users (id INTEGER, mail VARCHAR, confirmed_at TIMESTAMP, banned BOOLEAN)")
        connection.execute("INSERT INTO users VALUES (1, 'ada@example.com', now(), false), (2, 'bob', now(), true)")


@pytest.mark.parametrize("named", ['table = "users"', 'query = "select * from users where not banned"'])
def test_users_are_read_from_a_database(capsys: pytest.CaptureFixture[str], folder: Path, named: str) -> None:
    database(folder)
    (folder / "customdb.toml").write_text(
        f'[audit]\nsource = "duckdb://{folder}/shop.duckdb"\n{named}\nuser_id = "id"\nemail = "mail"\n'
    )

    code, out, err = run(capsys, "audit", "--select", "invalid-email", "--fail-on", "warning")

    assert err == ""
    assert (code, "invalid-email" in out) == ((1, True) if "table" in named else (0, False))


@pytest.mark.parametrize("url", ["duckdb://{folder}/shop.duckdb", "sqlite://{folder}/shop.sqlite3"])
def test_a_missing_table_and_a_wrong_query_are_errors(
    capsys: pytest.CaptureFixture[str], folder: Path, url: str
) -> None:
    database(folder)
    source = url.format(folder=folder)
    config = folder / "customdb.toml"
    config.write_text(f'[audit]\nsource = "{source}"\ntable = "customers"\nuser_id = "id"\n')

    code, out, err = run(capsys, "audit")
    assert (code, out) == (2, "")
    assert "has no table 'customers'" in err
    assert err.endswith("it has users\n")

    config.write_text(f'[audit]\nsource = "{source}"\nquery = "select id from customers"\nuser_id = "id"\n')
    code, out, err = run(capsys, "audit")
    assert (code, out) == (3, "")
    assert "shop." in err
    assert " rejected the query (" in err

    config.write_text(f'[audit]\nsource = "{source}"\nquery = "select id from users"\nuser_id = "id"\n')
    code, out, err = run(capsys, "audit", "--select", "missing-user-id")
    assert (code, err) == (0, "")
    assert out.startswith("ok: 2 users audited")


def test_an_unreachable_database_is_reported_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("USERS_URL", "postgresql://reader:canary-secret@127.0.0.1:1/shop?table=users")
    (folder / "customdb.toml").write_text('[audit]\nsource = { env = "USERS_URL" }\nuser_id = "id"\n')

    code, out, err = run(capsys, "audit")

    assert (code, out) == (3, "")
    assert "postgresql://127.0.0.1:1/shop" in err
    assert "canary-secret" not in err


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("", ["no.csv"], "there is no file or folder no.csv"),
        ('email = "maill"', ["users.csv"], "users.csv: there is no column 'maill' for email; did you mean mail?"),
        (
            "",
            ["duckdb:///shop.duckdb"],
            "table: name the table that contains the users, as in postgresql://host/shop?table=users, or use a query",
        ),
        ("", ["users.csv", "--sample", "0"], "sample must be 1 or more, got 0"),
        ("", ["users.csv", "--select", "shared-emial"], "did you mean shared-email"),
        ("", ["users.csv", "--findings", "all.xlsx"], "all.xlsx"),
    ],
)
def test_wrong_usage_is_an_error(
    capsys: pytest.CaptureFixture[str], folder: Path, text: str, arguments: Sequence[str], message: str
) -> None:
    (folder / "customdb.toml").write_text(f'[audit]\nuser_id = "id"\n{text}\n')

    code, out, err = run(capsys, "audit", *arguments)

    assert (code, out) == (2, "")
    assert err.startswith("customdb-contract: ")
    assert message in err


def write(kind: str, folder: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE users AS SELECT 1 AS id, 'a@example.com' AS mail, now()::TIMESTAMP AS verified"
        )
        format_ = {"jsonl": "json"}.get(kind, kind)
        connection.execute(f"COPY users TO '{folder}/data.{kind}' (FORMAT {format_})")


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_the_columns_of_files_have_types(folder: Path, kind: str) -> None:
    write(kind, folder)

    types = column_types(folder / f"data.{kind}")

    assert list(types) == ["id", "mail", "verified"]
    assert types["id"].removeprefix("!") in {"int32", "int64"}
    assert types["mail"].removeprefix("!") == "string"
    assert types["verified"].removeprefix("!").startswith("timestamp")


@pytest.mark.parametrize(("source", "query"), [("?table=users", None), ("", "select id, mail from users")])
def test_the_columns_of_a_database_have_types(folder: Path, source: str, query: str | None) -> None:
    database(folder)

    types = column_types(f"duckdb://{folder}/shop.duckdb{source}", query=query)

    assert dict(types) == {"id": "int32", "mail": "string"} | (
        {} if query else {"confirmed_at": "timestamp(6)", "banned": "boolean"}
    )


def test_a_file_that_cannot_be_read_has_no_columns(folder: Path) -> None:
    (folder / "broken.parquet").write_text("no parquet")

    with pytest.raises(ConfigurationError, match=r"^broken\.parquet can't be read"):
        column_types("broken.parquet")
    with pytest.raises(ConfigurationError, match=r"^query: applies only to databases, and the users are not in one"):
        column_types("users.csv", query="select 1")
    with pytest.raises(ConfigurationError, match=r"^there is no file or folder no\.csv"):
        column_types("no.csv")


WRITTEN = """\
# The configuration of `customdb-contract audit`: settings of the connection, and which column becomes which attribute.

[connection]                       # Auth0's own option names
import_mode = true                 # "Import Users to Auth0": as you will set it; it affects what happens to users
requires_username = false

[audit]
source = "users.csv"
user_id = "id"
email = "mail"
email_verified = "verified"
username = "login"   # only if it is not an e-mail
name = "full_name"
password_hash = "passwd"
password_salt = "salt"

# These columns are not mapped. If your scripts put them into the profile, map them:
# [audit.app_metadata]
# KEY = "COLUMN"
#
# - "plan" (string)
"""


def test_init_writes_a_configuration_with_which_an_audit_runs(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "customdb.toml").unlink()

    code, out, err = run(capsys, "init", "--audit", "users.csv")

    assert (code, err) == (0, "")
    assert out == (
        "wrote customdb.toml\nCheck [audit] in customdb.toml, then run: customdb-contract audit --sample 1000\n"
    )
    assert (folder / "customdb.toml").read_text(encoding="utf-8") == WRITTEN
    assert run(capsys, "audit")[0] == 1


@pytest.mark.parametrize(
    ("name", "text", "table"),
    [
        ("customdb.toml", "[check]\n", "audit"),
        ("pyproject.toml", "[tool.customdb-contract.check]\n", "tool.customdb-contract.audit"),
    ],
)
def test_init_prints_the_table_that_a_configuration_lacks(
    capsys: pytest.CaptureFixture[str], folder: Path, name: str, text: str, table: str
) -> None:
    (folder / "customdb.toml").unlink()
    (folder / name).write_text(text)

    code, out, err = run(capsys, "init", "--audit", "users.csv")

    assert (code, err) == (0, "")
    assert (folder / name).read_text() == text
    _, _, shown = WRITTEN.partition("\n[audit]\n")
    shown = shown.replace("[audit.app", f"[{table}.app")
    assert out == (
        f"# Add this to {name}:\n\n[{table}]\n{shown}\n"
        f"Check [audit] in {name}, then run: customdb-contract audit --sample 1000\n"
    )


def test_init_writes_no_password(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "customdb.toml").unlink()
    monkeypatch.setattr("customdb_contract.audit.column_types", lambda source, query: {"id": "int64"})

    code, out, err = run(capsys, "init", "--audit", "postgresql://reader:canary-secret@db/shop", "--query", "select 1")

    assert (code, err) == (0, "")
    assert "The password was left out: set the environment variable USERS_URL to the URL.\n" in out
    written = (folder / "customdb.toml").read_text(encoding="utf-8")
    assert 'source = { env = "USERS_URL" }\nquery = "select 1"\nuser_id = "id"\n' in written
    assert "canary-secret" not in out + written


def test_init_accepts_a_query_for_an_audit_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "init", "--query", "select 1") == (
        2,
        "",
        "customdb-contract: --query requires --audit SOURCE with the URL of a database\n",
    )


def test_progress_counts_the_rows_that_are_looked_at_one_by_one(folder: Path) -> None:
    states: list[AuditProgress] = []
    (folder / "users.jsonl").write_text(
        '{"id": "1", "mail": "ada@example.com"}\n{"id": "2", "mail": "no"}\n{"id": "3", "mail": ""}\n'
    )

    audit("users.jsonl", Columns(user_id="id", email="mail"), on_progress=states.append)

    assert (states[0].rows, states[-1].rows, states[-1].users) == (0, 2, 3)
    assert states[-1].findings >= 2
