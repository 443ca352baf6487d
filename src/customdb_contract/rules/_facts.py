"""Judging what the sources of scripts show."""

from collections.abc import Callable, Iterator

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import FactKind, SourceFact, Transcript

__all__ = ["judge_facts"]


def judge_facts(
    transcript: Transcript,
    kinds: tuple[FactKind, ...],
    tell: Callable[[Script, SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None] = lambda _: None,
) -> Iterator[Comparison]:
    """Yield a violation for each fact of some kinds, and `Held` for each source that was read and has none.

    Args:
        transcript: The transcript.
        kinds: The kinds of facts.
        tell: Returns the message; the place is told beside it.
        severity_of: Returns the severity, or None for that of the rule.
    """
    for script, info in transcript.header.scripts.items():
        if info.source is None:
            continue
        found = info.facts(*kinds)
        for fact in found:
            yield Violation(tell(script, fact), (), severity_of(fact), script, fact.location)
        if not found:
            yield Held(())
