"""The rules about scripts in JavaScript: their messages, and the cases they ignore."""

import pytest

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.callback._calling import callback_not_called
from customdb_contract.rules.callback._container import (
    configuration_written,
    connection_leak,
    context_without_organization,
    user_data_in_global,
    work_after_callback,
)
from customdb_contract.rules.callback._raising import unhandled_error_event, unhandled_rejection
from customdb_contract.rules.callback._source import (
    anonymous_function,
    callback_inside_try,
    delete_reads_empty_context,
    no_timeout_on_external_call,
    not_a_single_function,
    script_too_large,
    unavailable_module,
)
from customdb_contract.rules.profile._shape import undefined_attribute
from customdb_contract.rules.security._identifiers import slow_on_long_input
from customdb_contract.rules.security._injection import regex_from_input, url_injection
from customdb_contract.rules.security._source import (
    direct_database_access,
    hardcoded_secret,
    timing_unsafe_compare,
    tls_not_verified,
    weak_password_hash,
)
from customdb_contract.rules.security._transport import plaintext_transport
from rules.judging import findings, verdict

OBSERVED = "script login observed=on\nscript get_user observed=on\nperson ada email=ada@example.com\n"
FOUND = 'get_user ada@example.com -> found {"user_id": "7"}'


def found(
    message: str,
    script: Script,
    *evidence: int,
    severity: Severity = Severity.ERROR,
    location: str | None = None,
) -> list[Finding]:
    return [Finding(message, severity, script, evidence, location)]


# What a call does besides calling back


def test_a_rejected_promise_is_found() -> None:
    text = f"{OBSERVED}get_user ada@example.com -> raised rejection TypeError x   [outage: 500]"

    assert findings(unhandled_rejection, text) == found(
        "get_user left a promise rejected with TypeError while the store was unreachable, so its callback was never "
        "called; catch the error, and report it with callback(error)",
        Script.GET_USER,
        1,
    )


def test_an_error_event_is_found_also_after_the_callback() -> None:
    text = f"{OBSERVED}get_user ada@example.com -> not-found; raised error-event Error x   [repeated]"

    assert findings(unhandled_error_event, text) == found(
        "get_user emitted an error event with Error that has no listener; add a listener with .on('error', …), and "
        "report it with callback(error)",
        Script.GET_USER,
        1,
    )


@pytest.mark.parametrize("rule", [unhandled_rejection, unhandled_error_event])
def test_other_exceptions_are_no_rejection_or_error_event(rule: Rule) -> None:
    escapes = f"{OBSERVED}get_user ada@example.com -> raised later Error x\nget_user ada@example.com -> raised Error x"
    hostile = 'get_user "\\ud800" -> raised rejection Error x   [hostile: control-characters]'
    throwing = "get_user ada@example.com -> not-found; raised rejection Error x   [callback-throws]"

    assert verdict(rule, escapes).status is Status.PASSED
    assert verdict(rule, OBSERVED + hostile).status is Status.PASSED
    assert verdict(rule, OBSERVED + throwing).status is Status.PASSED
    assert verdict(rule, FOUND.join(["person ada email=ada@example.com\n", ""])).status is Status.NOT_APPLICABLE


def test_hostile_text_that_is_rejected_is_a_warning() -> None:
    [finding] = findings(unhandled_rejection, f"{OBSERVED}get_user % -> raised rejection Error x   [hostile: wildcard]")

    assert finding.severity is Severity.WARNING


def test_a_request_after_the_callback_is_found() -> None:
    text = f'{OBSERVED}{FOUND}; noticed late-request "POST http://127.0.0.1/audit?user=7"\n{FOUND}   [repeated]'

    assert findings(work_after_callback, text) == found(
        "get_user sent a POST request after it had called its callback; wait for all pending work, and call back last",
        Script.GET_USER,
        1,
        severity=Severity.WARNING,
    )
    assert verdict(work_after_callback, f"{OBSERVED}get_user ada@example.com -> timed-out").held == 0


@pytest.mark.parametrize(
    ("how", "header"),
    [
        ('found {"user_id": "7"}; noticed process-ended "exit code 0"', OBSERVED),
        ('found {"user_id": "7"}; noticed process-ended "exit code 0"', "person ada email=ada@example.com\n"),
        ('died; called again -> found {"user_id": "7"}', OBSERVED),
        ('found {"user_id": "7"}; noticed late-request "GET http://a.test/"; noticed process-ended "killed"', OBSERVED),
    ],
)
def test_ending_the_process_after_the_callback_is_an_error(how: str, header: str) -> None:
    assert findings(work_after_callback, f"{header}get_user ada@example.com -> {how}") == found(
        "get_user ended its process after it had called its callback, and with it the calls of other users; keep the"
        " process running",
        Script.GET_USER,
        1,
    )


def test_a_script_still_working_at_its_time_limit_is_an_error() -> None:
    for header in (OBSERVED, "person ada email=ada@example.com\n"):
        assert findings(work_after_callback, f'{header}{FOUND}; noticed still-running "20 s"') == found(
            "get_user kept its process busy for 20 s after it had called its callback, until the check ended the "
            "process; call back last",
            Script.GET_USER,
            1,
        )


@pytest.mark.parametrize(
    "exchange",
    [
        "get_user ada@example.com -> died",
        'get_user ada@example.com -> found {"user_id": "7"}; noticed still-running "20 s"   [callback-throws]',
        'get_user ada@example.com -> found {"user_id": "7"}; noticed process-ended "exit code 0"   [callback-throws]',
    ],
)
def test_a_process_ended_before_the_callback_or_by_the_check_is_no_work_after_it(exchange: str) -> None:
    assert verdict(work_after_callback, OBSERVED + exchange).findings == ()


def test_a_value_kept_in_global_is_reported_by_its_name() -> None:
    kept = "noticed kept-in-global"
    text = (
        f'{OBSERVED}{FOUND}; {kept} "global.users (as a key)"\n'
        f'{FOUND}; {kept} "global.users.ada@example.com.email"   [repeated]'
    )

    assert findings(user_data_in_global, text) == found(
        "get_user kept its arguments in global.users, where the next call can read them; declare the variable inside "
        "the function",
        Script.GET_USER,
        1,
        2,
    )


def test_writing_to_the_configuration_is_found() -> None:
    text = f"{OBSERVED}{FOUND}; noticed configuration-write TOKEN"

    assert findings(configuration_written, text) == found(
        "get_user wrote to configuration.TOKEN, which is read-only; copy it instead",
        Script.GET_USER,
        1,
        severity=Severity.WARNING,
    )


def calls(*sockets: int, remark: str = "unknown-user", ending: str = "not-found") -> str:
    return "".join(
        f'get_user n{i}@example.com -> {ending}; noticed open-sockets "{n}"   [{remark}]\n'
        for i, n in enumerate(sockets)
    )


def test_one_more_connection_with_each_call_is_found() -> None:
    assert findings(connection_leak, OBSERVED + calls(1, 1, *range(2, 11))) == found(
        "get_user left one more connection open with each of 9 calls in a row; close it on every path, or keep one "
        "pool for all calls",
        Script.GET_USER,
        *range(3, 11),
        severity=Severity.WARNING,
    )


REFUSED = 'get_user ada@example.com -> failed Error "Too many connections"   [repeated, exhausted-store]\n'


def test_a_store_that_refuses_a_connection_shows_the_leak_earlier() -> None:
    assert findings(connection_leak, OBSERVED + calls(1, 1, 2, 3, 4) + REFUSED) == found(
        "get_user left one more connection open with each of 3 calls in a row, until the store refused another; close it "
        "on every path, or keep one pool for all calls",
        Script.GET_USER,
        3,
        4,
        5,
        6,
        severity=Severity.WARNING,
    )


@pytest.mark.parametrize(
    ("sockets", "refused"),
    [
        # They belong to other code.
        ((1, 1, 1, 1), REFUSED),
        # A client opens a second connection to monitor the first.
        ((0, 1, 2, 2), REFUSED),
        # Something else is refused, or it is unknown whether it worked before.
        ((1, 1, 2, 3, 4), REFUSED.replace("connections", "requests")),
        ((1, 1, 2, 3, 4), REFUSED.replace(", exhausted-store", "")),
    ],
)
def test_a_store_that_refuses_for_another_reason_shows_no_leak(sockets: tuple[int, ...], refused: str) -> None:
    assert findings(connection_leak, OBSERVED + calls(*sockets) + refused) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (calls(1, 2, 3, 4, 5, 5, 5, 5, 5, 5), Status.PASSED),
        (calls(1, 2, 1, 2, 1, 2, 3, 4, 5, 4), Status.PASSED),
        (calls(1, 2, 3, 4, 5, 6, 7), Status.NOT_APPLICABLE),
        (calls(*range(1, 12), remark="outage: hang"), Status.NOT_APPLICABLE),
        (calls(*range(1, 12), ending="raised rejection Error x"), Status.NOT_APPLICABLE),
        (calls(*[1] * 12).replace('"1"', '"many"'), Status.NOT_APPLICABLE),
    ],
)
def test_a_pool_that_fills_is_no_leak(text: str, status: Status) -> None:
    assert verdict(connection_leak, OBSERVED + text).status is status


def test_a_script_that_hangs_with_an_unresponsive_store_has_no_timeout() -> None:
    people = "person ada email=ada@example.com\n"
    refused = 'get_user ada@example.com -> failed Error "refused"   [outage: refuse]\n'
    hangs = "get_user ada@example.com -> timed-out   [outage: hang]\n"
    source = 'source get_user call-without-timeout "fetch" at "get_user.js:3:20"\nscripts get_user\n'
    message = (
        "get_user timed out while the store never responded; set a shorter timeout for the call, and report it as an"
        " error"
    )

    assert findings(no_timeout_on_external_call, people + refused + hangs) == [
        Finding(message, Severity.WARNING, Script.GET_USER, (2,))
    ]
    assert len(findings(no_timeout_on_external_call, source + people + refused + hangs)) == 1


def test_a_script_that_ends_with_an_unresponsive_store_has_a_timeout() -> None:
    text = 'person ada email=ada@example.com\nget_user ada@example.com -> failed Error "late"   [outage: hang]\n'

    assert verdict(no_timeout_on_external_call, text).status is Status.PASSED


@pytest.mark.parametrize(
    "other", ["", "get_user ada@example.com -> timed-out   [outage: reset]\n"], ids=["nothing else", "another hang"]
)
def test_a_script_that_may_forget_its_callback_proves_no_missing_timeout(other: str) -> None:
    text = "person ada email=ada@example.com\nget_user ada@example.com -> timed-out   [outage: hang]\n"

    assert verdict(no_timeout_on_external_call, text + other).status is Status.NOT_APPLICABLE


def test_a_script_that_needs_an_organization_is_found() -> None:
    text = (
        "connection script_context=on\nperson ada email=ada@example.com\n"
        "get_user ada@example.com -> raised rejection TypeError x\n"
        "get_user ada@example.com -> failed Error other   [repeated]\n"
        f"{FOUND}   [organization]\n"
        "get_user nobody@example.com -> raised rejection TypeError x   [unknown-user]\n"
    )

    assert findings(context_without_organization, text) == found(
        "get_user works with an organization in the context, but fails without one; read context.organization only "
        "if it is there",
        Script.GET_USER,
        1,
        3,
        4,
    )


@pytest.mark.parametrize("answer", ["not-found", 'failed WrongUsernameOrPasswordError(null) "no"'])
def test_the_organization_of_the_check_may_differ_from_the_users(answer: str) -> None:
    people = "connection script_context=on\nperson ada email=ada@example.com\n"
    asked = f"login ada@example.com «password of ada» -> {answer}   [organization]\n"
    fails = "login ada@example.com «password of ada» -> raised TypeError x\n"
    denies = "login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError(null) x\n"

    assert verdict(context_without_organization, people + fails + asked).status is Status.FAILED
    assert verdict(context_without_organization, people + denies + asked).status is Status.NOT_APPLICABLE


def test_a_script_that_fails_with_an_organization_too_proves_nothing() -> None:
    text = "connection script_context=on\nperson ada email=ada@example.com\n"
    fails = "get_user ada@example.com -> failed Error x\nget_user ada@example.com -> failed Error x   [organization]\n"
    says_text = 'get_user ada@example.com -> failed "x"\n' + f"{FOUND}   [organization]\n"
    other = f"person bob email=bob@example.com\nget_user bob@example.com -> not-found\n{FOUND}   [organization]\n"

    assert verdict(context_without_organization, text + fails).status is Status.NOT_APPLICABLE
    assert verdict(context_without_organization, text + says_text).status is Status.FAILED
    assert verdict(context_without_organization, text + other).status is Status.NOT_APPLICABLE


def test_a_callback_that_is_called_again_when_it_throws_is_found_once() -> None:
    again = f"{FOUND}; called again -> failed Error x   [callback-throws]"
    fact = 'source get_user callback-inside-try "callback inside try" at "get_user.js:3:5"\n'

    assert findings(callback_inside_try, f"{fact}{OBSERVED}{FOUND}\n{again}") == found(
        "get_user called its callback again when the callback threw; call it after the try block, and not in a "
        "promise chain that ends with catch",
        Script.GET_USER,
        2,
        severity=Severity.WARNING,
    )
    assert findings(callback_inside_try, f"{fact}{FOUND}   [unknown-user]") == found(
        "get_user calls callback inside try, whose handler calls it again; call it after the block",
        Script.GET_USER,
        severity=Severity.WARNING,
        location="get_user.js:3:5",
    )


def test_a_callback_called_twice_is_left_to_its_own_rule() -> None:
    twice = f"{FOUND}; called again -> not-found"

    assert verdict(callback_inside_try, f"{OBSERVED}{twice}\n{twice}   [callback-throws]").status is Status.PASSED
    assert (
        verdict(callback_inside_try, f"{OBSERVED}get_user ada@example.com -> timed-out   [callback-throws]").held == 0
    )


def test_a_call_that_can_no_longer_call_back_is_reported() -> None:
    text = f'{OBSERVED}get_user ada@example.com -> timed-out; noticed nothing-left "250"'

    assert findings(callback_not_called, text) == found(
        "get_user did not call its callback, and nothing was pending that could have called it; end every branch "
        "with a result or with callback(error)",
        Script.GET_USER,
        1,
    )


def test_never_calling_back_is_not_slow() -> None:
    text = f'{OBSERVED}get_user x -> timed-out; noticed nothing-left "250"   [hostile: very-long]'

    assert verdict(slow_on_long_input, text).status is Status.PASSED


def test_an_undefined_value_is_found() -> None:
    text = OBSERVED + 'get_user ada@example.com -> found {"user_id": "7", "x": {"$special": "undefined"}}'

    assert [finding.message for finding in findings(undefined_attribute, text)] == [
        "get_user returned x without a value"
    ]


# Requests


@pytest.mark.parametrize("kind", ["request", "late-request"])
def test_a_request_without_tls_is_found(kind: str) -> None:
    text = f'{OBSERVED}{FOUND}; noticed {kind} "GET http://shop.example.com/users"'

    assert findings(plaintext_transport, text) == found(
        "get_user sent a request to shop.example.com without TLS; use https", Script.GET_USER, 1
    )


def test_an_address_of_a_database_without_tls_is_found() -> None:
    text = 'source get_user plaintext-address "redis://db.example.com" at "get_user.js:4:15"\nscripts get_user'

    assert findings(plaintext_transport, text) == found(
        "get_user connects to redis://db.example.com without TLS; turn TLS on",
        Script.GET_USER,
        location="get_user.js:4:15",
    )


def test_a_password_in_an_address_is_found_with_tls_too() -> None:
    text = (
        f"{OBSERVED}login ada@example.com «password of ada» -> found {{}}; "
        'noticed request "GET https://shop.example.com/?p=«password of ada»"'
    )

    assert findings(plaintext_transport, text) == found(
        "login sent the password in a URL; send it in the body of a POST request", Script.LOGIN, 1
    )


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080/", "http://localhost/", "http://shop.localhost/x", "http://[::1]:80/", "https://x.test/"],
)
def test_requests_to_localhost_or_over_tls_are_no_finding(address: str) -> None:
    assert verdict(plaintext_transport, f'{OBSERVED}{FOUND}; noticed request "GET {address}"').status is Status.PASSED


def test_an_identifier_that_is_not_encoded_is_found_in_the_address() -> None:
    text = (
        f"{OBSERVED}get_user ada@example.com&x=1 -> not-found; "
        'noticed request "GET http://127.0.0.1/users?email=ada@example.com&x=1"   [hostile: url]'
    )

    assert findings(url_injection, text) == found(
        "get_user put the identifier into a URL without encoding it: with / ? or & an attacker chooses another path "
        "or parameter; encode the identifier",
        Script.GET_USER,
        1,
    )


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("ada@example.com&x=1", "/users?email=ada%40example.com%26x%3D1"),
        ("?", "/users?email=%3F"),
        ("a/b", "/users/a/b"),
        ("ada@example.com#x", "/users?email=ada@example.com"),
    ],
)
def test_an_encoded_or_opaque_identifier_is_no_finding(identifier: str, address: str) -> None:
    text = f'{OBSERVED}get_user "{identifier}" -> not-found; noticed request "GET http://x.test{address}"'

    assert verdict(url_injection, f"{text}   [hostile: url]").status is Status.PASSED


# Sources


@pytest.mark.parametrize(
    ("rule", "fact", "severity", "message"),
    [
        (not_a_single_function, 'not-a-function "} is missing"', Severity.ERROR, "login is not one function: } is missing; keep one function in the file, and nothing else"),
        (not_a_single_function, 'module-exports "the function is assigned to module.exports"', Severity.WARNING, "login is not one function: the function is assigned to module.exports; keep one function in the file, and nothing else"),
        (anonymous_function, "anonymous-function x", Severity.INFO, "login is an anonymous function; name it, so that stack traces show which script failed"),
        (unavailable_module, "unavailable-module mongodb@3.1.4", Severity.ERROR, "login requires mongodb@3.1.4, which current runtimes do not have; require a version that they have"),
        (unavailable_module, "implicit-global bcrypt", Severity.ERROR, "login uses bcrypt as a global, which only old runtimes have; require the module"),
        (no_timeout_on_external_call, "call-without-timeout fetch", Severity.WARNING, "login calls fetch without a timeout; set one, and report it with callback(error)"),
        (hardcoded_secret, "secret-literal password", Severity.WARNING, "login has a credential in its source (password); move it to configuration, and replace it"),
        (tls_not_verified, 'tls-not-verified "strictSSL: false"', Severity.ERROR, "login sets strictSSL: false, so anyone on the network can pose as the store; verify the certificate"),
        (tls_not_verified, 'tls-not-verified "encrypt: false"', Severity.WARNING, "login sets encrypt: false, so anyone on the network can pose as the store; verify the certificate"),
        (timing_unsafe_compare, 'timing-unsafe-compare "==="', Severity.INFO, "login compares a hash with ===; use crypto.timingSafeEqual"),
        (weak_password_hash, 'weak-password-hash "md5 of the password"', Severity.WARNING, "login hashes a new password with md5 of the password; use bcrypt with a cost of 10 or more"),
        (direct_database_access, "database-driver pg", Severity.INFO, "login connects to the database directly, with pg; put an API in between"),
        (regex_from_input, "regex-from-input RegExp", Severity.ERROR, "login builds a regular expression (RegExp) from its input; escape it, or compare by equality"),
        (callback_inside_try, 'callback-inside-try "done inside try"', Severity.WARNING, "login calls done inside try, whose handler calls it again; call it after the block"),
    ],
)  # fmt: skip
def test_a_flaw_in_the_source_is_reported_with_its_location(
    rule: Rule, fact: str, severity: Severity, message: str
) -> None:
    text = f'source login {fact} at "login.js:3:5"\nscripts login\n'

    assert findings(rule, text) == [Finding(message, severity, Script.LOGIN, (), "login.js:3:5")]
    assert not findings(rule, "script login source=on\nscripts login\n")
    assert verdict(rule, "scripts login\n").status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (hardcoded_secret, "secret-literal"),
        (not_a_single_function, "not-a-function"),
        (plaintext_transport, "plaintext-address"),
        (regex_from_input, "regex-from-input"),
    ],
)
def test_a_source_nested_too_deeply_does_not_pass(rule: Rule, kind: str) -> None:
    judged = verdict(
        rule, f'source login unread {kind} at "login.js:1:1"\nscript get_user source=on\nscripts login get_user'
    )

    assert judged.status is Status.NOT_APPLICABLE
    assert judged.reason == "the source of login is nested too deeply to be checked for this"
    # Another kind of fact was searched for.
    other = 'source login unread context-field at "login.js:1:1"\nscripts login'
    assert not verdict(rule, other).reason or "nested" not in str(verdict(rule, other).reason)


def test_delete_reading_its_context_is_found_if_the_connection_has_one() -> None:
    fact = 'source delete context-field "context.organization.id" at "delete.js:2:7"\nscripts delete\n'

    assert findings(delete_reads_empty_context, f"connection script_context=on\n{fact}") == found(
        "delete reads context.organization.id, but its context is always empty; don't use it, or check that it is there",
        Script.DELETE,
        location="delete.js:2:7",
    )
    assert verdict(delete_reads_empty_context, fact).status is Status.NOT_APPLICABLE
    other = "connection script_context=on\nscript login source=on\nscripts login\n"
    assert verdict(delete_reads_empty_context, other).status is Status.NOT_APPLICABLE


def test_a_source_over_100_kilobytes_is_found() -> None:
    text = 'source login bytes "100001" at "login.js:1:1"\nscripts login\n'

    assert findings(script_too_large, text) == found(
        "login has 100001 bytes, but at most 100000 are allowed; move work into a service",
        Script.LOGIN,
        severity=Severity.WARNING,
        location="login.js:1:1",
    )
    assert verdict(script_too_large, text.replace("100001", "100000")).status is Status.PASSED
    assert verdict(script_too_large, text.replace("100001", "many")).status is Status.PASSED


def test_a_regular_expression_that_finds_a_user_is_reported_once() -> None:
    text = (
        'source get_user regex-from-input RegExp at "get_user.js:3:5"\nperson ada email=ada@example.com\n'
        'get_user .* -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: regex]\n'
    )

    assert len(findings(regex_from_input, text)) == 1
