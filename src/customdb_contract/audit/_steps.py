"""The steps of an audit: each checks all users for some rules, unless it was completed before an interruption."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from customdb_contract.audit._columns import Columns, Row
from customdb_contract.audit._confirming import Judge, named, place_of
from customdb_contract.audit._counting import Counter
from customdb_contract.audit._engines import BATCH, Table, Workshop, rows_in_batches
from customdb_contract.audit._findings import PasswordFormats, UserFinding
from customdb_contract.audit._hashes import HashReader, formats_of
from customdb_contract.audit._making import Maker
from customdb_contract.audit._metadata import MetadataReader
from customdb_contract.audit._own_rules import AuditedRule
from customdb_contract.audit._screening import SCREENS, Screening, suspicious
from customdb_contract.audit._shared import SHARED, Shared, sharing_findings, unicode_findings
from customdb_contract.audit._sizes import SizeTally
from customdb_contract.audit._state import NoState, State
from customdb_contract.audit._users import FILE, ROW, Users, as_text
from customdb_contract.bridges.making import NotMade
from customdb_contract.findings import Severity

__all__ = ["AuditProgress", "Seen", "Steps"]

_NO_COLUMN: Final = "needs a column that is not mapped"
_MADE: Final = "metadata is compared in columns only, but profile_of creates the profiles"


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


class Seen:
    """What is known so far, besides the findings."""

    def __init__(self, users: int) -> None:
        self.users = users
        self.rows = 0
        self.doing = "the beginning"
        self.sizes = SizeTally()
        self.password_formats: PasswordFormats | None = None


@frozen(kw_only=True, slots=False)
class Steps:
    """All steps of one audit, with what they need.

    Args:
        users: The users, and their columns.
        columns: The columns that make up a profile.
        rules: The rules to check.
        screening: The input of the screens.
        show_values: Whether findings contain the values.
        maker: Creates the profiles; None if they come from columns.
        counter: Counts the findings.
        workshop: The DuckDB of the audit.
        state: The progress that is stored.
        on_progress: Called with the progress.
        seen: The progress that is not in the findings.
    """

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
    seen: Seen

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
