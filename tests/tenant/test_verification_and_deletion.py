"""Verification of the e-mail, deletion, and switching the mode."""

from collections.abc import Sequence
from typing import Any

import pytest

from customdb_contract import KnownUser, ScriptError, judge
from customdb_contract.tenant import Knobs
from customdb_contract.transcript import UNKNOWN, Situation
from life_rows import (
    DELETE,
    ERRORS,
    MIGRATES,
    MIGRATION,
    SILENT,
    UPDATING,
    VERIFY,
    Row,
    all_of,
    answers,
    half_created,
    knows_more,
    log_in,
    migrated,
    play,
)
from lives import ADA, ADA_ID, PASSWORD, Life, begun
from writing_shop import known_customer


def verify_with_object(email: Any, callback: Any) -> None:
    """Return an object, which one source documents."""
    callback(None, {"user_id": "shop-7", "email": email, "email_verified": True})


ROWS = {
    "off: verification": Row(
        on=False,
        source=VERIFY,
        given=all_of(knows_more(email_verified=False), migrated),
        do=lambda life: life.tenant.verify_email(ADA_ID),
        calls=(f"verify {ADA}",),
        log=("sv documented auth0|shop-7",),
    ),
    "off: verification that changes the record (K3)": Row(
        on=False,
        source="https://community.auth0.com/t/135210",
        settings={"knobs": Knobs(verify_result_updates_profile=True)},
        given=all_of(knows_more(email_verified=False), migrated),
        do=lambda life: life.tenant.verify_email(ADA_ID),
        calls=(f"verify {ADA}",),
        changes=("users ~ auth0|shop-7: email_verified",),
        log=("sv documented auth0|shop-7",),
    ),
    "off: verification with an object (K3)": Row(
        on=False,
        source="https://community.auth0.com/t/135210",
        settings={"knobs": Knobs(verify_result_updates_profile=True), "instead": {"verify": verify_with_object}},
        given=all_of(knows_more(email_verified=False), migrated),
        do=lambda life: life.tenant.verify_email(ADA_ID),
        calls=(f"verify {ADA}",),
        changes=("users ~ auth0|shop-7: email_verified",),
        log=("sv documented auth0|shop-7",),
    ),
    "off: verification fails": Row(
        on=False,
        source=VERIFY,
        given=all_of(migrated, answers("verify", ScriptError("down"))),
        do=lambda life: life.tenant.verify_email(ADA_ID),
        calls=(f"verify {ADA}",),
        log=("fv auth0|shop-7: down",),
        refusal="verification_failed",
    ),
    "off: verification and then a log-in": Row(
        on=False,
        source=VERIFY,
        given=all_of(
            knows_more(email_verified=False),
            migrated,
            lambda life: life.tenant.verify_email(ADA_ID),
            knows_more(email_verified=True),
        ),
        do=log_in,
        calls=(f"login {ADA}",),
        changes=("users ~ auth0|shop-7: email_verified, logins_count",),
        log=("s",),
    ),
    "on: verification of a migrated user": Row(
        on=True,
        source=UPDATING,
        given=all_of(knows_more(email_verified=False), migrated),
        do=lambda life: life.tenant.verify_email(ADA_ID),
        changes=("users ~ auth0|shop-7: email_verified",),
        log=("sv documented auth0|shop-7",),
    ),
    "on: verification of a user who is not migrated": Row(
        on=True,
        source=MIGRATION,
        do=lambda life: life.tenant.verify_email(ADA_ID),
        refusal="inexistent_user",
    ),
    "off: deletion": Row(
        on=False,
        source=DELETE,
        given=migrated,
        do=lambda life: life.tenant.delete_user(ADA_ID),
        calls=("delete shop-7",),
        changes=("users - auth0|shop-7",),
        log=("sdu documented auth0|shop-7", "sapi auth0|shop-7: Delete a User"),
    ),
    "off: deletion fails": Row(
        on=False,
        source=DELETE,
        given=all_of(migrated, answers("delete", ScriptError("down"))),
        do=lambda life: life.tenant.delete_user(ADA_ID),
        calls=("delete shop-7",),
        log=("fdu auth0|shop-7: down",),
        refusal="auth0_idp_error",
    ),
    "off: no Delete": Row(
        on=False,
        source=ERRORS,
        settings={"without": ["delete"]},
        given=migrated,
        do=lambda life: life.tenant.delete_user(ADA_ID),
        log=("fdu auth0|shop-7: Sandbox Error: Please implement the Delete script for this database connection",),
        refusal="auth0_idp_error",
    ),
    "on: deletion": Row(
        on=True,
        source=MIGRATION,
        given=migrated,
        do=lambda life: life.tenant.delete_user(ADA_ID),
        changes=("users - auth0|shop-7", "internal - auth0|shop-7"),
        log=("sdu documented auth0|shop-7", "sapi auth0|shop-7: Delete a User"),
    ),
    "on: deletion of an unknown user": Row(on=True, source=SILENT, do=lambda life: life.tenant.delete_user(ADA_ID)),
    "on: the return of a deleted user": Row(
        on=True,
        source=MIGRATION,
        given=all_of(migrated, lambda life: life.tenant.delete_user(ADA_ID)),
        do=log_in,
        calls=(f"login {ADA}",),
        changes=MIGRATES,
        log=("s",),
    ),
    "on: the remedy for a half-created user": Row(
        on=True,
        source=MIGRATION,
        given=half_created,
        do=lambda life: life.tenant.delete_connection_user(ADA),
        changes=("internal - auth0|shop-7",),
        log=("sapi auth0|shop-7: Delete a Connection User",),
    ),
    "on: the remedy without a half-created user": Row(
        on=True, source=MIGRATION, do=lambda life: life.tenant.delete_connection_user(ADA)
    ),
    "on to off": Row(
        on=True, source=MIGRATION, given=migrated, do=lambda life: life.tenant.switch_import_mode(on=False)
    ),
    "off to on": Row(
        on=False, source=MIGRATION, given=migrated, do=lambda life: life.tenant.switch_import_mode(on=True)
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_tenant_does_what_auth0_does(row: Row) -> None:
    play(row)


def change_in_auth0_only(life: Life, user_id: str) -> None:
    """Change a user's e-mail while import mode is on, so that no script is called."""
    life.tenant.switch_import_mode(on=True)
    life.tenant.change_email(user_id, "moved@example.com")
    life.tenant.switch_import_mode(on=False)


@pytest.mark.parametrize("known", [[], [known_customer()]], ids=["nobody is known", "known"])
def test_delete_finds_the_user_by_id_when_the_email_differs(known: Sequence[KnownUser]) -> None:
    life = begun(on=False, users=known)
    with life.tenant as tenant:
        assert life.migrate().succeeded
        change_in_auth0_only(life, ADA_ID)
        deletion = tenant.delete_user(ADA_ID)
        assert not tenant.log_in(ADA, PASSWORD).succeeded

    (call,) = deletion.calls
    assert call.person == ("ada" if known else UNKNOWN)
    assert [verdict.rule.name for verdict in judge(tenant.transcript).verdicts if verdict.findings] == []


def test_a_created_user_is_deleted_by_the_id_where_auth0_has_another_email() -> None:
    life = begun(on=False)
    with life.tenant as tenant:
        created = tenant.sign_up("new@example.com", PASSWORD).user
        assert created is not None
        change_in_auth0_only(life, created.user_id)
        (call,) = tenant.delete_user(created.user_id).calls
        assert not tenant.log_in("new@example.com", PASSWORD).succeeded

    assert (call.person, call.situation) == ("new", Situation.WRITING)
    assert [verdict.rule.name for verdict in judge(tenant.transcript).verdicts if verdict.findings] == []
