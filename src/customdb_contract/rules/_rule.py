"""What a rule is: a pure function over a transcript, with its description."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TypeAlias

from attrs import frozen

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, RuleInfo, Severity, Untried, Violation
from customdb_contract.transcript import Transcript

__all__ = ["Comparison", "Rule", "rule", "rules_in"]

Comparison: TypeAlias = Held | Untried | Violation
"""What a rule yields for each comparison that it could make."""

_Judge: TypeAlias = Callable[[Transcript], Iterator[Comparison]]


@frozen
class Rule:
    """A rule: its description and its judgement.

    Args:
        info: The description.
        judge: Yields `Held` or `Violation` for each comparison it could make; nothing when there is nothing to see, and
            `Untried` where that was left out.
    """

    info: RuleInfo
    judge: _Judge


def rule(
    *,
    group: Group,
    severity: Severity,
    scripts: Sequence[Script] = (Script.LOGIN, Script.GET_USER),
    actions: bool = False,
    needs: Sequence[Need] = (),
    yields_to: Sequence[str] = (),
    since: str,
    source: str,
    preview: bool = False,
) -> Callable[[_Judge], Rule]:
    """Turn a pure function into a rule; its name in kebab case becomes the rule's name, its docstring the page.

    Args:
        group: The group it belongs to.
        severity: The highest severity of its findings, and that of a `Violation` which names none.
        scripts: The scripts that it looks at.
        actions: Whether it looks at Actions too.
        needs: What it needs before it can look at anything.
        yields_to: More specific rules, in whose favour it is silent about an exchange.
        since: The first version with it, such as `0.1.0`.
        source: A page of Auth0's documentation, or "good practice" with the reason.
        preview: Whether it is new: reported, never failing.
    """

    def make(judge: _Judge) -> Rule:
        info = RuleInfo(
            name=judge.__name__.replace("_", "-"),
            group=group,
            severity=severity,
            scripts=tuple(scripts),
            needs=tuple(needs),
            yields_to=tuple(yields_to),
            since=since,
            source=source,
            preview=preview,
            docstring=inspect.cleandoc(judge.__doc__ or ""),
            judges_actions=actions,
        )
        return Rule(info, judge)

    return make


def rules_in(*modules: ModuleType) -> tuple[Rule, ...]:
    """Return the rules that modules define, in their order.

    Args:
        modules: The modules of a group.
    """
    return tuple(
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, Rule) and found.judge.__module__ == module.__name__
    )
