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
    """Check a custom database against the contract: drive its scripts, and judge what they did.

    Args:
        database: An object with the scripts as methods, a function that makes one, or a context manager (or a function
            that makes one) which gives one; or a `NodeDatabase`. Functions are called on the thread and the loop where
            the scripts run.
        users: The truth: people who are in the store now.
        connection: The settings of the connection; None stands for what the database says of them, or for Auth0's
            defaults.
        outage: The same database with its store out of reach, in any of the forms above; or a function with one
            parameter, which is given the address of a server that fails in one way after another; or a `NodeDatabase`
            with the placeholder of such an address in its configuration.
        hostile: Whether identifiers that try injection are sent. They only read.
        wrong_passwords: Wrong passwords that are tried for one person at the most, 0 or more.
        timeout: Seconds that one script may take; Auth0 gives it 20.
        max_time: Seconds that the whole check may take. What was not reached by then makes the report incomplete.
        secrets: More secrets that must appear nowhere, by what they are: `{"configuration API_TOKEN": Secret(…)}`.
        ignore_fields: Paths of the profile that are not compared, such as `app_metadata.last_seen`.
        writes: Whether create, verify, change_password, change_email and delete are called too, on users whom the
            check makes itself and removes at the end; with import mode on only change_password. Who could not be
            removed stands in the report.
        fresh_database: An empty database that is written to instead, in any of the forms of `database`.
        new_user: What a user looks like whom the check makes; None stands for `NewUser()`.
        settle: Seconds that a write may take to be seen, 0 or more. Between create and login nothing is waited for, for
            Auth0 doesn't wait either.
        inspect: Is given an identifier and returns what the store has of it, a mapping or None, without the scripts; so
            it can be seen how passwords are stored, and whether reading writes.
        rehearse: Whether the lives of users are played on a simulated tenant at the end: a known user logs in for the
            first time, resets the password before that, is deleted and comes back. With import mode off, and with
            `writes`, also those of users whom the check makes.
        progress: Is told of each call.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail: `error` or `warning`.

    Returns:
        One verdict per rule. What the scripts do, whatever it is, is a verdict and raises nothing.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts or cannot be made.
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

    # Who imports `check` does not need the rules yet.
    from customdb_contract.rules import judge_selected, select_rules  # noqa: PLC0415 - see above

    selection = select_rules(select=select, ignore=ignore, waived=waived, require=require, fail_on=fail_on)
    if connection is None:
        connection = database.connection if brings_bridge(database) else Connection()
    transcript = observe(database, users, connection, probing, progress=progress)
    try:
        return judge_selected(transcript, selection)
    except KeyboardInterrupt:
        raise CheckInterrupted(transcript) from None
