"""The export of all the bookshop's customers: the same every time, with known defects."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no types
import pytest

import customer_export
from customer_export import CUSTOMERS, DEFECTS, EXPORT_VERSION, Customer, customers, ensure_export, planted, write

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

SOME = 2_000


@pytest.fixture(scope="module")
def everybody() -> list[Customer]:
    return customers()


def test_the_same_customers_are_made_every_time() -> None:
    assert customers(SOME) == customers(SOME)
    assert customers(SOME, seed=1) != customers(SOME)


def test_each_defect_occurs_at_its_documented_rate(everybody: list[Customer]) -> None:
    assert len(everybody) == CUSTOMERS
    said = {name: defect.customers for name, defect in DEFECTS.items()}
    assert Counter(customer.defect for customer in everybody if customer.defect) == said


def test_a_smaller_export_has_as_large_a_share_of_them() -> None:
    some = Counter(customer.defect for customer in customers(CUSTOMERS // 10) if customer.defect)
    assert some["e-mails that differ only in upper and lower case"] == 40
    assert some["profile above 100 KB"] == 0


def test_each_customer_with_a_defect_breaks_a_rule_and_no_other_does(everybody: list[Customer]) -> None:
    assert all(bool(customer.defect) == bool(customer.breaks) for customer in everybody)
    assert planted(everybody)["shared-email"] == 600
    assert planted(everybody).total() == sum(len(customer.breaks) for customer in everybody)


def test_the_file_has_every_row(tmp_path: Path) -> None:
    some = customers(SOME)
    path = write(some, tmp_path / "customers.parquet")

    assert pq.read_table(path).to_pylist() == [customer.row for customer in some]
    assert [left.name for left in tmp_path.iterdir()] == ["customers.parquet"]


def test_an_export_of_this_version_stays_and_another_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_export, "customers", lambda: customers(SOME))
    path = ensure_export(tmp_path / "customers.parquet")
    made = path.stat().st_ino

    assert ensure_export(path).stat().st_ino == made
    pq.write_table(pq.read_table(path).replace_schema_metadata({"version": "0"}), path)
    pq.write_table(pq.read_table(ensure_export(path)).replace_schema_metadata(None), path)
    ensure_export(path)
    assert pq.read_schema(path).metadata[b"version"] == EXPORT_VERSION.encode()
