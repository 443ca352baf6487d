"""Databases whose flaw appears only over a whole life: its rule reports it, in a tenant and in a check."""

import unicodedata
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pytest
from attrs import frozen
from typing_extensions import override

from customdb_contract import Connection, Done, Found, KnownUser, NotFound, Report, check, judge
from customdb_contract.tenant import InterruptionPoint, Tenant
from mutants import breaches, explain
from writing_shop import Record, WritingShop, known_customer

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

_Database = TypeVar("_Database", bound=type)

__all__ = ["FLAWED", "live"]

ADA = "ada@example.com"
NEW, MOVED = "new@example.com", "moved@example.com"
PASSWORD, NEW_PASSWORD, LATER_PASSWORD = "Weaving patterns", "Punched cards 9", "Jacquard's loom"


@frozen
class Flawed:
    """A database, and the rules that must fire.

    Args:
        make: Creates it.
        on: The rules that fire with import mode on.
        off: Those with import mode off.
        users: Returns its users.
        inspected: Whether the check may inspect the store.
        is_final: Whether deletions are final in the connection.
        writes: Whether users are created, changed and deleted too, with import mode off.
    """

    make: Callable[[], Any]
    on: Collection[str]
    off: Collection[str]
    users: Callable[[], list[KnownUser]]
    inspected: bool
    is_final: bool
    writes: bool

    def connection(self, *, import_mode: bool) -> Connection:
        return Connection(import_mode=import_mode, deletion_is_final=self.is_final)


FLAWED: dict[str, Flawed] = {}


def only_ada() -> list[KnownUser]:
    return [known_customer()]


def fires(
    *,
    on: Collection[str] = (),
    off: Collection[str] = (),
    users: Callable[[], list[KnownUser]] = only_ada,
    inspected: bool = False,
    is_final: bool = False,
    writes: bool = False,
) -> Callable[[_Database], _Database]:
    def note(make: _Database) -> _Database:
        FLAWED[make.__name__] = Flawed(make, on, off, users, inspected, is_final, writes)
        return make

    return note


class MovedShop(WritingShop):
    """A shop that records who has logged in."""

    def __init__(self) -> None:
        super().__init__()
        self.moved: set[int] = set()

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        found = super().login(identifier, password)
        row = self.find(identifier)
        if row is not None:
            self.moved.add(row.number)
        return found

    def has_moved(self, identifier: object) -> bool:
        row = WritingShop.find(self, identifier)
        return row is not None and row.number in self.moved


# A user who has logged in must be found


@fires(on=["migration-marker-hides-user"], off=["migration-marker-hides-user"])
class GetUserHidesWhoHasMoved(MovedShop):
    @override
    def get_user(self, identifier: Any) -> Any:
        return NotFound() if self.has_moved(identifier) else super().get_user(identifier)


@fires(on=["migration-marker-hides-user"], off=["migration-marker-hides-user"])
class LoginLetsInOnce(MovedShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return super().login(identifier, "" if self.has_moved(identifier) else password)


class HidesWhoHasMoved(MovedShop):
    @override
    def find(self, identifier: object) -> Record | None:
        row = super().find(identifier)
        return None if row is not None and row.number in self.moved else row


@fires(on=["login-deletes-user"], off=["login-deletes-user"])
class BothHideWhoHasMoved(HidesWhoHasMoved):
    pass


@fires(on=["migration-marker-hides-user"], off=["migration-marker-hides-user"], inspected=True)
class BothHideWhoIsThere(HidesWhoHasMoved):
    pass


@fires(on=["migration-marker-hides-user"], off=["migration-marker-hides-user"], is_final=True)
class BothRefuseWhoMustNotComeBack(HidesWhoHasMoved):
    pass


@fires(on=["login-deletes-user"], off=["login-deletes-user"])
class LoginRemovesTheRow(WritingShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        found = super().login(identifier, password)
        self.records = [row for row in self.records if row is not self.find(identifier)]
        return found


# Migrated users in Auth0


@fires(on=["migrated-user-not-marked"], is_final=True)
class DeletedUsersComeBack(WritingShop):
    pass


def goedel() -> list[KnownUser]:
    return [KnownUser(email=ADA, username="countess", password="G\u00f6del's proof")]


@fires(on=["password-lost-in-migration"], users=goedel)
class PasswordsInAnyForm(WritingShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        is_right = unicodedata.normalize("NFC", password) == "G\u00f6del's proof"
        return super().login(identifier, PASSWORD if is_right else password)


def ada_and_old() -> list[KnownUser]:
    return [
        KnownUser(email="ada.\u00e9@example.com", password=PASSWORD),
        KnownUser(email="ada.\u00c9@example.com", password=PASSWORD),
    ]


@fires(on=["email-not-lowercase", "unicode-email-collision"], users=ada_and_old)
class EmailsLoweredByAscii(WritingShop):
    def __init__(self) -> None:
        super().__init__()
        self.records = [
            Record(number, str(user.email), PASSWORD, verified=True) for number, user in enumerate(ada_and_old())
        ]

    @override
    def find(self, identifier: object) -> Record | None:
        return next((row for row in self.records if _ascii(row.email) == _ascii(str(identifier))), None)

    @override
    def profile(self, row: Record) -> dict[str, object]:
        return super().profile(row) | {"email": row.email}


def _ascii(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


# Whole flows, reported by rules about single calls


@fires(on=["unstable-user-id"], off=["unstable-user-id"])
class AnotherUserEachTime(WritingShop):
    @override
    def user_id(self, row: Record) -> str:
        self.numbers += 1
        return f"shop-{row.number}-{self.numbers}"


@fires(on=["mismatched-user-id"], off=["mismatched-user-id"])
class ResetLeadsToAnotherUser(WritingShop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row) | {"user_id": f"reset-{row.number}"})


@fires(on=["metadata-in-one-script-only"], off=["mismatched-profile"])
class ResetLosesMetadata(WritingShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return Found({**super().login(identifier, password).profile, "app_metadata": {"plan": "full"}})


@fires(off=["create-not-visible"], writes=True)
class CreatedUsersCannotLogIn(WritingShop):
    @override
    def add(self, user: Any) -> None:
        super().add({**user, "password": user["password"].upper()})


@fires(off=["user-id-changes-with-profile"], writes=True)
class AnotherUserAfterAChangeOfTheEmail(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        done = super().change_email(email, new_email, verified)
        row = self.find(new_email)
        if row is not None and email != new_email:
            row.number += 1000
        return done


@fires(off=["change-email-no-op"], writes=True)
class ChangedEmailsStay(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return Done() if self.find(email) else super().change_email(email, new_email, verified)


@fires(off=["delete-ineffective"], writes=True)
class DeletedUsersStay(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        return Done()


# The tests


def live(database: object, users: list[KnownUser], connection: Connection, *, writes: bool) -> Report:
    """Run a whole life of every user, and judge it."""
    with Tenant(database, connection=connection, users=users) as tenant:
        for user in users:
            if connection.import_mode:
                move(tenant, user)
            else:
                return_often(tenant, user)
        if writes and not connection.import_mode:
            begin_and_end(tenant)
    return judge(tenant.transcript)


def move(tenant: Tenant, user: KnownUser) -> None:
    email, password = str(user.email), str(user.password.reveal() if user.password else "")
    tenant.sign_up(email, NEW_PASSWORD)
    tenant.request_password_reset(email)
    tenant.log_in(email, password, interrupt=InterruptionPoint.AFTER_INTERNAL_RECORD)
    for _ in range(2):
        tenant.request_password_reset(email)
    tenant.sign_up(email, NEW_PASSWORD)
    tenant.log_in(email, unicodedata.normalize("NFD", password))
    tenant.log_in(email, password)
    for record in list(tenant.users.values()):
        tenant.delete_user(record.user_id)
    tenant.log_in(email, password)


def return_often(tenant: Tenant, user: KnownUser) -> None:
    email, password = str(user.email), str(user.password.reveal() if user.password else "")
    tenant.sign_up(email, NEW_PASSWORD)
    for _ in range(3):
        tenant.log_in(email, password)
        tenant.request_password_reset(email)


def begin_and_end(tenant: Tenant) -> None:
    outcome = tenant.sign_up(NEW, NEW_PASSWORD)
    for _ in range(2):
        outcome = tenant.log_in(NEW, NEW_PASSWORD)
    if outcome.user is None:
        return
    key = outcome.user.user_id
    tenant.change_email(key, MOVED)
    for email in (MOVED, NEW):
        tenant.request_password_reset(email)
        tenant.log_in(email, NEW_PASSWORD)
    tenant.change_password(key, LATER_PASSWORD)
    tenant.log_in(MOVED, LATER_PASSWORD)
    for found in list(tenant.users.values()):
        if found.email == MOVED:
            tenant.delete_user(found.user_id)
    tenant.log_in(MOVED, LATER_PASSWORD)
    tenant.request_password_reset(MOVED)


def cases(*, inspected: bool) -> list[Any]:
    """Return the tested cases, in both modes; a tenant cannot inspect the store."""
    return [
        pytest.param(flawed, import_mode, id=f"{name}-{'on' if import_mode else 'off'}")
        for name, flawed in FLAWED.items()
        for import_mode in (True, False)
        if inspected or not flawed.inspected
    ]


@pytest.mark.parametrize(("flawed", "import_mode"), cases(inspected=False))
def test_a_life_on_a_tenant_shows_the_flaw(flawed: Flawed, import_mode: bool) -> None:
    connection = flawed.connection(import_mode=import_mode)
    report = live(flawed.make(), flawed.users(), connection, writes=flawed.writes)

    assert breaches(report) == sorted(flawed.on if import_mode else flawed.off), explain(report)


@pytest.mark.parametrize(("flawed", "import_mode"), cases(inspected=True))
def test_a_check_shows_the_flaw(flawed: Flawed, import_mode: bool) -> None:
    database = flawed.make()
    report = check(
        database,
        flawed.users(),
        connection=flawed.connection(import_mode=import_mode),
        writes=flawed.writes and not import_mode,
        inspect=database.inspect if flawed.inspected else None,
    )

    assert breaches(report) == sorted(flawed.on if import_mode else flawed.off), explain(report)
