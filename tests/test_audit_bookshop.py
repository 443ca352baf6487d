"""An audit of the bookshop's export finds exactly the planted defects."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from attrs import frozen

import customer_export
from audited_tables import read_rows, shop_columns
from customdb_contract.audit import AuditReport, audit
from customer_export import Customer, customers, planted, write

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]


@frozen
class Audited:
    everybody: list[Customer]
    report: AuditReport
    findings: Path


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("audited")
    everybody = customers()
    findings = folder / "findings.parquet"
    report = audit(write(everybody, folder / "customers.parquet"), shop_columns(), import_mode=True, findings=findings)
    return Audited(everybody, report, findings)


def test_as_many_users_break_each_rule_as_were_planted(audited: Audited) -> None:
    assert audited.report.users == customer_export.CUSTOMERS
    assert {result.rule: result.users for result in audited.report.results if result.users} == planted(
        audited.everybody
    )


def test_the_users_who_break_a_rule_are_those_who_were_planted(audited: Audited) -> None:
    found: defaultdict[str, Counter[str | None]] = defaultdict(Counter)
    for finding in read_rows(audited.findings):
        found[finding["rule"]][finding["user_id"]] += 1
    expected: defaultdict[str, Counter[object]] = defaultdict(Counter)
    for customer in audited.everybody:
        for rule in customer.breaks:
            expected[rule][customer.row["customer_id"] or None] += 1

    assert found == expected


def test_those_with_the_same_defect_meet_the_same_fate(audited: Audited) -> None:
    assert audited.report.exit_code == 1
    fates = {result.rule: str(result.fate) for result in audited.report.results if result.users}
    assert fates["shared-email"] == fates["invalid-email"] == "refused at log-in"
    assert fates["shared-user-id"] == "another user's account"
    assert fates["metadata-not-json"] == fates["invalid-metadata-key"] == "lost metadata"


def test_every_hash_is_counted_by_its_format(audited: Audited) -> None:
    formats = audited.report.password_formats
    assert formats is not None
    wrong = Counter(customer.defect for customer in audited.everybody)
    assert set(formats.users) == {"bcrypt", "Django's bcrypt", "phpBB's phpass"}
    assert formats.none == wrong["empty hash"]
    assert formats.unknown == wrong["hash in an unknown format"] + wrong["truncated hash"]
    assert sum(formats.users.values()) + formats.none + formats.unknown == customer_export.CUSTOMERS


def test_every_profile_is_counted_by_its_size(audited: Audited) -> None:
    sizes = audited.report.sizes
    assert sizes is not None
    wrong = Counter(customer.defect for customer in audited.everybody)
    assert (sizes.above_limit, sizes.above_allowance) == (wrong["profile above 10 KB"], wrong["profile above 100 KB"])
    assert sizes.up_to_limit + sizes.above_limit + sizes.above_allowance == customer_export.CUSTOMERS
