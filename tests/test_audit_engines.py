"""The same users on DuckDB, on a PostgreSQL and on Spark: an audit finds the same on all of them."""

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # see above
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

import customer_export
from audited_tables import COLUMNS, Row, odd_users, read_rows, shop_columns
from customdb_contract.audit import Columns, audit
from postgres import DATABASE, find_postgres, run_postgres
from spark import find_java, run_spark

pytestmark = [pytest.mark.databases, pytest.mark.one_python]

MANY = 20_000
"""Enough users for every defect to occur."""
ODD = 2_000

Found = Counter[tuple[str, ...]]


@frozen
class Users:
    """Users as a table, and the columns that make a profile."""

    rows: Sequence[Row]
    columns: Columns

    def parquet(self, folder: Path) -> Path:
        path = folder / "users.parquet"
        pq.write_table(pa.Table.from_pylist(list(self.rows)), path)
        return path


@pytest.fixture(scope="module")
def shop() -> Users:
    """Return users with every defect of the bookshop's export."""
    everybody = customer_export.customers(MANY)
    assert {customer.defect for customer in everybody} == {"", *customer_export.DEFECTS}
    return Users([customer.row for customer in everybody], shop_columns())


@pytest.fixture(scope="module")
def postgres() -> Generator[str]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    with run_postgres(programs, "") as server:
        yield f"postgresql://shop@127.0.0.1:{server.port}/{DATABASE}"


@pytest.fixture
def spark() -> Generator[Any]:
    if find_java() is None:
        pytest.skip("there is no Java on this machine: apt-get install default-jre-headless")
    with run_spark() as connection:
        yield connection


def found_in(table: object, columns: Columns, folder: Path, **settings: Any) -> Found:
    """Return every finding of an audit without row numbers: some engines have no order."""
    path = folder / "findings.parquet"
    report = audit(table, columns, import_mode=True, findings=path, **settings)
    rows = read_rows(path)
    assert {result.rule for result in report.results if result.users} == {row["rule"] for row in rows} != set()
    return Counter(
        tuple(str(value) for name, value in row.items() if name not in {"row", "shared_with"}) for row in rows
    )


tables = count(1)


def fill(url: str, rows: Sequence[Row]) -> str:
    """Insert users into a new table of a PostgreSQL, and return its name."""
    name, names = f"users{next(tables)}", list(rows[0])
    types = (f"{column} {'boolean' if 'verified' in column else 'text'}" for column in names)
    with closing(psycopg.connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} ({', '.join(types)})".encode())
        with cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(list(row.values()))
    return name


def fewer(found: Found, expected: Found) -> tuple[Iterable[object], Iterable[object]]:
    """Return some unexpected and some missing findings."""
    return list((found - expected).items())[:20], list((expected - found).items())[:20]


def test_postgres_finds_what_duckdb_finds(shop: Users, postgres: str, tmp_path: Path) -> None:
    expected = found_in(shop.parquet(tmp_path), shop.columns, tmp_path)
    found = found_in(f"{postgres}?table={fill(postgres, shop.rows)}", shop.columns, tmp_path)

    assert fewer(found, expected) == ([], [])


@given(seed=st.integers(0, 2**32))
@settings(max_examples=3)
def test_postgres_finds_what_duckdb_finds_in_odd_users(
    postgres: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    users = Users(odd_users(Random(seed), ODD), COLUMNS)
    expected = found_in(users.parquet(folder), COLUMNS, folder)
    found = found_in(f"{postgres}?table={fill(postgres, users.rows)}", COLUMNS, folder)

    assert fewer(found, expected) == ([], [])


def test_spark_finds_what_duckdb_finds(spark: Any, tmp_path: Path) -> None:
    path = Users(odd_users(Random(1815), ODD), COLUMNS).parquet(tmp_path)
    expected = found_in(path, COLUMNS, tmp_path)
    found = found_in(spark.read_parquet(path), COLUMNS, tmp_path)

    assert fewer(found, expected) == ([], [])
    planted = {rule for defect in customer_export.DEFECTS.values() for rules in defect.breaks for rule in rules}
    assert {rule for rule, *_ in found} > planted
