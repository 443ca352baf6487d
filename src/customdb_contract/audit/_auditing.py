"""`audit`: checks every user of a store with the rules for profiles."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from customdb_contract.audit._about import select_audited
from customdb_contract.audit._columns import Columns, Row
from customdb_contract.audit._confirming import Judge, named, place_of
from customdb_contract.audit._counting import Counter
from customdb_contract.audit._engines import (
    BATCH,
    DEFAULT_MEMORY,
    Table,
    Workshop,
    count_of,
    rows_in_batches,
    workshop,
)
from customdb_contract.audit._failing import reading
from customdb_contract.audit._findings import AuditReport, PasswordFormats, UserFinding
from customdb_contract.audit._hashes import HashReader, formats_of
from customdb_contract.audit._making import Maker, maker_of
from customdb_contract.audit._metadata import MetadataReader
from customdb_contract.audit._own_rules import AuditedRule
from customdb_contract.audit._screening import SCREENS, Screening, suspicious
from customdb_contract.audit._settled import settled
from customdb_contract.audit._shared import SHARED, Shared, sharing_findings, unicode_findings
from customdb_contract.audit._sizes import SizeTally
from customdb_contract.audit._sources import open_users
from customdb_contract.audit._state import FolderState, NoState, State
from customdb_contract.audit._users import FILE, ROW, Users, as_text
from customdb_contract.audit._writing import findings_file
from customdb_contract.bridges.making import NotMade
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Severity
from customdb_contract.interrupts import interruptible

__all__ = ["AuditInterrupted", "AuditProgress", "audit"]

_NO_COLUMN: Final = "needs a column that is not mapped"
_MADE: Final = "metadata is compared in columns only, but profile_of creates the profiles"
_DEFAULT_TIMEOUT: Final = 20.0


@frozen(kw_only=True)
class AuditProgress:
    """The progress of an audit.

    Args:
        doing: The current rule or step.
        users: The number of users.
        rows: The number of rows checked one by one so far; the engine itself rules out most rows.
        findings: The number of findings so far.
    """

    doing: str
    users: int
    rows: int
    findings: int


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
    running: list[_Audit] = []

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
                one = _Audit(
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
                    seen=_Seen(total),
                )
                running.append(one)
                with reading(users.source, lambda: one.so_far(findings, state), is_file=users.is_file):
                    one.run()
        finally:
            kept.close()
    found = report(interrupted=False)
    assert found is not None  # noqa: S101 - it ran
    return found


class _Seen:
    """What is known so far, besides the findings."""

    def __init__(self, users: int) -> None:
        self.users = users
        self.rows = 0
        self.doing = "the beginning"
        self.sizes = SizeTally()
        self.password_formats: PasswordFormats | None = None


@frozen(kw_only=True, slots=False)
class _Audit:
    users: Users
    columns: Columns
    rules: tuple[AuditedRule, ...]
    screening: Screening
    show_values: bool
    maker: Maker | None
    counter: Counter
    workshop: Workshop
    state: State
    on_progress: Callable[[AuditProgress], None]
    seen: _Seen

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the rules."""
        return frozenset(rule.name for rule in self.rules)

    @property
    def measures(self) -> bool:
        """Whether the sizes of profiles are counted."""
        return "profile-too-large" in self.names

    def so_far(self, findings: str | Path | None, state: str | Path | None) -> str:
        """Return the progress of an audit that failed, and how to resume it.

        Args:
            findings: The file with the findings.
            state: The folder with the state.
        """
        place = "" if findings is None else f", in {findings}"
        how = "run it again to resume" if state else "to be able to resume, use --state FOLDER (state in Python)"
        seen, found = self.seen, f"{self.counter.findings:,} findings so far"
        return f". The audit of {seen.users:,} users stopped at {seen.doing}, with {found}{place}; {how}"

    def run(self) -> None:
        """Check all users."""
        self._step("unreadable-row", self._unreadable)
        self._profiles()
        self._passwords()
        for shared in SHARED:
            self._compare(shared)
        self._step("unicode-email-collision", self._unicode, needs="email", is_for_import=True)
        self._metadata()

    def _step(
        self,
        rule: str,
        found: Callable[[], Iterator[UserFinding]],
        *,
        needs: str | None = None,
        is_for_import: bool = False,
    ) -> None:
        """Run a step, unless it was completed before the audit was interrupted."""
        if rule not in self.names:
            return
        if needs is not None and not self.users.has(needs):
            self.counter.leave_out(rule, _NO_COLUMN)
        elif is_for_import and not self.screening.import_mode:
            self.counter.leave_out(rule, "import mode is off")
        elif self.state.note(rule) is None:
            self._tell(rule)
            self._add(found())
            self.state.done(rule, value=True)

    def _tell(self, doing: str) -> None:
        seen, findings = self.seen, self.counter.findings
        seen.doing = doing
        self.on_progress(AuditProgress(doing=doing, users=seen.users, rows=seen.rows, findings=findings))

    def _add(self, findings: Iterable[UserFinding]) -> None:
        wanted = (one for one in findings if one.rule in self.names)
        while some := list(islice(wanted, BATCH)):
            self.counter.add(some)
            self.state.keep(some)

    def _unreadable(self) -> Iterator[UserFinding]:
        return (_unreadable(None, place, problem) for place, problem in self.users.unreadable())

    def _profiles(self) -> None:
        """Check the users one by one."""
        self.seen.doing = "profiles"
        made = self.maker is not None
        wanted = [name for name in SCREENS if name in self.names]
        if not made:
            for name in wanted:
                if SCREENS[name](self.screening) is None:
                    self.counter.leave_out(name, _NO_COLUMN)
        done: Any = self.state.note("profiles") or {"batches": 0, "sizes": [0, 0, 0], "ended": False}
        self.seen.sizes = SizeTally(*done["sizes"])
        if done["ended"]:
            return
        rows = self._all_rows() if made else self._suspicious_rows(wanted)
        number = 0
        for number, batch in enumerate(rows, 1):
            if number <= done["batches"]:
                continue
            self._tell("profiles")
            self._add(list(self._counted(batch)))
            self.state.done("profiles", self._so_far(number, ended=False))
        if self.measures and not made and not self.seen.sizes.largest:
            self.seen.sizes.measure_largest(self.users)
        self.state.done("profiles", self._so_far(number, ended=True))

    def _counted(self, batch: Iterable[Iterable[UserFinding]]) -> Iterator[UserFinding]:
        for one in batch:
            self.seen.rows += 1
            yield from one

    def _so_far(self, batches: int, *, ended: bool) -> dict[str, object]:
        sizes = self.seen.sizes
        return {
            "batches": batches,
            "sizes": [sizes.above_limit, sizes.above_allowance, sizes.largest],
            "ended": ended,
        }

    def _judge(self) -> Judge:
        return Judge(
            fields=self.users.fields,
            rules=self.names - self.counter.left_out,
            import_mode=self.screening.import_mode,
            requires_username=self.screening.requires_username,
            show_values=self.show_values,
            sizes=None if self.columns.profile_of else self.seen.sizes,
        )

    def _suspicious_rows(self, wanted: list[str]) -> Iterator[Iterator[Iterable[UserFinding]]]:
        """Yield batches of the findings on each user whose row an expression selects as suspicious."""
        table = suspicious(self.screening, wanted)
        judge = self._judge()
        if table is not None:
            for batch in rows_in_batches(self._in_order(table)):
                yield map(judge.of_row, batch)

    def _all_rows(self) -> Iterator[Iterator[Iterable[UserFinding]]]:
        """Yield batches of the findings on each profile that `profile_of` returns."""
        maker, judge = self.maker, self._judge()
        assert maker is not None  # noqa: S101 - see _profiles
        for batch in rows_in_batches(self._in_order(self.users.raw)):
            rows = [self._raw(row) for row in batch]
            made = iter(maker.made_of([_plain(row) for row in rows if row is not None]))
            yield (
                [_unreadable(None, place_of(place), "can't be read: it is nested too deeply")]
                if row is None
                else self._of_made(judge, row, next(made))
                for place, row in zip(batch, rows, strict=True)
            )

    def _raw(self, row: Row) -> Row | None:
        """Return a row as `profile_of` receives it; None if Python cannot read its JSON."""
        try:
            return self.users.raw_row(row)
        except (ValueError, RecursionError):
            return None

    def _of_made(self, judge: Judge, row: Row, profile: Mapping[str, object] | NotMade) -> Iterable[UserFinding]:
        user_id = as_text(row.get(self.columns.user_id))
        if isinstance(profile, NotMade):
            return [_unreadable(*named(user_id, row), profile.problem)]
        if self.measures:
            self.seen.sizes.add(profile)
        return judge.of_profile(profile, user_id, row)

    def _in_order(self, table: Table) -> Table:
        """Return a table whose rows always come in the same order, if a state depends on it."""
        if isinstance(self.state, NoState) or FILE in table.columns or self.users.is_copied:
            return table
        return table.order_by(table.columns)

    def _passwords(self) -> None:
        rules = {"missing-password", "unknown-password-format"} & self.names
        if not rules:
            return
        if self.columns.password_hash is None:
            for rule in rules:
                self.counter.leave_out(rule, _NO_COLUMN)
            return
        done: Any = self.state.note("passwords")
        if done is None:
            self._tell("passwords")
            reader = HashReader(self.users, formats_of(self.columns))
            self._add(reader.findings())
            formats = reader.formats
            done = {"users": dict(formats.users), "unknown": formats.unknown, "none": formats.none}
            self.state.done("passwords", done)
        accepted = tuple([one.name for one in formats_of(self.columns)])
        self.seen.password_formats = PasswordFormats(**done, accepted=accepted)

    def _compare(self, shared: Shared) -> None:
        on = self.screening.import_mode
        self._step(
            shared.rule,
            lambda: sharing_findings(self.users, shared, import_mode=on, show_values=self.show_values),
            needs=shared.attribute,
        )

    def _unicode(self) -> Iterator[UserFinding]:
        return unicode_findings(self.users, self.workshop, show_values=self.show_values)

    def _metadata(self) -> None:
        rules = {"inconsistent-metadata-type", "dynamic-metadata-keys"} & self.names
        reader = MetadataReader(self.users)
        if not rules or self.columns.profile_of is not None or not reader.has_any:
            if "inconsistent-metadata-type" in rules:
                self.counter.leave_out(
                    "inconsistent-metadata-type", _NO_COLUMN if self.columns.profile_of is None else _MADE
                )
            return
        crowded: Any = self.state.note("metadata")
        if crowded is None:
            self._tell("metadata")
            reader.read()
            if "inconsistent-metadata-type" in rules:
                self._add(reader.inconsistent())
            crowded = [[one.path, one.keys, one.users] for one in reader.crowded()]
            self.state.done("metadata", crowded)
        if "dynamic-metadata-keys" in rules:
            for path, keys, users in crowded:
                self.counter.note(_crowded(path, keys), users)


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in {FILE, ROW}}


def _unreadable(user_id: str | None, place: str, problem: str) -> UserFinding:
    return UserFinding(
        rule="unreadable-row", severity=Severity.ERROR, user_id=user_id, row=place, path="row", problem=problem
    )


def _crowded(path: str, keys: int) -> UserFinding:
    return UserFinding(
        rule="dynamic-metadata-keys",
        severity=Severity.INFO,
        user_id=None,
        path=f"{path}.*",
        problem=f"has {keys} different keys across all users; store them as values",
    )
