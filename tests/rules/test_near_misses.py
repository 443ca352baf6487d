"""Near misses: calls before, beside or instead of a breach, and the exact messages about them."""

import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.callback._container import context_without_organization
from customdb_contract.rules.consistency._creation import create_not_visible
from customdb_contract.rules.consistency._emails import (
    change_email_ineffective,
    change_email_no_op,
    verify_not_reflected,
)
from customdb_contract.rules.outcome._change_password import change_password_unknown_user
from customdb_contract.rules.profile._metadata import inconsistent_metadata_type
from customdb_contract.rules.security._injection import url_injection
from rules.judging import findings, verdict

NEW = "person new email=new@example.com username=newt alias=moved@example.com new=on\n"
OTHER = "person other email=other@example.com new=on\n"
CREATED = 'create {"email": "new@example.com", "username": "newt", "password": "«password of new»"} -> done\n'
CREATED_OTHER = 'create {"email": "other@example.com", "password": "«password of other»"} -> done\n'
CHANGED = "change_email new@example.com moved@example.com true -> done\n"


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (
            'get_user new@example.com -> found {"user_id": "7"}',
            "change_email reported success, but get_user still finds the old e-mail; replace it",
        ),
        (
            "get_user moved@example.com -> not-found",
            "change_email reported success, but get_user does not find the new e-mail; update the row",
        ),
        (
            "get_user newt -> not-found",
            "change_email reported success, but get_user does not find the username any longer; update the row",
        ),
        (
            'get_user moved@example.com -> found {"user_id": "7", "email_verified": false}',
            (
                "change_email reported success, but email_verified of get_user is not the given value; "
                "store the third argument"
            ),
        ),
    ],
)
def test_an_email_change_without_its_effects_is_found(look: str, message: str) -> None:
    judged = findings(change_email_ineffective, f"connection requires_username=on\n{NEW}{CREATED}{CHANGED}{look}\n")

    assert judged == [Finding(message, Severity.ERROR, Script.CHANGE_EMAIL, (2, 3))]


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (
            "get_user new@example.com -> not-found",
            "create reported success, but get_user does not find the new user; find the user at once",
        ),
        (
            'login new@example.com «password of new» -> failed WrongUsernameOrPasswordError(null) "no"',
            "create reported success, but login refuses the new user; accept the user at once",
        ),
    ],
)
def test_a_creation_without_its_effects_is_found(look: str, message: str) -> None:
    judged = findings(create_not_visible, f"{NEW}{CREATED}{look}\n")

    assert [finding.message for finding in judged] == [message]


@pytest.mark.parametrize("rule", [change_email_ineffective, change_email_no_op], ids=lambda rule: rule.info.name)
def test_a_change_of_the_flag_only_hides_no_later_change(rule: Rule) -> None:
    flag = (
        "change_email new@example.com NEW@example.com true -> done\n"
        'get_user new@example.com -> found {"user_id": "7", "email_verified": true}\n'
    )
    looks = 'get_user moved@example.com -> not-found\nget_user new@example.com -> found {"user_id": "7"}\n'
    judged = verdict(rule, NEW + CREATED + flag + CHANGED + looks)

    assert judged.status is Status.FAILED
    assert {number for finding in judged.findings for number in finding.evidence} == {4, 5, 6}


def verified_another(before: str, after: str) -> str:
    """Return a transcript in which one user is seen before and after another user's e-mail is verified."""
    return (
        NEW
        + OTHER
        + CREATED
        + CREATED_OTHER
        + f'get_user other@example.com -> found {{"user_id": "8"{before}}}\n'
        + "verify new@example.com -> done\n"
        + f'get_user other@example.com -> found {{"user_id": "8"{after}}}\n'
    )


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [("false", "true", "verified"), ("true", "false", "unverified")],
)
def test_verifying_one_user_must_change_no_other_user(before: str, after: str, state: str) -> None:
    text = verified_another(f', "email_verified": {before}', f', "email_verified": {after}')
    message = f"verify of one user's e-mail also made another user's e-mail {state}; update one row only"

    assert findings(verify_not_reflected, text) == [Finding(message, Severity.ERROR, Script.VERIFY, (3, 4, 5))]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (', "email_verified": false', ', "email_verified": false'),
        (', "email_verified": true', ', "email_verified": true'),
        (', "email_verified": false', ""),
        ("", ', "email_verified": true'),
        (', "email_verified": "no"', ', "email_verified": true'),
        (', "email_verified": false', ', "email_verified": 1'),
    ],
)
def test_unchanged_or_unknown_values_of_another_user_are_no_breach(before: str, after: str) -> None:
    assert findings(verify_not_reflected, verified_another(before, after)) == []


NOBODY = "change_password nobody@example.com «new password» -> {ending}   [writing]\n"
LATER = 'change_password new@example.com "«new password of new»" -> {ending}   [writing]\n'
NO_ONE = 'failed Error "no such user"'


@pytest.mark.parametrize(("ending", "said"), [("done", "success"), (NO_ONE, "an error")])
def test_a_password_change_for_an_unknown_user_is_declined(ending: str, said: str) -> None:
    text = NEW + CREATED + NOBODY.format(ending=ending) + LATER.format(ending="done")
    message = f"change_password reported {said} for an unknown user; end with callback(null, false)"

    judged = findings(change_password_unknown_user, text)
    assert [(finding.message, finding.evidence) for finding in judged] == [(message, (2,))]


@pytest.mark.parametrize(
    ("refused", "later"),
    [
        (NOBODY.format(ending='failed ValidationError("password_strength") "too weak"'), "done"),
        (NOBODY.format(ending=NO_ONE), NO_ONE),
        (NOBODY.format(ending="declined") + NOBODY.format(ending=NO_ONE), "done"),
    ],
    ids=["policy", "limit for everybody", "limit for each"],
)
def test_a_refusal_for_another_reason_proves_no_user(refused: str, later: str) -> None:
    text = NEW + CREATED + refused + LATER.format(ending=later)

    assert findings(change_password_unknown_user, text) == []


def test_a_field_without_a_value_hides_no_other_field() -> None:
    people = "person ada email=ada@example.com\nperson bob email=bob@example.com\n"
    text = people + (
        'get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"seen": null, "visits": 3}}\n'
        'get_user bob@example.com -> found {"user_id": "8", "app_metadata": {"seen": null, "visits": "none"}}\n'
    )

    assert [finding.evidence for finding in findings(inconsistent_metadata_type, text)] == [(1, 2)]


# Rules that compare the calls for one user with each other


def test_a_context_without_an_organization_is_judged_for_every_user() -> None:
    found = 'found {"user_id": "7"}'
    text = (
        "connection script_context=on\n"
        "person ada email=ada@example.com\n"
        "person bob email=bob@example.com\n"
        f"get_user ada@example.com -> {found}\n"
        'get_user ada@example.com -> failed Error "no organization"   [organization]\n'
        f"get_user ada@example.com -> {found}   [organization]\n"
        'get_user bob@example.com -> raised TypeError "undefined"\n'
        f"get_user bob@example.com -> {found}   [organization]\n"
    )
    message = (
        "get_user works with an organization in the context, but fails without one; read context.organization only "
        "if it is there"
    )

    assert findings(context_without_organization, text) == [
        Finding(message, Severity.ERROR, Script.GET_USER, (4, 5)),
    ]


def test_only_calls_that_fail_in_the_same_way_are_evidence() -> None:
    text = (
        "connection script_context=on\n"
        "person ada email=ada@example.com\n"
        'get_user ada@example.com -> raised TypeError "undefined"\n'
        'get_user a@example.com -> raised RangeError "no"   [unknown-user]\n'
        'get_user b@example.com -> raised TypeError "undefined"   [unknown-user]\n'
        'get_user c@example.com -> failed TypeError "undefined"   [unknown-user]\n'
        'get_user ada@example.com -> found {"user_id": "7"}   [organization]\n'
    )

    assert [finding.evidence for finding in findings(context_without_organization, text)] == [(1, 3, 5)]


@pytest.mark.parametrize(
    "first",
    [
        'get_user /../ada@example.com -> not-found; noticed inspected "a record"   [hostile: url]',
        'get_user ada@example.com -> not-found; noticed request "GET http://shop/ada@example.com"   [hostile: url]',
    ],
    ids=["no request", "nothing reserved"],
)
def test_an_address_is_judged_after_an_inconclusive_one(first: str) -> None:
    text = (
        f"script get_user observed=on\n{first}\n"
        "get_user ada@example.com?x=1 -> not-found; "
        'noticed request "GET http://shop/users/ada@example.com?x=1"   [hostile: url]\n'
    )

    assert [finding.evidence for finding in findings(url_injection, text)] == [(2,)]
