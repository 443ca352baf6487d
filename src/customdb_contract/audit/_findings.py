"""The result of an audit: findings on single users, results by rule, and the report."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen
from typing_extensions import override

from customdb_contract.findings import Severity

__all__ = ["AuditReport", "Fate", "PasswordFormats", "ProfileSizes", "RuleResult", "UserFinding"]


class Fate(StrEnum):
    """What will happen to a user who breaks a rule."""

    REFUSED = "refused at log-in"
    WRONG_ACCOUNT = "another user's account"
    SECOND_ACCOUNT = "a second account"
    LOST_METADATA = "lost metadata"
    LOST_ATTRIBUTE = "a lost or changed attribute"
    NO_PASSWORD = "a password that can't be checked"  # noqa: S105 - no password
    UNREACHABLE = "no way to log in or be reached"
    EXPOSED = "a secret that others can read"
    UNKNOWN = "unknown: the row could not be read as a profile"


@frozen(kw_only=True)
class UserFinding:
    """One user who breaks one rule.

    Args:
        rule: The name of the rule.
        severity: The severity of the breach.
        user_id: The id of the user, as text; None if the row has none.
        row: The file and the row number, if the row has no `user_id` or shares it with others; empty otherwise, and if
            they are not known.
        path: The attribute, for example `app_metadata.plan`.
        problem: What is wrong with it, in words that follow the name of the attribute.
        value: The value, if values are shown; never a hash or another secret.
        shared_with: Other users with the same value of an attribute that must be unique, by `user_id` or by `row`.
    """

    rule: str
    severity: Severity
    user_id: str | None
    row: str = ""
    path: str
    problem: str
    value: str | None = None
    shared_with: tuple[str, ...] = ()


@frozen(kw_only=True)
class RuleResult:
    """The result of one rule: how many users break it.

    Args:
        rule: The name of the rule.
        severity: The highest severity of its findings, or that of the rule if there are none.
        summary: One sentence on what is wrong with these users.
        fate: What will happen to them.
        users: The number of users who break the rule.
        examples: Some of the findings.
        not_audited: Why the rule could not be checked; empty if it was.
    """

    rule: str
    severity: Severity
    summary: str
    fate: Fate
    users: int
    examples: tuple[UserFinding, ...] = ()
    not_audited: str = ""


@frozen(kw_only=True)
class ProfileSizes:
    """The sizes of the profiles, in bytes of JSON encoded as UTF-8.

    Args:
        up_to_limit: The number of users with a profile of up to 10 KB.
        above_limit: The number above that, up to the allowance of 100 KB.
        above_allowance: The number above 100 KB.
        largest: The size of the largest profile in bytes; if none is above 8 KB, the size of the one with the most
            characters.
    """

    up_to_limit: int
    above_limit: int
    above_allowance: int
    largest: int


@frozen(kw_only=True)
class PasswordFormats:
    """The number of users by format of their password hash.

    Args:
        users: The number of users by name of the format.
        unknown: The number of users whose hash has no accepted format.
        none: The number of users without a hash.
        accepted: The names of the accepted formats.
    """

    users: Mapping[str, int]
    unknown: int
    none: int
    accepted: tuple[str, ...] = ()


@frozen(kw_only=True, repr=False)
class AuditReport:
    """The report of an audit.

    Args:
        source: The source of the users, without credentials.
        engine: The engine that read them, for example `duckdb`.
        import_mode: Whether import mode is on for the connection.
        users: The number of audited rows.
        sampled: Whether only a sample was audited, to which all numbers refer.
        results: One result for each rule, in the order of the catalogue; rules that compare users come last.
        sizes: The sizes of the profiles; None if they were not measured.
        password_formats: The formats of the password hashes; None if no column of hashes is mapped.
        findings_file: The file with all findings; None if none was written.
        fail_on: The lowest severity that makes the audit fail.
        interrupted: Whether the audit was interrupted, so that the numbers are incomplete.
    """

    source: str
    engine: str
    import_mode: bool
    users: int
    sampled: bool
    results: tuple[RuleResult, ...]
    sizes: ProfileSizes | None = None
    password_formats: PasswordFormats | None = None
    findings_file: str | None = None
    fail_on: Severity = Severity.ERROR
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 if no rule that fails the audit is broken, 1 if one is, 2 if nothing was audited, 130 if interrupted."""
        if self.interrupted:
            return 130
        if not self.users or all(result.not_audited and not result.users for result in self.results):
            return 2
        failed = any(result.users and result.severity.rank >= self.fail_on.rank for result in self.results)
        return int(failed)

    @property
    def ok(self) -> bool:
        """Whether the exit code is 0."""
        return self.exit_code == 0

    @override
    def __repr__(self) -> str:
        broken = sum(1 for result in self.results if result.users)
        state, rules = "ok" if self.ok else "not ok", "1 rule" if broken == 1 else f"{broken} rules"
        return f"<AuditReport {state}: {self.users:,} users, {rules} broken>"

    @override
    def __str__(self) -> str:
        # `render_audit` takes a report, so it cannot be imported at the top.
        from customdb_contract.audit.printing import render_audit  # noqa: PLC0415 - it imports this module

        return render_audit(self)
