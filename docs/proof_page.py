"""Writes the page that shows what proves each rule, from the tests."""

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
        parts.append(f"## {group}\n\n| rule | shown by |\n| --- | --- |\n{rows}\n")
    return "\n".join(parts)


def _introduction(with_flaw: int) -> str:
    counts = "\n".join(f"- {count} {what}" for what, count in UNUSUAL.items())
    return f"""# What proves each rule

For nearly every rule there are custom databases and Actions that are wrong on purpose, mostly in one way each:
{len(mutants_in_python())} in Python and {len(mutants_in_javascript())} in JavaScript. The tests
check them as they check anybody's, and on each exactly the rules that are expected may warn or fail, no more and no
fewer. The table names them by what is wrong.

For {with_flaw} rules about profiles, [Hypothesis](../../how-to/explore-with-strategies.md) also draws profiles with
one flaw, which that rule must find and no other may complain of. And the two examples on the page of each rule are
executed.

That rules stay silent is tested too. Nothing may be found in what is unusual but correct:

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
