"""The machine that plays whole lives: what it finds, how it reports it, and which databases it rejects."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import Phase, seed, settings
from typing_extensions import override

from customdb_contract import Connection, Found, NotFound, ScriptError, judge
from customdb_contract.connection import NewUser
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.findings import Group
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import Secret
from customdb_contract.tenant import InterruptionPoint, Knobs
from customdb_contract.testing import TenantMachine, run_machine
from customdb_contract.testing._tenancy import Typed
from machines_made import empty_shop, machine_of, noting, sequence_in, strict_shop
from tenant_mutants import FLAWED
from test_unusual_writing import RIGHT
from writing_shop import WritingShop

pytestmark = pytest.mark.one_python


@pytest.fixture(autouse=True)
def brief_profile() -> Iterator[None]:
    """Run every machine for a few examples, without a database of examples."""
    before = settings.get_current_profile_name()
    settings.register_profile("brief-lives", max_examples=12, stateful_step_count=20, database=None, derandomize=True)
    settings.load_profile("brief-lives")
    yield
    settings.load_profile(before)


def profile_of(name: str, **changed: Any) -> None:
    settings.register_profile(name, settings.get_profile("brief-lives"), **changed)
    settings.load_profile(name)


SOON = 1
"""A seed that finds the breach quickly; others can take a minute."""


def search(**changed: Any) -> None:
    """Search for a life that breaks a rule long enough to rule out chance; the first one will do."""
    profile_of(
        "searching-lives", **{"max_examples": 1_000, "stateful_step_count": 25, "phases": [Phase.generate]} | changed
    )


def machine(make: Callable[[], object], *, import_mode: bool = False, **settings: Any) -> type[TenantMachine]:
    return machine_of(TenantMachine, make, **{"connection": Connection(import_mode=import_mode)} | settings)


def only(name: str, kind: type[TenantMachine]) -> type[TenantMachine]:
    """Return a machine that reports one breach: which of several breaches a life meets first is random."""
    judge = kind.judge

    def judged(self: TenantMachine) -> None:
        try:
            judge(self)
        except ContractBrokenError as error:
            if str(error).startswith(f"error: {name}: "):
                raise

    return cast("type[TenantMachine]", type("Only", (kind,), {"judge": judged}))


@pytest.mark.parametrize("import_mode", [True, False])
def test_a_correct_database_passes(import_mode: bool) -> None:
    run_machine(machine(empty_shop, import_mode=import_mode, outage=WritingShop(is_down=True), fail_on="warning"))


@pytest.mark.parametrize("import_mode", [True, False])
def test_passwords_follow_the_teams_template(import_mode: bool) -> None:
    new_user = NewUser(password=Secret("shop={unique}="))

    run_machine(machine(strict_shop, import_mode=import_mode, new_user=new_user, fail_on="warning"))

    with pytest.raises(ConfigurationError, match=r"failed with ScriptError \"«password of [^»]+» is not a password"):
        run_machine(machine(strict_shop, import_mode=import_mode))


@pytest.mark.untraced
@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_that_no_single_call_shows_is_found(name: str) -> None:
    search()
    flawed = FLAWED[name]
    is_rule = flawed.found in {rule.info.name for rule in CATALOGUE}
    judged = {"select": [flawed.found]} if is_rule else {"ignore": list(Group)}

    with pytest.raises(ContractBrokenError):
        run_machine(seed(SOON)(only(flawed.found, machine(flawed.make, import_mode=flawed.import_mode, **judged))))


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, mode) for name, unusual in RIGHT.items() for mode in unusual.modes if unusual.settle == 0],
)
def test_nothing_is_found_in_lives_at_an_unusual_database(name: str, mode: str) -> None:
    unusual = RIGHT[name]
    profile_of("few-lives", max_examples=5, phases=[Phase.generate])

    run_machine(
        machine(
            lambda: unusual.make(is_empty=True),
            connection=unusual.connection(import_mode=mode == "import"),
            outage=unusual.make(is_down=True),
            fail_on="warning",
        )
    )


class MigratesWithoutMetadata(WritingShop):
    """Returns metadata until the first log-in of a user."""

    def __init__(self) -> None:
        super().__init__(is_empty=True)
        self.moved: set[str] = set()

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        is_first = identifier not in self.moved
        self.moved.add(identifier)
        return Found({**result.profile, "app_metadata": {"plan": "full"}}) if is_first else result


@pytest.mark.untraced
def test_a_failure_that_no_rule_judges_is_shown_as_a_shorter_life() -> None:
    search(stateful_step_count=6, phases=[Phase.generate, Phase.shrink])
    broken: list[ContractBrokenError] = []
    migrating = machine(MigratesWithoutMetadata, import_mode=True, ignore=["metadata-in-one-script-only"])

    with pytest.raises(ContractBrokenError) as raised:
        run_machine(noting(migrating, broken))

    message = str(raised.value)
    assert message.startswith("error: metadata-lost-in-migration: login returned app_metadata at first but none at the")
    assert "How to fix it" not in message
    story = message.partition("What happened:\n\n")[2].partition("The whole sequence")[0]
    assert story.startswith("1. customdb-")
    # How far Hypothesis shortens a sequence is not tested.
    assert len(sequence_in(raised.value).exchanges) < len(sequence_in(broken[0]).exchanges)
    assert "Tk4!" not in message


def test_a_sign_up_without_a_later_log_in_is_found_with_any_case_of_the_email() -> None:
    lived = machine(FLAWED["LowerCasesAfterTheCheck"].make)()
    lived.sign_up("first", "first", 0, is_upper=False)
    lived.sign_up("first", "second", 0, is_upper=True)

    with pytest.raises(
        ContractBrokenError, match="error: signed-up-in-vain: create reported success, and login refused"
    ):
        lived.teardown()


class Misreporting(WritingShop):
    @override
    def create(self, user: Any) -> Any:
        result = super().create(user)
        self.records = [row for row in self.records if row.email != user["email"]]
        return result


@pytest.mark.untraced
def test_a_failure_that_a_rule_judges_is_reported_by_the_rule_and_replayable() -> None:
    search(stateful_step_count=4)

    with pytest.raises(ContractBrokenError) as raised:
        run_machine(machine(lambda: Misreporting(is_empty=True)))

    message = str(raised.value)
    assert "How to fix it: customdb-contract rules create-not-visible" in message
    assert "What happened:\n\n1. " in message
    assert [verdict.rule.name for verdict in judge(sequence_in(raised.value)).failures] == ["create-not-visible"]


def test_only_what_is_selected_is_judged() -> None:
    profile_of("some-lives", max_examples=10, phases=[Phase.generate])
    run_machine(machine(lambda: Misreporting(is_empty=True), select=["profile"]))
    run_machine(machine(lambda: Misreporting(is_empty=True), select=["hardcoded-secret"]))
    run_machine(machine(FLAWED["PasswordTruncated"].make, select=["create-not-visible"]))
    search()
    with pytest.raises(ContractBrokenError, match="create-not-visible"):
        run_machine(machine(lambda: Misreporting(is_empty=True), select=["consistency"]))


class ForgetfulInOutage(WritingShop):
    @override
    def get_user(self, identifier: Any) -> Any:
        return NotFound()


def test_an_outage_in_the_middle_of_a_life_is_judged() -> None:
    search()
    with pytest.raises(ContractBrokenError, match="error: outage-as-not-found: "):
        run_machine(machine(empty_shop, outage=ForgetfulInOutage(is_down=True), import_mode=True))


class SharesLogIns(WritingShop):
    """Remembers who logged in, visibly to all connections, and assumes it for unknown users too."""

    def __init__(self, shared: list[tuple[WritingShop, object, object, Any]]) -> None:
        super().__init__(is_empty=True)
        self.shared = shared

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        for shop, known, right, result in self.shared:
            if shop is not self and (known, right) == (identifier, password) and self.find(identifier) is None:
                return result
        result = super().login(identifier, password)
        self.shared.append((self, identifier, password, result))
        return result


class SharingMachine(TenantMachine):
    @override
    def fresh_database(self) -> object:
        self.shared: list[Any] = getattr(self, "shared", [])
        return SharesLogIns(self.shared)


@pytest.mark.untraced
def test_state_shared_between_two_connections_is_found() -> None:
    search()
    with pytest.raises(ContractBrokenError):
        run_machine(seed(SOON)(only("nobody-found", SharingMachine)))


def test_the_settings_of_a_machine_apply() -> None:
    class Asking(TenantMachine):
        connection = Connection(import_mode=True)
        knobs = Knobs(import_login_calls_get_user=True)

        @override
        def fresh_database(self) -> object:
            return empty_shop()

    lived = Asking()
    lived.arrive("first", "first")
    lived.close()

    scripts = [exchange.script.value for exchange in lived._tenancy.tenant.transcript.exchanges]
    assert scripts == ["get_user", "login"]


def test_wrong_passwords_stay_below_the_lockout_limit() -> None:
    lived = machine(empty_shop, import_mode=True)()
    for name in ("first", "second", "third") * 4:
        lived._tenancy.log_in("custom-database", name, interrupt=InterruptionPoint.AFTER_INTERNAL_RECORD)
        lived._tenancy.log_in("custom-database", name, Typed.ANOTHERS)
    lived.close()

    endings = [exchange.ending.value for exchange in lived._tenancy.tenant.transcript.exchanges]
    assert endings.count("failed") == 4
    assert endings[-1] == "found"


class RefusingEverybody(WritingShop):
    @override
    def create(self, user: Any) -> Any:
        raise ScriptError("No more users")


class WithoutLogin:
    def __init__(self) -> None:
        shop = empty_shop()
        self.create, self.get_user = shop.create, shop.get_user


@pytest.mark.parametrize("import_mode", [True, False])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (WritingShop, "fresh_database must return a database with an empty store each time"),
        (
            lambda: RefusingEverybody(is_empty=True),
            'create failed with ScriptError "No more users" for a user who is not in the store',
        ),
        (WithoutLogin, "lives need log-ins, but the fresh database has no login"),
    ],
)
def test_unusable_input_is_an_error_before_judging(make: Callable[[], object], said: str, import_mode: bool) -> None:
    kept = empty_shop()

    def shared() -> WritingShop:
        return kept

    with pytest.raises(ConfigurationError) as raised:
        machine(shared if make is WritingShop else make, import_mode=import_mode)

    assert str(raised.value).startswith(said)


def test_a_subclass_must_define_its_database() -> None:
    with pytest.raises(ConfigurationError, match="TenantMachine must override fresh_database"):
        TenantMachine()
