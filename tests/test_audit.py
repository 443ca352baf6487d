"""An audit of all users: its sources, its findings and files, and its errors for bad input."""

import csv
import datetime as dt
import gzip
import hashlib
import importlib
import json
import os
import signal
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract.audit import (
    AUDITED,
    AuditInterrupted,
    AuditProgress,
    AuditReport,
    Columns,
    Fate,
    PasswordFormats,
    ProfileSizes,
    PythonProcessFunction,
    Row,
    UserFinding,
    _auditing,
    _engines,
    _hashes,
    _metadata,
    _settled,
    _shared,
    _state,
    _steps,
    _users,
    _writing,
    audit,
)
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.findings import Severity
from customdb_contract.passwords import UNMISTAKABLE, PlainDigest

ibis, pa, pq = _engines.import_ibis(), _engines.import_arrow(), _engines.import_arrow("pyarrow.parquet")

COLUMNS = Columns(user_id="id", email="mail", email_verified="ok")
BCRYPT = f"$2b$10${'a' * 21}.{'a' * 30}."


def ada(number: int | None, **attributes: object) -> dict[str, object]:
    return {"id": number, "mail": f"ada{number}@example.com", "ok": True, **attributes}


def parquet(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    return path


def json_lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def broken(report: AuditReport) -> dict[str, int]:
    return {result.rule: result.users for result in report.results if result.users}


def first(report: AuditReport, rule: str) -> Any:
    (result,) = (result for result in report.results if result.rule == rule)
    return result.examples[0]


def test_an_audit_of_a_parquet_file(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1), ada(2, mail="x"), ada(3, mail="ADA1@example.com")])
    report = audit(path, COLUMNS, import_mode=True, findings=tmp_path / "findings.csv")
    assert broken(report) == {"invalid-email": 1, "email-not-lowercase": 1, "shared-email": 2}
    assert (report.users, report.engine, report.source) == (3, "duckdb", str(path))
    assert (report.exit_code, report.sampled, report.interrupted) == (1, False, False)
    assert report.findings_file == str(tmp_path / "findings.csv")
    assert report.sizes == ProfileSizes(up_to_limit=3, above_limit=0, above_allowance=0, largest=69)
    rows = list(csv.DictReader((tmp_path / "findings.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["rule"], row["user_id"], row["shared_with"], row["value"]) for row in rows] == [
        ("invalid-email", "2", "", ""),
        ("email-not-lowercase", "3", "", ""),
        ("shared-email", "1", "3", ""),
        ("shared-email", "3", "1", ""),
    ]


def test_values_are_shown_when_asked_for_and_secrets_never(tmp_path: Path) -> None:
    rows = [
        ada(1, mail="x", secret="abcdefgh", age=float("nan"), meta='{"ada@example.com": 1}'),
        ada(2, mail="x$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", meta="{}"),
        ada(3, mail="x" * 300, meta="[]"),
    ]
    columns = Columns(user_id="id", email="mail", user_metadata="meta", others={"api_key": "secret", "age": "age"})
    path = parquet(tmp_path / "users.parquet", rows)
    values: dict[bool, list[tuple[str, str, str | None]]] = {}
    for shown in (True, False):
        audit(path, columns, findings=tmp_path / "found.jsonl", show_values=shown)
        lines = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text(encoding="utf-8").splitlines()]
        values[shown] = [(row["rule"], row["path"], row["value"]) for row in lines]
    assert ("invalid-email", "email", "x") in values[True]
    assert ("invalid-email", "email", "x…") in values[True]
    assert ("invalid-email", "email", f"{'x' * 200}…") in values[True]
    assert ("secret-in-profile", "api_key", None) in values[True]
    assert ("invalid-metadata-key", "user_metadata.ada@example.com", None) in values[True]
    assert ("invalid-metadata-key", "user_metadata.*", None) in values[False]
    assert {value for _, _, value in values[False]} == {None}


def test_a_shared_value_is_shown_when_asked_for(tmp_path: Path) -> None:
    rows = [ada(1), ada(2, mail="ADA1@example.com"), ada(3, mail="\u00e9@a.test"), ada(4, mail="\u00c9@a.test")]
    report = audit(parquet(tmp_path / "u.parquet", rows), COLUMNS, import_mode=True, show_values=True)
    assert first(report, "shared-email").value == "ada1@example.com"
    assert first(report, "unicode-email-collision").value == "\u00e9@a.test"


def test_users_with_one_key_are_distinguished_by_their_rows(tmp_path: Path) -> None:
    first_, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    json_lines(first_, ada(1), ada(2, mail="x@example.com"), ada(1, mail="y@example.com"))
    json_lines(second, ada(1, mail="z@example.com"), ada(None, mail="x@example.com"))
    findings = tmp_path / "found.parquet"

    report = audit(tmp_path, COLUMNS, findings=findings)

    rows = [row for row in pq.read_table(findings).to_pylist() if row["rule"].startswith("shared-")]
    places = [f"{first_}:1", f"{first_}:3", f"{second}:1"]
    assert sorted(
        ((row["rule"], row["user_id"], row["row"], sorted(row["shared_with"])) for row in rows), key=repr
    ) == sorted(
        [("shared-user-id", "1", place, sorted(set(places) - {place})) for place in places]
        + [("shared-email", "2", "", [f"{second}:2"]), ("shared-email", None, f"{second}:2", ["2"])],
        key=repr,
    )
    one = first(report, "shared-user-id")
    assert one.row in places
    assert f"1 ({one.row}): user_id is also used by 2 other users, but must be unique (with " in " ".join(
        str(report).split()
    )


def test_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text('id;mail;ok\n1;ada@example.com;true\n2;x;1\n;b@example.com;f\n4;"\n', encoding="utf-8")
    report = audit(path, COLUMNS)
    assert broken(report) == {"unreadable-row": 1, "missing-user-id": 1, "invalid-email": 1}
    assert report.users == 4
    assert first(report, "unreadable-row").row == f"{path}:5"
    assert first(report, "missing-user-id").row == f"{path}:3"


def test_a_folder_of_csv_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,mail,ok\n1,ada@example.com,true\n", encoding="utf-8")
    with gzip.open(tmp_path / "b.csv.gz", "wt", encoding="utf-8") as file:
        file.write("mail,id,ok\nada@example.com,2,0\nx\n")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    report = audit(tmp_path, COLUMNS)
    assert report.users == 3
    assert broken(report) == {"unreadable-row": 1, "shared-email": 2}


def test_json_lines(tmp_path: Path) -> None:
    path = json_lines(
        tmp_path / "users.jsonl",
        {"id": 7, "mail": "ada@example.com", "ok": True, "meta": {"a": 1}, "tags": ["x"]},
        {"id": "7", "mail": "bob@example.com", "ok": "true", "meta": {"a\u002eb": 1}},
        '{"id": "8", "mail": 5, "ok": null, "meta": "{}", "tags": {"password": "x"}}\n',
        "\n",
        '{"id": {"$oid": 1}, "mail": null}\n',
        '{"id": "9", "mail": "c@example.com"\n',
        "[1]\n",
        '{"id": "10", "ma',
    )
    columns = Columns(
        user_id="id",
        email="mail",
        email_verified="ok",
        app_metadata="meta",
        others={"tags": "tags"},
        password_hash="hash",
    )
    with pytest.raises(ConfigurationError, match="there is no column 'hash' for password_hash; did you mean tags"):
        audit(path, columns)
    columns = Columns(user_id="id", email="mail", email_verified="ok", app_metadata="meta", others={"tags": "tags"})
    report = audit(path, columns)
    assert report.users == 7
    assert broken(report) == {
        "unreadable-row": 3,
        "unreachable-user": 1,
        "user-id-not-a-string": 1,
        "invalid-email": 2,
        "email-verified-not-boolean": 1,
        "missing-email-verified": 1,
        "invalid-metadata-key": 1,
        "metadata-not-json": 1,
        "secret-in-profile": 1,
        "shared-user-id": 2,
    }


def test_a_key_that_only_few_lines_have(tmp_path: Path) -> None:
    rows = [ada(number) for number in range(1001)]
    path = json_lines(tmp_path / "users.jsonl", *rows, ada(5000, nick=""))
    columns = Columns(user_id="id", email="mail", email_verified="ok", nickname="nick")
    assert broken(audit(path, columns)) == {"invalid-name": 1}


def test_lines_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    path.write_bytes(b'{"id": 1, "mail": "a@b.test", "ok": true}\n{"id": 2, "mail": "\xff"}\n')
    report = audit(path, COLUMNS)
    assert (report.users, broken(report)) == (2, {"unreadable-row": 1})


def test_columns_of_many_types(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "mail": "ada@example.com",
        "ok": 2,
        "struct": {"a": 1, "b.c": "x"},
        "at": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "price": Decimal("1.50"),
        "whole": Decimal("2.00"),
        "for": dt.timedelta(seconds=1),
        "nothing": None,
        "on": "yes",
        "list": ["a"],
        "number": float("inf"),
    }
    columns = Columns(
        user_id="id",
        email="mail",
        email_verified="ok",
        blocked="on",
        user_metadata="struct",
        app_metadata={"at": "at", "price": "price", "whole": "whole", "for": "for", "list": "list", "number": "number"},
        others={"nothing": "nothing", "last_login": "at"},
    )
    report = audit(parquet(tmp_path / "users.parquet", [row]), columns, show_values=True)
    assert broken(report) == {
        "email-verified-not-boolean": 1,
        "reserved-root-attribute": 1,
        "invalid-metadata-key": 1,
        "metadata-not-json": 1,
    }
    assert first(report, "email-verified-not-boolean").value == "2"
    assert first(report, "metadata-not-json").path == "app_metadata.number"
    assert first(report, "reserved-root-attribute").value == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize("made", [False, True])
def test_dates_that_python_does_not_have_end_nothing(tmp_path: Path, made: bool) -> None:
    schema = pa.schema(
        [("id", pa.string()), ("on", pa.date32()), ("at", pa.timestamp("us", "UTC")), ("all", pa.list_(pa.date32()))]
    )
    far = 2**31 - 1
    table = pa.table({"id": ["1", "2"], "on": [far, 0], "at": [2**63 - 1, 0], "all": [[far], None]}, schema)
    pq.write_table(table, tmp_path / "users.parquet")
    seen: list[Row] = []

    def profile_of(row: Row) -> object:
        seen.append(row)
        return {"user_id": str(row["id"]), "email": "a@b.test", "email_verified": True}

    named = {"on": "on", "at": "at"}
    columns = Columns(user_id="id", profile_of=profile_of) if made else Columns(user_id="id", user_metadata=named)
    report = audit(tmp_path / "users.parquet", columns)

    assert (report.users, broken(report)) == (2, {})
    first_, second = ("1", str(far), str(2**63 - 1)), ("2", dt.date(1970, 1, 1), dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    assert [(row["id"], row["on"], row["at"]) for row in seen] == ([first_, second] if made else [])


def test_hashes_are_counted_by_format(tmp_path: Path) -> None:
    hashes = [BCRYPT, BCRYPT, UNMISTAKABLE[1].sample.text, UNMISTAKABLE[5].sample.text, "x", None, "*", f"{BCRYPT} "]
    rows = [ada(number, hash=hash_, salt="s") for number, hash_ in enumerate(hashes)]
    columns = Columns(user_id="id", email="mail", password_hash="hash", password_salt="salt")
    report = audit(parquet(tmp_path / "users.parquet", rows), columns, findings=tmp_path / "found.parquet")
    assert report.password_formats == PasswordFormats(
        users={"Argon2": 1, "Django's scrypt": 1, "bcrypt": 2},
        unknown=2,
        none=2,
        accepted=tuple(one.name for one in UNMISTAKABLE),
    )
    assert broken(report) == {"missing-password": 2, "unknown-password-format": 2}
    assert first(report, "unknown-password-format").problem == (
        "is in none of the accepted formats: it may have been cut, or declare its format"
    )
    written = pq.read_table(tmp_path / "found.parquet").to_pylist()
    assert [row["user_id"] for row in written] == ["4", "5", "6", "7"]
    assert BCRYPT not in (tmp_path / "found.parquet").read_bytes().decode("latin-1")


def test_declared_formats_of_hashes(tmp_path: Path) -> None:
    rows = [ada(1, hash="0" * 32), ada(2, hash=BCRYPT)]
    path = parquet(tmp_path / "users.parquet", rows)
    columns = Columns(user_id="id", password_hash="hash", password_formats=(PlainDigest("md5"),))
    report = audit(path, columns)
    assert report.password_formats == PasswordFormats(
        users={"plain md5 in hex": 1}, unknown=1, none=0, accepted=("plain md5 in hex",)
    )
    with pytest.raises(
        ConfigurationError, match="password_formats: unknown format 'md5'; the formats are bcrypt, Argon2"
    ):
        audit(path, Columns(user_id="id", password_hash="hash", password_formats=("md5",)))


def test_numbers_as_hashes_are_in_no_format(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "users.jsonl", ada(1, hash=5))
    report = audit(path, Columns(user_id="id", password_hash="hash"))
    assert report.password_formats is not None
    assert (report.password_formats.unknown, report.password_formats.none) == (1, 0)


def test_sizes(tmp_path: Path) -> None:
    rows = [ada(1, name="x" * 11_000), ada(2, name="\u00e9" * 60_000), ada(3, name="x")]
    columns = Columns(user_id="id", email="mail", email_verified="ok", others={"about": "name"})
    report = audit(parquet(tmp_path / "users.parquet", rows), columns)
    assert report.sizes == ProfileSizes(up_to_limit=1, above_limit=1, above_allowance=1, largest=120_082)
    assert broken(report) == {"profile-too-large": 2}


def test_a_long_name_of_metadata_makes_a_profile_too_large(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1, plan="full")])
    columns = Columns(user_id="id", email="mail", app_metadata={"\u00e9" * 6_000: "plan"})

    assert broken(audit(path, columns)) == {"profile-too-large": 1}


def test_metadata_over_all_users(tmp_path: Path) -> None:
    rows = [ada(number, meta=json.dumps({"age": number, "orders": {f"order {number}": 1}})) for number in range(200)]
    rows += [
        ada(200, meta='{"age": "old"}'),
        ada(201, meta='{"a\\u0067e": "old"}'),
        ada(202, meta='{"age": null}'),
        ada(203, meta='{"a,b": 1}'),
        ada(204, meta='{"a,b": true}'),
        ada(205, meta='{"a,b": 2, "list": [1, "x", [true], {}]}'),
        ada(206, meta="{"),
        ada(207, meta="[]"),
        ada(208, meta='{"pets": [1,]}'),
        ada(209, meta='{"pets": [1,]], "a": []}'),
        ada(210, meta='{"pets": [2,]}'),
        ada(211, meta='{"pets": "cat"}'),
        *(ada(number, meta='{"cars": ["]}') for number in (212, 213)),
        ada(214, meta='{"cars": "none"}'),
    ]
    columns = Columns(user_id="id", email="mail", email_verified="ok", app_metadata="meta")
    report = audit(parquet(tmp_path / "users.parquet", rows), columns, select=["profile"], ignore=["shared-email"])
    assert broken(report) == {"metadata-not-json": 7, "inconsistent-metadata-type": 3, "dynamic-metadata-keys": 200}
    found = first(report, "dynamic-metadata-keys")
    assert (found.user_id, found.path) == (None, "app_metadata.orders.*")
    assert found.problem == "has 200 different keys across all users; store them as values"
    assert first(report, "inconsistent-metadata-type").problem == "is text, but a number for most users"


def test_metadata_of_many_shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_metadata, "_MOST_SHAPES", 1)
    monkeypatch.setattr(_metadata, "_MOST_TRACKED", 2)
    rows = [ada(number, meta=json.dumps({"age": number})) for number in range(5)]
    rows += [ada(10 + number, meta=json.dumps({"age": "x", f"k{number}": {"a": {}}})) for number in range(4)]
    columns = Columns(user_id="id", email="mail", email_verified="ok", app_metadata="meta")
    report = audit(parquet(tmp_path / "users.parquet", rows), columns)
    assert broken(report) == {"inconsistent-metadata-type": 4}
    monkeypatch.setattr(_metadata, "_MOST_SHAPES", 10)
    assert broken(audit(tmp_path / "users.parquet", columns)) == {"inconsistent-metadata-type": 4}


def test_keys_of_metadata_in_columns_of_their_own(tmp_path: Path) -> None:
    rows = [ada(1, list=[1]), ada(2, list=[2]), ada(3, list=None)]
    columns = Columns(user_id="id", email="mail", email_verified="ok", app_metadata={"list": "list", "a.b": "id"})
    report = audit(parquet(tmp_path / "users.parquet", rows), columns)
    assert broken(report) == {"invalid-metadata-key": 3}


def test_users_without_any_identifier_are_unreachable(tmp_path: Path) -> None:
    rows = [
        ada(1, mail=None, login=None),
        ada(2, mail="", login=""),
        ada(3, mail=None, login="ada"),
        ada(4, login=None),
    ]
    path = parquet(tmp_path / "users.parquet", rows)
    both, one = Columns(user_id="id", email="mail", username="login"), Columns(user_id="id", username="login")
    for columns, users in ((both, 2), (one, 3)):
        assert broken(audit(path, columns, select=["unreachable-user"])) == {"unreachable-user": users}
        assert broken(audit(path, columns))["unreachable-user"] == users
    report = audit(path, Columns(user_id="id", app_metadata="mail"))
    assert "unreachable-user" not in broken(report)
    (result,) = (result for result in report.results if result.rule == "unreachable-user")
    assert result.not_audited == "needs a column that is not mapped"


def test_rules_are_selected(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1, mail=None), ada(1)])
    report = audit(path, COLUMNS, select=["shared-user-id"], fail_on="warning")
    assert [result.rule for result in report.results] == ["shared-user-id"]
    assert (report.sizes, report.password_formats, report.fail_on) == (None, None, Severity.WARNING)
    report = audit(path, COLUMNS, ignore=["profile"])
    assert [result.rule for result in report.results] == [
        "missing-password",
        "unknown-password-format",
        "unicode-email-collision",
    ]
    assert [result.not_audited for result in report.results] == [
        "needs a column that is not mapped",
        "needs a column that is not mapped",
        "import mode is off",
    ]


def test_users_who_share_are_named_up_to_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shared, "_MOST_KEPT", 20)
    rows = [ada(number, mail="ada@example.com", phone="+1" if number < 13 else None) for number in range(30)]
    columns = Columns(user_id="id", email="mail", email_verified="ok", phone_number="phone")
    report = audit(parquet(tmp_path / "users.parquet", rows), columns)
    assert broken(report) == {"shared-email": 30, "shared-phone-number": 13}
    assert first(report, "shared-email").problem == "is also used by more than 18 other users, but must be unique"
    found = first(report, "shared-phone-number")
    assert found.problem == "is also used by 12 other users, but must be unique"
    assert (len(found.shared_with), found.severity) == (10, Severity.WARNING)


def test_a_sample(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(number, mail="x") for number in range(5)])
    report = audit(path, COLUMNS, sample=2)
    assert (report.users, report.sampled, broken(report)) == (2, True, {"invalid-email": 2, "shared-email": 2})


def test_progress_is_reported(tmp_path: Path) -> None:
    told: list[AuditProgress] = []
    audit(
        parquet(tmp_path / "users.parquet", [ada(1)]),
        COLUMNS,
        on_progress=told.append,
    )
    assert told[0] == AuditProgress(doing="unreadable-row", users=1, rows=0, findings=0)
    assert {one.doing for one in told} >= {"shared-user-id", "shared-email"}


def test_a_table_without_users(tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.string()), ("mail", pa.string()), ("ok", pa.bool_())])
    pq.write_table(pa.Table.from_pylist([], schema), tmp_path / "users.parquet")
    report = audit(tmp_path / "users.parquet", COLUMNS)
    assert (report.users, report.exit_code, broken(report)) == (0, 2, {})


def test_ibis_tables() -> None:
    report = audit(ibis.memtable(pa.Table.from_pylist([ada(1, mail="x")])), COLUMNS)
    assert (report.users, report.engine, broken(report)) == (1, "duckdb", {"invalid-email": 1})
    assert report.source.startswith("the table ")
    connection = ibis.duckdb.connect()
    connection.con.execute("CREATE TABLE users AS SELECT 1 AS id, 'x' AS mail, true AS ok")
    table = connection.table("users")
    report = audit(table.filter(table.id > 0), COLUMNS)
    assert (report.users, report.engine, report.source) == (1, "duckdb", "an Ibis table")
    connection.disconnect()


@pytest.fixture
def store(tmp_path: Path) -> str:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT, ok INTEGER)")
    connection.executemany("INSERT INTO users VALUES (?, ?, ?)", [(1, "A@b.test", 1), (2, "a@b.test", 0), (3, "x", 5)])
    connection.commit()
    connection.close()
    return f"sqlite://{tmp_path}/shop.db"


def test_a_database(store: str) -> None:
    expected = {"invalid-email": 1, "email-not-lowercase": 1, "email-verified-not-boolean": 1, "shared-email": 2}
    report = audit(f"{store}?table=users", COLUMNS, import_mode=True)
    assert (report.users, report.engine, broken(report)) == (3, "duckdb", expected)
    assert report.source.endswith("shop.db (users)")
    report = audit(store, COLUMNS, import_mode=True, query="SELECT * FROM users WHERE id < 3")
    assert report.users == 2
    assert report.source.endswith("shop.db (a query)")


@pytest.mark.parametrize(
    ("url", "query", "message"),
    [
        (
            "",
            None,
            r"table: name the table that contains the users, as in postgresql://host/shop\?table=users, or use",
        ),
        ("?table=users", "SELECT 1", "table: name the table that contains the users"),
        ("?table=user", None, "has no table 'user' (.*); it has users"),
    ],
)
def test_bad_addresses_of_databases(store: str, url: str, query: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        audit(f"{store}{url}", COLUMNS, query=query)


def test_a_database_that_can_t_be_opened() -> None:
    with pytest.raises(DatabaseOpeningError) as caught:
        audit("nothing://ada:secret@host/shop?table=users", COLUMNS)
    assert str(caught.value).startswith("nothing://host/shop can't be opened (")
    assert "secret" not in str(caught.value)


BAD: Sequence[tuple[Mapping[str, Any], str]] = (
    ({"columns": Columns(user_id="idd")}, "there is no column 'idd' for user_id; did you mean id?"),
    ({"columns": Columns(user_id="id", email="zzzz")}, "no column 'zzzz' for email; the columns are id, mail, ok"),
    (
        {"columns": Columns(user_id="ok")},
        "the column 'ok' for user_id must contain text, whole numbers or UUIDs, got the type boolean: convert it",
    ),
    ({"columns": Columns(user_id="id", email="id")}, "the column 'id' for email must contain text, got the type int64"),
    ({"columns": Columns(user_id="id", app_metadata="id")}, "must contain JSON, as text or in a JSON column, got the"),
    ({"columns": Columns(user_id="id", email="mail", others={"email": "mail"})}, "others: email already has a column"),
    ({"select": ["shared-emails"]}, "select: there is no rule or group 'shared-emails'; did you mean shared-email"),
    ({"ignore": ["wrong-arity"]}, "ignore: the rule 'wrong-arity' checks what scripts do, so it does not apply to an"),
    ({"fail_on": "info"}, "fail_on must be 'error' or 'warning', not 'info'"),
    ({"sample": 0}, "sample must be 1 or more, got 0"),
    ({"findings": "found.txt"}, "findings: found.txt must end in .parquet, .csv or .jsonl"),
    ({"findings": "no/found.csv"}, "findings: no/found.csv can't be written: No such file or directory"),
    ({"query": "SELECT 1"}, "query: applies only to databases, and the users are not in one; remove it"),
    ({"table": 5}, "table: must be a path, the URL of a database or an Ibis table, got int"),
    ({"table": "no.parquet"}, "there is no file or folder no.parquet: expected a Parquet, CSV or JSON Lines file"),
)


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Mapping[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = parquet(tmp_path / "users.parquet", [ada(1)])
    given_: dict[str, Any] = {"table": path, "columns": COLUMNS, **arguments}
    with pytest.raises(ConfigurationError) as caught:
        audit(**given_)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"users.parquet": b"PAR1 cut"}, "users.parquet can't be read: Invalid Input Error: "),
        ({"users.txt": b""}, "users.txt can't be read: expected a Parquet, CSV or JSON Lines file"),
        ({"users.csv": b"id,Id\n"}, "users.csv must begin with a line that contains each column name once"),
        ({"users.csv": b"id,id\n"}, "users.csv must begin with a line that contains each column name once"),
        (
            {"users.csv": b'id,mail,ok\n1,"a\nb",c\r\n"2,x'},
            "users.csv can't be read: its line endings seem to be mixed",
        ),
    ],
)
def test_files_that_can_t_be_read(tmp_path: Path, files: Mapping[str, bytes], message: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        audit(tmp_path / next(iter(files)), COLUMNS)
    assert message in str(caught.value)


def test_folders_that_can_t_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: expected a Parquet"):
        audit(tmp_path, COLUMNS)
    json_lines(tmp_path / "a.jsonl", ada(1))
    parquet(tmp_path / "a.parquet", [ada(1)])
    with pytest.raises(ConfigurationError, match=r"contains files of several kinds \(jsonl, parquet\): expected"):
        audit(tmp_path, COLUMNS)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigurationError) as caught:
        audit(tmp_path, COLUMNS)
    assert str(caught.value) == (
        "an audit needs Ibis and DuckDB (No module named 'ibis'): pip install 'customdb-contract[audit]'"
    )


def test_profiles_made_by_a_function(tmp_path: Path) -> None:
    released, before = threading.Event(), set(threading.enumerate())

    def profile_of(row: Row) -> object:
        assert set(row) == {"id", "mail", "ok"}
        match row["id"]:
            case 1:
                return {"user_id": "1", "email": "x"}
            case 2:
                raise ValueError("no")
            case 3:
                return None
            case 4:
                raise SystemExit
            case 5:
                released.wait(600)
                return {}
            case 6:
                return {"user_id": "6", "email": "y", "app_metadata": {"a.b": 1}}
            case _:
                return {"user_id": "7", "email": "ada@example.com", "email_verified": True}

    columns = Columns(user_id="id", email="mail", profile_of=profile_of)
    path = parquet(tmp_path / "users.parquet", [ada(number) for number in range(1, 9)])
    # On a busy machine the other rows take time, too.
    report = audit(path, columns, timeout=4.0, findings=tmp_path / "found.jsonl")
    assert broken(report) == {
        "unreadable-row": 4,
        "invalid-email": 2,
        "missing-email-verified": 2,
        "invalid-metadata-key": 1,
    }
    lines = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["user_id"], row["problem"]) for row in lines if row["rule"] == "unreadable-row"] == [
        ("2", "made profile_of raise ValueError"),
        ("3", "made profile_of return NoneType instead of a mapping"),
        ("4", "made profile_of raise SystemExit"),
        ("5", "took more than 4 seconds in profile_of"),
    ]
    (result,) = (result for result in report.results if result.rule == "inconsistent-metadata-type")
    assert result.not_audited == "metadata is compared in columns only, but profile_of creates the profiles"
    # The abandoned thread makes no more profiles.
    released.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


def test_only_selected_rules_judge_profiles_made_by_a_function(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "users.jsonl", {"id": 1})
    columns = Columns(user_id="id", profile_of=lambda _: {"user_id": 1, "email": "x", "name": "x" * 200_000})
    report = audit(path, columns, ignore=("profile-too-large", "invalid-name"))

    assert broken(report) == {"user-id-not-a-string": 1, "invalid-email": 1, "missing-email-verified": 1}
    assert report.sizes is None


def test_a_metadata_value_with_an_escape_is_compared_by_type(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "users.parquet",
        [ada(number, meta='{"a": 1}' if number < 3 else '{"a": "\\u0041"}') for number in range(4)],
    )
    columns = Columns(user_id="id", email="mail", email_verified="ok", app_metadata="meta")

    assert broken(audit(path, columns)) == {"inconsistent-metadata-type": 1}


def test_an_audit_that_was_interrupted_before_its_first_step_begins(tmp_path: Path) -> None:
    path, state = parquet(tmp_path / "users.parquet", [ada(1), ada(2, ok=None)]), tmp_path / "state"
    first = audit(path, COLUMNS, state=state)
    (state / "steps.jsonl").unlink()
    (state / "findings.jsonl").write_text("", encoding="utf-8")

    assert audit(path, COLUMNS, state=state) == first


def test_a_span_of_time_is_a_number_of_seconds() -> None:
    assert _users._as_json(dt.timedelta(minutes=1, milliseconds=500)) == 60.5


class Unreadable(dict[str, object]):
    """A mapping on which nothing works."""

    @override
    def items(self) -> Any:
        raise RuntimeError

    @override
    def get(self, *_: object) -> Any:
        raise RuntimeError


@pytest.mark.parametrize("made", [{("a", 1): 2}, {b"user_id": "1"}, MappingProxyType({1: 2})])
def test_a_mapping_that_is_no_profile_is_no_profile(tmp_path: Path, made: object) -> None:
    path = json_lines(tmp_path / "users.jsonl", {"id": 1})
    report = audit(path, Columns(user_id="id", profile_of=lambda _: made))

    (result,) = (result for result in report.results if result.users)
    (found,) = result.examples
    assert (found.rule, found.user_id) == ("unreadable-row", "1")
    assert found.problem == "made profile_of return a mapping that cannot be read, or whose keys are not text"


def test_a_mapping_on_which_nothing_works_ends_nothing(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "users.jsonl", {"id": 1}, {"id": 2})
    report = audit(path, Columns(user_id="id", profile_of=lambda row: Unreadable(user_id=str(row["id"]))))

    assert report.users == 2
    assert {result.users for result in report.results} <= {0, 2}


def test_all_profiles_that_a_function_makes_are_measured(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "users.jsonl", *({"id": number, "size": 10**number} for number in range(1, 6)))
    columns = Columns(
        user_id="id", profile_of=lambda row: {"user_id": str(row["id"]), "name": "x" * int(str(row["size"]))}
    )

    assert audit(path, columns).sizes == ProfileSizes(
        up_to_limit=4, above_limit=1, above_allowance=0, largest=100_000 + len('{"user_id": "5", "name": ""}')
    )


def test_a_rule_without_its_column_finds_nothing_in_users_who_break_another(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "users.jsonl", {"id": "1", "mail": "no e-mail"})
    report = audit(path, Columns(user_id="id", email="mail"))

    assert broken(report) == {"invalid-email": 1}
    (result,) = (result for result in report.results if result.rule == "missing-email-verified")
    assert result.not_audited == "needs a column that is not mapped"


def test_rows_of_json_lines_for_a_function(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "users.jsonl", {"id": 1, "more": {"a": [1]}})

    def profile_of(row: Row) -> object:
        assert row == {"id": 1, "more": {"a": [1]}}
        return {"user_id": "1", "email": "a@b.test", "email_verified": True}

    assert broken(audit(path, Columns(user_id="id", profile_of=profile_of))) == {}


def test_an_interrupted_audit_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_engines, _steps):
        monkeypatch.setattr(module, "BATCH", 2)
    rows = [
        ada(number, mail=f"x{number}", hash="x", meta='{"a": 1}' if number else '{"a": "x"}') for number in range(7)
    ]
    path = parquet(tmp_path / "users.parquet", rows)
    columns = Columns(user_id="id", email="mail", email_verified="ok", password_hash="hash", app_metadata="meta")
    whole = audit(path, columns, findings=tmp_path / "whole.jsonl")
    seen: list[str] = []

    def interrupt(at: int) -> Any:
        def told(progress: AuditProgress) -> None:
            seen.append(progress.doing)
            if len(seen) == at:
                os.kill(os.getpid(), signal.SIGINT)

        return told

    settings: dict[str, Any] = {"state": tmp_path / "state", "findings": tmp_path / "found.jsonl"}
    with pytest.raises(AuditInterrupted) as caught:
        audit(path, columns, on_progress=interrupt(3), **settings)
    assert caught.value.report is not None
    assert caught.value.report.interrupted
    assert 0 < broken(caught.value.report)["invalid-email"] < 7
    with (tmp_path / "state" / "steps.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "cut')
    with (tmp_path / "state" / "findings.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"rule": "cut')
    before = seen.count("profiles")
    report = audit(path, columns, on_progress=interrupt(0), **settings)
    assert seen.count("profiles") - before < 4
    assert report.results == whole.results
    assert (report.sizes, report.password_formats) == (whole.sizes, whole.password_formats)
    assert (tmp_path / "found.jsonl").read_text("utf-8") == (tmp_path / "whole.jsonl").read_text("utf-8")
    done = len(seen)
    again = audit(path, columns, on_progress=interrupt(0), **settings)
    assert (again.results, seen[done:]) == (whole.results, [])


def test_an_audit_that_is_interrupted_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError

    monkeypatch.setattr(_auditing, "open_users", interrupted)
    with pytest.raises(AuditInterrupted, match="the audit was interrupted") as caught:
        audit(tmp_path, COLUMNS)
    assert caught.value.report is None


def test_the_state_of_another_audit(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1)])
    audit(path, COLUMNS, state=tmp_path / "state")
    with pytest.raises(ConfigurationError, match="belongs to another audit: settings changed; use another folder, or"):
        audit(path, COLUMNS, state=tmp_path / "state", import_mode=True)
    parquet(path, [ada(1), ada(2)])
    with pytest.raises(ConfigurationError, match="belongs to another audit: users changed"):
        audit(path, COLUMNS, state=tmp_path / "state")
    with pytest.raises(ConfigurationError, match="is not empty, and contains no audit state: use an empty folder"):
        audit(path, COLUMNS, state=tmp_path)
    (tmp_path / "state" / "audit.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"can't be used \(JSONDecodeError\): remove it to start again"):
        audit(path, COLUMNS, state=tmp_path / "state")


def profile_of_here(row: Row) -> object:
    return {"user_id": str(row["id"]), "email": row["mail"], "email_verified": row["ok"]}


def test_the_state_of_an_audit_by_a_function_is_that_of_its_name(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1), ada(2, mail="x")])
    by_name = Columns(user_id="id", profile_of=profile_of_here)
    audit(path, by_name, state=tmp_path / "state")
    seen: list[AuditProgress] = []

    again = audit(path, by_name, state=tmp_path / "state", on_progress=seen.append)

    assert (broken(again), seen) == ({"invalid-email": 1}, [])
    mark = json.loads((tmp_path / "state" / "audit.json").read_text(encoding="utf-8"))["columns"]
    assert mark == hashlib.sha256(repr(_settled.settled(by_name)).encode()).hexdigest()
    assert f"{__name__}:profile_of_here" in _settled.settled(by_name)
    others = Columns(user_id="id", profile_of=PythonProcessFunction("shop:profile_of", folder=tmp_path))
    assert _settled.settled(others) != _settled.settled(by_name) != _settled.settled(Columns(user_id="id"))


class ByObject:
    """Makes profiles, and has no name."""

    def __call__(self, row: Row) -> object:
        return profile_of_here(row)

    def by_method(self, row: Row) -> object:
        return profile_of_here(row)


def _local() -> Any:
    def within(row: Row) -> object:
        return profile_of_here(row)

    return within


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (lambda row: row, r"<function <lambda>>"),
        (_local(), r"<function _local.<locals>.within>"),
        (ByObject(), rf"<{__name__}.ByObject object>"),
        (ByObject().by_method, rf"<bound method ByObject.by_method of <{__name__}.ByObject object>>"),
    ],
)
def test_a_state_needs_a_function_that_another_process_finds(tmp_path: Path, function: Any, shown: str) -> None:
    path, columns = parquet(tmp_path / "users.parquet", [ada(1)]), Columns(user_id="id", profile_of=function)
    assert audit(path, columns).users == 1

    with pytest.raises(ConfigurationError) as told:
        audit(path, columns, state=tmp_path / "state")

    assert str(told.value) == (
        f"state: profile_of must have a name by which another process can find it, got {shown}: "
        "define it with def at the top level of a module, or omit state"
    )
    assert not (tmp_path / "state").exists()


class OwnFormat:
    """A format whose repr has its address."""

    name = "ours"

    def read(self, *_: object) -> None:
        """Read nothing."""


def test_the_state_of_an_audit_knows_formats_again(tmp_path: Path) -> None:
    def columns(one: Any) -> Columns:
        return Columns(user_id="id", password_hash="mail", password_formats=(one, "bcrypt"))

    assert _settled.settled(columns(OwnFormat())) == _settled.settled(columns(OwnFormat()))
    assert _settled.settled(columns(PlainDigest("md5"))) == _settled.settled(columns(PlainDigest("md5")))
    assert _settled.settled(columns(PlainDigest("md5"))) != _settled.settled(columns(PlainDigest("sha1")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("audit.json", "[1]"),
        ("steps.jsonl", "[1]\n"),
        ("steps.jsonl", '{"key": 1}\n'),
        ("findings.jsonl", "{}\n"),
        ("findings.jsonl", "[]\n"),
        ("findings.jsonl", "no JSON\n"),
    ],
)
def test_a_state_that_was_changed_is_refused(tmp_path: Path, name: str, text: str) -> None:
    path, state = parquet(tmp_path / "users.parquet", [ada(1), ada(2, mail="x")]), tmp_path / "state"
    audit(path, COLUMNS, state=state)
    size = (state / "findings.jsonl").stat().st_size
    (state / name).write_text(text if name != "findings.jsonl" else text.ljust(size), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"^state: .*state can't be used \(\w+\): remove it to start again$"):
        audit(path, COLUMNS, state=state)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_findings_and_a_state_on_a_full_disk(tmp_path: Path, kind: str) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(number, mail="x") for number in range(2_000)])
    full = tmp_path / f"findings.{kind}"
    full.symlink_to("/dev/full")
    with pytest.raises(ConfigurationError, match=rf"^findings: {full} can't be written: "):
        audit(path, COLUMNS, findings=full)

    state = _state.FolderState(tmp_path / "state", {})
    state._steps.close()
    with Path("/dev/full").open("w", encoding="utf-8") as steps:
        state._steps = steps
        with pytest.raises(ConfigurationError, match=r"^state: .*state can't be written: No space left on device$"):
            state.done("profiles", value=True)
        with pytest.raises(ConfigurationError, match=r"^state: .*state can't be written: No space left on device$"):
            state.close()


def test_json_that_is_nested_too_deeply_for_a_function_is_a_finding(tmp_path: Path) -> None:
    deep = '{"a":' * 20_000 + "1" + "}" * 20_000
    path = json_lines(tmp_path / "users.jsonl", ada(1), f'{{"id": 2, "mail": {deep}}}\n', ada(3))
    columns = Columns(user_id="id", profile_of=lambda row: {"user_id": str(row["id"]), "email": row["mail"]})

    report = audit(path, columns, select=["unreadable-row", "invalid-email"])

    assert broken(report) == {"unreadable-row": 1}
    found = first(report, "unreadable-row")
    assert (found.user_id, found.row, found.problem) == (None, f"{path}:2", "can't be read: it is nested too deeply")


def test_a_url_that_is_none_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError) as told:
        audit("postgresql://ada:s3cr3t@[::1/shop?table=users", COLUMNS)
    assert str(told.value) == "source: not a valid URL; expected a URL such as postgresql://host/shop?table=users"


def test_the_state_of_an_audit_of_a_table(tmp_path: Path) -> None:
    connection = ibis.duckdb.connect()
    connection.con.execute("CREATE TABLE users AS SELECT 1 AS id, 'x' AS mail, true AS ok")
    for _ in range(2):
        report = audit(connection.table("users"), COLUMNS, state=tmp_path / "state")
        assert broken(report) == {"invalid-email": 1}
    connection.disconnect()


def test_findings_of_odd_names(tmp_path: Path) -> None:
    rows = [ada(1, id="a\u2028b\x85", mail="x"), ada(2, id="c", mail="x")]
    audit(parquet(tmp_path / "users.parquet", rows), COLUMNS, findings=tmp_path / "found.jsonl")
    lines = (tmp_path / "found.jsonl").read_text(encoding="utf-8").splitlines()
    assert "a\u2028b\x85" in {json.loads(line)["user_id"] for line in lines}


def test_every_rule_states_what_happens_to_the_user() -> None:
    assert len({rule.name for rule in AUDITED}) == len(AUDITED)
    assert {rule.fate for rule in AUDITED} == set(Fate)
    assert [rule.of_all_users for rule in AUDITED] == sorted(rule.of_all_users for rule in AUDITED)


@pytest.mark.parametrize("name", _hashes._SURELY)
def test_a_hash_of_a_certain_format_is_read_by_it(name: str) -> None:
    (one,) = (one for one in UNMISTAKABLE if one.name == name)

    @settings(max_examples=100)
    @given(st.from_regex(_hashes._SURELY[name], fullmatch=True))
    def check(text: str) -> None:
        assert text.endswith("\n") or one.read(text, None) is not None

    check()


def test_usernames_with_import_mode_off_and_a_flag_without_a_number(tmp_path: Path) -> None:
    columns = Columns(user_id="id", email="mail", email_verified="ok", username="name", phone_verified="flag")
    path = parquet(tmp_path / "users.parquet", [ada(1, name="a b", flag="no"), ada(2, name="a b", flag="1")])
    assert broken(audit(path, columns)) == {"invalid-phone-number": 1, "shared-username": 2}
    report = audit(path, columns, import_mode=True, requires_username=True)
    assert broken(report) == {"invalid-username": 2, "invalid-phone-number": 1, "shared-username": 2}


def test_findings_in_parquet_are_written_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_writing, "_MOST_HELD", 1)
    path = parquet(tmp_path / "users.parquet", [ada(1, mail="x"), ada(2, mail="x")])
    for select, found in (("invalid-email", 2), ("invalid-user-id", 0)):
        audit(path, COLUMNS, select=[select], findings=tmp_path / "found.parquet")
        assert pq.read_table(tmp_path / "found.parquet").num_rows == found


def test_one_user_shares_nothing() -> None:
    finding = UserFinding(rule="shared-email", severity=Severity.ERROR, user_id=None, path="email", problem="x")
    assert not list(_shared._of_group(finding, iter([("1", "")]), None))


def test_a_worse_problem_of_a_rule_counts(tmp_path: Path) -> None:
    rows = [ada(1, token="x", hash=BCRYPT, other=BCRYPT)]
    columns = Columns(user_id="id", others={"password": "token", "a": "hash", "b": "other"})
    found = first(audit(parquet(tmp_path / "users.parquet", rows), columns), "secret-in-profile")
    assert (found.severity, found.path) == (Severity.ERROR, "a")


def test_rules_of_metadata_alone(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1, meta='{"a": 1}'), ada(2, meta='{"a": "x"}')])
    columns = Columns(user_id="id", app_metadata="meta")
    assert broken(audit(path, columns, select=["inconsistent-metadata-type"])) == {"inconsistent-metadata-type": 1}
    assert not broken(audit(path, columns, select=["dynamic-metadata-keys"]))


def test_exit_codes(tmp_path: Path) -> None:
    path = parquet(tmp_path / "users.parquet", [ada(1, mail="ADA@example.com")])
    report = audit(path, COLUMNS, import_mode=True)
    assert (report.exit_code, report.ok) == (0, True)
    assert not audit(path, COLUMNS, import_mode=True, fail_on="warning").ok


@pytest.mark.parametrize("kept", [False, True])
def test_profiles_made_in_a_process_of_their_own(tmp_path: Path, kept: bool) -> None:
    (tmp_path / "profiles_of_audit.py").write_text(
        "import os\n"
        "def profile_of(row):\n"
        "    if row['id'] == 3:\n"
        "        os._exit(7)\n"
        "    print('ada@example.com')\n"
        "    return {'user_id': str(row['id']), 'email': row['mail'], 'email_verified': row['ok']}\n",
        encoding="utf-8",
    )
    path = parquet(tmp_path / "users.parquet", [ada(number, mail="x" if number == 2 else "") for number in range(1, 5)])
    function = PythonProcessFunction("profiles_of_audit:profile_of", folder=tmp_path)
    columns = Columns(user_id="id", profile_of=function)

    report = audit(
        path, columns, select=["unreadable-row", "invalid-email"], state=tmp_path / "state" if kept else None
    )

    assert broken(report) == {"unreadable-row": 1, "invalid-email": 3}
    found = first(report, "unreadable-row")
    assert (found.user_id, found.problem) == ("3", "ended the process of profile_of (it exited with code 7)")


def test_a_missing_function_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    columns = Columns(user_id="id", profile_of=PythonProcessFunction("no_such_module_c:profile_of", folder=tmp_path))

    with pytest.raises(
        ConfigurationError, match="the function no_such_module_c:profile_of cannot be used: no_such_mod"
    ):
        audit(tmp_path / "users.csv", columns)
