"""Judging facts from the sources of scripts, and reading numbers from texts."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Severity, Untried, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.transcript import ActionInfo, FactKind, ScriptInfo, SourceFact, Transcript

__all__ = ["THE_ACTION", "judge_action_facts", "judge_facts", "number_in", "untried"]

THE_ACTION: Final = "the Action"
"""The name of an Action in messages."""

_MOST_DIGITS: Final = 9
"""Python rejects very long numbers, and no script is that long or has that many connections."""

_ABOUT_THE_WHOLE: Final = frozenset({FactKind.NOT_A_FUNCTION, FactKind.MODULE_EXPORTS, FactKind.ANONYMOUS_FUNCTION})
"""Facts about a whole source; the text of every other fact names a part of the source."""


def number_in(text: str) -> int:
    """Return the number in a text of a transcript, or 0 if it is not a plausible number.

    Args:
        text: Any text, because a transcript can come from anyone.
    """
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def judge_facts(
    transcript: Transcript,
    kinds: tuple[FactKind, ...],
    message_of: Callable[[str, SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None] = lambda _: None,
) -> Iterator[Comparison]:
    """Yield a violation for each fact of some kinds, and `Held` for each script's source without any.

    Args:
        transcript: The transcript.
        kinds: The kinds of facts.
        message_of: Returns the message, given the name of the script; the report adds the place.
        severity_of: Returns the severity, or None for that of the rule.
    """
    for script, info in transcript.header.scripts.items():
        yield from _judge_source(info, kinds, partial(message_of, script), severity_of, script)


def judge_action_facts(
    transcript: Transcript,
    kinds: tuple[FactKind, ...],
    message_of: Callable[[str, SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None] = lambda _: None,
) -> Iterator[Comparison]:
    """Yield the same for the source of an Action.

    Args:
        transcript: The transcript.
        kinds: The kinds of facts.
        message_of: Returns the message, given the name `the Action`; the report adds the place.
        severity_of: Returns the severity, or None for that of the rule.
    """
    action = transcript.header.action
    if action is not None:
        yield from _judge_source(action, kinds, partial(message_of, THE_ACTION), severity_of, None)


def _judge_source(
    info: ScriptInfo | ActionInfo,
    kinds: tuple[FactKind, ...],
    message_of: Callable[[SourceFact], str],
    severity_of: Callable[[SourceFact], Severity | None],
    script: Script | None,
) -> Iterator[Comparison]:
    if info.source is None:
        return
    found = info.facts(*kinds)
    for fact in found:
        about = None if fact.kind in _ABOUT_THE_WHOLE else fact.text
        yield Violation(message_of(fact), (), severity_of(fact), script, fact.location, path=about)
    # For an Action in Python, only unencrypted requests are looked for.
    is_python = isinstance(info, ActionInfo) and not info.observed
    unread = tuple(untried(info, kinds, script or THE_ACTION))
    yield from unread
    if not (found or unread or is_python):
        yield Held(())


def untried(info: ScriptInfo | ActionInfo, kinds: tuple[FactKind, ...], name: str) -> Iterator[Untried]:
    """Yield, at most once, that a source could not be searched for some kinds of facts.

    Args:
        info: The script or Action with the source.
        kinds: The kinds of facts.
        name: The name of the script or Action in messages.
    """
    if any(fact.text in kinds for fact in info.facts(FactKind.UNREAD)):
        yield Untried(f"the source of {name} is nested too deeply to be checked for this")
