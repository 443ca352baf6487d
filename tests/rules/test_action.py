"""The rules about Actions: near misses, and cases that cannot be judged."""

import re
from collections.abc import Iterator

import pytest

from customdb_contract.rules import find_rule
from customdb_contract.transcript import LegacyRequest, Transcript, is_to_management_api, observed_runs
from rules.judging import verdict

pytestmark = pytest.mark.one_python

NEAR_MISSES = r"""
# action-restores-nothing: failed
run a in first-log-in legacy sound {} -> raised Error "no"

# action-restores-nothing: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("seen", true)
run a in first-log-in legacy no-metadata {} -> done
api user.setAppMetadata("seen", true)

# action-restores-nothing: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("at", 1)
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("at", 2)
run a in first-log-in legacy no-metadata {} -> done
api user.setAppMetadata("at", 3)

# action-restores-nothing: passed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("sub", {"at": 1, "plan": "full"})
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("sub", {"at": 2, "plan": "full"})
run a in first-log-in legacy no-metadata {} -> done
api user.setAppMetadata("sub", {"at": 3})

# action-restores-nothing: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata(7, 7)

# action-restores-nothing: not-applicable
run a in partial-metadata legacy sound {"user": {"app_metadata": {"plan": "full"}}} -> done

# action-restores-nothing: failed
action a restores=app_metadata.plan restores=app_metadata.plan.name
run a in partial-metadata legacy sound {"user": {"app_metadata": {"plan": "full"}}} -> done

# action-restores-nothing: passed
action a restores=app_metadata.plan.name
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("plan", {"name": "full"})

# action-restores-nothing: not-applicable
run a in first-log-in legacy no-such-user {} -> done

# action-repeats-request: not-applicable
run a in first-log-in legacy outage: 500 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
run a in later-log-in legacy sound follows 1 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-repeats-request: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in token-refresh legacy sound follows 1 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-takes-falsy-for-missing: passed
run a in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"plan": 0}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("seen", true)
run a in falsy-metadata: zero legacy sound follows 1 {"user": {"app_metadata": {"plan": 0}}} -> done

# action-takes-falsy-for-missing: failed
run a in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"plan": 0}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
run a in falsy-metadata: zero legacy sound follows 1 {"user": {"app_metadata": {"plan": 0}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-ignores-connection: passed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("plan", "full")
run a in other-connection: social legacy sound {} -> done
api user.setAppMetadata("log_ins", 1)

# action-ignores-connection: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("plan", "full")
run a in other-connection: social legacy sound {} -> done
api user.setAppMetadata("plan", "full")

# action-takes-falsy-for-missing: not-applicable
run a in edited-metadata legacy sound {"user": {"app_metadata": {"plan": "free"}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"plan": 0}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")

# action-takes-falsy-for-missing: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
run a in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"plan": 0}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
run a in falsy-metadata: zero legacy sound follows 6 {"user": {"app_metadata": {"plan": 0}}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-writes-too-late: passed
run a in first-log-in legacy outage: stall {} -> done; noticed still-running "0.3 s"

# action-writes-too-late: failed
run a in first-log-in legacy outage: silence {} -> done; noticed late-request "GET /"

# action-forgets-empty-answer: not-applicable
run a in first-log-in legacy no-such-user {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api access.deny("no")
run a in later-log-in legacy no-such-user follows 1 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-forgets-empty-answer: not-applicable
run a in first-log-in legacy no-such-user {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
run a in later-log-in legacy sound follows 1 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-not-idempotent: passed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in: at-once legacy sound {} -> done

# action-not-idempotent: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in: at-once legacy sound {} -> done
api user.setAppMetadata("plan", "two")

# action-not-idempotent: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in: at-once legacy sound {} -> raised

# action-not-idempotent: not-applicable
run a in first-log-in legacy sound {} -> done

# action-not-idempotent: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done
api user.setAppMetadata("plan", null)

# action-overwrites-metadata: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in edited-metadata legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done
api user.setAppMetadata("plan", 7)

# action-overwrites-metadata: not-applicable
run a in edited-metadata legacy sound {} -> done

# action-ignores-connection: failed
run a in other-connection: database legacy outage: refuse {} -> done; noticed request "GET /"

# action-looks-up-by-email: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-looks-up-by-email: not-applicable
run a in first-log-in legacy sound {"user": {"user_id": "7", "email": "a@b.example"}} -> done
request GET /everybody -> 200

# action-looks-up-by-email: passed
run a in first-log-in legacy sound {"user": {"user_id": "auth0|7", "email": "a@b.example"}} -> done
request POST / body={"user": {"id": "7", "email": "A@b.example"}} -> 200

# action-ignores-linked-identity: not-applicable
run a in linked-account legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-ignores-linked-identity: not-applicable
run a in linked-account legacy sound {"connection": 7, "user": {"identities": [7], "user_id": 7}} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-without-timeout: not-applicable
run a in first-log-in legacy outage: silence {} -> timed-out

# action-without-timeout: failed
run a in first-log-in legacy outage: stall {} -> done; after 10.5 s
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-retries-in-a-loop: failed
run a in first-log-in legacy sound {} -> done
request GET /0 -> 200
request GET /1 -> 200
request GET /2 -> 200
request GET /3 -> 200
request GET /4 -> 200

# action-retries-in-a-loop: passed
run a in first-log-in legacy sound {} -> done
request GET /0 -> 200
request GET /1 -> 200
request GET /2 -> 200
request GET /3 -> 200

# action-retries-in-a-loop: not-applicable
run a in first-log-in legacy sound {} -> done

# action-identifier-in-url: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-asks-on-token-refresh: not-applicable
run a in first-log-in legacy sound {} -> done
run a in silent-log-in legacy sound follows 1 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-asks-on-token-refresh: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in silent-log-in legacy sound follows 1 {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-fails-on-outage: not-applicable
run a in first-log-in legacy outage: silence {} -> timed-out

# action-fails-on-outage: failed
run a in first-log-in legacy outage: 500 {} -> timed-out

# action-fails-on-outage: failed
run a in first-log-in legacy outage: reset {} -> died

# action-fails-on-outage: failed
run a in first-log-in legacy outage: 500 {} -> done
api access.deny("no")

# action-fails-on-outage: passed
action a metadata_required=on
run a in first-log-in legacy outage: 500 {} -> done
api access.deny("no")

# action-fails-on-outage: not-applicable
run a in first-log-in {} -> raised Error "no"

# action-marks-after-outage: not-applicable
run a in first-log-in legacy outage: 500 {} -> done
run a in later-log-in legacy sound follows 1 {} -> done

# action-denies-login: not-applicable
run a in first-log-in legacy outage: 500 {} -> done
api access.deny("no")

# action-denies-login: failed
action a metadata_required=on
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in later-log-in legacy sound {"user": {"app_metadata": {"plan": "full"}}} -> done
api access.deny("no")

# action-denies-login: not-applicable
action a metadata_required=on
run a in first-log-in legacy no-metadata {} -> done
api access.deny("no")

# action-denies-login: passed
run a in first-log-in legacy sound {} -> done
api access.deny("no") late

# action-needs-optional-fields: not-applicable
run a in minimal-event legacy sound {} -> raised Error "no"

# action-needs-optional-fields: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in minimal-event legacy sound {} -> died

# action-needs-optional-fields: not-applicable
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in minimal-event legacy sound {} -> timed-out

# action-trusts-any-answer: not-applicable
run a in first-log-in legacy invalid: somebody-else {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

# action-stores-invalid-metadata: passed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("sub", {"blocked": true})
api user.setUserMetadata("blocked", true)

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("blocked", true)

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("a", [{"b": {"$special": "cycle", "text": "", "size": null}}])

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
api user.setAppMetadata("a", {"status": 200, "headers": {}, "data": {}})

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in legacy invalid: other-types {} -> done
api user.setAppMetadata("plan", 7)

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in legacy invalid: no-object {} -> done
api user.setAppMetadata("plan", ["full"])

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in legacy invalid: other-types {} -> done
api user.setAppMetadata("plan", true)

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
api user.setAppMetadata("plan", "full")
run a in first-log-in legacy invalid: other-types {} -> done
api user.setAppMetadata("plan", {})

# action-stores-invalid-metadata: failed
run a in first-log-in legacy sound {} -> done
api user.setUserMetadata("a", "(very long)")

# action-grants-from-user-metadata: passed
run a in token-refresh {} -> done
api user.setUserMetadata("plan", null)

# action-grants-from-user-metadata: failed
run a in token-refresh {} -> done
api user.setUserMetadata("shop", {"isAdmin": true})

# action-grants-from-user-metadata: passed
run a in token-refresh {} -> done
api user.setUserMetadata("roller_skates", [{"roles": 1}])

# action-writes-too-late: failed
run a in token-refresh {} -> done; noticed late-request "GET /"

# action-writes-too-late: failed
run a in token-refresh {} -> done; noticed still-running "0.3 s"

# action-writes-too-late: failed
run a in token-refresh {} -> done
request GET / late

# action-writes-too-late: not-applicable
run a in token-refresh {} -> timed-out; noticed still-running "0.3 s"

# action-writes-too-late: passed
run a in token-refresh {} -> done
api idToken.setCustomClaim("a", 1) late
"""
"""Transcripts, each below the name of a rule and its verdict."""


def near_misses() -> Iterator[tuple[str, str, str]]:
    for name, status, text in re.findall(r"# ([a-z-]+): ([a-z-]+)\n(.*?)\n(?=\n|\Z)", NEAR_MISSES, re.DOTALL):
        yield name, status, text.replace("(very long)", "x" * 33_000)


@pytest.mark.parametrize(("name", "status", "text"), list(near_misses()))
def test_near_misses(name: str, status: str, text: str) -> None:
    assert verdict(find_rule(name), text).status == status


def test_every_rule_has_a_near_miss() -> None:
    assert len(list(near_misses())) == NEAR_MISSES.count("# ")


def test_runs_of_the_tenant_and_continued_ones_are_not_judged() -> None:
    parsed = Transcript.parse("run a in simulated {} -> done\nrun a continued in first-log-in {} -> done\n")

    assert observed_runs(parsed) == []


@pytest.mark.parametrize("kind", ["undefined", "function", "symbol"])
def test_values_that_json_omits_are_absent_after_a_run(kind: str) -> None:
    parsed = Transcript.parse(
        "run a in first-log-in legacy sound {} -> done\n"
        f'api user.setAppMetadata("plan", {{"$special": "{kind}", "text": "", "size": null}})\n'
        'api user.setAppMetadata("seen", true)\n'
    )

    assert observed_runs(parsed)[0].metadata_after == {("app_metadata", "seen"): True}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.eu.auth0.com/api/v2/users/7", True),
        ("https://AUTH0.COM/api/v2/users", True),
        ("https://shop.eu.auth0.com/oauth/token", False),
        ("https://legacy.example.com/api/v2/users", False),
        ("https://notauth0.com/api/v2/users", False),
        ("http://[/api/v2/users", False),
    ],
)
def test_requests_to_the_management_api_are_known_by_host_and_path(url: str, *, expected: bool) -> None:
    assert is_to_management_api(LegacyRequest(1, "GET", url)) is expected
