"""What is known of a rule, what a rule found, and the report that holds it."""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Final

from attrs import frozen
from typing_extensions import override

from customdb_contract.contract import Script
from customdb_contract.errors import ContractBrokenError
from customdb_contract.transcript import (
    Exchange,
    Noticed,
    PasswordKnowledge,
    Situation,
    StopKind,
    Transcript,
    print_exchange,
    printable,
)

__all__ = [
    "Finding",
    "Group",
    "Held",
    "Need",
    "Report",
    "RuleInfo",
    "Severity",
    "Status",
    "Verdict",
    "Violation",
]


class Severity(StrEnum):
    """How bad a finding is."""

    INFO = "info"
    """Good practice, or something to know."""
    WARNING = "warning"
    """A documented recommendation is violated, or it fails under plausible conditions."""
    ERROR = "error"
    """The contract is broken: users see a failure, or there is a security hole."""

    @property
    def rank(self) -> int:
        """A number that grows with the severity, from 0."""
        return list(Severity).index(self)


class Group(StrEnum):
    """The groups of rules, which `--select` and `--ignore` also take."""

    CALLBACK = "callback"
    OUTCOME = "outcome"
    PROFILE = "profile"
    CONSISTENCY = "consistency"
    MIGRATION = "migration"
    SECURITY = "security"


class Status(StrEnum):
    """What became of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    """It has findings. Whether they make the report fail depends on their severity."""
    NOT_APPLICABLE = "not-applicable"
    """There was nothing to look at; the reason says what to give."""
    WAIVED = "waived"
    """Judged and broken, with the team's reason why that is accepted."""
    DESELECTED = "deselected"
    CRASHED = "crashed"
    """The rule itself failed: a mistake of this library."""


class Need(StrEnum):
    """Something that a rule needs before it can look at anything; its value says it to people."""

    LOGIN = "a login script"
    GET_USER = "a get_user script"
    PASSWORD = "a password"  # noqa: S105 - an advice
    LONG_PASSWORD = "a user with a password over 72 bytes"  # noqa: S105
    SEARCHABLE_SECRET = "a password of six or more characters"  # noqa: S105
    WRONG_PASSWORD = "more users with a password"  # noqa: S105
    SECOND_USER = "a second user"
    USERNAME = "a username"
    EXPECTED_PROFILE = "the expected profile of a user"
    UNVERIFIED_USER = "a user whose profile says email_verified = false"
    DISABLED_USER = "a disabled user"
    UNKNOWN_USER = "calls for an unknown user"
    OUTAGE = "[outage]"
    HOSTILE = "hostile = true"
    IMPORT_MODE = "import mode on"
    LEGACY_MODE = "import mode off"
    REQUIRES_USERNAME = "requires_username on"
    SCRIPT_CONTEXT = "script_context on"
    JAVASCRIPT = "scripts in JavaScript"
    SOURCE = "scripts in JavaScript, and the parser of customdb-contract[node]"
    CONNECTIONS = "scripts that connect to a store"
    REQUESTS = "scripts in JavaScript that send requests"
    CREATE = "a create script"
    VERIFY = "a verify script"
    CHANGE_PASSWORD = "a change_password script"  # noqa: S105 - an advice
    CHANGE_EMAIL = "a change_email script"
    DELETE = "a delete script"
    WRITES = "writes = true"
    SECOND_OPENING = "a function that opens the same store again, so that two can write at once"
    INSPECT = "inspect, a function that looks into the store"

    @property
    def advice(self) -> str:
        """What it is, for people."""
        return self.value

    @property
    def can_be_given(self) -> bool:
        """Whether a team can add it to a check; a mode of the connection is what it is."""
        return self not in _NOT_TO_BE_GIVEN

    def is_met(self, transcript: Transcript) -> bool:
        """Tell whether a transcript has it.

        Args:
            transcript: The transcript.
        """
        return _IS_MET[self](transcript)


_NOT_TO_BE_GIVEN: Collection[Need] = frozenset(
    {
        Need.IMPORT_MODE,
        Need.LEGACY_MODE,
        Need.REQUIRES_USERNAME,
        Need.UNKNOWN_USER,
        Need.SCRIPT_CONTEXT,
        Need.JAVASCRIPT,
        Need.SOURCE,
        Need.CONNECTIONS,
        Need.REQUESTS,
        Need.CREATE,
        Need.VERIFY,
        Need.CHANGE_PASSWORD,
        Need.CHANGE_EMAIL,
        Need.DELETE,
    }
)

_IS_MET: Mapping[Need, Callable[[Transcript], bool]] = {
    Need.LOGIN: lambda t: bool(t.select(Script.LOGIN)),
    Need.GET_USER: lambda t: bool(t.select(Script.GET_USER)),
    Need.PASSWORD: lambda t: bool(t.select(Script.LOGIN, "known-user", "repeated")),
    Need.LONG_PASSWORD: lambda t: bool(t.select(Script.LOGIN, Situation.CUT_PASSWORD)),
    Need.SEARCHABLE_SECRET: lambda t: any(person.password is PasswordKnowledge.KNOWN for person in t.people),
    Need.WRONG_PASSWORD: lambda t: bool(t.select(Script.LOGIN, "wrong-password")),
    Need.SECOND_USER: lambda t: len(t.people) > 1,
    Need.USERNAME: lambda t: any(person.username for person in t.people),
    Need.EXPECTED_PROFILE: lambda t: any(person.profile for person in t.people),
    Need.UNVERIFIED_USER: lambda t: any(person.profile.get("email_verified") is False for person in t.people),
    Need.DISABLED_USER: lambda t: any(person.disabled for person in t.people),
    Need.UNKNOWN_USER: lambda t: bool(t.select(None, "unknown-user")),
    Need.OUTAGE: lambda t: bool(t.select(None, "outage")),
    Need.HOSTILE: lambda t: bool(t.select(None, "hostile")),
    Need.IMPORT_MODE: lambda t: t.connection.import_mode,
    Need.LEGACY_MODE: lambda t: not t.connection.import_mode,
    Need.REQUIRES_USERNAME: lambda t: t.connection.requires_username,
    Need.SCRIPT_CONTEXT: lambda t: t.connection.script_context,
    Need.JAVASCRIPT: lambda t: any(info.observed for info in t.header.scripts.values()),
    Need.SOURCE: lambda t: any(info.source is not None for info in t.header.scripts.values()),
    Need.REQUESTS: lambda t: any(e.outcome.noticed(Noticed.REQUEST) for e in t.judged),
    Need.CREATE: lambda t: Script.CREATE in t.header.scripts,
    Need.VERIFY: lambda t: Script.VERIFY in t.header.scripts,
    Need.CHANGE_PASSWORD: lambda t: Script.CHANGE_PASSWORD in t.header.scripts,
    Need.CHANGE_EMAIL: lambda t: Script.CHANGE_EMAIL in t.header.scripts,
    Need.DELETE: lambda t: Script.DELETE in t.header.scripts,
    Need.WRITES: lambda t: bool(t.select(None, "writing")),
    Need.SECOND_OPENING: lambda t: bool(t.select(None, Situation.AT_ONCE)),
    Need.INSPECT: lambda t: any(e.outcome.noticed(Noticed.INSPECTED) for e in t.judged),
    Need.CONNECTIONS: lambda t: any(e.outcome.noticed(Noticed.OPEN_SOCKETS) for e in t.judged),
}


_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)


@frozen(kw_only=True, slots=False)
class RuleInfo:
    """A rule, described.

    Args:
        name: Its name in kebab case, which names the violation: `--ignore unstable-user-id` reads as a sentence.
        group: The group it belongs to.
        severity: The highest severity that its findings can have.
        scripts: The scripts that it looks at.
        needs: What it needs before it can look at anything.
        yields_to: More specific rules: where one of them has a finding on the same exchange, this one is silent.
        since: The version that brought it.
        source: A page of Auth0's documentation, or "good practice" with the reason.
        preview: Whether it is new: reported, never failing.
        docstring: Its page, in Markdown.
    """

    name: str
    group: Group
    severity: Severity
    scripts: tuple[Script, ...]
    needs: tuple[Need, ...]
    yields_to: tuple[str, ...]
    since: str
    source: str
    preview: bool
    docstring: str

    @property
    def docs(self) -> str:
        """The page of the rule, below the root of the documentation."""
        return f"reference/rules/{self.name}.html"

    @cached_property
    def summary(self) -> str:
        """What the rule finds, in one sentence."""
        return self.docstring.partition("\n\n")[0].replace("\n", " ")

    @cached_property
    def sections(self) -> Mapping[str, str]:
        """The sections of the page, by title: `Why this matters`, `Violates`, `Conforms`, `How to fix`."""
        _, *parts = _SECTION.split(self.docstring)
        return {
            title: inspect.cleandoc(f"\n{text}").strip("\n")
            for title, text in zip(parts[::2], parts[1::2], strict=True)
        }


@frozen
class Held:
    """One comparison that a rule could make, and that turned out well.

    Args:
        evidence: The exchanges that were compared.
    """

    evidence: tuple[Exchange, ...]


@frozen
class Violation:
    """One breach, as a rule yields it.

    Args:
        message: What was seen and what was expected.
        evidence: The exchanges that prove it, in order; empty only when the header proves it.
        severity: Its severity; None stands for that of the rule.
        script: The script that is to blame; None stands for that of the last exchange.
        location: File, line and column that show it, or None.
    """

    message: str
    evidence: tuple[Exchange, ...]
    severity: Severity | None = None
    script: Script | None = None
    location: str | None = None


@frozen
class Finding:
    """One breach, in a report.

    Args:
        message: What was seen and what was expected.
        severity: How bad it is.
        script: The script that is to blame, or None when it is the connection.
        evidence: The numbers of the exchanges that prove it, in order.
        location: File, line and column that show it, or None.
    """

    message: str
    severity: Severity
    script: Script | None
    evidence: tuple[int, ...]
    location: str | None = None

    @property
    def told(self) -> str:
        """The message, with the location before it where there is one."""
        return self.message if self.location is None else f"{self.location}: {self.message}"


@frozen(kw_only=True)
class Verdict:
    """What became of one rule.

    Args:
        rule: The rule.
        status: What became of it.
        findings: The breaches; empty unless it failed or is waived.
        held: How many comparisons turned out well.
        reason: Why it is not applicable, waived or crashed; otherwise None.
        missing: What would have to be given so that it can be judged.
    """

    rule: RuleInfo
    status: Status
    findings: tuple[Finding, ...] = ()
    held: int = 0
    reason: str | None = None
    missing: tuple[Need, ...] = ()

    @property
    def severity(self) -> Severity:
        """The highest severity of the findings, or the rule's highest possible when there is none."""
        return max((finding.severity for finding in self.findings), key=lambda s: s.rank, default=self.rule.severity)


EXIT_OK: Final = 0
EXIT_BROKEN: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_CARRIED_OUT: Final = 3
EXIT_INTERRUPTED: Final = 130


@frozen(kw_only=True)
class Report:
    """The verdicts on one transcript.

    Args:
        transcript: What was judged.
        verdicts: One verdict per rule, in the order of the catalogue.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.
        require: The groups that must have been judged.
    """

    transcript: Transcript
    verdicts: tuple[Verdict, ...]
    fail_on: Severity = Severity.ERROR
    require: tuple[Group, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything was looked at that was meant to be."""
        return self.transcript.header.stop_reason is None

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """The verdicts that make the report fail."""
        return tuple(
            verdict
            for verdict in self.verdicts
            if verdict.status is Status.FAILED
            and verdict.severity.rank >= self.fail_on.rank
            and not verdict.rule.preview
        )

    @property
    def count(self) -> Mapping[Status, int]:
        """How many verdicts have each status."""
        return Counter(verdict.status for verdict in self.verdicts)

    @property
    def missing_groups(self) -> tuple[Group, ...]:
        """The required groups of which no rule was judged."""
        judged = {verdict.rule.group for verdict in self.verdicts if verdict.status in _JUDGED}
        return tuple(group for group in self.require if group not in judged)

    @property
    def ok(self) -> bool:
        """Whether something was judged, nothing failed or crashed, and the check is complete."""
        return self.exit_code == EXIT_OK

    @property
    def exit_code(self) -> int:
        """0 ok; 1 not ok; 2 nothing was judged that had to be; 3 it could not be carried out; 130 interrupted."""
        stop = self.transcript.header.stop_reason
        if stop is not None and stop.kind is StopKind.INTERRUPTED:
            return EXIT_INTERRUPTED
        if self.count[Status.CRASHED] or (stop is not None and stop.kind is StopKind.SET_UP):
            return EXIT_NOT_CARRIED_OUT
        if self.failures:
            return EXIT_BROKEN
        if self.missing_groups or not any(self.count[status] for status in _JUDGED):
            return EXIT_USAGE
        return EXIT_OK if self.complete else EXIT_BROKEN

    def verdict(self, rule: str) -> Verdict:
        """Return the verdict on one rule.

        Args:
            rule: The rule's name.

        Raises:
            KeyError: When the report has no such rule.
        """
        for verdict in self.verdicts:
            if verdict.rule.name == rule:
                return verdict
        raise KeyError(rule)

    def raise_for_failures(self) -> None:
        """Do nothing when the report is ok.

        Raises:
            ContractBrokenError: When it is not, with the findings and the calls that prove them.
        """
        if not self.ok:
            raise ContractBrokenError(str(self))

    def evidence_lines(self, finding: Finding) -> tuple[str, ...]:
        """Return the calls that prove a finding, in the one-line notation, each with its number.

        Args:
            finding: A finding of this report.
        """
        exchanges = self.transcript.exchanges
        people = self.transcript.header.people
        return tuple(f"{number:>4}  {print_exchange(exchanges[number - 1], people)}" for number in finding.evidence)

    @override
    def __str__(self) -> str:
        lines = [self._headline()]
        for verdict in self.verdicts:
            if verdict.status is Status.CRASHED:
                lines += ["", f"crashed: {verdict.rule.name}: {printable(str(verdict.reason))}"]
            if verdict.status is not Status.FAILED:
                continue
            for finding in verdict.findings:
                lines += [
                    "",
                    f"{finding.severity}: {verdict.rule.name}: {printable(finding.told)}",
                    *self.evidence_lines(finding),
                ]
        return "\n".join(lines)

    def _headline(self) -> str:
        stop = self.transcript.header.stop_reason
        count = self.count
        told = ", ".join(f"{count[status]} {status}" for status in Status if count[status])
        state = "ok" if self.ok else "not ok"
        required = "".join(f"; nothing of the required group {group} could be judged" for group in self.missing_groups)
        return f"{state}: {told or 'no rule'}{required}" + (f"\n{stop.kind}: {printable(stop.message)}" if stop else "")


_JUDGED: Collection[Status] = (Status.PASSED, Status.FAILED, Status.WAIVED)
