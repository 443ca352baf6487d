"""Breaches as text: the users, the evidence, and how to fix it."""

import re
from collections.abc import Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings._found import Finding, Status, Verdict
from customdb_contract.findings._report import Report
from customdb_contract.findings.text._style import Style, shown
from customdb_contract.severity import Severity
from customdb_contract.transcript import UNKNOWN, ActionRun, Language, language_of, person_of

__all__ = ["COLORS", "described", "described_in_a_line"]

COLORS: Final = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}

_MOST_ALIKE: Final = 2
"""Findings of one rule on one script that are shown; the others are counted."""

_MOST_CALLS: Final = 2
"""Calls of one finding that are shown; two are enough for every comparison."""

_MOST_OF_A_CALL: Final = 240
_WHOLE: Final = 2**31
_MOST_PEOPLE: Final = 3
_SENTENCE_ENDS: Final = re.compile(r"(?<=\.) (?=[A-Z])")


def described(report: Report, verdict: Verdict, style: Style) -> str:
    """Return the part of a report on a rule that is broken, waived or crashed.

    Args:
        report: The report.
        verdict: The verdict on the rule.
        style: The style of the text.
    """
    name = verdict.rule.name
    match verdict.status:
        case Status.CRASHED:
            reason = "\n".join(style.wrapped(shown(str(verdict.reason))))
            return f"{style.paint('crashed', '31')}  {name}\n{reason}\n  This is a bug in customdb-contract."
        case Status.WAIVED:
            return f"waived  {name}: {shown(str(verdict.reason))}"
        case _:
            return "\n".join(_broken(report, verdict, style))


def described_in_a_line(verdict: Verdict, style: Style) -> str:
    """Return the name of a rule that is broken, waived or crashed, with the scripts that break it.

    Args:
        verdict: The verdict on the rule.
        style: The style of the text.
    """
    broken = verdict.status is Status.FAILED
    word = str(verdict.severity) if broken else str(verdict.status)
    color = COLORS[verdict.severity] if broken else "0"
    scripts = dict.fromkeys(finding.script for finding in verdict.findings if finding.script)
    by = f"  ({', '.join(scripts)})" if scripts else "  (its waiver is stale)" if _is_stale(verdict) else ""
    return f"{style.paint(word, color)}  {verdict.rule.name}{by}"


def _broken(report: Report, verdict: Verdict, style: Style) -> Iterator[str]:
    rule = verdict.rule
    preview = "  (preview: never fails a check)" if rule.preview else ""
    yield f"{style.paint(str(verdict.severity), COLORS[verdict.severity])}  {style.paint(rule.name, '1')}{preview}"
    by_script: dict[Script | None, list[Finding]] = {}
    for finding in verdict.findings:
        by_script.setdefault(finding.script, []).append(finding)
    for script, findings in by_script.items():
        kept = findings if style.verbose else findings[:_MOST_ALIKE]
        for finding in kept:
            yield from _finding(report, finding, style)
        if len(findings) > len(kept):
            where = script or ("the connection" if report.action_of(findings[0]) is None else "the Action")
            yield f"  … and {len(findings) - len(kept):,} more like these in {where}"
    if rule.fix and not _is_stale(verdict):
        yield ""
        yield from style.wrapped(f"Fix: {_fix(report, verdict)}")
    yield f"  More: customdb-contract rules {rule.name}"


def _is_stale(verdict: Verdict) -> bool:
    """Return whether a waived rule passes, so that only the waiver has to go."""
    return verdict.status is Status.FAILED and verdict.reason is not None


def _fix(report: Report, verdict: Verdict) -> str:
    """Return how to fix a breach, without sentences about languages in which none of its scripts is written."""
    scripts = report.transcript.header.scripts
    infos = [scripts.get(finding.script) if finding.script else None for finding in verdict.findings]
    languages = {language_of(None if info is None else info.location) for info in infos}
    others = set(Language) - languages
    if None in languages or not others:
        return verdict.rule.fix
    of_others = re.compile(rf"(?:In |A )?(?:{'|'.join(others)})(?: script\b|[:,])")
    return " ".join(text for text in _SENTENCE_ENDS.split(verdict.rule.fix) if not of_others.match(text))


def _finding(report: Report, finding: Finding, style: Style) -> Iterator[str]:
    yield from style.wrapped(f"{finding.told}{_for_whom(report, finding)}")
    most = _WHOLE if style.verbose else _MOST_OF_A_CALL
    lines = report.evidence_lines(finding, most)
    for line in lines if style.verbose else lines[:_MOST_CALLS]:
        number, _, call = line.lstrip().partition("  ")
        # A line is not broken at the blanks before the situation of a call.
        yield from style.wrapped(re.sub(r" {2,}", " ", call), indent=f"    {number:>4}  ", further=" " * 10)


def _for_whom(report: Report, finding: Finding) -> str:
    """Return the affected users, unless the message already names the only one."""
    records = (report.transcript.records[number - 1] for number in finding.evidence)
    # The user who logs in to a run of an Action is invented.
    concerned = (person_of(record) for record in records if not isinstance(record, ActionRun))
    people = list(dict.fromkeys(person for person in concerned if person != UNKNOWN))
    if not people or (len(people) == 1 and people[0] in finding.message):
        return ""
    more = f" and {len(people) - _MOST_PEOPLE} more" if len(people) > _MOST_PEOPLE else ""
    return f" ({', '.join(people[:_MOST_PEOPLE])}{more})"
