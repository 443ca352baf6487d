"""How each rule is tested: the deliberately wrong databases, scripts and profiles that it must report."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from attrs import frozen

import action_mutants
import test_action_mutants
import test_javascript_mutants
import test_life_mutants
import test_mutants
import test_unusual_databases
import test_unusual_lives
import test_unusual_writing
import test_writing_mutants
from customdb_contract.rules import CATALOGUE
from customdb_contract.testing.strategies import FLAWS

__all__ = ["PROVEN_OTHERWISE", "UNUSUAL", "Proof", "mutants_in_javascript", "mutants_in_python", "proofs", "words_of"]

PROVEN_OTHERWISE: Final[Mapping[str, str]] = {
    "callback-too-late": "no test can wait ten seconds; the examples on its page are its only proof",
    "create-not-atomic": "a separate test, with two concurrent sign-ups",
    "delete-unknown-user-inconsistent": "a separate test, because its findings are only information",
}
"""The rules that no mutant names, with the reason."""


@frozen
class Proof:
    """The tests of one rule.

    Args:
        python: Databases and Actions in Python with one mistake each, in words.
        javascript: Scripts and Actions in JavaScript with one mistake each, in words.
        has_flaw: Whether Hypothesis draws profiles that break this rule and no other.
    """

    python: tuple[str, ...]
    javascript: tuple[str, ...]
    has_flaw: bool


def words_of(name: str) -> str:
    """Return the name of a class or a folder as words.

    Args:
        name: The name, in CamelCase or with hyphens.
    """
    return " ".join(re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)).lower()


def mutants_in_python() -> Mapping[str, frozenset[str]]:
    """Return the rules that each database or Action in Python must break, by the words for it."""
    reading = {
        words_of(name): frozenset((*mutant.rules, *(mutant.imported or ()), *mutant.tells))
        for name, mutant in test_mutants.MUTANTS.items()
    }
    writing = {words_of(name): frozenset(mutant.rules) for name, mutant in test_writing_mutants.MUTANTS.items()}
    living = {words_of(name): frozenset((*mutant.on, *mutant.off)) for name, mutant in test_life_mutants.FLAWED.items()}
    acting = {f"an Action that {words_of(kind.__name__)}": rules for kind, rules in action_mutants.MUTANTS.items()}
    both = reading.keys() & writing.keys()
    rules_of = (
        acting
        | living
        | reading
        | {f"{words} (of a shop that writes)" if words in both else words: writing[words] for words in writing}
    )
    return {words: rules for words, rules in rules_of.items() if rules}


def mutants_in_javascript() -> Mapping[str, frozenset[str]]:
    """Return the rules that each folder of scripts, or Action, must break, by the words for it."""
    scripts = {
        words_of(folder.name): frozenset(test_javascript_mutants.said(folder, "expect"))
        for folder in test_javascript_mutants.MUTANTS
    }
    actions = {
        f"an Action that {words_of(code.stem)}": frozenset(test_action_mutants.expected(code))
        for code in test_action_mutants.JAVASCRIPT
    }
    return scripts | actions


@cache
def proofs() -> Mapping[str, Proof]:
    """Return how each rule is tested, in the order of the catalogue."""
    python, javascript = mutants_in_python(), mutants_in_javascript()
    return {
        rule.info.name: Proof(
            python=tuple(_naming(rule.info.name, python)),
            javascript=tuple(_naming(rule.info.name, javascript)),
            has_flaw=rule.info.name in FLAWS,
        )
        for rule in CATALOGUE
    }


def _naming(rule: str, mutants: Mapping[str, frozenset[str]]) -> Iterator[str]:
    return (words for words, rules in mutants.items() if rule in rules)


UNUSUAL: Final[Mapping[str, int]] = {
    "read-only databases in Python": len(test_unusual_databases.RIGHT) + len(test_unusual_databases.OTHER_USERS),
    "databases in Python with the scripts that write": len(test_unusual_writing.RIGHT),
    "databases in Python for whole lives of users": len(test_unusual_lives.RIGHT),
    "scripts in JavaScript": len(test_javascript_mutants.UNUSUAL),
    "Actions in Python": len(action_mutants.UNUSUAL),
    "Actions in JavaScript": len(test_action_mutants.UNUSUAL),
}
"""The numbers of unusual but correct ones, in which no rule may find anything."""
