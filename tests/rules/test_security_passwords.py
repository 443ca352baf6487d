import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.security._passwords import (
    empty_password_accepted,
    password_compared_loosely,
    password_nul_truncated,
    password_truncated,
)
from rules.judging import findings, verdict

PEOPLE = "person ada email=ada@example.com\nperson bob email=bob@example.com\n"
FOUND = 'found {"user_id": "7"}'
REFUSED = 'failed WrongUsernameOrPasswordError("ada@example.com") "no"'

LENIENT = [
    pytest.param(
        empty_password_accepted,
        "empty",
        "an empty password for a known user; reject it before you query the store",
        Severity.ERROR,
        id="empty",
    ),
    pytest.param(
        empty_password_accepted,
        "blank",
        "a blank password for a known user; reject it before you query the store",
        Severity.ERROR,
        id="blank",
    ),
    pytest.param(
        password_compared_loosely,
        "case-changed",
        "the password in another case for a known user; hash it as typed",
        Severity.ERROR,
        id="case-changed",
    ),
    pytest.param(
        password_compared_loosely,
        "blank-padded",
        "the password with blanks around it for a known user; hash it as typed",
        Severity.WARNING,
        id="blank-padded",
    ),
    pytest.param(
        password_truncated,
        "72-byte-cut",
        "the first 72 bytes of a longer password for a known user; compare the whole password",
        Severity.WARNING,
        id="72-byte-cut",
    ),
    pytest.param(
        password_nul_truncated,
        "nul-cut",
        "a password with more behind a NUL character for a known user; compare the whole password",
        Severity.WARNING,
        id="nul-cut",
    ),
]


@pytest.mark.parametrize(("rule", "variant", "what", "severity"), LENIENT)
def test_a_password_that_is_almost_right_logs_in(rule: Rule, variant: str, what: str, severity: Severity) -> None:
    text = PEOPLE + (
        f'login ada@example.com "x" -> {REFUSED}   [wrong-password]\n'
        f'login ada@example.com "x" -> {FOUND}   [wrong-password: {variant}]\n'
        f'login bob@example.com "x" -> {REFUSED}   [wrong-password: {variant}]\n'
    )

    assert findings(rule, text) == [Finding(f"login accepted {what}", severity, Script.LOGIN, (2,))]


@pytest.mark.parametrize(("rule", "variant", "what", "severity"), LENIENT)
def test_a_user_who_logs_in_with_any_password_proves_nothing_about_others(
    rule: Rule, variant: str, what: str, severity: Severity
) -> None:
    text = PEOPLE + (
        f'login ada@example.com "x" -> {FOUND}   [wrong-password]\n'
        f'login bob@example.com "x" -> {FOUND}   [wrong-password: {variant}]\n'
    )

    assert findings(rule, text) == [Finding(f"login accepted {what}", severity, Script.LOGIN, (2,))]


@pytest.mark.parametrize(("rule", "variant", "what", "severity"), LENIENT)
@pytest.mark.parametrize("ending", [REFUSED, 'failed Error "too short"', "not-found"])
def test_a_password_that_is_not_quite_right_is_refused(
    rule: Rule, variant: str, what: str, severity: Severity, ending: str
) -> None:
    judged = verdict(rule, PEOPLE + f'login ada@example.com "x" -> {ending}   [wrong-password: {variant}]\n')

    assert (judged.status, judged.held) == (Status.PASSED, 1)


@pytest.mark.parametrize(("rule", "variant", "what", "severity"), LENIENT)
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(f'login ada@example.com "x" -> {FOUND}   [wrong-password]\n', id="any password will do"),
        pytest.param(f"login ada@example.com «password of ada» -> {FOUND}\n", id="right password"),
    ],
)
def test_inconclusive_calls_are_not_judged(rule: Rule, variant: str, what: str, severity: Severity, lines: str) -> None:
    variants = f'login ada@example.com "x" -> {FOUND}   [wrong-password: {variant}]\n' if "[wrong" in lines else ""

    assert verdict(rule, PEOPLE + lines + variants).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("rule", "variant", "what", "severity"), LENIENT)
@pytest.mark.parametrize("ending", ['raised ValueError "NUL"', "timed-out"])
def test_a_log_in_without_an_answer_shows_nothing(
    rule: Rule, variant: str, what: str, severity: Severity, ending: str
) -> None:
    judged = verdict(rule, PEOPLE + f'login ada@example.com "x" -> {ending}   [wrong-password: {variant}]\n')

    assert judged.status is Status.NOT_APPLICABLE


def test_a_truncated_long_password_is_reported_once() -> None:
    text = PEOPLE + (
        f'login ada@example.com "x" -> {FOUND}   [wrong-password: 72-byte-cut]\n'
        f'login ada@example.com "x" -> {FOUND}   [wrong-password: nul-cut]\n'
    )

    assert verdict(password_nul_truncated, text, password_truncated).status is Status.NOT_APPLICABLE
    assert [finding.evidence for finding in findings(password_truncated, text)] == [(1,)]


def test_nul_and_length_truncation_are_both_reported() -> None:
    text = PEOPLE + (
        f'login ada@example.com "x" -> {FOUND}   [wrong-password: 72-byte-cut]\n'
        f'login bob@example.com "x" -> {FOUND}   [wrong-password: nul-cut]\n'
    )

    assert [finding.evidence for finding in findings(password_nul_truncated, text)] == [(2,)]


NEW = (
    "person new email=new@example.com new=on\n"
    'create {"email": "new@example.com", "password": "«password of new»"} -> done\n'
    'login new@example.com «password of new» -> found {"user_id": "7"}\n'
)
WRONG = 'login new@example.com x -> failed WrongUsernameOrPasswordError(null) "no"\n'
CUT = 'login new@example.com "«password of new, cut after 72 bytes»" -> '


def test_a_truncated_password_of_a_new_user_is_found() -> None:
    message = "login accepted the first 72 bytes of a longer password for a new user; compare the whole password"

    assert findings(password_truncated, NEW + WRONG + CUT + FOUND) == [
        Finding(message, Severity.WARNING, Script.LOGIN, (4,), path="password", expected="failed", got="found")
    ]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(NEW + WRONG + CUT + REFUSED, Status.PASSED, id="refused"),
        pytest.param(NEW + WRONG + CUT + "timed-out", Status.NOT_APPLICABLE, id="no answer"),
        pytest.param(NEW + CUT + FOUND, Status.NOT_APPLICABLE, id="no other wrong one was refused"),
        pytest.param(
            NEW + WRONG.replace("failed WrongUsernameOrPasswordError(null)", FOUND + " #") + CUT + FOUND,
            Status.NOT_APPLICABLE,
            id="any password gets in",
        ),
        pytest.param(
            "\n".join(NEW.splitlines()[:2]) + "\n" + WRONG + CUT + FOUND,
            Status.NOT_APPLICABLE,
            id="nobody saw the whole one log in",
        ),
        pytest.param(
            "connection import_mode=on\n" + NEW + WRONG + CUT + FOUND, Status.NOT_APPLICABLE, id="import mode"
        ),
    ],
)
def test_cases_that_do_not_prove_a_truncated_password_of_a_new_user(text: str, status: Status) -> None:
    assert verdict(password_truncated, text).status is status
