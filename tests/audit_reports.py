"""Audit reports, handwritten and drawn by Hypothesis, to test the printing without running an audit."""

from typing import Any, Final

from hypothesis import strategies as st

from customdb_contract.audit import AuditReport, Fate, PasswordFormats, ProfileSizes, RuleResult, UserFinding
from customdb_contract.findings import Severity
from customdb_contract.testing.strategies import awkward_texts
from html_pages import HOSTILE

__all__ = ["AUDITED", "audit_reports", "finding", "report_of", "result"]


def finding(**changes: Any) -> UserFinding:
    """Return a finding: user 7 shares an e-mail with user 9, unless the arguments differ."""
    usual: dict[str, Any] = {
        "rule": "shared-email",
        "severity": Severity.ERROR,
        "user_id": "7",
        "path": "email",
        "problem": "is also used by another user",
        "shared_with": ("9",),
    }
    return UserFinding(**usual | changes)


def result(rule: str = "shared-email", **changes: Any) -> RuleResult:
    """Return the result of a rule that no user breaks, unless the arguments differ."""
    usual: dict[str, Any] = {
        "severity": Severity.ERROR,
        "summary": "Two users have one e-mail.",
        "fate": Fate.WRONG_ACCOUNT,
        "users": 0,
    }
    return RuleResult(rule=rule, **usual | changes)


def report_of(*results: RuleResult, **changes: Any) -> AuditReport:
    """Return a report on 20,000 users."""
    usual: dict[str, Any] = {
        "source": "users.parquet",
        "engine": "duckdb",
        "import_mode": True,
        "users": 20_000,
        "sampled": False,
    }
    return AuditReport(results=results, **usual | changes)


_LARGE: Final = result(
    "profile-too-large",
    severity=Severity.WARNING,
    summary="The profile has more than 10 KB.",
    fate=Fate.REFUSED,
    users=1,
    examples=(
        finding(
            rule="profile-too-large",
            severity=Severity.WARNING,
            path="app_metadata.history",
            problem="makes the profile 12,345 bytes long",
            shared_with=(),
        ),
    ),
    not_audited="the rows of 2 users are no JSON",
)
_SHARED: Final = result(
    users=1_204,
    examples=(
        finding(),
        finding(user_id="8", shared_with=("1", "2", "3", "4", "5", "6", "9")),
        finding(user_id=None, row="users.parquet, row 9", value='"ada@example.com"'),
        finding(user_id=None, shared_with=()),
        finding(user_id="line\nfeed", shared_with=()),
    ),
)

AUDITED: Final = {
    "broken": report_of(
        result("missing-user-id", fate=Fate.REFUSED),
        _LARGE,
        _SHARED,
        result("unknown-password-format", severity=Severity.WARNING, not_audited="there is no column of hashes"),
        result("unchecked-password", severity=Severity.INFO, not_audited="there is no column of hashes"),
        sizes=ProfileSizes(up_to_limit=19_999, above_limit=1, above_allowance=0, largest=12_345),
        password_formats=PasswordFormats(
            users={"Argon2": 9, "bcrypt": 19_000}, unknown=991, none=0, accepted=("Argon2", "bcrypt")
        ),
        findings_file="findings.parquet",
    ),
    "warned": report_of(_LARGE, import_mode=False, sampled=True),
    "right": report_of(result(), result("missing-user-id")),
    "empty": report_of(result(), users=0),
    "unmapped": report_of(result(not_audited="needs a column that is not mapped")),
    "without rules": report_of(),
    "interrupted": report_of(_LARGE, result(), interrupted=True),
}
"""Reports by name, for the approval texts."""

_TEXTS: Final = st.one_of(awkward_texts(), st.sampled_from(HOSTILE))
_COUNTS: Final = st.integers(min_value=0, max_value=10**10)


def audit_reports(values: st.SearchStrategy[str | None] | None = None) -> st.SearchStrategy[AuditReport]:
    """Return a strategy for reports in which every text is awkward.

    Args:
        values: A strategy for values of findings; None means no values or awkward texts.
    """
    findings = st.builds(
        UserFinding,
        rule=_TEXTS,
        severity=st.sampled_from(Severity),
        user_id=st.none() | _TEXTS,
        row=_TEXTS,
        path=_TEXTS,
        problem=_TEXTS,
        value=st.none() | _TEXTS if values is None else values,
        shared_with=st.lists(_TEXTS, max_size=7).map(tuple),
    )
    results = st.builds(
        RuleResult,
        rule=_TEXTS,
        severity=st.sampled_from(Severity),
        summary=_TEXTS,
        fate=st.sampled_from(Fate),
        users=_COUNTS,
        examples=st.lists(findings, max_size=4).map(tuple),
        not_audited=st.just("") | _TEXTS,
    )
    sizes = st.builds(ProfileSizes, up_to_limit=_COUNTS, above_limit=_COUNTS, above_allowance=_COUNTS, largest=_COUNTS)
    formats = st.builds(
        PasswordFormats,
        users=st.dictionaries(_TEXTS, _COUNTS, max_size=3),
        unknown=_COUNTS,
        none=_COUNTS,
        accepted=st.lists(_TEXTS, max_size=3).map(tuple),
    )
    return st.builds(
        AuditReport,
        source=_TEXTS,
        engine=_TEXTS,
        import_mode=st.booleans(),
        users=_COUNTS,
        sampled=st.booleans(),
        results=st.lists(results, max_size=4).map(tuple),
        sizes=st.none() | sizes,
        password_formats=st.none() | formats,
        findings_file=st.none() | _TEXTS,
        fail_on=st.sampled_from(Severity),
        interrupted=st.booleans(),
    )
