"""The catalogue of rules, for the command `rules`."""

import json
import textwrap
from collections.abc import Sequence
from itertools import groupby

from customdb_contract.findings import RuleInfo

__all__ = ["explain", "list_rules", "rules_as_json"]


def list_rules(rules: Sequence[RuleInfo]) -> str:
    """Return the rules by group, one line each.

    Args:
        rules: The rules, in the order of the catalogue.
    """
    lines: list[str] = []
    for group, members in groupby(rules, key=lambda rule: rule.group):
        lines += ["", f"{group}"]
        for rule in members:
            summary = textwrap.shorten(rule.summary.replace("`", ""), 90, placeholder=" …")
            lines.append(f"  {rule.name:<34} {rule.severity:<8} {summary}")
    return "\n".join([*lines[1:], "", f"{len(rules)} rules; `customdb-contract rules NAME` explains one"])


def explain(rule: RuleInfo) -> str:
    """Return the page of a rule.

    Args:
        rule: The rule.
    """
    facts = [
        f"group {rule.group}, severity {rule.severity} at most",
        f"since {rule.since}{', a preview: never fails a check' if rule.preview else ''}",
        f"judges: {', '.join(rule.looks_at)}",
    ]
    if rule.needs:
        facts.append(f"needs: {'; '.join(need.advice for need in rule.needs)}")
    if rule.yields_to:
        facts.append(f"gives way to: {', '.join(rule.yields_to)}")
    facts.append(f"source: {rule.source}")
    return "\n".join(
        [rule.name, "=" * len(rule.name), "", *facts, "", rule.docstring or "(run without -OO to read more)"]
    )


def rules_as_json(rules: Sequence[RuleInfo]) -> str:
    """Return the rules as a JSON array.

    Args:
        rules: The rules, in the order of the catalogue.
    """
    documents = [
        {
            "name": rule.name,
            "group": rule.group.value,
            "severity": rule.severity.value,
            "scripts": [script.value for script in rule.scripts],
            "since": rule.since,
            "preview": rule.preview,
            "source": rule.source,
            "docs": rule.docs,
        }
        for rule in rules
    ]
    return json.dumps(documents, indent=2)
