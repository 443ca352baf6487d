"""Lives that a check runs after its probes: which ones, on which database, and what ends them."""

import threading
import time
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import pytest
from attrs import evolve
from typing_extensions import override

from customdb_contract import (
    Connection,
    Done,
    Found,
    KnownUser,
    NewUser,
    NotFound,
    Report,
    ScriptError,
    Severity,
    WrongUsernameOrPasswordError,
    check,
    judge,
)
from customdb_contract.actions import PostLoginApi, PostLoginEvent
from customdb_contract.contract import Script
from customdb_contract.findings import Need, Status
from customdb_contract.observing import CheckInterrupted, plan_lines
from customdb_contract.observing_actions import CheckedAction, observe_both
from customdb_contract.probes import Probing, driver
from customdb_contract.transcript import Ending, Exchange, Mark, Operation, Situation, StopKind, Transcript
from mutants import breaches, explain
from writing_shop import Record, WritingShop, known_customer

pytestmark = pytest.mark.one_python

ON, OFF = Connection(import_mode=True), Connection()
FINAL = Connection(import_mode=True, deletion_is_final=True)
ADA = "ada@example.com"

LOG_IN, RESET, LINK = "log_in login", "request_password_reset get_user", "complete_password_reset get_user"
SIGN_UP = "sign_up get_user create login"

OF_ADA_WITH_IMPORT = [
    *(LOG_IN, "search", "log_in"),
    *(LOG_IN, "log_in"),
    *(LOG_IN, "search", "sign_up", LOG_IN),
    *("sign_up get_user", LOG_IN),
    *(RESET, LINK, "log_in", "log_in get_user", "log_in"),
]
OF_ADA_WITHOUT = [LOG_IN, LOG_IN, "sign_up get_user", LOG_IN]
OF_OTHERS = [
    *(SIGN_UP, LOG_IN, "delete_user delete"),
    *(SIGN_UP, RESET, f"{LINK} change_password", LOG_IN, LOG_IN, LOG_IN, "delete_user delete"),
    *(SIGN_UP, "change_email get_user get_user change_email", LOG_IN, LOG_IN, "delete_user delete"),
    *(SIGN_UP, "delete_user delete", LOG_IN, SIGN_UP, "delete_user delete"),
]


def operations(transcript: Transcript) -> list[str]:
    """Return the operations on tenants, each with the scripts that it ran."""
    return [
        " ".join([one.name, *(call.script for call in transcript.caused_by(one) if isinstance(call, Exchange))])
        for one in transcript.of_kind(Operation)
    ]


def checked(
    database: object, connection: Connection = ON, users: Sequence[KnownUser] = (known_customer(),), **how: Any
) -> Report:
    return check(database, users, connection=connection, **how)


@pytest.mark.parametrize(
    ("connection", "writes", "expected"),
    [
        pytest.param(ON, False, OF_ADA_WITH_IMPORT, id="import mode on"),
        pytest.param(ON, True, OF_ADA_WITH_IMPORT, id="import mode on, writing"),
        pytest.param(FINAL, False, [*OF_ADA_WITH_IMPORT, LOG_IN, "delete_user", LOG_IN], id="deletions are final"),
        pytest.param(OFF, False, OF_ADA_WITHOUT, id="import mode off"),
        pytest.param(OFF, True, [*OF_ADA_WITHOUT, *OF_OTHERS], id="import mode off, writing"),
    ],
)
def test_the_lives_that_are_played(connection: Connection, writes: bool, expected: list[str]) -> None:
    shop = WritingShop()
    transcript = checked(shop, connection, writes=writes).transcript

    assert operations(transcript) == expected
    assert transcript.header.stop_reason is None
    assert transcript.header.left_behind == ()
    assert [row.email for row in shop.records] == [ADA]


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("connection", [FINAL, OFF], ids=["on", "off"])
def test_a_plan_shows_the_calls_of_lives(connection: Connection, writes: bool) -> None:
    transcript = checked(WritingShop(), connection, writes=writes).transcript
    plans = [
        plan_lines(WritingShop(), [known_customer()], connection, Probing(writes=writes, rehearse=rehearse))
        for rehearse in (True, False)
    ]
    planned = [line.partition(" ")[0] for line in plans[0][len(plans[1]) :]]

    assert planned == [call.script for call in transcript.exchanges if call.caused_by is not None]
    assert not [line for line in plans[0] if "Weaving" in line or "Aa1!" in line or "Zz9!" in line]


def test_a_plan_has_no_calls_of_missing_scripts() -> None:
    class OnlyGetUser:
        get_user = WritingShop.get_user

    with_lives, without = (
        plan_lines(OnlyGetUser(), [known_customer()], ON, Probing(rehearse=rehearse)) for rehearse in (True, False)
    )

    assert len(with_lives) == len(without)


def test_without_lives_their_rules_name_the_missing_setting() -> None:
    report = checked(WritingShop(), FINAL, rehearse=False)
    verdict = report.verdict("migrated-user-not-marked")

    assert operations(report.transcript) == []
    assert (verdict.status, verdict.missing) == (Status.NOT_APPLICABLE, (Need.LIFE,))
    assert verdict.reason == "needs rehearse = true"


def test_lives_are_played_on_the_database_that_is_open() -> None:
    made: list[WritingShop] = []

    def make() -> WritingShop:
        made.append(WritingShop())
        return made[-1]

    report = checked(make)

    assert len(made) == 1
    assert len(operations(report.transcript)) == len(OF_ADA_WITH_IMPORT)


def test_progress_is_reported_for_calls_of_lives() -> None:
    reported: list[Exchange] = []
    report = checked(WritingShop(), progress=reported.append)

    assert [call.number for call in reported] == [call.number for call in report.transcript.exchanges]


def test_a_refusal_of_the_right_password_is_seen_twice() -> None:
    class LettingInOnce(WritingShop):
        times = 0

        @override
        def login(self, identifier: Any, password: Any) -> Any:
            self.times += identifier == ADA
            return super().login(identifier, password if self.times < 2 else "")

    report = checked(LettingInOnce(), OFF, rehearse=False)
    asked = report.transcript.select(Script.LOGIN, "known-user", "repeated")

    assert [call.ending for call in asked] == [Ending.FOUND, Ending.FAILED, Ending.FAILED]
    assert breaches(report) == ["migration-marker-hides-user"], explain(report)


# An interrupted migration


class WithMetadata(WritingShop):
    """A shop in which only some users have metadata."""

    @override
    def profile(self, row: Record) -> dict[str, object]:
        return super().profile(row) | ({"app_metadata": {"plan": "full"}} if row.email != ADA else {})


BOB = KnownUser(email="bob@example.com", password="Builder of things")


def shop_of_two() -> WithMetadata:
    shop = WithMetadata()
    shop.records.append(Record(8, "bob@example.com", "Builder of things"))
    return shop


def test_an_interrupted_migration_is_played_with_a_user_with_metadata() -> None:
    report = checked(shop_of_two(), users=[known_customer(), BOB])
    [finding] = report.verdict("no-metadata-repair").findings
    message = "an interrupted migration lost app_metadata for good; restore it with a post-login Action"

    assert (finding.message, finding.severity) == (message, Severity.INFO)
    assert {call.person for call in report.transcript.exchanges if call.number in finding.evidence} == {"bob"}
    assert (breaches(report), report.exit_code) == ([], 0), explain(report)
    assert checked(shop_of_two(), users=[known_customer(), BOB], fail_on="warning").ok


@pytest.mark.parametrize("how", [{"users": [known_customer()]}, {"rehearse": False}, {"connection": OFF}])
def test_metadata_are_not_reported_when_none_is_lost(how: dict[str, Any]) -> None:
    settings: dict[str, Any] = {"users": [known_customer(), BOB], **how}
    report = checked(shop_of_two(), **settings)

    assert report.verdict("no-metadata-repair").status is Status.NOT_APPLICABLE


def test_a_plan_shows_the_interrupted_migration_of_a_user_with_metadata() -> None:
    bob = evolve(BOB, profile={"app_metadata": {"plan": "full"}})
    plans = [
        plan_lines(shop_of_two(), [known_customer(), bob], ON, Probing(rehearse=rehearse)) for rehearse in (True, False)
    ]

    assert next(line.split()[:2] for line in plans[0][len(plans[1]) :]) == ["login", "bob@example.com"]


def test_a_checked_action_is_judged_by_its_own_rules() -> None:
    async def persist(event: PostLoginEvent, api: PostLoginApi) -> None:
        """Do nothing."""

    users = [known_customer(), BOB]
    transcript = observe_both(
        shop_of_two(), CheckedAction(action=persist), users, ON, Probing(max_time=60), progress=lambda _: None
    )

    assert judge(transcript).verdict("no-metadata-repair").status is Status.NOT_APPLICABLE


# Their users


def test_only_a_user_who_logs_in_plays_a_life() -> None:
    class Locking(WritingShop):
        failed = 0

        @override
        def login(self, identifier: Any, password: Any) -> Any:
            try:
                return super().login(identifier, "" if self.failed else password)
            except WrongUsernameOrPasswordError:
                self.failed += identifier == ADA
                raise

    report = checked(Locking())

    assert any(Mark.LOCKED_OUT in call.marks for call in report.transcript.exchanges)
    assert operations(report.transcript) == []


def test_one_user_who_logs_in_proves_nothing_about_others() -> None:
    shop = WritingShop()
    shop.records.append(Record(8, "zoe@example.com", "Another one"))
    mistaken = KnownUser(email="zoe@example.com", password="Unheard of")

    assert operations(checked(shop, users=[mistaken, known_customer()]).transcript) == OF_ADA_WITH_IMPORT


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(KnownUser(email=ADA), id="no password"),
        pytest.param(KnownUser(username="countess", password="Weaving patterns"), id="no e-mail"),
        pytest.param(KnownUser(email=ADA, password="Weaving patterns", disabled=True), id="disabled"),
    ],
)
def test_lives_are_played_only_with_users_who_certainly_log_in(user: KnownUser) -> None:
    assert operations(checked(WritingShop(), users=[user]).transcript) == []


def test_a_retired_store_has_no_lives() -> None:
    class Retired:
        def login(self, _identifier: Any, _password: Any) -> Any:
            return NotFound()

        def get_user(self, _identifier: Any) -> Any:
            return NotFound()

    assert operations(checked(Retired()).transcript) == []


# Passwords


class OfGoedel(WritingShop):
    def __init__(self) -> None:
        super().__init__()
        self.records[0].password = "G\u00f6del's proof"


GOEDEL = KnownUser(email=ADA, password="G\u00f6del's proof")


@pytest.mark.parametrize("most", [0, 1, 3])
def test_another_form_of_a_password_counts_as_a_wrong_one(most: int) -> None:
    report = checked(OfGoedel(), users=[GOEDEL], wrong_passwords=most)
    tried = [
        call
        for call in report.transcript.select(Script.LOGIN)
        if call.identifier == ADA and call.argument(1) != "«password of ada»"
    ]

    assert len(tried) == most
    assert [call.situation for call in tried[-1:]] == [Situation.SIMULATED] * min(most, 1)
    assert breaches(report) == [], explain(report)


def test_with_import_mode_off_no_other_form_is_tried() -> None:
    report = checked(OfGoedel(), OFF, users=[GOEDEL])

    assert not report.transcript.select(None, Situation.SIMULATED)


# Created users


def test_without_a_delete_no_user_is_created_for_a_life() -> None:
    class WithoutDelete(WritingShop):
        delete = None  # type: ignore[assignment] # a check takes it for a script that is not there

    report = checked(WithoutDelete(), OFF, writes=True)

    assert operations(report.transcript) == OF_ADA_WITHOUT


def test_no_user_is_created_after_one_could_not_be_removed() -> None:
    class KeepingAll(WritingShop):
        @override
        def delete(self, user_id: Any) -> Any:
            return Done()

    report = checked(KeepingAll(), OFF, writes=True)

    assert report.transcript.header.left_behind
    assert operations(report.transcript) == OF_ADA_WITHOUT


def test_users_are_created_in_the_fresh_database() -> None:
    shop, fresh = WritingShop(), WritingShop(is_empty=True)
    emails: set[str] = set()
    add = fresh.add

    def noting(user: Any) -> None:
        emails.add(user["email"])
        add(user)

    fresh.add = noting  # type: ignore[method-assign] # to see who is made
    report = checked(shop, OFF, writes=True, fresh_database=fresh)
    made = [call.identifier for call in report.transcript.select(Script.CREATE) if call.caused_by is not None]

    assert operations(report.transcript) == [*OF_ADA_WITHOUT, *OF_OTHERS]
    assert len(made) == 5
    assert len(emails) > 4
    assert (fresh.records, [row.email for row in shop.records]) == ([], [ADA])


def test_usernames_are_created_if_required() -> None:
    connection = Connection(requires_username=True)
    report = checked(WritingShop(), connection, writes=True)

    assert operations(report.transcript)[-1] == "delete_user delete"
    assert breaches(report) == [], explain(report)


# Their end


class Interfering(WritingShop):
    """A shop that does something after the first create of a life."""

    def __init__(self, interfere: Callable[[], object]) -> None:
        super().__init__()
        self.interfere = interfere

    @override
    def add(self, user: Any) -> None:
        super().add(user)
        if user["client_id"].startswith("client-of-the-simulated"):
            self.interfere()


def test_a_life_ends_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    late = [0.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return time.monotonic() + late[0]

    monkeypatch.setattr(driver, "time", Clock)
    shop = Interfering(lambda: late.append(late.pop() + 100))
    transcript = checked(shop, OFF, writes=True).transcript
    reason = transcript.header.stop_reason

    assert reason is not None
    assert (reason.kind, transcript.header.left_behind) == (StopKind.TIME, ())
    assert [row.email for row in shop.records] == [ADA]
    assert operations(transcript)[len(OF_ADA_WITHOUT) :] == ["sign_up get_user create"]


def test_a_script_that_never_ends_ends_the_life() -> None:
    over = threading.Event()
    shop = Interfering(over.wait)
    report = checked(lambda: shop, OFF, writes=True, timeout=2.0)
    over.set()
    reason = report.transcript.header.stop_reason

    assert reason is not None
    assert reason.message == (
        "create did not end in time while the life of a user was rehearsed, so no further lives are"
    )
    assert not report.complete


class Mixing(WritingShop):
    """A shop that confuses two users once lives run."""

    is_mixed = False

    @override
    def add(self, user: Any) -> None:
        super().add(user)
        self.is_mixed = user["client_id"].startswith("client-of-the-simulated")

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        found = super().login(identifier, password)
        return Found(self.anothers_profile()) if self.is_mixed and identifier != ADA else found

    def anothers_profile(self) -> dict[str, object]:
        return self.profile(self.records[0])


class MixingIds(Mixing):
    """A shop that returns one user with another user's id."""

    @override
    def anothers_profile(self) -> dict[str, object]:
        return super().anothers_profile() | {"email": "nobody@example.com"}


@pytest.mark.parametrize("make", [Mixing, MixingIds])
def test_a_life_changes_no_other_user(make: Callable[[], Mixing]) -> None:
    shop = make()
    before = copy(shop.records[0])
    transcript = checked(shop, OFF, writes=True).transcript
    reason = transcript.header.stop_reason

    assert reason is not None
    assert reason.kind is StopKind.PROTECTION
    assert reason.message.startswith("login returned another user's profile for a user created by the check; ")
    assert transcript.header.left_behind == ()
    assert shop.records == [before]


def test_created_users_may_have_changing_ids_and_capital_letters() -> None:
    class Numbering(WritingShop):
        @override
        def user_id(self, row: Record) -> str:
            self.numbers += 1
            return f"shop-{row.number}-{self.numbers}"

        @override
        def delete(self, user_id: Any) -> Any:
            self.records = [row for row in self.rows() if str(row.number) not in user_id.split("-")]
            return Done()

    new_user = NewUser(email="CustomDB-{unique}@Example.com")
    transcript = checked(Numbering(), OFF, writes=True, new_user=new_user).transcript

    assert transcript.header.stop_reason is None
    assert transcript.header.left_behind == ()
    assert operations(transcript)[-5:] == OF_OTHERS[-5:]


@pytest.mark.parametrize("often", range(5, 24, 3))
@pytest.mark.parametrize("connection", [ON, OFF], ids=["on", "off"])
def test_a_store_that_fails_now_and_then_is_not_judged_in_a_life(connection: Connection, often: int) -> None:
    class Failing(WritingShop):
        asked = 0

        def fail(self) -> None:
            self.asked += 1
            if self.asked % often == 0:
                message = "The replica is not ready"
                raise ScriptError(message)

        @override
        def login(self, identifier: Any, password: Any) -> Any:
            self.fail()
            return super().login(identifier, password)

        @override
        def get_user(self, identifier: Any) -> Any:
            self.fail()
            return super().get_user(identifier)

    report = checked(Failing(), connection, writes=connection is OFF)

    assert breaches(report) == [], explain(report)


def test_created_users_are_removed_after_an_interrupt() -> None:
    shop = WritingShop()

    def interrupt(exchange: Exchange) -> None:
        if exchange.caused_by is not None and exchange.script is Script.CREATE:
            raise KeyboardInterrupt

    with pytest.raises(CheckInterrupted) as caught:
        checked(shop, OFF, writes=True, progress=interrupt)

    assert [row.email for row in shop.records] == [ADA]
    assert caught.value.transcript.header.left_behind == ()
    assert operations(caught.value.transcript)[-1] == "sign_up get_user create"
