"""Pytest's output for an asserted report: its findings, the calls that prove them, and how to fix them."""

import pytest

from customdb_contract import audit
from customdb_contract.findings import text
from customdb_contract.rules import judge
from customdb_contract.testing import _asserted

_IN_THIS_PROCESS = (text, judge, _asserted, audit)
"""Otherwise an inner test run would import some of these again and have two report classes."""

CHECKED = """
from customdb_contract import Transcript, judge

TEXT = '''
person ada email=ada@example.com
get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": 1}
'''
REPORT = judge(Transcript.parse(TEXT), select=["email-verified-not-boolean"])
"""


def output_of(pytester: pytest.Pytester, test: str) -> str:
    pytester.makepyfile(CHECKED + test)
    result = pytester.runpytest_inprocess("-W", "default")
    result.assert_outcomes(failed=1)
    return result.stdout.str()


def shows_findings(text: str) -> bool:
    wanted = (
        "error  email-verified-not-boolean",
        "get_user returned email_verified that is a number instead of true or false (ada)",
        '       1  get_user ada@example.com -> found {"user_id": "7", ',
        "Fix: Convert the column",
    )
    return all(line in text for line in wanted)


@pytest.mark.parametrize(
    "test",
    [
        "def test_it():\n    report = REPORT\n    assert report.ok, report\n",
        "def test_it():\n    assert REPORT.ok, REPORT\n",
        "def test_it():\n    assert REPORT.ok\n",
        "def test_it():\n    assert (report := REPORT).ok, report\n",
        "def test_it():\n    assert not REPORT.failures, REPORT\n",
        "class TestIt:\n    report = REPORT\n    def test_it(self):\n        assert self.report.ok, self.report\n",
        "class TestIt:\n    def test_it(self):\n        self.own = REPORT\n        assert self.own.ok, self.own\n",
    ],
)
def test_an_asserted_report_is_shown(pytester: pytest.Pytester, test: str) -> None:
    text = output_of(pytester, test)

    assert shows_findings(text)
    assert text.count("error  email-verified-not-boolean") == 1
    assert "<Report not ok: 1 failed" in text
    assert "Transcript(header" not in text


@pytest.mark.parametrize(
    "test",
    [
        "def test_it():\n    report = REPORT\n    assert 1 == 2\n",
        "def test_it():\n    report = REPORT\n    assert 1 == 2, '<Report of another kind>'\n",
        "def test_it():\n    report = REPORT\n    raise LookupError(repr(report))\n",
    ],
)
def test_other_failures_show_no_report(pytester: pytest.Pytester, test: str) -> None:
    assert not shows_findings(output_of(pytester, test))


def test_an_asserted_report_of_an_audit_is_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from customdb_contract.audit import AuditReport

        def test_it():
            report = AuditReport(
                source="users.csv", engine="duckdb", import_mode=True, users=0, sampled=False, results=()
            )
            assert report.ok, report
        """
    )
    result = pytester.runpytest_inprocess("-W", "default")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * AssertionError: <AuditReport not ok: 0 users, 0 rules broken>",
            "not ok: no user was audited: the source has no rows",
            "Source users.csv, read by duckdb; import mode on",
        ]
    )


def test_raise_for_failures_shows_the_same(pytester: pytest.Pytester) -> None:
    text = output_of(pytester, "def test_it():\n    REPORT.raise_for_failures()\n")

    wanted = (
        "error  email-verified-not-boolean",
        "  get_user returned email_verified that is a number",
        '     1  get_user ada@example.com -> found {"user_id": "7", ',
        "Fix: Convert the column",
    )
    assert all(line in text for line in wanted)
    assert "def raise_for_failures" not in text
