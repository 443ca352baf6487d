"""`audit`: validates its arguments, opens the users, runs the steps, and reports."""

from collections.abc import Callable, Collection
from importlib.metadata import version
from pathlib import Path
from typing import Final

from customdb_contract.audit._about import select_audited
from customdb_contract.audit._columns import Columns
from customdb_contract.audit._counting import Counter
from customdb_contract.audit._engines import DEFAULT_MEMORY, count_of, workshop
from customdb_contract.audit._failing import reading
from customdb_contract.audit._findings import AuditReport
from customdb_contract.audit._hashes import formats_of
from customdb_contract.audit._making import maker_of
from customdb_contract.audit._screening import Screening
from customdb_contract.audit._settled import settled
from customdb_contract.audit._sources import open_users
from customdb_contract.audit._state import FolderState, NoState, State
from customdb_contract.audit._steps import AuditProgress, Seen, Steps
from customdb_contract.audit._writing import findings_file
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Severity
from customdb_contract.interrupts import interruptible

__all__ = ["AuditInterrupted", "audit"]

_DEFAULT_TIMEOUT: Final = 20.0


class AuditInterrupted(KeyboardInterrupt):
    """An audit was interrupted by ctrl-C or SIGTERM.

    Args:
        report: The report so far; None if nothing was checked yet.
    """

    def __init__(self, report: AuditReport | None) -> None:
        super().__init__("the audit was interrupted")
        self.report = report


def audit(
    table: object,
    columns: Columns,
    *,
    query: str | None = None,
    import_mode: bool = False,
    requires_username: bool = False,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    fail_on: str = "error",
    findings: str | Path | None = None,
    show_values: bool = False,
    sample: int | None = None,
    state: str | Path | None = None,
    timeout: float = _DEFAULT_TIMEOUT,
    memory: str = DEFAULT_MEMORY,
    folder: str | Path | None = None,
    on_progress: Callable[[AuditProgress], None] = lambda _: None,
) -> AuditReport:
    """Audit every user of a store, with the rules that check a profile and those that compare users.

    Args:
        table: The users: the path of a Parquet, CSV or JSON Lines file, or of a folder of them; the URL of a database,
            such as `postgresql://host/shop?table=users`; or an Ibis table.
        columns: The columns that make up a profile.
        query: A single SELECT that returns the users of a database, in its own SQL, instead of `?table=`.
        import_mode: Whether "Import Users to Auth0" is on for the connection.
        requires_username: Whether every user of the connection has a username.
        select: The names of the rules or groups to check; empty stands for all.
        ignore: The names of rules or groups to leave out.
        fail_on: The lowest severity that makes the audit fail: `error` or `warning`.
        findings: The file to write every finding to: `.parquet`, `.csv` or `.jsonl`.
        show_values: Whether findings contain the values, which are personal data; secrets are never shown.
        sample: The number of users to audit, the first ones that the store returns; None stands for all.
        state: A folder in which to store the progress. After an interruption, an audit with the same arguments resumes
            from there, also in another process. None stores nothing. A change inside `profile_of` is not noticed:
            start again after you change the function.
        timeout: Seconds that `profile_of` may take for one row; a row that takes longer is a finding, and its thread is
            abandoned or its process is ended.
        memory: The most memory that DuckDB may use, such as `3GB`.
        folder: The folder to which DuckDB writes data that does not fit into memory; None stands for the temporary
            folder of the machine.
        on_progress: Called with the progress of the audit.

    Returns:
        The report, with the number of users who break each rule, what happens to them, and examples.

    Raises:
        ConfigurationError: If an argument can't be used, the users can't be read, or Ibis is not installed.
        DatabaseOpeningError: If a database can't be opened, rejects the query, or fails while it is read.
        AuditInterrupted: After ctrl-C or SIGTERM; a `KeyboardInterrupt` with the report so far.
    """
    rules = select_audited(select, ignore)
    if fail_on not in {Severity.ERROR, Severity.WARNING}:
        message = f"fail_on must be 'error' or 'warning', not {fail_on!r}"
        raise ConfigurationError(message)
    if sample is not None and sample < 1:
        message = f"sample must be 1 or more, got {sample}"
        raise ConfigurationError(message)
    formats_of(columns)
    running: list[Steps] = []

    def report(*, interrupted: bool) -> AuditReport | None:
        if not running:
            return None
        done = running[0]
        return AuditReport(
            source=done.users.source,
            engine=done.users.engine,
            import_mode=import_mode,
            users=done.seen.users,
            sampled=sample is not None,
            results=done.counter.results(),
            sizes=done.seen.sizes.sizes(done.seen.users) if done.measures else None,
            password_formats=done.seen.password_formats,
            findings_file=None if findings is None else str(findings),
            fail_on=Severity(fail_on),
            interrupted=interrupted,
        )

    below = None if folder is None else Path(folder)
    with interruptible(lambda: AuditInterrupted(report(interrupted=True))), workshop(memory, below) as place:
        maker = None if columns.profile_of is None else maker_of(columns.profile_of, timeout, place.at_end)
        users = open_users(table, columns, place, query=query, sample=sample)
        with reading(users.source, is_file=users.is_file):
            total = count_of(users.table) + sum(1 for _ in users.unreadable())
        settings = {
            "users": (users.source, users.identity, total, query, sample),
            "columns": columns if state is None else settled(columns),
            "rules": [rule.name for rule in rules],
            "settings": (import_mode, requires_username, show_values, timeout),
            "library": version("customdb-contract"),
        }
        kept: State = NoState() if state is None else FolderState(Path(state), settings)
        try:
            with findings_file(None if findings is None else Path(findings)) as file:
                counter = Counter(rules, file.write)
                counter.add(kept.findings())
                one = Steps(
                    users=users,
                    columns=columns,
                    rules=rules,
                    screening=Screening(users, import_mode, requires_username),
                    show_values=show_values,
                    maker=maker,
                    counter=counter,
                    workshop=place,
                    state=kept,
                    on_progress=on_progress,
                    seen=Seen(total),
                )
                running.append(one)
                with reading(users.source, lambda: one.so_far(findings, state), is_file=users.is_file):
                    one.run()
        finally:
            kept.close()
    found = report(interrupted=False)
    assert found is not None  # noqa: S101 - it ran
    return found
