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
    """Judge a transcript by every rule, without calling any script.

    Args:
        transcript: A transcript from a check, written by hand, or stored months ago.
        select: Names of rules or groups to judge; empty means all.
        ignore: Names of rules or groups to leave out.
        scripts: Names of the scripts to judge; empty means all scripts and the Action.
        waived: Rules whose breaches are accepted, with the reasons.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule, in the order of the catalogue.

    Raises:
        ConfigurationError: If a rule, a group or a script is unknown, or a waiver has no reason.
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
    """Return a selection of rules, so that a wrong name is reported before the first call.

    Args:
        select: Names of rules or groups to judge; empty means all.
        ignore: Names of rules or groups to leave out.
        scripts: Names of the scripts to judge; empty means all scripts and the Action.
        waived: Rules whose breaches are accepted, with the reasons.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Raises:
        ConfigurationError: If a rule, a group or a script is unknown, or a waiver has no reason.
    """
    return Selection.of(
        CATALOGUE, select=select, ignore=ignore, scripts=scripts, waived=waived, require=require, fail_on=fail_on
    )


def judge_selected(transcript: Transcript, selection: Selection) -> Report:
    """Judge a transcript by the rules of a selection, without calling any script.

    Args:
        transcript: The transcript.
        selection: The rules to judge, and how.
    """
    return judge_by(CATALOGUE, transcript, selection)


def find_rule(name: str) -> Rule:
    """Return a rule by its name.

    Args:
        name: The rule's name, such as `unstable-user-id`.

    Raises:
        ConfigurationError: If there is no such rule; the message suggests similar names.
    """
    names = {rule.info.name: rule for rule in CATALOGUE}
    if name not in names:
        message = problem_of_name(name, names, "rule")
        raise ConfigurationError(message)
    return names[name]
