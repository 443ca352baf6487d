"""Databases that are correct but unusual over whole lives: no rule may report a warning, in a tenant or a check."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from typing_extensions import override

from customdb_contract import Connection, Done, Found, NotFound, ScriptError, UnauthorizedError, check
from mutants import breaches, explain
from test_life_mutants import live
from writing_shop import Record, WritingShop, known_customer

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

__all__ = ["RIGHT"]

_Database = TypeVar("_Database", bound=type)

RIGHT: dict[str, Callable[[], Any]] = {}


def right(make: _Database) -> _Database:
    """Register a class as a database on which no rule fires."""
    RIGHT[make.__name__] = make
    return make


class _Counting(WritingShop):
    """A shop that counts log-ins."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counter[int]()

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        found = super().login(identifier, password)
        row = self.find(identifier)
        assert row is not None
        self.counts[row.number] += 1
        return found


@right
class MarksWhoHasMovedAndHidesNobody(_Counting):
    @override
    def profile(self, row: Record) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"moved": self.counts[row.number] > 0}}


@right
class RefusesWhoLogsInTooOften(_Counting):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and self.counts[row.number] >= 50:
            message = "Too many log-ins"
            raise UnauthorizedError(message)
        return super().login(identifier, password)


@right
class FailsNowAndThen(WritingShop):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    @override
    def get_user(self, identifier: Any) -> Any:
        self.asked += 1
        if self.asked % 7 == 0:
            message = "The replica is not ready"
            raise ScriptError(message)
        return super().get_user(identifier)


@right
class LocksAfterWrongPasswords(WritingShop):
    def __init__(self) -> None:
        super().__init__()
        self.failed = Counter[str]()

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            found = super().login(identifier, "" if self.failed[identifier] >= 5 else password)
        except Exception:
            self.failed[identifier] += 1
            raise
        self.failed[identifier] = 0
        return found


@right
class KeepsTheRowsOfDeletedUsers(WritingShop):
    def __init__(self) -> None:
        super().__init__()
        self.gone: set[int] = set()

    @override
    def rows(self) -> list[Record]:
        return [row for row in self.records if row.number not in self.gone]

    @override
    def add(self, user: Any) -> None:
        self.numbers += 1
        self.records.append(Record(self.numbers, user["email"], user["password"], user.get("username")))

    @override
    def delete(self, user_id: Any) -> Any:
        self.gone |= {row.number for row in self.rows() if self.user_id(row) == user_id}
        return Done()


@right
class HasEmptyMetadata(WritingShop):
    @override
    def profile(self, row: Record) -> dict[str, object]:
        return {**super().profile(row), "user_metadata": {}}


@right
class AnswersBeforeItNotes(_Counting):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found({**self.profile(row), "nickname": f"ada {self.counts[row.number]}"})

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        super().login(identifier, password)
        return self.get_user(identifier)


@pytest.mark.parametrize("import_mode", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT)
def test_a_life_on_a_tenant_shows_nothing(make: Callable[[], Any], import_mode: bool) -> None:
    report = live(make(), [known_customer()], Connection(import_mode=import_mode), writes=True)

    assert breaches(report) == [], explain(report)


@pytest.mark.parametrize("import_mode", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT)
def test_a_check_shows_nothing(make: Callable[[], Any], import_mode: bool) -> None:
    connection = Connection(import_mode=import_mode)
    report = check(make(), [known_customer()], connection=connection, writes=not import_mode)

    assert breaches(report) == [], explain(report)
