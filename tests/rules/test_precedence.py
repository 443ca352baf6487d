"""The table of precedence in ARCHITECTURE.md is that of the rules."""

from collections import defaultdict
from pathlib import Path

from customdb_contract.rules import CATALOGUE

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"


def precedence() -> str:
    """Return the table: for each rule that takes precedence, the rules that yield to it."""
    giving_way: defaultdict[str, list[str]] = defaultdict(list)
    for rule in CATALOGUE:
        for specific in rule.info.yields_to:
            giving_way[specific].append(rule.info.name)
    order = [rule.info.name for rule in CATALOGUE]
    rows = [f"| `{name}` | {', '.join(giving_way[name])} |" for name in sorted(giving_way, key=order.index)]
    return "\n".join(["| if this rule finds a breach | these rules don't report it |", "| --- | --- |", *rows])


def test_the_architecture_shows_which_rule_takes_precedence() -> None:
    assert precedence() in ARCHITECTURE.read_text(encoding="utf-8"), f"ARCHITECTURE.md must say:\n{precedence()}"
