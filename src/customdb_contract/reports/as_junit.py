"""The report as JUnit XML: one test case per rule."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from customdb_contract.findings import Report, Status, Verdict
from customdb_contract.findings.text import shown
from customdb_contract.reports._limits import left_out, shown_findings

__all__ = ["render", "render_all"]


def render(report: Report) -> str:
    """Return a report as JUnit XML.

    Args:
        report: The report.
    """
    return _document(_suite(report))


def render_all(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of one tenant as JUnit XML: a test suite for each.

    Args:
        reports: The reports.
    """
    suites = ET.Element("testsuites", name="customdb-contract")
    # Programs that show the tests of a run, such as GitLab, identify them by class and name.
    suites.extend(_suite(report, shown(f"customdb-contract.{report.transcript.connection.name}")) for report in reports)
    return _document(suites)


def _document(root: ET.Element) -> str:
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, classname: str = "customdb-contract") -> ET.Element:
    suite = ET.Element("testsuite", name=shown(f"customdb-contract.{report.transcript.connection.name}"))
    stop = report.transcript.header.stop_reason
    if stop:
        case = ET.SubElement(suite, "testcase", classname=classname, name="complete check")
        ET.SubElement(case, "error", type=stop.kind.value, message=shown(stop.message)).text = shown(stop.message)
    for group in report.missing_groups:
        case = ET.SubElement(suite, "testcase", classname=classname, name=f"required group {group}")
        ET.SubElement(case, "error", type="not-applicable", message=f"no rule of the group {group} could be judged")
    failing = {verdict.rule.name for verdict in report.failures}
    for verdict in report.verdicts:
        case = ET.SubElement(suite, "testcase", classname=f"{classname}.{verdict.rule.group}", name=verdict.rule.name)
        _fill(case, report, verdict, fails=verdict.rule.name in failing)
    for attribute, tags in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"), ("tests", "..")):
        suite.set(attribute, str(len(suite) if tags == ".." else len(suite.findall(f"testcase/{tags}"))))
    return suite


def _fill(case: ET.Element, report: Report, verdict: Verdict, *, fails: bool) -> None:
    if verdict.status is Status.FAILED:
        tag = "failure" if fails else "system-out"
        for finding in shown_findings(verdict):
            element = ET.SubElement(case, tag)
            element.text = "\n".join(
                [f"{finding.severity}: {finding.told}", *report.evidence_lines(finding), verdict.rule.source]
            )
            if fails:
                element.set("type", finding.severity.value)
                element.set("message", finding.told)
        if left_out(verdict):
            ET.SubElement(case, "system-out").text = f"… and {left_out(verdict):,} more findings"
    elif verdict.status is Status.CRASHED:
        ET.SubElement(case, "error", type="crashed", message=shown(str(verdict.reason)))
    elif verdict.status is not Status.PASSED:
        reason = f"{verdict.status}: {verdict.reason}" if verdict.reason else verdict.status.value
        ET.SubElement(case, "skipped", message=shown(reason))
