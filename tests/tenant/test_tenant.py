"""The tenant as a whole: its records, its errors, several connections, secrets, and a database that breaks."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from customdb_contract import Connection, Done, Found, KnownUser, ScriptError, WrongUsernameOrPasswordError, judge
from customdb_contract.bridges.python_process import PythonProcess
from customdb_contract.errors import ConfigurationError, UndocumentedOperationError
from customdb_contract.secrets import Secret
from customdb_contract.tenant import (
    InterruptionPoint,
    Knobs,
    LogCode,
    MailKind,
    OperationKind,
    OperationOutcome,
    Pending,
    ReloginMetadata,
    RootAttributes,
    Tenant,
    User,
    interrupt_randomly,
)
from customdb_contract.transcript import Actor, LogEntry, Operation, Response, Situation, Store, StoreWrite, Transcript
from lives import ADA, ADA_ID, PASSWORD, Life, Shop, begun

NEW = "new@example.com"
UPDATED = "blocked, user_metadata, app_metadata, name, nickname, given_name, family_name, picture"
NEW_PASSWORD = "Punched cards 9"


def ada() -> KnownUser:
    return KnownUser(email=ADA, username="countess", password=PASSWORD)


def user_of(life: Life) -> User:
    user = life.tenant.log_in(ADA, PASSWORD).user
    assert user is not None
    return user


# What a record has


def test_a_migrated_user() -> None:
    life = begun(on=True)
    life.shop.more = {
        "given_name": "Ada",
        "phone_number": "+4915112345678",
        "app_metadata": {"plan": "full"},
        "user_metadata": {"colour": "red"},
        "mfa_factors": [{"email": {"value": ADA}}],
        "access_token": "given to the shop",
        "town": "London",
        "name": 7,
    }
    with life.tenant:
        life.tenant.log_in(ADA, PASSWORD)
        user = user_of(life)

    assert (user.user_id, user.connection, user.email) == (ADA_ID, "custom-database", ADA)
    assert (user.email_verified, user.username, user.phone_number) == (True, "countess", "+4915112345678")
    assert (user.given_name, user.nickname, user.name) == ("Ada", "ada", None)
    assert user.picture is not None
    assert user.app_metadata == {"plan": "full"}
    assert user.user_metadata == {"colour": "red"}
    assert user.mfa_factors == ({"email": {"value": ADA}},)
    assert user.extra == {"town": "London", "name": 7}
    (identity,) = user.identities
    assert (identity.connection, identity.user_id, identity.provider) == ("custom-database", "shop-7", "auth0")
    assert identity.tokens.keys() == {"access_token"}
    assert user.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert user.last_login == user.updated_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert user.logins_count == 2


def test_values_that_json_does_not_have_become_text() -> None:
    life = begun(on=False)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    life.shop.more = {"app_metadata": {"since": now, "roles": ["a", now], "plan": "full"}, "odd": ValueError("no")}
    with life.tenant:
        user = user_of(life)
    assert user.app_metadata == {"since": str(now), "roles": ["a", str(now)], "plan": "full"}
    assert user.extra == {"odd": "no"}


def test_a_log_in_counts_once_and_changes_nothing_else() -> None:
    life = begun(on=True)
    with life.tenant:
        first = user_of(life)
        second = user_of(life)
    assert (first.logins_count, second.logins_count) == (1, 2)
    assert first.created_at == second.created_at


@pytest.mark.parametrize(
    ("manner", "plan", "extra"),
    [
        (ReloginMetadata.REPLACE_KEY, {"b": 2}, 3),
        (ReloginMetadata.MERGE, {"a": 1, "b": 2}, 3),
        (ReloginMetadata.FIRST_LOGIN_ONLY, {"a": 1}, None),
    ],
)
def test_metadata_at_a_later_log_in(manner: ReloginMetadata, plan: object, extra: object) -> None:
    life = begun(on=False, knobs=Knobs(off_metadata_on_relogin=manner))
    life.shop.more = {"app_metadata": {"plan": {"a": 1}, "kept": True}}
    with life.tenant:
        user_of(life)
        life.shop.more = {"app_metadata": {"plan": {"b": 2}, "new": 3}}
        user = user_of(life)
        life.shop.more = {}
        assert user_of(life).app_metadata == user.app_metadata
    assert user.app_metadata["plan"] == plan
    assert user.app_metadata.get("new") == extra
    assert user.app_metadata["kept"] is True


@pytest.mark.parametrize(
    ("root_attributes", "first", "second"),
    [
        (RootAttributes.ON_EACH_LOGIN, "Ada", "Countess"),
        (RootAttributes.ON_FIRST_LOGIN, "Ada", "Ada"),
        (RootAttributes.NEVER_ON_LOGIN, ADA, ADA),
    ],
)
def test_root_attributes(root_attributes: RootAttributes, first: str, second: str) -> None:
    life = begun(on=False, root_attributes=root_attributes)
    with life.tenant:
        life.shop.more = {"name": "Ada"}
        assert user_of(life).name == first
        life.shop.more = {"name": "Countess"}
        assert user_of(life).name == second
        life.shop.more = {}
        assert user_of(life).name == second


def test_metadata_of_a_sign_up_is_auth0s_own() -> None:
    life = begun(on=False)
    life.shop.more = {"user_metadata": {"colour": "red", "size": 1}}
    with life.tenant:
        user = life.tenant.sign_up(NEW, NEW_PASSWORD, user_metadata={"colour": "blue"}).user
    assert user is not None
    assert user.user_metadata == {"colour": "blue", "size": 1}


# Reading and updating


def test_reading() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        tenant.log_in(ADA, PASSWORD, interrupt=InterruptionPoint.AFTER_INTERNAL_RECORD)
        tenant.sign_up(NEW, NEW_PASSWORD)
        (new,) = tenant.users.values()

        assert tenant.search().users == (new,)
        assert tenant.search("NEW@example.com").users == (new,)
        assert tenant.search(ADA, connection="custom-database").users == ()
        assert tenant.get_user(new.user_id).user == new
        missing = tenant.get_user(ADA_ID)

    assert missing.refusal is not None
    assert (missing.refusal.code, missing.refusal.is_documented) == ("inexistent_user", True)
    (half,) = tenant.half_created
    assert (half.user_id, half.email, half.pending) == (ADA_ID, ADA, Pending.LOG_IN)
    assert set(tenant.internal_users) == {ADA_ID, new.user_id}
    assert [entry.code for entry in tenant.log] == [LogCode.SUCCESS_SIGN_UP, LogCode.VERIFICATION_REQUEST]
    assert [(mail.kind, mail.to, mail.ticket) for mail in tenant.mails] == [(MailKind.VERIFICATION, NEW, None)]
    assert tenant.connections["custom-database"].import_mode


def test_an_update_merges_first_level_keys() -> None:
    life = begun(on=True)
    life.shop.more = {"app_metadata": {"plan": {"a": 1}, "gone": 1}, "user_metadata": {"colour": "red"}}
    with life.tenant as tenant:
        user_of(life)
        changes = {
            "app_metadata": {"plan": {"b": 2}, "gone": None},
            "user_metadata": None,
            "name": "Ada",
            "blocked": True,
        }
        updated = tenant.update_user(ADA_ID, changes)
        assert tenant.update_user(ADA_ID, {"name": None}).user == tenant.users[ADA_ID]

    assert updated.user is not None
    assert updated.user.app_metadata == {"plan": {"b": 2}}
    assert updated.user.user_metadata == {}
    assert (updated.user.name, updated.user.blocked) == ("Ada", True)
    assert tenant.users[ADA_ID].name is None
    assert [(entry.code, entry.description) for entry in updated.log] == [
        (LogCode.SUCCESS_API_OPERATION, "Update a User")
    ]


@pytest.mark.parametrize(
    ("on", "changes", "reported"),
    [
        (False, {"name": "Ada"}, "name cannot be updated: the users of this connection are kept in your database"),
        (True, {"name": ""}, "name is not a string"),
        (True, {"blocked": 1}, "blocked is not a boolean"),
        (True, {"app_metadata": {"email": 1}}, "app_metadata has the reserved name email"),
        (True, {"user_metadata": {"a": {"b.c": 1}}}, "user_metadata.a.b.c has . or $ in its name"),
        (True, {"user_metadata": 7}, "user_metadata is not an object"),
    ],
)
def test_an_update_that_auth0_refuses(on: bool, changes: dict[str, object], reported: str) -> None:
    life = begun(on=on)
    with life.tenant as tenant:
        before = user_of(life)
        refused = tenant.update_user(ADA_ID, changes)
        assert tenant.users[ADA_ID] == before
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.description) == ("invalid_body", reported)


def test_an_update_of_an_unknown_user() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        refused = tenant.update_user(ADA_ID, {"blocked": True})
    assert refused.refusal is not None
    assert refused.refusal.description == "The user does not exist."


# Bad input


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({"email": NEW}, "update_user cannot change email; use change_email"),
        ({"password": "x"}, "update_user cannot change password; use change_password"),
        (
            {"nick": "x"},
            f"update_user cannot change 'nick'; choose from {UPDATED}",
        ),
    ],
)
def test_an_update_of_an_attribute_that_cannot_be_updated(changes: dict[str, object], reported: str) -> None:
    life = begun(on=True)
    with life.tenant as tenant, pytest.raises(ConfigurationError) as caught:
        tenant.update_user(ADA_ID, changes)
    assert str(caught.value) == reported


def test_a_forbidden_or_missing_username() -> None:
    for requires_username, username, reported in (
        (True, None, "the connection 'custom-database' requires a username: give one"),
        (False, "x", "the connection 'custom-database' has no usernames: leave it out, or set requires_username"),
    ):
        life = begun(on=True, requires_username=requires_username)
        with life.tenant as tenant, pytest.raises(ConfigurationError) as caught:
            tenant.sign_up(NEW, NEW_PASSWORD, username=username)
        assert str(caught.value) == reported


def test_an_unknown_or_duplicate_connection() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        with pytest.raises(ConfigurationError) as unknown:
            tenant.log_in(ADA, PASSWORD, connection="other")
        with pytest.raises(ConfigurationError) as twice:
            tenant.add_connection(Shop())
        tenant.add_connection(Shop(), Connection(name="other"))
        with pytest.raises(ConfigurationError) as several:
            tenant.log_in(ADA, PASSWORD)
    assert str(unknown.value) == "the tenant has no connection 'other'; it has custom-database"
    assert str(twice.value) == ("the tenant already has a connection 'custom-database'; give each its own name")
    assert str(several.value) == (
        "the tenant has several connections: custom-database, other; name one of them with connection="
    )


def test_a_database_without_scripts() -> None:
    with pytest.raises(ConfigurationError, match="the database has none of the scripts"):
        Tenant(object())


@pytest.mark.parametrize("operation", ["change_password", "verify_email"])
def test_an_existing_auth0_user_without_a_password(operation: str) -> None:
    life = begun(on=False)
    with life.tenant as tenant:
        user_of(life)
        tenant.switch_import_mode(on=True)
        arguments = (NEW_PASSWORD,) if operation == "change_password" else ()
        with pytest.raises(UndocumentedOperationError, match="Auth0's documentation does not say"):
            getattr(tenant, operation)(ADA_ID, *arguments)


@pytest.mark.parametrize("operation", ["verify_email", "change_username"])
def test_an_existing_auth0_user_without_an_email(operation: str) -> None:
    life = begun(on=False)
    life.shop.more = {"email": ..., "username": ...}
    with life.tenant as tenant:
        user_of(life)
        arguments = ("other",) if operation == "change_username" else ()
        with pytest.raises(UndocumentedOperationError) as caught:
            getattr(tenant, operation)(ADA_ID, *arguments)
    assert str(caught.value) == (
        "auth0|shop-7 has no e-mail, by which the scripts that write would know the user; "
        "Auth0's documentation does not say what happens then"
    )


def test_the_remedy_does_not_apply_to_complete_users() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        user_of(life)
        with pytest.raises(UndocumentedOperationError, match="use delete_user"):
            tenant.delete_connection_user(ADA)
        assert ADA_ID in tenant.internal_users


def test_a_link_works_once() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        (mail,) = tenant.request_password_reset(ADA).mails
        assert mail.ticket is not None
        assert tenant.complete_password_reset(mail.ticket, NEW_PASSWORD).succeeded
        again = tenant.complete_password_reset(mail.ticket, PASSWORD)
        assert not tenant.log_in(ADA, PASSWORD).succeeded
        assert tenant.log_in(ADA, Secret(NEW_PASSWORD)).succeeded
    assert again.refusal is not None
    assert (again.refusal.code, again.calls) == ("access_expired", ())


# Interruptions


def test_metadata_are_lost_for_good() -> None:
    life = begun(on=True)
    life.shop.more = {
        "app_metadata": {"plan": "full"},
        "user_metadata": {"colour": "red"},
        "mfa_factors": [{"email": {"value": ADA}}],
    }
    with life.tenant as tenant:
        first = tenant.log_in(ADA, PASSWORD, interrupt=InterruptionPoint.BEFORE_METADATA)
        second = tenant.log_in(ADA, PASSWORD)
    assert first.interrupted is InterruptionPoint.BEFORE_METADATA
    for outcome in (first, second):
        assert outcome.succeeded
        assert outcome.user is not None
        assert (outcome.user.app_metadata, outcome.user.user_metadata, outcome.user.mfa_factors) == ({}, {}, ())
    assert second.calls == ()


def test_a_log_in_after_an_interruption_ends_like_one_without() -> None:
    ended = list[User]()
    for interrupt in (None, InterruptionPoint.AFTER_INTERNAL_RECORD):
        life = begun(on=True)
        life.shop.more = {"app_metadata": {"plan": "full"}}
        with life.tenant as tenant:
            tenant.log_in(ADA, PASSWORD, interrupt=interrupt)
            user = user_of(life)
        ended.append(user)
        assert not tenant.half_created
    uninterrupted, interrupted = ended
    assert uninterrupted.app_metadata == interrupted.app_metadata == {"plan": "full"}
    assert uninterrupted.identities == interrupted.identities


def test_interruptions_by_chance() -> None:
    shop = Shop()
    with Tenant(
        shop,
        connection=Connection(import_mode=True),
        interruptions=interrupt_randomly(1, seed=1),
    ) as tenant:
        outcome = tenant.log_in(ADA, PASSWORD)
    assert outcome.interrupted is InterruptionPoint.AFTER_INTERNAL_RECORD
    assert outcome.operation is OperationKind.LOG_IN


# Several connections


def test_the_same_person_in_two_connections_is_two_users() -> None:
    life = begun(on=True)
    other = Shop()
    other.more = {"user_id": "other-7"}
    with life.tenant as tenant:
        tenant.add_connection(other, Connection(name="other", import_mode=True))
        for connection in ("custom-database", "other"):
            assert tenant.log_in(ADA, PASSWORD, connection=connection).succeeded
        assert tenant.change_password(ADA_ID, NEW_PASSWORD).succeeded
        assert tenant.log_in(ADA, PASSWORD, connection="other").succeeded
        assert not tenant.log_in(ADA, PASSWORD, connection="custom-database").succeeded
        assert [user.user_id for user in tenant.search(ADA).users] == [ADA_ID, "auth0|other-7"]
        assert len(tenant.search(ADA, connection="other").users) == 1
        with pytest.raises(ConfigurationError):
            _ = tenant.transcript
        assert len(tenant.transcript_of("other").exchanges) == 1


@pytest.mark.parametrize("on", [True, False])
def test_the_same_user_id_in_two_connections(on: bool) -> None:
    life = begun(on=on)
    with life.tenant as tenant:
        tenant.add_connection(Shop(), Connection(name="other", import_mode=on))
        tenant.log_in(ADA, PASSWORD, connection="custom-database")
        refused = tenant.log_in(ADA, PASSWORD, connection="other")
        assert set(tenant.users) == {ADA_ID}
        assert tenant.users[ADA_ID].logins_count == 1
    assert refused.refusal is not None
    assert "the user_id shop-7 belongs to a user of the connection custom-database" in refused.refusal.description


def test_a_reset_with_a_user_id_of_another_connection() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        tenant.add_connection(Shop(), Connection(name="other", import_mode=True))
        tenant.log_in(ADA, PASSWORD, connection="custom-database")
        refused = reset_at(tenant, "other")
        tenant.switch_import_mode(on=False, connection="other")
        assert reset_at(tenant, "other").user is None
        assert tenant.users[ADA_ID].last_password_reset is None
        assert tenant.internal_users[ADA_ID].connection == "custom-database"
        assert tenant.delete_user(ADA_ID).succeeded
        assert (tenant.users, tenant.internal_users) == ({}, {})
    assert refused.refusal is not None
    assert "the user_id shop-7 belongs to a user of the connection custom-database" in refused.refusal.description


def test_the_user_id_of_a_half_created_user_of_another_connection() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        tenant.add_connection(Shop(), Connection(name="other", import_mode=True))
        point = InterruptionPoint.AFTER_INTERNAL_RECORD
        tenant.log_in(ADA, PASSWORD, connection="custom-database", interrupt=point)
        assert not tenant.log_in(ADA, PASSWORD, connection="other").succeeded
        assert tenant.log_in(ADA, PASSWORD, connection="custom-database").succeeded


def reset_at(tenant: Tenant, connection: str) -> OperationOutcome:
    (mail,) = tenant.request_password_reset(ADA, connection=connection).mails
    assert mail.ticket is not None
    return tenant.complete_password_reset(mail.ticket, NEW_PASSWORD)


def test_a_sign_up_with_a_user_id_of_another_connection() -> None:
    life = begun(on=False)
    with life.tenant as tenant:
        tenant.add_connection(Shop(), Connection(name="other"))
        assert tenant.sign_up(NEW, NEW_PASSWORD, connection="other").succeeded
        assert not tenant.sign_up(NEW, NEW_PASSWORD, connection="custom-database").succeeded
        assert len(tenant.users) == 1


def test_settings_that_a_database_brings() -> None:
    with Tenant(PythonProcess("writing_shop:WritingShop")) as tenant:
        assert tenant.log_in(ADA, PASSWORD).succeeded


# A database that breaks


def test_a_database_that_hangs_and_cannot_be_opened_again() -> None:
    shops = iter([Shop()])

    def make() -> Shop:
        return next(shops)

    shop = Shop()
    shop.answers["login"] = lambda *_: time.sleep(30)
    shops = iter([shop])
    with Tenant(make, connection=Connection(import_mode=True), timeout=0.2) as tenant:
        hanging = tenant.log_in(ADA, PASSWORD)
        gone = tenant.log_in(ADA, PASSWORD)
        assert not tenant.users
        assert not tenant.internal_users
    assert hanging.refusal is not None
    assert hanging.refusal.description == "the script did not call its callback in time"
    assert gone.refusal is not None
    assert gone.refusal.description.startswith("after a call ran out of time the database could not be opened")
    assert gone.calls == ()
    assert [entry.code for entry in tenant.log] == [LogCode.FAILED_LOGIN] * 2


@pytest.mark.parametrize(
    ("error", "reported"),
    [(ScriptError(""), "ScriptError"), (LookupError("x"), "x")],
)
def test_an_error_without_a_message_has_a_name(error: Exception, reported: str) -> None:
    life = begun(on=True)

    def failing(*_: object) -> object:
        raise error

    life.shop.answers["login"] = failing
    with life.tenant as tenant:
        outcome = tenant.log_in(ADA, PASSWORD)
    assert outcome.refusal is not None
    assert outcome.refusal.description == reported


def test_a_value_that_is_no_error() -> None:
    def login(identifier: Any, password: Any, callback: Any) -> None:
        callback("no such user")

    life = begun(on=True, instead={"login": login})
    with life.tenant as tenant:
        outcome = tenant.log_in(ADA, PASSWORD)
    assert outcome.refusal is not None
    assert outcome.refusal.description == '"no such user"'


# The transcript


def situations(tenant: Tenant) -> list[tuple[str, str, Situation]]:
    return [(exchange.script.value, exchange.person, exchange.situation) for exchange in tenant.transcript.exchanges]


@pytest.mark.parametrize(
    ("typed", "situation"),
    [
        ("G\u00f6del's proof", Situation.KNOWN_USER),
        ("Go\u0308del's proof", Situation.SIMULATED),
        (" G\u00f6del's proof ", Situation.BLANK_PADDED_PASSWORD),
        ("G\u00d6DEL'S PROOF", Situation.CASE_CHANGED_PASSWORD),
        ("", Situation.EMPTY_PASSWORD),
        ("  ", Situation.BLANK_PASSWORD),
        ("G\u00f6del's", Situation.WRONG_PASSWORD),
        ("\ud800", Situation.WRONG_PASSWORD),
    ],
)
def test_a_password_in_another_spelling_is_not_plainly_wrong(typed: str, situation: Situation) -> None:
    life = begun(on=False, users=[KnownUser(email=ADA, password="G\u00f6del's proof")])
    with life.tenant as tenant:
        tenant.log_in(ADA, typed)

    assert situations(tenant) == [("login", "ada", situation)]


def test_the_beginning_of_a_password_that_bcrypt_reads_is_not_plainly_wrong() -> None:
    life = begun(on=False, users=[KnownUser(email=ADA, password="x" * 80)])
    with life.tenant as tenant:
        tenant.log_in(ADA, "x" * 72)

    assert situations(tenant) == [("login", "ada", Situation.CUT_PASSWORD)]


def test_the_known_facts_about_the_users() -> None:
    life = begun(on=False, users=[ada(), KnownUser(email="grace@example.com")])
    with life.tenant as tenant:
        tenant.log_in(ADA, PASSWORD)
        tenant.log_in(ADA, "wrong")
        tenant.log_in("grace@example.com", "whatever")
        tenant.log_in("stranger@example.com", "whatever")
        tenant.change_password(ADA_ID, NEW_PASSWORD)
        tenant.log_in(ADA, NEW_PASSWORD)
        tenant.sign_up("ada@example.org", NEW_PASSWORD)

    assert situations(tenant) == [
        ("login", "ada", Situation.KNOWN_USER),
        ("login", "ada", Situation.WRONG_PASSWORD),
        ("login", "grace", Situation.SIMULATED),
        ("login", "unknown", Situation.SIMULATED),
        ("get_user", "ada", Situation.KNOWN_USER),
        ("change_password", "ada", Situation.SIMULATED),
        ("login", "ada", Situation.SIMULATED),
        ("get_user", "unknown", Situation.SIMULATED),
        ("create", "ada-2", Situation.WRITING),
        ("login", "ada-2", Situation.WRITING),
    ]
    assert [person.label for person in tenant.transcript.header.people] == ["ada", "grace", "ada-2"]


def test_a_user_who_signs_up_again_is_the_same_person() -> None:
    life = begun(on=False)
    with life.tenant as tenant:
        for _ in range(2):
            user = tenant.sign_up(NEW, NEW_PASSWORD).user
            assert user is not None
            tenant.delete_user(user.user_id)
    assert [person.label for person in tenant.transcript.header.people] == ["new"]
    assert {label for script, label, _ in situations(tenant) if script == "create"} == {"new"}


def test_a_correct_shop_breaks_no_rule_in_its_lives() -> None:
    for on in (True, False):
        life = begun(on=on, users=[ada()])
        with life.tenant as tenant:
            _live(life)
        report = judge(tenant.transcript)
        assert [(verdict.rule.name, verdict.findings) for verdict in report.verdicts if verdict.findings] == []


def _live(life: Life) -> None:
    tenant = life.tenant
    tenant.sign_up(NEW, NEW_PASSWORD)
    tenant.sign_up(ADA, NEW_PASSWORD)
    for email, password in ((ADA, PASSWORD), (ADA, "wrong"), (NEW, NEW_PASSWORD), ("nobody@example.com", "x")):
        tenant.log_in(email, password)
    for user_id, user in list(tenant.users.items()):
        tenant.verify_email(user_id)
        tenant.change_password(user_id, f"Changed of {user.email}")
        tenant.log_in(str(user.email), f"Changed of {user.email}")
        tenant.change_email(user_id, f"changed-{user.email}", verified=True)
        tenant.log_in(f"changed-{user.email}", f"Changed of {user.email}")
        tenant.log_in(str(user.email), f"Changed of {user.email}")
        life.reset("Reset it once 3", f"changed-{user.email}")
        tenant.log_in(f"changed-{user.email}", "Reset it once 3")
        tenant.delete_user(user_id)
        tenant.log_in(f"changed-{user.email}", "Reset it once 3")


def test_a_shop_that_loses_passwords_breaks_a_rule_in_its_lives() -> None:
    life = begun(on=False)
    life.shop.answers["change_password"] = lambda *_: Done()
    with life.tenant as tenant:
        user = tenant.sign_up(NEW, NEW_PASSWORD).user
        assert user is not None
        tenant.change_password(user.user_id, "Another one 5")
        tenant.log_in(NEW, "Another one 5")
    broken = {verdict.rule.name for verdict in judge(tenant.transcript).verdicts if verdict.findings}
    assert "change-password-ineffective" in broken


def test_late_events_are_in_the_transcript() -> None:
    def get_user(identifier: Any, callback: Any) -> None:
        callback(None, None)
        callback(None, None)

    life = begun(on=True, instead={"get_user": get_user})
    with life.tenant as tenant:
        tenant.sign_up(NEW, NEW_PASSWORD)
    (exchange,) = tenant.transcript.exchanges
    assert len(exchange.outcome.callbacks) == 2


# Secrets


def test_no_password_appears_anywhere() -> None:
    def login(identifier: str, password: str) -> object:
        print(f"tried {password}")
        raise WrongUsernameOrPasswordError(identifier, f"not {password}")

    life = begun(on=True, users=[ada()], instead={"login": login})
    with life.tenant as tenant:
        outcomes = [
            tenant.log_in(ADA, PASSWORD),
            tenant.log_in(ADA, "first Guess"),
            tenant.log_in(ADA, "other Guess"),
            tenant.sign_up(NEW, NEW_PASSWORD),
            tenant.change_password("auth0|nobody", "Nobody has it 1"),
        ]
    everything = f"{outcomes} {tenant.transcript} {tenant.transcript.dumps()} {tenant.log} {tenant.internal_users}"
    for password in (PASSWORD, "first Guess", "other Guess", NEW_PASSWORD, "Nobody has it 1"):
        assert password not in everything
    assert "«password of ada, typed 1»" in everything
    assert "«password of ada, typed 2»" in everything


def test_an_identifier_that_is_a_password_stays_readable() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        tenant.log_in(NEW, NEW)
    (exchange,) = tenant.transcript.exchanges
    assert exchange.arguments == (NEW, "«password of new@example.com, typed 1»")


def test_old_passwords_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.tenant._typed._MOST_REMEMBERED", 16)
    life = begun(on=True)
    life.shop.answers["login"] = lambda identifier, _: Found({"user_id": identifier, "email": identifier})
    with life.tenant as tenant:
        for number in range(20):
            tenant.log_in(f"user{number}@example.com", f"Password number {number}")
        tenant.log_in("user0@example.com", "Password number 19")
        assert len(tenant._registry._secrets) == 16


def test_the_transcript_records_operations_writes_and_log_entries() -> None:
    life = begun(on=True, users=[ada()])
    life.shop.more = {"app_metadata": {"plan": "full"}}
    with life.tenant as tenant:
        tenant.log_in(ADA, PASSWORD, interrupt=InterruptionPoint.AFTER_INTERNAL_RECORD)
        tenant.log_in(ADA, PASSWORD)
        tenant.search(ADA)
        tenant.delete_user(ADA_ID)

    transcript = tenant.transcript
    assert str(Transcript.parse(str(transcript))) == str(transcript)
    assert Transcript.loads(transcript.dumps()) == transcript
    interrupted, log_in, search, deletion = transcript.of_kind(Operation)
    assert interrupted.response == Response(succeeded=False, interrupted="after-internal-record")
    assert log_in == Operation(
        log_in.number,
        "log_in",
        Actor.USER,
        "ada",
        "custom-database",
        {"identifier": ADA, "password": "«password of ada»"},
        Response(succeeded=True, shown=ADA_ID),
    )
    assert search.response == Response(succeeded=True, shown=[ADA_ID])
    assert (deletion.actor, deletion.person) == (Actor.APPLICATION, "ada")
    kinds = [type(record).__name__ for record in transcript.caused_by(log_in)]
    assert kinds == ["Exchange", "StoreWrite", "StoreWrite", "LogEntry", "StoreWrite"]
    writes = [write for write in transcript.of_kind(StoreWrite) if write.caused_by == log_in.number]
    assert [(write.store, write.user_id) for write in writes] == [
        (Store.INTERNAL, ADA_ID),
        (Store.USERS, ADA_ID),
        (Store.INTERNAL, ADA_ID),
    ]
    assert writes[0].attributes == {"email": ADA, "username": "countess", "pending": "log-in"}
    assert writes[1].attributes is not None
    assert writes[1].attributes["app_metadata"] == {"plan": "full"}
    removed = [write for write in transcript.of_kind(StoreWrite) if write.caused_by == deletion.number]
    assert [(write.store, write.attributes) for write in removed] == [(Store.USERS, None), (Store.INTERNAL, None)]
    (entry, *_) = transcript.of_kind(LogEntry)
    assert (entry.code, entry.user_id, entry.inferred) == ("s", ADA_ID, True)


def test_a_refused_operation_states_the_reason() -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        tenant.log_in(ADA, "wrong")
    (operation,) = tenant.transcript.of_kind(Operation)
    assert operation.response == Response(succeeded=False, message="Wrong email or password.")


def test_the_order_of_the_operations_joins_the_connections() -> None:
    with Tenant(Shop(), connection=Connection(name="one")) as tenant:
        tenant.add_connection(Shop(), Connection(name="two"))
        tenant.log_in(ADA, PASSWORD, connection="two")
        tenant.log_in(ADA, PASSWORD, connection="one")
        tenant.search()
    assert tenant.order == ("two", "one", "one")


class OfOrganizations:
    """Records the organization of each call."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.shop = Shop()
        self.is_down = is_down
        self.seen: list[tuple[str, object]] = []

    def _ask(self, identifier: str, context: Mapping[str, Any]) -> None:
        self.seen.append((identifier, context.get("organization", {}).get("name")))
        if self.is_down:
            raise ScriptError("down")

    def login(self, identifier: str, password: str, context: Mapping[str, Any]) -> Any:
        self._ask(identifier, context)
        return self.shop.login(identifier, password)

    def get_user(self, identifier: str, context: Mapping[str, Any]) -> Any:
        self._ask(identifier, context)
        return self.shop.get_user(identifier)


@pytest.mark.parametrize(("of_bob", "of_others"), [("bank", "hotel"), (None, None)])
def test_scripts_are_given_the_organization_of_the_user(of_bob: str | None, of_others: str | None) -> None:
    database, broken = OfOrganizations(), OfOrganizations(is_down=True)
    bob = "bob@example.com"
    users = [
        KnownUser(email=ADA, password=PASSWORD, organization="hotel"),
        KnownUser(email=bob, organization=of_bob),
    ]
    connection = Connection(import_mode=True, script_context=True)

    with Tenant(database, connection=connection, users=users, outage=broken) as tenant:
        assert tenant.log_in(ADA, PASSWORD).succeeded
        tenant.log_in(bob, "any")
        tenant.log_in("nobody@example.com", "any")
        with tenant.outage():
            tenant.request_password_reset(bob)

    assert set(database.seen) == {(ADA, "hotel"), (bob, of_bob), ("nobody@example.com", of_others)}
    assert set(broken.seen) == {(bob, of_bob)}
