"""One finding: its message, the compared values, its evidence, and the profiles that it compares."""

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import evolve

from customdb_contract.findings import Finding, Report, shown_around
from customdb_contract.findings.text import shown
from customdb_contract.reports.as_html._markup import Markup, element
from customdb_contract.reports.as_html._profiles import side_by_side
from customdb_contract.reports.as_html._sequence import AUTH0, Step, sequence
from customdb_contract.reports.stories import Line, Scene, lines_of
from customdb_contract.transcript import Exchange, Operation, Record

__all__ = ["Proofs"]

_MOST_CALLS: Final = 4
"""Records of the evidence that are drawn; the others are counted."""

_MOST_OF_A_CALL: Final = 500
_WHOLE: Final = 2**31


class Proofs:
    """The findings of one report, each with its evidence.

    Args:
        report: The report.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lines: dict[int, Sequence[Line]] = {}

    def message(self, finding: Finding) -> Markup:
        """Return the message of a finding.

        Args:
            finding: A finding of the report.
        """
        return element("p", finding.told, class_="message")

    def drawn(self, finding: Finding) -> Markup:
        """Return the evidence of a finding.

        Args:
            finding: A finding of the report.
        """
        records = [self._report.transcript.records[number - 1] for number in finding.evidence]
        calls = [record for record in records if isinstance(record, Exchange)]
        steps = [step for record in records[:_MOST_CALLS] for step in self._steps(record, finding)]
        parts = [*_compared(finding), *([sequence(steps, "Evidence")] if steps else [])]
        if len(records) > _MOST_CALLS:
            parts.append(element("p", f"… and {len(records) - _MOST_CALLS:,} more calls"))
        return element("div", *parts, *side_by_side(finding, calls))

    def _steps(self, record: Record, finding: Finding) -> Iterator[Step]:
        if record.number not in self._lines:
            name = self._report.transcript.connection.name
            scene = Scene(name, record, ()) if isinstance(record, Operation) else Scene(name, None, (record,))
            self._lines[record.number] = lines_of(scene, _WHOLE)
        who = record.actor if isinstance(record, Operation) else AUTH0
        remark = f"record {record.number}"
        if isinstance(record, Exchange):
            remark = f"call {record.number}, {record.situation}"
        for line in self._lines[record.number]:
            text, answer = (shown_around(part, finding, _MOST_OF_A_CALL) for part in (line.text, line.answer))
            yield Step(evolve(line, text=text, answer=answer), who, remark)


def _compared(finding: Finding) -> Iterator[Markup]:
    values = {"compared": finding.path, "expected": finding.expected, "got": finding.got}
    items = [
        element("div", element("dt", name), element("dd", element("code", shown(text))))
        for name, text in values.items()
        if text is not None
    ]
    if items:
        yield element("dl", *items)
