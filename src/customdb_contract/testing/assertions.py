"""Assertions for your own tests, in any test runner."""

from collections.abc import Sequence
from typing import Any, Final

from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.checking import check
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.findings import Report
from customdb_contract.observing import observe_known_users
from customdb_contract.probes import DEFAULT_MAX_TIME, Probing
from customdb_contract.rules import judge_selected, select_rules
from customdb_contract.transcript import Ending, Transcript, print_exchange

__all__ = ["assert_consistent", "assert_contract"]

_MOST_NAMED: Final = 5
_ANSWERS: Final = {Ending.FOUND, Ending.NOT_FOUND}


def assert_contract(database: object, users: Sequence[KnownUser], **settings: Any) -> Report:
    """Check a custom database, and fail if it breaks the contract.

    Args:
        database: The database, in any of the forms that `check` takes.
        users: The truth: users who are in the store now.
        settings: The other settings of `check`.

    Returns:
        The report, which is ok.

    Raises:
        ContractBrokenError: When it is not; an `AssertionError` with the findings and the calls that prove them.
        ConfigurationError: When an argument cannot be used, or the database has no scripts or cannot be created.
    """
    __tracebackhide__ = True
    report = check(database, users, **settings)
    report.raise_for_failures()
    return report


def assert_consistent(
    database: object,
    emails: Sequence[str],
    *,
    connection: Connection | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    max_time: float = DEFAULT_MAX_TIME,
    ignore_fields: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str = "error",
) -> Report:
    """Call `get_user` twice for each of a sample of real users, and fail if the results break the contract.

    No password is needed, and no other identifiers are used: neither unknown users nor hostile identifiers.

    Args:
        database: The database, in any of the forms that `check` takes.
        emails: E-mails of users who are in the store now.
        connection: The settings of the connection; None stands for the settings that the database brings along, or for
            Auth0's defaults.
        timeout: Seconds that one script may take.
        max_time: Seconds that the whole sample may take.
        ignore_fields: Paths of the profile that are not compared.
        ignore: Names of rules or groups not to judge.
        fail_on: The lowest severity that fails: `error` or `warning`.

    Returns:
        The report, which is ok.

    Raises:
        ContractBrokenError: When a user is not found, or a rule is broken; an `AssertionError`.
        ConfigurationError: When an argument cannot be used, the sample is empty, or the database has no get_user.
    """
    __tracebackhide__ = True
    if isinstance(emails, str):
        message = f"emails must be a list of e-mails, got {emails!r}"
        raise ConfigurationError(message)
    users = [KnownUser(email=email) for email in emails]
    if not users:
        message = "the sample is empty: give e-mails of users who are in the store"
        raise ConfigurationError(message)
    # The truth only covers get_user, so it says nothing about other scripts.
    ignored = ("missing-script", *ignore)
    selection = select_rules(ignore=ignored, fail_on=fail_on)
    probing = Probing(timeout=timeout, max_time=max_time, ignore_fields=tuple(ignore_fields))
    transcript = observe_known_users(database, users, connection, probing, Script.GET_USER)
    _refuse_unanswered(transcript)
    report = judge_selected(transcript, selection)
    report.raise_for_failures()
    return report


def _refuse_unanswered(transcript: Transcript) -> None:
    """Fail if a user of the sample is not found: a rule could not distinguish a wrong script from a wrong sample."""
    __tracebackhide__ = True
    identifiers = {person.label: person.identifiers[0] for person in transcript.people}
    problems: list[str] = []
    examples: list[str] = []
    for what, endings in (("does not find", {Ending.NOT_FOUND}), ("fails for", set(Ending) - _ANSWERS)):
        calls = [exchange for exchange in transcript.judged if exchange.ending in endings]
        people = list(dict.fromkeys(identifiers[call.person] for call in calls))
        if people:
            more = f" and {len(people) - _MOST_NAMED} more" if len(people) > _MOST_NAMED else ""
            named = ", ".join(people[:_MOST_NAMED])
            problems.append(f"get_user {what} {len(people)} of {len(identifiers)}: {named}{more}")
            examples.append(f"{calls[0].number:>4}  {print_exchange(calls[0], transcript.people)}")
    if problems:
        message = f"{'; '.join(problems)}. Every user in the sample must be in the store that the database reads"
        raise ContractBrokenError("\n".join([message, *examples]))
