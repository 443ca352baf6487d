"""Contradictions that no rule judges and the machine finds in a life, each in a handwritten life."""

from collections.abc import Callable

import pytest
from typing_extensions import override

from customdb_contract import Connection
from customdb_contract.connection import NewUser
from customdb_contract.errors import ContractBrokenError
from customdb_contract.secrets import SecretRegistry
from customdb_contract.tenant import InterruptionPoint
from customdb_contract.testing import TenantMachine
from customdb_contract.testing._acting import people_of
from customdb_contract.testing._fresh import PeopledDatabase
from customdb_contract.testing._tenancy import Typed
from tenant_mutants import FLAWED
from writing_shop import WritingShop

pytestmark = pytest.mark.one_python

RIGHT, ANOTHERS, LONGER = Typed.RIGHT, Typed.ANOTHERS, Typed.LONGER
INTERRUPTED = InterruptionPoint.AFTER_INTERNAL_RECORD


def sign_up(name: str, password: str = "first") -> Callable[[TenantMachine], None]:
    return lambda lived: lived.sign_up(name, password, 0, is_upper=False)


def log_in(
    name: str, typed: Typed = RIGHT, interrupt: InterruptionPoint | None = None
) -> Callable[[TenantMachine], None]:
    return lambda lived: lived.log_in(name, typed, interrupt, 0)


def reset(name: str, password: str, then: Typed | None = None) -> Callable[[TenantMachine], None]:
    return lambda lived: lived.reset_password(name, password, then, 0)


def lived_at(make: Callable[[], object], *steps: Callable[[TenantMachine], None], import_mode: bool) -> TenantMachine:
    database = make()

    class Lived(TenantMachine):
        connection = Connection(import_mode=import_mode)
        # Rules report what they judge.
        ignore = ("callback", "outcome", "profile", "consistency", "migration", "security")

        @override
        def fresh_database(self) -> object:
            return database

    lived = Lived()
    for step in steps:
        step(lived)
    return lived


LIVES: dict[str, tuple[str, str, list[Callable[[TenantMachine], None]]]] = {
    "a user_id that changes": (
        "UserIdChangesWithTheMove",
        "one-person-two-users",
        [
            lambda lived: lived.switch_import_mode(0),
            log_in("first"),
            log_in("first"),
        ],
    ),
    "a user_id that somebody has": (
        "CountsItsRowsForAnId",
        "two-people-one-user",
        [
            sign_up("first"),
            sign_up("second"),
            lambda lived: lived.delete_user("first", "first", 0, comes_back=True),
        ],
    ),
    "a wrong password of somebody else": (
        "NamesWhoCameLast",
        "log-names-another-user",
        [sign_up("first"), sign_up("second"), log_in("first"), log_in("second", ANOTHERS)],
    ),
    "a password that is too long": (
        "PasswordTruncated",
        "wrong-password-lets-in",
        [sign_up("first"), log_in("first", LONGER)],
    ),
    "a new password that works once": (
        "NewPasswordWorksOnce",
        "somebody-denied",
        [sign_up("first"), reset("first", "second", RIGHT), log_in("first")],
    ),
    "a deleted user who still logs in": (
        "DeleteLeavesTheLogIn",
        "nobody-found",
        [sign_up("first"), lambda lived: lived.delete_user("first", "first", 0, comes_back=False)],
    ),
    "metadata that are returned once": (
        "MetadataOnlyOnce",
        "metadata-lost-in-migration",
        [log_in("first", RIGHT, INTERRUPTED), log_in("first")],
    ),
}


@pytest.mark.parametrize("life", LIVES)
def test_a_contradiction_is_found_in_a_handwritten_life(life: str) -> None:
    name, found, steps = LIVES[life]
    flawed = FLAWED[name]

    lived = lived_at(flawed.make, *steps, import_mode=flawed.import_mode)

    with pytest.raises(ContractBrokenError, match=f"^error: {found}: "):
        lived.teardown()


@pytest.mark.parametrize("life", LIVES)
def test_the_same_life_at_a_correct_database_is_right(life: str) -> None:
    name, _, steps = LIVES[life]

    lived_at(lambda: WritingShop(is_empty=True), *steps, import_mode=FLAWED[name].import_mode).teardown()


def test_only_the_first_contradiction_of_a_life_is_reported() -> None:
    steps = [sign_up("first"), log_in("first", LONGER), log_in("first", ANOTHERS), log_in("first")]
    lived = lived_at(FLAWED["PasswordTruncated"].make, *steps, import_mode=False)

    with pytest.raises(ContractBrokenError, match="wrong-password-lets-in"):
        lived.teardown()


def test_every_step_of_a_life_works_on_two_connections() -> None:
    shops = iter([WritingShop(is_empty=True), WritingShop(is_empty=True)])

    class Lived(TenantMachine):
        connection = Connection(import_mode=True)

        @override
        def fresh_database(self) -> object:
            return next(shops)

        @override
        def outage_database(self) -> object:
            return WritingShop(is_down=True)

    lived = Lived()
    lived.connect_again()
    for place in (0, 1):
        lived.log_in("third", Typed.FORMER, None, place)
        lived.log_in("first", Typed.SHORTER, INTERRUPTED, place)
        lived.log_in("first", RIGHT, INTERRUPTED, place)
        lived.delete_half_created("first", place)
        lived.reset_password("second", "third", None, place)
        lived.create_user("third", "third", place)
        lived.change_password("third", "second", None, place)
        lived.change_password("third", "first", RIGHT, place)
        for what in ("log_in", "sign_up", "reset"):
            lived.store_is_unreachable("first", "first", what, place)
        lived.switch_import_mode(place)
        lived.change_email("third", "first", place, verified=True)
        lived.change_email("third", "third", place, verified=True)
        lived.verify_email("third", place)
        lived.sign_up("third", "third", place, is_upper=True)
    lived.teardown()


def test_the_bridge_of_a_peopled_database_is_that_of_the_database() -> None:
    people = people_of(NewUser(), requires_username=False)
    peopled = PeopledDatabase(WritingShop(is_empty=True), Connection(), NewUser(), people, ("first",))

    bridge = peopled.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=20.0)

    assert peopled.said == frozenset()
    assert [exchange.script.value for exchange in peopled.created] == ["create"]
    assert not bridge.callback_can_throw
    assert bridge.late_events() == []
    bridge.close()
