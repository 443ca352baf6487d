import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.callback._calling import wrong_arity
from customdb_contract.rules.consistency._people import (
    blocked_user_logs_in,
    case_sensitive_identifier,
    inconsistent_trimming,
    login_without_get_user,
    username_not_accepted,
)
from customdb_contract.rules.consistency._profiles import mismatched_profile
from customdb_contract.rules.outcome._scripts import profile_not_an_object
from rules.judging import findings, verdict

ON = "connection import_mode=on\n"
ADA = "person ada email=ada@example.com username=ada\n"
BOB = "person bob email=bob@example.com\n"
EVE = "person eve email=eve@example.com disabled=on\n"
FOUND = 'found {"user_id": "7", "email": "ada@example.com"}'
REFUSED = 'failed WrongUsernameOrPasswordError(null) "no"'


def both(get_user: str, login: str, *, name: str = "ada") -> str:
    """Return one call of each script for one user, with the given extra members in the profiles."""
    email = f'"user_id": "{name}-7", "email": "{name}@example.com"'
    return (
        f"get_user {name}@example.com -> found {{{email}{get_user}}}\n"
        f"login {name}@example.com «password of {name}» -> found {{{email}{login}}}\n"
    )


# mismatched-profile


def test_a_log_in_during_a_life_may_change_what_get_user_returns() -> None:
    operation = "operation {} by user of ada on custom-database -> succeeded\n"
    profile = 'found {{"user_id": "7", "email": "ada@example.com", "app_metadata": {{"logins": {}}}}}\n'
    visits = {
        "looked up": operation.format("sign_up") + "get_user ada@example.com -> " + profile.format(0),
        "logged in": operation.format("log_in") + "login ada@example.com «password of ada» -> " + profile.format(1),
    }

    def life(*names: str) -> str:
        return ON + ADA + "".join(visits[name] for name in names)

    assert findings(mismatched_profile, life("looked up", "logged in")) == []
    assert findings(mismatched_profile, life("looked up", "looked up", "logged in")) == []
    assert len(findings(mismatched_profile, life("looked up", "logged in", "looked up"))) == 1
    assert len(findings(mismatched_profile, life("logged in", "looked up", "logged in"))) == 1


def test_the_scripts_return_different_metadata() -> None:
    text = ADA + both(', "app_metadata": {"plan": "free"}', ', "app_metadata": {"plan": "full"}')
    message = 'login and get_user disagree on app_metadata.plan: for ada get_user returned "free", but login "full"'

    assert findings(mismatched_profile, text) == [Finding(message, Severity.WARNING, Script.LOGIN, (1, 2))]
    assert findings(mismatched_profile, ON + text) == [Finding(message, Severity.ERROR, Script.LOGIN, (1, 2))]


def test_the_scripts_return_different_names() -> None:
    text = ON + ADA + both(', "nickname": "Countess"', "")
    message = 'login and get_user disagree on nickname: for ada get_user returned "Countess", but login nothing'

    assert findings(mismatched_profile, text) == [Finding(message, Severity.WARNING, Script.LOGIN, (1, 2))]


def test_the_same_mismatch_of_two_users_is_reported_once() -> None:
    profiles = (', "user_metadata": {"color": "red"}', ', "user_metadata": {"color": "blue"}')
    text = ADA + BOB + both(*profiles) + both(*profiles, name="bob")
    message = 'login and get_user disagree on user_metadata.color: for ada get_user returned "red", but login "blue"'

    assert findings(mismatched_profile, text) == [Finding(message, Severity.WARNING, Script.LOGIN, (1, 2, 3, 4))]


def test_both_scripts_contradict_the_expected_profile() -> None:
    text = 'person ada email=ada@example.com profile={"app_metadata": {"plan": "full"}}\n' + both(
        ', "app_metadata": {"plan": "free"}', ', "app_metadata": {"plan": "free"}'
    )
    said = 'app_metadata.plan than the expected profile has: for ada expected "full", got "free"'

    assert findings(mismatched_profile, text) == [
        Finding(f"get_user returned another {said}", Severity.ERROR, Script.GET_USER, (1,)),
        Finding(f"login returned another {said}", Severity.ERROR, Script.LOGIN, (2,)),
    ]


def test_one_script_that_contradicts_the_expected_profile_is_not_also_a_mismatch() -> None:
    text = 'person ada email=ada@example.com profile={"app_metadata": {"plan": "full"}}\n' + both(
        ', "app_metadata": {"plan": "free"}', ', "app_metadata": {"plan": "full"}'
    )

    assert [finding.evidence for finding in findings(mismatched_profile, text)] == [(1,)]


def test_a_difference_between_two_calls_of_one_script_is_information() -> None:
    text = (
        ADA
        + both(', "app_metadata": {"seen": 1}', ', "app_metadata": {"seen": 2}')
        + 'get_user ada@example.com -> found {"user_id": "ada-7", "email": "ada@example.com", '
        '"app_metadata": {"seen": 3}}   [repeated]\n'
    )
    message = "app_metadata.seen differs between two calls of get_user and is not compared"

    assert findings(mismatched_profile, text) == [Finding(message, Severity.INFO, Script.GET_USER, (1, 3))]


@pytest.mark.parametrize(
    ("get_user", "login"),
    [
        pytest.param("", "", id="the same"),
        pytest.param(', "given_name": null', "", id="null against absent"),
        pytest.param(', "app_metadata": {}', "", id="empty metadata"),
        pytest.param(', "app_metadata": {"plan": null}', "", id="metadata with null everywhere"),
        pytest.param(', "user_metadata": {"a": ["x", "y"]}', ', "user_metadata": {"a": ["y", "x"]}', id="order"),
        pytest.param(', "picture": "https://example.com/7.png"', ', "picture": "https://example.com/7.png"', id="same"),
        pytest.param(', "password_hash": "x"', "", id="secret-in-profile tells it"),
        pytest.param(', "identities": []', "", id="reserved-root-attribute tells it"),
        pytest.param(', "email_verified": 1', ', "email_verified": true', id="email-verified-not-boolean tells it"),
        pytest.param(', "email_verified": true', "", id="missing-email-verified tells it"),
        pytest.param(
            ', "score": {"$special": "float", "text": "nan", "size": null}', "", id="what JSON has not is absent"
        ),
        pytest.param(
            ', "since": {"$special": "date", "text": "2020-01-01", "size": null}', ', "since": "2020-01-01"', id="date"
        ),
    ],
)
@pytest.mark.parametrize("mode", ["", ON], ids=["legacy", "import"])
def test_an_irrelevant_difference_is_no_mismatch(get_user: str, login: str, mode: str) -> None:
    judged = verdict(mismatched_profile, mode + ADA + both(get_user, login))

    assert (judged.status, judged.held) == (Status.PASSED, 1)


@pytest.mark.parametrize("mode", ["", ON], ids=["legacy", "import"])
def test_upper_case_in_an_email_is_no_mismatch(mode: str) -> None:
    text = mode + ADA + both("", "").replace('"email": "ada@', '"email": "Ada@', 1)

    assert '"email": "Ada@' in text
    assert verdict(mismatched_profile, text).status is Status.PASSED


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        pytest.param('{"email_verified": false}', '"email_verified": true', id="email-verified-hardcoded tells it"),
        pytest.param('{"email_verified": false}', '"email_verified": 0', id="email-verified-not-boolean tells it"),
        pytest.param('{"email": "ada@example.com"}', '"email": 7', id="invalid-email tells it"),
        pytest.param('{"user_id": "ada-7"}', '"user_id": null', id="missing-user-id tells it"),
        pytest.param('{"id": "7"}', '"user_id": "7"', id="id counts as user_id"),
        pytest.param('{"name": null}', '"x": 1', id="absent as expected"),
        pytest.param('{"app_metadata": {"a": 1}}', '"app_metadata": {"a": 1, "b": 2}', id="what is not named"),
    ],
)
def test_a_profile_that_matches_the_expected_one_passes(expected: str, found: str) -> None:
    text = f"person ada email=ada@example.com profile={expected}\nget_user ada@example.com -> found {{{found}}}\n"

    assert verdict(mismatched_profile, text).status is Status.PASSED


def test_an_unexpected_user_id_is_a_finding() -> None:
    text = 'person ada email=ada@example.com profile={"user_id": "8"}\n' + both("", "")

    assert [finding.message for finding in findings(mismatched_profile, text)] == [
        f'{script} returned another user_id than the expected profile has: for ada expected "8", got "ada-7"'
        for script in ("get_user", "login")
    ]


def test_different_ids_are_left_to_their_own_rule() -> None:
    text = 'person ada email=ada@example.com profile={"user_id": "8"}\n' + both("", "").replace("ada-7", "8", 1)

    assert findings(mismatched_profile, text) == []


def test_a_different_email_is_reported_unless_it_is_another_users() -> None:
    alias = "person ada email=ada@example.com alias=ada@example.org\n"
    other = both("", "").replace('"email": "ada@example.com"', '"email": "ada@example.org"', 1)

    message = (
        'login and get_user disagree on email: for ada get_user returned "ada@example.org", but login "ada@example.com"'
    )
    assert [finding.message for finding in findings(mismatched_profile, alias + other)] == [message]
    assert verdict(mismatched_profile, ADA + other).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("connection", "severity"), [(ON, Severity.ERROR), ("", Severity.WARNING)])
def test_factors_returned_by_only_one_script_are_reported_as_lost(connection: str, severity: Severity) -> None:
    text = connection + ADA + both("", ', "mfa_factors": [{"email": {"value": "ada@example.com"}}]')

    assert [(finding.path, finding.severity) for finding in findings(mismatched_profile, text)] == [
        ("mfa_factors", severity)
    ]


def test_an_email_of_another_type_is_left_to_its_own_rule() -> None:
    text = ADA + both("", "").replace('"email": "ada@example.com"', '"email": 7', 1)

    assert verdict(mismatched_profile, text).status is Status.PASSED


def test_metadata_missing_from_one_script_is_left_to_its_own_rule_with_import_mode_on() -> None:
    expected = 'person ada email=ada@example.com profile={"app_metadata": {"plan": "full"}}\n'
    text = expected + both("", ', "app_metadata": {"plan": "full"}')

    assert findings(mismatched_profile, ON + text) == []
    assert [finding.evidence for finding in findings(mismatched_profile, text)] == [(1,)]


def test_ignored_fields_and_other_spellings_are_not_compared() -> None:
    text = (
        "ignore app_metadata\n"
        + ADA
        + both(', "app_metadata": {"a": 1}', ', "app_metadata": {"a": 2}')
        + 'get_user ADA@EXAMPLE.COM -> found {"user_id": "9", "email": "ada@example.com", "x": 1}   '
        "[other-spelling: upper-case of ada]\n"
    )

    assert verdict(mismatched_profile, text).status is Status.PASSED


def test_an_email_and_an_id_that_change_are_no_information() -> None:
    again = 'get_user ada@example.com -> found {"user_id": "8", "email": "ada@example.org"}   [repeated]\n'
    text = "person ada email=ada@example.com alias=ada@example.org\n" + both("", "") + again

    assert verdict(mismatched_profile, text).status is Status.PASSED


# login-without-get-user


def test_a_user_who_can_log_in_is_not_found_by_get_user() -> None:
    text = ADA + f"login ada@example.com «password of ada» -> {FOUND}\nget_user ada@example.com -> not-found\n"
    message = "ada can log in, but get_user doesn't find the user; use the same query in both"

    assert findings(login_without_get_user, text) == [Finding(message, Severity.ERROR, Script.GET_USER, (1, 2))]


def test_a_user_found_by_get_user_cannot_log_in() -> None:
    text = ADA + f"get_user ada@example.com -> {FOUND}\nlogin ada@example.com «password of ada» -> {REFUSED}\n"
    message = (
        "get_user finds ada, but login rejects the given password; check the password that you gave for ada, and if "
        "it is right, accept it in login"
    )

    assert findings(login_without_get_user, text) == [Finding(message, Severity.ERROR, Script.LOGIN, (1, 2))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ADA + f"get_user ada@example.com -> {FOUND}\n", id="one script only"),
        pytest.param(
            EVE + f"get_user eve@example.com -> {FOUND}\nlogin eve@example.com «password of eve» -> {REFUSED}\n",
            id="disabled",
        ),
        pytest.param(
            ADA + f"get_user ada@example.com -> {FOUND}\nlogin ada@example.com «password of ada» -> timed-out\n",
            id="another rule tells it",
        ),
        pytest.param(
            ADA + "get_user ada@example.com -> not-found\nlogin ada@example.com «password of ada» -> not-found\n",
            id="retired",
        ),
    ],
)
def test_a_user_unknown_for_another_reason_is_not_judged(text: str) -> None:
    assert verdict(login_without_get_user, text).status is Status.NOT_APPLICABLE


def test_a_user_who_is_found_and_logs_in_is_known_to_both() -> None:
    judged = verdict(login_without_get_user, ADA + both("", "") + both("", ""))

    assert (judged.status, judged.held) == (Status.PASSED, 1)


def test_a_script_that_cannot_be_called_is_reported_by_its_own_rule() -> None:
    text = (
        'script get_user signature="()" problem="it takes nothing"\n'
        + ADA
        + f"get_user ada@example.com -> not-found\nlogin ada@example.com «password of ada» -> {FOUND}\n"
    )

    assert findings(login_without_get_user, text, wrong_arity, profile_not_an_object) == []
    assert len(findings(login_without_get_user, text)) == 1


# case-sensitive-identifier, username-not-accepted

LOWER = "person ada email=Ada@example.com\nget_user Ada@example.com -> found {}\n"


def test_an_identifier_in_another_case_is_not_found() -> None:
    text = LOWER + "get_user ada@example.com -> not-found   [other-spelling: lower-case of ada]\n"
    said = "get_user doesn't find a user by the"

    assert findings(case_sensitive_identifier, text) == [
        Finding(
            f"{said} e-mail in another case; look up every user by it too", Severity.WARNING, Script.GET_USER, (1, 2)
        )
    ]
    assert findings(case_sensitive_identifier, ON + text) == [
        Finding(
            f"{said} identifier in another case; look up every user by it too",
            Severity.WARNING,
            Script.GET_USER,
            (1, 2),
        )
    ]


def test_upper_case_identifiers_are_judged_in_legacy_mode_only() -> None:
    text = LOWER + "get_user ADA@EXAMPLE.COM -> not-found   [other-spelling: upper-case of ada]\n"

    assert len(findings(case_sensitive_identifier, text)) == 1
    assert verdict(case_sensitive_identifier, ON + text).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(
            LOWER + "get_user ada@example.com -> found {}   [other-spelling: lower-case of ada]\n",
            Status.PASSED,
            id="found",
        ),
        pytest.param(
            LOWER + "get_user ada@example.com -> timed-out   [other-spelling: lower-case of ada]\n",
            Status.NOT_APPLICABLE,
            id="no answer",
        ),
        pytest.param(
            "person ada email=Ada@example.com\nget_user Ada@example.com -> not-found\n"
            "get_user ada@example.com -> not-found   [other-spelling: lower-case of ada]\n",
            Status.NOT_APPLICABLE,
            id="not found at all",
        ),
        pytest.param(
            "person ada username=Ada\nget_user Ada -> found {}\nget_user ada -> not-found   "
            "[other-spelling: lower-case of ada]\n",
            Status.NOT_APPLICABLE,
            id="usernames may be case-sensitive",
        ),
    ],
)
def test_an_identifier_in_another_case_is_no_breach(text: str, status: Status) -> None:
    assert verdict(case_sensitive_identifier, text).status is status


def test_a_username_is_not_accepted() -> None:
    text = ADA + f"get_user ada@example.com -> {FOUND}\nget_user ada -> not-found   [other-spelling: username]\n"
    message = (
        "get_user doesn't find a user by the username, which the connection requires; look up every user by it too"
    )

    assert findings(username_not_accepted, "connection requires_username=on\n" + text) == [
        Finding(message, Severity.ERROR, Script.GET_USER, (1, 2))
    ]
    assert verdict(username_not_accepted, text).status is Status.NOT_APPLICABLE


# inconsistent-trimming


def blanks(get_user: str, login: str) -> str:
    return (
        ADA
        + f"get_user ada@example.com -> {FOUND}\nlogin ada@example.com «password of ada» -> {FOUND}\n"
        + f'get_user " ada@example.com " -> {get_user}   [other-spelling: surrounding-blanks of ada]\n'
        + f'login " ada@example.com " «password of ada» -> {login}   [other-spelling: surrounding-blanks of ada]\n'
    )


@pytest.mark.parametrize(
    ("get_user", "login", "trimming"),
    [pytest.param(FOUND, REFUSED, "get_user", id="get_user"), pytest.param("not-found", FOUND, "login", id="login")],
)
def test_one_script_trims(get_user: str, login: str, trimming: str) -> None:
    message = f"only {trimming} ignores blanks around the identifier; treat them alike in both scripts"

    assert findings(inconsistent_trimming, blanks(get_user, login)) == [
        Finding(message, Severity.INFO, Script.LOGIN, (3, 4))
    ]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(blanks(FOUND, FOUND), Status.PASSED, id="both trim"),
        pytest.param(blanks("not-found", REFUSED), Status.PASSED, id="neither trims"),
        pytest.param(blanks(FOUND, "timed-out"), Status.NOT_APPLICABLE, id="no answer"),
        pytest.param(
            blanks(FOUND, REFUSED).replace(f"«password of ada» -> {FOUND}", f"«password of ada» -> {REFUSED}", 1),
            Status.NOT_APPLICABLE,
            id="never found",
        ),
        pytest.param(blanks('found {"user_id": "8"}', REFUSED), Status.NOT_APPLICABLE, id="somebody else"),
    ],
)
def test_trimming_is_no_breach(text: str, status: Status) -> None:
    assert verdict(inconsistent_trimming, text).status is status


# blocked-user-logs-in


def test_a_disabled_user_logs_in() -> None:
    text = EVE + f"login eve@example.com «password of eve» -> {FOUND}\n"

    assert findings(blocked_user_logs_in, text) == [
        Finding(
            "login accepted a disabled user; reject users who are disabled in the store",
            Severity.WARNING,
            Script.LOGIN,
            (1,),
        )
    ]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(EVE + f"login eve@example.com «password of eve» -> {REFUSED}\n", Status.PASSED, id="refused"),
        pytest.param(
            EVE + "login eve@example.com «password of eve» -> timed-out\n", Status.NOT_APPLICABLE, id="no answer"
        ),
        pytest.param(
            ADA + f"login ada@example.com «password of ada» -> {FOUND}\n", Status.NOT_APPLICABLE, id="enabled"
        ),
    ],
)
def test_a_disabled_user_who_cannot_log_in_is_no_breach(text: str, status: Status) -> None:
    assert verdict(blocked_user_logs_in, text).status is status


@pytest.mark.parametrize(
    "rule",
    [
        mismatched_profile,
        login_without_get_user,
        case_sensitive_identifier,
        inconsistent_trimming,
        username_not_accepted,
        blocked_user_logs_in,
    ],
    ids=lambda rule: rule.info.name,
)
def test_a_rule_that_judged_nothing_has_not_passed(rule: Rule) -> None:
    assert verdict(rule, ADA).status is Status.NOT_APPLICABLE
