"""A check that writes: which users it creates, that all are removed, and what it reports if one is not."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract import (
    Connection,
    Declined,
    Done,
    Exchange,
    Failed,
    Found,
    KnownUser,
    NewUser,
    NotFound,
    Report,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
    check,
)
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Status
from customdb_contract.observing import CheckInterrupted, plan_lines
from customdb_contract.probes import Probing, Truth, driver, plan_users
from customdb_contract.reports import FORMATS
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Situation, StopKind
from mutants import breaches, explain
from writing_shop import WritingShop, known_customer

IMPORT = Connection(import_mode=True)
USERS = [known_customer()]


def written(shop: object, **settings: Any) -> Report:
    return check(shop, USERS, writes=True, hostile=False, wrong_passwords=0, **settings)


def emails(shop: WritingShop) -> list[str]:
    return [record.email for record in shop.records]


# The users that it creates, and that all are removed


def test_create_receives_the_sign_up_fields_of_a_new_user() -> None:
    given: list[Mapping[str, Any]] = []

    class ParticularShop(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            given.append(user)
            if not user.get("user_metadata", {}).get("terms") or user.get("company") != "Acme":
                return Failed(ValidationError("incomplete", "accept the terms, and name the company"))
            return super().create(user)

    new_user = NewUser(
        password="Start-{unique}",
        phone_number="+49{unique}",
        user_metadata={"terms": True},
        app_metadata={"plan": "free"},
        fields={"company": "Acme"},
    )
    report = written(ParticularShop(), new_user=new_user)

    assert report.complete, explain(report)
    assert {user["company"] for user in given} == {"Acme"}
    # In a life, the user signs up, and a sign-up has no app_metadata.
    assert any(user.get("app_metadata") == {"plan": "free"} for user in given)
    assert any(user.get("app_metadata") is None for user in given)
    assert all(user["phone_number"].startswith("+49") for user in given)
    assert any(user["password"].startswith("Start-") for user in given)
    assert not all(user["password"].startswith("Start-") for user in given)


def test_created_users_are_removed_and_no_other_user_is_written_to() -> None:
    shop = WritingShop()

    report = written(shop)

    assert breaches(report) == [], explain(report)
    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()
    about_ada = [call.script for call in report.transcript.exchanges if call.person == "ada"]
    assert set(about_ada) == {Script.LOGIN, Script.GET_USER}


@pytest.mark.parametrize("missing", [script for script in Script if script.value not in {"login", "get_user"}])
def test_a_database_may_lack_any_writing_script(missing: Script) -> None:
    class Lacking:
        def __init__(self) -> None:
            for script in Script:
                if script is not missing:
                    setattr(self, script.value, getattr(shop, script.value))

    shop = WritingShop()

    report = written(Lacking())

    assert missing not in {exchange.script for exchange in report.transcript.exchanges}
    assert breaches(report) == [], explain(report)


def test_with_import_mode_on_only_change_password_is_judged() -> None:
    shop = WritingShop()

    report = written(shop, connection=IMPORT)

    scripts = {call.script for call in report.transcript.exchanges if call.situation is Situation.WRITING}
    assert scripts == {Script.CREATE, Script.GET_USER, Script.LOGIN, Script.CHANGE_PASSWORD}
    assert emails(shop) == ["ada@example.com"]
    assert breaches(report) == [], explain(report)


def test_the_fresh_database_is_the_one_that_is_written_to() -> None:
    class ReadOnly(WritingShop):
        @override
        def add(self, user: Mapping[str, Any]) -> None:
            pytest.fail("the checked database was written to")

    made: list[WritingShop] = []

    def empty() -> WritingShop:
        made.append(WritingShop(is_empty=True))
        return made[-1]

    report = written(ReadOnly(), fresh_database=empty)

    assert breaches(report) == [], explain(report)
    assert any(shop.numbers > 100 for shop in made)
    assert [emails(shop) for shop in made] == [[] for _ in made]


class Replicated(WritingShop):
    """Reads are several seconds older than the latest writes, except for the connection that wrote."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.until = 0.0
        self.old: list[Any] = []

    @override
    def get_user(self, identifier: Any) -> Any:
        return super().get_user(identifier) if time.monotonic() > self.until else NotFound()

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.until = time.monotonic() + self.seconds


def test_a_replicated_store_gets_time_to_settle() -> None:
    assert "create-not-visible" in breaches(written(Replicated(60), select=["create-not-visible"]))
    assert breaches(written(Replicated(0.05), select=["create-not-visible"], settle=0.1)) == []


def test_new_users_follow_the_teams_template() -> None:
    class Noting(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            seen.append(user["email"].lower())
            return super().create(user)

    seen: list[str] = []

    written(Noting(), new_user=NewUser(email="test-{unique}@shop.test"))

    assert len(seen) > 3
    assert all(email.startswith("test-") and email.endswith("@shop.test") for email in seen)


# Cases without writes


class OnlyStaff(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self.rows()
        return Failed(ScriptError("only @staff.example.com may sign up"))


def test_a_create_that_refuses_the_new_user_ends_the_check() -> None:
    report = written(OnlyStaff())

    stop = report.transcript.header.stop_reason
    assert stop is not None
    assert stop.kind is StopKind.SET_UP
    assert stop.message == (
        'create failed with ScriptError "only @staff.example.com may sign up" for a user who is not in the store, '
        "so the scripts that write could not be judged. Describe a new user whom the store accepts ([new_user], "
        "NewUser), or correct create"
    )
    assert report.exit_code == 3


def test_outages_are_provoked_when_create_creates_no_user() -> None:
    report = check(OnlyStaff(), [known_customer()], outage=OnlyStaff(is_down=True), writes=True, hostile=False)

    asked = {exchange.script for exchange in report.transcript.select(None, "outage")}
    assert asked == set(Script)
    assert report.verdict("change-password-outage-hidden").status is Status.PASSED
    [delete] = report.transcript.select(Script.DELETE)
    known = [exchange for exchange in report.transcript.select(Script.GET_USER, "known-user") if exchange.profile]
    assert delete.identifier not in [exchange.profile["user_id"] for exchange in known if exchange.profile]
    assert report.verdict("delete-misreported").status is Status.PASSED
    assert report.exit_code == 3


def test_a_database_that_finds_every_identifier_is_not_written_to() -> None:
    class Everybody(WritingShop):
        @override
        def get_user(self, identifier: Any) -> Any:
            return super().get_user("ada@example.com")

        @override
        def add(self, user: Mapping[str, Any]) -> None:
            pytest.fail("somebody was made")

    report = written(Everybody())

    assert breaches(report) == ["get-user-ignores-identifier"], explain(report)


def test_a_raising_inspect_is_reported_in_one_masked_sentence() -> None:
    def inspect(email: str) -> object:
        message = f"no table people, and Weaving patterns is not for {email}"
        raise LookupError(message)

    report = written(WritingShop(), inspect=inspect)

    stop = report.transcript.header.stop_reason
    assert stop is not None
    assert stop.kind is StopKind.SET_UP
    assert stop.message == (
        "inspect('ada@example.com') raised LookupError: no table people, and «password of ada» is not for "
        "ada@example.com; it must return a record or None"
    )


def test_seconds_to_settle_are_a_number() -> None:
    with pytest.raises(Exception, match=r"settle must be a number of seconds, 0 or more, got -1"):
        written(WritingShop(), settle=-1)


# Remaining users


class WithoutDelete:
    """Everything but delete."""

    def __init__(self, shop: WritingShop) -> None:
        for script in Script:
            if script is not Script.DELETE:
                setattr(self, script.value, getattr(shop, script.value))


class Undeletable(WritingShop):
    """Delete reports success."""

    @override
    def delete(self, user_id: Any) -> Any:
        return Done()


class Unsearchable(WritingShop):
    """Finds no user once there are others."""

    @override
    def get_user(self, identifier: Any) -> Any:
        if len(self.records) > 1:
            raise ScriptError("out of order")
        return super().get_user(identifier)


class WithoutUserId(WritingShop):
    """No profile has the id for removing the user."""

    @override
    def profile(self, row: Any) -> dict[str, object]:
        return {name: value for name, value in super().profile(row).items() if name != "user_id"}


@pytest.mark.parametrize("kind", [WithoutDelete, Undeletable, WithoutUserId])
def test_users_that_could_not_be_removed_are_listed_in_every_report(kind: Callable[..., object]) -> None:
    shop = WritingShop() if kind is WithoutDelete else kind()
    assert isinstance(shop, WritingShop)

    report = written(WithoutDelete(shop) if kind is WithoutDelete else shop)

    left = report.transcript.header.left_behind
    assert {email.lower() for email in emails(shop)[1:]} <= {email.lower() for email in left}
    assert left
    text = FORMATS["text"](report)
    assert "The check could not remove these users, which may still be in the store:" in text
    assert all(email in " ".join(text.split()) for email in left)
    assert json.loads(FORMATS["json"](report))["left_behind"] == list(left)


class FailsForUnknown(WritingShop):
    """get_user ends in an error for unknown users."""

    @override
    def get_user(self, identifier: Any) -> Any:
        if self.find(identifier) is None:
            raise ScriptError("cannot read properties of undefined")
        return super().get_user(identifier)


@pytest.mark.parametrize("kind", [Unsearchable, FailsForUnknown])
def test_a_removed_user_is_not_listed_though_get_user_fails(kind: type[WritingShop]) -> None:
    shop = kind()

    report = written(shop)

    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()


def test_without_get_user_all_created_users_are_listed() -> None:
    class OnlyLogin:
        def __init__(self) -> None:
            for script in Script:
                if script is not Script.GET_USER:
                    setattr(self, script.value, getattr(shop, script.value))

    shop = WritingShop()

    report = written(OnlyLogin())

    assert len(emails(shop)) > 3
    assert set(emails(shop)[1:]) <= set(report.transcript.header.left_behind)


class HidesTheUnverified(WritingShop):
    """get_user finds no user whose e-mail is unverified; login does."""

    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None or not row.verified else super().get_user(identifier)


def test_a_hidden_user_is_removed_by_the_id_from_login() -> None:
    shop = HidesTheUnverified()

    report = written(shop)

    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()


def test_a_hidden_user_without_a_known_id_is_listed() -> None:
    class NobodyLogsIn(HidesTheUnverified):
        @override
        def login(self, identifier: Any, password: Any) -> Any:
            result = super().login(identifier, password)
            return result if identifier == "ada@example.com" else Failed(ScriptError("out of order"))

    shop = NobodyLogsIn()

    report = written(shop)

    assert len(emails(shop)) > 3
    assert set(emails(shop)[1:]) <= set(report.transcript.header.left_behind)


def test_a_user_deleted_with_a_wrong_result_is_removed() -> None:
    class ReturnsNothing(WritingShop):
        @override
        def delete(self, user_id: Any) -> Any:
            super().delete(user_id)

    shop = ReturnsNothing()

    report = written(shop)

    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()


def test_an_id_is_not_used_once_more_after_a_delete_that_never_ended() -> None:
    class Breaks(WritingShop):
        @override
        def delete(self, user_id: Any) -> Any:
            asked.append(user_id)
            super().delete(user_id)
            raise ZeroDivisionError

    asked: list[str] = []
    shop = Breaks()

    report = written(shop)

    assert emails(shop) == ["ada@example.com"]
    assert len(set(asked)) == len(asked) - 1, "the plan itself deletes one person twice"
    assert report.transcript.header.left_behind


def test_a_user_created_from_nothing_is_removed() -> None:
    class MakesSomebody(WritingShop):
        @override
        def change_password(self, email: Any, new_password: Any) -> Any:
            if self.find(email) is None:
                self.add({"email": email, "password": new_password})
                return Declined()
            return super().change_password(email, new_password)

    shop = MakesSomebody()

    report = written(shop)

    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()


def test_a_user_found_in_place_of_a_created_one_is_not_deleted() -> None:
    class FindsTheFirst(WritingShop):
        @override
        def get_user(self, identifier: Any) -> Any:
            return NotFound() if self.find(identifier) is None else Found(self.profile(self.records[0]))

    shop = FindsTheFirst()

    report = written(shop)

    assert breaches(report) == ["wrong-users-profile"], explain(report)
    assert emails(shop)[0] == "ada@example.com"
    assert set(emails(shop)[1:]) <= set(report.transcript.header.left_behind)


@pytest.mark.parametrize("script", ["login", "get_user"])
def test_an_id_returned_for_every_user_is_never_deleted(script: str) -> None:
    class OneIdForAll(WritingShop):
        @override
        def profile(self, row: Any) -> dict[str, object]:
            return super().profile(row) | {"user_id": "shop-7"}

    class OneIdAtLogin(WritingShop):
        @override
        def login(self, identifier: Any, password: Any) -> Any:
            found = super().login(identifier, password)
            return Found({**found.profile, "user_id": "shop-7"}) if isinstance(found, Found) else found

    shop = OneIdAtLogin() if script == "login" else OneIdForAll()

    report = written(shop)

    assert "shared-user-id" in breaches(report), explain(report)
    assert emails(shop)[0] == "ada@example.com"


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ({"user_id": 7}, {"user_id": 7}),
        ({"user_id": "shop-7"}, {"user_id": "SHOP-7"}),
        ({"user_id": None, "id": "shop-7"}, {"user_id": "shop-7"}),
    ],
    ids=["a number", "another case", "as id"],
)
def test_an_id_that_the_store_may_convert_is_never_deleted(known: dict[str, object], new: dict[str, object]) -> None:
    class OneIdForAll(WritingShop):
        @override
        def profile(self, row: Any) -> dict[str, object]:
            return super().profile(row) | (known if row.email == "ada@example.com" else new)

        @override
        def delete(self, user_id: Any) -> Any:
            return super().delete(f"shop-{str(user_id)[-1]}")

    shop = OneIdForAll()

    written(shop)

    assert emails(shop)[0] == "ada@example.com"


def test_an_id_from_an_unidentified_profile_is_never_deleted() -> None:
    class FindsAStranger(WritingShop):
        @override
        def profile(self, row: Any) -> dict[str, object]:
            profile = super().profile(row)
            return profile if row.email == "ada@example.com" else {**profile, "email": None}

        @override
        def get_user(self, identifier: Any) -> Any:
            own = self.find(identifier)
            found = own if own is None or own.email == "ada@example.com" else self.records[1]
            return NotFound() if found is None else Found(self.profile(found))

    shop = FindsAStranger()
    shop.add({"email": "stranger@example.com", "password": "of a stranger", "user_metadata": {}})

    report = written(shop)

    assert emails(shop)[:2] == ["ada@example.com", "stranger@example.com"]
    assert set(emails(shop)[2:]) <= set(report.transcript.header.left_behind)


def test_several_users_with_one_identifier_are_all_removed() -> None:
    class Upserting(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            self.add(user)
            return Done()

    shop = Upserting()

    report = written(shop)

    assert "create-duplicate-not-user-exists" in breaches(report)
    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()


def test_removing_users_has_its_own_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_CLEAN_UP_SECONDS", -1)
    shop = WritingShop()

    report = written(shop)

    assert len(report.transcript.header.left_behind) > 3
    assert report.transcript.header.stop_reason is not None
    assert set(emails(shop)[1:]) <= set(report.transcript.header.left_behind)


def test_a_check_out_of_time_still_removes_created_users(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[float] = []
    monkeypatch.setattr(
        driver, "time", SimpleNamespace(sleep=time.sleep, monotonic=lambda: time.monotonic() + sum(late))
    )

    class Slow(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            late.extend([] if late else [1000.0])
            return super().create(user)

    shop = Slow()

    report = written(shop)

    stop = report.transcript.header.stop_reason
    assert stop is not None
    assert stop.kind is StopKind.TIME
    assert Situation.CLEAN_UP in {call.situation for call in report.transcript.exchanges}
    assert emails(shop) == ["ada@example.com"]
    assert report.transcript.header.left_behind == ()


# Ctrl-C


def interrupted_at(shop: object, is_moment: Callable[[Exchange], bool]) -> CheckInterrupted:
    def interrupt(exchange: Exchange) -> None:
        if is_moment(exchange):
            raise KeyboardInterrupt

    with pytest.raises(CheckInterrupted) as interrupted:
        written(shop, progress=interrupt)
    return interrupted.value


@pytest.mark.parametrize("script", [script for script in Script if script.value not in {"login", "get_user"}])
def test_ctrl_c_after_any_write_leaves_no_created_user(script: Script) -> None:
    shop = WritingShop()

    interrupted = interrupted_at(
        shop, lambda exchange: exchange.script is script and exchange.situation is Situation.WRITING
    )

    assert emails(shop) == ["ada@example.com"]
    assert interrupted.transcript.header.left_behind == ()
    stop = interrupted.transcript.header.stop_reason
    assert stop is not None
    assert stop.kind is StopKind.INTERRUPTED


def test_ctrl_c_without_a_delete_script_lists_the_remaining_users() -> None:
    shop = WritingShop()

    interrupted = interrupted_at(WithoutDelete(shop), lambda exchange: exchange.script is Script.CHANGE_EMAIL)

    left = interrupted.transcript.header.left_behind
    assert len(emails(shop)) > 1
    assert set(emails(shop)[1:]) <= set(left)


def test_a_second_ctrl_c_ends_the_removal_and_lists_the_remaining_users() -> None:
    shop = WritingShop()

    interrupted = interrupted_at(
        shop,
        lambda exchange: exchange.script is Script.CHANGE_EMAIL or exchange.situation is Situation.CLEAN_UP,
    )

    left = interrupted.transcript.header.left_behind
    assert len(emails(shop)) > 1
    assert set(emails(shop)[1:]) <= set(left)


@pytest.mark.parametrize("seconds", [0.3, 0.9])
def test_ctrl_c_during_a_running_create_removes_or_lists_the_user(seconds: float) -> None:
    class Slow(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(seconds)
            return super().create(user)

    shop = Slow()

    with pytest.raises(CheckInterrupted) as interrupted:
        written(shop)
    time.sleep(seconds)

    assert set(emails(shop)[1:]) <= set(interrupted.value.transcript.header.left_behind)


# The users that it creates have passwords that no policy rejects


@given(st.sampled_from(["customdb-{unique}@example.com", "b0c1d2f3g4h5j6k7m8n9p0q1r2s3t4v5-{unique}@shop.test"]))
def test_no_policy_refuses_the_passwords_of_new_users(email: str) -> None:
    truth = Truth.of(USERS, Connection(requires_username=True), SecretRegistry())

    for created in plan_users(NewUser(email=email), truth):
        for secret in (created.password, created.new_password):
            password, rest = secret.reveal().lower(), secret.reveal()[5:].lower()
            rows = [password[place : place + 3] for place in range(len(password) - 2)]
            assert [row for row in rows if len(set(row)) == 1] == []
            assert [
                row for row in rows if row.isalnum() and ord(row[2]) - ord(row[1]) == ord(row[1]) - ord(row[0])
            ] == []
            assert "password" not in password
            assert not any(rest[place : place + 3] in created.email for place in range(len(rest) - 2))
        is_longest = created.situation is Situation.LONGEST_PASSWORD
        assert (len(created.password.reveal().encode()) == 72) is is_longest


# No password is shown


def test_no_password_is_in_any_report_transcript_or_plan() -> None:
    class Leaking(WritingShop):
        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            passwords.append(user["password"])
            print("creating", dict(user))
            return super().create(user)

        @override
        def change_password(self, email: Any, new_password: Any) -> Any:
            passwords.append(new_password)
            raise ScriptError(f"cannot set {new_password}")

        @override
        def profile(self, row: Any) -> dict[str, object]:
            return {**super().profile(row), "user_metadata": {"hint": row.password}}

    passwords: list[str] = ["Weaving patterns"]
    shop = Leaking()

    report = written(shop, inspect=lambda email: {"note": f"{email}: {passwords[-1]}"})
    shown = [render(report) for render in FORMATS.values()]
    shown += [json.dumps(report.transcript.to_json()), str(report.transcript), repr(report.transcript), repr(report)]
    shown += plan_lines(shop, USERS, Connection(), Probing(writes=True))

    assert len(set(passwords)) > 5
    assert [password for password in passwords for text in shown if password.strip() in text] == []
    assert Status.FAILED in {verdict.status for verdict in report.verdicts}


# The plan


def test_a_plan_has_the_writes_and_makes_none_of_them() -> None:
    class Untouched(WritingShop):
        @override
        def add(self, user: Mapping[str, Any]) -> None:
            pytest.fail("somebody was made")

    lines = plan_lines(Untouched(), USERS, Connection(), Probing(writes=True, outage=Untouched))

    scripts = {line.partition(" ")[0] for line in lines if "[writing" in line}
    assert scripts == {script.value for script in Script}
    assert any(line.startswith("delete «user_id of new-2»") for line in lines)
    assert any(line.startswith("create ") and "[writing: at-once]" in line for line in lines)


def test_a_plan_with_import_mode_on_changes_a_password_and_nothing_else() -> None:
    lines = plan_lines(WritingShop(), USERS, IMPORT, Probing(writes=True))

    written_by = {line.partition(" ")[0] for line in lines if "[writing" in line}
    assert written_by == {"create", "get_user", "login", "change_password"}
    assert not any("at-once" in line for line in lines)


def test_a_plan_for_a_database_without_create_has_no_writes() -> None:
    class Reader:
        login, get_user = WritingShop().login, WritingShop().get_user

    assert not any("[writing" in line for line in plan_lines(Reader(), USERS, Connection(), Probing(writes=True)))


def test_known_users_without_a_password_are_enough() -> None:
    report = check(WritingShop(), [KnownUser(email="ada@example.com")], writes=True, hostile=False)

    assert breaches(report) == [], explain(report)


class OfOneHotel:
    """Knows its guests by their hotel, which is in the context of all scripts but delete, and finds none without."""

    def __init__(self) -> None:
        self.shop = WritingShop()
        self.seen_by_delete: list[object] = []

    def at_the_hotel(self, context: Mapping[str, Any]) -> None:
        if not _is_at_the_hotel(context):
            raise ScriptError("no hotel")

    def login(self, identifier: Any, password: Any, context: Any) -> Any:
        if not _is_at_the_hotel(context):
            return Failed(WrongUsernameOrPasswordError(None, "Wrong e-mail or password"))
        return self.shop.login(identifier, password)

    def get_user(self, identifier: Any, context: Any) -> Any:
        if not _is_at_the_hotel(context):
            return NotFound()
        return self.shop.get_user(identifier)

    def create(self, user: Mapping[str, Any], context: Any) -> Any:
        self.at_the_hotel(context)
        return self.shop.create(user)

    def verify(self, email: Any, context: Any) -> Any:
        self.at_the_hotel(context)
        return self.shop.verify(email)

    def change_password(self, email: Any, new_password: Any, context: Any) -> Any:
        self.at_the_hotel(context)
        return self.shop.change_password(email, new_password)

    def change_email(self, email: Any, new_email: Any, verified: Any, context: Any) -> Any:
        self.at_the_hotel(context)
        return self.shop.change_email(email, new_email, verified)

    def delete(self, user_id: Any, context: Any) -> Any:
        self.seen_by_delete.append(context)
        return self.shop.delete(user_id)


def _is_at_the_hotel(context: Mapping[str, Any]) -> bool:
    return bool(context.get("organization", {}).get("name") == "hotel")


def test_users_sign_up_for_an_organization() -> None:
    shop = OfOneHotel()
    ada = KnownUser(email="ada@example.com", password="Weaving patterns", organization="hotel")

    report = check(
        shop,
        [ada],
        connection=Connection(script_context=True),
        writes=True,
        hostile=False,
        rehearse=False,
        new_user=NewUser(organization="hotel"),
        ignore=["context-without-organization"],
    )

    assert report.failures == ()
    assert report.complete
    assert [record.email for record in shop.shop.records] == ["ada@example.com"]
    assert shop.seen_by_delete
    assert not any(shop.seen_by_delete)


def test_an_organization_of_new_users_needs_the_context() -> None:
    with pytest.raises(ConfigurationError, match="new_user has an organization, which scripts receive only in context"):
        check(WritingShop(), [known_customer()], writes=True, new_user=NewUser(organization="hotel"))
