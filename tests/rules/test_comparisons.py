"""The comparisons of each rule match the approved ones; passing comparisons have evidence, too.

Each rule judges its own examples, and all judge recorded checks of the bookshop.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from customdb_contract import Transcript
from customdb_contract.findings import Untried, Violation
from customdb_contract.rules import CATALOGUE, Rule
from decided import compare

pytestmark = pytest.mark.one_python

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.txt"))


def compared(rule: Rule, transcript: Transcript) -> Iterator[str]:
    """Yield the comparisons of a rule, each with the numbers of its records."""
    for comparison in rule.judge(transcript):
        if isinstance(comparison, Untried):
            yield "untried"
        else:
            kind = "violation" if isinstance(comparison, Violation) else "held"
            numbers = " and ".join(str(record.number) for record in comparison.evidence)
            yield f"{kind} {numbers or 'by the header'}"


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)
def test_comparisons_of_a_rule_in_its_examples(request: pytest.FixtureRequest, rule: Rule) -> None:
    examples = {section: Transcript.parse(rule.info.sections[section]) for section in ("Violates", "Conforms")}

    compare(request.node, [f"{name}: {line}" for name in examples for line in compared(rule, examples[name])])


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda file: file.stem)
def test_comparisons_of_the_rules_in_a_whole_check(request: pytest.FixtureRequest, recorded: Path) -> None:
    transcript = Transcript.parse(recorded.read_text(encoding="utf-8"))
    lines = ((rule.info.name, list(compared(rule, transcript))) for rule in CATALOGUE)

    compare(request.node, [f"{name}: {', '.join(made)}" for name, made in lines if made])
