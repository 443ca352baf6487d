"""An audit whose store fails in the middle: its error, and that it resumes there."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # see above
import pytest

from customdb_contract._cli import main
from customdb_contract.audit import AuditProgress, Columns, _failing, audit
from customdb_contract.errors import ConfigurationError, CustomDatabaseError, DatabaseOpeningError
from postgres import DATABASE, Postgres, find_postgres, run_postgres

pytestmark = pytest.mark.one_python

COLUMNS = Columns(user_id="id", email="mail")
USERS = """
create table users as select i::text as id, case when i > 6 then 'x' else 'user' || i || '@example.com' end as mail
from generate_series(1, 9) i;
create table secret as select '1' as id;
create role reader login;
grant select on users to reader;
"""


def failing_at(step: str, fail: Callable[[], object]) -> Callable[[AuditProgress], None]:
    """Return a progress callback that causes a failure once, when an audit reaches a step."""
    waiting = [fail]

    def on_progress(state: AuditProgress) -> None:
        if state.doing == step and waiting:
            waiting.pop()()

    return on_progress


def problem_of(table: object, columns: Columns = COLUMNS, **settings: Any) -> str:
    with pytest.raises(CustomDatabaseError) as failed:
        audit(table, columns, **settings)
    return f"{type(failed.value).__name__}: {failed.value}"


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# PostgreSQL


@pytest.fixture(scope="module")
def server() -> Any:
    programs = find_postgres()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    with run_postgres(programs, USERS) as running:
        yield running


def url_of(server: Postgres, user: str = "shop", table: str = "users") -> str:
    return f"postgresql://{user}@127.0.0.1:{server.port}/{DATABASE}?table={table}"


@pytest.mark.databases
@pytest.mark.parametrize("step", ["profiles", "shared-user-id", "shared-email"])
def test_a_server_that_is_killed_is_named_and_the_audit_goes_on(server: Postgres, tmp_path: Path, step: str) -> None:
    whole = audit(url_of(server), COLUMNS, import_mode=True)
    findings, state = tmp_path / "findings.jsonl", tmp_path / "state"
    try:
        said = problem_of(
            url_of(server),
            import_mode=True,
            findings=findings,
            state=state,
            on_progress=failing_at(step, server.kill),
        )
    finally:
        server.start()

    assert said.startswith(
        f"DatabaseOpeningError: postgresql://127.0.0.1:{server.port}/postgres (users) can't be read to its end: "
    )
    assert said.endswith(
        f". The audit of 9 users stopped at {step}, with 3 findings so far, in {findings}; run it again to resume"
    )
    assert [row["rule"] for row in rows_of(findings)] == ["invalid-email"] * 3
    again = audit(url_of(server), COLUMNS, import_mode=True, findings=findings, state=state)
    assert again.results == whole.results
    assert len(rows_of(findings)) == sum(result.users for result in whole.results)


@pytest.mark.databases
def test_a_permission_that_is_missing_is_named(server: Postgres) -> None:
    assert problem_of(url_of(server, "reader", "secret"), Columns(user_id="id")) == (
        f"DatabaseOpeningError: postgresql://127.0.0.1:{server.port}/postgres (secret) can't be read to its end: "
        "InsufficientPrivilege: permission denied for table secret"
    )


@pytest.mark.databases
def test_a_revoked_permission_is_named(server: Postgres) -> None:
    owner = f"postgresql://shop@127.0.0.1:{server.port}/{DATABASE}"

    def take_away() -> None:
        with psycopg.connect(owner) as connection:
            connection.execute("revoke select on users from reader")

    said = problem_of(url_of(server, "reader"), on_progress=failing_at("shared-email", take_away))
    with psycopg.connect(owner) as connection:
        connection.execute("grant select on users to reader")

    assert said == (
        f"DatabaseOpeningError: postgresql://127.0.0.1:{server.port}/postgres (users) can't be read to its end: "
        "InsufficientPrivilege: permission denied for table users. The audit of 9 users stopped at shared-email, with "
        "3 findings so far; to be able to resume, use --state FOLDER (state in Python)"
    )


@pytest.mark.databases
def test_the_command_ends_with_exit_code_3(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = url_of(server, "reader", "secret")
    (tmp_path / "customdb.toml").write_text(f'[audit]\nsource = "{source}"\nuser_id = "id"\n', encoding="utf-8")

    assert main(["audit"]) == 3
    assert "can't be read to its end: InsufficientPrivilege: permission denied" in capsys.readouterr().err


# SQLite


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table users (id integer primary key, mail text, age integer)")
        rows = [(number, f"user{number}@example.com", number) for number in range(5_000)]
        connection.executemany("insert into users values (?, ?, ?)", rows)
        connection.commit()
    return path


def test_an_sqlite_file_is_found_with_three_and_with_four_slashes(shop: Path) -> None:
    for url in (f"sqlite://{shop}?table=users", f"sqlite:///{shop}?table=users#x"):
        assert audit(url, COLUMNS).users == 5_000


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_missing_sqlite_file_is_not_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.chdir(tmp_path)

    for path in (f"{tmp_path}/none.db", "none.db"):
        assert problem_of(f"{scheme}://{path}?table=users") == (
            f"DatabaseOpeningError: {scheme}://{path} can't be opened: there is no file {path}"
        )
    assert list(tmp_path.iterdir()) == []


def test_an_sqlite_file_that_was_damaged_or_cut_is_named(shop: Path, tmp_path: Path) -> None:
    whole = shop.read_bytes()
    bad, cut, text = (tmp_path / name for name in ("bad.db", "cut.db", "text.db"))
    bad.write_bytes(whole[:50_000] + b"\xff" * 50_000 + whole[100_000:])
    cut.write_bytes(whole[:60_000])
    text.write_text("no database" * 100, encoding="utf-8")

    assert problem_of(f"sqlite://{bad}?table=users") == (
        f"DatabaseOpeningError: sqlite://{bad} (users) can't be read to its end: DatabaseError: database disk image is "
        "malformed"
    )
    assert problem_of(f"sqlite://{cut}?table=users") == (
        f"DatabaseOpeningError: sqlite://{cut} can't be opened (DatabaseError: database disk image is malformed)"
    )
    assert problem_of(f"sqlite://{text}?table=users") == (
        f"DatabaseOpeningError: sqlite://{text} can't be opened (DatabaseError: file is not a database)"
    )


def test_a_value_of_another_type_is_named_and_not_shown(shop: Path) -> None:
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("insert into users values (9999, 'ada@example.com', '36 years')")
        connection.commit()

    said = problem_of(f"sqlite://{shop}?table=users", Columns(user_id="id", app_metadata={"age": "age"}))
    assert said.startswith(f"DatabaseOpeningError: sqlite://{shop} (users) can't be read to its end: ArrowInvalid: ")
    assert "app_metadata.age" in said
    assert "36 years" not in said


# Queries

WRITING = (
    "select id, mail from users; drop table users",
    "delete from users returning *",
    "drop table users",
    "-- nothing",
)
READING = (
    "select * from users;",
    "with a as (select * from users) select * from a -- all",
    "select id, mail from users -- these; and no others",
)


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_a_query_that_does_more_than_read_is_refused(shop: Path, tmp_path: Path, engine: str) -> None:
    url = f"sqlite://{shop}"
    if engine == "duckdb":
        url = f"duckdb://{tmp_path}/shop.duckdb"
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
            connection.execute("create table users as select 1 as id, 'ada@example.com' as mail from range(5000)")

    for query in WRITING:
        assert problem_of(url, query=query) == ("ConfigurationError: query: must be a single SELECT that only reads")
    assert problem_of(url, query="select '").startswith(f"DatabaseOpeningError: {url} rejected the query (")
    for query in READING:
        assert audit(url, COLUMNS, query=query).users == 5_000


@pytest.mark.databases
def test_a_query_that_writes_in_the_middle_is_refused(server: Postgres) -> None:
    url = url_of(server).partition("?")[0]
    gone = "with gone as (delete from users returning *) select * from gone"

    for query in (*WRITING, gone, "select * into other from users"):
        assert problem_of(url, query=query) == ("ConfigurationError: query: must be a single SELECT that only reads")
    assert [audit(url, COLUMNS, query=query).users for query in READING] == [9, 9, 9]


def test_a_name_of_a_table_may_have_dots(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("create schema s; create table s.users as select 1 as id")
        connection.execute('create table "u.v" as select 1 as id from range(2); create table "a.c.d" as select 1 as id')
    columns = Columns(user_id="id")

    for name, users in (("s.users", 1), ("u.v", 2), ("main.u.v", 2), ("a.c.d", 1), ("main.a.c.d", 1)):
        assert audit(f"duckdb://{tmp_path}/shop.duckdb?table={name}", columns).users == users
    assert problem_of(f"duckdb://{tmp_path}/shop.duckdb?table=a.d", columns).endswith("; it has a.c.d, u.v, users")


# Files


def parquet(path: Path, count: int) -> Path:
    ids = [f"{number}" for number in range(count)]
    pq.write_table(pa.table({"id": ids, "mail": ["x"] * count, "meta": ['{"a": "b"}'] * count}), path)
    return path


def test_a_file_that_is_cut_meanwhile_is_named(tmp_path: Path) -> None:
    path, findings = parquet(tmp_path / "users.parquet", 100), tmp_path / "findings.parquet"

    def cut() -> None:
        path.write_bytes(path.read_bytes()[:300])

    said = problem_of(path, findings=findings, on_progress=failing_at("shared-email", cut))

    assert said.startswith(f"ConfigurationError: {path} can't be read to its end: ")
    assert said.endswith(
        f". The audit of 100 users stopped at shared-email, with 100 findings so far, in {findings}; "
        "to be able to resume, use --state FOLDER (state in Python)"
    )
    assert pq.read_table(findings).num_rows == 100


@pytest.mark.parametrize("memory", ["1MB", "0GB"])
def test_too_little_memory_is_an_error_with_advice(memory: str, tmp_path: Path) -> None:
    columns = Columns(user_id="id", email="mail", app_metadata="meta")
    said = problem_of(parquet(tmp_path / "users.parquet", 50_000), columns, memory=memory)

    assert said.startswith(
        f"ConfigurationError: {tmp_path}/users.parquet can't be read to its end: Out of Memory Error"
    )
    assert "; give DuckDB more with `memory` in [audit], --memory or audit(…, memory=…)" in said


def test_a_csv_file_that_does_not_fit_is_no_file_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("id,mail\n" + "".join(f"{number},x{'y' * 90}\n" for number in range(50_000)), encoding="utf-8")

    said = problem_of(path, memory="1MB")
    assert said.startswith(f"ConfigurationError: {path} can't be read: Out of Memory Error: ")
    assert said.endswith("; give DuckDB more with `memory` in [audit], --memory or audit(…, memory=…)")


def test_memory_and_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", 1)

    assert problem_of(path, memory="lots") == (
        "ConfigurationError: memory: 'lots' can't be used; write a number and a unit, such as 3GB "
        "(Parser Error: Memory must have a number (e.g. 1GB))"
    )
    assert problem_of(path, folder=tmp_path / "none") == (
        f"ConfigurationError: folder: {tmp_path / 'none'} can't be written to: No such file or directory"
    )


# Errors of engines


class EngineFailedError(Exception):
    """An error that none of the supported drivers raises."""


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (EngineFailedError("gone\nrow 7"), "EngineFailedError: gone"),
        (EngineFailedError("no '36'\nrow", "in a.b"), "EngineFailedError: no '…'; in a.b"),
        (ConnectionResetError("gone"), "ConnectionResetError: gone"),
        (MemoryError(), "MemoryError: "),
        (
            EngineFailedError("no 'ada@example.com' in \"mail\" of '/a/b.db'"),
            "EngineFailedError: no '…' in \"mail\" of '/a/b.db'",
        ),
        (
            EngineFailedError("no $2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
            "EngineFailedError: no …",
        ),
    ],
)
def test_errors_of_drivers_are_reported_without_values(raised: Exception, said: str) -> None:
    with pytest.raises(_failing.EngineError) as failed, _failing.engine_errors():
        raise raised
    assert str(failed.value) == said


@pytest.mark.parametrize("raised", [AttributeError, TypeError, ValueError, KeyboardInterrupt, RuntimeError])
def test_other_errors_are_not_attributed_to_an_engine(raised: type[BaseException]) -> None:
    with pytest.raises(raised), _failing.engine_errors():
        raise raised


@pytest.mark.parametrize(("is_file", "kind"), [(True, ConfigurationError), (False, DatabaseOpeningError)])
def test_files_and_databases_fail_in_their_own_ways(is_file: bool, kind: type[Exception]) -> None:
    with pytest.raises(kind) as failed, _failing.reading("the shop", lambda: ". So far", is_file=is_file):
        raise _failing.EngineError(EngineFailedError("gone"))
    assert str(failed.value) == "the shop can't be read to its end: EngineFailedError: gone. So far"
