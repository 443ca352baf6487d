"""The catalogue of rules, and the judgement of a transcript by it."""

import difflib
from collections.abc import Collection, Mapping
from typing import Final

from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.rules import callback, outcome
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import Rule
from customdb_contract.transcript import Transcript

__all__ = ["CATALOGUE", "Rule", "find_rule", "judge"]

CATALOGUE: Final[tuple[Rule, ...]] = (
    callback.callback_called_twice,
    callback.callback_not_called,
    callback.callback_too_late,
    callback.throws_synchronously,
    callback.uncaught_async_exception,
    callback.error_not_an_error_object,
    callback.error_without_message,
    callback.result_beside_error,
    callback.wrong_arity,
    outcome.wrong_password_not_reported,
    outcome.unknown_user_not_reported,
    outcome.login_null_result,
    outcome.login_outage_as_wrong_password,
    outcome.inconsistent_error_identifier,
    outcome.not_found_not_null,
    outcome.outage_as_not_found,
    outcome.get_user_ignores_identifier,
    outcome.profile_not_an_object,
    outcome.script_not_implemented,
    outcome.missing_script,
)
"""Every rule, by group, in the order of the reports."""


def judge(
    transcript: Transcript,
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Report:
    """Judge a transcript by every rule. It calls no script.

    Args:
        transcript: What the scripts did: from a check, written by hand, or stored months ago.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule, in the order of the catalogue.

    Raises:
        ConfigurationError: When a rule or a group is unknown, or a waiver has no reason.
    """
    return judge_by(
        CATALOGUE, transcript, select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on
    )


def find_rule(name: str) -> Rule:
    """Return a rule by its name.

    Args:
        name: The rule's name, such as `unstable-user-id`.

    Raises:
        ConfigurationError: When there is no such rule; the message names near matches.
    """
    names = {rule.info.name: rule for rule in CATALOGUE}
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`customdb-contract rules` lists them"
        message = f"there is no rule {name!r}; {hint}"
        raise ConfigurationError(message)
    return names[name]
