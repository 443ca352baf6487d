import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules.migration._import_mode import (
    login_deletes_user,
    metadata_in_one_script_only,
    retired_connection,
)
from rules.judging import findings, verdict

ON = "connection import_mode=on\n"
ADA = "person ada email=ada@example.com\n"
WITH = 'found {"user_id": "7", "app_metadata": {"plan": "full"}}'
WITHOUT = 'found {"user_id": "7", "app_metadata": {}}'
RETIRED = ADA + "get_user ada@example.com -> not-found\nlogin ada@example.com «password of ada» -> not-found\n"


def both(get_user: str, login: str) -> str:
    return ADA + f"get_user ada@example.com -> {get_user}\nlogin ada@example.com «password of ada» -> {login}\n"


@pytest.mark.parametrize(
    ("get_user", "login", "script"),
    [
        pytest.param(WITHOUT, WITH, Script.GET_USER, id="get_user"),
        pytest.param(WITH, WITHOUT, Script.LOGIN, id="login"),
    ],
)
def test_one_script_leaves_out_metadata(get_user: str, login: str, script: Script) -> None:
    message = f"{script} leaves out app_metadata, which the other script returns; return it from both"

    assert findings(metadata_in_one_script_only, ON + both(get_user, login)) == [
        Finding(message, Severity.ERROR, script, (1, 2))
    ]


def test_each_kind_of_metadata_is_told() -> None:
    text = ON + both('found {"user_metadata": {"a": 1}}', 'found {"app_metadata": {"a": 1}}')

    assert [
        (finding.script, finding.message.partition(",")[0]) for finding in findings(metadata_in_one_script_only, text)
    ] == [
        (Script.LOGIN, "login leaves out user_metadata"),
        (Script.GET_USER, "get_user leaves out app_metadata"),
    ]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(ON + both(WITH, WITH), Status.PASSED, id="both"),
        pytest.param(ON + both(WITHOUT, WITHOUT), Status.NOT_APPLICABLE, id="neither"),
        pytest.param(
            ON + both('found {"app_metadata": {"plan": null}}', WITHOUT), Status.NOT_APPLICABLE, id="null everywhere"
        ),
        pytest.param(ON + both('found {"app_metadata": "text"}', WITHOUT), Status.NOT_APPLICABLE, id="no object"),
        pytest.param(both(WITHOUT, WITH), Status.NOT_APPLICABLE, id="import mode off"),
        pytest.param(ON + ADA + f"get_user ada@example.com -> {WITH}\n", Status.NOT_APPLICABLE, id="one script"),
        pytest.param(
            ON + both(WITHOUT, WITH) + f"get_user ada@example.com -> {WITH}   [repeated]\n",
            Status.PASSED,
            id="in some calls",
        ),
    ],
)
def test_metadata_is_no_breach(text: str, status: Status) -> None:
    assert verdict(metadata_in_one_script_only, text).status is status


def test_a_retired_store_with_import_mode_off_lets_nobody_in() -> None:
    message = (
        "both scripts answer null for everybody, as those of a retired store do, but import mode is off; "
        "turn it on, or nobody can log in"
    )

    assert findings(retired_connection, RETIRED) == [Finding(message, Severity.WARNING, Script.LOGIN, (1, 2))]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(ON + RETIRED, Status.PASSED, id="import mode on"),
        pytest.param(both(WITH, "not-found"), Status.NOT_APPLICABLE, id="in use"),
        pytest.param(ADA + "get_user ada@example.com -> not-found\n", Status.NOT_APPLICABLE, id="one script"),
    ],
)
def test_retirement_is_no_breach(text: str, status: Status) -> None:
    assert verdict(retired_connection, text).status is status


# login-deletes-user

KNOWN = both('found {"user_id": "7"}', 'found {"user_id": "7"}')
NOBODY = "get_user ada@example.com -> not-found   [repeated]\n"
REFUSED = 'login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError(null) "no"   [repeated]\n'
EMPTY = "login ada@example.com «password of ada» -> not-found   [repeated]\n"
DOWN = 'login ada@example.com «password of ada» -> failed Error "down"   [repeated]\n'
THERE = 'get_user ada@example.com -> found {"user_id": "7"}   [repeated]\n'
IN = 'login ada@example.com «password of ada» -> found {"user_id": "7"}   [repeated]\n'


@pytest.mark.parametrize("mode", ["", ON])
@pytest.mark.parametrize("refusal", [REFUSED, EMPTY])
def test_a_person_whom_both_scripts_deny_after_a_login_was_removed_by_it(mode: str, refusal: str) -> None:
    message = (
        "since the user logged in, neither script knows them any more; keep the row, and hide nobody who has logged in"
    )

    assert findings(login_deletes_user, mode + KNOWN + NOBODY + refusal + NOBODY) == [
        Finding(message, Severity.ERROR, Script.LOGIN, (1, 2, 3, 4, 5))
    ]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param("", id="not asked again"),
        pytest.param(NOBODY + REFUSED, id="denied once"),
        pytest.param(NOBODY * 3, id="denied by one script"),
        pytest.param(NOBODY + REFUSED + DOWN + NOBODY, id="out of reach"),
        pytest.param(NOBODY + REFUSED + IN, id="back again"),
    ],
)
def test_what_is_no_steady_denial_by_both_scripts_proves_nothing(later: str) -> None:
    assert verdict(login_deletes_user, KNOWN + later).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ADA + IN + NOBODY + REFUSED + NOBODY, id="never found"),
        pytest.param(ADA + THERE + NOBODY + REFUSED + NOBODY, id="never logged in"),
        pytest.param(ADA + IN + THERE.replace("7", "8") + NOBODY + REFUSED, id="found after the last log-in only"),
    ],
)
def test_a_person_whom_only_one_script_knew_was_removed_by_nobody(text: str) -> None:
    assert verdict(login_deletes_user, text).findings == ()


def test_a_person_who_is_found_after_the_last_login_stayed() -> None:
    assert verdict(login_deletes_user, KNOWN + NOBODY + REFUSED + NOBODY + THERE).status is Status.PASSED


@pytest.mark.parametrize("mode", ["", ON])
def test_a_record_that_is_gone_after_a_login_was_removed_by_it(mode: str) -> None:
    [finding] = findings(login_deletes_user, mode + KNOWN.rstrip() + '; noticed store-change "the whole record"')

    assert finding.message == "login removed the user from the legacy store; keep the row for now"
