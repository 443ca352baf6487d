"""Hostile identifiers for the scripts that write: they reach only an empty database, and their changes are reported."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import pytest
from attrs import frozen
from typing_extensions import override

from customdb_contract import Connection, Declined, Done, Failed, Report, ScriptError, check
from customdb_contract.contract import Script
from customdb_contract.findings import Status
from customdb_contract.observing import plan_lines
from customdb_contract.probes import Probing
from customdb_contract.transcript import Noticed, Situation
from mutants import breaches, explain
from writing_shop import Record, WritingShop, known_customer

pytestmark = pytest.mark.one_python

_Shop = TypeVar("_Shop", bound=type[WritingShop])
WRITING = {Script.VERIFY, Script.CHANGE_PASSWORD, Script.CHANGE_EMAIL, Script.DELETE}


def report_on(make: Callable[..., WritingShop], **settings: Any) -> Report:
    """Check a shop, writing to an empty one."""
    fresh = make(is_empty=True)
    return check(make(), [known_customer()], writes=True, fresh_database=fresh, rehearse=False, **settings)


def hostile_writes(report: Report) -> set[Script]:
    """Return the writing scripts that received hostile identifiers."""
    calls = report.transcript.select(None, "hostile")
    return {call.script for call in calls} & WRITING


class Careless(WritingShop):
    """Looks up the user to change with a concatenated query; the reading scripts are careful."""

    def matches(self, query: str, value: str) -> bool:
        raise NotImplementedError

    def rows_for(self, query: object) -> list[Record]:
        return [row for row in self.rows() if self.matches(str(query).lower(), row.email.lower())]


@frozen
class Mutant:
    """A variant of the shop, the rule that must fire on it, and the scripts to blame."""

    make: type[WritingShop]
    rule: str
    blamed: tuple[Script, ...]


MUTANTS: dict[str, Mutant] = {}


def fires(rule: str, *blamed: Script) -> Callable[[_Shop], _Shop]:
    """Register a class as a mutant on which only this rule fires."""

    def note(make: _Shop) -> _Shop:
        MUTANTS[make.__name__] = Mutant(make, rule, blamed)
        return make

    return note


def in_sql(query: str, value: str) -> bool:
    """Return whether `... WHERE column = '<query>'` finds a value."""
    text, *conditions = re.split(r"' or ", query.partition("' -- ")[0])
    return text == value or any("=" in condition for condition in conditions)


@fires("sql-injection", Script.VERIFY)
class VerifiesBySql(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        rows = [row for row in self.rows() if in_sql(email.lower(), row.email.lower())]
        for row in rows:
            row.verified = True
        return Done() if rows else Declined()


@fires("sql-injection", Script.DELETE)
class DeletesBySql(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        self.records = [row for row in self.rows() if not in_sql(user_id, self.user_id(row))]
        return Done()


@fires("sql-injection", Script.DELETE)
class DeletesByNumberInSql(WritingShop):
    @override
    def user_id(self, row: Record) -> str:
        return str(row.number)

    @override
    def delete(self, user_id: Any) -> Any:
        if not re.fullmatch(r"\d+( or 1=1)?", user_id.lower()):
            return Failed(ScriptError("syntax error"))
        keep = "or" not in user_id.lower()
        self.records = [row for row in self.rows() if keep and self.user_id(row) != user_id]
        return Done()


@fires("sql-injection", Script.CHANGE_PASSWORD)
class ChangesPasswordsBySql(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        rows = [row for row in self.rows() if in_sql(email.lower(), row.email.lower())]
        for row in rows:
            row.password = new_password
        return Done() if rows else Declined()


@fires("sql-injection", Script.CHANGE_EMAIL)
class ChangesEmailsBySql(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row = next((row for row in self.rows() if in_sql(email.lower(), row.email.lower())), None)
        holder = self.find(new_email)
        if row is None or (holder is not None and holder is not row):
            return Declined()
        row.email, row.verified = new_email, verified
        return Done()


@fires("sql-injection", Script.CHANGE_EMAIL)
class ReportsTheSyntaxErrorOfChangeEmail(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        if "'" in email:
            return Failed(ScriptError('near "\'": syntax error'))
        return super().change_email(email, new_email, verified)


@fires("url-injection", Script.DELETE)
class DeletesByAddress(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        return super().delete(re.split(r"[?#&]", user_id)[0].rpartition("../")[2])


@fires("url-injection", Script.CHANGE_PASSWORD)
class ChangesPasswordsByAddress(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return super().change_password(re.split(r"[?#&]", email)[0], new_password)


@fires("wildcard-identifier", Script.CHANGE_PASSWORD)
class ChangesPasswordsByPattern(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        pattern = email.lower().replace("%", "*").replace("_", "?")
        rows = [row for row in self.rows() if fnmatchcase(row.email.lower(), pattern)]
        for row in rows:
            row.password = new_password
        return Done() if rows else Declined()


@fires("wildcard-identifier", Script.VERIFY)
class VerifiesWhoeverIsFirst(WritingShop):
    """Changes a user other than the victim: only the result shows it."""

    @override
    def verify(self, email: Any) -> Any:
        pattern = email.lower().replace("%", "*").replace("_", "?")
        row = next((row for row in self.rows() if fnmatchcase(row.email.lower(), pattern)), None)
        if row is None:
            return Declined()
        row.verified = True
        return Done()


@fires("nosql-injection", Script.DELETE)
class DeletesByOperator(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        if user_id == '{"$ne": null}':
            self.records = []
        return super().delete(user_id)


@fires("regex-from-input", Script.CHANGE_EMAIL)
class ChangesEmailsByExpression(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        is_expression = email.startswith((".*", "^"))
        row = next((row for row in self.rows() if is_expression and re.match(email, row.email)), None)
        return super().change_email(row.email if row else email, new_email, verified)


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_change_by_a_hostile_identifier_is_reported_by_its_rule_only(mutant: Mutant) -> None:
    report = report_on(mutant.make)

    assert breaches(report) == [mutant.rule], explain(report)
    findings = report.verdict(mutant.rule).findings
    assert {finding.script for finding in findings} == set(mutant.blamed), explain(report)


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_no_hostile_identifier_reaches_a_database_that_is_not_empty(mutant: Mutant) -> None:
    """Neither the checked database, nor a fresh one in which a known user is found."""
    without = check(mutant.make(), [known_customer()], writes=True, rehearse=False)
    seeded = check(mutant.make(), [known_customer()], writes=True, fresh_database=mutant.make(), rehearse=False)

    for report in (without, seeded):
        assert hostile_writes(report) == set()
        assert breaches(report) == [], explain(report)


@pytest.mark.parametrize(
    ("connection", "given"),
    [(Connection(), WRITING), (Connection(import_mode=True), {Script.CHANGE_PASSWORD})],
    ids=["legacy", "import"],
)
def test_a_careful_shop_is_given_all_of_them_and_nothing_stays(connection: Connection, given: set[Script]) -> None:
    made: list[WritingShop] = []

    class Noted(WritingShop):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            made.append(self)

    report = report_on(Noted, connection=connection)

    assert hostile_writes(report) == given
    assert breaches(report) == [], explain(report)
    assert report.transcript.header.left_behind == ()
    assert [[row.email for row in shop.records] for shop in made] == [[], ["ada@example.com"]]
    assert report.verdict("sql-injection").status is Status.PASSED


def test_without_hostile_input_nothing_hostile_is_written() -> None:
    assert hostile_writes(report_on(WritingShop, hostile=False)) == set()


def test_ids_that_are_not_hostile_to_a_store_are_left_out() -> None:
    """A store reads `7?x=1` as 7, and half an id may be another user's id."""

    class Numbered(WritingShop):
        @override
        def user_id(self, row: Record) -> str:
            return str(row.number)

        @override
        def delete(self, user_id: Any) -> Any:
            number = re.match(r"\d*", user_id)
            before = len(self.rows())
            self.records = [row for row in self.rows() if number is None or self.user_id(row) != number[0]]
            return Done() if len(self.records) < before else Failed(ScriptError("no such user"))

    report = report_on(Numbered)
    ids = {str(call.identifier) for call in report.transcript.select(Script.DELETE, "hostile")}

    assert breaches(report) == [], explain(report)
    assert "0 OR 1=1" in ids
    assert ".." not in ids
    assert not any(identifier[:1].isdigit() for identifier in ids - {"0 OR 1=1"})


def test_a_delete_that_raises_for_an_id_of_another_kind_is_not_blamed() -> None:
    class Strict(WritingShop):
        @override
        def user_id(self, row: Record) -> str:
            return str(row.number)

        @override
        def delete(self, user_id: Any) -> Any:
            return super().delete(str(int(user_id)))

    assert breaches(report_on(Strict)) == []


def test_probes_skipped_after_harm_are_reported() -> None:
    report = report_on(DeletesBySql)
    (last,) = [call for call in report.transcript.exchanges if call.outcome.noticed(Noticed.LEFT_OUT)]
    verdict = report.verdict("wildcard-identifier")

    assert last.script is Script.DELETE
    assert last.outcome.noticed(Noticed.LEFT_OUT)[0] == Situation.NOSQL
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.reason == "delete changed another user by hostile identifiers, so not all of wildcard was tested"


def test_a_user_changed_under_an_unknown_id_is_listed_as_left_behind() -> None:
    """A script that creates missing users leaves a user with a hostile e-mail."""

    class Makes(WritingShop):
        @override
        def change_password(self, email: Any, new_password: Any) -> Any:
            if self.find(email) is None:
                self.add({"email": email, "password": new_password})
            return super().change_password(email, new_password)

        @override
        def delete(self, user_id: Any) -> Any:
            return Failed(ScriptError("nobody is deleted"))

    assert "%" in report_on(Makes).transcript.header.left_behind


@pytest.mark.parametrize("missing", ["login", "get_user"])
def test_the_empty_database_may_lack_a_script_that_reads(missing: str) -> None:
    class Fresh:
        def __init__(self) -> None:
            shop = WritingShop(is_empty=True)
            for script in Script:
                if script.value != missing:
                    setattr(self, script.value, getattr(shop, script.value))

    report = check(WritingShop(), [known_customer()], writes=True, fresh_database=Fresh(), rehearse=False)

    assert hostile_writes(report) == (WRITING if missing == "login" else set())
    assert breaches(report) == [], explain(report)


def test_without_further_sign_ups_nothing_hostile_is_written() -> None:
    class Full(WritingShop):
        @override
        def create(self, user: Any) -> Any:
            return super().create(user) if self.numbers < 109 else Failed(ScriptError("the shop is full"))

    report = report_on(Full)

    assert hostile_writes(report) == set()


def test_the_plan_shows_what_would_be_written() -> None:
    lines = plan_lines(
        WritingShop(),
        [known_customer()],
        Connection(),
        Probing(writes=True, rehearse=False, fresh_database=WritingShop(is_empty=True)),
    )
    hostile = {line.partition(" ")[0] for line in lines if "[hostile: " in line}

    assert hostile == {"login", "get_user", *(script.value for script in WRITING)}
    assert any(re.match(r"delete user_id-of-new-\d+\?x=1", line) for line in lines)
