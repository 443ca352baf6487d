"""The state machine: it finds broken rules, shows the shortest sequence, and rejects databases it cannot use."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar, Self

import pytest
from hypothesis import Phase, settings
from typing_extensions import override

from customdb_contract import (
    Connection,
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    ScriptError,
    ValidationError,
    judge,
)
from customdb_contract.connection import NewUser
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.findings import Need
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import Secret
from customdb_contract.testing import CustomDatabaseMachine, run_machine
from customdb_contract.testing._acting import people_of, registry_of
from customdb_contract.testing._breaches import rules_in_sight
from machines_made import empty_shop, machine_of, noting, sequence_in, strict_shop
from writing_shop import Record, WritingShop

pytestmark = pytest.mark.one_python


@pytest.fixture(autouse=True)
def brief_profile() -> Iterator[None]:
    """Run every machine for a few examples, without a database of examples."""
    before = settings.get_current_profile_name()
    settings.register_profile("brief", max_examples=25, stateful_step_count=25, database=None, derandomize=True)
    settings.load_profile("brief")
    yield
    settings.load_profile(before)


def search(**changed: Any) -> None:
    """Search for a sequence that breaks a rule long enough to rule out chance; the first one will do."""
    chosen: dict[str, Any] = {"max_examples": 1_000, "phases": [Phase.generate]}
    settings.register_profile("searching", settings.get_profile("brief"), **chosen | changed)
    settings.load_profile("searching")


def machine(make: Callable[[], object], **settings: Any) -> type[CustomDatabaseMachine]:
    return machine_of(CustomDatabaseMachine, make, **settings)


def test_a_correct_database_passes() -> None:
    run_machine(machine(empty_shop, outage=WritingShop(is_down=True), fail_on="warning"))


def test_a_correct_database_with_usernames_or_import_mode_passes() -> None:
    run_machine(machine(empty_shop, connection=Connection(requires_username=True), fail_on="warning"))
    run_machine(machine(empty_shop, connection=Connection(import_mode=True), fail_on="warning"))


class Misreporting(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        super().change_password(email, new_password)
        return Declined()


@pytest.mark.untraced
def test_a_breach_is_shown_as_a_shorter_sequence_that_can_be_judged_again() -> None:
    search(stateful_step_count=8, phases=[Phase.generate, Phase.shrink])
    broken: list[ContractBrokenError] = []
    misreporting = machine(lambda: Misreporting(is_empty=True), select=["change-password-misreported"])

    with pytest.raises(ContractBrokenError) as raised:
        run_machine(noting(misreporting, broken))

    reported = str(raised.value)
    assert reported.startswith("error: change-password-misreported: change_password reported that it changed nothing")
    transcript = sequence_in(raised.value)
    scripts = [exchange.script for exchange in transcript.exchanges]
    assert {"create", "change_password", "login"} <= set(scripts)
    # How far Hypothesis shortens a sequence is not tested.
    assert len(scripts) < len(sequence_in(broken[0]).exchanges)
    assert [verdict.rule.name for verdict in judge(transcript).failures] == ["change-password-misreported"]
    assert "Aa1!" not in reported


@pytest.mark.untraced
def test_a_rule_can_be_waived_or_left_out() -> None:
    run_machine(machine(lambda: Misreporting(is_empty=True), ignore=["change-password-misreported"]))
    run_machine(machine(lambda: Misreporting(is_empty=True), waived={"change-password-misreported": "until May"}))


class WithoutLogin:
    def __init__(self) -> None:
        shop = empty_shop()
        self.create, self.get_user = shop.create, shop.get_user


@pytest.mark.untraced
def test_a_finding_that_no_call_proves_is_left_to_the_check() -> None:
    run_machine(machine(WithoutLogin))


def test_only_what_is_selected_is_judged() -> None:
    run_machine(machine(lambda: Misreporting(is_empty=True), select=["profile", "verify-not-reflected"]))
    run_machine(machine(lambda: Misreporting(is_empty=True), select=["hardcoded-secret"]))
    search()
    with pytest.raises(ContractBrokenError, match="change-password-misreported"):
        run_machine(machine(lambda: Misreporting(is_empty=True), select=["outcome"]))


@pytest.mark.parametrize("option", ["select", "ignore"])
def test_an_unknown_rule_is_an_error_before_any_call(option: str) -> None:
    settings: dict[str, Any] = {option: ["change-password-misreport"]}
    with pytest.raises(ConfigurationError, match="did you mean change-password-misreported"):
        machine(cannot_open, **settings)


def test_wrong_passwords_stay_below_the_lockout_limit() -> None:
    tried = machine(empty_shop)()
    tried.sign_up("first", "first")
    for name in ("first", "second", "third") * 4:
        tried.log_in(name, "second")
    tried.log_in("first", None)
    tried.close()

    failing = [
        str(exchange.identifier)
        for exchange in tried._recorder.transcript().exchanges
        if exchange.script == "login" and exchange.ending == "failed"
    ]
    assert max(Counter(failing).values()) == 2
    assert len(failing) == 4
    assert tried._recorder.transcript().exchanges[-1].ending == "found"


class OnOneThread(WritingShop):
    """Its store belongs to the thread that opened it, as a connection to SQLite does."""

    def __init__(self) -> None:
        super().__init__(is_empty=True)
        self.store = sqlite3.connect(":memory:")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @override
    def rows(self) -> list[Record]:
        self.store.execute("SELECT 1")
        return super().rows()


@pytest.mark.untraced
def test_the_database_is_created_on_the_thread_of_its_scripts() -> None:
    run_machine(machine(OnOneThread))


class ForgetfulInOutage(WritingShop):
    @override
    def get_user(self, identifier: Any) -> Any:
        return NotFound() if self.is_down else super().get_user(identifier)


def test_an_outage_in_the_middle_is_judged_too() -> None:
    search()
    with pytest.raises(ContractBrokenError, match="error: outage-as-not-found: "):
        run_machine(machine(empty_shop, outage=ForgetfulInOutage(is_down=True)))


class FindingInOutage:
    def get_user(self, identifier: Any) -> Any:
        return Failed(ScriptError("down"))


def test_an_outage_database_may_have_some_of_the_scripts_only() -> None:
    run_machine(machine(empty_shop, outage=FindingInOutage()))


def test_an_outage_that_needs_an_address_is_left_to_the_check() -> None:
    made = machine(empty_shop, outage=lambda fault_url: WritingShop(is_down=True))

    assert made().outage_database() is None


@pytest.mark.untraced
def test_it_can_be_subclassed_and_run_by_any_test_runner() -> None:
    class ShopMachine(CustomDatabaseMachine):
        @override
        def fresh_database(self) -> object:
            return empty_shop()

    run_machine(ShopMachine)
    assert issubclass(ShopMachine.TestCase, object)


class SharedShop(WritingShop):
    kept: ClassVar[WritingShop] = WritingShop(is_empty=True)


class WithoutCreate:
    def get_user(self, identifier: str) -> Any:
        return NotFound()


class WithoutGetUser:
    def create(self, user: Any) -> Any:
        return Done()


class Broken:
    def get_user(self, identifier: str) -> Any:
        raise ConnectionError

    def create(self, user: Any) -> Any:
        return Done()


class KnowingAnybody:
    def get_user(self, identifier: str) -> Any:
        return Found({"user_id": "7"})

    def create(self, user: Any) -> Any:
        return Done()


class RefusingEverybody(WritingShop):
    @override
    def create(self, user: Any) -> Any:
        return Failed(ValidationError("invalid_domain", "We take no such e-mails"))


def cannot_open() -> object:
    raise OSError("no such store")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SharedShop.kept, "fresh_database must return a database with an empty store each time, but this one"),
        (
            KnowingAnybody,
            "fresh_database must return a database with an empty store each time, but this one knows cust",
        ),
        (WithoutCreate, "the machine needs the scripts create and get_user, but the fresh database has no create"),
        (WithoutGetUser, "the machine needs the scripts create and get_user, but the fresh database has no get_user"),
        (Broken, "the fresh database cannot be used: get_user ended raised for customdb-first@example.com"),
        (
            lambda: RefusingEverybody(is_empty=True),
            'create failed with ValidationError "We take no such e-mails" for a user who',
        ),
        (cannot_open, "fresh_database: the database could not be opened: OSError: no such store"),
    ],
)
def test_unusable_input_is_an_error_before_judging(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        machine(make)

    assert str(raised.value).startswith(said)


def test_a_subclass_must_define_its_database() -> None:
    with pytest.raises(ConfigurationError, match="CustomDatabaseMachine must override fresh_database"):
        CustomDatabaseMachine()


def test_only_the_deadline_of_the_teams_own_profile_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[settings] = []
    monkeypatch.setattr(
        "customdb_contract.testing.machines.run_state_machine_as_test",
        lambda _, settings: seen.append(settings),
    )

    for deadline in ({}, {"deadline": 3000}, {"deadline": None}):
        settings.register_profile("team", settings.get_profile("default"), max_examples=7, **deadline)
        settings.load_profile("team")
        run_machine(CustomDatabaseMachine)

    assert [chosen.deadline for chosen in seen] == [None, timedelta(seconds=3), None]
    assert [chosen.max_examples for chosen in seen] == [7, 7, 7]
    assert not any(Phase.explain in chosen.phases for chosen in seen)


def test_the_users_follow_the_teams_template() -> None:
    made = machine(empty_shop, new_user=NewUser(email="{unique}@shop.test"))

    assert "first@shop.test" in str(made()._recorder.transcript())


def test_passwords_follow_the_teams_template() -> None:
    run_machine(machine(strict_shop, new_user=NewUser(password=Secret("shop={unique}=")), fail_on="warning"))

    with pytest.raises(ConfigurationError, match=r"failed with ScriptError \"«password of first» is not a password"):
        run_machine(machine(strict_shop))


def test_values_shared_by_all_examples_are_created_once() -> None:
    for made in (people_of, registry_of, rules_in_sight):
        made.cache_clear()

    assert people_of(NewUser(), requires_username=True) is people_of(NewUser(), requires_username=True)
    assert registry_of(NewUser()) is registry_of(NewUser())
    chosen = frozenset({"missing-user-id"})
    assert rules_in_sight(chosen, Connection()) is rules_in_sight(chosen, Connection())


@pytest.mark.parametrize(
    ("connection", "unseen"),
    [
        (Connection(), {Need.IMPORT_MODE, Need.REQUIRES_USERNAME, Need.SCRIPT_CONTEXT, Need.FINAL_DELETION}),
        (Connection(import_mode=True, requires_username=True), {Need.LEGACY_MODE, Need.SCRIPT_CONTEXT}),
    ],
)
def test_rules_that_need_another_connection_or_an_action_are_not_judged(
    connection: Connection, unseen: set[Need]
) -> None:
    visible = rules_in_sight(frozenset(), connection)

    needed = {need for rule in CATALOGUE if rule.info.name in visible for need in rule.info.needs}
    assert needed.isdisjoint({*unseen, Need.ACTION, Need.ASKING_ACTION})
    assert needed >= {Need.LOGIN, Need.WRITES}


class Hotel:
    """Records what it receives at a sign-up, and the organization."""

    def __init__(self, seen: set[str]) -> None:
        self.shop = WritingShop(is_empty=True)
        self.seen = seen

    def get_user(self, identifier: Any, context: Any) -> Any:
        self.seen.add(f"get_user {context['organization']['name']}")
        return self.shop.get_user(identifier)

    def create(self, user: Any, context: Any) -> Any:
        self.seen.update([f"create {context['organization']['name']}", *user])
        return self.shop.create(user)


def test_create_receives_all_sign_up_fields() -> None:
    seen: set[str] = set()
    new_user = NewUser(
        phone_number="+49{unique}",
        user_metadata={"colour": "red"},
        app_metadata={"plan": "full"},
        organization="hotel",
        fields={"given_name": "Ada"},
    )
    tried = machine(lambda: Hotel(seen), connection=Connection(script_context=True), new_user=new_user)()

    tried.try_out()
    tried.close()

    given = {"phone_number", "user_metadata", "app_metadata", "given_name"}
    assert seen >= {"get_user hotel", "create hotel", *given}
