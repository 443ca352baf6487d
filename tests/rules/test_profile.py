"""The rules of the group `profile`: exact messages, near misses, severities."""

import hashlib
import json
from base64 import b64encode

import pytest

from customdb_contract.findings import Severity, Status
from customdb_contract.rules import find_rule
from customdb_contract.transcript import Transcript
from rules.judging import findings, verdict

ADA = "person ada email=ada@example.com username=ada\n"
BOB = "person bob email=bob@example.com\n"
IMPORT = "connection import_mode=on\n"


def found(profile: object, *, identifier: str = "ada@example.com", remark: str = "") -> str:
    """Return a get_user that returns a profile."""
    return f"get_user {identifier} -> found {json.dumps(profile)}{f'   [{remark}]' if remark else ''}\n"


def reported(name: str, text: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return message, severity and evidence of each finding of a rule."""
    return [(finding.message, finding.severity.value, finding.evidence) for finding in findings(find_rule(name), text)]


def status(name: str, text: str) -> Status:
    return verdict(find_rule(name), text).status


BROKEN: dict[str, tuple[str, str, str]] = {
    # name of the case: (rule, transcript, "severity message")
    "no id": (
        "missing-user-id",
        ADA + found({"email": "ada@example.com"}),
        "error get_user returned a profile without user_id; it is mandatory, and must not be empty",
    ),
    "id alone": (
        "missing-user-id",
        ADA + found({"id": "7"}) * 2,
        (
            "info get_user returned id instead of user_id; Auth0 accepts either, but its pages on the scripts "
            "document only user_id"
        ),
    ),
    "empty id": (
        "missing-user-id",
        ADA + found({"user_id": ""}),
        "error get_user returned a profile without user_id; it is mandatory, and must not be empty",
    ),
    "number": (
        "user-id-not-a-string",
        ADA + found({"user_id": 7}),
        "warning get_user returned a user_id of the type int; return it as text",
    ),
    "object id": (
        "user-id-not-a-string",
        ADA + found({"user_id": {"$special": "ObjectId", "text": "5", "size": None}}),
        "error get_user returned a user_id of the type ObjectId; return it as text",
    ),
    "undefined id": (
        "invalid-user-id",
        ADA + found({"user_id": "undefined"}),
        "error get_user returned a user_id that is the text 'undefined', the name of a missing value",
    ),
    "blank in id": (
        "invalid-user-id",
        ADA + found({"user_id": "a b"}),
        "error get_user returned a user_id that contains white space, which is not allowed",
    ),
    "long id": (
        "invalid-user-id",
        ADA + found({"user_id": "x" * 256}),
        "error get_user returned a user_id that has 256 characters, and at most 255 are allowed",
    ),
    "unlinkable id": (
        "invalid-user-id",
        ADA + found({"user_id": "x" * 129}),
        (
            "warning get_user returned a user_id that has 129 characters, and accounts with more than 128 "
            "cannot become the primary one of linked accounts"
        ),
    ),
    "prefix": (
        "prefixed-user-id",
        ADA + found({"user_id": "auth0|7"}),
        "warning get_user returned a user_id that starts with auth0|, which Auth0 adds itself",
    ),
    "email as id": (
        "mutable-user-id",
        ADA + found({"user_id": "ADA@example.com"}),
        "warning get_user returned a user_id that is derived from the e-mail, which can change",
    ),
    "username in id": (
        "mutable-user-id",
        "person ada email=a@example.com username=lovelace\n"
        + found({"user_id": "shop-lovelace-7"}, identifier="a@example.com"),
        "warning get_user returned a user_id that is derived from the username, which can change",
    ),
    "email in Base64 as id": (
        "mutable-user-id",
        ADA + found({"user_id": f"shop-{b64encode(b'ada@example.com').decode()}"}),
        "warning get_user returned a user_id that is derived from the e-mail, encoded, which can change",
    ),
    "username in hexadecimal as id": (
        "mutable-user-id",
        "person ada email=a@example.com username=Lovelace\n"
        + found({"user_id": b"lovelace".hex().upper()}, identifier="a@example.com"),
        "warning get_user returned a user_id that is derived from the username, encoded, which can change",
    ),
    "hash of the email as id": (
        "mutable-user-id",
        ADA + found({"user_id": f"shop|{hashlib.sha1(b'ada@example.com').hexdigest()}", "email": "ADA@example.com"}),
        "warning get_user returned a user_id that is derived from the e-mail, hashed, which can change",
    ),
    "phone as id": (
        "mutable-user-id",
        ADA + found({"user_id": "+49171123", "phone_number": "+49171123"}),
        "warning get_user returned a user_id that is derived from the phone number, which can change",
    ),
    "missing email": (
        "invalid-email",
        ADA + found({"user_id": "7"}),
        "warning get_user returned a profile whose email is missing",
    ),
    "email for import": (
        "invalid-email",
        IMPORT + ADA + found({"user_id": "7", "email": "ada"}),
        (
            "error get_user returned a profile whose email is not an e-mail address: it needs one @ with "
            "something on both sides"
        ),
    ),
    "email number": (
        "invalid-email",
        ADA + found({"email": 7}),
        "warning get_user returned a profile whose email is a number instead of text",
    ),
    "upper case": (
        "email-not-lowercase",
        IMPORT + ADA + found({"email": "Ada@example.com"}),
        "warning get_user returned email that has upper-case letters, and Auth0 stores it in lower case",
    ),
    "verified 1": (
        "email-verified-not-boolean",
        ADA + found({"email_verified": 1}),
        "error get_user returned email_verified that is a number instead of true or false",
    ),
    "verified missing": (
        "missing-email-verified",
        ADA + found({"email": "ada@example.com"}),
        "warning get_user returned a profile without email_verified; return true or false",
    ),
    "username missing": (
        "invalid-username",
        "connection import_mode=on requires_username=on\n" + ADA + found({}),
        "error get_user returned a profile whose username is missing",
    ),
    "username": (
        "invalid-username",
        IMPORT + ADA + found({"username": "ada l"}),
        (
            "error get_user returned a profile whose username has a character other than letters, digits and "
            "@ ^ $ . ! ` - # + ' ~ _"
        ),
    ),
    "empty name": (
        "invalid-name",
        ADA + found({"given_name": ""}),
        "warning get_user returned given_name that is empty; leave it out",
    ),
    "long name": (
        "invalid-name",
        ADA + found({"nickname": "x" * 351}),
        "warning get_user returned nickname that has 351 characters, and at most 350 are allowed",
    ),
    "number as name": (
        "invalid-name",
        ADA + found({"name": 7}),
        "warning get_user returned name that is a number instead of text",
    ),
    "phone": (
        "invalid-phone-number",
        ADA + found({"phone_number": "0171 1"}),
        "warning get_user returned phone_number that is not + and 1 to 15 digits",
    ),
    "phone for import": (
        "invalid-phone-number",
        IMPORT + ADA + found({"phone_verified": "yes"}),
        "error get_user returned phone_verified that is a string instead of true or false",
    ),
    "picture": (
        "invalid-picture",
        ADA + found({"picture": "/7.png"}),
        "warning get_user returned picture that is not an absolute URL",
    ),
    "factors": (
        "invalid-mfa-factors",
        IMPORT + ADA + found({"mfa_factors": []}),
        "error get_user returned mfa_factors that has 0 items, and 1 to 10 are allowed",
    ),
    "factors ignored": (
        "invalid-mfa-factors",
        ADA + found({"mfa_factors": [{"phone": {"value": "+1"}}]}),
        "info get_user returned mfa_factors that is ignored: factors are imported only with import mode on",
    ),
    "reserved": (
        "reserved-root-attribute",
        ADA + found({"last_login": "x", "created_at": "y"}),
        "warning get_user returned created_at, last_login at the root, which Auth0 manages itself",
    ),
    "suspect": (
        "reserved-root-attribute",
        ADA + found({"connection": "x"}),
        "info get_user returned connection at the root, a name that Auth0 uses itself",
    ),
    "undefined": (
        "undefined-attribute",
        ADA + found({"age": {"$special": "undefined", "text": "", "size": None}}),
        "info get_user returned age without a value",
    ),
    "too large": (
        "profile-too-large",
        ADA + found({"cv": ["x" * 11_000]}),
        "warning get_user returned a profile of about 10 KB; at most 10 KB are allowed",
    ),
    "far too large": (
        "profile-too-large",
        ADA + found({"cv": ["x" * 103_000]}),
        (
            "error get_user returned a profile of about 100 KB; above about 100 KB log-ins fail, "
            "in tenants that had such profiles before from 2027-03-04 on"
        ),
    ),
    "nearly too large": (
        "profile-too-large",
        ADA + found({"cv": "x" * 9_000}),
        "info get_user returned a profile of about 8 KB, which nears the limit of 10 KB",
    ),
    "tokens": (
        "idp-token-in-profile",
        ADA + found({"access_token": "a", "refresh_token": "b"}),
        "info get_user returned access_token and refresh_token; Auth0 stores it",
    ),
    "reserved metadata": (
        "reserved-app-metadata",
        ADA + found({"app_metadata": {"email": 1, "blocked": 0}}),
        "error get_user returned app_metadata with the reserved blocked, email",
    ),
    "dots": (
        "invalid-metadata-key",
        ADA + found({"user_metadata": {"a": [{"b.c": 1}]}}),
        "error get_user returned the metadata field user_metadata.a[0].b.c; names must not contain . or $",
    ),
    "metadata text": (
        "metadata-not-json",
        ADA + found({"app_metadata": "x"}),
        "error get_user returned app_metadata that is a string instead of an object",
    ),
    "metadata date": (
        "metadata-not-json",
        ADA + found({"app_metadata": {"a": [{"$special": "datetime", "text": "2024", "size": None}]}}),
        "warning get_user returned app_metadata.a[0] of the type datetime, which JSON does not have",
    ),
    "old name": (
        "legacy-metadata-name",
        ADA + found({"metadata": {}}),
        "warning get_user returned metadata at the root; the name is app_metadata or user_metadata",
    ),
    "shadow": (
        "metadata-shadows-profile",
        ADA + found({"app_metadata": {"username": "root", "name": "x"}}),
        "warning get_user returned app_metadata with name, username, which may override the profile's own",
    ),
    "dynamic": (
        "dynamic-metadata-keys",
        ADA + found({"user_metadata": {"seen": {"2024-05-01": 1}}}),
        "info get_user returned metadata with the name user_metadata.seen.2024-05-01; make the id or date a value",
    ),
    "own id as key": (
        "dynamic-metadata-keys",
        ADA + found({"user_id": "u7", "app_metadata": {"u7": 1}}),
        "info get_user returned metadata with the name app_metadata.u7; make the id or date a value",
    ),
    "own email as key": (
        "dynamic-metadata-keys",
        ADA + found({"app_metadata": {"ada@example.com": 1}}),
        "info get_user returned metadata with the name app_metadata.ada@example.com; make the id or date a value",
    ),
    "access": (
        "access-in-user-metadata",
        ADA + found({"user_metadata": {"is_admin": True, "Roles": []}}),
        "warning get_user returned user_metadata with Roles, is_admin, which users can edit themselves",
    ),
    "hash": (
        "secret-in-profile",
        ADA + found({"x": "$2b$12$" + "a" * 53}),
        "error get_user returned the hash of a password in x; return no secrets",
    ),
    "named hash": (
        "secret-in-profile",
        ADA + found({"a": [{"password_hash": "0" * 40}]}),
        "error get_user returned the hash of a password in a[0].password_hash; return no secrets",
    ),
    "marker": (
        "secret-in-profile",
        ADA + found({"x": {"y": "is «password of ada»"}}),
        "error get_user returned a password in x.y; return no secrets",
    ),
    "digest": (
        "secret-in-profile",
        ADA + found({"x": "«password of ada, as SHA-256»"}),
        "error get_user returned a password in x; return no secrets",
    ),
    "new password": (
        "secret-in-profile",
        ADA + found({"x": ["«new password of ada»"]}),
        "error get_user returned a password in x[0]; return no secrets",
    ),
    "configuration": (
        "secret-in-profile",
        ADA + found({"x": "«configuration TOKEN»"}),
        "error get_user returned a secret of the configuration in x; return no secrets",
    ),
    "secret of the team's own, as a key": (
        "secret-in-profile",
        ADA + found({"«API token»": 1}),
        "error get_user returned a secret in «API token»; return no secrets",
    ),
    "buffer": (
        "secret-in-profile",
        ADA + found({"x": {"$special": "Buffer", "text": "«password of ada»", "size": 9}}),
        "error get_user returned a password in x; return no secrets",
    ),
    "masked hash": (
        "secret-in-profile",
        ADA + found({"password_hash": "«password hash 1»"}),
        "error get_user returned the hash of a password in password_hash; return no secrets",
    ),
    "private key": (
        "secret-in-profile",
        ADA + found({"x": "«private key 1»"}),
        "error get_user returned a private key in x; return no secrets",
    ),
    "credentials": (
        "secret-in-profile",
        ADA + found({"picture": "https://«credentials in a URL 1»@example.com/ada.png"}),
        "error get_user returned credentials in a URL in picture; return no secrets",
    ),
    "one-time passwords": (
        "secret-in-profile",
        ADA + found({"x": "otpauth://«TOTP secret 1»"}),
        "error get_user returned a TOTP secret in x; return no secrets",
    ),
    "one-time passwords by name": (
        "secret-in-profile",
        ADA + found({"totp_secret": "«TOTP secret 1»"}),
        "warning get_user returned totp_secret, whose name suggests a secret",
    ),
    "masked by name": (
        "secret-in-profile",
        ADA + found({"salt": "«secret value 1»"}),
        "warning get_user returned salt, whose name suggests a secret",
    ),
    "password as a factor": (
        "secret-in-profile",
        ADA + found({"mfa_factors": [{"totp": {"secret": "«password of ada»"}}]}),
        "error get_user returned a password in mfa_factors[0].totp.secret; return no secrets",
    ),
    "secret beside a profile": (
        "secret-in-profile",
        ADA + 'get_user ada@example.com -> found {"user_id": "7"}; called again -> found {"x": "«API token»"}\n',
        "error get_user returned a password or another secret; return no secrets",
    ),
    "invalid factor, masked": (
        "invalid-mfa-factors",
        IMPORT + ADA + found({"mfa_factors": [{"totp": {"secret": "«secret value 1»"}}]}),
        "error get_user returned mfa_factors that [0] totp.secret is not Base32 in upper case without padding",
    ),
    "named": (
        "secret-in-profile",
        ADA + found({"Api_Key": "abc"}),
        "warning get_user returned Api_Key, whose name suggests a secret",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_breach_is_reported_with_its_call(name: str) -> None:
    rule, text, expected = BROKEN[name]

    severity, _, message = expected.partition(" ")

    assert reported(rule, text) == [(message, severity, (1,))]


SILENT: dict[str, tuple[str, str]] = {
    "both names": ("missing-user-id", ADA + found({"id": "7", "user_id": "7"})),
    "text": ("user-id-not-a-string", ADA + found({"user_id": "7"})),
    "uuid": ("invalid-user-id", ADA + found({"user_id": "12345678-1234-5678-1234-567812345678"})),
    "pipe": ("invalid-user-id", ADA + found({"user_id": "shop|7"})),
    "Null is a name": ("invalid-user-id", ADA + found({"user_id": "Null"})),
    "auth0 inside": ("prefixed-user-id", ADA + found({"user_id": "my-auth0|7"})),
    "a short part": ("mutable-user-id", ADA + found({"user_id": "shop-ada-7"})),
    "somebody else's hash": (
        "mutable-user-id",
        ADA + found({"user_id": hashlib.sha1(b"bob@example.com").hexdigest()}),
    ),
    "a longer word": (
        "mutable-user-id",
        "person l email=l@example.com username=shopper\n" + found({"user_id": "shoppers7"}, identifier="l@example.com"),
    ),
    "quoted email": ("invalid-email", IMPORT + ADA + found({"email": '"a b"@example.com'})),
    "mixed case, legacy": (
        "missing-email-verified",
        ADA + found({"email": "Ada@example.com", "email_verified": False}),
    ),
    "lower case": ("email-not-lowercase", IMPORT + ADA + found({"email": "ada@example.com"})),
    "false": ("email-verified-not-boolean", ADA + found({"email_verified": False})),
    "username with dots": ("invalid-username", IMPORT + ADA + found({"username": "ada.l+x"})),
    "name": ("invalid-name", ADA + found({"name": "x" * 150, "nickname": "x" * 350})),
    "phone": ("invalid-phone-number", IMPORT + ADA + found({"phone_number": "+491711", "phone_verified": False})),
    "picture": ("invalid-picture", ADA + found({"picture": "http://example.com/?a=1"})),
    "factors": ("invalid-mfa-factors", IMPORT + ADA + found({"mfa_factors": [{"totp": {"secret": "ABC2"}}]})),
    "factors, masked": (
        "invalid-mfa-factors",
        IMPORT + ADA + found({"mfa_factors": [{"totp": {"secret": "«TOTP secret 1»"}}]}),
    ),
    "secrets of factors": (
        "secret-in-profile",
        ADA + found({"mfa_factors": [{"totp": {"secret": "«TOTP secret 1»"}}]}),
    ),
    "own attributes": ("reserved-root-attribute", ADA + found({"department": "x", "lastSeen": "y"})),
    "nothing": ("undefined-attribute", ADA + found({"age": None})),
    "small": ("profile-too-large", ADA + found({"a": [1], "b": {"c": 1}})),
    "no tokens": ("idp-token-in-profile", ADA + found({"access_token": None})),
    "metadata": ("reserved-app-metadata", ADA + found({"app_metadata": {"legacy_email": 1}})),
    "keys": ("invalid-metadata-key", ADA + found({"user_metadata": {"a_b-c": [{"d": 1}]}})),
    "json": ("metadata-not-json", ADA + found({"app_metadata": {"a": [1, None, {"b": "x"}]}})),
    "metadata is text": ("legacy-metadata-name", ADA + found({"metadata": "v1"})),
    "own names": ("metadata-shadows-profile", ADA + found({"app_metadata": {"plan": "x"}})),
    "static keys": ("dynamic-metadata-keys", ADA + found({"app_metadata": {"top10": 1, "a": [{"id": "12345"}]}})),
    "app roles": ("access-in-user-metadata", ADA + found({"user_metadata": {"planet": 1, "roleplay": 2}})),
    "flags": ("secret-in-profile", ADA + found({"password_reset_required": True, "secret": False, "salt": None})),
    "a commit": (
        "secret-in-profile",
        ADA + found({"revision": "0" * 40, "mfa_factors": [{"totp": {"secret": "ABC"}}]}),
    ),
    "a token of the root": ("secret-in-profile", ADA + found({"access_token": "abc"})),
}


@pytest.mark.parametrize("name", SILENT)
def test_an_unusual_profile_is_no_breach(name: str) -> None:
    assert status(*SILENT[name]) is Status.PASSED


NOTHING_TO_SEE: dict[str, tuple[str, str, str]] = {
    "legacy": ("email-not-lowercase", ADA + found({"email": "Ada@example.com"}), "needs import mode on"),
    "legacy username": ("invalid-username", ADA + found({"username": "ada l"}), "needs import mode on"),
    "no username": ("invalid-username", IMPORT + ADA + found({}), "the check recorded nothing that this rule judges"),
    "no email": (
        "invalid-email",
        "person x username=x\n" + found({"user_id": "7"}, identifier="x"),
        "the check recorded nothing that this rule judges",
    ),
    "no email to verify": (
        "missing-email-verified",
        ADA + found({}),
        "the check recorded nothing that this rule judges",
    ),
    "no id": ("mutable-user-id", ADA + found({}), "the check recorded nothing that this rule judges"),
    "number": ("prefixed-user-id", ADA + found({"user_id": 7}), "the check recorded nothing that this rule judges"),
    "number too": ("invalid-user-id", ADA + found({"user_id": 7}), "the check recorded nothing that this rule judges"),
    "no id at all": ("user-id-not-a-string", ADA + found({}), "the check recorded nothing that this rule judges"),
    "nobody found": (
        "missing-user-id",
        ADA + "get_user ada@example.com -> not-found\n",
        "the check recorded nothing that this rule judges",
    ),
    "nothing called": ("missing-user-id", ADA, "needs a get_user script"),
    "one user": ("shared-user-id", ADA + found({"user_id": "7"}), "needs a second user"),
    "no profile": (
        "secret-in-profile",
        ADA + "get_user ada@example.com -> not-found\n",
        "the check recorded nothing that this rule judges",
    ),
    "null metadata": (
        "inconsistent-metadata-type",
        ADA + BOB + found({"app_metadata": {"a": None}}),
        "the check recorded nothing that this rule judges",
    ),
    "no own email": (
        "wrong-users-profile",
        "person x username=x\n" + found({"email": "y@example.com"}, identifier="x"),
        "the check recorded nothing that this rule judges",
    ),
    "no email returned": ("wrong-users-profile", ADA + found({}), "the check recorded nothing that this rule judges"),
}


@pytest.mark.parametrize("name", NOTHING_TO_SEE)
def test_a_rule_without_profiles_to_judge_is_not_applicable(name: str) -> None:
    rule, text, reason = NOTHING_TO_SEE[name]

    judged = verdict(find_rule(rule), text)

    assert (judged.status, judged.reason) == (Status.NOT_APPLICABLE, reason)


# One user, one user_id


def test_an_id_that_changes() -> None:
    text = ADA + found({"user_id": "7"}) + found({"user_id": "9"}, remark="repeated")

    assert reported("unstable-user-id", text) == [
        ('get_user returned the user_id "7" for ada, then "9"; always return the same one', "error", (1, 2))
    ]


def test_a_number_and_its_text_are_one_id() -> None:
    text = ADA + found({"user_id": "7"}) + found({"user_id": 7}, remark="repeated")

    assert status("unstable-user-id", text) is Status.PASSED


LOGIN = 'login ada@example.com «password of ada» -> found {"user_id": "8"}\n'


def test_ids_that_differ_between_the_scripts() -> None:
    text = ADA + found({"user_id": "7"}) + LOGIN

    assert reported("mismatched-user-id", text) == [
        ('login returned the user_id "8" for ada, but get_user "7"; return the same one', "error", (1, 2))
    ]


def test_the_order_of_the_calls_does_not_matter() -> None:
    text = ADA + LOGIN + found({"user_id": "7"})

    assert reported("mismatched-user-id", text)[0][2] == (1, 2)


def test_one_script_alone_mismatches_nothing() -> None:
    assert status("mismatched-user-id", ADA + LOGIN) is Status.NOT_APPLICABLE


def test_values_too_long_to_record_count() -> None:
    long = {"$special": "long-text", "text": "x", "size": 90_000}

    assert reported("profile-too-large", ADA + found({"cv": [long]})) == [
        ("get_user returned a profile of about 87 KB; at most 10 KB are allowed", "warning", (1,))
    ]


def test_an_unstable_id_is_not_reported_again_as_a_mismatch() -> None:
    text = ADA + found({"user_id": "7"}) + found({"user_id": "9"}, remark="repeated") + LOGIN

    assert findings(find_rule("mismatched-user-id"), text, find_rule("unstable-user-id")) == []


UPPER_CASE = "other-spelling: upper-case of ada"


def test_an_id_that_follows_the_spelling() -> None:
    text = ADA + found({"user_id": "ada"}) + found({"user_id": "ADA"}, identifier="ADA", remark=UPPER_CASE)

    assert reported("user-id-depends-on-identifier", text) == [
        (
            (
                'get_user returned the user_id "ADA" for another spelling of ada\'s identifier, but "ada" for the '
                "usual one; take the user_id from the record, not from what was typed"
            ),
            "error",
            (1, 2),
        )
    ]


def test_an_id_that_does_not_follow_the_spelling() -> None:
    text = ADA + found({"user_id": "7"}) + found({"user_id": "7"}, identifier="ADA", remark=UPPER_CASE)

    assert status("user-id-depends-on-identifier", text) is Status.PASSED


def test_two_people_with_one_id() -> None:
    text = ADA + BOB + found({"user_id": "7"}) + found({"user_id": 7}, identifier="bob@example.com") * 2

    assert reported("shared-user-id", text) == [
        ('ada and bob have the same user_id "7"; make it unique', "error", (1, 2))
    ]


def test_two_people_with_ids_of_their_own() -> None:
    text = ADA + BOB + found({"user_id": "7"}) + found({"user_id": "8"}, identifier="bob@example.com")

    assert status("shared-user-id", text) is Status.PASSED


def new_user(number: int, profile: dict[str, object] | None = None) -> str:
    email = f"new{number}@example.com"
    return found({"user_id": "7", "email": email} | (profile or {}), identifier=email, remark=f"writing of new{number}")


NEW_USERS = "person new1 email=new1@example.com new=on\nperson new2 email=new2@example.com new=on\n"


def test_two_new_users_with_one_id() -> None:
    assert reported("shared-user-id", NEW_USERS + new_user(1) + new_user(2) * 2) == [
        ('new1 and new2 have the same user_id "7"; make it unique', "error", (1, 2))
    ]


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(new_user(1) + "delete 7 -> done   [writing of new1]\n" + new_user(2), id="one after the other"),
        pytest.param(
            new_user(1)
            + "change_email new1@example.com new2@example.com true -> done   [writing of new1]\n"
            + new_user(2),
            id="the e-mail of the other",
        ),
        pytest.param(new_user(1) * 2, id="one user"),
        pytest.param(new_user(1) + new_user(2, {"user_id": "8"}), id="own ids"),
        pytest.param(new_user(1) + new_user(2, {"email": "new1@example.com"}), id="the profile of the other"),
        pytest.param(new_user(1) + new_user(2, {"email": None}), id="without an e-mail"),
        pytest.param(new_user(1, {"user_id": ""}) + new_user(2, {"user_id": ""}), id="without an id"),
        pytest.param(new_user(1) + new_user(1).replace("of new1", "of new2"), id="one e-mail"),
    ],
)
def test_new_users_without_proof_of_a_shared_id(calls: str) -> None:
    assert reported("shared-user-id", NEW_USERS + calls) == []


@pytest.mark.parametrize(("connection", "severity"), [("", "warning"), (IMPORT, "error")])
def test_two_people_with_one_email(connection: str, severity: str) -> None:
    text = connection + ADA + BOB + found({"email": "ada@example.com"})
    text += found({"email": "ADA@example.com "}, identifier="bob@example.com")

    assert reported("shared-email", text) == [
        ("ada and bob have the same email ada@example.com; make it unique", severity, (1, 2))
    ]


@pytest.mark.parametrize(("connection", "severity"), [("", "warning"), (IMPORT, "error")])
@pytest.mark.parametrize(
    ("rule", "attribute", "own", "other", "unlike"),
    [
        ("shared-username", "username", "ada", "ADA ", "ada2"),
        ("shared-phone-number", "phone_number", "+4930123456", "+4930123456", "+4930123457"),
    ],
)
def test_two_people_with_one_name_or_number(  # noqa: PLR0917 - see FBT in pyproject.toml
    connection: str, severity: str, rule: str, attribute: str, own: str, other: str, unlike: str
) -> None:
    def text(second: object) -> str:
        first = found({"user_id": "7", attribute: own})
        return connection + ADA + BOB + first + found({"user_id": "8", attribute: second}, identifier="bob@example.com")

    assert reported(rule, text(other)) == [
        (f"ada and bob have the same {attribute} {own}; make it unique", severity, (1, 2))
    ]
    assert status(rule, text(unlike)) is Status.PASSED
    assert reported(rule, text(7)) == []


def test_another_persons_profile() -> None:
    assert reported("wrong-users-profile", ADA + found({"email": "bob@example.com"})) == [
        (
            ('get_user returned a profile with the e-mail "bob@example.com" for ada; return that user\'s own profile'),
            "error",
            (1,),
        )
    ]


@pytest.mark.parametrize(
    "person",
    [
        "person ada email=old@example.com alias=ada@example.com\n",
        'person ada email=old@example.com profile={"email": "ada@example.com"}\n',
    ],
    ids=["alias", "profile"],
)
def test_an_alias_or_the_expected_profile_explains_another_email(person: str) -> None:
    text = person + found({"email": " Ada@example.com"}, identifier="old@example.com")

    assert status("wrong-users-profile", text) is Status.PASSED


def test_a_user_deleted_and_created_again_keeps_a_known_email() -> None:
    text = (
        "delete 7 -> done   [simulated of ada]\n"
        'create {"email": "ada@example.com", "password": "«password of ada»"} -> done   [writing of ada]\n'
        'login ada@example.com «password of ada» -> found {"user_id": "8", "email": "EMAIL"}   [writing]\n'
    )

    own, anothers = text.replace("EMAIL", "ada@example.com"), text.replace("EMAIL", "bob@example.com")
    assert reported("wrong-users-profile", ADA + own) == []
    assert reported("wrong-users-profile", ADA + BOB + anothers) != []


# Metadata of several users


def test_a_field_with_two_types() -> None:
    text = ADA + BOB + found({"app_metadata": {"n": 1, "f": True, "l": [], "o": {}, "t": "x"}})
    text += found(
        {"app_metadata": {"n": "1", "f": False, "l": [1], "o": {"a": 1}, "t": "y"}}, identifier="bob@example.com"
    )

    assert reported("inconsistent-metadata-type", text) == [
        ("get_user returned app_metadata.n as a number for one user, but as text for another", "warning", (1, 2))
    ]


def test_a_field_that_json_does_not_have() -> None:
    special = {"$special": "datetime", "text": "2024", "size": None}
    text = ADA + BOB + found({"app_metadata": {"n": "2024"}})
    text += found({"app_metadata": {"n": special}}, identifier="bob@example.com")

    assert reported("inconsistent-metadata-type", text)[0][1] == "warning"


# One breach, one rule


@pytest.mark.parametrize(
    ("profile", "rules"),
    [
        ({"user_id": 7, "email": "ada@example.com", "email_verified": True}, {"user-id-not-a-string"}),
        ({"email": "ada@example.com", "email_verified": True}, {"missing-user-id"}),
        ({"user_id": "7", "email": "ada@example.com", "email_verified": "true"}, {"email-verified-not-boolean"}),
        (
            {"user_id": "7", "email": "ada@example.com", "email_verified": True, "app_metadata": {"email": "x"}},
            {"reserved-app-metadata"},
        ),
        (
            {"user_id": "7", "email": "ada@example.com", "email_verified": True, "app_metadata": {"a.b": "x"}},
            {"invalid-metadata-key"},
        ),
    ],
    ids=["number", "missing", "text", "reserved", "dots"],
)
def test_each_breach_is_reported_once(profile: dict[str, object], rules: set[str]) -> None:
    from customdb_contract.rules import judge  # noqa: PLC0415 - only this test needs the whole catalogue

    report = judge(Transcript.parse(IMPORT + ADA + found(profile)), select=["profile"])

    told_by = {item.rule.name for item in report.verdicts if item.findings and item.severity is not Severity.INFO}
    assert told_by == rules


def test_a_spelling_of_another_user_proves_nothing_about_the_user_id() -> None:
    text = (
        "person ada email=ada.\u00e9@example.com\nperson old email=ada.\u00c9@example.com\n"
        'get_user ada.\u00e9@example.com -> found {"user_id": "7"}\n'
        'get_user ADA.\u00c9@EXAMPLE.COM -> found {"user_id": "8"}   [other-spelling: upper-case of ada]\n'
    )

    assert verdict(find_rule("user-id-depends-on-identifier"), text).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("mode", "severity"), [("import_mode=on", Severity.ERROR), ("import_mode=off", Severity.WARNING)]
)
def test_emails_are_shared_up_to_the_case_of_ascii_letters(mode: str, severity: Severity) -> None:
    def text(first: str, second: str) -> str:
        return (
            f"connection {mode}\nperson ada email=ada@example.com\nperson old email=old@example.com\n"
            f'get_user ada@example.com -> found {{"user_id": "7", "email": "{first}"}}\n'
            f'get_user old@example.com -> found {{"user_id": "8", "email": "{second}"}}\n'
        )

    rule = find_rule("shared-email")

    assert [one.severity for one in findings(rule, text("jos\u00e9@example.com", " JOS\u00e9@example.com"))] == [
        severity
    ]
    assert findings(rule, text("jos\u00e9@example.com", "JOS\u00c9@example.com")) == []
