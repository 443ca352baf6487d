"""The report as SARIF 2.1.0, for code scanning.

Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
"""

import hashlib
import json
from importlib.metadata import version
from typing import Final

from customdb_contract.findings import Finding, Report, RuleInfo, Severity, Status, Verdict
from customdb_contract.reports._location import file_and_line

__all__ = ["render"]

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report) -> str:
    """Return a report as SARIF text.

    Args:
        report: The report.
    """
    told = [verdict for verdict in report.verdicts if verdict.status in {Status.FAILED, Status.WAIVED}]
    run = {
        "tool": {
            "driver": {
                "name": "customdb-contract",
                "semanticVersion": version("customdb-contract"),
                "rules": [_rule(verdict.rule) for verdict in report.verdicts],
            }
        },
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, verdict, finding) for verdict in told for finding in verdict.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: RuleInfo) -> dict[str, object]:
    descriptor: dict[str, object] = {
        "id": rule.name,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.group.value, "auth0", "custom-database"]},
    }
    if rule.docstring:
        descriptor["shortDescription"] = {"text": rule.summary}
        descriptor["fullDescription"] = {"text": rule.sections.get("Why this matters", rule.summary)}
        descriptor["help"] = {"text": rule.docstring, "markdown": rule.docstring}
    if rule.source.startswith("https://"):
        descriptor["helpUri"] = rule.source
    return descriptor


def _invocation(report: Report) -> dict[str, object]:
    stop = report.transcript.header.stop_reason
    said = [stop.message] if stop else []
    said += [f"no rule of the required group {group} could be judged" for group in report.missing_groups]
    said += [
        f"{verdict.rule.name} crashed: {verdict.reason}"
        for verdict in report.verdicts
        if verdict.reason and verdict.status is Status.CRASHED
    ]
    return {
        "executionSuccessful": not said,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [{"level": "error", "message": {"text": text}} for text in said],
    }


def _result(report: Report, verdict: Verdict, finding: Finding) -> dict[str, object]:
    calls = "\n".join(report.evidence_lines(finding))
    result: dict[str, object] = {
        "ruleId": verdict.rule.name,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}\n{calls}" if calls else finding.message},
        "locations": [_location(report, finding)],
        "partialFingerprints": {"customdbContract/v1": _fingerprint(report, verdict, finding)},
    }
    if verdict.status is Status.WAIVED:
        result["suppressions"] = [{"kind": "external", "justification": verdict.reason}]
    return result


def _location(report: Report, finding: Finding) -> dict[str, object]:
    script = finding.script
    name = script.value if script else report.transcript.connection.name
    location: dict[str, object] = {"logicalLocations": [{"name": name, "kind": "function" if script else "resource"}]}
    place = file_and_line(report, finding)
    if place:
        file, line = place
        location["physicalLocation"] = {
            "artifactLocation": {"uri": file, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line},
        }
    return location


def _fingerprint(report: Report, verdict: Verdict, finding: Finding) -> str:
    """Return what stays the same when lines move: the rule, the connection, the script, and what was seen."""
    seen = (verdict.rule.name, report.transcript.connection.name, finding.script or "", finding.message)
    return hashlib.sha256("\0".join(seen).encode("utf-8", "backslashreplace")).hexdigest()
