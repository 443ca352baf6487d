"""The report as JSON: the stable form, `schema_version` 1."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from customdb_contract.findings import Finding, Report, Status, Verdict, worst_exit_code
from customdb_contract.findings.text import shown
from customdb_contract.reports._limits import MOST_OF_A_CALL, left_out, shown_findings
from customdb_contract.reports.documents import dumped
from customdb_contract.transcript import Exchange, Transcript, exchange_to_json, record_to_json, shortened_record

__all__ = ["SCHEMA_VERSION", "render", "render_all", "to_document"]

SCHEMA_VERSION: Final = 1


def render(report: Report) -> str:
    """Return a report as JSON text.

    Args:
        report: The report.
    """
    return dumped(to_document(report))


def render_all(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of one tenant as JSON text.

    Args:
        reports: The reports.
    """
    return dumped(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": _tool(),
            "exit_code": worst_exit_code(reports),
            "connections": [to_document(report) for report in reports],
        }
    )


def to_document(report: Report) -> dict[str, object]:
    """Return a report as a document for `json.dumps`.

    Args:
        report: The report.

    Returns:
        The document, with the first findings of a rule that has too many, and with long calls shortened.
    """
    transcript = report.transcript
    stop = transcript.header.stop_reason
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": _tool(),
        "contract_date": transcript.header.contract_date,
        "complete": report.complete,
        "stop_reason": None if stop is None else {"kind": stop.kind.value, "message": shown(stop.message)},
        "exit_code": report.exit_code,
        "left_behind": list(transcript.header.left_behind),
        "connection": {
            "name": transcript.connection.name,
            "import_mode": transcript.connection.import_mode,
            "requires_username": transcript.connection.requires_username,
            "script_context": transcript.connection.script_context,
        },
        "action": None if transcript.header.action is None else {"name": shown(transcript.header.action.name)},
        "people": [
            {"label": person.label, "email": person.email, "username": person.username} for person in transcript.people
        ],
        "summary": {"ok": report.ok} | {status.value.replace("-", "_"): report.count[status] for status in Status},
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        **_records(transcript),
    }


def _tool() -> dict[str, object]:
    return {"name": "customdb-contract", "version": version("customdb-contract")}


def _records(transcript: Transcript) -> dict[str, object]:
    kept = [shortened_record(record, MOST_OF_A_CALL) for record in transcript.records]
    return {
        "exchanges": [exchange_to_json(record) for record in kept if isinstance(record, Exchange)],
        "other_records": [record_to_json(record) for record in kept if not isinstance(record, Exchange)],
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "rule": verdict.rule.name,
        "group": verdict.rule.group.value,
        "status": verdict.status.value,
        "severity": verdict.severity.value,
        "preview": verdict.rule.preview,
        "reason": None if verdict.reason is None else shown(verdict.reason),
        "findings": [_finding(finding) for finding in shown_findings(verdict)],
        "findings_left_out": left_out(verdict),
        "docs": verdict.rule.docs,
        "source": verdict.rule.source,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "message": finding.told,
        "severity": finding.severity.value,
        "script": None if finding.script is None else finding.script.value,
        "evidence": list(finding.evidence),
        "path": None if finding.path is None else shown(finding.path),
        "expected": None if finding.expected is None else shown(finding.expected),
        "got": None if finding.got is None else shown(finding.got),
    }
