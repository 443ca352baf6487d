"""The report as SARIF 2.1.0, for code scanning.

Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>, and
<https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support>.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from customdb_contract._pages import SCRIPT_PRACTICES
from customdb_contract.findings import Finding, Group, Report, RuleInfo, Severity, Status, Verdict
from customdb_contract.findings.text import shown
from customdb_contract.reports._limits import left_out, shown_findings
from customdb_contract.reports._location import file_and_line
from customdb_contract.reports.documents import dumped

__all__ = ["render", "render_all"]

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SECURITY_SEVERITIES: Final = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
"""Scores that code scanning shows as high, medium and low."""

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_GENERATED: Final = re.compile(
    r"[^\s@.\[\]]{1,64}@[\w-]+(?:\.[\w-]+)*|[0-9]{4}-[0-9]{2}-[0-9]{2}[^.\[]*"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24,}|[0-9]{3,}",
    re.IGNORECASE,
)
"""Names in a path that are data and differ in the next run: e-mails, dates, ids."""


def render(report: Report) -> str:
    """Return a report as SARIF text.

    Args:
        report: The report.
    """
    return _document([_run(report)])


def render_all(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of one tenant as SARIF text: a run for each.

    Args:
        reports: The reports.
    """
    # Code scanning accepts several runs of one tool only if their ids differ.
    return _document(
        [
            _run(report)
            | {"automationDetails": {"id": f"customdb-contract/{quote(report.transcript.connection.name)}/"}}
            for report in reports
        ]
    )


def _document(runs: Sequence[dict[str, object]]) -> str:
    return dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs})


def _run(report: Report) -> dict[str, object]:
    reported = [verdict for verdict in report.verdicts if verdict.status in {Status.FAILED, Status.WAIVED}]
    return {
        "tool": {
            "driver": {
                "name": "customdb-contract",
                "semanticVersion": version("customdb-contract"),
                "rules": [_rule(verdict.rule) for verdict in report.verdicts],
            }
        },
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [result for verdict in reported for result in _results(report, verdict)],
    }


def _rule(rule: RuleInfo) -> dict[str, object]:
    properties: dict[str, object] = {
        "tags": [rule.group.value, "auth0", "custom-database"],
        "since": rule.since,
        "preview": rule.preview,
        "docs": rule.docs,
    }
    if rule.group is Group.SECURITY:
        properties["security-severity"] = _SECURITY_SEVERITIES[rule.severity]
    descriptor: dict[str, object] = {
        "id": rule.name,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }
    if rule.docstring:
        descriptor["shortDescription"] = {"text": rule.summary}
        descriptor["fullDescription"] = {"text": rule.sections.get("Why this matters", rule.summary)}
        descriptor["help"] = {"text": rule.docstring, "markdown": rule.docstring}
    descriptor["helpUri"] = rule.source if rule.source.startswith("https://") else SCRIPT_PRACTICES
    return descriptor


def _invocation(report: Report) -> dict[str, object]:
    stop = report.transcript.header.stop_reason
    problems = [shown(stop.message)] if stop else []
    problems += [f"no rule of the required group {group} could be judged" for group in report.missing_groups]
    problems += [
        f"{verdict.rule.name} crashed: {shown(str(verdict.reason))}"
        for verdict in report.verdicts
        if verdict.status is Status.CRASHED
    ]
    notes = [
        f"{left_out(verdict):,} more findings of {verdict.rule.name} are left out"
        for verdict in report.verdicts
        if left_out(verdict)
    ]
    return {
        "executionSuccessful": not problems,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": text}}
            for level, texts in (("error", problems), ("note", notes))
            for text in texts
        ],
    }


def _results(report: Report, verdict: Verdict) -> Iterator[dict[str, object]]:
    alike: Counter[str] = Counter()
    for finding in shown_findings(verdict):
        breach = _hash_of_breach(report, verdict, finding)
        alike[breach] += 1
        yield _result(report, verdict, finding, fingerprint=f"{breach}:{alike[breach]}")


def _result(report: Report, verdict: Verdict, finding: Finding, *, fingerprint: str) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": verdict.rule.name,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join([shown(finding.message), *report.evidence_lines(finding)])},
        "locations": [_location(report, finding)],
        # Code scanning reads the second one, which it otherwise derives from the line in the file.
        "partialFingerprints": {"customdbContract/v1": fingerprint, "primaryLocationLineHash": fingerprint},
    }
    compared = {"path": finding.path, "expected": finding.expected, "got": finding.got}
    properties = {name: shown(text) for name, text in compared.items() if text is not None}
    if properties:
        result["properties"] = properties
    if verdict.status is Status.WAIVED:
        result["suppressions"] = [{"kind": "external", "justification": shown(str(verdict.reason))}]
    return result


def _location(report: Report, finding: Finding) -> dict[str, object]:
    script, action = finding.script, report.action_of(finding)
    name = script.value if script else shown(report.transcript.connection.name if action is None else action.name)
    kind = "function" if script else "resource" if action is None else "module"
    location: dict[str, object] = {"logicalLocations": [{"name": name, "kind": kind}]}
    place = file_and_line(report, finding)
    if place:
        file, line = place
        location["physicalLocation"] = {"artifactLocation": _artifact(file), "region": {"startLine": line}}
    return location


def _artifact(file: str) -> dict[str, object]:
    path = quote(file, errors="backslashreplace")
    if PurePosixPath(file).is_absolute():
        return {"uri": f"file://{path}"}
    return {"uri": path, "uriBaseId": "%SRCROOT%"}


def _hash_of_breach(report: Report, verdict: Verdict, finding: Finding) -> str:
    """Return a hash that stays the same for the same breach in the next run: without line, wording and values."""
    path = _GENERATED.sub("*", finding.path or "")
    breach = (verdict.rule.name, report.transcript.connection.name, finding.script or "", path)
    return hashlib.sha256("\0".join(breach).encode("utf-8", "backslashreplace")).hexdigest()[:32]
