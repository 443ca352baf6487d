"""Changes of e-mail and username."""

import pytest

from customdb_contract import Declined, Failed, Found, NotFound, ScriptError
from customdb_contract.tenant import Knobs
from life_rows import (
    CHANGE_EMAIL,
    HALF_CREATED,
    MIGRATION,
    NEW,
    SILENT,
    STRATEGY,
    UPDATING,
    USED_IDENTIFIER,
    USERNAMES,
    Row,
    all_of,
    answers,
    change_email,
    half_created,
    migrated,
    play,
    sign_up,
    signed_up,
)
from lives import ADA, ADA_ID

ROWS = {
    "off: another e-mail": Row(
        on=False,
        source=CHANGE_EMAIL,
        given=migrated,
        do=lambda life: change_email(life, verified=False),
        calls=(f"get_user {ADA}", "get_user new@example.com", f"change_email {ADA} new@example.com false"),
        changes=("users ~ auth0|shop-7: email, email_verified",),
        log=("sce auth0|shop-7", "sapi auth0|shop-7: Update a User"),
    ),
    "off: another e-mail, Get User once (K4)": Row(
        on=False,
        source=CHANGE_EMAIL,
        settings={"knobs": Knobs(change_email_get_user_twice=False)},
        given=migrated,
        do=lambda life: change_email(life, verified=True),
        calls=(f"get_user {ADA}", f"change_email {ADA} new@example.com true"),
        changes=("users ~ auth0|shop-7: email",),
        log=("sce auth0|shop-7", "sapi auth0|shop-7: Update a User"),
    ),
    "off: only email_verified": Row(
        on=False,
        source=CHANGE_EMAIL,
        given=migrated,
        do=lambda life: change_email(life, ADA, verified=False),
        calls=(f"get_user {ADA}", f"change_email {ADA} {ADA} false"),
        changes=("users ~ auth0|shop-7: email_verified",),
        log=("sce auth0|shop-7", "sapi auth0|shop-7: Update a User"),
    ),
    "off: an e-mail of another user": Row(
        on=False,
        source=USED_IDENTIFIER,
        given=all_of(signed_up, migrated),
        do=change_email,
        calls=(f"get_user {ADA}", "get_user new@example.com"),
        log=("fce auth0|shop-7: The specified new email already exists",),
        refusal="auth0_idp_error",
    ),
    "off: another e-mail of a user that Get User does not find": Row(
        on=False,
        source=USED_IDENTIFIER,
        given=all_of(migrated, answers("get_user", NotFound())),
        do=change_email,
        calls=(f"get_user {ADA}",),
        log=("fce auth0|shop-7: the script called its callback with nothing",),
        refusal="auth0_idp_error",
    ),
    "off: Get User fails for the new e-mail": Row(
        on=False,
        source=SILENT,
        given=all_of(
            migrated,
            lambda life: life.shop.answers.update(
                get_user=lambda email: Found({"user_id": "shop-7"}) if email == ADA else Failed(ScriptError("down"))
            ),
        ),
        do=change_email,
        calls=(f"get_user {ADA}", "get_user new@example.com"),
        log=("fce auth0|shop-7: down",),
        refusal="auth0_idp_error",
    ),
    "off: Change Email declines": Row(
        on=False,
        source=CHANGE_EMAIL,
        given=all_of(migrated, answers("change_email", Declined())),
        do=change_email,
        calls=(f"get_user {ADA}", "get_user new@example.com", f"change_email {ADA} new@example.com false"),
        log=("fce auth0|shop-7: the script called its callback with false",),
        refusal="auth0_idp_error",
    ),
    "off: no Change Email": Row(
        on=False,
        source=USED_IDENTIFIER,
        settings={"without": ["change_email"]},
        given=migrated,
        do=change_email,
        calls=(f"get_user {ADA}", "get_user new@example.com"),
        log=("fce auth0|shop-7: change_email script does not exist",),
        refusal="auth0_idp_error",
    ),
    "on: another e-mail of a migrated user": Row(
        on=True,
        source=UPDATING,
        given=migrated,
        do=lambda life: change_email(life, "NEW@example.com", verified=True),
        changes=("users ~ auth0|shop-7: email", "internal ~ auth0|shop-7: email"),
        log=("sce auth0|shop-7", "sapi auth0|shop-7: Update a User"),
    ),
    "on: an e-mail of another user in Auth0": Row(
        on=True,
        source=USED_IDENTIFIER,
        given=all_of(signed_up, migrated),
        do=change_email,
        log=("fce auth0|shop-7: The specified new email already exists",),
        refusal="auth0_idp_error",
    ),
    "on: an invalid e-mail": Row(
        on=True,
        source=STRATEGY,
        given=migrated,
        do=lambda life: change_email(life, "new"),
        log=("fce auth0|shop-7: email is not an e-mail address: it needs one @ with something on both sides",),
        refusal="auth0_idp_error",
    ),
    "on: another e-mail of a user who is not migrated": Row(
        on=True, source=MIGRATION, do=change_email, refusal="inexistent_user"
    ),
    "on: another e-mail of a half-created user": Row(
        on=True, source=HALF_CREATED, given=half_created, do=change_email, refusal="inexistent_user"
    ),
    "off: another username": Row(
        on=False,
        source=USED_IDENTIFIER,
        settings={"requires_username": True},
        given=migrated,
        do=lambda life: life.tenant.change_username(ADA_ID, "lovelace"),
        calls=("get_user countess", "get_user lovelace"),
        log=("fcu auth0|shop-7: change_username script does not exist",),
        refusal="auth0_idp_error",
    ),
    "off: a username of another user": Row(
        on=False,
        source=USED_IDENTIFIER,
        settings={"requires_username": True},
        given=all_of(migrated, lambda life: sign_up(life, username="lovelace")),
        do=lambda life: life.tenant.change_username(ADA_ID, "lovelace"),
        calls=("get_user countess", "get_user lovelace"),
        log=("fcu auth0|shop-7: The specified new username already exists",),
        refusal="auth0_idp_error",
    ),
    "on: another username of a migrated user": Row(
        on=True,
        source=USERNAMES,
        given=migrated,
        do=lambda life: life.tenant.change_username(ADA_ID, "Lovelace"),
        changes=("users ~ auth0|shop-7: username", "internal ~ auth0|shop-7: username"),
        log=("scu auth0|shop-7", "sapi auth0|shop-7: Update a User"),
    ),
    "on: a username of another user in Auth0": Row(
        on=True,
        source=USERNAMES,
        settings={"requires_username": True},
        given=all_of(migrated, lambda life: sign_up(life, username="lovelace")),
        do=lambda life: life.tenant.change_username(ADA_ID, "lovelace"),
        log=("fcu auth0|shop-7: The specified new username already exists",),
        refusal="auth0_idp_error",
    ),
    "on: an invalid username": Row(
        on=True,
        source=USERNAMES,
        given=migrated,
        do=lambda life: life.tenant.change_username(ADA_ID, NEW),
        log=("fcu auth0|shop-7: username is an e-mail address, which a username must not be",),
        refusal="auth0_idp_error",
    ),
    "on: another username of a user who is not migrated": Row(
        on=True,
        source=MIGRATION,
        do=lambda life: life.tenant.change_username(ADA_ID, "lovelace"),
        refusal="inexistent_user",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_tenant_does_what_auth0_does(row: Row) -> None:
    play(row)
