"""Prints the report of an audit as JSON, in the stable format `schema_version` 1."""

from importlib.metadata import version
from typing import Final

from customdb_contract.audit._findings import AuditReport, PasswordFormats, ProfileSizes, RuleResult, UserFinding
from customdb_contract.findings.text import shown
from customdb_contract.reports.documents import dumped

__all__ = ["SCHEMA_VERSION", "render"]

SCHEMA_VERSION: Final = 1


def render(report: AuditReport) -> str:
    """Return the report of an audit as JSON text.

    Args:
        report: The report.
    """
    return dumped(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "customdb-contract", "version": version("customdb-contract")},
            "source": report.source,
            "engine": report.engine,
            "import_mode": report.import_mode,
            "users": report.users,
            "sampled": report.sampled,
            "interrupted": report.interrupted,
            "fail_on": report.fail_on.value,
            "ok": report.ok,
            "exit_code": report.exit_code,
            "results": [_result(result) for result in report.results],
            "sizes": None if report.sizes is None else _sizes(report.sizes),
            "password_formats": None if report.password_formats is None else _formats(report.password_formats),
            "findings_file": report.findings_file,
        }
    )


def _result(result: RuleResult) -> dict[str, object]:
    return {
        "rule": result.rule,
        "severity": result.severity.value,
        "summary": shown(result.summary),
        "fate": result.fate.value,
        "users": result.users,
        "not_audited": shown(result.not_audited) or None,
        "examples": [_finding(finding) for finding in result.examples],
    }


def _finding(finding: UserFinding) -> dict[str, object]:
    # User ids are not shortened, because they are used to look users up.
    return {
        "severity": finding.severity.value,
        "user_id": finding.user_id,
        "row": finding.row or None,
        "path": finding.path,
        "problem": shown(finding.problem),
        "value": None if finding.value is None else shown(finding.value),
        "shared_with": list(finding.shared_with),
    }


def _sizes(sizes: ProfileSizes) -> dict[str, object]:
    return {
        "up_to_limit": sizes.up_to_limit,
        "above_limit": sizes.above_limit,
        "above_allowance": sizes.above_allowance,
        "largest": sizes.largest,
    }


def _formats(formats: PasswordFormats) -> dict[str, object]:
    return {
        "users": dict(formats.users),
        "unknown": formats.unknown,
        "none": formats.none,
        "accepted": list(formats.accepted),
    }
