"""Writes one Markdown page per rule, their index, and the table of precedence, from the catalogue."""

from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path

from customdb_contract.audit import AUDITED, AuditedRule
from customdb_contract.findings import RuleInfo
from customdb_contract.rules import CATALOGUE, RETIRED

__all__ = ["write_rule_pages"]


def write_rule_pages(
    folder: Path, more: Mapping[str, str] | None = None, examples_of: Callable[[str], str] = lambda _: ""
) -> None:
    """Write the pages, and remove the pages of rules that no longer exist.

    Args:
        folder: Where the pages go; everything in it is generated.
        more: Other pages about all rules, by name; the index links to them.
        examples_of: Returns, for the name of a rule, a section with code that breaks it.
    """
    infos = [rule.info for rule in CATALOGUE]
    own = [rule for rule in AUDITED if rule.docstring]
    general = {"precedence": _precedence(infos), **(more or {})}
    pages = {
        **{f"{info.name}.md": _page(info, examples_of(info.name)) for info in infos},
        **{f"{rule.name}.md": _page_of_audit(rule) for rule in own},
        **{
            f"{name}.md": f"# {name}\n\nThis rule was retired in {retired.since}. {retired.why}.\n"
            for name, retired in RETIRED.items()
        },
        "index.md": _index(infos, own, list(general)),
        **{f"{name}.md": text for name, text in general.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _page(info: RuleInfo, examples: str) -> str:
    source = f"<{info.source}>" if info.source.startswith("https://") else info.source
    facts = {
        "Group": f"`{info.group}`",
        "Highest severity": f"`{info.severity}`",
        "Judges": ", ".join(
            name if name == "the Action" else f"[`{name}`](../scripts/{name}.md)" for name in info.looks_at
        ),
        "Needs": "; ".join(need.advice for need in info.needs) or "nothing else",
        "Not reported if one of these is": ", ".join(f"[{name}]({name}.md)" for name in info.yields_to) or "none",
        "Since": f"{info.since}{' (preview: cannot fail a check yet)' if info.preview else ''}",
        "Source": source,
    }
    table = "\n".join(f"| {name} | {_in_cell(fact)} |" for name, fact in facts.items())
    parts = [
        f"# {info.name}",
        _demoted(info.docstring),
        *filter(None, [examples.rstrip()]),
        f"## Facts\n\n| | |\n| --- | --- |\n{table}",
    ]
    return "\n\n".join(parts) + "\n"


def _page_of_audit(rule: AuditedRule) -> str:
    facts = {
        "Group": f"`{rule.group}`",
        "Severity": f"`{rule.severity}`",
        "Looked at by": "[an audit](../../how-to/audit-your-users.md) only",
        "What happens to the user": f"[{rule.fate}](../audited-users.md)",
    }
    table = "\n".join(f"| {name} | {fact} |" for name, fact in facts.items())
    return f"# {rule.name}\n\n{rule.docstring}\n\n## Facts\n\n| | |\n| --- | --- |\n{table}\n"


def _demoted(docstring: str) -> str:
    return docstring.replace("\n### ", "\n#### ")


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _index(infos: list[RuleInfo], own: list[AuditedRule], general: list[str]) -> str:
    counted = f"{len(infos)} rules in {len({info.group for info in infos})} groups."
    see = "\n".join(f"- []({name}.md)" for name in general)
    parts = [f"# Rules\n\n{counted}\n\n{see}\n"]
    for group, members in groupby(infos, key=lambda info: info.group):
        rows = "\n".join(
            f"| [{info.name}]({info.name}.md) | {info.severity} | {_in_cell(info.summary)} |" for info in members
        )
        parts.append(f"## {group}\n\n| rule | highest severity | finds |\n| --- | --- | --- |\n{rows}\n")
    rows = "\n".join(f"| [{rule.name}]({rule.name}.md) | {rule.severity} | {_in_cell(rule.summary)} |" for rule in own)
    parts.append(f"## Only in an audit\n\n| rule | highest severity | finds |\n| --- | --- | --- |\n{rows}\n")
    retired = "\n".join(f"- [{name}]({name}.md)" for name in RETIRED)
    parts.append(f"## Retired\n\n{retired}\n")
    toctree = "\n".join([*general, *(info.name for info in infos), *(rule.name for rule in own), *RETIRED])
    parts.append(f"```{{toctree}}\n:hidden:\n\n{toctree}\n```\n")
    return "\n".join(parts)


def _precedence(infos: list[RuleInfo]) -> str:
    rows = "\n".join(
        f"| [{info.name}]({info.name}.md) | {', '.join(f'[{name}]({name}.md)' for name in info.yields_to)} |"
        for info in infos
        if info.yields_to
    )
    return (
        "# Precedence of rules\n\nEach breach is reported once. If a rule in the second column has a finding about a "
        "call, the rule in the first column doesn't report that call.\n\n"
        f"| rule | yields to |\n| --- | --- |\n{rows}\n"
    )
