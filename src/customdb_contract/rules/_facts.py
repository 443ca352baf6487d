"""Judging what the sources of scripts show, and numbers that stand in texts."""

from collections.abc import Callable, Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import FactKind, SourceFact, Transcript

__all__ = ["judge_facts", "number_in"]

_MOST_DIGITS: Final = 9
"""Python refuses to read very long numbers, and no script is that long or has that many connections."""

_ABOUT_THE_WHOLE: Final = frozenset({FactKind.NOT_A_FUNCTION, FactKind.MODULE_EXPORTS, FactKind.ANONYMOUS_FUNCTION})
"""Facts about a whole source; the text of every other one names the part that it is about."""


def number_in(text: str) -> int:
    """Return the number that a text of a transcript is, or 0 when it is none, or no number that could be meant.

    Args:
        text: Anything, where somebody else wrote the transcript.
    """
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0


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
            about = None if fact.kind in _ABOUT_THE_WHOLE else fact.text
            yield Violation(tell(script, fact), (), severity_of(fact), script, fact.location, path=about)
        if not found:
            yield Held(())
