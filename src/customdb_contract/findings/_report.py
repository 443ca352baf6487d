"""The report on one transcript: every verdict, and the exit code."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Final

from attrs import frozen
from typing_extensions import override

from customdb_contract.errors import ContractBrokenError
from customdb_contract.findings._evidence import shown_around
from customdb_contract.findings._found import Finding, Status, Verdict
from customdb_contract.findings._rules import Group
from customdb_contract.severity import Severity
from customdb_contract.transcript import (
    ActionInfo,
    ActionRun,
    ApiCall,
    LegacyRequest,
    Record,
    StopKind,
    Transcript,
    record_printer,
)

__all__ = ["Report", "worst_exit_code"]

MOST_OF_A_CALL: Final = 500
"""Characters that are shown of a call in the evidence; a stored transcript has all of them."""

_MOST_NAMES: Final = 3
"""Rules that the representation of a report names, because pytest shows only 240 characters of it."""

EXIT_OK: Final = 0
EXIT_BROKEN: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_CARRIED_OUT: Final = 3
EXIT_INTERRUPTED: Final = 130


@frozen(kw_only=True, repr=False)
class Report:
    """The verdicts on one transcript.

    Args:
        transcript: The transcript that was judged.
        verdicts: One verdict per rule, in the order of the catalogue.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.
        require: Groups of which at least one rule must have been judged.
    """

    transcript: Transcript
    verdicts: tuple[Verdict, ...]
    fail_on: Severity = Severity.ERROR
    require: tuple[Group, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the check ran to its end."""
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
        """The number of verdicts by status."""
        return Counter(verdict.status for verdict in self.verdicts)

    @property
    def missing_groups(self) -> tuple[Group, ...]:
        """The required groups of which no rule was judged."""
        judged = {verdict.rule.group for verdict in self.verdicts if verdict.status in _JUDGED}
        return tuple(group for group in self.require if group not in judged)

    @property
    def ok(self) -> bool:
        """Whether at least one rule was judged, none failed or crashed, and the check is complete."""
        return self.exit_code == EXIT_OK

    @property
    def exit_code(self) -> int:
        """0 ok, 1 not ok, 2 nothing or no rule of a required group judged, 3 check not carried out, 130 interrupted."""
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
            KeyError: If the report has no such rule.
        """
        for verdict in self.verdicts:
            if verdict.rule.name == rule:
                return verdict
        raise KeyError(rule)

    def raise_for_failures(self) -> None:
        """Raise an error unless the report is ok.

        Raises:
            ContractBrokenError: If it is not ok, with the findings, their evidence and fixes.
        """
        __tracebackhide__ = True
        if not self.ok:
            raise ContractBrokenError(str(self))

    def evidence_lines(self, finding: Finding, most: int = MOST_OF_A_CALL) -> tuple[str, ...]:
        """Return the records that prove a finding, in the one-line notation, each with its number.

        Args:
            finding: A finding of this report.
            most: The approximate number of characters of a record.

        Returns:
            Printable lines. A long one is shortened to its beginning and the part that the finding compares.
        """
        return tuple(
            f"{number:>4}  {shown_around(self._printed(number), finding, most)}" for number in finding.evidence
        )

    def action_of(self, finding: Finding) -> ActionInfo | None:
        """Return the Action that a finding is about, or None if it is about a script or the connection.

        Args:
            finding: A finding of this report.
        """
        if finding.script is not None:
            return None
        records = [self.transcript.records[number - 1] for number in finding.evidence]
        # A finding from a source has a location and no evidence.
        is_about_it = any(isinstance(record, ActionRun | ApiCall | LegacyRequest) for record in records) or (
            not records and finding.location is not None
        )
        return self.transcript.header.action if is_about_it else None

    def _printed(self, number: int) -> str:
        if number not in self._lines:
            self._lines[number] = self._print(self.transcript.records[number - 1])
        return self._lines[number]

    @cached_property
    def _lines(self) -> dict[int, str]:
        """Printed records, because one may be evidence for thousands of findings."""
        return {}

    @cached_property
    def _print(self) -> Callable[[Record], str]:
        return record_printer(self.transcript.header.people, self.transcript.records)

    @override
    def __repr__(self) -> str:
        failed = [verdict.rule.name for verdict in self.verdicts if verdict.status is Status.FAILED]
        more = f" and {len(failed) - _MOST_NAMES} more" if len(failed) > _MOST_NAMES else ""
        named = f" ({', '.join(failed[:_MOST_NAMES])}{more})" if failed else ""
        return f"<Report {self._state}: {self._totals}{named}>"

    @override
    def __str__(self) -> str:
        # A circular import: the text renders reports, and a report prints itself as text.
        from customdb_contract.findings.text import render  # noqa: PLC0415 - it imports this module

        return render(self)

    @property
    def _state(self) -> str:
        return "ok" if self.ok else "not ok"

    @property
    def _totals(self) -> str:
        count = self.count
        return ", ".join(f"{count[status]} {status}" for status in Status if count[status]) or "no rule"


def worst_exit_code(reports: Iterable[Report]) -> int:
    """Return the exit code for several reports: the highest one, because a failed check is worse than a broken rule.

    Args:
        reports: The reports; not empty.
    """
    return max(report.exit_code for report in reports)


_JUDGED: Collection[Status] = (Status.PASSED, Status.FAILED, Status.WAIVED)
