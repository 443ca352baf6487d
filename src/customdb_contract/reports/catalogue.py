"""The catalogue of rules, for the command `rules`."""

import json
import textwrap
from collections.abc import Sequence
from itertools import groupby

from customdb_contract.findings import RuleInfo, Severity

__all__ = ["explain", "line_of", "list_rules", "page_of", "rules_as_json"]


def list_rules(rules: Sequence[RuleInfo]) -> str:
    """Return the rules by group, one line each.

    Args:
        rules: The rules, in the order of the catalogue.
    """
    lines: list[str] = []
    for group, members in groupby(rules, key=lambda rule: rule.group):
        lines += ["", f"{group}"]
        for rule in members:
            lines.append(line_of(rule.name, rule.severity, rule.summary))
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
    return page_of(rule.name, facts, rule.docstring or "(run without -OO to read more)")


def line_of(name: str, severity: Severity, summary: str) -> str:
    """Return the line of a rule in a list.

    Args:
        name: The name of the rule.
        severity: Its highest severity.
        summary: One sentence in Markdown.
    """
    shortened = textwrap.shorten(summary.replace("`", ""), 90, placeholder=" …")
    return f"  {name:<34} {severity:<8} {shortened}"


def page_of(name: str, facts: Sequence[str], text: str) -> str:
    """Return the page of a rule.

    Args:
        name: The name of the rule.
        facts: Lines about the rule.
        text: The rest of the page, in Markdown.
    """
    return "\n".join([name, "=" * len(name), "", *facts, "", text])


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
