"""Prints the report of an audit as text: the verdict, the broken rules, their effects, and what to do next."""

from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.audit._findings import AuditReport, RuleResult
from customdb_contract.audit.printing._wording import (
    about,
    accepted_formats,
    broken,
    example,
    format_rows,
    next_steps,
    not_audited,
    share,
    size_rows,
    state,
    verdict,
)
from customdb_contract.findings.text import COLORS, PLAIN, Style, counted, shown

__all__ = ["render", "render_briefly"]

_MOST_EXAMPLES: Final = 3
_STATES: Final = {True: "32", False: "31"}
_BELOW: Final = " " * 4


def render(report: AuditReport, style: Style = PLAIN) -> str:
    """Return the report of an audit as text.

    Args:
        report: The report.
        style: Colors and width; `verbose` shows every example in the report.

    Returns:
        Lines of text: the verdict, the broken rules and what happens to the users, examples, sizes, password formats,
        the rules that were not audited, the verdict again, and what to do next.
    """
    failed = broken(report)
    said = _verdict(report, style)
    parts = [
        [said],
        [line for sentence in about(report) for line in style.wrapped(sentence, indent="")],
        _table(failed, report, style),
        *(_rule(result, report, style) for result in failed),
        _numbers("Profiles, as JSON", size_rows(report), report, _largest(report)),
        [*_numbers("Password hashes", format_rows(report), report), *_accepted(report, style)],
        _unaudited(report, style),
        [said, *(line for step in next_steps(report) for line in style.wrapped(step, indent="- ", further="  "))],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def render_briefly(report: AuditReport, style: Style = PLAIN) -> str:
    """Return the verdict, the broken rules, and what happens to the users who break them.

    Args:
        report: The report.
        style: Colors and width.
    """
    return "\n".join([_verdict(report, style), *_table(broken(report), report, style)]) + "\n"


def _verdict(report: AuditReport, style: Style) -> str:
    return f"{style.paint(state(report), _STATES[report.ok])}: {verdict(report)}"


def _table(failed: Sequence[RuleResult], report: AuditReport, style: Style) -> Sequence[str]:
    if not failed:
        return []
    rows = [(shown(one.rule), f"{one.users:,}", share(one.users, report)) for one in failed]
    rule, users, part = (max(map(len, column)) for column in zip(("rule", "users", "share"), *rows, strict=True))
    severity = max(len(one.severity) for one in failed)
    lines = [f"  {'':<{severity}}  {'rule':<{rule}}  {'users':>{users}}  {'share':>{part}}  what happens to them"]
    for one, cells in zip(failed, rows, strict=True):
        painted = style.paint(f"{one.severity:<{severity}}", COLORS[one.severity])
        lines.append(f"  {painted}  {cells[0]:<{rule}}  {cells[1]:>{users}}  {cells[2]:>{part}}  {one.fate}")
    return lines


def _rule(result: RuleResult, report: AuditReport, style: Style) -> Sequence[str]:
    severity, rule = style.paint(str(result.severity), COLORS[result.severity]), style.paint(shown(result.rule), "1")
    told = result.examples if style.verbose else result.examples[:_MOST_EXAMPLES]
    lines = [f"{severity}  {rule}  {counted(result.users, 'user')} ({share(result.users, report)}): {result.fate}"]
    lines += style.wrapped(shown(result.summary))
    for finding in told:
        lines += style.wrapped(example(finding), indent=_BELOW, further=_BELOW * 2)
    if told and result.users > len(told):
        lines.append(f"{_BELOW}… and {result.users - len(told):,} more")
    if result.not_audited:
        lines += style.wrapped(f"Not fully audited: {shown(result.not_audited)}")
    return lines


def _numbers(title: str, rows: Sequence[tuple[str, int]], report: AuditReport, more: str = "") -> Sequence[str]:
    if not rows:
        return []
    names = max(len(name) for name, _ in rows)
    numbers = max(len(f"{users:,}") for _, users in rows)
    parts = max(len(share(users, report)) for _, users in rows)
    lines = [f"  {name:<{names}}  {users:>{numbers},}  {share(users, report):>{parts}}" for name, users in rows]
    return [f"{title}{more}", *lines]


def _largest(report: AuditReport) -> str:
    return "" if report.sizes is None else f" (the largest has {report.sizes.largest:,} bytes)"


def _accepted(report: AuditReport, style: Style) -> Iterator[str]:
    accepted = accepted_formats(report)
    if accepted:
        yield from style.wrapped(accepted, further=_BELOW)


def _unaudited(report: AuditReport, style: Style) -> Sequence[str]:
    lines = list(_reasons(report, style))
    return ["Not audited", *lines] if lines else []


def _reasons(report: AuditReport, style: Style) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for result in not_audited(report):
        by_reason.setdefault(shown(result.not_audited), []).append(shown(result.rule))
    for reason, rules in by_reason.items():
        yield from style.wrapped(f"{reason}: {', '.join(rules)}", further=_BELOW)
