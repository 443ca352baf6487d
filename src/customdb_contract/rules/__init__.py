"""The catalogue of rules, and the judgement of a transcript by it."""

from collections.abc import Collection, Mapping
from typing import Final

from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.rules import action, callback, consistency, migration, outcome, profile, security
from customdb_contract.rules._acquainting import acquainted
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._names import RETIRED, Retired, problem_of_name
from customdb_contract.rules._rule import Rule
from customdb_contract.rules._selection import Selection
from customdb_contract.transcript import Transcript

__all__ = [
    "CATALOGUE",
    "RETIRED",
    "Retired",
    "Rule",
    "Selection",
    "acquainted",
    "find_rule",
    "judge",
    "judge_selected",
    "problem_of_name",
    "select_rules",
]

CATALOGUE: Final[tuple[Rule, ...]] = (
    *callback.RULES,
    *outcome.RULES,
    *profile.RULES,
    *consistency.RULES,
    *migration.RULES,
    *security.RULES,
    *action.RULES,
)
"""Every rule, by group, in the order of the reports."""


def judge(
    transcript: Transcript,
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    scripts: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Report:
    """Judge a transcript by every rule. It calls no script.

    Args:
        transcript: What the scripts did: from a check, written by hand, or stored months ago.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        scripts: Names of the scripts that are judged; empty stands for all, and the Action.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule, in the order of the catalogue.

    Raises:
        ConfigurationError: When a rule, a group or a script is unknown, or a waiver has no reason.
    """
    selection = select_rules(
        select=select, ignore=ignore, scripts=scripts, waived=waived, require=require, fail_on=fail_on
    )
    return judge_selected(transcript, selection)


def select_rules(
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    scripts: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Selection:
    """Return a selection of rules, before there is a transcript: a wrong name is told before the first call is made.

    Args:
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        scripts: Names of the scripts that are judged; empty stands for all, and the Action.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Raises:
        ConfigurationError: When a rule, a group or a script is unknown, or a waiver has no reason.
    """
    return Selection.of(
        CATALOGUE, select=select, ignore=ignore, scripts=scripts, waived=waived, require=require, fail_on=fail_on
    )


def judge_selected(transcript: Transcript, selection: Selection) -> Report:
    """Judge a transcript by the rules of a selection. It calls no script.

    Args:
        transcript: What the scripts did.
        selection: Which rules, and how.
    """
    return judge_by(CATALOGUE, transcript, selection)


def find_rule(name: str) -> Rule:
    """Return a rule by its name.

    Args:
        name: The rule's name, such as `unstable-user-id`.

    Raises:
        ConfigurationError: When there is no such rule; the message names near matches.
    """
    names = {rule.info.name: rule for rule in CATALOGUE}
    if name not in names:
        message = problem_of_name(name, names, "rule")
        raise ConfigurationError(message)
    return names[name]
