"""The double of SQL Server: real drivers get the same results as from the engine."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pymssql
import pytds  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs] - it has no types
import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st

from doubles.sql_server import DATABASE, PASSWORD, USER, SqlServerDouble, run_sql_server_double
from doubles.tds_wire import Column, Parameter, Reader, metadata, row

pytestmark = pytest.mark.databases

TABLES: Final = """
CREATE TABLE [dbo].[Users] (
    [UserId] uniqueidentifier NOT NULL DEFAULT (newid()), [Number] int IDENTITY(1,1) NOT NULL,
    [UserName] nvarchar(20) NOT NULL, [Exact] nvarchar(20) COLLATE Latin1_General_CS_AS NULL,
    [Folded] nvarchar(20) COLLATE Latin1_General_CI_AI NULL, [Large] bigint NULL, [Ratio] float NULL, [Is] bit NULL,
    [Data] varbinary(max) NULL, [Made] datetime NULL DEFAULT GETDATE(), [End] datetimeoffset(7) NULL,
    [Text] nvarchar(max) NULL, CONSTRAINT [PK_Users] PRIMARY KEY CLUSTERED ([Number] ASC));
CREATE UNIQUE NONCLUSTERED INDEX [IX_Name] ON [dbo].[Users] ([UserName] ASC);
CREATE TABLE [Details] ([Number] int NOT NULL PRIMARY KEY REFERENCES [Users] ([Number]),
    [Code] nvarchar(5) NULL UNIQUE);
"""
SOMEBODY: Final = UUID("5be379a0-df40-45b6-8c04-7c60e48a5ac3")


@pytest.fixture
def double() -> Generator[SqlServerDouble]:
    with run_sql_server_double(TABLES) as double:
        yield double


@pytest.fixture
def connect(double: SqlServerDouble) -> Generator[Callable[..., Any]]:
    connections: list[Any] = []

    def make(password: str = PASSWORD) -> Any:
        connection = pymssql.connect("127.0.0.1", USER, password, DATABASE, port=str(double.port), login_timeout=10)
        connections.append(connection)
        return connection

    yield make
    for connection in connections:
        connection.close()


def rows(connection: Any, query: str, *values: object) -> list[Any]:
    cursor = connection.cursor()
    cursor.execute(query, values)
    return list(cursor.fetchall())


def run(connection: Any, statement: str, *values: object) -> None:
    connection.cursor().execute(statement, values)


def by_call(double: SqlServerDouble) -> Any:
    """Connect with a driver that calls procedures instead of batches."""
    return pytds.connect("127.0.0.1", DATABASE, USER, PASSWORD, port=double.port, autocommit=True)


def test_a_wrong_password_is_error_18456(connect: Callable[..., Any]) -> None:
    with pytest.raises(pymssql.OperationalError, match=r"18456.*Login failed for user 'shop'"):
        connect("wrong")


def test_a_database_named_like_a_path_is_not_opened(double: SqlServerDouble) -> None:
    with pytest.raises(pymssql.OperationalError, match=r"4060.*Cannot open database"):
        pymssql.connect("127.0.0.1", USER, PASSWORD, "../shop", port=str(double.port))


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("SELECT * FROM Nope", 208),
        ("SELECT Nope FROM Users", 207),
        ("INSERT INTO Users (Nope) VALUES (1)", 207),
        ("SELECT Number FROM WHERE 1", 102),
        ("SELECT `Number` FROM Users", 102),
        ("DECLARE @x int", 102),
        ("SELECT nope(1)", 195),
        ("INSERT INTO Users (UserName) VALUES (NULL)", 515),
        ("INSERT INTO Users (UserName) VALUES (N'ADA ')", 2601),
        ("INSERT INTO Details VALUES (1, N'x')", 2627),
        ("INSERT INTO Details VALUES (99, N'y')", 547),
        ("INSERT INTO Users (UserName) VALUES (N'longer than twenty letters')", 2628),
        ("CREATE TABLE Details (x int)", 2714),
    ],
)
def test_errors_have_the_numbers_of_sql_server(statement: str, number: int, connect: Callable[..., Any]) -> None:
    connection = connect()
    run(connection, "INSERT INTO Users (UserName) VALUES (N'Ada')")
    run(connection, "INSERT INTO Details VALUES (1, N'x')")
    with pytest.raises(pymssql.Error) as raised:
        run(connection, statement)
    assert raised.value.args[0] == number
    assert rows(connection, "SELECT COUNT(*) FROM Users") == [(1,)]


def test_a_duplicate_in_a_column_that_is_unique_is_error_2627(connect: Callable[..., Any]) -> None:
    connection = connect()
    for name in ("Ada", "Grace"):
        run(connection, "INSERT INTO Users (UserName) VALUES (%s)", name)
    run(connection, "INSERT INTO Details VALUES (1, N'x')")
    with pytest.raises(pymssql.IntegrityError, match="2627"):
        run(connection, "INSERT INTO Details VALUES (2, N'X')")


@pytest.mark.parametrize("request_text", ["COMMIT", "ROLLBACK"])
def test_a_transaction_that_was_not_begun_cannot_end(request_text: str, connect: Callable[..., Any]) -> None:
    connection = connect()
    connection.autocommit(True)
    with pytest.raises(pymssql.Error, match=r"390[23]"):
        run(connection, request_text)


@pytest.mark.parametrize(("setting", "left"), [("ON", 0), ("OFF", 1)])
def test_with_xact_abort_a_failure_rolls_the_transaction_back(
    setting: str, left: int, double: SqlServerDouble, connect: Callable[..., Any]
) -> None:
    connection = connect()
    connection.autocommit(True)
    statements = "INSERT INTO Users (UserName) VALUES (N'Ada'); INSERT INTO Users (UserName) VALUES (N'ADA')"
    with pytest.raises(pymssql.Error, match="2601"):
        run(connection, f"SET XACT_ABORT {setting}; BEGIN TRANSACTION; {statements}; COMMIT TRANSACTION")
    assert rows(connection, "SELECT COUNT(*) FROM Users") == [(left,)]


def test_collations_differ_in_what_they_take_for_the_same(connect: Callable[..., Any]) -> None:
    connection = connect()
    run(connection, "INSERT INTO Users (UserName, Exact, Folded) VALUES (N'José', N'José', N'José')")
    found = {
        (column, text): bool(rows(connection, f"SELECT 1 FROM Users WHERE {column} = %s", text))
        for column in ("UserName", "Exact", "Folded")
        for text in ("José", "JOSÉ", "jose", "José  ")
    }
    assert [name for name, is_found in found.items() if not is_found] == [
        ("UserName", "jose"),
        ("Exact", "JOSÉ"),
        ("Exact", "jose"),
    ]


def test_values_come_back_with_their_types_in_a_batch_and_by_a_call(
    double: SqlServerDouble, connect: Callable[..., Any]
) -> None:
    moment = datetime(2026, 11, 29, 7, 0, 0, 123000, tzinfo=timezone(timedelta(hours=1)))
    values = (
        str(SOMEBODY),
        "Zoë 😀",
        2**40,
        1.5,
        True,
        b"\0\x01\xff",
        "2026-11-29 07:00:00.120",
        moment.isoformat(" "),
    )
    columns = "UserId, UserName, Large, Ratio, [Is], Data, Made, [End]"
    writer = connect()
    inserted = rows(
        writer,
        f"INSERT INTO [dbo].[Users] ({columns}) OUTPUT inserted.Number, inserted.UserId "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        *values,
    )
    assert inserted == [(1, SOMEBODY)]
    assert rows(writer, "SELECT SCOPE_IDENTITY()") == [(1,)]
    writer.commit()
    expected = (SOMEBODY, "Zoë 😀", 2**40, 1.5, True, b"\0\x01\xff", datetime(2026, 11, 29, 7, 0, 0, 120000), moment)  # noqa: DTZ001 - datetime has no zone
    query = f"SELECT TOP 1 {columns} FROM dbo.Users WHERE UserName = %s"
    assert rows(writer, query, "ZOË 😀") == [expected]
    with closing(by_call(double)) as reader:
        assert rows(reader, query, "zoë 😀") == [expected]
        assert rows(reader, "SELECT Number FROM Users WHERE UserId = %s", SOMEBODY) == [(1,)]
        assert rows(reader, "SELECT NULL, N'a' + N'b', CAST(1 AS bit)") == [(None, "ab", True)]
        run(reader, f"INSERT INTO Users ({columns}) VALUES (%s, %s, NULL, NULL, NULL, NULL, NULL, NULL)", SOMEBODY, "x")
        assert rows(reader, f"SELECT {columns} FROM Users WHERE UserName = 'X'") == [(SOMEBODY, "x", *[None] * 6)]
        run(
            reader,
            "INSERT INTO Users (UserName, Made, [End]) VALUES (%s, %s, %s)",
            "y",
            moment.replace(tzinfo=None),
            moment,
        )
        ((made, end),) = rows(reader, "SELECT Made, [End] FROM Users WHERE UserName = 'y'")
        assert (made, end) == (moment.replace(tzinfo=None), moment)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(),
)
def test_any_value_survives_a_batch_and_a_call(wide: SqlServerDouble, text: str, number: int, data: bytes) -> None:
    with closing(by_call(wide)) as caller:
        assert rows(caller, "SELECT %s, %s, %s", text, number, pytds.Binary(data)) == [(text, number, data)]
    with closing(pymssql.connect("127.0.0.1", USER, PASSWORD, DATABASE, port=str(wide.port))) as batches:
        ((found,),) = rows(batches, "SELECT %s", text)
        assert found == text


@pytest.fixture(scope="module")
def wide() -> Generator[SqlServerDouble]:
    with run_sql_server_double() as double:
        yield double


def test_long_values_take_several_packets(double: SqlServerDouble, connect: Callable[..., Any]) -> None:
    long = "Ünïcödé " * 20_000
    with closing(by_call(double)) as caller:
        run(caller, "INSERT INTO Users (UserName, [Text]) VALUES ('long', %s)", long)
    assert rows(connect(), "SELECT [Text] FROM Users WHERE UserName = 'long'") == [(long,)]


def test_a_transaction_is_seen_by_others_when_it_is_committed(connect: Callable[..., Any]) -> None:
    one, other = connect(), connect()
    query = "SELECT UserName FROM Users"
    assert rows(other, query) == []
    run(one, "INSERT INTO Users (UserName) VALUES (N'Ada')")
    assert rows(one, query) == [("Ada",)]
    assert rows(other, query) == []
    one.rollback()
    assert rows(one, query) == []
    run(one, "INSERT INTO Users (UserName) VALUES (N'Grace')")
    one.commit()
    # Each statement of READ COMMITTED sees what is committed when it begins, also in a transaction.
    assert rows(other, query) == [("Grace",)]
    run(other, "UPDATE Users SET UserName = N'Grace H' WHERE UserName = N'Grace'")
    other.commit()
    assert rows(one, query) == [("Grace H",)]


def test_a_writer_waits_for_an_earlier_writer(connect: Callable[..., Any]) -> None:
    one, other = connect(), connect()
    run(one, "INSERT INTO Users (UserName) VALUES (N'Ada')")
    failed: list[Exception] = []

    def write() -> None:
        try:
            run(other, "INSERT INTO Users (UserName) VALUES (N'ada')")
        except pymssql.IntegrityError as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    one.commit()
    writer.join()
    assert failed[0].args[0] == 2601


def test_uncommitted_changes_are_lost_with_the_server(double: SqlServerDouble, connect: Callable[..., Any]) -> None:
    connection = connect()
    run(connection, "INSERT INTO Users (UserName) VALUES (N'Ada')")
    connection.commit()
    run(connection, "INSERT INTO Users (UserName) VALUES (N'Grace')")
    double.kill()
    with pytest.raises(pymssql.Error):
        rows(connection, "SELECT UserName FROM Users")
    double.start()
    assert rows(connect(), "SELECT UserName FROM Users") == [("Ada",)]


def test_sqlalchemy_sees_the_tables_as_they_were_made(double: SqlServerDouble) -> None:
    url = sqlalchemy.URL.create("mssql+pymssql", USER, PASSWORD, "127.0.0.1", double.port, DATABASE)
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    inspector = sqlalchemy.inspect(engine)
    assert inspector.has_table("users")
    assert inspector.has_table("Users", "dbo")
    assert not inspector.has_table("Nope")
    columns = {column["name"]: column for column in inspector.get_columns("Users")}
    assert {name: str(column["type"]) for name, column in columns.items() if name in {"UserId", "UserName", "End"}} == {
        "UserId": "UNIQUEIDENTIFIER",
        "UserName": "NVARCHAR(20)",
        "End": "DATETIMEOFFSET",
    }
    assert [columns[name]["nullable"] for name in ("UserId", "UserName", "Exact")] == [False, False, True]
    assert inspector.get_pk_constraint("Users")["constrained_columns"] == ["Number"]
    assert [index["column_names"] for index in inspector.get_indexes("Users") if index["unique"]] == [["UserName"]]
    assert [index["column_names"] for index in inspector.get_indexes("Details") if index["unique"]] == [["Code"]]
    with engine.connect() as connection:
        assert connection.get_isolation_level() == "READ COMMITTED"
        assert engine.dialect.server_version_info is not None
        assert connection.dialect.default_schema_name == "dbo"


NODE: Final = """
const { Connection, Request, TYPES } = require(process.argv[2]);
const connection = new Connection({
  server: "127.0.0.1",
  authentication: { type: "default", options: { userName: process.argv[4], password: process.argv[5] } },
  options: { port: Number(process.argv[3]), encrypt: false, database: "shop", rowCollectionOnRequestCompletion: true },
});
const run = (sql, parameters = [], method = "execSql") =>
  new Promise((resolve, reject) => {
    const request = new Request(sql, (error, count, rows) =>
      error ? reject(error) : resolve({ count, rows: rows.map((row) => row.map(({ value }) => value)) }));
    parameters.forEach((parameter) => request.addParameter(...parameter));
    connection[method](request);
  });
const transaction = (method) =>
  new Promise((resolve, reject) => connection[method]((error) => (error ? reject(error) : resolve())));
connection.connect(async (refused) => {
  if (refused) return console.log(JSON.stringify({ code: refused.code, message: refused.message }));
  const said = [];
  const name = ["name", TYPES.NVarChar, "Zoë"];
  said.push(await run("INSERT INTO Users (UserName, Large, [Is], [End]) OUTPUT inserted.Number " +
    "VALUES (@name, @large, @is, @end)", [name, ["large", TYPES.BigInt, "1099511627776"], ["is", TYPES.Bit, true],
    ["end", TYPES.DateTimeOffset, new Date(0)]]));
  await transaction("beginTransaction");
  said.push(await run("DELETE FROM Users WHERE UserName = @name", [name]));
  await transaction("rollbackTransaction");
  await transaction("beginTransaction");
  said.push(await run("UPDATE Users SET Ratio = @ratio WHERE UserName = @name", [name, ["ratio", TYPES.Float, 2.5]]));
  await transaction("commitTransaction");
  said.push(await run("SELECT UserName, Large, [Is], [End], Ratio, Data FROM Users", [], "execSqlBatch"));
  const prepared = new Request("SELECT Number FROM Users WHERE UserName = @name", () => {});
  prepared.addParameter("name", TYPES.NVarChar);
  await new Promise((resolve) => { prepared.on("prepared", resolve); connection.prepare(prepared); });
  said.push(await new Promise((resolve) => {
    prepared.callback = (error, count, rows) =>
      resolve({ count, rows: rows.map((row) => row.map(({ value }) => value)) });
    connection.execute(prepared, { name: "ZOË" });
  }));
  await new Promise((resolve) => { prepared.callback = resolve; connection.unprepare(prepared); });
  for (const sql of ["SELECT Nope FROM Users", "SELECT * FROM Nope", "INSERT INTO Users (UserName) VALUES (N'zoë')"])
    said.push(await run(sql).catch((error) => error.number));
  console.log(JSON.stringify(said));
  connection.close();
});
"""


@pytest.mark.one_python
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_tedious_works_with_the_double(password: str, double: SqlServerDouble) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node on PATH: apt-get install nodejs")
    tedious = Path(__file__).parent / "drivers" / "node_modules" / "tedious"
    command = [node, "-", str(tedious), str(double.port), USER, password]
    said = json.loads(
        subprocess.run(command, input=NODE, text=True, capture_output=True, check=True, timeout=60).stdout
    )
    if password == "wrong":
        assert said["code"] == "ELOGIN"
        return
    assert said == [
        {"count": 1, "rows": [[1]]},
        {"count": 1, "rows": []},
        {"count": 1, "rows": []},
        {"count": 1, "rows": [["Zoë", "1099511627776", True, "1970-01-01T00:00:00.000Z", 2.5, None]]},
        {"count": 1, "rows": [[1]]},
        207,
        208,
        2601,
    ]


def test_a_message_that_ends_too_early_is_an_error() -> None:
    with pytest.raises(ValueError, match="the message ends after 3 bytes, within something of 6"):
        Reader(b"\x03ab").text()
    with pytest.raises(ValueError, match="does not know the type 0xF1"):
        Reader(b"\0\0\xf1").parameter()


@given(st.datetimes(datetime(1753, 1, 1), datetime(9999, 12, 30)))  # noqa: DTZ001 - datetime has no zone
def test_times_are_kept_as_exactly_as_their_type_can(moment: datetime) -> None:
    for kind, tolerance in {"datetime": timedelta(milliseconds=4), "datetime2": timedelta(0)}.items():
        columns = [Column("c", kind)]
        head, body = metadata(columns), row(columns, [moment])
        # A parameter has the type and the value in the same form as a row.
        described = head[9:11]
        found = Reader(b"\0\0" + described + body[1:]).parameter()
        assert isinstance(found, Parameter)
        assert isinstance(found.value, datetime)
        assert abs(found.value - moment) <= tolerance


def test_the_double_identifies_itself(connect: Callable[..., Any]) -> None:
    ((version, begun),) = rows(connect(), "SELECT @@version, @@TRANCOUNT")
    assert "double" in version
    assert begun == 1
