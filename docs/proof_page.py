"""Writes the page that lists how each rule is tested, from the tests."""

from itertools import groupby

from customdb_contract.rules import CATALOGUE
from proofs import PROVEN_OTHERWISE, UNUSUAL, Proof, mutants_in_javascript, mutants_in_python, proofs

__all__ = ["proof_page"]


def proof_page() -> str:
    """Return the page, in Markdown."""
    told = proofs()
    parts = [_introduction(sum(proof.has_flaw for proof in told.values()))]
    for group, members in groupby((rule.info for rule in CATALOGUE), key=lambda info: info.group):
        rows = "\n".join(f"| [{info.name}]({info.name}.md) | {_told(info.name, told[info.name])} |" for info in members)
        parts.append(f"## {group}\n\n| rule | broken by |\n| --- | --- |\n{rows}\n")
    return "\n".join(parts)


def _introduction(with_flaw: int) -> str:
    counts = "\n".join(f"- {count} {what}" for what, count in UNUSUAL.items())
    return f"""# How each rule is tested

For nearly every rule, there are custom databases and Actions that are wrong on purpose, most of them in a single way:
{len(mutants_in_python())} in Python and {len(mutants_in_javascript())} in JavaScript. The tests run an ordinary
check on each of them, and exactly the expected rules must warn or fail. The table names them by their flaw.

For {with_flaw} rules about profiles, [Hypothesis](../../how-to/explore-with-strategies.md) also generates profiles with
one flaw, which that rule must report and no other. In addition, the two examples on the page of each rule are executed.

The tests also prove that rules raise no false alarms. No rule may find anything in databases and Actions that are
unusual but correct:

{counts}
"""


def _told(rule: str, proof: Proof) -> str:
    told = [
        f"{name}: {', '.join(mutants)}"
        for name, mutants in (("Python", proof.python), ("JavaScript", proof.javascript))
        if mutants
    ]
    if proof.has_flaw:
        told.append("profiles with this one flaw")
    return "; ".join(told) or PROVEN_OTHERWISE[rule]
