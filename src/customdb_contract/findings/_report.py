"""The report on one transcript: every verdict, and the exit code."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen
from typing_extensions import override

from customdb_contract.errors import ContractBrokenError
from customdb_contract.findings._found import Finding, Status, Verdict
from customdb_contract.findings._rules import Group, Severity
from customdb_contract.transcript import StopKind, Transcript, print_exchange, printable

__all__ = ["Report"]

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
