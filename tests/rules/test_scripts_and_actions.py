"""The rules about scripts that also judge Actions: exact messages, near misses, and checks of only one of the two."""

from collections.abc import Sequence

import pytest

from customdb_contract.findings import Finding, Group, Need, Severity, Status
from customdb_contract.rules import CATALOGUE, Rule, find_rule, judge
from customdb_contract.rules.action._asking import action_without_timeout
from customdb_contract.rules.action._failing import action_fails_on_outage
from customdb_contract.rules.action._restoring import action_restores_nothing
from customdb_contract.rules.callback._calling import callback_not_called
from customdb_contract.rules.callback._raising import (
    throws_synchronously,
    uncaught_async_exception,
    unhandled_error_event,
    unhandled_rejection,
)
from customdb_contract.rules.callback._source import no_timeout_on_external_call, script_too_large
from customdb_contract.rules.security._injection import url_injection
from customdb_contract.rules.security._leaks import log_leaks_secret
from customdb_contract.rules.security._source import hardcoded_secret, tls_not_verified
from customdb_contract.rules.security._transport import plaintext_transport
from customdb_contract.transcript import Transcript
from rules.judging import findings, verdict

ACTION = "action persist observed=on source=on\nperson ada email=ada@example.com new=on\n"
RUN = "run persist of ada in first-log-in legacy sound {} -> done"
OF_ACTIONS = {
    "callback-not-called",
    "hardcoded-secret",
    "log-leaks-secret",
    "no-timeout-on-external-call",
    "plaintext-transport",
    "script-too-large",
    "throws-synchronously",
    "tls-not-verified",
    "uncaught-async-exception",
    "unhandled-error-event",
    "unhandled-rejection",
    "url-injection",
}


def of_action(message: str, severity: Severity, *evidence: int, location: str | None = None) -> Sequence[Finding]:
    return [Finding(message, severity, None, evidence, location)]


def test_the_rules_for_scripts_and_for_actions_are_approved() -> None:
    assert {rule.info.name for rule in CATALOGUE if rule.info.judges_actions and rule.info.scripts} == OF_ACTIONS
    assert all(rule.info.judges_actions for rule in CATALOGUE if rule.info.group is Group.ACTION)


@pytest.mark.parametrize("name", sorted(OF_ACTIONS))
def test_the_page_of_a_rule_mentions_actions(name: str) -> None:
    info = find_rule(name).info

    assert info.looks_at == (*info.scripts, "the Action")
    assert "Action" in info.summary + info.sections["Why this matters"]


# Flaws in a source

AT = "code.js:3:5"


@pytest.mark.parametrize(
    ("rule", "fact", "message", "severity"),
    [
        (
            hardcoded_secret,
            'secret-literal "authorization"',
            "the Action has a credential in its source (authorization); move it to event.secrets, and replace it",
            Severity.WARNING,
        ),
        (
            tls_not_verified,
            'tls-not-verified "rejectUnauthorized: false"',
            (
                "the Action sets rejectUnauthorized: false, so anyone on the network can pose as the legacy system; "
                "verify the certificate"
            ),
            Severity.ERROR,
        ),
        (
            tls_not_verified,
            'tls-not-verified "encrypt: false"',
            (
                "the Action sets encrypt: false, so anyone on the network can pose as the legacy system; "
                "verify the certificate"
            ),
            Severity.WARNING,
        ),
        (
            no_timeout_on_external_call,
            'call-without-timeout "fetch"',
            "the Action calls fetch without a timeout; set one, and let the log-in continue",
            Severity.WARNING,
        ),
        (
            script_too_large,
            'bytes "100001"',
            "the Action has 100001 bytes, but at most 100000 are allowed; move work into a service",
            Severity.WARNING,
        ),
    ],
)
def test_flaws_in_the_source_of_an_action_are_found(rule: Rule, fact: str, message: str, severity: Severity) -> None:
    text = f'{ACTION}source action {fact} at "{AT}"\n{RUN}'

    assert findings(rule, text) == of_action(message, severity, location=AT)


@pytest.mark.parametrize("rule", [hardcoded_secret, tls_not_verified, no_timeout_on_external_call])
def test_a_source_that_shows_nothing_passes_and_one_that_was_not_read_is_not_judged(rule: Rule) -> None:
    assert verdict(rule, f"{ACTION}{RUN}").status is Status.PASSED

    unread = verdict(rule, f"{ACTION.replace(' source=on', '')}{RUN}")
    assert unread.status is Status.NOT_APPLICABLE
    assert unread.missing == (Need.SOURCE,)


def test_a_source_of_the_right_size_passes() -> None:
    assert verdict(script_too_large, f'{ACTION}source action bytes "100000" at "{AT}"').status is Status.PASSED


@pytest.mark.parametrize("state", ["silence", "stall"])
@pytest.mark.parametrize("ending", ["timed-out; after 10.5 s", "done; after 3.0 s"])
def test_a_silent_run_of_an_action_outweighs_its_source(state: str, ending: str) -> None:
    text = f'{ACTION}source action call-without-timeout "fetch" at "{AT}"\n'
    run = f"run persist of ada in first-log-in legacy outage: {state} {{}} -> {ending}\n"
    request = 'request GET "https://legacy.example.com/users/7"\n'

    assert findings(no_timeout_on_external_call, f"{text}{run}{request}") == []
    # If it silently sent no request, the source still counts.
    assert len(findings(no_timeout_on_external_call, f"{text}{run}")) == 1


# Exceptions

ESCAPES: list[tuple[Rule, str, str]] = [
    (
        throws_synchronously,
        'raised TypeError "no"',
        "the Action threw TypeError{during}; catch it, and let the log-in continue, or deny it with api.access.deny",
    ),
    (
        uncaught_async_exception,
        'done; raised later TypeError "no"',
        (
            "the Action left TypeError uncaught in a task, a thread or an event handler{during}; "
            "await the task, and catch its exceptions"
        ),
    ),
    (
        unhandled_rejection,
        'done; raised rejection TypeError "no"',
        "the Action left a promise rejected with TypeError{during}; await every promise, and catch its errors",
    ),
    (
        unhandled_error_event,
        'done; raised error-event TypeError "no"',
        (
            "the Action emitted an error event with TypeError that has no listener{during}; "
            "add a listener with .on('error', …), and let the log-in continue"
        ),
    ),
]


def ran(outcome: str, *, situation: str = "other-connection: social", legacy: str = "sound") -> str:
    return f"{ACTION}run persist of ada in {situation} legacy {legacy} {{}} -> {outcome}\n"


@pytest.mark.parametrize(("rule", "outcome", "message"), ESCAPES)
def test_an_exception_that_leaves_an_action(rule: Rule, outcome: str, message: str) -> None:
    during = " in an outage of the legacy system"

    assert findings(rule, ran(outcome)) == of_action(message.format(during=""), Severity.ERROR, 1)
    outage = ran(outcome, situation="later-log-in", legacy="outage: 500")
    assert findings(rule, outage) == of_action(message.format(during=during), Severity.ERROR, 1)


@pytest.mark.parametrize(("rule", "outcome", "message"), ESCAPES)
def test_an_exception_raised_elsewhere_is_left_to_another_rule(rule: Rule, outcome: str, message: str) -> None:
    assert message
    others = [other for other, *_ in ESCAPES if other is not rule]

    assert [verdict(other, ran(outcome)).status for other in others] == [Status.PASSED] * 3


def test_a_module_missing_from_the_check_is_no_finding_about_an_action() -> None:
    assert findings(throws_synchronously, ran('raised MissingModuleError "requires axios"')) == []


@pytest.mark.parametrize("rule", [unhandled_rejection, unhandled_error_event])
def test_node_only_facts_are_not_judged_for_an_action_in_python(rule: Rule) -> None:
    judged = verdict(rule, ran("done").replace(" observed=on", ""))

    assert judged.status is Status.NOT_APPLICABLE
    assert judged.missing == (Need.JAVASCRIPT,)


def test_only_the_more_specific_rule_reports_it() -> None:
    outage = ran('raised Error "down"', situation="first-log-in", legacy="outage: 500")
    assert verdict(throws_synchronously, outage, action_fails_on_outage).reason == "reported by action-fails-on-outage"

    always = ran('raised Error "no"', situation="first-log-in")
    assert (
        verdict(throws_synchronously, always, action_restores_nothing).reason == "reported by action-restores-nothing"
    )


@pytest.mark.parametrize(("state", "during"), [("sound", ""), ("outage: 500", " in an outage of the legacy system")])
def test_an_action_that_does_not_return(state: str, during: str) -> None:
    text = f"{ACTION}run persist of ada in later-log-in legacy {state} {{}} -> "
    died = f"the Action ended its process{during}; end every branch by returning"
    hangs = f"the Action did not return{during}; end every branch by returning"

    assert findings(callback_not_called, f"{text}died") == of_action(died, Severity.ERROR, 1)
    [hanging] = findings(callback_not_called, f"{text}timed-out; after 10.5 s")
    assert (hanging.message, hanging.got) == (hangs, "10 s")
    assert verdict(callback_not_called, f'{text}raised Error "no"').held == 1


def test_a_more_specific_rule_reports_an_action_that_does_not_return() -> None:
    silent = f"{ACTION}run persist of ada in first-log-in legacy outage: silence {{}} -> timed-out; after 10.5 s\n"
    asked = 'request GET "https://legacy.example.com/users/7"\n'
    reported = verdict(callback_not_called, silent + asked, action_without_timeout)

    assert reported.reason == "reported by action-without-timeout"
    # An Action that sends no request is not blocked by the legacy system.
    assert len(findings(callback_not_called, silent, action_without_timeout)) == 1


# Output


@pytest.mark.parametrize(
    ("printed", "message", "severity"),
    [
        (
            "token «configuration LEGACY_API_SECRET»",
            "the Action printed a password or another secret; log the event, not the user's input",
            Severity.ERROR,
        ),
        (
            "postgres://«credentials in a URL 1»@db.test",
            "the Action printed credentials in a URL; log the host only",
            Severity.ERROR,
        ),
        (
            "no plan for ADA@example.com",
            "the Action printed the e-mail of a user; log the user_id instead",
            Severity.WARNING,
        ),
        (
            "was ada.king@example.com",
            "the Action printed the e-mail of a user; log the user_id instead",
            Severity.WARNING,
        ),
    ],
)
def test_secrets_printed_by_an_action_are_found(printed: str, message: str, severity: Severity) -> None:
    event = '{"user": {"user_id": "auth0|7", "email": "ada.king@example.com"}}'
    run = f'run persist of ada in changed-email legacy sound {event} -> done; printed "{printed}"'

    assert findings(log_leaks_secret, f"{ACTION}{run}") == of_action(message, severity, 1)


@pytest.mark.parametrize(
    "printed", ["a log-in of auth0|7", "write to support@example.com", "", "ada@example.community"]
)
def test_harmless_output_of_an_action_passes(printed: str) -> None:
    event = '{"user": {"user_id": "auth0|7"}}'
    run = f'run persist of ada in minimal-event legacy sound {event} -> done; printed "{printed}"'

    assert verdict(log_leaks_secret, f"{ACTION}{run}").status is Status.PASSED


# Requests


def sent(url: str) -> str:
    return f'{ACTION}{RUN}\nrequest GET "{url}" -> 200 with {{"id": "7"}}'


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "http://legacy.example.com/users/7",
            "the Action sent a request to legacy.example.com without TLS; use https",
        ),
        (
            "https://legacy.example.com/users/7?key=«configuration LEGACY_API_SECRET»",
            "the Action sent a secret in a URL; send it in a header, or in the body",
        ),
        (
            "http://127.0.0.1:8080/users/7?key=«configuration LEGACY_API_SECRET»",
            "the Action sent a secret in a URL; send it in a header, or in the body",
        ),
    ],
)
def test_a_request_without_tls_is_found_for_an_action(url: str, message: str) -> None:
    assert findings(plaintext_transport, sent(url)) == of_action(message, Severity.ERROR, 1, 2)


def test_a_request_with_tls_passes() -> None:
    assert verdict(plaintext_transport, sent("https://legacy.example.com/users/7")).status is Status.PASSED


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/users/7", "http://localhost/7", "http://[::1", "http:///users"])
def test_a_request_to_the_stand_in_proves_nothing_about_the_production_address(url: str) -> None:
    assert verdict(plaintext_transport, sent(url)).status is Status.NOT_APPLICABLE


ODD = '{"user": {"email": "a/b?c@example.com", "identities": [{"user_id": "7/8?x=1&y=2"}, {"user_id": "9"}]}}'


def asked(request: str, *, situation: str = "odd-identifiers", event: str = ODD) -> str:
    run = f"run persist of ada in {situation} legacy no-such-user {event} -> done"
    return f"{ACTION}{run}\nrequest {request} -> 404"


@pytest.mark.parametrize(
    "request_",
    [
        'GET "https://legacy.example.com/users/7/8?x=1&y=2"',
        'GET "https://legacy.example.com/users?id=7/8?x=1&y=2"',
        'GET "https://legacy.example.com/users?email=a/b?c@example.com"',
    ],
)
def test_an_unencoded_identifier_in_an_address_is_found(request_: str) -> None:
    message = (
        "the Action put an identifier of the user into a URL without encoding it: "
        "with / ? or & an attacker chooses another path or parameter; encode the identifier"
    )

    assert findings(url_injection, asked(request_)) == of_action(message, Severity.ERROR, 1, 2)


@pytest.mark.parametrize(
    "request_",
    [
        'GET "https://legacy.example.com/users/7%2F8%3Fx%3D1%26y%3D2"',
        'GET "https://legacy.example.com/users?email=a%2Fb%3Fc%40example.com"',
        'POST "https://legacy.example.com/users" body={"id": "7/8?x=1&y=2"}',
    ],
)
def test_an_identifier_that_is_encoded_or_in_the_body_passes(request_: str) -> None:
    assert verdict(url_injection, asked(request_)).status is Status.PASSED


@pytest.mark.parametrize(
    "text",
    [
        asked('GET "https://legacy.example.com/users/9"'),
        asked('GET "https://legacy.example.com/users/7/8?x=1&y=2"', situation="changed-email"),
        asked('GET "https://legacy.example.com/users/7/8?x=1&y=2"', event="{}"),
        asked('GET "https://legacy.example.com/users/7/8?x=1&y=2"', event='{"user": {"identities": [7]}}'),
        asked('GET "https://legacy.example.com/users/7/8?x=1&y=2"', event='{"user": {"identities": 7}}'),
    ],
)
def test_a_request_without_an_identifier_proves_nothing(text: str) -> None:
    assert verdict(url_injection, text).status is Status.NOT_APPLICABLE


# Only one of the two is checked


def test_without_a_database_its_rules_are_not_applicable_with_a_reason() -> None:
    report = judge(Transcript.parse(f"connection import_mode=off features=signup\n{ACTION}{RUN}"))

    of_scripts = [verdict for verdict in report.verdicts if not verdict.rule.judges_actions]
    assert {verdict.status for verdict in of_scripts} == {Status.NOT_APPLICABLE}
    assert {verdict.reason for verdict in of_scripts} == {"needs a check of a database, but only an Action was checked"}


def test_without_an_action_its_rules_are_not_applicable_with_a_reason() -> None:
    report = judge(
        Transcript.parse('person ada email=ada@example.com\nget_user ada@example.com -> found {"user_id": "7"}')
    )

    of_actions = [verdict for verdict in report.verdicts if verdict.rule.group is Group.ACTION]
    assert {verdict.status for verdict in of_actions} == {Status.NOT_APPLICABLE}
    assert all(str(verdict.reason).startswith("needs a check of an Action") for verdict in of_actions)


def test_a_database_and_an_action_are_both_judged() -> None:
    text = (
        "script login source=on\n" + ACTION + 'source login secret-literal "password" at "login.js:4:15"\n'
        f'source action secret-literal "token" at "{AT}"\nscripts login\n'
    )

    assert [finding.location for finding in findings(hardcoded_secret, text)] == ["login.js:4:15", AT]
