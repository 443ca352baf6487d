"""Users in files: Parquet, CSV and JSON Lines, one file or a folder of them, read by DuckDB."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from customdb_contract.audit._columns import Columns, Row
from customdb_contract.audit._encodings import opened, refuse_encoding
from customdb_contract.audit._engines import Workshop
from customdb_contract.audit._failing import reading, unreadable
from customdb_contract.audit._users import FILE, ODD, ROW, Field, Kind, Users, check_names, fields_of, users_of_table
from customdb_contract.errors import ConfigurationError

__all__ = ["Files", "found_files", "users_of_files"]

_SUFFIXES: Final[Mapping[str, str]] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
}
_DELIMITERS: Final = ",;\t|"
_LONGEST_LINE: Final = 64_000_000
_LINES_SEEN: Final = 1_000
_UNLIKE_ENDS: Final = "CSV Parser state machine reached an invalid state"
_PROBLEMS: Final[Mapping[str, str]] = {
    "invalid encoding": "it is not UTF-8",
    "line size over maximum": 'it is longer than 64 MB; is a quote (") not closed?',
    "missing columns": "it has fewer values than there are columns",
    "no JSON object": "it is not a JSON object",
    "too many columns": "it has more values than there are columns",
    "unquoted value": 'a quote (") is not closed, or is followed by more text; inside a value, write each quote twice',
}
"""DuckDB's errors in a line, in plain words."""
_KINDS: Final = "a Parquet, CSV or JSON Lines file (.parquet, .csv, .jsonl), or a folder of such files"


@frozen
class Files:
    """Files of one kind.

    Args:
        kind: `parquet`, `csv` or `jsonl`.
        paths: The files.
        source: The file or folder as given.
    """

    kind: str
    paths: tuple[Path, ...]
    source: str


def users_of_files(path: Path, columns: Columns, workshop: Workshop) -> Users:
    """Return the users in a file, or in all files of a folder.

    Args:
        path: The file or the folder.
        columns: The columns that make up a profile.
        workshop: The DuckDB to which CSV and JSON Lines are copied; Parquet is read in place.

    Raises:
        ConfigurationError: If it can't be read, or lacks a column.
    """
    files = found_files(path)
    read = {"parquet": _of_parquet, "csv": _of_csv, "jsonl": _of_json_lines}[files.kind]
    identity = [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in files.paths]
    with reading(files.source, is_file=True):
        return evolve(read(files, columns, workshop), identity=identity)


def found_files(path: Path) -> Files:
    """Return the file, or all files of a folder.

    Args:
        path: The file or the folder.

    Raises:
        ConfigurationError: If there is no file that can be read.
    """
    if not path.exists():
        message = f"there is no file or folder {path}: expected {_KINDS}"
        raise ConfigurationError(message)
    paths = sorted(_below(path)) if path.is_dir() else [path]
    kinds = {_kind(one) for one in paths}
    if not kinds or None in kinds:
        message = f"{path} can't be read: expected {_KINDS}"
        raise ConfigurationError(message)
    if len(kinds) > 1:
        message = f"{path} contains files of several kinds ({', '.join(sorted(map(str, kinds)))}): expected only one"
        raise ConfigurationError(message)
    return Files(str(kinds.pop()), tuple(paths), str(path))


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files of users in a folder; files whose names begin with a dot are skipped."""
    for path in folder.rglob("*"):
        if path.is_file() and _kind(path) and not path.name.startswith("."):
            yield path


def _kind(path: Path) -> str | None:
    return next((kind for suffix, kind in _SUFFIXES.items() if path.name.lower().endswith(suffix)), None)


def _text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _of_parquet(files: Files, columns: Columns, workshop: Workshop) -> Users:
    import duckdb  # noqa: PLC0415 - an extra

    paths = ", ".join(_text(str(path)) for path in files.paths)
    reading = f"read_parquet([{paths}], union_by_name = true, filename = {_text(FILE)}, file_row_number = true)"
    try:
        workshop.run(f"CREATE VIEW users AS SELECT * RENAME (file_row_number AS {_name(ROW)}) FROM {reading}")
    except duckdb.Error as error:
        raise unreadable(files.source, error) from None
    return users_of_table(
        workshop.connection.table("users"),
        columns,
        engine="duckdb",
        source=files.source,
        places={FILE: FILE, ROW: ROW},
    )


def _of_csv(files: Files, columns: Columns, workshop: Workshop) -> Users:
    for path in files.paths:
        refuse_encoding(path)
        names, delimiter = _header(path)
        check_names(fields_of(columns), names, str(path))
        types = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
        settings = (
            f"columns = {{{types}}}, header = true, delim = {_text(delimiter)}, quote = '\"', escape = '\"', "
            "allow_quoted_nulls = false"
        )
        _take_in("users", names, path, settings, workshop)
    return users_of_table(
        workshop.connection.table("users"),
        columns,
        engine="duckdb",
        source=files.source,
        places={FILE: FILE, ROW: ROW},
        unreadable=lambda: _rejected(workshop),
    )


def _take_in(table: str, names: Sequence[str], path: Path, settings: str, workshop: Workshop) -> None:
    """Copy a file into a table, and record the lines that can't be read."""
    import duckdb  # noqa: PLC0415 - an extra

    known = [
        name for (name,) in workshop.run(f"SELECT column_name FROM duckdb_columns() WHERE table_name = {_text(table)}")
    ]
    # Columns that the first file does not have are ignored.
    file, wanted = _text(str(path)), ", ".join(_name(name) for name in names if name in known or not known)
    reading = (
        f"read_csv({file}, {settings}, auto_detect = false, store_rejects = true, rejects_table = 'rejects', "
        f"rejects_scan = 'reject_scans', rejects_limit = 0, max_line_size = {_LONGEST_LINE})"
    )
    rows = f"SELECT {wanted}, {file} AS {_name(FILE)}, row_number() OVER () AS {_name(ROW)} FROM {reading}"
    # An unclosed quote turns several lines into one.
    more = "max(length(rtrim(csv_line, E'\\r\\n')) - length(replace(rtrim(csv_line, E'\\r\\n'), chr(10), '')))"
    rejected = f"SELECT {file}, line, lower(any_value(error_type)::VARCHAR), {more} FROM rejects GROUP BY line"
    workshop.run("CREATE TABLE IF NOT EXISTS unreadable (file VARCHAR, line BIGINT, error VARCHAR, more BIGINT)")
    try:
        workshop.run(f"INSERT INTO {table} BY NAME {rows}" if known else f"CREATE TABLE {table} AS {rows}")
        workshop.run(f"INSERT INTO unreadable {rejected}")
    except duckdb.Error as error:
        if _UNLIKE_ENDS in str(error):
            message = f"{path} can't be read: its line endings seem to be mixed (CRLF and LF); use only one"
            raise ConfigurationError(message) from None
        raise unreadable(path, error) from None
    workshop.run("DROP TABLE rejects; DROP TABLE reject_scans")


def _rejected(workshop: Workshop) -> Iterator[tuple[str, str]]:
    cursor = workshop.connection.con.cursor()
    for file, line, error, more in cursor.execute("SELECT * FROM unreadable ORDER BY ALL").fetchall():
        lost = f"; {more:,} more line{'s were' if more > 1 else ' was'} read as part of it" if more else ""
        yield f"{file}:{line}", f"can't be read: {_PROBLEMS.get(error, error)}{lost}"


def _header(path: Path) -> tuple[tuple[str, ...], str]:
    """Return the column names of a CSV file, and its delimiter."""
    with opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="") as text:
        first = text.readline()
    if first.count('"') % 2:
        message = f'{path}: a quote (") in line 1 is not closed; the line must contain the column names'
        raise ConfigurationError(message)
    delimiter = max(_DELIMITERS, key=first.count)
    names = tuple(next(csv.reader(io.StringIO(first), delimiter=delimiter), ()))
    if not names or len({name.lower() for name in names}) < len(names) or not all(names):
        message = f"{path} must begin with a line that contains each column name once"
        raise ConfigurationError(message)
    return names, delimiter


def _of_json_lines(files: Files, columns: Columns, workshop: Workshop) -> Users:
    # JSON never contains this delimiter, so a whole line is one value.
    settings = (
        "columns = {'line': 'VARCHAR'}, header = false, delim = '\x1f', quote = '', escape = '', strict_mode = false"
    )
    for path in files.paths:
        refuse_encoding(path)
        _take_in("lines", ("line",), path, settings, workshop)
    workshop.run("DELETE FROM lines WHERE line IS NULL OR trim(line, E' \\t\\r') = ''")
    broken = "NOT coalesce(json_valid(line) AND json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT', false)"
    place = f"{_name(FILE)} AS file, {_name(ROW)} AS line"
    workshop.run(f"INSERT INTO unreadable SELECT {place}, 'no JSON object', 0 FROM lines WHERE {broken}")
    workshop.run(f"DELETE FROM lines WHERE {broken}")
    fields = fields_of(columns)
    if workshop.run("SELECT 1 FROM lines LIMIT 1"):
        check_names(fields, _keys(fields, workshop), files.source)
    wanted = [part for one in fields for part in _extracted(one)]
    workshop.run(f"CREATE VIEW users AS SELECT {', '.join(wanted)}, {_name(FILE)}, {_name(ROW)} FROM lines")
    settled = tuple([_settled(one) for one in fields])
    return Users(
        table=workshop.connection.table("users"),
        fields=settled,
        engine="duckdb",
        source=files.source,
        raw=workshop.connection.table("lines"),
        raw_row=_object,
        unreadable=lambda: _rejected(workshop),
    )


def _settled(one: Field) -> Field:
    return evolve(one, kind=Kind.JSON) if one.kind is Kind.VALUE else one


def _object(row: Row) -> Row:
    return {**json.loads(str(row["line"])), FILE: row[FILE], ROW: row[ROW]}


def _keys(fields: Sequence[Field], workshop: Workshop) -> tuple[str, ...]:
    """Return the keys in the first lines, and the mapped keys that occur in any other line."""
    rows = workshop.run(f"SELECT DISTINCT unnest(json_keys(line)) FROM (SELECT line FROM lines LIMIT {_LINES_SEEN})")
    keys = {str(key) for (key,) in rows}
    for column in {one.column for one in fields}.difference(keys):
        if workshop.run(f"SELECT 1 FROM lines WHERE json_exists(line, {_path(column)}) LIMIT 1"):
            keys.add(column)
    return tuple(sorted(keys))


def _path(column: str) -> str:
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return _text(f'$."{escaped}"')


def _extracted(one: Field) -> Iterator[str]:
    """Yield the SQL expressions of a field: its value, and any value of the wrong type as JSON."""
    path = _path(one.column)
    type_, json_, text = f"json_type(line, {path})", f"CAST(line -> {path} AS VARCHAR)", f"line ->> {path}"
    odd = f"{_name(one.name + ODD)}"
    match one.kind:
        case Kind.KEY:
            numbers = "'VARCHAR', 'UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT'"
            yield f"CASE WHEN {type_} IN ({numbers}) THEN {text} END AS {_name(one.name)}"
            yield f"CASE WHEN {type_} NOT IN ({numbers}, 'NULL') THEN {json_} END AS {odd}"
        case Kind.TEXT:
            yield f"CASE WHEN {type_} = 'VARCHAR' THEN {text} END AS {_name(one.name)}"
            yield f"CASE WHEN {type_} NOT IN ('VARCHAR', 'NULL') THEN {json_} END AS {odd}"
        case Kind.BOOLEAN:
            yield f"CASE WHEN {type_} = 'BOOLEAN' THEN ({text}) = 'true' END AS {_name(one.name)}"
            yield f"CASE WHEN {type_} NOT IN ('BOOLEAN', 'NULL') THEN {json_} END AS {odd}"
        case _:
            yield f"CASE WHEN {type_} <> 'NULL' THEN {json_} END AS {_name(one.name)}"
