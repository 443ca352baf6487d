"""How an Action queries the legacy system: for which users, how often, and when."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract._pages import ACTION_EVENT, ACTION_GUIDELINES, ACTION_LIMITS
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules.action._about import (
    ASKING,
    NO_ANSWER,
    RUNNING,
    action_rule,
)
from customdb_contract.transcript import (
    Ending,
    LegacyRequest,
    LegacyState,
    ObservedRun,
    RunSituation,
    Transcript,
    Value,
    canonical,
    followed_runs,
    is_in_url,
    is_to_management_api,
    json_text,
    observed_runs,
    payload_of,
)

_LONGEST_SECONDS: Final = 10.0
_MOST_OF_THE_SAME: Final = 2
_MOST_IN_ALL: Final = 4
_WITHOUT_PEOPLE: Final = frozenset({RunSituation.TOKEN_REFRESH, RunSituation.SILENT_LOG_IN})


def _email_of(seen: ObservedRun) -> str:
    user = seen.run.event.get("user")
    email = user.get("email") if isinstance(user, Mapping) else None
    return email if isinstance(email, str) else ""


def _legacy_id_of(seen: ObservedRun) -> str:
    """Return the id, without its prefix, of the identity on the connection of the log-in, or an empty text."""
    user, connection = seen.run.event.get("user"), seen.run.event.get("connection")
    name = connection.get("name") if isinstance(connection, Mapping) else None
    identities = user.get("identities") if isinstance(user, Mapping) else None
    for identity in identities if isinstance(identities, list) else ():
        if isinstance(identity, Mapping) and identity.get("connection") == name:
            return _without_prefix(identity.get("user_id"))
    return _without_prefix(user.get("user_id")) if isinstance(user, Mapping) else ""


def _without_prefix(user_id: Value) -> str:
    return user_id.removeprefix("auth0|") if isinstance(user_id, str) else ""


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_GUIDELINES)
def action_ignores_connection(transcript: Transcript) -> Iterator[Comparison]:
    """The Action acts for users of another connection.

    ## Why this matters
    Auth0 runs the Action for every user of the tenant. A user who registers with another user's e-mail at a social
    provider, or in another database, receives that user's metadata: roles, plan.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in other-connection: social legacy sound {"connection": {"name": "google-oauth2"}} -> done
        request POST "https://legacy.example.com/users" body={"email": "ada@example.com"} -> 200 with {"plan": "full"}
        api user.setAppMetadata("plan", "full")

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in other-connection: social legacy sound {"connection": {"name": "google-oauth2"}} -> done

    ## How to fix
    Return at once if `event.connection.name` is not the connection of the legacy users.
    """
    runs = observed_runs(transcript)
    payload = payload_of(runs)
    for seen in runs:
        if seen.run.situation.family != "other-connection":
            continue
        where = seen.run.situation.partition(": ")[2]
        # An Action may write metadata that does not come from the legacy system for every user.
        if seen.writes.keys() & payload.keys() or (seen.asks and seen.set_calls):
            message = f"the Action set metadata for a user of another connection ({where}); return early"
            yield Violation(message, seen.evidence, path=where)
        elif seen.asks:
            message = f"the Action queried the legacy system for a user of another connection ({where}); return early"
            yield Violation(message, seen.evidence, path=where)
        else:
            yield Held((seen.run,))


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_EVENT)
def action_looks_up_by_email(transcript: Transcript) -> Iterator[Comparison]:
    """The Action looks up the user by e-mail alone.

    ## Why this matters
    An e-mail can change in Auth0 while the legacy system keeps the old one. It may be missing, written in another case,
    or unverified, and then it may belong to another user. The `user_id` of the identity is the one that the custom
    database returned.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in changed-email legacy sound {"user": {"user_id": "7", "email": "ada@example.com"}} -> done
        request POST "https://legacy.example.com/users" body={"email": "ada@example.com"} -> 200 with {"id": "7"}

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in changed-email legacy sound {"user": {"user_id": "7", "email": "ada@example.com"}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7"}

    ## How to fix
    Send the `user_id` of the identity on the connection of the log-in, from `event.user.identities`.
    """
    for seen in observed_runs(transcript):
        if seen.run.situation not in {RunSituation.FIRST_LOG_IN, RunSituation.CHANGED_EMAIL} or not seen.asked:
            continue
        email, legacy_id = _email_of(seen), _legacy_id_of(seen)
        if not email or not legacy_id:
            continue
        by_email = seen.sent(email)
        if seen.sent(legacy_id) is not None:
            yield Held(seen.evidence)
        elif by_email is not None:
            message = "the Action looked up the user by e-mail; send the user_id of the identity"
            yield Violation(message, (seen.run, by_email), path="request")


@action_rule(severity=Severity.ERROR, needs=ASKING, since="0.1.0", source=ACTION_EVENT)
def action_ignores_linked_identity(transcript: Transcript) -> Iterator[Comparison]:
    """For a linked account, the Action looks up the primary `user_id`, which belongs to another connection.

    ## Why this matters
    With linked accounts, `event.user.user_id` is the id of the primary identity, for example one at a social provider.
    The legacy system does not know it, or has another user with that id.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in linked-account legacy sound {"connection": {"name": "a"}, "user": {"identities": [{"connection": "a", "user_id": "7"}]}} -> done
        request GET "https://legacy.example.com/users/google-oauth2%7C9" -> 404

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in linked-account legacy sound {"connection": {"name": "a"}, "user": {"identities": [{"connection": "a", "user_id": "7"}]}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7"}

    ## How to fix
    Use the identity on the connection of the log-in:
    `event.user.identities.find((identity) => identity.connection === event.connection.name)`.
    """  # noqa: E501 - one record is one line
    for seen in observed_runs(transcript):
        legacy_id = _legacy_id_of(seen)
        if seen.run.situation is not RunSituation.LINKED_ACCOUNT or not seen.asked or not legacy_id:
            continue
        if seen.sent(legacy_id) is None:
            message = "the Action did not look up the user_id of the identity on this connection; send that id"
            yield Violation(message, seen.evidence, path="request", expected=legacy_id)
        else:
            yield Held(seen.evidence)


@action_rule(severity=Severity.ERROR, needs=ASKING, since="0.1.0", source=ACTION_LIMITS)
def action_without_timeout(transcript: Transcript) -> Iterator[Comparison]:
    """The Action waits for more than 10 seconds for a legacy system that never responds.

    ## Why this matters
    All Actions of a log-in have 20 seconds together. If one waits as long as the legacy system takes, no user can log
    in while the legacy system hangs.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: silence {} -> timed-out; after 12.0 s
        request GET "https://legacy.example.com/users/7"

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: silence {} -> done; after 3.0 s
        request GET "https://legacy.example.com/users/7"

    ## How to fix
    Set a timeout of a few seconds for the request, including its body:
    `fetch(url, {signal: AbortSignal.timeout(3000)})`.
    """
    for seen in observed_runs(transcript):
        if seen.run.legacy not in NO_ANSWER or not seen.asks:
            continue
        outcome = seen.outcome
        if outcome.ending is Ending.TIMED_OUT or outcome.duration > _LONGEST_SECONDS:
            what = "never responds" if seen.run.legacy is LegacyState.SILENCE else "never ends its response"
            message = (
                f"the Action waited more than {_LONGEST_SECONDS:g} s for a legacy system that {what}; "
                "set a timeout of a few seconds"
            )
            yield Violation(message, seen.evidence, path=str(seen.run.legacy), got=f"{outcome.duration:.0f} s")
        else:
            yield Held(seen.evidence)


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_GUIDELINES)
def action_retries_in_a_loop(transcript: Transcript) -> Iterator[Comparison]:
    """The Action repeats the same request within one log-in.

    ## Why this matters
    An overloaded legacy system receives several times the requests at the worst moment, and each log-in waits for all
    of them. Auth0 recommends as few requests as possible.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: 500 {} -> done
        request GET "https://legacy.example.com/users/7" -> 500
        request GET "https://legacy.example.com/users/7" -> 500
        request GET "https://legacy.example.com/users/7" -> 500

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: 500 {} -> done
        request GET "https://legacy.example.com/users/7" -> 500

    ## How to fix
    Send the request once, and let the next log-in try again.
    """
    for seen in observed_runs(transcript):
        if not seen.asked:
            continue
        times = Counter(map(_same, seen.asked)).most_common(1)[0][1]
        if times > _MOST_OF_THE_SAME:
            message = (
                f"the Action sent the same request more than {_MOST_OF_THE_SAME} times in one log-in; send it once"
            )
            yield Violation(message, seen.evidence, path=str(seen.run.legacy), got=str(times))
        elif len(seen.asked) > _MOST_IN_ALL:
            message = f"the Action sent more than {_MOST_IN_ALL} requests for one log-in; send one"
            yield Violation(message, seen.evidence, path=str(seen.run.legacy), got=str(len(seen.asked)))
        else:
            yield Held(seen.evidence)


def _same(request: LegacyRequest) -> tuple[str, str, str]:
    return request.method, request.url, canonical(request.body)


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_GUIDELINES)
def action_identifier_in_url(transcript: Transcript) -> Iterator[Comparison]:
    """The Action sends the user's e-mail in a URL.

    ## Why this matters
    Servers and proxies on the way write URLs to their logs. Auth0 asks you to send no personal data in the query
    string.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in changed-email legacy sound {"user": {"user_id": "7", "email": "ada@example.com"}} -> done
        request GET "https://legacy.example.com/users?id=7&email=ada%40example.com" -> 200 with {"id": "7"}

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in changed-email legacy sound {"user": {"user_id": "7", "email": "ada@example.com"}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7"}

    ## How to fix
    Send the id of the identity, encoded, in the path, or send the identifiers in the body of a POST request.
    """
    for seen in observed_runs(transcript):
        email = _email_of(seen)
        if not seen.asked or not email:
            continue
        leaking = next((request for request in seen.asked if is_in_url(email, request.url)), None)
        if leaking is None:
            yield Held(seen.evidence)
        else:
            message = "the Action sent the e-mail in a URL; send the id, or use the body of a POST request"
            yield Violation(message, (seen.run, leaking), path="url")


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_GUIDELINES)
def action_asks_on_token_refresh(transcript: Transcript) -> Iterator[Comparison]:
    """The Action queries the legacy system at a token refresh or a silent log-in, although the metadata is there.

    ## Why this matters
    Applications refresh tokens every few minutes, and log in silently on every page. Each of these runs the Action too.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setAppMetadata("plan", "full")
        run persist of ada in token-refresh legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setAppMetadata("plan", "full")
        run persist of ada in token-refresh legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done

    ## How to fix
    Look for the metadata, or for the marker, before anything else; or return at once if `event.transaction.protocol` is
    `oauth2-refresh-token`.
    """
    for earlier, later in followed_runs(observed_runs(transcript)):
        if later.run.situation not in _WITHOUT_PEOPLE or not earlier.writes:
            continue
        if later.asks:
            what = "a token refresh" if later.run.situation is RunSituation.TOKEN_REFRESH else "a silent log-in"
            message = f"the Action queried the legacy system at {what}, although the metadata was there; return early"
            yield Violation(message, (earlier.run, *later.evidence), path=str(later.run.situation))
        else:
            yield Held((earlier.run, later.run))


@action_rule(severity=Severity.WARNING, needs=RUNNING, since="0.1.0", source=ACTION_GUIDELINES)
def action_calls_management_api(transcript: Transcript) -> Iterator[Comparison]:
    """The Action uses Auth0's Management API.

    ## Why this matters
    The Management API has a rate limit for the whole tenant, which log-ins would use up. Its writes also race with the
    values that the Action sets through `api.user`.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in token-refresh legacy sound {} -> done
        request PATCH "https://shop.eu.auth0.com/api/v2/users/auth0%7C7" body={"app_metadata": {"plan": "full"}} -> 200

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setAppMetadata("plan", "full")

    ## How to fix
    Read what you need from `event.user`, and write with `api.user.setAppMetadata` and `api.user.setUserMetadata`.
    """
    for seen in observed_runs(transcript):
        called = next((request for request in seen.requests if is_to_management_api(request)), None)
        if called is None:
            yield Held((seen.run,))
        else:
            message = "the Action called the Management API; use event.user and api.user instead"
            yield Violation(message, (seen.run, called), path="url", got=json_text(called.url))
