import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules.migration._interrupted import no_metadata_repair
from customdb_contract.rules.migration._leaving import login_deletes_user, migration_marker_hides_user
from customdb_contract.rules.migration._moving import migrated_user_not_marked, password_lost_in_migration
from customdb_contract.rules.migration._profiles import metadata_in_one_script_only, unicode_email_collision
from customdb_contract.rules.migration._retiring import retired_connection
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
    message = f"{script} does not return app_metadata, which the other script returns; return it from both"

    assert findings(metadata_in_one_script_only, ON + both(get_user, login)) == [
        Finding(message, Severity.ERROR, script, (1, 2))
    ]


def test_each_kind_of_metadata_is_reported() -> None:
    text = ON + both('found {"user_metadata": {"a": 1}}', 'found {"app_metadata": {"a": 1}}')

    assert [
        (finding.script, finding.message.partition(",")[0]) for finding in findings(metadata_in_one_script_only, text)
    ] == [
        (Script.LOGIN, "login does not return user_metadata"),
        (Script.GET_USER, "get_user does not return app_metadata"),
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


def test_a_retired_store_with_import_mode_off_locks_everyone_out() -> None:
    message = (
        "both scripts return null for every user, as those of a retired store do, but import mode is off; turn it "
        "on, or no user can log in"
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
NO = 'failed WrongUsernameOrPasswordError(null) "no"'
DELETION = "operation delete_user by application of ada on shop user_id=auth0|7 -> succeeded\n"
THERE = 'get_user ada@example.com -> found {"user_id": "7"}   [repeated]\n'
IN = 'login ada@example.com «password of ada» -> found {"user_id": "7"}   [repeated]\n'


@pytest.mark.parametrize("mode", ["", ON])
@pytest.mark.parametrize("refusal", [REFUSED, EMPTY])
def test_a_user_missing_from_both_scripts_after_a_login_was_removed_by_it(mode: str, refusal: str) -> None:
    message = (
        "since the user logged in, neither script finds them any longer; keep the row, and find users who have "
        "logged in"
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
def test_an_inconsistent_refusal_by_the_scripts_proves_nothing(later: str) -> None:
    assert verdict(login_deletes_user, KNOWN + later).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ADA + IN + NOBODY + REFUSED + NOBODY, id="never found"),
        pytest.param(ADA + THERE + NOBODY + REFUSED + NOBODY, id="never logged in"),
        pytest.param(ADA + IN + THERE.replace("7", "8") + NOBODY + REFUSED, id="found after the last log-in only"),
    ],
)
def test_a_user_known_to_one_script_only_was_not_removed(text: str) -> None:
    assert verdict(login_deletes_user, text).findings == ()


def test_a_user_found_after_the_last_login_was_not_removed() -> None:
    assert verdict(login_deletes_user, KNOWN + NOBODY + REFUSED + NOBODY + THERE).status is Status.PASSED


@pytest.mark.parametrize("mode", ["", ON])
def test_a_record_that_is_gone_after_a_login_was_removed_by_it(mode: str) -> None:
    [finding] = findings(login_deletes_user, mode + KNOWN.rstrip() + '; noticed store-change "the whole record"')

    assert finding.message == "login removed the user from the legacy store; keep the row until Auth0 has the user"


def test_a_record_still_in_the_store_was_not_removed() -> None:
    assert verdict(login_deletes_user, KNOWN.rstrip() + '; noticed inspected "a record"').held == 1


# migration-marker-hides-user


@pytest.mark.parametrize(
    ("mode", "severity"), [pytest.param("", Severity.ERROR, id="off"), pytest.param(ON, Severity.WARNING, id="on")]
)
@pytest.mark.parametrize(
    ("later", "script", "numbers"),
    [
        pytest.param(NOBODY + IN + NOBODY, Script.GET_USER, (1, 2, 3, 5), id="get_user"),
        pytest.param(NOBODY * 2, Script.GET_USER, (1, 2, 3, 4), id="get_user, login not asked again"),
        pytest.param(NOBODY * 3, Script.GET_USER, (1, 2, 3, 4, 5), id="get_user, again and again"),
        pytest.param(REFUSED + THERE + EMPTY, Script.LOGIN, (1, 2, 3, 5), id="login"),
    ],
)
def test_a_user_hidden_from_one_script_after_a_login_was_marked_by_it(
    mode: str, severity: Severity, later: str, script: Script, numbers: tuple[int, ...]
) -> None:
    fails = "get_user no longer finds them" if script is Script.GET_USER else "login no longer accepts them"
    message = f"since the user logged in, {fails}; find users who have logged in"

    assert findings(migration_marker_hides_user, mode + KNOWN + later) == [Finding(message, severity, script, numbers)]


def test_a_login_that_works_once_needs_no_get_user_to_be_seen() -> None:
    once = ADA + KNOWN.splitlines(keepends=True)[2] + REFUSED * 2

    assert [finding.evidence for finding in findings(migration_marker_hides_user, once)] == [(1, 2, 3)]


SEEN = '; noticed inspected "a record"'
GONE = '; noticed inspected "nothing"'
HIDDEN = "since the user logged in, both scripts refuse them; find every user who is still in the store"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(KNOWN + NOBODY.replace("   [", SEEN + "   [") + REFUSED + NOBODY, id="seen in the store"),
        pytest.param(ON.replace("\n", " deletion_is_final=on\n") + KNOWN + NOBODY + REFUSED + NOBODY, id="as declared"),
    ],
)
def test_a_user_hidden_by_both_scripts_was_not_removed(text: str) -> None:
    assert [finding.message for finding in findings(migration_marker_hides_user, text)] == [HIDDEN]
    assert findings(login_deletes_user, text, migration_marker_hides_user) == []


@pytest.mark.parametrize(
    "later",
    [
        pytest.param("", id="not asked again"),
        pytest.param(NOBODY + IN, id="denied once"),
        pytest.param(NOBODY + THERE + NOBODY, id="found in between"),
        pytest.param(NOBODY + REFUSED + NOBODY, id="removed, as far as is known"),
        pytest.param(NOBODY + REFUSED + NOBODY.replace("   [", GONE + "   ["), id="removed, as the store shows"),
        pytest.param(NOBODY * 2 + REFUSED + IN, id="denied by the other one once"),
        pytest.param(DOWN * 3, id="out of reach"),
        pytest.param('login ada@example.com "x" -> ' + NO + "   [wrong-password]\n" + REFUSED * 3, id="locked out"),
        pytest.param(DELETION + REFUSED * 2, id="deleted by Auth0"),
    ],
)
def test_cases_that_do_not_prove_that_a_login_marked_the_user(later: str) -> None:
    assert findings(migration_marker_hides_user, KNOWN + later) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ADA + IN + NOBODY * 2, id="never found by get_user"),
        pytest.param(ADA + THERE + NOBODY * 2, id="never logged in"),
    ],
)
def test_a_user_unknown_before_was_not_hidden(text: str) -> None:
    assert findings(migration_marker_hides_user, text) == []


def test_wrong_passwords_after_the_first_refusal_excuse_nothing() -> None:
    wrong = 'login ada@example.com "x" -> ' + NO + "   [wrong-password]\n"

    assert len(findings(migration_marker_hides_user, KNOWN + REFUSED + wrong + REFUSED)) == 1


def test_a_user_found_by_both_scripts_is_not_hidden() -> None:
    assert verdict(migration_marker_hides_user, KNOWN + THERE + IN + THERE).held == 2


def test_a_user_deleted_through_auth0_may_be_refused() -> None:
    assert verdict(login_deletes_user, KNOWN + DELETION + NOBODY + REFUSED + NOBODY).findings == ()


# migrated-user-not-marked

FINAL = "connection import_mode=on deletion_is_final=on\n"
LOG_IN = "operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> succeeded\n"
NOT_IN = LOG_IN.replace("succeeded", 'refused "no"')
MOVES = LOG_IN + IN.replace("   [repeated]", "")
STAYS_OUT = NOT_IN + REFUSED
SWITCH = "operation switch_import_mode by admin on shop on=true -> succeeded\n"


def test_a_user_who_returns_after_deletion_was_not_marked() -> None:
    message = "a user who moved to Auth0 and was deleted there moved again; refuse deleted users"

    assert findings(migrated_user_not_marked, FINAL + ADA + MOVES + LOG_IN + DELETION + MOVES) == [
        Finding(message, Severity.WARNING, Script.LOGIN, (2, 4, 5, 6))
    ]


def test_each_return_is_reported() -> None:
    text = FINAL + ADA + MOVES + (DELETION + MOVES) * 2

    assert findings(migrated_user_not_marked, text)[0].evidence == (2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(FINAL + ADA + MOVES + DELETION + STAYS_OUT, Status.PASSED, id="refused"),
        pytest.param(FINAL + ADA + MOVES + DELETION + NOT_IN + DOWN, Status.NOT_APPLICABLE, id="out of reach"),
        pytest.param(FINAL + ADA + MOVES + MOVES, Status.NOT_APPLICABLE, id="not deleted"),
        pytest.param(FINAL + ADA + DELETION + MOVES + MOVES, Status.NOT_APPLICABLE, id="deleted before moving"),
        pytest.param(
            FINAL + ADA + MOVES + DELETION.replace("succeeded", "refused") + MOVES,
            Status.NOT_APPLICABLE,
            id="not deleted after all",
        ),
        pytest.param(FINAL + ADA + MOVES + SWITCH + DELETION + MOVES, Status.NOT_APPLICABLE, id="another mode"),
        pytest.param(ON + ADA + MOVES + DELETION + MOVES, Status.NOT_APPLICABLE, id="may come back"),
        pytest.param(
            FINAL.replace("import_mode=on ", "") + ADA + MOVES + DELETION + MOVES,
            Status.NOT_APPLICABLE,
            id="import mode off",
        ),
    ],
)
def test_a_user_who_does_not_return_needs_no_mark(text: str, status: Status) -> None:
    assert verdict(migrated_user_not_marked, text).status is status


# password-lost-in-migration

OTHER_FORM = LOG_IN.replace("«password of ada»", "other")
MOVES_BY_IT = OTHER_FORM + 'login ada@example.com other -> found {"user_id": "7"}   [simulated]\n'
WRONG = 'log fp "Wrong email or password." about auth0|7 on shop\n'
RESET = LOG_IN.replace("log_in", "complete_password_reset")


def test_a_password_that_auth0_refuses_after_the_migration_was_lost() -> None:
    message = (
        "login accepts two spellings of the password; the user moved with one of them, and Auth0 refuses the other "
        "one; accept one spelling only"
    )

    assert findings(password_lost_in_migration, ON + KNOWN + MOVES_BY_IT + NOT_IN + WRONG) == [
        Finding(message, Severity.WARNING, Script.LOGIN, (2, 4, 5))
    ]


def test_a_password_that_works_in_auth0_too_was_kept() -> None:
    assert verdict(password_lost_in_migration, ON + ADA + MOVES + LOG_IN * 2).held == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ON + ADA + MOVES_BY_IT + NOT_IN + WRONG, id="never let in with it"),
        pytest.param(ON + KNOWN + NOT_IN + WRONG, id="never moved"),
        pytest.param(
            ON + KNOWN + MOVES_BY_IT.replace("succeeded", "refused") + NOT_IN + WRONG, id="not moved after all"
        ),
        pytest.param(ON + KNOWN + MOVES_BY_IT + NOT_IN, id="refused for another reason"),
        pytest.param(ON + KNOWN + MOVES_BY_IT + RESET + NOT_IN + WRONG, id="changed since"),
        pytest.param(ON + KNOWN + RESET + MOVES_BY_IT + NOT_IN + WRONG, id="changed before"),
        pytest.param(ON + KNOWN + MOVES_BY_IT + SWITCH + NOT_IN + WRONG, id="another mode"),
        pytest.param(KNOWN + MOVES_BY_IT + NOT_IN + WRONG, id="import mode off"),
    ],
)
def test_cases_that_do_not_prove_a_lost_password(text: str) -> None:
    assert verdict(password_lost_in_migration, text).status is Status.NOT_APPLICABLE


# unicode-email-collision

OLD = "person old email=old@example.com\n"


def two(first: str, second: str) -> str:
    return (
        ON + ADA + OLD + f'get_user ada@example.com -> found {{"user_id": "7", "email": "{first}"}}\n'
        f'get_user old@example.com -> found {{"user_id": "8", "email": "{second}"}}\n'
    )


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        pytest.param("jos\u00e9@example.com", " JOS\u00c9@example.com", Status.FAILED, id="acute"),
        pytest.param("kim@example.com", "\u212aim@example.com", Status.FAILED, id="Kelvin sign"),
        pytest.param("jos\u00e9@example.com", "jose@example.com", Status.PASSED, id="another letter"),
        pytest.param("jos\u00e9@example.com", "JOS\u00e9@example.com", Status.PASSED, id="the same by ASCII"),
        pytest.param("ada@example.com", "ADA@example.com", Status.NOT_APPLICABLE, id="ASCII"),
    ],
)
def test_emails_that_are_the_same_by_unicode_only(first: str, second: str, status: Status) -> None:
    assert verdict(unicode_email_collision, two(first, second)).status is status


def test_an_email_that_one_user_has_in_two_spellings_is_no_collision() -> None:
    one = two("jos\u00e9@example.com", "x").replace(OLD, "").replace("get_user old", "get_user ada")
    again = 'get_user ada@example.com -> found {"user_id": "7", "email": "JOS\u00c9@example.com"}   [repeated]\n'

    assert findings(unicode_email_collision, two("jos\u00e9@example.com", "x") + again) == []
    assert verdict(unicode_email_collision, one).status is Status.NOT_APPLICABLE


def test_an_email_that_is_no_text_collides_with_nothing() -> None:
    text = two("jos\u00e9@example.com", "x").replace('"x"', "null")

    assert verdict(unicode_email_collision, text).held == 1


def test_emails_that_are_not_lowercased_do_not_collide() -> None:
    text = two("jos\u00e9@example.com", "JOS\u00c9@example.com").removeprefix(ON)

    assert verdict(unicode_email_collision, text).status is Status.NOT_APPLICABLE


# no-metadata-repair

WITH_BOTH = 'found {"user_id": "7", "user_metadata": {"theme": "dark"}, "app_metadata": {"plan": "full", "old": null}}'
CUT = "operation log_in by user of ada on shop identifier=ada@example.com -> succeeded interrupted before-metadata\n"
CUT_MOVE = f"{CUT}login ada@example.com «password of ada» -> {WITH_BOTH}\n" + "store users auth0|7 {}\n"
BACK = "operation log_in by user of ada on shop identifier=ada@example.com -> succeeded\n"
EDIT = "operation update_user by admin of ada on shop user_id=auth0|7 -> succeeded\n"
THEME = 'store users auth0|7 {"user_metadata": {"theme": "light"}}\n'
PLAN = 'store users auth0|7 {"app_metadata": {"plan": "free"}}\n'
RUN = "run persist of ada in simulated {} -> done\n"
DELETE = (
    "operation delete_user by application of ada on shop user_id=auth0|7 -> succeeded\nstore users auth0|7 removed\n"
)


@pytest.mark.parametrize(
    ("stored", "lost", "path"),
    [
        pytest.param("", "user_metadata and app_metadata", "user_metadata", id="both"),
        pytest.param(THEME, "app_metadata", "app_metadata", id="app_metadata"),
        pytest.param(PLAN, "user_metadata", "user_metadata", id="user_metadata"),
        pytest.param(
            PLAN.replace("plan", "other"), "user_metadata and app_metadata", "user_metadata", id="another key only"
        ),
    ],
)
def test_metadata_that_an_interruption_loses(stored: str, lost: str, path: str) -> None:
    message = f"an interrupted migration lost {lost} for good; restore it with a post-login Action"
    judged = findings(no_metadata_repair, ON + ADA + CUT_MOVE + BACK + stored)

    assert judged == [Finding(message, Severity.INFO, Script.LOGIN, (1, 2, 4), path=path, got="nothing")]


def test_an_edit_may_restore_metadata() -> None:
    assert verdict(no_metadata_repair, ON + ADA + CUT_MOVE + EDIT + THEME + PLAN + BACK).held == 1


def test_an_action_may_restore_metadata() -> None:
    assert verdict(no_metadata_repair, ON + ADA + CUT_MOVE + BACK + RUN + THEME + PLAN).held == 1


def test_each_interruption_is_judged_once() -> None:
    [finding] = findings(no_metadata_repair, ON + ADA + (CUT_MOVE + BACK) * 2 + BACK)

    assert finding.evidence == (1, 2, 4, 5, 6, 8)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ADA + CUT_MOVE + BACK, id="import mode off"),
        pytest.param(ON + ADA + CUT_MOVE, id="no log-in afterwards"),
        pytest.param(ON + ADA + CUT_MOVE + BACK.replace("succeeded", "refused"), id="refused afterwards"),
        pytest.param(ON + ADA + CUT_MOVE + BACK.replace(" -> succeeded", ""), id="a log-in that never ended"),
        pytest.param(ON + ADA + CUT_MOVE.replace("before-metadata", "after-internal-record") + BACK, id="elsewhere"),
        pytest.param(ON + ADA + CUT_MOVE.replace(" interrupted before-metadata", "") + BACK, id="not interrupted"),
        pytest.param(
            ON + ADA + CUT_MOVE.replace(" -> succeeded interrupted before-metadata", "") + BACK, id="not over"
        ),
        pytest.param(ON + ADA + CUT_MOVE.replace(WITH_BOTH, 'found {"user_id": "7"}') + BACK, id="no metadata"),
        pytest.param(
            ON + ADA + CUT_MOVE.replace(WITH_BOTH, 'found {"app_metadata": {"old": null}}') + BACK, id="nulls only"
        ),
        pytest.param(ON + ADA + CUT_MOVE.replace(WITH_BOTH, 'found {"app_metadata": "x"}') + BACK, id="no object"),
        pytest.param(ON + ADA + CUT_MOVE.replace(WITH_BOTH, "not-found") + BACK, id="no profile"),
        pytest.param(ON + ADA + CUT_MOVE + DELETE + BACK, id="deleted meanwhile"),
        pytest.param(ON + ADA + CUT_MOVE + SWITCH + BACK, id="another mode"),
        pytest.param(ON + ADA + CUT_MOVE + MOVES, id="another tenant"),
        pytest.param(ON + ADA + CUT_MOVE + BACK + RUN, id="an Action that does not restore it"),
        pytest.param(
            ON + "action persist handlers=onExecutePostLogin\n" + ADA + CUT_MOVE + BACK, id="a checked Action"
        ),
    ],
)
def test_cases_that_do_not_prove_lost_metadata(text: str) -> None:
    assert verdict(no_metadata_repair, text).status is Status.NOT_APPLICABLE
