"""Approval texts: the files in `decided/` have the findings of tests, case by case, so reviews show any change.

The verdicts of a test are below its name. `make decided` regenerates all of them.
"""

import difflib
import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import pytest
from attrs import evolve

from customdb_contract import Report, Transcript
from customdb_contract.findings import Finding, Status, Verdict
from customdb_contract.transcript import Header

__all__ = ["compare", "findings_of", "recorded_in", "shown", "verdicts_of"]

WRITES: Final = os.environ.get("DECIDE") == "1"
MOST: Final = 200
"""Characters of a name or a part of a finding; the rest is replaced by a checksum."""


RANDOM: Final = re.compile(r"(?<=customdb-)\w{8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=shop-101-)\d+")
"""Values that differ between runs: generated addresses, ids, and sums of the letters of passwords."""


def verdicts_of(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield the verdicts of rules, in lines: first the findings, then the counts of passing comparisons."""
    for verdict in verdicts:
        if verdict.status is not Status.PASSED:
            reason = "" if verdict.reason is None else f", {shown(verdict.reason)}"
            yield f"{verdict.rule.name}: {verdict.status}, held {verdict.held}{reason}"
        for finding in verdict.findings:
            yield from _finding(finding, proof=True)
    passed = [f"{verdict.rule.name} {verdict.held}" for verdict in verdicts if verdict.status is Status.PASSED]
    if passed:
        yield f"held: {', '.join(passed)}"


def findings_of(report: Report) -> Iterator[str]:
    """Yield the findings of a check, in lines, without call numbers and random values."""
    for verdict in report.verdicts:
        # The number of findings may depend on random values.
        found = dict.fromkeys(RANDOM.sub("…", "\n".join(_finding(one, proof=False))) for one in verdict.findings)
        if found:
            yield f"{verdict.rule.name}: {verdict.status}"
            yield from "\n".join(found).splitlines()


def recorded_in(transcript: Transcript) -> Iterator[str]:
    """Yield the records of a transcript, in lines."""
    yield from map(shown, str(evolve(transcript, header=Header(people=transcript.header.people))).splitlines())


def _finding(finding: Finding, *, proof: bool) -> Iterator[str]:
    place = "" if finding.location is None else f" at {finding.location}"
    yield f"  {finding.severity} of {finding.script or 'no script'}{place}: {shown(finding.message)}"
    parts = {"path": finding.path, "expected": finding.expected, "got": finding.got}
    if proof:
        parts["proven by"] = " and ".join(map(str, finding.evidence))
    yield "    " + ", ".join(f"{name} {shown(value)}" for name, value in parts.items() if value is not None)


def shown(text: str) -> str:
    """Return a printable text; a long one is cut and ends with a checksum."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return shown if len(shown) <= MOST else f"{shown[:MOST]}… {crc32(shown.encode()):08x}"


def compare(item: pytest.Item, lines: Iterable[str]) -> None:
    """Fail a test unless its findings match the approved ones.

    Args:
        item: The test.
        lines: Its findings.
    """
    file = item.path.parent / "decided" / f"{item.path.stem.removeprefix('test_')}.txt"
    name, found = shown(item.name), list(lines)
    if WRITES:
        return _write(file, name, found)
    decided = _read(file).get(name, [])
    if decided != found:
        change = "\n".join(difflib.unified_diff(decided, found, "decided", "found", lineterm="", n=1))
        pytest.fail(f"{change}\nWhere this is meant, `make decided` writes {file.name} anew.", pytrace=False)
    return None


def _read(file: Path) -> dict[str, list[str]]:
    cases: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        if line.startswith("  "):
            cases[next(reversed(cases))].append(line[2:])
        else:
            cases[line] = []
    return cases


def _write(file: Path, name: str, lines: Sequence[str]) -> None:
    """Write down one case, while other processes write other ones."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        cases = _read(file) | {name: list(lines)}
        text = "".join("".join([f"{case}\n", *(f"  {line}\n" for line in cases[case])]) for case in sorted(cases))
        file.write_text(text, encoding="utf-8")
