import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules.profile._identity import wrong_users_profile
from customdb_contract.rules.security._enumeration import unknown_user_logged_as_known, user_enumeration
from customdb_contract.rules.security._injection import sql_injection
from customdb_contract.rules.security._leaks import error_leaks_details, log_leaks_secret
from customdb_contract.rules.security._verification import email_verified_hardcoded
from rules.judging import findings, verdict

pytestmark = pytest.mark.one_python

PEOPLE = "person ada email=ada@example.com password=known\nperson bob email=bob@example.com password=known\n"
WRONG = "failed WrongUsernameOrPasswordError"
BCRYPT = "$2b$12$abcdefghijklmnopqrstuuSWSIsR3I9ks8cUcO6XyH0OEvVKYd5Wm"


def down(message: str, *, identifier: str = "ada@example.com") -> str:
    return f'get_user {identifier} -> failed ScriptError "{message}"   [outage]\n'


# user-enumeration


def refusals(unknown: str, wrong: str, *, person: str = "ada") -> str:
    return PEOPLE + (
        f'login nobody@example.com "x1" -> {WRONG}(null) "{unknown}"   [unknown-user]\n'
        f'login {person}@example.com "x2" -> {WRONG}("7") "{wrong}"   [wrong-password]\n'
    )


def test_an_unknown_user_gets_another_message() -> None:
    message = "login reported different messages for an unknown user and a wrong password; use the same message"

    assert findings(user_enumeration, refusals("no such user", "wrong password")) == [
        Finding(message, Severity.WARNING, Script.LOGIN, (1, 2))
    ]


@pytest.mark.parametrize(
    ("unknown", "wrong"),
    [
        pytest.param("denied", "denied", id="one message"),
        pytest.param("denied: nobody@example.com", "denied: ada@example.com", id="with the identifier"),
        pytest.param("denied: x1", "denied: x2", id="with the password"),
        pytest.param("denied, request 4711", "denied, request 4712", id="with a number"),
    ],
)
def test_one_message_for_both_reveals_nothing(unknown: str, wrong: str) -> None:
    assert verdict(user_enumeration, refusals(unknown, wrong)).status is Status.PASSED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PEOPLE + f'login nobody@example.com "x" -> {WRONG}(null) "no"   [unknown-user]\n', id="no pair"),
        pytest.param(refusals("a", "b").replace("WrongUsernameOrPasswordError(null)", "Error"), id="another error"),
        pytest.param(
            "person eve email=eve@example.com disabled=on\n" + refusals("no such user", "disabled", person="eve"),
            id="disabled",
        ),
        pytest.param(
            refusals("a", "b") + f'login noone@example.com "x" -> {WRONG}(null) "c"   [unknown-user]\n',
            id="another message each time",
        ),
        pytest.param(refusals("a", "b").replace("[wrong-password]", "[wrong-password: empty]"), id="empty password"),
    ],
)
def test_calls_that_prove_no_enumeration_are_not_judged(text: str) -> None:
    assert verdict(user_enumeration, text).status is Status.NOT_APPLICABLE


# unknown-user-logged-as-known


def test_an_unknown_user_is_named() -> None:
    text = PEOPLE + f'login nobody@example.com "x" -> {WRONG}("nobody@example.com") "no"   [unknown-user]\n'
    message = "login named a user in WrongUsernameOrPasswordError for an unknown user; pass null"

    assert findings(unknown_user_logged_as_known, text) == [Finding(message, Severity.INFO, Script.LOGIN, (1,))]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (f'{WRONG}(null) "no"', Status.PASSED),
        (f'{WRONG} "no"', Status.PASSED),
        ('failed Error "no"', Status.NOT_APPLICABLE),
        ("not-found", Status.NOT_APPLICABLE),
    ],
)
def test_an_unknown_user_is_not_named(ending: str, status: Status) -> None:
    text = PEOPLE + f'login nobody@example.com "x" -> {ending}   [unknown-user]\n'

    assert verdict(unknown_user_logged_as_known, text).status is status


# error-leaks-details


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("failed: SELECT id FROM users", "an SQL statement"),
        ("failed: select * from users", "an SQL statement"),
        ("Traceback (most recent call last): x", "a stack trace"),
        ("cannot reach postgres://shop:x@db.test/shop", "a connection string"),
        ("connect ECONNREFUSED 10.0.0.5:5432", "an address of the network"),
        ("cannot open /srv/shop/data/users.sqlite3", "the path of a file"),
        ("no such table: users", "a message of the database"),
        (f"stored was {BCRYPT}", "a password hash"),
        ("did you mean bob@example.com?", "another user's e-mail"),
        ("«password of ada» is wrong", "a password or another secret"),
        ("token «configuration API_TOKEN» refused", "a password or another secret"),
    ],
)
def test_an_error_that_leaks_something_is_found(message: str, what: str) -> None:
    said = f"an error of get_user contains {what}; describe the failure in your own words"

    assert findings(error_leaks_details, PEOPLE + down(message)) == [
        Finding(said, Severity.WARNING, Script.GET_USER, (1,))
    ]


def test_an_error_that_is_a_text_is_read_too() -> None:
    text = PEOPLE + 'get_user ada@example.com -> failed "no such table: users"   [outage]\n'

    assert len(findings(error_leaks_details, text)) == 1


@pytest.mark.parametrize(
    "message",
    [
        "The store cannot be reached",
        "Please select another one from the list",
        "ada@example.com cannot be looked up",
        "carol@example.com is not one of the known people",
        "see https://shop.example.com/help",
        "tried at 12:30, on 2026-01-02",
    ],
)
def test_an_error_in_its_own_words_leaks_nothing(message: str) -> None:
    judged = verdict(error_leaks_details, PEOPLE + "get_user ada@example.com -> not-found\n" + down(message))

    assert (judged.status, judged.held) == (Status.PASSED, 1)


def test_echoing_the_input_is_no_leak() -> None:
    typed = '"bob@example.com/10.0.0.5:5432"'

    text = PEOPLE + down("no bob@example.com/10.0.0.5:5432 here", identifier=typed).replace(
        "[outage]", "[hostile: url]"
    )
    assert verdict(error_leaks_details, text).status is Status.PASSED


@pytest.mark.parametrize("identifier", ['""', '["a"]'])
def test_a_leak_is_found_with_any_identifier(identifier: str) -> None:
    assert len(findings(error_leaks_details, PEOPLE + down("no such table: users", identifier=identifier))) == 1


def test_a_password_that_is_a_common_word_proves_nothing() -> None:
    text = PEOPLE + (
        f'login bob@example.com "x" -> {WRONG}("8") "wrong «password of ada»"   [wrong-password]\n'
        f'login ada@example.com "x" -> {WRONG}("7") "wrong «password of ada»"   [wrong-password]\n'
    )

    assert verdict(error_leaks_details, text).status is Status.PASSED


def test_a_syntax_error_is_left_to_the_rule_about_injection() -> None:
    text = PEOPLE + 'get_user "x" -> failed Error "syntax error at or near x"   [hostile: sql]\n'

    assert findings(error_leaks_details, text, sql_injection) == []
    assert len(findings(error_leaks_details, text)) == 1


def test_without_a_password_to_look_for_a_clean_error_shows_nothing() -> None:
    text = "person ada email=ada@example.com password=short\n" + down("The store cannot be reached")

    assert verdict(error_leaks_details, text).status is Status.NOT_APPLICABLE


# log-leaks-secret


def printing(output: str) -> str:
    return PEOPLE + f'login ada@example.com «password of ada» -> found {{"user_id": "7"}}; printed "{output}"\n'


@pytest.mark.parametrize(
    ("output", "said", "severity"),
    [
        ("trying «password of ada»", "a password or another secret; log the event, not the user's input", "error"),
        ("«configuration TOKEN»", "a password or another secret; log the event, not the user's input", "error"),
        (f"row {BCRYPT}", "a password hash; log the event, not the record", "error"),
        ("user Ada@example.com", "the e-mail of a user; log the user_id instead", "warning"),
        ("user bob@example.com", "the e-mail of a user; log the user_id instead", "warning"),
    ],
)
def test_a_script_prints_a_secret(output: str, said: str, severity: str) -> None:
    assert findings(log_leaks_secret, printing(output)) == [
        Finding(f"login printed {said}", Severity(severity), Script.LOGIN, (1,))
    ]


@pytest.mark.parametrize("output", ["a log-in succeeded", "user shop-7", "somebody@example.org asked"])
def test_a_script_prints_no_secret(output: str) -> None:
    assert verdict(log_leaks_secret, printing(output)).status is Status.PASSED


def test_without_a_password_to_look_for_silence_shows_nothing() -> None:
    text = "person ada email=ada@example.com password=short\nget_user ada@example.com -> not-found\n"

    assert verdict(log_leaks_secret, text).status is Status.NOT_APPLICABLE


# email-verified-hardcoded

UNVERIFIED = 'person ada email=ada@example.com profile={"email_verified": false}\n'


def test_an_unverified_email_passes_for_verified() -> None:
    text = UNVERIFIED + 'get_user ada@example.com -> found {"user_id": "7", "email_verified": true}\n'
    message = (
        "get_user returned email_verified = true for an e-mail that is not verified; return the value in the store"
    )

    assert findings(email_verified_hardcoded, text) == [Finding(message, Severity.WARNING, Script.GET_USER, (1,))]


def test_another_users_profile_is_left_to_its_own_rule() -> None:
    text = UNVERIFIED + 'get_user ada@example.com -> found {"email": "bob@example.com", "email_verified": true}\n'

    assert findings(email_verified_hardcoded, text, wrong_users_profile) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(
            UNVERIFIED + 'get_user ada@example.com -> found {"email_verified": false}\n', Status.PASSED, id="false"
        ),
        pytest.param(UNVERIFIED + 'get_user ada@example.com -> found {"user_id": "7"}\n', Status.PASSED, id="missing"),
        pytest.param(
            PEOPLE + 'get_user ada@example.com -> found {"email_verified": true}\n',
            Status.NOT_APPLICABLE,
            id="nothing is known",
        ),
    ],
)
def test_an_email_does_not_pass_for_verified(text: str, status: Status) -> None:
    assert verdict(email_verified_hardcoded, text).status is status


@pytest.mark.parametrize("part", ["x", "a-", "a.", "\\n", "server=a;", "«password of "])
def test_a_very_long_text_is_read_quickly(part: str) -> None:
    # No time is measured: with a pattern of quadratic cost this test would take very long.
    text = PEOPLE + (
        f'login ada@example.com "x" -> {WRONG}(null) "{part * 60_000}"; printed "{part * 60_000}"   [wrong-password]\n'
    )

    for rule in (error_leaks_details, log_leaks_secret, user_enumeration):
        assert verdict(rule, text).status in {Status.PASSED, Status.NOT_APPLICABLE}


# every known secret

SECRETS = [
    "password of ada",
    "password of ada, as SHA-256",
    "new password of ada",
    "configuration API_TOKEN",
    "keyword DB_PASSWORD",
    "API token",
]


@pytest.mark.parametrize("label", SECRETS)
def test_every_leaked_secret_has_a_finding(label: str) -> None:
    text = PEOPLE + (
        f'get_user ada@example.com -> found {{"user_id": "7"}}; printed "connecting with «{label}»"\n'
        f'get_user ada@example.com -> failed Error "refused «{label}»"   [repeated]\n'
    )

    assert len(findings(log_leaks_secret, text)) == 1
    assert len(findings(error_leaks_details, text)) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        'failed ValidationError("«API token»") "no"',
        'failed Error(["«API token»"]) "no"',
        'failed {"«API token»": 1}',
        'failed {"$special": "«API token»", "text": "", "size": null}',
        'failed {"$special": "bytes", "text": "«API token»", "size": 9}',
        'raised Error "no «API token»"',
        'found {"user_id": "7"}; called again -> failed Error "«API token»"',
        'timed-out; raised later Error "«API token»"',
    ],
)
def test_a_secret_is_seen_wherever_it_stands_in_an_error(outcome: str) -> None:
    text = f"{PEOPLE}get_user ada@example.com -> {outcome}\n"

    assert [finding.message for finding in findings(error_leaks_details, text)] == [
        "an error of get_user contains a password or another secret; describe the failure in your own words"
    ]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("«password hash 1»", "a password hash"),
        ("«private key 1»", "a private key"),
        ("otpauth://«TOTP secret 1»", "a TOTP secret"),
        ("see https://«credentials in a URL 1»@example.com", "credentials in a URL"),
        ("see https://ada:hunter2@example.com", "credentials in a URL"),
        ("cannot reach postgres://«credentials in a URL 1»@db.test/shop", "a connection string"),
    ],
)
def test_a_marker_shows_that_a_format_made_it_a_secret(said: str, what: str) -> None:
    text = f"an error of get_user contains {what}; describe the failure in your own words"

    assert [finding.message for finding in findings(error_leaks_details, PEOPLE + down(said))] == [text]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("row «password hash 1»", "a password hash; log the event, not the record"),
        ("«private key 1»", "a private key; log the event, not the record"),
        ("«secret value 3»", "a password or another secret; log the event, not the user's input"),
        ("postgres://«credentials in a URL 1»@db.test", "credentials in a URL; log the host only"),
    ],
)
def test_a_secret_by_its_format_is_printed(output: str, said: str) -> None:
    assert [finding.message for finding in findings(log_leaks_secret, printing(output))] == [f"login printed {said}"]


def test_a_password_that_is_a_common_word_may_be_printed_but_its_digest_may_not() -> None:
    text = PEOPLE + (
        'get_user bob@example.com -> failed Error "wrong «password of ada»"   [repeated]\n'
        'get_user ada@example.com -> failed Error "«password of ada, as MD5»"   [repeated]\n'
    )

    assert [finding.evidence for finding in findings(error_leaks_details, text)] == [(2,)]


def test_a_leaked_password_of_a_created_user_is_found() -> None:
    text = (
        "person new email=new@example.com new=on\n"
        + PEOPLE
        + (
            'create {"email": "new@example.com", "password": "«password of new»"}'
            ' -> failed Error "no «password of new»"   [writing of bob]\n'
        )
    )

    assert len(findings(error_leaks_details, text)) == 1
