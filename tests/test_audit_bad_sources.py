"""What an audit reports on files that are truncated, damaged, mixed or of the wrong types."""

import gzip
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # see above
import pytest

from audited_tables import read_rows
from customdb_contract.audit import Columns, audit, column_types
from customdb_contract.errors import ConfigurationError

pytestmark = pytest.mark.one_python

COLUMNS = Columns(user_id="id", email="email", email_verified="verified")
HEADER = "id,email,verified\n"
ADA = "1,ada@example.com,true\n"
BOB = "2,bob@example.com,false\n"
LINE = '{"id": "1", "email": "ada@example.com", "verified": true}\n'
USERS = [{"id": f"{number}", "email": f"user{number}@example.com", "verified": True} for number in range(1_000)]

Found = list[tuple[str, str | None, str, str, str]]


def found_in(path: Path) -> tuple[int, Found]:
    """Return the number of users, and the problem of each."""
    findings = path.parent / "findings.parquet"
    report = audit(path, COLUMNS, import_mode=True, findings=findings)
    rows = read_rows(findings)
    findings.unlink()
    return report.users, [
        (row["rule"], row["user_id"], row["row"].removeprefix(f"{path}:"), row["path"], row["problem"]) for row in rows
    ]


def refusal_of(path: Path, read: Callable[[Path], object] = lambda path: audit(path, COLUMNS)) -> str:
    """Return why a file can't be audited, without the path of its folder."""
    with pytest.raises(ConfigurationError) as refusal:
        read(path)
    return str(refusal.value).replace(f"{path.parent}/", "")


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parquet(path: Path, **columns: Any) -> Path:
    count = max(len(column) for column in columns.values())
    sound: dict[str, Any] = {name: [user[name] for user in USERS[:count]] for name in ("id", "email", "verified")}
    pq.write_table(pa.table({**sound, **columns}), path)
    return path


# Parquet


@pytest.mark.parametrize("left", [0.5, 0.99], ids=["half of it", "nearly all of it"])
def test_a_parquet_file_that_was_cut_is_refused(left: float, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(USERS), tmp_path / "users.parquet")
    whole = (tmp_path / "users.parquet").read_bytes()
    path = written(tmp_path / "cut.parquet", whole[: int(len(whole) * left)])

    refusal = refusal_of(path)
    assert refusal.startswith("cut.parquet can't be read: ")
    assert refusal.endswith("; is it complete?")


def test_a_folder_with_one_parquet_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(USERS), folder / "a.parquet")
    written(folder / "b.parquet", (folder / "a.parquet").read_bytes()[:-9])

    refusal = refusal_of(folder)
    assert refusal.startswith("export can't be read: ")
    assert "b.parquet" in refusal


def test_a_parquet_file_that_was_damaged_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(USERS), tmp_path / "users.parquet")
    content = bytearray((tmp_path / "users.parquet").read_bytes())
    content[200:900] = b"\xff" * 700

    refusal = refusal_of(written(tmp_path / "users.parquet", bytes(content)))
    assert refusal.startswith("users.parquet can't be read to its end: ")
    assert "\n" not in refusal


@pytest.mark.parametrize("content", ["", "id,email,verified\n" * 50], ids=["empty", "text"])
def test_a_file_that_is_not_parquet_is_refused(content: str, tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / "users.parquet", content)).startswith("users.parquet can't be read: ")


def test_a_file_without_rows_has_no_users(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(USERS).slice(0, 0), tmp_path / "users.parquet")
    assert found_in(tmp_path / "users.parquet") == (0, [])
    assert found_in(written(tmp_path / "users.csv", HEADER)) == (0, [])
    assert found_in(written(tmp_path / "users.jsonl", "\n")) == (0, [])
    assert audit(tmp_path / "users.csv", COLUMNS).exit_code == 2


def test_a_column_without_any_value_needs_no_type(tmp_path: Path) -> None:
    users, found = found_in(parquet(tmp_path / "users.parquet", verified=[None, None]))

    assert users == 2
    assert {(rule, user) for rule, user, *_ in found} == {
        ("missing-email-verified", "0"),
        ("missing-email-verified", "1"),
    }


@pytest.mark.parametrize(
    ("name", "values", "type_", "expected"),
    [
        ("id", [1.0], "float64", "text, whole numbers or UUIDs"),
        ("id", pa.array([1], pa.date32()), "date", "text, whole numbers or UUIDs"),
        ("id", [b"1"], "binary", "text, whole numbers or UUIDs"),
        ("email", [["ada@example.com"]], "array<string>", "text"),
        ("email", [1], "int64", "text"),
        ("verified", [0.5], "float64", "true and false or 0 and 1, also as text"),
    ],
)
def test_a_column_of_another_type_is_refused(name: str, values: Any, type_: str, expected: str, tmp_path: Path) -> None:
    attribute = {"id": "user_id", "email": "email", "verified": "email_verified"}[name]
    assert refusal_of(parquet(tmp_path / "users.parquet", **{name: values})) == (
        f"users.parquet: the column {name!r} for {attribute} must contain {expected}, got the type {type_}: "
        "convert it in a view, or write a function for profile_of"
    )


def test_a_long_type_is_cut_in_the_refusal(tmp_path: Path) -> None:
    many = {f"field_{number}": "x" for number in range(100)}
    kind = "struct<field_0: string, field_1: string, field_2: string, fi…"
    assert refusal_of(parquet(tmp_path / "users.parquet", email=[many])) == (
        f"users.parquet: the column 'email' for email must contain text, got the type {kind}: "
        "convert it in a view, or write a function for profile_of"
    )


def test_a_file_of_a_folder_without_a_column_has_nothing_there(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    parquet(folder / "a.parquet", id=["1"])
    pq.write_table(pa.table({"id": ["2"], "verified": [True]}), folder / "b.parquet")

    users, found = found_in(folder)
    assert users == 2
    assert {(rule, user) for rule, user, *_ in found} == {("invalid-email", "2"), ("unreachable-user", "2")}


# CSV


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("2\n", "it has fewer values than there are columns"),
        ("2,bob@example.com,true,more\n", "it has more values than there are columns"),
        ("2,bob@\udcff.com,true\n", "it is not UTF-8"),
    ],
    ids=["short", "long", "not UTF-8"],
)
def test_a_row_of_csv_that_cannot_be_read_is_a_finding(bad: str, problem: str, tmp_path: Path) -> None:
    content = f"{HEADER}{ADA}{bad}3,eve@example.com,true\n".encode("utf-8", "surrogateescape")

    assert found_in(written(tmp_path / "users.csv", content)) == (
        3,
        [("unreadable-row", None, "3", "row", f"can't be read: {problem}")],
    )
    assert found_in(written(tmp_path / "users.csv.gz", gzip.compress(content))) == (
        3,
        [("unreadable-row", None, "3", "row", f"can't be read: {problem}")],
    )


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEADER}{ADA}",
        (HEADER + ADA).replace("\n", "\r\n"),
        (HEADER + ADA).replace(",", ";"),
        (HEADER + ADA).replace(",", "\t"),
        f"{HEADER}\n{ADA}\n",
        HEADER + ADA.rstrip("\n"),
        f'{HEADER}"1","ada@example.com","true"\n',
    ],
    ids=["a mark at the start", "CRLF", "semicolons", "tabs", "empty lines", "no line break at the end", "quotes"],
)
def test_every_usual_way_to_write_csv_is_read(content: str, tmp_path: Path) -> None:
    assert found_in(written(tmp_path / "users.csv", content)) == (1, [])


def test_a_line_break_in_quotes_belongs_to_the_value(tmp_path: Path) -> None:
    users, found = found_in(written(tmp_path / "users.csv", f'{HEADER}{ADA}"2\n3",bob@example.com,0\n'))

    assert users == 2
    assert [(rule, user) for rule, user, *_ in found] == [("invalid-user-id", "2\n3")]


@pytest.mark.parametrize(
    "content", ["", "\n", "id,email,email\n", "id,email,\n"], ids=["empty", "empty line", "a name twice", "no name"]
)
def test_csv_must_begin_with_the_names_of_its_columns(content: str, tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / "users.csv", content)) == (
        "users.csv must begin with a line that contains each column name once"
    )


def test_a_column_that_is_not_there_is_looked_for_among_the_others(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / "users.csv", "id,e-mail,verified\n")) == (
        "users.csv: there is no column 'email' for email; did you mean e-mail?"
    )


UNQUOTED = (
    "can't be read: a quote (\") is not closed, or is followed by more text; inside a value, write each quote twice"
)


@pytest.mark.parametrize(
    ("bad", "users", "lost"),
    [
        ('2,"bob"@example.com,true\n3,eve@example.com,true\n', 3, ""),
        ('2,"bob@example.com,true\n3,eve"@example.com,true\n', 2, "; 1 more line was read as part of it"),
        ('2,"bob@example.com,true\n3,eve@example.com,true\n', 2, "; 1 more line was read as part of it"),
        ('2,"bob@example.com,true\n3,\n4,eve@example.com,', 2, "; 2 more lines were read as part of it"),
    ],
    ids=["text after it", "closed in the next line", "never closed", "never closed, and no line break"],
)
def test_a_quote_that_is_not_closed_is_a_finding_with_what_it_hides(
    bad: str, users: int, lost: str, tmp_path: Path
) -> None:
    assert found_in(written(tmp_path / "users.csv", f"{HEADER}{ADA}{bad}")) == (
        users,
        [("unreadable-row", None, "3", "row", f"{UNQUOTED}{lost}")],
    )


def test_a_quote_that_is_not_closed_in_the_first_line_is_refused(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / "users.csv", f'"{HEADER}{ADA}')) == (
        'users.csv: a quote (") in line 1 is not closed; the line must contain the column names'
    )


def test_lines_that_end_in_different_ways_are_refused(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / "users.csv", f"{HEADER}{ADA}2,bob@example.com,true\r\n{ADA}")) == (
        "users.csv can't be read: its line endings seem to be mixed (CRLF and LF); use only one"
    )


@pytest.mark.parametrize("name", ["users.csv", "users.jsonl", "users.csv.gz"])
@pytest.mark.parametrize(
    ("encoding", "named", "shown"),
    [
        ("utf-16-le", "UTF-16", r"ff fe \w\w 00"),
        ("utf-16-be", "UTF-16", r"fe ff 00 \w\w"),
        ("utf-32-le", "UTF-32", "ff fe 00 00"),
        ("utf-32-be", "UTF-32", "00 00 fe ff"),
        ("utf-16-le", "UTF-16LE", r"\w\w 00 \w\w 00"),
        ("utf-16-be", "UTF-16BE", r"00 \w\w 00 \w\w"),
    ],
)
def test_another_encoding_of_unicode_is_refused_with_what_to_do(
    name: str, encoding: str, named: str, shown: str, tmp_path: Path
) -> None:
    mark = "" if named.endswith("E") else "\ufeff"
    content = (mark + (LINE if "jsonl" in name else HEADER + ADA)).encode(encoding)
    path = written(tmp_path / name, gzip.compress(content) if name.endswith(".gz") else content)

    for refusal in (refusal_of(path), refusal_of(path, column_types)):
        assert re.fullmatch(
            rf"{name} must be UTF-8, got {named}, as its first bytes show \({shown}\): "
            rf"convert it, for example with iconv -f {named} -t UTF-8",
            refusal,
        )


def test_many_columns_are_not_all_listed_and_odd_names_are_escaped(tmp_path: Path) -> None:
    columns = ",".join(f"c{number}" for number in range(30))
    listed = ", ".join(["a\\u0007b", *(f"c{number}" for number in range(19))])

    assert refusal_of(written(tmp_path / "users.csv", f"a\ab,{columns}\n")).startswith(
        f"users.csv: there is no column 'id' for user_id; the columns are {listed} and 11 more; "
        "there is no column 'email'"
    )


# JSON Lines


def test_a_line_that_is_no_json_object_is_a_finding(tmp_path: Path) -> None:
    bad = ('{"id": "2", "email": ', "[1]", '"text"', "null", '{"id": "\\ud83d"}')
    content = LINE + "".join(f"{line}\n" for line in bad) + LINE.replace('"1"', '"3"').replace("ada", "eve") + LINE[:20]

    assert found_in(written(tmp_path / "users.jsonl", content)) == (
        8,
        [
            ("unreadable-row", None, f"{line}", "row", "can't be read: it is not a JSON object")
            for line in (2, 3, 4, 5, 6, 8)
        ],
    )


def test_a_line_that_is_not_utf_8_is_a_finding(tmp_path: Path) -> None:
    content = LINE.encode() + b'{"id": "2", "email": "\xff@example.com", "verified": true}\n'

    assert found_in(written(tmp_path / "users.jsonl", content)) == (
        2,
        [("unreadable-row", None, "2", "row", "can't be read: it is not UTF-8")],
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"id": 1}, set()),
        (
            {"id": {"$oid": "x"}},
            {
                (
                    "user-id-not-a-string",
                    "user_id",
                    "is of the type dict; return it as text",
                )
            },
        ),
        ({"email": 5}, {("invalid-email", "email", "is a number instead of text")}),
        ({"email": ["ada@example.com"]}, {("invalid-email", "email", "is an array instead of text")}),
        (
            {"verified": "yes"},
            {("email-verified-not-boolean", "email_verified", "is a string instead of true or false")},
        ),
        ({"verified": 1}, {("email-verified-not-boolean", "email_verified", "is a number instead of true or false")}),
    ],
    ids=repr,
)
def test_a_value_of_another_type_is_a_finding(
    values: Mapping[str, object], expected: set[tuple[str, str, str]], tmp_path: Path
) -> None:
    users, found = found_in(written(tmp_path / "users.jsonl", json.dumps({**json.loads(LINE), **values}) + "\n" + LINE))

    assert users == 2
    shared = {("shared-user-id", "user_id"), ("shared-email", "email")}
    assert {(rule, path, problem) for rule, _, _, path, problem in found if (rule, path) not in shared} == expected


# Files and folders


@pytest.mark.parametrize("name", ["users.csv.gz", "users.jsonl.gz"])
def test_a_compressed_file_that_was_cut_is_refused(name: str, tmp_path: Path) -> None:
    lines = HEADER + "".join(f"{n},user{n * n * 7919}@example.com,true\n" for n in range(5_000))
    if "jsonl" in name:
        lines = "".join(LINE.replace('"1"', f'"{n * n * 7919}"') for n in range(5_000))
    path = written(tmp_path / name, gzip.compress(lines.encode())[:-3_000])

    refusal = refusal_of(path)
    assert refusal.startswith(f"{name} can't be read: IO Error: Unexpected end of GZIP stream")
    assert refusal.endswith("; is it complete?")


def test_a_folder_with_several_kinds_of_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    written(folder / "a.csv", HEADER)
    written(folder / "b.jsonl", LINE)

    assert refusal_of(folder) == "export contains files of several kinds (csv, jsonl): expected only one"


def test_a_file_that_is_not_compressed_is_refused(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / "users.csv.gz", HEADER)) == (
        "users.csv.gz can't be read: Not a gzipped file (b'id'); is it complete?"
    )


def test_a_column_that_only_another_file_has_is_no_column_of_the_users(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    written(folder / "a.csv", HEADER + ADA)
    written(folder / "b.csv", "more,email,id,verified\nx,bob@example.com,2,true\n")

    assert found_in(folder) == (2, [])


def test_other_files_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    written(folder / "README.txt", "Users of 2026.\n")
    written(folder / "_SUCCESS", "")
    written(folder / ".a.csv", "a copy that an editor keeps\n")
    written(folder / "a.csv", HEADER + ADA)
    written(folder / "b.csv", "email,id,verified\nbob@example.com,2,true\n3\n")

    users, found = found_in(folder)
    assert users == 3
    assert found == [
        (
            "unreadable-row",
            None,
            f"{folder / 'b.csv'}:3",
            "row",
            "can't be read: it has fewer values than there are columns",
        )
    ]


@pytest.mark.parametrize("name", ["users.txt", "users.xlsx", "users"])
def test_a_file_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path / name, HEADER)) == (
        f"{name} can't be read: "
        "expected a Parquet, CSV or JSON Lines file (.parquet, .csv, .jsonl), or a folder of such files"
    )


def test_a_missing_or_empty_source_is_refused(tmp_path: Path) -> None:
    kinds = "expected a Parquet, CSV or JSON Lines file (.parquet, .csv, .jsonl), or a folder of such files"
    assert refusal_of(tmp_path / "users.csv") == f"there is no file or folder users.csv: {kinds}"
    (tmp_path / "export").mkdir()
    assert refusal_of(tmp_path / "export") == f"export can't be read: {kinds}"
