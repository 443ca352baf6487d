import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.callback._calling import wrong_arity
from customdb_contract.rules.outcome._delete import delete_ineffective
from customdb_contract.rules.outcome._get_user import (
    get_user_ignores_identifier,
    not_found_not_null,
    outage_as_not_found,
)
from customdb_contract.rules.outcome._login import (
    inconsistent_error_identifier,
    login_null_result,
    login_outage_as_wrong_password,
    unknown_user_not_reported,
    wrong_password_not_reported,
)
from customdb_contract.rules.outcome._scripts import missing_script, profile_not_an_object, script_not_implemented
from customdb_contract.rules.profile._identity import wrong_users_profile
from customdb_contract.rules.profile._user_ids import invalid_user_id, missing_user_id
from rules.judging import findings, verdict

ADA = "person ada email=ada@example.com username=ada\n"
BOB = "person bob email=bob@example.com\n"
TEMPLATE = "Please implement the Get User script for this database connection"
WRONG = 'WrongUsernameOrPasswordError("ada@example.com") "wrong"'
NOT_A_RESULT = (
    '[null, {"$special": "not-a-result", "text": "None: return Found(profile) or Failed(error)", "size": null}]'
)
RETIRED = ADA + (
    "get_user ada@example.com -> not-found\n"
    "login ada@example.com «password of ada» -> not-found\n"
    'login ada@example.com "x" -> not-found   [wrong-password]\n'
    "get_user nobody@example.com -> not-found   [unknown-user]\n"
    'login nobody@example.com "x" -> not-found   [unknown-user]\n'
    "get_user ada@example.com -> not-found   [outage]\n"
    "login ada@example.com «password of ada» -> not-found   [outage]\n"
)


# wrong-password-not-reported


def test_a_wrong_password_with_another_error_is_reported_once_for_all_users() -> None:
    text = (
        ADA
        + BOB
        + (
            'login ada@example.com "x" -> failed Error "wrong"   [wrong-password]\n'
            'login bob@example.com "x" -> failed Error "wrong"   [wrong-password: case-changed]\n'
            'login bob@example.com "x" -> failed "wrong"   [wrong-password: 72-byte-cut]\n'
        )
    )

    assert findings(wrong_password_not_reported, text) == [
        Finding(
            "login reported a wrong password with the error Error; report it as WrongUsernameOrPasswordError",
            Severity.ERROR,
            Script.LOGIN,
            (1, 2),
        ),
        Finding(
            "login reported a wrong password with a string; report it as WrongUsernameOrPasswordError",
            Severity.ERROR,
            Script.LOGIN,
            (3,),
        ),
    ]


def test_a_wrong_password_that_logs_in_is_reported() -> None:
    text = (
        ADA
        + BOB
        + (
            'login ada@example.com "x" -> found {"user_id": "7"}   [wrong-password]\n'
            'login bob@example.com «password of ada» -> found {"user_id": "8"}   [wrong-password: another-users]\n'
        )
    )

    assert findings(wrong_password_not_reported, text) == [
        Finding(
            "login accepted a wrong password for a known user; check the user's own password, and report "
            "WrongUsernameOrPasswordError",
            Severity.ERROR,
            Script.LOGIN,
            (1,),
        ),
        Finding(
            "login accepted another user's password for a known user; check the user's own password, and report "
            "WrongUsernameOrPasswordError",
            Severity.ERROR,
            Script.LOGIN,
            (2,),
        ),
    ]


def test_a_wrong_password_reported_as_such_passes() -> None:
    assert (
        verdict(
            wrong_password_not_reported, ADA + f'login ada@example.com "x" -> failed {WRONG}   [wrong-password]'
        ).status
        is Status.PASSED
    )


@pytest.mark.parametrize(
    "line",
    [
        'login ada@example.com "" -> failed Error "a password is needed"   [wrong-password: empty]',
        'login ada@example.com "  " -> failed Error "a password is needed"   [wrong-password: blank]',
        'login ada@example.com "a\\u0000" -> failed Error "no NUL please"   [wrong-password: nul-cut]',
        'login ada@example.com "A" -> found {"user_id": "7"}   [wrong-password: case-changed]',
        'login ada@example.com "x" -> not-found   [wrong-password]',
        'login ada@example.com "x" -> raised OSError "refused"   [wrong-password]',
        'login ada@example.com "x" -> invalid called with [null, []]   [wrong-password]',
        'login ada@example.com "x" -> timed-out   [wrong-password]',
    ],
)
def test_other_breaches_with_a_wrong_password_are_left_to_their_rules(line: str) -> None:
    assert verdict(wrong_password_not_reported, ADA + line).status is Status.NOT_APPLICABLE


def test_a_disabled_user_may_be_refused_with_any_error() -> None:
    text = (
        'person eve email=eve@example.com disabled=on\nlogin eve@example.com "x" -> failed UnauthorizedError "blocked"'
    )

    assert verdict(wrong_password_not_reported, f"{text}   [wrong-password]").status is Status.NOT_APPLICABLE


def test_a_user_locked_by_the_store_may_be_refused_with_any_error() -> None:
    text = ADA + (
        'login ada@example.com "x" -> failed Error "locked"   [wrong-password]\n'
        'login ada@example.com «password of ada» -> failed Error "locked"   [repeated, locked-out]\n'
    )

    assert verdict(wrong_password_not_reported, text).status is Status.NOT_APPLICABLE


# unknown-user-not-reported


def test_an_unknown_user_reported_with_another_error_is_found() -> None:
    text = (
        'login nobody@example.com "x" -> failed UnauthorizedError "no such user"   [unknown-user]\n'
        'login noone@example.com "x" -> found {"user_id": "1"}   [unknown-user]\n'
    )

    assert findings(unknown_user_not_reported, text) == [
        Finding(
            "login reported an unknown user with the error UnauthorizedError; "
            "report it as WrongUsernameOrPasswordError",
            Severity.ERROR,
            Script.LOGIN,
            (1,),
        ),
        Finding(
            "login succeeded for an unknown user; report WrongUsernameOrPasswordError(None, message)",
            Severity.ERROR,
            Script.LOGIN,
            (2,),
        ),
    ]


def test_an_unknown_user_reported_as_wrong_credentials_passes() -> None:
    text = 'login nobody@example.com "x" -> failed WrongUsernameOrPasswordError(null) "no"   [unknown-user]'

    assert verdict(unknown_user_not_reported, text).status is Status.PASSED


@pytest.mark.parametrize(
    "line",
    [
        'login nobody@example.com "x" -> not-found   [unknown-user]',
        'login nobody@example.com "x" -> raised KeyError "nobody"   [unknown-user]',
        'login "" "x" -> failed Error "what?"   [hostile: empty-identifier]',
        'login "x\' OR 1=1" "x" -> failed Error "what?"   [hostile: sql]',
    ],
)
def test_only_answers_for_well_formed_unknown_users_are_judged(line: str) -> None:
    assert verdict(unknown_user_not_reported, line).status is Status.NOT_APPLICABLE


# login-null-result


def test_null_from_login_is_found_if_an_error_was_expected() -> None:
    text = (
        ADA
        + "person eve email=eve@example.com disabled=on\n"
        + (
            'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
            'login ada@example.com "x" -> not-found   [wrong-password]\n'
            'login nobody@example.com "x" -> not-found called with []   [unknown-user]\n'
            'login noone@example.com "x" -> invalid called with [null, false]   [unknown-user]\n'
            "login ada@example.com «password of ada» -> not-found   [outage: reset]\n"
            "login eve@example.com «password of eve» -> not-found\n"
        )
    )
    due = "report WrongUsernameOrPasswordError: an empty result is for retired stores only"

    assert findings(login_null_result, text) == [
        Finding(f"login returned null for a wrong password; {due}", Severity.ERROR, Script.LOGIN, (2,)),
        Finding(f"login returned null for an unknown user; {due}", Severity.ERROR, Script.LOGIN, (3,)),
        Finding(f"login returned false for an unknown user; {due}", Severity.ERROR, Script.LOGIN, (4,)),
        Finding(f"login returned null for a disabled user; {due}", Severity.ERROR, Script.LOGIN, (6,)),
        Finding(
            "login returned null while the store was unreachable; report ScriptError or new Error(message): an empty"
            " result is for retired stores only",
            Severity.ERROR,
            Script.LOGIN,
            (5,),
        ),
    ]


def test_errors_from_login_pass_and_other_results_are_left_to_other_rules() -> None:
    text = ADA + (
        f'login ada@example.com "x" -> failed {WRONG}   [wrong-password]\n'
        f'login ada@example.com "y" -> invalid called with {NOT_A_RESULT}   [wrong-password]\n'
        'login ada@example.com "z" -> invalid called with [null, []]   [wrong-password]\n'
        'login "" "z" -> not-found   [hostile: empty-identifier]\n'
        "login ada@example.com «password of ada» -> not-found   [outage: 404]\n"
    )

    assert verdict(login_null_result, text).status is Status.PASSED


@pytest.mark.parametrize(
    "rule",
    [
        login_null_result,
        wrong_password_not_reported,
        unknown_user_not_reported,
        login_outage_as_wrong_password,
        inconsistent_error_identifier,
        not_found_not_null,
        outage_as_not_found,
        get_user_ignores_identifier,
        profile_not_an_object,
        script_not_implemented,
    ],
)
def test_the_scripts_of_a_retired_store_break_no_rule(rule: Rule) -> None:
    assert verdict(rule, RETIRED).status in {Status.PASSED, Status.NOT_APPLICABLE}


def test_a_store_that_finds_a_user_is_not_retired() -> None:
    assert findings(login_null_result, RETIRED + 'get_user ada@example.com -> found {"user_id": "7"}   [repeated]')


# login-outage-as-wrong-password


def test_an_outage_reported_as_a_wrong_password_is_found_once_for_all_faults() -> None:
    text = ADA + (
        f"login ada@example.com «password of ada» -> failed {WRONG}   [outage: 503]\n"
        f"login ada@example.com «password of ada» -> failed {WRONG}   [outage]\n"
    )

    assert findings(login_outage_as_wrong_password, text) == [
        Finding(
            "login reported WrongUsernameOrPasswordError for the right password while the store was unreachable; "
            "report an outage as ScriptError or new Error(message)",
            Severity.ERROR,
            Script.LOGIN,
            (1, 2),
        )
    ]


def test_an_outage_reported_as_such_passes() -> None:
    text = ADA + 'login ada@example.com «password of ada» -> failed UnauthorizedError "down"   [outage: 503]'

    assert verdict(login_outage_as_wrong_password, text).status is Status.PASSED


@pytest.mark.parametrize(
    "fault", ["400", "401", "403", "404", "empty-body", "empty-array", "empty-object", "wrong-shape"]
)
def test_a_result_that_may_mean_no_such_user_is_no_outage_for_login(fault: str) -> None:
    text = ADA + f"login ada@example.com «password of ada» -> failed {WRONG}   [outage: {fault}]"

    assert verdict(login_outage_as_wrong_password, text).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    "answer",
    ['found {"user_id": "7"}', "not-found", 'raised OSError "refused"', "timed-out", "invalid called with [null, []]"],
)
def test_other_endings_in_an_outage_are_left_to_other_rules(answer: str) -> None:
    text = ADA + f"login ada@example.com «password of ada» -> {answer}   [outage: refuse]"

    assert verdict(login_outage_as_wrong_password, text).status is Status.NOT_APPLICABLE


def test_a_disabled_user_may_be_refused_in_an_outage() -> None:
    text = f"person eve email=eve@example.com disabled=on\nlogin eve@example.com x -> failed {WRONG}   [outage]"

    assert verdict(login_outage_as_wrong_password, text).status is Status.NOT_APPLICABLE


# inconsistent-error-identifier


def test_a_first_argument_that_is_no_text_is_a_warning() -> None:
    text = ADA + (
        'login ada@example.com "x" -> failed WrongUsernameOrPasswordError(7) "wrong"   [wrong-password]\n'
        'login nobody@example.com "x" -> failed WrongUsernameOrPasswordError({"id": 7}) "wrong"   [unknown-user]\n'
    )

    assert findings(inconsistent_error_identifier, text) == [
        Finding(
            "login gave WrongUsernameOrPasswordError a number as the first argument; "
            "pass the identifier as text, or null for an unknown user",
            Severity.WARNING,
            Script.LOGIN,
            (1,),
        ),
        Finding(
            "login gave WrongUsernameOrPasswordError an object as the first argument; pass the identifier as text, or"
            " null for an unknown user",
            Severity.WARNING,
            Script.LOGIN,
            (2,),
        ),
    ]


NEITHER = (
    "login gave WrongUsernameOrPasswordError a first argument that is neither an identifier nor the user_id of "
    "the user whose password was wrong; the identifier comes first, the message second"
)


def test_another_text_as_the_first_argument_is_a_warning_when_the_user_id_is_known() -> None:
    text = ADA + (
        'login ada@example.com «password of ada» -> found {"user_id": 7}\n'
        'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("wrong password")""   [wrong-password]\n'
    )

    assert findings(inconsistent_error_identifier, text) == [Finding(NEITHER, Severity.WARNING, Script.LOGIN, (2,))]


def test_another_persons_name_as_the_first_argument_is_a_warning() -> None:
    text = (
        ADA
        + BOB
        + 'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("bob@example.com") ""   [wrong-password]\n'
    )

    assert findings(inconsistent_error_identifier, text) == [Finding(NEITHER, Severity.WARNING, Script.LOGIN, (1,))]


@pytest.mark.parametrize("argument", ['"ADA@example.com"', '"ada"', '"7"'])
def test_every_identifier_of_the_user_passes_as_the_first_argument(argument: str) -> None:
    text = ADA + (
        'login ada@example.com «password of ada» -> found {"user_id": 7}\n'
        f'login ada@example.com "x" -> failed WrongUsernameOrPasswordError({argument}) ""   [wrong-password]\n'
    )

    assert verdict(inconsistent_error_identifier, text).status is Status.PASSED


@pytest.mark.parametrize("argument", ["null", '""'])
def test_a_missing_first_argument_passes(argument: str) -> None:
    text = ADA + (
        f'login ada@example.com "x" -> failed WrongUsernameOrPasswordError({argument}) ""   [wrong-password]\n'
        f'login nobody@example.com "x" -> failed WrongUsernameOrPasswordError({argument}) ""   [unknown-user]\n'
    )

    assert verdict(inconsistent_error_identifier, text).held == 2


def test_a_user_id_that_is_an_object_may_have_any_text() -> None:
    text = ADA + (
        'login ada@example.com «password of ada» -> found {"user_id": {"oid": "7"}}\n'
        'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("7") ""   [wrong-password]\n'
    )

    assert verdict(inconsistent_error_identifier, text).status is Status.NOT_APPLICABLE


def test_a_text_that_may_be_an_unseen_user_id_proves_nothing() -> None:
    text = ADA + 'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("u-7") ""   [wrong-password]\n'

    assert verdict(inconsistent_error_identifier, text).status is Status.NOT_APPLICABLE


def test_a_number_that_may_be_an_unseen_user_id_is_reported_for_the_profile() -> None:
    text = (
        "person eve email=eve@example.com disabled=on\n"
        'login eve@example.com "x" -> failed WrongUsernameOrPasswordError(7) ""   [wrong-password]\n'
    )

    assert verdict(inconsistent_error_identifier, text).status is Status.NOT_APPLICABLE


def test_the_name_of_an_unknown_user_is_left_to_the_rule_about_its_log() -> None:
    text = (
        'login nobody@example.com "x" -> failed WrongUsernameOrPasswordError("nobody@example.com") ""   [unknown-user]'
    )

    assert verdict(inconsistent_error_identifier, text).status is Status.NOT_APPLICABLE


def test_another_error_has_no_such_argument() -> None:
    text = ADA + 'login ada@example.com "x" -> failed Error "wrong"   [wrong-password]'

    assert verdict(inconsistent_error_identifier, text).status is Status.NOT_APPLICABLE


def test_a_name_given_for_some_wrong_passwords_only_is_an_info() -> None:
    text = (
        ADA
        + BOB
        + (
            f'login ada@example.com "x" -> failed {WRONG}   [wrong-password]\n'
            'login bob@example.com "x" -> failed WrongUsernameOrPasswordError(null) "wrong"   [wrong-password]\n'
        )
    )

    assert findings(inconsistent_error_identifier, text) == [
        Finding(
            "login names the user in WrongUsernameOrPasswordError for some wrong passwords and not for others; "
            "always name the user, so that Auth0 logs each as a wrong password",
            Severity.INFO,
            Script.LOGIN,
            (1, 2),
        )
    ]


def test_a_password_that_is_rejected_unseen_needs_no_name() -> None:
    text = ADA + (
        f'login ada@example.com "x" -> failed {WRONG}   [wrong-password]\n'
        'login ada@example.com "" -> failed WrongUsernameOrPasswordError(null) "wrong"   [wrong-password: empty]\n'
        'login nobody@example.com "x" -> failed WrongUsernameOrPasswordError(null) "wrong"   [unknown-user]\n'
    )

    assert verdict(inconsistent_error_identifier, text).status is Status.PASSED


# not-found-not-null


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('failed Error "no such user"', "reported the error Error"),
        ('failed "no such user"', "reported a string"),
        ("found {}", "returned an empty object"),
        ('found {"user_id": null}', "returned an object"),
        ("invalid called with [null, []]", "returned an empty array"),
        ("invalid called with [null, false]", "returned false"),
    ],
)
def test_anything_but_null_for_an_unknown_user_is_found(answer: str, said: str) -> None:
    why = "an error blocks sign-up" if answer.startswith("failed") else "anything else means that the user exists"

    assert findings(not_found_not_null, f"get_user nobody@example.com -> {answer}   [unknown-user]") == [
        Finding(
            f"get_user {said} for an unknown user; return NotFound() or callback(null), because {why}",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        )
    ]


@pytest.mark.parametrize(
    "line",
    [
        "get_user nobody@example.com -> not-found called with []   [unknown-user]",
        "get_user nobody@example.com -> not-found called with [null, null]   [unknown-user]",
    ],
)
def test_null_for_an_unknown_user_passes_however_it_is_returned(line: str) -> None:
    assert verdict(not_found_not_null, line).status is Status.PASSED


@pytest.mark.parametrize(
    "line",
    [
        'get_user nobody@example.com -> raised KeyError "nobody"   [unknown-user]',
        "get_user nobody@example.com -> timed-out   [unknown-user]",
        f"get_user nobody@example.com -> invalid called with {NOT_A_RESULT}   [unknown-user]",
        'get_user "" -> failed Error "what?"   [hostile: empty-identifier]',
    ],
)
def test_other_breaches_with_an_unknown_user_are_left_to_their_rules(line: str) -> None:
    assert verdict(not_found_not_null, line).status is Status.NOT_APPLICABLE


def test_a_get_user_that_ignores_its_argument_is_reported_once() -> None:
    text = (
        'get_user nobody@example.com -> found {"user_id": "1"}   [unknown-user]\n'
        'get_user noone@example.com -> found {"user_id": "1"}   [unknown-user]\n'
    )

    assert (
        verdict(not_found_not_null, text, get_user_ignores_identifier).reason
        == "reported by get-user-ignores-identifier"
    )


def test_an_array_for_a_missing_user_is_reported_once() -> None:
    text = "get_user nobody@example.com -> invalid called with [null, []]   [unknown-user]"

    assert verdict(profile_not_an_object, text, not_found_not_null).reason == "reported by not-found-not-null"
    assert verdict(not_found_not_null, text, profile_not_an_object).status is Status.FAILED


# outage-as-not-found


def test_an_outage_reported_as_not_found_is_one_finding_for_all_faults() -> None:
    text = ADA + (
        'get_user ada@example.com -> found {"user_id": "7"}\n'
        "get_user ada@example.com -> not-found   [outage: 500]\n"
        "get_user ada@example.com -> not-found   [outage: 401]\n"
    )

    assert findings(outage_as_not_found, text) == [
        Finding(
            "get_user returned not-found for a known user while the store was unreachable; "
            "report an outage as ScriptError or new Error(message)",
            Severity.ERROR,
            Script.GET_USER,
            (2, 3),
        )
    ]


def test_an_outage_reported_by_get_user_passes() -> None:
    text = ADA + 'get_user ada@example.com -> failed Error "500"   [outage: 500]'

    assert verdict(outage_as_not_found, text).status is Status.PASSED


@pytest.mark.parametrize(
    "line",
    [
        "get_user ada@example.com -> not-found   [outage: 404]",
        "get_user ada@example.com -> not-found   [outage: empty-array]",
        'get_user ada@example.com -> found {"user_id": "7"}   [outage]',
        'get_user ada@example.com -> raised OSError "refused"   [outage: refuse]',
    ],
)
def test_possibly_right_answers_in_an_outage_are_no_finding(line: str) -> None:
    assert verdict(outage_as_not_found, ADA + line).status is Status.NOT_APPLICABLE


# get-user-ignores-identifier


def test_a_profile_for_different_unknown_users_is_found() -> None:
    text = (
        "get_user noone@example.com -> not-found   [unknown-user]\n"
        'get_user nobody@example.com -> found {"user_id": "1"}   [unknown-user]\n'
        'get_user no-one@example.com -> found {"email": "no-one@example.com"}   [unknown-user]\n'
    )

    assert findings(get_user_ignores_identifier, text) == [
        Finding(
            "get_user returned a profile for several unknown identifiers; look up the given identifier, and return "
            "NotFound() or callback(null) if no user has it",
            Severity.ERROR,
            Script.GET_USER,
            (2, 3),
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        'get_user a@test.test -> found {"id": 1}   [unknown-user]\nget_user b@test.test -> not-found   [unknown-user]',
        "get_user a@example.com -> found {}   [unknown-user]\nget_user b@example.com -> found {}   [unknown-user]",
    ],
)
def test_one_profile_and_empty_profiles_are_no_proof_of_an_ignored_identifier(text: str) -> None:
    assert verdict(get_user_ignores_identifier, text).status is Status.PASSED


def test_one_identifier_asked_for_twice_proves_nothing() -> None:
    line = 'get_user a@example.com -> found {"user_id": "1"}   [unknown-user]\n'

    assert verdict(get_user_ignores_identifier, line + line).status is Status.NOT_APPLICABLE


# profile-not-an-object


def test_a_profile_of_another_kind_is_found() -> None:
    text = ADA + (
        'get_user ada@example.com -> invalid called with [null, [{"user_id": "7"}]]\n'
        'login ada@example.com «password of ada» -> invalid called with [null, "ada"]\n'
    )

    assert findings(profile_not_an_object, text) == [
        Finding(
            "login ended with a string as the profile; a profile is an object with attributes",
            Severity.ERROR,
            Script.LOGIN,
            (2,),
        ),
        Finding(
            "get_user ended with an array as the profile; a profile is an object with attributes",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        ),
    ]


@pytest.mark.parametrize("kind", ["coroutine", "Promise", "Task", "Future"])
def test_an_unawaited_profile_is_named(kind: str) -> None:
    value = f'{{"$special": "{kind}", "text": "", "size": null}}'

    [finding] = findings(profile_not_an_object, f"{ADA}login ada@example.com x -> invalid called with [null, {value}]")

    assert finding.message == f"login ended with a value of type {kind} as the profile; await it, and use its result"


def test_a_value_that_is_no_result_is_reported_with_the_valid_results() -> None:
    text = ADA + (
        f"get_user ada@example.com -> invalid called with {NOT_A_RESULT}\n"
        f"login ada@example.com «password of ada» -> invalid called with {NOT_A_RESULT}\n"
    )

    assert findings(profile_not_an_object, text) == [
        Finding(
            "login returned None, which is not a result; return Found(profile) or Failed(error)",
            Severity.ERROR,
            Script.LOGIN,
            (2,),
        ),
        Finding(
            "get_user returned None, which is not a result; return Found(profile), NotFound() or Failed(error)",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        ),
    ]


def test_a_missing_return_for_an_unknown_user_is_reported_as_no_result_only() -> None:
    text = f"get_user nobody@example.com -> invalid called with {NOT_A_RESULT}   [unknown-user]"

    assert verdict(profile_not_an_object, text, not_found_not_null).status is Status.FAILED
    assert verdict(not_found_not_null, text, profile_not_an_object).status is Status.NOT_APPLICABLE


def test_false_for_a_wrong_password_is_reported_once() -> None:
    text = ADA + 'login ada@example.com "x" -> invalid called with [null, false]   [wrong-password]'

    assert verdict(profile_not_an_object, text, login_null_result).reason == "reported by login-null-result"


def test_an_object_keeps_all_its_members_and_errors_are_no_profiles() -> None:
    assert verdict(profile_not_an_object, ADA + "get_user ada@example.com -> found {}").status is Status.PASSED
    assert verdict(profile_not_an_object, ADA + "get_user ada@example.com -> not-found").status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("situation", ["hostile: sql", "outage: empty-array"])
def test_any_answer_is_accepted_for_hostile_input_and_ambiguous_responses(situation: str) -> None:
    text = ADA + f"get_user ada@example.com -> invalid called with [null, []]   [{situation}]"

    assert verdict(profile_not_an_object, text).status is Status.NOT_APPLICABLE


# script-not-implemented


@pytest.mark.parametrize("ending", ["failed", "raised"])
def test_the_text_of_the_template_is_found(ending: str) -> None:
    text = ADA + (
        f'get_user ada@example.com -> {ending} Error "{TEMPLATE} at https://manage.auth0.com/#/connections/database"\n'
        'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
    )

    assert findings(script_not_implemented, text) == [
        Finding(
            "get_user is still Auth0's template; implement it, or remove it if it is not needed",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        )
    ]


def test_any_other_error_proves_an_implementation_and_no_answer_does_not() -> None:
    text = ADA + 'get_user ada@example.com -> failed Error "please implement me"'

    assert verdict(script_not_implemented, text).status is Status.PASSED
    assert (
        verdict(script_not_implemented, ADA + "get_user ada@example.com -> timed-out").status is Status.NOT_APPLICABLE
    )


def test_a_template_is_reported_once() -> None:
    text = f'get_user nobody@example.com -> failed Error "{TEMPLATE}"'

    assert (
        verdict(not_found_not_null, f"{text}   [unknown-user]", script_not_implemented).reason
        == "reported by script-not-implemented"
    )


# missing-script


def test_import_mode_needs_login_and_get_user() -> None:
    assert findings(missing_script, "connection import_mode=on\nscripts create") == [
        Finding("there is no login script, which import mode needs; write it", Severity.ERROR, Script.LOGIN, ()),
        Finding("there is no get_user script, which import mode needs; write it", Severity.ERROR, Script.GET_USER, ()),
    ]


def test_a_reset_in_import_mode_needs_change_password() -> None:
    assert findings(missing_script, "connection import_mode=on features=reset\nscripts login get_user") == [
        Finding(
            "there is no change_password script, which a password reset before the first log-in needs; write it",
            Severity.WARNING,
            Script.CHANGE_PASSWORD,
            (),
        )
    ]


def test_without_import_mode_only_login_is_needed_by_itself() -> None:
    assert verdict(missing_script, "scripts login").held == 1
    assert findings(missing_script, "scripts get_user") == [
        Finding("there is no login script, which every connection needs; write it", Severity.ERROR, Script.LOGIN, ())
    ]


def test_features_need_scripts_of_their_own() -> None:
    text = "connection features=signup,reset,verify,change_email,delete\nscripts login"

    assert [(finding.script, finding.message, finding.severity) for finding in findings(missing_script, text)] == [
        (script, f"there is no {script} script, which the feature {feature} needs; write it", Severity.ERROR)
        for script, feature in [
            (Script.GET_USER, "signup"),
            (Script.CREATE, "signup"),
            (Script.CHANGE_PASSWORD, "reset"),
            (Script.VERIFY, "verify"),
            (Script.CHANGE_EMAIL, "change_email"),
            (Script.DELETE, "delete"),
        ]
    ]


def test_present_scripts_pass_and_without_any_script_nothing_is_known() -> None:
    text = "connection import_mode=on\nscripts login get_user"

    assert verdict(missing_script, text).held == 2
    assert verdict(missing_script, "connection import_mode=on").status is Status.NOT_APPLICABLE


# Precedence


def test_a_script_with_wrong_parameters_is_not_blamed_for_its_answers() -> None:
    text = (
        'script login signature="(email, callback)" problem="expected (identifier, password, callback)"\n'
        'login nobody@example.com "x" -> failed Error "arguments"   [unknown-user]\n'
    )

    assert verdict(unknown_user_not_reported, text, wrong_arity).reason == "reported by wrong-arity"


# Profiles in an outage

KNOWN = 'get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}\n'
OUTAGE_RULES = {
    Script.GET_USER: (outage_as_not_found, "get_user ada@example.com", "returned"),
    Script.LOGIN: (
        login_outage_as_wrong_password,
        "login ada@example.com «password of ada»",
        "accepted a known user with",
    ),
}


@pytest.mark.parametrize("script", OUTAGE_RULES)
@pytest.mark.parametrize("fault", ["", ": 500", ": 403", ": html-page", ": empty-object", ": hang"])
@pytest.mark.parametrize(
    "profile",
    [
        "{}",
        '{"error": "internal"}',
        '{"user_id": "", "email": "ada@example.com"}',
        '{"user_id": {"$special": "undefined", "text": "", "size": null}, "email": "ada@example.com"}',
        '{"user_id": "500", "message": "internal"}',
        '{"user_id": "8", "email": "bob@example.com"}',
    ],
)
def test_a_profile_that_is_not_the_users_is_found_in_an_outage(script: Script, fault: str, profile: str) -> None:
    rule, call, did = OUTAGE_RULES[script]

    assert findings(rule, f"{ADA}{KNOWN}{call} -> found {profile}   [outage{fault}]") == [
        Finding(
            f"{script} {did} a profile that is not the user's while the store was unreachable; report an outage as "
            "ScriptError or new Error(message)",
            Severity.ERROR,
            script,
            (2,),
        )
    ]


@pytest.mark.parametrize("script", OUTAGE_RULES)
@pytest.mark.parametrize("profile", ['{"user_id": "7"}', '{"id": "7"}', '{"user_id": "9", "email": "Ada@example.com"}'])
def test_a_profile_of_the_user_in_an_outage_proves_nothing(script: Script, profile: str) -> None:
    rule, call, _ = OUTAGE_RULES[script]

    assert verdict(rule, f"{ADA}{KNOWN}{call} -> found {profile}   [outage: 500]").status is Status.NOT_APPLICABLE


def test_another_users_profile_in_an_outage_is_a_finding_without_earlier_calls() -> None:
    text = 'get_user ada@example.com -> found {"user_id": "8", "email": "bob@example.com"}   [outage]'

    assert verdict(outage_as_not_found, ADA + text).status is Status.FAILED


@pytest.mark.parametrize(
    ("rule", "profile"),
    [
        (missing_user_id, '{"error": "internal"}'),
        (missing_user_id, '{"user_id": {"$special": "undefined", "text": "", "size": null}}'),
        (invalid_user_id, '{"user_id": "undefined"}'),
        (wrong_users_profile, '{"user_id": "8", "email": "bob@example.com"}'),
    ],
)
def test_rules_about_the_owner_of_a_profile_judge_outages_too(rule: Rule, profile: str) -> None:
    text = f"{ADA}{KNOWN}login ada@example.com x -> found {profile}   [outage: 500]"

    [finding] = findings(rule, text)

    assert finding.evidence == (2,)


# delete-ineffective

DELETED = (
    "person new email=new@example.com new=on\n"
    'create {"email": "new@example.com"} -> done\n'
    'get_user new@example.com -> found {"user_id": "shop-7"}\n'
    "delete shop-7 -> done   [writing of new]\n"
)
MISSED = "get_user new@example.com -> not-found\n"
AGAIN = 'create {"email": "new@example.com"} -> '
USER_EXISTS = 'failed ValidationError("user_exists") "There is such a user already"'


def test_an_email_stays_taken_after_its_user_was_deleted() -> None:
    message = (
        "delete reported success and get_user no longer finds the user, but create reports user_exists; "
        "let the user sign up again"
    )

    assert findings(delete_ineffective, DELETED + MISSED + AGAIN + USER_EXISTS) == [
        Finding(
            message, Severity.WARNING, Script.DELETE, (3, 4, 5), path="create.ending", expected="done", got="failed"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(DELETED + MISSED + AGAIN + "done", id="the user is back"),
        pytest.param(DELETED + MISSED + AGAIN + USER_EXISTS.replace("user_exists", "reserved"), id="reserved for good"),
        pytest.param(DELETED + MISSED + AGAIN + 'failed Error "UNIQUE"', id="whatever that is"),
        pytest.param(
            DELETED + MISSED + AGAIN.replace("}", ', "username": "new"}') + USER_EXISTS, id="the username may be taken"
        ),
        pytest.param(
            DELETED + MISSED + AGAIN.replace("}", ', "password": "other"}') + "done\n" + AGAIN + USER_EXISTS,
            id="somebody has signed up since",
        ),
        pytest.param(
            "person other email=other@example.com new=on\n"
            + DELETED
            + MISSED
            + 'create {"email": "other@example.com"} -> done\n'
            + "change_email other@example.com new@example.com true -> done\n"
            + AGAIN
            + USER_EXISTS,
            id="somebody has got the e-mail since",
        ),
    ],
)
def test_a_deleted_users_email_is_not_taken(text: str) -> None:
    assert verdict(delete_ineffective, text).status is Status.PASSED


def test_a_user_not_looked_up_after_the_deletion_may_remain() -> None:
    assert findings(delete_ineffective, DELETED + AGAIN + USER_EXISTS) == []
