"""Writing scripts that are correct but unusual: no rule may report a warning, for any calls in any order."""

import asyncio
import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

import pytest
from attrs import field, frozen
from hypothesis import settings
from typing_extensions import override

from customdb_contract import (
    Connection,
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    Report,
    ScriptError,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
    check,
)
from customdb_contract.contract import Script
from customdb_contract.findings import Status
from customdb_contract.testing import CustomDatabaseMachine, run_machine
from customdb_contract.testing.machines import machine_on
from mutants import breaches, explain
from writing_shop import Record, WritingShop, known_customer

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

_Database = TypeVar("_Database", bound=type)


@frozen
class Unusual:
    """A database on which no rule may fire.

    Args:
        make: Creates it; `is_down` means an unreachable store, `is_empty` a store without users at first.
        settle: Seconds until a write may be visible.
        modes: In which modes it is checked, and the state machine runs on it, which waits for no replica. With import
            mode on only create, login, get_user and change_password are called.
        settings: Settings of the connection beside import mode.
    """

    make: Callable[..., Any]
    settle: float = 0.0
    modes: tuple[str, ...] = ("legacy", "import")
    settings: Mapping[str, bool] = field(factory=dict[str, bool])

    def connection(self, *, import_mode: bool) -> Connection:
        return Connection(
            import_mode=import_mode,
            requires_username=self.settings.get("requires_username", False),
            script_context=self.settings.get("script_context", False),
        )


RIGHT: dict[str, Unusual] = {}


_BOTH = ("legacy", "import")
_LEGACY = ("legacy",)


def right(*, settle: float = 0.0, modes: tuple[str, ...] = _BOTH, **settings: bool) -> Callable[[_Database], _Database]:
    """Register a class as a database on which no rule fires."""

    def note(make: _Database) -> _Database:
        RIGHT[make.__name__] = Unusual(make, settle=settle, modes=modes, settings=settings)
        return make

    return note


# How scripts are written


class _Wrapping:
    """Scripts around those of the shop."""

    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        self.shop = WritingShop(is_down=is_down, is_empty=is_empty)

    def inspect(self, identifier: str) -> object:
        return self.shop.inspect(identifier)


@right(modes=_LEGACY)
class Asynchronous(_Wrapping):
    async def login(self, identifier: Any, password: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.login(identifier, password)

    async def get_user(self, identifier: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.get_user(identifier)

    async def create(self, user: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.create(user)

    async def verify(self, email: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.verify(email)

    async def change_password(self, email: Any, new_password: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.change_password(email, new_password)

    async def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.change_email(email, new_email, verified)

    async def delete(self, user_id: Any) -> Any:
        await asyncio.sleep(0)
        return self.shop.delete(user_id)


def _end(script: Callable[..., Any], arguments: tuple[object, ...], callback: Callable[..., None]) -> None:
    """Call a script in result style, and end like one in callback style."""
    try:
        result = script(*arguments)
    except ScriptError as error:
        return callback(error)
    if isinstance(result, Failed):
        return callback(result.error)
    if isinstance(result, Found):
        return callback(None, result.profile)
    is_silent = script.__name__ in {Script.CREATE, Script.DELETE, Script.GET_USER}
    return callback(None) if is_silent else callback(None, isinstance(result, Done))


@right(modes=_LEGACY)
class WithCallback(_Wrapping):
    def login(self, identifier: Any, password: Any, callback: Any) -> None:
        _end(self.shop.login, (identifier, password), callback)

    def get_user(self, identifier: Any, callback: Any) -> None:
        _end(self.shop.get_user, (identifier,), callback)

    def create(self, user: Any, callback: Any) -> None:
        _end(self.shop.create, (user,), callback)

    def verify(self, email: Any, callback: Any) -> None:
        _end(self.shop.verify, (email,), callback)

    def change_password(self, email: Any, new_password: Any, callback: Any) -> None:
        _end(self.shop.change_password, (email, new_password), callback)

    def change_email(self, email: Any, new_email: Any, verified: Any, callback: Any) -> None:
        _end(self.shop.change_email, (email, new_email, verified), callback)

    def delete(self, user_id: Any, callback: Any) -> None:
        _end(self.shop.delete, (user_id,), callback)


@right(modes=_LEGACY, script_context=True)
class WithContext(_Wrapping):
    def login(self, identifier: Any, password: Any, context: object) -> Any:
        return self.shop.login(identifier, password)

    def get_user(self, identifier: Any, context: object) -> Any:
        return self.shop.get_user(identifier)

    def create(self, user: Any, context: object) -> Any:
        return self.shop.create(user)

    def verify(self, email: Any, context: object) -> Any:
        return self.shop.verify(email)

    def change_password(self, email: Any, new_password: Any, context: object) -> Any:
        return self.shop.change_password(email, new_password)

    def change_email(self, email: Any, new_email: Any, verified: Any, context: object) -> Any:
        return self.shop.change_email(email, new_email, verified)

    def delete(self, user_id: Any, context: object) -> Any:
        return self.shop.delete(user_id)


@right()
class SignsUpAndResetsOnly(_Wrapping):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        shop = self.shop
        self.login, self.get_user = shop.login, shop.get_user
        self.create, self.change_password, self.delete = shop.create, shop.change_password, shop.delete


@right(modes=_LEGACY, requires_username=True)
class UsernamesRequired(WritingShop):
    pass


# create


@right()
class CreateReturnsTheProfileForPasskeys(_Wrapping):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        shop = self.shop
        self.login, self.get_user, self.verify = shop.login, shop.get_user, shop.verify
        self.change_password, self.change_email, self.delete = shop.change_password, shop.change_email, shop.delete

    def create(self, user: Any, callback: Any) -> None:
        result = self.shop.create(user)
        row = self.shop.find(user["email"])
        if isinstance(result, Failed) or row is None:
            callback(result.error)
        else:
            callback(None, self.shop.profile(row))


@right(modes=_LEGACY)
class VerifiedFromTheStart(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.records[-1].verified = True


@right(modes=_LEGACY)
class KeepsMetadata(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.metadata: dict[int, dict[str, object]] = {}

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        kinds = ("user_metadata", "app_metadata")
        self.metadata[self.records[-1].number] = {kind: user[kind] for kind in kinds if kind in user}

    @override
    def profile(self, row: Record) -> dict[str, object]:
        return {**super().profile(row), "app_metadata": {"plan": "free"}, **self.metadata.get(row.number, {})}


@right(modes=_LEGACY, requires_username=True)
class KeepsEverythingInLowerCase(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({name: value.lower() if name in {"email", "username"} else value for name, value in user.items()})

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return super().change_email(email, new_email.lower(), verified)


@right(modes=_LEGACY)
class ReturnsTheEmailAsTyped(WritingShop):
    @override
    def profile(self, row: Record) -> dict[str, object]:
        return super().profile(row) | {"email": row.email}


@right(modes=_LEGACY)
class TrimsEmails(WritingShop):
    @override
    def find(self, identifier: object) -> Record | None:
        return super().find(str(identifier).strip())

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "email": user["email"].strip()})


@right(modes=_LEGACY)
class MakesUsernamesUp(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({"username": f"customer{self.numbers}", **user})


# Identifiers


@right(modes=_LEGACY)
class RandomUserIds(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.ids: dict[int, str] = {}

    @override
    def user_id(self, row: Record) -> str:
        return self.ids.setdefault(row.number, str(uuid4()))

    @override
    def delete(self, user_id: Any) -> Any:
        self.rows()
        try:
            UUID(user_id)
        except ValueError:
            raise ScriptError("That is no id of a customer") from None
        return super().delete(user_id)


@right(modes=_LEGACY)
class PrefixedByTheStore(WritingShop):
    @override
    def user_id(self, row: Record) -> str:
        return f"legacy-shop|{row.number}"


@right(modes=_LEGACY)
class IdInPlaceOfUserId(WritingShop):
    @override
    def profile(self, row: Record) -> dict[str, object]:
        profile = super().profile(row)
        return {"id": profile.pop("user_id"), **profile}


@right(modes=_LEGACY)
class GivesIdsAgain(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        row = self.records.pop()
        row.number = max((row.number for row in self.records), default=0) + 1
        self.records.append(row)


@right(modes=_LEGACY)
class RevivesTheDeleted(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.gone: dict[str, int] = {}

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        row = self.records[-1]
        row.number = self.gone.pop(row.email.lower(), row.number)

    @override
    def delete(self, user_id: Any) -> Any:
        self.gone.update({row.email.lower(): row.number for row in self.rows() if self.user_id(row) == user_id})
        return super().delete(user_id)


@right(modes=_LEGACY)
class TakesNoNoteOfOthersIds(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        return super().delete(user_id) if user_id.startswith("shop-") else Done()


# Passwords


@right()
class TakesPlainShortPasswordsOnly(WritingShop):
    def is_refused(self, password: str) -> bool:
        return not password.isascii() or password.strip() != password or len(password.encode()) > 64

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if self.is_refused(user["password"]):
            raise ValidationError("password_not_allowed", "Up to 64 letters, digits and signs, please")
        return super().create(user)

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if self.is_refused(new_password):
            return Failed(ValidationError("password_not_allowed", "Up to 64 letters, digits and signs, please"))
        return super().change_password(email, new_password)


class _WithPolicy(WritingShop):
    def is_refused(self, email: str, password: str) -> bool:
        raise NotImplementedError

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if self.is_refused(user["email"], user["password"]):
            return Failed(ValidationError("password_too_weak", "Another password, please"))
        return super().create(user)

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if self.is_refused(email, new_password):
            return Failed(ValidationError("password_too_weak", "Another password, please"))
        return super().change_password(email, new_password)


@right(modes=_LEGACY)
class NothingThriceInARow(_WithPolicy):
    @override
    def is_refused(self, email: str, password: str) -> bool:
        return any(len(set(password[place : place + 3])) == 1 for place in range(len(password) - 2))


@right(modes=_LEGACY)
class NoPartOfTheEmail(_WithPolicy):
    @override
    def is_refused(self, email: str, password: str) -> bool:
        name = email.partition("@")[0].lower()
        return any(part in password.lower() for part in name.split("-") if len(part) > 2)


@right(modes=_LEGACY)
class NoPasswordOfNobodys(_WithPolicy):
    """Checks whether the password is a known one before looking up the user."""

    @override
    def is_refused(self, email: str, password: str) -> bool:
        return self.find(email) is None and "Zz9" in password


@right()
class DeclinesFormerPasswords(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.former: dict[int, set[str]] = {}

    def refusal(self) -> Any:
        return Declined()

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is None:
            return Declined()
        former = self.former.setdefault(row.number, set())
        former.add(row.password)
        return self.refusal() if new_password in former else super().change_password(email, new_password)


@right()
class FailsForFormerPasswords(DeclinesFormerPasswords):
    @override
    def refusal(self) -> Any:
        return Failed(ValidationError("password_reused", "Another one than before, please"))


@right()
class PasswordsAreTooYoungToChange(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if self.find(email) is None:
            return Declined()
        raise ValidationError("password_too_young", "A password can be changed after a day")


@right()
class ResetProvesTheMailbox(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        result = super().change_password(email, new_password)
        row = self.find(email)
        if row is None or not isinstance(result, Done):
            return result
        row.verified = True
        return Done(last_password_reset="2026-08-01T10:00:00.000Z", email_verified=True)


@right()
class LocksOutAfterThreeFailures(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.failures: dict[int, int] = {}

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        number = 0 if row is None else row.number
        if self.failures.get(number, 0) >= 3:
            raise UnauthorizedError("Too many failures; ask the shop")
        try:
            result = super().login(identifier, password)
        except WrongUsernameOrPasswordError:
            if number:
                self.failures[number] = self.failures.get(number, 0) + 1
            raise
        self.failures[number] = 0
        return result


# Repeated calls


@right(modes=_LEGACY)
class FewMaySignUp(WritingShop):
    asked = 0

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self.asked += 1
        return Failed(ScriptError("Too many sign-ups")) if self.asked > 4 else super().create(user)


@right()
class FewMayReset(WritingShop):
    asked = 0

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        self.rows()
        self.asked += 1
        return (
            Failed(ScriptError("Too many resets")) if self.asked > 1 else super().change_password(email, new_password)
        )


@right()
class EachMayResetOnce(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.asked: set[str] = set()

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if email.lower() in self.asked:
            raise ScriptError("One reset a day")
        result = super().change_password(email, new_password)
        self.asked.add(email.lower())
        return result


# E-mails


@right(modes=_LEGACY)
class RefusesAnEmailWithAnError(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        result = super().verify(email)
        return Failed(ScriptError("There is no such user")) if isinstance(result, Declined) else result

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        result = super().change_email(email, new_email, verified)
        if isinstance(result, Declined):
            raise ValidationError("email_not_allowed", "Another e-mail, please")
        return result


@right(modes=_LEGACY)
class ReservesWhatWasUsedOnce(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.reserved: set[str] = set()

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if user["email"].lower() in self.reserved:
            return Failed(ValidationError("email_reserved", "This e-mail was used before"))
        return super().create(user)

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        if new_email.lower() in self.reserved:
            return Declined()
        result = super().change_email(email, new_email, verified)
        if isinstance(result, Done) and email.lower() != new_email.lower():
            self.reserved.add(email.lower())
        return result

    @override
    def delete(self, user_id: Any) -> Any:
        self.reserved.update(row.email.lower() for row in self.rows() if self.user_id(row) == user_id)
        return super().delete(user_id)


# Records and notes of the store


@right(modes=_LEGACY)
class NamesAnothersPassword(WritingShop):
    """Another user's password is a word in every record."""

    @override
    def inspect(self, identifier: str) -> Mapping[str, object] | None:
        record = super().inspect(identifier)
        return None if record is None else {**record, "state": "Weaving patterns are known"}


@right(modes=_LEGACY)
class DeletesSoftly(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.deleted: set[int] = set()

    @override
    def find(self, identifier: object) -> Record | None:
        all_records = self.rows()
        self.records = [row for row in all_records if row.number not in self.deleted]
        try:
            return super().find(identifier)
        finally:
            self.records = all_records

    @override
    def delete(self, user_id: Any) -> Any:
        self.deleted.update(row.number for row in self.rows() if self.user_id(row) == user_id)
        return Done()


@right(modes=_LEGACY)
class FailsForIdsThatNobodyHas(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        if not any(self.user_id(row) == user_id for row in self.rows()):
            raise ScriptError("There is no such user")
        return super().delete(user_id)


@right()
class CountsLogins(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.logins: dict[int, int] = {}

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        row = self.find(identifier)
        if row is None:
            return result
        self.logins[row.number] = self.logins.get(row.number, 0) + 1
        return Found(self.profile(row))

    @override
    def profile(self, row: Record) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"logins": self.logins.get(row.number, 0), "plan": "free"}}

    @override
    def inspect(self, identifier: str) -> Mapping[str, object] | None:
        row, record = self.find(identifier), super().inspect(identifier)
        return None if row is None or record is None else {**record, "logins": self.logins.get(row.number, 0)}


@right(settle=0.03, modes=_LEGACY)
class ReadsFromAReplica(WritingShop):
    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.old: list[Record] = []
        self.until = 0.0

    def lag(self) -> None:
        self.old = copy.deepcopy(self.records)
        self.until = time.monotonic() + 0.01

    @override
    def get_user(self, identifier: Any) -> Any:
        if time.monotonic() > self.until:
            return super().get_user(identifier)
        primary, self.records = self.records, self.old
        try:
            return super().get_user(identifier)
        finally:
            self.records = primary

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self.lag()
        return super().create(user)

    @override
    def verify(self, email: Any) -> Any:
        self.lag()
        return super().verify(email)

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        self.lag()
        return super().change_password(email, new_password)

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        self.lag()
        return super().change_email(email, new_email, verified)

    @override
    def delete(self, user_id: Any) -> Any:
        self.lag()
        return super().delete(user_id)


def report_on(unusual: Unusual, *, import_mode: bool) -> Report:
    database = unusual.make()
    return check(
        database,
        [known_customer()],
        connection=unusual.connection(import_mode=import_mode),
        outage=unusual.make(is_down=True),
        writes=True,
        hostile=False,
        settle=unusual.settle,
        inspect=database.inspect,
    )


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name, unusual in RIGHT.items() for mode in unusual.modes])
def test_no_rule_fires_on_correct_writing_scripts(name: str, mode: str) -> None:
    report = report_on(RIGHT[name], import_mode=mode == "import")

    assert breaches(report) == [], explain(report)
    assert report.exit_code == 0
    assert report.transcript.header.left_behind == ()


@pytest.fixture
def few_short_sequences() -> Iterator[None]:
    """Run the machines for a few examples, without a database of examples."""
    before = settings.get_current_profile_name()
    settings.register_profile(
        "few-short-sequences",
        max_examples=6,
        stateful_step_count=16,
        deadline=None,
        derandomize=True,
        database=None,
    )
    settings.load_profile("few-short-sequences")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("few_short_sequences")
@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, mode) for name, unusual in RIGHT.items() for mode in unusual.modes if unusual.settle == 0],
)
def test_nothing_fires_in_any_order(name: str, mode: str) -> None:
    unusual = RIGHT[name]
    machine = machine_on(
        CustomDatabaseMachine,
        lambda: unusual.make(is_empty=True),
        connection=unusual.connection(import_mode=mode == "import"),
        new_user=None,
        outage=unusual.make(is_down=True),
        timeout=20.0,
        select=(),
        ignore=(),
        waived={},
        fail_on="warning",
    )

    run_machine(machine)


class StatusTells:
    """Over HTTP, where a write checks only the status of a response."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str) -> bytes:
        request = Request(f"{self.url}{path}", method=method)
        try:
            with urlopen(request, timeout=0.5) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            if error.code in {401, 404}:
                return b""
            raise ScriptError("The shop cannot be reached") from None
        except (OSError, HTTPException):
            raise ScriptError("The shop cannot be reached") from None

    def profile(self, path: str) -> Any:
        try:
            return json.loads(self.ask("GET", path))["profile"]
        except (ValueError, KeyError, TypeError):
            raise ScriptError("The shop answers something else") from None

    def login(self, identifier: Any, password: Any) -> Any:
        return Found(self.profile("/login"))

    def get_user(self, identifier: Any) -> Any:
        return Found(self.profile("/user"))

    def write(self, method: str, path: str) -> Any:
        self.ask(method, path)
        return Done()

    def create(self, user: Any) -> Any:
        return self.write("POST", "/users")

    def verify(self, email: Any) -> Any:
        return self.write("POST", "/verified")

    def change_password(self, email: Any, new_password: Any) -> Any:
        return self.write("PUT", "/password")

    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return self.write("PUT", "/email")

    def delete(self, user_id: Any) -> Any:
        return self.write("DELETE", "/users")


def test_a_status_may_prove_that_a_write_happened() -> None:
    report = check(WritingShop(), [known_customer()], outage=StatusTells, writes=True, hostile=False)

    assert breaches(report) == [], explain(report)
    judged = {name: report.verdict(name).status for name in ("create-false-success", "delete-misreported")}
    assert set(judged.values()) == {Status.PASSED}


def test_the_shop_that_deletes_softly_keeps_the_record() -> None:
    shop = DeletesSoftly()

    shop.delete("shop-7")

    assert shop.get_user("ada@example.com") == NotFound()
    assert [row.email for row in shop.records] == ["ada@example.com"]
