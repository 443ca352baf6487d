"""Judging what the sources of scripts show, and numbers that stand in texts."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Untried, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import ActionInfo, FactKind, ScriptInfo, SourceFact, Transcript

__all__ = ["THE_ACTION", "judge_action_facts", "judge_facts", "number_in", "untried"]

THE_ACTION: Final = "the Action"
"""What a message calls an Action."""

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
    tell: Callable[[str, SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None] = lambda _: None,
) -> Iterator[Comparison]:
    """Yield a violation for each fact of some kinds, and `Held` for each source of a script that was read and has none.

    Args:
        transcript: The transcript.
        kinds: The kinds of facts.
        tell: Returns the message, of a script by its name; the place is told beside it.
        severity_of: Returns the severity, or None for that of the rule.
    """
    for script, info in transcript.header.scripts.items():
        yield from _judge_source(info, kinds, partial(tell, script), severity_of, script)


def judge_action_facts(
    transcript: Transcript,
    kinds: tuple[FactKind, ...],
    tell: Callable[[str, SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None] = lambda _: None,
) -> Iterator[Comparison]:
    """Do the same for the source of an Action.

    Args:
        transcript: The transcript.
        kinds: The kinds of facts.
        tell: Returns the message, of `the Action`; the place is told beside it.
        severity_of: Returns the severity, or None for that of the rule.
    """
    action = transcript.header.action
    if action is not None:
        yield from _judge_source(action, kinds, partial(tell, THE_ACTION), severity_of, None)


def _judge_source(
    info: ScriptInfo | ActionInfo,
    kinds: tuple[FactKind, ...],
    tell: Callable[[SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None],
    script: Script | None,
) -> Iterator[Comparison]:
    if info.source is None:
        return
    found = info.facts(*kinds)
    for fact in found:
        about = None if fact.kind in _ABOUT_THE_WHOLE else fact.text
        yield Violation(tell(fact), (), severity_of(fact), script, fact.location, path=about)
    # Of an Action in Python, requests in the clear are all that is looked for.
    is_python = isinstance(info, ActionInfo) and not info.observed
    unread = tuple(untried(info, kinds, script or THE_ACTION))
    yield from unread
    if not (found or unread or is_python):
        yield Held(())


def untried(info: ScriptInfo | ActionInfo, kinds: tuple[FactKind, ...], name: str) -> Iterator[Untried]:
    """Yield that a source could not be looked at for some kinds of facts, once at the most.

    Args:
        info: What is known of the source.
        kinds: The kinds of facts.
        name: What messages call the source's script or Action.
    """
    if any(fact.text in kinds for fact in info.facts(FactKind.UNREAD)):
        yield Untried(f"the source of {name} is nested too deeply to be looked at for this")
