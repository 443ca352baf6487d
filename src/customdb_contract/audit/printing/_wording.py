"""The wording that the text and the HTML report share: the verdict, shares, examples, and what to do next."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.audit._findings import AuditReport, RuleResult, UserFinding
from customdb_contract.findings import Severity
from customdb_contract.findings.text import counted, shown

__all__ = [
    "about",
    "accepted_formats",
    "broken",
    "example",
    "format_rows",
    "next_steps",
    "not_audited",
    "share",
    "size_rows",
    "state",
    "verdict",
]

_MOST_SHARED: Final = 5
"""The number of users sharing a value that an example lists."""

_LEAST_SHARE: Final = 0.0001


def state(report: AuditReport) -> str:
    """Return whether a report is ok, in one or two words.

    Args:
        report: The report.
    """
    return "ok" if report.ok else "not ok"


def verdict(report: AuditReport) -> str:
    """Return the result of an audit in one line, without `ok` or `not ok`.

    Args:
        report: The report.
    """
    failed, missing = broken(report), not_audited(report)
    severities = Counter(result.severity for result in failed)
    told = ", ".join(counted(severities[severity], severity) for severity in reversed(Severity) if severities[severity])
    which = f" ({told})" if told else ""
    users = counted(report.users, "user")
    if report.interrupted:
        return f"the audit of {users} was interrupted; {counted(len(failed), 'rule')} broken so far{which}"
    if not report.users:
        return "no user was audited: the source has no rows"
    rules = counted(len(report.results) - len(missing), "rule")
    parts = [
        f"{users} audited{', a sample' if report.sampled else ''}",
        f"{rules} checked, {len(failed) or 'none'} broken{which}",
        *([f"{counted(len(missing), 'rule')} not audited"] if missing else []),
    ]
    return "; ".join(parts)


def about(report: AuditReport) -> Iterator[str]:
    """Yield sentences about what was audited.

    Args:
        report: The report.
    """
    mode = "import mode on" if report.import_mode else "import mode off (legacy)"
    yield f"Source {shown(report.source)}, read by {shown(report.engine)}; {mode}"
    if report.sampled:
        yield (
            "This is a sample: all numbers are of the sample only, and most users who share a value with another "
            "user are missed."
        )

    if report.interrupted:
        yield "These are the findings up to the interruption: not every rule was checked for every user."


def broken(report: AuditReport) -> Sequence[RuleResult]:
    """Return the broken rules, the most severe first.

    Args:
        report: The report.
    """
    return sorted((one for one in report.results if one.users), key=lambda one: -one.severity.rank)


def not_audited(report: AuditReport) -> Sequence[RuleResult]:
    """Return the rules that could not be checked, or not for all users.

    Args:
        report: The report.
    """
    return [result for result in report.results if result.not_audited and not result.users]


def share(users: int, report: AuditReport) -> str:
    """Return a number of users as a percentage of all audited users.

    Args:
        users: The number of users.
        report: The report.
    """
    if not report.users:
        return "-"
    part = users / report.users
    if 0 < part < _LEAST_SHARE:
        return "<0.01 %"
    if 1 - _LEAST_SHARE < part < 1:
        return ">99.99 %"
    return f"{part:.2%}".replace("%", " %")


def example(finding: UserFinding) -> str:
    """Return a finding as text: the user, the attribute, and what is wrong with it.

    Args:
        finding: The finding.
    """
    who = shown(finding.user_id) if finding.user_id is not None else "a row without user_id"
    said = f"{who}{_place(finding)}: {shown(finding.path)} {shown(finding.problem)}"
    if finding.value is not None:
        said += f": {shown(finding.value)}"
    if finding.shared_with:
        named = ", ".join(map(shown, finding.shared_with[:_MOST_SHARED]))
        more = len(finding.shared_with) - _MOST_SHARED
        said += f" (with {named}{f' and {more:,} more' if more > 0 else ''})"
    return said


def _place(finding: UserFinding) -> str:
    return f" ({shown(finding.row)})" if finding.row else ""


def size_rows(report: AuditReport) -> Sequence[tuple[str, int]]:
    """Return ranges of profile sizes, each with the number of users in it.

    Args:
        report: The report.
    """
    sizes = report.sizes
    if sizes is None:
        return []
    return [
        ("up to 10 KB", sizes.up_to_limit),
        ("above 10 KB, up to 100 KB", sizes.above_limit),
        ("above 100 KB", sizes.above_allowance),
    ]


def format_rows(report: AuditReport) -> Sequence[tuple[str, int]]:
    """Return the password formats, each with its number of users, the most frequent first.

    Args:
        report: The report.
    """
    formats = report.password_formats
    if formats is None:
        return []
    known = sorted(formats.users.items(), key=lambda item: -item[1])
    return [
        *((shown(name), users) for name, users in known),
        ("in no accepted format", formats.unknown),
        ("without a hash", formats.none),
    ]


def accepted_formats(report: AuditReport) -> str:
    """Return a sentence that lists the accepted password formats, or an empty text if every password has one.

    Args:
        report: The report.
    """
    formats = report.password_formats
    if formats is None or not formats.unknown or not formats.accepted:
        return ""
    return f"Accepted: {', '.join(map(shown, formats.accepted))}"


def next_steps(report: AuditReport) -> Iterator[str]:
    """Yield the next steps to take.

    Args:
        report: The report.
    """
    failed = broken(report)
    if report.interrupted:
        yield "To resume an audit after an interruption, run it with --state FOLDER, then run the same command again."
    elif not report.users:
        yield "Check that the table, the query or the file is the right one."
    elif len(not_audited(report)) == len(report.results):
        yield "No rule could be checked: map more columns in [audit]."
    if failed:
        yield "Fix these users in the store, or in the code that creates their profiles, and audit again."
    if report.findings_file is not None:
        yield f"All findings, one for each user and rule: {shown(report.findings_file)}"
    elif failed:
        yield "To write all findings to a file: --findings FILE; in Python, audit(…, findings=…)."
    if report.sampled:
        yield "To audit all users, omit --sample."
    if failed and all(finding.value is None for result in failed for finding in result.examples):
        yield "To see values, which may be personal data: --show-values."
