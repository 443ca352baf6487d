"""Correct but unusual databases: no rule may report a warning."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

import pytest
from attrs import evolve
from typing_extensions import override

from customdb_contract import Failed, Found, KnownUser, NotFound, ScriptError, WrongUsernameOrPasswordError
from mutants import DOWN, REFUSAL, ROWS, Mutant, Row, Shop, breaches, explain, known_users, report_on

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

RIGHT: dict[str, Mutant] = {}
_Database = TypeVar("_Database", bound=type)


def right(**settings: bool) -> Callable[[_Database], _Database]:
    """Register a class as a database on which no rule fires."""

    def note(make: _Database) -> _Database:
        RIGHT[make.__name__] = Mutant(make, settings=settings)
        return make

    return note


# How scripts are written


right()(Shop)


@right()
class Asynchronous:
    def __init__(self, *, is_down: bool = False) -> None:
        self.shop = Shop(is_down=is_down)

    async def login(self, identifier: Any, password: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.login(identifier, password)

    async def get_user(self, identifier: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.get_user(identifier)


@right()
class WithCallback:
    def __init__(self, *, is_down: bool = False) -> None:
        self.shop = Shop(is_down=is_down)

    def login(self, identifier: Any, password: Any, callback: Callable[..., None]) -> None:
        try:
            result = self.shop.login(identifier, password)
        except ScriptError as error:
            return callback(error)
        return callback(None, result.profile)

    def get_user(self, identifier: Any, callback: Callable[..., None]) -> None:
        try:
            result = self.shop.get_user(identifier)
        except ScriptError as error:
            return callback(error)
        return callback(None, result.profile) if isinstance(result, Found) else callback()


@right(script_context=True)
class WithContext:
    def __init__(self, *, is_down: bool = False) -> None:
        self.shop = Shop(is_down=is_down)

    def login(self, identifier: Any, password: Any, context: Mapping[str, object]) -> Any:
        return self.shop.login(identifier, password)

    def get_user(self, identifier: Any, context: Mapping[str, object]) -> Any:
        return self.shop.get_user(identifier)


@right(script_context=True)
class WithContextAndCallback:
    def __init__(self, *, is_down: bool = False) -> None:
        self.with_callback = WithCallback(is_down=is_down)

    def login(self, identifier: Any, password: Any, context: object, callback: Callable[..., None]) -> None:
        self.with_callback.login(identifier, password, callback)

    def get_user(self, identifier: Any, context: object, callback: Callable[..., None]) -> None:
        self.with_callback.get_user(identifier, callback)


@right()
class ReturnsFailed(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except ScriptError as error:
            return Failed(error)

    @override
    def get_user(self, identifier: Any) -> Any:
        return Failed(ScriptError(DOWN)) if self.is_down else super().get_user(identifier)


@right()
class WrapsErrorsOfTheDriver(Shop):
    @override
    def rows(self) -> tuple[Row, ...]:
        try:
            if self.is_down:
                raise ConnectionRefusedError("db.shop.test:5432")
        except OSError as error:
            raise ScriptError(DOWN) from error
        return super().rows()


@right()
class RatherSlow(Shop):
    @override
    def rows(self) -> tuple[Row, ...]:
        time.sleep(0.01)
        return super().rows()


# What they reveal


@right()
class ExtraAttributes(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"customer_number": row.number, "shoe_size": 41.5, "newsletter": None}


@right()
class UuidAsUserId(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return str(uuid5(NAMESPACE_URL, str(row.number)))


@right()
class PrefixedByTheStore(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return f"legacy-shop|{row.number}"


@right()
class LastLoginInMetadata(Shop):
    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__(is_down=is_down)
        self.times = count(1_700_000_000)

    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "last_seen": next(self.times)}}


@right()
class FrozenProfile(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return Found(MappingProxyType(dict(super().login(identifier, password).profile)))


@right()
class EmailIsBlamed(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is None or not self.matches(row, password) or row.disabled:
            raise WrongUsernameOrPasswordError(None if row is None else row.email, REFUSAL)
        return Found(self.profile(row))


@right()
class NobodyIsBlamed(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            raise WrongUsernameOrPasswordError(None, REFUSAL) from error


@right()
class MessageNamesWhatWasTyped(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            raise WrongUsernameOrPasswordError(error.identifier, f"{identifier}: {REFUSAL}") from error


@right()
class Prints(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        print("somebody logs in")
        return super().login(identifier, password)


# Look-ups


@right()
class Trims(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return super().denotes(identifier.strip() if isinstance(identifier, str) else identifier, row)


@right()
class RefusesLongInput(Shop):
    @override
    def find(self, identifier: Any) -> Row | None:
        if len(identifier) > 254:
            raise ScriptError("the identifier is too long")
        return super().find(identifier)

    @override
    def matches(self, row: Row, password: Any) -> bool:
        return len(password) < 200 and super().matches(row, password)


@right()
class RefusesHostileCharacters(Shop):
    @override
    def find(self, identifier: Any) -> Row | None:
        if not isinstance(identifier, str) or not identifier.isprintable() or set(identifier) & set("'\"%*(){}[]?#/"):
            raise ScriptError("the identifier has characters that no identifier has")
        return super().find(identifier)


@right()
class RaisesTypeErrorForWhatIsNoText(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        if not isinstance(identifier, str):
            raise TypeError(f"an identifier is text, not {type(identifier).__name__}")
        return super().denotes(identifier, row)


@right(requires_username=True)
class UsernamesRequired(Shop):
    pass


@right()
class EmailsOnly(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.casefold() == row.email.casefold()


@pytest.mark.parametrize("import_mode", [False, True], ids=["legacy", "import"])
@pytest.mark.parametrize("name", RIGHT)
def test_no_rule_fires_on_a_correct_database(name: str, *, import_mode: bool) -> None:
    report = report_on(RIGHT[name], import_mode=import_mode)

    assert breaches(report) == [], explain(report)
    assert report.exit_code == 0


def _with_other_users(make: Callable[..., object], change: Callable[[KnownUser], KnownUser]) -> Mutant:
    return Mutant(make, users=lambda: [change(user) for user in known_users()])


class _NoMetadata(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return {name: value for name, value in super().profile(row).items() if name != "app_metadata"}


class _UsernamesOnly(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return {"user_id": self.user_id(row), "username": row.username}

    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.lower() == row.username


class _Aliases(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return super().denotes(identifier, row) or identifier == f"customer-{row.number}"


class _Retired:
    def __init__(self, *, is_down: bool = False) -> None:
        pass

    def login(self, identifier: Any, password: Any) -> Any:
        return NotFound()

    def get_user(self, identifier: Any) -> Any:
        return NotFound()


@cache
def _number_of(email: str | None) -> int:
    return next(row.number for row in ROWS if row.email == email)


class _ToldToSignInElsewhere(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        if identifier == "bob@example.com":
            raise ScriptError("This account signs in with another provider")
        return super().login(identifier, password)


OTHER_USERS = {
    "no metadata": _with_other_users(_NoMetadata, lambda user: evolve(user, profile={})),
    "usernames without e-mail": _with_other_users(_UsernamesOnly, lambda user: evolve(user, email=None, profile={})),
    "aliases": _with_other_users(_Aliases, lambda user: evolve(user, aliases=(f"customer-{_number_of(user.email)}",))),
    "one person without a password": Mutant(Shop, users=lambda: [evolve(known_users()[0], password=None)]),
    "one person without a password in the store": Mutant(
        _ToldToSignInElsewhere, users=lambda: [*known_users()[:1], KnownUser(email="bob@example.com")]
    ),
    "one person, known by e-mail only": Mutant(Shop, users=lambda: [KnownUser(email="bob@example.com")]),
}


@pytest.mark.parametrize("import_mode", [False, True], ids=["legacy", "import"])
@pytest.mark.parametrize("name", OTHER_USERS)
def test_no_rule_fires_with_any_knowledge_of_the_users(name: str, *, import_mode: bool) -> None:
    report = report_on(OTHER_USERS[name], import_mode=import_mode)

    assert breaches(report) == [], explain(report)


def test_a_retired_pair_passes_with_import_mode_on_and_is_a_retired_store_without() -> None:
    assert breaches(report_on(Mutant(_Retired), import_mode=True)) == []
    assert breaches(report_on(Mutant(_Retired), import_mode=False)) == ["retired-connection"]


def test_a_value_that_changes_with_each_call_is_information() -> None:
    report = report_on(RIGHT["LastLoginInMetadata"], import_mode=True)

    assert [finding.severity for finding in report.verdict("mismatched-profile").findings] == ["info", "info"]
