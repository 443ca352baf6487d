"""A rule: a pure function over a transcript, with its description."""

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
"""The result of each comparison that a rule makes."""

_Judge: TypeAlias = Callable[[Transcript], Iterator[Comparison]]


@frozen
class Rule:
    """A rule: its description and its judgement.

    Args:
        info: The description.
        judge: Yields `Held` or `Violation` for each comparison that it makes, nothing if there is nothing to compare,
            and `Untried` for comparisons that the check left out.
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
        group: The rule's group.
        severity: The highest severity of its findings, and the severity of a `Violation` that names none.
        scripts: The scripts that it judges.
        actions: Whether it judges Actions too.
        needs: The requirements without which it can't judge anything.
        yields_to: More specific rules: this rule does not report an exchange that one of them reports.
        since: The first version that has the rule, such as `0.1.0`.
        source: A page of Auth0's documentation, or "good practice" and the reason.
        preview: Whether it is new: its findings are reported but never fail a check.
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
    """Return the rules that some modules define, in order.

    Args:
        modules: The modules of a group.
    """
    return tuple(
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, Rule) and found.judge.__module__ == module.__name__
    )
