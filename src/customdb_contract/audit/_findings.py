"""What an audit found: a user who breaks a rule, what becomes of that user, and the report on all of them."""

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
    UNKNOWN = "not known: the row could not be read as a profile"


@frozen(kw_only=True)
class UserFinding:
    """One user who breaks one rule.

    Args:
        rule: The name of the rule.
        severity: How bad it is.
        user_id: The user, as text; None where the row has none.
        row: Where the row stands when it has no `user_id`, or one that others have too: the file and the number of the
            row, or nothing.
        path: The attribute, for example `app_metadata.plan`.
        problem: What is wrong with it, as words that follow the attribute's name.
        value: The value, where values are to be shown; never a hash or another secret.
        shared_with: Users who share what must be one user's own, as text: by `user_id`, or by the row as above.
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
    """How many users break one rule.

    Args:
        rule: The name of the rule.
        severity: The worst of its findings, or that of the rule where there are none.
        summary: One sentence on what is wrong with these users.
        fate: What will happen to them.
        users: How many there are.
        examples: Some of them.
        not_audited: Why the rule could not be looked at; empty where it was.
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
    """How large the profiles are, in bytes of JSON as UTF-8.

    Args:
        up_to_limit: Users up to 10 KB.
        above_limit: Users above that, up to the allowance of 100 KB.
        above_allowance: Users above that.
        largest: The largest of all, in bytes; where none is above 8 KB, that of the user with the most characters.
    """

    up_to_limit: int
    above_limit: int
    above_allowance: int
    largest: int


@frozen(kw_only=True)
class PasswordFormats:
    """How many users have a hash of each format.

    Args:
        users: By the name of the format.
        unknown: Users whose hash no accepted format reads.
        none: Users without one.
        accepted: The names of the formats that were accepted.
    """

    users: Mapping[str, int]
    unknown: int
    none: int
    accepted: tuple[str, ...] = ()


@frozen(kw_only=True, repr=False)
class AuditReport:
    """What an audit of all users found.

    Args:
        source: What was read, without credentials.
        engine: What did the work, for example `duckdb`.
        import_mode: Whether it was judged for a connection with import mode on.
        users: How many rows were audited.
        sampled: Whether that is a sample; then the numbers are those of the sample.
        results: One for each rule, in the order of the catalogue, those of all users last.
        sizes: How large the profiles are; None where that was not looked at.
        password_formats: None without a column of hashes.
        findings_file: Where every finding stands; None where they were not written.
        fail_on: The least severity that makes the audit fail.
        interrupted: Whether it was interrupted; then the numbers are those until then.
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
        """0 when no user breaks a rule that fails the audit; 1 when one does; 2 nothing audited; 130 interrupted."""
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
        # The text is made of a report, and a report tells itself by it.
        from customdb_contract.audit.printing import render_audit  # noqa: PLC0415 - it imports this module

        return render_audit(self)
