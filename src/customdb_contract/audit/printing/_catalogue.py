"""Prints the rules of an audit, for the command `rules`."""

import json
from collections.abc import Sequence

from customdb_contract.audit._findings import Fate
from customdb_contract.audit._own_rules import AuditedRule
from customdb_contract.reports.catalogue import line_of, page_of

__all__ = ["audited_as_json", "explain_audited", "list_audited"]


def list_audited(rules: Sequence[AuditedRule]) -> str:
    """Return a line for each rule, grouped by what happens to the users who break it.

    Args:
        rules: The rules.
    """
    lines: list[str] = []
    for fate in Fate:
        members = [rule for rule in rules if rule.fate is fate]
        if members:
            lines += ["", f"{fate}"]
        for rule in members:
            lines.append(line_of(rule.name, rule.severity, rule.summary))
    return "\n".join([*lines[1:], "", f"{len(rules)} audit rules; `customdb-contract rules NAME` explains one"])


def explain_audited(rule: AuditedRule) -> str:
    """Return the page of a rule that only audits have.

    Args:
        rule: The rule.
    """
    facts = [
        f"group {rule.group}, severity {rule.severity}",
        "checked by: audits only",
        f"what happens to the user: {rule.fate}",
    ]
    return page_of(rule.name, facts, rule.docstring)


def audited_as_json(rules: Sequence[AuditedRule]) -> str:
    """Return rules as a JSON array.

    Args:
        rules: The rules.
    """
    documents = [
        {
            "name": rule.name,
            "group": rule.group.value,
            "severity": rule.severity.value,
            "fate": rule.fate.value,
            "docs": rule.docs,
        }
        for rule in rules
    ]
    return json.dumps(documents, indent=2)
