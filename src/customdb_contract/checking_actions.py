"""`check_action`: run a post-login Action in every situation, judge what it did, and report it."""

from collections.abc import Collection, Mapping, Sequence

from customdb_contract.connection import Connection
from customdb_contract.faults import LegacyAnswers
from customdb_contract.findings import Report
from customdb_contract.observing_actions import DEFAULT_ANSWERS, CheckedAction, observe_action
from customdb_contract.probes import DEFAULT_MAX_TIME

__all__ = ["check_action"]


def check_action(
    action: object,
    *,
    connection: Connection | None = None,
    legacy: LegacyAnswers | None = None,
    metadata_required: bool = False,
    restores: Sequence[str] = (),
    max_time: float = DEFAULT_MAX_TIME,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Report:
    """Check a post-login Action that restores legacy metadata: run it in every situation, and judge what it did.

    Args:
        action: A function `(event, api)`, sync or async, a `PythonAction`, or a `NodeAction`. In its secrets,
            `{legacy_url}` stands for the address of the stand-in for the legacy system.
        connection: The settings of the connection of the legacy users; None stands for Auth0's defaults.
        legacy: How the legacy system responds; None stands for
            `{"id": "{user_id}", "email": "{email}", "sub": {"plan": "full"}}`.
        metadata_required: Whether the Action is meant to deny a log-in without metadata.
        restores: Paths that a repair must restore, such as `app_metadata.plan`; they can go deeper than the first
            level.
        max_time: Seconds that the whole check may take. A check that runs out of time has an incomplete report.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        waived: Rules that may fail, each with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule. Whatever the Action does becomes a verdict; nothing is raised for it.

    Raises:
        ConfigurationError: When an argument cannot be used.
        CheckInterrupted: After ctrl-C or SIGTERM; a `KeyboardInterrupt` that carries the transcript so far.
    """
    from customdb_contract.rules import judge_selected, select_rules  # noqa: PLC0415 - see `check`

    selection = select_rules(select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on)
    checked = CheckedAction(
        action=action,
        legacy=legacy or DEFAULT_ANSWERS,
        metadata_required=metadata_required,
        restores=tuple(restores),
    )
    transcript = observe_action(checked, connection or Connection(), max_time=max_time)
    return judge_selected(transcript, selection)
