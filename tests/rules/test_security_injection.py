import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.security._identifiers import (
    empty_identifier_accepted,
    slow_on_long_input,
    unicode_collision,
)
from customdb_contract.rules.security._injection import (
    ldap_injection,
    nosql_injection,
    regex_from_input,
    search_query_injection,
    sql_injection,
    url_injection,
    wildcard_identifier,
)
from rules.judging import findings, verdict

PEOPLE = "person ada email=ada@example.com username=ada\nperson bob email=bob@example.com\n"
ADA = 'found {"user_id": "7", "email": "ada@example.com"}'
BOB = 'found {"user_id": "8", "email": "bob@example.com"}'
REFUSED = 'failed WrongUsernameOrPasswordError(null) "no"'
SYNTAX = 'near \\"OR\\": syntax error'

INJECTIONS = [
    pytest.param(sql_injection, "sql", "SQL", "use parameters", id="sql"),
    pytest.param(nosql_injection, "nosql", "JSON or a query operator", "pass it as a value", id="nosql"),
    pytest.param(ldap_injection, "ldap", "an LDAP filter", "escape it", id="ldap"),
    pytest.param(search_query_injection, "search-query", "a search query", "escape it", id="search-query"),
    pytest.param(url_injection, "url", "parts of a URL", "encode it", id="url"),
    pytest.param(wildcard_identifier, "wildcard", "a wildcard", "compare by equality", id="wildcard"),
    pytest.param(regex_from_input, "regex", "a regular expression", "compare by equality", id="regex"),
    pytest.param(
        empty_identifier_accepted,
        "empty-identifier",
        "an empty text",
        "return not-found for it",
        id="empty",
    ),
    pytest.param(empty_identifier_accepted, "blank-identifier", "blanks", "return not-found for it", id="blank"),
]


@pytest.mark.parametrize(("rule", "situation", "what", "advice"), INJECTIONS)
def test_hostile_identifiers_return_a_user(rule: Rule, situation: str, what: str, advice: str) -> None:
    text = PEOPLE + (
        f'get_user "x" -> {ADA}   [hostile: {situation}]\n'
        f'login "x" "y" -> found {{"user_id": "7"}}   [hostile: {situation}]\n'
        f'get_user "y" -> found {{"username": "ada"}}   [hostile: {situation}]\n'
    )
    said = f"returned a user's profile for {what} as the identifier; {advice}"

    assert findings(rule, text) == [
        Finding(f"get_user {said}", rule.info.severity, Script.GET_USER, (1, 3)),
        Finding(f"login {said}", rule.info.severity, Script.LOGIN, (2,)),
    ]


@pytest.mark.parametrize(("rule", "situation", "what", "advice"), INJECTIONS)
def test_skipped_probes_pass_no_rule(rule: Rule, situation: str, what: str, advice: str) -> None:
    text = PEOPLE + (
        f"get_user x@example.com -> not-found   [hostile: {situation}]\n"
        f'login x@example.com "x" -> timed-out; noticed left-out "hostile: {situation}"   [hostile: very-long]\n'
    )

    judged = verdict(rule, text)

    assert (judged.status, judged.held) == (Status.NOT_APPLICABLE, 1)
    assert judged.reason == (
        f"login timed out on hostile identifiers, so not all of {situation.replace('-', ' ')} was tested"
    )


def test_a_search_query_wildcard_is_no_directory_filter() -> None:
    text = PEOPLE + (
        f"get_user a* -> {ADA}   [hostile: search-query]\n"
        f'get_user "*)(uid=*" -> {ADA}   [hostile: ldap]\n'
        f'login "*)(uid=*" "x" -> {ADA}   [hostile: ldap]\n'
    )

    assert [finding.script for finding in verdict(ldap_injection, text).findings] == [Script.LOGIN]


@pytest.mark.parametrize(("rule", "situation", "what", "advice"), INJECTIONS)
def test_hostile_passwords_log_in(rule: Rule, situation: str, what: str, advice: str) -> None:
    text = PEOPLE + f'login ada@example.com "x" -> {ADA}   [hostile: {situation} of ada]\n'
    message = f"login returned a user's profile for {what} as the password; {advice}"

    assert findings(rule, text) == [Finding(message, rule.info.severity, Script.LOGIN, (1,))]


@pytest.mark.parametrize(("rule", "situation", "what", "advice"), INJECTIONS)
@pytest.mark.parametrize(
    "ending",
    [
        "not-found",
        'failed Error "not an identifier"',
        'raised TypeError "text wanted"',
        "found {}",
        'found {"user_id": null}',
        'found {"user_id": "9", "email": " X@example.com"}',
    ],
)
def test_hostile_identifiers_return_no_user(rule: Rule, situation: str, what: str, advice: str, ending: str) -> None:
    judged = verdict(rule, PEOPLE + f"get_user x@example.com -> {ending}   [hostile: {situation}]\n")

    assert (judged.status, judged.held) == (Status.PASSED, 1)


@pytest.mark.parametrize(("rule", "situation", "what", "advice"), INJECTIONS)
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("get_user x -> timed-out   [hostile: {}]\n", id="no answer"),
        pytest.param("get_user x -> died   [hostile: {}]\n", id="died"),
        pytest.param(
            f"get_user nobody@example.com -> {ADA}   [unknown-user]\nget_user noone@example.com -> {ADA}   "
            f"[unknown-user]\nget_user x -> {ADA}   [hostile: {{}}]\n",
            id="everybody is found",
        ),
        pytest.param(
            f'login ada@example.com "x" -> {ADA}   [wrong-password]\n'
            f'login ada@example.com "x" -> {ADA}   [hostile: {{}} of ada]\n',
            id="any password will do",
        ),
    ],
)
def test_inconclusive_calls_are_not_judged(rule: Rule, situation: str, what: str, advice: str, lines: str) -> None:
    text = lines.replace("[hostile: {{}}", f"[hostile: {situation}").replace("[hostile: {}", f"[hostile: {situation}")

    assert verdict(rule, PEOPLE + text).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("situation", ["sql", "control-characters", "search-query"])
@pytest.mark.parametrize("ending", ["failed Error", "raised OperationalError"])
def test_a_syntax_error_shows_that_text_reached_the_statement(situation: str, ending: str) -> None:
    text = PEOPLE + (
        "get_user nobody@example.com -> not-found   [unknown-user]\n"
        f'get_user "x" -> {ending} "{SYNTAX}"   [hostile: {situation}]\n'
    )
    message = "get_user ended with a syntax error of the database for hostile text; use parameters"

    assert findings(sql_injection, text) == [Finding(message, Severity.WARNING, Script.GET_USER, (2,))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f'get_user nobody@example.com -> failed Error "{SYNTAX}"   [unknown-user]\n'
            f'get_user "x" -> failed Error "{SYNTAX}"   [hostile: sql]\n',
            id="for everybody",
        ),
        pytest.param('get_user "x" -> failed Error "syntax of the identifier"   [hostile: sql]\n', id="another error"),
        pytest.param('get_user "x" -> failed "a text"   [hostile: sql]\n', id="no error object"),
    ],
)
def test_another_error_shows_nothing(text: str) -> None:
    assert verdict(sql_injection, PEOPLE + text).status is Status.PASSED


# unicode-collision

KNOWN = PEOPLE + f"get_user ada@example.com -> {ADA}\nget_user bob@example.com -> {BOB}\n"


def test_a_look_alike_letter_is_taken_for_the_plain_one() -> None:
    text = KNOWN + f"get_user ádá@example.com -> {ADA}   [hostile: unicode-collision of ada]\n"
    message = (
        "get_user found a user by an identifier with other letters, which only look or fold alike; compare exactly"
    )

    assert findings(unicode_collision, text) == [Finding(message, Severity.WARNING, Script.GET_USER, (3,))]


@pytest.mark.parametrize(
    ("own", "other", "severities"),
    [
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "strasse", ["warning"]),
        ("jessica", "je\N{LATIN SMALL LETTER SHARP S}ica", ["warning"]),
        ("jose", "jo\N{LATIN SMALL LETTER LONG S}e", ["warning"]),
        ("jos\N{LATIN SMALL LETTER E WITH ACUTE}", "jose", ["warning"]),
        ("jos\N{LATIN SMALL LETTER E WITH ACUTE}", "jose\N{COMBINING ACUTE ACCENT}", []),
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "stra\N{LATIN CAPITAL LETTER SHARP S}e", []),
        ("kate", "\N{KELVIN SIGN}ate", []),
    ],
)
def test_folding_beyond_that_of_auth0_is_reported(own: str, other: str, severities: list[str]) -> None:
    person, profile = f"person one email={own}@example.com\n", f'found {{"email": "{own}@example.com"}}'
    text = person + (
        f"get_user {own}@example.com -> {profile}\n"
        f"get_user {other}@example.com -> {profile}   [hostile: unicode-collision of one]\n"
    )

    assert [finding.severity for finding in findings(unicode_collision, text)] == severities


def test_a_look_alike_letter_finds_people_without_a_user_id_too() -> None:
    profile = 'found {"email": "ada@example.com"}'
    text = PEOPLE + (
        f"get_user ada@example.com -> {profile}\n"
        f"get_user ádá@example.com -> {profile}   [hostile: unicode-collision of ada]\n"
    )

    assert [finding.severity for finding in findings(unicode_collision, text)] == [Severity.WARNING]


def test_a_look_alike_letter_returns_another_person() -> None:
    text = KNOWN + f"get_user ádá@example.com -> {BOB}   [hostile: unicode-collision of ada]\n"
    message = "get_user returned another user's profile for an e-mail with a look-alike letter; compare exactly"

    assert findings(unicode_collision, text) == [Finding(message, Severity.ERROR, Script.GET_USER, (3,))]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param("get_user ádá@example.com -> not-found   [hostile: unicode-collision of ada]\n", Status.PASSED),
        pytest.param("get_user ádá@example.com -> found {}   [hostile: unicode-collision of ada]\n", Status.PASSED),
        pytest.param(
            "get_user \N{FULLWIDTH LATIN SMALL LETTER A}da@example.com -> "
            f"{ADA}   [hostile: unicode-collision of ada]\n",
            Status.NOT_APPLICABLE,
            id="width mapping explains it",
        ),
        pytest.param(
            'get_user ádá@example.com -> found {"user_id": "9", "email": "ádá@example.com"}   '
            "[hostile: unicode-collision of ada]\n",
            Status.NOT_APPLICABLE,
            id="somebody has this e-mail",
        ),
        pytest.param(
            'get_user ádá@example.com -> found {"user_id": "9", "email": "carol@example.com"}   '
            "[hostile: unicode-collision of ada]\n",
            Status.NOT_APPLICABLE,
            id="somebody of whom nothing is known",
        ),
        pytest.param(
            f"get_user nobody@example.com -> {ADA}   [unknown-user]\nget_user noone@example.com -> {ADA}   "
            f"[unknown-user]\nget_user ádá@example.com -> {ADA}   [hostile: unicode-collision of ada]\n",
            Status.NOT_APPLICABLE,
            id="everybody is found",
        ),
        pytest.param(
            f'login ada@example.com "x" -> {ADA}   [wrong-password]\n'
            f"login ádá@example.com «password of ada» -> {ADA}   [hostile: unicode-collision of ada]\n",
            Status.NOT_APPLICABLE,
            id="any password will do",
        ),
    ],
)
def test_a_look_alike_letter_is_no_breach(lines: str, status: Status) -> None:
    assert verdict(unicode_collision, KNOWN + lines).status is status


# slow-on-long-input


@pytest.mark.parametrize("ending", [f"{REFUSED}; after 1.5 s", "timed-out"])
def test_a_very_long_text_keeps_a_script_busy(ending: str) -> None:
    text = PEOPLE + (
        f"login ada@example.com «password of ada» -> {ADA}\nlogin x y -> {ending}   [hostile: very-long]\n"
    )
    message = (
        "login took a second or more for a very long text, but not for others; reject long texts before you use them"
    )

    assert findings(slow_on_long_input, text) == [Finding(message, Severity.WARNING, Script.LOGIN, (2,))]


def test_an_almost_valid_email_keeps_a_script_busy() -> None:
    text = PEOPLE + f"get_user ada@example.com -> {ADA}\nget_user aa! -> timed-out   [hostile: backtracking]\n"
    message = (
        "get_user took a second or more for a few letters and an exclamation mark, but not for others; use a regular"
        " expression for e-mails without nested repetitions"
    )

    assert findings(slow_on_long_input, text) == [Finding(message, Severity.WARNING, Script.GET_USER, (2,))]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(f"login x y -> {REFUSED}; after 0.9 s   [hostile: very-long]\n", Status.PASSED, id="quick"),
        pytest.param(
            f"login ada@example.com «password of ada» -> {ADA}; after 2.0 s\n"
            f"login x y -> {REFUSED}; after 2.0 s   [hostile: very-long]\n",
            Status.NOT_APPLICABLE,
            id="slow for everybody",
        ),
        pytest.param("get_user x -> died; after 1.5 s   [hostile: very-long]\n", Status.PASSED, id="its process ended"),
        pytest.param(
            f"login x y -> {REFUSED}; after 1.5 s   [hostile: very-long]\n"
            f"login x y -> {REFUSED}   [hostile: very-long]\n",
            Status.PASSED,
            id="slow only once",
        ),
    ],
)
def test_a_very_long_text_is_no_breach(text: str, status: Status) -> None:
    assert verdict(slow_on_long_input, PEOPLE + text).status is status


# Scripts that write, in an empty database

VICTIM = "person new email=new@example.com new=on\n"
FOUND = 'get_user new@example.com -> found {"user_id": "7", "email_verified": false}   [writing]\n'
IN = 'login new@example.com «password of new» -> found {"user_id": "7"}   [writing]\n'
GONE = "get_user new@example.com -> not-found   [writing]\n"
OUT = f"login new@example.com «password of new» -> {REFUSED}   [writing]\n"
VERIFIED = FOUND.replace("false", "true")
SQL = "   [hostile: sql]\n"
WRITES = {
    "verify": 'verify "x\' OR 1=1"',
    "change_password": 'change_password "x\' OR 1=1" «new password of new»',
    "change_email": 'change_email "x\' OR 1=1" x@example.com true',
    "delete": 'delete "x\' OR 1=1"',
}
HARMS = [
    ("verify", "verified another user's e-mail", FOUND, VERIFIED),
    ("change_password", "changed another user's password", IN, OUT),
    ("change_email", "changed another user's e-mail", FOUND, GONE),
    ("delete", "deleted another user", FOUND, GONE),
    ("delete", "deleted another user", IN, OUT),
]


@pytest.mark.parametrize(("script", "harm", "before", "after"), HARMS)
def test_hostile_identifiers_change_another_user(script: str, harm: str, before: str, after: str) -> None:
    said = f"{script} {harm} for SQL as the identifier; use parameters"
    answers = [WRITES[script] + ' -> failed Error "no"' + SQL, WRITES[script] + " -> done" + SQL]

    for given, evidence in (([answers[0]], (1, 2, 3)), (answers, (1, 3, 4)), ([*answers, answers[0]], (1, 3, 5))):
        assert findings(sql_injection, VICTIM + before + "".join(given) + after) == [
            Finding(said, Severity.ERROR, Script(script), evidence)
        ]


@pytest.mark.parametrize(
    ("script", "before", "between", "after"),
    [
        ("verify", FOUND, "", FOUND),
        ("verify", VERIFIED, "", VERIFIED),
        ("verify", FOUND, "", GONE),
        ("delete", "", "", GONE),
        ("delete", GONE, "", GONE),
        ("delete", FOUND, "", 'get_user new@example.com -> failed Error "no connection"   [writing]\n'),
        ("delete", FOUND, "", GONE.replace("[writing]", "[clean-up]")),
        ("delete", FOUND, "", "get_user x@example.com -> not-found   [writing]\n"),
        ("delete", FOUND, 'delete "%" -> done   [hostile: wildcard]\n', GONE),
        ("delete", FOUND, 'delete "%" -> done   [writing]\n', GONE),
        ("delete", FOUND, 'delete "%" -> timed-out   [hostile: sql]\n', GONE),
        ("delete", FOUND, 'delete "%" -> died   [hostile: sql]\n', GONE),
    ],
)
def test_a_call_that_certainly_changed_no_user(script: str, before: str, between: str, after: str) -> None:
    write = WRITES[script] + " -> done" + SQL

    assert findings(sql_injection, VICTIM + before + write + between + after) == []
    assert findings(sql_injection, VICTIM + before + between + after) == []


def test_a_change_is_blamed_on_the_writes_since_the_last_look() -> None:
    text = VICTIM + FOUND + WRITES["delete"] + " -> done" + SQL + FOUND
    text += 'delete "%" -> done   [hostile: wildcard]\n' + GONE

    assert findings(sql_injection, text) == []
    assert [finding.evidence for finding in findings(wildcard_identifier, text)] == [(3, 4, 5)]


@pytest.mark.parametrize("script", WRITES)
def test_hostile_identifiers_do_what_ordinary_unknown_ones_do_not(script: str) -> None:
    plain = WRITES[script].replace("x' OR 1=1", "nobody@example.com")
    strangers = {
        "declined": f"{plain} -> declined   [writing]\n",
        "failed": f'{plain} -> failed Error "no such user"   [writing]\n',
        "done": f"{plain} -> done   [writing]\n",
    }
    write = WRITES[script] + " -> done" + SQL
    said = f"{script} reported success for SQL as the identifier, but refuses other unknown users; use parameters"
    twice = ["failed", "failed"]
    refused = [["failed"], twice] if script == "delete" else [["failed"], twice, ["declined"], ["failed", "declined"]]
    for refusals in refused:
        text = VICTIM + "".join(strangers[refusal] for refusal in refusals) + write
        assert findings(sql_injection, text) == [Finding(said, Severity.ERROR, Script(script), (len(refusals) + 1,))]

    for text in (write, strangers["done"] + write, strangers["failed"] + strangers["done"] + write):
        assert findings(sql_injection, VICTIM + text) == []
    failed = WRITES[script] + ' -> failed Error "no such user"' + SQL
    assert findings(sql_injection, VICTIM + strangers["failed"] + failed) == []


def test_a_user_found_unchanged_afterwards_passes() -> None:
    write = WRITES["delete"] + " -> done" + SQL

    assert verdict(sql_injection, VICTIM + FOUND + write + FOUND).held == 1
    assert verdict(sql_injection, VICTIM + FOUND + write).held == 0


def test_probes_skipped_after_harm_pass_no_rule() -> None:
    text = VICTIM + FOUND + 'delete "x" -> done; noticed left-out "hostile: wildcard"' + SQL + GONE

    assert verdict(wildcard_identifier, text).reason == (
        "delete changed another user by hostile identifiers, so not all of wildcard was tested"
    )


def test_a_syntax_error_of_a_writing_script_shows_that_the_text_reached_the_statement() -> None:
    stranger = f'delete "{{}}" -> failed Error "{SYNTAX}"   [{{}}]\n'

    (finding,) = findings(sql_injection, VICTIM + stranger.format("x' OR", "hostile: sql"))
    assert (finding.script, finding.severity) == (Script.DELETE, Severity.WARNING)
    plain = stranger.format("x", "writing")
    assert findings(sql_injection, VICTIM + plain + stranger.format("x' OR", "hostile: sql")) == []
