"""One verdict: the result of the rule, its findings, and how to fix them."""

from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.findings import Finding, Report, Status, Verdict
from customdb_contract.findings.text import shown
from customdb_contract.reports.as_html._finding import Proofs
from customdb_contract.reports.as_html._markup import Content, Markup, element
from customdb_contract.reports.as_html._prose import link, paragraphs
from customdb_contract.reports.as_html._room import Room

__all__ = ["THE_ACTION", "THE_CONNECTION", "badge", "blamed", "rule"]

THE_ACTION: Final = "the Action"
THE_CONNECTION: Final = "the connection"

_MOST_FINDINGS: Final = 20
"""Findings of one rule that are shown; the others are counted."""

_SIGNS: Final = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.NOT_APPLICABLE: "-",
    Status.WAIVED: "~",
    Status.DESELECTED: "·",
    Status.CRASHED: "!",
}
_EXPLAINED: Final = (Status.FAILED, Status.WAIVED)


def blamed(report: Report, verdict: Verdict) -> Sequence[str]:
    """Return the subjects of a verdict: those that break the rule, or else all that the rule judges.

    Args:
        report: The report.
        verdict: One of its verdicts.
    """
    names = dict.fromkeys(_blamed(report, finding) for finding in verdict.findings)
    return list(names) or [*verdict.rule.looks_at] or [THE_CONNECTION]


def _blamed(report: Report, finding: Finding) -> str:
    if finding.script is not None:
        return finding.script
    return THE_CONNECTION if report.action_of(finding) is None else THE_ACTION


def badge(verdict: Verdict) -> Markup:
    """Return the status of a verdict, as a sign and in words.

    Args:
        verdict: The verdict.
    """
    severity = verdict.severity if verdict.status is Status.FAILED else ""
    text = f"{_SIGNS[verdict.status]} {severity or verdict.status}"
    return element("span", text, class_=f"badge {severity or verdict.status}")


def rule(report: Report, verdict: Verdict, room: Room, *, proofs: Proofs, id_: str) -> Markup:
    """Return the part of a report on one rule.

    Args:
        report: The report.
        verdict: The verdict on the rule.
        room: The room that is left for diagrams.
        proofs: The findings of the report, each with its evidence.
        id_: The id of the element.
    """
    info = verdict.rule
    names = blamed(report, verdict)
    remarks = list(names) if verdict.findings else []
    remarks += ["preview: never fails a check"] if info.preview else []
    small: Sequence[Content] = [" ", element("small", ", ".join(remarks))] if remarks else []
    summary = element("summary", badge(verdict), " ", element("h5", info.name), *small)
    body = [*_summary(verdict), *_findings(verdict, room, proofs), *_background(verdict)]
    return element(
        "details",
        summary,
        element("div", *body),
        id=id_,
        class_="rule",
        open=verdict.status in {Status.FAILED, Status.CRASHED},
        data_status=verdict.status,
        data_severity=verdict.severity,
        data_script=", ".join(names),
        data_group=info.group,
    )


def _summary(verdict: Verdict) -> Iterator[Markup]:
    yield from paragraphs(verdict.rule.summary)
    if verdict.status is Status.CRASHED:
        yield element("p", shown(str(verdict.reason)), class_="message")
        yield element("p", "This is a bug in customdb-contract.")
    elif verdict.reason is not None:
        yield element("p", f"{verdict.status}: {shown(verdict.reason)}")
    if verdict.held:
        yield element("p", f"{verdict.held:,} comparison{'' if verdict.held == 1 else 's'} passed.")


def _findings(verdict: Verdict, room: Room, proofs: Proofs) -> Iterator[Markup]:
    shown_ones = verdict.findings[:_MOST_FINDINGS]
    drawn = room.fitting(map(proofs.drawn, shown_ones))
    items = [element("li", _severity(finding), proofs.message(finding), *_next(drawn)) for finding in shown_ones]
    if items:
        yield element("ol", *items, class_="findings")
    if len(verdict.findings) > _MOST_FINDINGS:
        yield element("p", f"… and {len(verdict.findings) - _MOST_FINDINGS:,} more findings")


def _next(drawn: Iterator[Markup]) -> Iterator[Markup]:
    one = next(drawn, None)
    if one is not None:
        yield one


def _severity(finding: Finding) -> Markup:
    by = finding.script or ""
    return element("small", f"{finding.severity}{f', {by}' if by else ''}", class_=f"badge {finding.severity}")


def _background(verdict: Verdict) -> Iterator[Markup]:
    info = verdict.rule
    if verdict.status in _EXPLAINED:
        for title in ("How to fix", "Why this matters"):
            if title in info.sections:
                yield element("h6", title)
                yield from paragraphs(info.sections[title])
    if verdict.missing:
        given = ", ".join(need.advice for need in verdict.missing)
        yield element("p", element("strong", "Needed to judge this rule: "), given)
    yield element("p", "Source: ", link(info.source), class_="source")
    yield element("p", "More: ", element("code", f"customdb-contract rules {info.name}"))
