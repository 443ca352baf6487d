"""The report for people: what is wrong, for whom, the calls that prove it, and how to fix it."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Need, Report, Severity, Status, Verdict
from customdb_contract.reports._limits import shown
from customdb_contract.reports._location import action_of
from customdb_contract.transcript import (
    LATER_REQUESTS,
    UNKNOWN,
    ActionRun,
    Ending,
    Mark,
    Noticed,
    Situation,
    Transcript,
    observed_runs,
    person_of,
    printable,
    what_is_lacking,
)

__all__ = ["render", "render_all", "render_verdict"]

_Paint: TypeAlias = Callable[[str, str], str]
_WIDTH: Final = 100
_LONGEST_CALL: Final = 130
"""Characters of a call that are shown; a stored transcript has all of it."""

_MOST_ALIKE: Final = 2
"""Findings of one rule about one script that are shown; the others are counted."""

_MOST_CALLS: Final = 2
"""Calls of one finding that are shown: two are enough for every comparison."""

_MOST_PEOPLE: Final = 3
_MOST_USERS: Final = 20
_COLORS: Final = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def render(report: Report, *, color: bool = False) -> str:
    """Return a report as text.

    Args:
        report: The report.
        color: Whether it goes to a terminal that shows colours.

    Returns:
        Lines of text that end with one line of totals.
    """
    paint = _paint if color else _plain
    parts = [_header(report)]
    for verdict in sorted(report.verdicts, key=lambda verdict: -verdict.severity.rank):
        match verdict.status:
            case Status.FAILED | Status.CRASHED:
                parts.append(_told(report, verdict, paint))
            case Status.WAIVED:
                parts.append(f"waived  {verdict.rule.name}: {shown(str(verdict.reason))}")
            case _:
                pass
    parts.append(_totals(report, paint))
    return "\n\n".join(parts) + "\n"


def render_all(reports: Sequence[Report], *, color: bool = False) -> str:
    """Return the reports on the connections of one tenant as text, one after the other.

    Args:
        reports: The reports.
        color: Whether they go to a terminal that shows colours.

    Returns:
        Lines of text that end with one line for each connection.
    """
    paint = _paint if color else _plain
    summary = "".join(f"{shown(report.transcript.connection.name)}: {_state(report, paint)}\n" for report in reports)
    return "\n\n".join([*(render(report, color=color) for report in reports), summary])


def render_verdict(report: Report, verdict: Verdict) -> str:
    """Return what a report says about one rule: the findings, the calls that prove them, how to fix them.

    Args:
        report: The report.
        verdict: One of its verdicts: of a rule that is broken, waived or crashed.
    """
    return _told(report, verdict, _plain)


def _told(report: Report, verdict: Verdict, paint: _Paint) -> str:
    if verdict.status is Status.CRASHED:
        return (
            f"{paint('crashed', '31')}  {verdict.rule.name}\n"
            f"  {shown(str(verdict.reason))}\n  This is a bug in customdb-contract."
        )
    return _failed(report, verdict, paint)


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, _: str) -> str:
    return text


def _header(report: Report) -> str:
    transcript = report.transcript
    connection = transcript.connection
    mode = "import mode on" if connection.import_mode else "import mode off (legacy)"
    names = [shown((*person.identifiers, person.label)[0]) for person in transcript.people]
    more = f" and {len(names) - _MOST_USERS:,} more" if len(names) > _MOST_USERS else ""
    lines = [f"Connection {shown(connection.name)}, {mode}; contract of {shown(transcript.header.contract_date)}"]
    action = transcript.header.action
    if transcript.header.scripts or transcript.exchanges or action is None:
        users = ", ".join(names[:_MOST_USERS]) or "none"
        lines.append(f"{len(transcript.exchanges)} calls; known users: {users}{more}")
    if action is not None:
        lines.append(f"{len(observed_runs(transcript))} runs of the Action {shown(action.name)}")
    stop = transcript.header.stop_reason
    if stop:
        lines += ["", *_wrapped(f"The check ended early ({stop.kind}): {shown(stop.message)}", indent="")]
    left = transcript.header.left_behind
    if left:
        named = f"The check made users and could not remove them; they may be in the store: {', '.join(left)}"
        lines += ["", *_wrapped(named, indent="")]
    for sentence in what_is_lacking(transcript.exchanges):
        if not (stop and sentence in stop.message):
            lines += ["", *_wrapped(sentence, indent="")]
    lines += [*_missing_secrets(transcript), *_unmet_outages(transcript)]
    unstable = sum(
        1 for exchange in transcript.exchanges if exchange.marks - {Mark.OUTAGE_NOT_MET, Mark.EXHAUSTED_STORE}
    )
    if unstable:
        lines.append(
            f"{unstable} calls are judged by no rule: the store answered the same call in two ways, or locked out"
        )
    return "\n".join(lines)


def _missing_secrets(transcript: Transcript) -> list[str]:
    seen = (noticed for run in transcript.of_kind(ActionRun) for noticed in run.outcome.observations)
    missing = dict.fromkeys(noticed.text for noticed in seen if noticed.kind is Noticed.MISSING_SECRET)
    if not missing:
        return []
    named = ", ".join(f"event.secrets.{shown(name)}" for name in missing)
    return ["", *_wrapped(f"The Action reads what it is not given: {named}. Give it with the secrets.", indent="")]


def _unmet_outages(transcript: Transcript) -> list[str]:
    marked = [exchange for exchange in transcript.exchanges if Mark.OUTAGE_NOT_MET in exchange.marks]
    unmet = [exchange for exchange in marked if exchange.situation not in LATER_REQUESTS]
    # What failed all the same could not reach the real store.
    passed = [exchange for exchange in marked if exchange.situation in LATER_REQUESTS]
    single = [exchange for exchange in passed if exchange.ending is Ending.FOUND]
    lines: list[str] = []
    if single:
        which = {situation: situation.partition(": ")[2].replace("-", " ") for situation in LATER_REQUESTS}
        asked = " and ".join(f"{exchange.script} sends no {which[exchange.situation]}" for exchange in single)
        lines = ["", *_wrapped(f"{asked}, so none could fail in the middle of that call.", indent="")]
    if not unmet:
        return lines
    named = f"{len(unmet)} calls of the outage are judged by no rule: "
    if all(exchange.situation is Situation.OUTAGE for exchange in unmet):
        named += "the store was in reach, for it still knew a user. [outage] must name a store that cannot be reached."
    else:
        silent = ", ".join(dict.fromkeys(exchange.script for exchange in unmet))
        named += (
            f"{silent} never asked the fault server or proxy. A script that asks its store must take the address that "
            "it is given, with its path where it has one, for that of the store."
        )
    return [*lines, "", *_wrapped(named, indent="")]


def _failed(report: Report, verdict: Verdict, paint: _Paint) -> str:
    rule = verdict.rule
    word = paint(str(verdict.severity), _COLORS[verdict.severity])
    preview = "  (preview: it fails nothing yet)" if rule.preview else ""
    lines = [f"{word}  {paint(rule.name, '1')}{preview}"]
    by_script: dict[Script | None, list[Finding]] = {}
    for finding in verdict.findings:
        by_script.setdefault(finding.script, []).append(finding)
    for script, findings in by_script.items():
        for finding in findings[:_MOST_ALIKE]:
            lines += _finding(report, finding)
        if len(findings) > _MOST_ALIKE:
            where = script or ("the connection" if action_of(report, findings[0]) is None else "the Action")
            lines.append(f"  … and {len(findings) - _MOST_ALIKE} more like these in {where}")
    if rule.fix:
        lines += ["", *_wrapped(f"Fix: {rule.fix}")]
    lines.append(f"  More: customdb-contract rules {rule.name}")
    return "\n".join(lines)


def _finding(report: Report, finding: Finding) -> Iterator[str]:
    yield from _wrapped(f"{finding.told}{_for_whom(report, finding)}")
    calls = report.evidence_lines(finding)[:_MOST_CALLS]
    yield from (f"    {_shortened(line)}" for line in calls)


def _for_whom(report: Report, finding: Finding) -> str:
    """Return the people concerned, unless the message names one already."""
    records = (report.transcript.records[number - 1] for number in finding.evidence)
    # Who logs in when an Action runs is made up.
    concerned = (person_of(record) for record in records if not isinstance(record, ActionRun))
    people = list(dict.fromkeys(person for person in concerned if person != UNKNOWN))
    if not people or (len(people) == 1 and people[0] in finding.message):
        return ""
    more = f" and {len(people) - _MOST_PEOPLE} more" if len(people) > _MOST_PEOPLE else ""
    return f" ({', '.join(people[:_MOST_PEOPLE])}{more})"


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_CALL else f"{line[:_LONGEST_CALL]}…"


def _wrapped(text: str, indent: str = "  ") -> Iterator[str]:
    yield from textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _totals(report: Report, paint: _Paint) -> str:
    count = report.count
    judged = count[Status.PASSED] + count[Status.FAILED] + count[Status.WAIVED]
    told = ", ".join(f"{count[status]} {status}{_severities(report, status)}" for status in Status if count[status])
    missing = "".join(f"; no rule of the required group {group} could be judged" for group in report.missing_groups)
    incomplete = "" if report.complete else "; incomplete"
    of = f"judged {judged} of {len(report.verdicts)} rules"
    lines = [f"{_state(report, paint)}: {of}: {told or 'none'}{missing}{incomplete}"]
    header = report.transcript.header
    # A check of an Action alone wants no scripts, and one of a database no Action.
    has_action, has_scripts = header.action is not None, bool(header.scripts) or header.action is None
    advice, more = _advice(
        verdict
        for verdict in report.verdicts
        if (has_action and verdict.rule.judges_actions) or (has_scripts and verdict.rule.scripts)
    )
    if more:
        lines[0] += f"; {advice} would add {more}"
    return "\n".join(lines)


def _state(report: Report, paint: _Paint) -> str:
    return paint("ok", "32") if report.ok else paint("not ok", "31")


def _severities(report: Report, status: Status) -> str:
    if status is not Status.FAILED:
        return ""
    severities = Counter(verdict.severity for verdict in report.verdicts if verdict.status is status)
    told = ", ".join(
        f"{severities[severity]} {severity}{'s' if severities[severity] > 1 else ''}"
        for severity in reversed(Severity)
        if severities[severity]
    )
    return f" ({told})"


def _advice(verdicts: Iterable[Verdict]) -> tuple[str, int]:
    """Return what to give so that more can be judged, and how many rules that would add."""
    lacking = [
        verdict.missing
        for verdict in verdicts
        if verdict.status is Status.NOT_APPLICABLE
        and verdict.missing
        and all(need.can_be_given for need in verdict.missing)
    ]
    return _enumerated([need.advice for need in Need if any(need in missing for missing in lacking)]), len(lacking)


def _enumerated(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
