"""`check`: probe, judge, report."""

from collections.abc import Callable, Collection, Mapping, Sequence

from customdb_contract.bridges import brings_bridge
from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.findings import Report
from customdb_contract.observing import CheckInterrupted, observe
from customdb_contract.probes import DEFAULT_MAX_TIME, DEFAULT_WRONG_PASSWORDS, Probing
from customdb_contract.secrets import Secret
from customdb_contract.transcript import Exchange

__all__ = ["CheckInterrupted", "check"]


def check(
    database: object,
    users: Sequence[KnownUser],
    *,
    connection: Connection | None = None,
    outage: object = None,
    hostile: bool = True,
    wrong_passwords: int = DEFAULT_WRONG_PASSWORDS,
    timeout: float = DEFAULT_TIMEOUT,
    max_time: float = DEFAULT_MAX_TIME,
    secrets: Mapping[str, Secret] | None = None,
    ignore_fields: Sequence[str] = (),
    writes: bool = False,
    fresh_database: object = None,
    new_user: NewUser | None = None,
    settle: float = 0.0,
    inspect: Callable[[str], object] | None = None,
    rehearse: bool = True,
    progress: Callable[[Exchange], None] = lambda _: None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    waived: Mapping[str, str] | None = None,
    require: Collection[str] = (),
    fail_on: str = "error",
) -> Report:
    """Check a custom database against the contract: call its scripts, and judge what they did.

    Args:
        database: An object with the scripts as methods; a function that returns one; a context manager, or a function
            that returns one, whose value is such an object; or a `NodeDatabase`. Functions are called on the thread and
            the event loop that run the scripts.
        users: The truth: users who are in the store now.
        connection: The settings of the connection; None stands for the settings that the database brings along, or for
            Auth0's defaults.
        outage: The same database with an unreachable store, in any of the forms above; or a function with one
            parameter, the address of a server that fails in one way after another; or a `NodeDatabase` with a
            placeholder for such an address in its configuration.
        hostile: Whether identifiers that attempt injection are sent. They only read.
        wrong_passwords: The maximum number of wrong passwords that are tried for one user, 0 or more.
        timeout: Seconds that one script may take; Auth0 allows 20.
        max_time: Seconds that the whole check may take. A check that runs out of time has an incomplete report.
        secrets: Additional secrets that must appear nowhere, by description: `{"configuration API_TOKEN": Secret(…)}`.
        ignore_fields: Paths of the profile that are not compared, such as `app_metadata.last_seen`.
        writes: Whether create, verify, change_password, change_email and delete are called too, on users that the check
            creates and removes at the end; with import mode on, only change_password. The report lists any user that
            could not be removed.
        fresh_database: An empty database that receives the writes instead, in any of the forms of `database`.
        new_user: What a user created by the check looks like; None stands for `NewUser()`.
        settle: Seconds until a write becomes visible, 0 or more. The check does not wait between create and login,
            because Auth0 doesn't either.
        inspect: A function that takes an identifier and returns the user's record in the store, a mapping or None,
            without using the scripts. It shows how passwords are stored, and whether reading writes.
        rehearse: Whether the lives of users are played on a simulated tenant at the end: a known user logs in for the
            first time, resets the password before that, is deleted and comes back. With import mode off and `writes`,
            users created by the check are played too.
        progress: Called with each recorded call.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        waived: Rules that may fail, each with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule. Whatever the scripts do becomes a verdict; nothing is raised for it.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts or cannot be created.
        CheckInterrupted: After ctrl-C or SIGTERM; a `KeyboardInterrupt` that carries the transcript so far.
    """
    probing = Probing(
        outage=outage,
        hostile=hostile,
        wrong_passwords=wrong_passwords,
        timeout=timeout,
        max_time=max_time,
        secrets=secrets or {},
        ignore_fields=tuple(ignore_fields),
        writes=writes,
        fresh_database=fresh_database,
        new_user=new_user or NewUser(),
        settle=settle,
        inspect=inspect,
        rehearse=rehearse,
    )

    # Importing `check` alone does not need the rules yet.
    from customdb_contract.rules import judge_selected, select_rules  # noqa: PLC0415 - see above

    selection = select_rules(select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on)
    if connection is None:
        connection = database.connection if brings_bridge(database) else Connection()
    transcript = observe(database, users, connection, probing, progress=progress)
    try:
        return judge_selected(transcript, selection)
    except KeyboardInterrupt:
        raise CheckInterrupted(transcript) from None
